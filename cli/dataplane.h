// Gateways as listening sockets: addresses, ports, certificates. Files and the cluster controller share it.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "control/controller.h"
#include "route/attach.h"
#include "runtime/server.h"

namespace gw::cli {

struct DataplaneOptions {
  std::map<int, int> port_map{{80, 8080}, {443, 8443}};  // without a pool
  std::string pool;                                      // CIDR; empty: every Gateway on 127.0.0.1
};

// Hands out addresses of a range; a Gateway keeps its own as long as it exists.
class AddressPool {
 public:
  // A pool for an IPv4 range, "127.0.1.0/24"; without a slash, of one address. An Error says what to write.
  static Result<AddressPool> parse(const std::string& cidr);
  // The address of a Gateway; `before`, what its status says, is taken up again after a restart. Empty: none left.
  std::string take(const kube::NamespacedName& gateway, const std::string& before = {});
  // Addresses of Gateways that are gone become free; those that some Gateway asks for by itself are not handed out.
  void settle(const std::set<kube::NamespacedName>& gateways, const std::set<std::string>& fixed);

 private:
  std::uint32_t number_of(const std::string& address) const;  // within the range; count_ when outside
  bool is_free(std::uint32_t number) const;

  std::uint32_t first_ = 0, count_ = 0, next_ = 0;
  std::map<kube::NamespacedName, std::uint32_t> taken_;
  std::set<std::uint32_t> used_, fixed_;
};

class GatewayDataplane : public control::Dataplane {
 public:
  // Borrows the server.
  static Result<std::unique_ptr<GatewayDataplane>> make(runtime::Server& server, DataplaneOptions options);
  control::GatewayStates apply(const kube::Index& index, const route::Attachments& attachments) override;

  // What listens where, after apply().
  struct Place {
    kube::NamespacedName gateway;
    std::string listener, protocol, hostname;
    std::string address;  // ip:port
    kube::Port port = 0;  // as the Gateway says
    std::string error, help;
  };
  const std::vector<Place>& places() const { return places_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  GatewayDataplane(runtime::Server& server, DataplaneOptions options) : server_(server), options_(std::move(options)) {}
  std::vector<std::string> addresses_of(const kube::Gateway& gateway);
  void settle_pool(const route::Attachments& attachments);
  int socket_port(kube::Port port) const;

  runtime::Server& server_;
  DataplaneOptions options_;
  std::optional<AddressPool> pool_;
  std::vector<Place> places_;
  std::vector<std::string> warnings_;
};

// tls.crt and tls.key of a Secret; nullopt when one is missing or not base64.
std::optional<runtime::Certificate> read_pair(const kube::Secret& secret);

// Certificates judged by OpenSSL, for route::attach. What a Secret held while it was good stays in use while a new pair
// is half written.
class PkiFacts : public route::CertificateFacts {
 public:
  std::string check_pair(const kube::Secret& secret) const override;
  bool keeps_earlier(const kube::Secret& secret) const override { return good_.contains(secret.id()); }
  std::string check_ca(std::string_view pem) const override;

 private:
  mutable std::set<kube::NamespacedName> good_;
};

}  // namespace gw::cli
