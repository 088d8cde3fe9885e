#include "convert/providers/nginx/rules.h"

#include <algorithm>
#include <set>

#include "convert/emitters/names.h"
#include "convert/providers/common.h"
#include "convert/providers/nginx/rewrite.h"
#include "convert/providers/nginx/upstream.h"
#include "convert/providers/order.h"
#include "convert/regex.h"
#include "convert/target.h"

namespace gw::convert::nginx {
namespace {

using diag::Severity;

class Writer {
 public:
  Writer(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions, Ir& ir,
         Ledger& ledger)
      : host_(host), hosts_(hosts), input_(input), settings_(settings), actions_(actions), ir_(ir), ledger_(ledger) {}

  void run() {
    server_.host = host_.name;
    server_.owner = host_.first ? host_.first->ingress : nullptr;
    if (!server_.owner)
      for (const Location& l : host_.locations)
        if (l.config && !server_.owner) server_.owner = l.config->ingress;
    if (!server_.owner) return;
    const std::string twice = refused(host_);
    if (!twice.empty())
      ledger_.note(
          {"GW607",
           Severity::error,
           "host '" + shown() + "': path '" + twice +
               "' gives NGINX the same location twice; it refuses the whole configuration and every later change",
           {},
           host_.first->ingress,
           nullptr,
           "remove one of the two paths",
           Loss::other});
    regex_ = regex_host(host_);
    paths_.exact = input_.options.exact_paths;
    paths_.regex_rewrite = target(input_.options.to)->meets({RegexRewrite{"a", "b"}, {}, {}, {}, {}}, input_.options);
    server_.ordered = regex_;
    server_.intents = host_.intents;
    choose_tls();
    app_root();
    for (std::size_t i = 0; i < host_.locations.size(); ++i) location(i);
    if (regex_ || !twice.empty()) drop_doubles();
    if (regex_) keep_order(server_, {}, ir_, ledger_);
    drop_covered_redirects();
    passthrough();
    settle_regex();
    server_.rules.shrink_to_fit();
    place();
    aliases();
    www();
  }

 private:
  std::string shown() const { return host_.name.empty() ? "(any)" : std::string(host_.name); }
  std::string sample(std::string_view scheme, std::string_view path) const {
    std::string name(host_.name.empty() ? "example.org" : host_.name);
    if (name.starts_with("*.")) name = "any" + name.substr(1);
    return "GET " + std::string(scheme) + "://" + name + std::string(path);
  }

  // ---- TLS

  const Host* wildcard_with_tls() const {
    if (host_.name.empty() || host_.name.starts_with("*.")) return nullptr;
    const std::size_t dot = host_.name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const auto at = hosts_.by_name.find("*" + std::string(host_.name.substr(dot)));
    return at != hosts_.by_name.end() && at->second.tls ? &at->second : nullptr;
  }

  void certificate_of(const Host& of) {
    const kube::Ingress& ingress = *of.tls->ingress;
    if (const auto tls = tls_for(ingress, of.name); tls && (tls->named || !tls->entry->secret_name.empty()))
      return add_certificate(server_, ingress, *tls, ir_, ledger_);
    kube::IngressTls none;
    none.node = ingress.spec.tls.front().node;
    add_certificate(server_, ingress, TlsFor{&none, false}, ir_, ledger_);
  }

  void choose_tls() {
    const Host* wildcard = host_.tls ? nullptr : wildcard_with_tls();
    has_certificate_ = (host_.tls || wildcard) && !host_.name.empty();
    if (host_.name.empty()) {
      if (host_.tls)
        if (const auto tls = tls_for(*host_.tls->ingress, {}); tls && !tls->entry->secret_name.empty())
          certificate_of(host_);
      return;
    }
    if (host_.tls) certificate_of(host_);
    if (wildcard) certificate_of(*wildcard);
  }

  // ---- phases

  Rule rule(const Location& l, PathKind kind, std::string_view path, Scheme scheme) const {
    Rule r;
    r.owner = l.config->ingress;
    r.at = l.at;
    r.kind = kind;
    r.path = path;
    r.scheme = scheme;
    return r;
  }
  static std::shared_ptr<Action> redirect_action(Redirect redirect) {
    auto action = std::make_shared<Action>();
    action->redirect = std::move(redirect);
    return action;
  }

  // Before everything else, for '/' of the whole host.
  void app_root() {
    for (const Location& l : host_.locations) {
      if (!l.config || l.config->app_root.empty()) continue;
      const auto path = app_root_path(l.config->app_root);
      if (!path) {
        ledger_.settle(l.config->claims.app_root, Outcome::refused,
                       "'" + l.config->app_root + "' holds a variable of nginx, which a gateway does not have", "GW601",
                       Loss::redirect);
        continue;
      }
      Rule r = rule(l, PathKind::exact, "/", Scheme::both);
      r.action = redirect_action({{}, {}, {}, PathRewrite{false, *path}, 302});
      server_.rules.push_back(std::move(r));
      ledger_.settle(l.config->claims.app_root, Outcome::approximated,
                     "a redirect of '/'; the query is kept, which nginx drops", "GW603");
      app_root_ = true;
      break;
    }
    for (const Location& l : host_.locations)
      if (l.config && !l.config->app_root.empty())
        ledger_.settle(l.config->claims.app_root, Outcome::converted, "the host redirects '/'");
  }

  bool to_https(const Config& c) const {
    if (c.force_ssl_redirect) return true;
    return c.ssl_redirect.value_or(settings_.ssl_redirect) && has_certificate_;
  }

  // How the location is matched.
  struct Shape {
    PathKind kind = PathKind::prefix;
    std::string_view path;
  };

  void location(std::size_t i) {
    const Location& l = host_.locations[i];
    if (!l.config) return;
    const Config& c = *l.config;
    settle_switches(c);
    if (app_root_ && l.exact && l.path == "/") return;  // never reached
    if (!regex_) {
      trailing_slash(l, c);
      return respond(l, c, {l.exact ? PathKind::exact : PathKind::prefix, l.path}, RewritePlan{});
    }
    if (never_reached(i)) return;
    if (leads_away(c.rewrite_target)) return lead_away(l, c);
    // Of "/path" with the target "/path" only the generated "/path/" differs.
    const bool same = l.path == c.rewrite_target;
    if (same && !l.exact && l.path != "/") {
      RewritePlan full;
      full.kind = RewritePlan::Kind::full;
      full.value = c.rewrite_target;
      respond(l, c, {PathKind::regex, ir_.keep("(?i)" + escape_regex(l.path) + "/.*")}, full);
    }
    plan(i, same ? std::string_view{} : std::string_view(c.rewrite_target));
  }

  // Could another location answer the paths that plain paths leave to it? ('/' takes what is left anyway.)
  bool alone(std::size_t i) const {
    const std::string head = lower(literal_head(host_.locations[i].path));
    for (std::size_t j = 0; j < host_.locations.size(); ++j) {
      const std::string other = lower(literal_head(host_.locations[j].path));
      if (j != i && host_.locations[j].path != "/" && (other.starts_with(head) || head.starts_with(other)))
        return false;
    }
    return true;
  }

  void plan(std::size_t i, std::string_view target) {
    const Location& l = host_.locations[i];
    const Config& c = *l.config;
    const std::string_view forwarded = target.empty() ? std::string_view{} : std::string_view(c.forwarded_prefix);
    PathOptions options = paths_;
    options.exact = options.exact || (target.empty() && !alone(i));
    const auto [cached, fresh] = actions_.locations.try_emplace(
        {std::string(l.path) + (options.exact ? "\n" : ""), std::string(target), std::string(forwarded)});
    LocationPlan& plan = cached->second;
    if (fresh) plan = plan_location(l.path, target, forwarded, options);
    if (plan.parts.empty()) return refuse_regex(l, plan);
    if (!target.empty() && !target.starts_with('/') && target.find("://") == target.npos)
      ledger_.note_once(
          {"GW603",
           Severity::warning,
           "rewrite-target '" + std::string(target) + "' of path '" + std::string(l.path) +
               "' can give a path without a '/' in front, for which nginx answers 500; the new side serves it",
           {},
           c.ingress,
           l.at});
    if (target.empty()) tell_differences(l, plan.parts.front().rewrite.differs);
    for (const Part& part : plan.parts) respond(l, c, {part.kind, ir_.keep(part.path)}, part.rewrite);
  }

  // Types do not matter: the first location of a path answers, were it the '/' that every host has.
  bool never_reached(std::size_t i) {
    const Location& l = host_.locations[i];
    const auto first = std::find_if(host_.locations.begin(), host_.locations.end(),
                                    [&](const Location& other) { return other.path == l.path; });
    if (first == host_.locations.begin() + static_cast<std::ptrdiff_t>(i)) return false;
    ledger_.note({"GW643", Severity::warning,
                  "path '" + std::string(l.path) + "' of host '" + shown() +
                      "' is never used: every path of the host is a regular expression, whatever its type, and " +
                      (first->implicit ? "the '/' that ingress-nginx adds goes first" : "an equal one goes first"),
                  sample("http", l.path), l.config->ingress, l.at});
    ledger_.settle(l.config->claims.rewrite, Outcome::ignored, "its path is never used", "GW605");
    return true;
  }

  void tell_differences(const Location& l, const std::string& differs) {
    if (differs.empty()) return;
    const std::string text = "path '" + std::string(l.path) + "' is written as plain paths: " + differs;
    if (l.config->claims.regex != 0)
      return ledger_.settle(l.config->claims.regex, Outcome::approximated, text, "GW603");
    ledger_.note({"GW603", Severity::warning, text, {}, l.config->ingress, l.at});
  }

  // A rewrite to a URL is a redirect.
  void lead_away(const Location& l, const Config& c) {
    std::string why;
    const auto redirects = redirects_of(l.path, c.rewrite_target, why);
    if (redirects.empty()) return ledger_.settle(c.claims.rewrite, Outcome::refused, why, "GW601", Loss::redirect);
    for (const auto& [part, redirect] : redirects) {
      Rule r = rule(l, part.kind, ir_.keep(part.path), Scheme::both);
      r.action = redirect_action(redirect);
      add(std::move(r));
      const std::string& differs = part.rewrite.differs;
      ledger_.settle(c.claims.rewrite, differs.empty() ? Outcome::converted : Outcome::approximated,
                     "RequestRedirect 302" + (differs.empty() ? "" : ": " + differs), differs.empty() ? "" : "GW603");
    }
  }

  void respond(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite) {
    if (!c.denied.empty()) return forward(l, c, shape, rewrite, Scheme::both);
    if (c.redirect || c.snippet_redirect) return url_redirect(l, c, shape);
    if (to_https(c)) {
      https_redirect(l, c, shape);
      if (server_.tls) forward(l, c, shape, rewrite, Scheme::https);
    } else if (server_.tls && settings_.hsts) {
      forward(l, c, shape, rewrite, Scheme::http);
      forward(l, c, shape, rewrite, Scheme::https);
    } else {
      forward(l, c, shape, rewrite, Scheme::both);
    }
  }

  void refuse_regex(const Location& l, const LocationPlan& plan) {
    ledger_.note(
        {"GW616", Severity::error,
         "path '" + std::string(l.path) + "' has " + plan.why_not + ", which gateways cannot read: it is left out",
         sample("http", l.path), l.config->ingress, l.at,
         plan.instead.empty() ? "write the path without it" : plan.instead, Loss::other});
    ledger_.settle(l.config->claims.regex, Outcome::refused, plan.why_not, "GW616", Loss::other);
    ledger_.settle(l.config->claims.rewrite, Outcome::refused, plan.why_not, "GW616", Loss::rewrite);
  }

  // `location /p/` answers /p with 301, before any other redirect.
  void trailing_slash(const Location& l, const Config& c) {
    if (regex_ || l.path.size() < 2 || !l.path.ends_with('/') || !c.denied.empty()) return;
    const std::string_view bare = l.path.substr(0, l.path.size() - 1);
    for (const Location& other : host_.locations)
      if (other.path == bare) return;
    Rule r = rule(l, PathKind::exact, bare, Scheme::both);
    r.action = redirect_action({{}, {}, {}, PathRewrite{false, std::string(l.path)}, 301});
    server_.rules.push_back(std::move(r));
  }

  void add(Rule r) { server_.rules.push_back(std::move(r)); }

  void url_redirect(const Location& l, const Config& c, const Shape& shape) {
    Rule r = rule(l, shape.kind, shape.path, Scheme::both);
    auto action = std::make_shared<Action>();
    if (c.redirect) {
      std::string why;
      const auto redirect = redirect_to(*c.redirect, why);
      if (!redirect) {
        ledger_.settle(c.redirect->claim, Outcome::refused, why, "GW601", Loss::redirect);
        action->closed = !input_.options.accepts(Loss::redirect);
        r.action = std::move(action);
        if (r.action->closed) add(std::move(r));
        return;
      }
      action->redirect = *redirect;
      action->claims.push_back({FieldClaim::Field::redirect, c.redirect->claim});
      ledger_.settle(c.redirect->claim, Outcome::approximated,
                     "RequestRedirect " + std::to_string(redirect->status) + "; the query is kept, which nginx drops",
                     "GW603");
    } else {
      action->redirect = *c.snippet_redirect;
    }
    r.action = std::move(action);
    add(std::move(r));
  }

  void https_redirect(const Location& l, const Config& c, const Shape& shape) {
    std::shared_ptr<Action>& action = actions_.to_https[c.use_port ? 1 : 0];
    if (!action) {
      Redirect redirect;
      redirect.scheme = "https";
      redirect.status = settings_.redirect_code;
      if (c.use_port) redirect.port = 443;
      action = redirect_action(std::move(redirect));
    }
    Rule r = rule(l, shape.kind, shape.path, Scheme::http);
    r.action = action;
    add(std::move(r));
    // An Ingress that forces https without TLS anywhere still needs a listener to lead to.
    if (!server_.tls && !host_.name.empty() && !passthrough_config()) {
      kube::IngressTls none;
      none.node = c.ingress->spec.node;
      if (!server_.tls) add_certificate(server_, *c.ingress, TlsFor{&none, false}, ir_, ledger_);
    }
  }

  // ---- forwarding

  std::shared_ptr<Action> plain_action(const Config& c, bool https) {
    const auto [cached, fresh] = actions_.plain.try_emplace({&c, https});
    if (!fresh) return cached->second;
    auto action = std::make_shared<Action>();
    action->request_headers = c.request_headers;
    action->response_headers = c.response_headers;
    if (https && settings_.hsts)
      action->response_headers.push_back({HeaderEdit::Op::set, "Strict-Transport-Security", settings_.hsts_value()});
    if (c.cors) action->cors = *c.cors;
    action->backend_timeout = c.read_timeout;
    action->intents = c.intents;
    if (!c.rewrite_target.empty() && !c.forwarded_prefix.empty() && !made_of_path(c))
      action->request_headers.push_back({HeaderEdit::Op::set, "X-Forwarded-Prefix", c.forwarded_prefix});
    rewrite_host(c, *action, ledger_);
    mirror(c, *action, ir_, ledger_);
    using Field = FieldClaim::Field;
    for (const auto& [field, claim] : {std::pair{Field::cors, c.claims.cors},
                                       {Field::timeout, c.claims.read_timeout},
                                       {Field::mirror, c.claims.mirror},
                                       {Field::host, c.claims.vhost}})
      if (claim) action->claims.push_back({field, claim});
    const bool empty = action->request_headers.empty() && action->response_headers.empty() && !action->cors &&
                       action->backend_timeout.empty() && action->intents.empty() && action->rewrite_host.empty() &&
                       action->mirrors.empty();
    if (empty) action = nullptr;
    return cached->second = action;
  }

  // The action of a location: the Ingress's own with this location's rewrite.
  std::shared_ptr<Action> action_of(const Config& c, const Shape& shape, const RewritePlan& rewrite, bool https) {
    std::shared_ptr<Action> plain = plain_action(c, https);
    settle_forwarded(c, rewrite, ledger_);
    using Kind = RewritePlan::Kind;
    const std::string differs =
        rewrite.differs.empty() ? "" : ": " + rewrite.differs + "; encoded characters stay encoded";
    const Outcome outcome = differs.empty() ? Outcome::converted : Outcome::approximated;
    const std::string_view code = differs.empty() ? "" : "GW603";
    if (rewrite.kind == Kind::none) {
      ledger_.settle(c.claims.rewrite, outcome, "the path stays as it is" + differs, code);
      return with_forwarded(c, rewrite, plain);
    }
    auto action = plain ? std::make_shared<Action>(*plain) : std::make_shared<Action>();
    action->claims.push_back({FieldClaim::Field::rewrite, c.claims.rewrite});
    if (rewrite.kind == Kind::full) {
      action->rewrite = PathRewrite{false, rewrite.value};
      ledger_.settle(c.claims.rewrite, outcome, "URLRewrite ReplaceFullPath " + rewrite.value + differs, code);
    } else if (rewrite.kind == Kind::head) {
      action->rewrite = PathRewrite{true, rewrite.value};
      ledger_.settle(
          c.claims.rewrite, outcome,
          "URLRewrite ReplacePrefixMatch " + rewrite.value + " for '" + std::string(shape.path) + "'" + differs, code);
    } else if (rewrite.kind == Kind::nothing) {
      action->intents.push_back({RegexRewrite{},
                                 {c.claims.rewrite},
                                 Loss::rewrite,
                                 Outcome::refused,
                                 "it is no path that a gateway can make"});
      action->intents.back().demand = Snippet{c.rewrite_target};
    } else {
      action->intents.push_back(
          {rewrite.expression,
           {c.claims.rewrite},
           Loss::rewrite,
           Outcome::refused,
           "Gateway API replaces a whole path or a prefix, not parts of it; a target with regular expressions can "
           "(--to envoy-gateway)"});
    }
    return with_forwarded(c, rewrite, std::move(action));
  }

  // The server-snippet of another Ingress of the host guards this one, too.
  std::shared_ptr<Action> under_snippet(const Config& c, const std::shared_ptr<Action>& action) {
    if (!host_.snippet || host_.snippet == &c) return action;
    std::shared_ptr<Action>& guarded = under_snippet_[action];
    if (!guarded) {
      guarded = action ? std::make_shared<Action>(*action) : std::make_shared<Action>();
      guarded->intents.push_back(*host_.snippet->server_snippet);
    }
    return guarded;
  }

  void forward(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite, Scheme scheme) {
    Rule r = rule(l, shape.kind, shape.path, scheme);
    if (!c.denied.empty()) {
      r.action = std::make_shared<Action>();
      r.action->closed = true;
      return add(std::move(r));
    }
    if (!l.backend) return;  // 404, as without a rule
    r.action = under_snippet(c, action_of(c, shape, rewrite, scheme == Scheme::https));
    if (no_http(c)) {
      ledger_.settle(c.claims.protocol, Outcome::refused,
                     "no gateway speaks " + c.protocol + "; its paths are left out", "GW601", Loss::backend);
      if (!input_.options.accepts(Loss::backend)) {
        r.action = std::make_shared<Action>();
        r.action->closed = true;
        return add(std::move(r));
      }
    }
    auto backend = make_backend(*c.ingress, *l.backend, input_, ledger_);
    if (backend) {
      backend->wire = wire(c);
      backend_tls(c, *backend);
      r.backends.push_back(*backend);
    }
    canary_rules(l, r);
    add(std::move(r));
  }

  void backend_tls(const Config& c, const Backend& b) {
    if (c.claims.protocol == 0) return;
    if (c.protocol == "GRPC" || c.protocol == "GRPCS" || c.protocol == "HTTPS" || c.protocol == "HTTP") {
      if ((b.wire == Wire::tls || b.wire == Wire::h2_tls) && !c.unchecked_tls) verify_backend(c, b);
      if (b.wire == Wire::h2c || b.wire == Wire::h2_tls) ir_.http2[c.ingress] = c.claims.protocol;
      if (b.wire == Wire::http1) ledger_.settle(c.claims.protocol, Outcome::converted, "plain HTTP");
      return;
    }
    if (c.protocol == "AUTO_HTTP")
      ledger_.settle(c.claims.protocol, Outcome::approximated, "plain HTTP; no gateway finds out by itself", "GW603");
  }
  // Requests that would be forwarded in a language the backend does not speak are not forwarded.
  static bool no_http(const Config& c) { return c.protocol == "FCGI" || c.protocol == "AJP"; }

  // Of the Service's port, where the Service is among the input and names it.
  std::string port_name(const Backend& b) const {
    const kube::Service* service = input_.index.service({std::string(b.ns), std::string(b.name)});
    if (!service || service->spec.ports.size() < 2) return {};
    for (const kube::ServicePort& port : service->spec.ports)
      if (port.port == b.port) return port.name;
    return {};
  }

  void verify_backend(const Config& c, const Backend& b) {
    BackendTls tls;
    tls.ns = b.ns, tls.service = b.name;
    tls.owner = c.ingress;
    tls.port = port_name(b);
    tls.hostname =
        c.proxy_ssl_name.empty() ? std::string(b.name) + "." + std::string(b.ns) + ".svc" : lower(c.proxy_ssl_name);
    tls.ca_secret = c.proxy_ssl_secret;
    tls.ca = authority_of(input_, b.ns, c.proxy_ssl_secret);
    ir_.backend_tls.push_back(tls);
    const std::string policy = "BackendTLSPolicy " + std::string(b.ns) + "/" + std::string(b.name);
    const bool same = c.proxy_ssl_verify && !c.proxy_ssl_secret.empty();
    ledger_.settle(c.claims.protocol, same ? Outcome::converted : Outcome::approximated,
                   same ? policy
                        : policy + " checks the backend's certificate against the system's roots, for " + tls.hostname +
                              "; nginx did not check it",
                   same ? "" : "GW603");
    ledger_.settle(c.claims.ssl_name, Outcome::converted, policy + " hostname");
    ledger_.settle(
        c.claims.ssl_secret, Outcome::approximated,
        policy + " trusts the Secret's ca.crt; a client certificate belongs on the Gateway (spec.tls.backend)",
        "GW603");
    ledger_.settle(c.claims.ssl_verify, c.proxy_ssl_verify ? Outcome::converted : Outcome::approximated,
                   c.proxy_ssl_verify ? policy : "a gateway always checks", c.proxy_ssl_verify ? "" : "GW603");
  }

  // ---- canary

  void canary_rules(const Location& l, Rule& primary) {
    const Upstream* upstream = hosts_.upstream(l);
    if (!upstream || !upstream->canary || primary.backends.empty()) return;
    const Config& owner = *upstream->canary->creator;
    const CanarySettings& c = owner.canary;
    auto backend = make_backend(*owner.ingress, *upstream->canary->backend, input_, ledger_);
    if (!backend) return;
    backend->wire = primary.backends[0].wire;
    const auto extra = [&](ValueMatch match, const Backend& to) {
      Rule r = primary;
      auto conditions = std::make_shared<Conditions>();
      conditions->headers.push_back(std::move(match));
      r.conditions = std::move(conditions);
      r.backends = {to};
      add(std::move(r));
    };
    const Backend old = primary.backends[0];
    if (!c.header.empty()) {
      if (!c.header_value.empty()) {
        extra({c.header, c.header_value, false}, *backend);
      } else if (!c.header_pattern.empty()) {
        const ValueMatches found = value_matches(c.header_pattern);
        if (found.broken)  // never matches: the primary answers
          ledger_.settle(c.claims.front(), Outcome::ignored,
                         "its header pattern is not a regular expression (" + found.why_not + "): it never matches",
                         "GW605");
        else if (!found.why_not.empty())
          ledger_.settle(c.claims.front(), Outcome::refused, "the header pattern has " + found.why_not, "GW616",
                         Loss::other);
        for (const ValueMatch& match : found.matches) extra({c.header, match.value, match.regex}, *backend);
      } else {
        extra({c.header, "always", false}, *backend);
        extra({c.header, "never", false}, old);
      }
    }
    if (!c.cookie.empty()) {
      const auto cookie = [&](std::string_view value) {
        return ValueMatch{
            "Cookie", "(?:.*;)?\\s*(?i:" + escape_regex(c.cookie) + ")=" + std::string(value) + "\\s*(?:;.*)?", true};
      };
      extra(cookie("always"), *backend);
      extra(cookie("never"), old);
    }
    if (c.weight <= 0) return;
    backend->weight = c.weight;
    primary.backends[0].weight = c.total - c.weight;
    if (primary.backends[0].weight == 0) primary.backends.clear();
    primary.backends.push_back(*backend);
  }

  // ---- the host as a whole

  // Paths that are one path to a gateway: the first answers. On a host with regular expressions types do not matter.
  void drop_doubles() {
    std::set<std::tuple<PathKind, std::string_view, Scheme>> seen;
    std::erase_if(server_.rules, [&](const Rule& r) {
      std::string_view path = r.path;
      if (r.kind == PathKind::prefix && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
      if (r.conditions || seen.insert({r.kind, path, r.scheme}).second) return false;
      if (regex_ && r.scheme != Scheme::https)
        ledger_.note(
            {"GW643",
             Severity::warning,
             "this path is the same regular expression as an earlier one of host '" + shown() + "'; it is never used",
             {},
             r.owner,
             r.at});
      return true;
    });
  }

  // Where everything below '/' goes to https anyway, '/' says it alone.
  void drop_covered_redirects() {
    const auto is_https = [&](const Rule& r) {
      return r.action && (r.action == actions_.to_https[0] || r.action == actions_.to_https[1]);
    };
    const auto root = std::find_if(server_.rules.begin(), server_.rules.end(), [&](const Rule& r) {
      return is_https(r) && r.path == "/" && r.kind == PathKind::prefix;
    });
    // The redirects of another Ingress stay with it: its routes do not depend on this one.
    if (root == server_.rules.end()) return;
    const Rule* keep = &*root;
    const kube::Object* owner = root->owner;
    std::vector<const Rule*> others;  // rules on http that do something else
    for (const Rule& r : server_.rules)
      if (r.scheme != Scheme::https && !is_https(r) && r.kind != PathKind::exact) others.push_back(&r);
    const auto needed = [&](const Rule& r) {
      return std::any_of(others.begin(), others.end(), [&](const Rule* o) {
        return o->kind == PathKind::regex || r.kind == PathKind::regex || r.path.starts_with(o->path);
      });
    };
    std::vector<Rule> kept;
    for (Rule& r : server_.rules)
      if (&r == keep || !is_https(r) || r.owner != owner || needed(r)) kept.push_back(std::move(r));
    server_.rules = std::move(kept);
  }

  const Config* passthrough_config() const { return host_.first && host_.first->passthrough ? host_.first : nullptr; }

  void passthrough() {
    const Config* c = passthrough_config();
    for (const Location& l : host_.locations)
      if (l.config && l.config != c && l.config->passthrough)
        ledger_.settle(l.config->claims.passthrough, Outcome::ignored, "the first Ingress of the host decides",
                       "GW605");
    if (!c) return;
    const auto root = std::find_if(host_.locations.begin(), host_.locations.end(),
                                   [](const Location& l) { return l.path == "/" && l.backend && l.config; });
    if (root == host_.locations.end() || host_.name.empty())
      return ledger_.settle(c->claims.passthrough, Outcome::ignored,
                            "ingress-nginx passes TLS to the backend of '/', of which there is none", "GW605");
    const auto backend = make_backend(*root->config->ingress, *root->backend, input_, ledger_);
    if (!backend) return;
    Stream stream;
    stream.kind = Stream::Kind::passthrough;
    stream.owner = c->ingress;
    stream.at = root->at;
    stream.host = host_.name;
    stream.backends = {*backend};
    ir_.streams.push_back(std::move(stream));
    server_.tls = false;
    server_.certificates.clear();
    std::erase_if(server_.rules, [](const Rule& r) { return r.scheme == Scheme::https; });
    ledger_.settle(c->claims.passthrough, Outcome::converted,
                   "TLSRoute of the host; the controller needs --enable-ssl-passthrough for it");
  }

  void settle_switches(const Config& c) {
    const bool on = c.ssl_redirect.value_or(false);
    ledger_.settle(c.claims.ssl_redirect, Outcome::converted,
                   on && has_certificate_ ? "http redirects to https"
                   : on                   ? "no TLS on this host: nothing redirects"
                                          : "http is served without a redirect");
    ledger_.settle(c.claims.force_ssl_redirect, Outcome::converted,
                   c.force_ssl_redirect ? "http redirects to https" : "no redirect is forced");
    if (!c.use_regex) ledger_.settle(c.claims.regex, Outcome::converted, "paths are plain text");
  }

  void settle_regex() {
    if (!regex_) return;
    for (const Location& l : host_.locations)
      if (l.config && l.config->use_regex)
        ledger_.settle(l.config->claims.regex, Outcome::converted,
                       "every path of the host is a regular expression, longest first");
  }

  void place() {
    if (server_.rules.empty() && !server_.tls) return;
    placed_ = ir_.servers.size();
    ir_.servers.push_back(std::move(server_));
  }
  const Server& placed() const { return placed_ ? ir_.servers[*placed_] : server_; }

  Server copy_for(std::string_view name) const {
    Server copy = placed();
    copy.host = name;
    return copy;
  }

  void aliases() {
    const Config* c = host_.alias_owner;
    for (const Location& l : host_.locations)
      if (l.config && l.config != c && !l.config->aliases.empty())
        ledger_.settle(l.config->claims.alias, Outcome::ignored, "the first Ingress of the host decides", "GW605");
    if (!c) return;
    for (const std::string& written : c->aliases) {
      const std::string_view alias = ir_.keep(lower(written));  // the Config goes, the Ir stays
      if (alias.starts_with('~')) {
        ledger_.settle(c->claims.alias, Outcome::refused,
                       "'" + written + "' is a regular expression, which no host name can be", "GW601", Loss::other);
        continue;
      }
      if (hosts_.by_name.contains(alias)) {
        ledger_.settle(c->claims.alias, Outcome::converted,
                       "'" + written + "' is the host of another Ingress, which keeps it");
        continue;
      }
      if (taken(alias)) {
        ledger_.settle(c->claims.alias, Outcome::converted,
                       "'" + written + "' is another name of an earlier host already, which keeps it");
        continue;
      }
      ir_.servers.push_back(copy_for(alias));
      const bool tls = placed().tls;
      ledger_.settle(c->claims.alias, tls ? Outcome::approximated : Outcome::converted,
                     "'" + written + "' is served alike" +
                         (tls ? "; ingress-nginx shows the host's certificate for it, and redirects to https, "
                                "only where that certificate names it"
                              : ""),
                     tls ? "GW603" : "");
    }
  }

  // By an alias or a redirect of a host that came before.
  bool taken(std::string_view name) const {
    return std::any_of(ir_.servers.begin(), ir_.servers.end(), [&](const Server& s) { return s.host == name; });
  }

  void www() {
    const auto wants = std::find_if(host_.locations.begin(), host_.locations.end(), [](const Location& l) {
      return l.config && l.config->www_redirect && !l.implicit;
    });
    if (wants == host_.locations.end() || host_.name.empty() || host_.name.starts_with("*.")) return;
    const bool is_www = host_.name.starts_with("www.");
    const std::string other = is_www ? std::string(host_.name.substr(4)) : "www." + std::string(host_.name);
    const Claim claim = wants->config->claims.www;
    if (hosts_.by_name.contains(other) || taken(other))
      return ledger_.settle(claim, Outcome::ignored,
                            "'" + other + "' has rules of its own; ingress-nginx does not redirect it", "GW605");
    Server redirecting;
    redirecting.host = ir_.keep(other);
    redirecting.owner = wants->config->ingress;
    Rule r = rule(*wants, PathKind::prefix, "/", Scheme::both);
    Redirect redirect;
    redirect.host = host_.name;
    redirect.status = settings_.redirect_code;
    r.action = redirect_action(std::move(redirect));
    redirecting.rules.push_back(std::move(r));
    if (host_.tls)
      if (const auto tls = tls_for(*host_.tls->ingress, redirecting.host); tls && tls->named)
        add_certificate(redirecting, *host_.tls->ingress, *tls, ir_, ledger_);
    const bool uncovered = placed().tls && !redirecting.tls;
    ir_.servers.push_back(std::move(redirecting));
    ledger_.settle(claim, uncovered ? Outcome::approximated : Outcome::converted,
                   "'" + other + "' redirects to '" + std::string(host_.name) + "'" +
                       (uncovered ? "; on http only, as no certificate covers it" : ""),
                   uncovered ? "GW603" : "");
  }

  const Host& host_;
  const Hosts& hosts_;
  const Input& input_;
  const Settings& settings_;
  Actions& actions_;
  Ir& ir_;
  Ledger& ledger_;
  Server server_;
  std::map<std::shared_ptr<Action>, std::shared_ptr<Action>> under_snippet_;
  PathOptions paths_;
  std::optional<std::size_t> placed_;  // in the Ir, where server_ moved to
  bool regex_ = false, has_certificate_ = false, app_root_ = false;
};

}  // namespace

void write_host(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions,
                Ir& ir, Ledger& ledger) {
  Writer(host, hosts, input, settings, actions, ir, ledger).run();
}

}  // namespace gw::convert::nginx
