// What a route would have a gateway write: names, values, hosts and targets that HTTP has no place for (kube/wire.h).
#include "kube/wire.h"

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

// The node at "requestHeaderModifier.set[0]" below a filter; as deep as it is written.
const yaml::Node* node_at(const yaml::Node* from, std::string_view path) {
  while (from && !path.empty()) {
    const auto end = path.find('.');
    std::string_view member = path.substr(0, end), number;
    path.remove_prefix(end == path.npos ? path.size() : end + 1);
    if (const auto open = member.find('['); open != member.npos) {
      number = member.substr(open + 1, member.size() - open - 2);
      member = member.substr(0, open);
    }
    const kube::Place place(from);
    const yaml::Node* next =
        number.empty() ? place.below(member) : place.below(member, std::stoul(std::string(number)));
    if (!next) break;
    from = next;
  }
  return from;
}

void check_fault(const Context& c, const kube::Object& route, const yaml::Node* at,
                 const std::optional<kube::wire::Fault>& found) {
  if (found)
    report(c, {"GW435", route, node_at(at, found->at), found->at + ": " + found->message,
               "a gateway refuses the rule and answers its requests 500: write what HTTP allows there"});
}

template <class Rule>
void check_rule(const Context& c, const kube::Object& route, const Rule& rule) {
  const auto check = [&](const std::vector<kube::RouteFilter>& filters) {
    for (const kube::RouteFilter& filter : filters) check_fault(c, route, filter.node, kube::wire::fault(filter));
  };
  check(rule.filters);
  for (const kube::BackendRef& ref : rule.backend_refs) check(ref.filters);
  if (rule.session_persistence)
    check_fault(c, route, rule.session_persistence->node, kube::wire::fault(*rule.session_persistence));
}

}  // namespace

void check_wire(const Context& c) {
  for (const kube::HttpRoute& route : c.bundle.http_routes)
    for (const auto& rule : route.spec.rules) check_rule(c, route, rule);
  for (const kube::GrpcRoute& route : c.bundle.grpc_routes)
    for (const auto& rule : route.spec.rules) check_rule(c, route, rule);
}

}  // namespace gw::validate
