// SPDX-License-Identifier: MIT
#include "direct/stencils.h"

#include <algorithm>
#include <cmath>

#include "sinefield/error.h"

namespace sinefield::direct {
namespace {

using Entry = eigen::Triplet<double>;

/// The derivative along the lines of an axis, extrapolated where there is none.
RowMatrix along_lines(const GridPoints& grid, std::size_t axis, int order) {
  constexpr int fewest = 3;
  const auto long_enough = [&](std::size_t along, std::int64_t point) {
    const GridPoints::OnLine on = grid.on_line(along, point);
    return on.line >= 0 && std::ssize(grid.lines(along)[static_cast<std::size_t>(on.line)]) >= fewest;
  };
  const auto positions = [&](std::span<const std::int64_t> points, std::size_t along) {
    std::vector<double> x;
    for (const std::int64_t p : points) x.push_back(grid.x(p)[along]);
    return x;
  };
  std::vector<Entry> entries;
  const auto add = [&](std::int64_t row, std::int64_t column, double weight) {
    entries.emplace_back(static_cast<int>(row), static_cast<int>(column), weight);
  };
  const auto own = [&](std::int64_t row, std::int64_t point, double factor) {
    const GridPoints::OnLine on = grid.on_line(axis, point);
    const GridPoints::Line& line = grid.lines(axis)[static_cast<std::size_t>(on.line)];
    const auto size = static_cast<int>(line.size());
    const bool at_end = on.index == 0 || on.index == size - 1;
    const int points = at_end && order == 2 ? std::min(size, 4) : 3;
    const int first = std::clamp(on.index - 1, 0, size - points);
    const std::span<const std::int64_t> stencil(line.data() + first, static_cast<std::size_t>(points));
    const std::vector<double> weights = difference_weights(positions(stencil, axis), grid.x(point)[axis], order);
    for (std::size_t k = 0; k < weights.size(); ++k) add(row, stencil[k], factor * weights[k]);
  };
  /// The nearest points on the longest line through a point that have lines along the axis.
  const auto extrapolate = [&](std::int64_t point) {
    std::vector<std::int64_t> before;
    std::size_t along = axis;
    for (std::size_t other = 0; other < grid.dimensions(); ++other) {
      const GridPoints::OnLine on = grid.on_line(other, point);
      if (other == axis || on.line < 0) continue;
      std::vector<std::int64_t> found;
      for (const std::int64_t p : grid.lines(other)[static_cast<std::size_t>(on.line)])
        if (p != point && long_enough(axis, p)) found.push_back(p);
      if (found.size() > before.size()) {
        before = found;
        along = other;
      }
    }
    if (before.empty())
      throw bad_input("the grid is too coarse for the domain: a point has no neighbours across the boundary's lines",
                      "take more points");
    const double x = grid.x(point)[along];
    std::ranges::sort(before, {}, [&](std::int64_t p) { return std::abs(grid.x(p)[along] - x); });
    before.resize(std::min<std::size_t>(before.size(), fewest));
    const std::vector<double> weights = difference_weights(positions(before, along), x, 0);
    for (std::size_t k = 0; k < before.size(); ++k) own(point, before[k], weights[k]);
  };
  for (std::int64_t p = 0; p < grid.count(); ++p) {
    if (long_enough(axis, p))
      own(p, p, 1);
    else
      extrapolate(p);
  }
  RowMatrix rows(static_cast<int>(grid.count()), static_cast<int>(grid.count()));
  rows.setFromTriplets(entries.begin(), entries.end());
  return rows;
}

}  // namespace

std::vector<double> difference_weights(std::span<const double> x, double at, int order) {
  const std::size_t n = x.size(), orders = static_cast<std::size_t>(order) + 1;
  std::vector<double> c(n * orders);  // (points, orders)
  const auto weight = [&](std::size_t point, std::size_t k) -> double& { return c[point * orders + k]; };
  weight(0, 0) = 1;
  double before = 1, distance = x[0] - at;
  for (std::size_t i = 1; i < n; ++i) {
    const std::size_t most = std::min(i, orders - 1);
    double product = 1;
    const double last = distance;
    distance = x[i] - at;
    for (std::size_t j = 0; j < i; ++j) {
      const double apart = x[i] - x[j];
      product *= apart;
      if (j + 1 == i) {
        for (std::size_t k = most; k > 0; --k)
          weight(i, k) = before * (static_cast<double>(k) * weight(i - 1, k - 1) - last * weight(i - 1, k)) / product;
        weight(i, 0) = -before * last * weight(i - 1, 0) / product;
      }
      for (std::size_t k = most; k > 0; --k)
        weight(j, k) = (distance * weight(j, k) - static_cast<double>(k) * weight(j, k - 1)) / apart;
      weight(j, 0) = distance * weight(j, 0) / apart;
    }
    before = product;
  }
  std::vector<double> weights(n);
  for (std::size_t i = 0; i < n; ++i) weights[i] = weight(i, orders - 1);
  return weights;
}

RowMatrix first_derivative(const GridPoints& grid, std::size_t axis) { return along_lines(grid, axis, 1); }

RowMatrix second_derivative(const GridPoints& grid, std::size_t i, std::size_t j) {
  if (i == j) return along_lines(grid, i, 2);
  return first_derivative(grid, i) * first_derivative(grid, j);
}

}  // namespace sinefield::direct
