// Regions of space and points in them: where the equations of a problem hold, and where its conditions do. A region is
// put together from boxes, balls, annuli and polygons by union, difference and intersection, in one to three
// dimensions. It leaves out meshes, curved pieces other than whole circles and spheres, and regions in motion.
// "Size" of a region is the largest extent of its bounds.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace sinefield {

namespace regions {
struct Shape;
}

/// The least and the largest coordinate along each axis.
struct Bounds {
  std::vector<double> lows, highs;  ///< (d)
};

/// A closed set of R^d, d = 1 to 3: an immutable value, cheap to copy. Numbers are within +-1e100, lengths 1e-100 to
/// 1e100; the constructors throw bad_input, with the number, for any other.
class Region {
 public:
  /// lows < highs, (d) each: an interval, a rectangle, a box.
  static Region box(const std::vector<double>& lows, const std::vector<double>& highs);

  /// An interval, a disc, a ball; centre (d).
  static Region ball(const std::vector<double>& centre, double radius);

  /// Between two circles or two spheres, inner < outer; centre (2) or (3).
  static Region annulus(const std::vector<double>& centre, double inner, double outer);

  /// 3 vertices or more, in either orientation; d = 2. Throws bad_input where edges meet other than at the vertex
  /// between them. The check takes the square of the number of vertices.
  static Region polygon(const std::vector<std::array<double, 2>>& vertices);

  /// One region or more, all of one dimension.
  static Region unite(std::vector<Region> regions);

  /// What of `from` is not inside `less`; both of one dimension.
  static Region difference(Region from, Region less);

  /// One region or more, all of one dimension. Throws bad_input where their bounds do not overlap.
  static Region intersection(std::vector<Region> regions);

  int dimensions() const;

  /// Whether the point (d) is in the closed set: its boundary is, up to 1e-12 of the size (or the rounding of the
  /// coordinates, where that is more). Compositions are regular: what would remain without any volume, such as the side
  /// that both operands of a difference share, is not in the set, nor is the tip of a composition sharper than 6
  /// degrees (20 in space). Throws bad_input for a point of other length or with a number that is not finite.
  bool contains(std::span<const double> point) const;

  /// Exact for primitives; of a union around all, of an intersection in all, of a difference that of its first operand.
  Bounds bounds() const;

  /// Length, area or volume. Exact for primitives, and in one and two dimensions, where features narrower than 1e-7 of
  /// the size are not seen. Compositions in three: 2^18 points of a low-discrepancy sequence, an estimate within about
  /// 1e-3 of the volume of the bounds, the same at each call. Computed at each call.
  double volume() const;

  /// Negative inside; the point as in `contains`. Exact for primitives. For compositions the minimum (union), the
  /// maximum (intersection; difference with the sign of the second changed) of those of the operands: the sign is
  /// right, but the distance only a bound of the one to the boundary, from below in its size; and where operands touch,
  /// it is 0 inside a union, and on what `contains` leaves out.
  double signed_distance(std::span<const double> point) const;

  /// What it is made of, for the library.
  const regions::Shape& shape() const { return *shape_; }

 private:
  explicit Region(regions::Shape shape);

  std::shared_ptr<const regions::Shape> shape_;
};

struct SampledPoints {
  int dimensions = 0;
  std::vector<double> points;   ///< (n, d), row-major
  std::vector<double> normals;  ///< (n, d), outward, of length 1; empty where the points are not of a boundary
  std::vector<double> weights;  ///< (n): the share of the measure that each stands for
};

enum class Sampling {
  random,    ///< uniform, independent
  jittered,  ///< one random point in each cell of a grid of nearly cubic cells
  even,      ///< low discrepancy: the R_d sequence (M. Roberts 2018), randomly shifted
};

/// Which part of a boundary is meant: whether a place x (d) with outward unit normal (d) counts. It depends on its
/// arguments alone.
using BoundaryFilter = std::function<bool(std::span<const double> x, std::span<const double> normal)>;

/// Points inside; the weights are equal and sum up to the volume. Random and even: exactly n. Jittered: cells over the
/// bounds, so many that the expected number inside is n up to the rounding of cells to axes; those outside are dropped.
/// A function of the arguments alone. Throws bad_input for n outside 1 to 1e9, where the region seems empty (less than
/// 1e-5 of its bounds are inside), and where no point of a jittered grid is inside.
SampledPoints interior_points(const Region& region, std::int64_t n, Sampling sampling, std::uint64_t seed);

/// Exactly n points of the boundary, piece by piece, in proportion to the measures of the pieces, at least 1 on each
/// where n allows; the weights are equal on each piece and sum up to `boundary_measure`. Curves are sampled within
/// equal parts (jittered), at their midpoints whatever the seed (even) or anywhere; points are never on corners. Faces
/// and spheres: cells of equal area, the R_2 sequence, or anywhere.
/// The boundary of a composition is where 1e-7 of the size along the normal leads out of it and as far against the
/// normal into it: features narrower than that are not seen. In one and two dimensions pieces are cut exactly, and at
/// the edges of `where` to rounding, if those are more than 1/512 of a piece apart.
/// A function of the arguments alone. Throws bad_input for n outside 1 to 1e9 and where nothing is left.
SampledPoints boundary_points(const Region& region, std::int64_t n, Sampling sampling, std::uint64_t seed,
                              const BoundaryFilter& where = {});

/// The number of end points, the length or the area of the boundary, or of the part that is meant; 0 where nothing is
/// left. Faces and spheres of which only a part is left are measured by 2^16 points, to about 1e-3 of the whole piece.
double boundary_measure(const Region& region, const BoundaryFilter& where = {});

/// Points about a centre (d), for what varies ever faster towards it: n independent ones with log-uniform radius r in
/// [nearest, farthest], 0 < nearest < farthest, and uniform directions, those outside the region dropped. Weights
/// s r^d log(farthest / nearest) / n, s = 2, 2 pi, 4 pi for d = 1, 2, 3: sums of f times weight estimate the integral
/// of f over what of the region is that near. A function of the arguments alone. Throws bad_input for numbers out of
/// range, n outside 1 to 1e9, and where no point is inside.
SampledPoints rings(const Region& region, const std::vector<double>& centre, double nearest, double farthest,
                    std::int64_t n, std::uint64_t seed);

}  // namespace sinefield
