// Lookups in a mapping are linear: manifests hold few keys a mapping, and their order is worth keeping.
#include "yaml/node.h"

namespace gw::yaml {

double Node::number() const {
  switch (kind_) {
    case Kind::integer:
      return static_cast<double>(integer_);
    case Kind::unsigned_integer:
      return static_cast<double>(unsigned_integer());
    case Kind::floating:
      return floating_;
    case Kind::null:
    case Kind::boolean:
    case Kind::string:
    case Kind::mapping:
    case Kind::sequence:
      return 0;
  }
  return 0;
}

const Entry* Node::entry(std::string_view key) const {
  for (const Entry& entry : entries()) {
    if (entry.key.string() == key) return &entry;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* found = entry(key);
  return found ? &found->value : nullptr;
}

}  // namespace gw::yaml
