#include "runtime/incoming.h"

#include "runtime/h1_client.h"
#include "runtime/h2_client.h"
#include "runtime/tunnel.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {

ClientInfo client_info(const Stream& stream, std::shared_ptr<const Site> site) {
  ClientInfo info;
  Address peer = stream.peer();
  info.ip = peer.ip();
  info.port = peer.length ? peer.port() : static_cast<std::uint16_t>(0);
  info.site = std::move(site);
  return info;
}

// A client that starts with TLS: the ClientHello decides what becomes of it.
class IncomingTls : public Connection, public TlsChooser {
 public:
  IncomingTls(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info)
      : Connection(worker, std::move(stream)), info_(std::move(info)), generation_(worker.generation()) {}

  void start() {
    timer_.arm(worker_.timers(), worker_.now() + worker_.limits().handshake);
    if (!info_.site->layer4)
      secure({});
    else
      schedule();
  }
  void begin_drain() override { close(); }
  void on_timer(Timer&) override { close(); }

  Choice choose(std::string_view sni) override {
    info_.sni = sni;
    const auto& table = *generation_->config->table;
    for (const auto& gateway : info_.site->gateways) {
      const route::Listener* listener = table.terminating(gateway, info_.site->port, sni);
      if (!listener) continue;
      if (ssl_ctx_st* context = generation_->tls->choose(*listener, sni)) {
        listener_ = listener;
        return {context, listener->protocol == route::Protocol::https};
      }
    }
    return {};
  }

 protected:
  bool wants_read() const override { return !secure_; }
  void on_eof() override { close(); }
  void on_broken() override {
    worker_.stats().tls_failures.add();
    close();
  }

  std::size_t consume(std::string_view data) override {
    if (secure_) return 0;
    HelloPeek peek = peek_client_hello(data);
    switch (peek.state) {
      case HelloPeek::State::more:
        return 0;
      case HelloPeek::State::bad:
        close();
        return data.size();
      case HelloPeek::State::done:
        break;
    }
    const auto& site = *info_.site;
    bool terminated = false;
    for (const auto& gateway : site.gateways) {
      const auto* rule = generation_->config->table->tls(gateway, site.port, peek.sni);
      const auto* listener = generation_->config->table->terminating(gateway, site.port, peek.sni);
      terminated |= listener != nullptr;
      if (!rule || listener) continue;
      info_.sni = peek.sni;
      start_tunnel(worker_, release_stream(), std::string(data), info_, generation_, *rule);
      close();
      return data.size();
    }
    if (!terminated) {  // nobody's name: refused as a closed port would be
      stream_->reset_on_close();
      close();
      return data.size();
    }
    secure(std::string(data));
    return data.size();
  }

 private:
  void secure(std::string prefix) {
    auto stream = tls_server(release_stream(), std::move(prefix), *this);
    tls_ = stream.get();
    stream_ = std::move(stream);
    stream_->set_handler(this);
    secure_ = true;
    writable_ = false;  // the handshake's end is told as writable
    on_writable();
  }

  void on_writable() override {
    if (!secure_ || closed()) return;
    Handshake state = tls_->handshake();
    if (state.failed) return on_broken();
    if (!state.done) return;
    info_.secure = true;
    bool http = !listener_ || listener_->protocol == route::Protocol::https;
    if (!http) {
      const auto* rule = generation_->config->table->tls(listener_->gateway, info_.site->port, info_.sni);
      if (rule) start_tunnel(worker_, release_stream(), {}, info_, generation_, *rule);
    } else if (state.h2) {
      start_http2(worker_, release_stream(), std::move(info_), {});
    } else {
      auto next = std::make_unique<H1Client>(worker_, release_stream(), std::move(info_), std::string());
      H1Client& connection = *next;
      worker_.add(std::move(next), true);
      connection.start(true);
    }
    close();
  }

  ClientInfo info_;
  std::shared_ptr<Generation> generation_;
  SecureStream* tls_ = nullptr;
  const route::Listener* listener_ = nullptr;
  bool secure_ = false;
};

}  // namespace

void accept_client(Worker& worker, std::unique_ptr<Stream> stream, std::shared_ptr<const Site> site) {
  ClientInfo info = client_info(*stream, site);
  switch (site->kind) {
    case Site::Kind::http: {
      auto made = std::make_unique<H1Client>(worker, std::move(stream), std::move(info), std::string());
      H1Client& connection = *made;
      worker.add(std::move(made), true);
      connection.start();
      return;
    }
    case Site::Kind::tls: {
      auto made = std::make_unique<IncomingTls>(worker, std::move(stream), std::move(info));
      IncomingTls& connection = *made;
      worker.add(std::move(made), true);
      connection.start();
      return;
    }
    case Site::Kind::tcp: {
      auto generation = worker.generation();
      for (const auto& gateway : site->gateways)
        if (const auto* rule = generation->config->table->l4(gateway, site->port, route::Protocol::tcp))
          return start_tunnel(worker, std::move(stream), {}, info, generation, *rule);
      return;
    }
    case Site::Kind::udp:
      return;
  }
}

}  // namespace gw::runtime
