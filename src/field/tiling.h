// Grids of tiles: what makes one valid, the boxes, and the windows that blend them. The words are in sinefield/field.h.
// Left out: the networks of the tiles (tiles_query.h).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sinefield/field.h"

namespace sinefield {

/// Limits of a grid: two tiles meet on each axis of more than one, so at most 2^8 networks count at a point.
inline constexpr std::int64_t max_tiles = 1 << 24;
inline constexpr int max_tiled_axes = 8;

/// Why these are no axes of a grid over `inputs` coordinates, in words with the value; nothing where they are. Sizes
/// are looked at before they are multiplied.
std::optional<std::string> why_invalid(std::span<const TileAxis> axes, int inputs);

/// The same of a whole tiling, its normalisation included, for `networks` networks of `inputs` and `outputs`.
std::optional<std::string> why_invalid(const Tiling&, int inputs, int outputs, std::int64_t networks);

/// Tiles along each axis: "8x12".
std::string grid_text(const Tiling&);

/// Where a tile's window is not zero (the ends of the axis aside, beyond which the outermost tiles go on).
struct TileBox {
  double low, high;
};
TileBox tile_box(const TileAxis&, int tile);

/// The point that is 0 in the coordinate of the tile.
double tile_middle(const TileAxis&, int tile);

/// The tiles that count at a coordinate: `first`, and `first + 1` where `count` is 2.
struct AxisPlace {
  std::int32_t first, count;
};

/// Every coordinate has its place, those that are no numbers too. `near`, 0 .. tiles - 1, is where to look first: it
/// never changes the result.
AxisPlace locate(const TileAxis&, double x, int near = 0);

/// Windows of the tiles of a place and their derivatives by x. The weights add up to exactly 1, the others to 0.
struct AxisWindow {
  double weight[2], slope[2], curvature[2];
};
AxisWindow axis_window(const TileAxis&, Blend, AxisPlace, double x);

}  // namespace sinefield
