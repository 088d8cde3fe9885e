// Where backends are reached: endpoints with their pooled connections, per thread.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "route/table.h"
#include "runtime/address.h"
#include "runtime/stream.h"

namespace gw::runtime {

class BackendTlsContext;
struct EndpointStats;
struct WorkerStats;
class H1Backend;
class H2Backend;
class Worker;

struct Endpoint : std::enable_shared_from_this<Endpoint> {
  Endpoint(const Address& at, WorkerStats& all);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Ends the rest that failures began.
  void connected();
  void failed(TimePoint now, milliseconds pause);  // rests for `pause`, doubled with every failure in a row

  Address address;
  std::string text;  // ip:port
  EndpointStats& stats;
  bool h2 = false;
  std::shared_ptr<BackendTlsContext> tls;  // null: plain
  std::vector<H1Backend*> idle;            // most recently used last
  std::vector<H2Backend*> shared;
  TimePoint::duration stays_open{};  // an idle connection was still open after so long, and none closed sooner
  unsigned failures = 0;
  TimePoint down_until{};  // passive health: not chosen before, unless all are down
};

// The endpoints of one route::Backend.
struct ResolvedBackend {
  bool ready = false;
  std::vector<std::shared_ptr<Endpoint>> endpoints;
  std::size_t turn = 0;  // round robin
  // The next endpoint in turn that does not rest; where all rest, the next one. Null: there is none.
  Endpoint* next(TimePoint now);
  Endpoint* find(std::string_view text) const;  // null: not among them
};

class Exchange;
class BackendSide;

// A connection for one exchange: a pooled one, or a new one that is still connecting. Null: refused at once.
BackendSide* open_h1_backend(Worker& worker, Endpoint& endpoint, Exchange& exchange, bool fresh);
// A stream for one exchange, on a connection that has room, else on a new one. Null: refused at once.
BackendSide* open_h2_backend(Worker& worker, Endpoint& endpoint, Exchange& exchange);

class EndpointPool {
 public:
  explicit EndpointPool(Worker& worker) : worker_(worker) {}
  // gateway: whose client certificate is shown to TLS backends.
  void resolve(const route::Backend& backend, const kube::NamespacedName* gateway, ResolvedBackend& out);
  void forget_unused();  // endpoints that nothing refers to any more

 private:
  Worker& worker_;
  std::unordered_map<std::string, std::weak_ptr<Endpoint>> by_key_;
};

}  // namespace gw::runtime
