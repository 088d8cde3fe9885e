#include "validate/check.h"

#include <cmath>
#include <limits>

#include "diag/suggest.h"
#include "validate/cel/value.h"
#include "validate/formats.h"
#include "validate/patterns.h"

namespace gw::validate {
namespace {

std::string number_text(double number) {
  if (std::trunc(number) == number && std::abs(number) < 1e15) return std::to_string(static_cast<long long>(number));
  std::string out = std::to_string(number);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

std::string with_article(std::string_view type) {
  const bool vowel = type[0] == 'a' || type[0] == 'i' || type[0] == 'o';
  return (vowel ? "an " : "a ") + std::string(type);
}

// "list" and "object" say more to people than JSON's "array".
std::string_view plain_name(Type type) {
  return type == Type::list ? "list" : name(type);
}

std::string type_list(Types types) {
  std::string out;
  for (Type type : {Type::boolean, Type::integer, Type::floating, Type::string, Type::list, Type::map}) {
    if (types & bit(type)) out += (out.empty() ? "" : " or ") + with_article(plain_name(type));
  }
  return out.empty() ? "another type" : out;
}

class Checker {
 public:
  explicit Checker(const CheckOptions& options) : options_(options) {}

  bool has_format(std::string_view format, std::string_view text) const {
    if (!options_.decoded || format != "byte") return check_format(format, text);
    std::string one_line(text);
    std::erase_if(one_line, [](char c) { return c == '\n' || c == '\r'; });
    return check_format(format, one_line);
  }

  // Gives kube-openapi's match count, by which anyOf and oneOf choose the branch to report.
  int check(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    if (value.is(Type::null)) {
      const int matched = check_type(value, schema, path, out);
      check_enum(value, schema, path, out);
      return matched;
    }
    int matches = 3;  // schema props, enum, the value itself
    if (schema.types != 0 || !schema.format.empty()) matches += 1 + check_type(value, schema, path, out);
    matches += check_combined(value, schema, path, out);
    if (value.is(Type::string)) {
      matches += 1;
      check_string(value, schema, path, out);
      if (!schema.format.empty() && known_format(schema.format)) matches += 1;
    } else if (value.number()) {
      matches += 2;
      check_number(value, schema, path, out);
    } else if (value.is(Type::list)) {
      matches += 2 + check_items(value, schema, path, out);
    }
    check_enum(value, schema, path, out);
    if (value.is(Type::map)) matches += 1 + check_object(value, schema, path, out);
    return matches;
  }

 private:
  Violation& add(std::vector<Violation>& out, ErrorType type, std::string_view code, const Path& path,
                 std::string message, std::string help = {}) {
    Violation& found = out.emplace_back();
    found.type = type;
    found.code = code;
    found.path = path.text();
    found.at = path.nearest();
    found.message = std::move(message);
    found.help = std::move(help);
    return found;
  }

  std::string show(const Value& value) const { return excerpt(value, options_); }

  int check_type(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    if (value.is(Type::null)) {
      if (schema.types == 0 || schema.nullable) return 1;
      add(out, ErrorType::type_invalid, "GW116", path,
          "null is not allowed here; " + type_list(schema.types) + " is wanted",
          "leave the field out, or give it a value");
      return 0;
    }
    constexpr Types numbers = bit(Type::integer) | bit(Type::floating);
    const bool textual = value.is(Type::string) || value.is(Type::list);
    // A string format exempts strings and lists from the type check, as in kube-openapi.
    if (textual && !schema.format.empty() && !(schema.types & numbers)) return 1;
    Types have = bit(value.type);
    if (value.is(Type::integer)) have |= bit(Type::floating);
    if (schema.types & have) return 1;
    wrong_type(value, schema, path, out);
    return 0;
  }

  void wrong_type(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    std::string help;
    if (schema.types & bit(Type::string) && (value.is(Type::boolean) || value.number())) {
      help = "put it in quotes";
    } else if (schema.types & (bit(Type::integer) | bit(Type::floating)) && value.is(Type::string)) {
      help = "write the number without quotes";
    } else if (schema.types & bit(Type::boolean) && value.is(Type::string)) {
      help = "write true or false, without quotes";
    } else if (schema.types & bit(Type::list) && !value.is(Type::list)) {
      help = "write it as a list: begin the item with '- '";
    } else if (schema.types & bit(Type::map) && value.is(Type::list)) {
      help = "this is one object: remove the '- '";
    }
    const std::string field = path.step == Path::Step::index ? "this item" : "'" + std::string(path.name) + "'";
    Violation& found = add(out, ErrorType::type_invalid, "GW103", path,
                           (path.step == Path::Step::root ? "the object" : field) + " must be " +
                               type_list(schema.types) + "; this is " + with_article(plain_name(value.type)),
                           std::move(help));
    found.repair = repair_of(value, schema);
  }

  // A scalar whose quotes are missing or too many.
  static Repair repair_of(const Value& value, const Schema& schema) {
    if (!value.at) return Repair::none;
    if (schema.types == bit(Type::string) && value.at->plain() && (value.is(Type::boolean) || value.number()))
      return Repair::quote;
    if (!value.is(Type::string) || value.at->plain()) return Repair::none;
    const std::string_view text = value.string();
    const bool number = !text.empty() && text.size() < 10 && text[0] != '0' &&
                        text.find_first_not_of("0123456789") == std::string_view::npos;
    if (schema.types == bit(Type::integer) && number) return Repair::unquote;
    return schema.types == bit(Type::boolean) && (text == "true" || text == "false") ? Repair::unquote : Repair::none;
  }

  int check_combined(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    int matches = 1;
    if (!schema.any_of.empty()) matches += check_any(value, schema.any_of, path, out);
    if (!schema.one_of.empty()) matches += check_one(value, schema.one_of, path, out);
    if (!schema.all_of.empty()) matches += check_all(value, schema.all_of, path, out);
    if (schema.not_schema) {
      std::vector<Violation> inner;
      check(value, *schema.not_schema, path, inner);
      if (inner.empty()) add(out, ErrorType::invalid, "GW113", path, "this value is excluded by the schema (not)");
    }
    return matches;
  }

  struct Best {
    bool any = false;
    int matches = 0;
    std::vector<Violation> faults;
    void offer(int count, std::vector<Violation>&& candidate) {
      if (any && count <= matches) return;
      any = true;
      matches = count;
      faults = std::move(candidate);
    }
  };

  int check_any(const Value& value, const std::vector<const Schema*>& branches, const Path& path,
                std::vector<Violation>& out) {
    Best best;
    for (const Schema* branch : branches) {
      std::vector<Violation> inner;
      const int count = check(value, *branch, path, inner);
      if (inner.empty()) return count;
      best.offer(count, std::move(inner));
    }
    add(out, ErrorType::invalid, "GW113", path, show(value) + " fits none of the alternatives (anyOf)");
    out.insert(out.end(), best.faults.begin(), best.faults.end());
    return best.matches;
  }

  int check_one(const Value& value, const std::vector<const Schema*>& branches, const Path& path,
                std::vector<Violation>& out) {
    Best best;
    int valid = 0, first = 0;
    for (const Schema* branch : branches) {
      std::vector<Violation> inner;
      const int count = check(value, *branch, path, inner);
      if (inner.empty()) {
        if (valid++ == 0) first = count;
        best = {};
      } else if (valid == 0) {
        best.offer(count, std::move(inner));
      }
    }
    if (valid == 1) return first;
    add(out, ErrorType::invalid, "GW113", path,
        show(value) + (valid == 0
                           ? " fits none of the alternatives (oneOf)"
                           : " fits " + std::to_string(valid) + " alternatives of which only one may hold (oneOf)"));
    out.insert(out.end(), best.faults.begin(), best.faults.end());
    return best.matches;
  }

  int check_all(const Value& value, const std::vector<const Schema*>& parts, const Path& path,
                std::vector<Violation>& out) {
    int matches = 0;
    bool valid = true;
    for (const Schema* part : parts) {
      std::vector<Violation> inner;
      matches += check(value, *part, path, inner);
      valid &= inner.empty();
      out.insert(out.end(), inner.begin(), inner.end());
    }
    if (!valid)
      add(out, ErrorType::invalid, "GW113", path, show(value) + " does not fit all parts of the schema (allOf)");
    return matches;
  }

  void check_string(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    const std::string_view text = value.string();
    const std::int64_t length = cel::code_points(text);
    if (schema.max_length && length > *schema.max_length) {
      add(out, ErrorType::too_long, "GW106", path,
          std::to_string(length) + " characters; at most " + std::to_string(*schema.max_length) + " are allowed");
    } else if (schema.min_length && length < *schema.min_length) {
      add(out, ErrorType::invalid, "GW106", path,
          length == 0
              ? "an empty string is not allowed here"
              : std::to_string(length) + " characters; at least " + std::to_string(*schema.min_length) + " are wanted");
    } else if (schema.pattern && !schema.pattern->matches(text) && schema.pattern->error().empty()) {
      const Hint hint = explain_pattern(schema.pattern->text(), text);
      add(out, ErrorType::invalid, "GW107", path, show(value) + " is not " + hint.what, hint.help);
    }
    if (!schema.format.empty() && !has_format(schema.format, text)) {
      add(out, ErrorType::type_invalid, "GW112", path, show(value) + " is not of the format " + schema.format);
    }
  }

  void check_number(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    const bool whole = schema.types == bit(Type::integer);
    if (whole && value.is(Type::floating)) {
      add(out, ErrorType::invalid, "GW112", path, number_text(value.floating) + " is not a whole number");
    } else if (whole && schema.format == "int32" && value.integer != static_cast<std::int32_t>(value.integer)) {
      add(out, ErrorType::invalid, "GW112", path, number_text(value.as_double()) + " does not fit into 32 bits");
    } else if (schema.types == bit(Type::floating) && schema.format == "float" &&
               std::abs(value.as_double()) > static_cast<double>(std::numeric_limits<float>::max())) {
      add(out, ErrorType::invalid, "GW112", path, number_text(value.as_double()) + " does not fit into 32 bits");
    }
    const double number = value.as_double();
    auto out_of_range = [&](std::string_view relation, double bound) {
      add(out, ErrorType::invalid, "GW105", path,
          number_text(number) + " is out of range: " + std::string(relation) + " " + number_text(bound) + " is allowed",
          range_help(schema));
    };
    if (schema.multiple_of && *schema.multiple_of > 0 && std::fmod(number, *schema.multiple_of) != 0) {
      add(out, ErrorType::invalid, "GW105", path,
          number_text(number) + " is not a multiple of " + number_text(*schema.multiple_of));
    }
    if (schema.minimum && (number < *schema.minimum || (schema.exclusive_minimum && number == *schema.minimum))) {
      out_of_range(schema.exclusive_minimum ? "more than" : "at least", *schema.minimum);
    }
    if (schema.maximum && (number > *schema.maximum || (schema.exclusive_maximum && number == *schema.maximum))) {
      out_of_range(schema.exclusive_maximum ? "less than" : "at most", *schema.maximum);
    }
  }

  static std::string range_help(const Schema& schema) {
    if (!schema.minimum || !schema.maximum || schema.exclusive_minimum || schema.exclusive_maximum) return {};
    return "give a number from " + number_text(*schema.minimum) + " to " + number_text(*schema.maximum);
  }

  int check_items(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    int matches = 0;
    if (schema.items) {
      for (std::uint32_t i = 0; i < value.size; ++i) {
        matches += check(value.items[i], *schema.items, index(path, i, &value.items[i]), out);
      }
    }
    if (schema.min_items && value.size < *schema.min_items) {
      const std::string wanted = std::to_string(*schema.min_items);
      add(out, ErrorType::invalid, "GW108", path,
          value.size == 0
              ? "the list is empty; at least " + wanted + (wanted == "1" ? " item is" : " items are") + " wanted"
              : std::to_string(value.size) + " items; at least " + wanted + " are wanted");
    }
    if (schema.max_items && value.size > *schema.max_items) {
      add(out, ErrorType::too_many, "GW108", path,
          std::to_string(value.size) + " items; at most " + std::to_string(*schema.max_items) + " are allowed");
    }
    if (schema.unique_items) check_distinct(value, path, out);
    return matches;
  }

  void check_distinct(const Value& value, const Path& path, std::vector<Violation>& out) {
    for (std::uint32_t i = 1; i < value.size; ++i) {
      for (std::uint32_t j = 0; j < i; ++j) {
        if (equal(value.items[i], value.items[j])) {
          add(out, ErrorType::invalid, "GW111", path, "an item is listed twice");
          return;
        }
      }
    }
  }

  void check_enum(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    if (schema.allowed.empty()) return;
    std::vector<std::string_view> words;
    std::string list;
    for (const Value& allowed : schema.allowed) {
      if (equal(allowed, value)) return;
      if (allowed.is(Type::string)) words.push_back(allowed.string());
      list += (list.empty() ? "" : ", ") + (allowed.is(Type::string) ? std::string(allowed.string()) : show(allowed));
    }
    std::string help = "allowed: " + list;
    std::string_view near;
    if (value.is(Type::string)) {
      near = diag::nearest(value.string(), words);
      if (!near.empty()) help = "did you mean '" + std::string(near) + "'? " + help;
    }
    Violation& found =
        add(out, ErrorType::not_supported, "GW104", path, show(value) + " is not an allowed value", std::move(help));
    if (!near.empty() && value.at && diag::same_but_case(value.string(), near)) {
      found.repair = Repair::replace;
      found.replacement = near;
    }
  }

  int check_object(const Value& value, const Schema& schema, const Path& path, std::vector<Violation>& out) {
    int matches = 0;
    if (schema.min_properties && value.size < *schema.min_properties) {
      add(out, ErrorType::invalid, "GW109", path,
          std::to_string(value.size) + " entries; at least " + std::to_string(*schema.min_properties) + " are wanted");
    }
    if (schema.max_properties && value.size > *schema.max_properties) {
      add(out, ErrorType::too_many, "GW109", path,
          std::to_string(value.size) + " entries; at most " + std::to_string(*schema.max_properties) + " are allowed");
    }
    for (const Field& field : value.map()) {
      const Path here = child(path, field.key, &field.value, field.key_at);
      if (const Schema* below = schema.field(field.key)) {
        matches += check(field.value, *below, here, out);
      } else if (!schema.additional_allowed) {
        Violation& found =
            add(out, ErrorType::invalid, "GW101", path, "'" + std::string(field.key) + "' is not allowed here");
        found.at = here.nearest_key();
      }
    }
    for (const std::string& wanted : schema.required) {
      if (value.find(wanted)) continue;
      const Path here = child(path, wanted, nullptr);
      Violation& found =
          add(out, ErrorType::required, "GW102", here, "'" + wanted + "' is missing", required_help(wanted, schema));
      found.at = path.nearest_key();
    }
    return matches;
  }

  static std::string required_help(const std::string& wanted, const Schema& schema) {
    const Schema* below = schema.property(wanted);
    if (!below) return {};
    if (!below->allowed.empty() && below->allowed[0].is(Type::string)) {
      std::string out = "add '" + wanted + ":' with one of ";
      for (std::size_t i = 0; i < below->allowed.size() && i < 8; ++i) {
        if (below->allowed[i].is(Type::string)) out += (i ? ", " : "") + std::string(below->allowed[i].string());
      }
      return out;
    }
    return "add '" + wanted + ":' with " + type_list(below->types);
  }

  CheckOptions options_;
};

}  // namespace

std::string excerpt(const Value& value, const CheckOptions& options) {
  if (options.secret && (value.is(Type::string) || value.number())) return "the value";
  switch (value.type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return value.boolean ? "true" : "false";
    case Type::integer:
      return std::to_string(value.integer);
    case Type::floating:
      return number_text(value.floating);
    case Type::string: {
      std::string_view text = value.string();
      constexpr std::size_t longest = 60;
      if (text.size() <= longest) return "'" + std::string(text) + "'";
      std::size_t end = longest;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      return "'" + std::string(text.substr(0, end)) + "...'";
    }
    case Type::list:
      return "the list";
    case Type::map:
      return "the object";
  }
  return {};
}

void check(const Value& value, const Schema& schema, const Path& path, const CheckOptions& options,
           std::vector<Violation>& out) {
  Checker(options).check(value, schema, path, out);
}

}  // namespace gw::validate
