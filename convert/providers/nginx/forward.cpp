// What a location of ingress-nginx sends to its backends, and how: headers, rewrites, TLS, canaries.

#include "convert/providers/common.h"
#include "convert/providers/nginx/host_writer.h"
#include "convert/providers/nginx/upstream.h"
#include "convert/regex.h"

namespace gw::convert::nginx {

std::shared_ptr<Action> HostWriter::plain_action(const Config& c, bool https) {
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
std::shared_ptr<Action> HostWriter::action_of(const Config& c, const Shape& shape, const RewritePlan& rewrite,
                                              bool https) {
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
                               "it is not a path that a gateway can make"});
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
std::shared_ptr<Action> HostWriter::under_snippet(const Config& c, const std::shared_ptr<Action>& action) {
  if (!host_.snippet || host_.snippet == &c) return action;
  std::shared_ptr<Action>& guarded = under_snippet_[action];
  if (!guarded) {
    guarded = action ? std::make_shared<Action>(*action) : std::make_shared<Action>();
    guarded->intents.push_back(*host_.snippet->server_snippet);
  }
  return guarded;
}

void HostWriter::forward(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite,
                         Scheme scheme) {
  Rule r = rule(l, shape.kind, shape.path, scheme);
  if (!c.denied.empty()) {
    r.action = std::make_shared<Action>();
    r.action->closed = true;
    return add(std::move(r));
  }
  if (!l.backend) return;  // 404, as without a rule
  r.action = under_snippet(c, action_of(c, shape, rewrite, scheme == Scheme::https));
  if (no_http(c)) {
    ledger_.settle(c.claims.protocol, Outcome::refused, "no gateway speaks " + c.protocol + "; its paths are left out",
                   "GW601", Loss::backend);
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

void HostWriter::backend_tls(const Config& c, const Backend& b) {
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

// Of the Service's port, where the Service is among the input and names it.
std::string HostWriter::port_name(const Backend& b) const {
  const kube::Service* service = input_.index.service({std::string(b.ns), std::string(b.name)});
  if (!service || service->spec.ports.size() < 2) return {};
  for (const kube::ServicePort& port : service->spec.ports)
    if (port.port == b.port) return port.name;
  return {};
}

void HostWriter::verify_backend(const Config& c, const Backend& b) {
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
  ledger_.settle(c.claims.ssl_secret, Outcome::approximated,
                 policy + " trusts the Secret's ca.crt; a client certificate belongs on the Gateway (spec.tls.backend)",
                 "GW603");
  ledger_.settle(c.claims.ssl_verify, c.proxy_ssl_verify ? Outcome::converted : Outcome::approximated,
                 c.proxy_ssl_verify ? policy : "a gateway always checks", c.proxy_ssl_verify ? "" : "GW603");
}

void HostWriter::canary_rules(const Location& l, Rule& primary) {
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
      return ValueMatch{"Cookie",
                        "(?:.*;)?\\s*(?i:" + escape_regex(c.cookie) + ")=" + std::string(value) + "\\s*(?:;.*)?", true};
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

}  // namespace gw::convert::nginx
