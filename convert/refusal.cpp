#include "convert/refusal.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace gw::convert {
namespace {

const yaml::Node* place_of(const Rule& rule) {
  return rule.at ? rule.at : rule.owner ? rule.owner->node : nullptr;
}

bool guards(const std::vector<Intent>& intents) {
  return std::any_of(intents.begin(), intents.end(), [](const Intent& intent) { return security(intent.loss); });
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

std::unordered_set<std::uint64_t> guarded_places(const Ir& ir) {
  std::unordered_set<std::uint64_t> out;
  for (const Server& server : ir.servers) {
    const bool whole = guards(server.intents);
    for (const Rule& rule : server.rules)
      if (const yaml::Node* at = place_of(rule); at && (whole || (rule.action && guards(rule.action->intents))))
        out.insert(key_of(at->span()));
  }
  return out;
}

}  // namespace gw::convert
