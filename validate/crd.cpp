// CustomResourceDefinitions (apiextensions.k8s.io/v1) as schemas.
#include <algorithm>
#include <optional>

#include "validate/catalogue.h"
#include "validate/cel/program.h"
#include "validate/formats.h"

namespace gw::validate {
namespace {

constexpr int max_depth = 200;

diag::Diagnostic fault(const yaml::Node& at, std::string message, std::string help = {}) {
  diag::Diagnostic out;
  out.code = "GW511";
  out.layer = "schema";
  out.message = std::move(message);
  out.help = std::move(help);
  out.span = at.span();
  return out;
}

const yaml::Node* text_node(const yaml::Node& map, std::string_view key) {
  const yaml::Node* node = map.find(key);
  return node && node->is_string() ? node : nullptr;
}
std::string_view text(const yaml::Node& map, std::string_view key) {
  const yaml::Node* node = text_node(map, key);
  return node ? node->string() : std::string_view();
}
std::span<const yaml::Node> items_of(const yaml::Node& node) {
  return node.is_seq() ? node.items() : std::span<const yaml::Node>();
}
bool flag(const yaml::Node& map, std::string_view key) {
  const yaml::Node* node = map.find(key);
  return node && node->kind() == yaml::Kind::boolean && node->boolean();
}

// Reads openAPIV3Schema nodes. What it does not know (descriptions, titles, examples) is passed over.
class SchemaReader {
 public:
  SchemaReader(SchemaStore& store, diag::Sink& sink) : store_(store), sink_(sink) {}

  const Schema* read(const yaml::Node& node, int depth = 0) {
    if (depth > max_depth) {
      sink_.report(fault(node, "the schema is nested too deeply"));
      return store_.schema();
    }
    Schema& out = *store_.schema();
    if (!node.is_map()) {
      sink_.report(fault(node, "a schema is an object"));
      return &out;
    }
    read_type(node, out);
    read_bounds(node, out);
    read_structure(node, out, depth);
    read_extensions(node, out);
    finish(out);
    return &out;
  }

 private:
  void read_type(const yaml::Node& node, Schema& out) {
    static constexpr std::pair<std::string_view, Types> names[] = {
        {"boolean", bit(Type::boolean)}, {"integer", bit(Type::integer)}, {"number", bit(Type::floating)},
        {"string", bit(Type::string)},   {"array", bit(Type::list)},      {"object", bit(Type::map)}};
    const std::string_view type = text(node, "type");
    for (auto [name, types] : names) {
      if (name == type) out.types = types;
    }
    if (!type.empty() && out.types == 0)
      sink_.report(fault(*node.find("type"), "unknown type '" + std::string(type) + "'"));
    out.nullable = flag(node, "nullable");
    if (flag(node, "x-kubernetes-int-or-string")) {
      out.int_or_string = true;
      out.types = bit(Type::integer) | bit(Type::string);
    }
    const std::string_view format = text(node, "format");
    const bool numeric = out.types == bit(Type::integer)    ? format == "int32" || format == "int64"
                         : out.types == bit(Type::floating) ? format == "float" || format == "double"
                                                            : false;
    const bool textual =
        (out.types == 0 || out.types == bit(Type::string) || out.int_or_string) && known_format(format);
    if (numeric || textual) out.format = format;
  }

  void whole(const yaml::Node& node, std::string_view key, std::optional<std::int64_t>& out) {
    const yaml::Node* value = node.find(key);
    if (value && value->is_number()) out = static_cast<std::int64_t>(value->number());
  }
  void real(const yaml::Node& node, std::string_view key, std::optional<double>& out) {
    const yaml::Node* value = node.find(key);
    if (value && value->is_number()) out = value->number();
  }

  void read_bounds(const yaml::Node& node, Schema& out) {
    whole(node, "maxLength", out.max_length);
    whole(node, "minLength", out.min_length);
    whole(node, "maxItems", out.max_items);
    whole(node, "minItems", out.min_items);
    whole(node, "maxProperties", out.max_properties);
    whole(node, "minProperties", out.min_properties);
    real(node, "maximum", out.maximum);
    real(node, "minimum", out.minimum);
    real(node, "multipleOf", out.multiple_of);
    out.exclusive_maximum = flag(node, "exclusiveMaximum");
    out.exclusive_minimum = flag(node, "exclusiveMinimum");
    out.unique_items = flag(node, "uniqueItems");
    if (const yaml::Node* pattern = text_node(node, "pattern")) {
      out.pattern = store_.pattern(pattern->string(), pattern->span());
    }
    if (const yaml::Node* allowed = node.find("enum")) {
      for (const yaml::Node& value : items_of(*allowed)) out.allowed.push_back(literal(value));
    }
    if (const yaml::Node* value = node.find("default"); value && !value->is_null()) out.default_value = literal(*value);
  }

  Value literal(const yaml::Node& node) { return copy(from_node(node, store_.arena()), store_.arena()); }

  void read_structure(const yaml::Node& node, Schema& out, int depth) {
    if (const yaml::Node* properties = node.find("properties")) {
      for (const yaml::Entry& entry : properties->entries()) {
        out.properties.push_back({std::string(entry.key.string()), read(entry.value, depth + 1)});
      }
    }
    if (const yaml::Node* items = node.find("items")) out.items = read(*items, depth + 1);
    if (const yaml::Node* additional = node.find("additionalProperties")) {
      if (additional->is_map()) {
        out.additional = read(*additional, depth + 1);
      } else if (additional->kind() == yaml::Kind::boolean) {
        out.additional_allowed = additional->boolean();
        if (out.additional_allowed) out.additional = open_schema();
      }
    }
    if (const yaml::Node* required = node.find("required")) {
      for (const yaml::Node& name : items_of(*required)) {
        if (name.is_string()) out.required.emplace_back(name.string());
      }
    }
    auto each = [&](std::string_view key, std::vector<const Schema*>& parts) {
      if (const yaml::Node* list = node.find(key)) {
        for (const yaml::Node& part : items_of(*list)) parts.push_back(read(part, depth + 1));
      }
    };
    each("allOf", out.all_of);
    each("anyOf", out.any_of);
    each("oneOf", out.one_of);
    if (const yaml::Node* inner = node.find("not")) out.not_schema = read(*inner, depth + 1);
  }

  const Schema* open_schema() {
    Schema* open = store_.schema();
    open->preserve_unknown = true;
    return open;
  }

  void read_extensions(const yaml::Node& node, Schema& out) {
    out.preserve_unknown = flag(node, "x-kubernetes-preserve-unknown-fields");
    out.embedded = flag(node, "x-kubernetes-embedded-resource");
    const std::string_view list_type = text(node, "x-kubernetes-list-type");
    if (list_type == "set") out.list_type = ListType::set;
    if (list_type == "map") out.list_type = ListType::map;
    if (const yaml::Node* keys = node.find("x-kubernetes-list-map-keys")) {
      for (const yaml::Node& name : items_of(*keys)) {
        if (name.is_string()) out.list_keys.emplace_back(name.string());
      }
    }
    const yaml::Node* rules = node.find("x-kubernetes-validations");
    if (!rules) return;
    for (const yaml::Node& rule : items_of(*rules)) {
      const yaml::Node* expression = text_node(rule, "rule");
      if (!expression) continue;
      std::string_view message = text(rule, "message");
      out.rules.push_back(store_.rule(expression->string(), message, text(rule, "reason"), text(rule, "fieldPath"),
                                      expression->span()));
    }
  }

  SchemaStore& store_;
  diag::Sink& sink_;
};

class CrdCatalogue : public Catalogue {
 public:
  CrdCatalogue(const std::vector<yaml::Document>& documents, diag::Sink& sink) : documents_(documents) {
    for (const yaml::Document& document : documents_) add(*document.root, sink);
  }

 private:
  void add(const yaml::Node& crd, diag::Sink& sink) {
    if (text(crd, "kind") == "List") {
      if (const yaml::Node* items = crd.find("items")) {
        for (const yaml::Node& item : items_of(*items)) add(item, sink);
      }
      return;
    }
    if (text(crd, "kind") != "CustomResourceDefinition") return;
    const yaml::Node* spec = crd.find("spec");
    const yaml::Node* names = spec ? spec->find("names") : nullptr;
    const yaml::Node* versions = spec ? spec->find("versions") : nullptr;
    if (!names || !versions || !versions->is_seq()) {
      sink.report(fault(crd, "a CustomResourceDefinition without spec.names and spec.versions",
                        "only apiextensions.k8s.io/v1 is read"));
      return;
    }
    const std::string latest = latest_served(*versions);
    for (const yaml::Node& version : versions->items()) {
      KindInfo kind;
      kind.group = text(*spec, "group");
      kind.kind = text(*names, "kind");
      kind.version = text(version, "name");
      kind.namespaced = text(*spec, "scope") != "Cluster";
      kind.served = flag(version, "served");
      kind.deprecated = flag(version, "deprecated");
      kind.deprecation = kind.deprecated ? latest : "";
      const yaml::Node* subresources = version.find("subresources");
      kind.has_status = subresources && subresources->find("status");
      kinds_.push_back(std::move(kind));
      versions_.push_back(&version);
    }
  }

  static std::string latest_served(const yaml::Node& versions) {
    for (const yaml::Node& version : versions.items()) {
      if (flag(version, "served") && !flag(version, "deprecated")) return std::string(text(version, "name"));
    }
    return {};
  }

  const Schema* compile(std::size_t kind, diag::Sink& sink) const override {
    const yaml::Node* holder = versions_[kind]->find("schema");
    const yaml::Node* root = holder ? holder->find("openAPIV3Schema") : nullptr;
    if (!root) {
      sink.report(fault(*versions_[kind], "this version has no schema"));
      return nullptr;
    }
    const std::size_t patterns = store_.patterns().size(), rules = store_.rules().size();
    Schema* schema = const_cast<Schema*>(SchemaReader(store_, sink).read(*root));
    open_metadata(*schema);
    check_expressions(patterns, rules, sink);
    return schema;
  }

  // At the root CEL may read metadata.name and metadata.generateName though the schema does not describe them.
  static void open_metadata(Schema& root) {
    if (const Schema* metadata = root.property("metadata")) const_cast<Schema*>(metadata)->open_to_cel = true;
  }

  void check_expressions(std::size_t patterns, std::size_t rules, diag::Sink& sink) const {
    auto tell = [&sink](diag::Span at, std::string message) {
      diag::Diagnostic out;
      out.code = "GW511";
      out.layer = "schema";
      out.message = std::move(message);
      out.span = at;
      sink.report(std::move(out));
    };
    for (std::size_t i = patterns; i < store_.patterns().size(); ++i) {
      const Pattern& pattern = store_.patterns()[i];
      if (!pattern.error().empty()) tell(pattern.at, "the pattern does not compile: " + pattern.error().substr(0, 200));
    }
    for (std::size_t i = rules; i < store_.rules().size(); ++i) {
      const Rule& rule = store_.rules()[i];
      if (!rule.program()) tell(rule.at, "the CEL rule does not compile: " + rule.error());
    }
  }

  std::vector<yaml::Document> documents_;  // keeps the trees alive
  std::vector<const yaml::Node*> versions_;
  mutable SchemaStore store_;
};

}  // namespace

std::unique_ptr<Catalogue> from_crds(const std::vector<yaml::Document>& documents, diag::Sink& sink) {
  return std::make_unique<CrdCatalogue>(documents, sink);
}

}  // namespace gw::validate
