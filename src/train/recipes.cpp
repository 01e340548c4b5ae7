// The recipes that have names, and what they make of a picture: its first-layer frequency and its grid of tiles.
// `fast` is tiles of small networks, `single` one large network; docs/recipes.md has the trials that chose them.
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

TileAxis picture_axis(std::int64_t pixels, int tiles, double overlap, double scale) {
  // Where a whole pitch overlaps, rounding must not let three tiles meet.
  overlap = std::min(overlap, 1 - 1e-9);
  const double pitch = static_cast<double>(pixels) / tiles, middle = static_cast<double>(pixels - 1) / 2;
  // Pixel centres lie at integers, so that the picture reaches half a pixel beyond them.
  TileAxis axis{.low = scale * (-0.5 - middle),
                .high = scale * (static_cast<double>(pixels) - 0.5 - middle),
                .cuts = {},
                .reach = {}};
  for (int cut = 1; cut < tiles; ++cut) {
    axis.cuts.push_back(scale * (cut * pitch - 0.5 - middle));
    axis.reach.push_back(scale * overlap * pitch / 2);
  }
  axis.half_width = scale * (1 + overlap) * pitch / 2;
  return axis;
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

std::span<const Recipe> recipes() {
  static const std::array<Recipe, 3> all = {
      Recipe{.name = "fast",
             .tiles = {.kind = TileChoice::Kind::automatic},
             .width = 16,
             .nyquist_share = 0.18,
             .omega_first_limit = std::numeric_limits<double>::infinity(),
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
  return all;
}

const Recipe& recipe_named(std::string_view name) {
  std::string known;
  for (const Recipe& recipe : recipes()) {
    if (recipe.name == name) return recipe;
    known += (known.empty() ? "" : ", ") + recipe.name;
  }
  throw bad_input(fmt::format("--recipe {}: unknown recipe", name), "known ones: " + known);
}

double suggested_lr(const Recipe& recipe, int usual_width) {
  return recipe.width < 1 ? recipe.lr : recipe.lr * std::sqrt(static_cast<double>(usual_width) / recipe.width);
}

double suggested_omega_first(const Picture& picture, double nyquist_share) {
  // Samples lie 2 / (n - 1) apart in network coordinates, so that the Nyquist frequency is pi (n - 1) / 2 radians per
  // unit.
  const double side = static_cast<double>(std::max(picture.format.height, picture.format.width) - 1);
  const double share = std::min(2 * spectral_centroid(picture), nyquist_share);
  return std::max(5.0, share * std::numbers::pi * side / 2);
}

double omega_first_of(const Recipe& recipe, const Picture& picture) {
  if (recipe.omega_first != 0) return recipe.omega_first;
  return std::min(suggested_omega_first(picture, recipe.nyquist_share), recipe.omega_first_limit);
}

Tiling picture_tiling(const PictureFormat& format, const Recipe& recipe, std::int64_t parameters) {
  const auto height = static_cast<double>(format.height), width = static_cast<double>(format.width);
  int rows = recipe.tiles.rows, columns = recipe.tiles.columns;
  if (recipe.tiles.kind == TileChoice::Kind::automatic) {
    const Architecture network{
        .inputs = 2, .outputs = format.channel_count(), .width = recipe.width, .hidden_layers = recipe.hidden_layers};
    const double budget = parameters > 0 ? static_cast<double>(parameters) : height * width * format.channel_count();
    const double tiles = std::clamp(budget / static_cast<double>(parameter_count(network)), 1.0, 0x1p24);
    const auto along = [](double count, double pixels) {
      return static_cast<int>(std::lround(std::clamp(count, 1.0, std::max(1.0, std::floor(pixels / least_pitch)))));
    };
    rows = along(std::min(tiles, std::sqrt(tiles * height / width)), height);
    columns = along(tiles / rows, width);
  } else if (rows < 1 || columns < 1 || rows > format.height || columns > format.width) {
    throw bad_input(
        fmt::format("{} x {} tiles for a picture of {} x {} pixels (rows x columns), expected 1 to as many "
                    "as there are pixels",
                    rows, columns, format.height, format.width));
  }
  const double steps = std::max(height, width) - 1, scale = steps == 0 ? 1 : 2 / steps;
  Tiling tiling;
  tiling.blend = recipe.blend;
  tiling.axes = {picture_axis(format.height, rows, recipe.overlap, scale),
                 picture_axis(format.width, columns, recipe.overlap, scale)};
  // One unit of a tile is the same length both ways.
  const double half = std::max(tiling.axes[0].half_width, tiling.axes[1].half_width);
  tiling.axes[0].half_width = tiling.axes[1].half_width = half;
  return tiling;
}

}  // namespace sinefield
