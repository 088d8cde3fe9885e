#include "verify/access_log.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace gw::verify {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// NGINX writes quotes, backslashes and control bytes as \xHH.
std::string unescaped(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = text[i] == '\\' && i + 3 < text.size() && text[i + 1] == 'x' && hex_value(text[i + 2]) >= 0 &&
                     hex_value(text[i + 3]) >= 0;
    if (hex) {
      out += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
      i += 3;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_method(std::string_view word) {
  return !word.empty() && word.size() <= 20 &&
         std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
}

// "GET /path HTTP/1.1"
bool read_request_line(std::string_view line, LoggedRequest& out) {
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last == first || !line.substr(last + 1).starts_with("HTTP/")) return false;
  out.method = line.substr(0, first);
  out.target = unescaped(line.substr(first + 1, last - first - 1));
  return is_method(out.method) && !out.target.empty() && (out.target.front() == '/' || out.target == "*");
}

// The end of a quoted text whose opening quote is at `open`.
std::size_t closing_quote(std::string_view line, std::size_t open) {
  for (std::size_t at = open + 1; at < line.size(); ++at) {
    if (line[at] == '\\')
      ++at;
    else if (line[at] == '"')
      return at;
  }
  return std::string_view::npos;
}

int read_status(std::string_view text) {
  int status = 0;
  for (char c : text.substr(0, 3)) {
    if (c < '0' || c > '9') return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

// "shop.example.com:443 10.0.0.1 - - [...]": the virtual host stands before the address.
void read_virtual_host(std::string_view line, LoggedRequest& out) {
  const std::string_view first = line.substr(0, line.find(' '));
  const bool address = first.find_first_not_of("0123456789.") == std::string_view::npos ||
                       first.find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
  const std::size_t colon = first.rfind(':');
  if (address || first.find('.') == std::string_view::npos) return;
  out.host = first.substr(0, colon);
  if (colon != std::string_view::npos) out.scheme = first.substr(colon + 1) == "443" ? "https" : "http";
}

// ingress-nginx adds: length, time, [upstream], [alternative upstream], address, ...
void read_upstream(std::string_view rest, LoggedRequest& out) {
  const std::size_t open = rest.find('['), close = rest.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
  out.upstream = rest.substr(open + 1, close - open - 1);
  if (out.upstream == "-") out.upstream.clear();
}

std::optional<LoggedRequest> read_combined(std::string_view line) {
  LoggedRequest out;
  const std::size_t bracket = line.find('[');
  const std::size_t open = line.find('"', bracket == std::string_view::npos ? 0 : bracket);
  if (open == std::string_view::npos) return std::nullopt;
  const std::size_t close = closing_quote(line, open);
  if (close == std::string_view::npos || !read_request_line(line.substr(open + 1, close - open - 1), out))
    return std::nullopt;
  if (close + 2 < line.size()) out.status = read_status(line.substr(close + 2));
  read_virtual_host(line, out);
  std::size_t at = close;
  for (int quoted = 0; quoted < 2; ++quoted) {  // referer, user agent
    const std::size_t next = line.find('"', at + 1);
    if (next == std::string_view::npos) return out;
    at = closing_quote(line, next);
    if (at == std::string_view::npos) return out;
  }
  read_upstream(line.substr(at + 1), out);
  return out;
}

enum class Field : std::uint8_t { host, method, target, query, scheme, status, request, upstream };
struct FieldName {
  std::string_view name;
  Field field;
};
constexpr std::array<FieldName, 30> field_names = {{
    {"host", Field::host},
    {"http_host", Field::host},
    {"vhost", Field::host},
    {"server_name", Field::host},
    {"authority", Field::host},
    {":authority", Field::host},
    {"requested_host", Field::host},
    {"RequestHost", Field::host},
    {"method", Field::method},
    {"request_method", Field::method},
    {"RequestMethod", Field::method},
    {"request_uri", Field::target},
    {"uri", Field::target},
    {"path", Field::target},
    {"url", Field::target},
    {"RequestPath", Field::target},
    {"x-envoy-original-path", Field::target},
    {"query", Field::query},
    {"args", Field::query},
    {"query_string", Field::query},
    {"request_query", Field::query},
    {"scheme", Field::scheme},
    {"http_x_forwarded_proto", Field::scheme},
    {"RequestScheme", Field::scheme},
    {"status", Field::status},
    {"response_code", Field::status},
    {"DownstreamStatus", Field::status},
    {"request", Field::request},
    {"proxy_upstream_name", Field::upstream},
    {"upstream_name", Field::upstream},
}};

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string();
}

// Keys are asked in the order of the table: the first that is there counts.
std::optional<LoggedRequest> read_json(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  std::array<std::string, 8> found;
  for (const FieldName& row : field_names) {
    std::string& slot = found[static_cast<std::size_t>(row.field)];
    if (!slot.empty()) continue;
    const auto at = object.find(row.name);
    if (at != object.end()) slot = text_of(*at);
  }
  const auto get = [&](Field field) -> std::string& { return found[static_cast<std::size_t>(field)]; };
  LoggedRequest out;
  if (!get(Field::request).empty()) read_request_line(get(Field::request), out);
  if (!get(Field::method).empty()) out.method = get(Field::method);
  if (out.target.empty() && !get(Field::target).empty()) {
    out.target = get(Field::target);
    const std::string& query = get(Field::query);
    if (!query.empty() && query != "-" && out.target.find('?') == std::string::npos) out.target += "?" + query;
  }
  out.host = get(Field::host);
  out.scheme = get(Field::scheme);
  if (out.scheme != "http" && out.scheme != "https") out.scheme.clear();
  out.status = read_status(get(Field::status));
  out.upstream = get(Field::upstream) == "-" ? "" : get(Field::upstream);
  if (!is_method(out.method) || out.target.empty() || out.target.front() != '/') return std::nullopt;
  return out;
}

}  // namespace

std::optional<LoggedRequest> read_log_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return std::nullopt;
  return line[start] == '{' ? read_json(line.substr(start)) : read_combined(line.substr(start));
}

}  // namespace gw::verify
