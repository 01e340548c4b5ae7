// One network as a value: an architecture and its parameters in one flat array.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "sinefield/architecture.h"

namespace sinefield {

struct Network {
  Architecture architecture;
  std::vector<float> parameters;  ///< layout: `layer_slices(architecture)`
};

/// The initialisation of the original code (Sitzmann et al. 2020), biases included:
///   first weights U(-1/inputs, 1/inputs); other weights U(-sqrt(6/n)/omega_hidden, +); biases U(-1/sqrt(n), +),
/// n = inputs of the layer. The draw of parameter i depends on `seed`, `stream` and i alone, on every machine.
/// `stream` separates the networks of one field. Throws bad_input where the architecture is invalid.
Network initial_network(const Architecture&, std::uint64_t seed, std::uint32_t stream = 0);

}  // namespace sinefield
