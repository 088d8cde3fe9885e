// From a located tree to typed structs: one visitor over the fields() of each. Internal to kube/.
#pragma once
#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>
#include <vector>

#include "diag/suggest.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "yaml/fold.h"

namespace gw::kube {

struct DecodeContext {
  const Object& object;  // whom findings name
  diag::Sink& sink;
  yaml::Fold* fold = nullptr;   // keeps the places of what is decoded when the tree is to go
  bool legacy_ingress = false;  // v1beta1: serviceName, servicePort, spec.backend
  bool failed = false;

  // Where the value is found again once the tree is gone.
  const yaml::Node* place(const yaml::Node& node) const { return fold ? fold->keep(node) : &node; }
  // Annotations stay readable: most findings are about them.
  const yaml::Node* place_of_metadata(const yaml::Node& node) const {
    return fold && node.find("annotations") ? fold->keep_open(node, "annotations") : place(node);
  }
  // A text that lives as long as the object's document.
  std::string_view text(const yaml::Node& node) const { return fold ? fold->text(node) : node.string(); }
  // Reports that the value should have been `wanted`, "a string"; the object is then left out.
  void wrong_type(const yaml::Node& at, std::string_view wanted);
  // Reports the key (GW101), with the nearest of `known`; the object stays.
  void unknown_field(const yaml::Entry& entry, std::span<const std::string_view> known);
};

// Each reads `node` into `out`, and reports a value of another type.
template <class T>
void decode_value(DecodeContext& context, const yaml::Node& node, T& out);
void decode_value(DecodeContext& context, const yaml::Node& node, std::string& out);
void decode_value(DecodeContext& context, const yaml::Node& node, Text& out);
void decode_value(DecodeContext& context, const yaml::Node& node, String& out);
void decode_value(DecodeContext& context, const yaml::Node& node, bool& out);
void decode_value(DecodeContext& context, const yaml::Node& node, std::int32_t& out);
void decode_value(DecodeContext& context, const yaml::Node& node, std::int64_t& out);
void decode_value(DecodeContext& context, const yaml::Node& node, IntOrString& out);
void decode_value(DecodeContext& context, const yaml::Node& node, StringMap& out);
// serviceName and servicePort of networking.k8s.io/v1beta1.
void decode_legacy_backend(DecodeContext& context, const yaml::Node& node, IngressBackend& out);

// Each reads `node` into `out`, and reports a value of another type.
template <class T>
void decode_value(DecodeContext& context, const yaml::Node& node, std::optional<T>& out) {
  decode_value(context, node, out.emplace());
}
inline void decode_value(DecodeContext& context, const yaml::Node& node, OptionalString& out) {
  decode_value(context, node, out.emplace());
}
template <class T>
void decode_value(DecodeContext& context, const yaml::Node& node, Box<T>& out) {
  decode_value(context, node, out.emplace());
}
template <class T>
void decode_value(DecodeContext& context, const yaml::Node& node, std::vector<T>& out) {
  if (!node.is_seq()) return context.wrong_type(node, "a list");
  out.reserve(node.size());
  for (const yaml::Node& item : node.items()) decode_value(context, item, out.emplace_back());
}

// Visits fields(): takes what it knows from a mapping and reports the keys nobody asked for.
class FieldReader {
 public:
  FieldReader(DecodeContext& context, const yaml::Node& map) : context_(context), map_(map) {}

  template <class T>
  void operator()(std::string_view name, T& out) {
    if (context_.legacy_ingress && name == "defaultBackend") name = "backend";
    known_[count_++] = name;
    const yaml::Node* value = map_.find(name);
    if (!value) return;
    ++taken_;
    if (!value->is_null()) decode_value(context_, *value, out);
  }
  // Writers write such a field even when it is empty; for reading it is one like the others.
  template <class T>
  void always(std::string_view name, T& out) {
    (*this)(name, out);
  }
  // A field that the type does not hold but that is known; "*": every key is.
  void rest(std::string_view name) {
    if (name == "*") {
      open_ = true;
      return;
    }
    known_[count_++] = name;
    if (map_.find(name)) ++taken_;
  }
  // Reports the keys that no call named.
  void finish() {
    if (open_ || taken_ == map_.size()) return;
    std::span<const std::string_view> known(known_.data(), count_);
    for (const yaml::Entry& entry : map_.entries())
      if (std::find(known.begin(), known.end(), entry.key.string()) == known.end())
        context_.unknown_field(entry, known);
  }

 private:
  DecodeContext& context_;
  const yaml::Node& map_;
  std::array<std::string_view, 24> known_;
  std::size_t count_ = 0, taken_ = 0;
  bool open_ = false;
};

template <class T>
void decode_value(DecodeContext& context, const yaml::Node& node, T& out) {
  static_assert(std::derived_from<T, Fields>);
  if constexpr (std::same_as<T, Metadata>)
    out.node = context.place_of_metadata(node);
  else if constexpr (std::derived_from<T, Located>)
    out.node = context.place(node);
  if constexpr (std::same_as<T, IngressBackend>)
    if (context.legacy_ingress) return decode_legacy_backend(context, node, out);
  if (!node.is_map()) return context.wrong_type(node, "a mapping");
  FieldReader reader(context, node);
  fields(reader, out);
  reader.finish();
}

}  // namespace gw::kube
