// Derivatives at the points of a grid as sums over neighbours: second order, central where a point has neighbours on
// both sides, one-sided at ends of lines. Where a boundary crosses a line of the grid, derivatives across the line come
// from a polynomial of second degree through the points around.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "direct/eigen.h"
#include "direct/grid_points.h"

namespace sinefield::direct {

/// What the values at `x` are multiplied by for the derivative of this order at `at`: exact for polynomials of degree
/// below the number of points (B. Fornberg, Generation of finite difference formulas on arbitrarily spaced grids,
/// 1988).
std::vector<double> difference_weights(std::span<const double> x, double at, int order);

/// d/dx_axis: (points, points). Throws bad_input where points have too few neighbours.
RowMatrix first_derivative(const GridPoints&, std::size_t axis);
/// d_i d_j.
RowMatrix second_derivative(const GridPoints&, std::size_t i, std::size_t j);

}  // namespace sinefield::direct
