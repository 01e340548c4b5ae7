// Right-looking: a column of blocks is finished, then what it changes of later ones, each block by one worker.
// SPDX-License-Identifier: MIT
#include "train/block_cholesky.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <utility>

namespace sinefield::train {
namespace {

/// body(k) for k from 0 to count - 1, each by one of the workers.
template <class Body>
void for_each(engine::Workers& workers, std::int64_t count, const Body& body) {
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr error;
  workers.run([&](int) {
    try {
      for (std::int64_t k = next++; k < count; k = next++) body(k);
    } catch (...) {  // memory that is not there
      if (!failed.exchange(true)) error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
}

}  // namespace

BlockCholesky::BlockCholesky(std::int64_t count, std::int64_t size, engine::Workers& workers)
    : count_(count), size_(size), workers_(workers) {}

void BlockCholesky::set(std::int64_t row, std::int64_t column, eigen::MatrixXd block) {
  given_.push_back({row, column, std::move(block)});
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
  for (Given& g : given_) {
    std::int64_t row = place_[static_cast<std::size_t>(g.row)], column = place_[static_cast<std::size_t>(g.column)];
    if (row != column) columns_[static_cast<std::size_t>(std::min(row, column))].rows.push_back(std::max(row, column));
  }
  for (Column& column : columns_) {
    std::ranges::sort(column.rows);
    column.rows.erase(std::unique(column.rows.begin(), column.rows.end()), column.rows.end());
    column.blocks.assign(column.rows.size(), eigen::MatrixXd::Zero(size_, size_));
    if (column.rows.empty()) continue;
    std::vector<std::int64_t>& parent = columns_[static_cast<std::size_t>(column.rows.front())].rows;
    parent.insert(parent.end(), column.rows.begin() + 1, column.rows.end());
  }
  for (Given& g : given_) {
    const std::int64_t row = place_[static_cast<std::size_t>(g.row)],
                       column = place_[static_cast<std::size_t>(g.column)];
    if (row == column)
      columns_[static_cast<std::size_t>(row)].diagonal = std::move(g.block);
    else if (row > column)
      block_at(row, column) = std::move(g.block);
    else
      block_at(column, row) = g.block.transpose();
  }
  given_ = {};
}

eigen::MatrixXd& BlockCholesky::block_at(std::int64_t row, std::int64_t column) {
  Column& of = columns_[static_cast<std::size_t>(column)];
  return of.blocks[static_cast<std::size_t>(std::ranges::lower_bound(of.rows, row) - of.rows.begin())];
}

bool BlockCholesky::factor() {
  order();
  fill_in();
  for (Column& column : columns_) {
    // In place: the lower triangle becomes the factor, the upper one is not looked at.
    const eigen::LLT<eigen::Ref<eigen::MatrixXd>> own(column.diagonal);
    if (own.info() != eigen::Success) return false;
    const auto n = std::ssize(column.rows);
    const auto block = [&](std::int64_t k) -> eigen::MatrixXd& { return column.blocks[static_cast<std::size_t>(k)]; };
    for_each(workers_, n, [&](std::int64_t k) {
      column.diagonal.triangularView<eigen::Lower>().transpose().solveInPlace<eigen::OnTheRight>(block(k));
    });
    for_each(workers_, n * (n + 1) / 2, [&](std::int64_t pair) {
      std::int64_t i = 0;
      while ((i + 1) * (i + 2) / 2 <= pair) ++i;
      const std::int64_t j = pair - i * (i + 1) / 2, row = column.rows[static_cast<std::size_t>(i)];
      if (i == j) {
        columns_[static_cast<std::size_t>(row)].diagonal.selfadjointView<eigen::Lower>().rankUpdate(block(i), -1);
        return;
      }
      eigen::MatrixXd& changed = block_at(row, column.rows[static_cast<std::size_t>(j)]);
      changed.noalias() -= block(i) * block(j).transpose();
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
    column.diagonal.triangularView<eigen::Lower>().solveInPlace(own);
    for (std::size_t i = 0; i < column.rows.size(); ++i) part(column.rows[i]).noalias() -= column.blocks[i] * own;
  }
  for (std::int64_t k = count_ - 1; k >= 0; --k) {
    const Column& column = columns_[static_cast<std::size_t>(k)];
    auto own = part(k);
    for (std::size_t i = 0; i < column.rows.size(); ++i)
      own.noalias() -= column.blocks[i].transpose() * part(column.rows[i]);
    column.diagonal.triangularView<eigen::Lower>().transpose().solveInPlace(own);
  }
  eigen::MatrixXd solution(right.rows(), right.cols());
  for (std::int64_t b = 0; b < count_; ++b)
    solution.middleRows(b * size_, size_) = part(place_[static_cast<std::size_t>(b)]);
  return solution;
}

}  // namespace sinefield::train
