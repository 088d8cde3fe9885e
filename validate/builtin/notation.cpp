#include "validate/builtin/notation.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "validate/builtin/text.h"
#include "validate/patterns.h"

namespace gw::validate {
namespace {

// Takes the next token off a line. Quotes, braces and backquotes keep spaces together.
std::string_view next_token(std::string_view& line) {
  while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  std::size_t at = 0;
  bool quoted = false, raw = false;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '"' && !raw) quoted = !quoted;
    if (c == '`') raw = !raw;
    if (c == ' ' && !quoted && !raw) break;
  }
  const std::string_view token = line.substr(0, at);
  line.remove_prefix(at);
  return token;
}

// "1..64@x7" is "1..64" and "x7". A pattern in backquotes may hold '@'.
std::pair<std::string_view, std::string_view> split_condition(std::string_view token) {
  const auto at = token.rfind('@');
  if (at == std::string_view::npos || token.find_first_of("`\"", at) != std::string_view::npos) return {token, {}};
  return {token.substr(0, at), token.substr(at + 1)};
}

struct TypeName {
  std::string_view name;
  Types types;
  std::string_view format;
};
constexpr TypeName type_names[] = {
    {"object", bit(Type::map), ""},
    {"list", bit(Type::list), ""},
    {"string", bit(Type::string), ""},
    {"bool", bit(Type::boolean), ""},
    {"integer", bit(Type::integer), ""},
    {"int32", bit(Type::integer), "int32"},
    {"int64", bit(Type::integer), "int64"},
    {"number", bit(Type::floating), ""},
    {"int-or-string", bit(Type::integer) | bit(Type::string), ""},
    {"any", 0, ""},
    {"date-time", bit(Type::string), "date-time"},
    {"duration", bit(Type::string), "duration"},
    {"byte", bit(Type::string), "byte"},
    {"ipv4", bit(Type::string), "ipv4"},
    {"ipv6", bit(Type::string), "ipv6"},
};

// The few JSON values that defaults need.
class Literal {
 public:
  Literal(std::string_view text, Arena& arena) : text_(text), arena_(arena) {}

  Value read() {
    Value out;
    const char c = text_.empty() ? '\0' : text_.front();
    if (c == '"') return text_value(arena_.copy(quoted()));
    if (c == '{' || c == '[') return c == '{' ? object() : array();
    const std::string_view word = text_.substr(0, text_.find_first_of(",]}"));
    text_.remove_prefix(word.size());
    if (word == "true" || word == "false") {
      out.type = Type::boolean;
      out.boolean = word == "true";
      return out;
    }
    out.type = Type::integer;
    [[maybe_unused]] const auto result = std::from_chars(word.data(), word.data() + word.size(), out.integer);
    assert(result.ec == std::errc{});
    return out;
  }

 private:
  std::string_view quoted() {
    const auto end = text_.find('"', 1);
    const std::string_view inner = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return inner;
  }
  void skip(char c) {
    if (!text_.empty() && text_.front() == c) text_.remove_prefix(1);
  }
  Value object() {
    std::vector<Field> fields;
    skip('{');
    while (!text_.empty() && text_.front() != '}') {
      const std::string_view key = arena_.copy(quoted());
      skip(':');
      fields.push_back({key, nullptr, read()});
      skip(',');
    }
    skip('}');
    Value out;
    out.type = Type::map;
    out.size = static_cast<std::uint32_t>(fields.size());
    out.fields = arena_.make<Field>(fields.size());
    std::uninitialized_copy(fields.begin(), fields.end(), out.fields);
    return out;
  }
  Value array() {
    std::vector<Value> items;
    skip('[');
    while (!text_.empty() && text_.front() != ']') {
      items.push_back(read());
      skip(',');
    }
    skip(']');
    Value out;
    out.type = Type::list;
    out.size = static_cast<std::uint32_t>(items.size());
    out.items = arena_.make<Value>(items.size());
    std::uninitialized_copy(items.begin(), items.end(), out.items);
    return out;
  }

  std::string_view text_;
  Arena& arena_;
};

void read_range(std::string_view token, Schema& out) {
  const auto dots = token.find("..");
  auto number = [](std::string_view text) -> std::optional<std::int64_t> {
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const auto low = number(token.substr(0, dots)), high = number(token.substr(dots + 2));
  if (out.types & bit(Type::list)) {
    out.min_items = low;
    out.max_items = high;
  } else if (out.types & bit(Type::map)) {
    out.min_properties = low;
    out.max_properties = high;
  } else if (out.types & (bit(Type::integer) | bit(Type::floating))) {
    if (low) out.minimum = static_cast<double>(*low);
    if (high) out.maximum = static_cast<double>(*high);
  } else {
    out.min_length = low;
    out.max_length = high;
  }
}

template <class Take>
void each_word(std::string_view list, Take take) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    take(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

}  // namespace

NotationCatalogue::NotationCatalogue(const std::vector<std::string_view>& texts, Variants wanted) : wanted_(wanted) {
  for (std::string_view text : texts) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      const auto indent = line.find_first_not_of(' ');
      if (indent == std::string_view::npos) continue;
      lines_.push_back({line.substr(indent), static_cast<std::uint32_t>(indent)});
    }
  }
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].indent != 0) continue;
    std::string_view rest = lines_[i].text;
    if (const std::string_view word = next_token(rest); word == "shape") {
      shape_lines_.emplace(next_token(rest), i);
    } else if (word == "kind") {
      add_kind(i);
    }
  }
}

void NotationCatalogue::add_kind(std::size_t line) {
  std::string_view rest = lines_[line].text;
  next_token(rest);
  KindInfo info;
  info.group = next_token(rest);
  if (info.group == "-") info.group.clear();
  info.kind = next_token(rest);
  const auto [version, condition] = split_condition(next_token(rest));
  if (!holds(condition)) return;
  info.version = version;
  info.experimental = condition.find('x') != std::string_view::npos;
  std::string_view like;
  for (std::string_view token = next_token(rest); !token.empty(); token = next_token(rest)) {
    const auto [word, when] = split_condition(token);
    if (word == "like") like = next_token(rest);
    if (!holds(when)) continue;
    if (word == "cluster") info.namespaced = false;
    if (word == "status") info.has_status = true;
    if (word == "unserved") info.served = false;
    if (word == "native") info.native = true;
    if (word == "deprecated") {
      info.deprecated = true;
      info.deprecation = "v1";
    }
  }
  std::size_t description = line;
  for (std::size_t i = 0; i < kinds_.size() && !like.empty(); ++i) {
    if (kinds_[i].kind == info.kind && kinds_[i].group == info.group && kinds_[i].version == like)
      description = kind_lines_[i];
  }
  kinds_.push_back(std::move(info));
  kind_lines_.push_back(description);
}

bool NotationCatalogue::holds(std::string_view condition) const {
  if (condition.empty()) return true;
  Variants mask = 0;
  each_word(condition, [&mask](std::string_view word) {
    Variants one = 15;
    for (char c : word) {
      if (c == 's') one &= 5;
      if (c == 'x') one &= 10;
      if (c == '6') one &= 3;
      if (c == '7') one &= 12;
    }
    mask |= one;
  });
  return (mask & wanted_) != 0;
}

const Schema* NotationCatalogue::compile(std::size_t kind, diag::Sink&) const {
  Schema& root = *store_.schema();
  root.types = bit(Type::map);
  for (std::string_view name : {"apiVersion", "kind"}) {
    Schema& text = *store_.schema();
    text.types = bit(Type::string);
    root.properties.push_back({std::string(name), &text});
  }
  Schema& metadata = *store_.schema();
  metadata.types = bit(Type::map);
  metadata.open_to_cel = true;
  root.properties.push_back({"metadata", &metadata});
  children(kind_lines_[kind], root);
  finish(root);
  return &root;
}

const Schema* NotationCatalogue::shape(std::string_view name) const {
  if (const auto it = shapes_.find(name); it != shapes_.end()) return it->second;
  const auto line = shape_lines_.find(name);
  assert(line != shape_lines_.end());
  std::string_view rest = lines_[line->second].text;
  next_token(rest);
  next_token(rest);
  const Schema* made = value(rest, line->second);
  shapes_.emplace(name, made);
  return made;
}

// A value from the rest of its line (type and attributes) and the lines below.
Schema* NotationCatalogue::value(std::string_view text, std::size_t line) const {
  Schema& out = *store_.schema();
  for (std::string_view token = next_token(text); !token.empty(); token = next_token(text)) {
    const auto [word, condition] = split_condition(token);
    if (word != "!" && holds(condition)) attribute(word, out);
  }
  children(line, out);
  finish(out);
  return &out;
}

void NotationCatalogue::attribute(std::string_view token, Schema& out) const {
  for (const TypeName& row : type_names) {
    if (row.name != token) continue;
    out.types = row.types;
    out.format = row.format;
    out.int_or_string = row.name == "int-or-string";
    return;
  }
  if (token == "set") {
    out.list_type = ListType::set;
  } else if (token == "nullable") {
    out.nullable = true;
  } else if (token == "open") {
    out.preserve_unknown = true;
  } else if (token == "anytype") {
    out.types = 0;
  } else if (token.starts_with("keys(")) {
    out.list_type = ListType::map;
    each_word(token.substr(5, token.size() - 6), [&out](std::string_view key) { out.list_keys.emplace_back(key); });
  } else if (token.front() == '{') {
    each_word(token.substr(1, token.size() - 2), [this, &out](std::string_view word) {
      const bool number = (out.types & bit(Type::integer)) != 0;
      out.allowed.push_back(number ? Literal(word, store_.arena()).read() : text_value(word));
    });
  } else if (token.front() == '=') {
    out.default_value = Literal(token.substr(1), store_.arena()).read();
  } else if (token.starts_with("~`")) {
    out.pattern = store_.pattern(token.substr(2, token.size() - 3));
  } else if (token.front() == '~') {
    const KnownPattern* known = pattern_by_name(token.substr(1));
    assert(known);
    out.pattern = store_.pattern(known->regex);
  } else {
    assert(token.find("..") != std::string_view::npos);
    read_range(token, out);
  }
}

void NotationCatalogue::children(std::size_t line, Schema& out) const {
  const std::uint32_t indent = lines_[line].indent + 2;
  for (std::size_t i = line + 1; i < lines_.size() && lines_[i].indent >= indent; ++i) {
    if (lines_[i].indent != indent) continue;
    std::string_view rest = lines_[i].text;
    const auto [name, condition] = split_condition(next_token(rest));
    if (name == "=" || !holds(condition)) continue;
    if (name == "?") {
      const std::string_view told = lines_[i + 1].text.substr(2);
      out.rules.push_back(store_.rule(rest.substr(1), told));
      continue;
    }
    bool required = false;
    std::string_view body = rest;
    if (const auto [mark, when] = split_condition(next_token(rest)); mark == "!") {
      required = holds(when);
      body = rest;
    }
    std::string_view after = body;
    const Schema* below = nullptr;
    if (next_token(after) == "use") {
      below = shape(next_token(after));
    } else {
      below = value(body, i);
    }
    if (name == "*") {
      (out.types & bit(Type::list) ? out.items : out.additional) = below;
    } else if (name == "%any") {
      out.any_of.push_back(below);
    } else if (name == "%one") {
      out.one_of.push_back(below);
    } else if (name == "%all") {
      out.all_of.push_back(below);
    } else if (name == "%not") {
      out.not_schema = below;
    } else {
      out.properties.push_back({std::string(name), below});
      if (required) out.required.emplace_back(name);
    }
  }
}

namespace {

// Each is made when it is first asked for.
template <ApiVersion V, Channel C>
const Catalogue& instance() {
  static const NotationCatalogue made({shapes_text, gateway_text, experimental_text, kubernetes_text}, variant(V, C));
  return made;
}

}  // namespace

const Catalogue& builtin(ApiVersion version, Channel channel) {
  if (version == ApiVersion::v1_6) {
    return channel == Channel::standard ? instance<ApiVersion::v1_6, Channel::standard>()
                                        : instance<ApiVersion::v1_6, Channel::experimental>();
  }
  return channel == Channel::standard ? instance<ApiVersion::v1_7, Channel::standard>()
                                      : instance<ApiVersion::v1_7, Channel::experimental>();
}

}  // namespace gw::validate
