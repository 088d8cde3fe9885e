// How the backend is spoken to: protocol, TLS, timeouts, retries, balancing, stickiness.
#include "convert/providers/nginx/rows.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_policy =
    "Gateway API has no field for it; use a target with policies (--to envoy-gateway)";
constexpr std::string_view experimental =
    "only the experimental channel of Gateway API has a field for it (--channel experimental)";

bool protocol_word(std::string_view v) {
  const std::string word = lower(trim(v));
  return one_of(std::string_view(word), "http", "https", "auto_http", "grpc", "grpcs", "fcgi", "ajp");
}
// Could a public authority certify this name? Names inside a cluster never are.
bool certifiable(std::string_view name) {
  if (name.find('.') == std::string_view::npos) return false;
  for (const std::string_view inner : {".svc", ".local", ".internal", ".lan", ".localdomain", ".test", ".invalid"})
    if (name.ends_with(inner)) return false;
  return true;
}
constexpr std::string_view unchecked =
    "nginx speaks TLS to the backend and does not check its certificate, and no public authority certifies its name: "
    "give it a certificate of an authority of yours and name that in proxy-ssl-secret, or take a target that leaves it "
    "unchecked (envoy-gateway, traefik, istio, kgateway)";

void protocol(Reading& r, const Value& v) {
  std::string word = lower(trim(v.text));
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  r.config.protocol = word;
  r.config.claims.protocol = v.claim;
  const bool tls = word == "HTTPS" || word == "GRPCS";
  if (!tls || r.find("proxy-ssl-secret") || certifiable(r.text("proxy-ssl-name"))) return;
  r.config.unchecked_tls = true;
  r.settle("proxy-ssl-name", Outcome::approximated, "nobody checks the backend's certificate");
  r.settle("proxy-ssl-verify", Outcome::converted,
           "nginx checks nothing without proxy-ssl-secret, and neither does the gateway");
  r.demand(InsecureBackendTls{}, {v.claim}, Loss::backend_tls, Outcome::refused, unchecked);
}

void ssl_name(Reading& r, const Value& v) {
  r.config.proxy_ssl_name = v.text;
  r.config.claims.ssl_name = v.claim;
}
void ssl_verify(Reading& r, const Value& v) {
  r.config.proxy_ssl_verify = trim(v.text) == "on";
  r.config.claims.ssl_verify = v.claim;
}
void ssl_secret(Reading& r, const Value& v) {
  const std::size_t slash = v.text.find('/');
  if (slash == std::string::npos || v.text.substr(0, slash) != r.config.ingress->metadata.ns) {
    r.ledger.settle(v.claim, Outcome::refused,
                    "'" + v.text + "' is not a namespace/name of its own namespace; ingress-nginx answers 503", "GW601",
                    Loss::backend_tls);
    if (!r.input.options.accepts(Loss::backend_tls)) r.config.denied = "proxy-ssl-secret '" + v.text + "'";
    return;
  }
  r.config.proxy_ssl_secret = v.text.substr(slash + 1);
  r.config.claims.ssl_secret = v.claim;
}
void ssl_ciphers_of_backend(Reading& r, const Value& v) {
  r.demand(BackendTlsSettings{v.text, {}}, {v.claim}, Loss::backend_tls, Outcome::approximated,
           "the gateway's own ciphers are used towards the backend");
}
void ssl_protocols(Reading& r, const Value& v) {
  r.demand(BackendTlsSettings{{}, v.text}, {v.claim}, Loss::backend_tls, Outcome::approximated,
           "the gateway's own TLS versions are used towards the backend");
}
void ssl_server_name(Reading& r, const Value& v) {
  const bool on = trim(v.text) == "on";
  r.ledger.settle(
      v.claim, on ? Outcome::converted : Outcome::approximated,
      on ? "a gateway always sends the server name" : "a gateway always sends the server name; this one was not sent",
      on ? "" : "GW603");
}
bool tls_versions(std::string_view v) {
  const auto words = split(v, ' ');
  for (const std::string& w : words)
    if (!one_of(std::string_view(w), "SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")) return false;
  return !words.empty();
}

void service_upstream(Reading& r, const Value& v) {
  if (!truth(v.text)) return r.ledger.settle(v.claim, Outcome::converted, "endpoints are used");
  r.demand(ServiceAddress{}, {v.claim}, Loss::other, Outcome::approximated,
           "the gateway chooses whether it uses the Service's address or its endpoints");
}

void connect_timeout(Reading& r, const Value& v) {
  r.demand(ConnectTimeout{static_cast<int>(to_int(v.text))}, {v.claim}, Loss::other, Outcome::approximated,
           "the gateway's own connect timeout is used");
}
void read_timeout(Reading& r, const Value& v) {
  const long seconds = to_int(v.text);
  if (seconds <= 0) return r.ledger.settle(v.claim, Outcome::approximated, "no timeout is written", "GW603");
  if (seconds < 100'000) r.config.read_timeout = std::to_string(seconds) + "s";
  r.config.claims.read_timeout = v.claim;
  r.ledger.settle(
      v.claim, Outcome::approximated,
      "timeouts.backendRequest " + std::to_string(seconds) +
          "s bounds the whole answer; nginx bounds the time between two reads, so a stream that lasts longer is cut",
      "GW603");
}
void send_timeout(Reading& r, const Value& v) {
  r.demand(IdleTimeout{static_cast<int>(to_int(v.text))}, {v.claim}, Loss::other, Outcome::approximated,
           "the gateway's own timeout for sending is used");
}

void next_upstream_words(Reading& r, const Value& v) {
  Retry retry;
  retry.on_error = retry.on_timeout = false;
  for (const std::string& word : split(v.text, ' ')) {
    if (word == "off")
      return r.ledger.settle(v.claim, Outcome::approximated, "whether a failed try is repeated is the gateway's choice",
                             "GW603");
    if (word == "error") retry.on_error = true;
    if (word == "timeout") retry.on_timeout = true;
    if (word.starts_with("http_") && integer(word.substr(5)))
      retry.codes.push_back(static_cast<std::int32_t>(to_int(word.substr(5))));
  }
  retry.attempts = static_cast<int>(std::max<long>(1, r.number("proxy-next-upstream-tries", 3) - 1));
  retry.timeout_seconds = static_cast<int>(r.number("proxy-next-upstream-timeout", 0));
  r.demand(std::move(retry),
           r.claims({"proxy-next-upstream", "proxy-next-upstream-tries", "proxy-next-upstream-timeout"}), Loss::other,
           Outcome::refused, experimental);
}
void next_upstream_part(Reading& r, const Value& v) {
  if (r.find("proxy-next-upstream")) return;  // told there
  Retry retry;
  retry.attempts = static_cast<int>(std::max<long>(1, r.number("proxy-next-upstream-tries", 3) - 1));
  retry.timeout_seconds = static_cast<int>(r.number("proxy-next-upstream-timeout", 0));
  r.demand(std::move(retry), {v.claim}, Loss::other, Outcome::refused, experimental);
}

bool algorithm(std::string_view v) {
  return one_of(trim(v), "round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma");
}
void load_balance(Reading& r, const Value& v) {
  if (trim(v.text) == "round_robin")
    r.demand(RoundRobin{}, {v.claim}, Loss::other, Outcome::approximated, "the gateway's own balancing is used");
  else
    r.demand(LeastRequest{}, {v.claim}, Loss::other, Outcome::approximated, "the gateway's own balancing is used");
}

void hash_by(Reading& r, const Value& v) {
  HashBalance hash;
  const std::string key =
      v.text.starts_with("${") && v.text.ends_with("}") ? "$" + v.text.substr(2, v.text.size() - 3) : v.text;
  const auto named = [&](std::string_view start, HashBalance::By by) {
    if (!key.starts_with(start)) return false;
    hash.by = by;
    hash.name = key.substr(start.size());
    return true;
  };
  if (key != "$remote_addr" && key != "$binary_remote_addr" && !named("$http_", HashBalance::By::header) &&
      !named("$cookie_", HashBalance::By::cookie) && !named("$arg_", HashBalance::By::query))
    return r.ledger.settle(v.claim, Outcome::refused, "'" + v.text + "' is not a key that a gateway can hash by",
                           "GW601", Loss::other);
  if (hash.by == HashBalance::By::header)
    for (char& c : hash.name)
      if (c == '_') c = '-';
  r.demand(std::move(hash), {v.claim}, Loss::other, Outcome::refused, needs_policy);
}

bool cookie_word(std::string_view v) {
  return trim(v) == "cookie";
}
bool mode_word(std::string_view v) {
  return one_of(trim(v), "balanced", "persistent");
}
bool canary_word(std::string_view v) {
  return one_of(trim(v), "sticky", "legacy");
}
bool same_site(std::string_view v) {
  const std::string word = lower(trim(v));
  return one_of(std::string_view(word), "none", "lax", "strict");
}
void affinity(Reading& r, const Value&) {
  CookieAffinity sticky;
  sticky.name = r.text("session-cookie-name", "INGRESSCOOKIE");
  sticky.max_age =
      static_cast<int>(std::max<long>(0, r.number("session-cookie-max-age", r.number("session-cookie-expires", 0))));
  sticky.path = r.text("session-cookie-path");
  sticky.domain = r.text("session-cookie-domain");
  sticky.same_site = r.text("session-cookie-samesite");
  sticky.secure = r.on("session-cookie-secure");
  r.demand(
      std::move(sticky),
      r.claims({"affinity", "session-cookie-name", "session-cookie-max-age", "session-cookie-expires",
                "session-cookie-path", "session-cookie-domain", "session-cookie-samesite", "session-cookie-secure"}),
      Loss::other, Outcome::refused, experimental);
}

bool http_version(std::string_view v) {
  return one_of(trim(v), "1.0", "1.1");
}
void http_version_set(Reading& r, const Value& v) {
  const bool plain = trim(v.text) == "1.1";
  r.ledger.settle(v.claim, plain ? Outcome::converted : Outcome::approximated,
                  plain ? "gateways speak HTTP/1.1 to backends" : "gateways speak HTTP/1.1 to backends, not 1.0",
                  plain ? "" : "GW603");
}

bool connection_word(std::string_view v) {
  return one_of(trim(v), "close", "keep-alive");
}

constexpr std::string_view sticky_part = "part of affinity";

constexpr Row rows[] = {
    {"backend-protocol", protocol_word, Invalid::ignored, {}, {}, protocol},
    {"proxy-ssl-name", server_name, Invalid::ignored, {}, {}, ssl_name},
    {"proxy-ssl-verify", on_off, Invalid::ignored, {}, {}, ssl_verify},
    {"proxy-ssl-secret", basic, Invalid::dropped, {}, {}, ssl_secret},
    {"proxy-ssl-ciphers", ssl_ciphers, Invalid::ignored, {}, {}, ssl_ciphers_of_backend},
    {"proxy-ssl-protocols", tls_versions, Invalid::ignored, {}, {}, ssl_protocols},
    {"proxy-ssl-server-name", on_off, Invalid::ignored, {}, {}, ssl_server_name},
    {"proxy-ssl-verify-depth", integer, Invalid::ignored, Outcome::approximated, "gateways check chains of any length"},
    {"service-upstream", boolean, Invalid::ignored, {}, {}, service_upstream},
    {"proxy-connect-timeout", integer, Invalid::ignored, {}, {}, connect_timeout},
    {"proxy-read-timeout", integer, Invalid::ignored, {}, {}, read_timeout},
    {"proxy-send-timeout", integer, Invalid::ignored, {}, {}, send_timeout},
    {"proxy-next-upstream", next_upstream, Invalid::ignored, {}, {}, next_upstream_words},
    {"proxy-next-upstream-tries", integer, Invalid::ignored, {}, {}, next_upstream_part},
    {"proxy-next-upstream-timeout", integer, Invalid::ignored, {}, {}, next_upstream_part},
    {"load-balance", algorithm, Invalid::dropped, {}, {}, load_balance},
    {"upstream-hash-by", hash_key, Invalid::dropped, {}, {}, hash_by},
    {"upstream-hash-by-subset", boolean, Invalid::dropped, Outcome::approximated, "gateways hash over all endpoints",
     nullptr, "upstream-hash-by"},
    {"upstream-hash-by-subset-size", integer, Invalid::dropped, Outcome::approximated,
     "gateways hash over all endpoints", nullptr, "upstream-hash-by"},
    {"affinity", cookie_word, Invalid::ignored, {}, {}, affinity},
    {"affinity-mode", mode_word, Invalid::ignored, Outcome::approximated,
     "how a sticky client moves when endpoints change is the gateway's choice", nullptr, "affinity"},
    {"affinity-canary-behavior", canary_word, Invalid::ignored, Outcome::approximated,
     "whether a sticky client stays on its canary is the gateway's choice", nullptr, "affinity"},
    {"session-cookie-name", basic, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-max-age", digits_age, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-expires", digits_age, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-path", url_spaced_out, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-domain", basic, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-samesite", same_site, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-secure", boolean, Invalid::ignored, Outcome::approximated, sticky_part, nullptr, "affinity"},
    {"session-cookie-change-on-failure", boolean, Invalid::ignored, Outcome::approximated,
     "what happens when the endpoint of a sticky client fails is the gateway's choice", nullptr, "affinity"},
    {"session-cookie-conditional-samesite-none", boolean, Invalid::ignored, Outcome::approximated,
     "SameSite is the same for every browser", nullptr, "affinity"},
    {"proxy-http-version", http_version, Invalid::ignored, {}, {}, http_version_set},
    {"connection-proxy-header", connection_word, Invalid::dropped, Outcome::approximated,
     "Connection is the gateway's own towards the backend"},
    {"fastcgi-index", basic, Invalid::dropped, Outcome::refused,
     "no gateway speaks FastCGI; put a web server beside the application"},
    {"fastcgi-params-configmap", basic, Invalid::dropped, Outcome::refused,
     "no gateway speaks FastCGI; put a web server beside the application"},
};

}  // namespace

Rows backend_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
