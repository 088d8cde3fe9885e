#include "convert/emitters/own.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/plan.h"
#include "convert/object_names.h"
#include "convert/regex.h"
#include "convert/tell.h"
#include "diag/ascii.h"
#include "kube/kinds.h"
#include "yaml/json.h"

namespace gw::convert::own {

namespace {

// The object of that name, or nothing and its place for the one that follows.
kube::OtherObject* shared(PolicyContext& context, std::string_view kind, std::string_view ns, std::string_view name) {
  const std::string key = std::string(kind) + "/" + std::string(ns) + "/" + std::string(name);
  const auto [at, fresh] = context.shared.try_emplace(key, context.others.size());
  return fresh ? nullptr : &context.others[at->second];
}

}  // namespace

kube::OtherObject object(std::string_view api_version, std::string_view kind, const std::string& ns, std::string name,
                         const ordered_json& spec) {
  kube::OtherObject object;
  object.api_version = api_version;
  object.kind = kind;
  object.metadata.ns = ns;
  object.metadata.name = std::move(name);
  object.body = ordered_json{{"spec", spec}}.dump();
  return object;
}

namespace {

// Does a value stand there that nobody may read, rather than the name of a Secret?
bool holds_a_password(const ordered_json& value) {
  static constexpr std::string_view words[] = {"password",     "passwd",  "client_secret", "clientsecret",
                                               "access_token", "api_key", "private_key"};
  if (value.is_array())
    return std::any_of(value.begin(), value.end(), [](const ordered_json& v) { return holds_a_password(v); });
  if (!value.is_object()) return false;
  for (const auto& [key, below] : value.items()) {
    const std::string lower = diag::lower(key);
    const bool named = std::any_of(std::begin(words), std::end(words),
                                   [&](std::string_view w) { return lower.find(w) != std::string::npos; });
    const bool text = below.is_string() || (below.is_array() && !below.empty() && below[0].is_string());
    if ((named && text) || holds_a_password(below)) return true;
  }
  return false;
}

}  // namespace

bool holds_a_password(const kube::OtherObject& object) {
  return holds_a_password(yaml::to_json<ordered_json>(*object.node));
}

kube::OtherObject* carry(PolicyContext& context, const kube::OtherObject& from, const std::string& ns,
                         const std::string& name) {
  if (holds_a_password(from)) {
    context.ledger.note_once(
        {"GW605",
         diag::Severity::warning,
         from.object_id().display() + " goes on where it is; it holds a password and is not written again",
         {},
         &from,
         nullptr,
         "keep it in the cluster, and move the password into a Secret"});
    return nullptr;
  }
  if (shared(context, from.kind, ns, name)) return nullptr;
  kube::OtherObject& object = context.others.emplace_back();
  object.api_version = from.api_version;
  object.kind = from.kind;
  object.metadata.ns = ns;
  object.metadata.name = name;
  object.metadata.labels = from.metadata.labels;
  for (const auto& [key, value] : from.metadata.annotations)
    if (!key.starts_with("kubectl.kubernetes.io/")) object.metadata.annotations.emplace_back(key, value);
  ordered_json body = yaml::to_json<ordered_json>(*from.node);
  for (const char* known : {"apiVersion", "kind", "metadata", "status"}) body.erase(known);
  object.body = body.dump();
  object.comments.push_back("from " + from.object_id().display() + ", as it is");
  return &object;
}

ordered_json spec_of(const kube::OtherObject& object) {
  const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
  return spec && spec->is_map() ? yaml::to_json<ordered_json>(*spec) : ordered_json();
}

kube::OtherObject* carry(PolicyContext& context, const kube::OtherObject& from) {
  const bool of_cluster = from.kind == "KongClusterPlugin";  // it has no namespace
  return carry(context, from, of_cluster ? std::string() : std::string(from.metadata.ns), from.metadata.name);
}

void settle(PolicyContext& context, const Intent& intent, const std::string& detail, bool near) {
  for (const Claim claim : intent.claims)
    context.ledger.settle(claim, near ? Outcome::approximated : Outcome::policy, detail, near ? "GW603" : "");
  tell(context.ledger, intent, near ? Outcome::approximated : Outcome::policy, detail);
}

void settle_field(PolicyContext& context, const Action& action, FieldClaim::Field field, Outcome outcome,
                  const std::string& detail) {
  for (const FieldClaim& f : action.claims)
    if (f.field == field)
      context.ledger.restate(f.claim, outcome, detail, outcome == Outcome::approximated ? "GW603" : "");
}

void refuse(PolicyContext& context, const WrittenRoute& written, const std::vector<std::size_t>& rules,
            const Intent& intent, const std::string& why) {
  const bool grave = security(intent.loss);
  const bool open = context.options.accepts(intent.loss) || intent.otherwise != Outcome::refused;
  for (const Claim claim : intent.claims)
    context.ledger.settle(claim, intent.otherwise, why,
                          intent.otherwise == Outcome::approximated ? "GW603"
                          : grave                                   ? "GW602"
                                                                    : "GW601",
                          intent.loss);
  tell(context.ledger, intent, intent.otherwise, why);
  if (grave && !open)
    for (const std::size_t i : rules) written.route.spec.rules[i].backend_refs.clear();
}

namespace {

bool rewrites(const Intent& intent) {
  return std::holds_alternative<RegexRewrite>(intent.demand);
}

// Do two actions demand the same of a policy?
bool same_demands(const Action& a, const Action& b) {
  auto x = a.intents.begin(), y = b.intents.begin();
  for (;; ++x, ++y) {
    while (x != a.intents.end() && rewrites(*x)) ++x;
    while (y != b.intents.end() && rewrites(*y)) ++y;
    if (x == a.intents.end() || y == b.intents.end()) return x == a.intents.end() && y == b.intents.end();
    if (x->demand != y->demand || x->claims != y->claims) return false;
  }
}

}  // namespace

std::vector<Group> groups(const WrittenRoute& written) {
  std::vector<Group> out;
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    const Action* action = written.rules[i]->action.get();
    if (!action || action->closed || action->redirect) continue;
    if (std::all_of(action->intents.begin(), action->intents.end(), rewrites)) continue;
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const Group& g) { return same_demands(*g.action, *action); });
    if (same == out.end())
      out.push_back({{i}, action});
    else
      same->rules.push_back(i);
  }
  return out;
}

bool one_demand(const WrittenRoute& written, const std::vector<Group>& groups) {
  if (groups.size() != 1) return false;
  std::size_t forwarding = 0;
  for (std::size_t i = 0; i < written.rules.size(); ++i) {
    const Action* action = written.rules[i]->action.get();
    if (!action || (!action->closed && !action->redirect)) ++forwarding;
  }
  return groups.front().rules.size() == forwarding;
}

std::string numbered(const std::string& route, std::size_t n) {
  return n == 0 ? route : route + "--" + std::to_string(n + 1);
}

void extension(kube::HttpRouteRule& rule, std::string_view group, std::string_view kind, const std::string& name) {
  kube::RouteFilter& filter = rule.filters.emplace_back();
  filter.type = "ExtensionRef";
  kube::ObjectReference& ref = filter.extension_ref.emplace();
  ref.group = std::string(group);
  ref.kind = std::string(kind);
  ref.name = name;
}

ordered_json rule_targets(kube::HttpRoute& route, const std::vector<std::size_t>& rules) {
  ordered_json refs = ordered_json::array();
  for (const std::size_t i : rules) {
    kube::OptionalString& name = route.spec.rules[i].name;
    if (!name) name = "rule-" + std::to_string(i + 1);
    refs.push_back(
        {{"group", kube::gateway_group}, {"kind", "HTTPRoute"}, {"name", route.metadata.name}, {"sectionName", *name}});
  }
  return refs;
}

ordered_json with_targets(std::string_view key, ordered_json targets, const ordered_json& rest) {
  ordered_json spec;
  spec[std::string(key)] = std::move(targets);
  for (const auto& [name, value] : rest.items()) spec[name] = value;
  return spec;
}

namespace {

// Does `part` ask for another value where the spec already has one?
bool contradicts(const ordered_json& spec, const ordered_json& part) {
  for (const auto& [key, value] : part.items()) {
    if (!spec.contains(key)) continue;
    if (spec[key].is_object() && value.is_object() ? contradicts(spec[key], value) : spec[key] != value) return true;
  }
  return false;
}

}  // namespace

bool ServicePolicies::merge(PolicyContext& context, std::string_view ns, std::string_view service,
                            const ordered_json& part, ordered_json (*target)(std::string_view, std::string_view),
                            std::string_view target_key) const {
  kube::OtherObject* known = shared(context, kind_, ns, service);
  if (!known) {
    context.others.push_back(object(api_version_, kind_, std::string(ns), std::string(service),
                                    target ? with_targets(target_key, target(ns, service), part) : part));
    return true;
  }
  ordered_json body = ordered_json::parse(known->body);
  if (contradicts(body["spec"], part)) return false;
  body["spec"].merge_patch(part);
  known->body = body.dump();
  return true;
}

ordered_json service_target(std::string_view, std::string_view service) {
  return ordered_json::array({{{"group", ""}, {"kind", "Service"}, {"name", service}}});
}

std::vector<std::string> headers_of_a_session() {
  return {"cookie", "accept", "user-agent", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"};
}

std::string seconds(long n) {
  return std::to_string(std::min<long>(n, 99'999)) + "s";
}

std::string cidr(const std::string& address) {
  if (address.find('/') != std::string::npos) return address;
  return address + (address.find(':') == std::string::npos ? "/32" : "/128");
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos || !url.starts_with("http")) return {};
  url.remove_prefix(scheme + 3);
  const std::string host = diag::lower(url.substr(0, url.find_first_of(":/?#")));
  const bool address = host.find_first_not_of("0123456789.") == std::string::npos;
  return host.empty() || address || !valid_hostname(host) || host.starts_with('*') ? std::string() : host;
}

void grant(PolicyContext& context, std::string_view group, std::string_view kind, const std::string& from_ns,
           std::string_view to_kind, const std::string& to_ns, const std::string& name) {
  if (to_ns.empty() || to_ns == from_ns) return;
  std::string id = "from-" + from_ns + "-" + std::string(kind) + "-to-" + std::string(to_kind) + "-" + name;
  id = diag::lower(std::move(id));
  const ordered_json spec{{"from", ordered_json::array({{{"group", group}, {"kind", kind}, {"namespace", from_ns}}})},
                          {"to", ordered_json::array({{{"group", ""}, {"kind", to_kind}, {"name", name}}})}};
  const std::string named = dns_name(id);
  if (shared(context, "ReferenceGrant", to_ns, named)) return;
  context.others.push_back(own::object(std::string(kube::gateway_group) + "/v1", "ReferenceGrant", to_ns, named, spec));
}

std::string origin_regex(std::string_view origin) {
  std::string out = "^";
  for (std::size_t star; (star = origin.find('*')) != std::string_view::npos; origin.remove_prefix(star + 1))
    out += escape_regex(origin.substr(0, star)) + ".+";
  return out + escape_regex(origin) + "$";
}

bool drop_filters(kube::HttpRouteRule& rule, std::string_view type) {
  return std::erase_if(rule.filters, [&](const kube::RouteFilter& f) { return f.type == type; }) != 0;
}

}  // namespace gw::convert::own
