#include "convert/providers/traefik/streams.h"

#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/traefik/entry_points.h"
#include "convert/providers/traefik/rule.h"

namespace gw::convert::traefik {
namespace {

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger) : input_(input), ir_(ir), ledger_(ledger), ports_(input) {}

  void read(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    const bool udp = object.kind == "IngressRouteUDP";
    const auto points = spec.list("entryPoints");
    entry_points_ = spec.ref("entryPoints");
    Fields tls = spec.object("tls");
    const bool passthrough = tls.on("passthrough"), terminate = tls && !passthrough;
    for (const char* known : {"secretName", "options", "certResolver", "domains", "store"})
      tls.skip(known, "of TLS that Traefik terminates itself");
    spec.skip("ingressClassName", "the Gateway's class takes its place");
    tls.rest();
    for (const yaml::Node* item : spec.items("routes")) {
      Fields f = spec.at(*item, "routes[]");
      Stream stream;
      stream.owner = &object;
      stream.at = item;
      stream.kind = udp ? Stream::Kind::udp : passthrough ? Stream::Kind::passthrough : Stream::Kind::tcp;
      const bool guarded = guards(object, f);
      const std::string match = f.text("match");
      f.tell("priority", Outcome::approximated, "streams have no order: the server name or the port decides");
      f.tell("syntax", Outcome::approximated, "matchers of both syntaxes are read");
      for (const yaml::Node* s : f.items("services")) backend(object, f.at(*s, "services[]"), stream);
      f.rest();
      if (guarded) {
        tell(ledger_, f.ref("middlewares"), Outcome::refused,
             "a MiddlewareTCP lets in some addresses only; the route is left out", Loss::allow_list);
        if (!input_.options.accepts(Loss::allow_list)) continue;
      }
      if (terminate) {
        tell(ledger_, spec.ref("tls"), Outcome::refused,
             "TLS that the gateway terminates before TCP needs a listener of protocol TLS and mode Terminate; the "
             "route is left out",
             Loss::backend_tls);
        continue;
      }
      if (udp)
        add(std::move(stream), f, points);
      else
        names(std::move(stream), f, match, points);
    }
    spec.rest();
  }

 private:
  // Names the MiddlewareTCPs of the route, which say who may connect.
  bool guards(const kube::OtherObject& object, Fields& f) {
    const auto items = f.items("middlewares");
    for (const yaml::Node* item : items) {
      Fields ref = f.at(*item, "middlewares[]");
      std::string ns = ref.text("namespace");
      if (ns.empty()) ns = object.metadata.ns;
      const kube::OtherObject* found = find_own(input_, "MiddlewareTCP", ns, ref.text("name"));
      if (!found || !found->node) continue;
      Fields spec = Fields::spec(*found, ledger_);
      if (spec)
        for (const yaml::Entry& e : spec.node()->entries())
          spec.tell(e.key.string(), Outcome::refused, "it lets in some connections only; its routes are left out",
                    Loss::allow_list);
    }
    return !items.empty();
  }

  void backend(const kube::OtherObject& object, Fields f, Stream& stream) {
    const std::string name = f.text("name"), port = f.text("port");
    std::string ns = f.text("namespace");
    if (ns.empty()) ns = object.metadata.ns;
    const int weight = static_cast<int>(f.number("weight").value_or(1));
    for (const char* known : {"terminationDelay", "nativeLB", "nodePortLB"})
      f.skip(known, "how Traefik reaches endpoints and ends connections");
    if (f.take("proxyProtocol"))
      tell(ledger_, f.ref("proxyProtocol"), Outcome::refused,
           "the PROXY protocol to backends is the gateway's own setting", Loss::other);
    for (const char* key : {"tls", "serversTransport"})
      f.tell(key, Outcome::refused, "TLS to the backend needs a BackendTLSPolicy", Loss::backend_tls);
    f.rest();
    if (auto b = own_backend(object, f.node(), ns, name, port, input_, ir_, ledger_)) {
      b->weight = weight;
      stream.backends.push_back(*b);
    }
  }

  void names(Stream stream, const Fields& f, const std::string& match, const std::vector<std::string>& points) {
    const auto rule = parse_rule(match);
    if (!rule) {
      tell(ledger_, f.ref("match"), Outcome::refused, "the rule cannot be read: " + rule.error().message, Loss::other);
      return;
    }
    for (const Alternative& a : *rule) {
      const bool by_name = a.size() == 1 && a[0].name == "HostSNI" && !a[0].negated && !a[0].arguments.empty();
      if (!by_name) {
        tell(ledger_, f.ref("match"), Outcome::refused,
             "TLSRoute and TCPRoute know server names and nothing else; this alternative is left out",
             Loss::allow_list);
        continue;
      }
      for (const std::string& host : a[0].arguments) {
        Stream one = stream;
        if (host != "*") one.host = normal_host(ir_.keep(nginx::lower(host)), ir_);
        if (one.kind == Stream::Kind::passthrough && host == "*")
          tell(ledger_, f.ref("match"), Outcome::refused, "a TLSRoute needs a server name", Loss::other);
        else if (one.kind == Stream::Kind::tcp && host != "*")
          tell(ledger_, f.ref("match"), Outcome::ignored, "without TLS there is no server name", Loss::none);
        else
          add(std::move(one), f, points);
      }
    }
  }

  // The port of an entry point stands in Traefik's static configuration.
  void add(Stream stream, const Fields& f, const std::vector<std::string>& points) {
    if (stream.kind == Stream::Kind::passthrough) {
      ir_.streams.push_back(std::move(stream));
      return;
    }
    if (stream.backends.empty()) return;
    bool known = !points.empty();
    for (const std::string& point : points)
      if (const auto port = ports_.port(point)) {
        Stream one = stream;
        one.port = *port;
        ir_.streams.push_back(std::move(one));
      } else {
        known = false;
      }
    if (known) return;
    stream.port = stream.backends.front().port;
    tell(ledger_, points.empty() ? f.ref("services") : entry_points_, Outcome::approximated,
         "the port of entry point '" + (points.empty() ? std::string("(default)") : points.front()) +
             "' stands in Traefik's static configuration; " + std::to_string(stream.port) +
             ", the Service's, is written, which is a guess",
         Loss::none);
    ir_.streams.push_back(std::move(stream));
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  FieldRef entry_points_;
  const EntryPoints ports_;
};

}  // namespace

void read_stream_routes(const Input& input, Ir& ir, Ledger& ledger) {
  for (const kube::OtherObject* object : input.own)
    if (object->node && (object->kind == "IngressRouteTCP" || object->kind == "IngressRouteUDP"))
      Reader(input, ir, ledger).read(*object);
}

}  // namespace gw::convert::traefik
