#include "validate/structure.h"

#include <algorithm>
#include <new>
#include <string>
#include <unordered_map>

#include "diag/suggest.h"

namespace gw::validate {
namespace {

bool type_field(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "metadata";
}

Violation unknown_field(const Field& field, const Schema* schema, const Path& path) {
  Violation out;
  out.type = ErrorType::unknown_field;
  out.code = "GW101";
  const Path here = child(path, field.key, &field.value, field.key_at);
  out.path = here.text();
  out.at = here.nearest_key();
  out.message = "unknown field '" + std::string(field.key.substr(0, 80)) + "'";
  if (!schema || schema->properties.empty()) return out;
  std::vector<std::string_view> known;
  for (const Property& property : schema->properties) known.push_back(property.name);
  if (const std::string_view near = diag::nearest(field.key, known); !near.empty()) {
    out.help = "did you mean '" + std::string(near) + "'?";
    out.repair = Repair::replace;
    out.replacement = near;
  } else if (known.size() <= 12) {
    out.help = "known here: ";
    for (std::size_t i = 0; i < known.size(); ++i) out.help += (i ? ", " : "") + std::string(known[i]);
  }
  return out;
}

// Keeps the fields for which keep(field) holds.
template <class Keep>
void keep_fields(Value& map, Keep keep) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (!keep(map.fields[i])) continue;
    if (kept != i) map.fields[kept] = map.fields[i];
    ++kept;
  }
  map.size = kept;
}

void prune_nothing_known(Value& value, const Path& path, std::vector<Violation>& out) {
  if (value.is(Type::map)) {
    for (const Field& field : value.map()) out.push_back(unknown_field(field, nullptr, path));
    value.size = 0;
  } else if (value.is(Type::list)) {
    for (std::uint32_t i = 0; i < value.size; ++i) {
      prune_nothing_known(value.items[i], index(path, i, &value.items[i]), out);
    }
  }
}

void prune_child(Value& value, const Schema* schema, const Path& path, std::vector<Violation>& out) {
  if (schema) {
    prune(value, *schema, path, false, out);
  } else {
    prune_nothing_known(value, path, out);
  }
}

// Below x-kubernetes-preserve-unknown-fields only what is described is pruned.
void prune_described(Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
  if (value.is(Type::map)) {
    for (Field& field : value.map()) {
      if (schema.embedded && type_field(field.key)) continue;
      if (const Schema* below = schema.field(field.key)) {
        prune(field.value, *below, child(path, field.key, &field.value, field.key_at), false, out);
      }
    }
  } else if (value.is(Type::list) && schema.items) {
    for (std::uint32_t i = 0; i < value.size; ++i) {
      prune_described(value.items[i], *schema.items, index(path, i, &value.items[i]), out);
    }
  }
}

bool dropped_null(const Value& value, const Schema* schema) {
  return value.is(Type::null) && schema && !schema->nullable && !schema->default_value;
}

void add_fields(Value& map, std::vector<Field>&& fields, Arena& arena) {
  Field* grown = arena.make<Field>(map.size + fields.size());
  std::uninitialized_copy(map.fields, map.fields + map.size, grown);
  std::uninitialized_copy(fields.begin(), fields.end(), grown + map.size);
  map.fields = grown;
  map.size += static_cast<std::uint32_t>(fields.size());
}

// A text that is equal for equal values, whatever the order of their fields.
void fingerprint(const Value& value, std::string& out) {
  out += static_cast<char>('0' + static_cast<int>(value.type));
  switch (value.type) {
    case Type::null:
      break;
    case Type::boolean:
      out += value.boolean ? 't' : 'f';
      break;
    case Type::integer:
      out += std::to_string(value.integer);
      break;
    case Type::floating:
      out += std::to_string(value.floating);
      break;
    case Type::string:
      out += std::to_string(value.size) + ':' + std::string(value.string());
      break;
    case Type::list:
      for (const Value& item : value.list()) fingerprint(item, out += ',');
      out += ']';
      break;
    case Type::map: {
      std::vector<const Field*> sorted;
      for (const Field& field : value.map()) sorted.push_back(&field);
      std::sort(sorted.begin(), sorted.end(), [](const Field* a, const Field* b) { return a->key < b->key; });
      for (const Field* field : sorted) {
        out += std::to_string(field->key.size()) + '=' + std::string(field->key);
        fingerprint(field->value, out);
      }
      out += '}';
    }
  }
}

std::string key_of(const Value& item, const Schema& schema) {
  std::string out;
  if (schema.list_type == ListType::set) {
    fingerprint(item, out);
    return out;
  }
  for (const std::string& name : schema.list_keys) {
    if (const Value* value = item.find(name)) {
      out += name + '=';
      fingerprint(*value, out);
    }
    out += ';';
  }
  return out;
}

std::string key_text(const Value& item, const Schema& schema) {
  auto shown = [](const Value& value) {
    if (value.is(Type::string)) return "'" + std::string(value.string().substr(0, 60)) + "'";
    if (value.is(Type::integer)) return std::to_string(value.integer);
    return std::string(name(value.type));
  };
  if (schema.list_type == ListType::set) return shown(item);
  std::string out;
  for (const std::string& name : schema.list_keys) {
    const Value* value = item.find(name);
    out += (out.empty() ? "" : ", ") + name + (value ? " " + shown(*value) : " unset");
  }
  return out;
}

void check_unique(const Value& list, const Schema& schema, const Path& path, std::vector<Violation>& out) {
  const bool keyed = schema.list_type == ListType::map;
  if (keyed) {
    for (std::uint32_t i = 0; i < list.size; ++i) {
      if (list.items[i].is(Type::map) || list.items[i].is(Type::null)) continue;
      const Path here = index(path, i, &list.items[i]);
      Violation& found = out.emplace_back();
      found.code = "GW103";
      found.path = here.text();
      found.at = here.nearest();
      found.message = "this list holds objects, not " + std::string(name(list.items[i].type)) + "s";
      return;
    }
  }
  if (list.size < 2) return;
  std::unordered_map<std::string, int> seen;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (++seen[key_of(list.items[i], schema)] != 2) continue;  // told once
    const Path here = index(path, i, &list.items[i]);
    Violation found;
    found.type = ErrorType::duplicate;
    found.code = keyed ? "GW110" : "GW111";
    found.path = here.text();
    const Value* key = keyed && !schema.list_keys.empty() ? list.items[i].find(schema.list_keys[0]) : nullptr;
    found.at = key && key->at ? key->at : here.nearest_key();
    found.message = "a second entry with " + key_text(list.items[i], schema);
    if (!keyed) found.message = key_text(list.items[i], schema) + " is listed twice";
    found.help = keyed ? "entries of this list are told apart by " + schema.list_keys[0] : "remove one of them";
    for (std::size_t k = 1; keyed && k < schema.list_keys.size(); ++k) found.help += " and " + schema.list_keys[k];
    out.push_back(std::move(found));
  }
}

}  // namespace

void prune(Value& value, const Schema& schema, const Path& path, bool root, std::vector<Violation>& out) {
  if (schema.preserve_unknown) return prune_described(value, schema, path, out);
  if (value.is(Type::map)) {
    const bool keeps_type = root || schema.embedded;
    keep_fields(value, [&](Field& field) {
      if (keeps_type && type_field(field.key)) return true;
      if (const Schema* below = schema.field(field.key)) {
        prune(field.value, *below, child(path, field.key, &field.value, field.key_at), false, out);
        return true;
      }
      out.push_back(unknown_field(field, &schema, path));
      return false;
    });
  } else if (value.is(Type::list)) {
    for (std::uint32_t i = 0; i < value.size; ++i) {
      prune_child(value.items[i], schema.items, index(path, i, &value.items[i]), out);
    }
  }
}

void drop_nulls(Value& value, const Schema* schema) {
  if (value.is(Type::map)) {
    keep_fields(value, [schema](Field& field) {
      const Schema* below = schema ? schema->field(field.key) : nullptr;
      if (dropped_null(field.value, below)) return false;
      drop_nulls(field.value, below);
      return true;
    });
  } else if (value.is(Type::list)) {
    for (Value& item : value.list()) drop_nulls(item, schema ? schema->items : nullptr);
  }
}

void fill_defaults(Value& value, const Schema& schema, Arena& arena) {
  if (!schema.has_defaults) return;
  auto replace_null = [&arena](Value& at, const Schema& below) {
    if (at.is(Type::null) && !below.nullable && below.default_value) at = copy(*below.default_value, arena);
  };
  if (value.is(Type::map)) {
    std::vector<Field> missing;
    for (const Property& property : schema.properties) {
      if (!property.schema->default_value || value.find(property.name)) continue;
      missing.push_back({property.name, nullptr, copy(*property.schema->default_value, arena)});
    }
    if (!missing.empty()) add_fields(value, std::move(missing), arena);
    for (Field& field : value.map()) {
      const Schema* below = schema.field(field.key);
      if (!below) continue;
      replace_null(field.value, *below);
      fill_defaults(field.value, *below, arena);
    }
  } else if (value.is(Type::list) && schema.items) {
    for (Value& item : value.list()) {
      replace_null(item, *schema.items);
      fill_defaults(item, *schema.items, arena);
    }
  }
}

void check_lists(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
  if (!schema.has_list_types) return;
  if (value.is(Type::list)) {
    if (schema.list_type != ListType::atomic) check_unique(value, schema, path, out);
    if (!schema.items) return;
    for (std::uint32_t i = 0; i < value.size; ++i) {
      check_lists(value.items[i], *schema.items, index(path, i, &value.items[i]), out);
    }
  } else if (value.is(Type::map)) {
    for (const Field& field : value.map()) {
      if (const Schema* below = schema.property(field.key)) {
        check_lists(field.value, *below, child(path, field.key, &field.value, field.key_at), out);
      } else if (schema.additional) {
        check_lists(field.value, *schema.additional, key(path, field), out);
      }
    }
  }
}

}  // namespace gw::validate
