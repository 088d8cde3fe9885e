#include "kube/placeholder.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace gw::kube {
namespace {

constexpr std::size_t longest = 200;

bool name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

struct Found {
  std::size_t begin = std::string_view::npos, end = 0;
  std::string name;
  bool braces = false;    // {{ }}: no controller reads those
  bool capitals = false;  // AUTOMATIC_REPLACE: one only where a name may have no capitals
};

std::string_view trim(std::string_view text, std::string_view what) {
  while (!text.empty() && what.find(text.front()) != what.npos) text.remove_prefix(1);
  while (!text.empty() && what.find(text.back()) != what.npos) text.remove_suffix(1);
  return text;
}

// "DOMAIN" of ${DOMAIN}, ${DOMAIN:=x} and $(DOMAIN); empty where it is none.
std::string variable(std::string_view inner) {
  std::size_t size = 0;
  while (size < inner.size() && name_char(inner[size])) ++size;
  const bool rest = size == inner.size() || inner.substr(size).starts_with(":") || inner.substr(size).starts_with("-");
  const bool digits = size == 0 || std::isdigit(static_cast<unsigned char>(inner[0])) != 0;
  return rest && !digits ? std::string(inner.substr(0, size)) : std::string();
}

// The word of capitals that begins here: CLUSTER_DOMAIN_PLACEHOLDER or REPLACE_ME, as kustomize's replacements and
// scripts find it.
std::string_view bare_word(std::string_view text, std::size_t at) {
  if (at != 0 && name_char(text[at - 1])) return {};
  std::size_t end = at;
  while (end < text.size() && (std::isupper(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_' ||
                               std::isdigit(static_cast<unsigned char>(text[end])) != 0))
    ++end;
  const std::string_view word = text.substr(at, end - at);
  const bool whole = end == text.size() || !name_char(text[end]);
  const std::size_t joint = word.find('_');
  const bool words = whole && joint != word.npos && joint > 1 && joint + 2 < word.size();
  return words || word.find("PLACEHOLDER") != word.npos ? word : std::string_view{};
}

Found next(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at + 1 < text.size(); ++at) {
    if (const std::string_view word = bare_word(text, at); !word.empty()) {
      const bool told = word.find("PLACEHOLDER") != word.npos;
      return {at, at + word.size(), std::string(word), told, !told};
    }
    const std::string_view here = text.substr(at, 2);
    const bool braces = here == "{{";
    if (!braces && here != "${" && here != "$(") continue;
    const std::string_view close = braces ? "}}" : here == "${" ? "}" : ")";
    const std::size_t end = text.substr(0, std::min(text.size(), at + longest)).find(close, at + 2);
    if (end == text.npos) continue;
    const std::string_view inner = text.substr(at + 2, end - at - 2);
    if (inner.find('\n') != inner.npos) continue;
    std::string name;
    if (braces) {
      const std::string_view first = trim(inner.substr(0, inner.find('|')), " -\t.");
      name = first.starts_with("Values.") ? first.substr(7) : first;
    } else {
      name = variable(inner);
    }
    if (!name.empty()) return {at, end + close.size(), std::move(name), braces};
  }
  return {};
}

bool shouts(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c) != 0; });
}

// Fields whose values have no capitals: hosts, and names of objects. (The "name" of a header may have some.)
bool is_lower(std::string_view key) {
  static const std::set<std::string_view> keys{
      "host", "hosts",      "hostname",    "hostnames",        "namespace",
      "fqdn", "secretName", "serviceName", "ingressClassName", "gatewayClassName"};
  return keys.contains(key);
}

// Fields whose values are names, in which no controller fills in anything.
bool is_name(std::string_view key) {
  static const std::set<std::string_view> keys{
      "host",       "hosts",   "hostname",    "hostnames", "name",     "namespace",        "fqdn",
      "secretName", "service", "serviceName", "cn",        "dnsNames", "ingressClassName", "gatewayClassName"};
  return keys.contains(key);
}

void scan(const yaml::Node& node, std::string_view field, std::vector<Placeholder>& out) {
  if (node.is_string()) {
    const std::string_view text = node.string();
    for (Found found = next(text, 0); found.begin != text.npos; found = next(text, found.end))
      if (found.capitals ? is_lower(field) : is_name(field) || found.braces || shouts(found.name))
        out.push_back({found.name, &node});
  }
  for (const yaml::Entry& entry : node.entries()) {
    const std::string_view key = entry.key.string();
    if (has_placeholder(key, false)) out.push_back({next(key, 0).name, &entry.key});
    scan(entry.value, key, out);
  }
  if (node.is_seq())
    for (const yaml::Node& item : node.items()) scan(item, field, out);
}

}  // namespace

bool may_hold_placeholders(std::string_view text) {
  if (text.find("${") != text.npos || text.find("$(") != text.npos || text.find("{{") != text.npos) return true;
  for (std::size_t at = text.find('_'); at != text.npos; at = text.find('_', at + 1))
    if (at > 0 && at + 1 < text.size() && std::isupper(static_cast<unsigned char>(text[at - 1])) != 0 &&
        std::isupper(static_cast<unsigned char>(text[at + 1])) != 0)
      return true;
  return text.find("PLACEHOLDER") != text.npos;
}

bool has_placeholder(std::string_view value, bool names_only) {
  for (Found found = next(value, 0); found.begin != value.npos; found = next(value, found.end))
    if (names_only || (!found.capitals && (found.braces || shouts(found.name)))) return true;
  return false;
}

std::string fill_in(std::string text, const Fillings& fillings) {
  if (fillings.empty()) return text;
  std::string out;
  std::size_t done = 0;
  for (Found found = next(text, 0); found.begin != text.npos; found = next(text, found.end)) {
    const auto value = std::find_if(fillings.begin(), fillings.end(), [&](const auto& one) {
      return one.first == found.name || one.first == "Values." + found.name || one.first == ".Values." + found.name;
    });
    if (value == fillings.end()) continue;
    out.append(text, done, found.begin - done);
    out += value->second;
    done = found.end;
  }
  out.append(text, done);
  return out;
}

std::vector<Placeholder> placeholders(const yaml::Node& object) {
  std::vector<Placeholder> out;
  for (const std::string_view key : {"metadata", "spec"})
    if (const yaml::Node* part = object.find(key)) scan(*part, {}, out);
  return out;
}

bool concerns_routing(std::string_view group, std::string_view kind) {
  if (group.empty()) return kind == "Service" || kind == "Namespace";
  static const std::set<std::string_view> exact{"networking.k8s.io",   "extensions",        "gateway.networking.k8s.io",
                                                "traefik.io",          "projectcontour.io", "traefik.containo.us",
                                                "apisix.apache.org",   "k8s.nginx.org",     "elbv2.k8s.aws",
                                                "networking.gke.io",   "cloud.google.com",  "cilium.io",
                                                "discovery.k8s.io",    "gateway.nginx.org", "agentgateway.dev",
                                                "networking.istio.io", "security.istio.io", "configuration.konghq.com"};
  static const std::set<std::string_view> never{"EnvoyFilter", "NetworkPolicy", "CiliumNetworkPolicy",
                                                "CiliumClusterwideNetworkPolicy"};
  if (never.contains(kind)) return false;
  return exact.contains(group) || group.ends_with("haproxy.org") || group.starts_with("gateway.") ||
         group == "cert-manager.io";
}

}  // namespace gw::kube
