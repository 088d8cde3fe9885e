// Typed objects to YAML or JSON: one visitor over fields(), in field order, empty ones left out.
#include "kube/kinds.h"
#include "kube/load.h"

#include <algorithm>
#include <concepts>
#include <functional>
#include <nlohmann/json.hpp>

namespace gw::kube {
namespace {

class FieldWriter {
 public:
  explicit FieldWriter(yaml::Writer& writer) : writer_(writer) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    if (absent(value)) return;
    always(name, value);
  }
  template <class T>
  void always(std::string_view name, const T& value) {
    writer_.field(name);
    put(value);
  }
  void rest(std::string_view) {}

  void put(const TextLike auto& value) { writer_.string(value); }
  void put(const OptionalString& value) { writer_.string(*value); }
  void put(bool value) { writer_.boolean(value); }
  void put(std::int32_t value) { writer_.integer(value); }
  void put(std::int64_t value) { writer_.integer(value); }
  void put(const IntOrString& value) {
    if (value.name.empty()) return writer_.integer(value.number);
    writer_.string(value.name);
  }
  void put(const StringMap& map) {
    writer_.begin_map();
    for (const auto& [key, value] : map) {
      writer_.key(key);
      writer_.string(value);
    }
    writer_.end_map();
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(*value);
  }
  template <class T>
  void put(const Box<T>& value) {
    put(*value);
  }
  template <class T>
  void put(const std::vector<T>& list) {
    writer_.begin_seq();
    for (const T& item : list) put(item);
    writer_.end_seq();
  }
  template <std::derived_from<Fields> T>
  void put(const T& value) {
    writer_.begin_map();
    fields(*this, const_cast<T&>(value));  // a FieldWriter only reads
    writer_.end_map();
  }
  // Server-set metadata is not written.
  void put(const Metadata& metadata) {
    writer_.begin_map();
    (*this)("name", metadata.name);
    (*this)("namespace", metadata.ns);
    (*this)("labels", metadata.labels);
    (*this)("annotations", metadata.annotations);
    writer_.end_map();
  }

 private:
  static bool absent(const TextLike auto& value) { return value.empty(); }
  static bool absent(const OptionalString& value) { return !value; }
  static bool absent(bool value) { return !value; }
  static bool absent(std::int32_t value) { return value == 0; }
  static bool absent(std::int64_t value) { return value == 0; }
  template <class T>
  static bool absent(const std::optional<T>& value) {
    return !value;
  }
  template <class T>
  static bool absent(const Box<T>& value) {
    return !value;
  }
  template <class T>
  static bool absent(const std::vector<T>& value) {
    return value.empty();
  }
  static bool absent(const Fields&) { return false; }

  yaml::Writer& writer_;
};

void put_json(yaml::Writer& writer, const nlohmann::ordered_json& value) {
  using Type = nlohmann::json::value_t;
  switch (value.type()) {
    case Type::object:
      writer.begin_map();
      for (const auto& [key, member] : value.items()) {
        writer.key(key);
        put_json(writer, member);
      }
      return writer.end_map();
    case Type::array:
      writer.begin_seq();
      for (const auto& item : value) put_json(writer, item);
      return writer.end_seq();
    case Type::string:
      return writer.string(value.get_ref<const std::string&>());
    case Type::boolean:
      return writer.boolean(value.get<bool>());
    case Type::number_integer:
      return writer.integer(value.get<std::int64_t>());
    case Type::number_unsigned:
      return writer.unsigned_integer(value.get<std::uint64_t>());
    case Type::number_float:
      return writer.floating(value.get<double>());
    case Type::null:
    case Type::binary:
    case Type::discarded:
      return writer.null();
  }
}

template <class T>
void put_object(yaml::Writer& writer, const T& object) {
  FieldWriter out(writer);
  writer.begin_map();
  out("apiVersion", object.api_version);
  out("kind", object.kind);
  out("metadata", object.metadata);
  body(out, const_cast<T&>(object));
  writer.end_map();
}

void put_object(yaml::Writer& writer, const OtherObject& object) {
  if (object.node) return writer.node(*object.node);
  FieldWriter out(writer);
  writer.begin_map();
  out("apiVersion", object.api_version);
  out("kind", object.kind);
  out("metadata", object.metadata);
  const auto body = object.body.empty() ? nlohmann::ordered_json::object() : nlohmann::ordered_json::parse(object.body);
  for (const auto& [key, member] : body.items()) {
    writer.key(key);
    put_json(writer, member);
  }
  writer.end_map();
}

template <class F>
void each_sorted(const Bundle& bundle, F&& f) {
  each_kind(bundle, [&](const auto& objects) {
    std::vector<const typename std::decay_t<decltype(objects)>::value_type*> order;
    order.reserve(objects.size());
    for (const auto& object : objects) order.push_back(&object);
    std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
      return std::tie(a->api_version, a->kind, a->metadata.ns, a->metadata.name) <
             std::tie(b->api_version, b->kind, b->metadata.ns, b->metadata.name);
    });
    for (const auto* object : order) f(*object);
  });
}

std::size_t size(const Bundle& bundle) {
  std::size_t n = 0;
  each_kind(bundle, [&](const auto& objects) { n += objects.size(); });
  return n;
}

}  // namespace

void write(const Bundle& bundle, yaml::Style style, const std::function<void(std::string_view)>& sink) {
  constexpr std::size_t enough = std::size_t{1} << 16;
  std::string out;
  yaml::Writer writer(style, out);
  const bool list = style == yaml::Style::json && size(bundle) != 1;  // one JSON value, whatever the number of objects
  if (list) {
    writer.begin_document();
    writer.begin_map();
    writer.key("apiVersion");
    writer.string("v1");
    writer.key("kind");
    writer.string("List");
    writer.key("items");
    writer.begin_seq();
  }
  each_sorted(bundle, [&](const auto& object) {
    if (!list) writer.begin_document();
    if (style == yaml::Style::yaml || style == yaml::Style::kyaml)
      for (const std::string& comment : object.comments) writer.comment(comment);
    put_object(writer, object);
    if (!list) writer.end_document();
    if (out.size() < enough) return;
    sink(out);
    out.clear();
  });
  if (list) {
    writer.end_seq();
    writer.end_map();
    writer.end_document();
  }
  if (!out.empty()) sink(out);
}

void write(const Bundle& bundle, yaml::Style style, std::string& out) {
  write(bundle, style, [&](std::string_view text) { out += text; });
}

}  // namespace gw::kube
