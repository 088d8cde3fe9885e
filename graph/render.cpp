// The graph in languages that others draw: plain text, Mermaid and Graphviz.
#include <algorithm>

#include "diag/render.h"
#include "graph/topology.h"

namespace gw::graph {
namespace {

constexpr const char* column_names[columns] = {"Gateways", "Listeners", "Routes", "Rules", "Services"};

std::string label(const Node& node, const char* line_break) {
  std::string out = diag::printable(node.title);
  if (!node.detail.empty()) out += line_break + diag::printable(node.detail);
  if (!node.problem.empty()) out += line_break + diag::printable(node.problem);
  return out;
}

// Mermaid reads HTML entities inside quotes; these are the characters that could end the quote or begin markup.
std::string mermaid_text(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\"<>&#`\\").find(c) != std::string_view::npos)
      out += "#" + std::to_string(static_cast<int>(c)) + ";";
    else
      out += c;
  }
  return out;
}

std::string dot_text(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string edge_label(const Edge& edge) {
  std::string out = edge.label;
  if (!edge.grant.empty()) out += (out.empty() ? "" : " ") + ("grant " + edge.grant);
  return diag::printable(out);
}

void write_below(const Graph& graph, std::size_t node, const std::string& indent, std::string& out) {
  std::vector<const Edge*> below;
  for (auto at = std::lower_bound(graph.edges.begin(), graph.edges.end(), node,
                                  [](const Edge&edge, std::size_t from) { return edge.from < from; });
       at != graph.edges.end() && at->from == node; ++at)
    below.push_back(&*at);
  for (const Edge* edge : below) {
    const bool last = edge == below.back();
    const Node& to = graph.nodes[edge->to];
    out += indent + (last ? "└─ " : "├─ ") + diag::printable(to.title);
    if (!to.detail.empty()) out += "  " + diag::printable(to.detail);
    if (const std::string text = edge_label(*edge); !text.empty()) out += "  (" + text + ")";
    if (edge->crosses) out += "  [other namespace]";
    const std::string& problem = edge->problem.empty() ? to.problem : edge->problem;
    if (!problem.empty()) out += "  ! " + diag::printable(problem);
    out += '\n';
    write_below(graph, edge->to, indent + (last ? "   " : "│  "), out);
  }
}

}  // namespace

std::string render_text(const Graph& graph) {
  std::vector<bool> reached(graph.nodes.size());
  for (const Edge& edge : graph.edges) reached[edge.to] = true;
  std::string out;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (reached[i]) continue;
    out += diag::printable(node.title) + (node.detail.empty() ? "" : "  " + diag::printable(node.detail));
    if (!node.problem.empty()) out += "  ! " + diag::printable(node.problem);
    out += '\n';
    write_below(graph, i, "", out);
  }
  return out;
}

std::string render_mermaid(const Graph& graph) {
  std::string out = "flowchart LR\n";
  for (std::size_t c = 0; c < columns; ++c) {
    std::string inside;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      if (static_cast<std::size_t>(node.column) != c) continue;
      std::string text = mermaid_text(label(node, "\n"));
      for (std::size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, "<br/>");
      inside += "    n" + std::to_string(i) + "[\"" + text + "\"]" + (node.problem.empty() ? "" : ":::bad") + "\n";
    }
    if (!inside.empty()) out += "  subgraph " + std::string(column_names[c]) + "\n" + inside + "  end\n";
  }
  std::string bad;
  for (std::size_t i = 0; i < graph.edges.size(); ++i) {
    const Edge& edge = graph.edges[i];
    const std::string text = mermaid_text(edge_label(edge));
    out += "  n" + std::to_string(edge.from) + (edge.crosses ? " -.->" : " -->") +
           (text.empty() ? "" : "|\"" + text + "\"|") + " n" + std::to_string(edge.to) + "\n";
    if (!edge.problem.empty()) bad += (bad.empty() ? "" : ",") + std::to_string(i);
  }
  out += "  classDef bad stroke:#c00,color:#c00\n";
  if (!bad.empty()) out += "  linkStyle " + bad + " stroke:#c00\n";
  return out;
}

std::string render_dot(const Graph& graph) {
  std::string out =
      "digraph gateways {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
      "  edge [fontname=\"sans-serif\"];\n";
  for (std::size_t c = 0; c < columns; ++c) {
    std::string inside;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      if (static_cast<std::size_t>(node.column) != c) continue;
      std::string text = dot_text(label(node, "\n"));
      for (std::size_t at; (at = text.find('\n')) != std::string::npos;) text.replace(at, 1, "\\n");
      inside += "    n" + std::to_string(i) + " [label=\"" + text + "\"" +
                (node.problem.empty() ? "" : ", color=\"#cc0000\", fontcolor=\"#cc0000\"") + "];\n";
    }
    if (!inside.empty()) out += "  { rank=same;\n" + inside + "  }\n";
  }
  for (const Edge& edge : graph.edges) {
    out += "  n" + std::to_string(edge.from) + " -> n" + std::to_string(edge.to) + " [label=\"" +
           dot_text(edge_label(edge)) + "\", penwidth=" + std::to_string(1 + static_cast<int>(edge.share * 3));
    if (edge.crosses) out += ", style=dashed";
    if (!edge.problem.empty()) out += ", color=\"#cc0000\"";
    out += "];\n";
  }
  return out + "}\n";
}

}  // namespace gw::graph
