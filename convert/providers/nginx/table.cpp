// The families of annotations, and reading one Ingress by them.
#include <algorithm>
#include <unordered_map>

#include "convert/providers/nginx/rows.h"

namespace gw::convert::nginx {
namespace {

// In this order they are applied.
const std::vector<Rows>& all_families() {
  static const std::vector<Rows> families{canary_rows(), traffic_rows(), access_rows(),   backend_rows(),
                                          limit_rows(),  header_rows(),  operation_rows()};
  return families;
}

const std::unordered_map<std::string_view, const Row*>& by_key() {
  static const auto map = [] {
    std::unordered_map<std::string_view, const Row*> m;
    for (const Rows family : all_families())
      for (const Row& r : family) {
        m.emplace(r.key, &r);
        if (!r.alias.empty()) m.emplace(r.alias, &r);
      }
    return m;
  }();
  return map;
}

bool in(Rows family, const Row& r) {
  return &r >= family.data() && &r < family.data() + family.size();
}
bool firewall(const Row& r) {
  return r.key.find("modsec") != std::string_view::npos || r.key.find("owasp") != std::string_view::npos;
}
bool guards(const Row& r) {
  return in(access_rows(), r) || firewall(r);
}

Risk risk_of(std::string_view key) {
  static constexpr std::string_view high[] = {
      "auth-signin",   "auth-tls-error-page",        "auth-tls-match-cn", "auth-url",     "mirror-host",
      "mirror-target", "modsecurity-transaction-id", "proxy-ssl-name",    "server-alias", "upstream-hash-by"};
  static constexpr std::string_view medium[] = {"affinity-mode",
                                                "allowlist-source-range",
                                                "app-root",
                                                "auth-cache-duration",
                                                "auth-cache-key",
                                                "auth-proxy-set-headers",
                                                "auth-realm",
                                                "auth-request-redirect",
                                                "auth-response-headers",
                                                "auth-secret",
                                                "auth-signin-redirect-param",
                                                "auth-tls-secret",
                                                "auth-tls-verify-client",
                                                "canary-by-cookie",
                                                "canary-by-header",
                                                "canary-by-header-pattern",
                                                "canary-by-header-value",
                                                "cors-allow-headers",
                                                "cors-allow-methods",
                                                "cors-allow-origin",
                                                "cors-expose-headers",
                                                "custom-headers",
                                                "denylist-source-range",
                                                "fastcgi-index",
                                                "fastcgi-params-configmap",
                                                "force-ssl-redirect",
                                                "opentelemetry-operation-name",
                                                "permanent-redirect",
                                                "preserve-trailing-slash",
                                                "proxy-body-size",
                                                "proxy-cookie-domain",
                                                "proxy-cookie-path",
                                                "proxy-next-upstream",
                                                "proxy-redirect-from",
                                                "proxy-redirect-to",
                                                "proxy-ssl-ciphers",
                                                "proxy-ssl-secret",
                                                "rewrite-target",
                                                "session-cookie-domain",
                                                "session-cookie-expires",
                                                "session-cookie-max-age",
                                                "session-cookie-name",
                                                "session-cookie-path",
                                                "temporal-redirect",
                                                "x-forwarded-prefix"};
  const auto in = [&](const auto& keys) { return std::find(std::begin(keys), std::end(keys), key) != std::end(keys); };
  return in(high) ? Risk::high : in(medium) ? Risk::medium : key.ends_with("-snippet") ? Risk::critical : Risk::low;
}

Loss loss_of_row(const Row& r) {
  if (r.critical) return Loss::snippet;
  if (firewall(r)) return Loss::waf;
  if (!guards(r)) return Loss::other;
  if (r.key.ends_with("source-range")) return Loss::allow_list;
  return r.key.starts_with("auth-tls") ? Loss::client_certificate : Loss::auth;
}

// A value that the controller does not take.
void invalid(Reading& r, const Row& row, const Value& v, const std::string& key) {
  const std::string what = "'" + v.text.substr(0, 80) + "' is not valid";
  const Loss loss = loss_of_row(row);
  const bool accepted = r.input.options.accepts(loss);
  switch (row.invalid) {
    case Invalid::ignored:
      r.ledger.settle(v.claim, guards(row) ? Outcome::approximated : Outcome::ignored,
                      what + "; ingress-nginx ignores it" + (guards(row) ? " and uses its default" : ""), "GW605");
      return;
    case Invalid::denied:
      r.ledger.settle(v.claim, Outcome::refused, what + "; ingress-nginx answers 503 on every path of this Ingress",
                      "GW602", loss);
      if (!accepted) r.config.denied = key + " " + what;
      return;
    case Invalid::dropped:
      r.ledger.settle(v.claim, Outcome::refused, what + "; ingress-nginx ignores this whole Ingress", "GW606", loss);
      if (!accepted) r.config.dropped = key + " " + what;
      return;
  }
}

void refuse_snippet(Reading& r, const Value& v, const std::string& key) {
  // Whether the controller takes it is not known without its ConfigMap: if it does, the whole host is guarded.
  if (key == "server-snippet" && !r.settings.map) guard_host(r, v);
  r.ledger.settle(v.claim, Outcome::refused,
                  "ingress-nginx takes snippets only with allow-snippet-annotations and annotations-risk-level "
                  "Critical, and ignores the "
                  "whole Ingress otherwise; give its ConfigMap among the input if it does",
                  "GW602", Loss::snippet);
  r.config.dropped = key;
}

// Why the ConfigMap forbids this annotation, whatever its value means; empty: it does not.
std::string dropped(const Settings& settings, const Row& row, const std::string& text) {
  for (const std::string& word : settings.blocked_words)
    if (text.find(word) != std::string::npos)
      return "its value has '" + word + "', which annotation-value-word-blocklist forbids";
  if (settings.map && settings.risk < Risk::high && risk_of(row.key) > settings.risk)
    return "annotations-risk-level of the controller's ConfigMap does not allow it";
  return {};
}

// What the ConfigMap demands of every Ingress that does not say otherwise itself.
void add_global(Reading& r) {
  const Settings& s = r.settings;
  const auto add = [&](const std::vector<Intent>& intents) {
    r.config.intents.insert(r.config.intents.end(), intents.begin(), intents.end());
    r.config.protected_ = r.config.protected_ || !intents.empty();
  };
  const Value* asked = r.find("enable-global-auth");
  if (!r.find("auth-url") && (!asked || truth(asked->text))) add(s.auth);
  if (!r.carries("allowlist-source-range")) add(s.allow);
  if (!r.carries("denylist-source-range")) add(s.deny);
  const Value* firewall = r.find("enable-modsecurity");
  if (!firewall || truth(firewall->text)) add(s.firewall);
  add(s.always);
}

// Sorts the annotations of the Ingress into values; an alias gives way to the main key.
void collect(Reading& r) {
  const kube::StringMap& annotations = r.config.ingress->metadata.annotations;
  for (std::uint32_t i = 0; i < annotations.size(); ++i) {
    const auto& [name, text] = annotations[i];
    if (!name.starts_with(prefix)) continue;
    const std::string key = name.substr(prefix.size());
    const Row* found = row(key);
    if (!found) continue;  // the engine tells it
    Value v{text, r.ledger.take(*r.config.ingress, i)};
    if (const std::string why = dropped(r.settings, *found, text); !why.empty()) {
      r.ledger.settle(v.claim, Outcome::refused, why + "; ingress-nginx ignores this whole Ingress", "GW606",
                      loss_of_row(*found));
      r.config.dropped = key + ", because " + why;
    } else if (text.empty() && guards(*found) && found->invalid == Invalid::denied && found->with.empty()) {
      invalid(r, *found, v, key);  // an empty list is no list: the location answers 503
    } else if (text.empty()) {
      r.ledger.settle(v.claim, guards(*found) ? Outcome::approximated : Outcome::ignored,
                      "is empty; ingress-nginx ignores it", "GW605");
    } else if (found->critical && !r.settings.snippets && !r.input.options.accepts(Loss::snippet)) {
      refuse_snippet(r, v, key);
    } else if (key != found->key && kube::find(annotations, std::string(prefix) + std::string(found->key))) {
      r.ledger.settle(v.claim, guards(*found) ? Outcome::approximated : Outcome::ignored,
                      std::string(found->key) + " goes first", "GW605");
    } else if (!found->valid(text)) {
      invalid(r, *found, v, key);
    } else {
      r.values.emplace(found->key, std::move(v));
    }
  }
}

void apply(Reading& r, const Row& row, const Value& v) {
  if (!row.with.empty() && !r.find(row.with)) {
    r.ledger.settle(v.claim, guards(row) ? Outcome::approximated : Outcome::ignored,
                    "has no effect without a valid " + std::string(row.with), "GW605");
    return;
  }
  if (row.apply) return row.apply(r, v);
  // A companion that its main annotation told about already keeps that.
  if (!r.ledger.entry(v.claim).settled && !r.demanded(v.claim))
    r.ledger.settle(v.claim, row.outcome, row.detail, code_of(row.outcome),
                    row.outcome == Outcome::refused ? Loss::other : Loss::none);
}

}  // namespace

std::span<const Row> families() {
  static const std::vector<Row> all = [] {
    std::vector<Row> rows;
    for (const Rows family : all_families()) rows.insert(rows.end(), family.begin(), family.end());
    return rows;
  }();
  return all;
}

const Row* row(std::string_view key) {
  const auto at = by_key().find(key);
  return at == by_key().end() ? nullptr : at->second;
}

const Value* Reading::find(std::string_view key) const {
  const auto at = values.find(key);
  return at == values.end() ? nullptr : &at->second;
}
bool Reading::carries(std::string_view key) const {
  const Row* found = row(key);
  const kube::StringMap& annotations = config.ingress->metadata.annotations;
  const auto has = [&](std::string_view name) {
    return !name.empty() && kube::find(annotations, std::string(prefix) + std::string(name));
  };
  return has(key) || (found && has(found->alias));
}
bool Reading::on(std::string_view key) const {
  const Value* v = find(key);
  return v && truth(v->text);
}
std::string Reading::text(std::string_view key, std::string_view otherwise) const {
  const Value* v = find(key);
  return v ? std::string(trim(v->text)) : std::string(otherwise);
}
long Reading::number(std::string_view key, long otherwise) const {
  const Value* v = find(key);
  return v ? to_int(trim(v->text)) : otherwise;
}
std::vector<Claim> Reading::claims(std::initializer_list<std::string_view> keys) const {
  std::vector<Claim> out;
  for (const std::string_view key : keys)
    if (const Value* v = find(key)) out.push_back(v->claim);
  return out;
}
void Reading::settle(std::string_view key, Outcome outcome, std::string_view detail) const {
  if (const Value* v = find(key)) ledger.settle(v->claim, outcome, detail, code_of(outcome));
}
void Reading::demand(Demand demand, std::vector<Claim> claims, Loss loss, Outcome otherwise,
                     std::string_view without) const {
  config.intents.push_back({std::move(demand), std::move(claims), loss, otherwise, without});
}
bool Reading::demanded(Claim claim) const {
  const auto names = [&](const std::vector<Intent>& intents) {
    return std::any_of(intents.begin(), intents.end(), [&](const Intent& i) {
      return std::find(i.claims.begin(), i.claims.end(), claim) != i.claims.end();
    });
  };
  return names(config.intents) || names(config.host_intents) ||
         std::find(config.canary.claims.begin(), config.canary.claims.end(), claim) != config.canary.claims.end();
}

Config read_config(const kube::Ingress& ingress, const Input& input, const Settings& settings, Ir& ir, Ledger& ledger) {
  Config config;
  config.ingress = &ingress;
  config.force_ssl_redirect = settings.force_ssl_redirect;
  config.use_port = settings.use_port_in_redirects;
  config.preserve_slash = settings.preserve_slash;
  Reading reading{input, settings, ir, ledger, config, {}, {}};
  collect(reading);
  if (!reading.values.empty())
    for (const Rows family : all_families())
      for (const Row& r : family)
        if (const Value* v = reading.find(r.key)) apply(reading, r, *v);
  add_global(reading);
  return config;
}

}  // namespace gw::convert::nginx
