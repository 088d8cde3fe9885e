// The standard output: GatewayClass, Gateways with their listeners, ListenerSets, grants, routes. Routes leave in
// pieces, so that a large cluster never stands in memory twice.
#include "convert/emit.h"

#include <algorithm>
#include <set>

#include "convert/emitters/fit.h"
#include "convert/emitters/grants.h"
#include "convert/emitters/listeners.h"
#include "convert/emitters/plan.h"
#include "convert/emitters/routes.h"
#include "convert/emitters/traits.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

constexpr std::size_t piece_size = 32;

kube::L4RouteSpec stream_spec(const Stream& stream, const Section& section) {
  kube::L4RouteSpec spec;
  const std::string& ns = stream.owner->metadata.ns;
  spec.parent_refs.push_back(parent_ref(section, ns));
  if (!stream.host.empty()) spec.hostnames.emplace_back(stream.host);
  kube::L4RouteRule& rule = spec.rules.emplace_back();
  for (const Backend& b : stream.backends) rule.backend_refs.push_back(backend_ref(b, ns));
  return spec;
}

template <class Route>
void add_stream(const Stream& stream, const Section& section, std::string name, const diag::Sources& sources,
                std::vector<Route>& routes) {
  auto route = kube::make<Route>(stream.owner->metadata.ns, std::move(name));
  route.comments.push_back(provenance(*stream.owner, stream.at, sources));
  route.metadata.annotations = stream.annotations;
  route.spec = stream_spec(stream, section);
  routes.push_back(std::move(route));
}

void add_streams(const Ir& ir, const Plan& plan, const diag::Sources& sources, NameBook& names, kube::Bundle& out) {
  for (std::size_t i = 0; i < ir.streams.size(); ++i) {
    const Stream& stream = ir.streams[i];
    const std::string port = std::to_string(stream.port), key = std::string(stream.host) + ":" + port;
    const std::string base = stream.owner->metadata.name, ns = stream.owner->metadata.ns;
    switch (stream.kind) {
      case Stream::Kind::passthrough:
        add_stream(stream, plan.streams[i], names.claim("TLSRoute/" + ns, route_name(base, stream.host), key), sources,
                   out.tls_routes);
        break;
      case Stream::Kind::tcp:
        add_stream(stream, plan.streams[i], names.claim("TCPRoute/" + ns, dns_name(base + "-" + port), key), sources,
                   out.tcp_routes);
        break;
      case Stream::Kind::udp:
        add_stream(stream, plan.streams[i], names.claim("UDPRoute/" + ns, dns_name(base + "-" + port), key), sources,
                   out.udp_routes);
        break;
    }
  }
}

// Every gateway reads an authority from a ConfigMap; only some read a Secret. A certificate is no secret: that of a
// Secret among the input is written into a ConfigMap.
kube::ObjectReference authority(const BackendTls& tls, const Target& target, Ledger& ledger, kube::Bundle& out) {
  kube::ObjectReference ca;
  ca.group = "";
  ca.kind = "Secret";
  ca.name = tls.ca_secret;
  if (!tls.ca.empty()) {
    ca.kind = "ConfigMap";
    ca.name = dns_name(tls.ca_secret + "-authority");
    const bool there = std::any_of(out.config_maps.begin(), out.config_maps.end(), [&](const kube::ConfigMap& m) {
      return m.metadata.ns == tls.ns && m.metadata.name == ca.name;
    });
    if (there) return ca;
    auto map = kube::make<kube::ConfigMap>(std::string(tls.ns), std::string(ca.name));
    map.comments.push_back("the authority of Secret " + std::string(tls.ns) + "/" + tls.ca_secret);
    map.data.emplace_back("ca.crt", tls.ca);
    out.config_maps.push_back(std::move(map));
  } else if (!target.reads_authority_secrets) {
    ledger.note({"GW601",
                 diag::Severity::error,
                 "the authority of the backend's certificate is in Secret " + std::string(tls.ns) + "/" +
                     tls.ca_secret + ", which is not among the input, and " + std::string(target.name) +
                     " reads authorities from ConfigMaps only",
                 {},
                 tls.owner,
                 nullptr,
                 "give the Secret among the input, or write its ca.crt into a ConfigMap",
                 Loss::backend_tls});
  }
  return ca;
}

void add_backend_tls(const Ir& ir, const Target& target, Ledger& ledger, const diag::Sources& sources, NameBook& names,
                     kube::Bundle& out) {
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> done;
  for (const BackendTls& tls : ir.backend_tls) {
    if (!done.insert({tls.ns, tls.service, tls.port}).second) continue;
    auto policy = kube::make<kube::BackendTlsPolicy>(std::string(tls.ns), {});
    policy.metadata.name = names.claim("BackendTLSPolicy/" + policy.metadata.ns, dns_name(tls.service),
                                       std::string(tls.service) + "\n" + tls.port);
    policy.comments.push_back(provenance(*tls.owner, nullptr, sources));
    kube::PolicyTargetRef& ref = policy.spec.target_refs.emplace_back();
    ref.kind = "Service";
    ref.name = tls.service;
    if (!tls.port.empty()) ref.section_name = tls.port;
    policy.spec.validation.hostname = tls.hostname;
    if (tls.ca_secret.empty())
      policy.spec.validation.well_known_ca_certificates = "System";
    else
      policy.spec.validation.ca_certificate_refs.push_back(authority(tls, target, ledger, out));
    out.backend_tls_policies.push_back(std::move(policy));
  }
}

class Emitter {
 public:
  Emitter(Ir& ir, const Input& input, const Target& target, Ledger& ledger, const Consumer& consumer)
      : ir_(ir), input_(input), target_(target), ledger_(ledger), consumer_(consumer) {}

  std::size_t run() {
    const Plan plan = make_plan(ir_, input_, target_, ledger_, names_);
    infrastructure(plan);
    kube::Bundle rest;  // the kinds after HTTPRoute
    routes(plan, rest);
    settle_http2(plan);
    add_streams(ir_, plan, input_.sources, names_, rest);
    add_backend_tls(ir_, target_, ledger_, input_.sources, names_, rest);
    rest.others = std::move(others_);
    std::stable_sort(rest.others.begin(), rest.others.end(), [](const auto& a, const auto& b) {
      return std::tie(a.api_version, a.kind, a.metadata.ns, a.metadata.name) <
             std::tie(b.api_version, b.kind, b.metadata.ns, b.metadata.name);
    });
    const std::size_t count = plan.parts.size() + ir_.streams.size();
    consumer_(std::move(rest));
    return count;
  }

 private:
  void infrastructure(const Plan& plan) {
    const Annotations annotations = place_annotations(plan, ir_, input_.options, ledger_);
    kube::Bundle grants;
    if (!input_.options.parent && !(plan.gateways.empty() && plan.listener_sets.empty())) {
      kube::Bundle gateways;
      add_gateways(plan, input_, target_, annotations, gateways);
      consumer_(std::move(gateways));
      listener_sets(plan, annotations);
      PolicyContext context = policy_context();
      if (target_.listener_policies) {
        listener_policies(plan.gateways, "Gateway", context);
        listener_policies(plan.listener_sets, "ListenerSet", context);
      }
    }
    const PolicyContext context = policy_context();
    // Envoy Gateway answers 500 for a mirror whose Service does not exist: it is not written.
    const bool lasting = target_.name == "envoy-gateway" && !input_.bundle.services.empty();
    add_grants(
        plan, ir_,
        [&](const Action& action, const Mirror& m) {
          return keeps_mirrors(action, context) && !(lasting && service_missing(input_, m.backend.ns, m.backend.name));
        },
        grants);
    consumer_(std::move(grants));
  }

  void listener_sets(const Plan& plan, const Annotations& annotations) {
    kube::Bundle piece;
    for (const auto& [id, listeners] : plan.listener_sets) {
      piece.listener_sets.push_back(make_listener_set(plan, id, annotations, input_.sources));
      if (piece.listener_sets.size() < piece_size) continue;
      consumer_(std::move(piece));
      piece = {};
    }
    consumer_(std::move(piece));
  }

  void listener_policies(const std::map<kube::NamespacedName, std::map<std::string, PlannedListener>>& owners,
                         std::string_view kind, PolicyContext& context) {
    for (const auto& [id, listeners] : owners)
      for (const auto& [section, listener] : listeners)
        if (listener.server) target_.listener_policies(*listener.server, id, kind, section, context);
  }

  PolicyContext policy_context() {
    return {input_.options, profile(target_.name), input_.index, ledger_, ir_, others_, shared_, told_};
  }

  void routes(const Plan& plan, kube::Bundle& rest) {
    kube::Bundle piece;
    PolicyContext context = policy_context();
    fit_infrastructure(plan, context);
    add_traits(ir_, context);
    for (const Part& part : plan.parts) {
      if (part.grpc) {
        rest.grpc_routes.push_back(make_grpc_route(part, target_, input_.options, input_.sources));
        continue;
      }
      piece.http_routes.push_back(make_route(part, target_, input_.options, input_.sources));
      const WrittenRoute written{piece.http_routes.back(), part.rules};
      if (target_.policies) target_.policies(written, context);
      fit(written, context);
      if (written.route.spec.rules.empty()) piece.http_routes.pop_back();
      if (piece.http_routes.size() < piece_size) continue;
      consumer_(std::move(piece));
      piece = {};
    }
    consumer_(std::move(piece));
  }

  // GRPCRoute means HTTP/2; of an HTTPRoute the port of the Service must say it.
  void settle_http2(const Plan& plan) {
    if (ir_.http2.empty()) return;
    for (const Part& part : plan.parts)
      for (const Rule* rule : part.rules) {
        const auto claim = ir_.http2.find(rule->owner);
        if (claim == ir_.http2.end()) continue;
        for (const Backend& b : rule->backends) {
          if (b.wire != Wire::h2c && b.wire != Wire::h2_tls) continue;
          if (part.grpc)
            ledger_.settle(claim->second, Outcome::converted, "GRPCRoute " + part.name);
          else if (says_http2(b))
            ledger_.settle(claim->second, Outcome::converted, "HTTPRoute to a port with appProtocol kubernetes.io/h2c");
          else
            ledger_.settle(claim->second, Outcome::approximated,
                           "an HTTPRoute, for what a GRPCRoute cannot say or may not share; the gateway speaks HTTP/2 "
                           "to Service " +
                               std::string(b.ns) + "/" + std::string(b.name) + " when port " + std::to_string(b.port) +
                               " has appProtocol: kubernetes.io/h2c",
                           "GW603");
        }
      }
    for (const auto& [owner, claim] : ir_.http2)
      if (!ledger_.entry(claim).settled)
        ledger_.settle(claim, Outcome::ignored, "no path of this Ingress is forwarded", "GW605");
  }
  bool says_http2(const Backend& b) const {
    const kube::Service* service = input_.index.service({std::string(b.ns), std::string(b.name)});
    return service && std::any_of(service->spec.ports.begin(), service->spec.ports.end(), [&](const auto& port) {
             return port.port == b.port && (port.app_protocol == "kubernetes.io/h2c" || port.app_protocol == "grpc");
           });
  }

  Ir& ir_;
  const Input& input_;
  const Target& target_;
  Ledger& ledger_;
  const Consumer& consumer_;
  NameBook names_;
  std::vector<kube::OtherObject> others_;
  std::unordered_map<std::string, std::size_t> shared_;
  std::set<std::pair<const kube::Object*, Feature>> told_;
};

}  // namespace

std::size_t emit(Ir& ir, const Input& input, const Target& target, Ledger& ledger, const Consumer& consumer) {
  return Emitter(ir, input, target, ledger, consumer).run();
}

}  // namespace gw::convert
