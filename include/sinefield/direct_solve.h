// Problems solved by a direct solver, for comparison: finite differences of second order on a regular grid, in time
// backward differences of second order. It takes the same problems as solve.h where they have as many equations as
// unknown fields at each point: boundary value problems, and in time initial value problems. Solved on four grids or
// five, each of half the step of the one before, it knows how far off it is.
// Left out: meshes, conditions that overlap, least squares.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"
#include "sinefield/query.h"
#include "sinefield/solve.h"

namespace sinefield {

struct DirectOptions {
  /// Points along the longest side of the domain on the finest grid, 33 to 4097, and moments of time; rounded up to a
  /// multiple of 8 and 1 more. 0: by rule, so that it takes some seconds; then a still finer grid is
  /// taken where the others do not resolve the solution.
  int points = 0;
  Isa isa = best_isa();
  std::stop_token stop = {};
};

struct DirectReport {
  /// "sine transforms" on boxes with constant coefficients and values given on all sides, else "sparse LU", with
  /// "complex" where the unknowns are complex numbers and "Newton" where the problem is not linear.
  std::string method;
  std::vector<int> finest;    ///< points of the finest grid along each coordinate
  bool extrapolated = false;  ///< whether the values are those of two grids, extrapolated to a step of 0 (Richardson)
  /// By which power of the step the error falls, as seen between the three finest grids; NaN where fewer could be
  /// solved.
  double order = 0;
  /// Whether that power is between 0.3 and 2.6; else the coarser grids are too coarse for the solution, and the errors
  /// below are rough.
  bool resolved = true;
  /// For each unknown, relative L2: the error that the differences between grids suggest. It is an estimate; NaN where
  /// only one grid could be solved, or where the differences do not fall.
  std::vector<double> errors;
  /// Whether the boundary falls on lines of the grid; else it is followed by unequal steps beside it.
  bool on_grid_lines = true;
  double seconds = 0;
};

struct DirectSolution {
  std::vector<ProblemCoordinate> coordinates;
  std::vector<UnknownField> unknowns;
  std::vector<std::vector<double>> nodes;   ///< of each coordinate, increasing, both ends included
  std::vector<std::vector<double>> values;  ///< for each channel (nodes, nodes, ..), row-major; NaN outside the domain
  DirectReport report;
};

/// Throws bad_input where the problem is not of the kind, naming the term or the place; failure where the equations on
/// the grid leave something open, where Newton's method finds no solution, and where the solve was stopped. `on_grid`
/// hears of each grid that has been solved, coarse ones first.
DirectSolution solve_directly(const Problem&, const DirectOptions& = {},
                              const std::function<void(const std::vector<int>& points)>& on_grid = {});

/// How far a solution (a field with the format of the problem) is from the direct one, at the nodes of that: relative
/// L2, and the largest absolute difference, of each unknown.
std::vector<SolutionError> differences(const DirectSolution&, const Field&, const ComputeOptions& = {});

/// The same of the direct solution from what the problem says of the exact one, where it says so.
std::vector<SolutionError> exact_errors(const DirectSolution&, const Problem&);

}  // namespace sinefield
