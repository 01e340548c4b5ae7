// SPDX-License-Identifier: MIT
#include "calculus/leaves.h"

#include <algorithm>
#include <span>

namespace sinefield::calculus {

bool reads_coordinate(const Expression& e, int coordinate) {
  const std::int32_t root = e.node();
  const ExpressionGraph& graph = *e.graph();
  return std::ranges::any_of(reachable(graph, std::span(&root, 1)), [&](std::int32_t i) {
    const ExpressionGraph::Node& n = graph.nodes()[static_cast<std::size_t>(i)];
    if (n.operation != Operation::given) return n.operation == Operation::coordinate && n.index == coordinate;
    const GivenValue& value = graph.given_values()[static_cast<std::size_t>(n.index)];
    const GivenSource& source = graph.given_sources()[static_cast<std::size_t>(value.field)];
    return std::ranges::find(source.coordinates, coordinate) != source.coordinates.end();
  });
}

}  // namespace sinefield::calculus
