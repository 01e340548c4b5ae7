// Gram matrices on the engine's kernels: against plain sums, in any number of blocks, with the same bits on any number
// of threads.
// SPDX-License-Identifier: MIT
#include "engine/gram.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "engine_samples.h"

namespace sinefield {
namespace {

using Complex = std::complex<double>;

template <class Scalar>
std::vector<Scalar> some_matrix(std::int64_t size) {
  const std::vector<double> numbers = some_numbers(2 * size, 1, 5);
  std::vector<Scalar> matrix;
  for (std::int64_t k = 0; k < size; ++k) {
    if constexpr (engine::Gram<Scalar>::complex)
      matrix.emplace_back(numbers[static_cast<std::size_t>(2 * k)], numbers[static_cast<std::size_t>(2 * k + 1)]);
    else
      matrix.push_back(numbers[static_cast<std::size_t>(k)]);
  }
  return matrix;
}

template <class Scalar>
class GramTest : public testing::Test {};
using Scalars = testing::Types<double, Complex>;
TYPED_TEST_SUITE(GramTest, Scalars);

TYPED_TEST(GramTest, is_the_sum_over_rows) {
  for (const Isa isa : available_isas())
    for (const int columns : {1, 15, 16, 17, 70})
      for (const std::int64_t rows : {1, 191, 192, 500}) {
        SCOPED_TRACE(fmt::format("{}, {} columns, {} rows", isa_name(isa), columns, rows));
        const std::int64_t stride = columns + 3;
        const std::vector<TypeParam> matrix = some_matrix<TypeParam>(rows * stride);
        engine::SerialWorkers serial;
        engine::Gram<TypeParam> gram(columns, isa, serial);
        const std::int64_t first = rows / 3;
        gram.add({matrix.data(), first, columns, stride});
        gram.add({matrix.data() + first * stride, rows - first, columns, stride});
        for (int a = 0; a < columns; ++a)
          for (int b = 0; b < columns; ++b) {
            Complex sum = 0;
            for (std::int64_t p = 0; p < rows; ++p)
              sum += std::conj(Complex(matrix[static_cast<std::size_t>(p * stride + a)])) *
                     Complex(matrix[static_cast<std::size_t>(p * stride + b)]);
            // Sums of at most 2 rows in size, rounded once for each row.
            ASSERT_LE(std::abs(Complex(gram.at(a, b)) - sum), epsilon<double> * static_cast<double>(rows * rows))
                << a << " " << b;
          }
      }
}

// Blocks without imaginary parts are done without them.
TEST(Gram, of_complex_rows_some_of_which_are_real) {
  const int columns = 20;
  std::vector<Complex> matrix = some_matrix<Complex>(600 * columns);
  for (std::size_t k = 200 * columns; k < 450 * columns; ++k) matrix[k] = matrix[k].real();
  engine::SerialWorkers serial;
  engine::Gram<Complex> gram(columns, best_isa(), serial);
  gram.add({matrix.data(), 600, columns});
  for (int a = 0; a < columns; ++a)
    for (int b = 0; b < columns; ++b) {
      Complex sum = 0;
      for (std::size_t p = 0; p < 600; ++p)
        sum += std::conj(matrix[p * columns + static_cast<std::size_t>(a)]) *
               matrix[p * columns + static_cast<std::size_t>(b)];
      ASSERT_LE(std::abs(gram.at(a, b) - sum), epsilon<double> * 600 * 600);
    }
}

TYPED_TEST(GramTest, does_not_depend_on_threads) {
  const int columns = 100;
  const std::vector<TypeParam> matrix = some_matrix<TypeParam>(700 * columns);
  const auto numbers = [&](int threads) {
    const auto workers = engine::make_workers(threads);
    engine::Gram<TypeParam> gram(columns, best_isa(), *workers);
    gram.add({matrix.data(), 700, columns});
    std::vector<TypeParam> all;
    for (int a = 0; a < columns; ++a)
      for (int b = 0; b < columns; ++b) all.push_back(gram.at(a, b));
    return all;
  };
  EXPECT_EQ(numbers(1), numbers(3));
}

}  // namespace
}  // namespace sinefield
