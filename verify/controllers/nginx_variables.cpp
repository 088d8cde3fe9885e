#include "verify/controllers/nginx_variables.h"

#include <algorithm>

#include "verify/controllers/pattern.h"
#include "verify/controllers/text.h"

namespace gw::verify {

std::optional<std::string> expand_captures(std::string_view text, const std::vector<std::string_view>& groups) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '$') {
      out += text[at];
      continue;
    }
    if (++at == text.size() || text[at] < '1' || text[at] > '9') return std::nullopt;
    const auto number = static_cast<std::size_t>(text[at] - '0');
    if (number < groups.size()) out += groups[number];
  }
  return out;
}

std::optional<std::string> expand_variables(std::string_view text,
                                            const std::vector<std::pair<std::string_view, std::string>>& values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      out += text[at++];
      continue;
    }
    const bool braces = text.substr(at + 1).starts_with('{');
    const std::size_t from = at + (braces ? 2 : 1);
    std::size_t to = from;
    while (to < text.size() && only(text.substr(to, 1), "_")) ++to;
    const auto value = std::find_if(values.begin(), values.end(),
                                    [&](const auto& entry) { return entry.first == text.substr(from, to - from); });
    if (value == values.end()) return std::nullopt;
    out += value->second;
    at = to + (braces ? 1 : 0);
  }
  return out;
}

std::string escape_component(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (only({&c, 1}, "-_.~"))
      out += c;
    else
      append_escape(out, c);
  }
  return out;
}

std::optional<std::string> nginx_cookie(const route::Request& request, std::string_view name) {
  for (const std::string& line : header_values(request, "Cookie")) {
    std::string_view rest = line;
    const auto skip_spaces = [&] { rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' '))); };
    while (!rest.empty()) {
      if (equal_fold(rest.substr(0, name.size()), name)) {
        const std::string_view saved = rest;
        rest.remove_prefix(name.size());
        skip_spaces();
        if (rest.starts_with('=')) {
          rest.remove_prefix(1);
          skip_spaces();
          return std::string(rest.substr(0, rest.find(';')));
        }
        rest = saved;
      }
      rest.remove_prefix(std::min(rest.size(), rest.find_first_of(";,")));
      if (!rest.empty()) rest.remove_prefix(1);
      skip_spaces();
    }
  }
  return std::nullopt;
}

std::optional<std::string> deciding_line(std::string_view snippet) {
  constexpr std::string_view harmless[] = {"more_set_headers",
                                           "more_clear_headers",
                                           "add_header",
                                           "proxy_set_header",
                                           "proxy_hide_header",
                                           "proxy_pass_header",
                                           "proxy_read_timeout",
                                           "proxy_send_timeout",
                                           "proxy_buffering",
                                           "proxy_connect_timeout",
                                           "client_max_body_size",
                                           "access_log",
                                           "#"};
  for (const std::string& line : split_trimmed(snippet, '\n'))
    if (std::none_of(std::begin(harmless), std::end(harmless),
                     [&](std::string_view directive) { return line.starts_with(directive); }) ||
        std::count(line.begin(), line.end(), ';') > 1)
      return line;
  return std::nullopt;
}

std::string alias_expression(std::string_view alias) {
  if (alias.starts_with('.')) return "^(.*\\.)?" + Pattern::quote(lower(alias.substr(1))) + "$";
  if (alias.starts_with("*.")) return "^.*" + Pattern::quote(lower(alias.substr(1))) + "$";
  return "^" + Pattern::quote(lower(alias.substr(0, alias.size() - 1))) + ".+$";
}

}  // namespace gw::verify
