// Label selectors: kubectl's notation and the API's LabelSelector decide alike.
#include "kube/selector.h"

#include <algorithm>

namespace gw::kube {
namespace {

std::string trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

// Splits at commas outside parentheses.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

// "env in (a, b)" or "env notin (a)"; false when the term is not of this form.
bool set_based(const std::string& term, LabelSelectorRequirement& out) {
  for (const auto& [word, op] : {std::pair{" notin ", "NotIn"}, {" in ", "In"}}) {
    const auto at = term.find(word);
    const auto open = term.find('('), close = term.rfind(')');
    if (at == std::string::npos || open == std::string::npos || close == std::string::npos || close < open) continue;
    out.key = trim(term.substr(0, at));
    out.op = op;
    for (const std::string& value : split(std::string_view(term).substr(open + 1, close - open - 1)))
      out.values.push_back(trim(value));
    return true;
  }
  return false;
}

LabelSelectorRequirement parse(const std::string& term) {
  LabelSelectorRequirement out;
  if (set_based(term, out)) return out;
  if (const auto at = term.find('='); at != std::string::npos) {
    const bool negated = at > 0 && term[at - 1] == '!';
    const std::size_t value = at + 1 < term.size() && term[at + 1] == '=' ? at + 2 : at + 1;
    out.key = trim(std::string_view(term).substr(0, negated ? at - 1 : at));
    out.op = negated ? "NotIn" : "In";
    out.values = {trim(std::string_view(term).substr(value))};
    return out;
  }
  const bool negated = term.starts_with('!');
  out.key = trim(std::string_view(term).substr(negated ? 1 : 0));
  out.op = negated ? "DoesNotExist" : "Exists";
  return out;
}

bool holds(const LabelSelectorRequirement& requirement, const StringMap& labels) {
  const std::string* value = find(labels, requirement.key);
  const bool listed =
      value && std::find(requirement.values.begin(), requirement.values.end(), *value) != requirement.values.end();
  if (requirement.op == "In") return listed;
  if (requirement.op == "NotIn") return !listed;
  if (requirement.op == "Exists") return value != nullptr;
  return requirement.op == "DoesNotExist" && value == nullptr;
}

}  // namespace

const std::string* find(const StringMap& map, std::string_view key) {
  for (const auto& [name, value] : map)
    if (name == key) return &value;
  return nullptr;
}

bool matches(const LabelSelector& selector, const StringMap& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const std::string* found = find(labels, key);
    if (!found || *found != value) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const auto& requirement) { return holds(requirement, labels); });
}

Selector::Selector(std::string_view text) {
  if (trim(text).empty()) return;
  for (const std::string& part : split(text)) {
    const std::string term = trim(part);
    LabelSelectorRequirement requirement = parse(term);
    if (requirement.key.empty() || requirement.key.find_first_of(" ()!=") != std::string::npos)
      error_ = "'" + term + "' is not a label selector";
    selector_.match_expressions.push_back(std::move(requirement));
  }
}

bool Selector::matches(const StringMap& labels) const {
  return kube::matches(selector_, labels);
}

}  // namespace gw::kube
