// The last layers of all tiles as one linear problem: given back from equations of the reference's, Poisson's equation
// against a closed form by least squares and by its energy, and the units that take on smooth functions.
// SPDX-License-Identifier: MIT
#include "train/tile_last_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iostream>
#include <numbers>
#include <vector>

#include "fit_pictures.h"
#include "reference/reference.h"
#include "refusal.h"
#include "tile_samples.h"
#include "train/smooth_units.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

/// Value, gradient and these second derivatives of one output by the reference.
std::vector<double> terms_of(const reference::Jet& jet, std::size_t output, std::size_t inputs,
                             const std::vector<train::AxisPair>& seconds) {
  std::vector<double> terms = {jet.value[output]};
  for (std::size_t i = 0; i < inputs; ++i) terms.push_back(jet.gradient[output * inputs + i]);
  for (const auto& [i, j] : seconds)
    terms.push_back(
        jet.hessian[(output * inputs + static_cast<std::size_t>(i)) * inputs + static_cast<std::size_t>(j)]);
  return terms;
}

TEST(TileLastLayers, are_given_back_by_equations_of_all_terms) {
  for (const std::vector<TileAxis>& axes :
       {std::vector{some_axis(6, 1)}, std::vector{some_axis(3, 2), some_axis(4, 3)}}) {
    const std::size_t d = axes.size();
    const Field field = tiled_field(axes, 2, Blend::quintic, Shapes::equal);
    std::vector<train::AxisPair> seconds = train::pure_seconds(static_cast<int>(d));
    if (d == 2) seconds.insert(seconds.begin() + 1, {0, 1});
    train::PointForms forms(static_cast<int>(d), 2, seconds);
    const std::size_t count = d == 1 ? 400 : 3000, terms = 1 + d + seconds.size();
    const std::vector<double> points = some_numbers(static_cast<std::int64_t>(count * d), 1, 5),
                              numbers = some_numbers(static_cast<std::int64_t>(count * terms), 1, 6);
    for (std::size_t p = 0; p < count; ++p) {
      const std::span<const double> point = std::span(points).subspan(p * d, d);
      std::vector<double> coefficients;
      for (std::size_t s = 0; s < terms; ++s)  // derivatives are larger than values
        coefficients.push_back(numbers[p * terms + s] * (s == 0 ? 1 : s <= d ? 0.1 : 0.01));
      const reference::Jet jet = reference::tiles_jet(field, point);
      std::array<double, 2> right{};
      for (std::size_t o = 0; o < 2; ++o) {
        const std::vector<double> of_output = terms_of(jet, o, d, seconds);
        for (std::size_t s = 0; s < terms; ++s) right[o] += coefficients[s] * of_output[s];
      }
      forms.add_equation(point, coefficients, right);
    }
    Field spoilt = field;
    const LayerSlice last = layer_slices(field.networks.front().architecture).back();
    for (Network& network : spoilt.networks)
      for (std::size_t k = static_cast<std::size_t>(last.weight); k < network.parameters.size(); ++k)
        network.parameters[k] = 0.25F * static_cast<float>(k % 3) - 0.3F;
    for (const int threads : {1, 3}) {
      Field solved = spoilt;
      train::solve_last_layers(solved, forms, 0, {.threads = threads});
      double largest = 0;
      for (std::size_t t = 0; t < solved.networks.size(); ++t)
        for (std::size_t k = 0; k < solved.networks[t].parameters.size(); ++k)
          largest = std::max(largest, std::abs(static_cast<double>(solved.networks[t].parameters[k]) -
                                               static_cast<double>(field.networks[t].parameters[k])));
      std::cout << d << " axes: largest error of a weight " << largest << "\n";
      EXPECT_LT(largest, 1e-4);
    }
  }
}

TEST(TileLastLayers, that_no_form_touches_stay_as_they_are) {
  const Field field = tiled_field({some_axis(4, 1)}, 1, Blend::quintic, Shapes::equal);
  train::PointForms forms(1, 1);
  for (int i = 0; i < 100; ++i) {
    const std::array<double, 1> point = {-1 + 0.004 * i};  // in the first tile, and in the second at most
    forms.add_equation(point, std::array{1.0, 0.0}, std::array{1.0});
  }
  Field solved = field;
  train::solve_last_layers(solved, forms, 1e-9, {.threads = 1});
  EXPECT_NE(solved.networks[0].parameters, field.networks[0].parameters);
  EXPECT_EQ(solved.networks[2].parameters, field.networks[2].parameters);
  EXPECT_EQ(solved.networks[3].parameters, field.networks[3].parameters);
  const reference::Jet jet = reference::tiles_jet(solved, std::array{-0.9});
  EXPECT_NEAR(jet.value[0], 1, 1e-5);
}

/// u = sin 3 x sin 2 y + exp(x y / 2) on [-1, 1]^2.
double exact(double x, double y) { return std::sin(3 * x) * std::sin(2 * y) + std::exp(x * y / 2); }
double exact_laplacian(double x, double y) {
  return -13 * std::sin(3 * x) * std::sin(2 * y) + (x * x + y * y) / 4 * std::exp(x * y / 2);
}

TEST(TileLastLayers, solve_poissons_equation_by_least_squares) {
  Field field = tiled_field({some_axis(4, 2), some_axis(3, 3)}, 1, Blend::quintic, Shapes::equal);
  for (Network& network : field.networks) network = train::with_smooth_units(network);
  train::PointForms forms(2, 1, train::pure_seconds(2));
  constexpr int side = 60;
  for (int i = 0; i <= side; ++i)
    for (int j = 0; j <= side; ++j) {
      const std::array<double, 2> point = {2.0 * i / side - 1, 2.0 * j / side - 1};
      const bool border = i == 0 || j == 0 || i == side || j == side;
      if (border) {
        forms.add_equation(point, std::array{100.0, 0.0, 0.0, 0.0, 0.0}, std::array{100 * exact(point[0], point[1])});
      } else {
        forms.add_equation(point, std::array{0.0, 0.0, 0.0, 1.0, 1.0}, std::array{exact_laplacian(point[0], point[1])});
      }
    }
  train::solve_last_layers(field, forms, 1e-12, {.threads = 2});
  double largest = 0;
  for (const double x : {-0.97, -0.5, 0.03, 0.41, 0.88})
    for (const double y : {-0.91, -0.33, 0.2, 0.77})
      largest = std::max(largest, std::abs(reference::tiles_jet(field, std::array{x, y}).value[0] - exact(x, y)));
  std::cout << "largest error " << largest << "\n";
  EXPECT_LT(largest, 1e-2) << "0.0046 was seen: what the networks can be";
}

TEST(TileLastLayers, refuse_what_does_not_fit) {
  train::PointForms forms(2, 1);
  EXPECT_THAT(refusal([&] {
                forms.add_equation(std::array{0.0, 0.0}, std::array{1.0}, std::array{1.0});
              }),
              HasSubstr("1 coefficients and 1 right sides, expected 3 and 1"));
  EXPECT_THAT(refusal([&] { forms.add(std::array{0.0}, std::vector<double>(9), std::vector<double>(3)); }),
              HasSubstr("1 coordinates"));
  Field field = tiled_field({some_axis(3, 1)}, 1, Blend::quintic, Shapes::equal);
  EXPECT_THAT(refusal([&] { train::solve_last_layers(field, forms, 0, {}); }), HasSubstr("forms of 2 inputs"));
  field = tiled_field({some_axis(3, 1), some_axis(2, 1)}, 1, Blend::quintic, Shapes::all_differ);
  EXPECT_THAT(refusal([&] { train::solve_last_layers(field, forms, 0, {}); }), HasSubstr("several shapes"));
}

TEST(SmoothUnits, leave_the_network_as_it_was_and_come_near_to_polynomials) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 7, .hidden_layers = 2, .omega_first = 9, .omega_hidden = 4};
  const Network network = initial_network(a, 3), wide = train::with_smooth_units(network);
  EXPECT_EQ(wide.architecture.width, 7 + train::smooth_units(2));
  const auto in_double = [](const Network& n) { return std::vector<double>(n.parameters.begin(), n.parameters.end()); };
  const std::vector<double> before = in_double(network), after = in_double(wide);
  for (const double x : {-0.9, -0.2, 0.5})
    for (const double y : {-0.6, 0.1, 0.8}) {
      const std::array<double, 2> point = {x, y};
      const reference::Jet was = reference::jet(a, before, point), is = reference::jet(wide.architecture, after, point);
      for (std::size_t o = 0; o < 2; ++o) {
        EXPECT_NEAR(is.value[o], was.value[o], 1e-12);
        EXPECT_NEAR(is.laplacian(static_cast<int>(o)), was.laplacian(static_cast<int>(o)), 1e-9);
      }
    }

  // Of one tile whose own units say nothing: 1, x, y, ... x y^3 and y^4 each by its values.
  Field field = tiled_field({some_axis(1, 1), some_axis(1, 1)}, 1, Blend::quintic, Shapes::equal);
  field.tiling.axes[0].half_width = field.tiling.axes[1].half_width = 1;
  Network silent = initial_network({.inputs = 2, .outputs = 1, .width = 1, .hidden_layers = 2}, 0);
  std::ranges::fill(silent.parameters, 0.0F);
  for (int degree = 0; degree <= 4; ++degree)
    for (int i = 0; i <= degree; ++i) {
      field.networks = {train::with_smooth_units(silent)};
      train::PointForms forms(2, 1);
      const auto monomial = [&](double x, double y) { return std::pow(x, i) * std::pow(y, degree - i); };
      for (double x = -1; x < 1.01; x += 0.1)
        for (double y = -1; y < 1.01; y += 0.1)
          forms.add_equation(std::array{x, y}, std::array{1.0, 0.0, 0.0}, std::array{monomial(x, y)});
      train::solve_last_layers(field, forms, 1e-12, {.threads = 1});
      double largest = 0;
      for (double x = -0.95; x < 1; x += 0.19)
        for (double y = -0.95; y < 1; y += 0.19)
          largest =
              std::max(largest, std::abs(reference::tiles_jet(field, std::array{x, y}).value[0] - monomial(x, y)));
      EXPECT_LT(largest, degree <= 2 ? 0.03 : 0.2) << "x^" << i << " y^" << degree - i;
    }
}

}  // namespace
}  // namespace sinefield
