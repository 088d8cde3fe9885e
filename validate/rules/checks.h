// The checks behind the rows of the registry. One function may report several codes.
#pragma once

namespace gw::kube {
struct RawObject;
}

namespace gw::validate {

struct Context;
struct Reporting;

// references.cpp
void check_parents(const Context& context);         // GW201-GW205, GW233-GW235, GW237
void check_lost_hostnames(const Context& context);  // GW236
void check_backends(const Context& context);        // GW206-GW212

// grants.cpp
void check_grants(const Context& context);  // GW229-GW232

// gateways.cpp
void check_classes(const Context& context);           // GW224
void check_listener_sets(const Context& context);     // GW227, GW228
void check_listeners(const Context& context);         // GW301-GW305, GW313, GW316-GW318
void check_unused_listeners(const Context& context);  // GW310, GW311
void check_controllers(const Context& context);       // GW323

// listeners.cpp
void check_listener_lint(const Context& context);     // GW306, GW312, GW314, GW315, GW319, GW322
void check_shared_addresses(const Context& context);  // GW321

// gateway_tls.cpp
void check_gateway_tls(const Context& context);  // GW220-GW223, GW320

// services.cpp
void check_services(const Context& context);             // GW213, GW214, GW507
void check_unused_tls_policies(const Context& context);  // GW506

// extensions.cpp
void check_extensions(const Context& context);  // GW215, GW225, GW226

// profiles.cpp
void check_profile(const Context& context);  // GW324

// scalars.cpp
void check_scalars(const Reporting& to, const kube::RawObject& raw);  // GW009

// certificates.cpp
void check_certificates(const Context& context);          // GW216-GW219, GW307-GW309
void check_ingress_certificates(const Context& context);  // IN207, IN208

// matches.cpp
void check_precedence(const Context& context);  // GW401, GW403
void check_patterns(const Context& context);    // GW404-GW407, GW420, GW422

// shadowing.cpp
void check_shadowing(const Context& context);  // GW402

// timeouts.cpp
void check_timing(const Context& context);      // GW415-GW417, GW431, GW433
void check_plain_http(const Context& context);  // GW419

// layer4.cpp
void check_tls_routes(const Context& context);  // GW424, GW425

// rules.cpp
void check_http_rules(const Context& context);  // GW408-GW414, GW418, GW429, GW432
void check_wire(const Context& context);        // GW435
void check_hostnames(const Context& context);   // GW426-GW428
void check_rule_names(const Context& context);  // GW430
void check_grpc_hosts(const Context& context);  // GW421
void check_single_l4(const Context& context);   // GW423

// policies.cpp
void check_policies(const Context& context);  // GW501-GW505, GW508

// attached_policies.cpp
void check_attached_policies(const Context& context);  // GW501-GW503, GW509, GW510, GW512

// network_policies.cpp
void check_network_policies(const Context& context);  // GW513

// ingress.cpp
void check_ingress_references(const Context& context);  // IN202, IN203, IN205, IN206
void check_ingress_classes(const Context& context);     // IN204
void check_ingress_lint(const Context& context);        // IN201, IN209-IN211, IN214-IN219
void check_ingress_sets(const Context& context);        // IN212, IN213

// annotations.cpp
void check_annotations(const Context& context);  // IN301-IN309, IN402, IN404-IN408, IN410

// migration.cpp
void check_migration(const Context& context);  // IN401, IN403, IN409

}  // namespace gw::validate
