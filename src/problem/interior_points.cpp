// Points inside of regions: random, jittered and even, and rings about a centre.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "field/indices.h"
#include "problem/point_counts.h"
#include "problem/region_shape.h"
#include "problem/unit_points.h"
#include "sinefield/error.h"
#include "sinefield/region.h"

namespace sinefield {
namespace regions {
namespace {

Error empty_region() {
  return bad_input("the region is empty: less than 1e-5 of its bounds is inside",
                   "check the operands of its intersections and differences");
}

/// How many cells along each axis of the bounds for about `cells` nearly cubic ones in all.
std::vector<std::int64_t> grid_counts(const Shape& shape, double cells) {
  const auto extent = [&](std::size_t axis) { return shape.bounds.high[axis] - shape.bounds.low[axis]; };
  std::vector<std::size_t> axes(shape.axes());
  std::iota(axes.begin(), axes.end(), 0U);
  // The short ones first: where a cell is longer than an axis, the other axes have the more cells.
  std::ranges::stable_sort(axes, {}, extent);
  std::vector<std::int64_t> counts(axes.size());
  double volume = shape.volume_of_bounds();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const double share = std::pow(cells / volume, 1 / static_cast<double>(axes.size() - i)) * extent(axes[i]);
    counts[axes[i]] = std::max<std::int64_t>(1, std::llround(share));
    cells /= static_cast<double>(counts[axes[i]]);
    volume /= extent(axes[i]);
  }
  return counts;
}

/// use(x) for one point of each cell of a grid over the bounds.
template <class Use>
void for_each_cell(const Shape& shape, const std::vector<std::int64_t>& counts, const RandomSequence& random,
                   const Use& use) {
  std::uint64_t cell = 0;
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    Point unit = random_unit_point(random, cell++);
    for (std::size_t i = 0; i < counts.size(); ++i)
      unit[i] = (static_cast<double>(at[i]) + unit[i]) / static_cast<double>(counts[i]);
    use(place_in(shape.bounds, unit));
  });
}

/// Uniform on the unit sphere, from two numbers of (0, 1).
Point direction(std::size_t axes, double u, double v) {
  if (axes == 1) return {u < 0.5 ? -1.0 : 1.0, 0, 0};
  const double angle = 2 * std::numbers::pi * u, z = axes == 2 ? 0 : 1 - 2 * v, s = std::sqrt(1 - z * z);
  return {s * std::cos(angle), s * std::sin(angle), z};
}

}  // namespace
}  // namespace regions

using namespace regions;

SampledPoints interior_points(const Region& region, std::int64_t n, Sampling sampling, std::uint64_t seed) {
  check_count(n);
  const Shape& shape = region.shape();
  const double volume = region.volume(), share = volume / shape.volume_of_bounds();
  if (!(share >= 1 / most_tries)) throw empty_region();
  const RandomSequence random{.seed = seed, .stream = interior_stream};
  SampledPoints sampled;
  sampled.dimensions = shape.dimensions;
  const auto take = [&](const Point& x) {
    const bool inside = contains(shape, x);
    if (inside) append(x, shape.axes(), sampled.points);
    return inside;
  };
  if (sampling == Sampling::jittered) {
    const std::vector<std::int64_t> counts = grid_counts(shape, static_cast<double>(n) / share);
    for_each_cell(shape, counts, random, take);
    if (sampled.points.empty())
      throw bad_input(fmt::format("no point of a jittered grid for {} points is inside the region", n),
                      "take more points, or even ones");
  } else {
    const EvenPoints even(shape.axes(), random_words(random, 0));
    const bool enough = found(n, [&](std::uint64_t i) {
      return take(place_in(shape.bounds, sampling == Sampling::even ? even.at(i) : random_unit_point(random, i)));
    });
    if (!enough) throw empty_region();
  }
  const std::size_t taken = sampled.points.size() / shape.axes();
  sampled.weights.assign(taken, volume / static_cast<double>(taken));
  return sampled;
}

SampledPoints rings(const Region& region, const std::vector<double>& centre, double nearest, double farthest,
                    std::int64_t n, std::uint64_t seed) {
  check_count(n);
  const Shape& shape = region.shape();
  const Point middle = checked_point("the centre of rings", centre, shape.axes());
  if (!(nearest > 0 && nearest < farthest && std::isfinite(farthest)))
    throw bad_input(fmt::format("rings from {} to {}, expected 0 < nearest < farthest", nearest, farthest));
  const double octaves = std::log(farthest / nearest);
  const double sphere = shape.dimensions == 1 ? 2 : 2 * std::numbers::pi * (shape.dimensions - 1);
  const RandomSequence random{.seed = seed, .stream = ring_stream};
  SampledPoints sampled;
  sampled.dimensions = shape.dimensions;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n); ++i) {
    const Point unit = random_unit_point(random, i);
    const double r = nearest * std::exp(octaves * unit[0]);
    const Point x = along(middle, r, direction(shape.axes(), unit[1], unit[2]));
    if (!contains(shape, x)) continue;
    append(x, shape.axes(), sampled.points);
    sampled.weights.push_back(sphere * std::pow(r, shape.dimensions) * octaves / static_cast<double>(n));
  }
  if (sampled.points.empty())
    throw bad_input(
        fmt::format("none of {} points {} to {} from the centre is inside the region", n, nearest, farthest),
        "take a centre in the region or on its boundary");
  return sampled;
}

}  // namespace sinefield
