// Kong: Ingress, and its own TCPIngress, UDPIngress, KongPlugin, KongIngress.
#pragma once
#include <string_view>

#include "convert/providers/own.h"
#include "convert/providers/wishes.h"

namespace gw::convert::kong {

// What the plugin of this name does; a KongPlugin of the namespace, else a KongClusterPlugin.
void apply_plugin(std::string_view name, Claim claim, Asking& asking);
// KongClusterPlugins with the label global: "true" hold for every Ingress.
void apply_global_plugins(Asking& asking, const kube::Ingress& ingress);

// "name" of the namespace or of the whole cluster, "ns:name" of another namespace; null when it is not among the input.
const kube::OtherObject* find_plugin(std::string_view name, std::string_view ns, const Input& input);

// "/new/$(uri_captures[1])": a whole path, or one that is made of the groups of the path matched.
void rewrite_by_template(std::string_view text, RewriteWish& wish);

// Adds to `ir` what TCPIngress and UDPIngress forward; the fate of each field goes to the ledger.
void read_streams(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::kong
