#include "kube/wire.h"

#include <algorithm>
#include <array>

namespace gw::kube::wire {
namespace {

constexpr std::array<bool, 256> table_of(std::string_view extra, bool alnum) {
  std::array<bool, 256> out{};
  for (char c : extra) out[static_cast<unsigned char>(c)] = true;
  if (alnum)
    for (int c = 0; c < 128; ++c)
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        out[static_cast<std::size_t>(c)] = true;
  return out;
}
constexpr auto token_chars = table_of("!#$%&'*+-.^_`|~", true);
constexpr auto reg_name_chars = table_of("-._~!$&'()*+,;=%", true);
constexpr auto ip_literal_chars = table_of(":.-_~!$&'()*+,;=", true);
constexpr auto origin_chars = table_of("-._~:/?[]@!$&'()*+,;=%", true);

template <class Table>
bool all_in(std::string_view text, const Table& table) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

struct Known {
  std::string_view name;
  FieldKind kind;
};
// Each name ends up in the row of its length.
constexpr Known known[] = {
    {"te", FieldKind::te},
    {"host", FieldKind::host},
    {"expect", FieldKind::expect},
    {"upgrade", FieldKind::upgrade},
    {"trailer", FieldKind::hop},
    {"connection", FieldKind::connection},
    {"keep-alive", FieldKind::hop},
    {"content-length", FieldKind::content_length},
    {"http2-settings", FieldKind::hop},
    {"proxy-connection", FieldKind::hop},
    {"transfer-encoding", FieldKind::transfer_encoding},
    {"proxy-authorization", FieldKind::hop},
};

// The first character that does not belong there, in words.
template <class Table>
std::string stray(std::string_view text, const Table& allowed) {
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (allowed[u]) continue;
    if (c == '\r' || c == '\n') return "a line break";
    if (c == '\0') return "a NUL byte";
    if (c == ' ') return "a space";
    if (u < 0x20 || u == 0x7f) return "a control character";
    if (u >= 0x80) return "a character outside ASCII";
    return std::string("'") + c + "'";
  }
  return "nothing";
}

const std::array<bool, 256>& value_chars() {
  static const auto made = [] {
    std::array<bool, 256> out{};
    for (std::size_t c = 0x20; c < 256; ++c) out[c] = c != 0x7f;
    out['\t'] = true;
    return out;
  }();
  return made;
}

std::string index(std::string_view list, std::size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

std::optional<Fault> path_fault(const std::optional<PathModifier>& path) {
  if (!path) return std::nullopt;
  const bool full = path->type == "ReplaceFullPath";
  const char* at = full ? "path.replaceFullPath" : "path.replacePrefixMatch";
  const auto& given = full ? path->replace_full_path : path->replace_prefix_match;
  if (!given) return std::nullopt;
  const std::string_view value = *given;
  if (value.empty() || is_origin_target(value.front() == '/' ? std::string(value) : "/" + std::string(value)))
    return std::nullopt;
  return Fault{at, "holds " + stray(value, origin_chars) + ", which a request target must not; percent-encode it"};
}

std::optional<Fault> host_fault(const OptionalString& host) {
  if (!host || is_host(*host)) return std::nullopt;
  return Fault{"hostname", host->empty() ? "is empty" : "is not a host name: it holds " + stray(*host, reg_name_chars)};
}

std::optional<Fault> redirect_fault(const RequestRedirect& redirect) {
  if (redirect.scheme && *redirect.scheme != "http" && *redirect.scheme != "https")
    return Fault{"scheme", "must be http or https"};
  if (redirect.status_code && !redirect_status(*redirect.status_code))
    return Fault{"statusCode", std::to_string(*redirect.status_code) + " is not one of 301, 302, 303, 307, 308"};
  if (redirect.port && (*redirect.port < 1 || *redirect.port > 65535)) return Fault{"port", "is not a port"};
  if (auto found = host_fault(redirect.hostname)) return found;
  return path_fault(redirect.path);
}

std::optional<Fault> list_fault(std::string_view name, const std::vector<String>& list) {
  for (std::size_t i = 0; i < list.size(); ++i)
    if (list[i] != "*" && !is_token(list[i]))
      return Fault{index(name, i), "is not a token: it holds " + stray(list[i], token_chars)};
  return std::nullopt;
}

std::optional<Fault> cors_fault(const Cors& cors) {
  for (std::size_t i = 0; i < cors.allow_origins.size(); ++i)
    if (cors.allow_origins[i].empty() || !all_in(cors.allow_origins[i], origin_chars) ||
        std::string_view(cors.allow_origins[i]).find(',') != std::string_view::npos)
      return Fault{index("allowOrigins", i), "is not an origin, such as https://example.com"};
  if (auto found = list_fault("allowMethods", cors.allow_methods)) return found;
  if (auto found = list_fault("allowHeaders", cors.allow_headers)) return found;
  return list_fault("exposeHeaders", cors.expose_headers);
}

std::optional<Fault> below(std::string_view member, std::optional<Fault> found) {
  if (found) found->at = std::string(member) + "." + found->at;
  return found;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  return true;
}

FieldKind classify(std::string_view name) {
  // One bit a length: most names are told plain without a comparison.
  constexpr std::uint32_t lengths = [] {
    std::uint32_t bits = 0;
    for (const Known& k : known) bits |= 1u << k.name.size();
    return bits;
  }();
  if (name.size() > 19 || !(lengths >> name.size() & 1)) return FieldKind::plain;
  for (const Known& k : known)
    if (k.name.size() == name.size() && same_name(k.name, name)) return k.kind;
  return FieldKind::plain;
}

bool frames(std::string_view name) {
  const FieldKind kind = classify(name);
  return kind != FieldKind::plain && kind != FieldKind::host && !same_name(name, "proxy-authorization");
}

bool is_token(std::string_view text) {
  return !text.empty() && all_in(text, token_chars);
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto u = static_cast<unsigned char>(c);
    return (u >= 0x20 && u != 0x7f) || u == '\t';
  });
}

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  std::string_view host = text, port;
  if (text.front() == '[') {
    auto end = text.find(']');
    if (end == text.npos || end < 3) return false;
    host = text.substr(1, end - 1);
    auto rest = text.substr(end + 1);
    if (!all_in(host, ip_literal_chars) || host.find(':') == host.npos) return false;
    if (rest.empty()) return true;
    if (rest.front() != ':') return false;
    port = rest.substr(1);
  } else {
    auto colon = text.find(':');
    if (colon != text.npos) host = text.substr(0, colon), port = text.substr(colon + 1);
    if (host.empty() || !all_in(host, reg_name_chars)) return false;
    if (colon == text.npos) return true;
  }
  if (port.size() > 5) return false;
  unsigned number = 0;
  for (char c : port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= 65535;
}

bool is_host(std::string_view text) {
  return !text.empty() && all_in(text, reg_name_chars);
}

bool is_origin_target(std::string_view text) {
  if (text.empty() || text.front() != '/') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

std::string_view trimmed(std::string_view text) {
  auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string header_fault(std::string_view name, std::string_view value, Change change) {
  if (!is_token(name))
    return name.empty() ? "the header has no name" : "the header's name holds " + stray(name, token_chars);
  if (frames(name))
    return "'" + std::string(name) +
           "' says where a message ends or what becomes of its connection; a gateway writes " + "it itself";
  if (classify(name) == FieldKind::host) {
    if (change == Change::add_request)
      return "a second Host makes the request invalid; use set, or a URLRewrite filter";
    if (change == Change::set_request && !is_authority(trimmed(value)))
      return value.empty() ? "Host has no value" : "the value of Host is not a host with an optional port";
  }
  if (!is_field_value(value)) return "the value of '" + std::string(name) + "' holds " + stray(value, value_chars());
  return {};
}

std::optional<Fault> fault(const HeaderModifier& modifier, bool request) {
  const auto look = [&](std::string_view list, const std::vector<HttpHeader>& headers,
                        Change change) -> std::optional<Fault> {
    for (std::size_t i = 0; i < headers.size(); ++i)
      if (std::string why = header_fault(headers[i].name, headers[i].value, change); !why.empty())
        return Fault{index(list, i), std::move(why)};
    return std::nullopt;
  };
  if (auto found = look("set", modifier.set, request ? Change::set_request : Change::response)) return found;
  return look("add", modifier.add, request ? Change::add_request : Change::response);
}

std::optional<Fault> fault(const RouteFilter& filter) {
  if (filter.request_header_modifier)
    if (auto found = below("requestHeaderModifier", fault(*filter.request_header_modifier, true))) return found;
  if (filter.response_header_modifier)
    if (auto found = below("responseHeaderModifier", fault(*filter.response_header_modifier, false))) return found;
  if (filter.request_redirect)
    if (auto found = below("requestRedirect", redirect_fault(*filter.request_redirect))) return found;
  if (filter.url_rewrite) {
    if (auto found = below("urlRewrite", host_fault(filter.url_rewrite->hostname))) return found;
    if (auto found = below("urlRewrite", path_fault(filter.url_rewrite->path))) return found;
  }
  if (filter.cors) return below("cors", cors_fault(*filter.cors));
  return std::nullopt;
}

std::optional<Fault> fault(const std::vector<RouteFilter>& filters) {
  for (std::size_t i = 0; i < filters.size(); ++i)
    if (auto found = below(index("filters", i), fault(filters[i]))) return found;
  return std::nullopt;
}

std::optional<Fault> fault(const SessionPersistence& session) {
  if (session.cookie && session.cookie->path) {
    const std::string_view path = *session.cookie->path;
    if (!is_field_value(path) || path.find(';') != path.npos)
      return Fault{"cookie.path", "holds a character that ends the attribute of a cookie"};
  }
  const auto given = session.name();
  if (!given) return std::nullopt;
  const std::string_view name = *given;
  const char* at = session.by_header() && session.header                            ? "header.name"
                   : !session.by_header() && session.cookie && session.cookie->name ? "cookie.name"
                                                                                    : "sessionName";
  if (!is_token(name)) return Fault{at, name.empty() ? "is empty" : "holds " + stray(name, token_chars)};
  if (session.by_header() && (frames(name) || classify(name) == FieldKind::host))
    return Fault{at, "is a header that a gateway writes itself"};
  return std::nullopt;
}

}  // namespace gw::kube::wire
