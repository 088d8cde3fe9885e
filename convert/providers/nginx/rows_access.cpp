// Who may come in. None of these is ever ignored: what the target cannot say closes the route.
#include "convert/providers/nginx/rows.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_auth = sentence::auth;
constexpr std::string_view needs_lists =
    "Gateway API has no address lists; a target with policies has (--to envoy-gateway)";
constexpr std::string_view needs_client =
    "Gateway API checks client certificates for a whole port, not for one host; a target with policies can (--to "
    "envoy-gateway)";

void deny(Reading& r, const Value& v, std::string why, Loss loss) {
  r.ledger.settle(v.claim, Outcome::refused, why + "; ingress-nginx answers 503 on every path", "GW602", loss);
  if (!r.input.options.accepts(loss)) r.config.denied = std::move(why);
}

// "http://auth.shop.svc.cluster.local:8080/check" is Service auth of namespace shop.
void service_of(const Url& url, std::string_view own_ns, ExternalAuth& auth) {
  const auto labels = split(url.host, '.');
  const bool cluster = labels.size() == 1 || (labels.size() >= 3 && labels[2] == "svc") || labels.size() == 2;
  if (!cluster || (labels.size() == 2 && labels[1] != "svc" && integer(labels[1]))) return;
  if (!service_name(labels[0])) return;
  auth.service = labels[0];
  auth.ns = labels.size() >= 2 ? labels[1] : std::string(own_ns);
}

void auth_url(Reading& r, const Value& v) {
  const auto url = parse_url(v.text);
  if (!url) return deny(r, v, "auth-url '" + v.text + "' is no URL", Loss::auth);
  ExternalAuth auth;
  auth.url = v.text;
  auth.port = url->port ? url->port : url->scheme == "https" ? 443 : 80;
  auth.path = url->path.empty() ? "/" : url->path;
  service_of(*url, r.config.ingress->metadata.ns, auth);
  auth.method = r.text("auth-method");
  auth.signin = r.text("auth-signin");
  auth.response_headers = split(r.text("auth-response-headers"));
  r.config.protected_ = true;
  r.demand(std::move(auth),
           r.claims({"auth-url", "auth-method", "auth-signin", "auth-response-headers", "auth-proxy-set-headers"}),
           Loss::auth, Outcome::refused, needs_auth);
}

void auth_type(Reading& r, const Value& v) {
  const Value* secret = r.find("auth-secret");
  if (!secret) return deny(r, v, "auth-type without auth-secret", Loss::auth);
  BasicAuth auth;
  std::tie(auth.ns, auth.secret) = qualified(secret->text, r.config.ingress->metadata.ns);
  if (auth.ns != r.config.ingress->metadata.ns) return deny(r, *secret, "auth-secret of another namespace", Loss::auth);
  auth.realm = r.text("auth-realm");
  auth.digest = trim(v.text) == "digest";
  auth.map = r.text("auth-secret-type") == "auth-map";
  r.config.protected_ = true;
  r.demand(std::move(auth), r.claims({"auth-type", "auth-secret", "auth-secret-type", "auth-realm"}), Loss::auth,
           Outcome::refused, needs_auth);
}

void address_list(Reading& r, const Value& v, bool denied) {
  AddressList list;
  list.deny = denied;
  list.cidrs = split(v.text);
  if (list.cidrs.empty()) return deny(r, v, "an address list without an address", Loss::allow_list);
  r.config.protected_ = true;
  r.demand(std::move(list), {v.claim}, Loss::allow_list, Outcome::refused, needs_lists);
}
void allow_list(Reading& r, const Value& v) {
  address_list(r, v, false);
}
void deny_list(Reading& r, const Value& v) {
  address_list(r, v, true);
}

void client_certificate(Reading& r, const Value& v) {
  const std::size_t slash = v.text.find('/');
  const std::string& own = r.config.ingress->metadata.ns;
  if (slash == std::string::npos || slash == 0 || slash + 1 == v.text.size())
    return deny(r, v, "auth-tls-secret '" + v.text + "' is no namespace/name", Loss::client_certificate);
  if (v.text.substr(0, slash) != own)
    return deny(r, v, "auth-tls-secret of another namespace", Loss::client_certificate);
  ClientCertificate client;
  client.ns = own;
  client.secret = v.text.substr(slash + 1);
  client.mode = r.text("auth-tls-verify-client", "on");
  client.depth = static_cast<int>(r.number("auth-tls-verify-depth", 1));
  const auto claims = r.claims(
      {"auth-tls-secret", "auth-tls-verify-client", "auth-tls-pass-certificate-to-upstream", "auth-tls-match-cn"});
  if (client.mode == "off") {
    for (const Claim c : claims) r.ledger.settle(c, Outcome::converted, "no client certificate is asked for");
    return;
  }
  r.config.host_intents.push_back(
      {std::move(client), claims, Loss::client_certificate, Outcome::refused, needs_client});
}

bool auth_kind(std::string_view v) {
  return one_of(trim(v), "basic", "digest");
}
bool secret_kind(std::string_view v) {
  return one_of(trim(v), "auth-file", "auth-map");
}
bool verify_client(std::string_view v) {
  return one_of(trim(v), "on", "off", "optional", "optional_no_ca");
}
bool any_or_all(std::string_view v) {
  return one_of(trim(v), "any", "all");
}

void satisfy(Reading& r, const Value& v) {
  if (trim(v.text) == "all") return r.ledger.settle(v.claim, Outcome::converted, "every check must pass");
  r.config.protected_ = true;
  r.demand(Waf{"satisfy any"}, {v.claim}, Loss::auth, Outcome::refused,
           "no target lets one passed check stand for the other");
}

constexpr std::string_view tuning = "tunes the request to the authentication service; gateways have no such setting";

constexpr Row rows[] = {
    {"auth-url", url_with_variables, Invalid::dropped, {}, {}, auth_url},
    {"auth-method", http_method, Invalid::denied, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-signin", url_with_variables, Invalid::ignored, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-signin-redirect-param", url_spaced_out, Invalid::ignored, Outcome::approximated,
     "the sign-in page gets no such parameter", nullptr, "auth-url"},
    {"auth-response-headers", header_list, Invalid::denied, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-request-redirect", extended, Invalid::ignored, Outcome::approximated,
     "the authentication service does not get this header", nullptr, "auth-url"},
    {"auth-proxy-set-headers", basic, Invalid::denied, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-cache-key", variable, Invalid::ignored, Outcome::approximated,
     "answers are not cached; the authentication service is asked more often", nullptr, "auth-url"},
    {"auth-cache-duration", extended, Invalid::ignored, Outcome::approximated,
     "answers are not cached; the authentication service is asked more often", nullptr, "auth-url"},
    {"auth-keepalive", integer, Invalid::ignored, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-keepalive-share-vars", boolean, Invalid::ignored, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-keepalive-requests", integer, Invalid::ignored, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-keepalive-timeout", integer, Invalid::ignored, Outcome::approximated, tuning, nullptr, "auth-url"},
    {"auth-always-set-cookie", boolean, Invalid::ignored, Outcome::approximated,
     "cookies of the authentication service are set on success only", nullptr, "auth-url"},
    {"enable-global-auth", boolean, Invalid::ignored, Outcome::approximated,
     "global authentication is a setting of the controller; attach a policy to the Gateway instead"},
    {"auth-type", auth_kind, Invalid::dropped, {}, {}, auth_type},
    {"auth-secret", basic, Invalid::denied, Outcome::approximated, "part of auth-type", nullptr, "auth-type"},
    {"auth-secret-type", secret_kind, Invalid::dropped, Outcome::approximated, "part of auth-type", nullptr,
     "auth-type"},
    {"auth-realm", with_space, Invalid::dropped, Outcome::approximated, "part of auth-type", nullptr, "auth-type"},
    {"satisfy", any_or_all, Invalid::ignored, {}, {}, satisfy},
    {"allowlist-source-range", cidrs, Invalid::denied, {}, {}, allow_list, {}, "whitelist-source-range"},
    {"denylist-source-range", cidrs, Invalid::denied, {}, {}, deny_list},
    {"auth-tls-secret", basic, Invalid::dropped, {}, {}, client_certificate},
    {"auth-tls-verify-client", verify_client, Invalid::ignored, Outcome::approximated, "part of auth-tls-secret",
     nullptr, "auth-tls-secret"},
    {"auth-tls-verify-depth", integer, Invalid::ignored, Outcome::approximated, "gateways check chains of any length",
     nullptr, "auth-tls-secret"},
    {"auth-tls-error-page", url_with_variables, Invalid::dropped, Outcome::approximated,
     "a failed handshake cannot lead to a page", nullptr, "auth-tls-secret"},
    {"auth-tls-pass-certificate-to-upstream", boolean, Invalid::dropped, Outcome::approximated,
     "part of auth-tls-secret", nullptr, "auth-tls-secret"},
    {"auth-tls-match-cn", common_name, Invalid::dropped, Outcome::approximated, "part of auth-tls-secret", nullptr,
     "auth-tls-secret"},
};

}  // namespace

Rows access_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
