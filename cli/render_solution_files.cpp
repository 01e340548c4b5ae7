// `sinefield render` of solutions as numbers: arrays, tables, and grids and meshes for VTK.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include "cli/render_solution.h"
#include "io/output_file.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"
#include "sinefield/vtk_file.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t longest_of_two = 512, longest_of_more = 128, default_frames = 100;

/// Points along each axis, both ends included: evenly apart in space, --frames of time.
std::vector<std::int64_t> node_counts(const ShownSolution& s, const GridChoice& choice) {
  std::vector<std::int64_t> given = s.sizes();
  if (given.size() > 1 && given.size() != choice.axes.size())
    throw bad_input(
        fmt::format("--size {}: {} numbers for {} axes", s.arguments.size, given.size(), choice.axes.size()),
        "give one, along the longest axis, or one for each axis");
  if (!given.empty() && std::ranges::min(given) < 2)
    throw bad_input(fmt::format("--size {}: expected 2 points or more", s.arguments.size));
  const auto is_time = [&](std::size_t axis) { return s.coordinate(axis).time; };
  if (s.arguments.frames && std::ranges::none_of(choice.axes, is_time))
    throw bad_input("--frames: time does not vary in what is written", "leave it away, or do not fix time");
  if (given.size() > 1) return given;
  double extent = 0;
  for (const std::size_t axis : choice.axes)
    if (!is_time(axis)) extent = std::max(extent, s.coordinate(axis).high - s.coordinate(axis).low);
  const std::int64_t longest = !given.empty() ? given[0] : choice.axes.size() <= 2 ? longest_of_two : longest_of_more;
  std::vector<std::int64_t> counts;
  for (const std::size_t axis : choice.axes) {
    const double share = (s.coordinate(axis).high - s.coordinate(axis).low) / extent;
    counts.push_back(is_time(axis)
                         ? s.arguments.frames.value_or(default_frames)
                         : std::max<std::int64_t>(2, std::llround(share * static_cast<double>(longest - 1)) + 1));
  }
  return counts;
}

/// What a file's columns are called: components, of complex ones real and imaginary part.
std::vector<std::string> number_names(const ShownSolution& s, const char* re, const char* im, const char* after) {
  std::vector<std::string> names;
  for (int c = 0; c < s.shown.kind().components; ++c) {
    const std::string name = s.component_name(c);
    if (!s.shown.kind().complex) names.push_back(name);
    if (s.shown.kind().complex) names.insert(names.end(), {re + name + after, im + name + after});
  }
  return names;
}

void write_array(const ShownSolution& s, const SolutionGrid& grid, const std::vector<double>& values) {
  const ShownKind& kind = s.shown.kind();
  std::vector<std::int64_t> shape;
  for (std::size_t axis = 0; axis < grid.axes(); ++axis) shape.push_back(grid.size(axis));
  if (kind.vector) shape.push_back(kind.components);
  write_npy(s.arguments.output, shape, elements_of(kind, values), s.common.overwrite());
}

/// As RFC 4180 has it.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string inside;
  for (const char c : text) inside += c == '"' ? "\"\"" : std::string(1, c);
  return '"' + inside + '"';
}

void write_table(const ShownSolution& s, const GridChoice& choice, const SolutionGrid& grid,
                 const std::vector<double>& values) {
  const auto numbers = static_cast<std::size_t>(s.shown.kind().numbers());
  fmt::memory_buffer text;
  const auto to = std::back_inserter(text);
  for (const std::size_t axis : choice.axes) fmt::format_to(to, "{},", s.coordinate(axis).name);
  for (std::size_t i = 0; const std::string& name : number_names(s, "re_", "im_", ""))
    fmt::format_to(to, "{}{}", i++ == 0 ? "" : ",", quoted(name));
  fmt::format_to(to, "\n");
  for (std::int64_t p = 0; p < grid.points(); ++p) {
    if (!grid.inside(p)) continue;
    std::array<double, 4> place{};
    std::int64_t rest = p;
    for (std::size_t axis = grid.axes(); axis-- > 0; rest /= grid.size(axis))
      place.at(axis) = grid.positions(axis)[static_cast<std::size_t>(rest % grid.size(axis))];
    for (std::size_t axis = 0; axis < grid.axes(); ++axis) fmt::format_to(to, "{},", place.at(axis));
    for (std::size_t i = 0; i < numbers; ++i)
      fmt::format_to(to, "{}{}", i == 0 ? "" : ",", values[static_cast<std::size_t>(p) * numbers + i]);
    fmt::format_to(to, "\n");
  }
  OutputFile file(s.arguments.output, s.common.overwrite());
  file.write(std::string_view(text.data(), text.size()));
  file.commit();
}

/// Arrays for VTK, which knows no complex numbers: real and imaginary parts are arrays of their own.
struct VtkNumbers {
  std::vector<std::vector<double>> data;
  std::vector<VtkArray> arrays;

  /// Of the chosen points.
  VtkNumbers(const ShownSolution& s, const std::vector<double>& values, const std::vector<std::int64_t>& points) {
    const ShownKind& kind = s.shown.kind();
    const auto numbers = static_cast<std::size_t>(kind.numbers()),
               parts = numbers / static_cast<std::size_t>(kind.components);
    std::vector<std::string> components;
    for (int c = 0; c < kind.components; ++c) components.push_back(kind.vector ? fmt::format("{}", c) : "");
    data.resize(parts);
    for (std::size_t part = 0; part < parts; ++part) {
      for (const std::int64_t p : points)
        for (std::size_t i = part; i < numbers; i += parts)
          data[part].push_back(values[static_cast<std::size_t>(p) * numbers + i]);
      arrays.push_back(
          {parts == 1 ? s.expression : applied(part == 0 ? "re" : "im", s.expression), components, data[part]});
    }
  }
};

/// Cells of the grid whose corners are all inside; their points are numbered anew.
VtkMesh mesh_of(const SolutionGrid& grid, std::vector<std::int64_t>& points) {
  const std::size_t d = grid.axes();
  std::array<std::int64_t, 3> sizes{1, 1, 1}, strides{0, 0, 0};  // of x, y, z: the last axis of the grid is the first
  for (std::size_t i = 0, stride = 1; i < d; ++i) {
    sizes.at(i) = grid.size(d - 1 - i);
    strides.at(i) = static_cast<std::int64_t>(stride);
    stride *= static_cast<std::size_t>(sizes.at(i));
  }
  std::vector<std::int64_t> offsets = {0, strides[0]};
  if (d > 1) offsets.insert(offsets.end(), {strides[0] + strides[1], strides[1]});
  if (d > 2)
    for (std::size_t i = 0; i < 4; ++i) offsets.push_back(offsets[i] + strides[2]);
  VtkMesh mesh;
  mesh.corners = static_cast<int>(offsets.size());
  std::vector<std::int64_t> number(static_cast<std::size_t>(grid.points()), -1);
  for (std::int64_t p = 0; p < grid.points(); ++p) {
    const std::array<std::int64_t, 3> at = {p % sizes[0], p / sizes[0] % sizes[1], p / sizes[0] / sizes[1]};
    bool whole = true;
    for (std::size_t i = 0; i < d; ++i) whole = whole && at.at(i) + 1 < sizes.at(i);
    for (std::size_t i = 0; whole && i < offsets.size(); ++i) whole = grid.inside(p + offsets[i]);
    if (!whole) continue;
    for (const std::int64_t offset : offsets) {
      std::int64_t& own = number[static_cast<std::size_t>(p + offset)];
      if (own < 0) {
        own = std::ssize(points);
        points.push_back(p + offset);
      }
      mesh.cells.push_back(own);
    }
  }
  for (const std::int64_t p : points) {
    std::array<double, 3>& place = mesh.points.emplace_back();
    std::int64_t rest = p;
    for (std::size_t i = 0; i < d; rest /= sizes.at(i), ++i)
      place.at(i) = grid.positions(d - 1 - i)[static_cast<std::size_t>(rest % sizes.at(i))];
  }
  return mesh;
}

void write_for_vtk(const ShownSolution& s, const SolutionGrid& grid, const std::vector<double>& values, bool image) {
  std::vector<std::int64_t> points;
  const std::size_t d = grid.axes();
  if (image) {
    VtkGrid made;
    for (std::size_t i = 0; i < d; ++i) {
      const std::vector<double>& along = grid.positions(d - 1 - i);
      made.sizes.at(i) = std::ssize(along);
      made.origin.at(i) = along.front();
      made.spacing.at(i) = (along.back() - along.front()) / static_cast<double>(along.size() - 1);
    }
    for (std::int64_t p = 0; p < grid.points(); ++p) points.push_back(p);
    write_vti(s.arguments.output, made, VtkNumbers(s, values, points).arrays, s.common.overwrite());
    return;
  }
  const VtkMesh mesh = mesh_of(grid, points);
  if (mesh.cells.empty())
    throw bad_input(fmt::format("{}: no cell of the grid lies inside the domain", s.arguments.output.string()),
                    "give a larger --size, or another --slice");
  write_vtu(s.arguments.output, mesh, VtkNumbers(s, values, points).arrays, s.common.overwrite());
}

}  // namespace

Json write_solution_numbers(const ShownSolution& s, GridChoice choice, Progress& progress) {
  const std::string extension = extension_of(s.arguments.output);
  const bool vtk = extension == ".vti" || extension == ".vtu";
  if (vtk) keep_axes(s.solution, choice, 3);
  std::vector<std::int64_t> counts = node_counts(s, choice);
  double points = 1;
  for (const std::int64_t count : counts) points *= static_cast<double>(count);
  // Beside the values: what is inside, and the same again as text, or as points, cells and arrays.
  const double numbers = s.shown.kind().numbers();
  s.check_memory(points * (extension == ".npy"   ? numbers + 0.2
                           : extension == ".csv" ? numbers * 4 + 3 * static_cast<double>(counts.size())
                           : extension == ".vti" ? 2 * numbers + 1.2
                                                 : 2 * numbers + 15));
  std::vector<std::vector<double>> positions;
  for (std::size_t i = 0; i < counts.size(); ++i) positions.push_back(nodes(s.coordinate(choice.axes[i]), counts[i]));
  GridChoice order = choice;
  if (vtk) {  // the first coordinate is the fastest
    std::ranges::reverse(order.axes);
    std::ranges::reverse(positions);
  }
  const SolutionGrid grid(s.solution, order, std::move(positions));
  const std::vector<double> values =
      grid.evaluate(s.shown, [&](double done) { progress.update(done, -1, [] { return std::string("rendering"); }); });
  if (extension == ".npy") write_array(s, grid, values);
  if (extension == ".csv") write_table(s, choice, grid, values);
  if (vtk) write_for_vtk(s, grid, values, extension == ".vti");
  Json axes = Json::array();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const ProblemCoordinate& c = s.coordinate(choice.axes[i]);
    axes.push_back({{"name", c.name}, {"low", c.low}, {"high", c.high}, {"points", counts[i]}});
  }
  return {{"show", s.expression},
          {"components", s.shown.kind().components},
          {"complex", s.shown.kind().complex},
          {"axes", axes},
          {"fixed", fixed_json(s.solution, choice.fixed)}};
}

}  // namespace sinefield::cli
