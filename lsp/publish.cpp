// Findings as an editor shows them, and what it can do about them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lsp/features.h"
#include "lsp/knowledge.h"
#include "lsp/outline.h"
#include "yaml/read.h"

namespace gw::lsp {
namespace {

int severity_of(diag::Severity severity) {
  return severity == diag::Severity::error ? 1 : severity == diag::Severity::warning ? 2 : 3;
}

Json diagnostic(const View& view, const Lines& lines, const diag::Diagnostic& finding) {
  std::string message = finding.message;
  if (!finding.help.empty()) message += "\n" + finding.help;
  Json out{{"range", range(lines, finding.span.begin, finding.span.end)},
           {"severity", severity_of(finding.severity)},
           {"code", finding.code},
           {"source", "gwctl"},
           {"message", message}};
  for (const diag::Related& related : finding.related) {
    if (!related.span.known()) continue;
    const Lines there(view.sources.text(related.span.file));
    out["relatedInformation"].push_back({{"location",
                                          {{"uri", uri_of_path(view.sources.name(related.span.file))},
                                           {"range", range(there, related.span.begin, related.span.end)}}},
                                         {"message", related.message}});
  }
  return out;
}

Json edit(const std::string& path, Json edits) {
  return {{"changes", {{uri_of_path(path), std::move(edits)}}}};
}

Json repair(const Asked& asked, const View& view, const diag::Diagnostic& finding) {
  const auto* edits = view.looked.fixes.find(finding);
  if (!edits || view.sources.redacted(finding.span)) return nullptr;
  Json changes = Json::array();
  for (const validate::Edit& one : *edits) {
    const validate::Replacement made = validate::resolve(one, asked.text);
    if (made.begin == made.end && made.text.empty()) return nullptr;
    changes.push_back({{"range", range(asked.lines, made.begin, made.end)}, {"newText", made.text}});
  }
  return {{"title", finding.help.empty() ? "Repair: " + finding.message : finding.help},
          {"kind", "quickfix"},
          {"isPreferred", true},
          {"diagnostics", Json::array({diagnostic(view, asked.lines, finding)})},
          {"edit", edit(asked.path, std::move(changes))}};
}

Json ignore_here(const Asked& asked, const View& view, const diag::Diagnostic& finding) {
  const Position at = asked.lines.position(finding.span.begin);
  const std::size_t end = asked.lines.start(at.line) + asked.lines.line(at.line).size();
  return {{"title", "Ignore " + finding.code + " here"},
          {"kind", "quickfix"},
          {"diagnostics", Json::array({diagnostic(view, asked.lines, finding)})},
          {"edit", edit(asked.path, Json::array({{{"range", range(asked.lines, end, end)},
                                                  {"newText", "  # gwctl:ignore " + finding.code}}}))}};
}

// A reference into another namespace whose objects nobody granted: the grant goes to the end of the document.
Json grant(const Asked& asked, const diag::Diagnostic& finding, const Outline& all) {
  if (finding.help.find("ReferenceGrant") == std::string::npos &&
      finding.message.find("ReferenceGrant") == std::string::npos)
    return nullptr;
  for (const Reference& to : all.references) {
    const bool around = to.whole.known() && to.whole.begin <= finding.span.begin && finding.span.end <= to.whole.end;
    if (!around || to.ns == finding.object.ns) continue;
    const auto group_of = [](const std::string& version) {
      const auto slash = version.find('/');
      return slash == version.npos ? std::string() : version.substr(0, slash);
    };
    const std::string text = std::string(asked.text.ends_with('\n') ? "" : "\n") +
                             "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata:\n"
                             "  name: " +
                             finding.object.ns + "-to-" + to.name + "\n  namespace: " + to.ns +
                             "\nspec:\n  from:\n  - group: " + group_of(finding.object.api_version) +
                             "\n    kind: " + finding.object.kind + "\n    namespace: " + finding.object.ns +
                             "\n  to:\n  - group: \"\"\n    kind: " + to.kind + "\n    name: " + to.name + "\n";
    const std::size_t end = asked.text.size();
    return {{"title", "Add the ReferenceGrant in namespace " + to.ns},
            {"kind", "quickfix"},
            {"edit", edit(asked.path, Json::array({{{"range", range(asked.lines, end, end)}, {"newText", text}}}))}};
  }
  return nullptr;
}

// The Ingress around a place, as a new document beside this one.
Json convert_here(const Asked& asked, const yaml::Document& document) {
  const yaml::Node* kind = document.root->is_map() ? document.root->find("kind") : nullptr;
  if (!kind || !kind->is_string() || kind->string() != "Ingress") return nullptr;
  const Settings& settings = asked.workspace.settings();
  const std::string text = converted(settings, asked.text.substr(document.begin, document.end - document.begin));
  if (text.empty()) return nullptr;
  const std::size_t dot = asked.path.rfind('.');
  const std::string uri = uri_of_path(asked.path.substr(0, dot) + ".gateway.yaml");
  const Json start = to_json({});
  return {{"title", "Convert this Ingress to Gateway API (" + settings.to + ")"},
          {"kind", "refactor"},
          {"edit",
           {{"documentChanges",
             Json::array(
                 {{{"kind", "create"}, {"uri", uri}, {"options", {{"ignoreIfExists", true}}}},
                  {{"textDocument", {{"uri", uri}, {"version", nullptr}}},
                   {"edits", Json::array({{{"range", {{"start", start}, {"end", start}}}, {"newText", text}}})}}})}}}};
}

std::string text_at(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node && node->is_map() ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

}  // namespace

std::map<std::string, Json> diagnostics(const View& view) {
  std::map<std::string, Json> out;
  for (const auto& [path, file] : view.files) out.emplace(uri_of_path(path), Json::array());
  std::map<diag::FileId, Lines> lines;
  for (const diag::Diagnostic& finding : view.looked.findings) {
    if (!finding.span.known()) continue;
    const auto at = lines.try_emplace(finding.span.file, view.sources.text(finding.span.file)).first;
    Json& of_file = out.try_emplace(uri_of_path(view.sources.name(finding.span.file)), Json::array()).first->second;
    of_file.push_back(diagnostic(view, at->second, finding));
  }
  return out;
}

Json actions(const Asked& asked, std::size_t begin, std::size_t end) {
  View& view = asked.workspace.look();
  Json out = Json::array();
  const auto add = [&](Json action) {
    if (!action.is_null()) out.push_back(std::move(action));
  };
  const auto file = view.files.find(asked.path);
  diag::Sources sources;
  diag::Sink ignored;
  const auto documents = yaml::read(sources.add("document", std::string(asked.text)), sources, {}, ignored);
  Outline all;
  for (const yaml::Document& document : documents) outline(document, all);
  if (file != view.files.end())
    for (const diag::Diagnostic& finding : view.looked.findings) {
      if (finding.span.file != file->second || finding.span.begin > end || finding.span.end < begin) continue;
      add(repair(asked, view, finding));
      add(grant(asked, finding, all));
      if (finding.layer != "yaml") add(ignore_here(asked, view, finding));
    }
  for (const yaml::Document& document : documents)
    if (document.begin <= begin && begin <= document.end) add(convert_here(asked, document));
  return out;
}

Json lenses(const Asked& asked) {
  diag::Sources sources;
  diag::Sink ignored;
  Json out = Json::array();
  for (const yaml::Document& document :
       yaml::read(sources.add("document", std::string(asked.text)), sources, {}, ignored)) {
    const std::string kind = text_at(document.root, "kind");
    const yaml::Node* spec = document.root->find("spec");
    const yaml::Node* rules = spec ? spec->find("rules") : nullptr;
    if ((kind != "HTTPRoute" && kind != "GRPCRoute") || !rules || !rules->is_seq()) continue;
    std::size_t matches = 0;
    for (const yaml::Node& rule : items_of(*rules)) {
      const yaml::Node* own = rule.find("matches");
      matches += own && own->is_seq() && own->size() != 0 ? own->size() : 1;
    }
    const auto counted = [](std::size_t n, const char* one, const char* more) {
      return std::to_string(n) + " " + (n == 1 ? one : more);
    };
    out.push_back({{"range", range(asked.lines, document.root->span().begin, document.root->span().begin)},
                   {"command",
                    {{"title", counted(rules->size(), "rule", "rules") + ", " + counted(matches, "match", "matches")},
                     {"command", ""}}}});
  }
  return out;
}

// The numbers of ports that an Ingress names.
Json hints(const Asked& asked) {
  const kube::Bundle& bundle = asked.workspace.look().looked.bundle;
  diag::Sources sources;
  diag::Sink ignored;
  Json out = Json::array();
  for (const yaml::Document& document :
       yaml::read(sources.add("document", std::string(asked.text)), sources, {}, ignored)) {
    if (text_at(document.root, "kind") != "Ingress") continue;
    std::string ns = text_at(document.root->find("metadata"), "namespace");
    if (ns.empty()) ns = "default";
    const auto look = [&](const auto& self, const yaml::Node& node) -> void {
      const yaml::Node* service = node.is_map() ? node.find("service") : nullptr;
      const yaml::Node* port = service && service->is_map() ? service->find("port") : nullptr;
      if (const std::string name = text_at(port, "name"); !name.empty())
        for (const kube::Service& one : bundle.services)
          if (one.metadata.ns == ns && one.metadata.name == text_at(service, "name"))
            for (const kube::ServicePort& of : one.spec.ports)
              if (of.name == name)
                out.push_back({{"position", to_json(asked.lines.position(port->find("name")->span().end))},
                               {"label", " = " + std::to_string(of.port)}});
      for (const yaml::Entry& entry : node.entries()) self(self, entry.value);
      for (const yaml::Node& item : items_of(node)) self(self, item);
    };
    if (const yaml::Node* spec = document.root->find("spec")) look(look, *spec);
  }
  return out;
}

}  // namespace gw::lsp
