// Points of the places of terms: in space, on boundaries, in time and at moments, where conditions hold; and that their
// weights are shares of the measure.
// SPDX-License-Identifier: MIT
#include "problem/collocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "refusal.h"

namespace sinefield::problem {
namespace {

using std::numbers::pi;
using testing::HasSubstr;

constexpr std::array samplings = {Sampling::random, Sampling::jittered, Sampling::even};

/// 2 x 1 in space, 3 in time; the time is the second coordinate, so that orders differ.
struct Channel {
  Problem problem;
  Expression x = problem.space("x", 0, 2), t = problem.time("t", 1, 4), y = problem.space("y", -1, 0);
  Expression u = problem.unknown("u");

  Expression number(double value) const { return problem.graph()->constant(value); }
  Expression normal(int component) const { return problem.graph()->normal(component); }
};

std::span<const double> row(const Collocation& all, std::size_t p) {
  const std::size_t d = all.coordinates.size() / all.weights.size();
  return std::span(all.coordinates).subspan(p * d, d);
}

double sum(const Collocation& all) { return std::accumulate(all.weights.begin(), all.weights.end(), 0.0); }

/// Sum of weight times f(x).
double integral(const Collocation& all, const auto& f) {
  double total = 0;
  for (std::size_t p = 0; p < all.weights.size(); ++p) total += all.weights[p] * f(row(all, p));
  return total;
}

void expect_sizes_agree(const Collocation& all, std::size_t coordinates, std::size_t normals) {
  const auto n = static_cast<std::size_t>(all.count);
  EXPECT_EQ(all.weights.size(), n);
  EXPECT_EQ(all.coordinates.size(), n * coordinates);
  EXPECT_EQ(all.normals.size(), n * normals);
  EXPECT_EQ(all.coordinate_view().cols, static_cast<std::int64_t>(coordinates));
  EXPECT_EQ(all.normal_view().cols, static_cast<std::int64_t>(normals));
}

TEST(Collocation, measures_are_those_of_space_times_the_time) {
  Channel c;
  EXPECT_DOUBLE_EQ(measure_of(c.problem, c.problem.inside()), 2 * 1 * 3);
  EXPECT_DOUBLE_EQ(measure_of(c.problem, c.problem.boundary()), 6 * 3);
  EXPECT_DOUBLE_EQ(measure_of(c.problem, c.problem.at_time(1)), 2);
  Place border_at = c.problem.boundary();
  border_at.fixed = {{1, 2.0}};
  EXPECT_DOUBLE_EQ(measure_of(c.problem, border_at), 6);
  c.problem.set_domain(Region::ball({1, -0.5}, 0.5));
  EXPECT_DOUBLE_EQ(measure_of(c.problem, c.problem.inside()), pi / 4 * 3);
  EXPECT_DOUBLE_EQ(measure_of(c.problem, c.problem.boundary()), pi * 3);
}

TEST(Collocation, points_are_in_their_place_and_time_and_weights_sum_to_the_measure) {
  for (const bool disc : {false, true})
    for (const Sampling sampling : samplings) {
      Channel c;
      if (disc) c.problem.set_domain(Region::ball({1, -0.5}, 0.5));
      const Region domain = c.problem.domain();
      for (Place place : {c.problem.inside(), c.problem.boundary(), c.problem.at_time(2.5)}) {
        SCOPED_TRACE(testing::Message() << "disc " << disc << ", boundary " << place.boundary << ", moments "
                                        << place.fixed.size() << ", sampling " << static_cast<int>(sampling));
        place.sampling = sampling;
        const Collocation all = points_of(c.problem, place, 3000, 5);
        expect_sizes_agree(all, 3, place.boundary ? 2 : 0);
        EXPECT_NEAR(static_cast<double>(all.count), 3000, 200) << "of jittered ones those in cells within";
        EXPECT_NEAR(sum(all), measure_of(c.problem, place), 1e-9 * measure_of(c.problem, place));
        double first = 4, last = 1;
        for (std::size_t p = 0; p < all.weights.size(); ++p) {
          const std::array<double, 2> at = {row(all, p)[0], row(all, p)[2]};
          EXPECT_TRUE(domain.contains(at));
          if (place.boundary) {
            EXPECT_NEAR(domain.signed_distance(at), 0, 1e-12);
            EXPECT_NEAR(std::hypot(all.normals[2 * p], all.normals[2 * p + 1]), 1, 1e-12);
          }
          first = std::min(first, row(all, p)[1]);
          last = std::max(last, row(all, p)[1]);
        }
        if (place.fixed.empty()) {
          EXPECT_GE(first, 1);
          EXPECT_LE(last, 4);
          // Of 3000 times none within the first or last tenth of a unit: e^-100.
          EXPECT_LT(first, 1.1);
          EXPECT_GT(last, 3.9);
        } else {
          EXPECT_EQ(first, 2.5);
          EXPECT_EQ(last, 2.5);
        }
      }
    }
}

TEST(Collocation, weights_estimate_integrals_over_space_and_time) {
  const auto f = [](std::span<const double> at) { return at[0] * at[0] * (1 + at[2]) * std::exp(-at[1]); };
  // Integrals of x^2 over 0 to 2, of 1 + y over -1 to 0, of e^-t over 1 to 4.
  const double exact = 8.0 / 3 / 2 * (std::exp(-1.0) - std::exp(-4.0));
  const Channel c;
  for (const Sampling sampling : samplings) {
    Place place = c.problem.inside();
    place.sampling = sampling;
    const Collocation all = points_of(c.problem, place, 40'000, 1);
    // Deviation of the mean of independent points, measured from themselves; four of them.
    const double mean = integral(all, f) / sum(all);
    const double variance = integral(all, [&](auto at) { return (f(at) - mean) * (f(at) - mean); }) / sum(all);
    EXPECT_NEAR(integral(all, f), exact, 4 * sum(all) * std::sqrt(variance / 40'000));
  }
}

TEST(Collocation, conditions_inside_leave_points_whose_weights_are_shares_of_what_is_left) {
  const Channel c;
  const auto f = [](std::span<const double> at) { return 1 + at[0] * at[1]; };
  for (const Sampling sampling : samplings) {
    Place place = c.problem.inside();
    place.sampling = sampling;
    place.where = c.x < 0.5;
    const Collocation all = points_of(c.problem, place, 20'000, 3);
    expect_sizes_agree(all, 3, 0);
    EXPECT_NEAR(static_cast<double>(all.count), 20'000, 600) << "what is dropped is drawn in addition";
    for (std::size_t p = 0; p < all.weights.size(); ++p) EXPECT_LT(row(all, p)[0], 0.5);
    // 1/2 x 1 x 3 of 6; a share p of n drawn deviates by sqrt(p (1 - p) / n), four of them.
    const double drawn = 20'000 / 0.25, deviation = 6 * std::sqrt(0.25 * 0.75 / drawn);
    EXPECT_NEAR(sum(all), 1.5, 4 * deviation);
    EXPECT_NEAR(integral(all, f), 1.5 + 0.125 * 7.5, 4 * deviation * 3) << "f is at most 3 here";
  }
}

TEST(Collocation, conditions_of_the_time_leave_times) {
  const Channel c;
  Place place = c.problem.inside();
  place.where = c.t > 3.25;
  const Collocation all = points_of(c.problem, place, 5000, 3);
  for (std::size_t p = 0; p < all.weights.size(); ++p) EXPECT_GT(row(all, p)[1], 3.25);
  EXPECT_NEAR(sum(all), 1.5, 0.05);
  place.where = c.t > 5;
  EXPECT_THAT(refusal([&] { points_of(c.problem, place, 50, 3); }), HasSubstr("holds at none of its points"));
  place.fixed = {{1, 3.5}};
  place.where = c.t > 3.25;
  EXPECT_NEAR(sum(points_of(c.problem, place, 50, 3)), 2, 1e-12) << "at a moment it holds everywhere";
}

TEST(Collocation, conditions_on_boundaries_are_cut_out_exactly) {
  const Channel c;
  for (const Sampling sampling : samplings) {
    Place place = c.problem.boundary();
    place.sampling = sampling;
    place.where = c.normal(0) < -0.5;
    Collocation all = points_of(c.problem, place, 100, 3);
    expect_sizes_agree(all, 3, 2);
    EXPECT_EQ(all.count, 100);
    EXPECT_NEAR(sum(all), 1 * 3, 1e-9) << "the left side";
    for (std::size_t p = 0; p < all.weights.size(); ++p) {
      EXPECT_EQ(row(all, p)[0], 0);
      EXPECT_EQ(all.normals[2 * p], -1);
      EXPECT_EQ(all.normals[2 * p + 1], 0);
    }
    place.where = c.x + c.y < 0.3;
    all = points_of(c.problem, place, 1000, 3);
    EXPECT_EQ(all.count, 1000);
    EXPECT_NEAR(sum(all), (1 + 1.3 + 0.3) * 3, 1e-9)
        << "all of the left, a part of the lower, a part of the upper side";
  }
  Place nowhere = c.problem.boundary();
  nowhere.where = c.x > 3;
  EXPECT_THAT(refusal([&] { points_of(c.problem, nowhere, 100, 3); }), HasSubstr("no place of the boundary"));
}

TEST(Collocation, conditions_on_boundaries_may_change_with_the_time) {
  const Channel c;
  Place place = c.problem.boundary();
  place.where = where(c.t<2, c.normal(0)> 0.5, c.number(0));
  const Collocation all = points_of(c.problem, place, 2000, 3);
  expect_sizes_agree(all, 3, 2);
  for (std::size_t p = 0; p < all.weights.size(); ++p) {
    EXPECT_EQ(row(all, p)[0], 2);
    EXPECT_EQ(all.normals[2 * p], 1);
    EXPECT_LT(row(all, p)[1], 2);
  }
  // A third of the time on a sixth of the boundary: 1 of 18.
  const double drawn = 2000 * 18, share = 1.0 / 18;
  EXPECT_NEAR(sum(all), 1, 4 * 18 * std::sqrt(share * (1 - share) / drawn));
  EXPECT_NEAR(static_cast<double>(all.count), 2000, 4 * std::sqrt(2000.0) + 4 * 2000 / std::sqrt(2000.0 / 18));
}

TEST(Collocation, rare_conditions_are_looked_for_further) {
  const Channel c;
  Place place = c.problem.inside();
  place.sampling = Sampling::even;
  place.where = c.x < 0.01;  // 1 of 200: among the first 20 there is none
  const Collocation all = points_of(c.problem, place, 20, 3);
  EXPECT_GE(all.count, 1);
  for (std::size_t p = 0; p < all.weights.size(); ++p) EXPECT_LT(row(all, p)[0], 0.01);
}

TEST(Collocation, rings_are_added_with_weights_of_their_own) {
  const Channel c;
  Place place = c.problem.inside();
  place.rings = {{{1, -0.5}, 0.01, 0.25, 4000}, {{0, 0}, 0.1, 0.5, 100}};
  const Collocation without = points_of(c.problem, c.problem.inside(), 500, 9),
                    all = points_of(c.problem, place, 500, 9);
  expect_sizes_agree(all, 3, 0);
  ASSERT_GT(all.count, without.count + 4000);
  EXPECT_LE(all.count, without.count + 4100);
  EXPECT_TRUE(std::equal(without.coordinates.begin(), without.coordinates.end(), all.coordinates.begin()));
  const auto first = static_cast<std::size_t>(without.count);
  double near = 0;
  std::set<double> times;
  for (std::size_t p = first; p < first + 4000; ++p) {
    const double r = std::hypot(row(all, p)[0] - 1, row(all, p)[2] + 0.5);
    EXPECT_GE(r, 0.01 * (1 - 1e-9));
    EXPECT_LE(r, 0.25 * (1 + 1e-9));
    near += all.weights[p];
    times.insert(row(all, p)[1]);
  }
  EXPECT_EQ(times.size(), 4000U) << "each at a time of its own";
  // Weights go with r^2, r log-uniform: their mean square is log(25) / 2 of their squared mean, about.
  const double area = pi * (0.25 * 0.25 - 0.01 * 0.01) * 3;
  EXPECT_NEAR(near, area, 4 * area * std::sqrt(std::log(25.0) / 2 / 4000));
}

TEST(Collocation, what_is_covered_is_the_domain_or_parts_of_it) {
  Problem problem;
  const Expression x = problem.space("x", 0, 4), y = problem.space("y", 0, 2), t = problem.time("t", 0, 3),
                   u = problem.unknown("u");
  EXPECT_NEAR(covered_measure(problem), 24, 1e-12) << "without terms";
  Place disc{Region::ball({1, 1}, 0.5)}, box{Region::box({0, 0}, {4, 1})};
  problem.add("border", u, Place{.region = disc.region, .boundary = true});
  problem.add("start", u, problem.at_time(0));
  EXPECT_NEAR(covered_measure(problem), 24, 1e-12) << "no term inside";
  problem.add("disc", u, disc);
  EXPECT_NEAR(covered_measure(problem), 3 * pi / 4, 1e-3);
  problem.add("box", u, box);
  EXPECT_NEAR(covered_measure(problem), 12 + 3 * pi / 4, 1e-3);
  problem.add("again", u, box);
  EXPECT_NEAR(covered_measure(problem), 24, 1e-12) << "no more than the domain";
}

TEST(Collocation, points_that_are_given_may_be_anywhere) {
  Problem problem;
  const Expression x = problem.space("x", 0, 4), u = problem.unknown("u");
  problem.add("part", u, Place{Region::box({0}, {1})});
  EXPECT_NEAR(covered_measure(problem), 1, 1e-12);
  const Place place = problem.at_points({{0.5, 3.5}, 0, {}});
  EXPECT_EQ(measure_of(problem, place), 1);
  problem.add("data", u, place);
  EXPECT_NEAR(covered_measure(problem), 4, 1e-12);
  Place nowhere = place;
  nowhere.where = x > 4;
  EXPECT_THAT(refusal([&] { points_of(problem, nowhere, 1, 1); }), HasSubstr("holds at none of its points"));
}

TEST(Collocation, rings_keep_to_moments_and_conditions) {
  const Channel c;
  Place place = c.problem.at_time(2);
  place.rings = {{{1, -0.5}, 0.01, 0.25, 200}};
  place.where = c.x < 1;
  const Collocation all = points_of(c.problem, place, 50, 9);
  EXPECT_GT(all.count, 100);
  for (std::size_t p = 0; p < all.weights.size(); ++p) {
    EXPECT_EQ(row(all, p)[1], 2);
    EXPECT_LT(row(all, p)[0], 1);
  }
}

TEST(Collocation, points_near_a_place_are_those_of_its_part) {
  const Channel c;
  // Half of the disc is in the domain, and two thirds of the times.
  const Neighbourhood near{{2, 3.5, -0.5}, 0.25, 1};
  Place moment = c.problem.at_time(2.5), condition = c.problem.inside(), ringed = c.problem.inside();
  condition.where = c.y < -0.5;
  ringed.rings = {{{1, -0.5}, 0.01, 0.25, 50}};
  const double half_disc = pi / 32, times = 1.5;
  for (const auto& [place, measure] :
       {std::pair(c.problem.inside(), half_disc * times), std::pair(c.problem.boundary(), 0.5 * times),
        std::pair(moment, half_disc), std::pair(ringed, half_disc * times)}) {
    const Collocation all = points_near(c.problem, place, near, 400, 2);
    expect_sizes_agree(all, 3, place.boundary ? 2 : 0);
    EXPECT_NEAR(static_cast<double>(all.count), 400, 60);
    EXPECT_NEAR(sum(all), measure, 1e-6 * measure);
    for (std::size_t p = 0; p < all.weights.size(); ++p) {
      EXPECT_LE(std::hypot(row(all, p)[0] - 2, row(all, p)[2] + 0.5), 0.25);
      EXPECT_GE(row(all, p)[1], 2.5);
    }
  }
  const Collocation half = points_near(c.problem, condition, near, 4000, 2);
  EXPECT_NEAR(sum(half), half_disc * times / 2, 0.1 * half_disc * times) << "an estimate, by about 8000 points";
  for (std::size_t p = 0; p < half.weights.size(); ++p) EXPECT_LT(row(half, p)[2], -0.5);
}

TEST(Collocation, where_nothing_of_a_place_is_near_there_are_no_points) {
  const Channel c;
  const auto count = [&](const Place& place, const Neighbourhood& near) {
    return points_near(c.problem, place, near, 100, 2).count;
  };
  EXPECT_EQ(count(c.problem.inside(), {{5, 2, 5}, 1, 1}), 0) << "beyond its bounds";
  EXPECT_EQ(count(c.problem.inside(), {{1, 9, -0.5}, 1, 1}), 0) << "later";
  EXPECT_EQ(count(c.problem.boundary(), {{1, 2, -0.5}, 0.25, 1}), 0) << "away from the boundary";
  EXPECT_EQ(count(c.problem.at_time(1), {{1, 3, -0.5}, 0.25, 1}), 0) << "after the moment";
  EXPECT_GT(count(c.problem.at_time(2), {{1, 3, -0.5}, 0.25, 1}), 0);
}

TEST(Collocation, points_are_a_function_of_the_arguments) {
  const Channel c;
  Place interior = c.problem.inside(), border = c.problem.boundary();
  interior.where = c.x < c.y + 1.5;
  interior.rings = {{{1, -0.5}, 0.1, 0.25, 20}};
  for (const Sampling sampling : samplings) {
    interior.sampling = border.sampling = sampling;
    for (const Place& place : {interior, border}) {
      const Collocation a = points_of(c.problem, place, 100, 4), b = points_of(c.problem, place, 100, 4),
                        other = points_of(c.problem, place, 100, 5);
      EXPECT_EQ(a.coordinates, b.coordinates);
      EXPECT_EQ(a.normals, b.normals);
      EXPECT_EQ(a.weights, b.weights);
      EXPECT_NE(a.coordinates, other.coordinates) << "times at least depend on the seed";
    }
  }
}

TEST(Collocation, one_and_three_dimensions_without_time) {
  Problem line, space;
  line.space("x", 0, 2);
  for (const char* const name : {"x", "y", "z"}) space.space(name, 0, 1);
  const Collocation ends = points_of(line, line.boundary(), 2, 1), inside = points_of(line, line.inside(), 10, 1),
                    faces = points_of(space, space.boundary(), 600, 1);
  EXPECT_THAT(ends.coordinates, testing::UnorderedElementsAre(0, 2));
  EXPECT_DOUBLE_EQ(sum(ends), 2);
  EXPECT_DOUBLE_EQ(sum(inside), 2);
  expect_sizes_agree(faces, 3, 3);
  EXPECT_NEAR(sum(faces), 6, 1e-12);
}

}  // namespace
}  // namespace sinefield::problem
