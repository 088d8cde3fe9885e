// Who owns a host, and the nginx server that the owner's manifests give.
#include <algorithm>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/f5_nginx.h"
#include "verify/controllers/nginx_variables.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::f5_nginx {
namespace {

struct Resource {
  const kube::Ingress* ingress = nullptr;
  const VirtualServer* virtual_server = nullptr;
  std::string stamp, uid, type;  // type: "", master, minion
  std::size_t order = 0;
  std::vector<std::string> hosts;
};

Settings settings_of(const kube::Index& index, const ControllerOptions& options) {
  Settings out;
  out.config_map = controller_config(index, options, {"nginx-config", "nginx-ingress"});
  out.snippets = flag(options.flags, "enable-snippets") == "true";
  out.empty_host = flag(options.flags, "allow-empty-ingress-host") == "true";
  out.health = flag(options.flags, "health-status") == "true";
  out.plus = flag(options.flags, "nginx-plus") == "true";
  out.default_secret = flag(options.flags, "default-server-tls-secret").has_value();
  out.ssl_redirect = truthy(out.config_map, "ssl-redirect", true);
  if (const std::string* code = kube::find(out.config_map, "http-redirect-code"))
    out.redirect_code = static_cast<int>(parse_int(*code).value_or(301));
  return out;
}

std::vector<int> ports_of(const kube::Ingress& ingress, std::string_view name, int fallback) {
  std::vector<int> out;
  for (const std::string& item : split_trimmed(annotation(ingress, name), ','))
    out.push_back(static_cast<int>(parse_int(item).value_or(0)));
  if (out.empty()) out.push_back(fallback);
  return out;
}

class Builder {
 public:
  Builder(const kube::Index& index, const ControllerOptions& options, bool later_wins)
      : index_(index), later_wins_(later_wins) {
    out_.settings = settings_of(index, options);
    flags_ = options.flags;
  }

  Configuration build() {
    virtual_ = virtual_servers(index_);
    collect();
    for (const Resource& resource : owners_)
      for (const std::string& host : resource.hosts) claim(host, resource);
    for (const auto& [host, resource] : taken_) serve(host, *resource);
    if (flag(flags_, "enable-tls-passthrough") == "true") out_.passthrough = passthrough_servers(index_);
    for (const auto& [host, server] : out_.servers) refuse_duplicates(server);
    return std::move(out_);
  }

 private:
  void collect() {
    const ClassFilter filter{
        {"nginx.org/ingress-controller"}, flag(flags_, "ingress-class").value_or("nginx"), true, true, true};
    std::size_t order = 0;
    for (const kube::Ingress& ingress : index_.bundle().ingresses) {
      ++order;
      if (!filter.takes(index_, ingress).value_or(false) || !rejected(ingress, out_.settings).empty()) continue;
      Resource resource{&ingress,
                        nullptr,
                        ingress.metadata.creation_timestamp,
                        ingress.metadata.uid,
                        annotation(ingress, "mergeable-ingress-type"),
                        order,
                        {}};
      for (const auto& rule : ingress.spec.rules) resource.hosts.push_back(lower(rule.host));
      (resource.type == "minion" ? minions_ : owners_).push_back(std::move(resource));
    }
    for (const VirtualServer& server : virtual_)
      owners_.push_back({nullptr, &server, server.stamp, server.uid, "", 100'000 + server.order, {server.host}});
  }

  // The older resource wins; of equal age the larger UID, which manifests rarely hold.
  bool wins(const Resource& a, const Resource& b) {
    if (a.stamp != b.stamp) return a.stamp < b.stamp;
    if (a.uid != b.uid) return a.uid > b.uid;
    out_.ties = true;
    return later_wins_ == (a.order > b.order);
  }

  void claim(const std::string& host, const Resource& resource) {
    auto [it, fresh] = taken_.emplace(host, &resource);
    if (!fresh && wins(resource, *it->second)) it->second = &resource;
  }

  void serve(const std::string& host, const Resource& owner) {
    if (owner.virtual_server) {
      out_.servers[host] = owner.virtual_server->server;
      return;
    }
    const kube::Ingress& ingress = *owner.ingress;
    Server& server = out_.servers[host];
    server.host = host;
    server.redirect_code = out_.settings.redirect_code;
    configure(server, ingress);
    for (const auto& rule : ingress.spec.rules)
      if (lower(rule.host) == host) {
        server.span = rule_ref(ingress, rule).span;
        if (owner.type != "master") add_paths(server, ingress, rule, nullptr);
      }
    if (owner.type == "master") merge(server, host, ingress);
  }

  void configure(Server& server, const kube::Ingress& ingress) {
    for (const auto& tls : ingress.spec.tls)
      for (const std::string_view host : tls.hosts)
        if (lower(host) == server.host) {
          server.tls = true;
          server.handshake = secret_usable(ingress.metadata.ns, tls.secret_name);
        }
    if (server.host.empty()) {
      server.tls = true;
      server.handshake = out_.settings.default_secret;
    }
    bool redirect = out_.settings.ssl_redirect;
    if (const std::string* old = kube::find(ingress.metadata.annotations, "ingress.kubernetes.io/ssl-redirect"))
      redirect = parse_bool(*old).value_or(redirect);
    server.ssl_redirect = server.tls && enabled(ingress, "ssl-redirect", redirect);
    server.forwarded_redirect =
        enabled(ingress, "redirect-to-https", truthy(out_.settings.config_map, "redirect-to-https", false));
    if (const auto code = parse_int(annotation(ingress, "http-redirect-code")))
      server.redirect_code = static_cast<int>(*code);
    server.app_root = annotation(ingress, "app-root");
    server.basic_auth = !annotation(ingress, "basic-auth-secret").empty();
    server.rate_limited = !annotation(ingress, "limit-req-rate").empty();
    if (deciding_line(annotation(ingress, "server-snippets")))
      server.unmodelled = "server-snippets may answer by themselves";
    server.ports = ports_of(ingress, "listen-ports", 80);
    server.tls_ports = ports_of(ingress, "listen-ports-ssl", 443);
    for (int port : server.ports)
      if (port > 65535) refuse("the port " + std::to_string(port) + " is out of range");
  }

  // A Secret that the set lacks is missing only where the set holds any Secret.
  bool secret_usable(const std::string& ns, const std::string& name) const {
    if (name.empty()) return false;
    const kube::Secret* secret = index_.secret({ns, name});
    if (!secret) return index_.bundle().secrets.empty();
    return secret->type == "kubernetes.io/tls";
  }

  void add_paths(Server& server, const kube::Ingress& ingress, const kube::IngressRule& rule,
                 const kube::Ingress* master) {
    bool root = false;
    if (rule.http)
      for (const auto& path : rule.http->paths) {
        const std::string text = path.path.empty() ? "/" : path.path;
        root |= text == "/" && path.path_type != "Exact";
        if (path.backend.service)
          server.locations.push_back(location(server, ingress, path, text, path.backend, path.path_type, master));
      }
    const auto& fallback = ingress.spec.default_backend;
    if (!master && !root && fallback && fallback->service)
      server.locations.push_back(location(server, ingress, *fallback, "/", *fallback, "Prefix", master));
  }

  Location location(const Server& server, const kube::Ingress& ingress, const kube::Located& at,
                    const std::string& path, const kube::IngressBackend& backend, const std::string& type,
                    const kube::Ingress* master) {
    Location out;
    out.path = path;
    out.origin = rule_ref(ingress, at);
    const kube::NamespacedName id{ingress.metadata.ns, backend.service->name};
    const ServiceState state = service_state(index_, id, backend.service->port, PortMatch::number_or_name);
    out.backend = id.display();
    out.port = state.port;
    out.reachable = state.state == EndpointState::ready;
    const std::string mode = annotation(ingress, "path-regex");
    set_kind(out, mode, type == "Exact");
    if (mode.empty() && path.find_first_of("{}") != std::string::npos)
      refuse("the path " + path + " of host " + server.host + " holds a brace");
    set_rewrite(out, ingress, backend.service->name, mode, type == "Exact");
    limit(out, ingress, master);
    if (deciding_line(annotation(ingress, "location-snippets")))
      out.fixed = unmodelled("location-snippets may answer by themselves");
    if (!annotation(ingress, "limit-req-rate").empty())
      out.attributes.push_back("limit-req-rate=" + annotation(ingress, "limit-req-rate"));
    return out;
  }

  static void set_kind(Location& out, const std::string& mode, bool exact) {
    using Kind = Location::Kind;
    out.kind = exact ? Kind::exact : Kind::prefix;
    if (mode == "exact") out.kind = exact ? Kind::dead : Kind::exact;
    if (mode.starts_with("case_")) {
      out.kind = exact ? Kind::dead : Kind::regex;  // the location of an Exact path becomes ~ "^= /path"
      out.expression =
          Pattern("^" + out.path, mode == "case_insensitive" ? Pattern::Case::ignored : Pattern::Case::sensitive);
    }
    if (out.path.find('%') != std::string::npos) out.kind = Kind::dead;  // a template's printf eats it
  }

  void set_rewrite(Location& out, const kube::Ingress& ingress, const std::string& service, const std::string& mode,
                   bool exact) {
    const auto list = rewrites(ingress);
    if (auto it = list.find(service); it != list.end()) {
      out.uri = it->second;
      if (mode.starts_with("case_")) refuse("rewrites of " + ingress.id().display() + " meets path-regex");
      return;
    }
    out.rewrite_target = annotation(ingress, "rewrite-target");
    if (out.rewrite_target.empty()) return;
    if (exact && mode.empty()) refuse("rewrite-target of " + ingress.id().display() + " meets pathType Exact");
    const auto letter_case = mode == "case_insensitive" ? Pattern::Case::ignored : Pattern::Case::sensitive;
    out.rewrite = Pattern(mode.starts_with("case_") ? "^" + out.path : out.path, letter_case);
  }

  // A minion inherits the master's value unless it sets its own.
  void limit(Location& out, const kube::Ingress& ingress, const kube::Ingress* master) const {
    std::string value = annotation(ingress, "client-max-body-size");
    if (value.empty() && master) value = annotation(*master, "client-max-body-size");
    if (const std::string* global = kube::find(out_.settings.config_map, "client-max-body-size");
        value.empty() && global)
      value = *global;
    if (value.empty()) return;
    const char unit = lower(value).back();
    const std::int64_t factor = unit == 'k' ? 1 << 10 : unit == 'm' ? 1 << 20 : unit == 'g' ? 1 << 30 : 1;
    out.body_limit = parse_int(factor == 1 ? value : value.substr(0, value.size() - 1)).value_or(0) * factor;
    out.attributes.push_back("client-max-body-size=" + value);
  }

  // Of minions with one path, whatever its type, the oldest keeps it. Regexes stand in the order of namespace/name.
  void merge(Server& server, const std::string& host, const kube::Ingress& master) {
    std::map<std::string, const Resource*> owner;
    std::vector<const Resource*> members;
    for (const Resource& minion : minions_) {
      if (minion.hosts[0] != host) continue;
      members.push_back(&minion);
      for (const auto& path : minion.ingress->spec.rules[0].http->paths) {
        auto [it, fresh] = owner.emplace(path.path.empty() ? "/" : path.path, &minion);
        if (!fresh && it->second != &minion && wins(minion, *it->second)) it->second = &minion;
      }
    }
    std::sort(members.begin(), members.end(), [](const Resource* a, const Resource* b) {
      return a->ingress->id().display() < b->ingress->id().display();
    });
    for (const Resource* minion : members) {
      kube::IngressRule rule = minion->ingress->spec.rules[0];
      std::erase_if(rule.http->paths,
                    [&](const auto& path) { return owner.at(path.path.empty() ? "/" : path.path) != minion; });
      add_paths(server, *minion->ingress, rule, &master);
    }
  }

  void refuse(const std::string& why) {
    if (out_.refused.empty()) out_.refused = "nginx refuses the configuration: " + why;
  }

  void refuse_duplicates(const Server& server) {
    std::set<std::pair<int, std::string>> seen;
    for (const Location& location : server.locations)
      if (location.kind == Location::Kind::exact || location.kind == Location::Kind::prefix)
        if (!seen.emplace(static_cast<int>(location.kind), location.path).second)
          refuse("duplicate location \"" + location.path + "\" of host " + server.host);
  }

  const kube::Index& index_;
  bool later_wins_;
  std::vector<std::string> flags_;
  std::vector<VirtualServer> virtual_;
  std::vector<Resource> owners_, minions_;
  std::map<std::string, const Resource*> taken_;
  Configuration out_;
};

}  // namespace

Configuration configuration(const kube::Index& index, const ControllerOptions& options, bool later_wins) {
  return Builder(index, options, later_wins).build();
}

}  // namespace gw::verify::f5_nginx
