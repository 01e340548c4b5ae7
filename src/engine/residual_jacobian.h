// The Jacobian J of residuals by the parameters of a network, as an operator: J v, J' w and J J' from the factors that
// one pass forward and back leaves, never J itself. A residual is one point of a batch and one number that depends on
// the streams of u there; several residuals at a point are that point several times.
// Memory: 2 x streams x width x layers numbers a residual, whatever the number of parameters.
// Left out: residuals that depend on several points, and rows of several plans (give all the plan of the most
// demanding; seeds of streams that a residual does not see are zero).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"

namespace sinefield::engine {

/// The bits of every result depend on its arguments and the instruction set, not on the workers. Nothing allocates but
/// the constructor.
template <class T>
class ResidualJacobian {
 public:
  /// For `rows` >= 1 residuals that see the streams of the plan; reverse plans go by the jet of the same streams. The
  /// workers must outlive it. Throws bad_input for networks behind rbf, whose encoding has parameters of its own.
  ResidualJacobian(const Architecture&, Isa, Workers&, JetPlan, std::int64_t rows);

  std::int64_t rows() const { return rows_; }
  std::int64_t parameters() const { return parameters_; }

  /// J at these parameters (flat layout): the batch has a point for every row, its `seed` writes the derivatives of the
  /// point's residual by the streams of u. Returns the sum of what `seed` returns.
  double linearise(std::span<const T> parameters, const Batch<T>&);

  /// result (rows) = J v, v in the flat layout: F for each stream and row.
  void times(std::span<const T> v, std::span<T> result);
  /// result (flat layout) = J' w, w (rows): the same.
  void transposed_times(std::span<const T> w, std::span<T> result);
  /// The symmetric matrix J J', (rows, rows), all of it: 2 x streams^2 x (sum of inputs and outputs of the affine maps)
  /// operations for each element of a half.
  void gram(MatrixView<T> matrix);
  /// Rows first .. first + count - 1 of J itself, (count, parameters): for small problems and tests.
  void explicit_rows(std::int64_t first, MatrixView<T> rows);

 private:
  int points_of(std::int64_t block) const;
  const T* factors_of(std::int64_t block) const { return factors_.data() + static_cast<std::size_t>(block) * block_; }
  T* scratch(int worker) { return scratch_[static_cast<std::size_t>(worker)].data(); }
  /// Calls work(worker, index) for index 0 .. count - 1.
  template <class Work>
  void for_each(std::int64_t count, const Work&);

  const Kernels<T>& kernels_;
  Workers& workers_;
  JetPlan plan_;
  NetworkLayout layout_;
  std::int64_t rows_, parameters_;
  int block_points_;
  std::int64_t blocks_;
  std::size_t block_;  // elements of the factors of a block
  AlignedArray<T> packed_, factors_;
  std::vector<AlignedArray<T>> scratch_;  // one for each worker
  std::vector<AlignedArray<T>> sums_;     // J' w of the parts that the blocks are cut into
  std::vector<double> losses_;            // of the blocks
};

}  // namespace sinefield::engine
