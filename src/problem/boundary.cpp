// Boundaries: the pieces of all primitives are candidates; one rule, applied to the whole region, says which places of
// them are left. Curves change only where they meet other pieces, so that their parts are found exactly.
// SPDX-License-Identifier: MIT
#include "problem/boundary.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

#include "field/choose.h"
#include "problem/unit_points.h"

namespace sinefield::regions {
namespace {

constexpr double turn = 2 * std::numbers::pi;
constexpr std::uint64_t surface_points = 1 << 16;
constexpr int curve_steps = 512;  // between two of which an edge of a filter is looked for
constexpr int bisections = 50;    // from a step to rounding

void add_box(const Box& box, std::size_t axes, double side, std::vector<Piece>& pieces) {
  const auto& [low, high] = box;
  if (axes == 1) {
    pieces.emplace_back(EndPoint{low[0], -side});
    pieces.emplace_back(EndPoint{high[0], side});
  } else if (axes == 2) {
    const std::array<Point, 4> corners = {{low, {high[0], low[1], 0}, high, {low[0], high[1], 0}}};
    for (std::size_t i = 0; i < 4; ++i) {
      const Point &a = corners[i], &b = corners[(i + 1) % 4];
      pieces.emplace_back(side > 0 ? Segment{a, b} : Segment{b, a});
    }
  } else {
    for (std::size_t axis = 0; axis < 3; ++axis)
      for (const bool upper : {false, true}) {
        Box face = box;
        (upper ? face.low : face.high)[axis] = (upper ? box.high : box.low)[axis];
        pieces.emplace_back(Face{face, axis, upper ? side : -side});
      }
  }
}

void add_ball(const Ball& ball, std::size_t axes, double side, std::vector<Piece>& pieces) {
  if (axes == 1) {
    pieces.emplace_back(EndPoint{ball.centre[0] - ball.radius, -side});
    pieces.emplace_back(EndPoint{ball.centre[0] + ball.radius, side});
  } else if (axes == 2) {
    pieces.emplace_back(Circle{ball.centre, ball.radius, side});
  } else {
    pieces.emplace_back(Sphere{ball.centre, ball.radius, side});
  }
}

void add_pieces(const Shape& shape, double side, std::vector<Piece>& pieces) {
  const auto add_all = [&](const std::vector<Region>& regions) {
    for (const Region& region : regions) add_pieces(region.shape(), side, pieces);
  };
  std::visit(Choose{[&](const Box& b) { add_box(b, shape.axes(), side, pieces); },
                    [&](const Ball& b) { add_ball(b, shape.axes(), side, pieces); },
                    [&](const Annulus& a) {
                      add_ball({a.centre, a.outer}, shape.axes(), side, pieces);
                      add_ball({a.centre, a.inner}, shape.axes(), -side, pieces);
                    },
                    [&](const Polygon& p) {
                      for (std::size_t i = 0; i < p.vertices.size(); ++i) {
                        const Point &a = p.vertices[i], &b = p.vertices[(i + 1) % p.vertices.size()];
                        pieces.emplace_back(side > 0 ? Segment{a, b} : Segment{b, a});
                      }
                    },
                    [&](const Union& u) { add_all(u.regions); },
                    [&](const Difference& d) {
                      add_pieces(d.from.shape(), side, pieces);
                      add_pieces(d.less.shape(), -side, pieces);
                    },
                    [&](const Intersection& s) { add_all(s.regions); }},
             shape.kind);
}

Point segment_normal(const Segment& s) {
  const Point d = minus(s.to, s.from);
  const double l = length(d);
  return {d[1] / l, -d[0] / l, 0};
}

Point axis_normal(std::size_t axis, double side) {
  Point normal{};
  normal[axis] = side;
  return normal;
}

Point from_centre(const Point& centre, double side, const Point& x) {
  const Point d = minus(x, centre);
  return along({}, side / length(d), d);
}

/// (sin t cos f, sin t sin f, cos t) by cos t and f.
Point unit_vector(double z, double angle) {
  const double s = std::sqrt(std::max(0.0, 1 - z * z));
  return {s * std::cos(angle), s * std::sin(angle), z};
}

Place round_place(const Point& centre, double radius, double side, const Point& direction) {
  return {along(centre, radius, direction), along({}, side, direction)};
}

double whole_measure(const Piece& piece) {
  return std::visit(
      Choose{[](const EndPoint&) { return 1.0; }, [](const Segment& s) { return length(minus(s.to, s.from)); },
             [](const Circle& c) { return turn * c.radius; },
             [](const Face& f) {
               double area = 1;
               for (std::size_t i = 0; i < 3; ++i)
                 if (i != f.axis) area *= f.box.high[i] - f.box.low[i];
               return area;
             },
             [](const Sphere& s) { return 2 * turn * s.radius * s.radius; }},
      piece);
}

double distance(const Piece& piece, const Point& x) {
  return std::visit(Choose{[&](const EndPoint& e) { return std::abs(x[0] - e.at); },
                           [&](const Segment& s) { return distance_to_segment(x, s.from, s.to); },
                           [&](const Circle& c) { return std::abs(length(minus(x, c.centre)) - c.radius); },
                           [&](const Face& f) { return signed_distance(f.box, 3, x); },
                           [&](const Sphere& s) { return std::abs(length(minus(x, s.centre)) - s.radius); }},
                    piece);
}

/// Where x is on the piece.
Point normal_at(const Piece& piece, const Point& x) {
  return std::visit(Choose{[](const EndPoint& e) { return axis_normal(0, e.side); },
                           [](const Segment& s) { return segment_normal(s); },
                           [&](const Circle& c) { return from_centre(c.centre, c.side, x); },
                           [](const Face& f) { return axis_normal(f.axis, f.side); },
                           [&](const Sphere& s) { return from_centre(s.centre, s.side, x); }},
                    piece);
}

bool closed(const Piece& piece) { return std::holds_alternative<Circle>(piece); }

/// The u of the nearest place of a curve.
double parameter(const Piece& curve, const Point& x) {
  if (const auto* circle = std::get_if<Circle>(&curve)) {
    const Point d = minus(x, circle->centre);
    const double u = std::atan2(d[1], d[0]) / turn;
    return u < 0 ? u + 1 : u;
  }
  const auto& segment = std::get<Segment>(curve);
  const Point d = minus(segment.to, segment.from);
  return std::clamp(dot(minus(x, segment.from), d) / dot(d, d), 0.0, 1.0);
}

// Where two curves may meet, among places where they do not. Parallel lines and concentric circles give infinities or
// no numbers: where they lie on one another, the neighbours of the one cross the other at its ends.
std::vector<Point> crossings(const Segment& a, const Segment& b) {
  const Point d = minus(a.to, a.from), e = minus(b.to, b.from);
  return {along(a.from, cross(minus(b.from, a.from), e) / cross(d, e), d)};
}
std::vector<Point> crossings(const Segment& a, const Circle& b) {
  const Point d = minus(a.to, a.from);
  const double l = length(d);
  const Point foot = along(a.from, dot(minus(b.centre, a.from), d) / (l * l), d);
  const Point offset = minus(foot, b.centre);
  const double half = std::sqrt(std::max(0.0, b.radius * b.radius - dot(offset, offset)));
  return {along(foot, -half / l, d), along(foot, half / l, d)};
}
std::vector<Point> crossings(const Circle& a, const Segment& b) { return crossings(b, a); }
std::vector<Point> crossings(const Circle& a, const Circle& b) {
  const Point d = minus(b.centre, a.centre);
  const double square = dot(d, d);
  const double share = (a.radius * a.radius - b.radius * b.radius + square) / (2 * square);
  const double half = std::sqrt(std::max(0.0, a.radius * a.radius / square - share * share));
  const Point foot = along(a.centre, share, d), across = {-d[1], d[0], 0};
  return {along(foot, -half, across), along(foot, half, across)};
}
template <class A, class B>
std::vector<Point> crossings(const A&, const B&) {
  return {};  // no curves
}

}  // namespace

Place place_at(const Piece& piece, double u, double v) {
  return std::visit(
      Choose{
          [](const EndPoint& e) {
            return Place{{e.at, 0, 0}, axis_normal(0, e.side)};
          },
          [&](const Segment& s) {
            return Place{along(s.from, u, minus(s.to, s.from)), segment_normal(s)};
          },
          [&](const Circle& c) { return round_place(c.centre, c.radius, c.side, unit_vector(0, turn * u)); },
          [&](const Face& f) {
            Place place{f.box.low, axis_normal(f.axis, f.side)};
            const std::array<std::size_t, 2> across = {f.axis == 0 ? 1U : 0U, f.axis == 2 ? 1U : 2U};
            place.x[across[0]] += u * (f.box.high[across[0]] - f.box.low[across[0]]);
            place.x[across[1]] += v * (f.box.high[across[1]] - f.box.low[across[1]]);
            return place;
          },
          [&](const Sphere& s) { return round_place(s.centre, s.radius, s.side, unit_vector(1 - 2 * u, turn * v)); }},
      piece);
}

Boundary::Boundary(const Region& region, BoundaryFilter where)
    : region_(region), where_(std::move(where)), look_(region.shape().look()) {
  add_pieces(region.shape(), 1, pieces_);
  for (std::size_t k = 0; k < pieces_.size(); ++k) {
    if (region.dimensions() == 2)
      add_curve(k);
    else if (region.dimensions() == 3)
      add_surface(k);
    else if (counts(k, place_at(pieces_[k], 0)))
      parts_.push_back({.piece = k, .from = 0, .to = 1, .measure = 1, .share = 1});
  }
}

double Boundary::measure() const {
  double sum = 0;
  for (const Part& part : parts_) sum += part.measure;
  return sum;
}

bool Boundary::counts(std::size_t piece, const Place& place) const { return survives(piece, place) && meant(place); }

bool Boundary::survives(std::size_t piece, const Place& place) const {
  const Shape& shape = region_.shape();
  if (!shape.composed()) return true;
  if (!contains(shape, along(place.x, -look_, place.normal)) || contains(shape, along(place.x, look_, place.normal)))
    return false;
  // Of pieces that share a side, the first has it.
  return std::none_of(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(piece), [&](const Piece& earlier) {
    return distance(earlier, place.x) <= look_ && dot(normal_at(earlier, place.x), place.normal) > 1 - 1e-6;
  });
}

bool Boundary::meant(const Place& place) const {
  const std::size_t axes = region_.shape().axes();
  return !where_ || where_(coordinates(place.x, axes), coordinates(place.normal, axes));
}

std::vector<Boundary::Run> Boundary::surviving_runs(std::size_t piece) const {
  const Piece& curve = pieces_[piece];
  std::vector<double> stops;
  if (!closed(curve)) stops = {0, 1};
  for (std::size_t k = 0; k < pieces_.size(); ++k) {
    if (k == piece) continue;
    for (const Point& x : std::visit([](const auto&a, const auto&b) { return crossings(a, b); }, curve, pieces_[k]))
      if (distance(curve, x) <= look_ && distance(pieces_[k], x) <= look_) stops.push_back(parameter(curve, x));
  }
  std::ranges::sort(stops);
  // The same crossing, found from several pieces, differs by rounding.
  const double gap = 10 * region_.shape().tolerance() / whole_measure(curve);
  stops.erase(std::unique(stops.begin(), stops.end(), [&](double a, double b) { return b - a <= gap; }), stops.end());
  if (closed(curve)) {
    if (stops.empty()) stops.push_back(0);
    stops.push_back(stops.front() + 1);
  }
  std::vector<Run> runs;
  for (std::size_t i = 0; i + 1 < stops.size(); ++i) {
    if (!survives(piece, place_at(curve, (stops[i] + stops[i + 1]) / 2))) continue;
    if (!runs.empty() && runs.back().to == stops[i])
      runs.back().to = stops[i + 1];
    else
      runs.push_back({stops[i], stops[i + 1]});
  }
  return runs;
}

std::vector<Boundary::Run> Boundary::meant_runs(std::size_t piece, const std::vector<Run>& runs) const {
  const auto meant_at = [&](double u) { return meant(place_at(pieces_[piece], u)); };
  std::vector<Run> all;
  for (const auto& [from, to] : runs) {
    const double step = (to - from) / curve_steps;
    bool before = false;
    for (int i = 0; i < curve_steps; ++i) {
      const double u = from + (i + 0.5) * step;
      const bool now = meant_at(u);
      double edge = from;
      if (now != before && i > 0) {
        double low = u - step, high = u;
        for (int b = 0; b < bisections; ++b) {
          const double middle = (low + high) / 2;
          (meant_at(middle) == before ? low : high) = middle;
        }
        edge = high;
      }
      if (now && !before) all.push_back({edge, to});
      if (before && !now) all.back().to = edge;
      before = now;
    }
  }
  return all;
}

void Boundary::add_curve(std::size_t piece) {
  std::vector<Run> runs = region_.shape().composed() ? surviving_runs(piece) : std::vector<Run>{{0, 1}};
  if (where_) runs = meant_runs(piece, runs);
  // What goes on across the beginning of a circle is one part.
  if (closed(pieces_[piece]) && runs.size() > 1 && runs.back().to - runs.front().from > 1 - 1e-12) {
    runs.back().to += runs.front().to - runs.front().from;
    runs.erase(runs.begin());
  }
  const double whole = whole_measure(pieces_[piece]);
  for (const Run& run : runs)
    if (const double measure = (run.to - run.from) * whole; !region_.shape().composed() || measure > look_)
      parts_.push_back({.piece = piece, .from = run.from, .to = run.to, .measure = measure, .share = 1});
}

void Boundary::add_surface(std::size_t piece) {
  const EvenPoints even(2, {});
  std::uint64_t left = 0;
  for (std::uint64_t i = 0; i < surface_points; ++i) {
    const Point at = even.at(i);
    if (counts(piece, place_at(pieces_[piece], at[0], at[1]))) ++left;
  }
  if (left == 0) return;
  const double share = static_cast<double>(left) / static_cast<double>(surface_points);
  parts_.push_back(
      {.piece = piece, .from = 0, .to = 1, .measure = share * whole_measure(pieces_[piece]), .share = share});
}

}  // namespace sinefield::regions

namespace sinefield {

double boundary_measure(const Region& region, const BoundaryFilter& where) {
  return regions::Boundary(region, where).measure();
}

}  // namespace sinefield
