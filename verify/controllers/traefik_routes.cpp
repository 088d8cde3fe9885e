#include "verify/controllers/traefik_routes.h"

#include <algorithm>

#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::traefik {
namespace {

const yaml::Node* member(const yaml::Node* node, std::string_view key) {
  return node && node->is_map() ? node->find(key) : nullptr;
}
std::string text_at(const yaml::Node* node, std::string_view key) {
  const yaml::Node* found = member(node, key);
  if (!found) return {};
  if (found->kind() == yaml::Kind::string) return std::string(found->string());
  if (found->kind() == yaml::Kind::integer) return std::to_string(found->integer());
  if (found->kind() == yaml::Kind::boolean) return found->boolean() ? "true" : "false";
  return {};
}
std::vector<const yaml::Node*> items_at(const yaml::Node* node, std::string_view key) {
  std::vector<const yaml::Node*> out;
  if (const yaml::Node* list = member(node, key); list && list->is_seq())
    for (const yaml::Node& item : list->items()) out.push_back(&item);
  return out;
}

class Reader {
 public:
  Reader(const kube::Index& index, const kube::OtherObject& object, std::vector<OwnRouter>& out)
      : index_(index), object_(object), out_(out) {}

  void run() {
    const yaml::Node* spec = member(object_.node, "spec");
    std::vector<std::string> points;
    if (const yaml::Node* list = member(spec, "entryPoints"); list && list->is_seq())
      for (const yaml::Node& item : list->items())
        if (item.kind() == yaml::Kind::string) points.emplace_back(item.string());
    for (const yaml::Node* item : items_at(spec, "routes")) {
      OwnRouter router;
      router.entry_points = points;
      router.tls = member(spec, "tls") != nullptr;
      if (member(member(spec, "tls"), "options")) router.unmodelled = "its TLSOption may ask for client certificates";
      if (member(spec, "parentRefs")) router.unmodelled = "its parent IngressRoute decides, too";
      router.origin = {object_.kind + " " + object_.id().display(), item->span()};
      route(*item, std::move(router));
    }
  }

 private:
  void route(const yaml::Node& item, OwnRouter router) {
    const std::string text = text_at(&item, "match");
    auto rule = Rule::parse(text);
    if (!rule) return;
    if (!rule->unmodelled().empty()) router.unmodelled = rule->unmodelled();
    router.priority = parse_int(text_at(&item, "priority")).value_or(0);
    if (router.priority == 0) router.priority = static_cast<std::int64_t>(text.size());
    router.rule = std::make_shared<const Rule>(std::move(*rule));
    for (const yaml::Node* ref : items_at(&item, "middlewares")) {
      const std::string ns = text_at(ref, "namespace");
      const auto found = middlewares(index_.bundle(), (ns.empty() ? std::string(object_.metadata.ns) : ns) + "-" +
                                                          text_at(ref, "name") + "@kubernetescrd");
      if (found.empty()) return;  // Traefik has no such router then
      router.middlewares.insert(router.middlewares.end(), found.begin(), found.end());
    }
    for (const yaml::Node* service : items_at(&item, "services"))
      if (!add(service, std::string(object_.metadata.ns), 1, router, 0)) return;
    if (router.backends.empty() && router.unmodelled.empty()) return;
    out_.push_back(std::move(router));
  }

  // False where the service does not exist: the router does not, either.
  bool add(const yaml::Node* at, const std::string& own_ns, std::uint64_t weight, OwnRouter& router, int depth) {
    const std::string name = text_at(at, "name");
    std::string ns = text_at(at, "namespace");
    if (ns.empty()) ns = own_ns;
    if (const auto own = parse_int(text_at(at, "weight")))
      weight *= static_cast<std::uint64_t>(std::max<std::int64_t>(*own, 0));
    if (name.find('@') != std::string::npos) {
      router.unmodelled = "the service " + name + " is inside Traefik";
      return true;
    }
    if (text_at(at, "kind") == "TraefikService") return add_own({ns, name}, weight, router, depth);
    kube::ServiceBackendPort port;
    const std::string written = text_at(at, "port");
    if (const auto number = parse_int(written))
      port.number = static_cast<kube::Port>(*number);
    else
      port.name = std::string_view(written);
    const ServiceState state = service_state(index_, {ns, name}, port, PortMatch::number_or_name);
    if (state.state == EndpointState::no_service || state.state == EndpointState::no_port) return false;
    router.backends.push_back({ns + "/" + name, state.port != 0 ? state.port : port.number, weight});
    return true;
  }

  bool add_own(const kube::NamespacedName& id, std::uint64_t weight, OwnRouter& router, int depth) {
    const auto& others = index_.bundle().others;
    const auto found = std::find_if(others.begin(), others.end(), [&](const kube::OtherObject& o) {
      return o.kind == "TraefikService" && o.id() == id;
    });
    if (found == others.end() || depth > 8) return false;
    const yaml::Node* spec = member(found->node, "spec");
    for (const yaml::Node* service : items_at(member(spec, "weighted"), "services"))
      if (!add(service, id.ns, weight, router, depth + 1)) return false;
    if (const yaml::Node* main = member(spec, "mirroring")) return add(main, id.ns, weight, router, depth + 1);
    return true;
  }

  const kube::Index& index_;
  const kube::OtherObject& object_;
  std::vector<OwnRouter>& out_;
};

}  // namespace

std::vector<OwnRouter> own_routers(const kube::Index& index) {
  std::vector<OwnRouter> out;
  for (const kube::OtherObject& object : index.bundle().others)
    if (object.kind == "IngressRoute" && object.node && object.api_version.starts_with("traefik."))
      Reader(index, object, out).run();
  return out;
}

}  // namespace gw::verify::traefik
