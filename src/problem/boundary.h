// The boundary of a region as pieces of those of its primitives: which parts of them are left in the whole, and how
// much of it that is. It leaves out the drawing of points.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include "problem/region_shape.h"
#include "sinefield/region.h"

namespace sinefield::regions {

// Pieces. `side` is 1 or -1; -1 turns the normal round.
struct EndPoint {
  double at;
  double side;  // of the outside
};
struct Segment {
  Point from, to;  // the region to the left
};
struct Circle {
  Point centre;
  double radius;
  double side;  // 1: the region inside
};
struct Face {
  Box box;  // low = high along the normal
  std::size_t axis;
  double side;  // of the outside, along the axis
};
struct Sphere {
  Point centre;
  double radius;
  double side;  // 1: the region inside
};
using Piece = std::variant<EndPoint, Segment, Circle, Face, Sphere>;

struct Place {
  Point x;
  Point normal;  // outward, of length 1
};

/// The place at (u, v) of [0, 1]^2, equal areas for equal areas: curves need u alone, which goes once around a circle,
/// end points none.
Place place_at(const Piece& piece, double u, double v = 0);

/// What is left of a piece.
struct Part {
  std::size_t piece;
  double from, to;  // u; of a circle possibly beyond 1
  double measure;
  double share;  // of a surface, what is left of it; below 1 `Boundary::counts` tells which places are
};

class Boundary {
 public:
  explicit Boundary(const Region& region, BoundaryFilter where = {});

  const std::vector<Part>& parts() const { return parts_; }
  const Piece& piece(const Part& part) const { return pieces_[part.piece]; }
  double measure() const;

  /// Whether a place of the piece of this number is left and meant.
  bool counts(std::size_t piece, const Place& place) const;

 private:
  struct Run {
    double from, to;
  };

  bool survives(std::size_t piece, const Place& place) const;
  bool meant(const Place& place) const;
  std::vector<Run> surviving_runs(std::size_t piece) const;
  std::vector<Run> meant_runs(std::size_t piece, const std::vector<Run>& runs) const;
  void add_curve(std::size_t piece);
  void add_surface(std::size_t piece);

  Region region_;
  BoundaryFilter where_;
  double look_;
  std::vector<Piece> pieces_;
  std::vector<Part> parts_;
};

}  // namespace sinefield::regions
