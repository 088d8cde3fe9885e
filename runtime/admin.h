// The admin address: /ready, /metrics, /config_dump, /stats, /trace and the dashboard page.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/server.h"
#include "runtime/site.h"

namespace gw::runtime {

class Admin : public LocalHandler {
 public:
  explicit Admin(const Server& server) : server_(server) {}
  LocalAnswer answer(const RequestHead& request, const ClientInfo& client) override;
  void set_ready(bool ready) { ready_ = ready; }
  void set_message(std::string message);  // what is wrong at the moment; empty: nothing

 private:
  const Server& server_;  // outlives the handler
  std::atomic<bool> ready_{false};
  std::mutex mutex_;
  std::string message_;
};

// Whether a request that names this Host may be answered: an address, localhost, or none at all (HTTP/1.0).
bool admin_host(std::string_view authority);

std::string metrics_text(const Server& server);                            // Prometheus text format
std::string config_dump(const Server& server);                             // JSON without secrets
std::string stats_json(const Server& server, const std::string& message);  // what the dashboard shows
std::string_view dashboard_page();                                         // HTML; it reads /stats and /trace

}  // namespace gw::runtime
