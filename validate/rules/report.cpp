// Reporting by code.
#include "validate/rules/report.h"

#include <algorithm>
#include <cassert>
#include <map>

#include "route/order.h"

namespace gw::validate {
namespace {

const SemanticRule& rule_of(std::string_view code) {
  const auto rules = semantic_rules();
  const auto found = std::lower_bound(rules.begin(), rules.end(), code,
                                      [](const SemanticRule& rule, std::string_view c) { return rule.code < c; });
  assert(found != rules.end() && found->code == code);
  return *found;
}

}  // namespace

void report(const Reporting& to, Finding finding) {
  if (to.options.told && !to.options.told(finding.code)) return;
  const SemanticRule& rule = rule_of(finding.code);
  diag::Diagnostic out =
      kube::finding(finding.object, finding.at, std::string(finding.code), finding.severity.value_or(rule.severity),
                    std::string(rule.layer), std::move(finding.message), std::move(finding.help));
  out.related = std::move(finding.related);
  if (to.options.fixes && !finding.edits.empty()) to.options.fixes->add(out, std::move(finding.edits));
  to.sink.report(std::move(out));
}

diag::Span span_of(const kube::Object& object, const yaml::Node* at) {
  if (at) return at->span();
  const yaml::Node* name = object.metadata.node ? object.metadata.node->find("name") : nullptr;
  return name ? name->span() : object.node ? object.node->span() : diag::Span{};
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::vector<PlacedRoute> by_precedence(const Context& context) {
  std::map<const kube::Object*, std::vector<std::string>> places;
  for (const route::ParentStatus& parent : context.attachments.parents) {
    if (!parent.accepted || parent.route_kind != "HTTPRoute") continue;
    auto& list = places[parent.route];
    for (const auto& on : parent.on)
      for (const std::string& host : on.hostnames) list.push_back(std::to_string(on.listener) + '\3' + host);
  }
  std::vector<PlacedRoute> out;
  for (const kube::HttpRoute& route : context.bundle.http_routes) {
    const auto found = places.find(&route);
    if (found == places.end())
      out.push_back({&route, {"\4" + route.id().display()}});
    else
      out.push_back({&route, std::move(found->second)});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return route::older(*a.route, *b.route); });
  return out;
}

}  // namespace gw::validate
