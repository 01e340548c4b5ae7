// SPDX-License-Identifier: MIT
#include "direct/grid_points.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sinefield/error.h"

namespace sinefield::direct {
namespace {

using Place = std::array<double, 3>;

// In steps of the grid.
constexpr double on_the_border = 1e-6, across = 3, aside = 10;  // the last two times the first

Place moved(Place x, std::size_t axis, double by) {
  x[axis] += by;
  return x;
}

/// Steps to the neighbours of a node, diagonal ones too.
std::vector<std::array<int, 3>> steps_around(std::size_t d) {
  std::vector<std::array<int, 3>> steps;
  for (int i = -1; i <= 1; ++i)
    for (int j = d > 1 ? -1 : 0; j <= (d > 1 ? 1 : 0); ++j)
      for (int k = d > 2 ? -1 : 0; k <= (d > 2 ? 1 : 0); ++k)
        if (i != 0 || j != 0 || k != 0) steps.push_back({i, j, k});
  return steps;
}

}  // namespace

GridPoints::GridPoints(const Region& region, const std::vector<int>& intervals) : region_(region) {
  const Bounds bounds = region.bounds();
  double step = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < bounds.lows.size(); ++i) {
    const int n = intervals[i];
    const double length = bounds.highs[i] - bounds.lows[i];
    step = std::min(step, length / n);
    std::vector<double>& nodes = nodes_.emplace_back();
    for (int k = 0; k <= n; ++k) nodes.push_back(k == n ? bounds.highs[i] : bounds.lows[i] + length * k / n);
  }
  near_ = on_the_border * step;
  add_nodes();
  lines_.resize(dimensions());
  for (std::size_t axis = 0; axis < dimensions(); ++axis) add_lines(axis);
  on_line_.assign(dimensions(), std::vector<OnLine>(static_cast<std::size_t>(count())));
  for (std::size_t axis = 0; axis < dimensions(); ++axis)
    for (std::size_t line = 0; line < lines_[axis].size(); ++line)
      for (std::size_t k = 0; k < lines_[axis][line].size(); ++k)
        on_line_[axis][static_cast<std::size_t>(lines_[axis][line][k])] = {static_cast<std::int32_t>(line),
                                                                           static_cast<std::int32_t>(k)};
  if (std::ranges::none_of(border_of_, [](std::int32_t border) { return border < 0; }))
    throw bad_input("no point of the grid is inside the domain", "take more points");
}

bool GridPoints::is_box() const {
  if (cuts_ > 0 || std::ranges::find(point_of_node_, -1) != point_of_node_.end()) return false;
  std::int64_t inside = 1;
  for (const std::vector<double>& nodes : nodes_) inside *= std::ssize(nodes) - 2;
  return std::ranges::count_if(border_of_, [](std::int32_t border) { return border < 0; }) == inside;
}

std::int64_t GridPoints::flat(const Node& node) const {
  std::int64_t index = 0;
  for (std::size_t i = 0; i < dimensions(); ++i) index = index * std::ssize(nodes_[i]) + node[i];
  return index;
}

std::int64_t GridPoints::at(const Node& node) const {
  for (std::size_t i = 0; i < dimensions(); ++i)
    if (node[i] < 0 || node[i] >= std::ssize(nodes_[i])) return -1;
  return point_of_node_[static_cast<std::size_t>(flat(node))];
}

std::vector<std::int64_t> GridPoints::neighbours(std::int64_t point) const {
  const std::size_t d = dimensions(), fewest = d < 3 ? 9 : 18;
  std::vector<std::int64_t> found;
  for (int reach = 2; reach <= 4 && found.size() < fewest; ++reach) {
    found = {point};
    Node from{}, to{};
    for (std::size_t i = 0; i < d; ++i) {
      const double step = nodes_[i][1] - nodes_[i][0], place = (x(point)[i] - nodes_[i][0]) / step;
      constexpr double rounding = 1e-9;
      from[i] = static_cast<int>(std::ceil(place - reach - rounding));
      to[i] = static_cast<int>(std::floor(place + reach + rounding));
    }
    Node node{};
    for (node[0] = from[0]; node[0] <= to[0]; ++node[0])
      for (node[1] = from[1]; node[1] <= to[1]; ++node[1])
        for (node[2] = from[2]; node[2] <= to[2]; ++node[2])
          if (const std::int64_t other = at(node); other >= 0 && other != point) found.push_back(other);
  }
  return found;
}

Place GridPoints::position(const Node& node) const {
  Place x{};
  for (std::size_t i = 0; i < dimensions(); ++i) x[i] = nodes_[i][static_cast<std::size_t>(node[i])];
  return x;
}

bool GridPoints::touches_border(const Place& x) const {
  return std::ranges::any_of(steps_around(dimensions()), [&](const std::array<int, 3>& step) {
    Place beside = x;
    for (std::size_t i = 0; i < dimensions(); ++i) beside[i] += near_ * step[i];
    return !region_.contains({beside.data(), dimensions()});
  });
}

/// Directions that lead out, and back in: those of the signed distance at the point and, for corners, beside it.
std::vector<Place> GridPoints::normals_at(const Place& x) const {
  const std::size_t d = dimensions();
  const auto distance = [&](const Place& at) { return region_.signed_distance({at.data(), d}); };
  std::vector<Place> looks = {x};
  for (std::size_t i = 0; i < d; ++i)
    for (const double side : {-1.0, 1.0}) looks.push_back(moved(x, i, side * aside * near_));
  std::vector<Place> normals;
  for (const Place& look : looks) {
    Place normal{};
    double square = 0;
    for (std::size_t i = 0; i < d; ++i) {
      normal[i] = (distance(moved(look, i, near_)) - distance(moved(look, i, -near_))) / (2 * near_);
      square += normal[i] * normal[i];
    }
    constexpr double smooth = 1e-3;  // at kinks of the distance its differences are shorter
    if (std::abs(square - 1) > smooth) continue;
    constexpr double rounding = 1e-5;
    const auto axis = static_cast<std::size_t>(
        std::ranges::max_element(normal, {}, [](double part) { return std::abs(part); }) - normal.begin());
    if (const double side = normal[axis]; std::abs(side) > 1 - rounding * rounding || d == 1) {
      normal = {};
      normal[axis] = side > 0 ? 1 : -1;
    } else {
      for (double& part : normal) part /= std::sqrt(square);
    }
    Place out = look, in = look;
    for (std::size_t i = 0; i < d; ++i) {
      out[i] += across * near_ * normal[i];
      in[i] -= across * near_ * normal[i];
    }
    if (region_.contains({out.data(), d}) || !region_.contains({in.data(), d})) continue;
    const bool known = std::ranges::any_of(normals, [&](const Place& other) {
      constexpr double same = 1e-3;
      double apart = 0;
      for (std::size_t i = 0; i < d; ++i) apart += std::abs(other[i] - normal[i]);
      return apart < same;
    });
    if (!known) normals.push_back(normal);
  }
  if (!normals.empty()) return normals;
  // At tips: out of what is outside.
  Place sum{};
  double square = 0;
  for (const std::array<int, 3>& step : steps_around(d)) {
    Place beside = x;
    for (std::size_t i = 0; i < d; ++i) beside[i] += near_ * step[i];
    if (!region_.contains({beside.data(), d}))
      for (std::size_t i = 0; i < d; ++i) sum[i] += step[i];
  }
  for (const double part : sum) square += part * part;
  if (square == 0) return {Place{1, 0, 0}};
  for (double& part : sum) part /= std::sqrt(square);
  return {sum};
}

std::int64_t GridPoints::add(const Place& x, bool border) {
  x_.insert(x_.end(), x.begin(), x.begin() + static_cast<std::ptrdiff_t>(dimensions()));
  border_of_.push_back(border ? static_cast<std::int32_t>(normals_.size()) : -1);
  if (border) normals_.push_back(normals_at(x));
  return count() - 1;
}

void GridPoints::add_nodes() {
  const std::size_t d = dimensions();
  Node size = {1, 1, 1};
  for (std::size_t i = 0; i < d; ++i) size[i] = static_cast<int>(nodes_[i].size());
  const auto each_node = [&](const auto& action) {
    Node node{};
    for (node[0] = 0; node[0] < size[0]; ++node[0])
      for (node[1] = 0; node[1] < size[1]; ++node[1])
        for (node[2] = 0; node[2] < size[2]; ++node[2]) action(node);
  };
  point_of_node_.reserve(static_cast<std::size_t>(size[0]) * static_cast<std::size_t>(size[1]) *
                         static_cast<std::size_t>(size[2]));
  each_node([&](const Node& node) {
    const Place x = position(node);
    point_of_node_.push_back(region_.contains({x.data(), d}) ? 0 : -1);
  });
  const std::vector<std::array<int, 3>> steps = steps_around(d);
  each_node([&](const Node& node) {
    std::int64_t& point = point_of_node_[static_cast<std::size_t>(flat(node))];
    if (point < 0) return;
    const bool may_touch = std::ranges::any_of(steps, [&](const std::array<int, 3>& step) {
      return at({node[0] + step[0], node[1] + step[1], node[2] + step[2]}) < 0;
    });
    const Place x = position(node);
    point = add(x, may_touch && touches_border(x));
  });
}

void GridPoints::add_lines(std::size_t axis) {
  const std::size_t d = dimensions();
  Node starts = {1, 1, 1};
  for (std::size_t i = 0; i < d; ++i)
    if (i != axis) starts[i] = static_cast<int>(nodes_[i].size());
  const auto length = static_cast<int>(nodes_[axis].size());
  Node node{};
  for (node[0] = 0; node[0] < starts[0]; ++node[0])
    for (node[1] = 0; node[1] < starts[1]; ++node[1])
      for (node[2] = 0; node[2] < starts[2]; ++node[2]) {
        Line line;
        const auto end = [&] {
          if (!line.empty()) lines_[axis].push_back(std::move(line));
          line.clear();
        };
        Node here = node;
        for (int k = 0; k < length; ++k) {
          here[axis] = k;
          const std::int64_t point = at(here);
          if (point < 0) {
            end();
            continue;
          }
          if (line.empty() && !on_border(point)) line.push_back(add_cut(here, axis, -1));
          line.push_back(point);
          Node next = here;
          next[axis] = k + 1;
          if (at(next) >= 0) continue;
          if (!on_border(point)) line.push_back(add_cut(here, axis, 1));
          end();
        }
        end();
      }
}

std::int64_t GridPoints::add_cut(const Node& inside, std::size_t axis, int step) {
  const Place from = position(inside);
  Node next = inside;
  next[axis] += step;
  const double to = position(next)[axis];
  double in = from[axis], out = to;
  constexpr int halvings = 60;
  for (int k = 0; k < halvings; ++k) {
    const double middle = (in + out) / 2;
    Place x = from;
    x[axis] = middle;
    (region_.contains({x.data(), dimensions()}) ? in : out) = middle;
  }
  Place x = from;
  x[axis] = in;
  ++cuts_;
  return add(x, true);
}

}  // namespace sinefield::direct
