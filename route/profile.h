// How known implementations answer where the spec is silent or they deviate from it.
#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "route/answer.h"
#include "route/table.h"

namespace gw::route {

// The Gateway API side of trace and verify for one implementation.
class Model {
 public:
  virtual ~Model() = default;
  // What a client and a backend would see; several where the implementation chooses at random.
  virtual AnswerSet answer(const Request& request) const = 0;
  // Non-empty when the implementation refuses the configuration as a whole (every later change is blocked).
  virtual std::string refused() const { return {}; }
  // Whether answer() tells even then what clients get: a proxy without its routes.
  virtual bool answers_when_refused() const { return false; }
};

// name: spec-core, gwctl, envoy-gateway, nginx-gateway-fabric, traefik, istio, contour, cilium. Null for an unknown
// name. Borrows the Index for the call only.
std::unique_ptr<Model> make_model(std::string_view name, const kube::Index& index, const Attachments& attachments);

const std::vector<std::string_view>& profile_names();  // as --profile takes them

}  // namespace gw::route
