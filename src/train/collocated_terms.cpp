// SPDX-License-Identifier: MIT
#include "train/collocated_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <utility>

#include "calculus/tape.h"

namespace sinefield::train {

bool term_is_linear(const Term& term) {
  return std::ranges::none_of(real_components(term),
                              [](const Expression& e) { return dependence(e) == Dependence::nonlinear; });
}

CollocatedTerms::CollocatedTerms(const Problem& problem, const std::vector<AxisMap>& axes, Isa isa,
                                 engine::Workers& workers)
    : problem_(problem), axes_(axes), isa_(isa), workers_(workers), whole_(problem::covered_measure(problem)) {}

std::int64_t CollocatedTerms::points_for(const Term& term, const Rung& rung) const {
  if (term.place.given) return std::ssize(term.place.given->coordinates) / std::ssize(axes_);
  if (term.place.points > 0) return term.place.points;
  constexpr double inside = 3, on_border = 11;
  constexpr std::int64_t fewest = 50;
  const int d = static_cast<int>(axes_.size());
  const double measure = problem::measure_of(problem_, term.place);
  if (term.place.boundary || !term.place.fixed.empty()) {
    double scale = 0;  // of lengths along it
    for (const AxisMap& axis : axes_) scale = std::max(scale, axis.scale);
    return std::max<std::int64_t>(
        fewest, std::llround(on_border * degrees_of_freedom(rung.wavenumber, measure * std::pow(scale, d - 1), d - 1)));
  }
  return std::max<std::int64_t>(fewest, std::llround(inside * rung.features * std::clamp(measure / whole_, 0.25, 1.0)));
}

std::vector<problem::Collocation> CollocatedTerms::points_of(const Rung& rung, std::uint64_t seed,
                                                             Weights weights) const {
  std::vector<problem::Collocation> all;
  for (std::size_t t = 0; t < problem_.terms().size(); ++t) {
    const Term& term = problem_.terms()[t];
    const std::uint64_t own = seed * 1000 + t;
    problem::Collocation at = problem::points_of(problem_, term.place, points_for(term, rung), own);
    for (std::size_t k = 0; k < rung.balls.size(); ++k) add_near(rung.balls[k], term, own + 1000 * (k + 1), at);
    if (weights == Weights::shared) share_weights(rung, at);
    all.push_back(std::move(at));
  }
  return all;
}

std::vector<TermEquations> CollocatedTerms::equations_at(const std::vector<problem::Collocation>& points,
                                                         const Field* about,
                                                         const std::optional<Standstill>& standstill) const {
  std::vector<TermEquations> all;
  for (std::size_t t = 0; t < points.size(); ++t)
    all.push_back(term_equations(problem_, problem_.terms()[t], points[t], axes_, about, isa_, workers_, standstill));
  return all;
}

/// Where balls overlap or lie in the whole, points stand for less each, so that weights still sum up to the measure.
void CollocatedTerms::share_weights(const Rung& rung, problem::Collocation& at) const {
  std::vector<double> x(axes_.size());
  for (std::size_t p = 0; p < at.weights.size(); ++p) {
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = axes_[i].scale * at.coordinates[p * x.size() + i] + axes_[i].offset;
    at.weights[p] /= 1 + static_cast<double>(std::ranges::count_if(
                             rung.balls, [&](const FeatureBall& ball) { return ball.contains(x); }));
  }
}

/// Points for the features of a ball.
void CollocatedTerms::add_near(const FeatureBall& ball, const Term& term, std::uint64_t seed,
                               problem::Collocation& at) const {
  problem::Neighbourhood near{{}, 0, 0};
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    near.centre.push_back((ball.centre[i] - axes_[i].offset) / axes_[i].scale);
    (problem_.coordinates()[i].time ? near.time_radius : near.space_radius) = ball.radius / axes_[i].scale;
  }
  const bool thin = term.place.boundary || !term.place.fixed.empty();
  const std::int64_t points = thin ? ball.features : 3 * std::int64_t{ball.features};
  problem::add(at, problem::points_near(problem_, term.place, near, points, seed));
}

std::vector<std::string> words_of_terms(const Problem& problem, const std::vector<TermEquations>& terms) {
  std::vector<std::string> lines;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const Term& term = problem.terms()[t];
    const std::vector<Expression> roots = real_components(term);
    const calculus::Tape tape(roots);
    std::string reads;
    for (const Stream& s : tape.streams())
      reads += (reads.empty() ? "" : ", ") + to_text({problem.graph(), problem.graph()->stream_node(s)});
    lines.push_back(fmt::format("term {}: {}, {}", term.name, term_is_linear(term) ? "linear" : "not linear",
                                term.place.boundary ? "on a boundary" : "inside"));
    lines.push_back(fmt::format("  reads {}", reads));
    lines.push_back(fmt::format("  {} for each point; a tape of {} operations", terms[t].plan.words(terms[t].channels),
                                tape.operations()));
  }
  return lines;
}

Residuals residuals_of(const std::vector<Term>& terms, const std::vector<TermEquations>& about_field,
                       const std::vector<TermEquations>& about_zero, const std::vector<double>& scales) {
  double of_residuals = 0, of_sizes = 0;
  Residuals residuals{{}, 0};
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const double residual = squares_of(about_field[t].residual, about_field[t]),
                 size = squares_of(about_zero[t].residual, about_zero[t]),
                 all = std::accumulate(about_field[t].weights.begin(), about_field[t].weights.end(), 0.0);
    residuals.terms.push_back({terms[t].name, std::sqrt(residual / all), std::sqrt(size / all)});
    of_residuals += scales[t] * residual;
    of_sizes += scales[t] * size;
  }
  residuals.relative = of_sizes > 0 ? std::sqrt(of_residuals / of_sizes) : std::sqrt(of_residuals);
  return residuals;
}

}  // namespace sinefield::train
