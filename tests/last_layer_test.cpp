// The last layer as a linear problem: features of the engine against the reference, exact solves of least squares, and
// Poisson's equation by both, against closed forms.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <iostream>
#include <numbers>
#include <random>
#include <vector>

#include "engine/jet_query.h"
#include "engine_samples.h"
#include "reference/reference.h"
#include "refusal.h"
#include "train/least_squares.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::JetQuery;

TEST(Features, times_the_output_weights_are_the_streams) {
  for (const int width : {1, 7, 16, 33, 64})
    for (const int hidden : {0, 2}) {
      const Architecture a{.inputs = 2, .outputs = 3, .width = width, .hidden_layers = hidden};
      SCOPED_TRACE(fmt::format("width {}, {} hidden layers", width, hidden));
      const std::int64_t points = 101;
      const std::vector<double> parameters = some_parameters(a, 1), coordinates = some_numbers(points * 2, 1, 2);
      const LayerSlice output = layer_slices(a).back();
      const std::array<double, 2> ones = {1, 1};
      for (const JetPlan& plan : {engine::value_plan(), engine::laplacian_plan(ones), engine::hessian_plan(2)})
        for_each_engine([&]<class T>(Isa isa) {
          engine::SerialWorkers serial;
          const std::vector<T> flat = as<T>(parameters), x = as<T>(coordinates);
          JetQuery<T> query(a, flat, plan, isa, serial);
          const auto streams = static_cast<std::size_t>(plan.streams()), n = static_cast<std::size_t>(points);
          std::vector<std::vector<T>> u(streams, std::vector<T>(n * 3));
          std::vector<T*> out;
          for (std::vector<T>& stream : u) out.push_back(stream.data());
          query.run({x.data(), points, 2}, out);
          std::vector<T> features(n * streams * static_cast<std::size_t>(width), T{12345});
          query.features({x.data(), points, 2}, features);
          for (std::size_t s = 0; s < streams; ++s) {
            double scale = 0;
            for (const T value : u[s]) scale = std::max(scale, std::abs(static_cast<double>(value)));
            for (std::size_t p = 0; p < n; ++p)
              for (std::size_t o = 0; o < 3; ++o) {
                double sum = s == 0 ? parameters[static_cast<std::size_t>(output.bias) + o] : 0;
                for (std::size_t k = 0; k < static_cast<std::size_t>(width); ++k)
                  sum += parameters[static_cast<std::size_t>(output.weight) + o * static_cast<std::size_t>(width) + k] *
                         static_cast<double>(features[(p * streams + s) * static_cast<std::size_t>(width) + k]);
                ASSERT_NEAR(sum, static_cast<double>(u[s][p * 3 + o]), 100 * epsilon<T> * scale) << s << " " << p;
              }
          }
        });
    }
}

TEST(Features, do_not_depend_on_threads) {
  const Architecture a{.inputs = 3, .outputs = 1, .width = 20, .hidden_layers = 1};
  const std::int64_t points = 5000;
  const std::vector<double> parameters = some_parameters(a, 1), x = some_numbers(points * 3, 1, 2);
  const std::array<double, 3> ones = {1, 1, 1};
  const JetPlan plan = engine::laplacian_plan(ones);
  const auto features = [&](int threads) {
    const auto workers = engine::make_workers(threads);
    std::vector<double> out(static_cast<std::size_t>(points * plan.streams() * a.width));
    JetQuery<double>(a, parameters, plan, best_isa(), *workers).features({x.data(), points, 3}, out);
    return out;
  };
  EXPECT_EQ(features(1), features(3));
}

TEST(LeastSquares, of_a_polynomial_are_its_coefficients) {
  // Columns of very different sizes, in two blocks with a stride.
  const std::array<double, 4> wanted = {3, -2e3, 5e-4, 7};
  std::vector<double> rows, right;
  for (int i = 0; i < 40; ++i) {
    const double t = i / 20.0 - 1;
    const std::array<double, 4> columns = {1, 1e-3 * t, 1e4 * t * t, t * t * t};
    double value = 0;
    for (std::size_t k = 0; k < 4; ++k) value += wanted[k] * columns[k];
    rows.insert(rows.end(), columns.begin(), columns.end());
    rows.push_back(1e9);  // beyond the columns
    right.push_back(value);
  }
  train::NormalEquations equations(4, 1);
  equations.add({rows.data(), 15, 4, 5}, {right.data(), 15, 1});
  equations.add({rows.data() + 15 * 5, 25, 4, 5}, {right.data() + 15, 25, 1});
  for (const std::vector<double>& found : {equations.solve(), equations.solve_truncated(),
                                           train::solve_by_qr({rows.data(), 40, 4, 5}, {right.data(), 40, 1})})
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(found[k], wanted[k], 1e-9 * std::abs(wanted[k])) << k;
}

TEST(LeastSquares, of_columns_that_are_the_same_share_it) {
  const std::vector<double> rows = {1, 1, 2, 2, 3, 3}, right = {2, -1, 4, -2, 6, -3};
  train::NormalEquations equations(2, 2);
  equations.add({rows.data(), 3, 2}, {right.data(), 3, 2});
  for (const std::vector<double>& found :
       {equations.solve_truncated(), train::solve_by_qr({rows.data(), 3, 2}, {right.data(), 3, 2})})
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(found[2 * k], 1, 1e-12);
      EXPECT_NEAR(found[2 * k + 1], -0.5, 1e-12);
    }
  EXPECT_THAT(refusal([&] {
                equations.add({rows.data(), 2, 3}, {right.data(), 2, 2});
              }),
              testing::HasSubstr("rows (2, 3)"));
  EXPECT_THAT(refusal([&] { train::NormalEquations(2, 1).solve(); }), testing::HasSubstr("without rows"));
}

/// Laplacian u = f in the unit square, u given on its border, u = sin 3 pi x sin 2 pi y + exp(x y).
struct Poisson {
  static double u(double x, double y) {
    return std::sin(3 * std::numbers::pi * x) * std::sin(2 * std::numbers::pi * y) + std::exp(x * y);
  }
  static double laplacian(double x, double y) {
    return -13 * std::numbers::pi * std::numbers::pi * std::sin(3 * std::numbers::pi * x) *
               std::sin(2 * std::numbers::pi * y) +
           (x * x + y * y) * std::exp(x * y);
  }
};

/// Sine features with frequencies uniform in a disc, phases uniform; no square layer.
std::vector<double> disc_features(const Architecture& a, double radius, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<double> parameters(static_cast<std::size_t>(parameter_count(a)));
  const LayerSlice first = layer_slices(a).front();
  for (std::size_t k = 0; k < static_cast<std::size_t>(a.width); ++k) {
    const double length = radius * std::sqrt(unit(random)), angle = 2 * std::numbers::pi * unit(random);
    parameters[2 * k] = length * std::cos(angle);
    parameters[2 * k + 1] = length * std::sin(angle);
    parameters[static_cast<std::size_t>(first.bias) + k] = 2 * std::numbers::pi * unit(random);
  }
  return parameters;
}

TEST(LastLayer, solves_poissons_equation_exactly) {
  const Architecture a{.inputs = 2, .outputs = 1, .width = 300, .hidden_layers = 0, .omega_first = 1};
  const auto width = static_cast<std::size_t>(a.width), unknowns = width + 1;  // the last one is the constant
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const std::vector<double> parameters = disc_features(a, 18, seed);
    std::mt19937_64 random(100 + seed);
    std::uniform_real_distribution<double> unit(0, 1);
    std::vector<double> inside, border;
    for (int i = 0; i < 900; ++i) inside.insert(inside.end(), {unit(random), unit(random)});
    for (int i = 0; i < 200; ++i) {
      const double t = unit(random);
      const std::array<std::array<double, 2>, 4> sides = {{{t, 0}, {t, 1}, {0, t}, {1, t}}};
      border.insert(border.end(), sides[static_cast<std::size_t>(i) % 4].begin(),
                    sides[static_cast<std::size_t>(i) % 4].end());
    }
    const auto workers = engine::make_workers(2);
    const std::array<double, 2> ones = {1, 1};
    std::vector<double> rows, right;
    const auto add = [&](const std::vector<double>& x, const JetPlan& plan, double weight, auto value) {
      const std::int64_t points = std::ssize(x) / 2;
      const auto streams = static_cast<std::size_t>(plan.streams());
      std::vector<double> features(static_cast<std::size_t>(points) * streams * width);
      JetQuery<double>(a, parameters, plan, best_isa(), *workers).features({x.data(), points, 2}, features);
      const double share = weight / std::sqrt(static_cast<double>(points));
      for (std::size_t p = 0; p < static_cast<std::size_t>(points); ++p) {
        for (std::size_t k = 0; k < width; ++k)
          rows.push_back(share * features[(p * streams + streams - 1) * width + k]);  // its last stream
        rows.push_back(streams == 1 ? share : 0);
        right.push_back(share * value(x[2 * p], x[2 * p + 1]));
      }
    };
    add(inside, engine::laplacian_plan(ones), 1, Poisson::laplacian);
    add(border, engine::value_plan(), 100, Poisson::u);
    const std::int64_t count = std::ssize(right);
    const MatrixView<const double> matrix(rows.data(), count, static_cast<std::int64_t>(unknowns)),
        wanted(right.data(), count, 1);
    train::NormalEquations equations(static_cast<int>(unknowns), 1);
    equations.add(matrix, wanted);

    const auto error = [&](const std::vector<double>& solution) {
      std::vector<double> solved = parameters, x;
      std::copy(solution.begin(), solution.end(), solved.end() - static_cast<std::ptrdiff_t>(unknowns));
      for (int i = 0; i < 20'000; ++i) x.push_back(unit(random));
      std::vector<double> u(x.size() / 2);
      double* const out = u.data();
      JetQuery<double>(a, solved, engine::value_plan(), best_isa(), *workers).run({x.data(), 10'000, 2}, {&out, 1});
      double difference = 0, size = 0;
      for (std::size_t p = 0; p < u.size(); ++p) {
        const double exact = Poisson::u(x[2 * p], x[2 * p + 1]);
        difference += (u[p] - exact) * (u[p] - exact);
        size += exact * exact;
      }
      return std::sqrt(difference / size);
    };
    const double by_qr = error(train::solve_by_qr(matrix, wanted)), by_cholesky = error(equations.solve()),
                 truncated = error(equations.solve_truncated());
    std::cout << "relative error: QR " << by_qr << ", Cholesky " << by_cholesky << ", eigenvalues " << truncated
              << "\n";
    EXPECT_LT(by_qr, 1e-10);
    EXPECT_LT(by_cholesky, 1e-7);
    EXPECT_LT(truncated, 5e-6);
  }
}

}  // namespace
}  // namespace sinefield
