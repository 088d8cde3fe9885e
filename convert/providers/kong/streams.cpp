// TCPIngress and UDPIngress: TCPRoute and UDPRoute by port, TLSRoute where a server name decides.
#include "convert/providers/common.h"
#include "convert/providers/kong/kong.h"

namespace gw::convert::kong {
namespace {

void read_stream(const kube::OtherObject& object, const Input& input, Ir& ir, Ledger& ledger) {
  const bool udp = object.kind == "UDPIngress";
  Fields spec = Fields::spec(object, ledger);
  for (const yaml::Node* item : spec.items("rules")) {
    Fields rule = spec.at(*item, "rules[]");
    Stream stream;
    stream.owner = &object;
    stream.at = item;
    stream.kind = udp ? Stream::Kind::udp : Stream::Kind::tcp;
    stream.port = static_cast<kube::Port>(rule.number("port").value_or(0));
    if (const std::string host = rule.text("host"); !host.empty()) {
      stream.kind = Stream::Kind::passthrough;
      stream.host = normal_host(ir.keep(host), ir);
      tell(ledger, rule.ref("host"), Outcome::approximated,
           "a TLSRoute by server name: the backend terminates TLS; Kong terminates it itself where spec.tls names the "
           "host",
           Loss::none);
    }
    Fields backend = rule.object("backend");
    const std::string name = backend.text("serviceName"), port = backend.text("servicePort");
    backend.rest();
    rule.rest();
    if (stream.port <= 0) {
      tell(ledger, rule.ref("port"), Outcome::refused, "it names no port", Loss::backend);
      continue;
    }
    if (const auto b = own_backend(object, item, object.metadata.ns, name, port, input, ir, ledger))
      stream.backends.push_back(*b);
    ir.streams.push_back(std::move(stream));
  }
  if (spec.take("tls"))
    tell(ledger, spec.ref("tls"), Outcome::refused,
         "TLS that the gateway terminates before TCP needs a listener of protocol TLS and mode Terminate; it is not "
         "written",
         Loss::backend_tls);
  spec.rest();
}

}  // namespace

void read_streams(const Input& input, Ir& ir, Ledger& ledger) {
  for (const kube::OtherObject* object : input.own)
    if (object->node && (object->kind == "TCPIngress" || object->kind == "UDPIngress"))
      read_stream(*object, input, ir, ledger);
}

}  // namespace gw::convert::kong
