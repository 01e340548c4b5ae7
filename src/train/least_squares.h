// The exact solve of a linear last layer: least squares of rows that are linear in its weights, in double, real or
// complex: Scalar is double or std::complex<double>.
// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "engine/gram.h"
#include "engine/workers.h"
#include "sinefield/machine.h"
#include "sinefield/views.h"

namespace sinefield::train {

/// min |A c - b|^2 over blocks of rows of A, of which only A*A and A*b are kept: any number of rows in memory of the
/// square of the unknowns. Columns are scaled to length one, so that features of any size weigh alike. It squares the
/// condition number: where `solve_by_qr` comes to 1e-11, this ends at about 1e-8.
template <class Scalar>
class NormalEquations {
 public:
  /// At least one of each. The workers must outlive it.
  NormalEquations(int unknowns, int right_sides, Isa, engine::Workers&);

  /// Rows (n, unknowns) and their right sides (n, right_sides). Throws bad_input where a width is another.
  void add(MatrixView<const Scalar> rows, MatrixView<const Scalar> right);

  /// (unknowns, right_sides) by Cholesky, with `shift` of the unit diagonal added. Throws failure where the matrix is
  /// not positive definite even so, bad_input where there was no row.
  std::vector<Scalar> solve(double shift = 1e-14) const;

  /// Through the eigenvalues, those below `cut` of the largest left out: where columns say nearly the same.
  std::vector<Scalar> solve_truncated(double cut = 1e-12) const;

 private:
  std::vector<double> scales() const;  // one over the lengths of the columns

  int right_sides_;
  std::int64_t rows_ = 0;
  engine::Gram<Scalar> gram_;
  std::vector<Scalar> right_;  // (unknowns, right_sides) column-major
};

/// The same of all rows at once by Householder QR, the triangle's columns pivoted, scaled as above: (unknowns,
/// right_sides), the solution of least length where columns depend on each other. rows (n, unknowns), right (n,
/// right_sides), n >= 1.
template <class Scalar>
std::vector<Scalar> solve_by_qr(MatrixView<const Scalar> rows, MatrixView<const Scalar> right);

}  // namespace sinefield::train
