// Points of boundaries: how many on each part, and where.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "problem/boundary.h"
#include "problem/point_counts.h"
#include "problem/unit_points.h"
#include "sinefield/error.h"
#include "sinefield/region.h"

namespace sinefield {
namespace regions {
namespace {

/// How many of n points each part gets.
std::vector<std::int64_t> allocate(std::int64_t n, const std::vector<Part>& parts, double sum) {
  std::vector<std::int64_t> counts(parts.size());
  const auto share = [&](std::size_t k) { return static_cast<double>(n) * parts[k].measure / sum; };
  std::int64_t given = 0;
  if (n < std::ssize(parts)) {
    // At equal distances along all parts, so that no stretch of small ones goes without.
    double before = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      before += share(k);
      const std::int64_t up_to = k + 1 == parts.size() ? n : std::min<std::int64_t>(n, std::llround(before));
      counts[k] = up_to - given;
      given = up_to;
    }
    return counts;
  }
  for (std::size_t k = 0; k < parts.size(); ++k) {
    counts[k] = std::max<std::int64_t>(1, static_cast<std::int64_t>(share(k)));
    given += counts[k];
  }
  // By largest remainder; the points of parts that had to have one come from where there are most too many.
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto missing = [&](std::size_t k) { return share(k) - static_cast<double>(counts[k]); };
  const auto missing_of_several = [&](std::size_t k) { return counts[k] > 1 ? missing(k) : 1; };
  for (; given < n; ++given) ++counts[*std::ranges::max_element(order, {}, missing)];
  for (; given > n; --given) --counts[*std::ranges::min_element(order, {}, missing_of_several)];
  return counts;
}

/// Points of one part of a boundary.
class PartPoints {
 public:
  PartPoints(const Boundary& boundary, const Part& part, Sampling sampling, std::uint64_t seed)
      : boundary_(boundary),
        part_(part),
        piece_(boundary.piece(part)),
        sampling_(sampling),
        random_{.seed = seed, .stream = boundary_stream, .tensor = static_cast<std::uint32_t>(part.piece)} {}

  /// n of them.
  std::vector<Place> draw(std::int64_t n) const {
    if (!std::holds_alternative<Face>(piece_) && !std::holds_alternative<Sphere>(piece_)) return on_curve(n);
    return sampling_ == Sampling::jittered ? jittered_on_surface(n) : on_surface(n);
  }

 private:
  std::vector<Place> on_curve(std::int64_t n) const {
    std::vector<Place> places;
    for (std::int64_t i = 0; i < n; ++i) {
      double u = sampling_ == Sampling::even ? 0.5 : unit(static_cast<std::uint64_t>(i))[0];
      if (sampling_ != Sampling::random) u = (static_cast<double>(i) + u) / static_cast<double>(n);
      places.push_back(place_at(piece_, part_.from + u * (part_.to - part_.from)));
    }
    return places;
  }

  std::vector<Place> on_surface(std::int64_t n) const {
    const EvenPoints even(2, random_words(random_, 0));
    std::vector<Place> places;
    const bool enough =
        found(n, [&](std::uint64_t i) { return take(sampling_ == Sampling::even ? even.at(i) : unit(i), places); });
    if (!enough) throw vanished();
    return places;
  }

  std::vector<Place> jittered_on_surface(std::int64_t n) const {
    const double expected = static_cast<double>(n) / part_.share;
    double cells = expected;
    while (cells < 2 * expected + most_tries) {
      const std::vector<Place> places = one_in_each_cell(std::llround(cells));
      cells *= 1.05;
      if (std::ssize(places) < n) continue;
      std::vector<Place> all;  // evenly few of those too many
      for (std::int64_t i = 0; i < n; ++i)
        all.push_back(places[static_cast<std::size_t>((2 * i + 1) * std::ssize(places) / (2 * n))]);
      return all;
    }
    throw vanished();
  }

  /// Rows of cells, all of equal area and as nearly square as their number allows.
  std::vector<Place> one_in_each_cell(std::int64_t cells) const {
    const auto n = static_cast<double>(cells);
    const auto rows = std::clamp<std::int64_t>(std::llround(std::sqrt(n * aspect())), 1, cells);
    std::vector<Place> places;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t first = row * cells / rows, last = (row + 1) * cells / rows;
      const auto count = static_cast<double>(last - first);
      for (std::int64_t cell = first; cell < last; ++cell) {
        const Point r = unit(static_cast<std::uint64_t>(cell));
        take({(static_cast<double>(first) + r[0] * count) / n, (static_cast<double>(cell - first) + r[1]) / count, 0},
             places);
      }
    }
    return places;
  }

  /// Length along u over length along v; of a sphere, at its equator.
  double aspect() const {
    const auto* face = std::get_if<Face>(&piece_);
    if (!face) return 1 / std::numbers::pi;
    const Point origin = place_at(piece_, 0, 0).x;
    return length(minus(place_at(piece_, 1, 0).x, origin)) / length(minus(place_at(piece_, 0, 1).x, origin));
  }

  bool take(const Point& at, std::vector<Place>& places) const {
    const Place place = place_at(piece_, at[0], at[1]);
    const bool counts = part_.share == 1 || boundary_.counts(part_.piece, place);
    if (counts) places.push_back(place);
    return counts;
  }

  Point unit(std::uint64_t i) const { return random_unit_point(random_, i); }

  static Error vanished() {
    return bad_input("a part of the boundary was there at first and then not any more",
                     "the choice of places may depend on the place and the normal alone");
  }

  const Boundary& boundary_;
  const Part& part_;
  const Piece& piece_;
  Sampling sampling_;
  RandomSequence random_;
};

}  // namespace
}  // namespace regions

using namespace regions;

SampledPoints boundary_points(const Region& region, std::int64_t n, Sampling sampling, std::uint64_t seed,
                              const BoundaryFilter& where) {
  check_count(n);
  const Boundary boundary(region, where);
  const std::vector<Part>& parts = boundary.parts();
  if (parts.empty())
    throw bad_input(where ? "no place of the boundary is one of those asked for" : "the region has no boundary",
                    where ? "check what is asked of x and of the normal" : "check the operands: the region is empty");
  const double measure = boundary.measure();
  const std::vector<std::int64_t> counts = allocate(n, parts, measure);
  double represented = 0;
  for (std::size_t k = 0; k < parts.size(); ++k) represented += counts[k] > 0 ? parts[k].measure : 0;
  SampledPoints sampled;
  sampled.dimensions = region.dimensions();
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (counts[k] == 0) continue;
    const double weight = parts[k].measure / static_cast<double>(counts[k]) * (measure / represented);
    for (const Place& place : PartPoints(boundary, parts[k], sampling, seed).draw(counts[k])) {
      append(place.x, region.shape().axes(), sampled.points);
      append(place.normal, region.shape().axes(), sampled.normals);
      sampled.weights.push_back(weight);
    }
  }
  return sampled;
}

}  // namespace sinefield
