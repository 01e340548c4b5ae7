// SPDX-License-Identifier: MIT
#include "problem/collocation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "calculus/leaves.h"
#include "calculus/tape.h"
#include "field/random.h"
#include "sinefield/error.h"
#include "sinefield/machine.h"

namespace sinefield::problem {
namespace {

constexpr std::uint32_t times_stream = sampler_streams + 0x2000;

/// A condition of coordinates and normals, point by point.
class Condition {
 public:
  explicit Condition(const Expression& e) : condition_(e), tape_(std::span(&e, 1)), registers_(tape_.registers()) {}

  bool reads(std::size_t coordinate) const {
    return calculus::reads_coordinate(condition_, static_cast<int>(coordinate));
  }
  bool holds(std::span<const double> x, std::span<const double> normal, std::span<const double> columns = {}) {
    const calculus::TapeInputs<double> inputs{1,
                                              {x.data(), 1, std::ssize(x)},
                                              {normal.data(), 1, std::ssize(normal)},
                                              {},
                                              {columns.data(), 1, std::ssize(columns)}};
    tape_.evaluate<double>(Isa::scalar, inputs, registers_);
    return tape_.root<double>(0, registers_, 1)[0] != 0;
  }

 private:
  Expression condition_;
  calculus::Tape tape_;
  std::vector<double> registers_;
};

struct Axes {
  std::vector<std::size_t> space;
  std::optional<std::size_t> time;
  double low = 0, high = 1;  // of the time

  explicit Axes(const Problem& problem) {
    for (std::size_t i = 0; i < problem.coordinates().size(); ++i) {
      const ProblemCoordinate& c = problem.coordinates()[i];
      if (!c.time) {
        space.push_back(i);
        continue;
      }
      time = i;
      low = c.low;
      high = c.high;
    }
  }
};

bool is_fixed(const Place& place, std::size_t coordinate) {
  return std::ranges::any_of(place.fixed,
                             [&](const auto& f) { return static_cast<std::size_t>(f.first) == coordinate; });
}

bool is_box(const Region& region) {
  const Bounds bounds = region.bounds();
  double product = 1;
  for (std::size_t i = 0; i < bounds.lows.size(); ++i) product *= bounds.highs[i] - bounds.lows[i];
  return std::abs(region.volume() - product) <= 1e-12 * product;
}

/// Puts points of space at their coordinates, at times drawn for each.
void append(Collocation& all, const Problem& problem, const Axes& axes, const SampledPoints& from,
            const RandomSequence& times) {
  const std::size_t d = problem.coordinates().size(), s = axes.space.size();
  for (std::size_t p = 0; p < from.weights.size(); ++p) {
    const std::size_t first = all.coordinates.size();
    all.coordinates.resize(first + d);
    for (std::size_t k = 0; k < s; ++k) all.coordinates[first + axes.space[k]] = from.points[p * s + k];
    if (axes.time) {
      const auto at = static_cast<std::uint64_t>(all.count);
      all.coordinates[first + *axes.time] =
          axes.low +
          (axes.high - axes.low) * uniform_double(random_word(times, 2 * at), random_word(times, 2 * at + 1));
    }
    all.weights.push_back(from.weights[p] * (axes.time ? axes.high - axes.low : 1));
    ++all.count;
  }
  all.normals.insert(all.normals.end(), from.normals.begin(), from.normals.end());
}

/// Points inside a box of space and time together, which then have a cell of their own each.
void append_space_time(Collocation& all, const Problem& problem, const Axes& axes, const Place& place, std::int64_t n,
                       std::uint64_t seed) {
  Bounds bounds = place.region.bounds();
  bounds.lows.push_back(axes.low);
  bounds.highs.push_back(axes.high);
  // In coordinates from 0 to 1: cells are cubes there, whatever the units of space and time.
  const std::vector<double> zeros(bounds.lows.size(), 0), ones(bounds.lows.size(), 1);
  const SampledPoints unit = interior_points(Region::box(zeros, ones), n, place.sampling, seed);
  double volume = 1;
  for (std::size_t k = 0; k < ones.size(); ++k) volume *= bounds.highs[k] - bounds.lows[k];
  const std::size_t d = problem.coordinates().size();
  for (std::size_t p = 0; p < unit.weights.size(); ++p) {
    const std::size_t first = all.coordinates.size();
    all.coordinates.resize(first + d);
    for (std::size_t k = 0; k < d; ++k) {
      const std::size_t to = k + 1 == d ? *axes.time : axes.space[k];
      all.coordinates[first + to] = bounds.lows[k] + (bounds.highs[k] - bounds.lows[k]) * unit.points[p * d + k];
    }
    all.weights.push_back(unit.weights[p] * volume);
    ++all.count;
  }
}

void keep_where(Collocation& all, const Problem& problem, Condition& condition) {
  const std::size_t d = problem.coordinates().size(),
                    s = all.normals.size() / std::max<std::size_t>(all.weights.size(), 1),
                    c = all.columns.size() / std::max<std::size_t>(all.weights.size(), 1);
  std::size_t kept = 0;
  for (std::size_t p = 0; p < all.weights.size(); ++p) {
    if (!condition.holds({&all.coordinates[p * d], d}, {all.normals.data() + p * s, s},
                         {all.columns.data() + p * c, c}))
      continue;
    std::copy_n(&all.coordinates[p * d], d, &all.coordinates[kept * d]);
    std::copy_n(all.normals.data() + p * s, s, all.normals.data() + kept * s);
    std::copy_n(all.columns.data() + p * c, c, all.columns.data() + kept * c);
    all.weights[kept++] = all.weights[p];
  }
  all.coordinates.resize(kept * d);
  all.normals.resize(kept * s);
  all.columns.resize(kept * c);
  all.weights.resize(kept);
  all.count = static_cast<std::int64_t>(kept);
}

/// `points_of` at the times of the axes, of a boundary only what `part` keeps.
Collocation points_at(const Problem& problem, const Place& place, const Axes& axes, const BoundaryFilter& part,
                      std::int64_t n, std::uint64_t seed) {
  const RandomSequence times{seed, times_stream, 0};
  const std::size_t d = problem.coordinates().size();
  const auto fix = [&](std::span<double> coordinates) {
    for (const auto& [coordinate, value] : place.fixed)
      for (std::size_t at = static_cast<std::size_t>(coordinate); at < coordinates.size(); at += d)
        coordinates[at] = value;
  };
  std::optional<Condition> condition;
  if (place.where) condition.emplace(*place.where);
  // What a condition leaves of a boundary is found exactly, unless it changes with the time.
  const bool exactly = condition && place.boundary && !(axes.time && condition->reads(*axes.time));
  BoundaryFilter filter = part;
  if (exactly)
    filter = [&, x = std::vector<double>(d)](std::span<const double> at, std::span<const double> normal) mutable {
      for (std::size_t k = 0; k < at.size(); ++k) x[axes.space[k]] = at[k];
      fix(x);
      return (!part || part(at, normal)) && condition->holds(x, normal);
    };
  const auto draw = [&](std::int64_t count) {
    Collocation all;
    if (place.boundary) {
      append(all, problem, axes, boundary_points(place.region, count, place.sampling, seed, filter), times);
    } else if (axes.time && axes.space.size() < 3 && is_box(place.region)) {
      append_space_time(all, problem, axes, place, count, seed);
    } else {
      append(all, problem, axes, interior_points(place.region, count, place.sampling, seed), times);
    }
    fix(all.coordinates);
    return all;
  };
  Collocation all = draw(n);
  if (condition && !exactly) {
    const auto drawn = static_cast<double>(all.count);
    keep_where(all, problem, *condition);
    constexpr double most = 100;  // that are drawn for each that is kept
    const double share = std::max(static_cast<double>(all.count) / drawn, 1 / most);
    if (share < 1) {
      constexpr double most_drawn = 1e9;
      all = draw(static_cast<std::int64_t>(std::min(static_cast<double>(n) / share, most_drawn)));
      keep_where(all, problem, *condition);
    }
    if (all.count == 0)
      throw bad_input("the condition of a place holds at none of its points that were looked at",
                      "look at its `where`");
  }
  for (std::size_t k = 0; k < place.rings.size(); ++k) {
    const RingPoints& r = place.rings[k];
    Collocation more;
    append(more, problem, axes, rings(place.region, r.centre, r.nearest, r.farthest, r.points, seed + k + 1),
           {seed, times_stream, static_cast<std::uint32_t>(k + 1)});
    fix(more.coordinates);
    if (condition) keep_where(more, problem, *condition);
    add(all, more);
  }
  return all;
}

/// Those of a place that are given, of which its condition may leave a part.
Collocation given_points(const Problem& problem, const Place& place) {
  const GivenPoints& given = *place.given;
  Collocation all;
  all.coordinates = given.coordinates;
  all.columns = given.values;
  all.count = std::ssize(given.coordinates) / std::ssize(problem.coordinates());
  all.weights.assign(static_cast<std::size_t>(all.count), 1 / static_cast<double>(all.count));
  if (place.where) {
    Condition condition(*place.where);
    keep_where(all, problem, condition);
    if (all.count == 0) throw bad_input("the condition of a place holds at none of its points", "look at its `where`");
  }
  return all;
}

}  // namespace

void add(Collocation& all, const Collocation& more) {
  all.coordinates.insert(all.coordinates.end(), more.coordinates.begin(), more.coordinates.end());
  all.normals.insert(all.normals.end(), more.normals.begin(), more.normals.end());
  all.weights.insert(all.weights.end(), more.weights.begin(), more.weights.end());
  all.columns.insert(all.columns.end(), more.columns.begin(), more.columns.end());
  all.count += more.count;
}

MatrixView<const double> Collocation::coordinate_view() const {
  return {coordinates.data(), count, std::ssize(coordinates) / std::max<std::int64_t>(count, 1)};
}
MatrixView<const double> Collocation::normal_view() const {
  return {normals.data(), count, std::ssize(normals) / std::max<std::int64_t>(count, 1)};
}
MatrixView<const double> Collocation::column_view() const {
  return {columns.data(), count, std::ssize(columns) / std::max<std::int64_t>(count, 1)};
}

Collocation points_of(const Problem& problem, const Place& place, std::int64_t n, std::uint64_t seed, double until) {
  if (place.given) return given_points(problem, place);
  Axes axes(problem);
  axes.high = axes.low + until * (axes.high - axes.low);
  if (axes.time && is_fixed(place, *axes.time)) axes.time.reset();
  return points_at(problem, place, axes, {}, n, seed);
}

Collocation points_near(const Problem& problem, const Place& place, const Neighbourhood& near, std::int64_t n,
                        std::uint64_t seed) {
  if (place.given) return {};
  Axes axes(problem);
  std::vector<double> centre;
  for (const std::size_t i : axes.space) centre.push_back(near.centre[i]);
  if (axes.time) {
    const double from = near.centre[*axes.time] - near.time_radius, to = near.centre[*axes.time] + near.time_radius;
    for (const auto& [coordinate, value] : place.fixed)
      if (static_cast<std::size_t>(coordinate) == *axes.time && (value < from || value > to)) return {};
    axes.low = std::max(axes.low, from);
    axes.high = std::min(axes.high, to);
    if (axes.low >= axes.high) return {};
    if (is_fixed(place, *axes.time)) axes.time.reset();
  }
  try {
    Place part = place;
    part.rings.clear();
    part.region = Region::intersection({place.region, Region::ball(centre, near.space_radius)});
    // Of the boundary of the intersection not the part that the ball brings.
    const auto inside = [&](std::span<const double> x, std::span<const double>) {
      double square = 0;
      for (std::size_t k = 0; k < x.size(); ++k) square += (x[k] - centre[k]) * (x[k] - centre[k]);
      constexpr double nearly = 1 - 1e-9;
      return square < near.space_radius * near.space_radius * nearly;
    };
    return points_at(problem, part, axes, inside, n, seed);
  } catch (const Error&) {
    return {};  // nothing of the place is there
  }
}

double measure_of(const Problem& problem, const Place& place) {
  if (place.given) return 1;
  const Axes axes(problem);
  const double time = axes.time && !is_fixed(place, *axes.time) ? axes.high - axes.low : 1;
  return time * (place.boundary ? boundary_measure(place.region) : place.region.volume());
}

double covered_measure(const Problem& problem) {
  const double whole = measure_of(problem, problem.inside());
  double parts = 0;
  for (const Term& term : problem.terms()) {
    const Place& place = term.place;
    if (place.boundary || (!place.given && !place.fixed.empty())) continue;
    parts += place.given ? whole : measure_of(problem, place);
  }
  return parts > 0 ? std::min(whole, parts) : whole;
}

}  // namespace sinefield::problem
