// The frequencies of a network's first layer by choice: what a linear problem is solved with when only the last layer
// is unknown, or what a network starts from. Frequencies w are in radians for one unit of network coordinates: unit k
// of the first layer is sin(w_k . x + b_k). Parameters hold w / omega_first and b / omega_first, as floats.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "sinefield/network.h"

namespace sinefield {

/// Those of the original code: every coordinate of w uniform in +-omega_first / inputs, b in +-omega_first /
/// sqrt(inputs).
struct OriginalFrequencies {};

/// w uniform in the ball |w| <= radius, b uniform in [0, 2 pi). Up to 8 inputs.
struct DiscFrequencies {
  double radius = 0;  ///< > 0
};

/// w = step * (integers), of each pair w, -w one, without w = 0, whose constant is the output's bias; two units for
/// each: sin(w . x), then cos(w . x). Ordered by the integers, the last axis fastest. Where omega_first is the step,
/// the parameters are the integers themselves.
struct LatticeFrequencies {
  double step = 1;  ///< > 0
  int most = 1;     ///< the integers are -most .. most on each axis; >= 1, and (2 most + 1)^inputs at most 2^24
  double radius = std::numeric_limits<double>::infinity();  ///< |w| <= radius; >= step
};

using FirstFrequencies = std::variant<OriginalFrequencies, DiscFrequencies, LatticeFrequencies>;

/// How many units a lattice has. Throws bad_input for a number outside its range.
int lattice_units(int inputs, const LatticeFrequencies&);

/// `initial_network` with the first layer chosen. It depends on the arguments alone, on every machine. Throws bad_input
/// as that does, for a number outside its range, where the width is not that of the lattice, and for frequencies of
/// another activation than the sine or behind an encoding.
Network initial_network(const Architecture&, const FirstFrequencies&, std::uint64_t seed, std::uint32_t stream = 0);

/// Whether sine features are enough to make any field of wavenumbers up to `largest` > 0 on a region of `volume` > 0 in
/// network coordinates. By Weyl's law there are V ball(d) (largest / (2 pi))^d such fields, ball(d) the volume of the
/// unit ball: largest^2 area / (4 pi) in the plane. Features of random frequency need 1.8 times as many, lattices too
/// (their period is then that much larger than the region): measured in the plane, taken over for other d. Nothing
/// where they are enough, else what is missing, with the numbers, as a warning.
std::optional<std::string> why_too_few(std::int64_t features, double largest, double volume, int inputs = 2);

}  // namespace sinefield
