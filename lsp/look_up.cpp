// Hover, definitions, references and symbols: what stands at a place, and where else it stands.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lsp/features.h"
#include "lsp/knowledge.h"
#include "lsp/outline.h"
#include "yaml/read.h"

namespace gw::lsp {
namespace {

// The documents of one text, as far as they can be read.
struct Parsed {
  diag::Sources sources;
  diag::Sink sink;
  std::vector<yaml::Document> documents;
  explicit Parsed(std::string_view text) {
    documents = yaml::read(sources.add("document", std::string(text)), sources, {}, sink);
  }
  const yaml::Document* at(std::size_t offset) const {
    for (const yaml::Document& document : documents)
      if (document.begin <= offset && offset <= document.end) return &document;
    return nullptr;
  }
};

std::string text_at(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node && node->is_map() ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

Json markdown(const std::string& text) {
  return {{"contents", {{"kind", "markdown"}, {"value", text}}}};
}

bool holds(diag::Span span, std::size_t offset) {
  return span.known() && span.begin <= offset && offset <= span.end;
}

// All that the set holds, by file.
struct Everything {
  View& view;
  Outline all;
  explicit Everything(Workspace& workspace) : view(workspace.look()) {
    diag::Sink ignored;
    // Read again: a look lets go of the trees.
    for (const auto& [path, file] : view.files) {
      (void)path;
      for (const yaml::Document& document : yaml::read(file, view.sources, {}, ignored)) outline(document, all);
    }
  }
  Json location(diag::Span span) const {
    const Lines lines(view.sources.text(span.file));
    return {{"uri", uri_of_path(view.sources.name(span.file))}, {"range", range(lines, span.begin, span.end)}};
  }
  const diag::FileId* file(const std::string& path) const {
    const auto at = view.files.find(path);
    return at == view.files.end() ? nullptr : &at->second;
  }
};

// The object that a place names, or is.
struct Target {
  std::string kind, ns, name, section;
};
std::optional<Target> target_at(const Everything& everything, const std::string& path, std::size_t offset) {
  const diag::FileId* file = everything.file(path);
  if (!file) return std::nullopt;
  for (const Reference& one : everything.all.references)
    if (one.at.file == *file && holds(one.at, offset)) return Target{one.kind, one.ns, one.name, one.section};
  for (const Named& one : everything.all.objects)
    if (one.at.file == *file && holds(one.at, offset)) return Target{one.kind, one.ns, one.name, {}};
  return std::nullopt;
}

template <class T>
bool same(const T& one, const Target& target) {
  return one.kind == target.kind && one.ns == target.ns && one.name == target.name;
}

// The name of the listener that a sectionName means, else the object's own.
diag::Span place_of(const Everything& everything, const Named& object, const std::string& section) {
  if (section.empty()) return object.at;
  diag::Sink ignored;
  for (const yaml::Document& document : yaml::read(object.at.file, everything.view.sources, {}, ignored)) {
    if (document.begin > object.at.begin || document.end < object.at.end) continue;
    const yaml::Node* spec = document.root->find("spec");
    const yaml::Node* listeners = spec ? spec->find("listeners") : nullptr;
    if (!listeners) continue;
    for (const yaml::Node& listener : items_of(*listeners))
      if (text_at(&listener, "name") == section) return listener.find("name")->span();
  }
  return object.at;
}

}  // namespace

Json hover(const Asked& asked, Position at) {
  const std::size_t offset = asked.lines.offset(at);
  const Parsed parsed(asked.text);
  const yaml::Document* document = parsed.at(offset);
  if (!document) return nullptr;
  const Place place = place_at(*document->root, offset);
  if (place.path.empty()) return nullptr;
  const Settings& settings = asked.workspace.settings();
  if (place.path.size() == 3 && place.path[0] == "metadata" && place.path[1] == "annotations") {
    const std::string told =
        fate(settings, asked.text.substr(document->begin, document->end - document->begin), place.path.back());
    return told.empty() ? Json(nullptr) : markdown(told);
  }
  std::vector<std::string> path = place.path;
  while (!path.empty() && path.back() == "[]") path.pop_back();
  if (path.empty()) return nullptr;
  const std::string version = text_at(document->root, "apiVersion"), kind = text_at(document->root, "kind");
  const validate::Schema* schema = schema_at(settings, version, kind, path);
  if (!schema) return nullptr;
  const std::string name = path.back();
  path.pop_back();
  const validate::Schema* parent = schema_at(settings, version, kind, path);
  const bool required =
      parent && std::find(parent->required.begin(), parent->required.end(), name) != parent->required.end();
  return markdown(describe(name, *schema, required));
}

Json definition(const Asked& asked, Position at) {
  const Everything everything(asked.workspace);
  const auto target = target_at(everything, asked.path, asked.lines.offset(at));
  if (!target) return nullptr;
  Json out = Json::array();
  for (const Named& one : everything.all.objects)
    if (same(one, *target)) out.push_back(everything.location(place_of(everything, one, target->section)));
  return out.empty() ? Json(nullptr) : out;
}

Json references(const Asked& asked, Position at, bool with_definition) {
  const Everything everything(asked.workspace);
  const auto target = target_at(everything, asked.path, asked.lines.offset(at));
  if (!target) return nullptr;
  Json out = Json::array();
  if (with_definition)
    for (const Named& one : everything.all.objects)
      if (same(one, *target)) out.push_back(everything.location(one.at));
  for (const Reference& one : everything.all.references)
    if (same(one, *target) && one.section.empty()) out.push_back(everything.location(one.at));
  return out;
}

Json symbols(const Asked& asked) {
  const Parsed parsed(asked.text);
  Outline all;
  for (const yaml::Document& document : parsed.documents) outline(document, all);
  constexpr int module = 2;  // SymbolKind
  Json out = Json::array();
  for (const Named& one : all.objects)
    out.push_back({{"name", one.kind + " " + (one.ns.empty() ? "" : one.ns + "/") + one.name},
                   {"kind", module},
                   {"range", range(asked.lines, one.whole.begin, one.whole.end)},
                   {"selectionRange", range(asked.lines, one.at.begin, one.at.end)}});
  return out;
}

}  // namespace gw::lsp
