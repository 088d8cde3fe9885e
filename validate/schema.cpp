#include "validate/schema.h"

#include <re2/re2.h>

#include <algorithm>

#include "validate/cel/program.h"

namespace gw::validate {

namespace {
constexpr int max_program = 10'000;  // instructions; matching takes up to this many steps a byte
}

Pattern::Pattern(std::string text, diag::Span place) : at(place), text_(std::move(text)) {}
Pattern::~Pattern() = default;

void Pattern::compile() const {
  std::call_once(once_, [this] {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(4 << 20);
    regex_ = std::make_unique<re2::RE2>(re2::StringPiece(text_.data(), text_.size()), options);
    if (!regex_->ok()) {
      error_ = regex_->error();
    } else if (regex_->ProgramSize() > max_program) {
      error_ = "the expression is too large";
    }
  });
}

bool Pattern::matches(std::string_view value) const {
  compile();
  return error_.empty() && re2::RE2::PartialMatch(re2::StringPiece(value.data(), value.size()), *regex_);
}

const std::string& Pattern::error() const {
  compile();
  return error_;
}

namespace {

// FNV-1a, shown as eight hexadecimal digits.
std::string short_hash(std::string_view text) {
  std::uint32_t hash = 2166136261u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[(hash >> shift) & 15u];
  return out;
}

}  // namespace

Rule::Rule(std::string rule_expression) : expression(std::move(rule_expression)), id_(short_hash(expression)) {}
Rule::~Rule() = default;

void Rule::compile() const {
  std::call_once(once_, [this] {
    auto parsed = cel::Program::parse(expression);
    if (parsed) {
      program_ = std::move(*parsed);
    } else {
      error_ = parsed.error().message;
    }
  });
}

const cel::Program* Rule::program() const {
  compile();
  return program_.get();
}

const std::string& Rule::error() const {
  compile();
  return error_;
}

const Schema* Schema::property(std::string_view wanted) const {
  for (const Property& one : properties) {  // few, and most differ in length
    if (one.name == wanted) return one.schema;
  }
  return nullptr;
}

const Schema* Schema::field(std::string_view wanted) const {
  if (const Schema* found = property(wanted)) return found;
  return additional;
}

void finish(Schema& schema) {
  std::sort(schema.properties.begin(), schema.properties.end(),
            [](const Property& a, const Property& b) { return a.name < b.name; });
  schema.has_rules = !schema.rules.empty();
  schema.has_list_types = schema.list_type != ListType::atomic;
  schema.has_embedded = schema.embedded;
  auto below = [&schema](const Schema* child) {
    if (!child) return;
    schema.has_defaults |= child->has_defaults || child->default_value.has_value();
    schema.has_rules |= child->has_rules;
    schema.has_list_types |= child->has_list_types;
    schema.has_embedded |= child->has_embedded;
  };
  for (const Property& property : schema.properties) below(property.schema);
  below(schema.additional);
  below(schema.items);
  for (const Schema* part : schema.all_of) schema.has_rules |= part->has_rules;
}

const Pattern* SchemaStore::pattern(std::string_view text, diag::Span at) {
  if (const auto it = patterns_by_text_.find(text); it != patterns_by_text_.end()) return it->second;
  const Pattern& made = patterns_.emplace_back(std::string(text), at);
  patterns_by_text_.emplace(made.text(), &made);
  return &made;
}

const Rule* SchemaStore::rule(std::string_view expression, std::string_view message, std::string_view reason,
                              std::string_view field_path, diag::Span at) {
  std::string key;
  for (std::string_view part : {expression, message, reason, field_path}) (key += part) += '\0';
  const auto [it, fresh] = rules_by_text_.try_emplace(std::move(key), nullptr);
  if (!fresh) return it->second;
  Rule& made = rules_.emplace_back(std::string(expression));
  made.message = message;
  made.reason = reason;
  made.field_path = field_path;
  made.at = at;
  it->second = &made;
  return &made;
}

std::string_view name(Channel channel) {
  return channel == Channel::standard ? "standard" : "experimental";
}

}  // namespace gw::validate
