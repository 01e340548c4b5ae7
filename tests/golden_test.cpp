// The plain reference against the numbers of an independent framework in double: jets, losses, gradient, ten steps.
// Tolerances are relative to the largest element of each array. Both sides round differently: sums of up to 24 terms in
// another order, up to five maps deep, phases up to 60 radians that carry their rounding into the sines. 1e-13 is 450
// eps, thirty times what is seen; a wrong formula is off by more than 1e-3.
// SPDX-License-Identifier: MIT
#include "golden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reference/reference.h"

namespace sinefield {
namespace {

constexpr double tolerance = 1e-13;

/// Largest deviation relative to the largest expected element; NaN anywhere gives infinity.
double deviation(std::span<const double> actual, std::span<const double> expected) {
  if (actual.size() != expected.size() || expected.empty()) return INFINITY;
  double scale = 0, worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    scale = std::max(scale, std::abs(expected[i]));
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
  }
  return worst / scale;
}

class Golden : public testing::TestWithParam<GoldenCase> {
 protected:
  void expect_close(const char* what, std::span<const double> actual, std::span<const double> expected,
                    double bound = tolerance) {
    const double seen = deviation(actual, expected);
    EXPECT_LT(seen, bound) << what;
    worst_ = std::max(worst_, seen / bound);
  }
  void TearDown() override {
    if (worst_ > 0) std::cout << "worst deviation: " << worst_ << " of its bound\n";
  }

 private:
  double worst_ = 0;
};

TEST_P(Golden, parameters_fill_the_layout_and_are_floats) {
  const GoldenCase& golden = GetParam();
  EXPECT_EQ(std::ssize(golden.initial_parameters), parameter_count(golden.architecture));
  EXPECT_EQ(golden.losses.size(), 10u);
  for (const auto* array : {&golden.initial_parameters, &golden.coordinates, &golden.targets, &golden.probe_points})
    for (double value : *array) EXPECT_EQ(value, static_cast<double>(static_cast<float>(value)));
}

TEST_P(Golden, jets_agree_with_automatic_differentiation) {
  const GoldenCase& golden = GetParam();
  const MatrixView<const double> points = golden.probe_rows();
  std::vector<double> value, gradient, laplacian, hessian;
  for (std::int64_t m = 0; m < points.rows; ++m) {
    const std::span x(points.row(m), static_cast<std::size_t>(points.cols));
    const reference::Jet jet = reference::jet(golden.architecture, golden.initial_parameters, x);
    value.insert(value.end(), jet.value.begin(), jet.value.end());
    gradient.insert(gradient.end(), jet.gradient.begin(), jet.gradient.end());
    hessian.insert(hessian.end(), jet.hessian.begin(), jet.hessian.end());
    for (int c = 0; c < golden.architecture.outputs; ++c) laplacian.push_back(jet.laplacian(c));
  }
  expect_close("value", value, golden.probe_value);
  expect_close("gradient", gradient, golden.probe_gradient);
  expect_close("laplacian", laplacian, golden.probe_laplacian);
  expect_close("hessian", hessian, golden.probe_hessian);
}

TEST_P(Golden, ten_steps_of_adam_agree) {
  const GoldenCase& golden = GetParam();
  std::vector<double> parameters = golden.initial_parameters, gradient(parameters.size()), losses, first_gradient;
  reference::Adam adam{.lr = golden.learning_rate};
  for (std::size_t step = 0; step < golden.losses.size(); ++step) {
    losses.push_back(reference::squared_error(golden.architecture, parameters, golden.coordinate_rows(),
                                              golden.target_rows(), gradient));
    if (step == 0) first_gradient = gradient;
    adam.step(parameters, gradient);
  }
  expect_close("losses", losses, golden.losses);

  std::vector<double> moved = parameters, moved_expected = golden.final_parameters;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    moved[i] -= golden.initial_parameters[i];
    moved_expected[i] -= golden.initial_parameters[i];
  }
  // A path of 1e-3 has lost three digits to the size of the parameters.
  expect_close("movement", moved, moved_expected, 1e3 * tolerance);
  for (const LayerSlice& layer : layer_slices(golden.architecture)) {
    const auto weight = static_cast<std::size_t>(layer.weight), bias = static_cast<std::size_t>(layer.bias);
    const auto outputs = static_cast<std::size_t>(layer.outputs);
    SCOPED_TRACE("layer at parameter " + std::to_string(weight));
    for (const auto& [first, count] : {std::pair{weight, bias - weight}, std::pair{bias, outputs}}) {
      const auto part = [first = first, count = count](const std::vector<double>& array) {
        return std::span(array).subspan(first, count);
      };
      expect_close("first gradient", part(first_gradient), part(golden.first_gradient));
      expect_close("final parameters", part(parameters), part(golden.final_parameters));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Golden, testing::ValuesIn(golden_cases()), golden_name);

}  // namespace
}  // namespace sinefield
