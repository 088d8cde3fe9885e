#include "cli/gateways.h"

#include <iostream>
#include <utility>

#include "cli/memory.h"
#include "convert/convert.h"
#include "convert/own_hosts.h"

namespace gw::cli {

int make_routing(Loaded& loaded, Routing& routing) {
  keep_free_memory();
  kube::Bundle& bundle = loaded.bundle;
  const bool own = bundle.ingresses.empty() && convert::has_own_routes(bundle);
  if (bundle.gateways.empty() && bundle.http_routes.empty() && (own || !bundle.ingresses.empty())) {
    std::cerr << "gwctl: the input has " << (own ? "routes of a controller's own kinds" : "Ingresses")
              << " and no Gateway; shown is what `gwctl convert` makes of them\n";
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
  routing.table = route::compile(*routing.index, routing.attachments,
                                 {.listener_isolation = true, .assume_endpoints = true, .asks_services = true});
  return exit_ok;
}

}  // namespace gw::cli
