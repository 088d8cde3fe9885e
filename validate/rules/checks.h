// The checks behind the rows of the registry. One function may report several codes.
#pragma once

namespace gw::validate {

struct Context;

// references.cpp
void check_parents(const Context& context);         // GW201-GW205, GW233-GW235
void check_lost_hostnames(const Context& context);  // GW236
void check_backends(const Context& context);        // GW206-GW212

// grants.cpp
void check_grants(const Context& context);  // GW229-GW232

// gateways.cpp
void check_classes(const Context& context);           // GW224
void check_listener_sets(const Context& context);     // GW227, GW228
void check_listeners(const Context& context);         // GW301-GW305, GW313, GW316-GW318
void check_unused_listeners(const Context& context);  // GW310

// certificates.cpp
void check_certificates(const Context& context);          // GW216-GW219, GW307-GW309
void check_ingress_certificates(const Context& context);  // IN207, IN208

// matches.cpp
void check_precedence(const Context& context);  // GW401, GW403
void check_patterns(const Context& context);    // GW404, GW406, GW407

// rules.cpp
void check_http_rules(const Context& context);  // GW408-GW414, GW418, GW429, GW432
void check_hostnames(const Context& context);   // GW426, GW428
void check_grpc_hosts(const Context& context);  // GW421
void check_single_l4(const Context& context);   // GW423

// policies.cpp
void check_policies(const Context& context);  // GW501-GW505

// ingress.cpp
void check_ingress_references(const Context& context);  // IN202, IN203, IN205, IN206
void check_ingress_classes(const Context& context);     // IN204
void check_ingress_lint(const Context& context);        // IN201, IN209, IN211, IN215, IN218, IN219
void check_ingress_sets(const Context& context);        // IN212, IN213

// annotations.cpp
void check_annotations(const Context& context);  // IN301-IN308, IN402, IN404, IN407, IN408, IN410

}  // namespace gw::validate
