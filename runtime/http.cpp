#include "runtime/http.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace gw::runtime {
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

std::string_view Message::find(std::string_view name) const {
  for (const HeaderView& f : fields)
    if (same_name(f.name, name)) return f.value;
  return {};
}

bool Message::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(), [&](const HeaderView& f) { return same_name(f.name, name); });
}

void Message::remove(std::string_view name) {
  std::erase_if(fields, [&](const HeaderView& f) { return same_name(f.name, name); });
}

void RequestHead::clear() {
  text.clear();
  fields.clear();
  framing = Framing::none;
  length = 0;
  http10 = expect_continue = te_trailers = false;
  keep_alive = true;
  upgrade = method = target = authority = {};
}

void ResponseHead::clear() {
  text.clear();
  fields.clear();
  framing = Framing::none;
  length = 0;
  http10 = false;
  keep_alive = true;
  upgrade = {};
  status = 0;
}

std::string_view reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 102:
      return "Processing";
    case 103:
      return "Early Hints";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 203:
      return "Non-Authoritative Information";
    case 204:
      return "No Content";
    case 205:
      return "Reset Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 300:
      return "Multiple Choices";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 407:
      return "Proxy Authentication Required";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 418:
      return "I'm a teapot";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

bool idempotent(std::string_view method) {
  constexpr std::string_view methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
  return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
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

std::string http_date(std::int64_t second) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t t = second;
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  return text;
}

}  // namespace gw::runtime
