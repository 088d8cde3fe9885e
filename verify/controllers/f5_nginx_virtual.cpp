// VirtualServer, VirtualServerRoute and passed-through TransportServer, as far as they route.
#include <algorithm>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/f5_nginx.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::f5_nginx {
namespace {

std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

int number(const yaml::Node* node, std::string_view key, int fallback) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_number() ? static_cast<int>(value->number()) : fallback;
}

std::span<const yaml::Node> list(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_seq() ? value->items() : std::span<const yaml::Node>();
}

class Reader {
 public:
  Reader(const kube::Index& index, const kube::OtherObject& object) : index_(index), object_(object) {}

  std::optional<VirtualServer> read() {
    const yaml::Node* spec = object_.node ? object_.node->find("spec") : nullptr;
    VirtualServer out;
    out.host = lower(text(spec, "host"));
    out.stamp = object_.metadata.creation_timestamp;
    out.uid = object_.metadata.uid;
    out.server.host = out.host;
    out.server.span = object_.node ? object_.node->span() : diag::Span{};
    if (const yaml::Node* tls = spec ? spec->find("tls") : nullptr) {
      out.server.tls = true;
      const std::string secret = text(tls, "secret");
      out.server.handshake =
          !secret.empty() && (index_.bundle().secrets.empty() || index_.secret({object_.metadata.ns, secret}));
      const yaml::Node* redirect = tls->find("redirect");
      const yaml::Node* enable = redirect ? redirect->find("enable") : nullptr;
      out.server.ssl_redirect = enable && enable->kind() == yaml::Kind::boolean && enable->boolean();
      out.server.redirect_code = number(redirect, "code", 301);
    }
    read_upstreams(spec, object_.metadata.ns);
    std::set<std::string> seen;
    for (const yaml::Node& route : list(spec, "routes")) {
      if (!seen.insert(text(&route, "path")).second) return std::nullopt;
      if (const std::string name = text(&route, "route"); !name.empty()) {
        add_subroutes(name, text(&route, "path"), out.server);
        continue;
      }
      auto location = read_route(route);
      if (!location) return std::nullopt;
      out.server.locations.push_back(std::move(*location));
    }
    return out;
  }

 private:
  struct Upstream {
    std::string backend;
    kube::Port port;
    bool ready;
  };

  void read_upstreams(const yaml::Node* spec, const std::string& ns) {
    for (const yaml::Node& upstream : list(spec, "upstreams")) {
      kube::ServiceBackendPort port;
      port.number = number(&upstream, "port", 0);
      const kube::NamespacedName id{ns, text(&upstream, "service")};
      const ServiceState state = service_state(index_, id, port, PortMatch::number_or_name);
      upstreams_[text(&upstream, "name")] = {id.display(), state.port, state.state == EndpointState::ready};
    }
  }

  bool use(Location& out, const std::string& name) const {
    auto it = upstreams_.find(name);
    if (it == upstreams_.end()) return false;
    out.backend = it->second.backend;
    out.port = it->second.port;
    out.reachable = it->second.ready;
    return true;
  }

  std::optional<Location> read_route(const yaml::Node& route) const {
    Location out;
    out.origin = {"VirtualServer " + object_.id().display(), route.span()};
    std::string path = text(&route, "path");
    using Kind = Location::Kind;
    out.kind = path.starts_with('~') ? Kind::regex : path.starts_with('=') ? Kind::exact : Kind::prefix;
    const bool ignore_case = path.starts_with("~*");
    if (out.kind != Kind::prefix) path = std::string(trim(path.substr(ignore_case ? 2 : 1)));
    out.path = path;
    if (out.kind == Kind::regex)
      out.expression = Pattern(path, ignore_case ? Pattern::Case::ignored : Pattern::Case::sensitive);
    if (route.find("matches") || route.find("splits")) out.fixed = unmodelled("matches and splits of a VirtualServer");
    if (out.fixed) return out;
    const yaml::Node* action = route.find("action");
    if (!action) return std::nullopt;
    if (const std::string pass = text(action, "pass"); !pass.empty())
      return use(out, pass) ? std::optional(std::move(out)) : std::nullopt;
    if (const yaml::Node* proxy = action->find("proxy")) return read_proxy(*proxy, std::move(out));
    if (const yaml::Node* fixed = action->find("return")) out.fixed = status(number(fixed, "code", 200));
    if (const yaml::Node* redirect = action->find("redirect")) {
      out.redirect_text = text(redirect, "url");
      out.redirect_code = number(redirect, "code", 301);
    }
    return out;
  }

  std::optional<Location> read_proxy(const yaml::Node& proxy, Location out) const {
    if (!use(out, text(&proxy, "upstream"))) return std::nullopt;
    const std::string path = text(&proxy, "rewritePath");
    if (path.empty()) return out;
    if (out.kind == Location::Kind::regex) {
      out.rewrite = out.expression;
      out.rewrite_target = path;
    } else {
      out.uri = path;
    }
    return out;
  }

  // A subroute outside the prefix makes the whole VirtualServerRoute ignored: its paths fall to others.
  void add_subroutes(const std::string& reference, const std::string& under, Server& server) {
    const auto slash = reference.find('/');
    const std::string ns = slash == std::string::npos ? std::string(object_.metadata.ns) : reference.substr(0, slash);
    for (const auto& other : index_.bundle().others) {
      if (other.kind != "VirtualServerRoute" || other.metadata.ns != ns ||
          other.metadata.name != reference.substr(slash == std::string::npos ? 0 : slash + 1) || !other.node)
        continue;
      const yaml::Node* spec = other.node->find("spec");
      Reader sub(index_, other);
      sub.read_upstreams(spec, ns);
      std::vector<Location> all;
      for (const yaml::Node& route : list(spec, "subroutes")) {
        auto location = sub.read_route(route);
        if (!location || !text(&route, "path").starts_with(under)) return;
        all.push_back(std::move(*location));
      }
      std::move(all.begin(), all.end(), std::back_inserter(server.locations));
    }
  }

  const kube::Index& index_;
  const kube::OtherObject& object_;
  std::map<std::string, Upstream> upstreams_;
};

}  // namespace

std::vector<VirtualServer> virtual_servers(const kube::Index& index) {
  std::vector<VirtualServer> out;
  for (const auto& object : index.bundle().others) {
    if (object.kind != "VirtualServer" || !object.api_version.starts_with("k8s.nginx.org/")) continue;
    if (auto server = Reader(index, object).read()) {
      server->order = out.size();
      out.push_back(std::move(*server));
    }
  }
  return out;
}

std::map<std::string, Location> passthrough_servers(const kube::Index& index) {
  std::map<std::string, Location> out;
  for (const auto& object : index.bundle().others) {
    const yaml::Node* spec = object.kind == "TransportServer" && object.node ? object.node->find("spec") : nullptr;
    if (!spec || text(spec->find("listener"), "protocol") != "TLS_PASSTHROUGH") continue;
    Location location;
    location.origin = {"TransportServer " + object.id().display(), object.node->span()};
    const std::string wanted = text(spec->find("action"), "pass");
    for (const yaml::Node& upstream : list(spec, "upstreams"))
      if (text(&upstream, "name") == wanted) {
        location.backend = object.metadata.ns + "/" + text(&upstream, "service");
        location.port = number(&upstream, "port", 0);
      }
    out[lower(text(spec, "host"))] = std::move(location);
  }
  return out;
}

}  // namespace gw::verify::f5_nginx
