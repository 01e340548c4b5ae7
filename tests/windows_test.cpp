// Sums of networks under windows: the product rule against products of jets in the reference and against limits of
// differences, the edges, and the properties of every evaluator.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "central_differences.h"
#include "query_grouping.h"
#include "reference/reference.h"
#include "refusal.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"
#include "sinefield/query.h"
#include "windowed_samples.h"

namespace sinefield {
namespace {

using testing::Each;
using testing::HasSubstr;

/// Points all over and, for each window, some inside, at its centre and close to its edge on both sides.
std::vector<double> points_about(const Field& field, int random) {
  const auto d = static_cast<std::size_t>(field.inputs());
  std::vector<double> points = some_numbers(std::int64_t{random} * field.inputs(), 1.2, 31);
  for (const auto& window : field.windows) {
    if (!window || window->centre.empty()) continue;
    const std::vector<double> directions = some_numbers(20 * field.inputs(), 1, 32);
    for (std::size_t k = 0; k < 20; ++k) {
      double length = 0;
      for (std::size_t i = 0; i < d; ++i) length += directions[k * d + i] * directions[k * d + i];
      const double r = k == 0 ? 0 : k < 14 ? 0.07 * static_cast<double>(k) : k < 17 ? 0.999 : 1.001;
      for (std::size_t i = 0; i < d; ++i)
        points.push_back(
            static_cast<float>(window->centre[i] + r * window->radius * directions[k * d + i] / std::sqrt(length)));
    }
  }
  return points;
}

void expect_plain_products(Field (*field_of)(int, int)) {
  ErrorBounds bounds("windows");
  for (const int d : {1, 2, 3}) {
    const Field field = field_of(d, 2);
    const std::vector<double> points = points_about(field, 60);
    std::vector<double> value, gradient, laplacian, hessian;
    int inside = 0;
    for (std::size_t p = 0; p < points.size(); p += static_cast<std::size_t>(d)) {
      const auto x = std::span(points).subspan(p, static_cast<std::size_t>(d));
      const reference::Jet jet = reference::sum_jet(field, x);
      value.insert(value.end(), jet.value.begin(), jet.value.end());
      gradient.insert(gradient.end(), jet.gradient.begin(), jet.gradient.end());
      hessian.insert(hessian.end(), jet.hessian.begin(), jet.hessian.end());
      for (int o = 0; o < 2; ++o) laplacian.push_back(jet.laplacian(o));
      double square = 0;
      for (const double number : x) square += (number + 0.25) * (number + 0.25);
      inside += square < 0.04 ? 1 : 0;
    }
    EXPECT_GT(inside, 15);
    for_each_engine([&]<class T>(Isa isa) {
      const std::vector<T> converted = as<T>(points);
      for (const Order order : orders) {
        const Jets<T> jets = query<T>(field, rows(converted, d), order, Units::network, {.isa = isa, .threads = 1});
        // Each order brings the slope of a window, at most 2 / R and in second derivatives 8 / R^2, on top of the
        // rounding of a network (engine_samples.h).
        const double bound = 0.5 * epsilon<T> * rounding_growth(field.networks[2].architecture);
        const double slope = 2 / 0.2, curve = d * 8 / 0.04;
        bounds.expect_near<T>(jets.value, value, bound, 1, "value");
        if (order >= Order::gradient) bounds.expect_near<T>(jets.gradient, gradient, bound, slope, "gradient");
        if (order >= Order::laplacian) bounds.expect_near<T>(jets.laplacian, laplacian, bound, curve, "laplacian");
        if (order >= Order::hessian) bounds.expect_near<T>(jets.hessian, hessian, bound, curve, "hessian");
      }
    });
  }
}

TEST(Windows, make_the_plain_product_of_window_and_network) { expect_plain_products(windowed_field); }

TEST(Windows, with_slabs_make_it_within_them_alone) { expect_plain_products(slabbed_field); }

TEST(Windows, are_shut_at_the_ends_of_their_slab) {
  // One constant network of value 1.
  Field field;
  field.kind = FieldKind::sum;
  field.networks = {initial_network({.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0}, 1)};
  std::ranges::fill(field.networks[0].parameters, 0.0F);
  field.networks[0].parameters.back() = 1;
  field.windows = {Window{{}, 1, Slab{1, 0.25, 0.5}}};
  field.axes = {{"x", 1, 0}, {"t", 1, 0}};
  field.channels = {{1, 0}};
  const std::vector<double> points = {9, 0.25, -9, std::nextafter(0.5, 0), 0, std::nextafter(0.25, 0), 0, 0.5};
  const Jets<double> jets = query<double>(field, {points.data(), 4, 2}, Order::hessian);
  EXPECT_THAT(jets.value, testing::ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(jets.gradient, testing::Each(0));
  EXPECT_THAT(jets.hessian, testing::Each(0));
}

TEST(Windows, have_derivatives_in_signal_units_that_are_limits_of_differences) {
  const Field field = windowed_field(2, 1);  // axes of scale 0.02 and 0.04
  // In the small window, in the large one alone, and outside both.
  std::vector<double> points;
  for (const auto& [x, y] :
       {std::pair(-0.2, -0.3), std::pair(-0.31, -0.2), std::pair(0.3, 0.4), std::pair(-0.9, 0.9)}) {
    points.push_back((x - field.axes[0].offset) / field.axes[0].scale);
    points.push_back((y - field.axes[1].offset) / field.axes[1].scale);
  }
  const std::size_t n = points.size() / 2;
  const Jets<double> jets = query<double>(field, rows(points, 2), Order::hessian),
                     laplacian = query<double>(field, rows(points, 2), Order::laplacian),
                     gradient = query<double>(field, rows(points, 2), Order::gradient);
  for (std::size_t p = 0; p < n; ++p) {
    const double size = std::abs(jets.hessian[4 * p]) + std::abs(jets.hessian[4 * p + 3]);
    EXPECT_NEAR(laplacian.laplacian[p], jets.hessian[4 * p] + jets.hessian[4 * p + 3], 1e-10 * size) << p;
    for (std::size_t i = 2 * p; i < 2 * p + 2; ++i)
      EXPECT_NEAR(gradient.gradient[i], jets.gradient[i], 1e-12 * (1 + std::abs(jets.gradient[i])));
  }
  // Errors of central differences, point by point: they fall as the square of the step.
  const auto errors = [&](double h) {
    std::vector<double> found;
    for (std::size_t p = 0; const PlaneDerivatives& u : central_differences(field, points, h)) {
      found.push_back(u.d0 - jets.gradient[2 * p]);
      found.push_back(u.d1 - jets.gradient[2 * p + 1]);
      found.push_back(u.d00 - jets.hessian[4 * p]);
      found.push_back(u.d11 - jets.hessian[4 * p + 3]);
      found.push_back(u.d01 - jets.hessian[4 * p + 1]);
      found.push_back(u.d00 + u.d11 - laplacian.laplacian[p]);
      ++p;
    }
    return found;
  };
  const auto coarse = errors(0.1), fine = errors(0.05);
  for (std::size_t k = 0; k < coarse.size(); ++k) {
    EXPECT_GT(std::abs(coarse[k]), 1e-9) << k;
    EXPECT_NEAR(std::log2(std::abs(coarse[k] / fine[k])), 2, 0.2) << k;
  }
}

TEST(Windows, end_at_their_edge_with_three_continuous_derivatives) {
  // One constant network of value 1: the field is the window itself, along an axis through its centre.
  Field field;
  field.kind = FieldKind::sum;
  field.networks = {{{.inputs = 1, .outputs = 1, .width = 1, .hidden_layers = 0}, {0, 0, 0, 1}}};
  field.windows = {Window{{0.5}, 0.25}};
  field.axes = {{"x", 1, 0}};
  field.channels = {{1, 0}};
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = {T(0.25), T(0.75), T(0.1), T(0.9), T(0.5), T(0.625)};
    const Jets<T> jets = query<T>(field, rows(points, 1), Order::hessian, Units::network, {.isa = isa, .threads = 1});
    for (std::size_t p = 0; p < 4; ++p) {
      EXPECT_EQ(jets.value[p], 0);
      EXPECT_EQ(jets.gradient[p], 0);
      EXPECT_EQ(jets.hessian[p], 0);
    }
    EXPECT_EQ(jets.value[4], 1);
    EXPECT_EQ(jets.gradient[4], 0);
    EXPECT_EQ(jets.hessian[4], -128);
    // q = 3/4 at half the radius: q^4, -8 q^3 / 2 / R, (48 q^2 / 4 - 8 q^3) / R^2.
    EXPECT_EQ(jets.value[5], T(81.0 / 256));
    EXPECT_EQ(jets.gradient[5], T(-6.75));
    EXPECT_EQ(jets.hessian[5], T(54));
  });
  // Close to the edge the second derivative falls as the square of the distance: the third is continuous.
  const auto second = [&](double away) {
    const std::vector<double> point = {0.75 - away};
    return query<double>(field, rows(point, 1), Order::hessian).hessian[0];
  };
  EXPECT_NEAR(std::log2(second(1e-3) / second(5e-4)), 2, 0.05);
}

TEST(Windows, do_not_show_their_network_the_points_outside) {
  Field field = windowed_field(2, 1);
  for (float& parameter : field.networks[2].parameters) parameter = NAN;
  const std::vector<double> points = {-0.25, -0.25, -0.25, 0.0, 0.4, 0.4};
  const std::vector<double> value = query<double>(field, rows(points, 2), Order::value, Units::network).value;
  EXPECT_TRUE(std::isnan(value[0]));
  EXPECT_TRUE(std::isfinite(value[1]));
  EXPECT_TRUE(std::isfinite(value[2]));
}

TEST(Windows, first_of_all_or_at_no_point_leave_zero) {
  Field field = windowed_field(2, 1);
  field.networks.erase(field.networks.begin());
  field.windows.erase(field.windows.begin());
  const std::vector<float> outside = {1, 1, -1, -1};
  const Jets<float> jets = query<float>(field, rows(outside, 2), Order::laplacian, Units::network);
  EXPECT_THAT(jets.value, Each(0.0F));
  EXPECT_THAT(jets.gradient, Each(0.0F));
  EXPECT_THAT(jets.laplacian, Each(0.0F));
}

TEST(Windows, that_are_none_change_no_bit) {
  Field plain = windowed_field(2, 3);
  plain.windows.clear();
  Field none = plain;
  none.windows.resize(3);
  const std::vector<double> drawn = some_numbers(2 * 200, 40, 5);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    for (const Order order : orders)
      expect_same_bits(query<T>(none, rows(points, 2), order, Units::signal, {.isa = isa, .threads = 1}),
                       query<T>(plain, rows(points, 2), order, Units::signal, {.isa = isa, .threads = 1}));
  });
}

TEST(Windows, threads_do_not_change_a_bit) {
  const Field field = windowed_field(2, 3);
  const std::vector<double> drawn = some_numbers(2 * 5000, 40, 7);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    for (const Order order : orders) {
      const Jets<T> alone = query<T>(field, rows(points, 2), order, Units::signal, {.isa = isa, .threads = 1});
      for (const int threads : {2, 7})
        expect_same_bits(query<T>(field, rows(points, 2), order, Units::signal, {.isa = isa, .threads = threads}),
                         alone);
    }
  });
}

TEST(Windows, results_follow_their_points_however_these_are_ordered_and_grouped) {
  expect_results_follow_points(windowed_field(2, 2), some_numbers(2 * 1001, 40, 9));
  expect_results_follow_points(slabbed_field(2, 2), some_numbers(2 * 1001, 40, 9));
}

TEST(Windows, points_that_are_no_numbers_harm_nobody_else) {
  const Field field = windowed_field(2, 1);
  std::vector<float> points = as<float>(some_numbers(2 * 50, 40, 4));
  const std::vector<float> expected = query<float>(field, rows(points, 2), Order::value).value;
  points[20] = NAN;
  const std::vector<float> actual = query<float>(field, rows(points, 2), Order::value).value;
  for (std::size_t p = 0; p < 50; ++p)
    if (p != 10) {
      EXPECT_EQ(actual[p], expected[p]) << p;
    }
  EXPECT_TRUE(std::isnan(actual[10]));
}

TEST(Windows, on_a_grid_are_those_of_points) {
  const Field field = windowed_field(2, 2);
  std::vector<std::vector<double>> positions(2);
  for (int i = -60; i <= 60; i += 2) positions[0].push_back(i);
  for (int i = -30; i <= 50; i += 3) positions[1].push_back(i);
  std::vector<float> points, values(positions[0].size() * positions[1].size() * 2);
  for (const double y : positions[0])
    for (const double x : positions[1]) {
      points.push_back(static_cast<float>(y));
      points.push_back(static_cast<float>(x));
    }
  GridEvaluator(field, {.threads = 2})(positions, values);
  EXPECT_EQ(values, query<float>(field, rows(points, 2), Order::value).value);
}

TEST(Windows, that_do_not_fit_their_networks_are_refused) {
  const Field good = windowed_field(2, 1);
  const auto refused = [&](auto change) {
    Field field = good;
    change(field);
    const std::string words = refusal([&] { Evaluator<float>(field, Order::value); });
    EXPECT_EQ(refusal([&] { GridEvaluator{field}; }), words);
    return words;
  };
  EXPECT_EQ(refused([](Field& f) { f.windows.pop_back(); }),
            "invalid sum: 2 windows for 3 networks, expected one for each");
  EXPECT_EQ(refused([](Field& f) { f.windows[1]->centre.pop_back(); }),
            "invalid sum: the window of network 1 has a centre of 1 numbers for 2 inputs");
  EXPECT_EQ(refused([](Field& f) { f.windows[2]->centre[1] = NAN; }),
            "invalid sum: the window of network 2 has a centre at nan, expected finite numbers");
  EXPECT_EQ(refused([](Field& f) { f.windows[2]->radius = 0; }),
            "invalid sum: the window of network 2 has a radius of 0, expected 1e-100 to 1e100");
  EXPECT_THAT(refused([](Field& f) { f.windows[2]->radius = NAN; }), HasSubstr("a radius of nan"));
  EXPECT_THAT(refused([](Field& f) { f.windows[2]->centre.clear(); }), HasSubstr("a centre of 0 numbers"));
  EXPECT_EQ(refused([](Field& f) {
              f.windows[1]->slab = Slab{2, 0, 1};
            }),
            "invalid sum: the window of network 1 has a slab of axis 2, expected 0 to 1");
  EXPECT_THAT(refused([](Field& f) { f.windows[1]->slab = Slab{-1, 0, 1}; }), HasSubstr("a slab of axis -1"));
  EXPECT_THAT(refused([](Field& f) { f.windows[1]->slab = Slab{0, 1, 1}; }), HasSubstr("a slab from 1 to 1"));
  EXPECT_THAT(refused([](Field& f) {
                f.windows[0] = Window{{}, 1, Slab{0, 0, INFINITY}};
              }),
              HasSubstr("a slab from 0 to inf, expected finite numbers"));
  EXPECT_THAT(refused([](Field& f) { f.networks[1] = initial_network({.inputs = 2, .outputs = 2, .width = 3}, 1); }),
              HasSubstr("the networks map 2 to 1 and 2 to 2 numbers"));
  EXPECT_THAT(refused([](Field& f) {
                f.kind = FieldKind::network;
                f.networks.resize(1);
                f.windows.resize(1);
              }),
              HasSubstr("windows belong to kind \"sum\" only"));
}

}  // namespace
}  // namespace sinefield
