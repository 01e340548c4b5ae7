// What a region is made of: the primitives and compositions of the tree, and their distances. It leaves out checks,
// which the constructors of Region make.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <variant>
#include <vector>

#include "sinefield/region.h"

namespace sinefield::regions {

/// d coordinates; the rest are 0.
using Point = std::array<double, 3>;

inline Point along(const Point& from, double step, const Point& direction) {
  return {from[0] + step * direction[0], from[1] + step * direction[1], from[2] + step * direction[2]};
}
inline Point minus(const Point& a, const Point& b) { return along(a, -1, b); }
inline double dot(const Point& a, const Point& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
inline double cross(const Point& a, const Point& b) { return a[0] * b[1] - a[1] * b[0]; }  ///< in the plane
double length(const Point& a);
double distance_to_segment(const Point& x, const Point& from, const Point& to);

struct Box {
  Point low, high;
};
struct Ball {
  Point centre;
  double radius;
};
struct Annulus {
  Point centre;
  double inner, outer;
};
struct Polygon {
  std::vector<Point> vertices;  ///< counterclockwise
};
struct Union {
  std::vector<Region> regions;
};
struct Difference {
  Region from, less;
};
struct Intersection {
  std::vector<Region> regions;
};

struct Shape {
  int dimensions;
  Box bounds;
  std::variant<Box, Ball, Annulus, Polygon, Union, Difference, Intersection> kind;

  std::size_t axes() const { return static_cast<std::size_t>(dimensions); }
  bool composed() const { return kind.index() >= 4; }

  /// Positive; how far off a boundary a point may be and still count as on it.
  double tolerance() const;

  /// Positive; how far from a boundary its two sides are looked at: 1e-7 of the size.
  double look() const { return 1e5 * tolerance(); }

  double volume_of_bounds() const;
};

/// The point of a box at fractions of its sides.
inline Point place_in(const Box& box, const Point& unit) {
  Point place{};
  for (std::size_t i = 0; i < 3; ++i) place[i] = box.low[i] + unit[i] * (box.high[i] - box.low[i]);
  return place;
}

/// Of a box with d axes; where low = high along an axis, of that face.
double signed_distance(const Box& box, std::size_t axes, const Point& x);
double signed_distance(const Shape& shape, const Point& x);

/// Region::contains without checks.
bool contains(const Shape& shape, const Point& x);

inline std::span<const double> coordinates(const Point& x, std::size_t axes) { return std::span(x).first(axes); }

/// A point of these coordinates. Throws bad_input unless they are `axes` finite numbers.
Point checked_point(const char* what, std::span<const double> numbers, std::size_t axes);

}  // namespace sinefield::regions
