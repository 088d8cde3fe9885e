#include "runtime/demo.h"

#include <unistd.h>

#include "runtime/exchange.h"
#include "runtime/json.h"
#include "runtime/loop.h"

namespace gw::runtime {
namespace {

class Echo : public LocalHandler {
 public:
  Echo(kube::NamespacedName service, kube::Port port) : service_(std::move(service)), port_(port) {}

  LocalAnswer answer(const RequestHead& request, const ClientInfo& client) override {
    LocalAnswer out;
    out.content_type = "application/json";
    std::string& text = out.body;
    text = "{\"service\":" + json_text(service_.name) + ",\"namespace\":" + json_text(service_.ns) +
           ",\"port\":" + std::to_string(port_) + ",\"method\":" + json_text(request.method) +
           ",\"host\":" + json_text(request.authority) + ",\"path\":" + json_text(request.target) +
           ",\"protocol\":" + json_text(client.version) + ",\"headers\":{";
    bool first = true;
    for (const HeaderView& field : request.fields) {
      text.append(first ? "" : ",").append(json_text(field.name)).append(":").append(json_text(field.value));
      first = false;
    }
    text += "}}\n";
    return out;
  }

 private:
  kube::NamespacedName service_;
  kube::Port port_;
};

}  // namespace

DemoBackends::DemoBackends() : server_(ServerOptions{}) {}
DemoBackends::~DemoBackends() = default;

std::uint16_t DemoBackends::port(const kube::NamespacedName& service, kube::Port service_port) {
  Site& site = sites_[{service, service_port}];
  if (site.handler) return site.address.port();
  // The kernel chooses a free port; the server binds it again at once.
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto any = Address::parse("127.0.0.1", 0);
  if (fd < 0 || ::bind(fd, any->get(), any->length) != 0) {
    if (fd >= 0) ::close(fd);
    sites_.erase({service, service_port});
    return 0;
  }
  ::getsockname(fd, any->get(), &any->length);
  ::close(fd);
  site.address = *any;
  site.handler = std::make_shared<Echo>(service, service_port);
  return site.address.port();
}

void DemoBackends::start() {
  auto config = std::make_shared<Config>();
  for (const auto& [id, site] : sites_) config->sites.push_back(site);
  server_.apply(config);
}

}  // namespace gw::runtime
