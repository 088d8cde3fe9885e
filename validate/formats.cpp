#include "validate/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "validate/cel/value.h"
#include "validate/schema.h"

namespace gw::validate {
namespace {

bool lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool alphanumeric(char c) {
  return lower_alphanumeric(c) || (c >= 'A' && c <= 'Z');
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_label(std::string_view text) {
  if (text.empty() || !lower_alphanumeric(text.front()) || !lower_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return lower_alphanumeric(c) || c == '-'; });
}

// Go 1.16's net.ParseIP: leading zeros are allowed.
bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && digit(text[digits])) {
      value = value * 10 + static_cast<unsigned>(text[digits] - '0');
      if (value > 255 || ++digits > 20) return false;
    }
    if (digits == 0) return false;
    text.remove_prefix(digits);
    if (part == 3) return text.empty();
    if (text.empty() || text[0] != '.') return false;
    text.remove_prefix(1);
  }
  return false;
}

bool is_ipv6(std::string_view text) {
  if (text.size() > 60 || text.find(':') == std::string_view::npos) return false;
  std::string plain(text);
  // A trailing IPv4 part may have leading zeros, which inet_pton refuses.
  if (const auto dot = plain.find('.'); dot != std::string::npos) {
    const auto colon = plain.rfind(':');
    if (colon > dot || !is_ipv4(std::string_view(plain).substr(colon + 1))) return false;
    plain = plain.substr(0, colon + 1) + "1.1.1.1";
  }
  unsigned char bytes[16];
  return inet_pton(AF_INET6, plain.c_str(), bytes) == 1;
}

bool is_ipv4_format(std::string_view text) {  // ParseIP and a dot: an IPv6 address that ends in IPv4 counts
  return is_ipv4(text) || (text.find('.') != std::string_view::npos && is_ipv6(text));
}

bool is_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash), length = text.substr(slash + 1);
  int bits = -1;
  const auto [end, fault] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (fault != std::errc{} || end != length.data() + length.size() || bits < 0) return false;
  if (is_ipv4(address)) return bits <= 32;
  return is_ipv6(address) && bits <= 128;
}

bool is_date_time(std::string_view text) {
  std::int64_t seconds = 0;
  return text.size() > 10 && cel::parse_timestamp(text, seconds);
}
bool is_date(std::string_view text) {
  std::int64_t seconds = 0;
  return text.size() == 10 && cel::parse_timestamp(text, seconds);
}

bool is_duration(std::string_view text) {
  std::int64_t nanoseconds = 0;
  if (cel::parse_duration(text, nanoseconds)) return true;
  static const Pattern words(
      "^[0-9]+ *(ns|us|ms|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week|nano|micro|milli)s?");
  return words.matches(text);
}

bool is_base64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  std::size_t body = text.size();
  while (body > 0 && text.size() - body < 2 && text[body - 1] == '=') --body;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(body),
                     [](char c) { return alphanumeric(c) || c == '+' || c == '/'; });
}

// Go's url.ParseRequestURI: absolute, or an absolute path.
bool is_uri(std::string_view text) {
  if (text.empty() ||
      std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
    return false;
  if (text[0] == '/' || text == "*") return true;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  for (std::size_t i = 0; i < colon; ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || (!digit(c) && c != '+' && c != '-' && c != '.'))) return false;
  }
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    auto hex = [](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    if (at + 2 >= text.size() || !hex(text[at + 1]) || !hex(text[at + 2])) return false;
  }
  return text.find(' ') == std::string_view::npos;
}

bool is_hostname(std::string_view text) {
  static const Pattern pattern(
      R"(^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$)");
  if (text.size() > 255 || !pattern.matches(text)) return false;
  while (!text.empty()) {
    const auto dot = std::min(text.find('.'), text.size());
    if (dot > 63) return false;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return true;
}

template <int Version>
bool is_uuid(std::string_view text) {
  static const Pattern pattern(
      Version == 0   ? "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
      : Version == 3 ? "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
      : Version == 4 ? "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$"
                     : "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$");
  return pattern.matches(text);
}

bool is_mac(std::string_view text) {
  static const Pattern pattern(
      "^([0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){7}|[0-9a-fA-F]{4}(\\.[0-9a-fA-F]{4}){"
      "2,3})$");
  return pattern.matches(text);
}

bool is_email(std::string_view text) {
  static const Pattern pattern(R"(^[^@\s<>]+@[^@\s<>]+$|<[^@\s<>]+@[^@\s<>]+>$)");
  return pattern.matches(text);
}

bool is_hex_colour(std::string_view text) {
  static const Pattern pattern("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$");
  return pattern.matches(text);
}

bool anything(std::string_view) {
  return true;
}

struct Format {
  std::string_view name;  // without dashes
  bool (*check)(std::string_view);
};
constexpr Format formats[] = {
    {"ipv4", is_ipv4_format},
    {"ipv6", is_ipv6},
    {"cidr", is_cidr},
    {"datetime", is_date_time},
    {"date", is_date},
    {"duration", is_duration},
    {"byte", is_base64},
    {"uri", is_uri},
    {"hostname", is_hostname},
    {"uuid", is_uuid<0>},
    {"uuid3", is_uuid<3>},
    {"uuid4", is_uuid<4>},
    {"uuid5", is_uuid<5>},
    {"mac", is_mac},
    {"email", is_email},
    {"hexcolor", is_hex_colour},
    {"password", anything},
    {"k8sshortname", [](std::string_view text) { return check_dns_label(text).empty(); }},
    {"k8slongname", [](std::string_view text) { return check_dns_subdomain(text).empty(); }},
};

const Format* find_format(std::string_view name) {
  std::string plain(name);
  std::erase(plain, '-');
  for (const Format& row : formats) {
    if (row.name == plain) return &row;
  }
  return nullptr;
}

std::string masked(std::string_view text) {  // a generated name's prefix may end in '-'
  std::string out(text);
  if (out.size() > 1 && out.back() == '-') out.back() = 'a';
  return out;
}

struct NamedFormat {
  std::string_view name;
  std::string (*check)(std::string_view);
};
template <bool (*Check)(std::string_view)>
std::string plain(std::string_view text) {
  return Check(text) ? std::string() : "does not have this format";
}
constexpr NamedFormat named_formats[] = {
    {"dns1123Label", check_dns_label},
    {"dns1123Subdomain", check_dns_subdomain},
    {"dns1035Label", check_dns1035_label},
    {"qualifiedName", check_qualified_name},
    {"labelValue", check_label_value},
    {"dns1123LabelPrefix", [](std::string_view text) { return check_dns_label(masked(text)); }},
    {"dns1123SubdomainPrefix", [](std::string_view text) { return check_dns_subdomain(masked(text)); }},
    {"dns1035LabelPrefix", [](std::string_view text) { return check_dns1035_label(masked(text)); }},
    {"uri", plain<is_uri>},
    {"uuid", plain<is_uuid<0>>},
    {"byte", plain<is_base64>},
    {"date", plain<is_date>},
    {"datetime", plain<is_date_time>},
};

}  // namespace

bool known_format(std::string_view format) {
  return find_format(format) != nullptr;
}

bool check_format(std::string_view format, std::string_view text) {
  const Format* row = find_format(format);
  return !row || row->check(text);
}

std::string check_dns_label(std::string_view text) {
  if (text.size() > 63) return "is longer than 63 characters";
  if (is_label(text)) return {};
  return "may hold lower case letters, digits and '-', and begins and ends with a letter or digit";
}

std::string check_dns_subdomain(std::string_view text) {
  if (text.size() > 253) return "is longer than 253 characters";
  std::string_view rest = text;
  while (true) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) {
      return "may hold lower case letters, digits, '-' and '.', and each part begins and ends with a letter or digit";
    }
    if (dot == std::string_view::npos) return {};
    rest.remove_prefix(dot + 1);
  }
}

std::string check_dns1035_label(std::string_view text) {
  if (std::string why = check_dns_label(text); !why.empty()) return why;
  return digit(text[0]) ? "begins with a digit, not with a letter" : "";
}

std::string check_qualified_name(std::string_view text) {
  std::string_view part = text;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    part = text.substr(slash + 1);
    if (part.find('/') != std::string_view::npos) return "holds more than one '/'";
    if (slash == 0) return "has nothing before its '/'";
    if (std::string why = check_dns_subdomain(text.substr(0, slash)); !why.empty()) return "prefix " + why;
  }
  if (part.empty()) return "has an empty name";
  if (part.size() > 63) return "has a name longer than 63 characters";
  const bool letters =
      std::all_of(part.begin(), part.end(), [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  if (letters && alphanumeric(part.front()) && alphanumeric(part.back())) return {};
  return "may hold letters, digits, '-', '_' and '.', and begins and ends with a letter or digit";
}

std::string check_label_value(std::string_view text) {
  if (text.size() > 63) return "is longer than 63 characters";
  if (text.empty()) return {};
  const bool letters =
      std::all_of(text.begin(), text.end(), [](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
  if (letters && alphanumeric(text.front()) && alphanumeric(text.back())) return {};
  return "may hold letters, digits, '-', '_' and '.', and begins and ends with a letter or digit";
}

bool named_format_exists(std::string_view name) {
  return std::any_of(std::begin(named_formats), std::end(named_formats),
                     [name](const NamedFormat& row) { return row.name == name; });
}

std::string check_named_format(std::string_view name, std::string_view text) {
  for (const NamedFormat& row : named_formats) {
    if (row.name == name) return row.check(text);
  }
  return {};
}

}  // namespace gw::validate
