#include "convert/providers/dialects.h"

#include <algorithm>
#include <map>
#include <set>

#include "convert/providers/common.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

using diag::Severity;

constexpr Dialect rows[] = {
    {.provider = "traefik",
     .prefix = Reach::byte,
     .implementation = Reach::byte,
     .prefix_over_exact = true,
     .default_backend = DefaultBackend::without_rules,
     .note = "Traefik ranks rules of all hosts together by the length of their text and orders equal ones at random; a "
             "wildcard is one "
             "label; a path without a backend falls to a shorter one"},
    {.provider = "f5-nginx",
     .prefix = Reach::byte,
     .implementation = Reach::byte,
     .one_owner = true,
     .slash_redirect = true,
     .default_backend = DefaultBackend::own_hosts,
     .redirect = TlsScope::named_hosts,
     .code = 301,
     .switch_key = "nginx.org/ssl-redirect",
     .app_root_key = "nginx.org/app-root",
     .note = "F5 NGINX decodes and cleans a path before it matches, and answers 502 for a backend that is missing"},
    {.provider = "haproxytech",
     .implementation = Reach::byte,
     .redirect = TlsScope::whole_ingress,
     .code = 302,
     .port = 8443,
     .switch_key = "haproxy.org/ssl-redirect",
     .note = "HAProxy matches the raw path, takes a wildcard for one label, and lets a path without a Service fall to "
             "a shorter one"},
    {.provider = "haproxy-ingress",
     .implementation = Reach::byte,
     .ignores_case = true,
     .redirect = TlsScope::named_hosts,
     .code = 302,
     .hsts = "max-age=15768000",
     .switch_key = "haproxy-ingress.github.io/ssl-redirect",
     .app_root_key = "haproxy-ingress.github.io/app-root",
     .note = "HAProxy Ingress matches the raw path, takes a wildcard for one label, and falls from an exact host to a "
             "wildcard and to rules "
             "without a host, path by path"},
    {.provider = "kong", .implementation = Reach::kong, .note = "Kong takes regular expressions before prefixes"},
    {.provider = "gce",
     .implementation = Reach::gce,
     .note = "GCE answers for an unknown path of a known host with the default backend"},
    {.provider = "aws-alb",
     .implementation = Reach::alb,
     .note = "ALB takes the first rule that matches, in the order of groups and lists"},
    {.provider = "contour", .implementation = Reach::contour, .note = "Contour takes a wildcard for one label"},
    {.provider = "apisix", .note = "ImplementationSpecific paths of APISIX are read as prefixes"},
    {.provider = "cilium", .note = "ImplementationSpecific paths of Cilium are read as prefixes"},
};

bool on(std::string_view v) {
  return v == "true" || v == "True" || v == "TRUE" || v == "1" || v == "t" || v == "T" || v == "on" || v == "enabled";
}

// Words of annotations that decide who may come in; what carries one and is not converted closes its routes.
bool guards(std::string_view key) {
  static constexpr std::string_view words[] = {"auth",           "allow",           "deny",
                                               "whitelist",      "blacklist",       "jwt",
                                               "oidc",           "plugins",         "middlewares",
                                               "policies",       "client-ca",       "client-crt",
                                               "tls.options",    "inbound-cidrs",   "waf",
                                               "mutual",         "snippet",         "route-acl",
                                               "config-backend", "config-frontend", "app-protect",
                                               "conditions.",    "source-range",    "secure-verify",
                                               "security",       "frontend-config", "backend-config",
                                               "FrontendConfig"};
  const std::size_t slash = key.find('/');
  const std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view w) { return name.find(w) != std::string_view::npos; });
}

class Reader {
 public:
  Reader(const Dialect& dialect, const Input& input, Ir& ir, Ledger& ledger)
      : d_(dialect), input_(input), ir_(ir), ledger_(ledger) {}

  void run() {
    const auto ingresses = by_age(input_.ingresses, Ties::ascending);
    for (const kube::Ingress* ingress : ingresses) read(*ingress);
    for (const kube::Ingress* ingress : ingresses) default_backend(*ingress);
    for (auto& [host, server] : servers_) finish(server);
    if (!ingresses.empty())
      ledger_.note({"GW640", Severity::info, std::string(d_.note), "GET http://www.example.org/", nullptr, nullptr});
  }

 private:
  struct Settings {
    std::vector<Intent> intents;
    bool redirect = true;
    std::string app_root;
    Claim app_root_claim = 0;
  };

  // Annotations that are not converted are refused by name; those that guard close the routes.
  Settings settings(const kube::Ingress& ingress) {
    Settings s;
    const Provider* own = provider(d_.provider);
    for (std::uint32_t i = 0; i < ingress.metadata.annotations.size(); ++i) {
      const auto& [key, value] = ingress.metadata.annotations[i];
      if (!d_.switch_key.empty() && key == d_.switch_key) {
        s.redirect = on(value);
        ledger_.settle(ledger_.take(ingress, i), Outcome::converted,
                       s.redirect ? "TLS hosts redirect to https" : "no redirect to https");
      } else if (!d_.app_root_key.empty() && key == d_.app_root_key && value.starts_with('/')) {
        s.app_root = value;
        s.app_root_claim = ledger_.take(ingress, i);
        ledger_.settle(s.app_root_claim, Outcome::approximated, "a redirect of '/'; the query is kept", "GW603");
      } else if (std::any_of(own->prefixes.begin(), own->prefixes.end(),
                             [&](std::string_view p) { return key.starts_with(p); })) {
        const Claim claim = ledger_.take(ingress, i);
        if (guards(key))
          s.intents.push_back({Snippet{value},
                               {claim},
                               Loss::auth,
                               Outcome::refused,
                               "gwctl does not convert it, and it may decide who comes in"});
        else
          ledger_.settle(claim, Outcome::refused, "gwctl does not convert this annotation", "GW601", Loss::other);
      }
    }
    return s;
  }

  Server& server(std::string_view host, const kube::Ingress& ingress) {
    Server& s = servers_[host];
    if (!s.owner) s.owner = &ingress, s.host = host;
    return s;
  }

  void read(const kube::Ingress& ingress) {
    const Settings s = settings(ingress);
    std::set<std::string_view> mine;
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      const std::string_view host = normal_host(rule.host, ir_);
      const bool taken = d_.one_owner && servers_.contains(host) && servers_.at(host).owner != &ingress;
      if (taken) {
        lost_host(ingress, rule, *servers_.at(host).owner);
        continue;
      }
      Server& to = server(host, ingress);
      const bool tls = tls_of(ingress, to);
      if (rule.http)
        for (const kube::HttpIngressPath& path : rule.http->paths) add(to, ingress, path, s, tls);
      if (!s.app_root.empty() && mine.insert(host).second) app_root(to, ingress, s);
    }
  }

  void lost_host(const kube::Ingress& ingress, const kube::IngressRule& rule, const kube::Object& owner) {
    if (rule.http)
      for (const kube::HttpIngressPath& path : rule.http->paths) ledger_.place(&path);
    ledger_.note({"GW611",
                  Severity::warning,
                  "host '" + rule.host + "' belongs to " + owner.object_id().display() +
                      ", which is older; these rules are never used",
                  {},
                  &ingress,
                  rule.node});
  }

  bool tls_of(const kube::Ingress& ingress, Server& s) {
    const auto tls = tls_for(ingress, s.host);
    if (tls && (tls->named || !tls->entry->secret_name.empty())) add_certificate(s, ingress, *tls, ir_, ledger_);
    if (d_.redirect == TlsScope::whole_ingress)
      return std::any_of(ingress.spec.tls.begin(), ingress.spec.tls.end(),
                         [](const kube::IngressTls& t) { return !t.hosts.empty(); });
    return tls && tls->named;
  }

  // ---- paths

  Reach reach(const kube::HttpIngressPath& path) const {
    if (path.path_type == "Exact") return Reach::exact;
    return path.path_type == "Prefix" ? d_.prefix : d_.implementation;
  }

  void match(Rule& rule, std::string_view path, Reach how, bool specific) {
    const auto regex = [&](std::string text) {
      rule.kind = PathKind::regex;
      rule.path = ir_.keep(std::move(text));
    };
    rule.kind = PathKind::prefix;
    rule.path = path;
    const std::string fold = specific && d_.ignores_case ? "(?i)" : "";
    switch (how) {
      case Reach::exact:
        rule.kind = PathKind::exact;
        return;
      case Reach::element:
        if (path.size() > 1 && path.ends_with('/')) rule.path = path.substr(0, path.size() - 1);
        return;
      case Reach::byte:
        if (path != "/") regex(fold + escape_regex(path) + ".*");
        return;
      case Reach::kong:
        if (path.starts_with("/~")) return regex(std::string(path.substr(2)) + ".*");
        return match(rule, path, Reach::byte, specific);
      case Reach::contour:
        if (path.find_first_of("^+*[]%") != std::string_view::npos) return regex(std::string(path));
        return match(rule, path, Reach::byte, specific);
      case Reach::gce:
        if (path == "/*")
          rule.path = "/";
        else if (path.ends_with("/*"))
          regex(escape_regex(path.substr(0, path.size() - 1)) + ".*");
        else
          rule.kind = PathKind::exact;
        return;
      case Reach::alb:
        return wildcards(rule, path);
    }
  }
  void wildcards(Rule& rule, std::string_view path) {
    if (path == "/*") {
      rule.path = "/";
      return;
    }
    if (path.find_first_of("*?") == std::string_view::npos) {
      rule.kind = PathKind::exact;
      return;
    }
    std::string text;
    for (const char c : path) text += c == '*' ? ".*" : c == '?' ? "." : escape_regex(std::string_view(&c, 1));
    rule.kind = PathKind::regex;
    rule.path = ir_.keep(std::move(text));
  }

  void add(Server& s, const kube::Ingress& ingress, const kube::HttpIngressPath& path, const Settings& settings,
           bool tls) {
    ledger_.place(&path);
    Rule rule;
    rule.owner = &ingress;
    rule.at = path.node;
    const std::string_view text = path.path.empty() ? std::string_view("/") : std::string_view(path.path);
    match(rule, text, reach(path), path.path_type != "Prefix" && path.path_type != "Exact");
    if (rule.kind == PathKind::regex)
      if (const auto why = not_re2(rule.path)) {
        ledger_.note({"GW616",
                      Severity::error,
                      "path '" + path.path + "' has " + *why + ", which gateways cannot read: it is left out",
                      {},
                      &ingress,
                      path.node,
                      {},
                      Loss::other});
        return;
      }
    const auto have = std::find_if(s.rules.begin(), s.rules.end(), [&](const Rule& r) {
      return r.path == rule.path && r.kind == rule.kind && r.scheme != Scheme::http;
    });
    if (have != s.rules.end()) {
      ledger_.note({"GW611",
                    Severity::warning,
                    "path '" + path.path + "' of host '" + std::string(s.host) + "' belongs to " +
                        have->owner->object_id().display() + "; this one is not used",
                    {},
                    &ingress,
                    path.node});
      return;
    }
    if (!settings.intents.empty() || (tls && !d_.hsts.empty())) {
      rule.action = std::make_shared<Action>();
      rule.action->intents = settings.intents;
    }
    if (const auto backend = make_backend(ingress, path.backend, input_, ir_, ledger_))
      rule.backends.push_back(*backend);
    if (d_.slash_redirect && text.size() > 1 && text.ends_with('/')) slash_redirect(s, rule, text);
    if (tls && settings.redirect && d_.redirect != TlsScope::none) redirect(s, rule);
    s.rules.push_back(std::move(rule));
  }

  void slash_redirect(Server& s, const Rule& of, std::string_view text) {
    Rule r = of;
    r.kind = PathKind::exact;
    r.path = text.substr(0, text.size() - 1);
    r.backends.clear();
    r.action = std::make_shared<Action>();
    r.action->redirect = Redirect{{}, {}, {}, PathRewrite{false, std::string(text)}, 301};
    s.rules.push_back(std::move(r));
  }

  void redirect(Server& s, Rule& rule) {
    Rule r = rule;
    r.scheme = Scheme::http;
    r.backends.clear();
    r.action = std::make_shared<Action>();
    Redirect to;
    to.scheme = "https";
    to.status = d_.code;
    if (d_.port != 0) to.port = d_.port;
    r.action->redirect = std::move(to);
    rule.scheme = Scheme::https;
    if (!d_.hsts.empty()) {
      if (!rule.action) rule.action = std::make_shared<Action>();
      rule.action->response_headers.push_back({HeaderEdit::Op::set, "Strict-Transport-Security", std::string(d_.hsts)});
    }
    s.rules.push_back(std::move(r));
    s.tls = true;
    if (s.certificates.empty()) {
      kube::IngressTls none;
      none.node = rule.at;
      add_certificate(s, static_cast<const kube::Ingress&>(*rule.owner), TlsFor{&none, false}, ir_, ledger_);
    }
  }

  void app_root(Server& s, const kube::Ingress& ingress, const Settings& settings) {
    Rule r;
    r.owner = &ingress;
    r.at = ingress.spec.node;
    r.kind = PathKind::exact;
    r.path = "/";
    r.action = std::make_shared<Action>();
    r.action->redirect = Redirect{{}, {}, {}, PathRewrite{false, settings.app_root}, 302};
    std::erase_if(s.rules, [](const Rule& old) { return old.kind == PathKind::exact && old.path == "/"; });
    s.rules.push_back(std::move(r));
  }

  void default_backend(const kube::Ingress& ingress) {
    if (!ingress.spec.default_backend) return;
    ledger_.place(&*ingress.spec.default_backend);
    const bool rules = !ingress.spec.rules.empty();
    if (d_.default_backend == DefaultBackend::without_rules && rules) {
      ledger_.note({"GW605",
                    Severity::warning,
                    "the default backend has no effect beside rules",
                    {},
                    &ingress,
                    ingress.spec.default_backend->node});
      return;
    }
    const auto backend = make_backend(ingress, *ingress.spec.default_backend, input_, ir_, ledger_);
    if (!backend) return;
    if (d_.default_backend == DefaultBackend::everywhere || d_.default_backend == DefaultBackend::without_rules) {
      for (auto& [host, s] : servers_) add_root(s, ingress, *backend);
      add_root(server({}, ingress), ingress, *backend);
      return;
    }
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (const auto at = servers_.find(normal_host(rule.host, ir_));
          at != servers_.end() && at->second.owner == &ingress)
        add_root(at->second, ingress, *backend);
  }
  static void add_root(Server& s, const kube::Ingress& ingress, const Backend& backend) {
    for (const Rule& r : s.rules)
      if (r.path == "/" && r.kind == PathKind::prefix && r.scheme != Scheme::http) return;
    Rule rule;
    rule.owner = &ingress;
    rule.at = ingress.spec.default_backend->node;
    rule.backends.push_back(backend);
    s.rules.push_back(std::move(rule));
  }

  // Regular expressions rank above prefixes: where both stand on a host, prefixes become expressions of their length.
  void finish(Server& s) {
    const bool any_regex =
        std::any_of(s.rules.begin(), s.rules.end(), [](const Rule& r) { return r.kind == PathKind::regex; });
    if (d_.prefix_over_exact) drop_shadowed(s);
    if (any_regex)
      for (Rule& r : s.rules)
        if (r.kind == PathKind::prefix && r.path != "/") {
          r.kind = PathKind::regex;
          r.path = ir_.keep(escape_regex(r.path) + "(/.*)?");
        }
    if (!s.rules.empty()) ir_.servers.push_back(std::move(s));
  }

  // Traefik: an Exact path loses to a prefix of it whose rule text is longer ("PathPrefix" has six letters more).
  void drop_shadowed(Server& s) {
    const std::vector<Rule> all = s.rules;
    std::erase_if(s.rules, [&](const Rule& exact) {
      if (exact.kind != PathKind::exact) return false;
      return std::any_of(all.begin(), all.end(), [&](const Rule& other) {
        if (other.kind == PathKind::exact) return false;
        std::string text(other.path);
        if (other.kind == PathKind::regex) text.resize(text.size() - 2);  // ".*"
        std::erase(text, '\\');
        return exact.path.starts_with(text) && exact.path.size() < text.size() + 6;
      });
    });
  }

  const Dialect& d_;
  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  std::map<std::string_view, Server> servers_;
};

void read(std::string_view name, const Input& input, Ir& ir, Ledger& ledger) {
  Reader(*dialect(name), input, ir, ledger).run();
}

}  // namespace

const Dialect* dialect(std::string_view provider) {
  const Dialect* found =
      std::find_if(std::begin(rows), std::end(rows), [&](const Dialect& d) { return d.provider == provider; });
  return found == std::end(rows) ? nullptr : found;
}

void read_traefik(const Input& i, Ir& ir, Ledger& l) {
  read("traefik", i, ir, l);
}
void read_f5(const Input& i, Ir& ir, Ledger& l) {
  read("f5-nginx", i, ir, l);
}
void read_haproxytech(const Input& i, Ir& ir, Ledger& l) {
  read("haproxytech", i, ir, l);
}
void read_haproxy_ingress(const Input& i, Ir& ir, Ledger& l) {
  read("haproxy-ingress", i, ir, l);
}
void read_kong(const Input& i, Ir& ir, Ledger& l) {
  read("kong", i, ir, l);
}
void read_gce(const Input& i, Ir& ir, Ledger& l) {
  read("gce", i, ir, l);
}
void read_alb(const Input& i, Ir& ir, Ledger& l) {
  read("aws-alb", i, ir, l);
}
void read_contour(const Input& i, Ir& ir, Ledger& l) {
  read("contour", i, ir, l);
}
void read_apisix(const Input& i, Ir& ir, Ledger& l) {
  read("apisix", i, ir, l);
}
void read_cilium(const Input& i, Ir& ir, Ledger& l) {
  read("cilium", i, ir, l);
}

}  // namespace gw::convert
