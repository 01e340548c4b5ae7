// The recipes that have names, and what they make of a signal: the frequencies of its first layer and its grid of
// tiles. `fast` is tiles of small networks, `single` one large network; docs/recipes.md has the trials that chose them.
// `original` is the training of Sitzmann et al. 2020 as their code has it.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "signal/spectrum.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"

namespace sinefield {
namespace {

/// A tile narrower than this has too few samples to be worth a network.
constexpr double least_pitch = 4;
constexpr double unlimited = std::numeric_limits<double>::infinity();

/// Positions along an axis from `begin` to `end`, cut into tiles. Samples lie at integers, so that a signal reaches
/// half a sample beyond its first and its last.
void add_tiles(TileAxis& axis, double begin, double end, int tiles, double overlap, const AxisMap& map) {
  // Where a whole pitch overlaps, rounding must not let three tiles meet.
  overlap = std::min(overlap, 1 - 1e-9);
  const double scale = map.scale == 0 ? 1 : map.scale, pitch = (end - begin) / tiles;
  for (int cut = 1; cut < tiles; ++cut) {
    axis.cuts.push_back(scale * (begin + cut * pitch - 0.5) + map.offset);
    axis.reach.push_back(scale * overlap * pitch / 2);
  }
  axis.half_width = std::max(axis.half_width, scale * (1 + overlap) * pitch / 2);
}

/// An axis whose stretches from one hard cut to the next have tiles of their own, and overlap nowhere.
TileAxis axis_of(const std::vector<double>& ends, const std::vector<int>& tiles, double overlap, const AxisMap& map) {
  const double scale = map.scale == 0 ? 1 : map.scale;
  const auto place = [&](double position) { return scale * (position - 0.5) + map.offset; };
  TileAxis axis{.low = place(0), .high = place(ends.back()), .cuts = {}, .reach = {}, .half_width = 0};
  double begin = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (i > 0) {
      axis.cuts.push_back(place(begin));
      axis.reach.push_back(0);
    }
    add_tiles(axis, begin, ends[i], tiles[i], overlap, map);
    begin = ends[i];
  }
  return axis;
}

int rounded(double count, double samples) {
  return static_cast<int>(std::lround(std::clamp(count, 1.0, std::max(1.0, std::floor(samples / least_pitch)))));
}

/// The ends of the shots along axis 0; of other signals the end alone.
std::vector<double> shot_ends(const Signal& signal) {
  std::vector<double> ends = signal.cuts;
  ends.push_back(static_cast<double>(signal.samples->sizes()[0]));
  return ends;
}

/// Tiles for every shot by a pitch, 1 at least.
std::vector<int> shot_tiles(const std::vector<double>& ends, double pitch) {
  std::vector<int> tiles;
  double begin = 0;
  for (const double end : ends) {
    tiles.push_back(rounded((end - begin) / pitch, end - begin));
    begin = end;
  }
  return tiles;
}

/// Tiles on the axes of an automatic grid: on axis 0 for each shot.
struct Grid {
  std::vector<int> shots;
  std::vector<int> others;  // on the axes after the first
};

double tiles_of(const Grid& grid) {
  double product = 0;
  for (const int tiles : grid.shots) product += tiles;
  for (const int tiles : grid.others) product *= tiles;
  return product;
}

Grid automatic_grid(const Signal& signal, const Recipe& recipe, double tiles) {
  std::vector<double> sizes(signal.samples->sizes().begin(), signal.samples->sizes().end());
  const std::vector<double> ends = shot_ends(signal);
  if (sizes.size() == 1) return {{std::max(1, static_cast<int>(std::min(tiles, sizes[0] / least_pitch)))}, {}};
  if (sizes.size() == 2) {
    const int rows = rounded(std::min(tiles, std::sqrt(tiles * sizes[0] / sizes[1])), sizes[0]);
    return {{rows}, {rounded(tiles / rows, sizes[1])}};
  }
  // Samples that make a unit of length: along z, y, x of a volume by their spacing, in time by the recipe.
  std::array<double, 3> unit{1, 1, 1};
  if (const auto* volume = std::get_if<VolumeFormat>(&signal.format))
    for (std::size_t i = 0; i < 3; ++i) unit[i] = 1 / volume->spacing[i];
  if (signal_kind(signal.format) == SignalKind::video) unit[0] = recipe.frames_per_pixel;
  const double volume = sizes[0] * sizes[1] * sizes[2] / tiles;
  const double side = std::cbrt(volume / (unit[0] * unit[1] * unit[2]));
  // Of the grids around that, the one that makes most of the tiles: what rounding leaves goes to axis 0.
  Grid best;
  const double across[] = {sizes[1] / (side * unit[1]), sizes[2] / (side * unit[2])};
  for (const double rows : {std::floor(across[0]), std::ceil(across[0])})
    for (const double columns : {std::floor(across[1]), std::ceil(across[1])}) {
      Grid grid{{}, {rounded(rows, sizes[1]), rounded(columns, sizes[2])}};
      double pitch = volume / (sizes[1] / grid.others[0] * sizes[2] / grid.others[1]);
      for (grid.shots = shot_tiles(ends, pitch); tiles_of(grid) > tiles && pitch < sizes[0];) {
        pitch *= 1.01;
        grid.shots = shot_tiles(ends, pitch);
      }
      const bool fits = tiles_of(grid) <= tiles, best_fits = !best.shots.empty() && tiles_of(best) <= tiles;
      if (best.shots.empty() || (fits && !best_fits) ||
          (fits == best_fits && (tiles_of(grid) > tiles_of(best)) == fits))
        best = grid;
    }
  return best;
}

/// The tiles that were asked for, those of axis 0 shared out among the shots by their lengths.
Grid given_grid(const Signal& signal, const std::vector<int>& along) {
  const std::vector<std::int64_t>& sizes = signal.samples->sizes();
  std::string wanted, size;
  bool good = along.size() == sizes.size();
  for (std::size_t i = 0; i < along.size(); ++i) {
    good = good && along[i] >= 1 && along[i] <= sizes[i];
    wanted += fmt::format("{}{}", i == 0 ? "" : " x ", along[i]);
  }
  for (const std::int64_t n : sizes) size += fmt::format("{}{}", size.empty() ? "" : " x ", n);
  if (!good)
    throw bad_input(
        fmt::format("{} tiles for a {} of {} samples, expected a number for each axis, from 1 to its "
                    "samples",
                    wanted, signal_kind_name(signal_kind(signal.format)), size));
  const std::vector<double> ends = shot_ends(signal);
  Grid grid{{along[0]}, {along.begin() + 1, along.end()}};
  if (ends.size() > 1) grid.shots = shot_tiles(ends, ends.back() / along[0]);
  return grid;
}

}  // namespace

std::string_view schedule_name(Schedule schedule) {
  switch (schedule) {
    case Schedule::constant:
      return "constant";
    case Schedule::cosine:
      return "cosine";
    case Schedule::restarts:
      return "restarts";
  }
  return "";
}

std::span<const Recipe> recipes(SignalKind kind) {
  static const std::array<Recipe, 3> of_pictures = {
      Recipe{.name = "fast",
             .tiles = {.kind = TileChoice::Kind::automatic},
             .width = 16,
             .nyquist_share = 0.18,
             .omega_first_limit = unlimited,
             .omega_hidden = 5,
             .lr = 8e-3,
             .schedule = Schedule::restarts,
             .batch = 128,
             .steps = 400},
      Recipe{.name = "single"},
      Recipe{.name = "original",
             .omega_first = 30,
             .lr = 1e-4,
             .schedule = Schedule::constant,
             .batch = 0,
             .clip_norm = 0,
             .rollback = false,
             .steps = 10'000},
  };
  static const std::array<Recipe, 3> of_sounds = {
      Recipe{.name = "fast",
             .tiles = {.kind = TileChoice::Kind::automatic},
             .overlap = 0.1,
             .width = 16,
             .hidden_layers = 1,
             .nyquist_share = 0.16,
             .omega_first_limit = unlimited,
             .lr = 5e-3,
             .schedule = Schedule::restarts,
             .batch = 128,
             .steps = 900,
             .parameters_per_sample = 0.36},
      Recipe{.name = "single", .nyquist_share = 0.16, .omega_first_limit = 10'000},
      Recipe{.name = "original",
             .omega_first = 3000,
             .lr = 1e-4,
             .schedule = Schedule::constant,
             .batch = 0,
             .clip_norm = 0,
             .rollback = false,
             .steps = 9'001},
  };
  static const std::array<Recipe, 3> of_videos = {
      Recipe{.name = "fast",
             .tiles = {.kind = TileChoice::Kind::automatic},
             .overlap = 0.07,
             .width = 16,
             .nyquist_share = 0.18,
             .time_nyquist_share = 0.4,
             .omega_first_limit = unlimited,
             .omega_hidden = 12,
             .lr = 1e-2,
             .schedule = Schedule::restarts,
             .batch = 128,
             .steps = 4000,
             .parameters_per_sample = 0.024},
      Recipe{.name = "single", .width = 512},
      Recipe{.name = "original",
             .width = 1024,
             .omega_first = 30,
             .lr = 1e-4,
             .schedule = Schedule::constant,
             .batch_share = 38e-4,
             .clip_norm = 0,
             .rollback = false,
             .steps = 100'000},
  };
  static const std::array<Recipe, 3> of_volumes = [] {
    std::array<Recipe, 3> all = of_videos;
    all[0].overlap = 0.25;
    all[0].steps = 1000;
    all[0].parameters_per_sample = 0.15;
    return all;
  }();
  return kind == SignalKind::sound    ? std::span<const Recipe>(of_sounds)
         : kind == SignalKind::video  ? std::span<const Recipe>(of_videos)
         : kind == SignalKind::volume ? std::span<const Recipe>(of_volumes)
                                      : std::span<const Recipe>(of_pictures);
}

const Recipe& recipe_named(SignalKind kind, std::string_view name) {
  std::string known;
  for (const Recipe& recipe : recipes(kind)) {
    if (recipe.name == name) return recipe;
    known += (known.empty() ? "" : ", ") + recipe.name;
  }
  throw bad_input(fmt::format("--recipe {}: unknown recipe", name), "known ones: " + known);
}

Recipe with_activation(Recipe recipe, Activation activation) {
  recipe.activation = activation;
  switch (activation) {
    case Activation::sine:
    case Activation::finer:
      return recipe;
    case Activation::gauss:
      recipe.omega_first = 30;
      recipe.omega_hidden = 3;
      return recipe;
    default:
      recipe.omega_first = recipe.omega_hidden = 1;
      return recipe;
  }
}

Encoding encoding_of(const Recipe& recipe, const Signal& signal, const Tiling& tiling) {
  Encoding encoding = recipe.encoding;
  if (encoding.kind != Encoding::Kind::positional || encoding.size > 0) return encoding;
  const std::vector<std::int64_t> sizes = signal.samples->sizes();
  double fewest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < sizes.size(); ++i)
    fewest = std::min(fewest, static_cast<double>(sizes[i]) / (tiling.axes.empty() ? 1 : tiling.axes[i].tiles()));
  encoding.size = sizes.size() == 3 ? 10 : std::clamp(static_cast<int>(std::floor(std::log2(fewest / 4))), 1, 24);
  return encoding;
}

double suggested_overlap(const Recipe& recipe, Supervise supervise) {
  return supervise == Supervise::laplacian ? 0.4 : recipe.overlap;
}

double suggested_lr(const Recipe& recipe, int usual_width) {
  return recipe.width < 1 ? recipe.lr : recipe.lr * std::sqrt(static_cast<double>(usual_width) / recipe.width);
}

std::vector<double> omegas_of(const Recipe& recipe, const Signal& signal) {
  const std::vector<AxisMap> axes = signal_axes(signal.format);
  if (recipe.omega_first != 0) return std::vector<double>(axes.size(), recipe.omega_first);
  const SpectralCentroid centroid = spectral_centroid(*signal.samples, uncounted_channel(signal.format));
  const SignalKind kind = signal_kind(signal.format);
  std::vector<double> omegas;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    // Of a picture or a frame one for both ways.
    const bool frame = kind != SignalKind::volume && i + 2 >= axes.size();
    const double cap = kind == SignalKind::video && i == 0 ? recipe.time_nyquist_share : recipe.nyquist_share;
    const double share = std::min(2 * (frame ? centroid.across : centroid.along[i]), cap);
    // A signal that hardly varies, or is a single sample, needs a few waves from end to end all the same.
    const double nyquist = axes[i].scale == 0 ? 0 : std::numbers::pi / axes[i].scale;
    omegas.push_back(std::min(std::max(5.0, share * nyquist), recipe.omega_first_limit));
  }
  return omegas;
}

Tiling signal_tiling(const Signal& signal, const Recipe& recipe, std::int64_t parameters) {
  Grid grid;
  const std::vector<AxisMap> axes = signal_axes(signal.format);
  if (recipe.tiles.kind == TileChoice::Kind::automatic) {
    const Architecture network{.inputs = static_cast<int>(axes.size()),
                               .outputs = signal.samples->channels(),
                               .width = recipe.width,
                               .hidden_layers = recipe.hidden_layers,
                               .encoding = encoding_of(recipe, signal, {})};
    const double budget =
        parameters > 0
            ? static_cast<double>(parameters)
            : recipe.parameters_per_sample * static_cast<double>(signal.samples->points()) * signal.samples->channels();
    grid =
        automatic_grid(signal, recipe, std::clamp(budget / static_cast<double>(parameter_count(network)), 1.0, 0x1p24));
  } else {
    grid = given_grid(signal, recipe.tiles.along);
  }
  Tiling tiling;
  tiling.blend = recipe.blend;
  tiling.axes.push_back(axis_of(shot_ends(signal), grid.shots, recipe.overlap, axes[0]));
  for (std::size_t i = 1; i < axes.size(); ++i)
    tiling.axes.push_back(
        axis_of({static_cast<double>(signal.samples->sizes()[i])}, {grid.others[i - 1]}, recipe.overlap, axes[i]));
  return tiling;
}

}  // namespace sinefield
