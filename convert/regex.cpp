#include "convert/regex.h"

#include <algorithm>

namespace gw::convert {
namespace {

constexpr std::string_view meta = R"(\.+*?()[]{}|^$)";

// Calls f(i) for every character that is neither escaped nor inside a class; f returns false to stop.
template <class F>
void scan(std::string_view p, F&& f) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == '\\') {
      ++i;
      continue;
    }
    if (p[i] == '[') {
      std::size_t j = i + 1;
      if (j < p.size() && p[j] == '^') ++j;
      if (j < p.size() && p[j] == ']') ++j;
      for (; j < p.size() && p[j] != ']'; ++j) {
        if (p[j] == '\\') ++j;
        if (p.substr(j).starts_with("[:")) {
          const std::size_t end = p.find(":]", j);
          if (end != std::string_view::npos) j = end + 1;
        }
      }
      i = j;
      continue;
    }
    if (!f(i)) return;
  }
}

bool balanced(std::string_view p) {
  int depth = 0;
  bool ok = true;
  scan(p, [&](std::size_t i) {
    if (p[i] == '(') ++depth;
    if (p[i] == ')' && --depth < 0) ok = false;
    return ok;
  });
  return ok && depth == 0;
}

bool quantifier_end(char c) {
  return c == '*' || c == '+' || c == '?' || c == '}';
}

}  // namespace

std::string escape_regex(std::string_view literal) {
  std::string out;
  for (const char c : literal) {
    if (meta.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::optional<std::string> not_re2(std::string_view p) {
  std::optional<std::string> why;
  if (!balanced(p)) return "unbalanced parentheses";
  for (std::size_t i = 0; i + 1 < p.size(); ++i) {
    if (p[i] != '\\') continue;
    const char c = p[++i];
    if (c >= '1' && c <= '9') return "a back-reference";
    if (c == 'k' || c == 'g') return "a back-reference";
    if (std::string_view("GKRXZhHNev").find(c) != std::string_view::npos) return std::string("\\") + c;
  }
  scan(p, [&](std::size_t i) {
    const std::string_view rest = p.substr(i);
    if (rest.starts_with("(?=") || rest.starts_with("(?!"))
      why = "a look-ahead";
    else if (rest.starts_with("(?<=") || rest.starts_with("(?<!"))
      why = "a look-behind";
    else if (rest.starts_with("(?>"))
      why = "an atomic group";
    else if (rest.starts_with("(?("))
      why = "a conditional group";
    else if (rest.starts_with("(?R") || rest.starts_with("(?&") ||
             (rest.size() > 2 && rest.starts_with("(?") && std::isdigit(static_cast<unsigned char>(rest[2]))))
      why = "recursion";
    else if (rest.starts_with("(*"))
      why = "a verb";
    else if (p[i] == '+' && i > 0 && quantifier_end(p[i - 1]) && !(i > 1 && p[i - 2] == '\\'))
      why = "a possessive quantifier";
    return !why;
  });
  return why;
}

bool top_level_alternation(std::string_view p) {
  int depth = 0;
  bool found = false;
  scan(p, [&](std::size_t i) {
    if (p[i] == '(') ++depth;
    if (p[i] == ')') --depth;
    if (p[i] == '|' && depth == 0) found = true;
    return !found;
  });
  return found;
}

std::string_view literal_head(std::string_view p) {
  const std::size_t end = p.find_first_of(meta);
  if (end == std::string_view::npos) return p;
  std::size_t n = end;
  // A quantifier takes the character before it along.
  if (n > 0 && (p[end] == '*' || p[end] == '?' || p[end] == '{')) --n;
  return p.substr(0, n);
}

bool literal(std::string_view p) {
  return p.find_first_of(meta) == std::string_view::npos;
}

int captures(std::string_view p) {
  int count = 0;
  scan(p, [&](std::size_t i) {
    const std::string_view rest = p.substr(i);
    if (p[i] == '(' && (!rest.starts_with("(?") || rest.starts_with("(?<") || rest.starts_with("(?P<"))) ++count;
    return true;
  });
  return count;
}

}  // namespace gw::convert
