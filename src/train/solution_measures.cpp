// How good a solution is, however it was found: errors where the exact one is known, and what is left of each term.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "engine/workers.h"
#include "problem/collocation.h"
#include "sinefield/solve.h"
#include "train/linear_terms.h"

namespace sinefield {

using train::TermEquations;
using train::unseen;

std::vector<SolutionError> solution_errors(const Problem& problem, const Field& field, const ComputeOptions& compute) {
  std::vector<SolutionError> errors;
  const std::unique_ptr<engine::Workers> workers = engine::make_workers(compute.threads);
  ExpressionGraph& graph = *problem.graph();
  for (const ExactSolution& exact : problem.exact()) {
    const UnknownField& unknown = problem.unknowns()[static_cast<std::size_t>(exact.unknown)];
    Place place = problem.inside();
    place.where = exact.where;
    place.sampling = Sampling::random;
    constexpr std::int64_t points = 100'000;
    const problem::Collocation at = problem::points_of(problem, place, points, unseen);
    // The error is the residual of u - exact; of no field it is the solution itself.
    const ComplexExpression u = {graph.channel(unknown.channel),
                                 unknown.complex ? graph.channel(unknown.channel + 1) : graph.constant(0)};
    const Term difference{unknown.name, {u - exact.value}, place};
    const auto sizes_of = [&](const Field* about) {
      const TermEquations e = train::term_equations(problem, difference, at, field.axes, about, compute.isa, *workers);
      std::vector<double> squares(static_cast<std::size_t>(e.points));
      for (std::size_t k = 0; k < e.residual.size(); ++k) squares[k % squares.size()] += e.residual[k] * e.residual[k];
      return squares;
    };
    const std::vector<double> difference_squares = sizes_of(&field), squares = sizes_of(nullptr);
    const auto sum = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
    errors.push_back({unknown.name, std::sqrt(sum(difference_squares) / sum(squares)),
                      std::sqrt(std::ranges::max(difference_squares))});
  }
  return errors;
}

std::vector<TermResidual> term_residuals(const Problem& problem, const Field& field, std::uint64_t seed,
                                         const ComputeOptions& compute) {
  constexpr std::int64_t points = 20'000;
  const std::vector<AxisMap> axes = problem_axes(problem);
  const std::unique_ptr<engine::Workers> workers = engine::make_workers(compute.threads);
  std::vector<TermResidual> residuals;
  for (std::size_t t = 0; t < problem.terms().size(); ++t) {
    const Term& term = problem.terms()[t];
    const problem::Collocation at = problem::points_of(problem, term.place, points, (seed + unseen) * 1000 + t);
    const auto size_of = [&](const Field* about) {
      const TermEquations e = train::term_equations(problem, term, at, axes, about, compute.isa, *workers);
      return std::sqrt(train::squares_of(e.residual, e) / std::accumulate(e.weights.begin(), e.weights.end(), 0.0));
    };
    residuals.push_back({term.name, size_of(&field), size_of(nullptr)});
  }
  return residuals;
}

}  // namespace sinefield
