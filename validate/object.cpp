#include "validate/object.h"

#include <algorithm>

#include "validate/cel/program.h"
#include "validate/check.h"
#include "validate/metadata.h"
#include "validate/native.h"
#include "validate/structure.h"

namespace gw::validate {
namespace {

// Runs the CEL rules of a schema tree under one budget.
class RuleRunner {
 public:
  RuleRunner(Arena& arena, std::vector<Violation>& out) : arena_(arena), out_(out) {}

  // `old` is what stood at this place before the change; null where nothing did, or nothing can be told.
  void walk(const Value& value, const Value* old, const Schema& schema, const Path& path) {
    if (!schema.has_rules || exhausted_ || value.is(Type::null)) return;
    for (const Rule* rule : schema.rules) run(*rule, value, old, schema, path);
    for (const Schema* part : schema.all_of) walk(value, old, *part, path);
    if (value.is(Type::list) && schema.items && schema.items->has_rules) {
      for (std::uint32_t i = 0; i < value.size; ++i)
        walk(value.items[i], counterpart(value.items[i], old, schema), *schema.items, index(path, i, &value.items[i]));
    } else if (value.is(Type::map)) {
      for (const Field& field : value.map()) {
        const Value* before = old ? old->find(field.key) : nullptr;
        if (const Schema* below = schema.property(field.key)) {
          walk(field.value, before, *below, child(path, field.key, &field.value, field.key_at));
        } else if (schema.additional) {
          walk(field.value, before, *schema.additional, key(path, field));
        }
      }
    }
  }

 private:
  // Items of a list are told apart by their keys; those of other lists have no past.
  static const Value* counterpart(const Value& item, const Value* old, const Schema& schema) {
    if (!old || !old->is(Type::list) || schema.list_type != ListType::map) return nullptr;
    for (const Value& candidate : old->list()) {
      const bool same = std::all_of(schema.list_keys.begin(), schema.list_keys.end(), [&](const std::string& name) {
        const Value *a = item.find(name), *b = candidate.find(name);
        return (!a && !b) || (a && b && equal(*a, *b));
      });
      if (same) return &candidate;
    }
    return nullptr;
  }

  void run(const Rule& rule, const Value& value, const Value* old, const Schema& schema, const Path& path) {
    if (exhausted_) return;
    const cel::Program* program = rule.program();
    if (!program) return;  // told where the definition is
    const bool transition = program->uses_old_self();
    if (transition && !old) return;
    const cel::Any before = transition ? cel::from_value(*old, &schema) : cel::Any();
    const cel::Program::Outcome outcome =
        program->evaluate(cel::from_value(value, &schema), arena_, transition ? &before : nullptr);
    if (outcome.over_limit || static_cast<std::int64_t>(outcome.cost) > budget_) {
      exhausted_ = true;
      return add(rule, path, "GW117", "checking this object would cost more than the API server allows",
                 "make the object smaller");
    }
    budget_ -= static_cast<std::int64_t>(outcome.cost);
    if (outcome.value.failed()) {
      std::string text = rule.message.empty() ? rule.expression : rule.message;
      return add(rule, path, "GW114", std::move(text),
                 "the rule could not be computed: " + std::string(outcome.value.string()));
    }
    if (outcome.value.is(cel::Tag::boolean) && outcome.value.boolean) return;
    add(rule, path, transition ? "GW118" : "GW114",
        rule.message.empty() ? "failed rule: " + rule.expression : rule.message, {});
  }

  void add(const Rule& rule, const Path& path, std::string_view code, std::string message, std::string help) {
    Violation& found = out_.emplace_back();
    found.type = rule.reason == "FieldValueForbidden"   ? ErrorType::forbidden
                 : rule.reason == "FieldValueRequired"  ? ErrorType::required
                 : rule.reason == "FieldValueDuplicate" ? ErrorType::duplicate
                                                        : ErrorType::invalid;
    found.code = code;
    found.sub_id = rule.id();
    found.path = path.text();
    if (!rule.field_path.empty()) found.path += found.path.empty() ? rule.field_path.substr(1) : rule.field_path;
    found.at = path.nearest_key() && path.value && (path.value->is(Type::map) || path.value->is(Type::list))
                   ? path.nearest_key()
                   : path.nearest();
    found.message = std::move(message);
    found.help = std::move(help);
    found.cel = true;
  }

  Arena& arena_;
  std::vector<Violation>& out_;
  std::int64_t budget_ = cel::runtime_budget;
  bool exhausted_ = false;
};

// Errors after which the API server does not run CEL rules (hasBlockingErr).
bool blocks_rules(const Violation& violation) {
  switch (violation.type) {
    case ErrorType::required:
    case ErrorType::type_invalid:
    case ErrorType::not_supported:
    case ErrorType::too_long:
    case ErrorType::too_many:
      return true;
    case ErrorType::invalid:
    case ErrorType::duplicate:
    case ErrorType::forbidden:
    case ErrorType::unknown_field:
    case ErrorType::no_kind_match:
    case ErrorType::decode:
      return false;
  }
  return false;
}

void drop_field(Value& object, std::string_view name) {
  Field* end =
      std::remove_if(object.fields, object.fields + object.size, [name](const Field& f) { return f.key == name; });
  object.size = static_cast<std::uint32_t>(end - object.fields);
}

}  // namespace

void check_object(const yaml::Node& node, const KindInfo& kind, const ObjectOptions& options, Arena& arena,
                  std::vector<Violation>& out, bool* skipped) {
  Value object = from_node(node, arena);
  const Path root{nullptr, Path::Step::root, {}, 0, &object, nullptr};
  if (!object.is(Type::map) || !decode_metadata(object, out)) return;
  prune(object, *kind.schema, root, true, out);
  drop_nulls(object, kind.schema);
  if (kind.native) {
    check_native(object, kind, root, out);
    return;
  }
  fill_defaults(object, *kind.schema, arena);
  if (kind.has_status) drop_field(object, "status");
  const std::size_t before = out.size();
  check_metadata(object, NameRule::dns_subdomain, out);
  check(object, *kind.schema, root, {}, out);
  check_lists(object, *kind.schema, root, out);
  if (std::any_of(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), blocks_rules)) {
    if (skipped) *skipped = true;
    return;
  }
  if (!options.cel) return;
  Value old;
  if (options.old) {
    std::vector<Violation> ignored;  // it was accepted once
    old = from_node(*options.old, arena);
    if (old.is(Type::map)) {
      prune(old, *kind.schema, {nullptr, Path::Step::root, {}, 0, &old, nullptr}, true, ignored);
      drop_nulls(old, kind.schema);
      fill_defaults(old, *kind.schema, arena);
    }
  }
  RuleRunner(arena, out).walk(object, old.is(Type::map) ? &old : nullptr, *kind.schema, root);
}

}  // namespace gw::validate
