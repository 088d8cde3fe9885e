// Listeners that work, but not as they look: open to every namespace, overlapping names, ports that clients refuse,
// addresses that two Gateways want.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "route/listeners.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

using route::ListenerStatus;

diag::Related listener_related(const ListenerStatus& other) {
  return {span_of(*other.owner, member(*other.listener, "name")), "listener " + quoted(other.listener->name)};
}

// Later listeners of a port whose names overlap an earlier one's.
class Overlaps {
 public:
  explicit Overlaps(const Context& context) : c_(context) {}

  void run() {
    std::map<std::pair<const kube::Gateway*, kube::Port>, std::vector<const ListenerStatus*>> ports;
    for (const ListenerStatus& each : c_.attachments.listeners)
      if (each.listener->protocol == "HTTPS") ports[{each.gateway, each.listener->port}].push_back(&each);
    for (const auto& [place, listeners] : ports) check_port(listeners);
  }

 private:
  void check_port(const std::vector<const ListenerStatus*>& listeners) {
    const ListenerStatus* catch_all = nullptr;
    for (const ListenerStatus* each : listeners) {
      if (each->listener->hostname.value_or("").empty()) catch_all = each;
      if (const route::Condition* found = route::find(each->conditions, "OverlappingTLSConfig"); found && found->status)
        tell(*each, listeners);
    }
    if (catch_all && listeners.size() > 1)
      report(c_, {"GW314", *catch_all->owner, member(*catch_all->listener, "name"),
                  "listener " + quoted(catch_all->listener->name) +
                      " has no hostname: its certificate is shown for every name that no other listener of port " +
                      std::to_string(catch_all->listener->port) + " has",
                  "give it a hostname, unless a catch-all is meant"});
  }

  void tell(const ListenerStatus& each, const std::vector<const ListenerStatus*>& listeners) {
    const std::string own = each.listener->hostname.value_or("");
    if (own.empty()) return;  // GW314 says it
    for (const ListenerStatus* other : listeners) {
      if (other == &each) return;  // of two, the later one is told
      const std::string theirs = other->listener->hostname.value_or("");
      if (theirs.empty() || !route::intersect(own, theirs)) continue;
      return report(c_, {"GW306",
                         *each.owner,
                         member(*each.listener, "hostname"),
                         quoted(own) + " overlaps " + quoted(theirs) + " of another TLS listener of this port",
                         "a client may reuse a connection for the other name and get 421 or 404: use certificates "
                         "whose names do not overlap",
                         {},
                         {listener_related(*other)}});
    }
  }

  const Context& c_;
};

// Ports that browsers refuse to open: Fetch standard, "port blocking". Ascending.
constexpr std::array<kube::Port, 80> blocked{
    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,   37,   42,   43,
    53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,  110,  111,  113,  115,  117,
    119,  123,  135,  137,  139,  143,  161,  179,  389,  427,  465,  512,  513,  514,  515,  526,
    530,  531,  532,  540,  548,  554,  556,  563,  587,  601,  636,  989,  990,  993,  995,  1719,
    1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679};

void check_port(const Context& c, const ListenerStatus& each) {
  const kube::Listener& listener = *each.listener;
  const bool web = listener.protocol == "HTTP" || listener.protocol == "HTTPS";
  if (web && (std::binary_search(blocked.begin(), blocked.end(), listener.port) || listener.port == 6697 ||
              listener.port == 10080))
    return report(c, {"GW322", *each.owner, member(listener, "port"),
                      "browsers refuse to open port " + std::to_string(listener.port), "choose another port"});
  if (listener.port > 0 && listener.port < 1024 && listener.port != 80 && listener.port != 443 && web)
    report(c, {"GW322", *each.owner, member(listener, "port"),
               "port " + std::to_string(listener.port) + " is a privileged port that " + listener.protocol +
                   " does not usually have",
               "an implementation may map it to another one; 80, 443 and ports from 1024 are safe"});
}

void check_openness(const Context& c, const ListenerStatus& each) {
  const auto& allowed = each.listener->allowed_routes;
  if (!allowed || !allowed->namespaces || allowed->namespaces->from.value_or("") != "All") return;
  report(c, {"GW312", *each.owner, member(*allowed->namespaces, "from"),
             "any namespace may attach routes to listener " + quoted(each.listener->name),
             "use from: Selector with the labels of the namespaces that are meant"});
}

// Routes that look into a request cannot hang on TLS that is passed through.
void check_passthrough(const Context& c, const ListenerStatus& each, const std::set<const kube::Gateway*>& with_http) {
  const auto& tls = each.listener->tls;
  if (each.listener->protocol != "TLS" || !tls || tls->mode.value_or("Terminate") != "Passthrough") return;
  if (each.attached_routes != 0 || !with_http.contains(each.gateway)) return;
  report(c, {"GW315", *each.owner, member(*tls, "mode"),
             "TLS is passed through here, and only HTTPRoutes or GRPCRoutes name this Gateway",
             "they cannot look into it: use a TLSRoute, or an HTTPS listener with mode Terminate"});
}

void check_addresses(const Context& c, const kube::Gateway& gateway) {
  for (const kube::GatewayAddress& address : gateway.spec.addresses) {
    const std::string type = address.type.value_or("IPAddress");
    if (type == "IPAddress" || type == "Hostname") continue;
    report(c, {"GW319", gateway, member(address, "type"),
               type == "NamedAddress" ? "addresses of type NamedAddress are deprecated"
                                      : "addresses of type " + quoted(type) + " need an implementation that knows them",
               type == "NamedAddress" ? "use a domain-prefixed type of your implementation"
                                      : "IPAddress and Hostname are the spec's"});
  }
}

}  // namespace

void check_listener_lint(const Context& c) {
  Overlaps(c).run();
  std::set<const kube::Gateway*> with_http;
  for (const route::ParentStatus& parent : c.attachments.parents)
    if (parent.gateway && (parent.route_kind == "HTTPRoute" || parent.route_kind == "GRPCRoute"))
      with_http.insert(parent.gateway);
  for (const ListenerStatus& each : c.attachments.listeners) {
    check_port(c, each);
    check_openness(c, each);
    check_passthrough(c, each, with_http);
  }
  for (const kube::Gateway& gateway : c.bundle.gateways) check_addresses(c, gateway);
}

// Two Gateways of one class with an explicit address and a port in common.
void check_shared_addresses(const Context& c) {
  std::map<std::string, const kube::GatewayAddress*> claimed;
  std::map<const kube::GatewayAddress*, const kube::Gateway*> owner;
  for (const kube::Gateway& gateway : c.bundle.gateways)
    for (const kube::GatewayAddress& address : gateway.spec.addresses) {
      if (address.value.empty()) continue;
      owner[&address] = &gateway;
      std::set<kube::Port> ports;
      for (const kube::Listener& listener : gateway.spec.listeners) ports.insert(listener.port);
      for (const kube::Port port : ports) {
        auto [it, fresh] = claimed.try_emplace(
            gateway.spec.gateway_class_name + "\1" + address.value + "\1" + std::to_string(port), &address);
        const kube::Gateway* rival = owner[it->second];
        if (fresh || rival == &gateway) continue;
        report(c, {"GW321",
                   gateway,
                   member(address, "value"),
                   "Gateway " + rival->id().display() + " asks for " + address.value + " port " + std::to_string(port) +
                       " too",
                   "only one of them gets it: give them different addresses or ports",
                   {},
                   {{span_of(*rival, member(*it->second, "value")), "the same address"}}});
        break;
      }
    }
}

}  // namespace gw::validate
