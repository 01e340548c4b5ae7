// Symmetric positive definite systems whose matrix is sparse in dense blocks of one size: a Cholesky factorisation that
// works on whole blocks, in an order that keeps few of them. Where tiles meet only their neighbours this is many times
// faster than a sparse factorisation number by number.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels.h"
#include "engine/panel_matrix.h"
#include "engine/workers.h"
#include "sinefield/machine.h"
#include "train/eigen.h"

namespace sinefield::train {

class BlockCholesky {
 public:
  /// `count` rows and columns of blocks of `size` x `size` numbers. The workers must outlive it.
  BlockCholesky(std::int64_t count, int size, Isa, engine::Workers&);

  /// Block (row, column), row >= column, each once; of the diagonal all of the block, or its lower triangle. Every
  /// diagonal block must be set; others are zeros.
  void set(std::int64_t row, std::int64_t column, const eigen::MatrixXd& block);

  /// Once, after all are set. False where the matrix is not positive definite in double. Bits do not depend on threads.
  bool factor();

  /// right (count * size, any number of columns).
  eigen::MatrixXd solve(const eigen::MatrixXd& right) const;

 private:
  using Panels = engine::PanelMatrix<double>;

  struct Column {
    std::vector<std::int64_t> rows;  // places below the diagonal, ascending
    std::vector<Panels> blocks;      // of these rows, as long as they change
    Panels diagonal;
    std::vector<eigen::MatrixXd> factors;  // what becomes of the blocks
    eigen::MatrixXd own;                   // and of the diagonal
  };

  void order();
  void fill_in();
  Panels& block_at(std::int64_t row, std::int64_t column);
  Panels packed(const eigen::MatrixXd&) const;
  eigen::MatrixXd unpacked(const Panels&) const;

  struct Given {
    std::int64_t row, column;
    Panels block;
  };

  std::int64_t count_;
  int size_;
  const engine::Kernels<double>& kernels_;
  engine::Workers& workers_;
  std::vector<Given> given_;
  std::vector<std::int64_t> place_;  // of each row of blocks, in the order of elimination
  std::vector<Column> columns_;      // in that order
};

}  // namespace sinefield::train
