// The controllers beside ingress-nginx: what reads their Ingresses and their own resources, and the names of their
// annotations.
#pragma once
#include <string_view>
#include <vector>

#include "convert/provider.h"

namespace gw::convert {

// Each reads the Ingresses and own resources of the input into `ir`; the fate of every annotation and field goes to the
// ledger.
void read_traefik(const Input& input, Ir& ir, Ledger& ledger);
void read_f5(const Input& input, Ir& ir, Ledger& ledger);
void read_haproxytech(const Input& input, Ir& ir, Ledger& ledger);
void read_haproxy_ingress(const Input& input, Ir& ir, Ledger& ledger);
void read_kong(const Input& input, Ir& ir, Ledger& ledger);
void read_gce(const Input& input, Ir& ir, Ledger& ledger);
void read_alb(const Input& input, Ir& ir, Ledger& ledger);
void read_contour(const Input& input, Ir& ir, Ledger& ledger);
void read_apisix(const Input& input, Ir& ir, Ledger& ledger);
void read_apisix_routes(const Input& input, Ir& ir, Ledger& ledger);
void read_cilium(const Input& input, Ir& ir, Ledger& ledger);

// Each says of an Ingress whether its load balancer is reached from within the network only (Provider::internal).
std::optional<bool> alb_internal(const kube::Ingress& ingress, const kube::Index& others);
std::optional<bool> cilium_internal(const kube::Ingress& ingress, const kube::Index& others);

// Each gives the full names of the annotations that its controller reads, for "did you mean".
std::vector<std::string_view> traefik_annotations();
std::vector<std::string_view> f5_annotations();
std::vector<std::string_view> haproxytech_annotations();
std::vector<std::string_view> haproxy_ingress_annotations();
std::vector<std::string_view> kong_annotations();
std::vector<std::string_view> gce_annotations();
std::vector<std::string_view> alb_annotations();
std::vector<std::string_view> contour_annotations();
std::vector<std::string_view> apisix_annotations();
std::vector<std::string_view> cilium_annotations();

}  // namespace gw::convert
