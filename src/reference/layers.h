// Layers of jets, for the files that need them.
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

/// s(omega z) and its derivatives by z.
struct Curve {
  double value, first, second, third;
};
Curve activation(Activation, double omega, double z);

/// h = s(z):  h_i = s' z_i,  h_ij = s'' z_i z_j + s' z_ij; and from the adjoints of h those of z.
Jet activate(Activation, double omega, const Jet& z, int d);
Jet activate_reverse(Activation, double omega, const Jet& z, const Jet& h_bar, int d);

/// What the first layer sees of a point; and from its adjoints: adds to the gradient of the encoding's own numbers.
Jet encode(const Architecture&, std::span<const double> parameters, std::span<const double> x);
void encode_reverse(const Architecture&, std::span<const double> parameters, std::span<const double> x,
                    const Jet& e_bar, std::span<double> gradient);

}  // namespace sinefield::reference
