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
  r.ledger.settle(v.claim, Outcome::refused,
                  "ingress-nginx takes snippets only with allow-snippet-annotations and annotations-risk-level "
                  "Critical, and ignores the "
                  "whole Ingress otherwise; give its ConfigMap among the input if it does",
                  "GW602", Loss::snippet);
  if (!r.input.options.accepts(Loss::snippet)) r.config.dropped = key;
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
    if (text.empty()) {
      r.ledger.settle(v.claim, guards(*found) ? Outcome::approximated : Outcome::ignored,
                      "is empty; ingress-nginx ignores it", "GW605");
    } else if (found->critical && !r.settings.snippets) {
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
  if (ingress.metadata.annotations.empty()) return config;
  Reading reading{input, settings, ir, ledger, config, {}, {}};
  collect(reading);
  if (reading.values.empty()) return config;
  for (const Rows family : all_families())
    for (const Row& r : family)
      if (const Value* v = reading.find(r.key)) apply(reading, r, *v);
  return config;
}

}  // namespace gw::convert::nginx
