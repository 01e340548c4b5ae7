// The optimisers: Adam and SOAP against the plain reference and (Adam) the numbers of an independent framework; bits
// for any number of threads; states taken out and put back; clipping, names. The kernels under SOAP on their own.
// SPDX-License-Identifier: MIT
#include "train/optimizer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "engine_samples.h"
#include "reference/reference.h"
#include "sinefield/error.h"
#include "train/adam.h"
#include "train/soap.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

/// One that is told gradients, not where to find them.
std::unique_ptr<train::GradientOptimizer<float>> make(OptimizerKind kind, const Architecture& architecture,
                                                      engine::Workers& workers) {
  if (kind == OptimizerKind::soap) return std::make_unique<train::Soap<float>>(architecture, best_isa(), workers);
  return std::make_unique<train::Adam<float>>(static_cast<std::size_t>(parameter_count(architecture)), best_isa());
}

double norm(const std::vector<double>& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }

// ---- Adam

// A step rounds the parameter by half an eps of its size and its own length by a few eps (moments, root, quotient).
template <class T>
double adam_bound(double lr) {
  return 20 * epsilon<T> * (0.5 + 8 * lr);
}

TEST(Adam, twenty_steps_are_those_of_the_reference) {
  ErrorBounds bounds("Adam");
  for (const std::size_t size : {1U, 2U, 7U, 16U, 33U, 1000U}) {
    SCOPED_TRACE(size);
    for_each_engine([&]<class T>(Isa isa) {
      const double lr = 0.0078125;
      const std::vector<double> start = some_numbers(static_cast<std::int64_t>(size), 1, 1);
      std::vector<double> expected = start;
      std::vector<T> parameters = as<T>(start);
      reference::Adam reference{.lr = lr};
      train::Adam<T> adam(size, isa);
      for (std::uint64_t step = 0; step < 20; ++step) {
        // From 1 down to the size of epsilon, and zeros.
        std::vector<double> gradient = some_numbers(static_cast<std::int64_t>(size), 1, 100 + step);
        for (std::size_t i = 0; i < size; ++i)
          gradient[i] *= i % 5 == 4 ? 0 : std::exp2(-7 * static_cast<double>(i % 5));
        reference.step(expected, gradient);
        adam.step(parameters, as<T>(gradient), lr, 1);
      }
      bounds.expect_near<T>(parameters, expected, adam_bound<T>(lr), 1, "parameter");
      for (std::size_t i = 4; i < size; i += 5)
        EXPECT_EQ(static_cast<double>(parameters[i]), start[i]) << "a zero gradient moves nothing";
    });
  }
}

TEST(Adam, twenty_steps_are_those_of_an_independent_framework) {
  const std::string path = SINEFIELD_TEST_DATA "/adam.json";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  const nlohmann::json golden = nlohmann::json::parse(file);
  ASSERT_EQ(golden.at("version"), 1);
  ASSERT_EQ(golden.at("gradients").size(), 20U);
  const double lr = golden.at("learning_rate");
  ErrorBounds bounds("Adam against the framework");
  for_each_engine([&]<class T>(Isa isa) {
    std::vector<T> parameters = as<T>(golden.at("initial_parameters").get<std::vector<double>>());
    train::Adam<T> adam(parameters.size(), isa);
    for (std::size_t step = 0; step < 20; ++step) {
      SCOPED_TRACE(step);
      adam.step(parameters, as<T>(golden.at("gradients")[step].get<std::vector<double>>()), lr, 1);
      bounds.expect_near<T>(parameters, golden.at("parameters")[step].get<std::vector<double>>(), adam_bound<T>(lr), 1,
                            "parameter");
    }
  });
}

TEST(IntegerPower, is_the_power) {
  EXPECT_EQ(train::integer_power(0.9, 0), 1);
  EXPECT_EQ(train::integer_power(0.9, 1), 0.9);
  EXPECT_EQ(train::integer_power(2, 62), 0x1p62);
  // Squaring doubles the relative error of half an eps that each product adds: less than exponent x eps.
  for (const std::int64_t exponent : {2, 3, 10, 999, 12'345})
    EXPECT_NEAR(train::integer_power(0.999, exponent) / std::pow(0.999, static_cast<double>(exponent)), 1,
                static_cast<double>(exponent) * epsilon<double>)
        << exponent;
  EXPECT_EQ(train::integer_power(0.95, std::int64_t{1} << 40), 0);
}

// ---- clipping

TEST(ClipScale, gradients_longer_than_the_clip_are_scaled_to_it_and_others_left_alone) {
  for_each_engine([]<class T>(Isa isa) {
    const auto scale = [&](const std::vector<T>& gradient, double clip) {
      return train::clip_scale<T>(engine::kernels<T>(isa), gradient, clip);
    };
    // Sums of squares in double, whatever the precision of the numbers; all lengths of tails.
    for (std::int64_t size : {1, 2, 3, 7, 8, 15, 16, 31, 33, 37, 64, 67, 1000}) {
      SCOPED_TRACE(size);
      const std::vector<double> numbers = some_numbers(size, 1, 2);
      const std::vector<T> gradient = as<T>(numbers);
      const double length = norm(numbers);
      EXPECT_NEAR(scale(gradient, length / 4), 0.25, 1e-14);
      EXPECT_EQ(scale(gradient, length * 1.001), 1);
      EXPECT_EQ(scale(gradient, 0), 1) << "no clipping";
    }
    EXPECT_EQ(scale(std::vector<T>(5), 1), 1);
    EXPECT_NEAR(scale(std::vector<T>(4, T{1e-30F}), 1e-30), 0.5, 1e-6) << "squares that float does not hold";
  });
}

/// (p - 1)^2 summed, whose gradient is 2 (p - 1).
class Parabola final : public train::Objective<float> {
 public:
  double operator()(std::span<const float> parameters, std::span<float> gradient) override {
    double loss = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] = 2 * (parameters[i] - 1);
      loss += 0.25 * static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
    }
    return fails ? INFINITY : loss;
  }
  bool fails = false;
};

TEST(Optimizer, goes_along_the_clipped_gradient_of_its_objective) {
  const Architecture architecture{.inputs = 3, .outputs = 2, .width = 7, .hidden_layers = 1};
  engine::SerialWorkers workers;
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap}) {
    SCOPED_TRACE(optimizer_name(kind));
    const auto given = make(kind, architecture, workers);
    const auto asking = train::make_optimizer(kind, architecture, 0.5, best_isa(), workers);
    const std::vector<float> start = as<float>(some_parameters(architecture, 3));
    std::vector<float> expected = start, parameters = start, gradient(start.size());
    Parabola parabola;
    for (int step = 0; step < 5; ++step) {
      const double loss = parabola(expected, gradient);
      given->step(expected, gradient, 0.01, 0.5 / norm(as<double>(gradient)));
      EXPECT_EQ(asking->advance(parameters, parabola, 0.01), loss);
      for (std::size_t i = 0; i < parameters.size(); ++i) ASSERT_NEAR(parameters[i], expected[i], 1e-6) << i;
    }
    EXPECT_NE(parameters, start);
    parabola.fails = true;
    expected = parameters;
    EXPECT_EQ(asking->advance(parameters, parabola, 0.01), INFINITY);
    EXPECT_EQ(parameters, expected) << "a loss that is not finite moves nothing";
    EXPECT_EQ(asking->state().steps, 5);
  }
}

TEST(Optimizer, scale_multiplies_the_gradient) {
  const Architecture architecture{.inputs = 3, .outputs = 2, .width = 7, .hidden_layers = 1};
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap}) {
    SCOPED_TRACE(optimizer_name(kind));
    const std::int64_t count = parameter_count(architecture);
    engine::SerialWorkers workers;
    const auto run = [&](bool scaled_before) {
      std::vector<float> parameters = as<float>(some_numbers(count, 1, 3));
      const auto optimizer = make(kind, architecture, workers);
      for (std::uint64_t step = 0; step < 5; ++step) {
        const double scale = std::exp2(-static_cast<double>(step % 3));  // exact
        std::vector<double> gradient = some_numbers(count, 1, 10 + step);
        if (scaled_before)
          for (double& g : gradient) g *= scale;
        optimizer->step(parameters, as<float>(gradient), 0.01, scaled_before ? 1 : scale);
      }
      return parameters;
    };
    EXPECT_EQ(run(true), run(false));
  }
}

// ---- kernels of matrices

TEST(Multiply, is_the_product_of_panels) {
  for_each_engine([]<class T>(Isa isa) {
    const engine::Kernels<T>& kernels = engine::kernels<T>(isa);
    for (const auto& [rows, inner, columns] : {std::array{1, 1, 1}, {2, 33, 5}, {33, 2, 65}, {61, 47, 33}}) {
      SCOPED_TRACE(fmt::format("{} x {} x {}", rows, inner, columns));
      const auto fill = [&](int height, int width, std::uint64_t seed) {
        const std::vector<double> numbers = some_numbers(std::int64_t{height} * width, 1, seed);
        engine::PanelMatrix<T> matrix(height, width, kernels.tile);
        for (int r = 0; r < height; ++r)
          for (int c = 0; c < width; ++c)
            matrix(r, c) = static_cast<T>(numbers[static_cast<std::size_t>(r * width + c)]);
        return matrix;
      };
      const engine::PanelMatrix<T> a = fill(rows, inner, 1), b = fill(inner, columns, 2);
      for (const T keep : {T{0}, T{0.75}}) {
        engine::PanelMatrix<T> c = fill(rows, columns, 3);
        const engine::PanelMatrix<T> before = fill(rows, columns, 3);
        const int padded = (rows + kernels.tile.rows - 1) / kernels.tile.rows * kernels.tile.rows;
        kernels.multiply({padded, inner, b.panels(), a.at(0, 0), a.stride(), b.at(0, 0), b.stride(), c.at(0, 0),
                          c.stride(), keep, T{0.5}});
        for (int i = 0; i < rows; ++i)
          for (int j = 0; j < columns; ++j) {
            double sum = 0;
            for (int k = 0; k < inner; ++k) sum += static_cast<double>(a(i, k)) * static_cast<double>(b(k, j));
            const double expected = static_cast<double>(keep) * static_cast<double>(before(i, j)) + 0.5 * sum;
            ASSERT_NEAR(static_cast<double>(c(i, j)), expected, epsilon<T> * (inner + 2)) << i << ", " << j;
          }
      }
    }
  });
}

// Q is orthonormal to a few eps whatever the rank, and each leading group of its columns spans the matrix's.
TEST(Orthonormalise, is_the_q_of_a_qr_decomposition) {
  ErrorBounds bounds("orthonormal");
  enum class Rank { full, graded, two, none };
  for_each_engine([&]<class T>(Isa isa) {
    const engine::Kernels<T>& kernels = engine::kernels<T>(isa);
    for (const int size : {1, 2, 3, 7, 8, 9, 16, 33, 67})
      for (const Rank rank : {Rank::full, Rank::graded, Rank::two, Rank::none}) {
        SCOPED_TRACE(fmt::format("size {}, rank {}", size, static_cast<int>(rank)));
        const auto n = static_cast<std::size_t>(size);
        const std::size_t panel = static_cast<std::size_t>(kernels.tile.panel),
                          padded = (n + panel - 1) / panel * panel;
        engine::AlignedArray<T> q(n * padded), scratch(kernels.orthonormalise_scratch(size));
        const std::vector<double> numbers = some_numbers(std::int64_t{size} * size, 1, 5);
        std::vector<double> a(n * n);  // columns contiguous
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t i = 0; i < n; ++i) {
            const double graded = std::exp2(-100 * static_cast<double>(j) / static_cast<double>(n));
            a[j * n + i] = rank == Rank::full     ? numbers[j * n + i]
                           : rank == Rank::graded ? numbers[j * n + i] * graded
                           : rank == Rank::two    ? numbers[j % 2 * n + i]
                                                  : 0;
            q.data()[j * padded + i] = static_cast<T>(a[j * n + i]);
          }
        kernels.orthonormalise(size, q.data(), scratch.data());
        const auto dot = [&](std::size_t j, const auto& of) {
          double sum = 0;
          for (std::size_t i = 0; i < n; ++i) sum += static_cast<double>(q.data()[j * padded + i]) * of(i);
          return sum;
        };
        const double bound = 8 * epsilon<T> * std::sqrt(size);
        for (std::size_t j = 0; j < n; ++j) {
          for (std::size_t k = 0; k <= j; ++k)
            bounds.expect_near(dot(j, [&](std::size_t i) { return static_cast<double>(q.data()[k * padded + i]); }),
                               j == k, bound, "dot product of columns");
          double length = 0;
          for (std::size_t i = 0; i < n; ++i) length = std::hypot(length, a[j * n + i]);
          for (std::size_t k = j + 1; k < n; ++k)
            bounds.expect_near(dot(k, [&](std::size_t i) { return a[j * n + i]; }), 0, bound * length + 1e-40,
                               "later column on an earlier one");
          for (std::size_t i = n; i < padded; ++i) EXPECT_EQ(q.data()[j * padded + i], T{0});
        }
      }
  });
}

// ---- SOAP

std::vector<double> gradient_for(const Architecture& architecture, std::uint64_t step) {
  return some_numbers(parameter_count(architecture), 1, 100 + step);
}

/// A first gradient whose square matrices have well separated singular values, between 1 and 4 or so: then the first
/// eigenbases are well defined but for signs, which no parameter shows. Later gradients need no such care: a power
/// iteration and a QR decomposition pass on what they get.
std::vector<double> separated_gradient(const Architecture& architecture, std::uint64_t step) {
  std::vector<double> gradient = gradient_for(architecture, step);
  if (step > 0) return gradient;
  for (const LayerSlice& slice : layer_slices(architecture))
    for (int r = 0; r < slice.outputs; ++r)
      for (int c = 0; c < slice.inputs; ++c) {
        double& element = gradient[static_cast<std::size_t>(slice.weight + r * slice.inputs + c)];
        const double shift = r == (c + 1) % slice.inputs ? 1 + 3.0 * r / slice.outputs : 0;
        element = static_cast<float>(0.25 * element / slice.inputs + shift);
      }
  return gradient;
}

// With gaps of 3 / n between the singular values an error of some eps in the first moments turns the bases by n eps.
// A parameter moves by about lr in a step, a sum over projected elements m / sqrt(v) of which each has the error of the
// turn over its own size: the smallest of n x n, some 1 / n^2, weighs most while v has seen one gradient.
TEST(Soap, steps_are_those_of_the_reference) {
  ErrorBounds bounds("SOAP");
  for (const int n : {2, 5, 12, 33}) {
    const Architecture architecture{.inputs = n, .outputs = n, .width = n, .hidden_layers = 1};
    SCOPED_TRACE(n);
    const double lr = 0.0078125;
    const std::vector<double> start = some_numbers(parameter_count(architecture), 1, 1);
    std::vector<std::vector<double>> expected;
    reference::Soap reference{.lr = lr};
    std::vector<double> plain = start;
    for (std::uint64_t step = 0; step < 25; ++step) {
      reference.step(architecture, plain, separated_gradient(architecture, step));
      expected.push_back(plain);
    }
    EXPECT_EQ(expected[0], start) << "the first step only looks";
    for_each_engine([&]<class T>(Isa isa) {
      engine::SerialWorkers workers;
      train::Soap<T> soap(architecture, isa, workers);
      std::vector<T> parameters = as<T>(start);
      for (std::uint64_t step = 0; step < 25; ++step) {
        SCOPED_TRACE(step);
        soap.step(parameters, as<T>(separated_gradient(architecture, step)), lr, 1);
        bounds.expect_near<T>(parameters, expected[step],
                              static_cast<double>(step) * epsilon<T> * (0.5 + lr * std::pow(n, 3)), 1, "parameter");
      }
    });
  }
}

class SoapShape : public testing::TestWithParam<Architecture> {
 protected:
  static std::vector<float> run(const Architecture& architecture, int threads, std::uint64_t steps) {
    const auto workers = engine::make_workers(threads);
    const auto soap = make(OptimizerKind::soap, architecture, *workers);
    std::vector<float> parameters = as<float>(some_parameters(architecture, 1));
    for (std::uint64_t step = 0; step < steps; ++step)
      soap->step(parameters, as<float>(gradient_for(architecture, step)), 0.01, 1);
    return parameters;
  }
};

TEST_P(SoapShape, bits_do_not_depend_on_threads) {
  const std::vector<float> one = run(GetParam(), 1, 23);
  for (const float p : one) ASSERT_TRUE(std::isfinite(p));
  EXPECT_NE(one, as<float>(some_parameters(GetParam(), 1)));
  for (const int threads : {2, 3, 7}) EXPECT_EQ(run(GetParam(), threads, 23), one) << threads;
}

// ---- both, behind their interface

TEST_P(SoapShape, a_state_goes_on_with_the_same_bits_and_a_restart_is_fresh) {
  const Architecture& architecture = GetParam();
  engine::SerialWorkers workers;
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap}) {
    SCOPED_TRACE(optimizer_name(kind));
    const auto steps = [&](train::GradientOptimizer<float>& optimizer, std::vector<float>& parameters,
                           std::uint64_t from, std::uint64_t to) {
      for (; from < to; ++from) optimizer.step(parameters, as<float>(gradient_for(architecture, from)), 0.01, 1);
    };
    const std::vector<float> start = as<float>(some_parameters(architecture, 1));
    std::vector<float> whole = start;
    const auto undisturbed = make(kind, architecture, workers);
    steps(*undisturbed, whole, 0, 27);
    for (const std::uint64_t at : {0U, 1U, 7U, 10U, 11U, 12U}) {
      SCOPED_TRACE(at);
      std::vector<float> parameters = start;
      const auto before = make(kind, architecture, workers), after = make(kind, architecture, workers);
      steps(*before, parameters, 0, at);
      const train::Optimizer::State state = before->state();
      EXPECT_EQ(state.steps, static_cast<std::int64_t>(at));
      after->restore(state);
      EXPECT_EQ(after->state().arrays, state.arrays);
      steps(*after, parameters, at, 27);
      EXPECT_EQ(parameters, whole);
    }
    std::vector<float> again = start;
    undisturbed->restart();
    EXPECT_EQ(undisturbed->state().steps, 0);
    steps(*undisturbed, again, 0, 27);
    EXPECT_EQ(again, whole);
  }
}

TEST_P(SoapShape, steps_allocate_nothing) {
  const Architecture& architecture = GetParam();
  for (const int threads : {1, 2})
    for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap}) {
      SCOPED_TRACE(fmt::format("{}, {} threads", optimizer_name(kind), threads));
      const auto workers = engine::make_workers(threads);
      const auto optimizer = make(kind, architecture, *workers);
      std::vector<float> parameters = as<float>(some_parameters(architecture, 1));
      const std::vector<float> gradient = as<float>(gradient_for(architecture, 0));
      for (int step = 0; step < 11; ++step) optimizer->step(parameters, gradient, 0.01, 1);  // workers warm up too
      const std::int64_t before = allocation_count();
      for (int step = 0; step < 11; ++step) optimizer->step(parameters, gradient, 0.01, 1);
      // oneTBB may take memory for its own tasks at any time.
      if (threads == 1) {
        EXPECT_EQ(allocation_count() - before, 0);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(, SoapShape,
                         testing::Values(Architecture{.inputs = 2, .outputs = 3, .width = 33, .hidden_layers = 2},
                                         Architecture{.inputs = 1, .outputs = 1, .width = 1, .hidden_layers = 1},
                                         Architecture{.inputs = 1, .outputs = 1, .width = 2, .hidden_layers = 0},
                                         Architecture{.inputs = 3, .outputs = 1, .width = 101, .hidden_layers = 1}),
                         [](const auto& tested) { return fmt::format("width_{}", tested.param.width); });

TEST(Soap, a_side_of_more_than_2048_is_left_as_it_is) {
  // The first weights are (2049, 1): no side is preconditioned, so they and the biases get Adam with SOAP's constants.
  const Architecture architecture{.inputs = 1, .outputs = 1, .width = 2049, .hidden_layers = 0};
  engine::SerialWorkers workers;
  const auto soap = make(OptimizerKind::soap, architecture, workers);
  EXPECT_EQ(soap->state().arrays.size(), 2U) << "two moments, no bases";
  const std::vector<double> start = some_parameters(architecture, 1);
  std::vector<double> expected = start;
  std::vector<float> parameters = as<float>(start);
  reference::Adam adam{.lr = 0.01, .beta1 = 0.95, .beta2 = 0.95};
  soap->step(parameters, as<float>(gradient_for(architecture, 0)), 0.01, 1);
  for (std::uint64_t step = 1; step < 15; ++step) {
    // Well above epsilon, which the two add at different places.
    std::vector<double> gradient = gradient_for(architecture, step);
    for (double& g : gradient) g = static_cast<float>(g + std::copysign(1, g));
    adam.step(expected, gradient);
    soap->step(parameters, as<float>(gradient), 0.01, 1);
  }
  ErrorBounds("Adam inside SOAP").expect_near<float>(parameters, expected, adam_bound<float>(0.01), 1, "parameter");
}

// Zero gradients leave dead directions, whose bases any rounding may turn, and nothing to divide by.
TEST(Soap, zero_gradients_move_nothing_and_break_nothing) {
  const Architecture architecture{.inputs = 2, .outputs = 1, .width = 9, .hidden_layers = 1};
  engine::SerialWorkers workers;
  const auto soap = make(OptimizerKind::soap, architecture, workers);
  const std::vector<float> start = as<float>(some_parameters(architecture, 1));
  std::vector<float> parameters = start;
  for (int step = 0; step < 25; ++step) soap->step(parameters, std::vector<float>(parameters.size()), 0.01, 1);
  EXPECT_EQ(parameters, start);
  for (std::uint64_t step = 0; step < 25; ++step)
    soap->step(parameters, as<float>(gradient_for(architecture, step)), 0.01, 1);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    EXPECT_TRUE(std::isfinite(parameters[i]));
    EXPECT_NE(parameters[i], start[i]);
  }
}

TEST(Optimizer, a_state_of_another_network_or_optimizer_is_refused) {
  const auto refusal = [](train::Optimizer& optimizer, const train::Optimizer::State& state) {
    try {
      optimizer.restore(state);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  engine::SerialWorkers workers;
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap, OptimizerKind::lbfgs}) {
    const auto make = [&](OptimizerKind which, int width) {
      return train::make_optimizer(which, {.inputs = 2, .outputs = 1, .width = width, .hidden_layers = 1}, 1,
                                   best_isa(), workers);
    };
    const auto optimizer = make(kind, 4);
    EXPECT_THAT(refusal(*optimizer, make(kind, 5)->state()), HasSubstr("numbers, expected 37"));
    const OptimizerKind other = kind == OptimizerKind::adam ? OptimizerKind::soap : OptimizerKind::adam;
    EXPECT_THAT(refusal(*optimizer, make(other, 4)->state()), HasSubstr("arrays, expected"));
    train::Optimizer::State state = optimizer->state();
    state.steps = -1;
    EXPECT_THAT(refusal(*optimizer, state), HasSubstr("after -1 steps"));
    EXPECT_EQ(optimizer->state().steps, 0);
  }
}

TEST(OptimizerKind, names_go_both_ways) {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::soap, OptimizerKind::lbfgs})
    EXPECT_EQ(optimizer_from_name(optimizer_name(kind)), kind);
  EXPECT_EQ(optimizer_name(OptimizerKind::soap), "soap");
  EXPECT_EQ(optimizer_name(OptimizerKind::lbfgs), "lbfgs");
  EXPECT_THROW(optimizer_from_name("bfgs"), Error);
}

}  // namespace
}  // namespace sinefield
