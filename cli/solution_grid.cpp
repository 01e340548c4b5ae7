// Slices are parsed, positions made, and points inside gathered for evaluation.
// SPDX-License-Identifier: MIT
#include "cli/solution_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <complex>
#include <limits>
#include <numeric>
#include <span>

#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t points_at_once = 1 << 16;

std::string names_of(const SolutionFormat& solution) {
  std::string names;
  for (const ProblemCoordinate& c : solution.coordinates) names += (names.empty() ? "" : ", ") + c.name;
  return names;
}

std::pair<std::size_t, double> parsed_slice(const SolutionFormat& solution, const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string name = text.substr(0, equals);
  const auto found = std::ranges::find(solution.coordinates, name, &ProblemCoordinate::name);
  double value = 0;
  const char *const first = text.data() + std::min(equals + 1, text.size()), *const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(first, end, value);
  if (found == solution.coordinates.end() || error != std::errc() || rest != end)
    throw bad_input(fmt::format("--slice {}: expected NAME=VALUE, NAME one of {}", text, names_of(solution)),
                    fmt::format("for example --slice {}={}", solution.coordinates.back().name,
                                std::midpoint(solution.coordinates.back().low, solution.coordinates.back().high)));
  if (!(value >= found->low && value <= found->high))
    throw bad_input(fmt::format("--slice {}: the solution reaches from {} to {}", text, found->low, found->high));
  return {static_cast<std::size_t>(found - solution.coordinates.begin()), value};
}

}  // namespace

ArrayElements elements_of(const ShownKind& kind, const std::vector<double>& values) {
  if (!kind.complex) return std::span<const double>(values);
  // Pairs re, im are how std::complex lies in memory.
  return std::span(reinterpret_cast<const std::complex<double>*>(values.data()), values.size() / 2);
}

GridChoice choose_axes(const SolutionFormat& solution, const std::vector<std::string>& slices) {
  GridChoice choice;
  for (const std::string& text : slices) {
    const auto [coordinate, value] = parsed_slice(solution, text);
    if (!choice.fixed.emplace(coordinate, value).second)
      throw bad_input(fmt::format("--slice {}: {} is given twice", text, solution.coordinates[coordinate].name));
  }
  for (const bool time : {false, true})
    for (std::size_t i = 0; i < solution.coordinates.size(); ++i)
      if (solution.coordinates[i].time == time && !choice.fixed.contains(i)) choice.axes.push_back(i);
  if (choice.axes.empty())
    throw bad_input("--slice fixes every coordinate", "ask for single points with `sinefield eval`");
  return choice;
}

void keep_axes(const SolutionFormat& solution, GridChoice& choice, std::size_t most) {
  for (; choice.axes.size() > most; choice.axes.pop_back()) {
    const ProblemCoordinate& last = solution.coordinates[choice.axes.back()];
    choice.fixed.emplace(choice.axes.back(), last.time ? last.high : std::midpoint(last.low, last.high));
  }
}

std::string fixed_words(const SolutionFormat& solution, const std::map<std::size_t, double>& fixed) {
  std::string words;
  for (const auto& [coordinate, value] : fixed)
    words += fmt::format("{}{} = {:.6g}", words.empty() ? "" : ", ", solution.coordinates[coordinate].name, value);
  return words;
}

std::vector<double> nodes(const ProblemCoordinate& c, std::int64_t count) {
  std::vector<double> positions;
  for (std::int64_t i = 0; i < count; ++i)
    positions.push_back(std::lerp(c.low, c.high, static_cast<double>(i) / static_cast<double>(count - 1)));
  return positions;
}

std::vector<double> cell_middles(const ProblemCoordinate& c, std::int64_t count) {
  std::vector<double> positions;
  for (std::int64_t i = 0; i < count; ++i)
    positions.push_back(std::lerp(c.low, c.high, (static_cast<double>(i) + 0.5) / static_cast<double>(count)));
  return positions;
}

SolutionGrid::SolutionGrid(const SolutionFormat& solution, const GridChoice& choice,
                           std::vector<std::vector<double>> positions)
    : solution_(solution), axes_(choice.axes), positions_(std::move(positions)), fixed_(solution.coordinates.size()) {
  for (const auto& [coordinate, value] : choice.fixed) fixed_[coordinate] = value;
  std::int64_t count = 1;
  for (const std::vector<double>& along : positions_) count *= std::ssize(along);
  inside_.resize(static_cast<std::size_t>(count));
  const SolutionDomain domain(solution);
  std::vector<double> point(fixed_.size());
  for (std::int64_t p = 0; p < count; ++p) {
    write_point(p, point.data());
    inside_[static_cast<std::size_t>(p)] = domain.contains(point) ? 1 : 0;
  }
}

void SolutionGrid::set_time(double time) {
  for (std::size_t i = 0; i < fixed_.size(); ++i)
    if (solution_.coordinates[i].time) fixed_[i] = time;
}

void SolutionGrid::write_point(std::int64_t index, double* to) const {
  std::ranges::copy(fixed_, to);
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    to[axes_[axis]] = positions_[axis][static_cast<std::size_t>(index % size(axis))];
    index /= size(axis);
  }
}

std::vector<double> SolutionGrid::evaluate(Shown& shown, const FractionDone& done) const {
  const auto numbers = static_cast<std::size_t>(shown.kind().numbers()), d = fixed_.size();
  std::vector<double> values(inside_.size() * numbers, std::numeric_limits<double>::quiet_NaN()), block;
  for (std::int64_t first = 0; first < points(); first += points_at_once) {
    const std::int64_t end = std::min(first + points_at_once, points());
    block.clear();
    for (std::int64_t p = first; p < end; ++p)
      if (inside(p)) {
        block.resize(block.size() + d);
        write_point(p, block.data() + block.size() - d);
      }
    const std::vector<double> found = shown(MatrixView<const double>(
        block.data(), std::ssize(block) / static_cast<std::int64_t>(d), static_cast<std::int64_t>(d)));
    for (std::size_t p = static_cast<std::size_t>(first), from = 0; p < static_cast<std::size_t>(end); ++p)
      if (inside_[p] != 0) {
        std::copy_n(found.begin() + static_cast<std::ptrdiff_t>(from), numbers,
                    values.begin() + static_cast<std::ptrdiff_t>(p * numbers));
        from += numbers;
      }
    done(static_cast<double>(end) / static_cast<double>(points()));
  }
  return values;
}

}  // namespace sinefield::cli
