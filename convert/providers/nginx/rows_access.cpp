// Who may come in. None of these is ever ignored: what the target cannot say closes the route.
#include <algorithm>

#include "convert/providers/nginx/rows.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_auth = sentence::auth;
constexpr std::string_view needs_lists =
    "Gateway API has no address lists; use a target with policies (--to envoy-gateway)";
constexpr std::string_view needs_client =
    "Gateway API checks client certificates for a whole port, not for one host; use a target with policies (--to "
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

// The method stays the client's own in every policy that there is.
void method_of_auth(Reading& r) {
  const Value* method = r.find("auth-method");
  if (!method || method->text.empty()) return;
  r.ledger.settle(method->claim, Outcome::approximated,
                  "ingress-nginx asks the authorization service with method " + std::string(trim(method->text)) +
                      "; a gateway asks with the method of the client, so the service must answer to every method",
                  "GW603");
}

// What follows "https://$host" in a URL that names the host of the request; nothing in other URLs.
std::optional<std::string_view> behind_own_host(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://", "$scheme://"}) {
    if (!url.starts_with(scheme)) continue;
    for (const std::string_view host : {"$host", "$http_host", "$server_name", "${host}"}) {
      std::string_view rest = url.substr(scheme.size());
      if (!rest.starts_with(host)) continue;
      rest.remove_prefix(host.size());
      if (rest.starts_with('/') && rest.find('$') == std::string_view::npos) return rest;
    }
  }
  return std::nullopt;
}

// The Service that answers a path of a host, by the longest path of another Ingress than the one that asks.
struct Served {
  const kube::Ingress* ingress = nullptr;
  const kube::IngressServiceBackend* service = nullptr;
};
Served served_by(const Reading& r, std::string_view host, std::string_view path) {
  Served found;
  std::size_t length = 0;
  for (const kube::Ingress& ingress : r.input.bundle.ingresses) {
    if (&ingress == r.config.ingress) continue;
    for (const kube::IngressRule& rule : ingress.spec.rules) {
      if (rule.host != host || !rule.http) continue;
      for (const kube::HttpIngressPath& p : rule.http->paths) {
        std::string_view prefix = p.path;
        while (prefix.size() > 1 && prefix.ends_with('/')) prefix.remove_suffix(1);
        const bool below = prefix == "/" || path == prefix ||
                           (path.starts_with(prefix) && path[prefix.size()] == '/' && p.path_type != "Exact");
        if (!below || !p.backend.service || prefix.size() < length) continue;
        length = prefix.size();
        found = {&ingress, &*p.backend.service};
      }
    }
  }
  return found;
}

std::string_view path_only(std::string_view target) {
  return target.substr(0, target.find_first_of("?#"));
}

// The URL without variables, where the hosts of the Ingress say what they stand for: the Service that all of them lead
// the path to, else the only host.
std::string without_own_host(const Reading& r, const std::string& text) {
  const auto rest = behind_own_host(text);
  const auto& rules = r.config.ingress->spec.rules;
  if (!rest || rules.empty()) return text;
  const auto named = [](const kube::IngressRule& rule) { return !rule.host.empty() && !rule.host.starts_with('*'); };
  if (!std::all_of(rules.begin(), rules.end(), named)) return text;
  const Served first = served_by(r, rules.front().host, path_only(*rest));
  const bool one_service = first.service && std::all_of(rules.begin(), rules.end(), [&](const kube::IngressRule& rule) {
                             const Served other = served_by(r, rule.host, path_only(*rest));
                             return other.service && other.ingress->metadata.ns == first.ingress->metadata.ns &&
                                    other.service->name == first.service->name &&
                                    other.service->port.number == first.service->port.number;
                           });
  if (one_service && first.service->port.name.empty())
    return "http://" + first.service->name + "." + std::string(first.ingress->metadata.ns) +
           ".svc.cluster.local:" + std::to_string(first.service->port.number) + std::string(*rest);
  const bool one_host =
      std::all_of(rules.begin(), rules.end(), [&](const auto& rule) { return rule.host == rules.front().host; });
  if (!one_host) return text;
  const bool secure = !text.starts_with("http:") && (!text.starts_with('$') || !r.config.ingress->spec.tls.empty());
  return (secure ? "https://" : "http://") + std::string(rules.front().host) + std::string(*rest);
}

void auth_url(Reading& r, const Value& v) {
  const std::string text = without_own_host(r, v.text);
  const auto url = parse_url(text);
  if (!url) return deny(r, v, "auth-url '" + v.text + "' is no URL", Loss::auth);
  ExternalAuth auth = external_auth(*url, text, r.config.ingress->metadata.ns);
  method_of_auth(r);
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

// A broken demand for certificates: ingress-nginx answers 403 on every path of the host, whose Ingress it is.
void deny_host(Reading& r, const Value& v, std::string why) {
  r.config.host_intents.push_back({Foreign{v.text},
                                   {v.claim},
                                   Loss::client_certificate,
                                   Outcome::refused,
                                   r.ir.keep(why + "; ingress-nginx answers 403 on every path of the host")});
  if (!r.input.options.accepts(Loss::client_certificate)) r.config.denied = std::move(why);
}

void client_certificate(Reading& r, const Value& v) {
  const std::size_t slash = v.text.find('/');
  const std::string& own = r.config.ingress->metadata.ns;
  if (slash == std::string::npos || slash == 0 || slash + 1 == v.text.size())
    return deny_host(r, v, "auth-tls-secret '" + v.text + "' is not a namespace/name");
  if (v.text.substr(0, slash) != own) return deny_host(r, v, "auth-tls-secret of another namespace");
  ClientCertificate client;
  client.ns = own;
  client.secret = v.text.substr(slash + 1);
  if (!r.input.bundle.secrets.empty() && !r.input.index.secret({own, client.secret}))
    return deny_host(r, v, "Secret " + v.text + " of auth-tls-secret is not among the input");
  client.common_name = r.text("auth-tls-match-cn");
  client.passed_on = r.on("auth-tls-pass-certificate-to-upstream");
  client.mode = r.text("auth-tls-verify-client", "on");
  client.depth = static_cast<int>(r.number("auth-tls-verify-depth", 1));
  const auto claims = r.claims(
      {"auth-tls-secret", "auth-tls-verify-client", "auth-tls-pass-certificate-to-upstream", "auth-tls-match-cn"});
  if (client.mode == "off") {
    for (const Claim c : claims) r.ledger.settle(c, Outcome::converted, "no client certificate is asked for");
    return;
  }
  const std::string_view why =
      !client.common_name.empty() ? "no target checks the common name of a client certificate beside its authority"
      : client.passed_on          ? "the backend gets the certificate in ssl-client-cert and may decide by it; no "
                                    "gateway sends that header, and a client could send its own"
                                  : needs_client;
  r.config.host_intents.push_back({std::move(client), claims, Loss::client_certificate, Outcome::refused, why});
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

void global_auth(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::converted,
                  r.settings.auth.empty() ? "the controller's ConfigMap sets no global-auth-url"
                  : truth(v.text)         ? "the controller's global-auth-url holds for this Ingress"
                                          : "the controller's global-auth-url does not hold for this Ingress");
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
    {"enable-global-auth", boolean, Invalid::ignored, {}, {}, global_auth},
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

ExternalAuth external_auth(const Url& url, std::string text, std::string_view own_ns) {
  ExternalAuth auth;
  auth.url = std::move(text);
  auth.port = url.port ? url.port : url.scheme == "https" ? 443 : 80;
  auth.path = url.path.empty() ? "/" : url.path;
  service_of(url, own_ns, auth);
  return auth;
}

Rows access_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
