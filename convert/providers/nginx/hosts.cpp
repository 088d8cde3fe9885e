#include "convert/providers/nginx/hosts.h"

#include <algorithm>
#include <set>

#include "convert/providers/common.h"

namespace gw::convert::nginx {
namespace {

using diag::Severity;

class Builder {
 public:
  Builder(const std::vector<Config>& configs, Ir& ir, Ledger& ledger) : configs_(configs), ir_(ir), ledger_(ledger) {}

  Hosts run() {
    any_canary_ = std::any_of(configs_.begin(), configs_.end(), [](const Config& c) { return c.canary.enabled; });
    host({}, nullptr);
    if (any_canary_) make_upstreams();
    for (const Config& c : configs_)
      if (live(c) && !c.canary.enabled) open(c);
    for (const Config& c : configs_) {
      if (!live(c)) {
        skip(c);
        continue;
      }
      add_paths(c);
    }
    // Canaries join last, whatever their age; alone they serve nothing.
    const bool primary =
        std::any_of(configs_.begin(), configs_.end(), [](const Config& c) { return live(c) && !c.canary.enabled; });
    for (const Config& c : configs_)
      if (live(c) && c.canary.enabled) primary ? merge_canary(c) : unmerged(c);
    server_snippets();
    for (auto& [name, h] : hosts_.by_name) order(h);
    return std::move(hosts_);
  }

 private:
  static bool live(const Config& c) { return c.dropped.empty(); }

  std::string_view name_of(const kube::IngressRule& rule) { return normal_host(rule.host, ir_); }

  Host& host(std::string_view name, const Config* c) {
    auto [at, fresh] = hosts_.by_name.try_emplace(name);
    Host& h = at->second;
    if (!fresh) return h;
    h.name = name;
    Location root;
    root.path = "/";
    root.implicit = true;
    root.config = c;
    if (c && c->ingress->spec.default_backend) root.backend = &*c->ingress->spec.default_backend;
    if (c) root.at = c->ingress->spec.node;
    h.locations.push_back(root);
    return h;
  }

  // The hosts of an Ingress, with their implicit '/', certificate and aliases: the first Ingress wins.
  void open(const Config& c) {
    const kube::IngressSpec& spec = c.ingress->spec;
    if (spec.default_backend) {
      ledger_.place(&*spec.default_backend);
      if (spec.rules.empty()) catch_all(c);
    }
    for (const kube::IngressRule& rule : spec.rules) {
      Host& h = host(name_of(rule), &c);
      if (!h.first) h.first = &c;
      if (!h.tls && !spec.tls.empty()) h.tls = &c;
      if (!h.alias_owner && !c.aliases.empty()) h.alias_owner = &c;
      for (const Intent& intent : c.host_intents)
        if (std::none_of(h.intents.begin(), h.intents.end(),
                         [&](const Intent& have) { return have.demand.index() == intent.demand.index(); }))
          h.intents.push_back(intent);
      if (h.name.empty() && h.locations[0].implicit && !h.locations[0].config) h.locations[0].config = nullptr;
    }
  }

  // In the server block of its host, a snippet guards the locations of every Ingress.
  void server_snippets() {
    for (const Config& c : configs_) {
      if (!c.server_snippet || c.canary.enabled) continue;
      for (const kube::IngressRule& rule : c.ingress->spec.rules)
        if (const auto at = hosts_.by_name.find(name_of(rule)); at != hosts_.by_name.end() && !at->second.snippet)
          at->second.snippet = &c;
    }
  }

  // A default backend without rules serves hosts that nobody names.
  void catch_all(const Config& c) {
    Host& h = hosts_.by_name.at({});
    Location& root = h.locations[0];
    if (!root.implicit || root.backend) return;
    if (!h.first) h.first = &c;
    root.config = &c;
    root.backend = &*c.ingress->spec.default_backend;
    root.at = c.ingress->spec.default_backend->node;
  }

  void skip(const Config& c) {
    const kube::IngressSpec& spec = c.ingress->spec;
    if (spec.default_backend) ledger_.place(&*spec.default_backend);
    for (const kube::IngressRule& rule : spec.rules)
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
  }

  // The first Ingress that uses a Service decides whether it is a canary's.
  void make_upstreams() {
    for (const Config& c : configs_) {
      if (!live(c)) continue;
      const auto add = [&](const kube::IngressBackend& backend) {
        if (backend.service)
          hosts_.upstreams.try_emplace(Hosts::key(c.ingress->metadata.ns, backend), Upstream{&c, &backend, nullptr});
      };
      if (c.ingress->spec.default_backend) add(*c.ingress->spec.default_backend);
      for (const kube::IngressRule& rule : c.ingress->spec.rules)
        if (rule.http)
          for (const kube::HttpIngressPath& path : rule.http->paths) add(path.backend);
    }
  }

  Upstream* upstream(const Config& c, const kube::IngressBackend& backend) {
    if (!any_canary_ || !backend.service) return nullptr;
    return &hosts_.upstreams.at(Hosts::key(c.ingress->metadata.ns, backend));
  }

  void add_paths(const Config& c) {
    for (const kube::IngressRule& rule : c.ingress->spec.rules) {
      auto at = hosts_.by_name.find(name_of(rule));
      if (at == hosts_.by_name.end()) at = hosts_.by_name.find({});  // an unknown host of a canary
      if (!rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        ledger_.place(&path);
        add_path(at->second, c, path);
      }
    }
  }

  void add_path(Host& h, const Config& c, const kube::HttpIngressPath& path) {
    if (!path.backend.service) {
      ledger_.note({path.backend.resource ? "GW613" : "GW614",
                    Severity::error,
                    "path '" + path.path + "' has no Service: ingress-nginx does not serve it, nothing is written",
                    {},
                    c.ingress,
                    path.node,
                    "name a Service as backend",
                    Loss::backend});
      return;
    }
    if (const Upstream* u = upstream(c, path.backend); u && u->creator->canary.enabled) {
      if (!c.canary.enabled)
        ledger_.note({"GW618",
                      Severity::warning,
                      "path '" + path.path + "' is not served: its Service is that of the older canary " +
                          u->creator->ingress->object_id().display(),
                      {},
                      c.ingress,
                      path.node});
      return;
    }
    const std::string_view text = path.path.empty() ? std::string_view("/") : std::string_view(path.path);
    const bool exact = path.path_type == "Exact";
    // Only the first location of this path is asked for its type; a third one may repeat the second (see refused()).
    auto have = std::find_if(h.locations.begin(), h.locations.end(), [&](const Location& l) { return l.path == text; });
    if (have != h.locations.end() && have->exact != exact) have = h.locations.end();
    if (have != h.locations.end() && !have->implicit) {
      ledger_.note({"GW611",
                    Severity::warning,
                    "path '" + std::string(text) + "' of host '" + std::string(h.name) + "' belongs to " +
                        have->config->ingress->object_id().display() +
                        ", which goes first (older, or first by name); this one is never used",
                    {},
                    c.ingress,
                    path.node});
      return;
    }
    if (have == h.locations.end()) have = h.locations.insert(h.locations.end(), Location{text, exact});
    have->implicit = false;
    have->config = &c;
    have->backend = &path.backend;
    have->at = path.node;
  }

  // A canary joins the upstream of a path with its host, path and type.
  void merge_canary(const Config& c) {
    bool merged = false;
    for (const kube::IngressRule& rule : c.ingress->spec.rules) {
      const auto at = hosts_.by_name.find(name_of(rule));
      if (at == hosts_.by_name.end() || !rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths)
        if (path.backend.service) merged = merge_path(at->second, c, path) || merged;
    }
    if (const kube::HttpIngressPath* alone = merged ? path_alone(c) : nullptr) return undo(c, *alone);
    if (!merged) return unmerged(c);
    for (const Claim claim : c.canary.claims)
      ledger_.settle(claim, Outcome::converted, "weights and header rules on every path that uses the same Service");
  }

  // A path of a canary that no other Ingress has: the controller deletes its upstream, and with it the canary of every
  // path that uses the same Service.
  const kube::HttpIngressPath* path_alone(const Config& c) {
    for (const kube::IngressRule& rule : c.ingress->spec.rules) {
      const auto at = hosts_.by_name.find(name_of(rule));
      if (!rule.http) continue;
      for (const kube::HttpIngressPath& path : rule.http->paths) {
        Upstream* own = path.backend.service ? upstream(c, path.backend) : nullptr;
        if (!own || own->creator != &c) continue;
        const bool has = at != hosts_.by_name.end() &&
                         std::any_of(at->second.locations.begin(), at->second.locations.end(), [&](const Location& l) {
                           return l.backend && l.backend->service && l.config && !l.config->canary.enabled &&
                                  l.path == path.path && l.exact == (path.path_type == "Exact");
                         });
        if (!has) return &path;
      }
    }
    return nullptr;
  }
  void undo(const Config& c, const kube::HttpIngressPath& alone) {
    Upstream* own = upstream(c, alone.backend);
    for (auto& [name, u] : hosts_.upstreams)
      if (u.canary == own) u.canary = nullptr;
    const std::string why =
        "path '" + alone.path +
        "' of the canary is in no other Ingress: ingress-nginx deletes the canary's upstream, and no "
        "request of its Service's paths goes there";
    for (const Claim claim : c.canary.claims) ledger_.settle(claim, Outcome::ignored, why, "GW618");
  }

  void unmerged(const Config& c) {
    for (const Claim claim : c.canary.claims)
      ledger_.settle(claim, Outcome::ignored,
                     "no other Ingress has its host, path and type; ingress-nginx does not use it", "GW618");
  }

  bool merge_path(Host& h, const Config& c, const kube::HttpIngressPath& path) {
    Upstream* own = upstream(c, path.backend);
    if (!own || own->creator != &c) return false;
    const bool exact = path.path_type == "Exact";
    for (const Location& l : h.locations) {
      if (!l.backend || !l.backend->service || !l.config) continue;
      Upstream* primary = upstream(*l.config, *l.backend);
      if (!primary || primary == own) continue;
      if (l.path != path.path || l.exact != exact || primary->creator->canary.enabled) continue;
      if (primary->canary && primary->canary != own) {
        ledger_.note({"GW618",
                      Severity::warning,
                      "another canary of the same Service goes first; this one is never used",
                      {},
                      c.ingress,
                      path.node});
        return false;
      }
      primary->canary = own;
      return true;
    }
    return false;
  }

  // Longer paths first, then the greater text.
  static void order(Host& h) {
    std::stable_sort(h.locations.begin(), h.locations.end(), [](const Location& a, const Location& b) {
      return a.path.size() != b.path.size() ? a.path.size() > b.path.size() : a.path > b.path;
    });
    h.locations.shrink_to_fit();
  }

  const std::vector<Config>& configs_;
  Ir& ir_;
  Ledger& ledger_;
  bool any_canary_ = false;
  Hosts hosts_;
};

bool differs(const Location& l, std::string_view target) {
  if (target.empty()) return false;
  if (l.exact || l.path == "/") return target != l.path;
  return true;  // the generated "/path/" or "/path": one of them always differs
}

}  // namespace

std::string Hosts::key(std::string_view ns, const kube::IngressBackend& backend) {
  const kube::ServiceBackendPort& port = backend.service->port;
  return std::string(ns) + "/" + backend.service->name + ":" +
         (port.name.empty() ? std::to_string(port.number) : port.name);
}

const Upstream* Hosts::upstream(const Location& location) const {
  if (upstreams.empty() || !location.backend || !location.backend->service || !location.config) return nullptr;
  const auto at = upstreams.find(key(location.config->ingress->metadata.ns, *location.backend));
  return at == upstreams.end() ? nullptr : &at->second;
}

Hosts make_hosts(const std::vector<Config>& configs, Ir& ir, Ledger& ledger) {
  return Builder(configs, ir, ledger).run();
}

bool regex_host(const Host& host) {
  return std::any_of(host.locations.begin(), host.locations.end(), [](const Location& l) {
    return l.config && (l.config->use_regex || differs(l, l.config->rewrite_target));
  });
}

std::string refused(const Host& host) {
  if (regex_host(host)) return {};
  std::set<std::string> exact, seen;
  for (const Location& l : host.locations)
    if (l.exact) exact.insert(std::string(l.path));
  for (const Location& l : host.locations) {
    std::string path(l.path);
    std::vector<std::string> made;
    if (l.exact || path == "/") {
      made.push_back((l.exact ? "= " : "") + path);
    } else {
      if (!exact.contains(path)) made.push_back("= " + path);
      if (!path.ends_with('/')) path += '/';
      made.push_back(path);
    }
    for (std::string& m : made)
      if (!seen.insert(std::move(m)).second) return std::string(l.path);
  }
  return {};
}

}  // namespace gw::convert::nginx
