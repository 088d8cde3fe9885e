// What one object asks for, whatever its implementation calls it.
#pragma once
#include <re2/re2.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/bundle.h"
#include "route/answer.h"
#include "route/network.h"

namespace gw::route::own {

// A change of the path that the backend sees.
struct PathStep {
  enum class Kind : std::uint8_t { strip, add, replace, expression } kind = Kind::strip;
  std::string text;                  // prefix, whole path or the replacement of an expression (RE2 syntax)
  std::shared_ptr<const RE2> regex;  // of expression
};

struct Demand {
  std::string object;     // "SecurityPolicy shop/web"
  bool basic = false;     // 401 without Authorization
  bool token = false;     // a token, a session or a key: 401 without, and with an unknown one
  bool external = false;  // another service decides: 401, 403 or on
  AddressRule addresses;
  int limit_status = 0;  // too many requests; 0: no limit
  std::vector<PathStep> path;
  std::vector<Effect> effects;
  std::string unmodelled;  // why the answer is not known
  // Only requests of these; empty: every one. Patterns of Istio: "x", "x*", "*x", "*".
  std::vector<std::string> hosts, paths, methods;
  bool https_only = false;

  // Adds the effect: whoever is not let in does not get an answer of the backend.
  void guard(std::string what);
  // Addresses and networks as text; those that cannot be read are left out. Adds a guard.
  void allow_only(const std::vector<std::string>& networks);
  // As allow_only, for addresses that are kept out.
  void deny_all(const std::vector<std::string>& networks);
};

// Where an object hangs by itself.
struct Target {
  std::string kind;  // Gateway, HTTPRoute, GRPCRoute, Service, "" (by ExtensionRef alone)
  kube::NamespacedName id;
  std::string section;
};

struct Owned {
  std::string group, kind;
  kube::NamespacedName id;
  std::vector<Target> targets;
  Demand demand;
};

// Looks objects up that others refer to.
using Lookup = const kube::OtherObject* (*)(const kube::Bundle&, std::string_view kind, const kube::NamespacedName& id);
// Null when it is not there.
const kube::OtherObject* find_object(const kube::Bundle& bundle, std::string_view kind, const kube::NamespacedName& id);

// Reads one object of an implementation. nullopt: nothing here understands its kind. What is understood is taken out
// of `spec`; what is left there is the model's.
using Read = std::optional<Demand> (*)(const kube::OtherObject& object, nlohmann::json& spec,
                                       const kube::Bundle& bundle);
struct Family {
  std::string_view profile;     // "envoy-gateway"
  std::string_view controller;  // prefix of GatewayClass.spec.controllerName
  std::string_view group;       // API group of its objects
  Read read;
};
const std::vector<Family>& families();  // one row for each implementation

// ---- pieces of readers

std::vector<std::string> strings(const nlohmann::json& list);  // the texts of a list; empty for anything else
// "auth.login:80/api/verify" for a URL, for a Service, and for what a reference names.
std::string address_of_url(std::string_view url);
// "service.namespace:port/path" of a backendRef; of a Backend of Envoy Gateway, its own address.
std::string address_of_backend(const kube::Bundle& bundle, const nlohmann::json& reference, std::string_view ns,
                               std::string_view path);
// Adds one effect for each part of a CORS policy; `max_age` in seconds.
void cors_effects(Demand& demand, std::vector<std::string> origins, std::vector<std::string> methods,
                  std::vector<std::string> headers, std::vector<std::string> expose, bool credentials, long max_age);
void cors_effects(std::vector<Effect>& out, const std::string& object, std::vector<std::string> origins,
                  std::vector<std::string> methods, std::vector<std::string> headers, std::vector<std::string> expose,
                  bool credentials, long max_age);

// One Read for each family.
std::optional<Demand> read_envoy_gateway(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_traefik(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_nginx(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_istio(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_kong(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_kgateway(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_agentgateway(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);
std::optional<Demand> read_gke(const kube::OtherObject&, nlohmann::json&, const kube::Bundle&);

}  // namespace gw::route::own
