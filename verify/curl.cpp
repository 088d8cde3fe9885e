#include "verify/curl.h"

#include <algorithm>

namespace gw::verify {
namespace {

using route::Request;
using route::Scheme;

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string visible(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte < 0x7F)
      out += c;
    else
      out += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
  }
  return out;
}

std::string_view scheme_of(const Request& request) {
  return request.scheme == Scheme::https ? "https" : "http";
}

// The name in the URL: what goes into SNI; for plain http the host. Only a name that DNS could hold.
std::string url_name(const Request& request, std::string_view address) {
  std::string name = request.scheme == Scheme::https ? request.sni.value_or(request.host) : request.host;
  const std::size_t colon = name.rfind(':');
  if (colon != std::string::npos) name.resize(colon);
  const bool usable = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  });
  return usable ? name : std::string(address);
}

// Bytes that curl would drop or encode when they stand in the URL.
bool needs_request_target(std::string_view target) {
  return target.empty() || target.front() != '/' || target.find_first_of("#\\ {}[]|^`\"<>") != std::string_view::npos ||
         std::any_of(target.begin(), target.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x7F || c < ' '; });
}

// A connection that carries no HTTP: see streams.h.
bool is_stream(const Request& request) {
  return request.target.empty() && (request.method == "TCP" || request.method == "UDP");
}

}  // namespace

std::string curl_line(const Request& request, std::string_view address) {
  if (is_stream(request))
    return std::string("nc ") + (request.method == "UDP" ? "-u " : "") + std::string(address) + " " +
           std::to_string(request.port);
  const int port = request.port != 0 ? request.port : request.scheme == Scheme::https ? 443 : 80;
  const std::string name = url_name(request, address);
  const std::string shown_port = ":" + std::to_string(port);
  const bool default_port = port == (request.scheme == Scheme::https ? 443 : 80);
  std::string url = std::string(scheme_of(request)) + "://" + name + (default_port ? "" : ":" + std::to_string(port));
  std::string out = "curl -i --path-as-is";
  if (request.scheme == Scheme::https) out += " -k";
  if (!request.client.empty()) out += " --interface " + quoted(request.client);
  if (request.http10) out += " --http1.0";
  if (request.method == "HEAD")
    out += " -I";
  else if (request.method != "GET")
    out += " -X " + quoted(request.method);
  if (name != address) out += " --resolve " + quoted(name + ":" + std::to_string(port) + ":" + std::string(address));
  if (request.host != name && (default_port || request.host != name + shown_port))
    out += " -H " + quoted("Host: " + request.host);
  for (const auto& [header, value] : request.headers)
    out += " -H " + quoted(value.empty() ? header + ";" : header + ": " + value);
  if (needs_request_target(request.target))
    return out + " --request-target " + quoted(request.target) + " " + quoted(url + "/");
  return out + " " + quoted(url + request.target);
}

std::string display(const Request& request) {
  if (is_stream(request)) return request.method + " port " + std::to_string(request.port);
  std::string out =
      request.method + " " + std::string(scheme_of(request)) + "://" + visible(request.host) + visible(request.target);
  for (const auto& [header, value] : request.headers) out += ", " + visible(header) + ": " + visible(value);
  if (request.scheme == Scheme::https && request.sni && request.sni != request.host)
    out += request.sni->empty() ? ", without a server name" : ", server name " + visible(*request.sni);
  if (!request.client.empty()) out += ", from " + visible(request.client);
  if (request.http10) out += ", HTTP/1.0";
  return out;
}

}  // namespace gw::verify
