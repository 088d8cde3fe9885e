// Ingress as its API says it, for controllers that gwctl has no rules of: host and path, the oldest first, a default
// backend for what no rule matches, no redirects and no annotations.
#include <algorithm>
#include <map>

#include "convert/bystanders.h"
#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/wishes.h"

namespace gw::convert {
namespace {

using diag::Severity;

class PlainReader {
 public:
  PlainReader(const Input& input, Ir& ir, Ledger& ledger) : input_(input), ir_(ir), ledger_(ledger) {}

  void run() {
    const auto ingresses = by_age(input_.ingresses, Ties::ascending);
    for (const kube::Ingress* ingress : ingresses) read(*ingress);
    for (const kube::Ingress* ingress : ingresses) default_backend(*ingress);
    for (const kube::Ingress* ingress : ingresses) unused_tls(*ingress);
    for (const kube::Ingress* ingress : ingresses) annotations(*ingress);
    for (auto& [host, server] : servers_) ir_.servers.push_back(std::move(server));
  }

 private:
  Server& server(std::string_view host, const kube::Ingress& ingress) {
    Server& s = servers_[host];
    if (!s.owner) s.owner = &ingress, s.host = host;
    if (const auto tls = tls_for(ingress, s.host); tls && (tls->named || !tls->entry->secret_name.empty()))
      add_certificate(s, ingress, *tls, ir_, ledger_);
    return s;
  }

  void read(const kube::Ingress& ingress) {
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      Server& s = server(normal_host(rule.host, ir_), ingress);
      if (!rule.http) {
        if (!ingress.spec.default_backend) ledger_.note(no_paths(ingress, rule));
        continue;  // the default backend's
      }
      for (const kube::HttpIngressPath& path : rule.http->paths) add(s, ingress, path);
    }
  }

  static Note no_paths(const kube::Ingress& ingress, const kube::IngressRule& rule) {
    return {"GW614",
            Severity::warning,
            "the rule of host '" + rule.host + "' has no paths and there is no default backend: nothing is written",
            {},
            &ingress,
            rule.node};
  }

  void add(Server& s, const kube::Ingress& ingress, const kube::HttpIngressPath& path) {
    ledger_.place(&path);
    Rule rule;
    rule.owner = &ingress;
    rule.at = path.node;
    rule.path = path.path.empty() ? std::string_view("/") : std::string_view(path.path);
    rule.kind = path.path_type == "Exact" ? PathKind::exact : PathKind::prefix;
    // A trailing slash of a Prefix does not matter to the Ingress API.
    if (rule.kind == PathKind::prefix && rule.path.size() > 1 && rule.path.ends_with('/')) rule.path.remove_suffix(1);
    const auto have = std::find_if(s.rules.begin(), s.rules.end(),
                                   [&](const Rule& r) { return r.path == rule.path && r.kind == rule.kind; });
    if (have != s.rules.end()) {
      ledger_.note({"GW611",
                    Severity::warning,
                    "path '" + path.path + "' of host '" + std::string(s.host) + "' belongs to " +
                        have->owner->object_id().display() +
                        ", which goes first (older, or first by name); this one is never used",
                    {},
                    &ingress,
                    path.node});
      return;
    }
    if (const auto backend = make_backend(ingress, path.backend, input_, ledger_)) rule.backends.push_back(*backend);
    s.rules.push_back(std::move(rule));
  }

  // Serves what no rule matches: the rest of its own hosts, and every other host.
  void default_backend(const kube::Ingress& ingress) {
    if (!ingress.spec.default_backend) return;
    ledger_.place(&*ingress.spec.default_backend);
    const auto backend = make_backend(ingress, *ingress.spec.default_backend, input_, ledger_);
    if (!backend) return;
    for (const kube::IngressRule& rule : ingress.spec.rules)
      add_root(server(normal_host(rule.host, ir_), ingress), ingress, *backend);
    add_root(server({}, ingress), ingress, *backend);
  }
  void add_root(Server& s, const kube::Ingress& ingress, const Backend& backend) {
    const bool have = std::any_of(s.rules.begin(), s.rules.end(),
                                  [](const Rule& r) { return r.path == "/" && r.kind == PathKind::prefix; });
    if (have) return;
    Rule rule;
    rule.owner = &ingress;
    rule.at = ingress.spec.default_backend->node;
    rule.backends.push_back(backend);
    s.rules.push_back(std::move(rule));
  }

  // Those of a controller that is not known may decide who comes in: each is a loss by name, and the routes stay away.
  void annotations(const kube::Ingress& ingress) {
    const kube::StringMap& all = ingress.metadata.annotations;
    for (std::uint32_t i = 0; i < all.size(); ++i) {
      if (for_bystanders(all[i].first)) continue;
      Guard guard;
      guard.owner = &ingress;
      guard.intent.demand = Foreign{all[i].second};
      guard.intent.claims = {ledger_.take(ingress, i)};
      guard.intent.loss = guards(all[i].first) ? Loss::auth : Loss::unknown;
      guard.intent.closes = true;
      guard.intent.without = "no controller that gwctl knows reads it; it may decide who comes in, or which requests";
      ir_.guards.push_back(std::move(guard));
    }
  }

  // TLS for a host that no rule names still wants its listener.
  void unused_tls(const kube::Ingress& ingress) {
    for (const kube::IngressTls& tls : ingress.spec.tls)
      for (const std::string_view written : tls.hosts) {
        const std::string_view host = normal_host(written, ir_);
        const bool used =
            std::any_of(servers_.begin(), servers_.end(), [&](const auto& s) { return covers(host, s.first); });
        if (used || host.empty()) continue;
        server(host, ingress);
        ledger_.note({"GW615",
                      Severity::warning,
                      "host '" + std::string(written) +
                          "' has a certificate but no rule: its listener is made, no route is attached to it",
                      {},
                      &ingress,
                      tls.node});
      }
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  std::map<std::string_view, Server> servers_;
};

}  // namespace

void read_plain(const Input& input, Ir& ir, Ledger& ledger) {
  PlainReader(input, ir, ledger).run();
}

}  // namespace gw::convert
