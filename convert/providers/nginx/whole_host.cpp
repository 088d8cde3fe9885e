// What concerns a host of ingress-nginx as a whole: rules that are one to a gateway, TLS that is passed through,
// aliases, and www.
#include <algorithm>
#include <set>

#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/nginx/host_writer.h"

namespace gw::convert::nginx {

// Paths that are one path to a gateway: the first answers. On a host with regular expressions types do not matter.
void HostWriter::drop_doubles() {
  std::set<std::tuple<PathKind, std::string_view, Scheme>> seen;
  std::erase_if(server_.rules, [&](const Rule& r) {
    std::string_view path = r.path;
    if (r.kind == PathKind::prefix && path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (r.conditions || seen.insert({r.kind, path, r.scheme}).second) return false;
    if (regex_ && r.scheme != Scheme::https)
      ledger_.note(
          {"GW643",
           diag::Severity::warning,
           "this path is the same regular expression as an earlier one of host '" + shown() + "'; it is never used",
           {},
           r.owner,
           r.at});
    return true;
  });
}

// Where everything below '/' goes to https anyway, '/' says it alone.
void HostWriter::drop_covered_redirects() {
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

void HostWriter::passthrough() {
  const Config* c = passthrough_config();
  for (const Location& l : host_.locations)
    if (l.config && l.config != c && l.config->passthrough)
      ledger_.settle(l.config->claims.passthrough, Outcome::ignored, "the first Ingress of the host decides", "GW605");
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

void HostWriter::settle_switches(const Config& c) {
  const bool on = c.ssl_redirect.value_or(false);
  ledger_.settle(c.claims.ssl_redirect, Outcome::converted,
                 on && has_certificate_ ? "http redirects to https"
                 : on                   ? "no TLS on this host: nothing redirects"
                                        : "http is served without a redirect");
  ledger_.settle(c.claims.force_ssl_redirect, Outcome::converted,
                 c.force_ssl_redirect ? "http redirects to https" : "no redirect is forced");
  if (!c.use_regex) ledger_.settle(c.claims.regex, Outcome::converted, "paths are plain text");
}

void HostWriter::settle_regex() {
  if (!regex_) return;
  for (const Location& l : host_.locations)
    if (l.config && l.config->use_regex)
      ledger_.settle(l.config->claims.regex, Outcome::converted,
                     "every path of the host is a regular expression, longest first");
}

void HostWriter::place() {
  if (server_.rules.empty() && !server_.tls) return;
  placed_ = ir_.servers.size();
  ir_.servers.push_back(std::move(server_));
}

Server HostWriter::copy_for(std::string_view name) const {
  Server copy = placed();
  copy.host = name;
  return copy;
}

void HostWriter::aliases() {
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

void HostWriter::www() {
  const auto wants = std::find_if(host_.locations.begin(), host_.locations.end(),
                                  [](const Location& l) { return l.config && l.config->www_redirect && !l.implicit; });
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

}  // namespace gw::convert::nginx
