// A field: networks, the map from signal coordinates to network coordinates, the map from raw outputs to signal values,
// and a description of the signal. A value: copyable, no threads, no hidden state.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinefield/network.h"
#include "sinefield/signal_format.h"

namespace sinefield {

/// How the networks make the field. `network` holds exactly one; `sum` adds the raw outputs of one or more, each times
/// its window where it has one; `tiles` blends networks on overlapping boxes (see Tiling).
enum class FieldKind : std::uint8_t { network, sum, tiles };

/// network coordinate = scale * signal coordinate + offset
struct AxisMap {
  std::string name;  ///< "row", "column"
  double scale = 1, offset = 0;
};

/// signal value = scale * raw output + offset
struct ChannelMap {
  double scale = 1, offset = 0;
};

/// The step S(t) from 0 at t = 0 to 1 at t = 1 by which one tile gives way to the next, S(t) + S(1 - t) = 1.
enum class Blend : std::uint8_t {
  linear,   ///< t: values are continuous
  cubic,    ///< 3 t^2 - 2 t^3: first derivatives are too
  quintic,  ///< 6 t^5 - 15 t^4 + 10 t^3: second derivatives are too
};

std::string_view blend_name(Blend);
/// Throws bad_input for an unknown name.
Blend blend_from_name(std::string_view);

/// One axis of a grid of tiles, in network coordinates of the field. Tile i reaches from cut i - 1 to cut i and beyond
/// each by that cut's reach; the first tile begins at `low`, the last one ends at `high`, and both serve whatever lies
/// beyond. At most two tiles meet at a point: cuts[i] + reach[i] <= cuts[i + 1] - reach[i + 1], in doubles; no overlap
/// leaves [low, high].
struct TileAxis {
  double low = -1, high = 1;  ///< low <= high
  std::vector<double> cuts;   ///< increasing, tiles - 1 of them, between low and high
  std::vector<double> reach;  ///< half of the overlap at each cut, >= 0; 0 is a hard edge: the cut is the later tile's
  double half_width = 1;      ///< > 0; coordinate of a tile = (x - middle of its box) / half_width, for all tiles alike

  int tiles() const { return static_cast<int>(cuts.size()) + 1; }
};

/// Boxes that cover the domain, a network each, blended by windows that add up to one everywhere: the window of a tile
/// is the product over the axes of S((x - cut + reach) / (2 reach)) at its lower cut and one minus that at its upper.
/// Tiles are numbered row-major over the axes, the last axis fastest: `Field::networks` in that order. At most 2^24
/// tiles, and at most 8 axes with more than one.
struct Tiling {
  std::vector<TileAxis> axes;  ///< one for each input
  Blend blend = Blend::quintic;
  /// (tiles, outputs): raw output of the field = scale * output of the tile's network + offset, before blending.
  /// Numbers that a float holds exactly: model files store floats, and a field must not change by being stored.
  std::vector<ChannelMap> normalisation;

  std::int64_t tiles() const {
    std::int64_t product = 1;
    for (const TileAxis& axis : axes) product *= axis.tiles();
    return product;
  }
};

/// What lies between two numbers of one axis: low <= x < high, in network coordinates of the field.
struct Slab {
  int axis = 0;
  double low = -1, high = 1;  ///< finite, low < high
};

/// What the raw outputs of one network of a sum are multiplied by, so that it counts in a ball only: the bump
/// (1 - (r / radius)^2)^4 at distance r < radius from the centre, 0 from there on, all in network coordinates of the
/// field. It has three continuous derivatives; its largest value is 1. With a slab it is 0 outside of that too, without
/// any transition: sums whose slabs follow one another are a function in pieces.
struct Window {
  std::vector<double> centre;     ///< one number for each input, finite; none: no ball, 1 in all of the slab
  double radius = 1;              ///< of the ball, 1e-100 .. 1e100
  std::optional<Slab> slab = {};  ///< without a ball there is one
};

struct Field {
  FieldKind kind = FieldKind::network;
  std::vector<Network> networks;
  Tiling tiling;  ///< of kind `tiles` only
  /// Of kind `sum` only: empty where no network has a window, else an entry for each network.
  std::vector<std::optional<Window>> windows;
  std::vector<AxisMap> axes;         ///< one for each input
  std::vector<ChannelMap> channels;  ///< one for each output
  SignalFormat signal;               ///< what the field stands for
  /// How it was trained, as written into the model file: recipe, steps, seed, ... (names and JSON-free text values).
  std::map<std::string, std::string> training;

  /// Where it stands for a picture, that; else null. The others likewise.
  const PictureFormat* picture() const { return std::get_if<PictureFormat>(&signal); }
  const SoundFormat* sound() const { return std::get_if<SoundFormat>(&signal); }
  const VideoFormat* video() const { return std::get_if<VideoFormat>(&signal); }
  const VolumeFormat* volume() const { return std::get_if<VolumeFormat>(&signal); }
  const SolutionFormat* solution() const { return std::get_if<SolutionFormat>(&signal); }

  /// Of a network of a sum, null where it has none. `windows` is empty or has an entry for each network.
  const Window* window_of(std::size_t network) const {
    return !windows.empty() && windows[network] ? &*windows[network] : nullptr;
  }

  int inputs() const { return networks.front().architecture.inputs; }
  int outputs() const { return networks.front().architecture.outputs; }
};

/// The coordinates of a picture: axes row and column, samples at integers, one pixel is one pixel both ways,
/// network = 2 (i - (n-1)/2) / (max(height, width) - 1), and 0 for a picture of one pixel.
std::vector<AxisMap> picture_axes(std::int64_t height, std::int64_t width);

}  // namespace sinefield
