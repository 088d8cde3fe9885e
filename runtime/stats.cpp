#include "runtime/stats.h"

#include <algorithm>

#include "runtime/exchange.h"

namespace gw::runtime {

RouteStats& WorkerStats::route(const route::Action& action) {
  const auto& source = action.source;
  std::string rule = source.rule_name.empty() ? std::to_string(source.rule) : source.rule_name;
  std::string key = source.kind + " " + source.object.display() + " " + rule;
  std::lock_guard lock(mutex);
  RouteStats*& found = by_key[key];
  if (!found) {
    found = &routes.emplace_back();
    found->kind = source.kind;
    found->ns = source.object.ns;
    found->name = source.object.name;
    found->rule = rule;
  }
  return *found;
}

RouteStats& WorkerStats::unmatched() {
  std::lock_guard lock(mutex);
  RouteStats*& found = by_key[""];
  if (!found) found = &routes.emplace_back();
  return *found;
}

EndpointStats& WorkerStats::endpoint(const std::string& address) {
  std::lock_guard lock(mutex);
  EndpointStats*& found = by_address[address];
  if (!found) {
    found = &endpoints.emplace_back();
    found->address = address;
  }
  return *found;
}

void WorkerStats::record(const Exchange& exchange, RouteStats& route, std::chrono::steady_clock::time_point now) {
  using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::milliseconds;
  auto took = duration_cast<microseconds>(now - exchange.started()).count();
  auto status_class = static_cast<std::size_t>(std::clamp(exchange.status() / 100, 0, 5));
  requests.add();
  by_class[status_class].add();
  route.by_class[status_class].add();
  bytes_in.add(exchange.bytes_in());
  bytes_out.add(exchange.bytes_out());
  double in_seconds = static_cast<double>(took) / 1e6;
  auto bucket = std::lower_bound(latency_bounds.begin(), latency_bounds.end(), in_seconds) - latency_bounds.begin();
  route.latency[static_cast<std::size_t>(bucket)].add();
  route.latency_micros.add(static_cast<std::uint64_t>(std::max<std::int64_t>(took, 0)));

  // The admin page shows a sample: at most one request every 10 ms, every failure.
  auto at = duration_cast<milliseconds>(now.time_since_epoch()).count();
  if (at - last_recent_ms < 10 && exchange.status() < 500) return;
  last_recent_ms = at;
  std::lock_guard lock(mutex);
  Recent& r = recent[recent_at++ % recent.size()];
  r.at_ms = duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  r.method = exchange.request.method.substr(0, 32);
  r.host = exchange.request.authority.substr(0, 128);
  r.target = exchange.asked_target().substr(0, exchange.asked_target().find('?')).substr(0, 256);
  const auto* action = exchange.decision().action;
  r.route = action ? action->source.kind + " " + action->source.object.display() + " rule " + route.rule : "";
  r.backend = exchange.backend() ? exchange.backend()->service.display() : "";
  r.detail = exchange.detail();
  r.status = exchange.status();
  r.micros = took;
}

}  // namespace gw::runtime
