// The topology as data: Gateway → Listener → Route → Rule → Service in five columns, with what does not resolve and
// what crosses a namespace. Renderers only draw it.
#pragma once
#include <string>
#include <vector>

#include "kube/index.h"
#include "route/attach.h"
#include "route/table.h"

namespace gw::graph {

enum class Column : std::uint8_t { gateway, listener, route, rule, service };
inline constexpr std::size_t columns = 5;

struct Node {
  Column column = Column::gateway;
  std::string title;   // "Gateway infra/shop"
  std::string detail;  // "HTTPS 443 shop.example.com"
  std::string ns;
  std::string problem;  // non-empty: unresolved, with the reason
};

struct Edge {
  std::size_t from = 0, to = 0;  // indexes into nodes; `from` is in an earlier column
  std::string label;             // "90%"
  double share = 1;              // of the traffic of `from`, 0..1
  bool crosses = false;          // between two namespaces
  std::string grant;             // ReferenceGrant that allows it, where one is needed
  std::string problem;           // non-empty: refused or unresolved
};

struct Graph {
  std::vector<Node> nodes;  // by column, then input order
  std::vector<Edge> edges;  // by `from`, then `to`
};

// Everything that is attached, and what routes name and nothing serves; nodes in the order of the input.
Graph topology(const kube::Index& index, const route::Attachments& attachments, const route::Table& table);

// One rule node a route, and Services of a namespace in one node: for large sets.
Graph folded(const Graph& graph);

// Each draws the graph in its format; all texts are escaped.
std::string render_text(const Graph& graph);
std::string render_mermaid(const Graph& graph);  // flowchart LR, a subgraph for each column
std::string render_dot(const Graph& graph);      // a digraph for Graphviz
std::string render_svg(const Graph& graph);      // one picture, without links
std::string render_html(const Graph& graph);     // one page, no script, light and dark

}  // namespace gw::graph
