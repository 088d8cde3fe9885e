// Who answers for an Ingress, and how much work and risk lies with whom.
#include <algorithm>

#include "audit/audit.h"
#include "audit/groups.h"

namespace gw::audit {
namespace {

constexpr std::string_view people[] = {"owner", "team", "squad", "contact"};
constexpr std::string_view parts[] = {"app.kubernetes.io/part-of", "meta.helm.sh/release-name",
                                      "app.kubernetes.io/instance", "app.kubernetes.io/name", "app"};

std::string named(const kube::StringMap& map) {
  for (const std::string_view word : people)
    for (const auto& [key, value] : map)
      if (!value.empty() && (key == word || key.ends_with("/" + std::string(word)))) return value;
  return {};
}

std::string risk_of(const GroupLine& line) {
  const std::size_t lost = line.fates[static_cast<std::size_t>(Fate::lost)];
  if (line.security_losses != 0 || lost * 2 > line.ingresses) return "high";
  return lost != 0 || line.differing != 0 ? "medium" : "low";
}

}  // namespace

std::string owner_of(const kube::Metadata& object, const kube::Namespace* ns) {
  for (const kube::StringMap* map : {&object.annotations, &object.labels})
    if (std::string found = named(*map); !found.empty()) return found;
  if (ns != nullptr)
    for (const kube::StringMap* map : {&ns->metadata.annotations, &ns->metadata.labels})
      if (std::string found = named(*map); !found.empty()) return found;
  for (const std::string_view key : parts)
    for (const kube::StringMap* map : {&object.labels, &object.annotations})
      if (const std::string* value = kube::find(*map, key); value != nullptr && !value->empty()) return *value;
  return {};
}

std::vector<GroupLine> groups(const std::vector<IngressLine>& ingresses, std::string (*name_of)(const IngressLine&)) {
  std::map<std::string, GroupLine> found;
  for (const IngressLine& ingress : ingresses) {
    GroupLine& line = found[name_of(ingress)];
    ++line.ingresses;
    ++line.fates[static_cast<std::size_t>(ingress.fate)];
    line.effort += ingress.effort;
    line.security_losses += ingress.security_losses;
    line.differing += ingress.differs;
  }
  std::vector<GroupLine> out;
  for (auto& [name, line] : found) {
    line.name = name;
    line.risk = risk_of(line);
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace gw::audit
