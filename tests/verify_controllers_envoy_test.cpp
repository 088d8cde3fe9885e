// Istio, Contour and Cilium as Ingress controllers, and with objects of their own, against what they answered.
#include "tests/envoy_oracle.h"
#include "verify/controllers/controller.h"

using namespace gw;

namespace {

envoy_oracle::Make as(std::string controller) {
  return [controller = std::move(controller)](const kube::Index& index, const envoy_oracle::Json& record) {
    verify::ControllerOptions options;
    if (const std::string flag = envoy_oracle::text(record, "controller_flags"); !flag.empty())
      options.flags.push_back(flag);
    return std::unique_ptr<route::Model>(verify::make_controller(controller, index, options));
  };
}

}  // namespace

TEST_CASE("Istio's Ingresses answer as observed") {
  envoy_oracle::check("istio-ingress", as("istio"));
}
TEST_CASE("Istio's VirtualServices answer as observed") {
  envoy_oracle::check("istio-own", as("istio"));
}
TEST_CASE("Contour's Ingresses answer as observed") {
  envoy_oracle::check("contour", as("contour"));
}
TEST_CASE("Contour's HTTPProxies answer as observed") {
  envoy_oracle::check("contour-httpproxy", as("contour"));
}
TEST_CASE("Cilium's Ingresses answer as observed") {
  envoy_oracle::check("cilium-ingress", as("cilium"));
}
