// Limits of a grid of tiles, its boxes and windows.
// SPDX-License-Identifier: MIT
#include "field/tiling.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sinefield {
namespace {

/// S and its first two derivatives at t in [0, 1/2].
struct Step {
  double value, slope, curvature;
};

Step step(Blend blend, double t) {
  const double rest = 1 - t;
  switch (blend) {
    case Blend::linear:
      return {t, 1, 0};
    case Blend::cubic:
      return {t * t * (3 - 2 * t), 6 * t * rest, 6 - 12 * t};
    case Blend::quintic:
      break;
  }
  return {t * t * t * (10 + t * (6 * t - 15)), 30 * t * t * rest * rest, 60 * t * rest * (1 - 2 * t)};
}

/// Where the overlap at a cut begins, and where it ends.
double overlap_begin(const TileAxis& axis, std::size_t cut) { return axis.cuts[cut] - axis.reach[cut]; }
double overlap_end(const TileAxis& axis, std::size_t cut) { return axis.cuts[cut] + axis.reach[cut]; }

std::optional<std::string> why_invalid(const TileAxis& axis) {
  if (!std::isfinite(axis.low) || !std::isfinite(axis.high) || axis.low > axis.high)
    return fmt::format("reaches from {} to {}, expected finite numbers in this order", axis.low, axis.high);
  if (!(axis.half_width > 0 && std::isfinite(axis.half_width)))
    return fmt::format("has tiles of half width {}, expected a finite number above 0", axis.half_width);
  if (axis.reach.size() != axis.cuts.size())
    return fmt::format("has {} cuts and {} reaches, expected one for each cut", axis.cuts.size(), axis.reach.size());
  double end = axis.low;  // of the overlap before
  for (std::size_t i = 0; i < axis.cuts.size(); ++i) {
    const double cut = axis.cuts[i], reach = axis.reach[i];
    if (!(reach >= 0 && std::isfinite(reach)))
      return fmt::format("has a reach of {} at cut {}, expected a finite number of at least 0", reach, i);
    if (!(cut > (i == 0 ? axis.low : axis.cuts[i - 1]) && cut < axis.high))
      return fmt::format("has cut {} at {}, expected one after another between {} and {}", i, cut, axis.low, axis.high);
    if (overlap_begin(axis, i) < end)
      return fmt::format("has an overlap from {} at cut {}, where another reaches to {}", overlap_begin(axis, i), i,
                         end);
    end = overlap_end(axis, i);
  }
  if (end > axis.high) return fmt::format("has an overlap up to {}, it ends at {}", end, axis.high);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_invalid(std::span<const TileAxis> axes, int inputs) {
  if (std::ssize(axes) != inputs) return fmt::format("tiles on {} axes for {} inputs", axes.size(), inputs);
  std::int64_t tiles = 1;
  int tiled = 0;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (const auto reason = why_invalid(axes[i])) return fmt::format("axis {} of the tiles {}", i, *reason);
    const auto along = std::ssize(axes[i].cuts) + 1;
    if (along > max_tiles / tiles) return fmt::format("more than {} tiles", max_tiles);
    tiles *= along;
    tiled += along > 1 ? 1 : 0;
  }
  if (tiled > max_tiled_axes)
    return fmt::format("more than one tile on each of {} axes, expected at most {} such axes", tiled, max_tiled_axes);
  return std::nullopt;
}

std::optional<std::string> why_invalid(const Tiling& tiling, int inputs, int outputs, std::int64_t networks) {
  if (auto reason = why_invalid(tiling.axes, inputs)) return reason;
  if (networks != tiling.tiles()) return fmt::format("{} networks for {} tiles", networks, tiling.tiles());
  const std::int64_t maps = tiling.tiles() * outputs;
  if (std::ssize(tiling.normalisation) != maps)
    return fmt::format("{} normalisations for {} tiles of {} outputs", tiling.normalisation.size(), tiling.tiles(),
                       outputs);
  for (std::size_t i = 0; i < tiling.normalisation.size(); ++i)
    for (const double number : {tiling.normalisation[i].scale, tiling.normalisation[i].offset}) {
      // The first test keeps the conversion of the second in its range.
      if (!(std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())) ||
          static_cast<double>(static_cast<float>(number)) != number)
        return fmt::format("the normalisation of tile {} holds {}, expected a number that a float holds exactly",
                           i / static_cast<std::size_t>(outputs), number);
    }
  return std::nullopt;
}

std::string grid_text(const Tiling& tiling) {
  std::string text;
  for (const TileAxis& axis : tiling.axes) text += fmt::format("{}{}", text.empty() ? "" : "x", axis.tiles());
  return text;
}

TileBox tile_box(const TileAxis& axis, int tile) {
  const auto at = static_cast<std::size_t>(tile);
  return {at == 0 ? axis.low : overlap_begin(axis, at - 1), at == axis.cuts.size() ? axis.high : overlap_end(axis, at)};
}

double tile_middle(const TileAxis& axis, int tile) {
  const TileBox box = tile_box(axis, tile);
  return std::midpoint(box.low, box.high);
}

AxisPlace locate(const TileAxis& axis, double x, int near) {
  // Tile i is the first to count where the overlaps of all cuts before i have ended and that of cut i has not.
  auto first = static_cast<std::size_t>(near);
  const std::size_t cuts = axis.cuts.size();
  if ((first > 0 && !(x >= overlap_end(axis, first - 1))) || (first < cuts && !(x < overlap_end(axis, first)))) {
    std::size_t after = cuts;
    for (first = 0; first < after;) {
      const std::size_t middle = (first + after) / 2;
      if (x < overlap_end(axis, middle))
        after = middle;
      else
        first = middle + 1;
    }
  }
  return {static_cast<std::int32_t>(first), first < cuts && x > overlap_begin(axis, first) ? 2 : 1};
}

AxisWindow axis_window(const TileAxis& axis, Blend blend, AxisPlace place, double x) {
  if (place.count == 1) return {{1, 0}, {0, 0}, {0, 0}};
  const auto cut = static_cast<std::size_t>(place.first);
  const double length = 2 * axis.reach[cut];
  const double t = std::clamp((x - axis.cuts[cut] + axis.reach[cut]) / length, 0.0, 1.0);
  // The smaller of the two weights is computed, the other is what it leaves of 1: neither leaves [0, 1] by rounding.
  const int smaller = t <= 0.5 ? 1 : 0;
  const Step rising = step(blend, smaller == 1 ? t : 1 - t);
  const double sign = smaller == 1 ? 1 : -1;
  const double slope = rising.slope / length, curvature = sign * rising.curvature / (length * length);
  AxisWindow window{{}, {-slope, slope}, {-curvature, curvature}};
  window.weight[smaller] = rising.value;
  window.weight[1 - smaller] = 1 - rising.value;
  return window;
}

}  // namespace sinefield
