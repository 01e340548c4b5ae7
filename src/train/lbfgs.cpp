// The two-loop recursion and the line search.
// SPDX-License-Identifier: MIT
#include "train/lbfgs.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sinefield/error.h"

namespace sinefield::train {
namespace {

/// Four sums in a fixed order: the same bits everywhere, and faster than one.
template <class A, class B>
double dot(std::span<const A> a, std::span<const B> b) {
  std::array<double, 4> sums = {};
  std::size_t i = 0;
  for (; i + 4 <= a.size(); i += 4)
    for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
  for (; i < a.size(); ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <class T>
double length_of(const std::vector<T>& x) {
  return std::sqrt(dot<T, T>(x, x));
}

/// Where the cubic through two points with their slopes has its minimum (Nocedal and Wright 3.59); not a number where
/// it has none.
double cubic_minimum(double a, double f_a, double slope_a, double b, double f_b, double slope_b) {
  const double first = slope_a + slope_b - 3 * (f_a - f_b) / (a - b);
  const double second = std::copysign(std::sqrt(first * first - slope_a * slope_b), b - a);
  return b - (b - a) * (slope_b + second - first) / (slope_b - slope_a + 2 * second);
}

}  // namespace

template <class T>
Lbfgs<T>::Lbfgs(std::size_t parameters, Options options)
    : curvature_(options.curvature),
      gradient_(parameters),
      trial_(parameters),
      trial_gradient_(parameters),
      direction_(parameters) {
  if (options.history < 1)
    throw bad_input(fmt::format("L-BFGS with a history of {} steps, expected 1 or more", options.history));
  if (!(options.curvature > decrease && options.curvature < 1))
    throw bad_input(
        fmt::format("a curvature condition of {}, expected above {} and below 1", options.curvature, decrease),
        "0.9 serves most problems");
  pairs_.resize(static_cast<std::size_t>(options.history));
  weights_.resize(pairs_.size());
  for (Pair& pair : pairs_) {
    pair.move.resize(parameters);
    pair.change.resize(parameters);
  }
}

// direction = -H gradient, H the inverse Hessian that the pairs suggest on top of a multiple of the identity.
template <class T>
void Lbfgs<T>::find_direction() {
  for (std::size_t i = 0; i < direction_.size(); ++i) direction_[i] = -static_cast<double>(gradient_[i]);
  const auto add = [&](double share, const std::vector<T>& of) {
    for (std::size_t i = 0; i < direction_.size(); ++i) direction_[i] += share * static_cast<double>(of[i]);
  };
  for (int age = 0; age < known_; ++age) {
    const Pair& of = pair(age);
    double& weight = weights_[static_cast<std::size_t>(age)];
    weight = dot<T, double>(of.move, direction_) / of.product;
    add(-weight, of.change);
  }
  if (known_ > 0) {
    const Pair& of = pair(0);
    const double scale = of.product / dot<T, T>(of.change, of.change);
    for (double& element : direction_) element *= scale;
  }
  for (int age = known_ - 1; age >= 0; --age) {
    const Pair& of = pair(age);
    add(weights_[static_cast<std::size_t>(age)] - dot<T, double>(of.change, direction_) / of.product, of.move);
  }
}

template <class T>
typename Lbfgs<T>::Point Lbfgs<T>::evaluate(std::span<const T> parameters, double length, Objective<T>& objective) {
  for (std::size_t i = 0; i < trial_.size(); ++i)
    trial_[i] = static_cast<T>(static_cast<double>(parameters[i]) + length * direction_[i]);
  trial_loss_ = objective(trial_, trial_gradient_);
  return {length, trial_loss_, dot<T, double>(trial_gradient_, direction_)};
}

template <class T>
bool Lbfgs<T>::search(std::span<const T> parameters, Objective<T>& objective) {
  const Point start{0, loss_, dot<T, double>(gradient_, direction_)};
  if (!(start.slope < 0)) return false;
  const auto falls = [&](const Point& at) {
    return std::isfinite(at.loss) && std::isfinite(at.slope) &&
           at.loss <= start.loss + decrease * at.length * start.slope;
  };
  const auto flat = [&](const Point& at) { return std::abs(at.slope) <= -curvature_ * start.slope; };
  // A first step knows no scale: a short one, which the search lengthens.
  double absolute = 0;
  for (const T g : gradient_) absolute += std::abs(static_cast<double>(g));
  double length = known_ > 0 ? 1 : std::min(1.0, 1 / absolute);

  // Algorithm 3.5: longer, until an interval holds a good point; then 3.6: `low` satisfies the first condition, has the
  // lowest loss so far, and falls towards `high`.
  Point low = start, high;
  int used = 0;
  bool bracketed = false;
  while (!bracketed && used < evaluations) {
    const Point now = evaluate(parameters, length, objective);
    ++used;
    if (!falls(now) || (low.length > 0 && now.loss >= low.loss)) {
      high = now;
      bracketed = true;
    } else if (flat(now)) {
      return true;
    } else if (now.slope >= 0) {
      high = low;
      low = now;
      bracketed = true;
    } else {
      const double minimum = cubic_minimum(low.length, low.loss, low.slope, now.length, now.loss, now.slope);
      low = now;
      length = minimum > 2 * now.length ? std::min(minimum, 10 * now.length) : 2 * now.length;
    }
  }
  while (used < evaluations) {
    const double width = high.length - low.length;  // of either sign
    double share = 0.1;                             // where the far end is not finite
    if (std::isfinite(high.loss) && std::isfinite(high.slope)) {
      share = (cubic_minimum(low.length, low.loss, low.slope, high.length, high.loss, high.slope) - low.length) / width;
      share = std::isfinite(share) ? std::clamp(share, 0.1, 0.9) : 0.5;
    }
    const double middle = low.length + share * width;
    if (middle == low.length || middle == high.length) break;
    const Point now = evaluate(parameters, middle, objective);
    ++used;
    if (!falls(now) || now.loss >= low.loss) {
      high = now;
    } else {
      if (flat(now)) return true;
      if (now.slope * width >= 0) high = low;
      low = now;
    }
  }
  if (!(low.length > 0 && low.loss < start.loss)) return false;
  evaluate(parameters, low.length, objective);
  return true;
}

// What the step taught. A pair whose product is lost in rounding would spoil all that follow.
template <class T>
void Lbfgs<T>::remember(std::span<const T> parameters) {
  const int oldest = (newest_ + static_cast<int>(pairs_.size()) - 1) % static_cast<int>(pairs_.size());
  Pair& of = pairs_[static_cast<std::size_t>(oldest)];
  for (std::size_t i = 0; i < trial_.size(); ++i) {
    of.move[i] = trial_[i] - parameters[i];
    of.change[i] = trial_gradient_[i] - gradient_[i];
  }
  of.product = dot<T, T>(of.move, of.change);
  if (of.product > 1e-10 * length_of(of.move) * length_of(of.change)) {
    newest_ = oldest;
    known_ = std::min(known_ + 1, static_cast<int>(pairs_.size()));
  } else if (known_ == static_cast<int>(pairs_.size())) {
    --known_;  // it took the place of the oldest
  }
}

template <class T>
double Lbfgs<T>::advance(std::span<T> parameters, Objective<T>& objective, double) {
  if (!evaluated_) {
    loss_ = objective(parameters, gradient_);
    evaluated_ = true;
  }
  const double before = loss_;
  if (!std::isfinite(before)) {
    evaluated_ = false;
    return before;
  }
  ++steps_;
  if (stuck_) return before;
  find_direction();
  bool found = search(parameters, objective);
  if (!found && known_ > 0) {
    known_ = 0;
    find_direction();
    found = search(parameters, objective);
  }
  if (!found) {
    stuck_ = true;
    return before;
  }
  remember(parameters);
  std::ranges::copy(trial_, parameters.begin());
  std::swap(gradient_, trial_gradient_);
  loss_ = trial_loss_;
  return before;
}

template <class T>
void Lbfgs<T>::restart() {
  steps_ = 0;
  newest_ = known_ = 0;
  evaluated_ = stuck_ = false;
}

template <class T>
typename Lbfgs<T>::State Lbfgs<T>::state() const {
  State state{steps_, {}};
  for (int age = 0; age < static_cast<int>(pairs_.size()); ++age) {
    const std::vector<T> none(age < known_ ? 0 : trial_.size());
    state.arrays.push_back(age < known_ ? pair(age).move : none);
    state.arrays.push_back(age < known_ ? pair(age).change : none);
  }
  return state;
}

template <class T>
void Lbfgs<T>::restore(const State& state) {
  check_state<T>(state, std::vector<std::size_t>(2 * pairs_.size(), trial_.size()));
  restart();
  steps_ = state.steps;
  for (std::size_t age = 0; age < pairs_.size(); ++age) {
    Pair& of = pairs_[age];
    of.move = state.arrays[2 * age];
    of.change = state.arrays[2 * age + 1];
    of.product = dot<T, T>(of.move, of.change);
    if (of.product > 0 && known_ == static_cast<int>(age)) ++known_;
  }
}

template class Lbfgs<float>;
template class Lbfgs<double>;

}  // namespace sinefield::train
