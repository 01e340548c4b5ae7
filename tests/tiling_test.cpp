// Grids of tiles: windows that add up to one whatever the grid, their derivatives and how smooth each blend is, boxes,
// and what is refused.
// SPDX-License-Identifier: MIT
#include "field/tiling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "tile_samples.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

constexpr std::array blends = {Blend::linear, Blend::cubic, Blend::quintic};

/// Points all over the axis, beyond its ends, on every cut and on the ends of every overlap, and next to these.
std::vector<double> telling_points(const TileAxis& axis) {
  std::vector<double> points = some_numbers(500, 1.5 * std::max(std::abs(axis.low), std::abs(axis.high)), 3);
  const auto add = [&](double x) {
    for (const double at : {std::nextafter(x, -INFINITY), x, std::nextafter(x, INFINITY)}) points.push_back(at);
  };
  add(axis.low);
  add(axis.high);
  for (std::size_t i = 0; i < axis.cuts.size(); ++i) {
    add(axis.cuts[i]);
    add(axis.cuts[i] - axis.reach[i]);
    add(axis.cuts[i] + axis.reach[i]);
  }
  return points;
}

AxisWindow window_at(const TileAxis& axis, Blend blend, double x) {
  return axis_window(axis, blend, locate(axis, x), x);
}

std::vector<TileAxis> some_axes() {
  std::vector<TileAxis> axes;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const int tiles = 1 + static_cast<int>(seed % 9);
    axes.push_back(some_axis(tiles, seed, tiles > 1 && seed % 3 == 0 ? Edges::one_hard : Edges::soft,
                             -0.25 * static_cast<double>(seed), 3));
  }
  // Overlaps that touch, up to the ends of the axis.
  axes.push_back({.low = 0, .high = 4, .cuts = {1, 3}, .reach = {1, 1}, .half_width = 2});
  return axes;
}

TEST(Tiling, WindowsAddUpToOneAndTheirDerivativesToNothing) {
  int overlaps = 0, hard = 0;
  for (const TileAxis& axis : some_axes()) {
    ASSERT_EQ(why_invalid(std::span(&axis, 1), 1), std::nullopt);
    for (const Blend blend : blends)
      for (const double x : telling_points(axis)) {
        const AxisPlace place = locate(axis, x);
        const AxisWindow window = axis_window(axis, blend, place, x);
        ASSERT_GE(place.first, 0);
        ASSERT_LE(place.first + place.count, axis.tiles());
        EXPECT_EQ(window.weight[0] + window.weight[1], 1) << x;
        EXPECT_EQ(window.slope[0] + window.slope[1], 0) << x;
        EXPECT_EQ(window.curvature[0] + window.curvature[1], 0) << x;
        EXPECT_GE(window.weight[0], 0) << x;
        EXPECT_GE(window.weight[1], 0) << x;
        EXPECT_GE(window.slope[1], 0) << x;  // the next tile rises
        if (place.count == 1) {
          EXPECT_EQ(window.weight[0], 1);
          EXPECT_EQ(window.slope[0], 0);
          EXPECT_EQ(window.curvature[0], 0);
        }
        overlaps += place.count - 1;
      }
    for (const double reach : axis.reach) hard += reach == 0 ? 1 : 0;
  }
  EXPECT_GT(overlaps, 1000);
  EXPECT_GT(hard, 5);
}

TEST(Tiling, ATileCountsInsideItsBoxOnly) {
  for (const TileAxis& axis : some_axes())
    for (const double x : telling_points(axis)) {
      const AxisPlace place = locate(axis, x);
      for (int tile = 0; tile < axis.tiles(); ++tile) {
        const TileBox box = tile_box(axis, tile);
        const double middle = tile_middle(axis, tile);
        EXPECT_NEAR(middle, (box.low + box.high) / 2, 1e-15 * std::abs(middle));
        const bool counts = tile >= place.first && tile < place.first + place.count;
        const bool inside = (tile == 0 || x >= box.low) && (tile + 1 == axis.tiles() || x <= box.high);
        if (counts) {
          EXPECT_TRUE(inside) << tile << " at " << x;
        }
        // An end of a box belongs to it alone where its overlap is empty.
        const bool well_inside = (tile == 0 || x > box.low) && (tile + 1 == axis.tiles() || x < box.high);
        if (well_inside) {
          EXPECT_TRUE(counts) << tile << " at " << x;
        }
      }
    }
}

TEST(Tiling, WhereToLookFirstChangesNothing) {
  for (const TileAxis& axis : some_axes())
    for (const double x : telling_points(axis)) {
      const AxisPlace place = locate(axis, x);
      for (int near = 0; near < axis.tiles(); ++near) {
        EXPECT_EQ(locate(axis, x, near).first, place.first);
        EXPECT_EQ(locate(axis, x, near).count, place.count);
      }
    }
}

TEST(Tiling, TheOutermostTilesServeWhatLiesBeyond) {
  const TileAxis axis = some_axis(4, 5);
  for (const double x : {-static_cast<double>(INFINITY), -1e300, -1.5, -1.0}) {
    EXPECT_EQ(locate(axis, x).first, 0);
    EXPECT_EQ(locate(axis, x).count, 1);
  }
  for (const double x : {1.0, 1.5, 1e300, static_cast<double>(INFINITY)}) {
    EXPECT_EQ(locate(axis, x).first, 3);
    EXPECT_EQ(locate(axis, x).count, 1);
  }
  for (int near = 0; near < 4; ++near) EXPECT_EQ(locate(axis, NAN, near).count, 1);
}

TEST(Tiling, APointOnAHardEdgeIsTheLaterTiles) {
  const TileAxis axis{.low = 0, .high = 3, .cuts = {1, 2}, .reach = {0, 0.25}, .half_width = 0.5};
  EXPECT_EQ(locate(axis, std::nextafter(1.0, 0.0)).first, 0);
  EXPECT_EQ(locate(axis, 1.0).first, 1);
  EXPECT_EQ(locate(axis, 1.0).count, 1);
  EXPECT_EQ(locate(axis, std::nextafter(1.0, 0.0)).count, 1);
}

TEST(Tiling, BlendsAreTheirPolynomials) {
  const TileAxis axis{.low = 0, .high = 8, .cuts = {4}, .reach = {2}, .half_width = 4};
  for (const double t : {0.125, 0.25, 0.5, 0.75, 0.875}) {
    const double x = 2 + 4 * t;
    EXPECT_NEAR(window_at(axis, Blend::linear, x).weight[1], t, 1e-15);
    EXPECT_NEAR(window_at(axis, Blend::cubic, x).weight[1], 3 * t * t - 2 * t * t * t, 1e-15);
    EXPECT_NEAR(window_at(axis, Blend::quintic, x).weight[1],
                6 * std::pow(t, 5) - 15 * std::pow(t, 4) + 10 * std::pow(t, 3), 1e-15);
  }
}

TEST(Tiling, DerivativesOfWindowsAreLimitsOfDifferences) {
  const TileAxis axis = some_axis(5, 9);
  for (const Blend blend : blends)
    for (std::size_t cut = 0; cut < axis.cuts.size(); ++cut)
      for (const double t : {0.1, 0.4, 0.5, 0.8}) {
        const double length = 2 * axis.reach[cut], x = axis.cuts[cut] + (t - 0.5) * length;
        const AxisWindow window = window_at(axis, blend, x);
        // Central differences of polynomials of degree 5 in t: errors of size h^2 with known constants.
        std::vector<double> first, second;
        for (const double h : {1e-2, 5e-3}) {
          const auto rising = [&](double at) { return window_at(axis, blend, at).weight[1]; };
          const double step = h * length;
          first.push_back(std::abs((rising(x + step) - rising(x - step)) / (2 * step) - window.slope[1]) * length);
          second.push_back(
              std::abs((rising(x + step) - 2 * rising(x) + rising(x - step)) / (step * step) - window.curvature[1]) *
              length * length);
        }
        EXPECT_LT(first[0], 60 * 1e-4 / 6 + 1e-12);  // |S'''| <= 60
        EXPECT_LT(first[1], first[0] / 3.5 + 1e-12);
        EXPECT_LT(second[0], 360 * 1e-4 / 12 + 1e-9);  // |S''''| <= 360
        EXPECT_LT(second[1], second[0] / 3.5 + 1e-9);
      }
}

TEST(Tiling, EachBlendIsAsSmoothAsItSays) {
  const TileAxis axis{.low = -4, .high = 4, .cuts = {0}, .reach = {2}, .half_width = 2};
  for (const double end : {-2.0, 2.0}) {
    const double inside = end * (1 - 1e-9);
    const auto gap = [&](Blend blend) {
      const AxisWindow in = window_at(axis, blend, inside);
      const double weight = end < 0 ? in.weight[1] : in.weight[0];
      return std::array{std::abs(weight), std::abs(in.slope[1]), std::abs(in.curvature[1])};
    };
    for (const Blend blend : blends) EXPECT_LT(gap(blend)[0], 1e-8);
    EXPECT_GT(gap(Blend::linear)[1], 0.2);
    EXPECT_LT(gap(Blend::cubic)[1], 1e-8);
    EXPECT_GT(gap(Blend::cubic)[2], 0.3);
    EXPECT_LT(gap(Blend::quintic)[1], 1e-8);
    EXPECT_LT(gap(Blend::quintic)[2], 1e-7);
  }
}

// ---- refusals

std::string reason(const TileAxis& axis) { return why_invalid(std::span(&axis, 1), 1).value_or("valid"); }

TEST(Tiling, RefusesAxesThatContradictThemselves) {
  const auto with = [](auto change) {
    TileAxis axis{.low = 0, .high = 3, .cuts = {1, 2}, .reach = {0.25, 0.25}, .half_width = 0.5};
    change(axis);
    return reason(axis);
  };
  EXPECT_EQ(with([](TileAxis&) {}), "valid");
  EXPECT_EQ(with([](TileAxis& a) { a = {.low = 2, .high = 2, .cuts = {}, .reach = {}}; }), "valid");
  EXPECT_THAT(with([](TileAxis& a) { a.low = 4; }), HasSubstr("axis 0 of the tiles reaches from 4 to 3"));
  EXPECT_THAT(with([](TileAxis& a) { a.high = INFINITY; }), HasSubstr("reaches from 0 to inf"));
  EXPECT_THAT(with([](TileAxis& a) { a.low = NAN; }), HasSubstr("reaches from nan to 3"));
  EXPECT_THAT(with([](TileAxis& a) { a.half_width = 0; }), HasSubstr("half width 0"));
  EXPECT_THAT(with([](TileAxis& a) { a.half_width = NAN; }), HasSubstr("half width nan"));
  EXPECT_THAT(with([](TileAxis& a) { a.reach.pop_back(); }), HasSubstr("2 cuts and 1 reaches"));
  EXPECT_THAT(with([](TileAxis& a) { a.reach[1] = -0.5; }), HasSubstr("a reach of -0.5 at cut 1"));
  EXPECT_THAT(with([](TileAxis& a) { a.reach[0] = NAN; }), HasSubstr("a reach of nan at cut 0"));
  EXPECT_THAT(with([](TileAxis& a) { a.cuts[1] = 1; }), HasSubstr("cut 1 at 1, expected one after another"));
  EXPECT_THAT(with([](TileAxis& a) { a.cuts[0] = 0; }), HasSubstr("cut 0 at 0"));
  EXPECT_THAT(with([](TileAxis& a) { a.cuts[1] = 3; }), HasSubstr("cut 1 at 3"));
  EXPECT_THAT(with([](TileAxis& a) { a.cuts[1] = NAN; }), HasSubstr("cut 1 at nan"));
  EXPECT_THAT(with([](TileAxis& a) { a.reach[1] = 0.875; }),
              HasSubstr("an overlap from 1.125 at cut 1, where another reaches to 1.25"));
  EXPECT_THAT(with([](TileAxis& a) { a.reach = {1.5, 0}; }), HasSubstr("an overlap from -0.5 at cut 0"));
  EXPECT_THAT(with([](TileAxis& a) { a.cuts = {1, 2.5}, a.reach = {0, 0.75}; }), HasSubstr("overlap up to 3.25"));
}

TEST(Tiling, RefusesGridsThatAreTooLargeBeforeCountingTheirTiles) {
  TileAxis axis{.low = 0, .high = 1e6, .cuts = std::vector<double>(99'999), .reach = std::vector<double>(99'999)};
  std::iota(axis.cuts.begin(), axis.cuts.end(), 1.0);
  const std::vector<TileAxis> axes(40, axis);  // 10^200 tiles
  EXPECT_EQ(why_invalid(axes, 40), "more than 16777216 tiles");
  const std::vector<TileAxis> halves(9, {.low = 0, .high = 2, .cuts = {1}, .reach = {0.5}});
  EXPECT_THAT(why_invalid(halves, 9).value_or(""), HasSubstr("more than one tile on each of 9 axes"));
  EXPECT_EQ(why_invalid(std::span(halves).first(8), 8), std::nullopt);
  EXPECT_EQ(why_invalid(halves, 8), "tiles on 9 axes for 8 inputs");
}

TEST(Tiling, RefusesTilingsThatDoNotFitTheirNetworks) {
  Tiling tiling = tiled_field({some_axis(2, 1), some_axis(3, 2)}, 2, Blend::cubic, Shapes::equal).tiling;
  EXPECT_EQ(why_invalid(tiling, 2, 2, 6), std::nullopt);
  EXPECT_EQ(why_invalid(tiling, 2, 2, 5), "5 networks for 6 tiles");
  EXPECT_EQ(why_invalid(tiling, 2, 3, 6), "12 normalisations for 6 tiles of 3 outputs");
  tiling.normalisation[7].offset = 0.1;
  EXPECT_THAT(why_invalid(tiling, 2, 2, 6).value_or(""), HasSubstr("normalisation of tile 3 holds 0.1"));
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY), 1e39, 1e-60}) {
    tiling.normalisation[7].offset = bad;
    EXPECT_NE(why_invalid(tiling, 2, 2, 6), std::nullopt) << bad;
  }
  tiling.normalisation[7].offset = static_cast<double>(0.1F);
  EXPECT_EQ(why_invalid(tiling, 2, 2, 6), std::nullopt);
}

}  // namespace
}  // namespace sinefield
