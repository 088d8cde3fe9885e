// One listening address and what is behind it.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kube/meta.h"
#include "runtime/address.h"

namespace gw::runtime {

struct ClientInfo;
struct RequestHead;

// An answer made by gwctl itself: admin pages, demo backends.
struct LocalAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> fields;
};

class LocalHandler {
 public:
  virtual ~LocalHandler() = default;
  // Answers at once; called in a worker's thread, so it may not block.
  virtual LocalAnswer answer(const RequestHead& request, const ClientInfo& client) = 0;
};

struct Site {
  enum class Kind : std::uint8_t { http, tls, tcp, udp };
  Address address;
  kube::Port port = 0;  // of the listeners; the socket's may differ (--port-map)
  Kind kind = Kind::http;
  bool layer4 = false;  // some listener here is TLS: the ClientHello decides before any handshake
  std::vector<kube::NamespacedName> gateways;
  std::shared_ptr<LocalHandler> handler;  // null: the routing table answers

  // What Table::decide wants: null when several Gateways share the address.
  const kube::NamespacedName* gateway() const { return gateways.size() == 1 ? &gateways.front() : nullptr; }
  // "127.0.0.1:8080/tcp": one for each socket.
  std::string key() const { return address.text() + (kind == Kind::udp ? "/udp" : "/tcp"); }
};

}  // namespace gw::runtime
