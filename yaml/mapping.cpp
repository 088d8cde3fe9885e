// Go's decoder sets keys in the order of the text, merges included: a merge that follows a key of the same name wins
// over it, against the YAML specification. What Kubernetes reads is what counts, so that is kept, with a warning.
#include "yaml/mapping.h"

namespace gw::yaml {
namespace {

constexpr std::size_t indexed = 16;  // up to here a linear search is faster

diag::Diagnostic about_key(diag::Severity severity, const Node& key, const Node& first, std::string message,
                           std::string help) {
  diag::Diagnostic out;
  out.code = "GW002";
  out.severity = severity;
  out.layer = "yaml";
  out.message = std::move(message);
  out.help = std::move(help);
  out.span = key.span();
  out.related.push_back({first.span(), "first given here"});
  return out;
}

std::string quoted(std::string_view key) {
  return "'" + std::string(key.substr(0, 100)) + "'";
}

}  // namespace

std::size_t MappingEntries::find(std::string_view key) const {
  if (entries_.size() > indexed) {
    auto found = index_.find(key);
    return found == index_.end() ? none : found->second;
  }
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].key.string() == key) return i;
  }
  return none;
}

void MappingEntries::append(const Entry& entry, Origin origin) {
  entries_.push_back(entry);
  origins_.push_back(origin);
  if (entries_.size() == indexed + 1) {
    for (std::size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].key.string(), i);
  } else if (entries_.size() > indexed) {
    index_.emplace(entry.key.string(), entries_.size() - 1);
  }
}

bool MappingEntries::set(const Entry& entry, Kind type) {
  std::size_t at = find(entry.key.string());
  if (at == none) {
    append(entry, {type, false});
    return true;
  }
  const Node& first = entries_[at].key;
  std::string key = quoted(entry.key.string());
  if (!origins_[at].merged && origins_[at].type == type) {
    sink_.report(about_key(diag::Severity::error, entry.key, first, "key " + key + " is given twice in one mapping",
                           "remove one of the two"));
    return false;
  }
  if (!origins_[at].merged) {
    sink_.report(about_key(diag::Severity::warning, entry.key, first,
                           "keys of different types become the same text " + key + "; only one value is kept",
                           "remove one of the two"));
  }
  entries_[at] = entry;
  origins_[at] = {type, false};
  return true;
}

void MappingEntries::merge(const Node& mapping, const Node& merge_key) {
  for (const Entry& entry : mapping.entries()) {
    std::size_t at = find(entry.key.string());
    if (at == none) {
      append(entry, {Kind::string, true});
      continue;
    }
    if (!origins_[at].merged) {
      sink_.report(about_key(diag::Severity::warning, merge_key, entries_[at].key,
                             "this merge replaces the value of " + quoted(entry.key.string()) + " given above it",
                             "write the '<<' line first: Kubernetes lets whatever comes later win"));
    }
    entries_[at] = entry;
    origins_[at].merged = true;
  }
}

void MappingEntries::clear() {
  entries_.clear();
  origins_.clear();
  index_.clear();
}

}  // namespace gw::yaml
