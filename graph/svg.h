// The graph as a picture: a layered layout of our own (order by the parents' mean, then no overlaps), drawn as SVG that
// follows light and dark and needs no script.
#pragma once
#include <string>

#include "graph/topology.h"

namespace gw::graph {

// With links, each node leads to the element #nI of the page around it, where I is its index in the graph.
std::string draw_svg(const Graph& graph, bool links);

}  // namespace gw::graph
