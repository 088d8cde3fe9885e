// SARIF 2.1.0 (OASIS), as GitHub code scanning and IDEs read it.
#include <map>
#include <nlohmann/json.hpp>

#include "diag/formats/format.h"
#include "diag/render.h"

namespace gw::diag::formats {
namespace {

using Json = nlohmann::ordered_json;

std::string_view level(Severity severity) {
  return severity == Severity::info ? "note" : name(severity);
}

// RFC 3986: a path relative to the working directory, or a file URI.
std::string uri(std::string_view path) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  if (path == "-") return "stdin";
  std::string out = path.starts_with('/') ? "file://" : "";
  while (path.starts_with("./")) path.remove_prefix(2);
  for (char c : path) {
    auto byte = static_cast<unsigned char>(c);
    if (unreserved.find(c) != unreserved.npos)
      out += c;
    else
      (out += '%') += {hex[byte >> 4], hex[byte & 15]};
  }
  return out;
}

Json region(const Sources& sources, Span span) {
  Position begin = sources.position(span.file, span.begin);
  Position end = sources.position(span.file, span.end);
  return {{"startLine", begin.line}, {"startColumn", begin.column}, {"endLine", end.line}, {"endColumn", end.column}};
}

Json physical(const Sources& sources, Span span) {
  return {{"artifactLocation", {{"uri", uri(sources.name(span.file))}}}, {"region", region(sources, span)}};
}

Json location(const Report& report, const Diagnostic& d) {
  Json out = Json::object();
  if (d.span.known()) out["physicalLocation"] = physical(report.sources, d.span);
  if (!d.object.empty()) {
    std::string name = d.object.display();
    if (!d.path.empty()) name += " " + d.path;
    out["logicalLocations"] = Json::array({{{"fullyQualifiedName", name}, {"kind", "object"}}});
  }
  return out;
}

Json rule(const Report& report, const Diagnostic& d) {
  RuleInfo info = rule_of(report, d.code);
  Json out{{"id", d.code}, {"shortDescription", {{"text", info.title}}}};
  if (!info.explanation.empty()) {
    out["fullDescription"] = {{"text", info.explanation}};
    out["help"] = {{"text", info.explanation}};
  }
  out["defaultConfiguration"] = {{"level", level(d.severity)}};
  return out;
}

void add_fix(const Report& report, const Diagnostic& d, Json& result) {
  const std::vector<TextEdit> edits = report.info.fix(d);
  if (edits.empty()) return;
  Json replacements = Json::array();
  for (const TextEdit& edit : edits)
    replacements.push_back(
        {{"deletedRegion", region(report.sources, edit.span)}, {"insertedContent", {{"text", edit.text}}}});
  Json change{{"artifactLocation", {{"uri", uri(report.sources.name(edits[0].span.file))}}},
              {"replacements", std::move(replacements)}};
  result["fixes"] = Json::array({{{"artifactChanges", Json::array({std::move(change)})}}});
}

}  // namespace

std::string sarif(const Report& report) {
  Json rules = Json::array(), results = Json::array();
  std::map<std::string, std::size_t> rule_index;
  std::vector<std::string> prints = unique_fingerprints(report);
  for (std::size_t i = 0; i < report.findings.size(); ++i) {
    const Diagnostic& d = report.findings[i];
    auto [at, added] = rule_index.try_emplace(d.code, rules.size());
    if (added) rules.push_back(rule(report, d));
    Json result{{"ruleId", d.code}, {"ruleIndex", at->second}, {"level", level(d.severity)}};
    result["message"] = {{"text", d.help.empty() ? d.message : d.message + "\n" + d.help}};
    result["locations"] = Json::array({location(report, d)});
    std::size_t id = 0;
    for (const Related& related : d.related) {
      if (!related.span.known()) continue;
      result["relatedLocations"].push_back({{"id", ++id},
                                            {"physicalLocation", physical(report.sources, related.span)},
                                            {"message", {{"text", related.message}}}});
    }
    if (report.info.fix) add_fix(report, d, result);
    result["partialFingerprints"] = {{"gwctl/v1", prints[i]}};
    results.push_back(std::move(result));
  }
  Json driver{{"name", "gwctl"}, {"informationUri", "https://gateway-api.sigs.k8s.io"}};
  if (!report.info.tool_version.empty()) driver["version"] = report.info.tool_version;
  driver["rules"] = std::move(rules);
  Json run{
      {"tool", {{"driver", std::move(driver)}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}};
  out["runs"] = Json::array({std::move(run)});
  return dump(out, 2) + "\n";
}

}  // namespace gw::diag::formats
