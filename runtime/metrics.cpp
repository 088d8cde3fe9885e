// Counters of all workers added up: Prometheus text, and JSON for the dashboard.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

#include "runtime/admin.h"
#include "runtime/json.h"

namespace gw::runtime {
namespace {

struct RouteSum {
  std::string kind, ns, name, rule;
  std::array<std::uint64_t, 6> by_class{};
  std::array<std::uint64_t, latency_bounds.size() + 1> latency{};
  std::uint64_t micros = 0;

  std::uint64_t count() const {
    std::uint64_t n = 0;
    for (auto v : latency) n += v;
    return n;
  }
  // Upper bound of the bucket where the quantile lies, in milliseconds; interpolated inside it.
  double quantile(double q) const {
    double wanted = q * static_cast<double>(count()), seen = 0;
    for (std::size_t i = 0; i < latency.size(); ++i) {
      auto here = static_cast<double>(latency[i]);
      if (here > 0 && seen + here >= wanted) {
        double low = i ? latency_bounds[i - 1] : 0;
        double high = i < latency_bounds.size() ? latency_bounds[i] : low * 2;
        return 1000 * (low + (high - low) * (wanted - seen) / here);
      }
      seen += here;
    }
    return 0;
  }
};

std::map<std::string, RouteSum> sum_routes(const Stats& stats) {
  std::map<std::string, RouteSum> out;
  for (const WorkerStats& worker : stats.workers) {
    std::lock_guard lock(const_cast<std::mutex&>(worker.mutex));
    for (const RouteStats& route : worker.routes) {
      RouteSum& sum = out[route.kind + "\n" + route.ns + "\n" + route.name + "\n" + route.rule];
      sum.kind = route.kind;
      sum.ns = route.ns;
      sum.name = route.name;
      sum.rule = route.rule;
      for (std::size_t i = 0; i < sum.by_class.size(); ++i) sum.by_class[i] += route.by_class[i].get();
      for (std::size_t i = 0; i < sum.latency.size(); ++i) sum.latency[i] += route.latency[i].get();
      sum.micros += route.latency_micros.get();
    }
  }
  return out;
}

struct EndpointSum {
  std::uint64_t requests = 0, failures = 0;
  bool up = true;
};

// Endpoints that the current configuration uses and some request has reached for.
std::map<std::string, EndpointSum> sum_endpoints(const Stats& stats) {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  auto now = duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  std::map<std::string, EndpointSum> out;
  for (const WorkerStats& worker : stats.workers) {
    std::lock_guard lock(const_cast<std::mutex&>(worker.mutex));
    for (const EndpointStats& endpoint : worker.endpoints) {
      if (!endpoint.live.get()) continue;
      EndpointSum& sum = out[endpoint.address];
      sum.requests += endpoint.requests.get();
      sum.failures += endpoint.failures.get();
      sum.up &= endpoint.down_until <= now;
    }
  }
  return out;
}

std::uint64_t total(const Stats& stats, Counter WorkerStats::*member) {
  std::uint64_t n = 0;
  for (const WorkerStats& worker : stats.workers) n += (worker.*member).get();
  return n;
}

struct Metric {
  const char* name;
  const char* type;
  const char* help;
  Counter WorkerStats::*member;
};
constexpr Metric metrics[] = {
    {"gwctl_connections_total", "counter", "Client connections accepted", &WorkerStats::connections},
    {"gwctl_connections_active", "gauge", "Client connections open", &WorkerStats::connections_open},
    {"gwctl_tls_handshake_failures_total", "counter", "TLS handshakes that failed", &WorkerStats::tls_failures},
    {"gwctl_requests_active", "gauge", "Requests in flight", &WorkerStats::requests_open},
    {"gwctl_requests_refused_total", "counter", "Requests that were not well-formed", &WorkerStats::refused},
    {"gwctl_request_bytes_total", "counter", "Bytes of request bodies", &WorkerStats::bytes_in},
    {"gwctl_response_bytes_total", "counter", "Bytes of response bodies", &WorkerStats::bytes_out},
    {"gwctl_backend_connections_total", "counter", "Connections opened to backends", &WorkerStats::backend_connections},
    {"gwctl_backend_reused_total", "counter", "Requests sent on a kept backend connection",
     &WorkerStats::backend_reused},
    {"gwctl_backend_failures_total", "counter", "Backend connections that failed", &WorkerStats::backend_failures},
    {"gwctl_retries_total", "counter", "Requests sent again", &WorkerStats::retries},
    {"gwctl_timeouts_total", "counter", "Requests that ran into a timeout", &WorkerStats::timeouts},
    {"gwctl_mirrored_total", "counter", "Requests mirrored", &WorkerStats::mirrored},
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

void head(std::string& out, const char* name, const char* type, const char* help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ").append(type);
  out += "\n";
}

std::string labels(const RouteSum& route) {
  return "route_kind=" + json_text(route.kind) + ",route_namespace=" + json_text(route.ns) +
         ",route=" + json_text(route.name) + ",rule=" + json_text(route.rule);
}

constexpr const char* class_names[] = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"};

}  // namespace

std::string metrics_text(const Server& server) {
  const Stats& stats = server.stats();
  std::string out;
  for (const Metric& metric : metrics) {
    head(out, metric.name, metric.type, metric.help);
    out.append(metric.name).append(" ").append(std::to_string(total(stats, metric.member))).append("\n");
  }
  head(out, "gwctl_config_reloads_total", "counter", "Configurations applied");
  out += "gwctl_config_reloads_total " + std::to_string(stats.reloads) + "\n";
  head(out, "gwctl_config_reload_failures_total", "counter", "Configurations refused; the one before stayed");
  out += "gwctl_config_reload_failures_total " + std::to_string(stats.failed_reloads) + "\n";
  head(out, "gwctl_config_last_reload_success_timestamp_seconds", "gauge",
       "When the current configuration was applied");
  out += "gwctl_config_last_reload_success_timestamp_seconds " + std::to_string(stats.loaded_at) + "\n";

  auto endpoints = sum_endpoints(stats);
  auto endpoint_metric = [&](const char* name, const char* type, const char* help, auto&& value) {
    head(out, name, type, help);
    for (const auto& [address, sum] : endpoints)
      out.append(name).append("{endpoint=").append(json_text(address)).append("} ") +=
          std::to_string(value(sum)) + "\n";
  };
  endpoint_metric("gwctl_endpoint_up", "gauge", "0 while an endpoint rests after failed connections",
                  [](const EndpointSum& e) { return e.up ? 1 : 0; });
  endpoint_metric("gwctl_endpoint_requests_total", "counter", "Requests sent, retries included",
                  [](const EndpointSum& e) { return e.requests; });
  endpoint_metric("gwctl_endpoint_failures_total", "counter", "Failed connections and broken answers",
                  [](const EndpointSum& e) { return e.failures; });

  auto routes = sum_routes(stats);
  head(out, "gwctl_requests_total", "counter", "Requests answered, by rule and status class");
  for (const auto& [key, route] : routes)
    for (std::size_t i = 1; i < route.by_class.size(); ++i)
      if (route.by_class[i])
        out += "gwctl_requests_total{" + labels(route) + ",code=\"" + class_names[i] + "\"} " +
               std::to_string(route.by_class[i]) + "\n";
  head(out, "gwctl_request_duration_seconds", "histogram", "Time to the last byte of the answer, by rule");
  for (const auto& [key, route] : routes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < route.latency.size(); ++i) {
      sum += route.latency[i];
      std::string bound = i < latency_bounds.size() ? number(latency_bounds[i]) : "+Inf";
      out += "gwctl_request_duration_seconds_bucket{" + labels(route) + ",le=\"" + bound + "\"} " +
             std::to_string(sum) + "\n";
    }
    out += "gwctl_request_duration_seconds_sum{" + labels(route) + "} " +
           number(static_cast<double>(route.micros) / 1e6) + "\n";
    out += "gwctl_request_duration_seconds_count{" + labels(route) + "} " + std::to_string(sum) + "\n";
  }
  return out;
}

std::string stats_json(const Server& server, const std::string& message) {
  const Stats& stats = server.stats();
  std::string out = "{\"message\":" + json_text(message) + ",\"loadedAt\":" + std::to_string(stats.loaded_at) +
                    ",\"reloads\":" + std::to_string(stats.reloads) +
                    ",\"failedReloads\":" + std::to_string(stats.failed_reloads);
  for (const Metric& metric : metrics)
    out.append(",").append(json_text(metric.name)).append(":").append(std::to_string(total(stats, metric.member)));
  out += ",\"listeners\":[";
  bool first = true;
  for (const auto& site : server.sites()) {
    out.append(first ? "" : ",").append("{\"address\":").append(json_text(site.key)).append(",\"error\":");
    out.append(json_text(site.error)).append("}");
    first = false;
  }
  out += "],\"routes\":[";
  first = true;
  for (const auto& [key, route] : sum_routes(stats)) {
    out.append(first ? "" : ",").append("{\"kind\":").append(json_text(route.kind)).append(",\"route\":");
    out.append(json_text(route.name.empty() ? "(no route matched)" : route.ns + "/" + route.name)).append(",\"rule\":");
    out.append(json_text(route.rule))
        .append(",\"count\":")
        .append(std::to_string(route.count()))
        .append(",\"classes\":[");
    for (std::size_t i = 1; i < 6; ++i) out.append(i > 1 ? "," : "").append(std::to_string(route.by_class[i]));
    out.append("],\"p50\":").append(number(route.quantile(.5))).append(",\"p95\":").append(number(route.quantile(.95)));
    out.append(",\"p99\":").append(number(route.quantile(.99))).append("}");
    first = false;
  }
  out += "],\"endpoints\":[";
  first = true;
  for (const auto& [address, sum] : sum_endpoints(stats)) {
    out.append(first ? "" : ",").append("{\"address\":").append(json_text(address));
    out.append(",\"up\":").append(sum.up ? "true" : "false").append(",\"requests\":");
    out.append(std::to_string(sum.requests)).append(",\"failures\":").append(std::to_string(sum.failures)).append("}");
    first = false;
  }
  out += "],\"recent\":[";
  std::vector<Recent> recent;
  for (const WorkerStats& worker : stats.workers) {
    std::lock_guard lock(const_cast<std::mutex&>(worker.mutex));
    for (const Recent& r : worker.recent)
      if (r.at_ms) recent.push_back(r);
  }
  std::sort(recent.begin(), recent.end(), [](const Recent& a, const Recent& b) { return a.at_ms > b.at_ms; });
  first = true;
  for (const Recent& r : recent) {
    out.append(first ? "" : ",")
        .append("{\"at\":")
        .append(std::to_string(r.at_ms))
        .append(",\"method\":")
        .append(json_text(r.method));
    out.append(",\"host\":")
        .append(json_text(r.host))
        .append(",\"path\":")
        .append(json_text(r.target))
        .append(",\"route\":");
    out.append(json_text(r.route)).append(",\"backend\":").append(json_text(r.backend)).append(",\"detail\":");
    out.append(json_text(r.detail)).append(",\"status\":").append(std::to_string(r.status)).append(",\"us\":");
    out.append(std::to_string(r.micros)).append("}");
    first = false;
  }
  return out + "]}\n";
}

std::string config_dump(const Server& server) {
  auto config = server.config();
  std::string out = "{\"listeners\":[";
  if (!config || !config->table) return "{}\n";
  auto comma = [&](bool& first) { out += std::exchange(first, false) ? "" : ","; };
  bool first = true;
  for (const auto& l : config->table->listeners()) {
    comma(first);
    out += "{\"gateway\":" + json_text(l.gateway.display()) + ",\"name\":" + json_text(l.name) +
           ",\"port\":" + std::to_string(l.port) + ",\"hostname\":" + json_text(l.hostname) +
           ",\"usable\":" + (l.usable ? "true" : "false") + ",\"certificates\":[";
    bool one = true;
    for (const auto& c : l.certificates) {
      comma(one);
      out += json_text(c.display());
    }
    out += "]}";
  }
  out += "],\"rules\":[";
  first = true;
  for (const auto* action : config->table->all_actions()) {
    comma(first);
    out += "{\"kind\":" + json_text(action->source.kind) + ",\"route\":" + json_text(action->source.object.display()) +
           ",\"rule\":" + std::to_string(action->source.rule) + ",\"backends\":[";
    bool one = true;
    for (const auto& backend : action->backends) {
      comma(one);
      out += "{\"service\":" + json_text(backend.service.display()) + ",\"port\":" + std::to_string(backend.port) +
             ",\"weight\":" + std::to_string(backend.weight) + ",\"why\":" + json_text(backend.why) +
             ",\"endpoints\":[";
      bool inner = true;
      for (const auto& e : backend.endpoints) {
        comma(inner);
        out += json_text(e.address + ":" + std::to_string(e.port));
      }
      out += "]}";
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace gw::runtime
