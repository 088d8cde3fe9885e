// Attachment where a release of Gateway API is known to be installed: a controller's. Without one, everything is served
// as the newest release has it.
#pragma once
#include "route/attach.h"

namespace gw::route {

enum class Channel : std::uint8_t { standard, experimental };

struct Release {
  Channel channel = Channel::experimental;
  std::uint8_t minor = 7;  // 6: v1.6

  // TLSRouteModeMixed: a port both terminates TLS and passes it through. Experimental before v1.7.
  bool mixed_tls() const { return channel == Channel::experimental || minor >= 7; }
  // GatewayRouteHostnameIntersectionPrecedence: see Attachments::own_hostnames.
  bool own_hostnames() const { return minor >= 7; }
};

// Of a bundle version such as "v1.6.3"; what cannot be read counts as v1.6.
Release release_of(std::string_view bundle_version, Channel channel);

// As attach() of route/attach.h, as this release and channel has it.
Attachments attach(const kube::Index& index, const AttachOptions& options, const CertificateFacts* facts,
                   const Release& release);

}  // namespace gw::route
