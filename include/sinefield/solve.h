// Solving a problem in the last layer of networks without hidden layers: sums of sines whose weights alone are unknown,
// least squares over points, no training. Linear problems, found by analysis of their terms, take one solve, in tiles
// where it would be too large; others Newton's method, from 0 on, or in slabs of time one after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/problem.h"
#include "sinefield/query.h"

namespace sinefield {

struct SolveOptions {
  std::uint64_t seed = 0;
  int most_features = 4000;  ///< where the problem does not say how many; >= 50
  ComputeOptions compute = {};
  std::stop_token stop = {};
};

/// One solve on the way: features double until the residual no longer falls.
struct SolveProgress {
  int features;       ///< of every channel, windows included
  double wavenumber;  ///< largest, in network coordinates
  std::int64_t rows;
  double residual;                   ///< see SolveReport
  std::optional<double> until = {};  ///< where the time is solved in slabs: the end of the one at hand
};

struct TermResidual {
  std::string name;
  double residual;  ///< root mean square over the place, in the residual's own units
  double size;      ///< the same of what does not depend on the unknowns: sources and given values
};

struct SolutionError {
  std::string unknown;
  double relative_l2, largest;  ///< over 100,000 independent points; the largest is absolute
};

struct SolveReport {
  int features = 0;
  double wavenumber = 0;
  std::int64_t rows = 0;
  int newton_steps = 0;  ///< of the last rung; 0 of linear problems
  int slabs =
      1;  ///< of time; features, rows and steps are those of all, the residual is the root mean square of theirs
  std::string method;                  ///< "QR", "normal equations", with "complex" or "coupled" where they are
  double residual = 0;                 ///< relative, over all terms, at points that the solve has not seen
  std::vector<TermResidual> terms;     ///< there too
  std::vector<SolutionError> errors;   ///< of unknowns whose exact solution is given
  std::optional<std::string> warning;  ///< too few features for the wavenumber asked for
};

struct SolveResult {
  Field field;
  SolveReport report;
};

/// Whether every term is linear in the unknown fields.
bool is_linear(const Problem&);

/// Throws bad_input where the problem has no term or contradicts itself; failure where the solve is not finite or was
/// stopped.
SolveResult solve(const Problem&, const SolveOptions& = {}, const std::function<void(const SolveProgress&)>& = {});

/// What a solve would do, as lines for people: of each term the derivatives that it reads, the plan that carries them
/// and its count, and its tape; then the rungs of features, with the rows, unknowns and multiply-adds of each. Throws
/// as `solve` does for problems that contradict themselves.
std::vector<std::string> explain(const Problem&, const SolveOptions& = {});

/// The map from coordinates of the problem to those of its networks: [-1, 1] along the longest side of space and along
/// time, the same scale for all of space.
std::vector<AxisMap> problem_axes(const Problem&);

/// Relative L2 and largest error of each unknown with an exact solution, in its domain.
std::vector<SolutionError> solution_errors(const Problem&, const Field&, const ComputeOptions& = {});

/// What is left of each term for a field, at about 20,000 points of its place that depend on the seed.
std::vector<TermResidual> term_residuals(const Problem&, const Field&, std::uint64_t seed, const ComputeOptions& = {});

}  // namespace sinefield
