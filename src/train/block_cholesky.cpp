// Right-looking: a column of blocks is finished, then what it changes of later ones, each block by one worker.
// SPDX-License-Identifier: MIT
#include "train/block_cholesky.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/in_parallel.h"

namespace sinefield::train {
BlockCholesky::BlockCholesky(std::int64_t count, int size, Isa isa, engine::Workers& workers)
    : count_(count), size_(size), kernels_(engine::kernels<double>(isa)), workers_(workers) {}

void BlockCholesky::set(std::int64_t row, std::int64_t column, const eigen::MatrixXd& block) {
  given_.push_back({row, column, packed(block)});
}

BlockCholesky::Panels BlockCholesky::packed(const eigen::MatrixXd& block) const {
  Panels panels(size_, size_, kernels_.tile);
  for (int c = 0; c < size_; ++c)
    for (int r = 0; r < size_; ++r) panels(r, c) = block(r, c);
  return panels;
}

eigen::MatrixXd BlockCholesky::unpacked(const Panels& panels) const {
  eigen::MatrixXd block(size_, size_);
  for (int c = 0; c < size_; ++c)
    for (int r = 0; r < size_; ++r) block(r, c) = panels(r, c);
  return block;
}

/// Of least degree, so that few blocks fill in.
void BlockCholesky::order() {
  std::vector<eigen::Triplet<double>> entries;
  for (const Given& g : given_) {
    entries.emplace_back(g.row, g.column, 1.0);
    if (g.row != g.column) entries.emplace_back(g.column, g.row, 1.0);
  }
  eigen::SparseMatrix<double, eigen::ColMajor, int> pattern(count_, count_);
  pattern.setFromTriplets(entries.begin(), entries.end());
  eigen::PermutationMatrix<eigen::Dynamic, eigen::Dynamic, int> permutation;
  eigen::AMDOrdering<int>()(pattern, permutation);
  place_.assign(static_cast<std::size_t>(count_), 0);
  // Place k of the order is row indices()[k].
  for (std::int64_t k = 0; k < count_; ++k) place_[static_cast<std::size_t>(permutation.indices()[k])] = k;
}

/// Which blocks of the factor are not zero: those of a column are also those of the next one that it changes.
void BlockCholesky::fill_in() {
  columns_.resize(static_cast<std::size_t>(count_));
  const auto place = [this](std::int64_t of) { return place_[static_cast<std::size_t>(of)]; };
  for (const Given& g : given_) {
    const std::int64_t row = place(g.row), column = place(g.column);
    if (row != column) columns_[static_cast<std::size_t>(std::min(row, column))].rows.push_back(std::max(row, column));
  }
  for (Column& column : columns_) {
    std::ranges::sort(column.rows);
    column.rows.erase(std::unique(column.rows.begin(), column.rows.end()), column.rows.end());
    column.blocks.resize(column.rows.size());
    if (column.rows.empty()) continue;
    std::vector<std::int64_t>& parent = columns_[static_cast<std::size_t>(column.rows.front())].rows;
    parent.insert(parent.end(), column.rows.begin() + 1, column.rows.end());
  }
  for (Given& g : given_) {
    const std::int64_t row = place(g.row), column = place(g.column);
    if (row == column)
      columns_[static_cast<std::size_t>(row)].diagonal = std::move(g.block);
    else if (row > column)
      block_at(row, column) = std::move(g.block);
    else
      block_at(column, row) = packed(unpacked(g.block).transpose());
  }
  given_.clear();
}

BlockCholesky::Panels& BlockCholesky::block_at(std::int64_t row, std::int64_t column) {
  Column& of = columns_[static_cast<std::size_t>(column)];
  return of.blocks[static_cast<std::size_t>(std::ranges::lower_bound(of.rows, row) - of.rows.begin())];
}

bool BlockCholesky::factor() {
  order();
  fill_in();
  const auto zeros = [&] { return Panels(size_, size_, kernels_.tile); };
  for (Column& column : columns_) {
    const eigen::LLT<eigen::MatrixXd> own(unpacked(column.diagonal));
    if (own.info() != eigen::Success) return false;
    column.own = own.matrixL();
    column.diagonal = {};
    const auto n = std::ssize(column.rows);
    column.factors.resize(column.rows.size());
    std::vector<Panels> left(column.rows.size()),
        right(column.rows.size());  // of a product, as they are and transposed
    engine::in_parallel(workers_, n, [&](int, std::int64_t i) {
      const auto k = static_cast<std::size_t>(i);
      if (column.blocks[k].rows() == 0) column.blocks[k] = zeros();
      eigen::MatrixXd block = unpacked(column.blocks[k]);
      column.blocks[k] = {};
      column.own.triangularView<eigen::Lower>().transpose().solveInPlace<eigen::OnTheRight>(block);
      left[k] = packed(block);
      right[k] = packed(block.transpose());
      column.factors[k] = std::move(block);
    });
    engine::in_parallel(workers_, n * (n + 1) / 2, [&](int, std::int64_t pair) {
      std::size_t i = 0;
      while (std::cmp_less_equal((i + 1) * (i + 2) / 2, pair)) ++i;
      const std::size_t j = static_cast<std::size_t>(pair) - i * (i + 1) / 2;
      Panels& changed = i == j ? columns_[static_cast<std::size_t>(column.rows[i])].diagonal
                               : block_at(column.rows[i], column.rows[j]);
      if (changed.rows() == 0) changed = zeros();
      const Panels &a = left[i], &b = right[j];
      kernels_.multiply({a.padded_rows(), size_, b.panels(), a.at(0, 0), a.stride(), b.at(0, 0), b.stride(),
                         changed.at(0, 0), changed.stride(), 1, -1});
    });
  }
  return true;
}

eigen::MatrixXd BlockCholesky::solve(const eigen::MatrixXd& right) const {
  eigen::MatrixXd x(right.rows(), right.cols());
  const auto part = [&](std::int64_t k) { return x.middleRows(k * size_, size_); };
  for (std::int64_t b = 0; b < count_; ++b)
    part(place_[static_cast<std::size_t>(b)]) = right.middleRows(b * size_, size_);
  for (std::int64_t k = 0; k < count_; ++k) {
    const Column& column = columns_[static_cast<std::size_t>(k)];
    auto own = part(k);
    column.own.triangularView<eigen::Lower>().solveInPlace(own);
    for (std::size_t i = 0; i < column.rows.size(); ++i) part(column.rows[i]).noalias() -= column.factors[i] * own;
  }
  for (std::int64_t k = count_ - 1; k >= 0; --k) {
    const Column& column = columns_[static_cast<std::size_t>(k)];
    auto own = part(k);
    for (std::size_t i = 0; i < column.rows.size(); ++i)
      own.noalias() -= column.factors[i].transpose() * part(column.rows[i]);
    column.own.triangularView<eigen::Lower>().transpose().solveInPlace(own);
  }
  eigen::MatrixXd solution(right.rows(), right.cols());
  for (std::int64_t b = 0; b < count_; ++b)
    solution.middleRows(b * size_, size_) = part(place_[static_cast<std::size_t>(b)]);
  return solution;
}

}  // namespace sinefield::train
