// Gram matrices A* A of tall real or complex matrices, row by row as they come, in double on the kernels of the engine:
// what normal equations are made of. The bits depend on the rows, their order and the instruction set, not on the
// workers.
// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"
#include "sinefield/views.h"

namespace sinefield::engine {

template <class Scalar>
class Gram {
 public:
  static constexpr bool complex = !std::is_same_v<Scalar, double>;

  /// Of at least one column; the workers must outlive it. Memory: half of the matrix, of complex ones all of it.
  Gram(int columns, Isa, Workers&);

  int columns() const { return columns_; }
  /// Any number of rows (n, columns).
  void add(MatrixView<const Scalar> rows);
  /// Element (a, b): the sum over the rows p of conj(A_pa) A_pb.
  Scalar at(int a, int b) const;

 private:
  void add_block(MatrixView<const Scalar> rows);

  const Kernels<double>& kernels_;
  Workers& workers_;
  int columns_, panel_, panels_;
  /// A block of rows in panels (layout.h), real and imaginary parts.
  AlignedArray<double> real_, imaginary_;
  /// Squares of panel x panel: of panels k <= j the product at j (j + 1) / 2 + k; Re A' Im A of all at j panels + k.
  AlignedArray<double> sums_, mixed_;
};

}  // namespace sinefield::engine
