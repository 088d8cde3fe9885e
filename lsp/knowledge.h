// What is known of a field or an annotation, as Markdown for a hover and as words for a completion.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lsp/workspace.h"

namespace gw::lsp {

// The schema at a path of keys ("[]": an item) of a kind; null where none is known.
const validate::Schema* schema_at(const Settings& settings, std::string_view api_version, std::string_view kind,
                                  const std::vector<std::string>& path);
// Type, default, allowed values and limits of a field; `required` by the mapping it stands in.
std::string describe(std::string_view name, const validate::Schema& schema, bool required);
// Values that a field may have, as they are written.
std::vector<std::string> values_of(const validate::Schema& schema);
// Kinds that are served, and the apiVersion of each: "HTTPRoute" with "gateway.networking.k8s.io/v1".
std::vector<std::pair<std::string, std::string>> kinds(const Settings& settings);

// Full names of the annotations that some controller reads.
std::vector<std::string> annotations();
// What becomes of an annotation of the Ingress that `manifest` is, for the target of the settings, and the Gateway API
// objects that the whole Ingress becomes. Empty where it is no Ingress, or has no such annotation.
std::string fate(const Settings& settings, std::string_view manifest, std::string_view annotation);
// The Gateway API objects of one Ingress as YAML; empty where it is none.
std::string converted(const Settings& settings, std::string_view manifest);

}  // namespace gw::lsp
