#include "convert/ledger.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace gw::convert {
namespace {

struct LossRow {
  Loss loss;
  std::string_view name;
  bool security;
};
constexpr LossRow losses[] = {
    {Loss::none, "", false},
    {Loss::auth, "auth", true},
    {Loss::allow_list, "allow-list", true},
    {Loss::client_certificate, "client-certificate", true},
    {Loss::snippet, "snippet", true},
    {Loss::waf, "waf", true},
    {Loss::backend_tls, "backend-tls", false},
    {Loss::rate_limit, "rate-limit", false},
    {Loss::rewrite, "rewrite", false},
    {Loss::redirect, "redirect", false},
    {Loss::backend, "backend", false},
    {Loss::unknown, "unknown", false},
    {Loss::other, "other", false},
};
const LossRow& row(Loss loss) {
  return losses[static_cast<std::size_t>(loss)];
}

}  // namespace

std::string_view name(Outcome outcome) {
  constexpr std::array<std::string_view, 6> names{"ignored",      "converted", "policy",
                                                  "approximated", "unknown",   "refused"};
  return names[static_cast<std::size_t>(outcome)];
}
std::string_view name(Loss loss) {
  return row(loss).name;
}
std::string_view code_of(Outcome outcome, Loss loss) {
  switch (outcome) {
    case Outcome::refused:
      return security(loss) ? "GW602" : "GW601";
    case Outcome::approximated:
      return "GW603";
    case Outcome::unknown:
      return "GW604";
    case Outcome::ignored:
    case Outcome::converted:
    case Outcome::policy:
      return "";
  }
  return "";
}

bool security(Loss loss) {
  return row(loss).security;
}
Loss loss_of(std::string_view word) {
  const auto* found =
      std::find_if(std::begin(losses), std::end(losses), [&](const LossRow& r) { return r.name == word; });
  return found == std::end(losses) ? Loss::none : found->loss;
}
std::vector<std::string_view> loss_names() {
  std::vector<std::string_view> names;
  for (const LossRow& r : losses)
    if (r.loss != Loss::none) names.push_back(r.name);
  return names;
}

std::string without_advice(std::string_view detail, std::string_view target) {
  const std::string word = "(--to " + std::string(target) + ")";
  std::string out(detail);
  for (std::size_t at = out.find(word); at != out.npos; at = out.find(word)) {
    std::size_t from = out.rfind("; ", at), to = at + word.size();
    if (from == out.npos) from = out.rfind(", ", at);
    const bool clause = from != out.npos;
    if (!clause) from = at;
    out.replace(from, to - from, clause ? "; gwctl writes nothing of " + std::string(target) + "'s for it" : "");
  }
  return out;
}

Claim Ledger::take(const kube::Object& object, std::uint32_t annotation) {
  const auto* key = &object.metadata.annotations[annotation];
  const auto [at, fresh] = by_annotation_.try_emplace(key, static_cast<Claim>(entries_.size()));
  if (fresh) {
    Entry entry;
    entry.object = &object;
    entry.annotation = annotation;
    entries_.push_back(std::move(entry));
  }
  return at->second;
}

Claim Ledger::take(const kube::Object& object, std::string_view key) {
  const kube::StringMap& annotations = object.metadata.annotations;
  for (std::uint32_t i = 0; i < annotations.size(); ++i)
    if (annotations[i].first == key) return take(object, i);
  return 0;
}

bool Ledger::taken(const kube::Object& object, std::uint32_t annotation) const {
  return by_annotation_.contains(&object.metadata.annotations[annotation]);
}

void Ledger::settle(Claim claim, Outcome outcome, std::string_view detail, std::string_view code, Loss loss) {
  if (claim == 0) return;
  assert(claim < entries_.size());
  Entry& entry = entries_[claim];
  const bool graver = !entry.settled || outcome > entry.outcome;
  if (graver) {
    entry.outcome = outcome;
    entry.detail = detail;
    entry.code = code;
    entry.loss = loss;
  } else if (outcome == entry.outcome && entry.detail.find(detail) == std::string::npos && entry.detail.size() < 400) {
    entry.detail += "; ";
    entry.detail += detail;
  }
  entry.settled = true;
}

void Ledger::restate(Claim claim, Outcome outcome, std::string_view detail, std::string_view code) {
  if (claim == 0 || entries_[claim].outcome >= Outcome::unknown) return;
  entries_[claim].settled = false;
  settle(claim, outcome, detail, code);
}

void Ledger::settle(const yaml::Node* field, Outcome outcome, std::string_view detail, std::string_view code) {
  if (!field) return;
  Fate& fate = fates_[field];
  if (fate.settled && fate.outcome >= outcome) return;
  fate = {true, outcome, std::string(code), std::string(detail)};
}

struct Ledger::Walk {
  Ledger& ledger;
  const kube::Object& object;
  std::vector<FieldEntry> unread = {};

  // `said`: what was told of the nearest field above; `out`: a rule above is left out.
  void at(const yaml::Node& node, const std::string& path, const Fate* said, bool out) {
    const auto own = ledger.fates_.find(&node);
    const bool read = own != ledger.fates_.end();
    if (read && own->second.settled) said = &own->second;
    out = out || ledger.left_out_.contains(&node);
    if (node.is_map() && node.size() > 0) {
      for (const yaml::Entry& e : node.entries()) at(e.value, path + "." + std::string(e.key.string()), said, out);
    } else if (node.is_seq() && node.size() > 0) {
      std::size_t i = 0;
      for (const yaml::Node& item : node.items()) at(item, path + "[" + std::to_string(i++) + "]", said, out);
    } else {
      leaf(node, path, read, said, out);
    }
  }

  void leaf(const yaml::Node& node, const std::string& path, bool read, const Fate* said, bool out) {
    FieldEntry entry{&object, &node, path, Outcome::converted, {}, {}};
    if (said) entry.outcome = said->outcome, entry.code = said->code, entry.detail = said->detail;
    if (!said && !read) {
      entry.outcome = Outcome::refused;
      unread.push_back(entry);
    } else if (out && entry.outcome < Outcome::unknown && entry.outcome != Outcome::ignored) {
      entry.outcome = Outcome::refused;
      entry.detail = "its route is left out";
    }
    ledger.fields_.push_back(std::move(entry));
  }
};

std::vector<FieldEntry> Ledger::account(const kube::Object& object, const yaml::Node& spec, std::string_view path) {
  Walk walk{*this, object};
  const auto whole = fates_.find(object.node);
  const Fate* said = whole != fates_.end() && whole->second.settled ? &whole->second : nullptr;
  walk.at(spec, std::string(path), said, false);
  return std::move(walk.unread);
}

void Ledger::note(Note note) {
  notes_.push_back(std::move(note));
}

void Ledger::note_once(Note note) {
  if (once_.insert({note.at, note.message}).second) notes_.push_back(std::move(note));
}

bool Ledger::noted(std::string_view code) const {
  return std::any_of(notes_.begin(), notes_.end(), [&](const Note& n) { return n.code == code; });
}

}  // namespace gw::convert
