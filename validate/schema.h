// A structural schema as Kubernetes' CustomResourceDefinitions describe it: what a value may look like, how absent ones
// are filled in, and which CEL rules hold. Read from CRD files or from the built-in notation; both end here.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "diag/source.h"
#include "validate/value.h"

namespace re2 {
class RE2;
}

namespace gw::validate {

namespace cel {
class Program;
}

// A regular expression in Go's syntax, compiled at first use. Thread-safe.
class Pattern {
 public:
  explicit Pattern(std::string text, diag::Span place = {});
  ~Pattern();
  diag::Span at;  // in the CRD file; unknown for others
  const std::string& text() const { return text_; }
  bool matches(std::string_view value) const;  // false also when the expression is wrong
  const std::string& error() const;            // empty when it compiles

 private:
  void compile() const;
  std::string text_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<re2::RE2> regex_;
  mutable std::string error_;
};

// One entry of x-kubernetes-validations. Compiled at first use; thread-safe.
class Rule {
 public:
  explicit Rule(std::string rule_expression);
  ~Rule();
  std::string expression, message;
  std::string reason;                            // FieldValueForbidden, ...; empty: FieldValueInvalid
  std::string field_path;                        // ".spec.x", relative; may be empty
  diag::Span at;                                 // in the CRD file; unknown for built-in ones
  const cel::Program* program() const;           // nullptr when it does not compile
  const std::string& error() const;              // why it does not compile; empty when it does
  const std::string& id() const { return id_; }  // stable short hash of the expression

 private:
  void compile() const;
  std::string id_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<const cel::Program> program_;
  mutable std::string error_;
};

enum class ListType : std::uint8_t { atomic, set, map };

// The set of JSON types a value may have, one bit each, by Type.
using Types = std::uint8_t;
// The set of this one type.
constexpr Types bit(Type type) {
  return static_cast<Types>(1u << static_cast<unsigned>(type));
}

struct Schema;

struct Property {
  std::string name;
  const Schema* schema = nullptr;
};

struct Schema {
  Types types = 0;  // 0: any
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;
  bool embedded = false;           // x-kubernetes-embedded-resource
  bool additional_allowed = true;  // additionalProperties: false
  bool unique_items = false;
  bool exclusive_minimum = false, exclusive_maximum = false;
  bool open_to_cel = false;  // metadata of the root: fields without a schema may be read
  ListType list_type = ListType::atomic;
  // What lies at or below this node, so that whole subtrees are passed over.
  bool has_defaults = false, has_rules = false, has_list_types = false, has_embedded = false;

  std::string format;
  std::vector<Property> properties;  // by name
  const Schema* additional = nullptr;
  const Schema* items = nullptr;
  std::vector<std::string> required;
  std::vector<Value> allowed;  // enum
  std::optional<Value> default_value;
  const Pattern* pattern = nullptr;
  std::optional<double> minimum, maximum, multiple_of;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::vector<const Schema*> all_of, any_of, one_of;
  const Schema* not_schema = nullptr;
  std::vector<std::string> list_keys;
  std::vector<const Rule*> rules;

  const Schema* property(std::string_view name) const;  // null where there is none of this name
  // The schema a key of an object goes by: its property's, else that of additionalProperties, else nullptr.
  const Schema* field(std::string_view name) const;
};

// Computes the has_* marks and sorts the properties, bottom up; call once when a tree is complete.
void finish(Schema& schema);

// Keeps schemas, rules, patterns and literal values alive; pointers into it stay valid.
class SchemaStore {
 public:
  Schema* schema() { return &schemas_.emplace_back(); }
  const Pattern* pattern(std::string_view text, diag::Span at = {});  // one for each text
  // One for each (expression, message, reason, field path).
  const Rule* rule(std::string_view expression, std::string_view message, std::string_view reason = {},
                   std::string_view field_path = {}, diag::Span at = {});
  const std::deque<Pattern>& patterns() const { return patterns_; }
  const std::deque<Rule>& rules() const { return rules_; }
  Arena& arena() { return arena_; }

 private:
  std::deque<Schema> schemas_;
  std::deque<Pattern> patterns_;
  std::deque<Rule> rules_;
  std::unordered_map<std::string_view, const Pattern*> patterns_by_text_;
  std::unordered_map<std::string, const Rule*> rules_by_text_;
  Arena arena_;
};

// Which part of Gateway API is installed.
enum class Channel : std::uint8_t { standard, experimental };
std::string_view name(Channel channel);  // "standard" or "experimental"

// One served or formerly served version of a kind.
struct KindInfo {
  std::string group, version, kind;
  bool namespaced = true;
  bool served = true;
  bool deprecated = false;
  std::string deprecation;    // which version to use instead; may be empty
  bool has_status = false;    // status is a subresource: dropped on create
  bool experimental = false;  // exists in the experimental channel only
  bool native = false;        // built into the API server: decoded into Go structs, validated by Go code
  const Schema* schema = nullptr;

  // "group/version", or the version alone.
  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
};

}  // namespace gw::validate
