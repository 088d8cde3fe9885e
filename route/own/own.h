// The objects of an implementation's own that hang on routes and Gateways: policies, middlewares, plugins. Whom they
// ask for credentials, which addresses they let in, and what they do to path and headers is put around a model that
// knows routes alone. What is not understood here stays in the set, for the model to say that it does not know.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "kube/bundle.h"
#include "route/profile.h"

namespace gw::route {

class OwnObjects {
 public:
  // Takes out of the set what it understands of `profile`'s own objects and the filters that refer to them. Call it
  // before an Index is made. For every profile it reads the header, CORS and mirror filters of routes.
  OwnObjects(kube::Bundle& bundle, std::string_view profile);
  ~OwnObjects();
  OwnObjects(const OwnObjects&) = delete;
  OwnObjects& operator=(const OwnObjects&) = delete;

  // A model that answers as `inner` and then does what the objects ask for. Null for null.
  std::unique_ptr<Model> around(std::unique_ptr<Model> inner) const;

  struct Impl;

 private:
  std::shared_ptr<const Impl> impl_;
};

// The implementation whose GatewayClass or own objects are in the set: "envoy-gateway", "traefik", ...; empty: none.
std::string implementation_of(const kube::Bundle& bundle);

// Whether make_model takes a name: a profile, or an implementation whose own objects alone are known.
bool models(std::string_view name);

}  // namespace gw::route
