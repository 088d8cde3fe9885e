// The status that a controller writes, for the main outcomes of attachment. Gateway API v1.6.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/features.h"
#include "control/status.h"
#include "kube/load.h"

using namespace gw;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* controller = "gwctl.dev/gateway-controller";

constexpr const char* base = R"(apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: gw, generation: 3}
spec: {controllerName: gwctl.dev/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: other}
spec: {controllerName: example.com/other}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra, generation: 2}
spec:
  gatewayClassName: gw
  listeners:
  - {name: web, port: 80, protocol: HTTP, hostname: "*.example.com", allowedRoutes: {namespaces: {from: All}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: foreign, namespace: infra}
spec: {gatewayClassName: other, listeners: [{name: web, port: 80, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: shop, namespace: app}
spec: {ports: [{port: 80}]}
---
)";

std::string http_route(const std::string& name, const std::string& parents, const std::string& spec,
                       const std::string& more = "") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
         ", namespace: app, generation: 7, resourceVersion: \"41\"}\nspec:\n  parentRefs: [" + parents + "]\n" + spec +
         more + "---\n";
}

std::string conditions(const Json& list) {
  std::string out;
  for (const Json& c : list)
    out += " " + c["type"].get<std::string>() + "=" + c["status"].get<std::string>() + "/" +
           c["reason"].get<std::string>();
  return out;
}

struct World {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle;
  std::vector<control::StatusUpdate> updates;

  explicit World(const std::string& text,
                 const control::GatewayStates& states = {{{"infra", "edge"}, {{"10.0.0.1"}, "", ""}}}) {
    bundle = kube::load_text("x.yaml", text, sources, sink);
    const kube::Index index(bundle);
    route::AttachOptions options;
    options.controller_name = controller;
    const auto attachments = route::attach(index, options);
    control::GatewayStates wanted;
    for (const auto& [id, state] : states) wanted[id] = state;
    updates = control::status_updates(index, attachments, wanted, {controller, "2026-01-02T03:04:05Z", {}});
  }
  const control::StatusUpdate* find(const std::string& name) const {
    for (const auto& update : updates)
      if (update.object.name == name) return &update;
    return nullptr;
  }
  Json status(const std::string& name) const {
    const auto* update = find(name);
    return update ? Json::parse(update->json)["status"] : Json();
  }
  // One line a parentRef: controller, conditions.
  std::string parents(const std::string& name) const {
    std::string out;
    const Json all = status(name);
    if (!all.is_object()) return "none";
    for (const Json& parent : all["parents"])
      out += parent["parentRef"]["name"].get<std::string>() + ":" +
             (parent.contains("conditions") ? conditions(parent["conditions"]) : " -") + "\n";
    return out;
  }
};

}  // namespace

TEST_CASE("an attached route, word for word") {
  World world(base +
              http_route("shop", "{name: edge, namespace: infra, sectionName: web}",
                         "  hostnames: [shop.example.com]\n  rules: [{backendRefs: [{name: shop, port: 80}]}]\n"));
  CHECK(world.find("shop")->json ==
        R"({"status":{"parents":[{"parentRef":{"group":"gateway.networking.k8s.io","kind":"Gateway",)"
        R"("namespace":"infra","name":"edge","sectionName":"web"},"controllerName":"gwctl.dev/gateway-controller",)"
        R"("conditions":[{"type":"Accepted","status":"True","reason":"Accepted","message":"the route is attached",)"
        R"("observedGeneration":7,"lastTransitionTime":"2026-01-02T03:04:05Z"},{"type":"ResolvedRefs","status":"True",)"
        R"("reason":"ResolvedRefs","message":"all references resolve","observedGeneration":7,)"
        R"("lastTransitionTime":"2026-01-02T03:04:05Z"}]}]}})");
  CHECK(world.find("shop")->plural == "httproutes");
  CHECK(world.find("shop")->resource_version == "41");  // other controllers write to the same list
  CHECK(world.find("edge")->resource_version == "");
}

TEST_CASE("classes, Gateways and listeners; what is another controller's is not touched") {
  World world(base + http_route("shop", "{name: edge, namespace: infra}",
                                "  rules: [{backendRefs: [{name: shop, port: 80}]}]\n"));
  CHECK(conditions(world.status("gw")["conditions"]) == " Accepted=True/Accepted");
  CHECK(world.status("gw")["supportedFeatures"].size() > 40);
  CHECK(world.find("other") == nullptr);
  CHECK(world.find("foreign") == nullptr);
  const Json edge = world.status("edge");
  CHECK(edge["addresses"].dump() == R"([{"type":"IPAddress","value":"10.0.0.1"}])");
  CHECK(conditions(edge["conditions"]) ==
        " Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs");
  const Json& web = edge["listeners"][0];
  CHECK(web["attachedRoutes"] == 1);
  CHECK(
      web["supportedKinds"].dump() ==
      R"([{"group":"gateway.networking.k8s.io","kind":"HTTPRoute"},{"group":"gateway.networking.k8s.io","kind":"GRPCRoute"}])");
  CHECK(
      conditions(web["conditions"]) ==
      " Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts");
  for (const Json& list : {edge["conditions"], web["conditions"]})
    for (const Json& condition : list) CHECK(condition["observedGeneration"] == 2);
}

TEST_CASE("why a route is not attached") {
  const std::string good = "  rules: [{backendRefs: [{name: shop, port: 80}]}]\n";
  const std::string edge = "{name: edge, namespace: infra}";
  CHECK(World(base + http_route("r", edge, "  hostnames: [shop.example.org]\n" + good)).parents("r") ==
        "edge: Accepted=False/NoMatchingListenerHostname ResolvedRefs=True/ResolvedRefs\n");
  CHECK(World(base + http_route("r", "{name: edge, namespace: infra, sectionName: none}", good)).parents("r") ==
        "edge: Accepted=False/NoMatchingParent ResolvedRefs=True/ResolvedRefs\n");
  CHECK(World(base + http_route("r", "{name: edge, namespace: infra, port: 81}", good)).parents("r") ==
        "edge: Accepted=False/NoMatchingParent ResolvedRefs=True/ResolvedRefs\n");
  CHECK(World(base + http_route("r", edge, "  rules: [{backendRefs: [{name: none, port: 80}]}]\n")).parents("r") ==
        "edge: Accepted=True/Accepted ResolvedRefs=False/BackendNotFound\n");
  CHECK(World(base + http_route("r", edge, "  rules: [{backendRefs: [{name: x, namespace: far, port: 80}]}]\n"))
            .parents("r") == "edge: Accepted=True/Accepted ResolvedRefs=False/RefNotPermitted\n");
  CHECK(World(base + http_route("r", edge, "  rules: [{backendRefs: [{kind: Bucket, name: x, port: 80}]}]\n"))
            .parents("r") == "edge: Accepted=True/Accepted ResolvedRefs=False/InvalidKind\n");
  CHECK(World(base + http_route("r", "{name: foreign, namespace: infra}", good)).parents("r") == "none");
  std::string closed = base;
  closed.replace(closed.find("from: All"), 9, "from: Same");
  CHECK(World(closed + http_route("r", edge, good)).parents("r") ==
        "edge: Accepted=False/NotAllowedByListeners ResolvedRefs=True/ResolvedRefs\n");
}

TEST_CASE("listeners that are not valid, and a data plane that cannot listen") {
  std::string bad = base;
  bad.replace(bad.find("protocol: HTTP, hostname"), 14, "protocol: HTTPS");
  const Json https = World(bad).status("edge");
  CHECK(conditions(https["listeners"][0]["conditions"]).find("ResolvedRefs=False/InvalidCertificateRef") !=
        std::string::npos);
  std::string twice = base;
  twice.replace(twice.find("  - {name: web"), 14, "  - {name: two, port: 80, protocol: TCP}\n  - {name: web");
  const Json conflict = World(twice).status("edge");
  for (const Json& listener : conflict["listeners"])
    CHECK(conditions(listener["conditions"]).find("Conflicted=True/ProtocolConflict") != std::string::npos);
  CHECK(conditions(conflict["conditions"]).starts_with(" Accepted=False/ListenersNotValid Programmed=False/Invalid"));

  control::GatewayState unusable{{"192.0.2.1"}, "cannot listen on 192.0.2.1:80", "AddressNotUsable"};
  CHECK(conditions(World(base, {{{"infra", "edge"}, unusable}}).status("edge")["conditions"])
            .starts_with(" Accepted=True/Accepted Programmed=False/AddressNotUsable"));
}

TEST_CASE("entries of other controllers stay, times change with the value only, and nothing is written twice") {
  const std::string spec = "  rules: [{backendRefs: [{name: shop, port: 80}]}]\n";
  const std::string status = R"(status:
  parents:
  - {parentRef: {name: mesh}, controllerName: example.com/other, conditions: []}
  - parentRef: {group: gateway.networking.k8s.io, kind: Gateway, namespace: infra, name: edge}
    controllerName: gwctl.dev/gateway-controller
    conditions:
    - {type: Accepted, status: "True", reason: Accepted, message: the route is attached, observedGeneration: 6, lastTransitionTime: "2020-01-01T00:00:00Z"}
    - {type: ResolvedRefs, status: "False", reason: X, message: y, observedGeneration: 7, lastTransitionTime: "2020-01-01T00:00:00Z"}
)";
  const std::string edge = "{name: edge, namespace: infra}";
  World world(base + http_route("r", edge, spec, status));
  CHECK(world.parents("r") == "mesh:\nedge: Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs\n");
  const Json ours = world.status("r")["parents"][1]["conditions"];
  CHECK(ours[0]["lastTransitionTime"] == "2020-01-01T00:00:00Z");
  CHECK(ours[1]["lastTransitionTime"] == "2026-01-02T03:04:05Z");

  // What was written is found again: no second write.
  const std::string written = "status: " + Json::parse(world.find("r")->json)["status"].dump() + "\n";
  CHECK(World(base + http_route("r", edge, spec, written)).find("r") == nullptr);
  // A route that no longer names the Gateway loses its own entry only.
  CHECK(World(base + http_route("r", "{name: elsewhere}", spec, written)).parents("r") == "mesh:\n");
}

TEST_CASE("a status of any shape in a file does no harm") {
  const std::string spec = "  rules: [{backendRefs: [{name: shop, port: 80}]}]\n";
  for (const char* status : {"status: 1\n", "status: {parents: [1, [], {parentRef: 3, controllerName: {}}]}\n",
                             "status: {parents: {a: b}}\n", "status: [x]\n"})
    CHECK(World(base + http_route("r", "{name: edge, namespace: infra}", spec, status)).find("r") != nullptr);
}

TEST_CASE("conditions of types that others write stay, on Gateways and listeners; what gwctl wrote before goes") {
  const std::string conditions_of_others =
      "conditions: [{type: example.com/Scanned, status: \"True\", reason: Clean, message: \"\", observedGeneration: 1, "
      "lastTransitionTime: \"2026-01-01T00:00:00Z\"}, {type: Conflicted, status: \"True\", reason: HostnameConflict, "
      "message: \"\", lastTransitionTime: \"2026-01-01T00:00:00Z\"}]";
  const std::string text =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: gw}\nspec: {controllerName: " +
      std::string(controller) +
      "}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
      "metadata: {name: edge, namespace: infra, generation: 3, resourceVersion: \"9\"}\nspec:\n  gatewayClassName: gw\n"
      "  listeners: [{name: web, port: 80, protocol: HTTP}]\nstatus:\n  " +
      conditions_of_others + "\n  listeners: [{name: web, attachedRoutes: 0, supportedKinds: [], " +
      conditions_of_others + "}]\n";
  const World world(text);
  const Json status = world.status("edge");
  CHECK(conditions(status["conditions"]).ends_with(" example.com/Scanned=True/Clean"));
  const std::string listener = conditions(status["listeners"][0]["conditions"]);
  CHECK(listener.ends_with(" example.com/Scanned=True/Clean"));
  CHECK(listener.find("HostnameConflict") == std::string::npos);
  CHECK(world.find("edge")->resource_version == "9");
}

TEST_CASE("features follow the installed release and channel") {
  using gw::route::Channel;
  const auto has = [](Channel channel, std::uint8_t minor, std::string_view name) {
    const auto all = control::supported_features({channel, minor});
    CHECK(std::is_sorted(all.begin(), all.end()));
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  CHECK(!has(Channel::standard, 6, "TLSRouteModeMixed"));
  CHECK(has(Channel::experimental, 6, "TLSRouteModeMixed"));
  CHECK(has(Channel::standard, 7, "TLSRouteModeMixed"));
  CHECK(has(Channel::experimental, 6, "HTTPRouteRetry"));
  CHECK(!has(Channel::experimental, 7, "HTTPRouteRetry"));
  CHECK(has(Channel::standard, 7, "GatewayRouteHostnameIntersectionPrecedence"));
  CHECK(!has(Channel::experimental, 6, "GatewayRouteHostnameIntersectionPrecedence"));
  CHECK(gw::route::release_of("v1.6.3", Channel::standard).minor == 6);
  CHECK(gw::route::release_of("v1.10.0-rc.1", Channel::standard).minor == 10);
  CHECK(gw::route::release_of("main", Channel::standard).minor == 6);
}
