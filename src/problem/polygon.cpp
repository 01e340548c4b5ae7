// Polygons: every edge against every other, and even-odd crossings for the sign of a distance.
// SPDX-License-Identifier: MIT
#include "problem/polygon.h"

#include <fmt/core.h>

#include <cmath>
#include <limits>

#include "sinefield/error.h"

namespace sinefield::regions {
namespace {

constexpr double rounding = 1e-12;  // relative

struct Edge {
  Point from, to;
};

Edge edge(const Polygon& polygon, std::size_t i) {
  return {polygon.vertices[i], polygon.vertices[(i + 1) % polygon.vertices.size()]};
}

bool meet(const Edge& a, const Edge& b, double tolerance) {
  const auto side = [](const Edge& e, const Point& x) { return cross(minus(e.to, e.from), minus(x, e.from)) > 0; };
  const bool cross_each_other = side(a, b.from) != side(a, b.to) && side(b, a.from) != side(b, a.to);
  return cross_each_other || distance_to_segment(a.from, b.from, b.to) <= tolerance ||
         distance_to_segment(a.to, b.from, b.to) <= tolerance ||
         distance_to_segment(b.from, a.from, a.to) <= tolerance || distance_to_segment(b.to, a.from, a.to) <= tolerance;
}

/// Whether `second` goes back over `first`, at whose end it begins.
bool turns_back(const Edge& first, const Edge& second) {
  const Point a = minus(first.to, first.from), b = minus(second.to, second.from);
  return dot(a, b) < 0 && std::abs(cross(a, b)) <= rounding * length(a) * length(b);
}

}  // namespace

double signed_area(const Polygon& polygon) {
  double twice = 0;
  const Point& origin = polygon.vertices.front();  // near, so that little cancels
  for (std::size_t i = 0; i < polygon.vertices.size(); ++i) {
    const Edge e = edge(polygon, i);
    twice += cross(minus(e.from, origin), minus(e.to, origin));
  }
  return twice / 2;
}

void check_simple(const Polygon& polygon) {
  const std::size_t n = polygon.vertices.size();
  double size = 0;
  for (const Point& vertex : polygon.vertices) size = std::max(size, length(minus(vertex, polygon.vertices.front())));
  for (std::size_t i = 0; i < n; ++i)
    if (length(minus(edge(polygon, i).to, edge(polygon, i).from)) <= rounding * size)
      throw bad_input(fmt::format("vertices {} and {} of a polygon are the same: ({}, {})", i, (i + 1) % n,
                                  polygon.vertices[i][0], polygon.vertices[i][1]),
                      "give each vertex once; the last is joined to the first");
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      const Edge a = edge(polygon, i), b = edge(polygon, j);
      const bool follows = j == i + 1, precedes = i == 0 && j == n - 1;
      const bool wrong = follows ? turns_back(a, b) : precedes ? turns_back(b, a) : meet(a, b, rounding * size);
      if (wrong)
        throw bad_input(fmt::format("edges {} and {} of a polygon of {} vertices meet, from ({}, {}) and ({}, {})", i,
                                    j, n, a.from[0], a.from[1], b.from[0], b.from[1]),
                        "give the vertices in their order along the boundary, without crossings");
    }
}

double signed_distance(const Polygon& polygon, const Point& x) {
  double nearest = std::numeric_limits<double>::infinity();
  bool inside = false;
  for (std::size_t i = 0; i < polygon.vertices.size(); ++i) {
    const auto [a, b] = edge(polygon, i);
    nearest = std::min(nearest, distance_to_segment(x, a, b));
    // Half-open in the second coordinate, so that a ray through a vertex crosses once.
    if ((a[1] > x[1]) != (b[1] > x[1]) && x[0] - a[0] < (x[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])) inside = !inside;
  }
  return inside ? -nearest : nearest;
}

}  // namespace sinefield::regions
