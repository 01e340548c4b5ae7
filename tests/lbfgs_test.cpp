// L-BFGS: known minima, the Wolfe conditions at every step, losses that are not finite on the way, the precision of
// floats at the end, networks, states with the same bits, memory.
// SPDX-License-Identifier: MIT
#include "train/lbfgs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "allocation_count.h"
#include "engine/training_step.h"
#include "engine_samples.h"
#include "refusal.h"
#include "train/adam.h"

namespace sinefield {
namespace {

using train::Lbfgs;

/// A function with its gradient; counts its evaluations.
template <class T>
class Function final : public train::Objective<T> {
 public:
  using Call = std::function<double(std::span<const T>, std::span<T>)>;
  explicit Function(Call call) : call_(std::move(call)) {}
  double operator()(std::span<const T> x, std::span<T> gradient) override {
    ++evaluations;
    return call_(x, gradient);
  }
  int evaluations = 0;

 private:
  Call call_;
};

/// sum of 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 over every i, or over every second (pairs that know nothing of each
/// other; problem 21 of More, Garbow and Hillstrom 1981).
template <class T, std::size_t every = 1>
double rosenbrock(std::span<const T> x, std::span<T> gradient) {
  std::ranges::fill(gradient, T{0});
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); i += every) {
    const T valley = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
    sum += static_cast<double>(100 * valley * valley + rest * rest);
    gradient[i] -= 400 * valley * x[i] + 2 * rest;
    gradient[i + 1] += 200 * valley;
  }
  return sum;
}

/// sum of c_i (x_i - i)^2, condition number c_n / c_1
double quadratic(std::span<const double> x, std::span<double> gradient) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double c = std::exp2(static_cast<double>(i)), far = x[i] - static_cast<double>(i);
    sum += c * far * far;
    gradient[i] = 2 * c * far;
  }
  return sum;
}

std::vector<double> valley_start(std::size_t size) {
  std::vector<double> x(size, 1.0);
  for (std::size_t i = 0; i < size; i += 2) x[i] = -1.2;
  return x;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Steps until the loss is below `enough`, at most `most`; checks both conditions at each.
int steps_to(Function<double>& function, std::vector<double>& x, double enough, int most,
             Lbfgs<double>::Options options = {20, 0.9}) {
  Lbfgs<double> lbfgs(x.size(), options);
  std::vector<double> before = x, slope(x.size()), later(x.size()), move(x.size());
  double loss = function(x, slope);
  for (int step = 1; step <= most; ++step) {
    const int evaluations = function.evaluations;
    EXPECT_EQ(lbfgs.advance(x, function, 1), loss) << "the loss before the step";
    EXPECT_LE(function.evaluations - evaluations, 1 + Lbfgs<double>::evaluations);
    const double after = function(x, later);
    for (std::size_t i = 0; i < x.size(); ++i) move[i] = x[i] - before[i];
    const double fall = dot(slope, move);
    EXPECT_LT(fall, 0) << step;
    // Once more as exact as the move itself is known.
    const double rounding = 1e-12 * std::abs(fall) + 4e-16 * loss;
    EXPECT_LE(after, loss + Lbfgs<double>::decrease * fall + rounding) << step;
    EXPECT_LE(std::abs(dot(later, move)), options.curvature * -fall + rounding) << step;
    if (after < enough) return step;
    loss = after;
    slope = later;
    before = x;
  }
  return most + 1;
}

TEST(Lbfgs, finds_the_minimum_of_a_curved_valley_by_steps_that_satisfy_wolfe) {
  struct Case {
    Function<double>::Call call;
    std::size_t size;
    int most;  // steps: scipy's L-BFGS-B of the same history needs 39 for one valley, 75 for the chain
  };
  for (const auto& [call, size, most] :
       {Case{rosenbrock<double>, 2, 45}, Case{rosenbrock<double>, 10, 90}, Case{rosenbrock<double, 2>, 100, 60}}) {
    Function<double> function(call);
    std::vector<double> x = valley_start(size);
    const int steps = steps_to(function, x, 1e-20, most);
    std::cout << size << " dimensions: " << steps << " steps\n";
    EXPECT_LE(steps, most) << size;
    double most_off = 0;
    for (const double element : x) most_off = std::max(most_off, std::abs(element - 1));
    EXPECT_LT(most_off, 1e-9);
  }
}

// With exact searches it is the method of conjugate gradients, whatever the history: n steps for n dimensions, and one
// that searches along the gradient not knowing its length.
TEST(Lbfgs, ends_after_as_many_steps_as_a_quadratic_has_dimensions) {
  for (const int history : {2, 20})
    for (const std::size_t size : {1U, 2U, 5U, 8U}) {
      SCOPED_TRACE(fmt::format("{} dimensions, history {}", size, history));
      Function<double> function(quadratic);
      std::vector<double> x(size, 20.0);
      std::vector<double> gradient(size);
      const double first = quadratic(x, gradient);
      const int steps = steps_to(function, x, 1e-12 * first, 60, {history, 1e-3});
      EXPECT_LE(steps, static_cast<int>(size) + 1);
      for (std::size_t i = 0; i < size; ++i) EXPECT_NEAR(x[i], static_cast<double>(i), 1e-3);
    }
}

TEST(Lbfgs, comes_down_an_ill_conditioned_quadratic_with_inexact_searches) {
  Function<double> function(quadratic);  // condition number 32,768
  std::vector<double> x(16, 20.0);
  const int most = 250;  // scipy's L-BFGS-B needs 220 steps
  const int steps = steps_to(function, x, 1e-18, most);
  std::cout << "ill-conditioned: " << steps << " steps\n";
  EXPECT_LE(steps, most);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<double>(i), 1e-9);
}

TEST(Lbfgs, with_a_short_history_comes_there_too) {
  for (const int history : {1, 2, 5}) {
    Function<double> function(rosenbrock<double>);
    std::vector<double> x = valley_start(10);
    EXPECT_LE(steps_to(function, x, 1e-20, 400, {history, 0.9}), 400) << history;
  }
}

// x - log x, and infinite or not a number from 0 down: its search begins a thousand times too far.
TEST(Lbfgs, turns_back_from_where_the_loss_is_not_finite) {
  for (const double outside : {static_cast<double>(INFINITY), static_cast<double>(NAN)}) {
    Function<double> function([&](std::span<const double> x, std::span<double> gradient) {
      gradient[0] = 1 - 1e-3 / x[0];
      return x[0] > 0 ? x[0] - 1e-3 * std::log(x[0]) : outside;
    });
    std::vector<double> x = {0.5};
    Lbfgs<double> lbfgs(1);
    for (int step = 0; step < 30; ++step) ASSERT_TRUE(std::isfinite(lbfgs.advance(x, function, 1)));
    EXPECT_NEAR(x[0], 1e-3, 1e-9);
  }
}

TEST(Lbfgs, leaves_the_parameters_where_the_loss_is_not_finite) {
  double loss = NAN;
  Function<double> function([&](std::span<const double> x, std::span<double> gradient) {
    gradient[0] = 2 * x[0];
    return std::isfinite(loss) ? x[0] * x[0] : loss;
  });
  std::vector<double> x = {0.5};
  Lbfgs<double> lbfgs(1);
  EXPECT_TRUE(std::isnan(lbfgs.advance(x, function, 1)));
  EXPECT_EQ(x[0], 0.5);
  loss = 0;
  EXPECT_EQ(lbfgs.advance(x, function, 1), 0.25);
  EXPECT_LT(std::abs(x[0]), 0.5);
}

TEST(Lbfgs, stays_at_a_minimum_and_evaluates_nothing_there) {
  Function<double> function(quadratic);
  std::vector<double> x = {0, 1, 2};
  Lbfgs<double> lbfgs(3);
  EXPECT_EQ(lbfgs.advance(x, function, 1), 0);
  const int evaluations = function.evaluations;
  for (int step = 0; step < 3; ++step) EXPECT_EQ(lbfgs.advance(x, function, 1), 0);
  EXPECT_EQ(function.evaluations, evaluations);
  EXPECT_EQ(x, (std::vector<double>{0, 1, 2}));
  EXPECT_EQ(lbfgs.state().steps, 4);
}

// In float the loss stops to fall long before its gradient is zero.
TEST(Lbfgs, ends_where_the_precision_of_floats_does) {
  Function<float> function(rosenbrock<float>);
  std::vector<float> x = as<float>(valley_start(10));
  Lbfgs<float> lbfgs(10);
  double before = INFINITY;
  for (int step = 0; step < 300; ++step) {
    const double loss = lbfgs.advance(x, function, 1);
    EXPECT_LE(loss, before) << step;
    before = loss;
  }
  for (const float element : x) EXPECT_NEAR(element, 1, 1e-4);
  const int evaluations = function.evaluations;
  EXPECT_EQ(lbfgs.advance(x, function, 1), before);
  EXPECT_LE(function.evaluations - evaluations, 0) << "there is nothing left to find";
}

TEST(Lbfgs, a_state_goes_on_with_the_same_bits_and_a_restart_is_fresh) {
  const std::vector<double> start = valley_start(30);
  const auto steps = [](Lbfgs<double>& lbfgs, std::vector<double>& x, int count) {
    Function<double> function(rosenbrock<double>);
    while (count-- > 0) lbfgs.advance(x, function, 1);
  };
  std::vector<double> whole = start, again = start;
  Lbfgs<double> undisturbed(30, {5, 0.9});
  steps(undisturbed, whole, 24);
  for (const int at : {0, 1, 3, 5, 6, 13}) {
    std::vector<double> x = start;
    Lbfgs<double> before(30, {5, 0.9}), after(30, {5, 0.9});
    steps(before, x, at);
    after.restore(before.state());
    EXPECT_EQ(after.state().steps, at);
    EXPECT_EQ(after.state().arrays, before.state().arrays);
    steps(after, x, 24 - at);
    EXPECT_EQ(x, whole) << at;
  }
  undisturbed.restart();
  steps(undisturbed, again, 24);
  EXPECT_EQ(again, whole);
}

TEST(Lbfgs, refuses_no_history_and_states_of_another) {
  EXPECT_EQ(refusal([] { Lbfgs<double>(3, {0, 0.9}); }), "L-BFGS with a history of 0 steps, expected 1 or more");
  EXPECT_EQ(refusal([] { Lbfgs<double>(3, {5, 1}); }), "a curvature condition of 1, expected above 0.0001 and below 1");
  Lbfgs<double> of_two(3, {2, 0.9}), of_three(3, {3, 0.9});
  EXPECT_EQ(refusal([&] { of_two.restore(of_three.state()); }),
            "the state of an optimizer has 6 arrays, expected 4 for this optimizer and network");
}

/// The mean squared error of a network on a smooth function.
template <class T>
struct NetworkFit {
  NetworkFit(const Architecture& shape, Isa isa, engine::Workers& workers, std::int64_t points)
      : architecture(shape),
        x(as<T>(some_numbers(points * shape.inputs, 1, 2))),
        parameters(as<T>(some_parameters(shape, 1))),
        step(shape, isa, workers) {
    for (std::int64_t n = 0; n < points; ++n) {
      const T *at = x.data() + n * shape.inputs, low = at[0], high = at[shape.inputs - 1];
      targets.push_back(std::sin(3 * low + high) * std::exp(-high * low / 2));
    }
  }
  Function<T> function() {
    return Function<T>([this](std::span<const T> p, std::span<T> gradient) {
      const engine::SquaredErrorBatch<T> batch({x.data(), std::ssize(targets), architecture.inputs},
                                               {targets.data(), std::ssize(targets), 1});
      return step.run(p, batch, gradient);
    });
  }

  Architecture architecture;
  std::vector<T> x, targets, parameters;
  engine::TrainingStep<T> step;
};

const Architecture small{
    .inputs = 2, .outputs = 1, .width = 16, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 4};

TEST(LbfgsNetwork, is_fitted_far_better_than_by_adam_for_as_many_evaluations) {
  engine::SerialWorkers workers;
  NetworkFit<double> fit(small, best_isa(), workers, 400);
  Function<double> function = fit.function();
  std::vector<double> by_adam = fit.parameters, gradient(by_adam.size());
  Lbfgs<double> lbfgs(fit.parameters.size());
  double loss = 0;
  while (function.evaluations < 800) loss = lbfgs.advance(fit.parameters, function, 1);
  train::Adam<double> adam(by_adam.size(), best_isa());
  double loss_of_adam = 0;
  for (int step = 0; step < 800; ++step) loss_of_adam = adam.advance(by_adam, function, 5e-3);
  std::cout << "L-BFGS " << loss << ", Adam " << loss_of_adam << "\n";
  EXPECT_LT(loss, 0.1 * loss_of_adam);
}

TEST(LbfgsNetwork, bits_do_not_depend_on_threads) {
  const auto run = [](engine::Workers& workers) {
    NetworkFit<float> fit(small, best_isa(), workers, 3000);
    Function<float> function = fit.function();
    Lbfgs<float> lbfgs(fit.parameters.size());
    for (int step = 0; step < 30; ++step) lbfgs.advance(fit.parameters, function, 1);
    return fit.parameters;
  };
  engine::SerialWorkers serial;
  const std::vector<float> one = run(serial);
  for (const int threads : {2, 5}) EXPECT_EQ(run(*engine::make_workers(threads)), one) << threads;
}

TEST(LbfgsNetwork, steps_allocate_nothing) {
  engine::SerialWorkers workers;
  Lbfgs<double> lbfgs(100);
  Function<double> function(rosenbrock<double>);
  std::vector<double> x = valley_start(100);
  lbfgs.advance(x, function, 1);
  const std::int64_t before = allocation_count();
  for (int step = 0; step < 50; ++step) lbfgs.advance(x, function, 1);
  EXPECT_EQ(allocation_count() - before, 0);
}

}  // namespace
}  // namespace sinefield
