#include "runtime/backends.h"

#include <algorithm>

#include "runtime/worker.h"

namespace gw::runtime {

Endpoint::Endpoint(const Address& at, WorkerStats& all) : address(at), text(at.text()), stats(all.endpoint(text)) {
  stats.live.add();
}

Endpoint::~Endpoint() {
  stats.live.sub();
}

void Endpoint::connected() {
  if (!failures) return;
  failures = 0;
  down_until = {};
  stats.down_until = 0;
}

void Endpoint::failed(TimePoint now, milliseconds pause) {
  stats.failures.add();
  down_until = now + std::min<milliseconds>(pause * (1u << std::min(failures++, 5u)), seconds(30));
  stats.down_until = std::chrono::duration_cast<milliseconds>(down_until.time_since_epoch()).count();
}

Endpoint* ResolvedBackend::next(TimePoint now) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    Endpoint& endpoint = *endpoints[turn++ % endpoints.size()];
    if (endpoint.down_until <= now) return &endpoint;
  }
  return endpoints.empty() ? nullptr : endpoints[turn++ % endpoints.size()].get();
}

Endpoint* ResolvedBackend::find(std::string_view text) const {
  for (const auto& endpoint : endpoints)
    if (endpoint->text == text) return endpoint.get();
  return nullptr;
}

void EndpointPool::resolve(const route::Backend& backend, const kube::NamespacedName* gateway, ResolvedBackend& out) {
  out.ready = true;
  using enum route::BackendProtocol;
  bool h2 = backend.protocol == h2c || backend.protocol == h2_tls;
  std::shared_ptr<BackendTlsContext> tls;
  std::string identity_key;
  if (backend.tls) {
    const auto& config = *worker_.generation()->config;
    const Certificate* identity = nullptr;
    if (gateway)
      if (auto at = config.client_certificates.find(*gateway); at != config.client_certificates.end())
        if (auto pem = config.certificates.find(at->second); pem != config.certificates.end()) {
          identity = &pem->second;
          identity_key = std::to_string(std::hash<std::string>{}(identity->chain_pem));
        }
    auto made = BackendTlsContext::make(*backend.tls, identity, h2);
    if (!made) return;
    tls = *made;
  }
  for (const auto& e : backend.endpoints) {
    auto address = Address::parse(e.address, static_cast<std::uint16_t>(e.port));
    if (!address) continue;
    std::string key = address->text() + (h2 ? "|h2" : "|h1");
    if (backend.tls) {
      key += "|" + backend.tls->server_name + "|" + std::to_string(std::hash<std::string>{}(backend.tls->ca_pem)) +
             "|" + identity_key;
      for (const auto& name : backend.tls->subject_alt_names) key += "|" + name.value;
    }
    auto& slot = by_key_[key];
    auto endpoint = slot.lock();
    if (!endpoint) {
      endpoint = std::make_shared<Endpoint>(*address, worker_.stats());
      endpoint->h2 = h2;
      endpoint->tls = tls;
      slot = endpoint;
    }
    out.endpoints.push_back(std::move(endpoint));
  }
  if (!out.endpoints.empty()) out.turn = worker_.ticket() % out.endpoints.size();
}

void EndpointPool::forget_unused() {
  std::erase_if(by_key_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace gw::runtime
