#include "diag/credentials.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "diag/ascii.h"

namespace gw::diag {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view blanks = " \t", value_ends = ";&\"'`\\,)} \t\r\n";

bool of_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '$';
}

// In the name, or the whole name.
bool says_credential(std::string_view name) {
  constexpr std::string_view words[] = {"password",    "passwd",        "secret",     "token",      "api-key",
                                        "api_key",     "apikey",        "access-key", "access_key", "accesskey",
                                        "private-key", "authorization", "signature"};
  constexpr std::string_view names[] = {"cookie", "set-cookie", "sig", "jwt", "x-amz-credential"};
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return name.find(word) != npos; }) ||
         std::find(std::begin(names), std::end(names), name) != std::end(names);
}
bool may_say_credential(std::string_view line) {
  if (says_credential(line)) return true;
  return line.find("cookie") != npos || line.find("sig") != npos || line.find("jwt") != npos ||
         line.find("x-amz-credential") != npos;
}
// Headers, and not keys of annotations such as auth-secret.
bool is_header(std::string_view name) {
  return name.starts_with("x-") || name == "authorization" || name == "proxy-authorization" || name.ends_with("cookie");
}

// scheme://USERINFO@host: what follows the colon, or all of it where there is no colon.
void add_urls(std::string_view text, std::vector<Hidden>& out) {
  for (std::size_t at = text.find("://"); at != npos; at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'<>", begin), text.size());
    const std::string_view authority = text.substr(begin, end - begin);
    const std::size_t host = authority.rfind('@');
    if (host == npos || host == 0) continue;
    const std::size_t colon = authority.substr(0, host).find(':');
    out.push_back({colon == npos ? begin : begin + colon + 1, begin + host});
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

// The line begins with what a header's value would: "Bearer TOKEN", "Basic TOKEN", one word alone.
void add_scheme(std::string_view line, std::string_view small, std::size_t base, std::vector<Hidden>& out) {
  constexpr std::string_view edge = " \t\"'\\";
  const std::size_t at = std::min(small.find_first_not_of(edge), small.size());
  for (const std::string_view scheme : {"basic ", "bearer "}) {
    if (!small.substr(at).starts_with(scheme)) continue;
    const std::size_t begin = small.find_first_not_of(' ', at + scheme.size());
    if (begin == npos) return;
    const std::size_t last = small.find_last_not_of(edge);
    if (small.substr(begin, last + 1 - begin).find(' ') == npos && line[begin] != '$')
      out.push_back({base + begin, base + last + 1});
  }
}

// Nothing but quotes and blanks stands before: the line, or an item of a list such as "A: b||C: d", is a header.
bool begins_header(std::string_view before) {
  const std::size_t last = before.find_last_not_of(" \t\"'\\");
  return last == npos || before[last] == '|' || before[last] == ',' || before[last] == '-';
}

// NAME=value, NAME: value of an Authorization header, and directives that set NAME, all on one line; `small` is the
// line in lower case. A hostile line may have megabytes: nothing here looks back further than a directive is long.
void add_named(std::string_view line, std::string_view small, std::size_t base, std::vector<Hidden>& out) {
  constexpr std::size_t longest_directive = 256;
  std::vector<Hidden> found;
  std::size_t directive = 0;
  for (std::size_t at = 0; at < small.size();) {
    if (!of_a_name(small[at])) {
      if (small[at] == ';' || small[at] == '{') directive = at + 1;
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < small.size() && of_a_name(small[end])) ++end;
    const std::string_view name = small.substr(at, end - at);
    const std::size_t from = std::max(directive, at - std::min(at, longest_directive));
    const std::string_view before = small.substr(from, at - from);
    at = end;
    if (!says_credential(name) || end == small.size()) continue;
    std::size_t next = end;
    while (next < small.size() && (small[next] == '"' || small[next] == '\'')) ++next;
    const bool assigned =
        next < small.size() &&
        (small[next] == '=' || (small[next] == ':' && (sets(before) || (is_header(name) && begins_header(before)) ||
                                                       known_scheme(small.substr(next + 1, 64)))));
    if (assigned)
      add_value(line, next + 1, found);
    else if (blanks.find(small[end]) != npos &&
             (sets(before) || (name.ends_with("authorization") && known_scheme(small.substr(end + 1, 64)))))
      add_value(line, end, found);
  }
  for (const Hidden& one : found) out.push_back({base + one.begin, base + one.end});
}

void add_named(std::string_view text, std::vector<Hidden>& out) {
  std::string small;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
    const std::string_view line = text.substr(at, end - at);
    small = lower(line);
    if (may_say_credential(small)) add_named(line, small, at, out);
    add_scheme(line, small, at, out);
    at = end + 1;
  }
}

}  // namespace

std::vector<Hidden> credentials_in(std::string_view text) {
  std::vector<Hidden> found, out;
  add_urls(text, found);
  add_named(text, found);
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
  if (hidden.empty()) return text;
  std::string out;
  std::size_t at = 0;
  for (const Hidden& one : hidden) {
    out.append(text, at, one.begin - at).append("***");
    at = one.end;
  }
  return out.append(text, at);
}

}  // namespace gw::diag
