#include "validate/metadata.h"

#include <algorithm>

#include "diag/suggest.h"
#include "validate/cel/value.h"
#include "validate/formats.h"

namespace gw::validate {
namespace {

enum class Shape : std::uint8_t { text, time, number, text_map, text_list, objects };

struct MetaField {
  std::string_view name;
  Shape shape;
};
constexpr MetaField meta_fields[] = {
    {"name", Shape::text},
    {"generateName", Shape::text},
    {"namespace", Shape::text},
    {"selfLink", Shape::text},
    {"uid", Shape::text},
    {"resourceVersion", Shape::text},
    {"generation", Shape::number},
    {"creationTimestamp", Shape::time},
    {"deletionTimestamp", Shape::time},
    {"deletionGracePeriodSeconds", Shape::number},
    {"labels", Shape::text_map},
    {"annotations", Shape::text_map},
    {"ownerReferences", Shape::objects},
    {"finalizers", Shape::text_list},
    {"managedFields", Shape::objects},
};

constexpr std::size_t annotation_bytes = 256 * 1024;

class Decoder {
 public:
  explicit Decoder(std::vector<Violation>& out) : out_(out) {}

  bool run(Value& object) {
    for (Field& field : object.map()) {
      if (field.key != "metadata") continue;
      metadata_ = &field.value;
      if (metadata_->is(Type::null)) return true;
      if (!metadata_->is(Type::map)) return wrong(*metadata_, "metadata", "an object");
      drop_unknown(*metadata_);
      return std::all_of(metadata_->map().begin(), metadata_->map().end(), [this](Field& f) { return accept(f); });
    }
    return true;
  }

 private:
  bool wrong(const Value& value, std::string_view field, std::string_view wanted) {
    Violation found;
    found.type = ErrorType::decode;
    found.code = "GW115";
    found.path = "metadata";
    found.at = value.at;
    found.message = "'" + std::string(field) + "' is " + std::string(wanted) + "; what stands here is read as " +
                    std::string(name(value.type));
    if (value.is(Type::boolean) || value.number()) {
      found.help = "put it in quotes";
      if (wanted == "a string" && value.at && value.at->plain()) found.repair = Repair::quote;
    }
    out_.push_back(std::move(found));
    return false;
  }

  void drop_unknown(Value& map) {
    std::uint32_t kept = 0;
    for (Field& field : map.map()) {
      const bool known = std::any_of(std::begin(meta_fields), std::end(meta_fields),
                                     [&field](const MetaField& row) { return row.name == field.key; });
      if (!known) unknown(field);
      if (known && !field.value.is(Type::null)) map.fields[kept++] = field;
    }
    map.size = kept;
  }

  void unknown(const Field& field) {
    std::vector<std::string_view> names;
    for (const MetaField& row : meta_fields) names.push_back(row.name);
    Violation found;
    found.type = ErrorType::unknown_field;
    found.code = "GW101";
    found.path = "metadata." + std::string(field.key);
    found.at = field.key_at;
    found.message = "unknown field '" + std::string(field.key.substr(0, 80)) + "'";
    if (const std::string_view near = diag::nearest(field.key, names); !near.empty()) {
      found.help = "did you mean '" + std::string(near) + "'?";
    }
    out_.push_back(std::move(found));
  }

  bool accept(Field& field) {
    const auto* row = std::find_if(std::begin(meta_fields), std::end(meta_fields),
                                   [&field](const MetaField& f) { return f.name == field.key; });
    Value& value = field.value;
    switch (row->shape) {
      case Shape::text:
        return value.is(Type::string) || wrong(value, field.key, "a string");
      case Shape::number:
        return value.is(Type::integer) || wrong(value, field.key, "a whole number");
      case Shape::time: {
        std::int64_t seconds = 0;
        if (value.is(Type::string) && value.size > 10 && cel::parse_timestamp(value.string(), seconds)) return true;
        return wrong(value, field.key, "a time like 2026-01-31T12:00:00Z");
      }
      case Shape::text_map:
        if (!value.is(Type::map)) return wrong(value, field.key, "a map of strings");
        return std::all_of(value.map().begin(), value.map().end(), [this](const Field& entry) {
          return entry.value.is(Type::string) || entry.value.is(Type::null) ||
                 wrong(entry.value, entry.key, "a string");
        });
      case Shape::text_list:
        if (!value.is(Type::list)) return wrong(value, field.key, "a list of strings");
        return std::all_of(value.list().begin(), value.list().end(), [this, &field](const Value& item) {
          return item.is(Type::string) || item.is(Type::null) || wrong(item, field.key, "a list of strings");
        });
      case Shape::objects:
        if (!value.is(Type::list)) return wrong(value, field.key, "a list of objects");
        return std::all_of(value.list().begin(), value.list().end(), [this, &field](const Value& item) {
          return item.is(Type::map) || item.is(Type::null) || wrong(item, field.key, "a list of objects");
        });
    }
    return true;
  }

  std::vector<Violation>& out_;
  Value* metadata_ = nullptr;
};

std::string_view text_of(const Value* map, std::string_view key) {
  const Value* value = map ? map->find(key) : nullptr;
  return value && value->is(Type::string) ? value->string() : std::string_view();
}

class MetadataChecker {
 public:
  MetadataChecker(const Value& object, NameRule rule, std::vector<Violation>& out)
      : metadata_(object.find("metadata")), rule_(rule), out_(out) {
    if (!metadata_) metadata_ = &none_;
    for (const Field& field : fields_of(object)) {
      if (field.key == "metadata") key_at_ = field.key_at;
    }
    object_at_ = object.at;
  }

  void run() {
    check_names();
    if (const std::string_view ns = text_of(metadata_, "namespace"); !ns.empty()) {
      if (std::string why = check_dns_label(ns); !why.empty()) add("namespace", ns, "a namespace name " + why);
    }
    if (const Value* generation = metadata_->find("generation"); generation && generation->integer < 0) {
      add("generation", std::to_string(generation->integer), "is negative");
    }
    check_labels();
    check_annotations();
    check_owners();
    check_finalizers();
  }

 private:
  std::string check_name(std::string_view name, bool prefix) const {
    std::string masked(name);
    if (prefix && masked.size() > 1 && masked.back() == '-') masked.back() = 'a';
    switch (rule_) {
      case NameRule::dns_subdomain:
        return check_dns_subdomain(masked);
      case NameRule::dns_label:
        return check_dns_label(masked);
      case NameRule::dns1035_label:
        return check_dns1035_label(masked);
    }
    return {};
  }

  Violation& add(std::string_view field, std::string_view shown, std::string why, ErrorType type = ErrorType::invalid) {
    Violation& found = out_.emplace_back();
    found.type = type;
    found.code = "GW115";
    found.path = "metadata." + std::string(field);
    const Value* value = metadata_->find(field);
    found.at = value && value->at ? value->at : key_at_ ? key_at_ : object_at_;
    found.message = shown.empty() ? std::move(why) : "'" + std::string(shown.substr(0, 80)) + "': " + why;
    return found;
  }

  void check_names() {
    const std::string_view generate = text_of(metadata_, "generateName");
    std::string name(text_of(metadata_, "name"));
    if (!generate.empty()) {
      if (std::string why = check_name(generate, true); !why.empty()) add("generateName", generate, "a name " + why);
      if (name.empty()) name = std::string(generate) + "abcde";  // what the API server would try
    }
    if (name.empty()) {
      add("name", {}, "the object has no name", ErrorType::required).help = "add metadata.name";
    } else if (std::string why = check_name(name, false); !why.empty()) {
      add("name", name, "a name " + why);
    }
  }

  void check_labels() {
    const Value* labels = metadata_->find("labels");
    if (!labels) return;
    for (const Field& label : labels->map()) {
      if (std::string why = check_qualified_name(label.key); !why.empty()) {
        add("labels", label.key, "a label key " + why).at = label.key_at;
      }
      if (!label.value.is(Type::string)) continue;
      if (std::string why = check_label_value(label.value.string()); !why.empty()) {
        add("labels", label.value.string(), "a label value " + why).at = label.value.at;
      }
    }
  }

  void check_annotations() {
    const Value* annotations = metadata_->find("annotations");
    if (!annotations) return;
    std::size_t bytes = 0;
    for (const Field& annotation : annotations->map()) {
      std::string lower(annotation.key);
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      if (std::string why = check_qualified_name(lower); !why.empty()) {
        add("annotations", annotation.key, "an annotation key " + why).at = annotation.key_at;
      }
      bytes += annotation.key.size() + annotation.value.size;
    }
    if (bytes > annotation_bytes) {
      add("annotations", {}, "annotations of " + std::to_string(bytes) + " bytes; at most 262144 are allowed",
          ErrorType::too_long);
    }
  }

  void check_owners() {
    const Value* owners = metadata_->find("ownerReferences");
    if (!owners) return;
    bool controlled = false;
    for (std::uint32_t i = 0; i < owners->size; ++i) {
      const Value& owner = owners->items[i];
      for (std::string_view field : {"apiVersion", "kind", "name", "uid"}) {
        if (!text_of(&owner, field).empty()) continue;
        const std::string path = "ownerReferences[" + std::to_string(i) + "]." + std::string(field);
        add(path, {}, "'" + std::string(field) + "' of an owner is missing").at = owner.at;
      }
      const Value* controller = owner.find("controller");
      if (!controller || !controller->is(Type::boolean) || !controller->boolean) continue;
      if (controlled) add("ownerReferences", {}, "only one owner can be the controller");
      controlled = true;
    }
  }

  void check_finalizers() {
    const Value* finalizers = metadata_->find("finalizers");
    if (!finalizers) return;
    bool orphan = false, foreground = false;
    for (const Value& item : finalizers->list()) {
      if (!item.is(Type::string)) continue;
      orphan |= item.string() == "orphan";
      foreground |= item.string() == "foregroundDeletion";
      if (std::string why = check_qualified_name(item.string()); !why.empty()) {
        add("finalizers", item.string(), "a finalizer " + why).at = item.at;
      }
    }
    if (orphan && foreground) add("finalizers", {}, "orphan and foregroundDeletion exclude each other");
  }

  Value none_;
  const Value* metadata_;
  const yaml::Node* key_at_ = nullptr;
  const yaml::Node* object_at_ = nullptr;
  NameRule rule_;
  std::vector<Violation>& out_;
};

}  // namespace

bool decode_metadata(Value& object, std::vector<Violation>& out) {
  return Decoder(out).run(object);
}

void check_metadata(const Value& object, NameRule rule, std::vector<Violation>& out) {
  MetadataChecker(object, rule, out).run();
}

}  // namespace gw::validate
