#include "diag/credentials.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace gw::diag {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view blanks = " \t", value_ends = ";&\"'`\\,)} \t\r\n";

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool of_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '$';
}

bool says_credential(std::string_view name) {
  constexpr std::array words{"password", "passwd", "secret", "token", "api-key", "api_key", "apikey", "authorization"};
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return name.find(word) != npos; });
}

// scheme://USERINFO@host: what follows the colon, or all of it where there is no colon.
void add_urls(std::string_view text, std::vector<Hidden>& out) {
  for (std::size_t at = text.find("://"); at != npos; at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'<>", begin), text.size());
    const std::size_t host = text.substr(0, end).rfind('@');
    if (host == npos || host <= begin) continue;
    const std::size_t colon = text.substr(0, host).find(':', begin);
    out.push_back({colon == npos ? begin : colon + 1, host});
  }
}

// A value from `at`: quotes around it, and a scheme such as Basic before it, are no part of it.
void add_value(std::string_view text, std::size_t at, std::vector<Hidden>& out) {
  while (at < text.size() && (blanks.find(text[at]) != npos || text[at] == '"' || text[at] == '\'' || text[at] == '\\'))
    ++at;
  std::size_t end = std::min(text.find_first_of(value_ends, at), text.size());
  const bool scheme =
      end < text.size() && text[end] == ' ' && end - at < 12 &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end),
                  [](unsigned char c) { return std::isalpha(c) != 0; });
  if (scheme) {
    at = text.find_first_not_of(' ', end);
    if (at == npos) return;
    end = std::min(text.find_first_of(value_ends, at), text.size());
  }
  if (at < end && text[at] != '$' && text[at] != '*') out.push_back({at, end});
}

// The line says that a header or a variable is set to what follows its name.
bool sets(std::string_view before) {
  for (const std::string_view word : {"set_header", "add_header", "set-header", "set_input_headers", "set "})
    if (before.find(word) != npos) return true;
  return false;
}

bool known_scheme(std::string_view value) {
  value.remove_prefix(std::min(value.find_first_not_of(" \t\"'\\"), value.size()));
  for (const std::string_view scheme : {"basic ", "bearer ", "digest ", "token ", "apikey "})
    if (value.starts_with(scheme)) return true;
  return false;
}

// NAME=value, NAME: value of an Authorization header, and directives that set NAME.
void add_named(std::string_view text, std::string_view small, std::vector<Hidden>& out) {
  for (std::size_t at = 0; at < small.size();) {
    if (!of_a_name(small[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < small.size() && of_a_name(small[end])) ++end;
    const std::string_view name = small.substr(at, end - at);
    const std::size_t line = small.substr(0, at).find_last_of("\r\n;{") + 1;  // npos + 1 is 0
    const std::string_view before = small.substr(line, at - line);
    at = end;
    if (!says_credential(name) || end == small.size()) continue;
    std::size_t next = end;
    while (next < small.size() && (small[next] == '"' || small[next] == '\'')) ++next;
    const bool assigned =
        next < small.size() &&
        (small[next] == '=' || (small[next] == ':' && (sets(before) || known_scheme(small.substr(next + 1)))));
    if (assigned)
      add_value(text, next + 1, out);
    else if (blanks.find(small[end]) != npos && sets(before))
      add_value(text, end, out);
  }
}

}  // namespace

std::vector<Hidden> credentials_in(std::string_view text) {
  std::vector<Hidden> found, out;
  add_urls(text, found);
  const std::string small = lowered(text);
  if (says_credential(small)) add_named(text, small, found);
  std::sort(found.begin(), found.end(),
            [](const Hidden& a, const Hidden& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  for (const Hidden& one : found) {
    if (!out.empty() && one.begin <= out.back().end)
      out.back().end = std::max(out.back().end, one.end);
    else
      out.push_back(one);
  }
  return out;
}

std::string hide_credentials(std::string text) {
  const std::vector<Hidden> hidden = credentials_in(text);
  for (auto one = hidden.rbegin(); one != hidden.rend(); ++one) text.replace(one->begin, one->end - one->begin, "***");
  return text;
}

}  // namespace gw::diag
