// Regions and points in them, against closed forms: measures, containment, distances, what composition leaves of
// boundaries, integrals by weights, and what is refused.
// SPDX-License-Identifier: MIT
#include "sinefield/region.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

using std::numbers::pi;
using testing::ElementsAre;
using testing::HasSubstr;

using Numbers = std::vector<double>;
using Coordinates = std::span<const double>;

constexpr std::array samplings = {Sampling::random, Sampling::jittered, Sampling::even};

bool has(const Region& region, const Numbers& point) { return region.contains(point); }

double sum(const Numbers& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

std::size_t count(const SampledPoints& sampled) { return sampled.weights.size(); }

Coordinates row(const SampledPoints& sampled, const Numbers& numbers, std::size_t i) {
  const auto d = static_cast<std::size_t>(sampled.dimensions);
  return Coordinates(numbers).subspan(i * d, d);
}

/// Sum of weight times f(x).
double integral(const SampledPoints& sampled, const auto& f) {
  double total = 0;
  for (std::size_t i = 0; i < count(sampled); ++i) total += sampled.weights[i] * f(row(sampled, sampled.points, i));
  return total;
}

/// Of x . n, which is d times the volume.
double flux(const SampledPoints& sampled) {
  double total = 0;
  for (std::size_t i = 0; i < count(sampled); ++i) {
    const Coordinates x = row(sampled, sampled.points, i), n = row(sampled, sampled.normals, i);
    total += sampled.weights[i] * std::inner_product(x.begin(), x.end(), n.begin(), 0.0);
  }
  return total;
}

/// Sizes agree, and each place is on the boundary with its normal of length 1 leading out.
void expect_on_boundary(const Region& region, const SampledPoints& sampled) {
  ASSERT_EQ(sampled.points.size(), count(sampled) * static_cast<std::size_t>(region.dimensions()));
  ASSERT_EQ(sampled.normals.size(), sampled.points.size());
  for (std::size_t i = 0; i < count(sampled); ++i) {
    const Coordinates x = row(sampled, sampled.points, i), n = row(sampled, sampled.normals, i);
    EXPECT_NEAR(std::inner_product(n.begin(), n.end(), n.begin(), 0.0), 1, 1e-12);
    EXPECT_TRUE(region.contains(x)) << i;
    Numbers in(x.begin(), x.end()), out = in;
    for (std::size_t k = 0; k < x.size(); ++k) {
      in[k] -= 1e-6 * n[k];
      out[k] += 1e-6 * n[k];
    }
    EXPECT_TRUE(has(region, in)) << i;
    EXPECT_FALSE(has(region, out)) << i;
  }
}

Region square() { return Region::box({0, 0}, {1, 1}); }
Region ell() { return Region::difference(square(), Region::box({0.5, 0.5}, {1, 1})); }
Region cube() { return Region::box({0, 0, 0}, {1, 1, 1}); }

/// Common area of two discs of these radii, d apart.
double lens(double r, double s, double d) {
  const double a = std::acos((d * d + r * r - s * s) / (2 * d * r)),
               b = std::acos((d * d + s * s - r * r) / (2 * d * s));
  return r * r * (a - std::sin(2 * a) / 2) + s * s * (b - std::sin(2 * b) / 2);
}

TEST(Region, primitives_have_the_volumes_of_closed_forms) {
  EXPECT_DOUBLE_EQ(Region::box({-1}, {2}).volume(), 3);
  EXPECT_DOUBLE_EQ(Region::box({-1, 2}, {2, 4}).volume(), 6);
  EXPECT_DOUBLE_EQ(Region::box({-1, 2, 0}, {2, 4, 0.5}).volume(), 3);
  EXPECT_DOUBLE_EQ(Region::ball({5}, 2).volume(), 4);
  EXPECT_DOUBLE_EQ(Region::ball({5, 1}, 2).volume(), 4 * pi);
  EXPECT_DOUBLE_EQ(Region::ball({5, 1, 0}, 2).volume(), 32 * pi / 3);
  EXPECT_DOUBLE_EQ(Region::annulus({0, 0}, 1, 2).volume(), 3 * pi);
  EXPECT_DOUBLE_EQ(Region::annulus({0, 0, 9}, 1, 2).volume(), 28 * pi / 3);
  EXPECT_DOUBLE_EQ(Region::polygon({{0, 0}, {4, 0}, {0, 3}}).volume(), 6);
  EXPECT_DOUBLE_EQ(Region::polygon({{0, 0}, {0, 3}, {4, 0}}).volume(), 6) << "clockwise";
  EXPECT_NEAR(Region::polygon({{1e6, 1e6}, {1e6 + 2, 1e6}, {1e6 + 1, 1e6 + 1}}).volume(), 1, 1e-8) << "far away";
}

TEST(Region, primitives_have_the_boundaries_of_closed_forms) {
  EXPECT_EQ(boundary_measure(Region::box({-1}, {2})), 2);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::box({-1, 2}, {2, 4})), 10);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::box({-1, 2, 0}, {2, 4, 0.5})), 2 * (6 + 1.5 + 1));
  EXPECT_EQ(boundary_measure(Region::ball({5}, 2)), 2);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::ball({5, 1}, 2)), 4 * pi);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::ball({5, 1, 0}, 2)), 16 * pi);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::annulus({0, 0}, 1, 2)), 6 * pi);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::annulus({0, 0, 9}, 1, 2)), 20 * pi);
  EXPECT_DOUBLE_EQ(boundary_measure(Region::polygon({{0, 0}, {4, 0}, {0, 3}})), 12);
}

TEST(Region, knows_its_dimensions_and_bounds) {
  const Region annulus = Region::annulus({1, 2}, 1, 3), triangle = Region::polygon({{-7, 0}, {4, 1}, {0, 3}});
  EXPECT_EQ(annulus.dimensions(), 2);
  EXPECT_EQ(Region::ball({1}, 1).dimensions(), 1);
  EXPECT_THAT(annulus.bounds().lows, ElementsAre(-2, -1));
  EXPECT_THAT(annulus.bounds().highs, ElementsAre(4, 5));
  EXPECT_THAT(triangle.bounds().lows, ElementsAre(-7, 0));
  EXPECT_THAT(triangle.bounds().highs, ElementsAre(4, 3));
  const Region all = Region::unite({annulus, triangle}), common = Region::intersection({annulus, triangle});
  EXPECT_THAT(all.bounds().lows, ElementsAre(-7, -1));
  EXPECT_THAT(all.bounds().highs, ElementsAre(4, 5));
  EXPECT_THAT(common.bounds().lows, ElementsAre(-2, 0));
  EXPECT_THAT(common.bounds().highs, ElementsAre(4, 3));
  EXPECT_THAT(Region::difference(triangle, annulus).bounds().lows, ElementsAre(-7, 0));
}

TEST(Region, contains_its_boundary_to_rounding) {
  const Region far = Region::box({1e6, 1e6}, {1e6 + 0.1, 1e6 + 0.3});
  EXPECT_TRUE(has(far, {1e6 + 0.1, 1e6 + 0.1 + 0.1 + 0.1}));
  EXPECT_FALSE(has(far, {1e6 + 0.1 + 1e-6, 1e6 + 0.1}));
  const Region far_disc = Region::ball({1e6, 1e6}, 0.1);
  for (double angle = 0; angle < 6; angle += 0.1) {
    EXPECT_TRUE(has(far_disc, {1e6 + 0.1 * std::cos(angle), 1e6 + 0.1 * std::sin(angle)})) << angle;
    EXPECT_FALSE(has(far_disc, {1e6 + 0.10001 * std::cos(angle), 1e6 + 0.10001 * std::sin(angle)})) << angle;
  }
  for (const Region& region :
       {square(), Region::ball({0.5, 0.5}, 0.5), Region::annulus({0.5, 0.5}, 0.1, 0.5),
        Region::polygon({{0, 0}, {1, 0}, {1, 1}, {0, 1}}), Region::unite({square(), Region::box({0, 0}, {0.5, 1})})}) {
    EXPECT_TRUE(has(region, {1, 0.5}));
    EXPECT_TRUE(has(region, {1 + 5e-13, 0.5}));
    EXPECT_FALSE(has(region, {1 + 5e-12, 0.5}));
    EXPECT_TRUE(has(region, {1 - 1e-3, 0.5}));
  }
  EXPECT_FALSE(has(Region::annulus({0, 0}, 1, 2), {0.5, 0}));
  EXPECT_TRUE(has(Region::annulus({0, 0}, 1, 2), {0, -1}));
  EXPECT_TRUE(has(cube(), {1, 1, 1}));
  EXPECT_FALSE(has(cube(), {1, 1, 1.001}));
}

TEST(Region, contains_of_polygons_what_is_inside_of_reentrant_corners) {
  const Region arrow = Region::polygon({{0, 0}, {4, 2}, {0, 4}, {1, 2}});
  EXPECT_TRUE(has(arrow, {1.5, 2}));
  EXPECT_FALSE(has(arrow, {0.5, 2}));
  EXPECT_FALSE(has(arrow, {-1, 2})) << "the ray passes through two vertices";
  EXPECT_FALSE(has(arrow, {5, 2}));
  EXPECT_TRUE(has(arrow, {1, 2})) << "a vertex";
}

TEST(Region, distances_of_primitives_are_exact) {
  const auto at = [](const Region& region, const Numbers& x) { return region.signed_distance(x); };
  const Region box = Region::box({0, 0}, {4, 2});
  EXPECT_DOUBLE_EQ(at(box, {7, 6}), 5);
  EXPECT_DOUBLE_EQ(at(box, {-1, 1}), 1);
  EXPECT_DOUBLE_EQ(at(box, {1, 0.25}), -0.25);
  EXPECT_DOUBLE_EQ(at(box, {4, 1}), 0);
  EXPECT_DOUBLE_EQ(at(cube(), {2, 2, 2}), std::sqrt(3.0));
  EXPECT_DOUBLE_EQ(at(Region::ball({1}, 2), {-4}), 3);
  EXPECT_DOUBLE_EQ(at(Region::ball({0, 0, 0}, 7), {2, 3, 6}), 0);
  EXPECT_DOUBLE_EQ(at(Region::annulus({0, 0}, 1, 2), {0, 0}), 1);
  EXPECT_DOUBLE_EQ(at(Region::annulus({0, 0}, 1, 2), {0, 1.75}), -0.25);
  // Against the nearest of many points of the boundary.
  for (const Region& region : {Region::polygon({{0, 0}, {4, 2}, {0, 4}, {1, 2}}), Region::annulus({1, 1}, 1, 2), box,
                               Region::ball({2, 1}, 1.5)}) {
    const SampledPoints edge = boundary_points(region, 20000, Sampling::even, 0);
    for (double x = -1.05; x < 5; x += 0.37)
      for (double y = -1.05; y < 5; y += 0.41) {
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < count(edge); ++i)
          nearest = std::min(nearest, std::hypot(edge.points[2 * i] - x, edge.points[2 * i + 1] - y));
        EXPECT_NEAR(std::abs(at(region, {x, y})), nearest, 1e-3) << x << " " << y;
        EXPECT_EQ(at(region, {x, y}) < 0, has(region, {x, y})) << x << " " << y;
      }
  }
}

TEST(Region, distances_of_compositions_have_the_sign_and_are_a_bound) {
  for (const Region& region : {Region::unite({Region::ball({0, 0}, 1), Region::ball({1, 0}, 1)}), ell(),
                               Region::intersection({Region::ball({0, 0}, 1), Region::box({0, 0}, {2, 2})})}) {
    const SampledPoints edge = boundary_points(region, 5000, Sampling::even, 0);
    for (double x = -1.51; x < 2.5; x += 0.23)
      for (double y = -1.517; y < 2; y += 0.19) {
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < count(edge); ++i)
          nearest = std::min(nearest, std::hypot(edge.points[2 * i] - x, edge.points[2 * i + 1] - y));
        const double distance = region.signed_distance(Numbers{x, y});
        EXPECT_LE(std::abs(distance), nearest + 1e-3) << x << " " << y;
        EXPECT_EQ(distance < 0, has(region, {x, y})) << x << " " << y;
      }
  }
}

TEST(Region, of_the_shape_of_an_L_has_no_boundary_on_the_cut) {
  const Region region = ell();
  EXPECT_NEAR(region.volume(), 0.75, 1e-12);
  EXPECT_NEAR(boundary_measure(region), 4, 1e-12);
  EXPECT_TRUE(has(region, {0.5, 0.75})) << "the re-entrant sides belong to it";
  EXPECT_TRUE(has(region, {0.5, 0.5}));
  EXPECT_TRUE(has(region, {1, 0.5}));
  EXPECT_TRUE(has(region, {1, 0.25}));
  EXPECT_FALSE(has(region, {1, 0.75})) << "a side of both operands has nothing on either side";
  EXPECT_FALSE(has(region, {0.75, 1}));
  EXPECT_FALSE(has(region, {1, 1}));
  EXPECT_FALSE(has(region, {0.75, 0.75}));
  for (const Sampling sampling : samplings) {
    const SampledPoints edge = boundary_points(region, 401, sampling, 3);
    ASSERT_EQ(count(edge), 401U);
    expect_on_boundary(region, edge);
    EXPECT_NEAR(sum(edge.weights), 4, 1e-12);
    std::size_t reentrant = 0;
    for (std::size_t i = 0; i < count(edge); ++i) {
      const double x = edge.points[2 * i], y = edge.points[2 * i + 1];
      EXPECT_FALSE(x > 0.5 + 1e-9 && y > 0.5 + 1e-9) << x << " " << y;
      if (x == 0.5 && y > 0.5) {
        ++reentrant;
        EXPECT_EQ(edge.normals[2 * i], 1);
      }
    }
    EXPECT_NEAR(static_cast<double>(reentrant), 50, 1);
  }
}

TEST(Region, united_discs_have_the_area_and_perimeter_without_the_lens) {
  const double r = 1, s = 0.8, d = 1.1;
  const Region a = Region::ball({0.3, -0.2}, r), b = Region::ball({0.3 + d, -0.2}, s);
  EXPECT_NEAR(Region::unite({a, b}).volume(), pi * (r * r + s * s) - lens(r, s, d), 1e-12);
  EXPECT_NEAR(Region::intersection({a, b}).volume(), lens(r, s, d), 1e-12);
  EXPECT_NEAR(Region::difference(a, b).volume(), pi * r * r - lens(r, s, d), 1e-12);
  const double inner_a = 2 * r * std::acos((d * d + r * r - s * s) / (2 * d * r));
  const double inner_b = 2 * s * std::acos((d * d + s * s - r * r) / (2 * d * s));
  EXPECT_NEAR(boundary_measure(Region::unite({a, b})), 2 * pi * (r + s) - inner_a - inner_b, 1e-12);
  EXPECT_NEAR(boundary_measure(Region::intersection({a, b})), inner_a + inner_b, 1e-12);
  EXPECT_NEAR(boundary_measure(Region::difference(a, b)), 2 * pi * r - inner_a + inner_b, 1e-12);
}

TEST(Region, united_along_a_side_has_no_seam) {
  const Region region = Region::unite({square(), Region::box({1, 0}, {2, 1})});
  EXPECT_NEAR(region.volume(), 2, 1e-12);
  EXPECT_NEAR(boundary_measure(region), 6, 1e-12);
  EXPECT_TRUE(has(region, {1, 0.5}));
  EXPECT_TRUE(has(region, {1, 0}));
  EXPECT_FALSE(has(region, {1, -0.01}));
  expect_on_boundary(region, boundary_points(region, 60, Sampling::even, 0));
  // The side of a taller one remains where the other does not reach; that the coordinates differ by rounding is no gap.
  const Region stepped = Region::unite({Region::box({0, 0}, {0.1 + 0.2, 1}), Region::box({0.3, 0}, {1, 0.5})});
  EXPECT_NEAR(stepped.volume(), 0.65, 1e-12);
  EXPECT_NEAR(boundary_measure(stepped), 4, 1e-9);
  EXPECT_TRUE(has(stepped, {0.3, 0.25}));
}

TEST(Region, united_of_what_overlaps_has_no_piece_twice) {
  EXPECT_NEAR(boundary_measure(Region::unite({square(), square()})), 4, 1e-12);
  EXPECT_NEAR(boundary_measure(Region::intersection({square(), square(), square()})), 4, 1e-12);
  EXPECT_NEAR(boundary_measure(Region::unite({Region::ball({1, 1}, 2), Region::ball({1, 1}, 2)})), 4 * pi, 1e-12);
  const Region bars = Region::unite({Region::box({0, 0}, {2, 1}), Region::box({1, 0}, {3, 1})});
  EXPECT_NEAR(bars.volume(), 3, 1e-12);
  EXPECT_NEAR(boundary_measure(bars), 8, 1e-12);
  expect_on_boundary(bars, boundary_points(bars, 80, Sampling::even, 0));
  EXPECT_NEAR(boundary_measure(Region::unite({cube(), cube()})), 6, 1e-12);
  EXPECT_EQ(boundary_measure(Region::unite({Region::box({0}, {2}), Region::box({0}, {1})})), 2);
}

TEST(Region, less_what_shares_a_side_or_covers_it) {
  const Region strip = Region::difference(square(), Region::box({0, 0}, {1, 0.5}));
  EXPECT_NEAR(strip.volume(), 0.5, 1e-12);
  EXPECT_NEAR(boundary_measure(strip), 3, 1e-12);
  const Region hole = Region::difference(square(), Region::ball({0.5, 0.5}, 0.25));
  EXPECT_NEAR(hole.volume(), 1 - pi / 16, 1e-12);
  EXPECT_NEAR(boundary_measure(hole), 4 + pi / 2, 1e-12);
  EXPECT_FALSE(has(hole, {0.5, 0.5}));
  // A hole with an island: the boundary of what is taken away twice is turned back.
  const Region island =
      Region::difference(square(), Region::difference(Region::ball({0.5, 0.5}, 0.4), Region::ball({0.5, 0.5}, 0.2)));
  EXPECT_NEAR(island.volume(), 1 - pi * 0.12, 1e-12);
  EXPECT_NEAR(boundary_measure(island), 4 + 2 * pi * 0.6, 1e-12);
  expect_on_boundary(island, boundary_points(island, 100, Sampling::jittered, 0));
  const Region corner = Region::difference(square(), Region::ball({1, 0}, 0.5));
  EXPECT_NEAR(corner.volume(), 1 - pi / 16, 1e-12);
  EXPECT_NEAR(boundary_measure(corner), 3 + pi / 4, 1e-12);
  expect_on_boundary(corner, boundary_points(corner, 100, Sampling::even, 0));
  const Region nothing = Region::difference(square(), Region::box({-1, -1}, {2, 1}));
  EXPECT_EQ(nothing.volume(), 0);
  EXPECT_EQ(boundary_measure(nothing), 0);
}

TEST(Region, of_polygons_cut_by_discs_agrees_with_counted_points) {
  const Region star = Region::polygon({{0, 0}, {2, 1}, {4, 0}, {3, 2}, {4, 4}, {2, 3}, {0, 4}, {1, 2}});
  const Region region = Region::unite({Region::difference(star, Region::ball({2, 2}, 0.7)),
                                       Region::intersection({Region::ball({0, 2}, 1.3), Region::box({-2, 1}, {1, 5})}),
                                       Region::annulus({2, 2}, 0.2, 0.5), Region::polygon({{2, 3}, {3, 4}, {1, 4}})});
  const Bounds bounds = region.bounds();
  int inside = 0;
  constexpr int along = 400;
  for (int i = 0; i < along; ++i)
    for (int j = 0; j < along; ++j)
      inside += has(region, {bounds.lows[0] + (bounds.highs[0] - bounds.lows[0]) * (i + 0.5) / along,
                             bounds.lows[1] + (bounds.highs[1] - bounds.lows[1]) * (j + 0.5) / along});
  const double box = (bounds.highs[0] - bounds.lows[0]) * (bounds.highs[1] - bounds.lows[1]);
  EXPECT_NEAR(region.volume(), box * inside / (along * along), 2e-3 * box);
  const SampledPoints edge = boundary_points(region, 20000, Sampling::even, 0);
  expect_on_boundary(region, edge);
  EXPECT_NEAR(flux(edge), 2 * region.volume(), 1e-6);
}

TEST(Region, of_one_dimension_has_end_points) {
  const Region region =
      Region::difference(Region::unite({Region::box({0}, {1}), Region::ball({2}, 1)}), Region::box({0.25}, {0.5}));
  EXPECT_NEAR(region.volume(), 2.75, 1e-12);
  EXPECT_TRUE(has(region, {1})) << "where both meet";
  EXPECT_FALSE(has(region, {0.3}));
  EXPECT_TRUE(has(region, {0.5}));
  const SampledPoints ends = boundary_points(region, 4, Sampling::even, 0);
  std::set<std::pair<double, double>> places;
  for (std::size_t i = 0; i < 4; ++i) places.emplace(ends.points[i], ends.normals[i]);
  EXPECT_THAT(places, ElementsAre(std::pair(0, -1), std::pair(0.25, 1), std::pair(0.5, -1), std::pair(3, 1)));
  EXPECT_THAT(ends.weights, ElementsAre(1, 1, 1, 1));
  const SampledPoints more = boundary_points(region, 10, Sampling::random, 0);
  EXPECT_EQ(count(more), 10U);
  EXPECT_DOUBLE_EQ(sum(more.weights), 4);
  EXPECT_NEAR(Region::intersection({Region::box({0}, {2}), Region::box({1}, {3})}).volume(), 1, 1e-12);
  const Region half = Region::difference(Region::box({0}, {1}), Region::box({0}, {0.5}));
  EXPECT_FALSE(has(half, {0}));
  EXPECT_EQ(boundary_measure(half), 2);
}

TEST(Region, of_three_dimensions_is_measured_by_points) {
  const Region bite = Region::difference(cube(), Region::ball({1, 1, 1}, 0.5));
  EXPECT_NEAR(bite.volume(), 1 - pi / 48, 1e-3);
  EXPECT_NEAR(boundary_measure(bite), 6 - 3 * pi / 16 + pi / 8, 3e-3);
  const Region bar = Region::unite({cube(), Region::box({1, 0, 0}, {2, 1, 1})});
  EXPECT_NEAR(bar.volume(), 2, 1e-12) << "all points of the bounds are inside";
  EXPECT_NEAR(boundary_measure(bar), 10, 1e-12);
  EXPECT_TRUE(has(bar, {1, 0.5, 0.5}));
  const Region step = Region::difference(cube(), Region::box({0.5, 0.5, 0}, {1, 1, 1}));
  EXPECT_NEAR(step.volume(), 0.75, 1e-3);
  EXPECT_NEAR(boundary_measure(step), 4 + 1.5, 2e-3);
  EXPECT_FALSE(has(step, {1, 0.75, 0.5}));
  for (const Region& region : {bite, bar, step, Region::annulus({0, 1, 0}, 0.5, 1)}) {
    const double area = boundary_measure(region), volume = region.volume();
    for (const Sampling sampling : samplings) {
      const SampledPoints edge = boundary_points(region, 4000, sampling, 5);
      ASSERT_EQ(count(edge), 4000U);
      expect_on_boundary(region, edge);
      EXPECT_NEAR(sum(edge.weights), area, 1e-9);
      EXPECT_NEAR(flux(edge), 3 * volume, sampling == Sampling::random ? 0.15 : 0.02);
    }
  }
}

// The divergence theorem for regions of every kind, by points at the midpoints of equal parts.
TEST(BoundaryPoints, carry_the_divergence_theorem) {
  const std::vector<Region> plane = {square(),
                                     Region::ball({3, 4}, 2),
                                     Region::annulus({1, 0}, 1, 2),
                                     Region::polygon({{0, 0}, {0, 4}, {4, 2}}),
                                     ell(),
                                     Region::unite({Region::ball({0, 0}, 1), Region::ball({1, 0}, 1)}),
                                     Region::difference(Region::annulus({0, 0}, 1, 2), Region::box({-3, 0}, {3, 3}))};
  for (const Region& region : plane) {
    const SampledPoints edge = boundary_points(region, 3000, Sampling::even, 0);
    EXPECT_EQ(count(edge), 3000U);
    expect_on_boundary(region, edge);
    EXPECT_NEAR(flux(edge), 2 * region.volume(), 1e-5);
    double closed = 0;  // normals of a closed curve cancel
    for (std::size_t i = 0; i < count(edge); ++i) closed += edge.weights[i] * edge.normals[2 * i];
    EXPECT_NEAR(closed, 0, 1e-5);
  }
  EXPECT_DOUBLE_EQ(flux(boundary_points(Region::box({-1}, {2}), 2, Sampling::even, 0)), 3);
}

TEST(BoundaryPoints, are_evenly_spaced_and_never_corners) {
  const SampledPoints sides = boundary_points(square(), 40, Sampling::even, 0);
  std::set<double> bottom;
  for (std::size_t i = 0; i < count(sides); ++i)
    if (sides.points[2 * i + 1] == 0) bottom.insert(sides.points[2 * i]);
  ASSERT_EQ(bottom.size(), 10U);
  double expected = 0.05;
  for (const double x : bottom) {
    EXPECT_NEAR(x, expected, 1e-12);
    expected += 0.1;
  }
  // Half a circle that holds the place where its parameter begins is one arc.
  const Region half = Region::difference(Region::ball({0, 0}, 1), Region::box({-2, -2}, {0, 2}));
  std::vector<double> angles;
  const SampledPoints arc =
      boundary_points(half, 100, Sampling::even, 0, [](Coordinates x, Coordinates) { return x[0] > 1e-9; });
  EXPECT_EQ(count(arc), 100U);
  for (std::size_t i = 0; i < count(arc); ++i) angles.push_back(std::atan2(arc.points[2 * i + 1], arc.points[2 * i]));
  std::ranges::sort(angles);
  for (std::size_t i = 0; i < angles.size(); ++i)
    EXPECT_NEAR(angles[i], -pi / 2 + pi * (static_cast<double>(i) + 0.5) / 100, 1e-7);
  for (const Sampling sampling : samplings) {
    const SampledPoints jittered = boundary_points(square(), 4000, sampling, 0);
    for (std::size_t i = 0; i < count(jittered); ++i) {
      const double x = jittered.points[2 * i], y = jittered.points[2 * i + 1];
      EXPECT_FALSE((x == 0 || x == 1) && (y == 0 || y == 1));
    }
  }
}

TEST(BoundaryPoints, go_on_across_what_does_not_end_a_piece) {
  // The place where the parameter of a circle begins.
  const SampledPoints arc = boundary_points(Region::ball({0, 0}, 1), 7, Sampling::even, 0,
                                            [](Coordinates x, Coordinates) { return x[0] > 0; });
  std::vector<double> angles;
  for (std::size_t i = 0; i < count(arc); ++i) angles.push_back(std::atan2(arc.points[2 * i + 1], arc.points[2 * i]));
  std::ranges::sort(angles);
  ASSERT_EQ(angles.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(angles[i], pi * (static_cast<double>(i) - 3) / 7, 1e-9);
  // Corners of other operands that touch a side from outside.
  std::vector<Region> all = {Region::polygon({{0, 0}, {1, 0.1}, {1, 1.2}, {0, 1}})};
  for (const double x : {0.13, 0.3, 0.47, 0.61, 0.77, 0.9}) {
    const double y = 1 + 0.2 * x;
    all.push_back(Region::polygon({{x, y}, {x - 0.05, y + 0.4}, {x - 0.11, y + 0.4}}));
  }
  const Region touched = Region::unite(all);
  const SampledPoints top = boundary_points(touched, 7, Sampling::even, 0, [](Coordinates x, Coordinates n) {
    return std::abs(n[0] / n[1] + 0.2) < 1e-9 && x[1] < 1.3;
  });
  Numbers along;
  for (std::size_t i = 0; i < count(top); ++i) along.push_back(top.points[2 * i]);
  std::ranges::sort(along);
  ASSERT_EQ(along.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(along[i], (static_cast<double>(i) + 0.5) / 7, 1e-9);
}

TEST(BoundaryPoints, leave_out_pieces_too_short_to_be_seen) {
  const Region bumped = Region::unite({square(), Region::box({0.2, 0.5}, {0.7, 1 + 5e-8})});
  EXPECT_NEAR(boundary_measure(bumped), 4, 1e-9);
  const SampledPoints edge = boundary_points(bumped, 40, Sampling::even, 0);
  for (std::size_t i = 0; i < count(edge); ++i) {
    EXPECT_GT(std::abs(edge.points[2 * i] - 0.2), 1e-3);
    EXPECT_GT(std::abs(edge.points[2 * i] - 0.7), 1e-3);
  }
}

TEST(BoundaryPoints, jittered_are_one_in_each_part) {
  const SampledPoints sides = boundary_points(square(), 40, Sampling::jittered, 7);
  std::array<int, 10> parts{};
  double shift = 0;
  for (std::size_t i = 0; i < count(sides); ++i)
    if (sides.points[2 * i + 1] == 0) {
      const double at = 10 * sides.points[2 * i];
      ++parts[static_cast<std::size_t>(at)];
      shift = std::max(shift, std::abs(at - std::floor(at) - 0.5));
    }
  EXPECT_THAT(parts, testing::Each(1));
  EXPECT_GT(shift, 0.1) << "not the midpoints";
  // Each side has random numbers of its own.
  std::set<double> offsets;
  for (std::size_t i = 0; i < count(sides); ++i) {
    const double at = 10 * (std::abs(sides.normals[2 * i]) > 0.5 ? sides.points[2 * i + 1] : sides.points[2 * i]);
    const double offset = at - std::floor(at);
    offsets.insert(std::round(1e6 * std::min(offset, 1 - offset)));
  }
  EXPECT_GT(offsets.size(), 35U);
  // The face z = 1 of 1 x 4 has 10 rows of 40 squares.
  const Region plate = Region::box({0, 0, 0}, {1, 4, 1});
  const SampledPoints top =
      boundary_points(plate, 400, Sampling::jittered, 7, [](Coordinates, Coordinates n) { return n[2] > 0.5; });
  ASSERT_EQ(count(top), 400U);
  std::set<std::pair<int, int>> cells;
  for (std::size_t i = 0; i < 400; ++i)
    cells.emplace(static_cast<int>(10 * top.points[3 * i]), static_cast<int>(10 * top.points[3 * i + 1]));
  EXPECT_EQ(cells.size(), 400U);
}

TEST(BoundaryPoints, go_to_the_pieces_in_proportion_and_to_each) {
  const Region plate = Region::box({0, 0}, {1, 0.01});
  for (const std::int64_t n : {4, 10, 202, 1000}) {
    const SampledPoints edge = boundary_points(plate, n, Sampling::even, 0);
    EXPECT_EQ(count(edge), static_cast<std::size_t>(n));
    EXPECT_NEAR(sum(edge.weights), 2.02, 1e-12);
    std::array<int, 4> on{};
    for (std::size_t i = 0; i < count(edge); ++i) {
      const double nx = edge.normals[2 * i], ny = edge.normals[2 * i + 1];
      ++on[nx > 0.5 ? 0 : nx < -0.5 ? 1 : ny > 0.5 ? 2 : 3];
    }
    EXPECT_EQ(on[0], n == 1000 ? 5 : 1) << n;
    EXPECT_EQ(on[1], n == 1000 ? 5 : 1) << n;
    EXPECT_LE(std::abs(on[2] - on[3]), n == 1000 ? 0 : 1) << n;
  }
  // Fewer points than sides: all around nevertheless, and the weights are those of the whole.
  std::vector<std::array<double, 2>> corners;
  for (int i = 0; i < 120; ++i) corners.push_back({std::cos(2 * pi * i / 120), std::sin(2 * pi * i / 120)});
  const Region round = Region::polygon(corners);
  const SampledPoints few = boundary_points(round, 12, Sampling::random, 0);
  ASSERT_EQ(count(few), 12U);
  EXPECT_NEAR(sum(few.weights), boundary_measure(round), 1e-12);
  std::set<int> twelfths;
  for (std::size_t i = 0; i < 12; ++i)
    twelfths.insert(static_cast<int>((std::atan2(few.points[2 * i + 1], few.points[2 * i]) / pi + 1) * 6));
  EXPECT_EQ(twelfths.size(), 12U);
  EXPECT_EQ(count(boundary_points(square(), 1, Sampling::even, 0)), 1U);
}

TEST(BoundaryPoints, of_the_part_that_is_meant) {
  const BoundaryFilter low = [](Coordinates x, Coordinates n) { return n[1] < -0.5 || x[1] < 0.3; };
  EXPECT_NEAR(boundary_measure(square(), low), 1.6, 1e-12) << "cut where the filter changes, to rounding";
  for (const Sampling sampling : samplings) {
    const SampledPoints edge = boundary_points(square(), 33, sampling, 0, low);
    EXPECT_EQ(count(edge), 33U);
    EXPECT_NEAR(sum(edge.weights), 1.6, 1e-12);
    for (std::size_t i = 0; i < count(edge); ++i) EXPECT_LT(edge.points[2 * i + 1], 0.3);
  }
  const Region disc = Region::ball({0, 0}, 2);
  EXPECT_NEAR(boundary_measure(disc, [](Coordinates x, Coordinates) { return x[0] > 1; }), 4 * pi / 3, 1e-12);
  EXPECT_NEAR(boundary_measure(disc, [](Coordinates x, Coordinates) { return std::abs(x[0]) > 1; }), 8 * pi / 3, 1e-12);
  // The inner circle of an annulus, by its normal; half a sphere.
  const auto inward = [](Coordinates x, Coordinates n) { return x[0] * n[0] + x[1] * n[1] < 0; };
  EXPECT_NEAR(boundary_measure(Region::annulus({0, 0}, 1, 2), inward), 2 * pi, 1e-12);
  const Region ball = Region::ball({0, 0, 0}, 1);
  const auto upper = [](Coordinates x, Coordinates) { return x[2] > 0; };
  EXPECT_NEAR(boundary_measure(ball, upper), 2 * pi, 6e-3);
  for (const Sampling sampling : samplings) {
    const SampledPoints half = boundary_points(ball, 500, sampling, 0, upper);
    ASSERT_EQ(count(half), 500U);
    for (std::size_t i = 0; i < 500; ++i) EXPECT_GT(half.points[3 * i + 2], 0);
    EXPECT_NEAR(integral(half, [](Coordinates x) { return x[2]; }), pi, sampling == Sampling::random ? 0.4 : 0.05);
  }
  // Jittered ones too many are dropped all over the surface: no gap in the ring above the edge of the filter.
  const auto cap = [](Coordinates x, Coordinates) { return x[2] > 0.03; };
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const SampledPoints cut = boundary_points(ball, 500, Sampling::jittered, seed, cap);
    Numbers angles;
    for (std::size_t i = 0; i < 500; ++i)
      if (cut.points[3 * i + 2] < 0.13) angles.push_back(std::atan2(cut.points[3 * i + 1], cut.points[3 * i]));
    std::ranges::sort(angles);
    ASSERT_GT(angles.size(), 30U);
    double gap = angles.front() + 2 * pi - angles.back();
    for (std::size_t i = 1; i < angles.size(); ++i) gap = std::max(gap, angles[i] - angles[i - 1]);
    EXPECT_LT(gap, 0.6) << seed;
  }
  const auto left = [](Coordinates, Coordinates n) { return n[0] < 0; };
  EXPECT_THAT(boundary_points(Region::box({3}, {5}), 1, Sampling::random, 0, left).points, ElementsAre(3));
}

TEST(BoundaryPoints, even_ones_integrate_polynomials) {
  const SampledPoints sphere = boundary_points(Region::ball({0, 0, 0}, 1), 2000, Sampling::even, 1);
  EXPECT_NEAR(integral(sphere, [](Coordinates x) { return x[2] * x[2]; }), 4 * pi / 3, 5e-3 * 4 * pi);
  EXPECT_NEAR(integral(sphere, [](Coordinates x) { return x[0] * x[0]; }), 4 * pi / 3, 5e-3 * 4 * pi);
  EXPECT_NEAR(integral(sphere, [](Coordinates x) { return x[0] * x[1]; }), 0, 5e-3 * 4 * pi);
  const SampledPoints faces = boundary_points(cube(), 3000, Sampling::even, 1);
  EXPECT_NEAR(integral(faces, [](Coordinates x) { return x[0] * x[0]; }), 1 + 4.0 / 3, 5e-3);
  const SampledPoints circle = boundary_points(Region::ball({0, 0}, 1), 20, Sampling::even, 1);
  EXPECT_NEAR(integral(circle, [](Coordinates x) { return std::pow(x[0], 4); }), 3 * pi / 4, 1e-12);
}

TEST(InteriorPoints, are_inside_and_their_weights_are_the_volume) {
  const std::vector<Region> all = {Region::box({-1}, {2}),
                                   Region::difference(Region::box({0}, {3}), Region::box({1}, {2})),
                                   square(),
                                   Region::annulus({1, 0}, 1, 2),
                                   Region::polygon({{0, 0}, {0, 4}, {4, 2}}),
                                   ell(),
                                   Region::ball({1, 2, 3}, 2),
                                   Region::difference(cube(), Region::ball({1, 1, 1}, 0.5))};
  for (const Region& region : all)
    for (const Sampling sampling : samplings) {
      const SampledPoints inside = interior_points(region, 500, sampling, 11);
      EXPECT_EQ(inside.dimensions, region.dimensions());
      EXPECT_TRUE(inside.normals.empty());
      ASSERT_EQ(inside.points.size(), count(inside) * static_cast<std::size_t>(region.dimensions()));
      for (std::size_t i = 0; i < count(inside); ++i) {
        EXPECT_TRUE(region.contains(row(inside, inside.points, i)));
        EXPECT_EQ(inside.weights[i], inside.weights[0]);
      }
      EXPECT_NEAR(sum(inside.weights), region.volume(), 1e-9);
      if (sampling == Sampling::jittered)
        EXPECT_NEAR(static_cast<double>(count(inside)), 500, 60);
      else
        EXPECT_EQ(count(inside), 500U);
    }
}

TEST(InteriorPoints, integrate_polynomials_the_better_the_more_even) {
  const auto square_of_x = [](Coordinates x) { return x[0] * x[0] + x[0]; };
  const std::vector<std::pair<Region, double>> all = {{Region::box({0}, {2}), 8.0 / 3 + 2},
                                                      {Region::box({0, 0}, {2, 1}), 8.0 / 3 + 2},
                                                      {ell(), (1.0 / 3 + 1.0 / 24 + 0.5 + 0.125) / 2},
                                                      {Region::annulus({0, 0}, 1, 2), 15 * pi / 4},
                                                      {Region::ball({0, 0, 0}, 1), 4 * pi / 15},
                                                      {Region::polygon({{0, 0}, {1, 0}, {0, 1}}), 1.0 / 12 + 1.0 / 6}};
  std::array<double, 3> worst{};
  for (const auto& [region, exact] : all)
    for (std::size_t k = 0; k < 3; ++k)
      for (const std::uint64_t seed : {1, 2, 3})
        worst[k] = std::max(worst[k],
                            std::abs(integral(interior_points(region, 4000, samplings[k], seed), square_of_x) - exact) /
                                region.volume());
  EXPECT_LT(worst[0], 0.1);
  EXPECT_LT(worst[1], 0.01);
  EXPECT_LT(worst[2], 0.005);
}

TEST(InteriorPoints, random_are_uniform) {
  constexpr std::int64_t n = 8000;
  const SampledPoints inside = interior_points(cube(), n, Sampling::random, 4);
  std::array<int, 8> octants{};
  for (std::size_t i = 0; i < count(inside); ++i)
    ++octants[(inside.points[3 * i] < 0.5 ? 0 : 1) + (inside.points[3 * i + 1] < 0.5 ? 0 : 2) +
              (inside.points[3 * i + 2] < 0.5 ? 0 : 4)];
  for (const int octant : octants) EXPECT_NEAR(octant, 1000, 4 * std::sqrt(n * 7.0 / 64));
}

TEST(InteriorPoints, jittered_are_one_in_each_cell) {
  const auto cells = [](const Region& region, std::int64_t n, const std::vector<double>& per_axis) {
    const SampledPoints inside = interior_points(region, n, Sampling::jittered, 9);
    std::set<std::vector<int>> all;
    const Numbers lows = region.bounds().lows;
    for (std::size_t i = 0; i < count(inside); ++i) {
      std::vector<int> cell;
      for (std::size_t k = 0; k < per_axis.size(); ++k)
        cell.push_back(static_cast<int>((row(inside, inside.points, i)[k] - lows[k]) * per_axis[k]));
      all.insert(cell);
    }
    EXPECT_EQ(all.size(), count(inside));
    return static_cast<int>(all.size());
  };
  EXPECT_EQ(cells(Region::box({1, 0}, {3, 1}), 200, {10, 10}), 200);
  EXPECT_EQ(cells(cube(), 64, {4, 4, 4}), 64);
  EXPECT_EQ(cells(Region::box({0}, {1}), 37, {37}), 37);
  EXPECT_EQ(cells(Region::box({0, 0}, {1, 0.001}), 50, {50, 1000}), 50) << "thinner than a cell";
  EXPECT_EQ(cells(Region::box({0, 0, 0}, {0.001, 1, 4}), 400, {1000, 10, 10}), 400);
  EXPECT_EQ(cells(ell(), 300, {20, 20}), 300) << "the cells of the missing quarter are dropped";
}

TEST(Points, depend_on_their_arguments_alone) {
  const Region plane = Region::difference(square(), Region::ball({0.5, 0.5}, 0.25)), space = Region::ball({0, 0, 0}, 1);
  const auto draw = [&](Sampling sampling, std::uint64_t seed) {
    return std::array{
        interior_points(plane, 50, sampling, seed).points, interior_points(space, 50, sampling, seed).points,
        boundary_points(space, 50, sampling, seed).points, boundary_points(plane, 50, sampling, seed).points,
        rings(plane, {0, 0}, 0.1, 0.9, 50, seed).points};
  };
  for (const Sampling sampling : samplings) {
    const auto first = draw(sampling, 1), other = draw(sampling, 2), high = draw(sampling, (1ULL << 32) + 1);
    EXPECT_EQ(first, draw(sampling, 1));
    for (std::size_t i = 0; i < first.size(); ++i) {
      const bool midpoints = sampling == Sampling::even && i == 3;
      EXPECT_EQ(first[i] == other[i], midpoints) << i;
      EXPECT_EQ(first[i] == high[i], midpoints) << i;
    }
  }
  const SampledPoints few = interior_points(plane, 10, Sampling::even, 1),
                      more = interior_points(plane, 50, Sampling::even, 1);
  EXPECT_TRUE(std::ranges::equal(few.points, Coordinates(more.points).first(20)));
}

TEST(Rings, are_log_uniform_and_carry_their_share_of_the_measure) {
  constexpr std::int64_t n = 40000;
  for (int d = 1; d <= 3; ++d) {
    const Numbers zero(static_cast<std::size_t>(d));
    const Region ball = Region::ball(zero, 1);
    const SampledPoints sampled = rings(ball, zero, 1e-3, 1, n, 3);
    ASSERT_EQ(count(sampled), static_cast<std::size_t>(n));
    const double volume = ball.volume(), octaves = std::log(1e3);
    double mean = 0, across = 0;
    for (std::size_t i = 0; i < count(sampled); ++i) {
      const Coordinates x = row(sampled, sampled.points, i);
      const double r = std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
      EXPECT_GE(r, 1e-3 * (1 - 1e-12));
      EXPECT_LE(r, 1 + 1e-12);
      mean += std::log(r) / octaves / static_cast<double>(n);
      across += x[0] * x[0] / (r * r) / static_cast<double>(n);
      EXPECT_NEAR(sampled.weights[i], volume * d * std::pow(r, d) * octaves / static_cast<double>(n),
                  1e-12 * sampled.weights[i]);
    }
    EXPECT_NEAR(mean, -0.5, 4 * std::sqrt(1.0 / 12 / n)) << d;
    EXPECT_NEAR(across, 1.0 / d, 4 * std::sqrt(1.0 / n)) << d;
    // |x|^-d varies most there, and every point has the same share of its integral.
    const auto steep = [d](Coordinates x) {
      return std::pow(std::inner_product(x.begin(), x.end(), x.begin(), 0.0), -d / 2.0);
    };
    EXPECT_NEAR(integral(sampled, steep), volume * d * octaves, 1e-9) << d;
    EXPECT_NEAR(sum(sampled.weights), volume, 0.1 * volume) << d;
  }
}

TEST(Rings, of_a_corner_leave_out_what_is_outside) {
  const SampledPoints sampled = rings(ell(), {0.5, 0.5}, 1e-4, 0.4, 40000, 8);
  EXPECT_NEAR(static_cast<double>(count(sampled)), 30000, 4 * std::sqrt(40000 * 0.75 * 0.25));
  for (std::size_t i = 0; i < count(sampled); ++i) EXPECT_TRUE(ell().contains(row(sampled, sampled.points, i)));
  EXPECT_NEAR(sum(sampled.weights), 0.75 * pi * 0.16, 0.05);
}

TEST(Region, refuses_what_is_none) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [](const auto& make) { return refusal([&] { make(); }); };
  EXPECT_THAT(refused([] { Region::box({0}, {1, 1}); }), HasSubstr("1 lows and 2 highs"));
  EXPECT_THAT(refused([] { Region::box({}, {}); }), HasSubstr("a box of 0 dimensions"));
  EXPECT_THAT(refused([] { Region::box({0, 0, 0, 0}, {1, 1, 1, 1}); }), HasSubstr("4 dimensions, expected 1 to 3"));
  EXPECT_THAT(refused([] { Region::box({0, 2}, {1, 2}); }), HasSubstr("from 2 to 2 along axis 1"));
  EXPECT_THAT(refused([] { Region::box({nan}, {1}); }), HasSubstr("corner of a box at nan"));
  EXPECT_THAT(refused([] { Region::box({0}, {INFINITY}); }), HasSubstr("corner of a box at inf"));
  EXPECT_THAT(refused([] { Region::box({0}, {1e-200}); }), HasSubstr("side of a box is 1e-200"));
  EXPECT_THAT(refused([] { Region::ball({0, 0}, 0); }), HasSubstr("radius of a ball is 0"));
  EXPECT_THAT(refused([] { Region::ball({0, 0}, -2); }), HasSubstr("radius of a ball is -2"));
  EXPECT_THAT(refused([] { Region::ball({0, 0}, nan); }), HasSubstr("radius of a ball is nan"));
  EXPECT_THAT(refused([] { Region::ball({0, nan}, 1); }), HasSubstr("centre of a ball at nan"));
  EXPECT_THAT(refused([] { Region::ball({}, 1); }), HasSubstr("a ball of 0 dimensions"));
  EXPECT_THAT(refused([] { Region::annulus({0}, 1, 2); }), HasSubstr("1 dimensions, expected 2 to 3"));
  EXPECT_THAT(refused([] { Region::annulus({0, 0}, 2, 2); }), HasSubstr("radius 2 to 2, expected inner < outer"));
  EXPECT_THAT(refused([] { Region::annulus({0, 0}, 0, 2); }), HasSubstr("inner radius of an annulus is 0"));
  EXPECT_THAT(refused([] { Region::annulus({0, 0}, 1, INFINITY); }), HasSubstr("outer radius of an annulus is inf"));
  EXPECT_THAT(refused([] { Region::annulus({0, nan}, 1, 2); }), HasSubstr("centre of an annulus at nan"));
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {1, 1}}); }), HasSubstr("a polygon of 2 vertices"));
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {1, nan}, {1, 0}}); }), HasSubstr("vertex of a polygon at nan"));
  EXPECT_THAT(refused([] {
                Region::polygon({{0, 0}, {1, 1}, {1, 0}, {0, 1}});
              }),
              HasSubstr("edges 0 and 2 of a polygon of 4 vertices meet, from (0, 0) and (1, 0)"));
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {1, 0}, {2, 0}}); }), HasSubstr("meet")) << "no area";
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {2, 0}, {1, 0}, {1, 1}}); }), HasSubstr("edges 0 and 1")) << "back";
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {2, 0}, {2, 2}, {1, 0}}); }), HasSubstr("meet")) << "touches";
  EXPECT_THAT(refused([] {
                Region::polygon({{0, 0}, {2, 0}, {2, 0}, {2, 2}});
              }),
              HasSubstr("vertices 1 and 2 of a polygon are the same: (2, 0)"));
  EXPECT_THAT(refused([] { Region::polygon({{0, 0}, {2, 0}, {2, 2}, {0, 0}}); }), HasSubstr("vertices 3 and 0"));
  EXPECT_THAT(refused([] { Region::unite({}); }), HasSubstr("a union of no regions"));
  EXPECT_THAT(refused([] { Region::intersection({}); }), HasSubstr("an intersection of no regions"));
  EXPECT_THAT(refused([] {
                Region::unite({square(), cube()});
              }),
              HasSubstr("a union of regions of 2 and 3 dimensions"));
  EXPECT_THAT(refused([] { Region::difference(cube(), square()); }), HasSubstr("a difference of regions of 3 and 2"));
  EXPECT_THAT(refused([] {
                Region::intersection({square(), Region::box({0, 2}, {1, 3})});
              }),
              HasSubstr("do not meet: along axis 1 one ends at 1, where another begins at 2"));
}

TEST(Region, refuses_points_of_other_spaces) {
  EXPECT_THAT(refusal([] { has(square(), {1}); }), HasSubstr("a point of 1 coordinates for a region of 2"));
  EXPECT_THAT(refusal([] { has(square(), {1, NAN}); }), HasSubstr("a point at nan"));
  EXPECT_THAT(refusal([] { cube().signed_distance(Numbers{1, 2}); }), HasSubstr("2 coordinates for a region of 3"));
  EXPECT_THAT(refusal([] { square().signed_distance(Numbers{INFINITY, 2}); }), HasSubstr("a point at inf"));
}

TEST(Points, refuse_what_cannot_be_drawn) {
  const Region disc = Region::ball({0, 0}, 1);
  for (const Sampling sampling : samplings) {
    EXPECT_THAT(refusal([&] { interior_points(disc, 0, sampling, 0); }), HasSubstr("0 points, expected 1 to"));
    EXPECT_THAT(refusal([&] { boundary_points(disc, -3, sampling, 0); }), HasSubstr("-3 points, expected 1 to"));
    // Bounds that meet around nothing.
    const Region apart = Region::intersection({disc, Region::ball({1.8, 1.8}, 1)});
    EXPECT_EQ(apart.volume(), 0);
    EXPECT_THAT(refusal([&] { interior_points(apart, 5, sampling, 0); }), HasSubstr("the region is empty"));
    EXPECT_THAT(refusal([&] { boundary_points(apart, 5, sampling, 0); }), HasSubstr("has no boundary"));
    const Region apart_in_space = Region::intersection({Region::ball({0, 0, 0}, 1), Region::ball({1.8, 1.8, 1.8}, 1)});
    EXPECT_THAT(refusal([&] { interior_points(apart_in_space, 5, sampling, 0); }), HasSubstr("the region is empty"));
    EXPECT_THAT(refusal([&] { boundary_points(apart_in_space, 5, sampling, 0); }), HasSubstr("has no boundary"));
    EXPECT_THAT(
        refusal([&] { boundary_points(disc, 5, sampling, 0, [](Coordinates x, Coordinates) { return x[0] > 2; }); }),
        HasSubstr("no place of the boundary is one of those asked for"));
    // A filter that changes its mind must not keep the search going for ever.
    int asked = 0;
    EXPECT_THAT(refusal([&] {
                  boundary_points(Region::ball({0, 0, 0}, 1), 5, sampling, 0,
                                  [&](Coordinates, Coordinates) { return ++asked < 30000; });
                }),
                HasSubstr("was there at first and then not any more"));
  }
  const Region specks = Region::unite({Region::ball({0, 0}, 0.1), Region::ball({9, 9}, 0.1)});
  EXPECT_THAT(refusal([&] { interior_points(specks, 1, Sampling::jittered, 3); }),
              HasSubstr("no point of a jittered grid for 1 points"));
  EXPECT_THAT(refusal([&] { rings(disc, {0, 0}, 0, 1, 5, 0); }), HasSubstr("rings from 0 to 1"));
  EXPECT_THAT(refusal([&] { rings(disc, {0, 0}, 2, 1, 5, 0); }), HasSubstr("rings from 2 to 1"));
  EXPECT_THAT(refusal([&] { rings(disc, {0, 0}, 1, INFINITY, 5, 0); }), HasSubstr("rings from 1 to inf"));
  EXPECT_THAT(refusal([&] { rings(disc, {0, 0}, NAN, 1, 5, 0); }), HasSubstr("rings from nan to 1"));
  EXPECT_THAT(refusal([&] { rings(disc, {0}, 0.1, 1, 5, 0); }), HasSubstr("centre of rings of 1 coordinates"));
  EXPECT_THAT(refusal([&] { rings(disc, {0, 0}, 0.1, 1, 0, 0); }), HasSubstr("0 points"));
  EXPECT_THAT(refusal([&] {
                rings(disc, {9, 9}, 0.1, 1, 5, 0);
              }),
              HasSubstr("none of 5 points 0.1 to 1 from the centre is inside"));
}

}  // namespace
}  // namespace sinefield
