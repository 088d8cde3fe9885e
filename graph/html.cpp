// The topology as a page: the picture, and below it the same as lists that fold. A node of the picture leads to its
// entry in the lists, a rule to its Services, a Service back to the rules that use it. On a narrow screen the lists
// come first.
#include <vector>

#include "diag/markup.h"
#include "diag/page.h"
#include "diag/render.h"
#include "graph/svg.h"

namespace gw::graph {
namespace {

constexpr std::size_t most_open = 80;  // nodes; in larger graphs routes are closed

std::string text(const std::string& raw) {
  return diag::escape_markup(diag::printable(raw));
}

class Lists {
 public:
  explicit Lists(const Graph& graph)
      : graph_(graph), from_(graph.nodes.size()), to_(graph.nodes.size()), written_(graph.nodes.size()) {
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
      from_[graph.edges[i].from].push_back(i);
      to_[graph.edges[i].to].push_back(i);
    }
  }

  std::string markup() {
    std::string out = section("Gateways", Column::gateway);
    for (const Column column : {Column::listener, Column::route, Column::rule})
      for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
        if (graph_.nodes[i].column == column && !written_[i]) loose_ += entry(i);
    if (!loose_.empty()) out += "<section><h2>Not attached</h2>\n<ul class=\"tree\">\n" + loose_ + "</ul></section>\n";
    return out + section("Services", Column::service);
  }

 private:
  std::string section(const char* title, Column column) {
    std::string items;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      if (graph_.nodes[i].column == column) items += column == Column::service ? service(i) : entry(i);
    if (items.empty()) return {};
    return "<section><h2>" + std::string(title) + "</h2>\n<ul class=\"tree\">\n" + items + "</ul></section>\n";
  }

  std::string label(std::size_t i) const {
    const Node& node = graph_.nodes[i];
    std::string out = text(node.title);
    if (!node.detail.empty()) out += " <span class=\"soft\">" + text(node.detail) + "</span>";
    if (!node.problem.empty()) out += " <b class=\"bad\">" + text(node.problem) + "</b>";
    return out;
  }

  std::string link(std::size_t i) const {
    return "<a href=\"#n" + std::to_string(i) + "\">" + text(graph_.nodes[i].title) + "</a>";
  }

  static std::string about(const Edge& edge) {
    std::string out;
    if (!edge.label.empty()) out += " " + text(edge.label);
    if (edge.crosses) out += edge.grant.empty() ? " into another namespace" : " by ReferenceGrant " + text(edge.grant);
    if (!edge.problem.empty()) out += " <b class=\"bad\">" + text(edge.problem) + "</b>";
    return out.empty() ? out : "<span class=\"soft\">" + out + "</span>";
  }

  // A node with everything below it; where it was written before, a link.
  std::string entry(std::size_t i) {
    if (written_[i]) return "<li>" + link(i) + "</li>\n";
    written_[i] = true;
    const Column column = graph_.nodes[i].column;
    const bool open = column <= Column::listener || graph_.nodes.size() <= most_open;
    std::string below;
    for (const std::size_t e : from_[i]) {
      const Edge& edge = graph_.edges[e];
      below += graph_.nodes[edge.to].column == Column::service ? "<li>" + link(edge.to) + about(edge) + "</li>\n"
                                                               : entry(edge.to);
    }
    const std::string id = " id=\"n" + std::to_string(i) + "\"";
    if (below.empty()) return "<li" + id + ">" + label(i) + "</li>\n";
    return "<li><details" + id + (open ? " open" : "") + "><summary>" + label(i) + "</summary>\n<ul>\n" + below +
           "</ul></details></li>\n";
  }

  std::string service(std::size_t i) const {
    std::string users;
    for (const std::size_t e : to_[i]) {
      const std::size_t rule = graph_.edges[e].from;
      users += "<li>" + link(rule);
      if (!to_[rule].empty()) users += " <span class=\"soft\">of</span> " + link(graph_.edges[to_[rule].front()].from);
      users += about(graph_.edges[e]) + "</li>\n";
    }
    return "<li id=\"n" + std::to_string(i) + "\">" + label(i) +
           (users.empty() ? std::string() : "\n<ul>\n" + users + "</ul>") + "</li>\n";
  }

  const Graph& graph_;
  std::vector<std::vector<std::size_t>> from_, to_;  // edges, by node
  std::vector<bool> written_;
  std::string loose_;
};

constexpr std::string_view style = R"css(
body{max-width:120rem}.picture svg{display:block;width:100%;min-width:58rem;height:auto}
.picture a:hover rect,.picture a:focus-visible rect{stroke-width:2.5}
.tree,.tree ul{list-style:none;padding-left:1.2rem;margin:.1rem 0}.tree{padding:0}.tree li{padding:.1rem 0;overflow-wrap:anywhere}
.tree ul{border-left:1px solid var(--line);margin-left:.3rem}:target{outline:2px solid var(--link);outline-offset:2px}
@media(max-width:48rem){main{display:flex;flex-direction:column}.picture{order:1}}
)css";

}  // namespace

std::string render_html(const Graph& graph) {
  std::size_t problems = 0;
  for (const Node& node : graph.nodes) problems += !node.problem.empty();
  for (const Edge& edge : graph.edges) problems += !edge.problem.empty();
  std::string body = "<h1>Gateway topology</h1>\n<p>" + std::to_string(graph.nodes.size()) + " nodes, " +
                     std::to_string(problems) +
                     " unresolved. Red: unresolved or refused. Dashed: into another namespace. Width: share of the "
                     "traffic. Click a node to find it in the lists.</p>\n<div class=\"picture\">" +
                     diag::scroll_box("Topology", draw_svg(graph, true)) + "</div>\n" + Lists(graph).markup();
  return diag::html_page({.title = "Gateway topology", .style = style, .body = body});
}

}  // namespace gw::graph
