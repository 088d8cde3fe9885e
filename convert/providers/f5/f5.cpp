// F5 NGINX Ingress Controller: one Ingress a host, or a master and its minions; raw nginx locations; one bad value
// rejects the whole Ingress.
#include <algorithm>
#include <set>

#include "convert/providers/common.h"
#include "convert/providers/dialects.h"
#include "convert/providers/f5/values.h"
#include "convert/providers/f5/virtual_server.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/snippet.h"
#include "convert/providers/order.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

using namespace f5::values;

// ---- what they become

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
    return asking.settle(given.claim, Outcome::refused, "weeks, months and years are no durations of Gateway API");
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
                "a snippet of NGINX says nothing to another gateway");
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

// ---- the whole Ingress

// "serviceName=s rewrite=/x;…"
std::vector<std::pair<std::string, std::string>> rewrites(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& item : nginx::split(text, ';')) {
    const std::size_t space = item.find(" rewrite=");
    if (item.starts_with("serviceName=") && space != std::string::npos && item[space + 9] == '/')
      out.emplace_back(item.substr(12, space - 12), item.substr(space + 9));
    else
      out.emplace_back();
  }
  return out;
}

std::set<std::string> services(const kube::Ingress& ingress) {
  std::set<std::string> out;
  if (ingress.spec.default_backend && ingress.spec.default_backend->service)
    out.insert(ingress.spec.default_backend->service->name);
  for (const auto& rule : ingress.spec.rules)
    if (rule.http)
      for (const auto& path : rule.http->paths)
        if (path.backend.service) out.insert(path.backend.service->name);
  return out;
}

std::string rejected(const kube::Ingress& ingress, const Wishes& w) {
  if (ingress.spec.rules.empty()) return "it has no rules";
  std::set<std::string> hosts;
  for (const auto& rule : ingress.spec.rules) {
    if (rule.host.empty()) return "a rule has no host";
    if (!hosts.insert(rule.host).second) return "host " + rule.host + " stands in two rules";
  }
  const auto known = services(ingress);
  for (const auto& [service, to] : rewrites(w.text("rewrites")))
    if (!known.contains(service)) return "rewrites is not valid or names a Service that it does not use";
  for (const char* key : {"ssl-services", "grpc-services", "websocket-services"})
    for (const std::string& service : nginx::split(w.text(key)))
      if (!known.contains(service)) return std::string(key) + " names a Service that it does not use";
  for (const auto& rule : ingress.spec.rules)
    if (rule.http)
      for (const auto& path : rule.http->paths) {
        if (path.path.empty() && path.path_type != "Exact" && path.path_type != "Prefix") continue;
        if (!path.path.starts_with('/') || path.path.find_first_of("; \t\n") != std::string::npos)
          return "path '" + path.path + "' is not valid";
      }
  const std::string_view kind = w.text("mergeable-ingress-type");
  const bool paths =
      !ingress.spec.rules.empty() && ingress.spec.rules[0].http && !ingress.spec.rules[0].http->paths.empty();
  if (!kind.empty() && ingress.spec.rules.size() != 1) return "a master or minion has exactly one rule";
  if (kind == "master" && paths) return "a master has no paths";
  if (kind == "minion" && !paths) return "a minion has paths";
  if (kind == "minion" && !ingress.spec.tls.empty()) return "a minion has no tls";
  return {};
}

// NGINX refuses the whole configuration, and with it every later change of anybody.
std::string refused(const kube::Ingress& ingress, const Wishes& w) {
  const bool regex = w.text("path-regex").starts_with("case_");
  if (regex && w.find("rewrites")) return "rewrites beside a path-regex";
  for (const auto& rule : ingress.spec.rules) {
    std::set<std::string> seen;
    if (!rule.http) continue;
    for (const auto& path : rule.http->paths) {
      if (w.text("path-regex").empty() && path.path.find_first_of("{}") != std::string::npos)
        return "braces in path '" + path.path + "'";
      if (w.find("rewrite-target") && path.path_type == "Exact" && w.text("path-regex").empty())
        return "rewrite-target beside the Exact path '" + path.path + "'";
      if (!regex && path.path_type != "Exact" && !seen.insert(path.path.empty() ? "/" : path.path).second)
        return "path '" + path.path + "' twice on one host";
    }
  }
  return {};
}

void prepare(Asking& asking, const kube::Ingress& ingress) {
  Wishes& w = asking.wishes;
  if (w.dropped.empty()) w.dropped = rejected(ingress, w);
  if (const std::string parent =
          w.find("basic-auth-realm") && !w.find("basic-auth-secret") ? "basic-auth-secret"
          : (w.find("hsts-max-age") || w.find("hsts-include-subdomains") || w.find("hsts-behind-proxy")) &&
                  !w.find("hsts")
              ? "hsts"
              : "";
      !parent.empty() && w.dropped.empty())
    w.dropped = "an annotation needs " + parent + " beside it";
  const bool snippet = w.find("server-snippets") || w.find("location-snippets");
  if (snippet && w.dropped.empty() && !asking.input.options.accepts(Loss::snippet))
    w.dropped = "snippets need -enable-snippets; without it the controller rejects the Ingress";
  for (const auto& [key, value] : ingress.metadata.annotations)
    if (key.starts_with("nginx.com/") && w.dropped.empty()) w.dropped = key + " needs NGINX Plus";
  if (w.dropped.empty())
    if (const std::string why = refused(ingress, w); !why.empty())
      asking.ledger.note({"GW607",
                          diag::Severity::error,
                          why + ": NGINX refuses the whole configuration and every later change of anybody",
                          {},
                          &ingress,
                          nullptr,
                          "repair it before anything is converted",
                          Loss::other});
  if (const Given* given = w.find("rewrites")) asking.converted(*given, "URLRewrite of the paths of each Service");
  if (w.text("mergeable-ingress-type") == "minion") w.https_redirect.reset();
}

// Rewrites of one Service's paths; a target with captures of the path that it stands on.
void own_rewrite(Offer& offer) {
  const Wishes& w = *offer.wishes;
  if (const Given* given = w.find("rewrites"); given && offer.backend->service)
    for (const auto& [service, to] : rewrites(given->text))
      if (service == offer.backend->service->name) {
        RewriteWish& wish = offer.own_rewrite.emplace();
        wish.kind = RewriteWish::Kind::prefix;
        wish.target = to;
        wish.claims = {given->claim};
        return;
      }
  if (w.rewrite.kind != RewriteWish::Kind::pattern) return;
  if (w.rewrite.target.find('?') != std::string::npos) {
    auto special = std::make_shared<Special>();
    special->intents.push_back({Foreign{w.rewrite.target}, w.rewrite.claims, Loss::rewrite, Outcome::refused,
                                "a query that is made of the path cannot be said"});
    offer.special = std::move(special);
    offer.own_rewrite.emplace();
    return;
  }
  RewriteWish& wish = offer.own_rewrite.emplace(w.rewrite);
  std::string_view text = offer.text;
  if (offer.reach == Reach::regex && text.ends_with(".*")) text.remove_suffix(2);
  wish.pattern = "^" + std::string(text) + ".*$";
  for (char& c : wish.target)
    if (c == '$') c = '\\';
}

// A location of its own text; the modes of path-regex.
bool match(Offer& offer, Asking& asking) {
  Wishes& w = const_cast<Wishes&>(*offer.wishes);
  const std::string_view mode = w.text("path-regex");
  if (!mode.empty() && offer.type == "Exact") {
    asking.ledger.note(
        {"GW643",
         diag::Severity::warning,
         "path '" + std::string(offer.text) +
             "' is never used: beside path-regex the controller writes an Exact path so that nothing matches it",
         {},
         offer.ingress,
         offer.at});
    return false;
  }
  if (mode.starts_with("case_")) {
    const std::string fold = mode == "case_insensitive" ? "(?i)" : "";
    const std::string_view text = offer.text;
    // `^` binds the first branch only.
    std::string body(text);
    if (top_level_alternation(text)) {
      const std::size_t bar = text.find('|');
      body = "(?:" + std::string(text.substr(0, bar)) + "|.*(?:" + std::string(text.substr(bar + 1)) + "))";
    }
    const bool end = body.ends_with('$') && !body.ends_with("\\$");
    if (end) body.pop_back();
    offer.text = asking.ir.keep(fold + body + (end ? "" : ".*"));
    offer.reach = Reach::regex;
  } else if (mode == "exact") {
    offer.reach = Reach::exact;
  }
  own_rewrite(offer);
  if (offer.text.find('%') != std::string_view::npos && offer.reach != Reach::regex) {
    asking.ledger.note({"GW643",
                        diag::Severity::warning,
                        "path '" + std::string(offer.text) + "' is never used: the controller's template drops the '%'",
                        {},
                        offer.ingress,
                        offer.at});
    return false;
  }
  return true;
}

// Exact, then expressions in the order of the file, then the longest prefix.
bool before(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    const int kind = o.fallback ? 3 : o.reach == Reach::exact ? 0 : o.reach == Reach::regex ? 1 : 2;
    return std::tuple(kind, kind == 2 ? ~o.text.size() : 0, o.place);
  };
  return key(a) < key(b);
}

bool joins(const Wishes& w) {
  return w.text("mergeable-ingress-type") == "minion";
}

// Of the same second the larger UID goes first; files seldom show it.
std::vector<const kube::Ingress*> order(std::vector<const kube::Ingress*> ingresses) {
  ingresses = by_age(std::move(ingresses), Ties::ascending);
  std::stable_sort(ingresses.begin(), ingresses.end(), [](const kube::Ingress* a, const kube::Ingress* b) {
    const kube::Metadata &x = a->metadata, &y = b->metadata;
    return x.creation_timestamp == y.creation_timestamp && !x.uid.empty() && !y.uid.empty() && x.uid > y.uid;
  });
  return ingresses;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes or bytes that are not ASCII: NGINX decodes and cleans a path before it "
     "matches, forwards the raw one (cleaned where it is rewritten), and answers 400 for '..' above the root, %00 and "
     "bad escapes",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624", DialectNote::When::always,
     "a Service or port that is missing, has no endpoints, or refuses: 502 from the controller, 500 or 503 from a "
     "gateway",
     "GET http://www.example.org/"},
    {"GW626", DialectNote::When::always,
     "bodies over 1 MiB (413), Host forwarded without its port and in lower case, X-Forwarded-*: defaults of the "
     "controller",
     "GET http://www.example.org/"},
    {"GW627", DialectNote::When::always,
     "requests with an empty, doubled or missing Host, or one with a trailing dot: NGINX answers 400 or ignores the "
     "dot",
     "GET http://www.example.org./"},
    {"GW629", DialectNote::When::tls,
     "https with a server name other than Host, or of a host without TLS: the controller chooses the certificate by "
     "the one and the rules by the other (404 for what has no TLS); a gateway refuses the handshake or answers 421",
     "GET https://unknown.example.org/"},
    {"GW630", DialectNote::When::always,
     "Location of redirects: the controller writes https://host:443, drops the query for app-root, and keeps the raw "
     "path",
     "GET http://www.example.org/?q=1"},
    {"GW633", DialectNote::When::wildcard,
     "paths that an exact host does not have: the controller answers 404 and never looks at the wildcard; gateways "
     "differ. On https a host without TLS gives way to a wildcard with TLS",
     "GET http://www.example.org/not-there"},
    {"GW634", DialectNote::When::always, "methods TRACE and CONNECT: NGINX answers 405 and 400 itself",
     "TRACE http://www.example.org/"},
};

constexpr std::string_view config_maps[] = {"nginx-config", "nginx-ingress"};
constexpr std::string_view charts[] = {"nginx-ingress"};

// A template of one's own may say anything.
std::string deciding_text(std::string_view text) {
  return text.find("{{") != std::string_view::npos ? "a template" : nginx::deciding_directive(text);
}

constexpr Dialect traits{
    .provider = "f5-nginx",
    .rows = rows,
    .prefix = Reach::bytes,
    .implementation = Reach::bytes,
    .one_owner = true,
    .slash_redirect = true,
    .default_backend = DefaultBackend::own_hosts,
    .tls = TlsMatch::exact,
    .redirect = TlsScope::named_hosts,
    .code = 301,
    .whole_host_redirect = true,
    .notes = notes,
    .match = match,
    .before = before,
    .prepare = prepare,
    .order = order,
    .joins = joins,
    .config_map = {{config_maps, charts}, deciding_text},
    .rival = f5::older_virtual_server,
};

}  // namespace

void read_f5(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty())
    read_ingresses(traits, input, ir, ledger);
  else
    guards_by_default(input, traits.config_map, rows, ir, ledger);  // of VirtualServers, too
  f5::read_virtual_servers(input, ir, ledger);
}

std::vector<std::string_view> f5_annotations() {
  return full_names("nginx.org/", rows);
}

}  // namespace gw::convert
