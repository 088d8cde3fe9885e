#include "runtime/tunnel.h"

#include "runtime/worker.h"

namespace gw::runtime {
namespace {

class TunnelBackend;

// One end; what it reads goes to the other one.
class TunnelEnd : public Connection {
 public:
  using Connection::Connection;
  void begin_drain() override {}
  void on_timer(Timer&) override { end_both(); }

 protected:
  std::size_t consume(std::string_view data) override {
    if (!other_) return data.size();
    touch();
    other_->put_body({}, data, {});
    return data.size();
  }
  bool wants_read() const override { return !other_ || !other_->congested(); }
  void on_eof() override {
    if (!other_) return close();
    ended_ = true;
    other_->finish_after_flush();
    if (!other_->ended_) return;
    other_->close_after_flush();
    close_after_flush();
  }
  void on_broken() override { end_both(); }
  void on_drained() override {
    if (other_) other_->schedule();
  }
  void touch() { timer_.arm(worker_.timers(), worker_.now() + worker_.limits().tunnel_idle); }
  void end_both() {
    if (auto* other = std::exchange(other_, nullptr)) {
      other->other_ = nullptr;
      other->stream_->reset_on_close();
      other->close();
    }
    close();
  }

  TunnelEnd* other_ = nullptr;
  bool ended_ = false;
  friend class TunnelBackend;
};

class TunnelClient : public TunnelEnd {
 public:
  using TunnelEnd::TunnelEnd;
  void start(TunnelEnd& other) {
    other_ = &other;
    assume_ready();
    schedule();
  }
};

class TunnelBackend : public TunnelEnd {
 public:
  TunnelBackend(Worker& worker, std::shared_ptr<Generation> generation, ResolvedBackend& backend)
      : TunnelEnd(worker, nullptr), generation_(std::move(generation)), backend_(backend) {
    connected_ = false;
  }

  // Tries endpoints until one starts to connect.
  bool open() {
    while (tries_ < std::min<std::size_t>(3, backend_.endpoints.size())) {
      ++tries_;
      endpoint_ = backend_.next(worker_.now());
      stream_ = worker_.network().connect(endpoint_->address, *this);
      if (!stream_) continue;
      if (endpoint_->tls) {
        stream_ = endpoint_->tls->wrap(std::move(stream_));
        stream_->set_handler(this);
      }
      timer_.arm(worker_.timers(), worker_.now() + worker_.limits().connect);
      worker_.stats().backend_connections.add();
      return true;
    }
    return false;
  }
  void join(TunnelEnd& client, std::string received) {
    other_ = &client;
    put(received);
  }

 protected:
  void on_writable() override {
    if (connected_) return;
    connected_ = true;
    touch();
  }

 private:
  std::shared_ptr<Generation> generation_;
  ResolvedBackend& backend_;
  Endpoint* endpoint_ = nullptr;
  std::size_t tries_ = 0;
};

}  // namespace

const route::Backend* pick_l4(const route::L4Rule& rule, std::uint64_t ticket) {
  if (!rule.total_weight) return nullptr;
  ticket %= rule.total_weight;
  for (const auto& backend : rule.backends) {
    if (ticket < backend.weight) return backend.state == route::BackendState::ready ? &backend : nullptr;
    ticket -= backend.weight;
  }
  return nullptr;
}

void start_tunnel(Worker& worker, std::unique_ptr<Stream> client, std::string received, const ClientInfo& info,
                  std::shared_ptr<Generation> generation, const route::L4Rule& rule) {
  const route::Backend* backend = pick_l4(rule, worker.ticket());
  if (!backend) return client->reset_on_close();
  ResolvedBackend& resolved = generation->backends[backend->index];
  if (!resolved.ready) worker.pool().resolve(*backend, info.site->gateway(), resolved);
  auto far = std::make_unique<TunnelBackend>(worker, generation, resolved);
  if (!far->open()) return client->reset_on_close();
  TunnelBackend& backend_end = *far;
  worker.add(std::move(far), false);
  auto near = std::make_unique<TunnelClient>(worker, std::move(client));
  TunnelClient& client_end = *near;
  worker.add(std::move(near), true);
  backend_end.join(client_end, std::move(received));
  client_end.start(backend_end);
}

}  // namespace gw::runtime
