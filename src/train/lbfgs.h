// L-BFGS (Nocedal 1980; Nocedal and Wright 2006, algorithms 7.4 and 7.5) with a line search for the strong Wolfe
// conditions (3.5 and 3.6, cubic interpolation). It evaluates the loss as often as it needs to, about once a step, and
// expects the same of the same parameters: every sample in every step.
// Our own and not liblbfgs or LBFGS++: these keep the loop, and the history in it, to themselves. Here the loop is the
// run's, which stops anywhere and goes on from a state with the same bits.
// Sums run in double, in one fixed order. Left out: bounds, and rates: the line search finds the length of a step.
// SPDX-License-Identifier: MIT
#pragma once

#include "train/optimizer.h"

namespace sinefield::train {

template <class T>
class Lbfgs final : public BasicOptimizer<T> {
 public:
  using typename BasicOptimizer<T>::State;

  struct Options {
    int history = 20;        ///< pairs of moves and changes of the gradient, >= 1
    double curvature = 0.9;  ///< of the Wolfe conditions, above `decrease` and below 1: how exact a search is
  };
  /// Of the Wolfe conditions at length a, where the direction has slope m < 0: f <= f(0) + decrease a m and
  /// |slope| <= -curvature m.
  static constexpr double decrease = 1e-4;
  /// Evaluations of one search at most.
  static constexpr int evaluations = 25;

  explicit Lbfgs(std::size_t parameters, Options = {20, 0.9});

  /// One step, its rate ignored. The parameters must be those that the step before left. Where no length satisfies the
  /// conditions, the lowest loss that was met is taken; where none was lower, the history is dropped and steepest
  /// descent tried. After that has failed too the parameters are as good as the precision of the loss allows: they stay
  /// as they are, and further steps evaluate nothing.
  double advance(std::span<T> parameters, Objective<T>&, double lr) override;
  void restart() override;
  /// Moves and changes of the gradient, the newest first; zeros for those that are not there yet. Loss and gradient are
  /// found again at the parameters.
  State state() const override;
  void restore(const State&) override;

 private:
  struct Pair {
    std::vector<T> move, change;
    double product = 0;  // of the two, > 0
  };
  struct Point {  // of a line search
    double length = 0, loss = 0, slope = 0;
  };

  Pair& pair(int age) { return pairs_[static_cast<std::size_t>((newest_ + age) % std::ssize(pairs_))]; }
  const Pair& pair(int age) const { return pairs_[static_cast<std::size_t>((newest_ + age) % std::ssize(pairs_))]; }
  void find_direction();
  /// Whether a lower loss was found: it, its parameters and gradient are in the trial arrays.
  bool search(std::span<const T> parameters, Objective<T>&);
  Point evaluate(std::span<const T> parameters, double length, Objective<T>&);
  void remember(std::span<const T> parameters);

  double curvature_;
  std::vector<Pair> pairs_;
  int newest_ = 0, known_ = 0;  // pairs
  std::int64_t steps_ = 0;
  bool evaluated_ = false, stuck_ = false;
  double loss_ = 0, trial_loss_ = 0;
  std::vector<T> gradient_, trial_, trial_gradient_;
  std::vector<double> direction_, weights_;
};

}  // namespace sinefield::train
