#include "convert/report.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "convert/providers/own.h"
#include "convert/report_html.h"
#include "diag/credentials.h"
#include "diag/render.h"

namespace gw::convert {
namespace {

using nlohmann::ordered_json;

struct Place {
  std::string file;
  diag::Position position;
};

Place place(const kube::Object& object, const yaml::Node* node, const diag::Sources& sources) {
  const yaml::Node* at = node ? node : object.node;
  if (!at || !at->span().known()) return {};
  return {sources.name(at->span().file), sources.position(at->span().file, at->span().begin)};
}

Place place(const Entry& entry, const diag::Sources& sources) {
  const kube::Object& object = *entry.object;
  const yaml::Node* annotations = object.metadata.node ? object.metadata.node->find("annotations") : nullptr;
  const yaml::Entry* node = annotations ? annotations->entry(entry.key()) : nullptr;
  return place(object, node ? &node->key : nullptr, sources);
}

// Completes a row with what became of it, and where it stands.
template <class Told>
ordered_json fate(ordered_json row, const Told& entry, const Place& at) {
  row["outcome"] = name(entry.outcome);
  row["detail"] = diag::hide_credentials(entry.detail);
  row["code"] = entry.code;
  row["file"] = at.file;
  row["line"] = at.position.line;
  row["column"] = at.position.column;
  return row;
}

ordered_json annotation(const Entry& entry, const diag::Sources& sources) {
  return fate({{"object", entry.object->object_id().display()},
               {"key", entry.key()},
               {"value", diag::hide_credentials(entry.value())}},
              entry, place(entry, sources));
}

ordered_json field(const FieldEntry& entry, const diag::Sources& sources) {
  return fate(
      {{"object", entry.object->object_id().display()},
       {"field", entry.path},
       {"value", sources.redacted(entry.at->span()) ? "(not shown)" : diag::hide_credentials(text_of(entry.at))}},
      entry, place(*entry.object, entry.at, sources));
}

ordered_json note(const Note& n, const diag::Sources& sources) {
  ordered_json out{{"code", n.code},
                   {"severity", diag::name(n.severity)},
                   {"layer", "convert"},
                   {"message", diag::hide_credentials(n.message)}};
  if (!n.request.empty()) out["request"] = diag::hide_credentials(n.request);
  if (n.object) {
    const Place at = place(*n.object, n.at, sources);
    const diag::ObjectId id = n.object->object_id();
    out["file"] = at.file;
    out["line"] = at.position.line;
    out["column"] = at.position.column;
    out["object"] = {{"apiVersion", id.api_version}, {"kind", id.kind}, {"namespace", id.ns}, {"name", id.name}};
  }
  return out;
}

// Entries in the order of their place, whatever order they were taken in.
std::vector<const Entry*> in_order(const Ledger& ledger) {
  std::vector<const Entry*> entries;
  for (const Entry& e : ledger.entries())
    if (e.object) entries.push_back(&e);
  std::stable_sort(entries.begin(), entries.end(), [](const Entry* a, const Entry* b) {
    return std::tie(a->object->kind, a->object->metadata.ns, a->object->metadata.name, a->annotation) <
           std::tie(b->object->kind, b->object->metadata.ns, b->object->metadata.name, b->annotation);
  });
  return entries;
}

ordered_json summary(const Outcomes& outcomes, std::span<const diag::Diagnostic> findings) {
  constexpr std::array all{Outcome::converted, Outcome::approximated, Outcome::policy,
                           Outcome::refused,   Outcome::unknown,      Outcome::ignored};
  ordered_json out{{"ingresses", outcomes.ingresses}, {"routes", outcomes.routes}};
  for (const Outcome o : all)
    out[std::string(name(o))] = std::count_if(outcomes.ledger.entries().begin(), outcomes.ledger.entries().end(),
                                              [&](const Entry& e) { return e.object && e.outcome == o; }) +
                                std::count_if(outcomes.ledger.fields().begin(), outcomes.ledger.fields().end(),
                                              [&](const FieldEntry& e) { return e.outcome == o; });
  for (const auto& [key, severity] :
       {std::pair{"errors", diag::Severity::error}, {"warnings", diag::Severity::warning}})
    out[key] = std::count_if(findings.begin(), findings.end(),
                             [wanted = severity](const diag::Diagnostic& d) { return d.severity == wanted; });
  out["lossless"] = !outcomes.lost;
  if (!outcomes.written_for.empty()) out["writtenFor"] = outcomes.written_for;
  return out;
}

ordered_json build(const Outcomes& outcomes, std::span<const diag::Diagnostic> findings, const diag::Sources& sources) {
  ordered_json out{
      {"annotations", ordered_json::array()}, {"fields", ordered_json::array()}, {"findings", ordered_json::array()}};
  for (const Entry* e : in_order(outcomes.ledger)) out["annotations"].push_back(annotation(*e, sources));
  for (const FieldEntry& e : outcomes.ledger.fields()) out["fields"].push_back(field(e, sources));
  for (const diag::Diagnostic& d : findings)
    out["findings"].push_back(ordered_json::parse(diag::render_json(d, sources)));
  for (const Note& n : outcomes.ledger.notes())
    if (n.severity == diag::Severity::info) out["findings"].push_back(note(n, sources));
  out["summary"] = summary(outcomes, findings);
  return out;
}

}  // namespace

std::string report(const Outcomes& outcomes, std::span<const diag::Diagnostic> findings, const diag::Sources& sources,
                   std::string_view file) {
  const ordered_json all = build(outcomes, findings, sources);
  const std::string json = all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
  if (file.ends_with(".html")) return report_html(json);
  if (file.ends_with(".md")) return report_markdown(json);
  return json;
}

}  // namespace gw::convert
