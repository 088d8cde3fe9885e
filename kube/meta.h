// What every Kubernetes object has: type, metadata, and the place it was read from.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "kube/text.h"
#include "yaml/node.h"

namespace gw::kube {

using Port = std::int32_t;

struct NamespacedName {
  std::string ns, name;
  auto operator<=>(const NamespacedName&) const = default;
  std::string display() const { return ns + "/" + name; }  // "ns/name"
};

// Keeps source order; keys are unique.
using StringMap = std::vector<std::pair<std::string, std::string>>;
const std::string* find(const StringMap& map, std::string_view key);  // the value of a key; null when it is not there

// A struct with fields().
struct Fields {};

// Most decoded structs start with the tree node that they came from; nullptr when gwctl made them.
struct Located : Fields {
  const yaml::Node* node = nullptr;
};

struct Metadata : Located {
  String name, ns;
  StringMap labels, annotations;
  String creation_timestamp;  // RFC 3339 or empty
  String uid, resource_version;
  std::int64_t generation = 0;
  String deletion_timestamp;
  bool ns_open = false;  // none was written: whoever installs the object chooses
};
template <class V>
void fields(V& v, Metadata& m) {
  v("name", m.name);
  v("namespace", m.ns);
  v("labels", m.labels);
  v("annotations", m.annotations);
  v("creationTimestamp", m.creation_timestamp);
  v("uid", m.uid);
  v("resourceVersion", m.resource_version);
  v("generation", m.generation);
  v("deletionTimestamp", m.deletion_timestamp);
  for (std::string_view known :
       {"generateName", "selfLink", "finalizers", "ownerReferences", "managedFields", "deletionGracePeriodSeconds"})
    v.rest(known);
}

// Base of every kind. `ns` of metadata is filled with "default" for namespaced kinds that name none.
struct Object : Located {
  String api_version, kind;
  Metadata metadata;
  yaml::Document document;            // keeps the tree alive
  std::vector<std::string> comments;  // provenance, written above the document

  NamespacedName id() const { return {metadata.ns, metadata.name}; }
  diag::ObjectId object_id() const { return {api_version, kind, metadata.ns, metadata.name}; }
};

// Kubernetes' IntOrString: exactly one is meant; `name` non-empty wins.
struct IntOrString {
  std::int64_t number = 0;
  std::string name;
  bool operator==(const IntOrString&) const = default;
};

struct LabelSelectorRequirement : Located {
  std::string key, op;  // In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;
};
template <class V>
void fields(V& v, LabelSelectorRequirement& r) {
  v("key", r.key);
  v("operator", r.op);
  v("values", r.values);
}

struct LabelSelector : Located {
  StringMap match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;
};
template <class V>
void fields(V& v, LabelSelector& s) {
  v("matchLabels", s.match_labels);
  v("matchExpressions", s.match_expressions);
}
// All labels and all expressions hold; an empty selector takes everything.
bool matches(const LabelSelector& selector, const StringMap& labels);

}  // namespace gw::kube
