// What would change for external-dns and cert-manager between two sets of manifests, and how to say it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "neighbours/wanted.h"

namespace gw::neighbours {

enum class Change : std::uint8_t { lost, added, changed };
std::string_view name(Change change);  // "lost", "added", "changed"

struct Difference {
  Change change = Change::changed;
  bool record = true;                // else a Certificate
  std::string subject;               // "shop.example.com A", "shop/web-tls"
  std::string before, after, what;   // each side in one line; what differs: "targets", "dnsNames lose www.example.com"
  const kube::Object* by = nullptr;  // that asks for it: on the old side, of what is added on the new one
};

// By change (lost first), records before Certificates, then by subject.
std::vector<Difference> compare(const Wanted& before, const Wanted& after);

// What would be gone or be issued again though somebody uses it: a lost record, a lost Certificate, other names or
// another issuer of a Certificate.
bool grave(const Difference& difference);

// One form in one line: "LB ttl 60", "a.example.com, b.example.com by ClusterIssuer letsencrypt".
std::string text(const Asked<Record>& asked);
std::string text(const Asked<Certificate>& asked);

// Differences as findings GW680 (records) and GW681 (Certificates), those alike in one: `where` names the objects'
// places. `severity` is that of grave ones; others are warnings.
std::vector<diag::Diagnostic> findings(const std::vector<Difference>& differences, diag::Severity severity);

}  // namespace gw::neighbours
