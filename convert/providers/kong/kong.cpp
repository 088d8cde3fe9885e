#include "convert/providers/kong/kong.h"

#include <algorithm>

#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/reader.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

bool redirect_code(std::string_view v) {
  return nginx::one_of(v, "426", "301", "302", "307", "308");
}
bool path_handling(std::string_view v) {
  return v == "v0" || v == "v1";
}
bool protocol(std::string_view v) {
  return nginx::one_of(v, "http", "https", "grpc", "grpcs", "tcp", "tls", "ws", "wss");
}

void strip_path(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(false)) return asking.converted(given, "the default");
  RewriteWish& wish = asking.wishes.rewrite;
  wish.kind = RewriteWish::Kind::prefix;
  wish.target = "/";
  wish.claims = {given.claim};
}
// "/new/$(uri_captures[1])"
void rewrite(Asking& asking, const Given& given) {
  asking.wishes.rewrite.claims = {given.claim};
  kong::rewrite_by_template(given.text, asking.wishes.rewrite);
}
void host_header(Asking& asking, const Given& given) {
  asking.wishes.plain.rewrite_host = given.text;
  asking.wishes.plain.claims.push_back({FieldClaim::Field::host, given.claim});
  asking.converted(given, "URLRewrite.hostname");
}
void preserve_host(Asking& asking, const Given& given) {
  if (go_bool(given.text).value_or(true)) return asking.converted(given, "the default");
  asking.settle(given.claim, Outcome::refused,
                "the address of the endpoint as Host cannot be expressed; URLRewrite.hostname takes a fixed name");
}
void aliases(Asking& asking, const Given& given) {
  for (std::string& host : nginx::split(given.text)) asking.wishes.aliases.push_back(std::move(host));
  asking.converted(given, "hostnames of the routes");
}
void protocols(Asking& asking, const Given& given) {
  const auto words = nginx::split(given.text);
  const auto has = [&](std::string_view w) { return std::find(words.begin(), words.end(), w) != words.end(); };
  const bool http = has("http") || has("grpc"), https = has("https") || has("grpcs");
  if (http && https) return asking.converted(given, "listeners of http and https");
  if (http) {
    asking.wishes.https = false;
    return asking.converted(given, "listeners of http");
  }
  const int code = small_int(asking.wishes.text("https-redirect-status-code", "426")).value_or(426);
  if (code == 426) {
    asking.wishes.http = false;
    return asking.settle(given.claim, Outcome::approximated,
                         "http has no route there: 404 instead of Kong's 426 Upgrade Required");
  }
  asking.wishes.https_redirect = true;
  asking.wishes.https_code = code;
  asking.converted(given, "RequestRedirect to https");
}
void code(Asking& asking, const Given& given) {
  if (given.text == "426")
    return asking.settle(given.claim, Outcome::approximated,
                         "Gateway API has no answer 426: http is left without a route");
  asking.settle(given.claim, Outcome::converted, "RequestRedirect.statusCode", Loss::none);
}
void methods(Asking& asking, const Given& given) {
  for (const std::string& m : nginx::split(given.text)) {
    std::string upper = m;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    asking.wishes.methods.push_back(std::move(upper));
  }
  asking.converted(given, "matches.method");
}
// Of a header: between them stands a comma, or what konghq.com/headers-separator says.
std::vector<std::string> values_of(std::string_view text, std::string_view separator) {
  std::vector<std::string> out;
  for (std::size_t end = 0; end != text.npos; text.remove_prefix(end == text.npos ? 0 : end + separator.size())) {
    end = separator.empty() ? text.npos : text.find(separator);
    out.emplace_back(nginx::trim(text.substr(0, end)));
  }
  return out;
}
// konghq.com/headers.x-a: "v1,v2"
void header(Asking& asking, const Given& given) {
  for (const auto& [name, g] : asking.wishes.given) {
    if (g.claim != given.claim) continue;
    std::string pattern;
    const auto values = values_of(given.text, asking.wishes.text("headers-separator", ","));
    for (const std::string& v : values) pattern += (pattern.empty() ? "" : "|") + escape_regex(v);
    const std::string key = name.substr(std::string_view("headers.").size());
    if (values.size() == 1 && !values[0].starts_with("~*"))
      asking.wishes.conditions.headers.push_back({key, values[0], false});
    else if (values.size() == 1)
      asking.wishes.conditions.headers.push_back({key, ".*(?:" + values[0].substr(2) + ").*", true});
    else
      asking.wishes.conditions.headers.push_back({key, pattern, true});
  }
  asking.converted(given, "matches.headers");
}
void plugins(Asking& asking, const Given& given) {
  for (const std::string& name : nginx::split(given.text)) kong::apply_plugin(name, given.claim, asking);
}
// A KongUpstreamPolicy balances, checks health and hashes: it lets nobody in and keeps nobody out.
void upstream_policy(Asking& asking, const Given& given) {
  if (asking.wishes.object->kind != "Service") return asking.ignored(given, "Kong reads it on the Service only");
  asking.settle(given.claim, Outcome::approximated, "balancing and health checks are the gateway's own");
}
void backend_protocol(Asking& asking, const Given& given) {
  if (given.text == "http") return asking.converted(given, "the default");
  if (given.text == "grpc" || given.text == "ws")
    return asking.settle(
        given.claim, Outcome::approximated,
        "set appProtocol (kubernetes.io/h2c, kubernetes.io/ws) on the Service's port; it is not written");
  asking.unchecked_tls({given.claim});
}
void milliseconds(Asking& asking, const Given& given) {
  asking.wishes.plain.backend_timeout = gep_duration(std::chrono::milliseconds(*small_int(given.text)));
  asking.settle(given.claim, Outcome::approximated,
                "timeouts.backendRequest limits the whole answer, not the time between two reads");
}
void connect(Asking& asking, const Given& given) {
  asking.demand(ConnectTimeout{whole_seconds(std::chrono::milliseconds(*small_int(given.text)))}, {given.claim},
                Loss::other, "Gateway API has no connect timeout", Outcome::approximated);
}
void retries(Asking& asking, const Given& given) {
  Retry retry;
  retry.attempts = *small_int(given.text);
  asking.demand(retry, {given.claim}, Loss::other, "retries need --channel experimental or a target with policies",
                Outcome::approximated);
}
void add_path(Asking& asking, const Given& given) {
  RewriteWish& wish = asking.wishes.rewrite;
  if (wish.kind == RewriteWish::Kind::prefix) {  // beside strip-path: the stripped path follows
    wish.target = given.text;
  } else {
    wish.kind = RewriteWish::Kind::add;
    wish.target = given.text;
  }
  wish.claims.push_back(given.claim);
}

constexpr std::string_view verification =
    "how the backend's certificate is checked belongs in a BackendTLSPolicy; it is not written";

constexpr WishRow rows[] = {
    {.key = "strip-path", .valid = is_bool, .apply = strip_path},
    {.key = "rewrite", .valid = not_empty, .apply = rewrite},
    {.key = "path", .valid = is_path, .apply = add_path},
    {.key = "preserve-host", .valid = is_bool, .apply = preserve_host},
    {.key = "host-header", .valid = not_empty, .apply = host_header},
    {.key = "host-aliases", .valid = not_empty, .apply = aliases},
    {.key = "protocols", .valid = not_empty, .apply = protocols},
    {.key = "https-redirect-status-code", .valid = redirect_code, .apply = code},
    {.key = "methods", .valid = not_empty, .apply = methods},
    {.key = "headers.*", .valid = not_empty, .apply = header},
    {.key = "headers-separator", .detail = "what stands between the values of konghq.com/headers.*"},
    {.key = "path-handling",
     .valid = path_handling,
     .outcome = Outcome::approximated,
     .detail = "how Kong puts paths together ('/' between the parts); gateways write one '/' there"},
    {.key = "regex-priority",
     .valid = is_int,
     .outcome = Outcome::approximated,
     .detail = "the order among the rules of a host is kept; Gateway API has none over hosts"},
    {.key = "regex-prefix", .detail = "what marks an expression"},
    {.key = "plugins", .loss = Loss::auth, .apply = plugins},
    {.key = "upstream-policy", .valid = not_empty, .apply = upstream_policy},
    {.key = "protocol", .valid = protocol, .apply = backend_protocol},
    {.key = "connect-timeout", .valid = is_int, .apply = connect},
    {.key = "read-timeout", .valid = is_int, .apply = milliseconds},
    {.key = "write-timeout",
     .valid = is_int,
     .outcome = Outcome::approximated,
     .detail = "Gateway API has no time for sending"},
    {.key = "retries", .valid = is_int, .apply = retries},
    {.key = "tls-verify*", .outcome = Outcome::refused, .detail = verification, .loss = Loss::backend_tls},
    {.key = "ca-certificates-*", .outcome = Outcome::refused, .detail = verification, .loss = Loss::backend_tls},
    {.key = "client-cert",
     .outcome = Outcome::refused,
     .detail = "a client certificate for the backend belongs to the Gateway (spec.tls.backend); it is not written",
     .loss = Loss::backend_tls},
    {.key = "snis",
     .outcome = Outcome::refused,
     .detail = "a server name that decides beside Host is the listener's hostname; write it there",
     .loss = Loss::auth},
    {.key = "request-buffering",
     .valid = is_bool,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "response-buffering",
     .valid = is_bool,
     .outcome = Outcome::approximated,
     .detail = "buffers are the gateway's own"},
    {.key = "override",
     .outcome = Outcome::refused,
     .detail = "KongIngress may change matches, TLS and protocols; its fields have to become fields of the route",
     .loss = Loss::auth},
    {.key = "tags", .outcome = Outcome::approximated, .detail = "tags of Kong's own configuration"},
    {.key = "user-tag", .outcome = Outcome::approximated, .detail = "tags of Kong's own configuration"},
    {.key = "gateway-operator*", .outcome = Outcome::approximated, .detail = "the operator's own"},
};

// "/foo/*"-like paths: "/~" starts an expression that is anchored at its start.
bool match(Offer& offer, Asking& asking) {
  const std::string_view mark = offer.wishes->text("regex-prefix", "/~");
  const long priority = small_int(offer.wishes->text("regex-priority", "0")).value_or(0);
  const bool specific = offer.type != "Exact" && offer.type != "Prefix";
  long regex = offer.type == "Exact" ? 1 : 0;
  if (specific && offer.text.starts_with(mark)) {
    std::string body(offer.text.substr(mark.size()));
    const bool end = body.ends_with('$') && !body.ends_with("\\$");
    if (end) body.pop_back();
    if (body.starts_with('^')) body.erase(0, 1);
    if (top_level_alternation(body)) body = "(?:" + body + ")";
    offer.reach = Reach::regex;
    regex = 1;
    RewriteWish wish = offer.wishes->rewrite;
    if (wish.kind == RewriteWish::Kind::pattern) {
      wish.pattern = "^" + body + (end ? "$" : ".*$");
      offer.own_rewrite = std::move(wish);
    }
    offer.text = asking.ir.keep(body + (end ? "" : ".*"));
  }
  offer.rank = offer.fallback ? -1 : regex * (1'000'000 + priority * 10'000) + static_cast<long>(offer.text.size());
  return true;
}
bool before(const Offer& a, const Offer& b) {
  // A host counts before a path, a plain one before a wildcard.
  const auto key = [](const Offer& o) {
    const int host = o.host.empty() ? 2 : o.host.starts_with('*') ? 1 : 0;
    return std::tuple(o.fallback, host, -o.rank, o.place);
  };
  return key(a) < key(b);
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments or escapes: Kong normalises the path before it matches; Gateway API matches what "
     "the gateway sees",
     "GET http://www.example.org/a//b"},
    {"GW622", DialectNote::When::no_tls, "https to a host without TLS: Kong answers with its default certificate",
     "GET https://www.example.org/"},
    {"GW640", DialectNote::When::always,
     "an exact path is an expression for Kong, as is the bare form of a prefix, and expressions go before prefixes by "
     "regex-priority and length; over hosts the output cannot keep that order",
     "GET http://www.example.org/"},
};

constexpr Dialect traits{
    .provider = "kong",
    .rows = rows,
    .service_rows = rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .fall_through = true,
    .deep_wildcards = true,
    .service_annotations_stay = true,
    .notes = notes,
    .match = match,
    .before = before,
    .prepare = kong::apply_global_plugins,
};

}  // namespace

void kong::rewrite_by_template(std::string_view text, RewriteWish& wish) {
  if (text.find('$') == std::string_view::npos) {
    wish.kind = RewriteWish::Kind::whole;
    wish.target = text;
    return;
  }
  wish.kind = RewriteWish::Kind::pattern;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("$(uri_captures[")) {
      const std::size_t end = text.find("])", i);
      if (end == std::string_view::npos) break;
      wish.target += '\\' + std::string(text.substr(i + 15, end - i - 15));
      i = end + 1;
    } else if (text[i] == '$' && i + 1 < text.size() && std::isdigit(static_cast<unsigned char>(text[i + 1]))) {
      wish.target += '\\';
    } else {
      wish.target += text[i];
    }
  }
}

void read_kong(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty()) read_ingresses(traits, input, ir, ledger);
  kong::read_streams(input, ir, ledger);
}

std::vector<std::string_view> kong_annotations() {
  return full_names("konghq.com/", rows);
}

}  // namespace gw::convert
