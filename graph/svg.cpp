#include "graph/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "diag/markup.h"
#include "diag/render.h"

namespace gw::graph {
namespace {

constexpr double box_width = 272, box_height = 46, gap_y = 14, gap_x = 90, margin = 20, head = 34;
constexpr std::size_t title_limit = 30, detail_limit = 36;  // characters that fit a box

std::string escaped(const std::string& raw) {
  return diag::escape_markup(diag::printable(raw));
}

// Cuts at code points.
std::string shortened(const std::string& raw, std::size_t limit) {
  const std::string text = diag::printable(raw);
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80) continue;
    if (++count > limit) return text.substr(0, i) + "…";
  }
  return text;
}

std::string number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.1f", value);
  return buffer;
}

struct Layout {
  std::vector<double> y;  // top of each box
  double width = 0, height = 0;
};

double x_of(Column column) {
  return margin + static_cast<double>(column) * (box_width + gap_x);
}

// Places one column: wishes are the mean of the neighbours already placed; then boxes are pushed apart downwards.
void place(std::vector<std::size_t>& nodes, const std::vector<double>& wish, std::vector<double>& y) {
  std::stable_sort(nodes.begin(), nodes.end(), [&](auto a, auto b) { return wish[a] < wish[b]; });
  double next = margin + head;
  for (std::size_t node : nodes) {
    y[node] = std::max(next, wish[node]);
    next = y[node] + box_height + gap_y;
  }
}

Layout layout(const Graph& graph) {
  Layout out;
  out.y.assign(graph.nodes.size(), margin + head);
  std::vector<double> wish(graph.nodes.size(), margin + head), weight(graph.nodes.size(), 0);
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<std::size_t> nodes;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
      if (static_cast<std::size_t>(graph.nodes[i].column) == c) nodes.push_back(i);
    for (std::size_t node : nodes)
      if (weight[node] > 0) wish[node] /= weight[node];
    place(nodes, wish, out.y);
    for (const Edge& edge : graph.edges) {  // every edge leads to a later column
      if (static_cast<std::size_t>(graph.nodes[edge.from].column) != c) continue;
      if (weight[edge.to] == 0) wish[edge.to] = 0;
      wish[edge.to] += out.y[edge.from];
      weight[edge.to] += 1;
    }
    for (std::size_t node : nodes) out.height = std::max(out.height, out.y[node] + box_height + margin);
  }
  out.width = x_of(Column::service) + box_width + margin;
  out.height = std::max(out.height, margin + head + box_height);
  return out;
}

std::string draw_edge(const Graph& graph, const Layout& at, const Edge& edge) {
  const double x1 = x_of(graph.nodes[edge.from].column) + box_width, y1 = at.y[edge.from] + box_height / 2;
  const double x2 = x_of(graph.nodes[edge.to].column), y2 = at.y[edge.to] + box_height / 2;
  const double bend = (x2 - x1) / 2;
  std::string classes = "edge";
  if (edge.crosses) classes += " crosses";
  if (!edge.problem.empty()) classes += " bad";
  std::string out = "<path class=\"" + classes + "\" stroke-width=\"" + number(1 + edge.share * 2.5) + "\" d=\"M" +
                    number(x1) + " " + number(y1) + " C" + number(x1 + bend) + " " + number(y1) + " " +
                    number(x2 - bend) + " " + number(y2) + " " + number(x2) + " " + number(y2) + "\">";
  std::string title = edge.problem;
  if (!edge.grant.empty()) title += (title.empty() ? "" : "; ") + ("ReferenceGrant " + edge.grant);
  if (!title.empty()) out += "<title>" + escaped(title) + "</title>";
  out += "</path>\n";
  if (!edge.label.empty())
    out += "<text class=\"share\" x=\"" + number(x2 - 6) + "\" y=\"" + number(y2 - 5) + "\">" + escaped(edge.label) +
           "</text>\n";
  return out;
}

std::string draw_node(const Node& node, double y, const std::string& link) {
  const double x = x_of(node.column);
  std::string out = link.empty() ? "" : "<a href=\"" + link + "\">";
  out += "<g" + std::string(node.problem.empty() ? "" : " class=\"bad\"") + "><rect x=\"" + number(x) + "\" y=\"" +
         number(y) + "\" width=\"" + number(box_width) + "\" height=\"" + number(box_height) + "\" rx=\"6\"/>";
  std::string full = node.title;
  if (!node.detail.empty()) full += "\n" + node.detail;
  if (!node.problem.empty()) full += "\n" + node.problem;
  out += "<title>" + escaped(full) + "</title>";
  const std::string& second = node.problem.empty() ? node.detail : node.problem;
  const double middle = y + box_height / 2;
  out += "<text x=\"" + number(x + 10) + "\" y=\"" + number(second.empty() ? middle + 4 : middle - 4) + "\">" +
         escaped(shortened(node.title, title_limit)) + "</text>";
  if (!second.empty())
    out += "<text class=\"detail\" x=\"" + number(x + 10) + "\" y=\"" + number(middle + 13) + "\">" +
           escaped(shortened(second, detail_limit)) + "</text>";
  return out + (link.empty() ? "</g>\n" : "</g></a>\n");
}

// Each colour stands twice: for programs that do not know variables, and by its name.
constexpr const char* style =
    "<style>\n"
    "svg{--ink:#1b1f24;--soft:#57606a;--box:#f6f8fa;--line:#8c959f;--bad:#c40000;--paper:#fff;"
    "font:13px system-ui,sans-serif;background:var(--paper)}\n"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9da7b3;--box:#1f2630;--line:#6e7681;--bad:#ff7b72;"
    "--paper:#0d1117}}\n"
    "rect{fill:#f6f8fa;fill:var(--box);stroke:#8c959f;stroke:var(--line)}text{fill:#1b1f24;fill:var(--ink)}\n"
    ".detail,.share,.head{fill:#57606a;fill:var(--soft);font-size:11px}"
    "\n"
    ".share{text-anchor:end}.edge{fill:none;stroke:#8c959f;stroke:var(--line)}.crosses{stroke-dasharray:6 4}\n"
    ".bad rect,.edge.bad{stroke:#c40000;stroke:var(--bad)}.bad .detail{fill:#c40000;fill:var(--bad)}\n"
    "</style>\n";

}  // namespace

std::string draw_svg(const Graph& graph, bool links) {
  static constexpr const char* heads[columns] = {"Gateways", "Listeners", "Routes", "Rules", "Services"};
  const Layout at = layout(graph);
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"" + std::string(links ? "group" : "img") +
                    "\" aria-label=\"Gateways, listeners, routes, "
                    "rules and services\" width=\"" +
                    number(at.width) + "\" height=\"" + number(at.height) + "\" viewBox=\"0 0 " + number(at.width) +
                    " " + number(at.height) + "\">\n" + style;
  for (std::size_t c = 0; c < columns; ++c)
    out += "<text class=\"head\" x=\"" + number(x_of(static_cast<Column>(c))) + "\" y=\"" + number(margin + 12) +
           "\">" + heads[c] + "</text>\n";
  for (const Edge& edge : graph.edges) out += draw_edge(graph, at, edge);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    out += draw_node(graph.nodes[i], at.y[i], links ? "#n" + std::to_string(i) : std::string());
  return out + "</svg>\n";
}

std::string render_svg(const Graph& graph) {
  return draw_svg(graph, false);
}

}  // namespace gw::graph
