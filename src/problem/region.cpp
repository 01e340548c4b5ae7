// Regions: constructors with their checks, bounds, distances, containment. Volumes and boundaries are elsewhere.
// SPDX-License-Identifier: MIT
#include "sinefield/region.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "field/choose.h"
#include "problem/polygon.h"
#include "problem/region_shape.h"
#include "sinefield/error.h"

namespace sinefield {
namespace regions {
namespace {

constexpr double largest = 1e100, smallest = 1e-100;  // cubes of them are still numbers

double distance_between(const Annulus& annulus, const Point& x) {
  const double r = length(minus(x, annulus.centre));
  return std::max(annulus.inner - r, r - annulus.outer);
}

/// Unit vectors all around: 64 in the plane, 5.6 degrees apart; 256 in space.
std::vector<Point> directions(int dimensions) {
  if (dimensions == 1) return {{-1, 0, 0}, {1, 0, 0}};
  std::vector<Point> all;
  if (dimensions == 2)
    for (int i = 0; i < 64; ++i) {
      const double angle = 2 * std::numbers::pi * (i + 0.5) / 64;
      all.push_back({std::cos(angle), std::sin(angle), 0});
    }
  else
    for (int i = 0; i < 256; ++i) {
      const double z = 1 - (i + 0.5) / 128, s = std::sqrt(1 - z * z), turn = i / std::numbers::phi;
      all.push_back({s * std::cos(2 * std::numbers::pi * turn), s * std::sin(2 * std::numbers::pi * turn), z});
    }
  return all;
}

std::span<const Point> shared_directions(int dimensions) {
  static const std::array<std::vector<Point>, 3> all = {directions(1), directions(2), directions(3)};
  return all[static_cast<std::size_t>(dimensions - 1)];
}

void check_dimensions(const char* what, std::size_t dimensions, std::size_t least = 1) {
  if (dimensions < least || dimensions > 3)
    throw bad_input(fmt::format("{} of {} dimensions, expected {} to 3", what, dimensions, least));
}

Point bounded_point(const char* what, std::span<const double> numbers) {
  Point point{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!(std::abs(numbers[i]) <= largest))
      throw bad_input(fmt::format("{} at {}, expected numbers within +-{}", what, numbers[i], largest));
    point[i] = numbers[i];
  }
  return point;
}

void check_length(const char* what, double number) {
  if (!(number >= smallest && number <= largest))
    throw bad_input(fmt::format("{} is {}, expected {} to {}", what, number, smallest, largest));
}

Box box_about(const Point& centre, std::size_t axes, double radius) {
  Box box{};
  for (std::size_t i = 0; i < axes; ++i) {
    box.low[i] = centre[i] - radius;
    box.high[i] = centre[i] + radius;
  }
  return box;
}

int shared_dimensions(const char* what, std::span<const Region> all) {
  if (all.empty()) throw bad_input(fmt::format("{} of no regions, expected at least 1", what));
  const int dimensions = all.front().dimensions();
  for (const Region& region : all)
    if (region.dimensions() != dimensions)
      throw bad_input(fmt::format("{} of regions of {} and {} dimensions", what, dimensions, region.dimensions()),
                      "take regions of the same space");
  return dimensions;
}

}  // namespace

double length(const Point& a) { return std::sqrt(dot(a, a)); }

double distance_to_segment(const Point& x, const Point& from, const Point& to) {
  const Point d = minus(to, from), offset = minus(x, from);
  return length(along(offset, -std::clamp(dot(offset, d) / dot(d, d), 0.0, 1.0), d));
}

double Shape::tolerance() const {
  double size = 0, magnitude = 0;
  for (std::size_t i = 0; i < axes(); ++i) {
    size = std::max(size, bounds.high[i] - bounds.low[i]);
    magnitude = std::max({magnitude, std::abs(bounds.low[i]), std::abs(bounds.high[i])});
  }
  return std::max(1e-12 * size, 8 * std::numeric_limits<double>::epsilon() * magnitude);
}

double Shape::volume_of_bounds() const {
  double volume = 1;
  for (std::size_t i = 0; i < axes(); ++i) volume *= bounds.high[i] - bounds.low[i];
  return volume;
}

double signed_distance(const Box& box, std::size_t axes, const Point& x) {
  double inside = -std::numeric_limits<double>::infinity();
  Point outside{};
  for (std::size_t i = 0; i < axes; ++i) {
    const double beyond = std::max(box.low[i] - x[i], x[i] - box.high[i]);
    inside = std::max(inside, beyond);
    outside[i] = std::max(beyond, 0.0);
  }
  return inside > 0 ? length(outside) : inside;
}

double signed_distance(const Shape& shape, const Point& x) {
  const auto of = [&](const Region& region) { return signed_distance(region.shape(), x); };
  return std::visit(Choose{[&](const Box& b) { return signed_distance(b, shape.axes(), x); },
                           [&](const Ball& b) { return length(minus(x, b.centre)) - b.radius; },
                           [&](const Annulus& a) { return distance_between(a, x); },
                           [&](const Polygon& p) { return signed_distance(p, x); },
                           [&](const Union& u) {
                             double least = of(u.regions.front());
                             for (const Region& region : u.regions) least = std::min(least, of(region));
                             return least;
                           },
                           [&](const Difference& d) { return std::max(of(d.from), -of(d.less)); },
                           [&](const Intersection& s) {
                             double most = of(s.regions.front());
                             for (const Region& region : s.regions) most = std::max(most, of(region));
                             return most;
                           }},
                    shape.kind);
}

bool contains(const Shape& shape, const Point& x) {
  const double tolerance = shape.tolerance(), distance = signed_distance(shape, x);
  if (distance < -tolerance) return true;
  if (distance > tolerance) return false;
  if (!shape.composed()) return true;
  // On the boundaries of operands: a seam within a union, a side without volume, or the boundary.
  return std::ranges::any_of(shared_directions(shape.dimensions), [&](const Point& direction) {
    return signed_distance(shape, along(x, shape.look(), direction)) < -tolerance;
  });
}

Point checked_point(const char* what, std::span<const double> numbers, std::size_t axes) {
  if (numbers.size() != axes)
    throw bad_input(fmt::format("{} of {} coordinates for a region of {} dimensions", what, numbers.size(), axes));
  Point point{};
  for (std::size_t i = 0; i < axes; ++i) {
    if (!std::isfinite(numbers[i])) throw bad_input(fmt::format("{} at {}, expected finite numbers", what, numbers[i]));
    point[i] = numbers[i];
  }
  return point;
}

}  // namespace regions

using namespace regions;

Region::Region(Shape shape) : shape_(std::make_shared<const Shape>(std::move(shape))) {}

Region Region::box(const std::vector<double>& lows, const std::vector<double>& highs) {
  if (lows.size() != highs.size())
    throw bad_input(fmt::format("a box of {} lows and {} highs, expected as many", lows.size(), highs.size()));
  check_dimensions("a box", lows.size());
  const Box box{bounded_point("the corner of a box", lows), bounded_point("the corner of a box", highs)};
  for (std::size_t i = 0; i < lows.size(); ++i) {
    if (!(lows[i] < highs[i]))
      throw bad_input(fmt::format("a box from {} to {} along axis {}, expected low < high", lows[i], highs[i], i));
    check_length("the side of a box", highs[i] - lows[i]);
  }
  return Region({static_cast<int>(lows.size()), box, box});
}

Region Region::ball(const std::vector<double>& centre, double radius) {
  check_dimensions("a ball", centre.size());
  check_length("the radius of a ball", radius);
  const Point at = bounded_point("the centre of a ball", centre);
  return Region({static_cast<int>(centre.size()), box_about(at, centre.size(), radius), Ball{at, radius}});
}

Region Region::annulus(const std::vector<double>& centre, double inner, double outer) {
  check_dimensions("an annulus", centre.size(), 2);
  check_length("the inner radius of an annulus", inner);
  check_length("the outer radius of an annulus", outer);
  if (!(inner < outer))
    throw bad_input(fmt::format("an annulus from radius {} to {}, expected inner < outer", inner, outer));
  const Point at = bounded_point("the centre of an annulus", centre);
  return Region({static_cast<int>(centre.size()), box_about(at, centre.size(), outer), Annulus{at, inner, outer}});
}

Region Region::polygon(const std::vector<std::array<double, 2>>& vertices) {
  if (vertices.size() < 3)
    throw bad_input(fmt::format("a polygon of {} vertices, expected at least 3", vertices.size()));
  Polygon polygon;
  Box bounds{{largest, largest, 0}, {-largest, -largest, 0}};
  for (const std::array<double, 2>& vertex : vertices) {
    polygon.vertices.push_back(bounded_point("a vertex of a polygon", vertex));
    for (std::size_t i = 0; i < 2; ++i) {
      bounds.low[i] = std::min(bounds.low[i], vertex[i]);
      bounds.high[i] = std::max(bounds.high[i], vertex[i]);
    }
  }
  check_simple(polygon);
  for (std::size_t i = 0; i < 2; ++i) check_length("the extent of a polygon", bounds.high[i] - bounds.low[i]);
  if (signed_area(polygon) < 0) std::ranges::reverse(polygon.vertices);
  return Region({2, bounds, std::move(polygon)});
}

Region Region::unite(std::vector<Region> all) {
  const int dimensions = shared_dimensions("a union", all);
  Box bounds = all.front().shape().bounds;
  for (const Region& region : all)
    for (std::size_t i = 0; i < 3; ++i) {
      bounds.low[i] = std::min(bounds.low[i], region.shape().bounds.low[i]);
      bounds.high[i] = std::max(bounds.high[i], region.shape().bounds.high[i]);
    }
  return Region({dimensions, bounds, Union{std::move(all)}});
}

Region Region::difference(Region from, Region less) {
  const int dimensions = shared_dimensions("a difference", std::array{from, less});
  const Box bounds = from.shape().bounds;
  return Region({dimensions, bounds, Difference{std::move(from), std::move(less)}});
}

Region Region::intersection(std::vector<Region> all) {
  const int dimensions = shared_dimensions("an intersection", all);
  Box bounds = all.front().shape().bounds;
  for (const Region& region : all)
    for (std::size_t i = 0; i < region.shape().axes(); ++i) {
      bounds.low[i] = std::max(bounds.low[i], region.shape().bounds.low[i]);
      bounds.high[i] = std::min(bounds.high[i], region.shape().bounds.high[i]);
      if (!(bounds.low[i] < bounds.high[i]))
        throw bad_input(
            fmt::format("the regions of an intersection do not meet: along axis {} one ends at {}, where "
                        "another begins at {}",
                        i, bounds.high[i], bounds.low[i]));
    }
  return Region({dimensions, bounds, Intersection{std::move(all)}});
}

int Region::dimensions() const { return shape_->dimensions; }

bool Region::contains(std::span<const double> point) const {
  return regions::contains(*shape_, checked_point("a point", point, shape_->axes()));
}

Bounds Region::bounds() const {
  const auto numbers = [&](const Point& p) { return std::vector<double>(p.begin(), p.begin() + dimensions()); };
  return {numbers(shape_->bounds.low), numbers(shape_->bounds.high)};
}

double Region::signed_distance(std::span<const double> point) const {
  return regions::signed_distance(*shape_, checked_point("a point", point, shape_->axes()));
}

}  // namespace sinefield
