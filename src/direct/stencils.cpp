// SPDX-License-Identifier: MIT
#include "direct/stencils.h"

#include <algorithm>
#include <array>

#include "sinefield/error.h"

namespace sinefield::direct {
namespace {

using Entry = eigen::Triplet<double>;

/// Of scattered points: the least weights, those of near points counting less, that are exact for polynomials of second
/// degree.
std::vector<double> scattered_weights(const GridPoints& grid, std::span<const std::int64_t> stencil, std::int64_t at,
                                      std::size_t axis, int order) {
  const std::size_t d = grid.dimensions();
  const auto n = static_cast<eigen::Index>(stencil.size());
  double step = 0;
  for (std::size_t i = 0; i < d; ++i) step = std::max(step, grid.nodes(i)[1] - grid.nodes(i)[0]);
  const auto terms = static_cast<eigen::Index>((d + 1) * (d + 2) / 2);
  eigen::MatrixXd powers(terms, n);
  eigen::VectorXd near(n);
  for (eigen::Index k = 0; k < n; ++k) {
    std::array<double, 3> x{};
    double square = 0;
    for (std::size_t i = 0; i < d; ++i) {
      x[i] = (grid.x(stencil[static_cast<std::size_t>(k)])[i] - grid.x(at)[i]) / step;
      square += x[i] * x[i];
    }
    constexpr double floor = 0.25;  // so that the point itself does not count for everything
    near[k] = 1 / (floor + square);
    eigen::Index row = 0;
    powers(row++, k) = 1;
    for (std::size_t i = 0; i < d; ++i) powers(row++, k) = x[i];
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = i; j < d; ++j) powers(row++, k) = x[i] * x[j];
  }
  eigen::VectorXd wanted = eigen::VectorXd::Zero(terms);
  if (order == 1) {
    wanted[1 + static_cast<eigen::Index>(axis)] = 1 / step;
  } else {
    auto row = static_cast<eigen::Index>(1 + d);
    for (std::size_t i = 0; i < axis; ++i) row += static_cast<eigen::Index>(d - i);
    wanted[row] = 2 / (step * step);
  }
  const eigen::CompleteOrthogonalDecomposition<eigen::MatrixXd> factors(powers * near.asDiagonal());
  if (factors.rank() < terms)
    throw bad_input("the grid is too coarse for the domain: a point of its boundary has too few neighbours",
                    "take more points");
  const eigen::VectorXd weights = near.cwiseProduct(factors.solve(wanted));
  return {weights.begin(), weights.end()};
}

/// The derivative along the lines of an axis; at points that are on none by the points around them.
RowMatrix along_lines(const GridPoints& grid, std::size_t axis, int order) {
  constexpr int fewest = 3;
  const auto long_enough = [&](std::int64_t point) {
    const GridPoints::OnLine on = grid.on_line(axis, point);
    return on.line >= 0 && std::ssize(grid.lines(axis)[static_cast<std::size_t>(on.line)]) >= fewest;
  };
  std::vector<Entry> entries;
  const auto add = [&](std::int64_t row, std::int64_t column, double weight) {
    entries.emplace_back(static_cast<int>(row), static_cast<int>(column), weight);
  };
  const auto along_line = [&](std::int64_t point) {
    const GridPoints::OnLine on = grid.on_line(axis, point);
    const GridPoints::Line& line = grid.lines(axis)[static_cast<std::size_t>(on.line)];
    const auto size = static_cast<int>(line.size());
    const bool at_end = on.index == 0 || on.index == size - 1;
    const int points = at_end && order == 2 ? std::min(size, 4) : 3;
    const int first = std::clamp(on.index - 1, 0, size - points);
    const std::span<const std::int64_t> stencil(line.data() + first, static_cast<std::size_t>(points));
    std::vector<double> x;
    for (const std::int64_t p : stencil) x.push_back(grid.x(p)[axis]);
    const std::vector<double> weights = difference_weights(x, grid.x(point)[axis], order);
    for (std::size_t k = 0; k < weights.size(); ++k) add(point, stencil[k], weights[k]);
  };
  for (std::int64_t p = 0; p < grid.count(); ++p) {
    if (long_enough(p)) {
      along_line(p);
      continue;
    }
    const std::vector<std::int64_t> stencil = grid.neighbours(p);
    const std::vector<double> weights = scattered_weights(grid, stencil, p, axis, order);
    for (std::size_t k = 0; k < weights.size(); ++k) add(p, stencil[k], weights[k]);
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
