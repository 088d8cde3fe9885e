#include "convert/refusal.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace gw::convert {
namespace {

const yaml::Node* place_of(const Rule& rule) {
  return rule.at ? rule.at : rule.owner ? rule.owner->node : nullptr;
}

void add_claims(const std::vector<Intent>& intents, std::vector<Claim>& to, bool& guards) {
  for (const Intent& intent : intents) {
    if (!security(intent.loss)) continue;
    guards = true;
    to.insert(to.end(), intent.claims.begin(), intent.claims.end());
  }
}

}  // namespace

void refuse(Ir& ir, std::span<const Refusal> refused, Ledger& ledger) {
  if (refused.empty()) return;
  std::unordered_multimap<std::uint64_t, const Refusal*> by_place;
  for (const Refusal& refusal : refused) by_place.emplace(key_of(refusal.at), &refusal);
  // A host may be answered by the rule of a wildcard, or of every host: then that one is closed.
  std::set<std::pair<std::uint64_t, std::string_view>> exact;
  for (const Server& server : ir.servers)
    for (const Rule& rule : server.rules)
      if (const yaml::Node* at = place_of(rule)) exact.insert({key_of(at->span()), server.host});
  for (Server& server : ir.servers)
    for (Rule& rule : server.rules) {
      const yaml::Node* at = place_of(rule);
      if (!at) continue;
      const std::uint64_t place = key_of(at->span());
      const auto [first, last] = by_place.equal_range(place);
      const auto found = std::find_if(first, last, [&](const auto& row) {
        return row.second->host == server.host || !exact.contains({place, row.second->host});
      });
      if (found == last) continue;
      // Shared actions may serve other hosts too.
      rule.action = rule.action ? std::make_shared<Action>(*rule.action) : std::make_shared<Action>();
      rule.action->closed = true;
      Note note;
      note.code = "GW670";
      note.severity = diag::Severity::error;
      note.message = found->second->message;
      note.request = found->second->request;
      note.object = rule.owner;
      note.at = at;
      ledger.note_once(std::move(note));
    }
}

Guarded guarded_places(const Ir& ir) {
  Guarded out;
  for (const Server& server : ir.servers)
    for (const Rule& rule : server.rules) {
      bool guards = false;
      std::vector<Claim> claims;
      add_claims(server.intents, claims, guards);
      if (rule.action) add_claims(rule.action->intents, claims, guards);
      if (const yaml::Node* at = place_of(rule); at && guards) out.emplace(key_of(at->span()), std::move(claims));
    }
  return out;
}

std::unordered_set<std::uint64_t> kept_guards(const Guarded& guarded, Ledger& ledger) {
  std::unordered_set<std::uint64_t> out;
  for (const auto& [place, claims] : guarded)
    if (std::all_of(claims.begin(), claims.end(), [&](const Claim claim) { return ledger.entry(claim).settled; }))
      out.insert(place);
  return out;
}

}  // namespace gw::convert
