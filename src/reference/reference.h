// The same mathematics in plain double, slow and obvious: the oracle that the engine is tested against.
// Charter: no SIMD, no blocks, no threads, no cleverness; loops written as the formulas are, memory taken freely. It
// shares with the engine nothing but the descriptions of architectures and fields, so that the two can only be right or
// wrong on their own.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sinefield/architecture.h"
#include "sinefield/field.h"
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

/// Adds to `gradient` the derivative by every parameter of the inner product of `u_bar` with the jet at x: u_bar holds
/// the adjoint of every value, first and second derivative. Throws bad_input where a length is wrong.
void jet_reverse(const Architecture&, std::span<const double> parameters, std::span<const double> x, const Jet& u_bar,
                 std::span<double> gradient);

/// Of a field of tiles, in network units: x of `inputs` coordinates. Throws bad_input for another kind or length.
Jet tiles_jet(const Field&, std::span<const double> x);

/// Of a field of kind network or sum, windows included, in network units. Throws bad_input for another kind or length.
Jet sum_jet(const Field&, std::span<const double> x);

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

/// SOAP (Vyas et al. 2024) in the order of operations of its authors' code: the first step only sets up the eigenbases;
/// sides of one unit or of more than 2,048 are not preconditioned, nor are biases; no weight decay.
struct Soap {
  using Matrix = std::vector<std::vector<double>>;
  struct Tensor {                                  ///< the weights or the biases (one column) of a layer
    Matrix mean, square;                           ///< moments of Adam, the second in the eigenbases
    Matrix left, right;                            ///< running means of G G' and G' G
    Matrix left_basis, right_basis;                ///< eigenvectors in columns
    bool turns_left = false, turns_right = false;  ///< whether that side is preconditioned
  };

  double lr = 3e-3, beta1 = 0.95, beta2 = 0.95, eps = 1e-8;
  int refresh_interval = 10;         ///< steps between updates of the bases
  std::int64_t steps = 0;            ///< taken so far
  std::vector<Tensor> tensors = {};  ///< in the order of the parameters; empty before the first step

  /// Matrices must stay of full rank where the bases are to be defined. Throws bad_input where a length is wrong.
  void step(const Architecture&, std::span<double> parameters, std::span<const double> gradient);
};

}  // namespace sinefield::reference
