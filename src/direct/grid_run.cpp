// SPDX-License-Identifier: MIT
#include "direct/grid_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "direct/box_solver.h"
#include "direct/eigen.h"
#include "direct/grid_equations.h"
#include "direct/grid_points.h"
#include "direct/sparse_solver.h"
#include "sinefield/error.h"
#include "sinefield/solve.h"

namespace sinefield::direct {
namespace {

constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();
constexpr int most_newton_steps = 40, most_halvings = 8;
constexpr int first_step_halvings = 5;  // of the first step of time, whose backward Euler is of first order

double largest(const std::vector<double>& of) {
  double most = 0;
  for (const double number : of) most = std::max(most, std::abs(number));
  return most;
}

/// What values at these times, and perhaps a rate, are multiplied by for the derivative of this order at time 0: exact
/// for polynomials of degree below their number. The first time is 0; the rate's weight is the last.
std::vector<double> time_weights(const std::vector<double>& times, std::optional<double> rate_at, int order) {
  const auto n = static_cast<eigen::Index>(times.size()), all = n + (rate_at ? 1 : 0);
  double unit = rate_at ? std::abs(*rate_at) : 0;
  for (const double t : times) unit = std::max(unit, std::abs(t));
  eigen::MatrixXd powers(all, all);
  for (eigen::Index j = 0; j < all; ++j) {
    const auto power = static_cast<double>(j);
    for (eigen::Index k = 0; k < n; ++k) powers(j, k) = std::pow(times[static_cast<std::size_t>(k)] / unit, power);
    if (rate_at) powers(j, n) = j == 0 ? 0 : power * std::pow(*rate_at / unit, power - 1) / unit;
  }
  eigen::VectorXd wanted = eigen::VectorXd::Zero(all);
  wanted[order] = (order == 2 ? 2 : 1) / std::pow(unit, order);
  const eigen::VectorXd weights = powers.fullPivLu().solve(wanted);
  return {weights.begin(), weights.end()};
}

class GridSolve {
 public:
  GridSolve(const Problem& problem, const GridSize& size, Isa isa, const std::stop_token& stop)
      : size_(size),
        grid_(problem.domain(), size.intervals),
        equations_(problem, grid_, isa),
        solver_(equations_.channels()),
        linear_(is_linear(problem)),
        stop_(stop) {
    for (const ProblemCoordinate& c : problem.coordinates())
      if (c.time) time_ = c;
  }

  bool in_sines() {
    if (time_ || !linear_) return false;
    equations_.choose(Stage::level, 0);
    return is_solved_in_sines(grid_, equations_);
  }

  GridValues run(const GridValues* before) {
    for (std::size_t axis = 0; axis < grid_.dimensions(); ++axis) result_.nodes.push_back(grid_.nodes(axis));
    if (time_) {
      std::vector<double>& times = result_.nodes.emplace_back();
      for (int k = 0; k <= size_.steps; ++k) times.push_back(time_at(k));
    }
    const std::size_t values = grid_.point_of_node().size() * moments();
    result_.values.assign(static_cast<std::size_t>(equations_.channels()), std::vector<double>(values, nowhere));
    result_.on_grid_lines = grid_.cuts() == 0;
    if (time_)
      march();
    else
      keep(steady(before), 0);
    result_.complex = solver_.complex();
    return std::move(result_);
  }

 private:
  std::size_t moments() const { return time_ ? static_cast<std::size_t>(size_.steps) + 1 : 1; }
  double time_at(int step) const {
    return step == size_.steps ? time_->high : time_->low + (time_->high - time_->low) * step / size_.steps;
  }

  void keep(const std::vector<double>& unknowns, std::size_t moment) {
    const auto channels = static_cast<std::size_t>(equations_.channels());
    for (std::size_t node = 0; node < grid_.point_of_node().size(); ++node) {
      const std::int64_t point = grid_.point_of_node()[node];
      if (point < 0) continue;
      for (std::size_t c = 0; c < channels; ++c)
        result_.values[c][node * moments() + moment] = unknowns[static_cast<std::size_t>(point) * channels + c];
    }
  }

  std::vector<double> steady(const GridValues* before) {
    equations_.choose(Stage::level, 0);
    if (linear_) {
      if (std::optional<std::vector<double>> found = solve_in_sines(grid_, equations_)) {
        result_.in_sines = true;
        return std::move(*found);
      }
    }
    std::vector<double> start(static_cast<std::size_t>(equations_.unknowns()));
    if (before != nullptr && !linear_) start = interpolated(*before);
    return solve(Moment::steady(equations_.channels()), std::move(start));
  }

  /// Of values on another grid, between its nodes that are inside.
  std::vector<double> interpolated(const GridValues& from) const {
    const auto channels = static_cast<std::size_t>(equations_.channels());
    const std::size_t d = grid_.dimensions();
    std::vector<double> unknowns(static_cast<std::size_t>(equations_.unknowns()));
    for (std::int64_t p = 0; p < grid_.count(); ++p) {
      std::array<std::size_t, 3> cell{};
      std::array<double, 3> share{};
      for (std::size_t i = 0; i < d; ++i) {
        const std::vector<double>& nodes = from.nodes[i];
        const auto last = static_cast<double>(nodes.size() - 2);
        const double at = (grid_.x(p)[i] - nodes.front()) / (nodes[1] - nodes[0]);
        cell[i] = static_cast<std::size_t>(std::clamp(std::floor(at), 0.0, last));
        share[i] = at - static_cast<double>(cell[i]);
      }
      for (std::size_t c = 0; c < channels; ++c) {
        double sum = 0, weights = 0;
        for (std::size_t corner = 0; corner < (std::size_t{1} << d); ++corner) {
          double weight = 1;
          std::size_t node = 0;
          for (std::size_t i = 0; i < d; ++i) {
            const std::size_t up = corner >> i & 1;
            weight *= up == 1 ? share[i] : 1 - share[i];
            node = node * from.nodes[i].size() + cell[i] + up;
          }
          if (const double value = from.values[c][node]; std::isfinite(value)) {
            sum += weight * value;
            weights += weight;
          }
        }
        if (weights > 0) unknowns[static_cast<std::size_t>(p) * channels + c] = sum / weights;
      }
    }
    return unknowns;
  }

  /// The equations that were chosen, from this start on.
  std::vector<double> solve(const Moment& moment, std::vector<double> found) {
    const auto squares = [&] {
      double sum = 0;
      for (std::size_t k = 0; k < found.size(); ++k) {
        const double scaled = solver_.row_scales()[k] * equations_.residual()[k];
        sum += scaled * scaled;
      }
      return sum;
    };
    equations_.linearise(moment, found);
    for (int step = 0; step < most_newton_steps; ++step) {
      if (stop_.stop_requested()) throw failure("the solve was stopped");
      solver_.factor(equations_.matrix(moment));
      const double before = squares();
      std::vector<double> change = solver_.solve(equations_.residual());
      std::vector<double> from = found;
      double share = 1;
      for (int halving = 0;; ++halving) {
        for (std::size_t k = 0; k < found.size(); ++k) found[k] = from[k] - share * change[k];
        if (linear_) break;
        equations_.linearise(moment, found);
        if (squares() < before) break;
        constexpr double rounding = 1e-9;
        if (largest(change) <= rounding * largest(from)) return from;
        if (halving == most_halvings)
          throw failure("Newton's method finds no solution on the grid",
                        "give it more points, or a problem that is nearer to a linear one");
        share /= 2;
      }
      if (!std::isfinite(largest(found))) throw failure("the solution on the grid is not finite");
      constexpr double converged = 1e-8;  // the next step would be of about the square of this one
      if (linear_ || share * largest(change) <= converged * largest(found)) return found;
    }
    throw failure("Newton's method does not come to an end on the grid", "give it more points");
  }

  void march() {
    const int channels = equations_.channels();
    const auto n = static_cast<std::size_t>(equations_.unknowns());
    int order = 0;
    for (int c = 0; c < channels; ++c) order = std::max(order, equations_.time_order(c));
    struct Level {
      double time;
      std::vector<double> unknowns;
    };
    std::vector<Level> levels;  // the last three, the latest first
    std::vector<double> rates;  // at the start
    std::vector<double> start(n);
    if (order > 0) {
      equations_.choose(Stage::start, time_->low);
      Moment moment = Moment::steady(channels);
      moment.time = time_->low;
      start = solve(moment, std::move(start));
      keep(start, 0);
      levels.push_back({time_->low, start});
    }
    if (order > 1) {
      equations_.choose(Stage::rates, time_->low);
      Moment moment = Moment::steady(channels);
      std::swap(moment.factors[0], moment.factors[1]);
      moment.known[0] = start;
      moment.time = time_->low;
      rates = solve(moment, std::vector<double>(n));
    }
    equations_.choose(Stage::level, time_->low);
    const auto solve_level = [&](double time) {
      if (equations_.places_change()) equations_.choose(Stage::level, time);
      Moment moment = Moment::steady(channels);
      moment.time = time;
      for (int q = 1; q <= order; ++q) add_history(levels, rates, q, moment);
      if (levels.empty()) return solve(moment, start);
      std::vector<double> guess = levels[0].unknowns;
      if (!linear_ && levels.size() > 1) {
        const double share = (time - levels[0].time) / (levels[0].time - levels[1].time);
        for (std::size_t k = 0; k < n; ++k) guess[k] += share * (levels[0].unknowns[k] - levels[1].unknowns[k]);
      }
      return solve(moment, std::move(guess));
    };
    if (order == 0) {
      for (int k = 0; k <= size_.steps; ++k) keep(start = solve_level(time_at(k)), static_cast<std::size_t>(k));
      return;
    }
    const auto advance = [&](double time) {
      std::vector<double> found = solve_level(time);
      levels.insert(levels.begin(), {time, std::move(found)});
      if (levels.size() > 3) levels.pop_back();
    };
    const double step = time_at(1) - time_->low;
    if (order == 1)
      for (int k = first_step_halvings; k > 0; --k) advance(time_->low + std::ldexp(step, -k));
    for (int k = 1; k <= size_.steps; ++k) {
      advance(time_at(k));
      keep(levels.front().unknowns, static_cast<std::size_t>(k));
    }
  }

  /// Time derivatives of order q at the moment, from the levels before it and the rates at the start.
  template <class Levels>
  void add_history(const Levels& levels, const std::vector<double>& rates, int q, Moment& moment) const {
    const auto order = static_cast<std::size_t>(q), channels = moment.factors[0].size();
    moment.known[order].assign(static_cast<std::size_t>(equations_.unknowns()), 0);
    for (std::size_t c = 0; c < channels; ++c) {
      const int of_channel = equations_.time_order(static_cast<int>(c));
      if (of_channel < q && q == 2) continue;
      const std::size_t used = std::min(levels.size(), order + 1);
      std::vector<double> times = {0};
      for (std::size_t k = 0; k < used; ++k) times.push_back(levels[k].time - moment.time);
      std::optional<double> rate_at;
      if (of_channel == 2 && used < order + 1) rate_at = levels.back().time - moment.time;
      const std::vector<double> weights = time_weights(times, rate_at, q);
      moment.factors[order][c] = weights[0];
      for (std::size_t p = c; p < moment.known[order].size(); p += channels) {
        double sum = rate_at ? weights.back() * rates[p] : 0;
        for (std::size_t k = 0; k < used; ++k) sum += weights[k + 1] * levels[k].unknowns[p];
        moment.known[order][p] = sum;
      }
    }
  }

  GridSize size_;
  GridPoints grid_;
  GridEquations equations_;
  SparseSolver solver_;
  bool linear_;
  std::stop_token stop_;
  std::optional<ProblemCoordinate> time_;
  GridValues result_;
};

}  // namespace

GridValues solve_on_grid(const Problem& problem, const GridSize& size, const GridValues* before, Isa isa,
                         const std::stop_token& stop) {
  return GridSolve(problem, size, isa, stop).run(before);
}

bool goes_in_sines(const Problem& problem, const GridSize& size, Isa isa) {
  return GridSolve(problem, size, isa, {}).in_sines();
}

}  // namespace sinefield::direct
