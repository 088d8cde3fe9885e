// Why a host of ingress-nginx is written as a whole, and in this order.
//
// nginx does not answer a request location by location: each request goes through phases, and what an earlier phase
// answers no later one sees. app-root comes first, for "/" of the whole host; then the location is chosen; then it
// redirects, to a URL or to https; then access is checked; only then is the request forwarded. A Gateway has rules
// without phases. So run() goes through the phases in nginx's order and appends the rules that each of them needs, the
// earlier ones in front, and what an earlier phase always answers is not written again.
//
// A location can become several rules: one on http that redirects and one on https that forwards, the bare path that
// nginx redirects to the one with a slash, the parts into which an expression falls. And what it becomes depends on the
// others: one Ingress with use-regex or rewrite-target turns every path of the host into a regular expression, longest
// first, whatever the other Ingresses say; a location that has an equal path before it is never used; the host has TLS
// as soon as one Ingress brings it. That is why a host is written at once, from all Ingresses that name it.
//
// What guards a location travels with its Action, as an intent: whether the target can say it, and what becomes of the
// location otherwise, is decided when all rules of all hosts are known (convert/settle).
//
// At the end stands what concerns the host as a whole (whole_host.cpp): rules that are one and the same to a gateway,
// TLS that is passed through, and the other names of the host, which get copies of the finished rules.
#include "convert/providers/nginx/rules.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/nginx/host_writer.h"
#include "convert/providers/nginx/rewrite.h"
#include "convert/providers/order.h"
#include "convert/regex.h"
#include "convert/target.h"

namespace gw::convert::nginx {
namespace {

using diag::Severity;

}  // namespace

void HostWriter::run() {
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

std::string HostWriter::sample(std::string_view scheme, std::string_view path) const {
  std::string name(host_.name.empty() ? "example.org" : host_.name);
  if (name.starts_with("*.")) name = "any" + name.substr(1);
  return "GET " + std::string(scheme) + "://" + name + std::string(path);
}

const Host* HostWriter::wildcard_with_tls() const {
  if (host_.name.empty() || host_.name.starts_with("*.")) return nullptr;
  const std::size_t dot = host_.name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto at = hosts_.by_name.find("*" + std::string(host_.name.substr(dot)));
  return at != hosts_.by_name.end() && at->second.tls ? &at->second : nullptr;
}

void HostWriter::certificate_of(const Host& of) {
  const kube::Ingress& ingress = *of.tls->ingress;
  if (const auto tls = tls_for(ingress, of.name); tls && (tls->named || !tls->entry->secret_name.empty()))
    return add_certificate(server_, ingress, *tls, ir_, ledger_);
  kube::IngressTls none;
  none.node = ingress.spec.tls.front().node;
  add_certificate(server_, ingress, TlsFor{&none, false}, ir_, ledger_);
}

void HostWriter::choose_tls() {
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

Rule HostWriter::rule(const Location& l, PathKind kind, std::string_view path, Scheme scheme) const {
  Rule r;
  r.owner = l.config->ingress;
  r.at = l.at;
  r.kind = kind;
  r.path = path;
  r.scheme = scheme;
  return r;
}

std::shared_ptr<Action> HostWriter::redirect_action(Redirect redirect) {
  auto action = std::make_shared<Action>();
  action->redirect = std::move(redirect);
  return action;
}

// Before everything else, for '/' of the whole host.
void HostWriter::app_root() {
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

bool HostWriter::to_https(const Config& c) const {
  if (c.force_ssl_redirect) return true;
  return c.ssl_redirect.value_or(settings_.ssl_redirect) && has_certificate_;
}

void HostWriter::location(std::size_t i) {
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
bool HostWriter::alone(std::size_t i) const {
  const std::string head = lower(literal_head(host_.locations[i].path));
  for (std::size_t j = 0; j < host_.locations.size(); ++j) {
    const std::string other = lower(literal_head(host_.locations[j].path));
    if (j != i && host_.locations[j].path != "/" && (other.starts_with(head) || head.starts_with(other))) return false;
  }
  return true;
}

void HostWriter::plan(std::size_t i, std::string_view target) {
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
bool HostWriter::never_reached(std::size_t i) {
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

void HostWriter::tell_differences(const Location& l, const std::string& differs) {
  if (differs.empty()) return;
  const std::string text = "path '" + std::string(l.path) + "' is written as plain paths: " + differs;
  if (l.config->claims.regex != 0) return ledger_.settle(l.config->claims.regex, Outcome::approximated, text, "GW603");
  ledger_.note({"GW603", Severity::warning, text, {}, l.config->ingress, l.at});
}

// A rewrite to a URL is a redirect.
void HostWriter::lead_away(const Location& l, const Config& c) {
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

void HostWriter::respond(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite) {
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

void HostWriter::refuse_regex(const Location& l, const LocationPlan& plan) {
  ledger_.note(
      {"GW616", Severity::error,
       "path '" + std::string(l.path) + "' has " + plan.why_not + ", which gateways cannot read: it is left out",
       sample("http", l.path), l.config->ingress, l.at,
       plan.instead.empty() ? "write the path without it" : plan.instead, Loss::other});
  ledger_.settle(l.config->claims.regex, Outcome::refused, plan.why_not, "GW616", Loss::other);
  ledger_.settle(l.config->claims.rewrite, Outcome::refused, plan.why_not, "GW616", Loss::rewrite);
}

// `location /p/` answers /p with 301, before any other redirect.
void HostWriter::trailing_slash(const Location& l, const Config& c) {
  if (regex_ || l.path.size() < 2 || !l.path.ends_with('/') || !c.denied.empty()) return;
  const std::string_view bare = l.path.substr(0, l.path.size() - 1);
  for (const Location& other : host_.locations)
    if (other.path == bare) return;
  Rule r = rule(l, PathKind::exact, bare, Scheme::both);
  r.action = redirect_action({{}, {}, {}, PathRewrite{false, std::string(l.path)}, 301});
  server_.rules.push_back(std::move(r));
}

void HostWriter::url_redirect(const Location& l, const Config& c, const Shape& shape) {
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

void HostWriter::https_redirect(const Location& l, const Config& c, const Shape& shape) {
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

void write_host(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions,
                Ir& ir, Ledger& ledger) {
  HostWriter(host, hosts, input, settings, actions, ir, ledger).run();
}

}  // namespace gw::convert::nginx
