// Block-diagonal layers.
// SPDX-License-Identifier: MIT
#include "train/smooth_units.h"

#include <array>
#include <numbers>
#include <vector>

namespace sinefield::train {
namespace {

/// Radians per unit of the coordinates: shorter waves would leave holes between them, longer ones are too much alike.
constexpr std::array<double, 2> wave_numbers = {0.75, 1.5};
constexpr std::array<double, 2> phases = {0, std::numbers::pi / 2};

/// The axes and the diagonals between two.
std::vector<std::vector<double>> directions(int inputs) {
  const auto size = static_cast<std::size_t>(inputs);
  std::vector<std::vector<double>> found;
  for (std::size_t i = 0; i < size; ++i) {
    found.emplace_back(size, 0.0)[i] = 1;
    for (std::size_t j = 0; j < i; ++j)
      for (const double sign : {1.0, -1.0}) {
        std::vector<double>& diagonal = found.emplace_back(size, 0.0);
        diagonal[i] = 1;
        diagonal[j] = sign;
      }
  }
  return found;
}

}  // namespace

int smooth_units(int inputs) { return inputs * inputs * static_cast<int>(wave_numbers.size() * phases.size()); }

Network with_smooth_units(const Network& network) {
  const Architecture& narrow = network.architecture;
  Network result;
  Architecture& wide = result.architecture = narrow;
  wide.width += smooth_units(narrow.inputs);
  result.parameters.resize(static_cast<std::size_t>(parameter_count(wide)));
  const std::vector<LayerSlice> from = layer_slices(narrow), to = layer_slices(wide);
  for (std::size_t l = 0; l < from.size(); ++l) {
    const auto weight = [&](std::int64_t row, std::int64_t column) -> float& {
      return result.parameters[static_cast<std::size_t>(to[l].weight + row * to[l].inputs + column)];
    };
    const auto bias = [&](std::int64_t row) -> float& {
      return result.parameters[static_cast<std::size_t>(to[l].bias + row)];
    };
    for (std::int64_t row = 0; row < from[l].outputs; ++row) {
      for (std::int64_t column = 0; column < from[l].inputs; ++column)
        weight(row, column) =
            network.parameters[static_cast<std::size_t>(from[l].weight + row * from[l].inputs + column)];
      bias(row) = network.parameters[static_cast<std::size_t>(from[l].bias + row)];
    }
    if (l + 1 == from.size()) break;
    std::int64_t unit = from[l].outputs;
    if (l > 0) {
      for (; unit < to[l].outputs; ++unit) weight(unit, unit) = static_cast<float>(1 / wide.omega_hidden);
      continue;
    }
    for (const std::vector<double>& direction : directions(wide.inputs))
      for (const double length : wave_numbers)
        for (const double phase : phases) {
          for (std::size_t i = 0; i < direction.size(); ++i)
            weight(unit, static_cast<std::int64_t>(i)) = static_cast<float>(length * direction[i] / wide.omega_first);
          bias(unit++) = static_cast<float>(phase / wide.omega_first);
        }
  }
  return result;
}

}  // namespace sinefield::train
