// Sparse systems of dense blocks against Eigen's dense factorisation.
// SPDX-License-Identifier: MIT
#include "train/block_cholesky.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "sinefield/machine.h"

namespace sinefield {
namespace {

using Matrix = train::eigen::MatrixXd;

/// Blocks that meet as tiles of a grid do, all numbers random, the diagonal large: and the same matrix, dense.
struct System {
  std::vector<std::pair<std::int64_t, std::int64_t>> places;
  std::vector<Matrix> blocks;
  Matrix dense, right;
};

System grid_system(std::int64_t along, std::int64_t size) {
  const std::int64_t count = along * along;
  std::mt19937_64 numbers(3);
  std::uniform_real_distribution<double> uniform(-1, 1);
  System system;
  system.dense = Matrix::Zero(count * size, count * size);
  for (std::int64_t a = 0; a < count; ++a)
    for (std::int64_t b = 0; b <= a; ++b) {
      if (std::abs(a / along - b / along) > 1 || std::abs(a % along - b % along) > 1) continue;
      Matrix block = Matrix::NullaryExpr(size, size, [&] { return uniform(numbers); });
      if (a == b)
        block = (block + block.transpose()).eval() + Matrix::Identity(size, size) * 12.0 * static_cast<double>(size);
      system.dense.block(a * size, b * size, size, size) = block;
      system.dense.block(b * size, a * size, size, size) = block.transpose();
      system.places.emplace_back(a, b);
      system.blocks.push_back(std::move(block));
    }
  system.right = Matrix::NullaryExpr(count * size, 2, [&] { return uniform(numbers); });
  return system;
}

Matrix solved(const System& system, int along, int size, int threads, Isa isa = best_isa()) {
  const std::unique_ptr<engine::Workers> workers = engine::make_workers(threads);
  train::BlockCholesky factors(std::int64_t{along} * along, size, isa, *workers);
  for (std::size_t k = 0; k < system.blocks.size(); ++k)
    factors.set(system.places[k].first, system.places[k].second, system.blocks[k]);
  EXPECT_TRUE(factors.factor());
  return factors.solve(system.right);
}

TEST(BlockCholesky, solves_what_a_dense_one_solves) {
  for (const auto& [along, size] : {std::pair{1, 5}, {5, 1}, {6, 7}, {3, 33}}) {
    const System system = grid_system(along, size);
    const Matrix wanted = system.dense.llt().solve(system.right);
    for (const Isa isa : available_isas())
      EXPECT_LT((solved(system, along, size, 1, isa) - wanted).norm(), 1e-13 * wanted.norm())
          << along << " of size " << size << ", " << isa_name(isa);
  }
}

TEST(BlockCholesky, has_the_same_bits_on_any_number_of_threads) {
  const System system = grid_system(6, 7);
  EXPECT_EQ(solved(system, 6, 7, 1), solved(system, 6, 7, 3));
}

TEST(BlockCholesky, says_where_a_matrix_is_not_positive_definite) {
  const std::unique_ptr<engine::Workers> workers = engine::make_workers(1);
  train::BlockCholesky factors(2, 2, best_isa(), *workers);
  factors.set(0, 0, Matrix::Identity(2, 2));
  factors.set(1, 1, Matrix::Identity(2, 2));
  factors.set(1, 0, 2 * Matrix::Identity(2, 2));
  EXPECT_FALSE(factors.factor());
}

}  // namespace
}  // namespace sinefield
