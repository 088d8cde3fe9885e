// Every entry starts its own line and no value ends one, so that whoever comes next decides how the line goes on.
#include "yaml/write.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

#include "diag/render.h"
#include "yaml/number.h"
#include "yaml/quote.h"

namespace gw::yaml {
namespace {

constexpr std::size_t longest_simple_key = 1000;  // YAML readers stop looking for ':' after 1,024 characters

template <class Integer>
std::string_view digits(std::array<char, 24>& buffer, Integer value) {
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

}  // namespace

void Writer::begin_document() {
  assert(levels_.empty());
  if (style_ == Style::kyaml || (style_ == Style::yaml && documents_ > 0)) out_ += "---\n";
  ++documents_;
}

void Writer::comment(std::string_view text) {
  if (style_ != Style::yaml && style_ != Style::kyaml) return;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = diag::printable(text.substr(at, end - at));
    out_ += line.empty() ? "#" : "# " + line;
    out_ += '\n';
    at = end + 1;
  }
}

void Writer::end_document() {
  assert(levels_.empty());
  out_ += '\n';
}

void Writer::new_line(std::size_t spaces) {
  out_ += '\n';
  out_.append(spaces, ' ');
}

// Before an entry of a flow collection: the comma of the one before and the line break of the style.
void Writer::separate_flow(Level& level) {
  bool first = level.empty;
  level.empty = false;
  switch (style_) {
    case Style::json_line:
      if (!first) out_ += ',';
      return;
    case Style::json:
      if (!first) out_ += ',';
      return new_line(level.indent + 2);
    case Style::kyaml:
      if (!level.cuddled) {
        if (!first) out_ += ',';
        return new_line(level.indent + 2);
      }
      if (!first) out_ += ", ";
      return;
    case Style::yaml:
      return;
  }
}

void Writer::before_item(bool collection) {
  Level& level = levels_.back();
  if (!block()) {
    if (level.empty) level.cuddled = style_ == Style::kyaml && collection;
    return separate_flow(level);
  }
  block_entry();
  out_ += "- ";
}

void Writer::before_value(bool collection) {
  if (levels_.empty()) return;
  if (!levels_.back().map) return before_item(collection);
  assert(after_key_);
  after_key_ = false;
  if (!block() || !collection) out_ += style_ == Style::json_line ? "" : " ";
}

void Writer::begin(bool map) {
  bool in_map = !levels_.empty() && levels_.back().map;
  before_value(true);
  Level level{map};
  if (!levels_.empty()) {
    const Level& parent = levels_.back();
    bool compact_list = block() && in_map && !map;
    level.indent = parent.indent + (compact_list || parent.cuddled ? 0 : 2);
    level.same_line = block() && !in_map;
  } else {
    level.same_line = true;
  }
  if (!block()) out_ += map ? '{' : '[';
  levels_.push_back(level);
}

void Writer::end(bool map) {
  assert(!levels_.empty() && levels_.back().map == map && !after_key_);
  Level level = levels_.back();
  levels_.pop_back();
  if (block()) {
    if (!level.empty) return;
    if (!levels_.empty() && levels_.back().map) out_ += ' ';
    out_ += map ? "{}" : "[]";
    return;
  }
  bool broken = !level.empty && !level.cuddled && style_ != Style::json_line;
  if (broken && style_ == Style::kyaml) out_ += ',';
  if (broken) new_line(level.indent);
  out_ += map ? '}' : ']';
}

void Writer::begin_map() {
  begin(true);
}
void Writer::end_map() {
  end(true);
}
void Writer::begin_seq() {
  begin(false);
}
void Writer::end_seq() {
  end(false);
}

void Writer::block_entry() {
  Level& level = levels_.back();
  if (!(level.empty && level.same_line)) new_line(level.indent);
  level.empty = false;
}

void Writer::field(std::string_view name) {
  if (!block()) return key(name);
  assert(!levels_.empty() && levels_.back().map && !after_key_);
  after_key_ = true;
  block_entry();
  out_ += name;
  out_ += ':';
}

void Writer::key(std::string_view key) {
  assert(!levels_.empty() && levels_.back().map && !after_key_);
  Level& level = levels_.back();
  after_key_ = true;
  if (!block()) {
    separate_flow(level);
    if (style_ == Style::kyaml)
      append_kyaml_key(out_, key);
    else
      append_double_quoted(out_, key);
    out_ += ':';
    return;
  }
  block_entry();
  if (key.size() > longest_simple_key) {
    out_ += "? ";
    append_double_quoted(out_, key);
    new_line(level.indent);
  } else {
    append_yaml(out_, key);
  }
  out_ += ':';
}

void Writer::scalar(std::string_view text) {
  before_value(false);
  out_ += text;
}

void Writer::long_text(std::string_view value) {
  std::size_t indent = levels_.empty() ? 0 : levels_.back().indent;
  std::size_t inside = levels_.empty() || levels_.back().cuddled ? indent : indent + 2;
  if (style_ == Style::yaml && fits_block_scalar(value))
    append_block_scalar(out_, value, indent + 2);
  else if (style_ == Style::kyaml)
    append_kyaml_lines(out_, value, inside + 2);
  else
    append_double_quoted(out_, value);
}

void Writer::string(std::string_view value) {
  before_value(false);
  if (value.find('\n') != value.npos)
    long_text(value);
  else if (block())
    append_yaml(out_, value);
  else
    append_double_quoted(out_, value);
}

void Writer::integer(std::int64_t value) {
  std::array<char, 24> buffer;
  scalar(digits(buffer, value));
}

void Writer::unsigned_integer(std::uint64_t value) {
  std::array<char, 24> buffer;
  scalar(digits(buffer, value));
}

// Minus zero keeps a point: "-0" would be read as the integer 0.
void Writer::floating(double value) {
  scalar(value == 0 && std::signbit(value) ? "-0.0" : json_float(value));
}
void Writer::boolean(bool value) {
  scalar(value ? "true" : "false");
}
void Writer::null() {
  scalar("null");
}

void Writer::node(const Node& value, KeyOrder order) {
  switch (value.kind()) {
    case Kind::null:
      return null();
    case Kind::boolean:
      return boolean(value.boolean());
    case Kind::integer:
      return integer(value.integer());
    case Kind::unsigned_integer:
      return unsigned_integer(value.unsigned_integer());
    case Kind::floating:
      return floating(value.floating());
    case Kind::string:
      return string(value.string());
    case Kind::sequence:
      begin_seq();
      for (const Node& item : value.items()) node(item, order);
      return end_seq();
    case Kind::mapping:
      break;
  }
  begin_map();
  if (order == KeyOrder::sorted) {
    for (const Entry* entry : sorted_entries(value)) {
      key(entry->key.string());
      node(entry->value, order);
    }
  } else {
    for (const Entry& entry : value.entries()) {
      key(entry.key.string());
      node(entry.value, order);
    }
  }
  end_map();
}

std::vector<const Entry*> sorted_entries(const Node& mapping) {
  std::vector<const Entry*> out;
  out.reserve(mapping.size());
  for (const Entry& entry : mapping.entries()) out.push_back(&entry);
  std::ranges::sort(out, {}, [](const Entry* entry) { return entry->key.string(); });
  return out;
}

}  // namespace gw::yaml
