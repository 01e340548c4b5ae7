// Levenberg-Marquardt: min |r(p)|^2 over the parameters p by steps of (J'J + lambda I) d = -J'r, each tried and then
// accepted or rejected by what it gains. Where there are fewer residuals than parameters the same step is found in
// residual space: (J J' + lambda I) y = r, d = -J'y.
// Networks hardly notice some directions, so their |r|^2 is a curved canyon. Two things of Transtrum and Sethna 2012
// (arXiv 1201.5885) follow it: lambda falls fast and rises slowly, and a second solve with the same factors bends the
// step by half the acceleration along it, whose second derivative of r is a difference of residuals.
// Both matrices square the condition number of J: a fit ends at about sqrt(epsilon) of the directions that J hardly
// sees, which residuals notice little. In double only.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <vector>

#include "train/residuals.h"

namespace sinefield::train {

/// Step by step, for loops of one's own. Allocates in the constructor and in a first step only, but for what Eigen
/// takes inside its products.
class LevenbergMarquardt {
 public:
  struct Step {
    bool accepted;
    double squares;  ///< |r|^2 after it
    double ratio;    ///< what |r|^2 fell by over what the linear model foretold
    double lambda;   ///< of this step
  };

  /// The first lambda is `damping` > 0 times the largest diagonal element of J J' (or J'J). The residuals must outlive
  /// it.
  explicit LevenbergMarquardt(Residuals&, double damping = 1e-3);

  /// Tries a step and changes the parameters only where it is accepted. They must be those that the step before left.
  /// Throws failure where the residuals are not finite at the parameters given.
  Step step(std::span<double> parameters);

  /// |r|^2 as it stands, after a step.
  double squares() const { return squares_; }
  /// Of the next step, 0 before the first: all that going on needs beside the parameters.
  double lambda() const { return lambda_; }
  /// Goes on with this lambda, 0 = as at the beginning, at any parameters: with the ones that it was of, the same steps
  /// follow, bit for bit.
  void restore(double lambda);

 private:
  void linearise(std::span<const double> parameters);
  /// Cholesky decomposition of the damped matrix; false where it is not positive definite.
  bool factorise();
  /// move = (J'J + lambda I)^-1 J' r, and solution what it was found by.
  void solve(std::span<const double> r, std::vector<double>& move);
  void bend(std::span<const double> parameters);

  Residuals& residuals_;
  double damping_;
  bool in_residual_space_;
  bool linearised_ = false;
  double lambda_ = 0, squares_ = 0;
  std::vector<double> r_, trial_r_, along_;  // along: J times the move
  std::vector<double> solution_, move_, bend_, trial_;
  std::vector<double> matrix_, factors_;
};

enum class LeastSquaresStop : std::uint8_t { squares, decrease, damping, steps, interruption };
std::string_view least_squares_stop_name(LeastSquaresStop);

struct LeastSquaresOptions {
  std::int64_t steps = 100;  ///< tried at most, rejected ones included, > 0
  double damping = 1e-3;     ///< see LevenbergMarquardt
  double squares = 0;        ///< |r|^2 that is enough, >= 0
  double decrease = 1e-8;    ///< three accepted steps that each lower |r|^2 by less than this share end it, >= 0
  int rejections = 24;       ///< in a row that end it: no damping helps any more, > 0
  std::stop_token stop = {};
};

struct LeastSquaresReport {
  LeastSquaresStop stopped_by;
  std::int64_t steps, accepted;
  double squares;  ///< |r|^2 at the end
};

/// Steps until one of the stops. Throws bad_input for options out of range, failure where the residuals are not finite
/// at the start.
LeastSquaresReport minimise_squares(Residuals&, std::span<double> parameters, const LeastSquaresOptions& = {});

}  // namespace sinefield::train
