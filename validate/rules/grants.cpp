// ReferenceGrants that open too much, nothing, or stand in the wrong place.
#include <algorithm>
#include <set>

#include "kube/kinds.h"
#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

struct Use {
  std::string from_group, from_kind, from_ns, to_group, to_kind, to_ns, to_name;
};

// Every reference of the set that crosses namespaces.
std::vector<Use> crossings(const kube::Bundle& bundle) {
  std::vector<Use> out;
  const std::string group(kube::gateway_group);
  auto add = [&](const kube::Object& from, const std::string& to_group, const std::string& kind, const auto& ref) {
    if (ref.ns && *ref.ns != from.metadata.ns)
      out.push_back({group, from.kind, from.metadata.ns, to_group, kind, *ref.ns, ref.name});
  };
  auto add_backend = [&](const kube::Object& from, const auto& ref) {
    add(from, ref.group.value_or(""), ref.kind.value_or("Service"), ref);
  };
  each_route(bundle, [&](const auto& route, std::string_view) {
    for (const auto& rule : route.spec.rules) {
      for (const auto& ref : rule.backend_refs) add_backend(route, ref);
      if constexpr (requires { rule.filters; })
        for (const auto& filter : rule.filters) {
          if (filter.request_mirror) add_backend(route, filter.request_mirror->backend_ref);
          if (filter.external_auth) add_backend(route, filter.external_auth->backend_ref);
        }
    }
  });
  each_listener_owner(bundle, [&](const auto& owner, const auto& listeners) {
    for (const kube::Listener& listener : listeners)
      if (listener.tls)
        for (const auto& ref : listener.tls->certificate_refs)
          add(owner, ref.group.value_or(""), ref.kind.value_or("Secret"), ref);
  });
  for (const kube::Gateway& gateway : bundle.gateways) {
    if (!gateway.spec.tls) continue;
    if (const auto& backend = gateway.spec.tls->backend; backend && backend->client_certificate_ref)
      add(gateway, "", "Secret", *backend->client_certificate_ref);
    if (const auto& frontend = gateway.spec.tls->frontend) {
      auto add_all = [&](const kube::FrontendTlsConfig& config) {
        if (config.validation)
          for (const auto& ref : config.validation->ca_certificate_refs)
            add(gateway, ref.group.value_or(""), ref.kind.value_or("ConfigMap"), ref);
      };
      add_all(frontend->default_config);
      for (const auto& port : frontend->per_port) add_all(port.tls);
    }
  }
  return out;
}

bool opens(const kube::GrantFrom& from, const Use& use) {
  return from.group == use.from_group && from.kind == use.from_kind && from.ns == use.from_ns;
}
bool opens(const kube::GrantTo& to, const Use& use) {
  return to.group == use.to_group && to.kind == use.to_kind &&
         (!to.name || to.name->empty() || *to.name == use.to_name);
}

bool fits(const kube::ReferenceGrant& grant, const Use& use) {
  return std::any_of(grant.spec.from.begin(), grant.spec.from.end(),
                     [&](const auto& from) { return opens(from, use); }) &&
         std::any_of(grant.spec.to.begin(), grant.spec.to.end(), [&](const auto& to) { return opens(to, use); });
}

// Spellings that look right and match nothing.
void check_spelling(const Context& c, const kube::ReferenceGrant& grant) {
  auto check = [&](const auto& entry, std::string_view what) {
    if (entry.group == "core" || entry.group == "v1")
      report(c, {"GW231",
                 grant,
                 member(entry, "group"),
                 "the core group is written \"\", not " + quoted(entry.group),
                 "write group: \"\"",
                 {},
                 {},
                 {{member(entry, "group")->span(), Repair::replace, "\"\""}}});
    const bool lower = !entry.kind.empty() && entry.kind[0] >= 'a' && entry.kind[0] <= 'z';
    if (lower)
      report(c, {"GW231", grant, member(entry, "kind"), quoted(entry.kind) + " is not a kind: this grant never applies",
                 "write the kind as in manifests, for example " + std::string(what)});
  };
  for (const auto& from : grant.spec.from) {
    check(from, "HTTPRoute");
    if (from.ns == grant.metadata.ns)
      report(c, {"GW231", grant, member(from, "namespace"), "references inside " + quoted(from.ns) + " need no grant",
                 "name the namespace the reference comes from", diag::Severity::warning});
  }
  for (const auto& to : grant.spec.to) {
    check(to, "Service");
    if (to.kind == "Secret" && to.group.empty() && (!to.name || to.name->empty()))
      report(c, {"GW230", grant, to.node, "every Secret of namespace " + quoted(grant.metadata.ns) + " may be used",
                 "name the Secret: add name: to this entry"});
  }
}

}  // namespace

void check_grants(const Context& c) {
  const std::vector<Use> uses = c.bundle.reference_grants.empty() ? std::vector<Use>{} : crossings(c.bundle);
  for (const kube::ReferenceGrant& grant : c.bundle.reference_grants) {
    check_spelling(c, grant);
    const bool used = std::any_of(uses.begin(), uses.end(),
                                  [&](const Use& use) { return use.to_ns == grant.metadata.ns && fits(grant, use); });
    if (used || uses.empty()) continue;
    auto misplaced = std::find_if(uses.begin(), uses.end(), [&](const Use& use) {
      return fits(grant, use) && !c.index.granted(use.from_group, use.from_kind, use.from_ns, use.to_group, use.to_kind,
                                                  use.to_ns, use.to_name);
    });
    if (misplaced != uses.end())
      report(c, {"GW232", grant, member(grant.metadata, "namespace"),
                 "a grant belongs to the namespace it opens: this one stands in " + quoted(grant.metadata.ns) +
                     ", the reference goes to " + quoted(misplaced->to_ns),
                 "move it to namespace " + misplaced->to_ns});
    else
      report(c, {"GW229", grant, nullptr, "no reference of this set uses this grant",
                 "remove it if nothing else needs it"});
  }
}

}  // namespace gw::validate
