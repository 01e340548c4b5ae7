// A fast solver for boxes: an operator of constant coefficients, a u + sum of b_i d_i d_i u, whose values are given on
// all sides, in sines, in which central differences are diagonal. It solves the same equations as the sparse factors
// do.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "direct/grid_equations.h"
#include "direct/grid_points.h"

namespace sinefield::direct {

/// Nothing where the equations, linearised about 0, are not such. They are linear and without time. Else the solution,
/// (unknowns): for each sine the channels, any number of them, are solved for together. Throws failure where the
/// operator is singular.
std::optional<std::vector<double>> solve_in_sines(const GridPoints&, GridEquations&);

/// Whether `solve_in_sines` would give something.
bool is_solved_in_sines(const GridPoints&, GridEquations&);

}  // namespace sinefield::direct
