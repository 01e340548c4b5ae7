// The initialisation of the original code, from counter-based random numbers.
// SPDX-License-Identifier: MIT
#include "sinefield/network.h"

#include <fmt/core.h>

#include <cmath>
#include <span>

#include "field/random.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

void fill_uniform(std::span<float> values, double bound, const RandomSequence& sequence) {
  const auto rounded = static_cast<float>(bound);
  for (std::size_t i = 0; i < values.size(); i += 4) {
    const auto words = random_block(sequence, i / 4);
    for (std::size_t lane = 0; lane < 4 && i + lane < values.size(); ++lane) {
      values[i + lane] = uniform_within(rounded, words[lane]);
    }
  }
}

}  // namespace

Network initial_network(const Architecture& architecture, std::uint64_t seed, std::uint32_t stream) {
  if (const auto reason = why_invalid(architecture)) throw bad_input(fmt::format("invalid architecture: {}", *reason));
  Network network{architecture, std::vector<float>(static_cast<std::size_t>(parameter_count(architecture)))};
  const std::span<float> parameters = network.parameters;
  RandomSequence sequence{.seed = seed, .stream = stream, .tensor = 0};
  for (const LayerSlice& layer : layer_slices(architecture)) {
    const bool first = sequence.tensor == 0;
    const double n = layer.inputs;
    // The linear output has no sine, yet the original gives it the bound of a hidden layer too.
    const double weight_bound = first ? 1 / n : std::sqrt(6 / n) / architecture.omega_hidden;
    const auto weight = static_cast<std::size_t>(layer.weight), bias = static_cast<std::size_t>(layer.bias);
    fill_uniform(parameters.subspan(weight, bias - weight), weight_bound, sequence);
    ++sequence.tensor;
    fill_uniform(parameters.subspan(bias, static_cast<std::size_t>(layer.outputs)), 1 / std::sqrt(n), sequence);
    ++sequence.tensor;
  }
  return network;
}

}  // namespace sinefield
