// APISIX: its router takes an exact path, or one with '*' at the end.
#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert {
namespace {

void https(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(false)) return asking.converted(given, "off");
  asking.wishes.https_redirect = true;
  asking.wishes.https_code = 301;
  asking.converted(given, "RequestRedirect to https");
}
void redirect(Asking& asking, const Given& given) {
  Redirect to;
  to.status = small_int(asking.wishes.text("http-redirect-code", "302")).value_or(302);
  if (given.text.find('$') != std::string::npos)
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::rewrite,
                         "a Location made of variables cannot be expressed");
  if (const auto url = nginx::parse_url(given.text)) {
    to.scheme = url->scheme;
    to.host = url->host;
    to.path = PathRewrite{false, url->path.empty() ? "/" : url->path};
  } else {
    to.path = PathRewrite{false, given.text};
  }
  asking.wishes.redirect = to;
  asking.converted(given, "RequestRedirect");
}
void rewrite(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  wish.kind = RewriteWish::Kind::whole;
  wish.target = given.text;
  wish.claims = {given.claim};
}
void rewrite_regex(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  wish.kind = RewriteWish::Kind::pattern;
  wish.pattern = given.text;
  wish.target = asking.wishes.text("rewrite-target-regex-template");
  for (char& c : wish.target)
    if (c == '$') c = '\\';
  wish.claims = asking.wishes.claims({"rewrite-target-regex", "rewrite-target-regex-template"});
}
void cors(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(false)) return asking.converted(given, "off");
  const Wishes& w = asking.wishes;
  CorsPolicy c;
  c.origins = nginx::split(w.text("cors-allow-origin", "*"));
  c.headers = nginx::split(w.text("cors-allow-headers", "*"));
  c.methods = nginx::split(w.text("cors-allow-methods", "*"));
  asking.wishes.plain.cors = std::move(c);
  asking.wishes.plain.claims.push_back({FieldClaim::Field::cors, given.claim});
  asking.converted(given, "CORS filter");
}
void auth(Asking& asking, const Given& given) {
  ExternalAuth auth;
  auth.url = given.text;
  if (const auto url = nginx::parse_url(given.text)) {
    const auto labels = nginx::split(url->host, '.');
    if (labels.size() >= 3 && labels[2] == "svc") auth.service = labels[0], auth.ns = labels[1];
    auth.port = url->port != 0 ? url->port : 80;
    auth.path = url->path.empty() ? "/" : url->path;
  }
  asking.demand(std::move(auth), {given.claim}, Loss::auth,
                "external authentication needs --channel experimental or a target with policies");
}
void methods(Asking& asking, const Given& given) {
  asking.wishes.methods = nginx::split(given.text);
  asking.converted(given, "matches.method");
}
void upstream_scheme(Asking& asking, const Given& given) {
  if (given.text == "http") return asking.converted(given, "the default");
  if (given.text == "grpc") return asking.settle(given.claim, Outcome::approximated, sentence::h2c);
  asking.unchecked_tls({given.claim});
}
// "5s" or "5": whole seconds.
bool seconds(std::string_view v) {
  if (v.ends_with('s')) v.remove_suffix(1);
  return is_int(v);
}

constexpr std::string_view consumers = "a plugin that asks for credentials needs a target with policies";

constexpr WishRow rows[] = {
    {.key = "use-regex", .valid = is_bool, .detail = "ImplementationSpecific paths are expressions"},
    {.key = "http-to-https", .valid = is_bool, .apply = https},
    {.key = "http-redirect", .valid = not_empty, .apply = redirect},
    {.key = "http-redirect-code", .valid = is_redirect_code, .detail = "RequestRedirect.statusCode"},
    {.key = "rewrite-target", .valid = is_path, .apply = rewrite},
    {.key = "rewrite-target-regex", .valid = not_empty, .apply = rewrite_regex},
    {.key = "rewrite-target-regex-template",
     .valid = not_empty,
     .detail = "part of rewrite-target-regex",
     .with = "rewrite-target-regex"},
    {.key = "enable-cors", .valid = is_bool, .apply = cors},
    {.key = "cors-*", .detail = "part of the CORS filter", .with = "enable-cors"},
    {.key = "allowlist-source-range", .loss = Loss::allow_list, .apply = allow_addresses},
    {.key = "blocklist-source-range", .loss = Loss::allow_list, .apply = deny_addresses},
    {.key = "http-allow-methods", .valid = not_empty, .apply = methods},
    {.key = "http-block-methods",
     .outcome = Outcome::refused,
     .detail = "methods that are forbidden cannot be expressed, only those that are allowed",
     .loss = Loss::allow_list},
    {.key = "auth-uri", .valid = not_empty, .loss = Loss::auth, .apply = auth},
    {.key = "auth-*", .outcome = Outcome::refused, .detail = consumers, .loss = Loss::auth},
    {.key = "enable-csrf",
     .outcome = Outcome::refused,
     .detail = "a check of CSRF tokens cannot be expressed",
     .loss = Loss::auth},
    {.key = "csrf-key",
     .outcome = Outcome::refused,
     .detail = "a check of CSRF tokens cannot be expressed",
     .loss = Loss::auth},
    {.key = "plugin-config-name",
     .outcome = Outcome::refused,
     .detail = "an ApisixPluginConfig may ask for anything; its plugins have to become filters",
     .loss = Loss::auth},
    {.key = "upstream-scheme", .valid = not_empty, .apply = upstream_scheme},
    {.key = "upstream-retries",
     .valid = is_int,
     .outcome = Outcome::approximated,
     .detail = "retries are the gateway's own"},
    {.key = "upstream-connect-timeout", .valid = seconds, .apply = connect_timeout},
    {.key = "upstream-read-timeout", .valid = seconds, .apply = backend_timeout},
    {.key = "upstream-send-timeout",
     .valid = seconds,
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no time for sending"},
    {.key = "enable-websocket", .valid = is_bool, .detail = "gateways pass upgrades of every route"},
    {.key = "svc-namespace",
     .outcome = Outcome::refused,
     .detail = "a Service of another namespace needs a ReferenceGrant; write backendRefs.namespace"},
    {.key = "enable-response-rewrite", .outcome = Outcome::refused, .detail = "answers cannot be rewritten"},
    {.key = "response-rewrite-*", .outcome = Outcome::refused, .detail = "answers cannot be rewritten"},
};

bool match(Offer& offer, Asking& asking) {
  if (offer.type == "Exact" || offer.type == "Prefix" || offer.fallback) return true;
  if (offer.wishes->on("use-regex")) {
    offer.reach = Reach::regex;
    std::string body(offer.text);
    if (body.starts_with('^')) body.erase(0, 1);
    if (body.ends_with('$'))
      body.pop_back();
    else
      body += ".*";
    offer.text = asking.ir.keep(std::move(body));
  } else if (offer.text.size() > 1 && offer.text.ends_with('*')) {
    offer.text.remove_suffix(1);
    offer.reach = offer.text == "/" ? Reach::element : Reach::bytes;
  } else {
    offer.reach = Reach::exact;
  }
  return true;
}

constexpr DialectNote notes[] = {
    {"GW640", DialectNote::When::always,
     "APISIX takes the exact path, then the longest prefix; priorities and variables of its own routes are not read",
     "GET http://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "apisix",
    .rows = rows,
    .notes = notes,
    .match = match,
};

}  // namespace

void read_apisix(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty()) read_ingresses(traits, input, ir, ledger);
  read_apisix_routes(input, ir, ledger);
}

std::vector<std::string_view> apisix_annotations() {
  return full_names("k8s.apisix.apache.org/", rows);
}

}  // namespace gw::convert
