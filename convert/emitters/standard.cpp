// Demands that the experimental channel of Gateway API has fields for: session persistence, retries, external
// authentication.
#include <algorithm>

#include "convert/emitters/own.h"
#include "convert/target.h"
#include "convert/tell.h"

namespace gw::convert {
namespace {

struct Said {
  kube::HttpRouteRule& rule;
  const std::string ns;
  const bool cookie_has_name;  // sessionPersistence as v1.7 has it
  std::string detail;

  void operator()(const CookieAffinity& c) {
    kube::SessionPersistence& s = rule.session_persistence.emplace();
    s.type = "Cookie";
    if (c.max_age > 0) s.absolute_timeout = std::to_string(std::min(c.max_age, 99'999)) + "s";
    if (cookie_has_name) {
      kube::CookieConfig& cookie = s.cookie.emplace();
      cookie.name = c.name;
      if (!c.path.empty()) cookie.path = c.path;
      if (c.max_age > 0) cookie.lifetime_type = "Permanent";
      detail = "sessionPersistence; domain and SameSite of the cookie are the gateway's own";
      return;
    }
    s.session_name = c.name;
    if (c.max_age > 0) s.cookie_config.emplace().lifetime_type = "Permanent";
    detail = "sessionPersistence; path, domain and SameSite of the cookie are the gateway's own";
  }
  void operator()(const Retry& r) {
    kube::RouteRetry& retry = rule.retry.emplace();
    retry.codes = r.codes;
    retry.attempts = r.attempts;
    detail = "retry, " + std::to_string(r.attempts) + " attempts";
  }
  void operator()(const ExternalAuth& a) {
    kube::RouteFilter& filter = rule.filters.emplace_back();
    filter.type = "ExternalAuth";
    kube::ExternalAuth& auth = filter.external_auth.emplace();
    auth.protocol = "HTTP";
    auth.backend_ref.group = "";
    auth.backend_ref.kind = "Service";
    auth.backend_ref.name = a.service;
    auth.backend_ref.port = a.port;
    if (a.ns != ns) auth.backend_ref.ns = a.ns;
    kube::ExternalAuthHttp& http = auth.http.emplace();
    http.path = a.path.substr(0, a.path.find('?'));
    for (std::string& name : own::headers_of_a_session()) http.allowed_headers.emplace_back(std::move(name));
    http.allowed_response_headers.assign(a.response_headers.begin(), a.response_headers.end());
    detail = "ExternalAuth filter; the path of the request follows that of the service";
  }
  template <class T>
  void operator()(const T&) {}
};

}  // namespace

bool standard_meets(const Intent& intent, const Options& options) {
  const bool retry = std::holds_alternative<Retry>(intent.demand);
  if (retry && options.api_minor >= info(Feature::retry).standard) return true;
  if (!options.experimental) return false;
  if (const auto* auth = std::get_if<ExternalAuth>(&intent.demand))
    return !auth->service.empty() && auth->url.find('$') == std::string::npos;
  return retry || std::holds_alternative<CookieAffinity>(intent.demand);
}

void standard_fields(const WrittenRoute& written, PolicyContext& context) {
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    const Rule& rule = *written.rules[i];
    if (!rule.action || rule.action->redirect || rule.action->closed) continue;
    for (const Intent& intent : rule.action->intents) {
      Said fields{written.route.spec.rules[i], written.route.metadata.ns, context.options.api_minor >= 7, {}};
      std::visit(fields, intent.demand);
      if (fields.detail.empty()) continue;
      for (const Claim claim : intent.claims)
        context.ledger.settle(claim, Outcome::approximated, fields.detail, "GW603");
      tell(context.ledger, intent, Outcome::approximated, fields.detail);
    }
  }
}

}  // namespace gw::convert
