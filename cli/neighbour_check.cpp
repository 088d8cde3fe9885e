#include "cli/neighbour_check.h"

#include <algorithm>
#include <set>

namespace gw::cli {
namespace {

template <class Object, class Copy>
void append(const std::vector<Object>& from, std::vector<Object>& to, Copy&& copy) {
  for (const Object& each : from) copy(each, to.emplace_back());
}

template <class Object>
void copy_head(const Object& from, Object& to) {
  to.api_version = from.api_version;
  to.kind = from.kind;
  to.metadata = from.metadata;
}

template <class Route>
void copy_route(const Route& from, Route& to) {
  copy_head(from, to);
  to.spec.parent_refs = from.spec.parent_refs;
  to.spec.hostnames = from.spec.hostnames;
}

template <class Object>
void copy_all(const Object& from, Object& to) {
  to = from;
}

// Gateways that the routes name and that are not in the output, as with --parent: they are taken to serve every name.
void assume_parents(kube::Bundle& bundle) {
  std::set<kube::NamespacedName> there;
  for (const kube::Gateway& each : bundle.gateways) there.insert(each.id());
  const auto visit = [&](const auto& routes) {
    for (const auto& route : routes)
      for (const kube::ParentReference& ref : route.spec.parent_refs) {
        const kube::NamespacedName id{ref.ns ? std::string(*ref.ns) : std::string(route.metadata.ns), ref.name};
        if (ref.kind.value_or("Gateway") != "Gateway" || !there.insert(id).second) continue;
        kube::Gateway& gateway = bundle.gateways.emplace_back();
        gateway.metadata.ns = id.ns;
        gateway.metadata.name = id.name;
        for (const char* protocol : {"HTTP", "HTTPS", "TLS"}) {
          kube::Listener& listener = gateway.spec.listeners.emplace_back();
          listener.name = ref.section_name ? *ref.section_name : kube::String(protocol);
          listener.protocol = protocol;
          listener.allowed_routes.emplace().namespaces.emplace().from = "All";
        }
      }
  };
  visit(bundle.http_routes);
  visit(bundle.grpc_routes);
  visit(bundle.tls_routes);
}

bool names_dns(const kube::Object& object) {
  return std::any_of(object.metadata.annotations.begin(), object.metadata.annotations.end(),
                     [](const auto& each) { return each.first.starts_with("external-dns."); });
}

}  // namespace

// A Gateway never asks for a Certificate because of kubernetes.io/tls-acme: whether there is a default issuer is not
// known here.
NeighbourCheck::NeighbourCheck(const kube::Bundle& old)
    : before_(neighbours::wanted(old, {.default_issuer = true})), old_(old) {
  dns_in_use_ = std::any_of(old.ingresses.begin(), old.ingresses.end(), names_dns);
  restart();
}

void NeighbourCheck::restart() {
  made_ = {};
  made_.namespaces = old_.namespaces;
  add(old_);  // what is there besides Ingresses stays
}

void NeighbourCheck::add(const kube::Bundle& piece) {
  append(piece.gateways, made_.gateways, copy_all<kube::Gateway>);
  append(piece.listener_sets, made_.listener_sets, copy_all<kube::ListenerSet>);
  append(piece.http_routes, made_.http_routes, copy_route<kube::HttpRoute>);
  append(piece.grpc_routes, made_.grpc_routes, copy_route<kube::GrpcRoute>);
  append(piece.tls_routes, made_.tls_routes, copy_route<kube::TlsRoute>);
  for (const kube::OtherObject& each : piece.others)
    if (each.kind == "Certificate") made_.others.push_back(each);
}

void NeighbourCheck::leave_out(const kube::Object& ingress) {
  std::erase_if(before_.records, [&](const auto& each) { return each.second.by == &ingress; });
  std::erase_if(before_.certificates, [&](const auto& each) { return each.second.by == &ingress; });
}

neighbours::Wanted NeighbourCheck::after(bool listener_sets) const {
  kube::Bundle bundle = made_;
  assume_parents(bundle);
  neighbours::Options options;
  options.listener_sets = listener_sets;
  neighbours::Wanted wanted = neighbours::wanted(bundle, options);
  for (auto& [key, asked] : wanted.records) asked.by = nullptr;  // the copy ends here
  for (auto& [key, asked] : wanted.certificates) asked.by = nullptr;
  return wanted;
}

std::vector<neighbours::Difference> NeighbourCheck::differences() const {
  return neighbours::compare(before_, after(true));
}

std::vector<diag::Diagnostic> NeighbourCheck::findings(const Conversion& conversion) const {
  using diag::Severity;
  const auto grave = [&](bool in_use) { return in_use && !conversion.parent ? Severity::error : Severity::warning; };
  const neighbours::Wanted fresh = after(true);
  std::vector<neighbours::Difference> records, certificates;
  for (neighbours::Difference& d : neighbours::compare(before_, fresh)) {
    const bool known = conversion.refused && d.record && !dns_in_use_ && d.change == neighbours::Change::lost;
    const bool other_source = conversion.own_kinds && d.record && d.change == neighbours::Change::added;
    if (!known && !other_source) (d.record ? records : certificates).push_back(std::move(d));
  }
  std::vector<diag::Diagnostic> out = neighbours::findings(records, grave(dns_in_use_));
  for (diag::Diagnostic& d : neighbours::findings(certificates, grave(true))) out.push_back(std::move(d));
  if (made_.listener_sets.empty()) return out;
  std::string lost;
  for (const neighbours::Difference& d : neighbours::compare(fresh, after(false)))
    if (d.change != neighbours::Change::added) lost += (lost.empty() ? "" : ", ") + d.subject;
  if (lost.empty()) return out;
  diag::Diagnostic finding;
  finding.code = "GW682";
  finding.severity = Severity::warning;
  finding.layer = "convert";
  finding.message =
      "by default neither external-dns nor cert-manager reads ListenerSets; without that these DNS records and "
      "Certificates are lost: " +
      lost;
  finding.help =
      "start external-dns with --gateway-listener-sets, and cert-manager with its ListenerSets feature gate and "
      "Gateway API support";
  out.push_back(std::move(finding));
  return out;
}

}  // namespace gw::cli
