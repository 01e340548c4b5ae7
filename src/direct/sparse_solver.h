// Sparse equations by LU factors. The rows are scaled to a largest entry of 1; where pairs of rows and columns are the
// parts of complex numbers the factors are complex, a quarter of the work; the same matrix is not factored twice.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "direct/eigen.h"

namespace sinefield::direct {

class SparseSolver {
 public:
  /// `channels` unknowns belong to a point; pairs of them may be complex numbers.
  explicit SparseSolver(int channels);
  ~SparseSolver();

  /// Throws failure where the equations leave something open: a factor that vanishes, or nearly.
  void factor(const RowMatrix&);
  /// After `factor`; one step of refinement.
  std::vector<double> solve(const std::vector<double>& right) const;
  /// One over the largest entry of each row.
  const std::vector<double>& row_scales() const;
  bool complex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sinefield::direct
