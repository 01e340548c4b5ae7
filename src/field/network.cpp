// The initialisations of the original code, from counter-based random numbers.
// SPDX-License-Identifier: MIT
#include "sinefield/network.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "field/normal_quantile.h"
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

/// Of deviation `sigma`, without the share `tail` of the draws at either end.
void fill_normal(std::span<float> values, double sigma, double tail, const RandomSequence& sequence) {
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto words = random_block(sequence, i / 2);
    for (std::size_t lane = 0; lane < 2 && i + lane < values.size(); ++lane) {
      // The middle of one of 2^53 cells: never 0, nor 1 where it is rounded.
      const double p = uniform_double(words[2 * lane], words[2 * lane + 1]) * (1 - 0x1p-53) + 0x1p-54;
      values[i + lane] = static_cast<float>(sigma * normal_quantile(tail + (1 - 2 * tail) * p));
    }
  }
}

/// The weights of one layer of `n` inputs and `m` outputs.
void fill_weights(std::span<float> weights, const Architecture& a, Initialisation initialisation, bool first, double n,
                  double m, const RandomSequence& sequence) {
  if (initialisation == Initialisation::pinnet) {
    constexpr double below_two_deviations = 0.02275013194817921;  // P(X < -2)
    return fill_normal(weights, std::sqrt(2 / (n + m)), below_two_deviations, sequence);
  }
  switch (a.activation) {
    case Activation::sine:
    case Activation::finer:
      // The linear output has no sine, yet the original gives it the bound of a hidden layer too.
      return fill_uniform(weights, first ? 1 / n : std::sqrt(6 / n) / a.omega_hidden, sequence);
    case Activation::relu:
    case Activation::softplus:
      return fill_normal(weights, std::sqrt(2 / n), 0, sequence);
    case Activation::tanh:
    case Activation::sigmoid:
      return fill_normal(weights, std::sqrt(2 / (n + m)), 0, sequence);
    case Activation::elu:
      return fill_normal(weights, std::sqrt(1.5505188080679277 / n), 0, sequence);
    case Activation::selu:
      return fill_normal(weights, std::sqrt(1 / n), 0, sequence);
    case Activation::gauss:
      return fill_uniform(weights, 1 / std::sqrt(n), sequence);
  }
}

}  // namespace

Network initial_network(const Architecture& architecture, std::uint64_t seed, std::uint32_t stream,
                        Initialisation initialisation) {
  if (const auto reason = why_invalid(architecture)) throw bad_input(fmt::format("invalid architecture: {}", *reason));
  const bool finer = architecture.activation == Activation::finer;
  if (initialisation == Initialisation::pinnet && (finer || architecture.activation == Activation::sine))
    throw bad_input(fmt::format("the initialisation of PINNet for {}", activation_name(architecture.activation)),
                    "it is meant for tanh");
  Network network{architecture, std::vector<float>(static_cast<std::size_t>(parameter_count(architecture)))};
  const std::span<float> parameters = network.parameters;
  RandomSequence sequence{.seed = seed, .stream = stream, .tensor = 0};
  for (const LayerSlice& layer : layer_slices(architecture)) {
    const bool first = sequence.tensor == 0;
    const auto weight = static_cast<std::size_t>(layer.weight), bias = static_cast<std::size_t>(layer.bias);
    fill_weights(parameters.subspan(weight, bias - weight), architecture, initialisation, first, layer.inputs,
                 layer.outputs, sequence);
    ++sequence.tensor;
    fill_uniform(parameters.subspan(bias, static_cast<std::size_t>(layer.outputs)),
                 first && finer ? 1 : 1 / std::sqrt(static_cast<double>(layer.inputs)), sequence);
    ++sequence.tensor;
  }
  const auto trained = static_cast<std::size_t>(encoding_parameters(architecture)),
             sigmas = trained == 0 ? 0 : static_cast<std::size_t>(architecture.encoding.size);
  fill_uniform(parameters.first(trained - sigmas), 1, sequence);
  std::ranges::fill(parameters.subspan(trained - sigmas, sigmas), 10.0F);
  return network;
}

}  // namespace sinefield
