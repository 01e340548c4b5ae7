// Problems on four grids, and what they say of each other.
// SPDX-License-Identifier: MIT
#include "sinefield/direct_solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "calculus/tape.h"
#include "direct/grid_run.h"
#include "sinefield/error.h"
#include "sinefield/shown.h"

namespace sinefield {
namespace {

using direct::GridSize;
using direct::GridValues;

constexpr int coarsest = 8;  // the step of the coarsest grid in those of the finest
constexpr double unknown_error = std::numeric_limits<double>::quiet_NaN();

bool has_time(const Problem& problem) { return std::ranges::any_of(problem.coordinates(), &ProblemCoordinate::time); }

/// Sizes of the finest grid, multiples of 8 of at least 32: `longest` intervals along the longest side.
GridSize size_of(const Problem& problem, int longest) {
  const Bounds bounds = problem.domain().bounds();
  double length = 0;
  for (std::size_t i = 0; i < bounds.lows.size(); ++i) length = std::max(length, bounds.highs[i] - bounds.lows[i]);
  GridSize size;
  for (std::size_t i = 0; i < bounds.lows.size(); ++i)
    size.intervals.push_back(
        coarsest *
        std::max(4, static_cast<int>(std::lround(longest * (bounds.highs[i] - bounds.lows[i]) / length / coarsest))));
  if (has_time(problem)) size.steps = longest;
  return size;
}

GridSize coarser(GridSize size, int factor) {
  for (int& n : size.intervals) n /= factor;
  size.steps /= factor;
  return size;
}

GridSize finer(GridSize size) {
  for (int& n : size.intervals) n *= 2;
  size.steps *= 2;
  return size;
}

/// Intervals along the longest side, multiples of 8, that take some seconds.
int intervals_by_rule(const Problem& problem, bool in_sines) {
  const auto d = static_cast<std::size_t>(problem.domain().dimensions());
  constexpr int of_sines[] = {2048, 512, 64}, steady[] = {2048, 256, 32}, marching[] = {1024, 64, 32};
  if (in_sines) return of_sines[d - 1];
  const auto channels = static_cast<double>(problem.graph()->channels().size());
  // Two channels may be one complex unknown, which takes little more than a real one.
  const double fewer = std::pow(std::max(1.0, channels / 2), -1.0 / static_cast<double>(d));
  const int whole = static_cast<int>((has_time(problem) ? marching : steady)[d - 1] * fewer);
  return std::max(32, whole / coarsest * coarsest);
}

/// As seen on a small grid.
bool goes_in_sines(const Problem& problem, Isa isa) {
  if (has_time(problem)) return false;
  try {
    return direct::goes_in_sines(problem, coarser(size_of(problem, 64), coarsest), isa);
  } catch (const Error&) {
    return false;  // it is too small for what is in the domain
  }
}

/// Numbers sought at a moment.
double unknowns_of(const Problem& problem, const GridSize& size) {
  auto unknowns = static_cast<double>(problem.graph()->channels().size());
  for (const int n : size.intervals) unknowns *= n + 1;
  return unknowns;
}

/// Whether memory and patience are likely to last: the factors of grids in space fill up.
bool is_solvable(const Problem& problem, const GridSize& size, bool in_sines) {
  constexpr double by_factors[] = {1e6, 6e5, 1e5}, by_sines = 2e6, kept = 1e8;
  const double unknowns = unknowns_of(problem, size);
  return unknowns <= (in_sines ? by_sines : by_factors[size.intervals.size() - 1]) &&
         unknowns * (size.steps + 1) <= kept;
}

/// What of the values lies on the nodes of a grid of `factor` times the step.
std::vector<double> every(const GridValues& from, std::size_t channel, std::size_t factor) {
  std::vector<double> kept;
  const std::size_t axes = from.nodes.size();
  std::vector<std::size_t> index(axes);
  while (true) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < axes; ++i) at = at * from.nodes[i].size() + index[i];
    kept.push_back(from.values[channel][at]);
    std::size_t axis = axes;
    while (axis > 0) {
      --axis;
      index[axis] += factor;
      if (index[axis] < from.nodes[axis].size()) break;
      index[axis] = 0;
      if (axis == 0) return kept;
    }
  }
}

/// Mean square over the numbers that both have.
double mean_square(const std::vector<double>& a, const std::vector<double>* b = nullptr) {
  double sum = 0, count = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double number = b != nullptr ? a[k] - (*b)[k] : a[k];
    if (!std::isfinite(number)) continue;
    sum += number * number;
    ++count;
  }
  return count > 0 ? sum / count : 0;
}

/// Extrapolated to a step of 0 at the nodes of the coarser grid: errors of second order cancel.
GridValues extrapolated(const GridValues& coarse, const GridValues& fine) {
  GridValues made = coarse;
  for (std::size_t c = 0; c < made.values.size(); ++c) {
    const std::vector<double> of_fine = every(fine, c, 2);
    for (std::size_t k = 0; k < of_fine.size(); ++k) made.values[c][k] = (4 * of_fine[k] - coarse.values[c][k]) / 3;
  }
  return made;
}

/// Of each unknown the root mean square of the difference between a grid and the one of twice its step.
std::vector<double> apart(const Problem& problem, const GridValues& coarse, const GridValues& fine) {
  std::vector<double> found;
  for (const UnknownField& u : problem.unknowns()) {
    double squares = 0;
    for (std::size_t part = 0; part < (u.complex ? 2 : 1); ++part) {
      const std::size_t channel = static_cast<std::size_t>(u.channel) + part;
      const std::vector<double> of_fine = every(fine, channel, 2);
      squares += mean_square(coarse.values[channel], &of_fine);
    }
    found.push_back(std::sqrt(squares));
  }
  return found;
}

std::vector<double> sizes(const Problem& problem, const GridValues& of) {
  std::vector<double> found;
  for (const UnknownField& u : problem.unknowns()) {
    double squares = 0;
    for (std::size_t part = 0; part < (u.complex ? 2 : 1); ++part)
      squares += mean_square(of.values[static_cast<std::size_t>(u.channel) + part]);
    found.push_back(std::sqrt(squares));
  }
  return found;
}

/// The power of the step with which differences fall, all unknowns together; NaN where none are left.
double order_between(const std::vector<double>& before, const std::vector<double>& after,
                     const std::vector<double>& of_size) {
  double first = 0, second = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    const double unit = of_size[k] > 0 ? of_size[k] : 1;
    first += before[k] * before[k] / (unit * unit);
    second += after[k] * after[k] / (unit * unit);
  }
  constexpr double rounding = 1e-15;
  return second > rounding * rounding ? 0.5 * std::log2(first / second) : unknown_error;
}

/// The same of the three finest grids; NaN where there are fewer.
double order_of(const Problem& problem, const std::vector<GridValues>& grids) {
  const std::size_t n = grids.size();
  if (n < 3) return unknown_error;
  return order_between(apart(problem, grids[n - 3], grids[n - 2]), apart(problem, grids[n - 2], grids[n - 1]),
                       sizes(problem, grids[n - 1]));
}

/// Errors fall as the square of the step, or slower, once it is small enough for the solution.
constexpr double least_order = 0.3, full_order = 2, most_order = 2.6;

bool is_resolved(const Problem& problem, const std::vector<GridValues>& grids) {
  if (grids.size() < 3) return false;
  const double order = order_of(problem, grids);
  return std::isnan(order) || (order >= least_order && order <= most_order);
}

/// Errors that differences between the two finest grids leave, where they fall with this power.
std::vector<double> errors_of(std::vector<double> differences, double order, const std::vector<double>& of_size) {
  for (std::size_t k = 0; k < differences.size(); ++k) {
    differences[k] /= std::exp2(order) - 1;
    constexpr double rounding = 1e-15;
    if (of_size[k] > 0) differences[k] = std::max(rounding, differences[k] / of_size[k]);
  }
  return differences;
}

/// In the order of declaration; the grids have the time last.
void write_in_order(const Problem& problem, const GridValues& from, DirectSolution& to) {
  const std::size_t axes = from.nodes.size();
  std::vector<std::size_t> axis_of;  // of each coordinate
  for (std::size_t i = 0, space = 0; i < axes; ++i)
    axis_of.push_back(problem.coordinates()[i].time ? axes - 1 : space++);
  std::vector<std::size_t> strides(axes, 1);
  for (std::size_t axis = axes - 1; axis > 0; --axis) strides[axis - 1] = strides[axis] * from.nodes[axis].size();
  std::size_t count = 1;
  for (const std::size_t axis : axis_of) {
    to.nodes.push_back(from.nodes[axis]);
    count *= from.nodes[axis].size();
  }
  for (const std::vector<double>& of_channel : from.values) {
    std::vector<double>& values = to.values.emplace_back(count);
    for (std::size_t k = 0; k < count; ++k) {
      std::size_t rest = k, at = 0;
      for (std::size_t i = axes; i-- > 0;) {
        at += rest % to.nodes[i].size() * strides[axis_of[i]];
        rest /= to.nodes[i].size();
      }
      values[k] = of_channel[at];
    }
  }
}

/// Coordinates of the nodes that are inside, and which they are.
struct InsideNodes {
  std::vector<double> points;
  std::vector<std::size_t> which;
};
InsideNodes inside_nodes(const DirectSolution& of) {
  InsideNodes inside;
  const std::size_t d = of.nodes.size();
  for (std::size_t k = 0; k < of.values.front().size(); ++k) {
    if (!std::isfinite(of.values.front()[k])) continue;
    inside.which.push_back(k);
    const std::size_t first = inside.points.size();
    inside.points.resize(first + d);
    std::size_t rest = k;
    for (std::size_t i = d; i-- > 0;) {
      inside.points[first + i] = of.nodes[i][rest % of.nodes[i].size()];
      rest /= of.nodes[i].size();
    }
  }
  return inside;
}

/// `wanted` gives (points, parts of the unknown), NaN where nothing is wanted.
SolutionError error_between(const DirectSolution& direct, const UnknownField& unknown, const InsideNodes& inside,
                            const std::vector<double>& other, bool relative_to_direct) {
  double squares = 0, of_size = 0, largest = 0;
  const std::size_t parts = unknown.complex ? 2 : 1;
  for (std::size_t k = 0; k < inside.which.size(); ++k) {
    double square = 0, size = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      const double mine = direct.values[static_cast<std::size_t>(unknown.channel) + part][inside.which[k]],
                   its = other[k * parts + part];
      square += (mine - its) * (mine - its);
      size += relative_to_direct ? mine * mine : its * its;
    }
    if (!std::isfinite(square)) continue;
    squares += square;
    of_size += size;
    largest = std::max(largest, square);
  }
  return {unknown.name, std::sqrt(squares / of_size), std::sqrt(largest)};
}

}  // namespace

DirectSolution solve_directly(const Problem& problem, const DirectOptions& options,
                              const std::function<void(const std::vector<int>&)>& on_grid) {
  const auto started = std::chrono::steady_clock::now();
  if (problem.terms().empty()) throw bad_input("a problem without terms", "say what must vanish where");
  constexpr int fewest = 33, most = 4097;
  if (options.points != 0 && (options.points < fewest || options.points > most))
    throw bad_input(fmt::format("{} points along a side, expected {} to {}", options.points, fewest, most));
  const bool in_sines = goes_in_sines(problem, options.isa);
  const int longest = options.points > 0 ? (options.points - 1 + coarsest - 1) / coarsest * coarsest
                                         : intervals_by_rule(problem, in_sines);
  const GridSize wanted = size_of(problem, longest);
  if (!is_solvable(problem, wanted, in_sines))
    throw bad_input(fmt::format("--reference: {:.3g} unknowns are too many for a direct solver here",
                                unknowns_of(problem, wanted) * (wanted.steps + 1)),
                    "take fewer points");

  std::vector<GridValues> grids;  // each of half the step of the one before
  GridSize finest;
  const auto add_grid = [&](const GridSize& size) {
    if (options.stop.stop_requested()) throw failure("the solve was stopped");
    grids.push_back(
        direct::solve_on_grid(problem, size, grids.empty() ? nullptr : &grids.back(), options.isa, options.stop));
    finest = size;
    if (!on_grid) return;
    std::vector<int> points;
    for (const int n : size.intervals) points.push_back(n + 1);
    if (size.steps > 0) points.push_back(size.steps + 1);
    on_grid(points);
  };
  for (int factor = coarsest; factor > 1; factor /= 2) {
    try {
      add_grid(coarser(wanted, factor));
    } catch (const Error&) {
      if (options.stop.stop_requested()) throw;
      grids.clear();  // the grid may be too coarse; what finer ones say counts
    }
  }
  add_grid(wanted);
  // A march through a plane or space would take eight to thirty times as long.
  const bool by_rule = options.points == 0, quick = !has_time(problem) || wanted.intervals.size() == 1;
  if (by_rule && quick && is_solvable(problem, finer(wanted), in_sines) && !is_resolved(problem, grids))
    add_grid(finer(wanted));

  DirectSolution solution{problem.coordinates(), problem.unknowns(), {}, {}, {}};
  DirectReport& report = solution.report;
  const GridValues& last = grids.back();
  report.method = fmt::format("{}{}{}", is_linear(problem) ? "" : "Newton, ", last.complex ? "complex " : "",
                              last.in_sines ? "sine transforms" : "sparse LU");
  report.on_grid_lines = last.on_grid_lines;
  for (std::size_t i = 0, space = 0; i < problem.coordinates().size(); ++i)
    report.finest.push_back(problem.coordinates()[i].time ? finest.steps + 1 : finest.intervals[space++] + 1);
  const std::vector<double> of_size = sizes(problem, last);
  std::optional<GridValues> better;
  report.order = order_of(problem, grids);
  report.resolved = is_resolved(problem, grids);
  report.errors.assign(problem.unknowns().size(), unknown_error);
  const std::size_t n = grids.size();
  const auto total = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
  if (n >= 3) {
    const std::vector<double> after = apart(problem, grids[n - 2], grids[n - 1]);
    // Of differences that do not fall nothing follows.
    if (!(report.order < least_order))
      report.errors =
          errors_of(after, std::isnan(report.order) ? full_order : std::min(report.order, full_order), of_size);
    constexpr double about = 0.3;
    if (std::abs(report.order - full_order) < about) {
      const GridValues fine = extrapolated(grids[n - 2], grids[n - 1]),
                       coarse = extrapolated(grids[n - 3], grids[n - 2]);
      const std::vector<double> between = apart(problem, coarse, fine);
      double power = 1;
      if (n >= 4) {
        const std::vector<double> earlier = apart(problem, extrapolated(grids[n - 4], grids[n - 3]), coarse);
        constexpr double least = 1, most_power = 4;
        power = order_between(earlier, between, of_size);
        power = std::isnan(power) ? least : std::clamp(power, least, most_power);
      }
      const std::vector<double> errors = errors_of(between, power, of_size);
      if (total(errors) < total(report.errors)) {
        better = fine;
        report.errors = errors;
        report.extrapolated = true;
      }
    }
  } else if (n == 2) {
    report.errors = errors_of(apart(problem, grids[0], grids[1]), 1, of_size);
  }
  write_in_order(problem, better ? *better : last, solution);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return solution;
}

std::vector<SolutionError> differences(const DirectSolution& direct, const Field& field,
                                       const ComputeOptions& compute) {
  const InsideNodes inside = inside_nodes(direct);
  std::vector<SolutionError> found;
  for (const UnknownField& u : direct.unknowns) {
    Shown shown(field, u.name, compute);
    const std::vector<double> values =
        shown({inside.points.data(), std::ssize(inside.which), std::ssize(direct.nodes)});
    found.push_back(error_between(direct, u, inside, values, true));
  }
  return found;
}

std::vector<SolutionError> exact_errors(const DirectSolution& direct, const Problem& problem) {
  const InsideNodes inside = inside_nodes(direct);
  std::vector<SolutionError> found;
  for (const ExactSolution& exact : problem.exact()) {
    const UnknownField& u = problem.unknowns()[static_cast<std::size_t>(exact.unknown)];
    std::vector<Expression> roots = {exact.value.re};
    if (u.complex) roots.push_back(exact.value.im);
    const std::size_t parts = roots.size();
    if (exact.where) roots.push_back(*exact.where);
    const calculus::Tape tape(roots);
    std::vector<double> registers(tape.registers()), values(inside.which.size() * parts);
    const std::size_t d = direct.nodes.size();
    for (std::size_t first = 0; first < inside.which.size(); first += calculus::Tape::block_points) {
      const std::size_t count = std::min<std::size_t>(calculus::Tape::block_points, inside.which.size() - first);
      const auto points = static_cast<std::int64_t>(count);
      tape.evaluate<double>(
          Isa::scalar,
          {static_cast<int>(points), {&inside.points[first * d], points, std::ssize(direct.nodes)}, {}, {}}, registers);
      for (std::size_t k = 0; k < count; ++k) {
        const bool wanted =
            !exact.where || tape.root<double>(static_cast<int>(parts), registers, static_cast<int>(points))[k] != 0;
        for (std::size_t part = 0; part < parts; ++part)
          values[(first + k) * parts + part] =
              wanted ? tape.root<double>(static_cast<int>(part), registers, static_cast<int>(points))[k]
                     : unknown_error;
      }
    }
    found.push_back(error_between(direct, u, inside, values, false));
  }
  return found;
}

}  // namespace sinefield
