// Reads the graph off the Attachments (who hangs where), the Table (which backend answers) and the resources (the
// rest).
#include "graph/topology.h"

#include <algorithm>
#include <map>
#include <set>

#include "graph/policies.h"
#include "graph/route_map.h"

namespace gw::graph {
namespace {

const route::Condition* refused(const std::vector<route::Condition>& conditions) {
  for (const route::Condition& condition : conditions)
    if (!condition.status && (condition.type == "Accepted" || condition.type == "ResolvedRefs")) return &condition;
  return nullptr;
}

std::string why(const std::vector<route::Condition>& conditions) {
  const route::Condition* condition = refused(conditions);
  if (condition == nullptr) return {};
  return condition->reason + (condition->message.empty() ? "" : ": " + condition->message);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string summary(const std::vector<kube::HttpRouteMatch>& matches) {
  if (matches.empty()) return "/";
  const kube::HttpRouteMatch& first = matches.front();
  const std::string type = first.path ? first.path->type.value_or("PathPrefix") : "PathPrefix";
  std::string out = first.path ? first.path->value.value_or("/") : "/";
  if (type == "Exact") out = "= " + out;
  if (type == "RegularExpression") out = "~ " + out;
  if (first.method) out = *first.method + " " + out;
  if (!first.headers.empty() || !first.query_params.empty()) out += " if …";
  if (matches.size() > 1) out += " (+" + std::to_string(matches.size() - 1) + ")";
  return out;
}

std::string summary(const std::vector<kube::GrpcRouteMatch>& matches) {
  if (matches.empty() || !matches.front().method) return "every method";
  const auto& method = *matches.front().method;
  std::string out = method.service.value_or("*") + "/" + method.method.value_or("*");
  if (matches.size() > 1) out += " (+" + std::to_string(matches.size() - 1) + ")";
  return out;
}

template <class Rule>
std::string rule_title(const Rule& rule) {
  if constexpr (requires { rule.matches; })
    return summary(rule.matches);
  else
    return "every connection";
}

class Builder {
 public:
  Builder(const kube::Index& index, const route::Attachments& attachments, const route::Table& table)
      : index_(index), attachments_(attachments), policies_(index, attachments) {
    for (const route::Action* action : table.all_actions())
      actions_[{action->source.kind, action->source.object, action->source.rule}] = action;
  }

  Graph run() {
    for (const route::GatewayStatus& status : attachments_.gateways) add_gateway(status);
    for (const route::ListenerStatus& status : attachments_.listeners) add_listener(status);
    for (const route::ParentStatus& parent : attachments_.parents) add_parent(parent);
    const kube::Bundle& bundle = index_.bundle();
    for (const kube::HttpRoute& route : bundle.http_routes) add_rules(route, "HTTPRoute");
    for (const kube::GrpcRoute& route : bundle.grpc_routes) add_rules(route, "GRPCRoute");
    for (const kube::TlsRoute& route : bundle.tls_routes) add_rules(route, "TLSRoute");
    for (const kube::TcpRoute& route : bundle.tcp_routes) add_rules(route, "TCPRoute");
    for (const kube::UdpRoute& route : bundle.udp_routes) add_rules(route, "UDPRoute");
    return sorted();
  }

 private:
  std::size_t add(Node node) {
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.size() - 1;
  }
  void connect(Edge edge) {
    edge.crosses = edge.crosses || graph_.nodes[edge.from].ns != graph_.nodes[edge.to].ns;
    graph_.edges.push_back(std::move(edge));
  }

  void add_gateway(const route::GatewayStatus& status) {
    const kube::Gateway& gateway = *status.gateway;
    const std::size_t node =
        add({Column::gateway, "Gateway " + gateway.id().display(),
             with("class " + gateway.spec.gateway_class_name, policies_.on("Gateway", gateway.id())),
             gateway.metadata.ns, why(status.conditions)});
    gateways_[&gateway] = node;
  }

  void add_listener(const route::ListenerStatus& status) {
    const kube::Listener& from = *status.listener;
    std::string title = from.name;
    if (status.owner != status.gateway) title += " (ListenerSet " + status.owner->id().display() + ")";
    const std::string detail =
        from.protocol + " " + std::to_string(from.port) + " " + from.hostname.value_or("every host");
    std::string problem = why(status.conditions);
    if (problem.empty() && !status.usable) problem = "takes no traffic";
    const std::size_t node = add({Column::listener, title, detail, status.owner->metadata.ns, problem});
    listeners_.push_back(node);
    if (const auto gateway = gateways_.find(status.gateway); gateway != gateways_.end())
      connect({gateway->second, node, "", 1, false, "", ""});
  }

  void add_parent(const route::ParentStatus& parent) {
    const std::size_t node = route_node(parent);
    for (const route::ParentStatus::On& on : parent.on)
      if (parent.accepted) connect({listeners_[on.listener], node, "", 1, false, "", ""});
    if (parent.accepted) return;
    const std::string problem = why(parent.conditions);
    if (const auto gateway = gateways_.find(parent.gateway); gateway != gateways_.end())
      connect({gateway->second, node, "", 1, false, "", problem.empty() ? "not accepted" : problem});
    else
      graph_.nodes[node].problem = "parent " + parent.ref->name + " is not in the input";
  }

  static std::string with(std::string detail, const std::vector<std::string>& policies) {
    if (policies.empty()) return detail;
    return detail + (detail.empty() ? "" : "; ") + joined(policies);
  }
  // Those on the route and those that it inherits.
  std::vector<std::string> policies_of(const kube::Object& route) const {
    std::vector<std::string> out;
    if (policies_.empty()) return out;
    for (const AttachedPolicy& one : policies_.of(route).attached)
      out.push_back(one.policy->kind + " " + one.policy->id().display() + (one.inherited ? " (inherited)" : ""));
    return out;
  }

  std::size_t route_node(const route::ParentStatus& parent) {
    const auto [it, fresh] = routes_.try_emplace(parent.route, graph_.nodes.size());
    if (fresh)
      add({Column::route, parent.route_kind + " " + parent.route->id().display(), "", parent.route->metadata.ns, ""});
    return it->second;
  }

  template <class Route>
  void add_rules(const Route& route, const std::string& kind) {
    const auto found = routes_.find(&route);
    const std::size_t at =
        found != routes_.end()
            ? found->second
            : add({Column::route, kind + " " + route.id().display(), "", route.metadata.ns, "names no parent"});
    if constexpr (requires { route.spec.hostnames; })
      graph_.nodes[at].detail = joined(kube::strings(route.spec.hostnames));
    graph_.nodes[at].detail = with(std::move(graph_.nodes[at].detail), policies_of(route));
    for (std::size_t i = 0; i < route.spec.rules.size(); ++i) {
      const auto& rule = route.spec.rules[i];
      Node node{Column::rule, rule_title(rule), "", route.metadata.ns, ""};
      if constexpr (requires { rule.name; }) node.detail = rule.name.value_or("");
      const auto action = actions_.find({kind, route.id(), i});
      if (action != actions_.end()) {
        node.problem = action->second->broken;
        if (action->second->redirect) node.detail = outcome(*action->second);
      }
      const std::size_t rule_node = add(std::move(node));
      connect({at, rule_node, "", 1, false, "", ""});
      add_backends(rule_node, kind, rule.backend_refs, action != actions_.end() ? action->second : nullptr);
    }
  }

  void add_backends(std::size_t rule, const std::string& kind, const std::vector<kube::BackendRef>& refs,
                    const route::Action* action) {
    double total = 0;
    for (const kube::BackendRef& ref : refs) total += ref.weight.value_or(1);
    for (std::size_t i = 0; i < refs.size(); ++i) {
      const kube::BackendRef& ref = refs[i];
      const kube::NamespacedName id{ref.ns.value_or(graph_.nodes[rule].ns), ref.name};
      const bool resolved = action != nullptr && i < action->backends.size();
      std::string problem = resolved ? action->backends[i].why : "";
      if (!resolved && index_.bundle().services_known() && index_.service(id) == nullptr)
        problem = "Service " + id.display() + " is not in the input";
      const double share = total > 0 ? ref.weight.value_or(1) / total : 0;
      Edge edge{rule,  service_node(id, ref, problem),         "",     share,
                false, grant(kind, graph_.nodes[rule].ns, id), problem};
      if (refs.size() > 1) edge.label = std::to_string(static_cast<int>(share * 100 + 0.5)) + "%";
      connect(std::move(edge));
    }
  }

  std::size_t service_node(const kube::NamespacedName& id, const kube::BackendRef& ref, const std::string& problem) {
    const std::string kind = ref.kind.value_or("Service");
    const std::string port = ref.port ? ":" + std::to_string(*ref.port) : "";
    const auto [it, fresh] = services_.try_emplace(kind + " " + id.display() + port, graph_.nodes.size());
    if (fresh)
      add({Column::service, (kind == "Service" ? "" : kind + " ") + id.display() + port,
           with("", policies_.on(kind, id)), id.ns, problem});
    return it->second;
  }

  // The name of the ReferenceGrant that lets a route of `ns` refer to the Service.
  std::string grant(const std::string& kind, const std::string& ns, const kube::NamespacedName& to) const {
    if (ns == to.ns) return {};
    for (const kube::ReferenceGrant& grant : index_.bundle().reference_grants) {
      if (grant.metadata.ns != to.ns) continue;
      const bool from = std::any_of(grant.spec.from.begin(), grant.spec.from.end(),
                                    [&](const auto& f) { return f.kind == kind && f.ns == ns; });
      const bool covers = std::any_of(grant.spec.to.begin(), grant.spec.to.end(), [&](const auto& t) {
        return t.kind == "Service" && t.name.value_or(to.name) == to.name;
      });
      if (from && covers) return grant.metadata.name;
    }
    return {};
  }

  // Columns in order; within a column in the order in which things were met, children beside their parents.
  Graph sorted() {
    std::vector<std::size_t> order(graph_.nodes.size()), place(graph_.nodes.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return graph_.nodes[a].column < graph_.nodes[b].column; });
    Graph out;
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      out.nodes.push_back(std::move(graph_.nodes[order[i]]));
    }
    std::set<std::pair<std::size_t, std::size_t>> seen;
    for (Edge& edge : graph_.edges) {
      edge.from = place[edge.from];
      edge.to = place[edge.to];
      if (seen.emplace(edge.from, edge.to).second) out.edges.push_back(std::move(edge));
    }
    std::stable_sort(out.edges.begin(), out.edges.end(),
                     [](const Edge& a, const Edge& b) { return std::pair(a.from, a.to) < std::pair(b.from, b.to); });
    return out;
  }

  using ActionKey = std::tuple<std::string, kube::NamespacedName, std::size_t>;

  const kube::Index& index_;
  const route::Attachments& attachments_;
  const PolicyTree policies_;
  std::map<ActionKey, const route::Action*> actions_;
  Graph graph_;
  std::map<const kube::Gateway*, std::size_t> gateways_;
  std::vector<std::size_t> listeners_;
  std::map<const kube::Object*, std::size_t> routes_;
  std::map<std::string, std::size_t> services_;
};

}  // namespace

Graph topology(const kube::Index& index, const route::Attachments& attachments, const route::Table& table) {
  return Builder(index, attachments, table).run();
}

Graph folded(const Graph& graph) {
  constexpr std::size_t most_listeners = 40;
  const auto listeners = std::count_if(graph.nodes.begin(), graph.nodes.end(),
                                       [](const Node& node) { return node.column == Column::listener; });
  const Column last_whole = static_cast<std::size_t>(listeners) > most_listeners ? Column::gateway : Column::listener;
  Graph out;
  std::map<std::string, std::size_t> made;
  std::vector<std::size_t> to(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const bool whole = node.column <= last_whole;
    const std::string key =
        std::to_string(static_cast<int>(node.column)) + (whole ? node.title + node.detail : node.ns);
    const auto [it, fresh] = made.try_emplace(key, out.nodes.size());
    to[i] = it->second;
    if (fresh) out.nodes.push_back(whole ? node : Node{node.column, "", "namespace " + node.ns, node.ns, ""});
    Node& target = out.nodes[to[i]];
    if (!whole) {
      const std::size_t count = target.title.empty() ? 1 : std::stoul(target.title) + 1;
      static constexpr const char* nouns[] = {"", " listener", " route", " rule", " service"};
      target.title = std::to_string(count) + nouns[static_cast<std::size_t>(node.column)] + (count == 1 ? "" : "s");
    }
    if (!node.problem.empty() && target.problem.empty()) target.problem = node.problem;
  }
  std::map<std::pair<std::size_t, std::size_t>, Edge> edges;
  for (const Edge& edge : graph.edges) {
    const auto [it, fresh] = edges.try_emplace({to[edge.from], to[edge.to]}, edge);
    it->second.from = to[edge.from];
    it->second.to = to[edge.to];
    it->second.label.clear();
    it->second.share = 1;
    if (it->second.problem.empty()) it->second.problem = edge.problem;
  }
  for (auto& [key, edge] : edges) out.edges.push_back(std::move(edge));
  return out;
}

}  // namespace gw::graph
