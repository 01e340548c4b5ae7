// The exact solve of a linear last layer: least squares of rows that are linear in its weights, in double.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "sinefield/views.h"

namespace sinefield::train {

/// min |A c - b|^2 over blocks of rows of A, of which only A'A and A'b are kept: any number of rows in memory of the
/// square of the unknowns. Columns are scaled to length one, so that features of any size weigh alike. It squares the
/// condition number: where `solve_by_qr` comes to 1e-11, this ends at about 1e-8.
class NormalEquations {
 public:
  /// At least one of each.
  NormalEquations(int unknowns, int right_sides);

  /// Rows (n, unknowns) and their right sides (n, right_sides). Throws bad_input where a width is another.
  void add(MatrixView<const double> rows, MatrixView<const double> right);

  /// (unknowns, right_sides) by Cholesky, with `shift` of the unit diagonal added. Throws failure where the matrix is
  /// not positive definite even so, bad_input where there was no row.
  std::vector<double> solve(double shift = 1e-14) const;

  /// Through the eigenvalues, those below `cut` of the largest left out: where columns say nearly the same.
  std::vector<double> solve_truncated(double cut = 1e-12) const;

 private:
  std::vector<double> scales() const;  // one over the lengths of the columns

  int unknowns_, right_sides_;
  std::int64_t rows_ = 0;
  std::vector<double> gram_, right_;  // column-major; of gram_ the lower half
};

/// The same of all rows at once by Householder QR with column pivoting, scaled as above: (unknowns, right_sides), the
/// solution of least length where columns depend on each other. rows (n, unknowns), right (n, right_sides), n >= 1.
std::vector<double> solve_by_qr(MatrixView<const double> rows, MatrixView<const double> right);

}  // namespace sinefield::train
