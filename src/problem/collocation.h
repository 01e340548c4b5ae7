// Points where a term of a problem is looked at: places of space and time become coordinates, normals and weights.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "sinefield/problem.h"
#include "sinefield/views.h"

namespace sinefield::problem {

struct Collocation {
  std::int64_t count = 0;
  std::vector<double> coordinates;  ///< (count, coordinates of the problem)
  std::vector<double> normals;      ///< (count, space coordinates), of boundaries
  std::vector<double> weights;      ///< (count): shares of the measure of the place, times the range of the time
  std::vector<double> columns;      ///< (count, columns), of points that are given

  MatrixView<const double> coordinate_view() const;
  MatrixView<const double> normal_view() const;
  MatrixView<const double> column_view() const;
};

/// About n points of a place (what the place says of their number is not looked at) and its rings. A function of the
/// arguments alone. Throws bad_input where there is none. Of a place of given points they are these, whatever n is, for
/// a share of 1 together. Where a condition leaves a part of the place, the weights are shares of that part: sums of f
/// times weight estimate the integral of f over it. On boundaries, unless the condition changes with the time, the part
/// is cut out exactly as `boundary_points` does; elsewhere points at which the condition does not hold are drawn and
/// dropped, so that the sum of the weights is itself an estimate. About n remain, fewer where that would take more than
/// 100 n tries.
/// `until`: of times only this share of their range, from its low end; given points and places at one time stay as
/// they are.
Collocation points_of(const Problem&, const Place&, std::int64_t n, std::uint64_t seed, double until = 1);

/// A ball of space, all of it at times that are near.
struct Neighbourhood {
  std::vector<double> centre;  ///< (coordinates of the problem)
  double space_radius, time_radius;
};

/// The same of what of a place is near, without its rings: about n points, none where nothing of it is there. The
/// weights are shares of the measure of that part. Given points have no more of them: none.
Collocation points_near(const Problem&, const Place&, const Neighbourhood&, std::int64_t n, std::uint64_t seed);

/// Points of one kind of place behind others.
void add(Collocation& all, const Collocation& more);

/// Volume of the space of a place, or measure of its boundary, times the time: what the weights sum up to without rings
/// and without a condition, which it does not look at. Of given points 1.
double measure_of(const Problem&, const Place&);

/// Measure of where the problem has terms inside, times the time: that of the domain, or the sum of the parts of it
/// that terms are about where this is less.
double covered_measure(const Problem&);

}  // namespace sinefield::problem
