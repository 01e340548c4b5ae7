// Symmetric positive definite systems whose matrix is sparse in dense blocks of one size: a Cholesky factorisation that
// works on whole blocks, in an order that keeps few of them. Where tiles meet only their neighbours this is many times
// faster than a sparse factorisation number by number.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/workers.h"
#include "train/eigen.h"

namespace sinefield::train {

class BlockCholesky {
 public:
  /// `count` rows and columns of blocks of `size` x `size` numbers. The workers must outlive it.
  BlockCholesky(std::int64_t count, std::int64_t size, engine::Workers&);

  /// Block (row, column), row >= column, each once; of the diagonal all of the block, or its lower triangle. Every
  /// diagonal block must be set; others are zeros.
  void set(std::int64_t row, std::int64_t column, eigen::MatrixXd block);

  /// Once, after all are set. False where the matrix is not positive definite in double. Bits do not depend on threads.
  bool factor();

  /// right (count * size, any number of columns).
  eigen::MatrixXd solve(const eigen::MatrixXd& right) const;

 private:
  struct Column {
    std::vector<std::int64_t> rows;       // places below the diagonal, ascending
    std::vector<eigen::MatrixXd> blocks;  // of these rows
    eigen::MatrixXd diagonal;
  };

  void order();
  void fill_in();
  eigen::MatrixXd& block_at(std::int64_t row, std::int64_t column);

  struct Given {
    std::int64_t row, column;
    eigen::MatrixXd block;
  };

  std::int64_t count_, size_;
  engine::Workers& workers_;
  std::vector<Given> given_;
  std::vector<std::int64_t> place_;  // of each row of blocks, in the order of elimination
  std::vector<Column> columns_;      // in that order
};

}  // namespace sinefield::train
