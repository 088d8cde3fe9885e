// Istio, Contour and Cilium as Gateway API implementations against what they answered.
#include "route/attach.h"
#include "tests/envoy_oracle.h"

using namespace gw;

namespace {

envoy_oracle::Make as(std::string profile) {
  return [profile = std::move(profile)](const kube::Index& index, const envoy_oracle::Json&) {
    route::AttachOptions options;
    options.assume_secrets = index.bundle().secrets.empty();
    return route::make_model(profile, index, route::attach(index, options));
  };
}

}  // namespace

TEST_CASE("Istio") {
  envoy_oracle::check("istio-gateway", as("istio"));
}
TEST_CASE("Contour") {
  envoy_oracle::check("contour-gateway", as("contour"));
}
TEST_CASE("Cilium") {
  envoy_oracle::check("cilium-gateway", as("cilium"));
}
