// Points of a regular grid in a region: its nodes inside, those on its boundary, and the places where lines of the grid
// cross the boundary between two nodes. A boundary that falls on grid lines has no such places; others are followed
// exactly, with unequal steps beside them (Shortley and Weller 1938). Left out: what is thinner than a step.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sinefield/region.h"

namespace sinefield::direct {

class GridPoints {
 public:
  /// A line of neighbours along an axis, in increasing order.
  using Line = std::vector<std::int64_t>;
  struct OnLine {
    std::int32_t line = -1, index = 0;  ///< -1: on none
  };

  /// Intervals along each axis of the region's bounds, at least 4 each. Throws bad_input where no node is inside.
  GridPoints(const Region&, const std::vector<int>& intervals);

  std::size_t dimensions() const { return nodes_.size(); }
  std::int64_t count() const { return static_cast<std::int64_t>(x_.size() / dimensions()); }
  std::span<const double> x(std::int64_t point) const {
    return {x_.data() + point * static_cast<std::int64_t>(dimensions()), dimensions()};
  }
  bool on_border(std::int64_t point) const { return border_of_[static_cast<std::size_t>(point)] >= 0; }
  /// Outward unit normals of the pieces of the boundary that meet at a point of it: at least one.
  std::span<const std::array<double, 3>> normals(std::int64_t point) const {
    return normals_[static_cast<std::size_t>(border_of_[static_cast<std::size_t>(point)])];
  }

  /// Coordinates of the nodes along an axis.
  const std::vector<double>& nodes(std::size_t axis) const { return nodes_[axis]; }
  /// For each node of the whole grid, the last axis fastest, its point; -1 where it is outside.
  const std::vector<std::int64_t>& point_of_node() const { return point_of_node_; }
  /// How many points are no nodes.
  std::int64_t cuts() const { return cuts_; }
  /// Whether the region is the box of the grid.
  bool is_box() const;

  /// The point itself and the nodes inside that are at most two steps away along each axis, four where those are few.
  std::vector<std::int64_t> neighbours(std::int64_t point) const;

  const std::vector<Line>& lines(std::size_t axis) const { return lines_[axis]; }
  OnLine on_line(std::size_t axis, std::int64_t point) const { return on_line_[axis][static_cast<std::size_t>(point)]; }

 private:
  using Node = std::array<int, 3>;
  std::int64_t flat(const Node&) const;
  std::int64_t at(const Node&) const;  // the point; -1 outside
  std::array<double, 3> position(const Node&) const;
  bool touches_border(const std::array<double, 3>&) const;
  std::vector<std::array<double, 3>> normals_at(const std::array<double, 3>&) const;
  std::int64_t add(const std::array<double, 3>&, bool border);
  void add_nodes();
  void add_lines(std::size_t axis);
  std::int64_t add_cut(const Node& inside, std::size_t axis, int step);

  Region region_;
  double near_;  // what counts as being on the boundary
  std::vector<std::vector<double>> nodes_;
  std::vector<double> x_;
  std::vector<std::int32_t> border_of_;
  std::vector<std::vector<std::array<double, 3>>> normals_;
  std::vector<std::int64_t> point_of_node_;
  std::int64_t cuts_ = 0;
  std::vector<std::vector<Line>> lines_;
  std::vector<std::vector<OnLine>> on_line_;
};

}  // namespace sinefield::direct
