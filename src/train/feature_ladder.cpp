// SPDX-License-Identifier: MIT
#include "train/feature_ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <map>
#include <numbers>
#include <optional>
#include <utility>

#include "problem/collocation.h"
#include "sinefield/error.h"
#include "sinefield/first_frequencies.h"

namespace sinefield::train {
namespace {

/// Of features to degrees of freedom. Where nothing says how high wavenumbers are, smooth solutions are found to
/// rounding from four times as many on; where the wavenumber is known, features need to be twice as many.
constexpr double for_smooth_fields = 4.5, for_known_waves = 1.96;
constexpr double waves_of_ball = 10;  // largest wavenumber times the radius

double scale_of_space(const Problem& problem, const std::vector<AxisMap>& axes) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (!problem.coordinates()[i].time) return axes[i].scale;
  return 1;
}

}  // namespace

double network_volume(const Problem& problem, const std::vector<AxisMap>& axes) {
  double volume = problem::covered_measure(problem);
  for (const AxisMap& axis : axes) volume *= axis.scale;
  return volume;
}

double degrees_of_freedom(double wavenumber, double volume, int d) {
  const double ball = std::pow(std::numbers::pi, d / 2.0) / std::tgamma(d / 2.0 + 1);
  return volume * ball * std::pow(wavenumber / (2 * std::numbers::pi), d);
}

double wavenumber_for(int features, double volume, int d) {
  return std::pow(features / (for_smooth_fields * degrees_of_freedom(1, volume, d)), 1.0 / d);
}

int features_for(double wavenumber, double volume, int d) {
  constexpr double fewest = 50, most = 1e6;
  return static_cast<int>(
      std::clamp(std::ceil(for_known_waves * degrees_of_freedom(wavenumber, volume, d)), fewest, most));
}

std::optional<double> given_wavenumber(const Problem& problem, const std::vector<AxisMap>& axes) {
  if (!problem.features.wavenumber) return {};
  return *problem.features.wavenumber / scale_of_space(problem, axes);
}

double own_wavenumber(const std::vector<TermEquations>& terms) {
  std::vector<double> squares;
  for (const TermEquations& e : terms) {
    if (e.plan.second.empty()) continue;
    const auto first_operator = std::size_t{1} + static_cast<std::size_t>(e.plan.first),
               streams = first_operator + e.plan.second.size();
    std::vector<double> traces;
    for (const engine::SecondOrder& op : e.plan.second) {
      double trace = 0;
      for (const engine::SecondOrder::Term& t : op.terms) trace += t.i == t.j ? t.a : 0;
      traces.push_back(trace / e.plan.first);
    }
    const bool complex = is_complex(e);
    for (int r = 0; r < e.components; r += complex ? 2 : 1)
      for (int c = 0; c < e.channels; c += complex ? 2 : 1)
        for (std::int64_t p = 0; p < e.points; ++p) {
          const auto number = [&](std::size_t s) {
            return std::complex(e.of(r, c).row(p)[s], complex ? e.of(r + 1, c).row(p)[s] : 0);
          };
          std::complex<double> second = 0;
          for (std::size_t s = first_operator; s < streams; ++s) second += number(s) * traces[s - first_operator];
          // Where it is complex waves are absorbed, and decay as fast as they oscillate.
          if (second == 0.0) continue;
          const std::complex<double> square = number(0) / second;
          if (std::abs(square.imag()) <= 1e-3 * std::abs(square)) squares.push_back(square.real());
        }
  }
  if (squares.empty()) return 0;
  const auto at = squares.begin() + std::ssize(squares) * 99 / 100;  // not what a few odd points say
  std::ranges::nth_element(squares, at);
  return std::sqrt(std::max(0.0, *at));
}

namespace {

std::vector<FeatureBall> balls_of(const Problem& problem, const std::vector<AxisMap>& axes) {
  std::vector<FeatureBall> balls;
  for (const FeatureWindows& w : problem.features.windows)
    for (const double radius : w.radii) {
      if (axes.size() != w.centre.size())
        throw bad_input("windows of features in a problem with time", "they are offered for problems of space alone");
      FeatureBall ball{{}, scale_of_space(problem, axes) * radius, w.features};
      for (std::size_t i = 0; i < axes.size(); ++i) ball.centre.push_back(axes[i].scale * w.centre[i] + axes[i].offset);
      balls.push_back(std::move(ball));
    }
  return balls;
}

std::vector<Rung> without_balls(const Problem& problem, const std::vector<AxisMap>& axes, double own_wavenumber,
                                int most) {
  const int d = static_cast<int>(axes.size());
  const double volume = network_volume(problem, axes);
  const Features& wanted = problem.features;
  const double given = given_wavenumber(problem, axes).value_or(0);
  if (wanted.count) {
    const double natural = own_wavenumber > 0 ? 2 * own_wavenumber : wavenumber_for(*wanted.count, volume, d);
    return {{*wanted.count, given > 0 ? given : natural}};
  }
  if (given > 0) {
    constexpr int most_at_once = 20'000;
    const int count = features_for(given, volume, d);
    if (count > most_at_once)
      throw bad_input(fmt::format("a wavenumber of {} needs {} features, more than {} in one system",
                                  *wanted.wavenumber, count, most_at_once),
                      "give a smaller `wavenumber`, or a `count`; linear problems of one real unknown go in tiles");
    return {{count, given}};
  }
  std::vector<Rung> rungs;
  constexpr int fewest = 250;
  if (features_for(2 * own_wavenumber, volume, d) > fewest) {
    for (const double times : {2.0, 3.0}) {
      const int count = features_for(times * own_wavenumber, volume, d);
      if (count <= most || rungs.empty()) rungs.push_back({std::min(count, most), times * own_wavenumber});
    }
    return rungs;
  }
  for (int count = std::min(fewest, most); count <= most; count *= 2)
    rungs.push_back({count, wavenumber_for(count, volume, d)});
  return rungs;
}

}  // namespace

std::vector<Rung> rungs_of(const Problem& problem, const std::vector<AxisMap>& axes, double own_wavenumber, int most) {
  std::vector<Rung> rungs = without_balls(problem, axes, own_wavenumber, most);
  for (Rung& rung : rungs) rung.balls = balls_of(problem, axes);
  return rungs;
}

bool FeatureBall::contains(std::span<const double> x) const {
  double square = 0;
  for (std::size_t i = 0; i < centre.size(); ++i) square += (x[i] - centre[i]) * (x[i] - centre[i]);
  return square < radius * radius;
}

int Rung::features_in_balls() const {
  int count = 0;
  for (const FeatureBall& ball : balls) count += ball.features;
  return count;
}

Network features_network(int inputs, int outputs, int features, const DiscFrequencies& frequencies, std::uint64_t seed,
                         std::uint32_t stream) {
  const Architecture architecture{
      .inputs = inputs, .outputs = outputs, .width = features, .hidden_layers = 0, .omega_first = 1};
  Network network = initial_network(architecture, frequencies, seed, stream);
  const LayerSlice last = layer_slices(architecture).back();
  std::fill(network.parameters.begin() + last.weight, network.parameters.end(), 0.0F);
  return network;
}

Field features_of(const std::vector<AxisMap>& axes, const Rung& rung, int outputs, std::uint64_t seed) {
  Field field;
  field.kind = FieldKind::sum;
  field.axes = axes;
  field.channels.assign(static_cast<std::size_t>(outputs), {1, 0});
  const auto add = [&](int width, double wavenumber, std::optional<Window> window) {
    field.networks.push_back(features_network(static_cast<int>(axes.size()), outputs, width,
                                              DiscFrequencies{wavenumber}, seed,
                                              static_cast<std::uint32_t>(field.networks.size())));
    field.windows.push_back(std::move(window));
  };
  add(rung.features, rung.wavenumber, std::nullopt);
  for (const FeatureBall& ball : rung.balls)
    add(ball.features, waves_of_ball / ball.radius, Window{ball.centre, ball.radius});
  return field;
}

Refinement refinement_of(const Rung& rung, const std::vector<ResidualShare>& shares, int most_features) {
  const std::size_t d = shares.front().at.size();
  // A ball's wavenumbers reach twice as far as what is there before.
  const double largest = waves_of_ball / (2 * rung.wavenumber);
  std::map<std::pair<double, std::vector<std::int64_t>>, double> cells;  // of radius and place
  double all = 0;
  for (const ResidualShare& share : shares) {
    double radius = largest;
    for (const FeatureBall& ball : rung.balls)
      if (ball.contains(share.at)) radius = std::min(radius, ball.radius / 2);
    std::vector<std::int64_t> cell;
    for (const double x : share.at) cell.push_back(std::llround(x / radius));
    cells[{radius, cell}] += share.square;
    all += share.square;
  }
  std::vector<std::pair<double, const std::pair<double, std::vector<std::int64_t>>*>> ranked;
  for (const auto& [cell, square] : cells) ranked.emplace_back(square, &cell);
  std::ranges::sort(ranked, [](const auto& a, const auto& b) { return a.first > b.first; });
  // As many for each degree of freedom of a ball as for the whole.
  const double volume = std::pow(2.0, static_cast<double>(d)) / 2;
  const int features =
      std::max(8, static_cast<int>(std::ceil(3 * degrees_of_freedom(waves_of_ball, volume, static_cast<int>(d)))));
  constexpr double share_of_residual = 0.5;
  Refinement refinement{{}, 0};
  double taken = 0;
  for (const auto& [square, cell] : ranked) {
    if (taken >= share_of_residual * all || features * (std::ssize(refinement.balls) + 1) > most_features) break;
    FeatureBall ball{{}, cell->first, features};
    for (const std::int64_t i : cell->second) ball.centre.push_back(static_cast<double>(i) * cell->first);
    refinement.volume += std::pow(cell->first, static_cast<double>(d));
    refinement.balls.push_back(std::move(ball));
    taken += square;
  }
  return refinement;
}

}  // namespace sinefield::train
