// A gateway without sockets: one Worker whose clients and backends are the test's byte strings and whose clock moves
// when the test says so. The .wire files (tests/runtime_wire_test.cpp) and the HTTP tests of runtime/ talk to it.
#pragma once
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/table.h"
#include "runtime/worker.h"

namespace gw::test {

// Both directions of one connection; the gateway's end is a MemoryStream, the other end is the test.
struct Pipe {
  std::string to_gateway, from_gateway;
  std::size_t taken = 0;                                // of from_gateway, by the test
  std::size_t room = ~std::size_t{0};                   // bytes the test's end still has room for
  bool finished = false, gone = false;                  // the test's end: no more writes; reset
  bool gateway_finished = false, gateway_gone = false;  // the gateway's end
  bool gateway_reset = false;
  runtime::StreamHandler* handler = nullptr;
  runtime::Ready pending;
  bool told = false;  // pending holds something
  void tell(runtime::Ready ready) {
    pending.readable |= ready.readable;
    pending.writable |= ready.writable;
    pending.hangup |= ready.hangup;
    pending.failed |= ready.failed;
    told = true;
  }
};

class MemoryStream : public runtime::Stream {
 public:
  explicit MemoryStream(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~MemoryStream() override {
    pipe_->gateway_gone = true;
    pipe_->handler = nullptr;
  }
  void set_handler(runtime::StreamHandler* handler) override { pipe_->handler = handler; }
  runtime::ReadResult read(char* to, std::size_t capacity) override {
    if (pipe_->gone) return {.drained = true, .failed = true};
    std::size_t n = std::min(capacity, pipe_->to_gateway.size());
    std::memcpy(to, pipe_->to_gateway.data(), n);
    pipe_->to_gateway.erase(0, n);
    if (n) return {.bytes = n, .drained = pipe_->to_gateway.empty() && !pipe_->finished};
    return {.drained = true, .eof = pipe_->finished};
  }
  runtime::WriteResult write(const iovec* parts, int count) override {
    if (pipe_->gone) return {.failed = true};
    runtime::WriteResult out;
    for (int i = 0; i < count && !out.blocked; ++i) {
      std::size_t n = std::min(parts[i].iov_len, pipe_->room);
      pipe_->from_gateway.append(static_cast<const char*>(parts[i].iov_base), n);
      pipe_->room -= n;
      out.bytes += n;
      out.blocked = n < parts[i].iov_len;
    }
    return out;
  }
  void finish() override { pipe_->gateway_finished = true; }
  bool stale() const override { return pipe_->finished || pipe_->gone || !pipe_->to_gateway.empty(); }
  void reset_on_close() override { pipe_->gateway_reset = true; }
  runtime::Address peer() const override { return *runtime::Address::parse("192.0.2.7", 40000); }

 private:
  std::shared_ptr<Pipe> pipe_;
};

class FakeClock : public runtime::Clock {
 public:
  runtime::TimePoint now() const override { return time; }
  runtime::TimePoint time = runtime::TimePoint{} + std::chrono::hours(1);
};

// Backends: every connection attempt is accepted unless its address is refused.
class FakeNetwork : public runtime::Network {
 public:
  struct Opened {
    std::string address;
    std::shared_ptr<Pipe> pipe;
  };
  std::vector<Opened> opened;
  std::set<std::string> refused;
  std::set<std::string> silent;  // connecting never ends

  std::unique_ptr<runtime::Stream> connect(const runtime::Address& address, runtime::StreamHandler& handler) override {
    auto pipe = std::make_shared<Pipe>();
    pipe->handler = &handler;
    bool refuse = refused.contains(address.text());
    if (refuse) pipe->tell({.readable = true, .writable = true, .hangup = true, .failed = true});
    if (refuse) pipe->gone = true;
    if (!refuse && !silent.contains(address.text())) pipe->tell({.writable = true});
    opened.push_back({address.text(), pipe});
    return std::make_unique<MemoryStream>(pipe);
  }
};

// Services one (10.0.0.1:80), other (10.0.0.2:80) and two (both); Gateway g with an HTTP listener; `routes` is added.
inline std::string wire_world(const std::string& routes) {
  auto service = [](const std::string& name, const std::string& endpoints) {
    return "---\napiVersion: v1\nkind: Service\nmetadata: {name: " + name +
           ", namespace: default, annotations: {gwctl.dev/endpoints: \"" + endpoints +
           "\"}}\nspec: {ports: [{name: h1, port: 80}, {name: h2, port: 81, appProtocol: kubernetes.io/h2c}]}\n";
  };
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: t}\nspec: {controllerName: "
         "x/y}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: default}\n"
         "spec:\n  gatewayClassName: t\n  listeners:\n  - {name: http, port: 80, protocol: HTTP}\n" +
         service("one", "10.0.0.1:80") + service("other", "10.0.0.2:80") + service("two", "10.0.0.1:80,10.0.0.2:80") +
         "---\n" + routes;
}

inline std::string wire_route(const std::string& rules = "  - backendRefs: [{name: one, port: 80}]\n") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: default}\nspec:\n"
         "  parentRefs: [{name: g}]\n  rules:\n" +
         rules;
}

inline std::shared_ptr<const runtime::Config> wire_config(const std::string& yaml) {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle = kube::load_text("config.yaml", yaml, sources, sink);
  if (sink.failed()) throw std::runtime_error("the config has errors: " + sink.take().front().message);
  kube::Index index(bundle);
  auto config = std::make_shared<runtime::Config>();
  config->table = route::compile(index, route::attach(index), {.asks_services = true});
  return config;
}

class FakeGateway {
 public:
  explicit FakeGateway(const std::string& yaml) : FakeGateway(wire_config(yaml)) {}
  explicit FakeGateway(std::shared_ptr<const runtime::Config> config) : worker(clock, network, stats, {}) {
    worker.seed(2026);
    apply(std::move(config));
    site_ = std::make_shared<runtime::Site>();
    site_->port = 80;
    site_->gateways.push_back({"default", "g"});
  }

  void apply(const std::string& yaml) { apply(wire_config(yaml)); }
  void apply(std::shared_ptr<const runtime::Config> config) {
    std::vector<std::string> errors;
    worker.apply(config, runtime::TlsStore::make(*config, nullptr, errors));
  }

  std::shared_ptr<Pipe> client() {
    auto pipe = std::make_shared<Pipe>();
    pipes_.push_back(pipe);
    pipe->tell({.writable = true});
    worker.accept(std::make_unique<MemoryStream>(pipe), site_);
    settle();
    return pipe;
  }

  static void send(Pipe& pipe, std::string_view bytes) {
    if (pipe.gateway_gone) return;
    pipe.to_gateway.append(bytes);
    pipe.tell({.readable = true});
  }
  static void finish(Pipe& pipe) {
    pipe.finished = true;
    pipe.tell({.readable = true, .hangup = true});
  }
  static void reset(Pipe& pipe) {
    pipe.gone = pipe.finished = true;
    pipe.tell({.readable = true, .hangup = true, .failed = true});
  }
  // What arrived at the test's end since the last call.
  static std::string received(Pipe& pipe) {
    std::string out = pipe.from_gateway.substr(pipe.taken);
    pipe.taken = pipe.from_gateway.size();
    return out;
  }

  // Until nobody has anything to do.
  void settle() {
    for (int round = 0; round < 10'000; ++round) {
      bool told = false;
      for (auto& pipe : pipes_) told |= deliver(*pipe);
      for (std::size_t i = 0; i < network.opened.size(); ++i) told |= deliver(*network.opened[i].pipe);
      worker.settle(clock.time);
      auto wake = worker.next_wake();
      if (!told && !(wake && *wake <= clock.time)) return;
    }
    throw std::runtime_error("the gateway does not come to rest");
  }

  void wait(std::chrono::milliseconds time) {
    auto until = clock.time + time;
    for (auto wake = worker.next_wake(); wake && *wake <= until; wake = worker.next_wake()) {
      clock.time = std::max(clock.time + std::chrono::milliseconds(1), *wake);
      settle();
    }
    clock.time = std::max(clock.time, until);
    settle();
  }

  FakeClock clock;
  FakeNetwork network;
  runtime::Stats stats;
  runtime::Worker worker;

 private:
  static bool deliver(Pipe& pipe) {
    if (!pipe.told || !pipe.handler) return false;
    pipe.told = false;
    pipe.handler->on_ready(std::exchange(pipe.pending, {}));
    return true;
  }
  std::vector<std::shared_ptr<Pipe>> pipes_;
  std::shared_ptr<runtime::Site> site_;
};

}  // namespace gw::test
