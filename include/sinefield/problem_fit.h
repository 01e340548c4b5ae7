// Training a network on the terms of a problem, as the recipe in it says: for what last layers do not solve, and beside
// it, as the field has been doing it.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/fit.h"
#include "sinefield/problem.h"
#include "sinefield/query.h"
#include "sinefield/solve.h"

namespace sinefield {

struct ProblemFitProgress {
  std::int64_t step, step_limit;  ///< steps done, and after which it ends; the limit is 0 while a run in time is tried
  int stage;                      ///< from 0
  double loss;                    ///< of the last step, over all terms as they were weighed then
  double lr;
  double seconds, seconds_left;
};

struct ProblemFitOptions {
  ProblemRecipe recipe;
  std::optional<std::int64_t> steps = {};  ///< of all stages together, which keep their shares; > 0
  std::optional<double> seconds = {};      ///< wall time from `started`; the steps are planned for it
  std::uint64_t seed = 0;
  std::optional<Network> init = {};  ///< start from these parameters; the architecture must match
  ComputeOptions compute = {};
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::function<void(const ProblemFitProgress&)> on_progress = {};  ///< after each step, on the caller's thread
  std::stop_token stop = {};
  Checkpoints checkpoints = {};
};

struct ProblemFitReport {
  StoppedBy stopped_by = StoppedBy::steps;
  std::int64_t steps = 0, horizon = 0;  ///< done, and planned: with `horizon` for its steps a run is repeated
  double seconds = 0;
  double loss = 0;                    ///< of the last step
  std::vector<TermResidual> terms;    ///< at points that the training has not seen
  std::vector<double> weights;        ///< of the terms, as they came out of the balance
  std::vector<SolutionError> errors;  ///< of unknowns whose exact solution is given
  std::string fingerprint;            ///< of the run
};

struct ProblemFitResult {
  Field field;
  ProblemFitReport report;
};

/// Throws bad_input for a problem without terms, options out of range and a state of another run; failure for a
/// divergence and a state that cannot be written. The parameters depend on problem, recipe, steps, seed and instruction
/// set, not on threads, time or interruptions. `identity`: of the problem, in a few characters, such as a checksum of
/// its file: a state goes on under its own only. After an interruption the report has no residuals and errors.
ProblemFitResult fit_problem(const Problem&, const ProblemFitOptions&, const std::string& identity = {});

/// The fingerprint that the report of such a run has.
std::string problem_fingerprint(const Problem&, const ProblemFitOptions&, const std::string& identity);

/// What a step would do and cost, as lines for people.
std::vector<std::string> explain_training(const Problem&, const ProblemFitOptions&);

}  // namespace sinefield
