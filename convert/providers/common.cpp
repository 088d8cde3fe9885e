#include "convert/providers/common.h"

#include <algorithm>

#include "convert/object_names.h"
#include "yaml/scalar.h"

namespace gw::convert {
namespace {

using diag::Severity;

const kube::ServicePort* port_named(const kube::Service& service, std::string_view name) {
  const auto& ports = service.spec.ports;
  const auto at = std::find_if(ports.begin(), ports.end(), [&](const kube::ServicePort& p) { return p.name == name; });
  return at == ports.end() ? nullptr : &*at;
}

bool has_port(const kube::Service& service, kube::Port number) {
  const auto& ports = service.spec.ports;
  return std::any_of(ports.begin(), ports.end(), [&](const kube::ServicePort& p) { return p.port == number; });
}

// The port that leads to a container port of this number; ingress-nginx takes those too.
const kube::ServicePort* port_to(const kube::Service& service, kube::Port target) {
  const auto& ports = service.spec.ports;
  const auto at = std::find_if(ports.begin(), ports.end(), [&](const kube::ServicePort& p) {
    return p.target_port && p.target_port->name.empty() && p.target_port->number == target;
  });
  return at == ports.end() ? nullptr : &*at;
}

// What the port of this name most likely is; told as a guess.
kube::Port guess(std::string_view name) {
  return name == "https" ? 443 : 80;
}

}  // namespace

std::vector<const kube::Ingress*> by_age(std::vector<const kube::Ingress*> ingresses, Ties ties) {
  std::sort(ingresses.begin(), ingresses.end(), [&](const kube::Ingress* a, const kube::Ingress* b) {
    const std::string &ta = a->metadata.creation_timestamp, &tb = b->metadata.creation_timestamp;
    if (ta.empty() != tb.empty()) return tb.empty();
    if (ta != tb) return ta < tb;
    const auto left = std::tie(a->metadata.ns, a->metadata.name), right = std::tie(b->metadata.ns, b->metadata.name);
    return ties == Ties::ascending ? left < right : right < left;
  });
  return ingresses;
}

std::string_view normal_host(std::string_view host, Ir& ir) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (std::none_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) return host;
  std::string lower(host);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ir.keep(std::move(lower));
}

std::string authority_of(const Input& input, std::string_view ns, const std::string& secret) {
  const kube::Secret* found = secret.empty() ? nullptr : input.index.secret({std::string(ns), secret});
  if (!found) return {};
  if (const std::string* plain = kube::find(found->string_data, "ca.crt")) return *plain;
  const std::string* encoded = kube::find(found->data, "ca.crt");
  return encoded ? yaml::decode_base64(*encoded).value_or("") : std::string();
}

bool from_cluster(const Input& input, const kube::Object& object) {
  return object.node && object.node->span().known() &&
         input.sources.name(object.node->span().file).starts_with("cluster:");
}

std::optional<Backend> make_backend(const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                                    const kube::IngressServiceBackend& service, const Input& input, Ledger& ledger) {
  Backend b;
  b.ns = ns;
  b.name = service.name;
  b.port = service.port.number;
  const std::string shown = std::string(ns) + "/" + service.name;
  const bool known = input.bundle.services_known();
  const kube::Service* target = known ? input.index.service({std::string(ns), service.name}) : nullptr;
  if (!service.port.name.empty()) {
    const kube::ServicePort* port = target ? port_named(*target, service.port.name) : nullptr;
    if (port) {
      b.port = port->port;
    } else if (target) {
      ledger.note({"GW608",
                   Severity::error,
                   "Service " + shown + " has no port named '" + service.port.name + "'",
                   {},
                   &owner,
                   at,
                   "name one of its ports; the rule has no backend until then",
                   Loss::backend});
      return std::nullopt;
    } else {
      b.port = guess(service.port.name);
      const bool usual = service.port.name == "http" || service.port.name == "https";
      ledger.note({"GW608",
                   usual ? Severity::warning : Severity::error,
                   "port '" + service.port.name + "' of Service " + shown + " has no number here; " +
                       std::to_string(b.port) + " is written, which is a guess",
                   {},
                   &owner,
                   at,
                   "give the Service among the input, or correct the port in the output",
                   Loss::backend});
    }
  }
  if (target && service.port.name.empty() && !has_port(*target, b.port))
    if (const kube::ServicePort* port = port_to(*target, b.port)) b.port = port->port;
  if (target && target->spec.type == "ExternalName" && input.options.to != "envoy-gateway") {
    const bool refused = input.options.to == "istio";
    ledger.note_once({"GW613",
                      refused ? Severity::error : Severity::warning,
                      "Service " + shown + " is of type ExternalName (" + target->spec.external_name +
                          "): " + (refused ? "istio answers 500 for it" : "not every gateway serves such a backend"),
                      {},
                      &owner,
                      at,
                      "try it before you move, or put a proxy of your own in front of the name",
                      refused ? Loss::backend : Loss::none});
  }
  if (known && !target) {
    ledger.note({"GW624",
                 Severity::warning,
                 "Service " + shown + " is not among the input: requests that got 503 from the controller get 500",
                 {},
                 &owner,
                 at});
  } else if (target && !has_port(*target, b.port)) {
    ledger.note({"GW624",
                 Severity::warning,
                 "Service " + shown + " has no port " + std::to_string(b.port) +
                     ": requests that got 503 from the controller get 500",
                 {},
                 &owner,
                 at});
  }
  return b;
}

std::optional<Backend> make_backend(const kube::Ingress& ingress, const kube::IngressBackend& backend,
                                    const Input& input, Ledger& ledger) {
  if (backend.service && !backend.service->name.empty())
    return make_backend(ingress, backend.node, ingress.metadata.ns, *backend.service, input, ledger);
  if (!backend.resource || backend.resource->name.empty()) {
    ledger.note({"GW614",
                 Severity::error,
                 "a path names neither a Service nor a resource",
                 {},
                 &ingress,
                 backend.node,
                 "write backend.service.name and port",
                 Loss::backend});
    return std::nullopt;
  }
  Backend b;
  b.ns = ingress.metadata.ns;
  b.name = backend.resource->name;
  b.resource = ResourceKind{backend.resource->api_group, backend.resource->kind};
  ledger.note({"GW613",
               Severity::warning,
               "backend " + std::string(b.resource->kind) + " '" + std::string(b.name) +
                   "' is carried over; the gateway must know that kind",
               {},
               &ingress,
               backend.node});
  return b;
}

std::optional<TlsFor> tls_for(const kube::Ingress& ingress, std::string_view host) {
  std::optional<TlsFor> found;
  int rank = 0;  // exact name, wildcard, entry without hosts
  for (const kube::IngressTls& tls : ingress.spec.tls) {
    const auto names = [&](auto&& same) { return std::any_of(tls.hosts.begin(), tls.hosts.end(), same); };
    const int r = names([&](const std::string& h) { return h == host; })                 ? 3
                  : names([&](const std::string& h) { return covers(h, host); })         ? 2
                  : tls.hosts.empty() || (tls.hosts.size() == 1 && tls.hosts[0].empty()) ? 1
                                                                                         : 0;
    if (r > rank) {
      rank = r;
      found = TlsFor{&tls, r > 1};
    }
  }
  return found;
}

void add_certificate(Server& server, const kube::Ingress& ingress, const TlsFor& tls, Ir& ir, Ledger& ledger) {
  server.tls = true;
  if (!server.certificates.empty()) return;
  Certificate c{ingress.metadata.ns, tls.entry->secret_name, &ingress};
  if (c.name.empty()) {
    c.name = ir.keep(dns_name("tls-" + (server.host.empty() ? std::string("default") : host_slug(server.host))));
    ledger.note(
        {"GW609",
         Severity::warning,
         "no Secret is named for " +
             (server.host.empty() ? std::string("hosts without a name") : "host '" + std::string(server.host) + "'") +
             "; the listener refers to '" + std::string(c.name) + "'",
         {},
         &ingress,
         tls.entry->node,
         "create that Secret, or name one in spec.tls"});
  }
  server.certificates.push_back(c);
}

bool add_cloud_certificates(Server& server, const kube::Ingress& ingress, const std::vector<std::string>& names,
                            Ir& ir) {
  for (const std::string& name : names) {
    server.tls = true;
    if (std::none_of(server.certificates.begin(), server.certificates.end(),
                     [&](const Certificate& c) { return c.of_cloud && c.name == name; }))
      server.certificates.push_back({{}, ir.keep(name), &ingress, true});
  }
  return !names.empty();
}

}  // namespace gw::convert
