#include "convert/providers/nginx/check.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace gw::convert::nginx {
namespace {

bool word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// Every character is a letter, a digit or one of `extra`.
bool only(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || extra.find(c) != std::string_view::npos; });
}

constexpr std::string_view common = "-._~/:";

std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

bool ipv4(std::string_view text) {
  int parts = 0;
  for (const std::string& part : split(text, '.')) {
    if (part.size() > 3 || !std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); }))
      return false;
    if (std::atoi(part.c_str()) > 255) return false;
    ++parts;
  }
  return parts == 4 && std::count(text.begin(), text.end(), '.') == 3;
}

bool ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && std::count(text.begin(), text.end(), ':') <= 7 &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; });
}

bool address(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  const bool four = ipv4(ip);
  if (!four && !ipv6(ip)) return false;
  if (slash == std::string_view::npos) return true;
  const std::string_view bits = text.substr(slash + 1);
  if (bits.empty() || bits.size() > 3 || !integer(bits) || bits[0] == '-' || bits[0] == '+') return false;
  return to_int(bits) <= (four ? 32 : 128);
}

}  // namespace

bool any(std::string_view) {
  return true;
}
bool boolean(std::string_view v) {
  return one_of(v, "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False");
}
bool truth(std::string_view v) {
  return one_of(v, "1", "t", "T", "TRUE", "true", "True");
}
bool integer(std::string_view v) {
  if (!v.empty() && (v[0] == '-' || v[0] == '+')) v.remove_prefix(1);
  return !v.empty() && v.size() < 18 &&
         std::all_of(v.begin(), v.end(), [](unsigned char c) { return std::isdigit(c); });
}
bool size(std::string_view v) {
  const std::string text = without_spaces(v);
  std::string_view t = text;
  if (!t.empty() && std::string_view("bkmgBKMG").find(t.back()) != std::string_view::npos) t.remove_suffix(1);
  return !t.empty() && t.size() < 18 &&
         std::all_of(t.begin(), t.end(), [](unsigned char c) { return std::isdigit(c); });
}
bool basic(std::string_view v) {
  return only(without_spaces(v), common);
}
bool with_space(std::string_view v) {
  return only(v, "-._~/: ");
}
bool extended(std::string_view v) {
  return only(v, "-._~/:, ");
}
bool url(std::string_view v) {
  return only(v, "-._~/:,?&=");
}
bool url_spaced_out(std::string_view v) {
  return url(without_spaces(v));
}
bool url_with_variables(std::string_view v) {
  return only(v, "-._~/:, ?&=$");
}
bool variable(std::string_view v) {
  return only(without_spaces(v), "-_${}");
}
bool path_with_captures(std::string_view v) {
  return only(v, "-._~/:$");
}
bool regex_text(std::string_view v) {
  return only(v, "-._~/:^$[](){}*+?|&=\\");
}
bool server_name(std::string_view v) {
  return regex_text(trim(v));
}
bool server_names(std::string_view v) {
  const auto names = split(v);
  return std::all_of(names.begin(), names.end(), [](const std::string& n) { return server_name(n); });
}
bool header_list(std::string_view v) {
  return only(v, "-_, ");
}
bool cidrs(std::string_view v) {
  const auto list = split(v);
  return std::all_of(list.begin(), list.end(), [](const std::string& c) { return address(c); });
}
bool http_method(std::string_view v) {
  return one_of(trim(v), "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE");
}
bool service_name(std::string_view v) {
  return !v.empty() && v.size() <= 63 && std::islower(static_cast<unsigned char>(v[0])) && v.back() != '-' &&
         std::all_of(v.begin(), v.end(),
                     [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '-'; });
}
bool error_codes(std::string_view v) {
  const auto codes = split(v);
  return std::all_of(codes.begin(), codes.end(), [](const std::string& c) {
    return c.size() == 3 && (c[0] == '4' || c[0] == '5') && std::isdigit(static_cast<unsigned char>(c[1])) &&
           std::isdigit(static_cast<unsigned char>(c[2]));
  });
}
bool ssl_ciphers(std::string_view v) {
  return only(without_spaces(v), "!:+-_@=");
}
bool hash_key(std::string_view v) {
  return only(without_spaces(v), "-_${}.,:/|;~?&=+*()[]^@");
}
bool on_off(std::string_view v) {
  return one_of(trim(v), "on", "off");
}
bool digits_age(std::string_view v) {
  return integer(trim(v));
}
bool origins(std::string_view v) {
  return only(without_spaces(v), "-.:/*,");
}
bool methods(std::string_view v) {
  return !trim(v).empty() &&
         std::all_of(v.begin(), v.end(), [](unsigned char c) { return std::isalpha(c) || c == ',' || c == ' '; });
}
bool expose_headers(std::string_view v) {
  return only(v, "-_*, ");
}
bool cookie_domain(std::string_view v) {
  return only(v, "-._~/:, ");
}
bool next_upstream(std::string_view v) {
  static constexpr std::string_view words[] = {"error",    "timeout",       "invalid_header", "http_500", "http_502",
                                               "http_503", "http_504",      "http_403",       "http_404", "http_429",
                                               "off",      "non_idempotent"};
  const auto given = split(v, ' ');
  return !given.empty() && std::all_of(given.begin(), given.end(), [](const std::string& w) {
    return std::find(std::begin(words), std::end(words), w) != std::end(words);
  });
}
bool common_name(std::string_view v) {
  return v.starts_with("CN=");
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(at);
    const std::string_view part = trim(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

long to_int(std::string_view text) {
  return std::strtol(std::string(text).c_str(), nullptr, 10);
}

std::optional<long long> to_bytes(std::string_view text) {
  if (!size(text)) return std::nullopt;
  const std::string clean = without_spaces(text);
  const long long n = std::strtoll(clean.c_str(), nullptr, 10);
  switch (std::tolower(static_cast<unsigned char>(clean.back()))) {
    case 'k':
      return n << 10;
    case 'm':
      return n << 20;
    case 'g':
      return n << 30;
    default:
      return n;
  }
}

std::optional<Url> parse_url(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Url u;
  u.scheme = lower(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  const std::size_t end = text.find_first_of("/?#");
  std::string_view authority = text.substr(0, end);
  if (end != std::string_view::npos) u.path = text.substr(end);
  const std::size_t port = authority.rfind(':');
  if (port != std::string_view::npos) {
    if (!integer(authority.substr(port + 1))) return std::nullopt;
    u.port = static_cast<int>(to_int(authority.substr(port + 1)));
    if (u.port < 1 || u.port > 65535) return std::nullopt;
    authority = authority.substr(0, port);
  }
  if (authority.empty() || authority.find_first_of(" @") != std::string_view::npos) return std::nullopt;
  u.host = authority;
  return u;
}

}  // namespace gw::convert::nginx
