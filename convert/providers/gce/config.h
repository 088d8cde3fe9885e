// GKE's FrontendConfig and BackendConfig, which Ingresses and Services refer to by annotation.
#pragma once
#include <string_view>

#include "convert/providers/own.h"
#include "convert/providers/wishes.h"

namespace gw::convert::gce {

// Reads the FrontendConfig of this name in the Ingress's namespace: redirect to https, TLS policy. One that is not
// among the input is refused, as it may redirect.
void apply_frontend_config(std::string_view name, Claim claim, Asking& asking);
// `text` is the annotation's JSON: {"default": "name"} or {"ports": {"80": "name"}}.
void apply_backend_config(std::string_view text, Claim claim, Asking& asking);
// Configurations that nothing among the input refers to.
void report_unused(const Input& input, Ledger& ledger);

}  // namespace gw::convert::gce
