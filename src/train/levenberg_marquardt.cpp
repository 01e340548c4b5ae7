// On Eigen's Cholesky decomposition.
// SPDX-License-Identifier: MIT
#include "train/levenberg_marquardt.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "sinefield/error.h"
#include "train/eigen.h"

namespace sinefield::train {
namespace {

/// A step is accepted where it gains this share of what the linear model foretold, and lambda falls from the other on.
constexpr double least_ratio = 1e-3, good_ratio = 0.1;
constexpr double lower = 10, raise = 2;
/// Part of a step that the difference of residuals for its acceleration spans, and the longest acceleration that is
/// trusted, as a share of the step.
constexpr double span_of_difference = 0.1, longest_bend = 0.375;

using Square = eigen::Map<eigen::MatrixXd>;  // symmetric, so the order of storage does not matter
using Numbers = eigen::Map<eigen::VectorXd>;

Numbers view(std::vector<double>& numbers) { return {numbers.data(), std::ssize(numbers)}; }

/// Nothing that the compiler may reorder: the same bits everywhere.
double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

LevenbergMarquardt::LevenbergMarquardt(Residuals& residuals, double damping)
    : residuals_(residuals), damping_(damping), in_residual_space_(residuals.rows() <= residuals.parameters()) {
  if (!(damping > 0) || !std::isfinite(damping))
    throw bad_input(fmt::format("damping is {}, expected a number above 0", damping), "1e-3 serves most problems");
  const auto rows = static_cast<std::size_t>(residuals.rows()),
             columns = static_cast<std::size_t>(residuals.parameters()), size = in_residual_space_ ? rows : columns;
  for (auto* of_rows : {&r_, &trial_r_, &along_}) of_rows->resize(rows);
  for (auto* of_parameters : {&move_, &bend_, &trial_}) of_parameters->resize(columns);
  solution_.resize(size);
  matrix_.resize(size * size);
  factors_.resize(size * size);
}

void LevenbergMarquardt::restore(double lambda) {
  lambda_ = lambda;
  linearised_ = false;
}

void LevenbergMarquardt::linearise(std::span<const double> parameters) {
  if (linearised_) return;
  residuals_.linearise(parameters, r_);
  squares_ = dot(r_, r_);
  if (!std::isfinite(squares_))
    throw failure(fmt::format("the sum of squared residuals is {} where the search begins", squares_),
                  "start from other parameters");
  const std::int64_t size = std::ssize(solution_);
  if (in_residual_space_)
    residuals_.gram({matrix_.data(), size, size});
  else
    residuals_.normal_matrix({matrix_.data(), size, size});
  linearised_ = true;
  if (lambda_ > 0) return;
  const double most = Square(matrix_.data(), size, size).diagonal().maxCoeff();
  lambda_ = most > 0 ? damping_ * most : damping_;
}

bool LevenbergMarquardt::factorise() {
  std::ranges::copy(matrix_, factors_.begin());
  Square factors(factors_.data(), std::ssize(solution_), std::ssize(solution_));
  factors.diagonal().array() += lambda_;
  return eigen::LLT<eigen::Ref<eigen::MatrixXd>>(factors).info() == eigen::Success;
}

void LevenbergMarquardt::solve(std::span<const double> r, std::vector<double>& move) {
  if (in_residual_space_)
    std::ranges::copy(r, solution_.begin());
  else
    residuals_.transposed_times(r, solution_);
  const Square factors(factors_.data(), std::ssize(solution_), std::ssize(solution_));
  Numbers solution = view(solution_);
  factors.triangularView<eigen::Lower>().solveInPlace(solution);
  factors.triangularView<eigen::Lower>().adjoint().solveInPlace(solution);
  if (in_residual_space_)
    residuals_.transposed_times(solution_, move);
  else
    std::ranges::copy(solution_, move.begin());
}

// r(p - h move) = r - h along + h^2 / 2 second: `second` makes the acceleration as r makes the move.
void LevenbergMarquardt::bend(std::span<const double> parameters) {
  constexpr double h = span_of_difference;
  for (std::size_t i = 0; i < trial_.size(); ++i) trial_[i] = parameters[i] - h * move_[i];
  residuals_.values(trial_, trial_r_);
  for (std::size_t i = 0; i < r_.size(); ++i) trial_r_[i] = 2 / h * ((trial_r_[i] - r_[i]) / h + along_[i]);
  solve(trial_r_, bend_);
  const double length = std::sqrt(dot(bend_, bend_));
  if (!(length <= 2 * longest_bend * std::sqrt(dot(move_, move_)))) return;
  for (std::size_t i = 0; i < move_.size(); ++i) move_[i] += bend_[i] / 2;
}

LevenbergMarquardt::Step LevenbergMarquardt::step(std::span<double> parameters) {
  if (std::ssize(parameters) != residuals_.parameters())
    throw bad_input(fmt::format("{} parameters, expected {}", parameters.size(), residuals_.parameters()));
  linearise(parameters);
  const double lambda = lambda_;
  double squares = INFINITY, ratio = -INFINITY;
  if (factorise()) {
    solve(r_, move_);
    // J move: in residual space J J' y = r - lambda y.
    if (in_residual_space_)
      for (std::size_t i = 0; i < r_.size(); ++i) along_[i] = r_[i] - lambda * solution_[i];
    else
      residuals_.times(move_, along_);
    double foretold = 0;  // |r|^2 - |r - along|^2
    for (std::size_t i = 0; i < r_.size(); ++i) foretold += along_[i] * (2 * r_[i] - along_[i]);
    bend(parameters);
    for (std::size_t i = 0; i < trial_.size(); ++i) trial_[i] = parameters[i] - move_[i];
    residuals_.values(trial_, trial_r_);
    squares = dot(trial_r_, trial_r_);
    ratio = foretold > 0 ? (squares_ - squares) / foretold : 0;
  }
  if (!(std::isfinite(squares) && ratio >= least_ratio)) {
    lambda_ *= raise;
    return {false, squares_, ratio, lambda};
  }
  std::ranges::copy(trial_, parameters.begin());
  squares_ = squares;
  linearised_ = false;
  if (ratio >= good_ratio) lambda_ /= lower;
  return {true, squares_, ratio, lambda};
}

std::string_view least_squares_stop_name(LeastSquaresStop stop) {
  switch (stop) {
    case LeastSquaresStop::squares:
      return "squares";
    case LeastSquaresStop::decrease:
      return "decrease";
    case LeastSquaresStop::damping:
      return "damping";
    case LeastSquaresStop::steps:
      return "steps";
    case LeastSquaresStop::interruption:
      return "interruption";
  }
  return "";
}

LeastSquaresReport minimise_squares(Residuals& residuals, std::span<double> parameters,
                                    const LeastSquaresOptions& options) {
  if (options.steps < 1) throw bad_input(fmt::format("{} steps, expected 1 or more", options.steps));
  if (options.rejections < 1)
    throw bad_input(fmt::format("{} rejections that end it, expected 1 or more", options.rejections));
  if (!(options.squares >= 0))
    throw bad_input(fmt::format("a sum of squares of {} that is enough, expected 0 or more", options.squares));
  if (!(options.decrease >= 0))
    throw bad_input(fmt::format("a share of {} that is too small a decrease, expected 0 or more", options.decrease));
  LevenbergMarquardt method(residuals, options.damping);
  LeastSquaresReport report{LeastSquaresStop::steps, 0, 0, 0};
  int rejected = 0, small = 0;
  while (report.steps < options.steps) {
    const double before = method.squares();
    const LevenbergMarquardt::Step step = method.step(parameters);
    ++report.steps;
    report.squares = step.squares;
    report.stopped_by = LeastSquaresStop::steps;
    if (step.accepted) {
      small = report.accepted > 0 && before - step.squares < options.decrease * before ? small + 1 : 0;
      ++report.accepted;
      rejected = 0;
    } else {
      ++rejected;
    }
    if (step.squares <= options.squares) return report.stopped_by = LeastSquaresStop::squares, report;
    if (small == 3) return report.stopped_by = LeastSquaresStop::decrease, report;
    if (rejected == options.rejections) return report.stopped_by = LeastSquaresStop::damping, report;
    if (options.stop.stop_requested()) return report.stopped_by = LeastSquaresStop::interruption, report;
  }
  return report;
}

}  // namespace sinefield::train
