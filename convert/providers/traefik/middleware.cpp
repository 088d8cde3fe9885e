// Middlewares: what each does to a request, in Gateway API's words or as a demand.
#include <algorithm>

#include "convert/providers/nginx/check.h"
#include "convert/providers/traefik/traefik.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert::traefik {
namespace {

// One Middleware's settings under its only key.
struct Reading {
  Fields& f;
  Claim claim;
  Asking& asking;
  int depth;

  std::vector<Claim> claims() const { return claim == 0 ? std::vector<Claim>{} : std::vector<Claim>{claim}; }
  void demand(Demand d, Loss loss, std::string_view without, Outcome otherwise = Outcome::refused) const {
    asking.demand(std::move(d), claims(), loss, without, otherwise);
  }
  void converted(std::string_view detail) const { asking.settle(claim, Outcome::converted, detail, Loss::none); }
  void approximated(std::string_view detail) const { asking.settle(claim, Outcome::approximated, detail, Loss::none); }
};

constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; use a target with policies (--to envoy-gateway)";

std::string go_substitution(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool braces = text.substr(i).starts_with("${");
    const std::size_t at = i + (braces ? 2 : 1);
    if (text[i] == '$' && at < text.size() && std::isdigit(static_cast<unsigned char>(text[at]))) {
      out += '\\';
      out += text[at];
      i = braces ? at + 1 : at;
      continue;
    }
    out += text[i];
  }
  return out;
}

void rewrite(Reading& r, RewriteWish wish) {
  wish.claims = r.claims();
  wish.field = r.asking.field;
  if (r.asking.wishes.rewrite.kind != RewriteWish::Kind::none) {
    r.demand(Foreign{}, Loss::rewrite, "a second rewrite of the same path cannot be expressed beside the first");
    return;
  }
  r.asking.wishes.rewrite = std::move(wish);
}

void strip_prefix(Reading& r) {
  RewriteWish wish;
  wish.kind = RewriteWish::Kind::strip;
  wish.prefixes = r.f.list("prefixes");
  if (r.f.text("forceSlash") == "false")
    r.f.tell("forceSlash", Outcome::approximated, "a path that is stripped whole becomes '/'");
  rewrite(r, std::move(wish));
}
void add_prefix(Reading& r) {
  RewriteWish wish;
  wish.kind = RewriteWish::Kind::add;
  wish.target = r.f.text("prefix");
  rewrite(r, std::move(wish));
}
void replace_path(Reading& r) {
  RewriteWish wish;
  wish.kind = RewriteWish::Kind::whole;
  wish.target = r.f.text("path");
  rewrite(r, std::move(wish));
}
void replace_path_regex(Reading& r) {
  RewriteWish wish;
  wish.kind = RewriteWish::Kind::pattern;
  wish.pattern = r.f.text("regex");
  wish.target = go_substitution(r.f.text("replacement"));
  wish.in_place = true;
  rewrite(r, std::move(wish));
}
void strip_prefix_regex(Reading& r) {
  std::string all;
  for (const std::string& one : r.f.list("regex")) all += (all.empty() ? "" : "|") + one;
  RewriteWish wish;
  wish.kind = RewriteWish::Kind::pattern;
  wish.pattern = "^(?:" + all + ")/?(.*)$";
  wish.target = "/\\" + std::to_string(captures(all) + 1);
  rewrite(r, std::move(wish));
}

// Traefik answers GET with 301 or 302 and every other method with 308 or 307. One code has to serve all: with 301 a
// POST would become a GET.
int keeping_code(bool permanent) {
  return permanent ? 308 : 307;
}

void redirect_scheme(Reading& r) {
  const std::string scheme = r.f.text("scheme"), port = r.f.text("port");
  const bool permanent = r.f.on("permanent");
  Wishes& w = r.asking.wishes;
  w.rewritten_first = w.rewrite.kind != RewriteWish::Kind::none;
  if (scheme == "https") {
    w.https_redirect = true;
    w.https_code = keeping_code(permanent);
    if (!port.empty() && port != "443") w.https_port = small_int(port);
    return r.approximated(r.asking.ir.keep("RequestRedirect to https with " + std::to_string(w.https_code) +
                                           ", as Traefik answers methods other than GET; GET got " +
                                           (permanent ? "301" : "302")));
  }
  if (scheme.empty()) return r.demand(Foreign{}, Loss::rewrite, "it names no scheme");
  Redirect to;
  to.scheme = scheme;
  if (!port.empty()) to.port = small_int(port);
  to.status = keeping_code(permanent);
  w.redirect = to;
  r.approximated("RequestRedirect; a request that has the scheme already is redirected too");
}

// Only a fixed target, or one that keeps the path, can be said.
void redirect_regex(Reading& r) {
  const std::string regex = r.f.text("regex"), target = r.f.text("replacement");
  const bool permanent = r.f.on("permanent");
  const auto url = nginx::parse_url(target.substr(0, target.find('$')));
  const std::size_t dollar = target.find('$');
  Redirect to;
  to.status = keeping_code(permanent);
  const bool tail = dollar != std::string::npos && (target.substr(dollar) == "$1" || target.substr(dollar) == "${1}");
  const bool keeps_path = tail && url && (url->path == "/" || url->path.empty()) &&
                          (regex.ends_with("/(.*)") || regex.ends_with("/(.*)$") || regex.ends_with("(/.*)"));
  if (!url || (dollar != std::string::npos && !keeps_path))
    return r.demand(Foreign{target}, Loss::rewrite,
                    "a redirect that takes the URL apart cannot be expressed; write a RequestRedirect for it");
  to.scheme = url->scheme;
  to.host = url->host;
  if (url->port != 0) to.port = url->port;
  if (!keeps_path) to.path = PathRewrite{false, url->path.empty() ? "/" : url->path.substr(0, url->path.find('?'))};
  r.asking.wishes.redirect = to;
  r.approximated("RequestRedirect of every request of the rule, whether or not its URL matches the expression");
}

void edit(Reading& r, std::string_view key, std::vector<HeaderEdit>& to) {
  for (auto& [name, value] : r.f.map(key)) {
    const auto op = value.empty() ? HeaderEdit::Op::remove : HeaderEdit::Op::set;
    if (nginx::lower(name) == "host" && key == "customRequestHeaders" && !value.empty())
      r.asking.wishes.plain.rewrite_host = value;
    else
      to.push_back({op, name, value});
  }
}

struct FixedHeader {
  std::string_view field, header, value;  // empty value: the field's own
};
constexpr FixedHeader fixed_headers[] = {
    {"frameDeny", "X-Frame-Options", "DENY"},
    {"customFrameOptionsValue", "X-Frame-Options", {}},
    {"contentTypeNosniff", "X-Content-Type-Options", "nosniff"},
    {"browserXssFilter", "X-XSS-Protection", "1; mode=block"},
    {"customBrowserXSSValue", "X-XSS-Protection", {}},
    {"contentSecurityPolicy", "Content-Security-Policy", {}},
    {"contentSecurityPolicyReportOnly", "Content-Security-Policy-Report-Only", {}},
    {"referrerPolicy", "Referrer-Policy", {}},
    {"permissionsPolicy", "Permissions-Policy", {}},
    {"publicKey", "Public-Key-Pins", {}},
};

void cors(Reading& r) {
  CorsPolicy c;
  c.origins = r.f.list("accessControlAllowOriginList");
  const auto regexes = r.f.list("accessControlAllowOriginListRegex");
  c.methods = r.f.list("accessControlAllowMethods");
  c.headers = r.f.list("accessControlAllowHeaders");
  c.expose = r.f.list("accessControlExposeHeaders");
  c.credentials = r.f.on("accessControlAllowCredentials");
  if (const auto age = r.f.number("accessControlMaxAge")) c.max_age = static_cast<std::int32_t>(*age);
  r.f.skip("addVaryHeader", "the CORS filter says Vary itself");
  if (!regexes.empty())
    tell(r.asking.ledger, r.f.ref("accessControlAllowOriginListRegex"), Outcome::refused,
         "the CORS filter takes origins with a wildcard, no expressions", Loss::other);
  if (c.origins.empty() && c.methods.empty()) {
    for (const char* key : {"accessControlAllowHeaders", "accessControlExposeHeaders", "accessControlAllowCredentials",
                            "accessControlMaxAge"})
      r.f.tell(key, Outcome::refused, "without origins and methods there is no CORS filter", Loss::other);
    return;
  }
  r.asking.wishes.plain.cors = std::move(c);
  r.asking.wishes.plain.claims.push_back({FieldClaim::Field::cors, r.claim});
}

void headers(Reading& r) {
  Action& a = r.asking.wishes.plain;
  edit(r, "customRequestHeaders", a.request_headers);
  edit(r, "customResponseHeaders", a.response_headers);
  for (const FixedHeader& h : fixed_headers) {
    const std::string value = r.f.text(h.field);
    if (value.empty() || value == "false") continue;
    a.response_headers.push_back(
        {HeaderEdit::Op::set, std::string(h.header), h.value.empty() ? value : std::string(h.value)});
  }
  if (const auto age = r.f.number("stsSeconds"); age.value_or(0) > 0) {
    std::string value = "max-age=" + std::to_string(*age);
    if (r.f.on("stsIncludeSubdomains")) value += "; includeSubDomains";
    if (r.f.on("stsPreload")) value += "; preload";
    if (r.f.on("forceSTSHeader"))
      a.response_headers.push_back({HeaderEdit::Op::set, "Strict-Transport-Security", value});
    else
      r.asking.wishes.hsts = value;
  }
  for (const char* known : {"stsIncludeSubdomains", "stsPreload", "forceSTSHeader"}) r.f.skip(known, "of stsSeconds");
  if (r.f.on("isDevelopment"))
    r.f.tell("isDevelopment", Outcome::approximated, "what Traefik leaves out in development is written all the same");
  if (r.f.on("sslRedirect") || r.f.on("sslForceHost")) r.asking.wishes.https_redirect = true;
  for (const char* known : {"sslRedirect", "sslForceHost"})
    if (r.f.on(known))
      r.f.tell(known, Outcome::approximated, "a redirect to https; Traefik 3 does not read it any more");
  for (const char* known : {"sslTemporaryRedirect", "sslHost", "sslProxyHeaders", "featurePolicy"})
    r.f.tell(known, Outcome::ignored, "Traefik 3 does not read it any more");
  r.f.tell("hostsProxyHeaders", Outcome::approximated, "the gateway chooses by Host, not by another header");
  if (!r.f.list("allowedHosts").empty())
    r.demand(Foreign{"allowedHosts"}, Loss::allow_list,
             "allowedHosts refuses other hosts; the route's hostnames do so only "
             "where it names hosts");
  cors(r);
  r.converted("RequestHeaderModifier, ResponseHeaderModifier, CORS");
}

void ip_allow_list(Reading& r) {
  std::vector<std::string> bad;
  std::string all;
  for (const std::string& one : r.f.list("sourceRange")) all += one + ",";
  AddressList list{false, networks(all, bad)};
  r.f.tell("rejectStatusCode", Outcome::approximated, "the status of a refusal is the gateway's own");
  const bool strategy = static_cast<bool>(r.f.object("ipStrategy"));
  if (!bad.empty() || list.cidrs.empty() || strategy)
    return r.demand(Foreign{all}, Loss::allow_list,
                    strategy ? "which address of X-Forwarded-For counts (ipStrategy) is the gateway's own setting"
                             : "its list is empty or not valid: Traefik has no such router");
  r.demand(std::move(list), Loss::allow_list, needs_policy);
}

// What the backend gets of the user. A name that a client could send itself must not be believed.
void user_headers(Reading& r) {
  if (r.f.take("headerField"))
    r.demand(Foreign{}, Loss::auth, "the name of the user for the backend (headerField) cannot be expressed");
  if (r.f.on("removeHeader"))
    r.f.tell("removeHeader", Outcome::approximated, "the backend gets the header Authorization");
}

void basic_auth(Reading& r) {
  BasicAuth auth{r.f.owner().metadata.ns, r.f.text("secret"), r.f.text("realm"), false, false};
  user_headers(r);
  if (auth.secret.empty()) return r.demand(Foreign{}, Loss::auth, "it names no Secret");
  r.demand(std::move(auth), Loss::auth, needs_policy);
}
void digest_auth(Reading& r) {
  BasicAuth auth{r.f.owner().metadata.ns, r.f.text("secret"), r.f.text("realm"), true, false};
  user_headers(r);
  r.demand(std::move(auth), Loss::auth, needs_policy);
}

void forward_auth(Reading& r) {
  ExternalAuth auth;
  auth.url = r.f.text("address");
  auth.response_headers = r.f.list("authResponseHeaders");
  if (const auto url = nginx::parse_url(auth.url)) {
    const auto labels = nginx::split(url->host, '.');
    if (labels.size() >= 3 && labels[2] == "svc") auth.service = labels[0], auth.ns = labels[1];
    if (labels.size() == 1) auth.service = labels[0], auth.ns = r.f.owner().metadata.ns;
    auth.port = url->port != 0 ? url->port : url->scheme == "https" ? 443 : 80;
    auth.path = url->path.empty() ? "/" : url->path;
  }
  for (const char* known : {"trustForwardHeader", "authRequestHeaders", "maxBodySize", "maxResponseBodySize",
                            "forwardBody", "preserveLocationHeader", "preserveRequestMethod"})
    r.f.tell(known, Outcome::approximated, "what the authentication service gets is the gateway's own");
  r.f.tell("addAuthCookiesToResponse", Outcome::refused,
           "cookies of the authentication service do not reach the client", Loss::other);
  for (const char* known : {"authResponseHeadersRegex", "headerField"})
    if (r.f.take(known))
      r.demand(Foreign{auth.url}, Loss::auth,
               "what it tells the backend beside authResponseHeaders cannot be expressed");
  if (r.f.object("tls"))
    return r.demand(Foreign{auth.url}, Loss::auth,
                    "it speaks TLS with the authentication service; that cannot be expressed");
  r.demand(std::move(auth), Loss::auth, needs_policy);
}

// "average" requests a period, as requests a second, minute or hour.
bool in_units(RateLimit& limit, std::chrono::milliseconds period) {
  if (period.count() <= 0) return false;
  for (const auto& [unit, length] : {std::pair{'s', 1000L}, {'m', 60'000L}, {'h', 3'600'000L}}) {
    if (limit.requests * length % period.count() != 0) continue;
    limit.requests = static_cast<int>(limit.requests * length / period.count());
    limit.unit = unit;
    return true;
  }
  return false;
}

void counted(Reading& r) {
  r.f.tell("sourceCriterion", Outcome::approximated, "each client address is counted, not what Traefik counts");
}

void rate_limit(Reading& r) {
  RateLimit limit;
  limit.requests = static_cast<int>(r.f.number("average").value_or(0));
  limit.burst = static_cast<int>(r.f.number("burst").value_or(1));
  const auto period = r.f.time("period");
  const bool said = in_units(limit, period.value_or(std::chrono::seconds(1)));
  counted(r);
  r.f.tell("redis", Outcome::approximated, "where the counters are kept is the gateway's own");
  if (limit.requests == 0)
    return r.asking.settle(r.claim, Outcome::ignored, "an average of 0 limits nothing", Loss::none);
  if (!said) return r.demand(Foreign{}, Loss::rate_limit, "so many requests in such a period are not a whole rate");
  r.demand(limit, Loss::rate_limit, needs_policy);
}
void in_flight(Reading& r) {
  counted(r);
  r.demand(ConnectionLimit{static_cast<int>(r.f.number("amount").value_or(0))}, Loss::rate_limit, needs_policy);
}
void buffering(Reading& r) {
  const long bytes = r.f.number("maxRequestBodyBytes").value_or(0);
  for (const char* known : {"memRequestBodyBytes", "memResponseBodyBytes"}) r.f.skip(known, "Traefik's own memory");
  r.f.tell("maxResponseBodyBytes", Outcome::approximated, "answers of any length pass");
  r.f.tell("retryExpression", Outcome::refused, "retries by an expression cannot be expressed", Loss::other);
  if (bytes > 0) return r.demand(BodyLimit{bytes}, Loss::rate_limit, needs_policy);
  r.approximated("gateways buffer as they see fit");
}
void retry(Reading& r) {
  Retry retry;
  retry.attempts = static_cast<int>(r.f.number("attempts").value_or(1));
  for (const char* known : {"initialInterval", "status", "timeout", "maxRequestBodyBytes", "retryNonIdempotentMethod",
                            "disableRetryOnNetworkError"})
    r.f.tell(known, Outcome::approximated, "the gateway decides what is tried again, and when");
  r.demand(retry, Loss::other, "retries need the experimental channel or a target with policies",
           Outcome::approximated);
}
// "404" or "500-599".
void status_range(const std::string& text, std::vector<int>& to) {
  const std::size_t dash = text.find('-');
  const auto first = small_int(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : small_int(text.substr(dash + 1));
  if (first && last)
    for (int code = *first; code <= std::min(*last, 599); ++code) to.push_back(code);
}

void errors(Reading& r) {
  ErrorPages pages;
  for (const std::string& code : r.f.list("status")) status_range(code, pages.codes);
  Fields service = r.f.object("service");
  pages.ns = r.f.owner().metadata.ns;
  pages.service = service.text("name");
  pages.port = static_cast<kube::Port>(service.number("port").value_or(0));
  if (const std::string ns = service.text("namespace"); !ns.empty()) pages.ns = ns;
  if (service.text("kind") == "TraefikService")
    service.tell("kind", Outcome::refused, "pages of a TraefikService are not read", Loss::backend);
  for (const char* known : {"weight", "strategy", "nativeLB", "nodePortLB", "healthCheck", "passiveHealthCheck",
                            "responseForwarding", "sticky", "passHostHeader", "scheme", "serversTransport"})
    service.tell(known, Outcome::approximated, "how the error pages are fetched is the gateway's own");
  service.rest();
  for (const char* known : {"query", "statusRewrites", "errorRequestHeaders"})
    r.f.tell(known, Outcome::approximated, "which page is asked for, and how, is the gateway's own");
  r.demand(std::move(pages), Loss::other, "Gateway API has no error pages");
}

void chain(Reading& r) {
  for (const yaml::Node* item : r.f.items("middlewares")) {
    Fields ref = r.f.at(*item, "middlewares[]");
    const std::string name = ref.text("name");
    std::string ns = ref.text("namespace");
    if (ns.empty()) ns = r.f.owner().metadata.ns;
    const kube::OtherObject* found = find_own(r.asking.input, "Middleware", ns, name);
    if (!found || r.depth > 8)
      missing_middleware(name, r.claim, r.asking);
    else
      apply_middleware(*found, r.claim, r.asking);
    ref.rest();
  }
}

void no_effect(Reading& r) {
  if (r.f.node())
    for (const yaml::Entry& e : r.f.node()->entries())
      r.f.skip(e.key.string(), "gateways do this as they see fit: it changes no route");
  r.approximated("gateways do this as they see fit: it changes no route");
}
void client_certificate(Reading& r) {
  no_effect(r);
  r.demand(Foreign{}, Loss::client_certificate, "the client's certificate cannot be passed on in a header");
}

struct Row {
  std::string_view name;
  void (*apply)(Reading& reading);
};
constexpr Row rows[] = {
    {"stripPrefix", strip_prefix},
    {"stripPrefixRegex", strip_prefix_regex},
    {"addPrefix", add_prefix},
    {"replacePath", replace_path},
    {"replacePathRegex", replace_path_regex},
    {"redirectScheme", redirect_scheme},
    {"redirectRegex", redirect_regex},
    {"headers", headers},
    {"ipAllowList", ip_allow_list},
    {"ipWhiteList", ip_allow_list},
    {"basicAuth", basic_auth},
    {"digestAuth", digest_auth},
    {"forwardAuth", forward_auth},
    {"rateLimit", rate_limit},
    {"inFlightReq", in_flight},
    {"buffering", buffering},
    {"retry", retry},
    {"errors", errors},
    {"chain", chain},
    {"passTLSClientCert", client_certificate},
    {"compress", no_effect},
    {"contentType", no_effect},
    {"grpcWeb", no_effect},
    {"circuitBreaker", no_effect},
};

}  // namespace

void missing_middleware(std::string_view name, Claim claim, Asking& asking) {
  asking.demand(
      Foreign{std::string(name)}, {claim}, Loss::auth,
      asking.ir.keep(
          "Middleware '" + std::string(name) +
          "' is not among the input: Traefik has no such router, and what it guards is not known; give its file, too"));
}

namespace {

constexpr int deepest_chain = 8;

// Traefik takes any Middleware on a route of its Gateway, and the order is the one that was written. What a chain
// refers to has to be there, too.
void keep_middleware(const kube::OtherObject& middleware, Claim claim, Asking& asking, int depth) {
  if (depth == 0) keep_as_it_is(asking, middleware, claim);
  for (const yaml::Entry& e : middleware.node->entries()) asking.ledger.settle(&e.value, Outcome::converted, {});
  const yaml::Node* spec = middleware.node->find("spec");
  const yaml::Node* chained = spec && spec->is_map() ? spec->find("chain") : nullptr;
  const yaml::Node* list = chained && chained->is_map() ? chained->find("middlewares") : nullptr;
  if (!list || !list->is_seq()) return;
  for (const yaml::Node& item : list->items()) {
    if (!item.is_map()) continue;
    const std::string name = text_of(item.find("name"));
    std::string ns = text_of(item.find("namespace"));
    if (ns.empty()) ns = middleware.metadata.ns;
    const kube::OtherObject* found = find_own(asking.input, "Middleware", ns, name);
    if (!found || !found->node || depth >= deepest_chain)
      missing_middleware(name, claim, asking);
    else
      keep_middleware(*found, claim, asking, depth + 1);
  }
}

}  // namespace

void apply_middleware(const kube::OtherObject& middleware, Claim claim, Asking& asking) {
  if (same_proxy(asking.input, "traefik") && middleware.node) return keep_middleware(middleware, claim, asking, 0);
  Fields spec(middleware, middleware.node ? middleware.node->find("spec") : nullptr, "spec", asking.ledger);
  asking.ledger.read(middleware.node);
  if (!spec) return;
  for (const yaml::Entry& e : spec.node()->entries()) {
    const std::string_view kind = e.key.string();
    const Row* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == kind; });
    Fields settings = spec.object(kind);
    const FieldRef before = asking.field;
    asking.field = spec.ref(kind);
    if (row == std::end(rows)) {
      asking.demand(
          Foreign{std::string(kind)}, {claim}, Loss::auth,
          asking.ir.keep("a Middleware '" + std::string(kind) + "' is not converted; it may answer by itself"));
    } else {
      static thread_local int depth = 0;
      ++depth;
      Reading reading{settings, claim, asking, depth};
      row->apply(reading);
      --depth;
      if (settings.rest())
        asking.demand(Foreign{std::string(kind)}, {claim}, Loss::auth, "a field of it that may guard is not converted");
    }
    asking.field = before;
  }
}

}  // namespace gw::convert::traefik
