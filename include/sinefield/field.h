// A field: networks, the map from signal coordinates to network coordinates, the map from raw outputs to signal values,
// and a description of the signal. A value: copyable, no threads, no hidden state.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sinefield/network.h"
#include "sinefield/picture.h"

namespace sinefield {

/// How the networks make the field. `network` holds exactly one; `sum` adds the raw outputs of one or more.
enum class FieldKind : std::uint8_t { network, sum };

/// network coordinate = scale * signal coordinate + offset
struct AxisMap {
  std::string name;  ///< "row", "column"
  double scale = 1, offset = 0;
};

/// signal value = scale * raw output + offset
struct ChannelMap {
  double scale = 1, offset = 0;
};

struct Field {
  FieldKind kind = FieldKind::network;
  std::vector<Network> networks;
  std::vector<AxisMap> axes;         ///< one for each input
  std::vector<ChannelMap> channels;  ///< one for each output
  PictureFormat picture;             ///< the picture that the field stands for
  /// How it was trained, as written into the model file: recipe, steps, seed, ... (names and JSON-free text values).
  std::map<std::string, std::string> training;

  int inputs() const { return networks.front().architecture.inputs; }
  int outputs() const { return networks.front().architecture.outputs; }
};

/// The coordinates of a picture: axes row and column, samples at integers, one pixel is one pixel both ways,
/// network = 2 (i - (n-1)/2) / (max(height, width) - 1), and 0 for a picture of one pixel.
std::vector<AxisMap> picture_axes(std::int64_t height, std::int64_t width);

}  // namespace sinefield
