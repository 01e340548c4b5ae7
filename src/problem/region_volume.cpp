// Volumes: closed forms of primitives, boundaries in one and two dimensions, counted points in three.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numbers>

#include "field/choose.h"
#include "problem/boundary.h"
#include "problem/polygon.h"
#include "problem/region_shape.h"
#include "problem/unit_points.h"
#include "sinefield/region.h"

namespace sinefield {
namespace regions {
namespace {

constexpr std::uint64_t volume_points = 1 << 18;

double ball_volume(int dimensions, double radius) {
  if (dimensions == 1) return 2 * radius;
  if (dimensions == 2) return std::numbers::pi * radius * radius;
  return 4 * std::numbers::pi / 3 * radius * radius * radius;
}

/// What lies between a part of a curve and a point, with the sign of the side: chords by triangles, arcs by the
/// segments of circles beyond their chords.
double area_swept(const Piece& piece, const Part& part, const Point& about) {
  const double triangle = cross(minus(place_at(piece, part.from).x, about), minus(place_at(piece, part.to).x, about));
  const auto* circle = std::get_if<Circle>(&piece);
  if (!circle) return triangle / 2;
  const double angle = 2 * std::numbers::pi * (part.to - part.from);
  return circle->side * (triangle + circle->radius * circle->radius * (angle - std::sin(angle))) / 2;
}

double enclosed(const Region& region) {
  const Boundary boundary(region);
  const Point about = region.shape().bounds.low;  // near, so that little cancels
  double sum = 0;
  for (const Part& part : boundary.parts()) {
    const Piece& piece = boundary.piece(part);
    if (const auto* end = std::get_if<EndPoint>(&piece))
      sum += end->side * (end->at - about[0]);
    else
      sum += area_swept(piece, part, about);
  }
  return std::max(sum, 0.0);
}

double counted(const Shape& shape) {
  const EvenPoints even(3, {});
  std::uint64_t inside = 0;
  for (std::uint64_t i = 0; i < volume_points; ++i)
    if (contains(shape, place_in(shape.bounds, even.at(i)))) ++inside;
  return shape.volume_of_bounds() * static_cast<double>(inside) / static_cast<double>(volume_points);
}

}  // namespace
}  // namespace regions

double Region::volume() const {
  using namespace regions;
  const int d = dimensions();
  return std::visit(Choose{[&](const Box&) { return shape_->volume_of_bounds(); },
                           [&](const Ball& b) { return ball_volume(d, b.radius); },
                           [&](const Annulus& a) { return ball_volume(d, a.outer) - ball_volume(d, a.inner); },
                           [](const Polygon& p) { return signed_area(p); },
                           [&](const auto&) { return d < 3 ? enclosed(*this) : counted(*shape_); }},
                    shape_->kind);
}

}  // namespace sinefield
