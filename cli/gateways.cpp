#include "cli/gateways.h"

#include <iostream>
#include <utility>

#include "convert/convert.h"

namespace gw::cli {

int make_routing(Loaded& loaded, Routing& routing) {
  kube::Bundle& bundle = loaded.bundle;
  if (bundle.gateways.empty() && bundle.http_routes.empty() && !bundle.ingresses.empty()) {
    std::cerr << "gwctl: the input has Ingresses and no Gateway; shown is what `gwctl convert` makes of them\n";
    convert::Options options;
    kube::Bundle made;
    auto outcomes = convert::convert(bundle, options, loaded.sources, loaded.sink, made);
    if (!outcomes) return fail(outcomes.error());
    made.services = std::move(bundle.services);
    made.endpoint_slices = std::move(bundle.endpoint_slices);
    made.secrets = std::move(bundle.secrets);
    made.namespaces = std::move(bundle.namespaces);
    routing.ingresses = std::exchange(bundle, std::move(made));
  }
  routing.index = std::make_unique<kube::Index>(bundle);
  routing.attachments = route::attach(*routing.index, {.controller_name = {}, .assume_secrets = true});
  // Manifests seldom hold EndpointSlices: without any, Services are taken to be ready.
  routing.table =
      route::compile(*routing.index, routing.attachments, {.listener_isolation = true, .assume_endpoints = true});
  return exit_ok;
}

}  // namespace gw::cli
