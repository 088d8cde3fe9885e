#include "convert/own_hosts.h"

#include <algorithm>

#include "convert/classify.h"
#include "convert/providers/own.h"

namespace gw::convert {
namespace {

// Texts at a path of keys, where "[]" stands for every item of a sequence.
void collect(const yaml::Node* node, std::span<const std::string_view> path, std::vector<std::string>& out) {
  if (!node) return;
  if (path.empty()) {
    if (std::string text = text_of(node); !text.empty()) out.push_back(std::move(text));
    return;
  }
  if (path.front() == "[]") {
    if (node->is_seq())
      for (const yaml::Node& item : node->items()) collect(&item, path.subspan(1), out);
    return;
  }
  if (node->is_map()) collect(node->find(path.front()), path.subspan(1), out);
}

struct Where {
  std::string_view kind;
  std::string_view path[5];
};
constexpr Where rows[] = {
    {"HTTPProxy", {"spec", "virtualhost", "fqdn"}},
    {"VirtualServer", {"spec", "host"}},
    {"VirtualServerRoute", {"spec", "host"}},
    {"TransportServer", {"spec", "host"}},
    {"VirtualService", {"spec", "hosts", "[]"}},
    {"TCPIngress", {"spec", "rules", "[]", "host"}},
    {"ApisixRoute", {"spec", "http", "[]", "match", "hosts"}},
};

// The names in Host(`a`), Host(`b`) and HostSNI(`c`) of a rule of Traefik.
void rule_hosts(std::string_view rule, std::vector<std::string>& out) {
  for (const std::string_view word : {"Host(", "HostSNI("})
    for (std::size_t at = rule.find(word); at != std::string_view::npos; at = rule.find(word, at + 1)) {
      std::string_view list = rule.substr(at + word.size());
      list = list.substr(0, list.find(')'));
      while (!list.empty()) {
        const std::size_t open = list.find_first_of("`\"");
        if (open == std::string_view::npos) break;
        const std::size_t close = list.find(list[open], open + 1);
        if (close == std::string_view::npos) break;
        out.emplace_back(list.substr(open + 1, close - open - 1));
        list.remove_prefix(close + 1);
      }
    }
}

}  // namespace

bool has_own_routes(const kube::Bundle& bundle) {
  return std::any_of(bundle.others.begin(), bundle.others.end(), [](const kube::OtherObject& object) {
    const OwnKind* kind = owner_of_kind(object).second;
    return kind && kind->routes;
  });
}

std::vector<std::string> own_hosts(const kube::OtherObject& object) {
  std::vector<std::string> out;
  for (const Where& row : rows) {
    if (row.kind != object.kind) continue;
    std::vector<std::string_view> path;
    for (const std::string_view key : row.path)
      if (!key.empty()) path.push_back(key);
    collect(object.node, path, out);
    if (object.kind == "ApisixRoute") {
      path.emplace_back("[]");
      collect(object.node, path, out);
    }
  }
  if (object.kind.starts_with("IngressRoute")) {
    std::vector<std::string> rules;
    static constexpr std::string_view matches[] = {"spec", "routes", "[]", "match"};
    collect(object.node, matches, rules);
    for (const std::string& rule : rules) rule_hosts(rule, out);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.empty()) out.emplace_back("*");
  return out;
}

}  // namespace gw::convert
