// The objects of one document and what they refer to, as they are written: for definitions, references and symbols.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diag/source.h"
#include "yaml/node.h"

namespace gw::lsp {

// One object: where it stands and what it is called.
struct Named {
  std::string kind, ns, name;
  diag::Span whole, at;  // the object; the value of metadata.name
};

// A place that names an object, or one of its listeners.
struct Reference {
  std::string kind, ns, name;
  diag::Span at;
  std::string section;    // of a Gateway, where the place is a sectionName; else empty
  diag::Span whole = {};  // the mapping that names it, with its kind and namespace; unknown for a plain name
};

struct Outline {
  std::vector<Named> objects;
  std::vector<Reference> references;
};

// Adds what one document holds; items of a List are objects of their own.
void outline(const yaml::Document& document, Outline& out);

// The items of a list; none for anything else.
inline std::span<const yaml::Node> items_of(const yaml::Node& node) {
  return node.is_seq() ? node.items() : std::span<const yaml::Node>{};
}

// Where a place is in a tree: keys from the root, "[]" for an item of a list; empty outside of it.
struct Place {
  std::vector<std::string> path;
  const yaml::Node* value = nullptr;  // at the end of the path
  bool on_key = false;                // the place is the last key, not its value
};
Place place_at(const yaml::Node& root, std::size_t offset);

}  // namespace gw::lsp
