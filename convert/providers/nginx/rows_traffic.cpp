// Redirects, rewrites and host names. What they do depends on the whole host; servers.cpp and rules.cpp apply them.
#include "convert/providers/nginx/rows.h"

namespace gw::convert::nginx {
namespace {

void rewrite_target(Reading& r, const Value& v) {
  r.config.rewrite_target = v.text;
  r.config.claims.rewrite = v.claim;
}
void use_regex(Reading& r, const Value& v) {
  r.config.use_regex = truth(v.text);
  r.config.claims.regex = v.claim;
}

void app_root(Reading& r, const Value& v) {
  if (!v.text.starts_with('/'))
    return r.ledger.settle(v.claim, Outcome::ignored, "'" + v.text + "' is not a path; ingress-nginx ignores it",
                           "GW605");
  r.config.app_root = v.text;
  r.config.claims.app_root = v.claim;
}

void ssl_redirect(Reading& r, const Value& v) {
  r.config.ssl_redirect = truth(v.text);
  r.config.claims.ssl_redirect = v.claim;
}
void force_ssl_redirect(Reading& r, const Value& v) {
  r.config.force_ssl_redirect = truth(v.text);
  r.config.claims.force_ssl_redirect = v.claim;
}
void preserve_slash(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::converted, "a redirect keeps the path as it is");
  r.config.preserve_slash = truth(v.text);
}
void use_port(Reading& r, const Value& v) {
  r.config.use_port = truth(v.text);
  r.ledger.settle(v.claim, Outcome::converted,
                  r.config.use_port ? "the redirect names the port" : "the redirect leaves the default port out");
}
void www(Reading& r, const Value& v) {
  r.config.www_redirect = truth(v.text);
  r.config.claims.www = v.claim;
  if (!r.config.www_redirect) r.ledger.settle(v.claim, Outcome::converted, "no redirect");
}

// Codes that Gateway API has no value for become the nearest one.
int status(Reading& r, std::string_view key, int otherwise, int last) {
  const long code = r.number(key, otherwise);
  const int wanted = code < 300 || code > last ? otherwise : static_cast<int>(code);
  const bool known = wanted == 301 || wanted == 302 || wanted == 303 || wanted == 307 || wanted == 308;
  r.settle(key, known && wanted == code ? Outcome::converted : Outcome::approximated,
           known ? "statusCode " + std::to_string(wanted)
                 : "statusCode " + std::to_string(otherwise) + ", the nearest there is");
  return known ? wanted : otherwise;
}

void temporal_redirect(Reading& r, const Value& v) {
  if (!v.text.starts_with("http") || !parse_url(v.text))
    return r.ledger.settle(v.claim, Outcome::ignored, "'" + v.text + "' is not an http URL; ingress-nginx ignores it",
                           "GW605");
  r.config.redirect = UrlRedirect{v.text, status(r, "temporal-redirect-code", 302, 307), v.claim};
}
void permanent_redirect(Reading& r, const Value& v) {
  if (r.config.redirect) {
    r.ledger.settle(v.claim, Outcome::ignored, "temporal-redirect goes first", "GW605");
    return r.settle("permanent-redirect-code", Outcome::ignored, "temporal-redirect goes first");
  }
  r.config.redirect = UrlRedirect{v.text, status(r, "permanent-redirect-code", 301, 308), v.claim};
}

void server_alias(Reading& r, const Value& v) {
  r.config.aliases = split(v.text);
  r.config.claims.alias = v.claim;
}
void upstream_vhost(Reading& r, const Value& v) {
  r.config.upstream_vhost = v.text;
  r.config.claims.vhost = v.claim;
}
void forwarded_prefix(Reading& r, const Value& v) {
  r.config.forwarded_prefix = v.text;
  r.config.claims.forwarded_prefix = v.claim;
}
void passthrough(Reading& r, const Value& v) {
  r.config.passthrough = truth(v.text);
  r.config.claims.passthrough = v.claim;
  if (!r.config.passthrough) r.ledger.settle(v.claim, Outcome::converted, "TLS ends at the gateway");
}

bool prefix_path(std::string_view v) {
  std::string text(v);
  std::erase(text, ' ');
  return path_with_captures(text);
}

constexpr Row rows[] = {
    {"rewrite-target", path_with_captures, Invalid::ignored, {}, {}, rewrite_target},
    {"use-regex", boolean, Invalid::ignored, {}, {}, use_regex},
    {"app-root", path_with_captures, Invalid::ignored, {}, {}, app_root},
    {"ssl-redirect", boolean, Invalid::ignored, {}, {}, ssl_redirect},
    {"force-ssl-redirect", boolean, Invalid::ignored, {}, {}, force_ssl_redirect},
    {"preserve-trailing-slash", boolean, Invalid::ignored, {}, {}, preserve_slash},
    {"use-port-in-redirects", boolean, Invalid::ignored, {}, {}, use_port},
    {"from-to-www-redirect", boolean, Invalid::dropped, {}, {}, www},
    {"temporal-redirect", url, Invalid::dropped, {}, {}, temporal_redirect},
    {"temporal-redirect-code", integer, Invalid::dropped, Outcome::converted, "statusCode of the redirect", nullptr,
     "temporal-redirect"},
    {"permanent-redirect", url, Invalid::dropped, {}, {}, permanent_redirect},
    {"permanent-redirect-code", integer, Invalid::dropped, Outcome::converted, "statusCode of the redirect", nullptr,
     "permanent-redirect"},
    {"relative-redirects", boolean, Invalid::dropped, Outcome::approximated,
     "gateways send an absolute Location; clients follow both alike"},
    {"server-alias", server_names, Invalid::dropped, {}, {}, server_alias},
    {"upstream-vhost", server_name, Invalid::dropped, {}, {}, upstream_vhost},
    {"x-forwarded-prefix", prefix_path, Invalid::dropped, {}, {}, forwarded_prefix},
    {"ssl-passthrough", boolean, Invalid::dropped, {}, {}, passthrough},
};

}  // namespace

Rows traffic_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
