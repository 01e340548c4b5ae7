// Values and derivatives of fields of tiles: the product rule against the plain sum over all tiles and against limits
// of differences, and the properties of the evaluator: nothing depends on threads or on how points come.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "central_differences.h"
#include "query_grouping.h"
#include "reference/reference.h"
#include "refusal.h"
#include "sinefield/error.h"
#include "sinefield/query.h"
#include "tile_samples.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

constexpr std::array blends = {Blend::linear, Blend::cubic, Blend::quintic};

/// 1, 2 and 3 dimensions, uneven tiles, a hard edge in each, an axis of one tile in the last.
std::vector<TileAxis> axes_of(int d) {
  if (d == 1) return {some_axis(7, 1, Edges::one_hard)};
  if (d == 2) return {some_axis(4, 2), some_axis(5, 3, Edges::one_hard)};
  return {some_axis(3, 4), some_axis(1, 5), some_axis(4, 6, Edges::one_hard)};
}

/// The oracle's jets of points in network units.
struct Expected {
  std::vector<double> value, gradient, laplacian, hessian;

  Expected(const Field& field, const std::vector<double>& points) {
    const auto d = static_cast<std::size_t>(field.inputs());
    for (std::size_t p = 0; p < points.size(); p += d) {
      const reference::Jet jet = reference::tiles_jet(field, std::span(points).subspan(p, d));
      value.insert(value.end(), jet.value.begin(), jet.value.end());
      gradient.insert(gradient.end(), jet.gradient.begin(), jet.gradient.end());
      hessian.insert(hessian.end(), jet.hessian.begin(), jet.hessian.end());
      for (int o = 0; o < field.outputs(); ++o) laplacian.push_back(jet.laplacian(o));
    }
  }
};

// Derivatives along the overlaps cancel: windows of slope 1 / overlap meet values of size 1, so each order brings that
// factor, and the half width's, on top of the rounding of a network (engine_samples.h).
TEST(TilesQuery, IsThePlainSumOverAllTiles) {
  ErrorBounds bounds("tiles");
  int blended = 0;
  for (const int d : {1, 2, 3})
    for (const Shapes shapes : {Shapes::equal, Shapes::omegas_differ, Shapes::all_differ})
      for (const Blend blend : blends) {
        const Field field = tiled_field(axes_of(d), 2, blend, shapes);
        std::vector<double> points = some_numbers(60 * d, 1.3, 21);
        const TileAxis& axis = field.tiling.axes[0];
        for (std::size_t cut = 0; cut < axis.cuts.size(); ++cut)  // well inside the overlaps of the first axis
          points[cut * static_cast<std::size_t>(d)] = static_cast<float>(axis.cuts[cut] + 0.25 * axis.reach[cut]);
        const Expected expected(field, points);
        blended += static_cast<int>(axis.cuts.size());
        double steepest = 1;
        for (const TileAxis& a : field.tiling.axes) {
          steepest = std::max(steepest, 1 / a.half_width);
          for (const double reach : a.reach) steepest = std::max(steepest, reach > 0 ? 1 / reach : 0);
        }
        for_each_engine([&]<class T>(Isa isa) {
          const std::vector<T> converted = as<T>(points);
          for (const Order order : orders) {
            const Jets<T> jets = query<T>(field, rows(converted, d), order, Units::network, {.isa = isa, .threads = 1});
            const double bound = 2 * epsilon<T> * rounding_growth(field.networks[3].architecture);
            const double slope = 2 * steepest, curve = 6 * steepest * steepest;
            bounds.expect_near<T>(jets.value, expected.value, bound, 1, "value");
            if (order >= Order::gradient)
              bounds.expect_near<T>(jets.gradient, expected.gradient, bound, slope, "gradient");
            if (order >= Order::laplacian)
              bounds.expect_near<T>(jets.laplacian, expected.laplacian, bound, curve, "laplacian");
            if (order >= Order::hessian) bounds.expect_near<T>(jets.hessian, expected.hessian, bound, curve, "hessian");
          }
        });
      }
  EXPECT_GT(blended, 50);
}

TEST(TilesQuery, DerivativesInSignalUnitsAreLimitsOfDifferencesOfTheValue) {
  Field field = tiled_field({some_axis(4, 7), some_axis(3, 8)}, 1, Blend::quintic, Shapes::omegas_differ);
  // Points in overlaps of one axis, of both and of none, in signal units.
  const auto signal = [&](std::size_t axis, double x) {
    return (x - field.axes[axis].offset) / field.axes[axis].scale;
  };
  std::vector<double> points;
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 2; ++j)
      for (const double t : {0.2, 0.6, 1.3}) {
        points.push_back(signal(0, field.tiling.axes[0].cuts[i] + t * field.tiling.axes[0].reach[i]));
        points.push_back(signal(1, field.tiling.axes[1].cuts[j] - 0.4 * field.tiling.axes[1].reach[j]));
      }
  const Jets<double> jets = query<double>(field, rows(points, 2), Order::hessian);
  const Jets<double> laplacian = query<double>(field, rows(points, 2), Order::laplacian);
  const auto n = points.size() / 2;
  for (std::size_t e = 0; e < n; ++e) {
    EXPECT_NEAR(laplacian.laplacian[e], jets.laplacian[e], 1e-9 * (1 + std::abs(jets.laplacian[e])));
    EXPECT_NEAR(laplacian.gradient[2 * e], jets.gradient[2 * e], 1e-11 * (1 + std::abs(jets.gradient[2 * e])));
  }
  // Largest errors of central differences over all points: they fall as the square of the step.
  const auto errors = [&](double h) {
    std::array<double, 5> worst{};
    const auto take = [&](std::size_t k, double difference, double exact) {
      worst[k] = std::max(worst[k], std::abs(difference - exact));
    };
    for (std::size_t p = 0; const PlaneDerivatives& u : central_differences(field, points, h)) {
      take(0, u.d0, jets.gradient[2 * p]);
      take(1, u.d1, jets.gradient[2 * p + 1]);
      take(2, u.d00, jets.hessian[4 * p]);
      take(3, u.d11, jets.hessian[4 * p + 3]);
      take(4, u.d01, jets.hessian[4 * p + 1]);
      ++p;
    }
    return worst;
  };
  const auto coarse = errors(0.1), fine = errors(0.05);
  for (std::size_t k = 0; k < coarse.size(); ++k) {
    const double slope = std::log2(coarse[k] / fine[k]);
    EXPECT_GT(coarse[k], 1e-9) << k;
    EXPECT_NEAR(slope, 2, 0.2) << k;
  }
}

TEST(TilesQuery, OneTileOfTheWholeFieldIsThePlainNetwork) {
  for (const int outputs : {1, 3}) {
    Field plain;
    plain.networks = {initial_network({.inputs = 2, .outputs = outputs, .width = 17, .hidden_layers = 2}, 4)};
    plain.axes = picture_axes(30, 20);
    for (int o = 0; o < outputs; ++o) plain.channels.push_back({127.5, 127.5 + o});
    Field tiled = plain;
    tiled.kind = FieldKind::tiles;
    tiled.tiling.axes.resize(2);
    tiled.tiling.normalisation.resize(static_cast<std::size_t>(outputs));
    const std::vector<double> drawn = some_numbers(2 * 900, 40, 5);
    for_each_engine([&]<class T>(Isa isa) {
      const std::vector<T> points = as<T>(drawn);
      for (const Order order : orders) {
        const ComputeOptions options{.isa = isa, .threads = 2};
        expect_same_bits(query<T>(tiled, rows(points, 2), order, Units::signal, options),
                         query<T>(plain, rows(points, 2), order, Units::signal, options));
      }
    });
  }
}

TEST(TilesQuery, ThreadsDoNotChangeABit) {
  const Field field = tiled_field(axes_of(2), 3, Blend::quintic, Shapes::all_differ);
  const std::vector<double> drawn = some_numbers(2 * 5000, 60, 7);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    for (const Order order : orders) {
      const Jets<T> alone = query<T>(field, rows(points, 2), order, Units::signal, {.isa = isa, .threads = 1});
      for (const int threads : {2, 3, 7})
        expect_same_bits(query<T>(field, rows(points, 2), order, Units::signal, {.isa = isa, .threads = threads}),
                         alone);
    }
  });
}

TEST(TilesQuery, ResultsFollowTheirPointsHoweverTheseAreOrderedAndGrouped) {
  const Field field = tiled_field(axes_of(2), 2, Blend::cubic, Shapes::all_differ);
  expect_results_follow_points(field, some_numbers(2 * 1001, 60, 9));
}

// More points than are sorted together: the second group must land behind the first.
TEST(TilesQuery, ManyPointsAreThoseOfSmallCalls) {
  Field field = tiled_field({some_axis(2, 1), some_axis(2, 2)}, 1, Blend::linear, Shapes::equal);
  for (Network& network : field.networks)
    network = initial_network({.inputs = 2, .outputs = 1, .width = 1, .hidden_layers = 0, .omega_first = 2}, 3);
  constexpr std::int64_t n = (1 << 18) + 100;
  const std::vector<float> points = as<float>(some_numbers(n * 2, 60, 4));
  Evaluator<float> evaluate(field, Order::value);
  const std::vector<float> all = evaluate(rows(points, 2)).value;
  for (const std::int64_t p : {std::int64_t{0}, std::int64_t{(1 << 18) - 1}, std::int64_t{1 << 18}, n - 1})
    EXPECT_EQ(evaluate(MatrixView<const float>(&points[static_cast<std::size_t>(2 * p)], 1, 2)).value[0],
              all[static_cast<std::size_t>(p)]);
}

TEST(TilesQuery, PointsThatAreNoNumbersHarmNobodyElse) {
  const Field field = tiled_field(axes_of(2), 1, Blend::quintic, Shapes::equal);
  std::vector<float> points = as<float>(some_numbers(2 * 50, 60, 4));
  const std::vector<float> expected = query<float>(field, rows(points, 2), Order::value).value;
  points[20] = NAN;
  points[31] = INFINITY;
  points[40] = -INFINITY;
  const std::vector<float> actual = query<float>(field, rows(points, 2), Order::value).value;
  for (std::size_t p = 0; p < 50; ++p)
    if (p != 10 && p != 15 && p != 20) {
      EXPECT_EQ(actual[p], expected[p]) << p;
    }
  EXPECT_TRUE(std::isnan(actual[10]));
}

TEST(TilesQuery, FieldsThatContradictThemselvesAreRefused) {
  const Field good = tiled_field(axes_of(2), 2, Blend::quintic, Shapes::equal);
  const auto refused = [&](auto change) {
    Field field = good;
    change(field);
    return refusal([&] { Evaluator<float>(field, Order::value); });
  };
  EXPECT_EQ(refused([](Field& f) { f.networks.pop_back(); }), "invalid tiles: 19 networks for 20 tiles");
  EXPECT_THAT(refused([](Field& f) { f.tiling.axes[0].half_width = 0; }), HasSubstr("half width 0"));
  EXPECT_THAT(refused([](Field& f) { f.tiling.axes.pop_back(); }), HasSubstr("tiles on 1 axes for 2 inputs"));
  EXPECT_THAT(refused([](Field& f) { f.tiling.normalisation.clear(); }), HasSubstr("0 normalisations"));
  EXPECT_THAT(refused([](Field& f) { f.networks[4].architecture.outputs = 1; }),
              HasSubstr("the tiles map 2 to 2 and 2 to 1 numbers"));
}

}  // namespace
}  // namespace sinefield
