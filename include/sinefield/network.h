// One network as a value: an architecture and its parameters in one flat array; and how a network begins.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "sinefield/architecture.h"

namespace sinefield {

struct Network {
  Architecture architecture;
  std::vector<float> parameters;  ///< layout: `encoding_parameters`, then `layer_slices`
};

/// How the weights of a network with another activation than sine or finer begin.
enum class Initialisation : std::uint8_t {
  usual,   ///< what the original code gives each activation
  pinnet,  ///< of its physics-informed baseline: Xavier's normal, cut at two deviations
};

/// The initialisation of the original code (Sitzmann et al. 2020), biases U(-1/sqrt(n), +) in all, n = inputs of the
/// layer, m = its outputs:
///   - sine, finer: first weights U(-1/n, 1/n), others U(-sqrt(6/n)/omega_hidden, +); of finer first biases U(-1, 1)
///   - relu, softplus: N(0, 2/n)
///   - tanh, sigmoid: N(0, 2/(n + m))
///   - elu: N(0, 1.5505188080679277/n); selu: N(0, 1/n)
///   - gauss: U(-1/sqrt(n), +)
/// Centres of rbf U(-1, 1), sigmas 10. The draw of parameter i depends on `seed`, `stream` and i alone, on every
/// machine. `stream` separates the networks of one field. Throws bad_input where the architecture is invalid, and for
/// pinnet of sine or finer.
Network initial_network(const Architecture&, std::uint64_t seed, std::uint32_t stream = 0,
                        Initialisation = Initialisation::usual);

}  // namespace sinefield
