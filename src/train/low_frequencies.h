// Slow waves added to a field that was trained by gradients: what such a training leaves open longest, found exactly.
// SPDX-License-Identifier: MIT
#pragma once

#include <numbers>

#include "sinefield/field.h"
#include "sinefield/first_frequencies.h"
#include "sinefield/query.h"
#include "sinefield/signal.h"

namespace sinefield::train {

/// The waves and the share of their squared size that is added to the equations, which keeps those small that say
/// nearly the same.
struct LowFrequencies {
  LatticeFrequencies lattice{.step = std::numbers::pi / 2, .most = 7};  ///< in network coordinates
  double ridge = 1e-6;
};

/// The field plus a shallow network of waves, one sum, whose gradient comes closest to that of the samples
/// (`DerivativeSamples`) in least squares over all of them; then the map of each channel takes in the best a u + b
/// (`best_maps`). The field: one network or a sum, in the coordinates of the signal, whose own maps make file units of
/// raw outputs. Throws bad_input for a field of tiles or another shape.
Field with_low_frequencies(const Field&, const Signal&, const ComputeOptions&, const LowFrequencies& = {});

}  // namespace sinefield::train
