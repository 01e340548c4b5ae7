// SPDX-License-Identifier: MIT
#include "train/tile_solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "calculus/tape.h"
#include "engine/workers.h"
#include "field/tiling.h"
#include "sinefield/error.h"
#include "sinefield/first_frequencies.h"
#include "train/collocated_terms.h"
#include "train/feature_ladder.h"
#include "train/linear_terms.h"
#include "train/rung_system.h"
#include "train/tile_last_layers.h"

namespace sinefield::train {
namespace {

/// Half of an overlap, of the distance of two cuts.
constexpr double reach = 0.4;
/// Features of a tile where the problem says neither how many tiles nor how many features: fewer make more overlaps,
/// more make every tile cost more.
constexpr int features_by_rule = 50;
/// Of one system, where the wavenumber is given: beyond it tiles come to the same error in a tenth of the time.
constexpr int most_at_once = 2000;
/// What a change of a weight costs of what it counts in the equations: it keeps weights in the range of floats.
constexpr double ridge = 1e-11;
/// Of all tiles together: some 16 GiB in two dimensions.
constexpr double most_features = 1e6;

struct Grid {
  std::vector<TileAxis> axes;
  Rung in_tile;  // its wavenumber in coordinates of the whole
  std::int64_t tiles = 1;
};

/// Tiles as near to cubes as they can be, `along` of them on the longest side.
std::vector<TileAxis> axes_of(const std::vector<AxisMap>& axes, const Problem& problem, int along) {
  double longest = 0;
  std::vector<double> low, high;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const ProblemCoordinate& c = problem.coordinates()[i];
    low.push_back(axes[i].scale * c.low + axes[i].offset);
    high.push_back(axes[i].scale * c.high + axes[i].offset);
    longest = std::max(longest, high[i] - low[i]);
  }
  std::vector<TileAxis> made;
  double half_width = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    TileAxis axis;
    axis.low = low[i];
    axis.high = high[i];
    const int count = std::max(1, static_cast<int>(std::lround(along * (high[i] - low[i]) / longest)));
    const double pitch = (high[i] - low[i]) / count;
    for (int k = 1; k < count; ++k) axis.cuts.push_back(low[i] + pitch * k);
    axis.reach.assign(axis.cuts.size(), reach * pitch);
    half_width = std::max(half_width, pitch * (count > 1 ? 0.5 + reach : 0.5));
    made.push_back(std::move(axis));
  }
  // The same of all axes, so that wavenumbers in a tile reach as far along one as along another.
  for (TileAxis& axis : made) axis.half_width = half_width;
  return made;
}

double volume_of_tile(const std::vector<TileAxis>& axes) {
  return std::pow(2 * axes.front().half_width, static_cast<double>(axes.size()));
}

Grid grid_of(const Problem& problem, const std::vector<AxisMap>& axes) {
  const int d = static_cast<int>(axes.size());
  const std::optional<double> wavenumber = given_wavenumber(problem, axes);
  const std::optional<int> wanted = problem.features.tiles;
  Grid grid;
  for (int along = wanted.value_or(1);; ++along) {
    grid.axes = axes_of(axes, problem, along);
    double tiles = 1;
    for (const TileAxis& axis : grid.axes) tiles *= axis.tiles();
    const double volume = volume_of_tile(grid.axes);
    if (problem.features.count)
      grid.in_tile.features = static_cast<int>(std::max(8.0, *problem.features.count / tiles));
    else
      grid.in_tile.features = wavenumber ? features_for(*wavenumber, volume, d) : features_by_rule;
    grid.in_tile.wavenumber = wavenumber.value_or(wavenumber_for(grid.in_tile.features, volume, d));
    if (tiles * grid.in_tile.features > most_features)
      throw bad_input(fmt::format("{:.2g} features in {:.2g} tiles, expected at most {:.0g}",
                                  tiles * grid.in_tile.features, tiles, most_features),
                      "give a smaller `wavenumber`, fewer `tiles`, or a smaller part of the problem");
    grid.tiles = static_cast<std::int64_t>(tiles);
    if (wanted || grid.in_tile.features <= features_by_rule) return grid;
  }
}

/// All features where terms are, as if they were of one network.
Rung as_one_network(const Problem& problem, const std::vector<AxisMap>& axes, const Grid& grid) {
  double box = 1;
  for (const TileAxis& axis : grid.axes) box *= axis.high - axis.low;
  const double share = std::min(1.0, network_volume(problem, axes) / box),
               features = share * static_cast<double>(grid.tiles * grid.in_tile.features);
  return {static_cast<int>(std::ceil(features)), grid.in_tile.wavenumber};
}

/// Features in tiles, with weights yet to be found.
Field features_in_tiles(const Grid& grid, const std::vector<AxisMap>& axes, int outputs, std::uint64_t seed) {
  Field field;
  field.kind = FieldKind::tiles;
  field.axes = axes;
  field.channels.assign(static_cast<std::size_t>(outputs), {1, 0});
  field.tiling.axes = grid.axes;
  field.tiling.normalisation.assign(static_cast<std::size_t>(grid.tiles * outputs), {1, 0});
  const DiscFrequencies frequencies{grid.in_tile.wavenumber * grid.axes.front().half_width};
  for (std::int64_t tile = 0; tile < grid.tiles; ++tile)
    field.networks.push_back(features_network(static_cast<int>(axes.size()), outputs, grid.in_tile.features,
                                              frequencies, seed, static_cast<std::uint32_t>(tile)));
  return field;
}

/// The terms' equations of channels that have the same coefficients, as forms: one right side for each of them.
PointForms forms_of(const std::vector<const std::vector<TermEquations>*>& alike, const std::vector<double>& scales,
                    int inputs) {
  const std::vector<TermEquations>& terms = *alike.front();
  const auto axes_of = [](const engine::JetPlan& plan, const engine::SecondOrder::Term& t) {
    const AxisPair pair = {plan.axis(t.i), plan.axis(t.j)};
    return AxisPair{std::min(pair[0], pair[1]), std::max(pair[0], pair[1])};
  };
  std::set<AxisPair> pairs;
  for (const TermEquations& e : terms)
    for (const engine::SecondOrder& op : e.plan.second)
      for (const engine::SecondOrder::Term& t : op.terms) pairs.insert(axes_of(e.plan, t));
  const std::vector<AxisPair> seconds(pairs.begin(), pairs.end());
  PointForms forms(inputs, static_cast<int>(alike.size()), seconds);
  const auto count = static_cast<std::size_t>(forms.terms()), sides = alike.size();
  std::vector<double> row(count), matrix(count * count), right(count * sides);
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const TermEquations& e = terms[t];
    const std::size_t first_operator = 1 + static_cast<std::size_t>(e.plan.first);
    for (std::int64_t p = 0; p < e.points; ++p) {
      std::ranges::fill(matrix, 0.0);
      std::ranges::fill(right, 0.0);
      const double share = scales[t] * e.weights[static_cast<std::size_t>(p)];
      for (int r = 0; r < e.components; ++r) {
        const double* const streams = e.of(r, 0).row(p);
        std::ranges::fill(row, 0.0);
        row[0] = streams[0];
        for (int k = 0; k < e.plan.first; ++k) row[1 + static_cast<std::size_t>(e.plan.axis(k))] = streams[1 + k];
        for (std::size_t s = 0; s < e.plan.second.size(); ++s)
          for (const engine::SecondOrder::Term& term : e.plan.second[s].terms) {
            const auto at = std::ranges::lower_bound(seconds, axes_of(e.plan, term));
            row[static_cast<std::size_t>(1 + inputs) + static_cast<std::size_t>(at - seconds.begin())] +=
                term.a * streams[first_operator + s];
          }
        for (std::size_t i = 0; i < count; ++i) {
          for (std::size_t j = 0; j < count; ++j) matrix[i * count + j] += share * row[i] * row[j];
          for (std::size_t k = 0; k < sides; ++k)
            right[i * sides + k] += share * row[i] * (*alike[k])[t].right[static_cast<std::size_t>(r * e.points + p)];
        }
      }
      forms.add(std::span(e.x).subspan(static_cast<std::size_t>(p * inputs), static_cast<std::size_t>(inputs)), matrix,
                right);
    }
  }
  return forms;
}

/// The last layers of a field of tiles as those of some outputs of another.
void take(const Field& from, const std::vector<std::size_t>& outputs, Field& to) {
  for (std::size_t tile = 0; tile < to.networks.size(); ++tile) {
    const LayerSlice own = layer_slices(from.networks[tile].architecture).back(),
                     theirs = layer_slices(to.networks[tile].architecture).back();
    const float* const source = from.networks[tile].parameters.data();
    float* const target = to.networks[tile].parameters.data();
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      const auto here = static_cast<std::int64_t>(k), there = static_cast<std::int64_t>(outputs[k]);
      std::copy_n(source + own.weight + here * own.inputs, own.inputs, target + theirs.weight + there * own.inputs);
      target[theirs.bias + there] = source[own.bias + here];
    }
  }
}

class TileSolve {
 public:
  TileSolve(const Problem& problem, const SolveOptions& options)
      : problem_(problem),
        options_(options),
        axes_(problem_axes(problem)),
        workers_(engine::make_workers(options.compute.threads)),
        terms_(problem, axes_, options.compute.isa, *workers_),
        channels_(static_cast<int>(problem.graph()->channels().size())),
        grid_(grid_of(problem, axes_)),
        whole_(as_one_network(problem, axes_, grid_)) {}

  SolveResult run(const std::function<void(const SolveProgress&)>& on_progress) {
    const std::vector<TermEquations> equations = equations_of(whole_, options_.seed, nullptr);
    const std::vector<std::vector<TermEquations>> groups = groups_of(equations);
    const std::vector<double> scales = balance(equations);
    SolveResult result{features_in_tiles(grid_, axes_, channels_, options_.seed), {}};
    for (const AlikeGroups& of : alike(groups)) {
      if (options_.stop.stop_requested()) throw failure("the solve was stopped");
      Field of_these = features_in_tiles(grid_, axes_, static_cast<int>(of.groups.size()), options_.seed);
      solve_last_layers(of_these, forms_of(of.sides, scales, static_cast<int>(axes_.size())), ridge, options_.compute);
      take(of_these, of.groups, result.field);
    }
    SolveReport& report = result.report;
    report.features = static_cast<int>(features_that_count(result.field));
    report.wavenumber = grid_.in_tile.wavenumber;
    for (const TermEquations& e : equations) report.rows += e.points * e.components;
    report.method = fmt::format("{} tiles, normal equations", grid_text(result.field.tiling));
    report.warning = why_too_few(grid_.in_tile.features, grid_.in_tile.wavenumber, volume_of_tile(grid_.axes),
                                 static_cast<int>(axes_.size()));
    Rung fewer = whole_;
    fewer.features /= 2;
    const Residuals residuals =
        residuals_of(problem_.terms(), equations_of(fewer, options_.seed + unseen, &result.field),
                     equations_of(fewer, options_.seed + unseen, nullptr), scales);
    report.terms = residuals.terms;
    report.residual = residuals.relative;
    if (on_progress) on_progress({report.features, report.wavenumber, report.rows, report.residual});
    return result;
  }

  std::vector<std::string> explain() {
    const std::vector<TermEquations> look = equations_of({500, 10}, options_.seed, nullptr);
    std::vector<std::string> lines = words_of_terms(problem_, look);
    const auto groups = static_cast<double>(groups_of(look).size());
    double rows = 0;
    for (std::size_t t = 0; t < look.size(); ++t)
      rows += static_cast<double>(terms_.points_for(problem_.terms()[t], whole_)) * look[t].components;
    lines.push_back(fmt::format(
        "linear: one sparse least-squares solve in {} tiles of {} features up to wavenumber {:.4g}: about {:.0f} rows "
        "and {} unknowns for each of {:.0f} parts",
        grid_text({.axes = grid_.axes, .normalisation = {}}), grid_.in_tile.features, grid_.in_tile.wavenumber,
        rows / groups, whole_.features, groups));
    return lines;
  }

 private:
  /// Of tiles in which something is.
  std::int64_t features_that_count(const Field& field) const {
    const auto counts = [](const Network& network) {
      const auto last = network.parameters.begin() + layer_slices(network.architecture).back().weight;
      return std::any_of(last, network.parameters.end(), [](float w) { return w != 0; });
    };
    return std::ranges::count_if(field.networks, counts) * grid_.in_tile.features;
  }

  std::vector<TermEquations> equations_of(const Rung& rung, std::uint64_t seed, const Field* about) const {
    return terms_.equations_at(terms_.points_of(rung, seed, CollocatedTerms::Weights::of_each), about);
  }

  /// Of each channel on its own.
  std::vector<std::vector<TermEquations>> groups_of(const std::vector<TermEquations>& equations) const {
    if (channels_ == 1) return {equations};
    std::vector<std::vector<TermEquations>> groups = apart(equations, 1);
    if (groups.empty())
      throw bad_input("features in tiles, and equations that tie unknowns together, or complex ones",
                      "leave `tiles` out, or give a wavenumber of few enough features");
    return groups;
  }

  /// By the features of one network of these wavenumbers: what weighs alike does not depend on tiles.
  std::vector<double> balance(const std::vector<TermEquations>& equations) {
    constexpr int some = 200;
    RungSystem<double> system(features_of(axes_, {some, grid_.in_tile.wavenumber}, 1, options_.seed), channels_, true,
                              options_.compute.isa, *workers_);
    return system.scales(problem_.terms(), equations);
  }

  const Problem& problem_;
  const SolveOptions& options_;
  std::vector<AxisMap> axes_;
  std::unique_ptr<engine::Workers> workers_;
  CollocatedTerms terms_;
  int channels_;
  Grid grid_;
  Rung whole_;
};

/// Whether each equation is one of a single real channel.
bool apart_by_terms(const Problem& problem) {
  for (const Term& term : problem.terms())
    for (const Expression& component : real_components(term)) {
      const calculus::Tape tape(std::vector{component});
      std::set<int> channels;
      for (const Stream& s : tape.streams()) channels.insert(s.channel);
      if (channels.size() > 1) return false;
    }
  return true;
}

}  // namespace

bool wants_tiles(const Problem& problem, int most) {
  const Features& wanted = problem.features;
  if (wanted.tiles) {
    if (!is_linear(problem))
      throw bad_input("features in tiles of a problem that is not linear", "leave `tiles` out of [features]");
    if (wanted.slabs.value_or(1) > 1 || !wanted.windows.empty())
      throw bad_input("features in tiles, and in slabs or windows too", "leave `tiles` or these out");
    return true;
  }
  if (wanted.count || !wanted.windows.empty() || wanted.slabs.value_or(1) > 1) return false;
  const std::vector<AxisMap> axes = problem_axes(problem);
  const std::optional<double> wavenumber = given_wavenumber(problem, axes);
  return wavenumber &&
         features_for(*wavenumber, network_volume(problem, axes), static_cast<int>(axes.size())) >
             std::min(most, most_at_once) &&
         is_linear(problem) && apart_by_terms(problem);
}

SolveResult solve_in_tiles(const Problem& problem, const SolveOptions& options,
                           const std::function<void(const SolveProgress&)>& on_progress) {
  return TileSolve(problem, options).run(on_progress);
}

std::vector<std::string> explain_tiles(const Problem& problem, const SolveOptions& options) {
  return TileSolve(problem, options).explain();
}

}  // namespace sinefield::train
