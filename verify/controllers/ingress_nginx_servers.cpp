// From Ingresses to nginx's servers and locations, in the controller's own order: upstreams, servers with their
// implicit
// "/", paths, canaries merged into upstreams, exact twins of prefixes, regex hosts.
#include <algorithm>
#include <set>
#include <utility>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/ingress_nginx.h"

namespace gw::verify::ingress_nginx {
namespace {

constexpr std::string_view default_server = "_";
constexpr std::string_view default_upstream = "upstream-default-backend";

struct Entry {
  const kube::Ingress* ingress;
  std::shared_ptr<const Annotations> annotations;
};

std::string host_of(const kube::IngressRule& rule) {
  return rule.host.empty() ? std::string(default_server) : rule.host;
}

std::string port_text(const kube::ServiceBackendPort& port) {
  return port.number > 0 ? std::to_string(port.number) : port.name;
}

std::string upstream_name(const std::string& ns, const kube::IngressServiceBackend& service) {
  const std::string port = port_text(service.port);
  return port.empty() ? ns + "-INVALID" : ns + "-" + service.name + "-" + port;
}

// The controller's inspector skips an Ingress whose hosts or paths look like injected nginx directives.
bool inspected(const kube::Ingress& ingress) {
  static const Pattern forbidden[] = {
      Pattern(R"((?s)\s*alias\s*.*;)"), Pattern(R"((?s)\s*root\s*.*;)"), Pattern(".*_by_lua.*"),
      Pattern("/etc/(passwd|shadow|group|nginx|ingress-controller)"), Pattern("/var/run/secrets")};
  const auto fine = [](std::string_view text) {
    // Each of them needs one of these, and hardly any text has one.
    const bool suspicious = text.find(';') != text.npos || text.find("_by_lua") != text.npos ||
                            text.find("/etc/") != text.npos || text.find("/var/run/") != text.npos;
    if (!suspicious) return true;
    return std::none_of(std::begin(forbidden), std::end(forbidden), [&](const Pattern& p) { return p.found(text); });
  };
  for (const auto& rule : ingress.spec.rules) {
    if (!fine(rule.host)) return false;
    if (rule.http)
      for (const auto& path : rule.http->paths)
        if (!fine(path.path)) return false;
  }
  return true;
}

class Builder {
 public:
  Builder(const kube::Index& index, Settings settings) : index_(index) { out_.settings = std::move(settings); }

  Configuration build() {
    collect();
    create_upstreams();
    create_servers();
    configure_servers();
    drop_taken_aliases();
    add_paths();
    merge_canaries();
    replace_empty_backends();
    for (auto& [host, server] : out_.servers) finish(server);
    www_redirects();
    return std::move(out_);
  }

 private:
  const Settings& settings() const { return out_.settings; }

  void collect() {
    const ClassFilter filter{{flag(settings().flags, "controller-class").value_or("k8s.io/ingress-nginx")},
                             flag(settings().flags, "ingress-class").value_or("nginx")};
    const bool by_name = flag(settings().flags, "ingress-class-by-name") == "true";
    const bool without_class = flag(settings().flags, "watch-ingress-without-class") == "true";
    const bool no_catch_all = flag(settings().flags, "disable-catch-all") == "true";
    for (const kube::Ingress& ingress : index_.bundle().ingresses) {
      auto verdict = filter.takes(index_, ingress);
      if (by_name && ingress.spec.ingress_class_name && *ingress.spec.ingress_class_name == filter.annotation)
        verdict = true;
      if (!verdict.value_or(without_class) || !inspected(ingress)) continue;
      if (no_catch_all && catch_all(ingress)) continue;
      auto parsed = std::make_shared<Annotations>(annotations(ingress, settings(), index_));
      if (!parsed->dropped.empty()) continue;
      entries_.push_back({&ingress, std::move(parsed)});
    }
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      const auto &x = a.ingress->metadata, &y = b.ingress->metadata;
      if (x.creation_timestamp != y.creation_timestamp) return x.creation_timestamp < y.creation_timestamp;
      return x.ns + "/" + x.name > y.ns + "/" + y.name;
    });
  }

  static bool catch_all(const kube::Ingress& ingress) {
    return ingress.spec.default_backend.has_value() || std::any_of(ingress.spec.rules.begin(), ingress.spec.rules.end(),
                                                                   [](const auto& rule) { return rule.host.empty(); });
  }

  void create_upstream(const Entry& entry, const kube::IngressServiceBackend& service, bool replace) {
    const std::string& ns = entry.ingress->metadata.ns;
    const std::string name = upstream_name(ns, service);
    if (!replace && out_.upstreams.contains(name)) return;
    const ServiceState state =
        service_state(index_, {ns, service.name}, service.port, PortMatch::number_name_or_target);
    Upstream upstream;
    upstream.name = name;
    upstream.ns = ns;
    upstream.service = service.name;
    upstream.port = state.port;
    upstream.ready = state.state == EndpointState::ready;
    // A ClusterIP stands for the endpoints: their absence does not show.
    if (entry.annotations->service_upstream && state.state != EndpointState::no_service) upstream.ready = true;
    if (entry.annotations->canary.enabled) {
      upstream.canary = true;
      upstream.shaping = entry.annotations->canary;
    }
    out_.upstreams[name] = std::move(upstream);
  }

  void create_upstreams() {
    Upstream& fallback = out_.upstreams[std::string(default_upstream)];
    fallback.name = default_upstream;
    fallback.ready = fallback.default_backend = true;
    if (auto service = flag(settings().flags, "default-backend-service");
        service && service->find('/') != std::string::npos)
      default_service(fallback, *service);
    for (const Entry& entry : entries_) {
      const kube::IngressSpec& spec = entry.ingress->spec;
      if (spec.default_backend && spec.default_backend->service)
        create_upstream(entry, *spec.default_backend->service, true);
      for (const auto& rule : spec.rules)
        if (rule.http)
          for (const auto& path : rule.http->paths)
            if (path.backend.service) create_upstream(entry, *path.backend.service, false);
    }
  }

  void default_service(Upstream& upstream, const std::string& reference) {
    const auto slash = reference.find('/');
    const kube::NamespacedName id{reference.substr(0, slash), reference.substr(slash + 1)};
    const kube::Service* service = index_.service(id);
    if (index_.bundle().services_known() && (!service || service->spec.ports.empty())) return;
    if (service && index_.endpoints(*service, service->spec.ports[0]).empty() &&
        !index_.bundle().endpoint_slices.empty())
      return;
    upstream.ns = id.ns;
    upstream.service = id.name;
    upstream.port = service ? service->spec.ports[0].port : 80;
    upstream.default_backend = false;
  }

  Location implicit_root(const Entry& entry, const kube::Located& at, std::string upstream) {
    Location out;
    out.path = "/";
    out.default_backend = true;
    out.upstream = std::move(upstream);
    out.annotations = entry.annotations;
    out.rule = rule_ref(*entry.ingress, at);
    out.default_backend_upstream = default_upstream;
    return out;
  }

  void create_servers() {
    Server& fallback = out_.servers[std::string(default_server)];
    fallback.host = default_server;
    fallback.certificate = true;
    auto plain = std::make_shared<Annotations>();
    plain->ssl_redirect = false;
    plain->body_limit = 1 << 20;
    plain->backend_protocol = "HTTP";
    fallback.locations.push_back(
        {"/", false, true, std::string(default_upstream), plain, {}, std::string(default_upstream), {}, {}, false});

    for (const Entry& entry : entries_) {
      if (entry.annotations->canary.enabled) continue;
      const kube::IngressSpec& spec = entry.ingress->spec;
      std::string upstream(default_upstream);
      if (spec.default_backend && spec.default_backend->service) {
        upstream = upstream_name(entry.ingress->metadata.ns, *spec.default_backend->service);
        take_catch_all(entry, upstream);
      }
      for (const auto& rule : spec.rules) {
        auto [it, fresh] = out_.servers.try_emplace(host_of(rule));
        if (!fresh) continue;
        it->second.host = it->first;
        it->second.passthrough = entry.annotations->ssl_passthrough;
        it->second.span = rule_ref(*entry.ingress, rule).span;
        it->second.locations.push_back(implicit_root(entry, rule, upstream));
      }
    }
  }

  // An Ingress with a default backend and no rules serves the catch-all server; its redirects and rewrites do not.
  void take_catch_all(const Entry& entry, const std::string& upstream) {
    Location& root = out_.servers[std::string(default_server)].locations[0];
    if (!root.default_backend || !entry.ingress->spec.rules.empty()) return;
    auto kept = std::make_shared<Annotations>(*entry.annotations);
    kept->redirect_url.clear();
    kept->rewrite_target.clear();
    kept->app_root.clear();
    kept->www = kept->use_regex = kept->ssl_redirect = kept->force_ssl_redirect = false;
    root = implicit_root(entry, *entry.ingress->spec.default_backend, upstream);
    root.annotations = std::move(kept);
    root.default_backend = false;
  }

  void configure_servers() {
    for (const Entry& entry : entries_) {
      if (entry.annotations->canary.enabled) continue;
      for (const auto& rule : entry.ingress->spec.rules) {
        Server& server = out_.servers.at(host_of(rule));
        if (server.aliases.empty()) server.aliases = entry.annotations->aliases;
        if (entry.annotations->ssl_passthrough) server.passthrough = true;
        if (server.unmodelled.empty()) server.unmodelled = entry.annotations->unmodelled;
        if (!server.certificate && !entry.ingress->spec.tls.empty()) {
          server.certificate = true;
          server.alias_certificates = covered_aliases(server, *entry.ingress);
        }
      }
    }
  }

  // Aliases that the host's certificate covers; only they get ssl-redirect. The built-in certificate covers none.
  std::vector<std::string> covered_aliases(const Server& server, const kube::Ingress& ingress) {
    std::vector<std::string> out;
    const std::vector<std::string> names = certificate_names(index_, ingress, server.host);
    for (const std::string& alias : server.aliases)
      if (covered_by(names, alias)) out.push_back(alias);
    return out;
  }

  void drop_taken_aliases() {
    for (auto& [host, server] : out_.servers)
      std::erase_if(server.aliases, [&](const std::string& alias) { return out_.servers.contains(alias); });
  }

  Server& server_of(const std::string& host) {
    auto it = out_.servers.find(host);
    return it == out_.servers.end() ? out_.servers.at(std::string(default_server)) : it->second;
  }

  void add_paths() {
    for (const Entry& entry : entries_)
      for (const auto& rule : entry.ingress->spec.rules) {
        Server& server = server_of(host_of(rule));
        if (!rule.http && !rule.host.empty()) continue;
        if (entry.annotations->tls_auth_error) server.tls_auth_error = true;
        if (server.tls_auth.empty()) server.tls_auth = entry.annotations->tls_auth;
        if (!rule.http) continue;
        for (const auto& path : rule.http->paths)
          if (path.backend.service) add_path(entry, server, path);
      }
  }

  void add_path(const Entry& entry, Server& server, const kube::HttpIngressPath& path) {
    Upstream& upstream = out_.upstreams.at(upstream_name(entry.ingress->metadata.ns, *path.backend.service));
    if (upstream.canary) return;
    const std::string text = path.path.empty() ? "/" : path.path;
    const bool exact = path.path_type == "Exact";
    // Only the first location of the same path counts: when its type differs, another one is added.
    const auto same = std::find_if(server.locations.begin(), server.locations.end(),
                                   [&](const Location& location) { return location.path == text; });
    Location fresh = implicit_root(entry, path, upstream.name);
    fresh.path = text;
    fresh.exact = exact;
    fresh.default_backend = false;
    const bool www = entry.annotations->www;
    if (same == server.locations.end() || same->exact != exact) {
      server.locations.push_back(std::move(fresh));
      server.www |= www;
    } else if (same->default_backend) {
      *same = std::move(fresh);
      server.www |= www;
    }
    if (upstream.affinity_cookie.empty()) upstream.affinity_cookie = entry.annotations->affinity_cookie;
  }

  bool mergeable(const std::string& primary, const Upstream& alternative) const {
    auto it = out_.upstreams.find(primary);
    return it != out_.upstreams.end() && primary != alternative.name && primary != default_upstream &&
           !it->second.canary;
  }

  void merge(const Entry& canary, Upstream& primary, Upstream& alternative) {
    auto& list = primary.alternatives;
    if (std::find(list.begin(), list.end(), alternative.name) != list.end()) return;
    if (!canary.annotations->legacy_canary_affinity) alternative.affinity_cookie = primary.affinity_cookie;
    list.push_back(alternative.name);
  }

  // One path of a canary: it joins every upstream of the host whose location equals it; without one it is deleted.
  template <class Same>
  void merge_into(const Entry& canary, Server& server, const std::string& name, Same same) {
    auto alternative = out_.upstreams.find(name);
    if (alternative == out_.upstreams.end()) return;
    bool merged = false, equals_primary = false;
    for (const Location& location : server.locations) {
      auto primary = out_.upstreams.find(location.upstream);
      if (primary == out_.upstreams.end()) continue;
      equals_primary = primary->first == name;
      if (equals_primary) break;
      if (!mergeable(primary->first, alternative->second) || !same(location)) continue;
      merge(canary, primary->second, alternative->second);
      merged = true;
    }
    if (!equals_primary && !merged) out_.upstreams.erase(alternative);
  }

  void merge_canaries() {
    const bool any_primary = std::any_of(entries_.begin(), entries_.end(),
                                         [](const Entry& entry) { return !entry.annotations->canary.enabled; });
    if (!any_primary) return;
    for (const Entry& entry : entries_) {
      if (!entry.annotations->canary.enabled) continue;
      const kube::IngressSpec& spec = entry.ingress->spec;
      const std::string& ns = entry.ingress->metadata.ns;
      if (spec.default_backend && spec.default_backend->service)
        merge_into(entry, out_.servers.at(std::string(default_server)),
                   upstream_name(ns, *spec.default_backend->service), [](const Location&) { return true; });
      for (const auto& rule : spec.rules) {
        auto server = out_.servers.find(host_of(rule));
        if (!rule.http || server == out_.servers.end()) continue;
        for (const auto& path : rule.http->paths)
          if (path.backend.service)
            merge_into(entry, server->second, upstream_name(ns, *path.backend.service), [&](const Location& location) {
              return location.path == (path.path.empty() ? "/" : path.path) &&
                     location.exact == (path.path_type == "Exact");
            });
      }
    }
  }

  // default-backend serves custom error pages, and everything while the Service has no endpoints.
  void replace_empty_backends() {
    for (auto& [host, server] : out_.servers)
      for (Location& location : server.locations) {
        const std::string& name = location.annotations->default_backend;
        auto upstream = out_.upstreams.find(location.upstream);
        if (name.empty() || upstream == out_.upstreams.end() || upstream->second.default_backend || !location.rule)
          continue;
        if (upstream->second.ready && location.annotations->custom_errors.empty()) continue;
        const std::string ns = location.rule->object.substr(8, location.rule->object.find('/') - 8);
        Upstream custom = upstream->second;
        if (!first_port(ns, name, custom)) continue;
        custom.name = "custom-default-backend-" + ns + "-" + name;
        location.default_backend_upstream = custom.name;
        if (!upstream->second.ready) {
          location.upstream = custom.name;
          location.custom_default = true;
        }
        custom.ready = true;
        created_[custom.name] = std::move(custom);
      }
    out_.upstreams.merge(created_);
  }

  bool first_port(const std::string& ns, const std::string& name, Upstream& upstream) const {
    upstream.ns = ns;
    upstream.service = name;
    upstream.port = 0;
    if (!index_.bundle().services_known()) return true;
    const kube::Service* service = index_.service({ns, name});
    if (!service || service->spec.ports.empty()) return false;
    upstream.port = service->spec.ports[0].port;
    const kube::ServiceBackendPort port{{}, {}, upstream.port};
    return service_state(index_, {ns, name}, port, PortMatch::number_or_name).state == EndpointState::ready;
  }

  // Longest path first, then descending; prefixes get their slash and an exact twin; regexes are compiled.
  void finish(Server& server) {
    std::stable_sort(server.locations.begin(), server.locations.end(), [](const Location& a, const Location& b) {
      return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
    });
    std::set<std::string> exact;
    for (const Location& location : server.locations)
      if (location.exact) exact.insert(location.path);
    std::vector<Location> all;
    for (Location& location : server.locations) {
      const bool plain =
          location.path == "/" || location.exact || needs_rewrite(location) || location.annotations->use_regex;
      if (plain) {
        all.push_back(std::move(location));
        continue;
      }
      Location twin = location;
      twin.exact = true;
      if (!location.path.ends_with('/')) location.path += '/';
      const bool taken = exact.contains(twin.path);
      all.push_back(std::move(location));
      if (!taken) all.push_back(std::move(twin));
    }
    server.locations = std::move(all);
    server.regex = std::any_of(server.locations.begin(), server.locations.end(), [](const Location& location) {
      return needs_rewrite(location) || location.annotations->use_regex;
    });
    for (Location& location : server.locations) compile(server, location);
    if (!server.regex) refuse_duplicates(server);
  }

  void refuse(std::string why) {
    if (out_.refused.empty()) out_.refused = std::move(why);
  }

  void compile(const Server& server, Location& location) {
    settle_effects(settings(), server, location, effects_);
    if (server.regex) {
      location.match = Pattern("^" + location.path, Pattern::Case::ignored);
      if (location.match.state() == Pattern::State::invalid)
        refuse("nginx refuses the configuration: host " + server.host + ": " + location.match.why());
    }
    if (location.annotations->denied || !needs_rewrite(location)) return;
    location.rewrite = Pattern(location.path, Pattern::Case::ignored);
    if (location.rewrite.state() == Pattern::State::invalid)
      refuse("nginx refuses the configuration: host " + server.host + ": " + location.rewrite.why());
    if (bad_variable(location.annotations->rewrite_target))
      refuse("nginx refuses the configuration: host " + server.host + ": invalid variable name in rewrite-target " +
             location.annotations->rewrite_target);
  }

  // "$" must be followed by a name.
  static bool bad_variable(std::string_view target) {
    for (std::size_t at = target.find('$'); at != target.npos; at = target.find('$', at + 1))
      if (at + 1 == target.size() || !only(target.substr(at + 1, 1), "_")) return true;
    return false;
  }

  void refuse_duplicates(const Server& server) {
    std::set<std::pair<bool, std::string>> seen;
    for (const Location& location : server.locations)
      if (!seen.emplace(location.exact, location.path).second)
        refuse("nginx refuses the configuration: duplicate location \"" + location.path + "\" of host " + server.host);
  }

  void www_redirects() {
    for (const auto& [host, server] : out_.servers) {
      if (!server.www) continue;
      const std::string from = host.starts_with("www.") ? host.substr(4) : "www." + host;
      if (!out_.servers.contains(from)) out_.redirects.emplace(from, host);
    }
  }

  const kube::Index& index_;
  std::vector<Entry> entries_;
  std::map<std::string, Upstream> created_;
  KnownEffects effects_;
  Configuration out_;
};

std::vector<Network> networks_of(const kube::StringMap& map, std::string_view key) {
  std::vector<Network> out;
  if (const std::string* list = kube::find(map, key))
    for (const std::string& item : split_trimmed(*list, ','))
      if (auto network = parse_network(item)) out.push_back(*network);
  return out;
}

std::string text_of(const kube::StringMap& map, std::string_view key, std::string_view fallback = {}) {
  const std::string* value = kube::find(map, key);
  return std::string(value ? *value : fallback);
}

}  // namespace

bool needs_rewrite(const Location& location) {
  const std::string& target = location.annotations->rewrite_target;
  return !target.empty() && target != location.path;
}

Settings settings(const kube::Index& index, const ControllerOptions& options) {
  Settings out;
  out.config_map = controller_config(index, options,
                                     {"ingress-nginx-controller", "nginx-configuration", "nginx-ingress-controller"});
  out.flags = options.flags;
  out.assume_secrets = options.assume_secrets;
  const kube::StringMap& map = out.config_map;
  if (auto prefix = flag(out.flags, "annotations-prefix")) out.prefix = *prefix + "/";
  out.validate = flag(out.flags, "enable-annotation-validation") != "false";
  out.ssl_redirect = truthy(map, "ssl-redirect", true);
  out.force_ssl_redirect = truthy(map, "force-ssl-redirect", false);
  out.preserve_trailing_slash = truthy(map, "preserve-trailing-slash", false);
  out.ports_in_redirects = truthy(map, "use-port-in-redirects", false);
  out.forwarded_headers = truthy(map, "use-forwarded-headers", false);
  out.cross_namespace = truthy(map, "allow-cross-namespace-resources", false);
  out.snippets = truthy(map, "allow-snippet-annotations", false);
  out.service_upstream = truthy(map, "service-upstream", false);
  const auto code = parse_int(text_of(map, "http-redirect-code", "308")).value_or(308);
  out.redirect_code = code == 301 || code == 302 || code == 307 ? static_cast<int>(code) : 308;
  const std::string risk = lower(text_of(map, "annotations-risk-level", "High"));
  out.risk = risk == "critical" ? 3 : risk == "high" ? 2 : risk == "medium" ? 1 : 0;
  out.no_tls_redirect = split_trimmed(text_of(map, "no-tls-redirect-locations", "/.well-known/acme-challenge"), ',');
  out.no_auth = split_trimmed(text_of(map, "no-auth-locations", "/.well-known/acme-challenge"), ',');
  out.allow = networks_of(map, "whitelist-source-range");
  out.deny = networks_of(map, "denylist-source-range");
  for (const auto& [key, texts] :
       {std::pair{"whitelist-source-range", &out.allow_texts}, {"denylist-source-range", &out.deny_texts}})
    *texts = split_trimmed(text_of(map, key), ',');
  out.global_auth_url = text_of(map, "global-auth-url");
  out.global_auth_signin = text_of(map, "global-auth-signin");
  for (std::string_view key : {"http-snippet", "server-snippet", "location-snippet", "block-user-agents",
                               "block-referers", "block-cidrs", "custom-http-errors", "nginx-status-ipv4-whitelist"})
    if (!text_of(map, key).empty()) out.unmodelled = "the ConfigMap sets " + std::string(key);
  if (!truthy(map, "merge-slashes", true)) out.unmodelled = "the ConfigMap turns merge-slashes off";
  if (truthy(map, "use-proxy-protocol", false)) out.unmodelled = "the PROXY protocol carries the client's port";
  return out;
}

Configuration configuration(const kube::Index& index, Settings settings) {
  return Builder(index, std::move(settings)).build();
}

}  // namespace gw::verify::ingress_nginx
