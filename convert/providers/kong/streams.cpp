// TCPIngress and UDPIngress: TCPRoute and UDPRoute by port, TLSRoute where a server name decides.
#include "convert/providers/common.h"
#include "convert/providers/kong/kong.h"
#include "convert/providers/nginx/check.h"

namespace gw::convert::kong {
namespace {

// The plugins of a stream: Kong's own Gateway takes their names from the route. False when the stream has to stay out.
bool plugins_of(const kube::OtherObject& object, const Input& input, kube::StringMap& annotations, Ledger& ledger) {
  const Claim claim = ledger.take(object, "konghq.com/plugins");
  if (claim == 0) return true;
  const auto refuse = [&](const std::string& why) {
    ledger.settle(claim, Outcome::refused, why, "GW602", Loss::auth);
    return input.options.accepts(Loss::auth);
  };
  const std::string names = ledger.entry(claim).value();
  for (const std::string& name : nginx::split(names)) {
    const kube::OtherObject* plugin = find_plugin(name, object.metadata.ns, input);
    if (!plugin)
      return refuse("KongPlugin '" + name +
                    "' is not among the input: what it guards is not known; give its file, too");
    ledger.read(plugin->node);
    for (const yaml::Entry& e : plugin->node->entries())
      ledger.settle(&e.value, same_proxy(input, "kong") ? Outcome::converted : Outcome::refused,
                    "a plugin of a stream");
    if (!same_proxy(input, "kong"))
      return refuse("a plugin of a stream cannot be expressed: routes of TCP and UDP have no filters");
  }
  annotations.emplace_back("konghq.com/plugins", names);
  ledger.settle(claim, Outcome::policy, "the annotation stands on the route, where Kong reads it");
  return true;
}

void read_stream(const kube::OtherObject& object, const Input& input, Ir& ir, Ledger& ledger) {
  kube::StringMap annotations;
  const bool open = plugins_of(object, input, annotations, ledger);
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
    if (!open) {
      ledger.leave_out(item);
      continue;
    }
    stream.annotations = annotations;
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
