#include "kube/changes.h"

#include <algorithm>
#include <map>
#include <set>

#include "diag/credentials.h"
#include "kube/secrets.h"
#include "yaml/write.h"

namespace gw::kube {
namespace {

constexpr std::string_view served_metadata[] = {"creationTimestamp", "generation", "managedFields",
                                                "resourceVersion",   "selfLink",   "uid"};
constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";

std::string one_line(const yaml::Node& node) {
  std::string out;
  yaml::Writer writer(yaml::Style::json_line, out);
  writer.begin_document();
  writer.node(node);
  writer.end_document();
  while (out.ends_with('\n')) out.pop_back();
  if (node.is_string() && !yaml::needs_quotes(node.string())) return std::string(node.string());
  return out;
}

bool same(const yaml::Node& a, const yaml::Node& b) {
  if (a.is_number() && b.is_number()) return a.number() == b.number();
  if (a.kind() != b.kind()) return false;
  if (a.is_map()) {
    if (a.entries().size() != b.entries().size()) return false;
    return std::all_of(a.entries().begin(), a.entries().end(), [&](const yaml::Entry& entry) {
      const yaml::Node* other = b.find(entry.key.string());
      return other != nullptr && same(entry.value, *other);
    });
  }
  if (a.is_seq())
    return a.size() == b.size() && std::equal(a.items().begin(), a.items().end(), b.items().begin(), same);
  if (a.is_string()) return a.string() == b.string();
  return a.is_null() || a.boolean() == b.boolean();
}

// The names of a list whose entries are maps with distinct names; empty for any other.
std::vector<std::string> names_of(const yaml::Node& list) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const yaml::Node& item : list.items()) {
    const yaml::Node* name = item.find("name");
    if (name == nullptr || !name->is_string() || !seen.emplace(name->string()).second) return {};
    names.emplace_back(name->string());
  }
  return names;
}

class Walk {
 public:
  explicit Walk(bool secret) : secret_(secret) {}

  void compare(const std::string& path, const yaml::Node* old, const yaml::Node* now) {
    if (old != nullptr && now != nullptr && same(*old, *now)) return;
    if (old != nullptr && now != nullptr && old->is_map() && now->is_map()) return compare_maps(path, *old, *now);
    if (old != nullptr && now != nullptr && old->is_seq() && now->is_seq()) return compare_lists(path, *old, *now);
    add(path, old, now);
  }

  std::vector<FieldChange> take() { return std::move(out_); }

 private:
  void add(const std::string& path, const yaml::Node* old, const yaml::Node* now) {
    const bool hidden = hides(path);
    const auto text = [&](const yaml::Node* node) {
      return node == nullptr ? std::string() : hidden ? "***" : diag::hide_credentials(one_line(*node));
    };
    out_.push_back({path, text(old), text(now), old == nullptr ? diag::Span{} : old->span(),
                    now == nullptr ? diag::Span{} : now->span()});
  }

  // Of a Secret all but what names it; of others what a header or field whose name says credential holds.
  bool hides(const std::string& path) const {
    const auto dot = path.find_first_of(".[");
    const std::string_view first = std::string_view(path).substr(0, dot);
    if (secret_ && !plain_secret_field(first)) return true;
    if (secret_ && first == "metadata" && dot != path.npos) {
      const std::string_view rest = std::string_view(path).substr(dot + 1);
      return !plain_secret_metadata(rest.substr(0, rest.find_first_of(".[")));
    }
    const auto last = path.find_last_of('.');
    const auto open = path.find_last_of('[', last);
    if (last == path.npos || open == path.npos || last == 0 || path[last - 1] != ']')
      return holds_credential(path.substr(last + 1));
    return holds_credential(path.substr(last + 1)) ||
           (path.compare(last + 1, 1, "v") == 0 && names_credential(path.substr(open + 1, last - open - 2)));
  }

  static bool left_out(const std::string& path, std::string_view key) {
    if (path.empty()) return key == "status" || key == "apiVersion" || key == "kind";
    if (path == "metadata.annotations") return key == last_applied;
    return path == "metadata" &&
           std::find(std::begin(served_metadata), std::end(served_metadata), key) != std::end(served_metadata);
  }

  static std::string below(const std::string& path, std::string_view key) {
    const bool odd = key.find_first_of("./[]") != std::string_view::npos;
    if (odd) return path + "[\"" + std::string(key) + "\"]";
    return (path.empty() ? "" : path + ".") + std::string(key);
  }

  void compare_maps(const std::string& path, const yaml::Node& old, const yaml::Node& now) {
    for (const yaml::Entry& entry : old.entries())
      if (!left_out(path, entry.key.string()))
        compare(below(path, entry.key.string()), &entry.value, now.find(entry.key.string()));
    for (const yaml::Entry& entry : now.entries())
      if (!left_out(path, entry.key.string()) && old.find(entry.key.string()) == nullptr)
        compare(below(path, entry.key.string()), nullptr, &entry.value);
  }

  void compare_lists(const std::string& path, const yaml::Node& old, const yaml::Node& now) {
    const std::vector<std::string> before = names_of(old), after = names_of(now);
    if (before.size() == old.size() && after.size() == now.size() && !before.empty() && !after.empty())
      return compare_named(path, old, before, now, after);
    for (std::size_t i = 0; i < std::max(old.size(), now.size()); ++i)
      compare(path + "[" + std::to_string(i) + "]", i < old.size() ? &old.items()[i] : nullptr,
              i < now.size() ? &now.items()[i] : nullptr);
  }

  void compare_named(const std::string& path, const yaml::Node& old, const std::vector<std::string>& before,
                     const yaml::Node& now, const std::vector<std::string>& after) {
    std::map<std::string, const yaml::Node*> there;
    for (std::size_t i = 0; i < after.size(); ++i) there[after[i]] = &now.items()[i];
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto found = there.find(before[i]);
      compare(path + "[" + before[i] + "]", &old.items()[i], found == there.end() ? nullptr : found->second);
      if (found != there.end()) there.erase(found);
    }
    for (const std::string& name : after)
      if (const auto found = there.find(name); found != there.end())
        compare(path + "[" + name + "]", nullptr, found->second);
  }

  bool secret_;
  std::vector<FieldChange> out_;
};

}  // namespace

std::vector<FieldChange> changes(const yaml::Node& old, const yaml::Node& now) {
  const yaml::Node* kind = now.find("kind");
  // An item of a typed list may have no kind of its own: it may be a Secret.
  Walk walk(kind == nullptr || !kind->is_string() || is_secret_kind(kind->string()));
  walk.compare("", &old, &now);
  return walk.take();
}

}  // namespace gw::kube
