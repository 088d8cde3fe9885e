#include "convert/providers/f5/annotations.h"

#include <algorithm>

#include "convert/providers/f5/values.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/snippet.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::f5 {
namespace {

using namespace values;

void strip_client(Asking& asking, const Given& given) {
  Wishes& w = asking.wishes;
  std::string value = "max-age=" + std::string(w.text("hsts-max-age", "2592000"));
  if (w.on("hsts-include-subdomains")) value += "; includeSubDomains";
  value += "; preload";
  if (!w.on("hsts")) return asking.converted(given, "off");
  w.hsts = value;
  asking.converted(given, "ResponseHeaderModifier on https");
}

void forwarded_proto(Asking& asking, const Given& given) {
  if (!asking.wishes.on("redirect-to-https")) return asking.converted(given, "off");
  asking.wishes.forwarded_redirect = true;
  asking.settle(given.claim, Outcome::approximated,
                "RequestRedirect where the header X-Forwarded-Proto is http, on the paths that a rule names");
}

void ssl_redirect(Asking& asking, const Given& given) {
  asking.wishes.https_redirect = go_bool(given.text);
  asking.converted(given, *asking.wishes.https_redirect ? "hosts with TLS redirect to https" : "no redirect to https");
}
void code(Asking& asking, const Given& given) {
  asking.wishes.https_code = *small_int(given.text);
  asking.converted(given, "RequestRedirect.statusCode");
}
void root(Asking& asking, const Given& given) {
  asking.wishes.app_root = given.text;
  asking.settle(given.claim, Outcome::approximated, "a redirect of '/'; the query is kept");
}
void body(Asking& asking, const Given& given) {
  asking.demand(BodyLimit{nginx::to_bytes(given.text).value_or(0)}, {given.claim}, Loss::rate_limit,
                "Gateway API has no limit of a body", Outcome::approximated);
}
void read_timeout(Asking& asking, const Given& given) {
  std::string text = given.text;
  std::erase(text, ' ');
  const auto time = duration(text);
  if (!time)
    return asking.settle(given.claim, Outcome::refused, "weeks, months and years are not durations of Gateway API");
  asking.wishes.plain.backend_timeout = gep_duration(*time);
  asking.settle(given.claim, Outcome::approximated,
                "timeouts.backendRequest limits the whole answer, not the time between two reads");
}
void connect(Asking& asking, const Given& given) {
  std::string text = given.text;
  std::erase(text, ' ');
  asking.demand(ConnectTimeout{whole_seconds(duration(text).value_or(std::chrono::seconds(60)))}, {given.claim},
                Loss::other, "Gateway API has no connect timeout", Outcome::approximated);
}
// "X-A: b, X-C" : nginx takes $variables too.
void request_headers(Asking& asking, const Given& given) {
  for (const std::string& one : nginx::split(given.text)) {
    const std::size_t colon = one.find(':');
    const std::string name(nginx::trim(std::string_view(one).substr(0, colon)));
    const std::string value =
        colon == std::string::npos ? "" : std::string(nginx::trim(std::string_view(one).substr(colon + 1)));
    if (value.empty() || value.find('$') != std::string::npos) {
      asking.settle(given.claim, Outcome::refused,
                    asking.ir.keep("header '" + name + "' takes a value of the request: Gateway API sets fixed ones"));
      continue;
    }
    asking.wishes.plain.request_headers.push_back({HeaderEdit::Op::set, name, value});
  }
  asking.converted(given, "RequestHeaderModifier");
}
void add_header(Asking& asking, const Given& given) {
  for (const std::string& one : nginx::split(given.text)) {
    const std::size_t colon = one.find(':');
    const std::string name(nginx::trim(std::string_view(one).substr(0, colon)));
    std::string value =
        colon == std::string::npos ? "" : std::string(nginx::trim(std::string_view(one).substr(colon + 1)));
    if (value.ends_with(":always")) value.resize(value.size() - 7);
    if (value.empty() || value.find('$') != std::string::npos) {
      asking.settle(given.claim, Outcome::refused, asking.ir.keep("header '" + name + "' has no fixed value"));
      continue;
    }
    asking.wishes.plain.response_headers.push_back({HeaderEdit::Op::add, name, value});
  }
  asking.converted(given, "ResponseHeaderModifier; also on answers of other statuses than 2xx and 3xx");
}
void hide(Asking& asking, const Given& given) {
  for (const std::string& name : nginx::split(given.text))
    asking.wishes.plain.response_headers.push_back({HeaderEdit::Op::remove, name, {}});
  asking.converted(given, "ResponseHeaderModifier.remove");
}
void method_of_balance(Asking& asking, const Given& given) {
  const std::string_view v = given.text;
  if (v == "round_robin")
    return asking.demand(RoundRobin{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
  if (v == "ip_hash")
    return asking.demand(HashBalance{HashBalance::By::address, {}}, {given.claim}, Loss::other, sentence::balancing,
                         Outcome::approximated);
  if (v.starts_with("hash $http_"))
    return asking.demand(HashBalance{HashBalance::By::header, std::string(v.substr(11, v.find(' ', 11) - 11))},
                         {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
  asking.demand(LeastRequest{}, {given.claim}, Loss::other, sentence::balancing, Outcome::approximated);
}
void limit(Asking& asking, const Given& given) {
  const std::string_view v = given.text;
  const std::size_t r = v.find("r/");
  const auto n = small_int(v.substr(0, r));
  if (r == std::string_view::npos || !n || r + 2 >= v.size())
    return asking.ignored(given, "is not valid; the controller limits nothing");
  RateLimit limit;
  limit.requests = *n;
  limit.unit = v[r + 2];
  limit.burst = small_int(asking.wishes.text("limit-req-burst")).value_or(0);
  asking.demand(limit, asking.wishes.claims({"limit-req-rate", "limit-req-burst"}), Loss::rate_limit,
                sentence::rate_limit);
}
void basic_auth(Asking& asking, const Given& given) {
  BasicAuth auth{asking.wishes.object->metadata.ns, given.text, std::string(asking.wishes.text("basic-auth-realm")),
                 false, false};
  const auto claims = asking.wishes.claims({"basic-auth-secret", "basic-auth-realm"});
  asking.demand(std::move(auth), claims, Loss::auth, sentence::auth);
}
void snippets(Asking& asking, const Given& given) {
  asking.demand(Snippet{given.text}, {given.claim}, Loss::snippet,
                "a snippet of NGINX means nothing to another gateway");
}
void ssl_services(Asking& asking, const Given& given) {
  asking.demand(
      InsecureBackendTls{}, {given.claim}, Loss::backend_tls,
      "the controller speaks TLS to these Services and checks no certificate; a BackendTLSPolicy needs its name and "
      "authority");
}
void listen(Asking& asking, const Given& given) {
  for (const std::string& one : nginx::split(given.text))
    if (one != "80" && one != "443") {
      asking.settle(given.claim, Outcome::refused,
                    asking.ir.keep("a listener of port " + one + " is not written; add it to the Gateway"));
      return;
    }
  asking.converted(given, "listeners");
}
void retries(Asking& asking, const Given&) {
  Retry retry;
  if (const auto n = small_int(asking.wishes.text("proxy-next-upstream-tries"))) retry.attempts = std::max(1, *n - 1);
  asking.demand(
      retry, asking.wishes.claims({"proxy-next-upstream", "proxy-next-upstream-tries", "proxy-next-upstream-timeout"}),
      Loss::other, "retries need --channel experimental or a target with policies", Outcome::approximated);
}
void rewrite_whole(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  wish.claims.push_back(given.claim);
  if (asking.wishes.find("rewrites")) return asking.ignored(given, "nginx.org/rewrites goes first");
  const bool plain = given.text.find('$') == std::string::npos && given.text.find('?') == std::string::npos;
  if (plain) {
    wish.kind = RewriteWish::Kind::whole;
    wish.target = given.text;
    return;
  }
  wish.kind = RewriteWish::Kind::pattern;  // the pattern is each path's own: see rewrite_pattern
  wish.target = given.text;
}

void error_pages(Asking& asking, const Given& given) {
  asking.demand(ErrorPages{}, {given.claim}, Loss::backend,
                "error pages of the controller, or of its default backend, have no counterpart");
}
constexpr std::string_view no_location = "no gateway rewrites Location of the backend; set it in the application";
void rewritten_location(Asking& asking, const Given& given) {
  if (given.text == "off" || given.text == "default")
    return asking.converted(given, "Location of the backend passes as it is");
  asking.settle(given.claim, Outcome::refused, no_location, Loss::rewrite);
}

constexpr std::string_view plus = "needs NGINX Plus: the open controller rejects the Ingress";
constexpr auto drop = Invalid::dropped;

constexpr WishRow rows[] = {
    {.key = "mergeable-ingress-type",
     .valid = merge_kind,
     .invalid = drop,
     .detail = "the minions' routes share the master's host"},
    {.key = "path-regex", .valid = path_mode, .invalid = drop, .detail = "matches of type RegularExpression or Exact"},
    {.key = "rewrites", .valid = not_empty, .invalid = drop},
    {.key = "rewrite-target", .valid = target, .invalid = drop, .apply = rewrite_whole},
    {.key = "redirect-to-https", .valid = is_bool, .invalid = drop, .apply = forwarded_proto},
    {.key = "ssl-redirect", .valid = is_bool, .invalid = drop, .apply = ssl_redirect},
    {.key = "ingress.kubernetes.io/ssl-redirect", .valid = is_bool, .invalid = drop, .apply = ssl_redirect},
    {.key = "http-redirect-code", .valid = redirect_code, .invalid = drop, .apply = code},
    {.key = "hsts", .valid = is_bool, .invalid = drop, .apply = strip_client},
    {.key = "hsts-max-age", .valid = is_int, .invalid = drop, .detail = "part of hsts", .with = "hsts"},
    {.key = "hsts-include-subdomains", .valid = is_bool, .invalid = drop, .detail = "part of hsts", .with = "hsts"},
    {.key = "hsts-behind-proxy",
     .valid = is_bool,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "the header is set on https only",
     .with = "hsts"},
    {.key = "client-max-body-size", .valid = size, .invalid = drop, .apply = body},
    {.key = "client-body-buffer-size", .outcome = Outcome::approximated, .detail = "buffers are the gateway's own"},
    {.key = "proxy-connect-timeout", .valid = nginx_time, .invalid = drop, .apply = connect},
    {.key = "proxy-read-timeout", .valid = nginx_time, .invalid = drop, .apply = read_timeout},
    {.key = "proxy-send-timeout",
     .valid = nginx_time,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no time for sending"},
    {.key = "proxy-set-headers", .apply = request_headers},
    {.key = "add-header", .apply = add_header},
    {.key = "proxy-hide-headers", .apply = hide},
    {.key = "proxy-pass-headers", .outcome = Outcome::approximated, .detail = "gateways pass them"},
    {.key = "lb-method", .valid = balance, .invalid = drop, .apply = method_of_balance},
    {.key = "limit-req-rate", .apply = limit},
    {.key = "limit-req-burst",
     .valid = positive,
     .invalid = drop,
     .detail = "part of limit-req-rate",
     .with = "limit-req-rate"},
    {.key = "limit-req-reject-code",
     .valid = reject_code,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "gateways answer 429",
     .with = "limit-req-rate"},
    {.key = "limit-req-*",
     .outcome = Outcome::approximated,
     .detail = "part of limit-req-rate; the gateway counts in its own way",
     .with = "limit-req-rate"},
    {.key = "basic-auth-secret", .valid = not_empty, .invalid = drop, .loss = Loss::auth, .apply = basic_auth},
    {.key = "basic-auth-realm",
     .valid = not_empty,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "part of basic-auth-secret",
     .loss = Loss::auth,
     .with = "basic-auth-secret"},
    {.key = "jwt-*", .outcome = Outcome::refused, .detail = plus, .loss = Loss::auth},
    {.key = "ssl-services", .valid = not_empty, .invalid = drop, .apply = ssl_services},
    {.key = "grpc-services",
     .valid = not_empty,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "set appProtocol: kubernetes.io/h2c on the Services' ports; without http2 the controller ignores it"},
    {.key = "websocket-services",
     .valid = not_empty,
     .invalid = drop,
     .detail = "gateways pass upgrades of every route"},
    {.key = "listen-ports", .valid = ports, .invalid = drop, .apply = listen},
    {.key = "listen-ports-ssl", .valid = ports, .invalid = drop, .apply = listen},
    {.key = "proxy-next-upstream", .apply = retries},
    {.key = "proxy-next-upstream*", .outcome = Outcome::approximated, .detail = "part of proxy-next-upstream"},
    {.key = "server-snippets", .loss = Loss::snippet, .apply = snippets},
    {.key = "location-snippets", .loss = Loss::snippet, .apply = snippets},
    {.key = "policies",
     .outcome = Outcome::refused,
     .detail = "Policy resources may ask for authentication or addresses; they are not converted",
     .loss = Loss::auth},
    {.key = "use-cluster-ip",
     .valid = is_bool,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "gateways choose endpoints themselves"},
    {.key = "app-root", .valid = root_path, .invalid = drop, .apply = root},
    {.key = "sticky-cookie-services", .outcome = Outcome::refused, .detail = plus},
    {.key = "health-checks*", .outcome = Outcome::refused, .detail = plus},
    {.key = "slow-start", .outcome = Outcome::refused, .detail = plus},
    {.key = "max-conns",
     .valid = is_int,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = sentence::connections},
    {.key = "max-fails",
     .valid = is_int,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "health of endpoints is the gateway's own"},
    {.key = "fail-timeout",
     .valid = nginx_time,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "health of endpoints is the gateway's own"},
    {.key = "keepalive",
     .valid = is_int,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "connections are the gateway's own"},
    {.key = "proxy-buffering",
     .valid = is_bool,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "proxy-buffers",
     .valid = buffers,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "proxy-buffer-size",
     .valid = size,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "proxy-busy-buffers-size", .outcome = Outcome::approximated, .detail = "buffers are the gateway's own"},
    {.key = "proxy-max-temp-file-size",
     .valid = size,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "upstream-zone-size",
     .valid = size,
     .invalid = drop,
     .outcome = Outcome::approximated,
     .detail = "memory of NGINX"},
    {.key = "custom-http-errors", .valid = not_empty, .apply = error_pages},
    {.key = "proxy-redirect-from", .valid = not_empty, .apply = rewritten_location},
    {.key = "proxy-redirect-to",
     .valid = not_empty,
     .outcome = Outcome::refused,
     .detail = no_location,
     .loss = Loss::rewrite,
     .with = "proxy-redirect-from"},
    {.key = "ssl-ciphers", .outcome = Outcome::approximated, .detail = "ciphers are the gateway's own"},
    {.key = "ssl-prefer-server-ciphers", .outcome = Outcome::approximated, .detail = "ciphers are the gateway's own"},
    {.key = "add-header-inherit",
     .outcome = Outcome::approximated,
     .detail = "gateways add headers to every answer of the route",
     .with = "add-header"},
    {.key = "server-tokens", .outcome = Outcome::approximated, .detail = "the Server header is the gateway's own"},
};

}  // namespace

WishRows annotation_rows() {
  return rows;
}

}  // namespace gw::convert::f5
