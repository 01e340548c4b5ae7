// The same mathematics in plain double, slow and obvious: the oracle that the engine is tested against.
// Charter: no SIMD, no blocks, no threads, no cleverness; loops written as the formulas are, memory taken freely. It
// shares with the engine nothing but the description of the architecture, so that the two can only be right or wrong on
// their own.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sinefield/architecture.h"
#include "sinefield/views.h"

namespace sinefield::reference {

/// The c outputs of a network at one point of d coordinates, with all first and second derivatives; row-major.
struct Jet {
  std::vector<double> value;     ///< (c)
  std::vector<double> gradient;  ///< (c, d)
  std::vector<double> hessian;   ///< (c, d, d)

  /// Trace of the Hessian of one output, 0 <= output < c.
  double laplacian(int output) const;
};

/// `parameters` in the order of `layer_slices`, x of `inputs` coordinates. Throws bad_input where a length is wrong.
Jet jet(const Architecture&, std::span<const double> parameters, std::span<const double> x);

/// Mean of (u - target)^2 over points and outputs, and its gradient in all parameters, which overwrites `gradient`.
/// coordinates: (N, inputs), targets: (N, outputs), N >= 1; `gradient` is as long as `parameters`. Throws bad_input
/// where a shape is wrong.
double squared_error(const Architecture&, std::span<const double> parameters, MatrixView<const double> coordinates,
                     MatrixView<const double> targets, std::span<double> gradient);

/// Adam (Kingma and Ba 2015) with the operations in the order of torch.optim.Adam, without weight decay.
struct Adam {
  double lr = 1e-4, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::int64_t steps = 0;                  ///< taken so far
  std::vector<double> first_moment = {};   ///< running mean of g; empty before the first step
  std::vector<double> second_moment = {};  ///< running mean of g^2; likewise

  /// Throws bad_input where `gradient` and `parameters` differ in length from each other or from the step before.
  void step(std::span<double> parameters, std::span<const double> gradient);
};

}  // namespace sinefield::reference
