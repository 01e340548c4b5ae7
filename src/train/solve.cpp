// Problems solved in last layers: which way suits a problem, and what it would do.
// SPDX-License-Identifier: MIT
#include "sinefield/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sinefield/error.h"
#include "train/collocated_terms.h"
#include "train/last_layer_solve.h"
#include "train/marching.h"
#include "train/tile_solve.h"
#include "train/time_slabs.h"

namespace sinefield {

bool is_linear(const Problem& problem) { return std::ranges::all_of(problem.terms(), train::term_is_linear); }

std::vector<AxisMap> problem_axes(const Problem& problem) {
  double longest = 0;
  for (const ProblemCoordinate& c : problem.coordinates())
    if (!c.time) longest = std::max(longest, c.high - c.low);
  std::vector<AxisMap> axes;
  for (const ProblemCoordinate& c : problem.coordinates()) {
    const double scale = 2 / (c.time ? (c.high - c.low) / problem.features.time_stretch : longest);
    axes.push_back({c.name, scale, -scale * (c.low + c.high) / 2});
  }
  return axes;
}

namespace {

void check(const Problem& problem, const SolveOptions& options) {
  if (problem.terms().empty()) throw bad_input("a problem without terms", "say what must vanish where");
  if (options.most_features < 50)
    throw bad_input(fmt::format("at most {} features, expected at least 50", options.most_features));
  for (const Term& term : problem.terms())
    if (term.penalty.kind != Penalty::Kind::squares)
      throw bad_input(fmt::format("term '{}' has penalty {}: a solve in the last layer knows squares only", term.name,
                                  penalty_name(term.penalty.kind)),
                      "train a network for it: --recipe train");
}

using OnProgress = std::function<void(const SolveProgress&)>;

SolveResult at_once(const Problem& problem, const SolveOptions& options, const OnProgress& on_progress) {
  const auto tell = [&](const SolveReport& r) {
    if (on_progress) on_progress({r.features, r.wavenumber, r.rows, r.residual});
  };
  return train::LastLayerSolve(problem, options, problem_axes(problem), train::rounding_reached)
      .run(false, tell)
      .result;
}

bool in_slabs(const Problem& problem) { return problem.features.slabs.value_or(1) > 1; }

constexpr int slabs_by_rule = 8;

/// What is not linear and goes through a time is marched where all at once does not come out.
SolveResult at_once_or_marched(const Problem& problem, const SolveOptions& options, const OnProgress& on_progress) {
  const bool may_march = !problem.features.slabs && !is_linear(problem) && train::evolution_of(problem);
  std::optional<SolveResult> whole;
  try {
    whole = at_once(problem, options, on_progress);
  } catch (const Error& error) {
    if (!may_march || error.kind() != ErrorKind::failure || options.stop.stop_requested()) throw;
  }
  if (whole && (!may_march || whole->report.residual < train::slab_fails)) return std::move(*whole);
  Problem in_parts = problem;
  in_parts.features.slabs = slabs_by_rule;
  SolveResult result = train::marched(in_parts, options, on_progress);
  return whole && whole->report.residual < result.report.residual ? std::move(*whole) : std::move(result);
}

}  // namespace

SolveResult solve(const Problem& problem, const SolveOptions& options,
                  const std::function<void(const SolveProgress&)>& on_progress) {
  check(problem, options);
  SolveResult result = train::wants_tiles(problem, options.most_features)
                           ? train::solve_in_tiles(problem, options, on_progress)
                       : in_slabs(problem) ? train::marched(problem, options, on_progress)
                                           : at_once_or_marched(problem, options, on_progress);
  result.report.errors = solution_errors(problem, result.field, options.compute);
  return result;
}

std::vector<std::string> explain(const Problem& problem, const SolveOptions& options) {
  check(problem, options);
  if (train::wants_tiles(problem, options.most_features)) return train::explain_tiles(problem, options);
  if (!in_slabs(problem))
    return train::LastLayerSolve(problem, options, problem_axes(problem), train::rounding_reached).explain();
  const train::Evolution evolution = train::evolution_in_slabs(problem);
  const int slabs = *problem.features.slabs;
  const Problem first =
      train::slab_problem(problem, evolution, evolution.low, evolution.low + (evolution.high - evolution.low) / slabs);
  std::vector<std::string> lines =
      train::LastLayerSolve(first, options, problem_axes(problem), train::slab_ends).explain();
  lines.push_back(fmt::format("all of that for each of {} slabs of the time, one after the other", slabs));
  return lines;
}

}  // namespace sinefield
