// TransportServers and the listeners of GlobalConfigurations: TCP, UDP and TLS that is passed through.
#include "convert/providers/common.h"
#include "convert/providers/f5/virtual_server_reader.h"
#include "convert/providers/values.h"

namespace gw::convert::f5 {

void VirtualServerReader::transport(const kube::OtherObject& object) {
  Fields spec = Fields::spec(object, ledger_);
  Fields listener = spec.object("listener");
  const std::string name = listener.text("name"), protocol = listener.text("protocol");
  listener.rest();
  Stream stream;
  stream.owner = &object;
  stream.at = spec.node();
  stream.host = normal_host(ir_.keep(spec.text("host")), ir_);
  const bool passthrough = protocol == "TLS_PASSTHROUGH";
  stream.kind = passthrough ? Stream::Kind::passthrough : protocol == "UDP" ? Stream::Kind::udp : Stream::Kind::tcp;
  const Upstreams own = upstreams(spec);
  Fields action = spec.object("action");
  const std::string pass = action.text("pass");
  action.rest();
  if (const auto at = own.find(pass); at != own.end() && at->second.backend)
    stream.backends.push_back(*at->second.backend);
  spec.skip("ingressClassName", class_of_gateway);
  for (const char* known : {"upstreamParameters", "sessionParameters"})
    spec.tell(known, Outcome::approximated, "times and retries of streams are the gateway's own");
  bool closed = false;
  for (const char* key : {"tls", "serverSnippets", "streamSnippets"})
    if (spec.take(key)) {
      tell(ledger_, spec.ref(key), Outcome::refused, "it cannot be expressed for a stream; the route is left out",
           std::string_view(key) == "tls" ? Loss::backend_tls : Loss::snippet);
      closed = true;
    }
  closed = spec.rest() || closed;
  if (!passthrough) stream.port = port_of(object, name, spec);
  if (!closed && stream.port > 0) ir_.streams.push_back(std::move(stream));
}

void VirtualServerReader::listeners() {
  for (const kube::OtherObject* o : input_.own) {
    if (o->kind != "GlobalConfiguration" || !o->node) continue;
    Fields global = Fields::spec(*o, ledger_);
    for (const yaml::Node* item : global.items("listeners")) {
      Fields l = global.at(*item, "listeners[]");
      const std::string name = l.text("name");
      if (const auto port = l.number("port")) ports_.emplace(name, static_cast<kube::Port>(*port));
      l.skip("protocol", "the TransportServer says it too");
      for (const char* key : {"ssl", "ipv4", "ipv6"})
        l.tell(key, Outcome::approximated, "addresses and TLS of listeners are the Gateway's own");
      l.rest();
    }
    global.rest();
  }
}

kube::Port VirtualServerReader::port_of(const kube::OtherObject& object, const std::string& name, const Fields& spec) {
  if (const auto at = ports_.find(name); at != ports_.end()) return at->second;
  tell(ledger_, spec.ref("listener"), Outcome::refused,
       "listener '" + name + "' of " + object.object_id().display() +
           " stands in no GlobalConfiguration among the input: its port is not known",
       Loss::backend);
  return 0;
}

}  // namespace gw::convert::f5
