// Istio as a Gateway API implementation, as documented and not measured: Envoy underneath, rules sorted Exact,
// PathPrefix, RegularExpression, then by length, method, headers and query parameters; paths normalised without merging
// slashes.
#include "route/profiles/envoy_gateway.h"
#include "route/profiles/profiles.h"

namespace gw::route {

std::unique_ptr<Model> make_istio(const kube::Index& index, const Attachments& attachments) {
  envoy::Traits traits;
  traits.prefix_before_regex = true;
  traits.method_is_header = false;
  traits.redirects_escaped_slashes = false;
  traits.merges_slashes = false;
  traits.one_table_a_port = false;
  traits.refuses_underscores = false;
  return envoy::make(index, attachments, traits);
}

}  // namespace gw::route
