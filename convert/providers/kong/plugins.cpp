// KongPlugins: what each does to a request, in Gateway API's words or as a demand.
#include <algorithm>

#include "convert/providers/kong/kong.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"

namespace gw::convert::kong {
namespace {

constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; a target with policies has (--to envoy-gateway)";

struct Plugin {
  Fields& config;
  Claim claim;
  Asking& asking;
  void demand(Demand d, Loss loss, std::string_view without) const {
    asking.demand(std::move(d), claim == 0 ? std::vector<Claim>{} : std::vector<Claim>{claim}, loss, without);
  }
  void converted(std::string_view detail) const { asking.settle(claim, Outcome::converted, detail, Loss::none); }
};

void rate_limiting(Plugin& p) {
  struct Unit {
    std::string_view key;
    char unit;
    int factor;
  };
  for (const Unit& u : {Unit{"second", 's', 1}, Unit{"minute", 'm', 1}, Unit{"hour", 'h', 1}}) {
    const auto n = p.config.number(u.key);
    if (!n) continue;
    RateLimit limit;
    limit.requests = static_cast<int>(*n);
    limit.unit = u.unit;
    p.demand(limit, Loss::rate_limit, needs_policy);
  }
  for (const char* key : {"day", "month", "year"})
    if (p.config.number(key)) p.demand(Foreign{key}, Loss::rate_limit, "limits of a day and longer cannot be said");
  for (const char* key : {"policy", "limit_by", "fault_tolerant", "hide_client_headers", "header_name", "path", "redis",
                          "sync_rate", "error_code", "error_message", "redis_host", "redis_port"})
    p.config.skip(key);
}

void cors(Plugin& p) {
  CorsPolicy c;
  c.origins = p.config.list("origins");
  if (c.origins.empty()) c.origins = {"*"};
  c.methods = p.config.list("methods");
  c.headers = p.config.list("headers");
  c.expose = p.config.list("exposed_headers");
  c.credentials = p.config.on("credentials");
  if (const auto age = p.config.number("max_age")) c.max_age = static_cast<std::int32_t>(*age);
  p.config.skip("preflight_continue");
  p.asking.wishes.plain.cors = std::move(c);
  p.asking.wishes.plain.claims.push_back({FieldClaim::Field::cors, p.claim});
  p.converted("CORS filter");
}

void ip_restriction(Plugin& p) {
  for (const auto& [key, deny] :
       {std::pair{"allow", false}, {"whitelist", false}, {"deny", true}, {"blacklist", true}}) {
    std::string all;
    for (const std::string& one : p.config.list(key)) all += one + ",";
    if (all.empty()) continue;
    std::vector<std::string> bad;
    AddressList list{deny, networks(all, bad)};
    if (!bad.empty()) p.demand(Foreign{all}, Loss::allow_list, "an entry of its list is no network");
    p.demand(std::move(list), Loss::allow_list, needs_policy);
  }
  p.config.skip("status");
  p.config.skip("message");
}

// "Name:value" lists under add, replace, remove, append.
void transform(Plugin& p, std::vector<HeaderEdit>& to) {
  static constexpr std::pair<std::string_view, HeaderEdit::Op> parts[] = {{"add", HeaderEdit::Op::add},
                                                                          {"append", HeaderEdit::Op::add},
                                                                          {"replace", HeaderEdit::Op::set},
                                                                          {"remove", HeaderEdit::Op::remove}};
  for (const auto& [key, op] : parts) {
    Fields part = p.config.object(key);
    for (const std::string& line : part.list("headers")) {
      const std::size_t colon = line.find(':');
      const std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
      if (value.find('$') != std::string::npos) {
        p.demand(Foreign{}, Loss::other, "a header made of variables cannot be said");
        continue;
      }
      to.push_back({op, line.substr(0, colon), value});
    }
    if (const std::string uri = part.text("uri"); !uri.empty()) {
      RewriteWish& wish = p.asking.wishes.rewrite;
      wish.kind = RewriteWish::Kind::whole;
      wish.target = uri;
      if (p.claim != 0) wish.claims = {p.claim};
      wish.field = part.ref("uri");
    }
    part.rest(p.asking.ledger);
  }
  p.converted("HeaderModifier");
}
void request_transformer(Plugin& p) {
  p.config.skip("http_method");
  transform(p, p.asking.wishes.plain.request_headers);
}
void response_transformer(Plugin& p) {
  transform(p, p.asking.wishes.plain.response_headers);
}

void size_limiting(Plugin& p) {
  const std::string unit = p.config.text("size_unit");
  const std::int64_t factor = unit == "bytes" ? 1 : unit == "kilobytes" ? 1024 : 1024 * 1024;
  p.demand(BodyLimit{p.config.number("allowed_payload_size").value_or(128) * factor}, Loss::rate_limit, needs_policy);
  p.config.skip("require_content_length");
}

void redirect(Plugin& p) {
  const auto url = nginx::parse_url(p.config.text("location"));
  const int status = static_cast<int>(p.config.number("status_code").value_or(301));
  const bool keep = p.config.on("keep_incoming_path");
  if (!url) return p.demand(Foreign{}, Loss::rewrite, "its location is no URL");
  Redirect to;
  to.scheme = url->scheme;
  to.host = url->host;
  if (url->port != 0) to.port = url->port;
  if (!keep) to.path = PathRewrite{false, url->path.empty() ? "/" : url->path};
  to.status = status;
  p.asking.wishes.redirect = to;
  p.converted("RequestRedirect");
}

void harmless(Plugin& p) {
  if (p.config.node())
    for (const yaml::Entry& e : p.config.node()->entries()) p.config.skip(e.key.string());
  p.asking.settle(p.claim, Outcome::approximated, "logs, metrics and traces are the gateway's own", Loss::none);
}

struct Row {
  std::string_view name;
  void (*apply)(Plugin& plugin);
};
constexpr Row rows[] = {
    {"rate-limiting", rate_limiting},
    {"cors", cors},
    {"ip-restriction", ip_restriction},
    {"request-transformer", request_transformer},
    {"response-transformer", response_transformer},
    {"request-size-limiting", size_limiting},
    {"redirect", redirect},
    {"prometheus", harmless},
    {"file-log", harmless},
    {"http-log", harmless},
    {"tcp-log", harmless},
    {"udp-log", harmless},
    {"syslog", harmless},
    {"zipkin", harmless},
    {"opentelemetry", harmless},
    {"statsd", harmless},
    {"datadog", harmless},
    {"correlation-id", harmless},
};

}  // namespace

void apply_plugin(std::string_view name, Claim claim, Asking& asking) {
  const kube::OtherObject* found = find_own(asking.input, "KongPlugin", asking.wishes.object->metadata.ns, name);
  if (!found)
    for (const kube::OtherObject* o : asking.input.own)
      if (o->kind == "KongClusterPlugin" && o->metadata.name == name) found = o;
  if (!found || !found->node)
    return asking.demand(
        Foreign{std::string(name)}, {claim}, Loss::auth,
        asking.ir.keep("KongPlugin '" + std::string(name) + "' is not among the input: what it guards is not known"));
  Fields plugin(*found, found->node, "");
  const std::string kind = plugin.text("plugin");
  if (plugin.on("disabled")) return asking.settle(claim, Outcome::ignored, "the plugin is disabled", Loss::none);
  const Row* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == kind; });
  const FieldRef before = asking.field;
  asking.field = plugin.ref("plugin");
  Fields config = plugin.object("config");
  if (row == std::end(rows) || plugin.has("configFrom") || plugin.has("consumerRef")) {
    asking.demand(Foreign{kind}, {claim}, Loss::auth,
                  asking.ir.keep("plugin '" + kind + "' of " + found->object_id().display() +
                                 " is not converted; it may ask for credentials"));
  } else {
    Plugin p{config, claim, asking};
    row->apply(p);
    if (config.rest(asking.ledger))
      asking.demand(Foreign{kind}, {claim}, Loss::auth, "a field of the plugin that may guard is not converted");
  }
  asking.field = before;
}

}  // namespace gw::convert::kong
