// Layers of jets, forward, for the two files that need them.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "reference/reference.h"
#include "sinefield/architecture.h"

namespace sinefield::reference {

Jet zeros(int outputs, int inputs);
/// The coordinates as functions of themselves: value x, gradient the identity, Hessian zero.
Jet coordinates_of(std::span<const double> x);
/// z = W h + b; derivatives pass through W alone.
Jet affine(const LayerSlice&, std::span<const double> parameters, const Jet& h, int d);
/// h = s(z), s(z) = sin(omega z):  h_i = s' z_i,  h_ij = s'' z_i z_j + s' z_ij.
Jet sine(double omega, const Jet& z, int d);

}  // namespace sinefield::reference
