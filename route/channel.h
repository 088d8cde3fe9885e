// Attachment where a channel of Gateway API is known to be installed: a controller's. Without one, everything is
// served.
#pragma once
#include "route/attach.h"

namespace gw::route {

enum class Channel : std::uint8_t { standard, experimental };

// On the standard channel a port does not both terminate TLS and pass it through (TLSRouteModeMixed is experimental).
Attachments attach(const kube::Index& index, const AttachOptions& options, const CertificateFacts* facts,
                   Channel channel);

}  // namespace gw::route
