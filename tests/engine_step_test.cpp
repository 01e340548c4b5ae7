// One training step of the engine, loss and every gradient, against the plain reference, over shapes that leave no
// vector, panel, tile or block whole; its bits for any number of threads; its memory; and ten steps of Adam against the
// numbers of PyTorch. What surrounds the step (sampling, stopping) is train_test.cpp.
// SPDX-License-Identifier: MIT
#include "engine/training_step.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "engine_samples.h"
#include "golden.h"
#include "reference/reference.h"
#include "train/adam.h"

namespace sinefield {
namespace {

using engine::SquaredErrorBatch;
using engine::TrainingStep;

struct Shape {
  Architecture architecture;
  std::int64_t points;
};

/// One network, its points and targets, in numbers that float holds.
struct Problem {
  explicit Problem(const Shape& shape)
      : architecture(shape.architecture),
        points(shape.points),
        parameters(some_parameters(architecture, 1)),
        coordinates(some_numbers(points * architecture.inputs, 1, 2)),
        targets(some_numbers(points * architecture.outputs, 1, 3)) {}
  explicit Problem(const GoldenCase& golden)
      : architecture(golden.architecture),
        points(golden.coordinate_rows().rows),
        parameters(golden.initial_parameters),
        coordinates(golden.coordinates),
        targets(golden.targets) {}

  Architecture architecture;
  std::int64_t points;
  std::vector<double> parameters, coordinates, targets;
};

/// Loss and gradient by the reference, and of each layer the largest mean over points of |gradient of one point|: the
/// size of the terms that its gradients are made of, however much of them cancels.
struct Expected {
  explicit Expected(const Problem& problem)
      : gradient(problem.parameters.size()), slices(layer_slices(problem.architecture)) {
    const Architecture& a = problem.architecture;
    std::vector<double> one(gradient.size()), size(gradient.size());
    const auto points = static_cast<double>(problem.points);
    for (std::int64_t n = 0; n < problem.points; ++n) {
      loss += reference::squared_error(a, problem.parameters, {&problem.coordinates[at(n * a.inputs)], 1, a.inputs},
                                       {&problem.targets[at(n * a.outputs)], 1, a.outputs}, one) /
              points;
      for (std::size_t i = 0; i < one.size(); ++i) {
        gradient[i] += one[i] / points;
        size[i] += std::abs(one[i]) / points;
      }
    }
    for (const LayerSlice& slice : slices) {
      double scale = 0;
      for (const auto& [first, count] : tensors(slice))
        scale = std::max(scale, largest(std::span(size).subspan(first, count)));
      scales.push_back(scale);
    }
  }

  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  struct Tensor {
    std::size_t first, count;
  };
  static std::array<Tensor, 2> tensors(const LayerSlice& slice) {
    return {{{at(slice.weight), at(slice.bias - slice.weight)}, {at(slice.bias), at(slice.outputs)}}};
  }

  double loss = 0;
  std::vector<double> gradient;
  std::vector<LayerSlice> slices;
  std::vector<double> scales;  // of the layers
};

template <class T>
struct Outcome {
  double loss;
  std::vector<T> gradient;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

template <class T>
Outcome<T> step(const Problem& problem, Isa isa, engine::Workers& workers) {
  const std::vector<T> parameters = as<T>(problem.parameters), coordinates = as<T>(problem.coordinates),
                       targets = as<T>(problem.targets);
  const Architecture& a = problem.architecture;
  const SquaredErrorBatch<T> batch({coordinates.data(), problem.points, a.inputs},
                                   {targets.data(), problem.points, a.outputs});
  TrainingStep<T> training_step(a, isa, workers);
  Outcome<T> outcome{0, std::vector<T>(parameters.size(), T{12345})};  // must be overwritten
  outcome.loss = training_step.run(parameters, batch, outcome.gradient);
  return outcome;
}

// Errors grow by rounding_growth (engine_samples.h) on the way forward and as much again on the way back, in which
// every slope is a cosine of a phase that has those errors; a rounding is half an eps, so that makes growth x eps.
// Twice that is allowed: units of networks as narrow as one cannot average their errors out.
template <class T>
double gradient_bound(const Architecture& a) {
  return 2 * epsilon<T> * rounding_growth(a);
}

template <class T>
void expect_step(ErrorBounds& bounds, const Problem& problem, const Expected& expected, const Outcome<T>& outcome) {
  const double bound = gradient_bound<T>(problem.architecture);
  // d loss = 2 mean(|u - t| du), and mean |u - t| <= sqrt(loss).
  bounds.expect_near(outcome.loss, expected.loss, bound * (expected.loss + 2 * std::sqrt(expected.loss)), "loss");
  for (std::size_t l = 0; l < expected.slices.size(); ++l)
    for (const auto& [first, count] : Expected::tensors(expected.slices[l]))
      bounds.expect_near<T>(std::span(outcome.gradient).subspan(first, count),
                            std::span(expected.gradient).subspan(first, count), bound, expected.scales[l],
                            fmt::format("gradient from parameter {} on,", first).c_str());
}

constexpr std::array widths = {1,  2,  3,  5,  7,  8,   9,   15,  16,  17,  31,  32, 33,
                               47, 63, 64, 65, 96, 127, 128, 129, 200, 255, 256, 257};

std::vector<std::int64_t> point_counts() {
  std::vector<std::int64_t> counts(33);
  std::iota(counts.begin(), counts.end(), 1);
  counts.insert(counts.end(), {95, 96, 97, 1000, 2049});
  return counts;
}

/// Two or three shapes of each width; depths, inputs, outputs and point counts go round at their own speeds, so that
/// every value of each meets many of the others. Many points go with narrow networks.
std::vector<Shape> shapes(int width) {
  static const std::vector<std::int64_t> few = [] {
    std::vector<std::int64_t> counts = point_counts();
    counts.resize(counts.size() - 2);
    return counts;
  }();
  const int index = static_cast<int>(std::ranges::find(widths, width) - widths.begin());
  std::vector<Shape> list;
  for (int round = 0; round < (width < 100 ? 3 : 2); ++round) {
    const int k = round * static_cast<int>(widths.size()) + index;
    const Architecture a{.inputs = 1 + k % 4,
                         .outputs = 1 + k % 5,
                         .width = width,
                         .hidden_layers = (k * 4) % 9,
                         .omega_first = k % 3 == 0 ? 60.0 : 30.0,
                         .omega_hidden = k % 7 == 0 ? 10.0 : 30.0};
    list.push_back({a, few[static_cast<std::size_t>(k * 5) % few.size()]});
  }
  if (width == 9) list.push_back({{.inputs = 2, .outputs = 3, .width = 9, .hidden_layers = 2}, 1000});
  if (width == 17) list.push_back({{.inputs = 3, .outputs = 1, .width = 17, .hidden_layers = 1}, 2049});
  if (width == 16) list.push_back({{.inputs = 33, .outputs = 17, .width = 16, .hidden_layers = 2}, 97});
  return list;
}

TEST(EngineStepShapes, cover_every_depth_and_number_of_inputs_outputs_and_points) {
  std::set<int> depths, inputs, outputs;
  std::set<std::int64_t> points;
  for (const int width : widths)
    for (const Shape& shape : shapes(width)) {
      depths.insert(shape.architecture.hidden_layers);
      inputs.insert(shape.architecture.inputs);
      outputs.insert(shape.architecture.outputs);
      points.insert(shape.points);
    }
  EXPECT_EQ(depths, (std::set{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(inputs, (std::set{1, 2, 3, 4, 33}));
  EXPECT_EQ(outputs, (std::set{1, 2, 3, 4, 5, 17}));
  const std::vector<std::int64_t> wanted = point_counts();
  EXPECT_EQ(points, std::set<std::int64_t>(wanted.begin(), wanted.end()));
}

class EngineStep : public testing::TestWithParam<int> {};

TEST_P(EngineStep, loss_and_every_gradient_are_those_of_the_reference) {
  engine::SerialWorkers serial;
  ErrorBounds bounds(fmt::format("width {}", GetParam()));
  for (const Shape& shape : shapes(GetParam())) {
    const Architecture& a = shape.architecture;
    SCOPED_TRACE(
        fmt::format("{} to {}, {} hidden layers, {} points", a.inputs, a.outputs, a.hidden_layers, shape.points));
    const Problem problem(shape);
    const Expected expected(problem);
    for_each_engine([&]<class T>(Isa isa) { expect_step(bounds, problem, expected, step<T>(problem, isa, serial)); });
  }
}

INSTANTIATE_TEST_SUITE_P(width, EngineStep, testing::ValuesIn(widths), testing::PrintToStringParamName());

// One point more than whole parts, numbers of parts that are no powers of two, and the most parts there are.
struct Cut {
  std::int64_t points;
  int parts;
};
constexpr std::array cuts = {Cut{1, 1},       Cut{511, 1},     Cut{512, 2},      Cut{1000, 3},
                             Cut{1024, 4},    Cut{5119, 4},    Cut{7 * 1024, 7}, Cut{1024 * 5 + 17, 5},
                             Cut{33'797, 33}, Cut{65'535, 63}, Cut{70'000, 64}};

TEST(EngineStepParts, depend_on_the_number_of_points_alone) {
  for (const Cut& cut : cuts) EXPECT_EQ(engine::parts_of(cut.points, 198'401), cut.parts) << cut.points;
  EXPECT_EQ(engine::parts_of(16'384, 790'529), 8) << "wide networks take larger parts";
  EXPECT_EQ(engine::parts_of(std::int64_t{1} << 40, 198'401), 64);
}

TEST(EngineStepParts, their_sum_is_that_of_the_reference) {
  ErrorBounds bounds("parts");
  engine::SerialWorkers serial;
  for (const std::int64_t points : {std::int64_t{512 * 5 + 17}, std::int64_t{70'000}}) {
    const Problem problem({{.inputs = 2, .outputs = 1, .width = 8, .hidden_layers = 1}, points});
    const Expected expected(problem);
    for_each_engine([&]<class T>(Isa isa) { expect_step(bounds, problem, expected, step<T>(problem, isa, serial)); });
  }
}

TEST(EngineStepThreads, do_not_change_a_bit) {
  for (const Cut& cut : cuts) {
    if (cut.parts > 7 && cut.parts < 64) continue;  // the most parts once, not three times
    SCOPED_TRACE(fmt::format("{} points", cut.points));
    const Problem problem({{.inputs = 2, .outputs = 1, .width = 8, .hidden_layers = 1}, cut.points});
    for_each_engine([&]<class T>(Isa isa) {
      engine::SerialWorkers serial;
      const Outcome<T> alone = step<T>(problem, isa, serial);
      for (const int threads : {1, 2, 3, 7}) {
        const auto workers = engine::make_workers(threads);
        EXPECT_EQ(workers->count(), threads);
        EXPECT_TRUE(step<T>(problem, isa, *workers) == alone) << threads << " threads";
      }
    });
  }
}

TEST(EngineStepThreads, do_not_change_a_bit_however_often_they_race) {
  const Problem problem({{.inputs = 2, .outputs = 1, .width = 5, .hidden_layers = 1}, 13 * 512});
  const Isa isa = best_isa();
  engine::SerialWorkers serial;
  const Outcome<float> alone = step<float>(problem, isa, serial);
  const auto workers = engine::make_workers(7);
  for (int round = 0; round < 100; ++round) EXPECT_TRUE(step<float>(problem, isa, *workers) == alone) << round;
}

TEST(EngineStepRuns, start_from_nothing) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 11, .hidden_layers = 2};
  const Problem many({a, 3000}), few({a, 7});
  for_each_engine([&]<class T>(Isa isa) {
    engine::SerialWorkers serial;
    TrainingStep<T> training_step(a, isa, serial);
    const std::vector<T> parameters = as<T>(many.parameters);
    const auto run = [&](const Problem& problem) {
      const std::vector<T> x = as<T>(problem.coordinates), t = as<T>(problem.targets);
      Outcome<T> outcome{0, std::vector<T>(parameters.size())};
      outcome.loss = training_step.run(
          parameters, SquaredErrorBatch<T>({x.data(), problem.points, 2}, {t.data(), problem.points, 2}),
          outcome.gradient);
      return outcome;
    };
    const Outcome<T> first = run(many), between = run(few), again = run(many);
    EXPECT_TRUE(again == first);
    EXPECT_TRUE(between == step<T>(few, isa, serial));
  });
}

TEST(EngineStepRuns, read_rows_by_their_strides) {
  const Problem problem({{.inputs = 2, .outputs = 3, .width = 7, .hidden_layers = 1}, 20});
  for_each_engine([&]<class T>(Isa isa) {
    engine::SerialWorkers serial;
    std::vector<T> x(20 * 5, T{1e6}), t(20 * 4, T{1e6}), gradient(problem.parameters.size());
    for (std::size_t n = 0; n < 20; ++n) {
      std::ranges::transform(std::span(problem.coordinates).subspan(n * 2, 2), &x[n * 5],
                             [](double value) { return static_cast<T>(value); });
      std::ranges::transform(std::span(problem.targets).subspan(n * 3, 3), &t[n * 4],
                             [](double value) { return static_cast<T>(value); });
    }
    TrainingStep<T> training_step(problem.architecture, isa, serial);
    const double loss = training_step.run(as<T>(problem.parameters),
                                          SquaredErrorBatch<T>({x.data(), 20, 2, 5}, {t.data(), 20, 3, 4}), gradient);
    EXPECT_TRUE((Outcome<T>{loss, gradient}) == step<T>(problem, isa, serial));
  });
}

TEST(EngineStepMemory, a_step_allocates_nothing) {
  const Problem problem({{.inputs = 2, .outputs = 3, .width = 9, .hidden_layers = 2}, 3000});
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> parameters = as<T>(problem.parameters), x = as<T>(problem.coordinates),
                         t = as<T>(problem.targets);
    const SquaredErrorBatch<T> batch({x.data(), problem.points, 2}, {t.data(), problem.points, 3});
    std::vector<T> gradient(parameters.size());
    for (const int threads : {1, 2}) {
      const auto workers = engine::make_workers(threads);
      TrainingStep<T> training_step(problem.architecture, isa, *workers);
      training_step.run(parameters, batch, gradient);  // starts the threads
      const std::int64_t before = allocation_count();
      for (int run = 0; run < 5; ++run) training_step.run(parameters, batch, gradient);
      EXPECT_EQ(allocation_count() - before, 0) << threads << " threads";
    }
  });
}

class EngineGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(EngineGolden, ten_steps_of_adam_agree_with_pytorch) {
  const GoldenCase& golden = GetParam();
  const Architecture& a = golden.architecture;
  const Problem problem(golden);
  Expected expected(problem);  // for the sizes of the terms; the numbers are the framework's
  expected.loss = golden.losses.front();
  expected.gradient = golden.first_gradient;
  ErrorBounds bounds(golden.name);
  for_each_engine([&]<class T>(Isa isa) {
    engine::SerialWorkers serial;
    TrainingStep<T> training_step(a, isa, serial);
    train::Adam<T> adam(golden.initial_parameters.size(), isa);
    std::vector<T> parameters = as<T>(golden.initial_parameters), gradient(parameters.size());
    const std::vector<T> x = as<T>(golden.coordinates), t = as<T>(golden.targets);
    const SquaredErrorBatch<T> batch({x.data(), problem.points, a.inputs}, {t.data(), problem.points, a.outputs});
    for (std::size_t step = 0; step < golden.losses.size(); ++step) {
      const double loss = training_step.run(parameters, batch, gradient);
      if (step == 0) expect_step(bounds, problem, expected, Outcome<T>{loss, gradient});
      const double wanted = golden.losses[step];
      bounds.expect_near(loss, wanted, gradient_bound<T>(a) * (wanted + 2 * std::sqrt(wanted)), "loss of a step");
      adam.step(parameters, gradient, golden.learning_rate, 1);
    }

    // A step of Adam goes lr m / sqrt(v), and sqrt(v) is at least |g| of the first step / sqrt(steps): an error of the
    // gradient moves it by lr error sqrt(steps) / |g| at most, by 2 lr where it turns a sign. Twice for what the moved
    // parameters do to later gradients. The parameters round by half an eps of their size in each step.
    const auto steps = static_cast<double>(golden.losses.size());
    for (std::size_t l = 0; l < expected.slices.size(); ++l)
      for (const auto& [first, count] : Expected::tensors(expected.slices[l]))
        for (std::size_t i = first; i < first + count; ++i) {
          const double error = gradient_bound<T>(a) * expected.scales[l] / std::abs(golden.first_gradient[i]);
          const double bound = steps * golden.learning_rate * std::min(2.0, 2 * std::sqrt(steps) * error) +
                               steps * epsilon<T> / 2 * std::abs(golden.initial_parameters[i]);
          bounds.expect_near(static_cast<double>(parameters[i]), golden.final_parameters[i], bound, "parameter");
        }
  });
}

INSTANTIATE_TEST_SUITE_P(, EngineGolden, testing::ValuesIn(golden_cases()), golden_name);

}  // namespace
}  // namespace sinefield
