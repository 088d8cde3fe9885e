#include "convert/emitters/grants.h"

#include "kube/kinds.h"

namespace gw::convert {
namespace {

constexpr std::size_t max_to = 16;

struct Crossing {
  std::string to_ns, from_kind, from_ns, to_group, to_kind;
  auto operator<=>(const Crossing&) const = default;
};
using Crossings = std::map<Crossing, std::set<std::string>>;  // → names

void note_certificates(const std::string& from_kind, const kube::NamespacedName& owner,
                       const std::map<std::string, PlannedListener>& listeners, Crossings& crossings) {
  for (const auto& [name, listener] : listeners)
    for (const Certificate& c : listener.certificates)
      if (c.ns != owner.ns && !c.of_cloud)
        crossings[{std::string(c.ns), from_kind, owner.ns, "", "Secret"}].insert(std::string(c.name));
}

void note_backend(const Backend& b, const std::string& from_kind, const std::string& ns, Crossings& crossings) {
  if (b.ns == ns) return;
  const ResourceKind to = kind_of(b);
  crossings[{std::string(b.ns), from_kind, ns, std::string(to.group), std::string(to.kind)}].insert(
      std::string(b.name));
}

kube::ReferenceGrant make_grant(const Crossing& c, std::size_t number) {
  std::string name = "from-" + c.from_ns + "-" + c.from_kind + "-to-" + c.to_kind;
  for (char& ch : name) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
  if (number > 1) name += "-" + std::to_string(number);
  auto grant = kube::make<kube::ReferenceGrant>(c.to_ns, dns_name(name));
  kube::GrantFrom& from = grant.spec.from.emplace_back();
  from.group = std::string(kube::gateway_group);
  from.kind = c.from_kind;
  from.ns = c.from_ns;
  return grant;
}

}  // namespace

void add_grants(const Plan& plan, const Ir& ir, const MirrorTest& mirrored, kube::Bundle& out) {
  Crossings crossings;
  for (const auto& [id, listeners] : plan.gateways) note_certificates("Gateway", id, listeners, crossings);
  for (const auto& [id, listeners] : plan.listener_sets) note_certificates("ListenerSet", id, listeners, crossings);
  for (const Part& part : plan.parts)
    for (const Rule* rule : part.rules) {
      if (part.to_https) continue;  // it sends to no backend
      const std::string& ns = part.ns;
      const std::string kind = part.grpc ? "GRPCRoute" : "HTTPRoute";
      for (const Backend& b : rule->backends) note_backend(b, kind, ns, crossings);
      if (rule->action)
        for (const Mirror& m : rule->action->mirrors)
          if (mirrored(*rule->action, m)) note_backend(m.backend, kind, ns, crossings);
    }
  static const std::string kinds[] = {"TLSRoute", "TCPRoute", "UDPRoute"};
  for (const Stream& stream : ir.streams)
    for (const Backend& b : stream.backends)
      note_backend(b, kinds[static_cast<std::size_t>(stream.kind)], stream.owner->metadata.ns, crossings);

  for (const auto& [crossing, names] : crossings) {
    std::size_t number = 0, in_grant = max_to;
    for (const std::string& name : names) {
      if (in_grant == max_to) {
        out.reference_grants.push_back(make_grant(crossing, ++number));
        in_grant = 0;
      }
      kube::GrantTo to;
      to.group = crossing.to_group;
      to.kind = crossing.to_kind;
      to.name = name;
      out.reference_grants.back().spec.to.push_back(std::move(to));
      ++in_grant;
    }
  }
}

}  // namespace gw::convert
