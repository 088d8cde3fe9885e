#include "convert/providers/wishes.h"

#include <algorithm>
#include <deque>

#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"
#include "kube/past_annotations.h"

namespace gw::convert {
namespace {

void invalid(Asking& asking, const WishRow& row, const std::string& name, const Given& given) {
  const std::string what = row.key.ends_with('*') ? "it is not an annotation of the controller"
                                                  : "'" + given.text.substr(0, 80) + "' is not valid";
  if (row.invalid == Invalid::dropped) {
    asking.ledger.settle(given.claim, Outcome::refused, what + "; the controller ignores the whole object", "GW606",
                         row.loss == Loss::none ? Loss::other : row.loss);
    if (asking.wishes.dropped.empty()) asking.wishes.dropped = name + ": " + what;
    return;
  }
  if (security(row.loss)) {
    static constexpr std::string_view open =
        "it is not valid, and the controller leaves the route open; nobody asked for that";
    return asking.demand(Foreign{given.text}, {given.claim}, row.loss, open);
  }
  asking.ledger.settle(given.claim, Outcome::ignored, what + "; the controller ignores it", "GW605");
}

void apply(Asking& asking, const WishRow& row, const Given& given) {
  if (!row.with.empty() && !asking.wishes.find(row.with)) {
    if (security(row.loss))
      return asking.demand(Foreign{given.text}, {given.claim}, row.loss,
                           "it says who may come in, and what it needs beside it is missing");
    return asking.ledger.settle(given.claim, Outcome::ignored, "has no effect without " + std::string(row.with),
                                "GW605");
  }
  if (row.apply) return row.apply(asking, given);
  if (row.outcome == Outcome::refused && security(row.loss))
    return asking.demand(Foreign{given.text}, {given.claim}, row.loss, row.detail);
  asking.settle(given.claim, row.outcome, row.detail, row.loss == Loss::none ? Loss::other : row.loss);
}

}  // namespace

const Given* Wishes::find(std::string_view key) const {
  const auto at = given.find(key);
  return at == given.end() ? nullptr : &at->second;
}
std::string_view Wishes::text(std::string_view key, std::string_view otherwise) const {
  const Given* g = find(key);
  return g ? nginx::trim(g->text) : otherwise;
}
bool Wishes::on(std::string_view key) const {
  return go_bool(text(key)).value_or(false);
}
Claim Wishes::claim(std::string_view key) const {
  const Given* g = find(key);
  return g ? g->claim : 0;
}
std::vector<Claim> Wishes::claims(std::initializer_list<std::string_view> keys) const {
  std::vector<Claim> out;
  for (const std::string_view key : keys)
    if (const Claim c = claim(key)) out.push_back(c);
  return out;
}

void Asking::settle(Claim claim, Outcome outcome, std::string_view detail, Loss loss) const {
  if (claim == 0) return tell(ledger, field, outcome, detail, loss);
  ledger.settle(claim, outcome, detail, code_of(outcome, loss), outcome == Outcome::refused ? loss : Loss::none);
}
void Asking::demand(Demand demand, std::vector<Claim> claims, Loss loss, std::string_view without,
                    Outcome otherwise) const {
  if (claims == std::vector<Claim>{0}) claims.clear();
  // Taken as a whole: its parts have the fate of the demand.
  if (std::holds_alternative<Foreign>(demand)) ledger.settle(field.at, Outcome::converted, {});
  wishes.plain.intents.push_back({std::move(demand), std::move(claims), loss, otherwise, without, field});
}
void Asking::unchecked_tls(std::vector<Claim> claims) const {
  demand(InsecureBackendTls{}, std::move(claims), Loss::backend_tls, sentence::backend_tls);
}

void Asking::converted(const Given& given, std::string_view detail) const {
  ledger.settle(given.claim, Outcome::converted, detail);
}
void Asking::ignored(const Given& given, std::string_view detail) const {
  if (given.claim == 0) return tell(ledger, field, Outcome::ignored, detail, Loss::none);
  ledger.settle(given.claim, Outcome::ignored, detail, "GW605");
}

const WishRow* row_of(WishRows rows, std::string_view key) {
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const WishRow& row) {
    return row.key == key || (row.key.ends_with('*') && key.starts_with(row.key.substr(0, row.key.size() - 1)));
  });
  return at == rows.end() ? nullptr : &*at;
}

bool guards(std::string_view name) {
  static constexpr std::string_view words[] = {"auth",       "allow",          "deny",
                                               "whitelist",  "blacklist",      "jwt",
                                               "oidc",       "plugins",        "middlew",
                                               "policies",   "policy",         "client-ca",
                                               "client-crt", "tls.options",    "cidr",
                                               "waf",        "mutual",         "snippet",
                                               "acl",        "config-backend", "config-frontend",
                                               "protect",    "source-range",   "secure-verify",
                                               "security",   "client-cert",    "restrict",
                                               "forbid",     "denied",         "secret",
                                               "signin",     "whitelist",      "ipallow",
                                               "apikey"};
  const std::string lower = nginx::lower(name);
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view w) { return lower.find(w) != std::string::npos; });
}

Wishes read_wishes(const kube::Object& object, std::span<const std::string_view> prefixes, WishRows rows,
                   const Input& input, Ir& ir, Ledger& ledger, std::span<const DefaultWish> defaults) {
  Wishes wishes;
  wishes.object = &object;
  Asking asking{input, ir, ledger, wishes};
  std::vector<std::pair<const WishRow*, std::string>> valid;
  for (std::uint32_t i = 0; i < object.metadata.annotations.size(); ++i) {
    const auto& [full, text] = object.metadata.annotations[i];
    const auto prefix = std::find_if(prefixes.begin(), prefixes.end(),
                                     [&, &key = full](std::string_view p) { return key.starts_with(p); });
    if (prefix == prefixes.end()) continue;
    // A prefix may be a whole name.
    std::string name = prefix->size() == full.size() ? full : full.substr(prefix->size());
    const WishRow* row = row_of(rows, name);
    if (!row && guards(name) && kube::past_annotation(full).empty()) {
      asking.demand(Foreign{text}, {ledger.take(object, i)}, Loss::auth,
                    "gwctl does not know it, and its name says that it may decide who comes in");
      continue;
    }
    if (!row) continue;
    const Given given{text, ledger.take(object, i)};
    if (row->valid && !row->valid(text)) {
      invalid(asking, *row, name, given);
    } else if (!wishes.given.emplace(name, given).second) {
      asking.ignored(given, "another prefix says it too");
    } else {
      valid.emplace_back(row, std::move(name));
    }
  }
  std::map<std::string_view, const DefaultWish*> by_default;
  for (const DefaultWish& d : defaults) {
    const bool own = std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) {
      return kube::find(object.metadata.annotations, std::string(p) + d.key);
    });
    if (own || !wishes.given.emplace(d.key, Given{d.text, 0}).second) continue;
    by_default[d.key] = &d;
    asking.field = d.field;
    const WishRow* row = row_of(rows, d.key);
    if (!row)
      asking.demand(Foreign{d.text}, {}, Loss::auth,
                    "gwctl does not know this setting of the controller, and its name says that it may decide who "
                    "comes in");
    else if (row->valid && !row->valid(d.text))
      invalid(asking, *row, d.key, *wishes.find(d.key));
    else
      valid.emplace_back(row, d.key);
  }
  // In the order of the table, so that the outcome does not hang on the order of the annotations.
  std::stable_sort(valid.begin(), valid.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [row, name] : valid) {
    const auto from = by_default.find(name);
    asking.field = from == by_default.end() ? FieldRef{} : from->second->field;
    apply(asking, *row, *wishes.find(name));
  }
  return wishes;
}

std::vector<std::string_view> full_names(std::string_view prefix, WishRows rows) {
  static std::deque<std::string> pool;
  std::vector<std::string_view> out;
  for (const WishRow& row : rows) {
    std::string_view key = row.key;
    if (key.ends_with('*')) continue;
    const std::string full =
        key.find('/') == std::string_view::npos ? std::string(prefix) + std::string(key) : std::string(key);
    const auto have = std::find(pool.begin(), pool.end(), full);
    out.push_back(have != pool.end() ? *have : pool.emplace_back(full));
  }
  return out;
}

bool is_bool(std::string_view v) {
  return go_bool(v).has_value();
}
bool is_int(std::string_view v) {
  return small_int(v).has_value();
}
bool is_time(std::string_view v) {
  return duration(v).has_value();
}
bool is_path(std::string_view v) {
  return v.starts_with('/') && v.find_first_of(" \t\n;{}\"") == std::string_view::npos;
}
bool not_empty(std::string_view v) {
  return !nginx::trim(v).empty();
}
bool is_redirect_code(std::string_view v) {
  return nginx::one_of(v, "301", "302", "303", "307", "308");
}

namespace {

void addresses(Asking& asking, const Given& given, bool deny) {
  std::vector<std::string> bad;
  AddressList list{deny, networks(given.text, bad)};
  if (!bad.empty() || list.cidrs.empty()) {
    const std::string what = bad.empty() ? "it is empty" : "'" + bad.front() + "' is not a network";
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::allow_list,
                         asking.ir.keep(what + "; the controller skips it or the whole list, which nobody asked for"));
  }
  asking.demand(std::move(list), {given.claim}, Loss::allow_list,
                "Gateway API has no address lists; use a target with policies (--to envoy-gateway)");
}

}  // namespace

void allow_addresses(Asking& asking, const Given& given) {
  addresses(asking, given, false);
}
void deny_addresses(Asking& asking, const Given& given) {
  addresses(asking, given, true);
}

void backend_timeout(Asking& asking, const Given& given) {
  asking.wishes.plain.backend_timeout = gep_duration(*duration(given.text));
  asking.wishes.plain.claims.push_back({FieldClaim::Field::timeout, given.claim});
  asking.settle(given.claim, Outcome::approximated,
                "timeouts.backendRequest limits the whole answer, not the time between two reads");
}
void request_timeout(Asking& asking, const Given& given) {
  asking.wishes.plain.request_timeout = gep_duration(*duration(given.text));
  asking.wishes.plain.claims.push_back({FieldClaim::Field::timeout, given.claim});
  asking.converted(given, "timeouts.request");
}
void connect_timeout(Asking& asking, const Given& given) {
  asking.demand(ConnectTimeout{whole_seconds(*duration(given.text))}, {given.claim}, Loss::other,
                "Gateway API has no connect timeout", Outcome::approximated);
}

}  // namespace gw::convert
