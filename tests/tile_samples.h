// Fields of tiles for tests: axes of uneven tiles with overlaps of several lengths, a hard edge among them.
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "engine_samples.h"
#include "sinefield/field.h"

namespace sinefield {

/// From `first` over low .. high in `tiles` tiles of random lengths; overlaps take up to all that lies between cuts.
/// With `hard`, the middle cut is a hard edge.
enum class Edges { soft, one_hard };
inline TileAxis some_axis(int tiles, std::uint64_t seed, Edges edges = Edges::soft, double low = -1, double high = 1) {
  std::mt19937_64 random(seed);
  const auto between = [&](double least, double most) {
    return least + (most - least) * (static_cast<double>(random() >> 11) * 0x1p-53);
  };
  TileAxis axis{.low = low, .high = high, .cuts = {}, .reach = {}, .half_width = 0.7 * (high - low) / tiles};
  const double even = (high - low) / tiles;
  for (int i = 1; i < tiles; ++i) axis.cuts.push_back(low + even * (i + between(-0.2, 0.2)));
  for (int i = 1; i < tiles; ++i) axis.reach.push_back(even * between(0.05, 0.29));
  if (edges == Edges::one_hard) axis.reach[axis.reach.size() / 2] = 0;
  return axis;
}

/// Networks of width 5 and up to 2 hidden layers, each with omegas of its own and with a normalisation of its own.
enum class Shapes { equal, omegas_differ, all_differ };
inline Field tiled_field(const std::vector<TileAxis>& axes, int outputs, Blend blend, Shapes shapes) {
  Field field;
  field.kind = FieldKind::tiles;
  field.tiling = {.axes = axes, .blend = blend, .normalisation = {}};
  const auto inputs = static_cast<int>(axes.size());
  for (int tile = 0; tile < field.tiling.tiles(); ++tile) {
    Architecture a{
        .inputs = inputs, .outputs = outputs, .width = 5, .hidden_layers = 1, .omega_first = 3, .omega_hidden = 4};
    if (shapes != Shapes::equal) a.omega_first = 2 + 0.25 * (tile % 5);
    if (shapes == Shapes::all_differ) {
      a.width = 3 + tile % 4 * 5;
      a.hidden_layers = tile % 3;
    }
    field.networks.push_back(initial_network(a, 11, static_cast<std::uint32_t>(tile)));
    for (int o = 0; o < outputs; ++o) field.tiling.normalisation.push_back({0.5 + 0.125 * (tile % 7), 0.25 * o - 0.5});
  }
  for (int i = 0; i < inputs; ++i) field.axes.push_back({fmt::format("axis {}", i), 0.02 * (i + 1), 0.1 - 0.3 * i});
  for (int o = 0; o < outputs; ++o) field.channels.push_back({127.5 - 60 * o, 10.0 + o});
  return field;
}

}  // namespace sinefield
