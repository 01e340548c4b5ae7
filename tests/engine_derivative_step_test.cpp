// One training step through derivatives: the gradient of every plan against the plain reference, over shapes that leave
// no vector, panel, tile or block whole; squared errors of streams; ten steps of Adam against the numbers of PyTorch;
// the bits for any number of threads; memory. Steps through values alone, their parts and runs are
// engine_step_test.cpp.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "allocation_count.h"
#include "derivative_step.h"
#include "engine/training_step.h"
#include "engine_samples.h"
#include "golden.h"
#include "reference/reference.h"
#include "train/adam.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::Passes;
using engine::TrainingStep;

/// A few plans of every kind that fit the inputs.
std::vector<JetPlan> plans(int inputs) {
  const JetPlan first_by_jet{.passes = Passes::jet, .first = inputs, .second = {}};
  const JetPlan first_by_reverse{.passes = Passes::reverse, .first = inputs, .second = {}};
  std::vector<double> weights;
  for (int i = 0; i < inputs; ++i) weights.push_back(i == 0 ? 1.0 : -0.25 * i);
  std::vector<JetPlan> list = {first_by_jet, first_by_reverse, engine::laplacian_plan(weights)};
  if (inputs <= 3) list.push_back(engine::hessian_plan(inputs));
  if (inputs == 2)  // pure, mixed and all of them in one operator
    list.push_back(
        {.passes = Passes::jet, .first = 2, .second = {{{{0, 0, 0.5}, {0, 1, -1.5}, {1, 1, 2}}}, {{{0, 1, 1}}}}});
  if (inputs == 3) {  // some axes only, in any order
    list.push_back({.passes = Passes::jet, .first = 1, .second = {}, .axes = {1}});
    list.push_back({.passes = Passes::jet, .first = 2, .second = {{{{0, 0, 1}, {0, 1, -0.5}}}}, .axes = {2, 0}});
  }
  list.push_back(list[2]);
  list.back().coefficients_by_point = true;
  return list;
}

class EngineDerivativeStep : public testing::TestWithParam<int> {};

TEST_P(EngineDerivativeStep, loss_and_every_gradient_are_those_of_the_reference) {
  const int width = GetParam();
  engine::SerialWorkers serial;
  ErrorBounds bounds(fmt::format("width {}", width));
  for (const int inputs : {1, 2, 3}) {
    const Architecture a{.inputs = inputs,
                         .outputs = 1 + (width + inputs) % 3,
                         .width = width,
                         .hidden_layers = (width + 2 * inputs) % (width < 100 ? 5 : 2),
                         .omega_first = 20,
                         .omega_hidden = width % 2 == 0 ? 30.0 : 12.0};
    for (int index = 0; const JetPlan& plan : plans(inputs)) {
      const std::int64_t points = width > 100 ? 7 : 1 + (13 * width + 29 * index++) % 120;
      SCOPED_TRACE(fmt::format("{} to {}, {} hidden layers, {} points, {}", a.inputs, a.outputs, a.hidden_layers,
                               points, plan.words(a.outputs)));
      const StepProblem problem(a, plan, points);
      const Expected expected(problem);
      for_each_engine([&]<class T>(Isa isa) {
        // Half of what values are allowed (engine_step_test.cpp): the sizes are sums over streams and points.
        const double bound = epsilon<T> * rounding_growth(a);
        const auto [loss, gradient] = step<T>(problem, isa, serial);
        bounds.expect_near(loss, expected.loss, bound * expected.loss_size, "loss");
        for (const LayerSlice& slice : layer_slices(a)) {
          const auto part = [&](const auto& array) {
            return std::span(array).subspan(static_cast<std::size_t>(slice.weight),
                                            static_cast<std::size_t>(slice.bias - slice.weight + slice.outputs));
          };
          bounds.expect_near<T>(part(gradient), part(expected.gradient), bound, largest(part(expected.size)),
                                fmt::format("gradient from parameter {} on,", slice.weight).c_str());
        }
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(width, EngineDerivativeStep,
                         testing::Values(1, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65, 129, 257),
                         testing::PrintToStringParamName());

/// The plans of one network that are asked in the tests below.
std::vector<JetPlan> both_passes() {
  const std::array<double, 2> ones = {1, 1};
  return {engine::gradient_plan({.outputs = 1}), engine::gradient_plan({.outputs = 2}), engine::laplacian_plan(ones)};
}

TEST(EngineDerivativeStepThreads, do_not_change_a_bit) {
  for (const JetPlan& plan : both_passes())
    for (const std::int64_t points : {1, 1000, 5137}) {
      SCOPED_TRACE(fmt::format("{} points, {}", points, plan.words(1)));
      const StepProblem problem({.inputs = 2, .outputs = 1, .width = 8, .hidden_layers = 1}, plan, points);
      for_each_engine([&]<class T>(Isa isa) {
        engine::SerialWorkers serial;
        const auto alone = step<T>(problem, isa, serial);
        for (const int threads : {2, 3, 7}) EXPECT_EQ(step<T>(problem, isa, *engine::make_workers(threads)), alone);
      });
    }
}

TEST(EngineDerivativeStepMemory, a_step_allocates_nothing) {
  for (const JetPlan& plan : both_passes()) {
    const StepProblem problem({.inputs = 2, .outputs = 2, .width = 9, .hidden_layers = 2}, plan, 3000);
    for_each_engine([&]<class T>(Isa isa) {
      const std::vector<T> parameters = as<T>(problem.parameters), x = as<T>(problem.coordinates),
                           seeds = as<T>(problem.seeds), none;
      const LinearBatch<T> batch(x, seeds, none, problem.architecture, plan);
      std::vector<T> gradient(parameters.size());
      for (const int threads : {1, 2}) {
        const auto workers = engine::make_workers(threads);
        TrainingStep<T> training_step(problem.architecture, isa, *workers, plan);
        training_step.run(parameters, batch, gradient);  // starts the threads
        const std::int64_t before = allocation_count();
        for (int run = 0; run < 5; ++run) training_step.run(parameters, batch, gradient);
        EXPECT_EQ(allocation_count() - before, 0) << threads << " threads";
      }
    });
  }
}

TEST(EngineDerivativeStepGroups, are_the_sum_of_steps_of_their_own) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 21, .hidden_layers = 1};
  const std::array<double, 2> ones = {1, 1};
  const std::vector<JetPlan> some_plans = {
      engine::laplacian_plan(ones), engine::value_plan(), {.passes = Passes::reverse, .first = 2, .second = {}}};
  const std::vector<std::int64_t> points = {1500, 3, 700};
  for_each_engine([&]<class T>(Isa isa) {
    engine::SerialWorkers serial;
    std::vector<std::vector<T>> arrays;
    std::vector<LinearBatch<T>> batches;
    std::vector<double> expected_losses;
    std::vector<T> parameters, sum;
    arrays.reserve(9);
    for (std::size_t g = 0; g < 3; ++g) {
      const StepProblem problem(a, some_plans[g], points[g]);
      const auto alone = step<T>(problem, isa, serial);
      expected_losses.push_back(alone.first);
      parameters = as<T>(problem.parameters);
      sum.resize(parameters.size());
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += alone.second[i];
      for (const std::vector<double>& array : {problem.coordinates, problem.seeds, problem.coefficients})
        arrays.push_back(as<T>(array));
      batches.emplace_back(arrays[3 * g], arrays[3 * g + 1], arrays[3 * g + 2], a, some_plans[g]);
    }
    const std::vector<const engine::Batch<T>*> groups = {&batches[0], &batches[1], &batches[2]};
    std::vector<T> gradient(parameters.size()), again(parameters.size());
    std::vector<double> losses(3);
    TrainingStep<T> together(a, isa, serial, some_plans);
    const double loss = together.run(parameters, groups, gradient, losses);
    EXPECT_EQ(losses, expected_losses);
    EXPECT_NEAR(loss, losses[0] + losses[1] + losses[2], 1e-12);
    double size = 0;
    for (const T x : sum) size = std::max(size, std::abs(static_cast<double>(x)));
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_NEAR(static_cast<double>(gradient[i]), static_cast<double>(sum[i]), 20 * epsilon<T> * size) << i;
    for (const int threads : {2, 5}) {
      const auto workers = engine::make_workers(threads);
      TrainingStep<T> threaded(a, isa, *workers, some_plans);
      EXPECT_EQ(threaded.run(parameters, groups, again), loss);
      EXPECT_EQ(again, gradient) << threads << " threads";
    }
    const std::int64_t before = allocation_count();
    together.run(parameters, groups, gradient, losses);
    EXPECT_EQ(allocation_count(), before);
  });
}

TEST(EngineDerivativeStepPlans, agree_where_two_give_the_same) {
  const Architecture a{.inputs = 3, .outputs = 2, .width = 37, .hidden_layers = 2};
  const StepProblem jet(a, {.passes = Passes::jet, .first = 3, .second = {}}, 217),
      reverse(a, {.passes = Passes::reverse, .first = 3, .second = {}}, 217);
  engine::SerialWorkers serial;
  const auto by_jet = step<double>(jet, best_isa(), serial), by_reverse = step<double>(reverse, best_isa(), serial);
  EXPECT_NEAR(by_jet.first, by_reverse.first, 1e-12);
  for (std::size_t i = 0; i < by_jet.second.size(); ++i)
    EXPECT_NEAR(by_jet.second[i], by_reverse.second[i], 1e-12 * largest(by_jet.second)) << i;
}

TEST(EngineDerivativeStepTargets, are_means_of_squares_of_the_streams_named) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 13, .hidden_layers = 1};
  const std::int64_t points = 41;
  const std::array<double, 2> ones = {1, 1};
  const JetPlan plan = engine::laplacian_plan(ones);
  const std::vector<double> parameters = some_parameters(a, 1), x = some_numbers(points * 2, 1, 2),
                            dx = some_numbers(points * 2, 10, 3), laplacian = some_numbers(points * 2, 100, 4);
  double loss = 0;
  std::vector<double> expected(parameters.size());
  for (std::size_t n = 0; n < static_cast<std::size_t>(points); ++n) {
    const auto at = std::span(x).subspan(2 * n, 2);
    const reference::Jet u = reference::jet(a, parameters, at);
    reference::Jet bar{std::vector<double>(2), std::vector<double>(4), std::vector<double>(8)};
    for (std::size_t o = 0; o < 2; ++o) {
      const double first = u.gradient[2 * o + 1] - dx[2 * n + o],
                   second = u.laplacian(static_cast<int>(o)) - laplacian[2 * n + o];
      loss += (0.5 * first * first + 1e-3 * second * second) / (2.0 * points);
      bar.gradient[2 * o + 1] = first / (2.0 * points);
      bar.hessian[4 * o] = bar.hessian[4 * o + 3] = 2e-3 * second / (2.0 * points);
    }
    reference::jet_reverse(a, parameters, at, bar, expected);
  }
  engine::SerialWorkers serial;
  TrainingStep<double> training_step(a, best_isa(), serial, plan);
  const engine::SquaredErrorBatch<double> batch(
      {x.data(), points, 2},
      {{.stream = 2, .targets = {dx.data(), points, 2}, .weight = 0.5}, {3, {laplacian.data(), points, 2}, 1e-3}},
      plan.streams());
  std::vector<double> gradient(parameters.size());
  EXPECT_NEAR(training_step.run(parameters, batch, gradient), loss, 1e-11 * loss);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    EXPECT_NEAR(gradient[i], expected[i], 1e-11 * largest(expected)) << i;
}

/// A case of tests/data/derivatives.json, written by tests/golden/make_derivatives.py.
struct GoldenDerivatives {
  Architecture architecture;
  std::string loss;
  double learning_rate;
  std::vector<double> initial_parameters, coordinates, targets, losses, first_gradient, final_parameters;
};

std::vector<GoldenDerivatives> golden_derivatives() {
  std::vector<GoldenDerivatives> cases;
  for (const nlohmann::json& record : golden_records("derivatives.json"))
    cases.push_back({.architecture = golden_architecture(record),
                     .loss = record.at("loss"),
                     .learning_rate = record.at("learning_rate"),
                     .initial_parameters = record.at("initial_parameters"),
                     .coordinates = record.at("coordinates"),
                     .targets = record.at("targets"),
                     .losses = record.at("losses"),
                     .first_gradient = record.at("first_gradient"),
                     .final_parameters = record.at("final_parameters")});
  return cases;
}

TEST(EngineDerivativeGolden, ten_steps_of_adam_agree_with_pytorch) {
  for (const GoldenDerivatives& golden : golden_derivatives()) {
    const Architecture& a = golden.architecture;
    const std::vector<double> ones(static_cast<std::size_t>(a.inputs), 1.0);
    std::vector<JetPlan> some_plans = {engine::laplacian_plan(ones)};
    if (golden.loss != "laplacian")
      some_plans = {{.passes = Passes::jet, .first = a.inputs, .second = {}},
                    {.passes = Passes::reverse, .first = a.inputs, .second = {}}};
    for (const JetPlan& plan : some_plans) {
      SCOPED_TRACE(fmt::format("{} to {}, {}, {}", a.inputs, a.outputs, golden.loss, plan.words(a.outputs)));
      for_each_engine([&]<class T>(Isa isa) {
        const std::vector<T> x = as<T>(golden.coordinates), t = as<T>(golden.targets);
        const std::int64_t points = std::ssize(x) / a.inputs, columns = std::ssize(t) / points;
        const MatrixView<const T> rows(x.data(), points, a.inputs);
        std::vector<engine::StreamTarget<T>> targets;
        for (int s = 0; s < columns / a.outputs; ++s)
          targets.push_back({.stream = golden.loss == "laplacian" ? 1 + a.inputs : 1 + s,
                             .targets = {t.data() + s * a.outputs, points, a.outputs, columns},
                             .weight = golden.loss == "laplacian" ? 1 : 1.0 / a.inputs});
        const engine::SquaredErrorBatch<T> squares(rows, targets, plan.streams());
        const engine::EikonalBatch<T> eikonal(rows, a.outputs);
        const engine::Batch<T>& batch =
            golden.loss == "eikonal" ? static_cast<const engine::Batch<T>&>(eikonal) : squares;
        engine::SerialWorkers serial;
        TrainingStep<T> training_step(a, isa, serial, plan);
        train::Adam<T> adam(golden.initial_parameters.size(), isa);
        std::vector<T> parameters = as<T>(golden.initial_parameters), gradient(parameters.size());
        const double tolerance = 1e3 * epsilon<T>;
        for (std::size_t step = 0; step < golden.losses.size(); ++step) {
          const double loss = training_step.run(parameters, batch, gradient);
          EXPECT_NEAR(loss, golden.losses[step], tolerance * golden.losses[step]) << "step " << step;
          for (std::size_t i = 0; step == 0 && i < gradient.size(); ++i)
            EXPECT_NEAR(static_cast<double>(gradient[i]), golden.first_gradient[i],
                        tolerance * largest(golden.first_gradient))
                << i;
          adam.step(parameters, gradient, golden.learning_rate, 1);
        }
        // Adam makes steps of one size of gradients of any: the smallest of floats have errors of their own size.
        const double moved = std::is_same_v<T, double> ? 1e-9 : 10 * 2 * golden.learning_rate;
        for (std::size_t i = 0; i < parameters.size(); ++i)
          EXPECT_NEAR(static_cast<double>(parameters[i]), golden.final_parameters[i], moved) << i;
      });
    }
  }
}

}  // namespace
}  // namespace sinefield
