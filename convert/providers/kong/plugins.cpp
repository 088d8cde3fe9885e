// KongPlugins: what each does to a request, in Gateway API's words or as a demand.
#include <algorithm>

#include "convert/providers/kong/kong.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"

namespace gw::convert::kong {
namespace {

constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; use a target with policies (--to envoy-gateway)";

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
    p.config.tell(key, Outcome::refused, "limits of a day and longer cannot be expressed", Loss::rate_limit);
  const std::string by = p.config.text("limit_by");
  if (by == "header" || by == "path" || by == "service")
    p.config.tell("limit_by", Outcome::approximated, "each client address is counted, not what Kong counts");
  for (const char* key : {"header_name", "path"}) p.config.skip(key, "of limit_by");
  for (const char* key : {"hide_client_headers", "error_code", "error_message"})
    p.config.tell(key, Outcome::approximated, "what a client over the limit gets is the gateway's own");
  if (p.config.text("policy") == "local") p.config.skip("policy", "the counters are in memory");
  for (const char* key :
       {"policy", "fault_tolerant", "redis", "sync_rate", "redis_host", "redis_port", "redis_password",
        "redis_username", "redis_ssl", "redis_ssl_verify", "redis_server_name", "redis_timeout", "redis_database"})
    if (std::string_view(key) != "policy" || p.config.text("policy") != "local")
      p.config.tell(key, Outcome::approximated, "where the counters are kept is the gateway's own");
}

void cors(Plugin& p) {
  CorsPolicy c;
  c.origins = p.config.list("origins");
  if (c.origins.empty()) c.origins = {"*"};
  const bool any = plain_origins(c, p.config, "origins");  // what has signs of an expression is one for Kong
  c.methods = p.config.list("methods");
  c.headers = p.config.list("headers");
  c.expose = p.config.list("exposed_headers");
  c.credentials = p.config.on("credentials");
  if (const auto age = p.config.number("max_age")) c.max_age = static_cast<std::int32_t>(*age);
  if (p.config.on("preflight_continue"))
    p.config.tell("preflight_continue", Outcome::approximated, "the gateway answers preflights itself");
  if (!any) return p.asking.settle(p.claim, Outcome::refused, "it has no origin that can be written", Loss::other);
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
    if (!bad.empty()) p.demand(Foreign{all}, Loss::allow_list, "an entry of its list is not a network");
    p.demand(std::move(list), Loss::allow_list, needs_policy);
  }
  for (const char* key : {"status", "message"})
    p.config.tell(key, Outcome::approximated, "what a refused client gets is the gateway's own");
}

// "Name:value" lists under add, replace, remove, append.
void transform(Plugin& p, std::vector<HeaderEdit>& to) {
  static constexpr std::pair<std::string_view, HeaderEdit::Op> parts[] = {{"add", HeaderEdit::Op::add},
                                                                          {"append", HeaderEdit::Op::add},
                                                                          {"replace", HeaderEdit::Op::set},
                                                                          {"remove", HeaderEdit::Op::remove}};
  for (const auto& [key, op] : parts) {
    Fields part = p.config.object(key);
    if (part.has("headers") && key != "remove" && key != "append")
      tell(p.asking.ledger, part.ref("headers"), Outcome::approximated,
           key == "add" ? "it is added also where the header is there already; Kong leaves that one"
                        : "it is set also where the header is not there; Kong replaces only",
           Loss::none);
    for (const std::string& line : part.list("headers")) {
      const std::size_t colon = line.find(':');
      const std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
      if (value.find('$') != std::string::npos) {
        p.demand(Foreign{}, Loss::other, "a header made of variables cannot be expressed");
        continue;
      }
      to.push_back({op, line.substr(0, colon), value});
    }
    if (const std::string uri = part.text("uri"); !uri.empty()) {
      RewriteWish& wish = p.asking.wishes.rewrite;
      rewrite_by_template(uri, wish);
      if (p.claim != 0) wish.claims = {p.claim};
      wish.field = part.ref("uri");
    }
    part.rest();
  }
  p.converted("HeaderModifier");
}
void request_transformer(Plugin& p) {
  if (p.config.take("http_method"))
    p.demand(Foreign{}, Loss::rewrite, "another method for the backend cannot be expressed");
  transform(p, p.asking.wishes.plain.request_headers);
}
void response_transformer(Plugin& p) {
  transform(p, p.asking.wishes.plain.response_headers);
}

void size_limiting(Plugin& p) {
  const std::string unit = p.config.text("size_unit");
  const std::int64_t factor = unit == "bytes" ? 1 : unit == "kilobytes" ? 1024 : 1024 * 1024;
  p.demand(BodyLimit{p.config.number("allowed_payload_size").value_or(128) * factor}, Loss::rate_limit, needs_policy);
  if (p.config.on("require_content_length"))
    p.config.tell("require_content_length", Outcome::approximated, "requests without Content-Length are let through");
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
    for (const yaml::Entry& e : p.config.node()->entries())
      p.config.skip(e.key.string(), "logs, metrics and traces are the gateway's own");
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

namespace {

// What makes the plugin one of some requests only, or takes its settings from elsewhere; empty: nothing.
std::string narrowed(Fields& plugin) {
  std::string found;
  for (const char* key : {"configFrom", "configPatches", "consumerRef"})
    if (plugin.tell(key, Outcome::refused, "what the plugin does, and for whom, is not known from its config",
                    Loss::auth))
      found = key;
  const auto on = plugin.list("protocols");
  const auto has = [&](std::string_view a, std::string_view b) {
    return std::any_of(on.begin(), on.end(), [&](const std::string& s) { return s == a || s == b; });
  };
  if (!on.empty() && !(has("http", "grpc") && has("https", "grpcs"))) {
    plugin.tell("protocols", Outcome::refused, "a plugin for one of http and https only is not converted", Loss::auth);
    found = "protocols";
  }
  return found;
}

void apply(std::string_view name, const kube::OtherObject* found, Claim claim, Asking& asking);

}  // namespace

void apply_plugin(std::string_view name, Claim claim, Asking& asking) {
  apply(name, find_plugin(name, asking.wishes.object->metadata.ns, asking.input), claim, asking);
}

const kube::OtherObject* find_plugin(std::string_view name, std::string_view ns, const Input& input) {
  if (const std::size_t colon = name.find(':'); colon != std::string_view::npos)
    return find_own(input, "KongPlugin", name.substr(0, colon), name.substr(colon + 1));
  const kube::OtherObject* found = find_own(input, "KongPlugin", ns, name);
  if (!found)
    for (const kube::OtherObject* o : input.own)
      if (o->kind == "KongClusterPlugin" && o->metadata.name == name) found = o;
  return found && found->node ? found : nullptr;
}

void apply_global_plugins(Asking& asking, const kube::Ingress&) {
  for (const kube::OtherObject* o : asking.input.own) {
    const bool global = o->kind == "KongClusterPlugin" &&
                        std::any_of(o->metadata.labels.begin(), o->metadata.labels.end(), [](const auto& label) {
                          return label.first == "global" && label.second == "true";
                        });
    if (global) apply(o->metadata.name, o, 0, asking);
  }
}

namespace {

void apply(std::string_view name, const kube::OtherObject* found, Claim claim, Asking& asking) {
  if (!found || !found->node)
    return asking.demand(Foreign{std::string(name)}, {claim}, Loss::auth,
                         asking.ir.keep("KongPlugin '" + std::string(name) +
                                        "' is not among the input: what it guards is not known; give its file, too"));
  if (same_proxy(asking.input, "kong")) return keep_as_it_is(asking, *found, claim);
  asking.ledger.read(found->node);
  Fields plugin(*found, found->node, "", asking.ledger);
  const std::string kind = plugin.text("plugin");
  if (plugin.on("disabled")) {
    asking.ledger.settle(found->node, Outcome::ignored, "the plugin is disabled");
    return asking.settle(claim, Outcome::ignored, "the plugin is disabled", Loss::none);
  }
  const Row* row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == kind; });
  const FieldRef before = asking.field;
  asking.field = plugin.ref("plugin");
  Fields config = plugin.object("config");
  for (const char* key : {"apiVersion", "kind", "metadata", "status"}) plugin.take(key);
  for (const char* key : {"instance_name", "run_on"}) plugin.skip(key, "Kong's own bookkeeping");
  plugin.skip("ordering", "the order among plugins; those that are not converted are told themselves");
  const std::string narrower = narrowed(plugin);
  if (!narrower.empty()) asking.field = plugin.ref(narrower);
  if (row == std::end(rows) || !narrower.empty()) {
    if (config.node()) asking.ledger.settle(config.node(), Outcome::refused, "the plugin is not converted");
    asking.demand(Foreign{kind}, {claim}, Loss::auth,
                  asking.ir.keep("plugin '" + kind + "' of " + found->object_id().display() +
                                 " is not converted; it may ask for credentials"));
  } else {
    plugin.rest();
    Plugin p{config, claim, asking};
    row->apply(p);
    if (config.rest())
      asking.demand(Foreign{kind}, {claim}, Loss::auth, "a field of the plugin that may guard is not converted");
  }
  asking.field = before;
}

}  // namespace

}  // namespace gw::convert::kong
