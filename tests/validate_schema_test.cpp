// The built-in description and the published CRDs, node by node: types, formats, enums, bounds, patterns, defaults,
// list types and keys, required fields, rules. What objects happen to test is not enough.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "kube/load.h"
#include "tests/evidence.h"
#include "validate/catalogue.h"
#include "validate/patterns.h"

using namespace gw;
using namespace gw::validate;

namespace {

std::string show(const Value& value) {
  switch (value.type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return value.boolean ? "true" : "false";
    case Type::integer:
      return std::to_string(value.integer);
    case Type::floating:
      return std::to_string(value.floating);
    case Type::string:
      return '"' + std::string(value.string()) + '"';
    case Type::list: {
      std::string out = "[";
      for (const Value& item : value.list()) out += show(item) + ",";
      return out + "]";
    }
    case Type::map: {
      std::set<std::string> fields;
      for (const Field& field : value.map()) fields.insert(std::string(field.key) + ":" + show(field.value));
      std::string out = "{";
      for (const std::string& field : fields) out += field + ",";
      return out + "}";
    }
  }
  return {};
}

template <class T>
std::string show(const std::optional<T>& bound) {
  return bound ? std::to_string(*bound) : "-";
}

template <class List, class Text>
std::string sorted(const List& list, Text text) {
  std::multiset<std::string> all;
  for (const auto& each : list) all.insert(text(each));
  std::string out;
  for (const std::string& each : all) out += each + "\n";
  return out;
}

class Walk {
 public:
  std::size_t nodes = 0, different = 0;

  void compare(const Schema* a, const Schema* b, const std::string& path) {
    if (!a || !b) return tell(a == b, path, "exists", a ? "yes" : "no", b ? "yes" : "no");
    ++nodes;
    // The status is dropped before it is validated: only its field names count.
    const bool dropped = path.find(".status") != std::string::npos;
    const auto same = [&](const char* what, const std::string& x, const std::string& y) {
      tell(dropped || x == y, path, what, x, y);
    };
    same("types", std::to_string(a->types), std::to_string(b->types));
    same("nullable", std::to_string(a->nullable), std::to_string(b->nullable));
    same("preserve unknown", std::to_string(a->preserve_unknown), std::to_string(b->preserve_unknown));
    same("embedded", std::to_string(a->embedded), std::to_string(b->embedded));
    same("list type", std::to_string(static_cast<int>(a->list_type)), std::to_string(static_cast<int>(b->list_type)));
    same("format", a->format, b->format);
    same("pattern", a->pattern ? std::string(a->pattern->text()) : "",
         b->pattern ? std::string(b->pattern->text()) : "");
    same("lengths", show(a->min_length) + show(a->max_length), show(b->min_length) + show(b->max_length));
    same("items", show(a->min_items) + show(a->max_items), show(b->min_items) + show(b->max_items));
    same("properties", show(a->min_properties) + show(a->max_properties),
         show(b->min_properties) + show(b->max_properties));
    same("bounds", show(a->minimum) + show(a->maximum), show(b->minimum) + show(b->maximum));
    same("exclusive", std::to_string(a->exclusive_minimum) + std::to_string(a->exclusive_maximum),
         std::to_string(b->exclusive_minimum) + std::to_string(b->exclusive_maximum));
    same("default", a->default_value ? show(*a->default_value) : "", b->default_value ? show(*b->default_value) : "");
    const auto text = [](const std::string& each) { return each; };
    same("required", sorted(a->required, text), sorted(b->required, text));
    same("list keys", sorted(a->list_keys, text), sorted(b->list_keys, text));
    const auto value = [](const Value& each) { return show(each); };
    same("enum", sorted(a->allowed, value), sorted(b->allowed, value));
    const auto expression = [](const Rule* rule) {
      // "At most 128 matches in all rules" is a sum over 16 indexes in the CRDs, and a map() here.
      if (rule->expression.find("<= 128") != std::string::npos) return std::string("<= 128");
      std::string out;
      for (const char c : rule->expression) {
        if (c != ' ' && c != '\n') out += c == '"' ? '\'' : c;
      }
      return out;
    };
    same("rules", sorted(a->rules, expression), sorted(b->rules, expression));
    std::set<std::string> names;
    for (const auto* schema : {a, b})
      for (const Property& property : schema->properties) names.insert(std::string(property.name));
    for (const std::string& name : names) compare(a->property(name), b->property(name), path + "." + name);
    if (a->items || b->items) compare(a->items, b->items, path + "[]");
    if (a->additional || b->additional) compare(a->additional, b->additional, path + "{}");
    branches(a->all_of, b->all_of, path + " allOf");
    branches(a->any_of, b->any_of, path + " anyOf");
    branches(a->one_of, b->one_of, path + " oneOf");
    if (a->not_schema || b->not_schema) compare(a->not_schema, b->not_schema, path + " not");
  }

 private:
  void branches(const std::vector<const Schema*>& a, const std::vector<const Schema*>& b, const std::string& path) {
    if (path.find(".status") != std::string::npos) return;
    tell(a.size() == b.size(), path, "branches", std::to_string(a.size()), std::to_string(b.size()));
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) compare(a[i], b[i], path + std::to_string(i));
  }

  void tell(bool same, const std::string& path, const char* what, const std::string& a, const std::string& b) {
    if (same) return;
    if (++different <= 20) MESSAGE(path << ": " << std::string(what) << "\n  built-in: " << a << "\n  CRD:      " << b);
  }
};

struct Release {
  const char* directory;
  ApiVersion version;
};

}  // namespace

TEST_CASE("every node of the built-in schemas is that of the CRDs") {
  for (const Release& release :
       {Release{"gateway-api-v1.6.3", ApiVersion::v1_6}, Release{"gateway-api-v1.7.0", ApiVersion::v1_7}}) {
    for (const Channel channel : {Channel::standard, Channel::experimental}) {
      diag::Sources sources;
      diag::Sink sink;
      kube::LoadOptions load;
      load.limits.depth = 1000;
      const std::string directory =
          "../shared/crds/" + std::string(release.directory) + "/" + std::string(name(channel));
      if (evidence::missing("crds/" + std::string(release.directory))) return;
      const auto files = kube::read_inputs({directory}, load, sources);
      REQUIRE(files);
      std::vector<yaml::Document> documents;
      for (const diag::FileId id : *files) {
        auto more = yaml::read(id, sources, load.limits, sink);
        documents.insert(documents.end(), more.begin(), more.end());
      }
      const auto crds = from_crds(documents, sink);
      const Catalogue& ours = builtin(release.version, channel);
      Walk walk;
      std::size_t kinds = 0;
      for (const KindInfo& kind : crds->kinds()) {
        const KindInfo* own = ours.find(kind.group, kind.version, kind.kind);
        const std::string id = kind.api_version() + " " + kind.kind;
        CHECK_MESSAGE(own != nullptr, directory << " " << id);
        if (!own) continue;
        CHECK_MESSAGE(own->served == kind.served, id);
        CHECK_MESSAGE(own->deprecated == kind.deprecated, id);
        CHECK_MESSAGE(own->namespaced == kind.namespaced, id);
        CHECK_MESSAGE(own->has_status == kind.has_status, id);
        if (!kind.served) continue;
        ++kinds;
        const KindInfo *theirs = crds->with_schema(kind, sink), *mine = ours.with_schema(*own, sink);
        REQUIRE((theirs && mine));
        walk.compare(mine->schema, theirs->schema, id);
      }
      MESSAGE(directory << ": " << kinds << " kinds, " << walk.nodes << " nodes, " << walk.different << " different");
      CHECK(walk.different == 0);
      CHECK(!sink.failed());
    }
  }
}

TEST_CASE("every rule and pattern of the vendors' CRDs compiles") {
  for (const char* directory : {"envoy-gateway-v1.9", "nginx-gateway-fabric", "traefik-v3.7"}) {
    diag::Sources sources;
    diag::Sink sink;
    kube::LoadOptions load;
    load.limits.depth = 1000;
    if (evidence::missing("crds/" + std::string(directory))) continue;
    const auto files = kube::read_inputs({"../shared/crds/" + std::string(directory)}, load, sources);
    REQUIRE(files);
    std::vector<yaml::Document> documents;
    for (const diag::FileId id : *files) {
      auto more = yaml::read(id, sources, load.limits, sink);
      documents.insert(documents.end(), more.begin(), more.end());
    }
    const auto crds = from_crds(documents, sink);
    for (const KindInfo& kind : crds->kinds()) CHECK(crds->with_schema(kind, sink) != nullptr);
    for (const diag::Diagnostic& found : sink.take())
      CHECK_MESSAGE(false, std::string(directory) << ": " << found.message);
    MESSAGE(std::string(directory) << ": " << crds->kinds().size() << " versions of kinds");
  }
}
