#include "gitops/edit.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gw::gitops {
namespace {

std::string quoted(const std::string& text) {
  return Json(text).dump();
}

}  // namespace

void Edit::add(std::string_view list, const std::string& entry) {
  const yaml::Node* have = root_.find(list);
  if (have && have->is_seq())
    for (const yaml::Node& item : have->items())
      if (item.is_string() && (item.string() == entry || item.string() == "./" + entry)) return;
  auto& added = added_[std::string(list)];
  if (std::none_of(added.begin(), added.end(), [&](const Entry& one) { return one.flow == entry; }))
    added.push_back({{entry}, entry});
}

void Edit::add_patch(const std::string& group, const std::string& kind, const std::string& name,
                     const Json& operations) {
  Entry entry;
  const std::string target = "{group: " + group + ", kind: " + kind + ", name: " + name + "}";
  entry.block = {"target: " + target, "patch: |-"};
  for (const Json& one : operations) {
    entry.block.push_back("  - op: " + one["op"].get<std::string>());
    entry.block.push_back("    path: " + quoted(one["path"].get<std::string>()));
    if (one.contains("value")) entry.block.push_back("    value: " + one["value"].dump());
  }
  entry.flow = "{target: " + target + ", patch: " + quoted(operations.dump()) + "}";
  const std::string wanted = operations.dump();
  if (const yaml::Node* have = root_.find("patches"); have && have->is_seq())
    for (const yaml::Node& item : have->items()) {  // written by an earlier run
      const Json there = to_json(item);
      if (there.value("/target/kind"_json_pointer, std::string()) == kind &&
          there.value("/target/name"_json_pointer, std::string()) == name)
        return;
    }
  added_["patches"].push_back(std::move(entry));
}

std::string Edit::text() const {
  struct Insertion {
    std::size_t at = 0;
    std::string text;
  };
  std::vector<Insertion> all;
  std::string behind;
  for (const auto& [list, entries] : added_) {
    const yaml::Node* have = root_.find(list);
    if (!have || !have->is_seq() || have->size() == 0) {
      behind += list + ":\n";
      for (const Entry& entry : entries)
        for (std::size_t i = 0; i < entry.block.size(); ++i) behind += (i == 0 ? "- " : "  ") + entry.block[i] + "\n";
      continue;
    }
    const yaml::Node& last = have->items().back();
    std::size_t end = last.span().end;
    while (end > 0 && (before_[end - 1] == '\n' || before_[end - 1] == ' ' || before_[end - 1] == '\r')) --end;
    const std::size_t begin = last.span().begin, line = before_.rfind('\n', begin) + 1;
    const std::string prefix = before_.substr(line, begin - line);
    Insertion one;
    if (prefix.find_first_not_of(" -") != prefix.npos || prefix.find('-') == prefix.npos) {
      one.at = end;
      for (const Entry& entry : entries) one.text += ", " + entry.flow;
    } else {
      one.at = std::min(before_.find('\n', end), before_.size());
      for (const Entry& entry : entries)
        for (std::size_t i = 0; i < entry.block.size(); ++i)
          one.text += "\n" + (i == 0 ? prefix : std::string(prefix.size(), ' ')) + entry.block[i];
    }
    all.push_back(std::move(one));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.at > b.at; });
  std::string out = before_;
  for (const Insertion& one : all) out.insert(one.at, one.text);
  if (!behind.empty() && !out.empty() && !out.ends_with('\n')) out += '\n';
  return out + behind;
}

}  // namespace gw::gitops
