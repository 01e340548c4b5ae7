// Grids of points over a solution: which coordinates vary, what the others are, and what an expression has there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sinefield/array_file.h"
#include "sinefield/render.h"
#include "sinefield/shown.h"

namespace sinefield::cli {

/// What `Shown` gives as the elements of an array, complex ones as complex numbers. Refers to the values.
ArrayElements elements_of(const ShownKind&, const std::vector<double>& values);

/// Which coordinates of a solution vary, space in the order of declaration and then time, and what the others are.
struct GridChoice {
  std::vector<std::size_t> axes;
  std::map<std::size_t, double> fixed;
};

/// `slices` ("z=0.5") fix coordinates. Throws bad_input for slices that mean nothing, and where nothing is left to
/// vary.
GridChoice choose_axes(const SolutionFormat&, const std::vector<std::string>& slices);

/// Where more than `most` coordinates vary, fixes time at its end, then space from the last on in the middle.
void keep_axes(const SolutionFormat&, GridChoice&, std::size_t most);

/// "t = 0.1, z = 0.5", empty where nothing is fixed.
std::string fixed_words(const SolutionFormat&, const std::map<std::size_t, double>& fixed);

/// Positions from end to end of a coordinate, both included.
std::vector<double> nodes(const ProblemCoordinate&, std::int64_t count);
/// Middles of as many equal cells.
std::vector<double> cell_middles(const ProblemCoordinate&, std::int64_t count);

/// Points of a grid, the last axis fastest. Refers to the solution, which must outlive it.
class SolutionGrid {
 public:
  /// One list of positions for each of the choice's axes. Only what is inside the domain will be evaluated.
  SolutionGrid(const SolutionFormat&, const GridChoice&, std::vector<std::vector<double>> positions);

  std::int64_t points() const { return static_cast<std::int64_t>(inside_.size()); }
  std::int64_t size(std::size_t axis) const { return std::ssize(positions_[axis]); }
  std::size_t axes() const { return axes_.size(); }
  const std::vector<double>& positions(std::size_t axis) const { return positions_[axis]; }
  bool inside(std::int64_t point) const { return inside_[static_cast<std::size_t>(point)] != 0; }

  /// The time of all points, which must be among the fixed coordinates; the domain stays.
  void set_time(double);

  /// (points, numbers), NaN outside the domain. Calls `done` now and then with the fraction done.
  std::vector<double> evaluate(Shown&, const FractionDone& done) const;

 private:
  void write_point(std::int64_t index, double* to) const;

  const SolutionFormat& solution_;
  std::vector<std::size_t> axes_;
  std::vector<std::vector<double>> positions_;
  std::vector<double> fixed_;  // for every coordinate; of axes not looked at
  std::vector<std::uint8_t> inside_;
};

}  // namespace sinefield::cli
