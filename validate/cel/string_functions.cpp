// CEL's functions of strings, and those that strings share with lists (size, indexOf). A wrong type is "no such
// overload", as in cel-go.
#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "validate/cel/function.h"

namespace gw::validate::cel {
namespace {

// Byte offset of a code point; npos past the end.
std::size_t byte_offset(std::string_view text, std::int64_t index) {
  std::size_t at = 0;
  for (; index > 0; --index) {
    if (at >= text.size()) return std::string_view::npos;
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

// ---- sizes, strings

Any size(const Call& call) {
  const Any& a = call.args[0];
  if (!a.is(Tag::string) && !a.is(Tag::bytes) && !a.is_list() && !a.is_map()) return no_overload();
  return integer(static_cast<std::int64_t>(size_of(a)));
}

Any contains(const Call& call) {
  if (!strings(call)) return no_overload();
  return boolean(call.args[0].string().find(call.args[1].string()) != std::string_view::npos);
}
Any starts_with(const Call& call) {
  if (!strings(call)) return no_overload();
  return boolean(call.args[0].string().starts_with(call.args[1].string()));
}
Any ends_with(const Call& call) {
  if (!strings(call)) return no_overload();
  return boolean(call.args[0].string().ends_with(call.args[1].string()));
}

Any matches(const Call& call) {
  if (!strings(call)) return no_overload();
  if (call.pattern) return boolean(call.pattern->matches(call.args[0].string()));
  const Pattern pattern{std::string(call.args[1].string())};
  if (!pattern.error().empty()) return error("a regular expression is wrong");
  return boolean(pattern.matches(call.args[0].string()));
}

template <char First, char Last, int Shift>
Any shift_letters(const Call& call) {
  if (!strings(call)) return no_overload();
  std::string text(call.args[0].string());
  for (char& c : text) {
    if (c >= First && c <= Last) c = static_cast<char>(c + Shift);
  }
  return made(call, text);
}

Any trim(const Call& call) {
  if (!strings(call)) return no_overload();
  std::string_view text = call.args[0].string();
  constexpr std::string_view space = " \t\n\v\f\r";
  const auto begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return string({});
  return string(text.substr(begin, text.find_last_not_of(space) - begin + 1));
}

Any substring(const Call& call) {
  const Any& a = call.args[0];
  if (!a.is(Tag::string) || !call.args[1].is(Tag::integer)) return no_overload();
  const std::int64_t begin = call.args[1].integer;
  std::int64_t end = static_cast<std::int64_t>(size_of(a));
  if (begin < 0 || begin > end) return error("index out of range");
  if (call.args.size() == 3) {
    if (!call.args[2].is(Tag::integer)) return no_overload();
    if (call.args[2].integer > end || call.args[2].integer < begin) return error("index out of range");
    end = call.args[2].integer;
  }
  const std::size_t from = byte_offset(a.string(), begin), to = byte_offset(a.string(), end);
  return string(a.string().substr(from, to - from));
}

Any char_at(const Call& call) {
  const Any& a = call.args[0];
  if (!a.is(Tag::string) || !call.args[1].is(Tag::integer)) return no_overload();
  const std::int64_t at = call.args[1].integer, length = static_cast<std::int64_t>(size_of(a));
  if (at < 0 || at > length) return error("index out of range");
  const std::size_t from = byte_offset(a.string(), at);
  return string(at == length ? std::string_view() : a.string().substr(from, byte_offset(a.string(), at + 1) - from));
}

Any index_in_list(const Call& call, bool last) {
  const std::size_t count = size_of(call.args[0]);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = last ? count - 1 - i : i;
    if (equal(element(call.args[0], at), call.args[1])) return integer(static_cast<std::int64_t>(at));
  }
  return integer(-1);
}

Any index_of(const Call& call) {
  if (call.args[0].is_list()) return index_in_list(call, false);
  if (!call.args[0].is(Tag::string) || !call.args[1].is(Tag::string)) return no_overload();
  std::size_t from = 0;
  if (call.args.size() == 3) {
    if (!call.args[2].is(Tag::integer) || call.args[2].integer < 0) return no_overload();
    from = byte_offset(call.args[0].string(), call.args[2].integer);
    if (from == std::string_view::npos) return error("index out of range");
  }
  const auto at = call.args[0].string().find(call.args[1].string(), from);
  if (at == std::string_view::npos) return integer(-1);
  return integer(code_points(call.args[0].string().substr(0, at)));
}

Any last_index_of(const Call& call) {
  if (call.args[0].is_list()) return index_in_list(call, true);
  if (!strings(call)) return no_overload();
  const auto at = call.args[0].string().rfind(call.args[1].string());
  if (at == std::string_view::npos) return integer(-1);
  return integer(code_points(call.args[0].string().substr(0, at)));
}

Any split(const Call& call) {
  if (!call.args[0].is(Tag::string) || !call.args[1].is(Tag::string)) return no_overload();
  std::int64_t limit = -1;
  if (call.args.size() == 3) {
    if (!call.args[2].is(Tag::integer)) return no_overload();
    limit = call.args[2].integer;
  }
  std::string_view text = call.args[0].string();
  const std::string_view separator = call.args[1].string();
  if (limit == 0) return list(nullptr, 0);
  std::vector<Any> parts;
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    if (separator.empty()) {
      const std::size_t n = byte_offset(text, 1);
      if (n >= text.size()) break;  // the last character, or none is left
      parts.push_back(string(text.substr(0, n)));
      text.remove_prefix(n);
      continue;
    }
    const auto at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(string(text.substr(0, at)));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(string(text));
  Any* items = call.arena.make<Any>(parts.size());
  std::uninitialized_copy(parts.begin(), parts.end(), items);
  return list(items, parts.size());
}

// A byte of a result costs a tenth: what is longer is over the limit of a rule in any case.
constexpr std::size_t most_joined = std::size_t{10} << 20;

Any join(const Call& call) {
  if (!call.args[0].is_list() || (call.args.size() == 2 && !call.args[1].is(Tag::string))) return no_overload();
  std::string out;
  for (std::size_t i = 0; i < size_of(call.args[0]); ++i) {
    const Any item = element(call.args[0], i);
    if (!item.is(Tag::string)) return no_overload();
    if (i != 0 && call.args.size() == 2) out += call.args[1].string();
    out += item.string();
    if (out.size() > most_joined) return error("the cost limit of one rule is exceeded");
  }
  return made(call, out);
}

Any replace(const Call& call) {
  if (!call.args[0].is(Tag::string) || !call.args[1].is(Tag::string) || !call.args[2].is(Tag::string))
    return no_overload();
  std::int64_t limit = -1;
  if (call.args.size() == 4) {
    if (!call.args[3].is(Tag::integer)) return no_overload();
    limit = call.args[3].integer;
  }
  const std::string_view text = call.args[0].string(), from = call.args[1].string(), to = call.args[2].string();
  if (from.empty()) return no_overload();
  std::string out;
  std::size_t at = 0;
  while (limit != 0 && out.size() < (1u << 22)) {
    const auto hit = text.find(from, at);
    if (hit == std::string_view::npos) break;
    out += text.substr(at, hit - at);
    out += to;
    at = hit + from.size();
    --limit;
  }
  out += text.substr(at);
  return made(call, out);
}

Any find(const Call& call) {
  if (!strings(call)) return no_overload();
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(re2::StringPiece(call.args[1].string().data(), call.args[1].string().size()), options);
  if (!regex.ok()) return error("a regular expression is wrong");
  re2::StringPiece hit;
  const re2::StringPiece text(call.args[0].string().data(), call.args[0].string().size());
  if (!regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, &hit, 1)) return string({});
  return made(call, {hit.data(), hit.size()});
}

Any find_all(const Call& call) {
  if (!strings({call.args.first(2), call.arena})) return no_overload();
  if (call.args.size() == 3 && !call.args[2].is(Tag::integer)) return no_overload();
  const std::int64_t most = call.args.size() == 3 ? call.args[2].integer : -1;
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(re2::StringPiece(call.args[1].string().data(), call.args[1].string().size()), options);
  if (!regex.ok()) return error("a regular expression is wrong");
  const re2::StringPiece text(call.args[0].string().data(), call.args[0].string().size());
  std::vector<Any> hits;
  re2::StringPiece hit;
  for (std::size_t at = 0; at <= text.size() && (most < 0 || hits.size() < static_cast<std::size_t>(most));) {
    if (!regex.Match(text, at, text.size(), re2::RE2::UNANCHORED, &hit, 1)) break;
    const std::size_t begin = static_cast<std::size_t>(hit.data() - text.data());
    hits.push_back(made(call, {hit.data(), hit.size()}));
    at = begin + std::max<std::size_t>(hit.size(), 1);
  }
  Any* items = call.arena.make<Any>(hits.size());
  std::copy(hits.begin(), hits.end(), items);
  return list(items, hits.size());
}

constexpr Function functions[] = {
    {"size", true, 1, 1, size},
    {"size", false, 1, 1, size},
    {"contains", true, 2, 2, contains, Cost::product},
    {"startsWith", true, 2, 2, starts_with, Cost::traverse_first},
    {"endsWith", true, 2, 2, ends_with, Cost::traverse_first},
    {"matches", true, 2, 2, matches, Cost::regex},
    {"matches", false, 2, 2, matches, Cost::regex},
    {"find", true, 2, 2, find, Cost::regex},
    {"findAll", true, 2, 3, find_all, Cost::regex},
    {"lowerAscii", true, 1, 1, shift_letters<'A', 'Z', 32>, Cost::traverse_first},
    {"upperAscii", true, 1, 1, shift_letters<'a', 'z', -32>, Cost::traverse_first},
    {"trim", true, 1, 1, trim, Cost::traverse_first},
    {"substring", true, 2, 3, substring, Cost::traverse_first},
    {"charAt", true, 2, 2, char_at},
    {"split", true, 2, 3, split, Cost::traverse_twice},
    {"join", true, 1, 2, join, Cost::traverse_result},
    {"replace", true, 3, 4, replace, Cost::traverse_twice},
    {"indexOf", true, 2, 3, index_of, Cost::walk_list},
    {"lastIndexOf", true, 2, 2, last_index_of, Cost::walk_list},
};

}  // namespace

std::span<const Function> string_functions() {
  return functions;
}

}  // namespace gw::validate::cel
