#include "runtime/admin.h"

#include <algorithm>

#include "runtime/admin_trace.h"
#include "runtime/exchange.h"

namespace gw::runtime {

void Admin::set_message(std::string message) {
  std::lock_guard lock(mutex_);
  message_ = std::move(message);
}

// A page of the internet that has its own name resolve to this address (DNS rebinding) sends its name; people and
// scrapers say an address or localhost.
bool admin_host(std::string_view authority) {
  std::string_view host = authority;
  const bool bracketed = host.starts_with('[');
  const auto colon = bracketed ? host.find(':', host.find(']')) : host.find(':');
  host = host.substr(0, colon);
  if (host.empty() || bracketed || same_name(host, "localhost")) return true;
  return std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

LocalAnswer Admin::answer(const RequestHead& request, const ClientInfo&) {
  LocalAnswer out;
  out.fields = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  if (request.method != "GET" && request.method != "HEAD") {
    out.status = 405;
    out.fields.emplace_back("Allow", "GET, HEAD");
    return out;
  }
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  const bool probe = path == "/ready" || path == "/healthz";
  if (!probe && !admin_host(request.authority)) {
    out.status = 421;
    out.body = "the admin page answers to its address and to localhost\n";
    return out;
  }
  std::string message;
  {
    std::lock_guard lock(mutex_);
    message = message_;
  }
  if (probe) {
    out.status = ready_ ? 200 : 503;
    out.body = ready_ ? "ready\n" : "not ready\n";
  } else if (path == "/metrics") {
    out.content_type = "text/plain; version=0.0.4; charset=utf-8";
    out.body = metrics_text(server_);
  } else if (path == "/config_dump") {
    out.content_type = "application/json";
    out.body = config_dump(server_);
  } else if (path == "/stats") {
    out.content_type = "application/json";
    out.body = stats_json(server_, message);
  } else if (path == "/trace") {
    out.content_type = "application/json";
    out.body = trace_json(server_, request.target.substr(std::min(path.size() + 1, request.target.size())));
  } else if (path == "/") {
    out.content_type = "text/html; charset=utf-8";
    out.fields.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    out.body = dashboard_page();
  } else {
    out.status = 404;
    out.body = "try / /ready /metrics /config_dump /stats /trace\n";
  }
  return out;
}

}  // namespace gw::runtime
