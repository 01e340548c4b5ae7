// On Eigen's decompositions.
// SPDX-License-Identifier: MIT
#include "train/least_squares.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "sinefield/error.h"
#include "train/eigen.h"

namespace sinefield::train {
namespace {

template <class Scalar>
using Matrix = eigen::Matrix<Scalar, eigen::Dynamic, eigen::Dynamic>;
template <class Scalar>
using RowMajor = eigen::Matrix<Scalar, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;

template <class Scalar>
eigen::Map<const RowMajor<Scalar>, 0, eigen::OuterStride<>> view(MatrixView<const Scalar> matrix) {
  return {matrix.data, matrix.rows, matrix.cols, eigen::OuterStride<>(matrix.stride)};
}

eigen::Map<const eigen::VectorXd> view(const std::vector<double>& numbers) {
  return {numbers.data(), std::ssize(numbers)};
}

template <class Scalar>
std::vector<Scalar> row_major(const Matrix<Scalar>& matrix) {
  std::vector<Scalar> numbers(static_cast<std::size_t>(matrix.size()));
  eigen::Map<RowMajor<Scalar>>(numbers.data(), matrix.rows(), matrix.cols()) = matrix;
  return numbers;
}

/// The lower half of the Gram matrix, its columns and rows scaled.
template <class Scalar>
Matrix<Scalar> scaled_half(const engine::Gram<Scalar>& gram, const std::vector<double>& scales) {
  const int n = gram.columns();
  Matrix<Scalar> half = Matrix<Scalar>::Zero(n, n);
  for (int b = 0; b < n; ++b)
    for (int a = b; a < n; ++a)
      half(a, b) = gram.at(a, b) * (scales[static_cast<std::size_t>(a)] * scales[static_cast<std::size_t>(b)]);
  return half;
}

}  // namespace

template <class Scalar>
NormalEquations<Scalar>::NormalEquations(int unknowns, int right_sides, Isa isa, engine::Workers& workers)
    : right_sides_(right_sides),
      gram_(unknowns, isa, workers),
      right_(static_cast<std::size_t>(unknowns) * static_cast<std::size_t>(right_sides)) {}

template <class Scalar>
void NormalEquations<Scalar>::add(MatrixView<const Scalar> rows, MatrixView<const Scalar> right) {
  const int unknowns = gram_.columns();
  if (rows.cols != unknowns || right.cols != right_sides_ || rows.rows != right.rows)
    throw bad_input(fmt::format("rows ({}, {}) with right sides ({}, {}), expected ({}, {}) and ({}, {})", rows.rows,
                                rows.cols, right.rows, right.cols, rows.rows, unknowns, rows.rows, right_sides_));
  gram_.add(rows);
  eigen::Map<Matrix<Scalar>> sums(right_.data(), unknowns, right_sides_);
  sums.noalias() += view(rows).adjoint() * view(right);
  rows_ += rows.rows;
}

template <class Scalar>
std::vector<double> NormalEquations<Scalar>::scales() const {
  if (rows_ == 0) throw bad_input("a least-squares problem without rows");
  std::vector<double> scales;
  for (int k = 0; k < gram_.columns(); ++k) {
    const double square = std::real(gram_.at(k, k));
    scales.push_back(square > 0 ? 1 / std::sqrt(square) : 1);
  }
  return scales;
}

template <class Scalar>
std::vector<Scalar> NormalEquations<Scalar>::solve(double shift) const {
  const std::vector<double> of_columns = scales();
  const auto scale = view(of_columns).asDiagonal();
  Matrix<Scalar> scaled = scaled_half(gram_, of_columns);
  scaled.diagonal().array() += shift;
  const eigen::LLT<eigen::Ref<Matrix<Scalar>>> factors(scaled);
  if (factors.info() != eigen::Success)
    throw failure("the equations of the last layer depend on each other beyond what double holds",
                  "take fewer features, or a larger shift");
  const eigen::Map<const Matrix<Scalar>> sums(right_.data(), gram_.columns(), right_sides_);
  return row_major<Scalar>(scale * factors.solve(scale * sums));
}

template <class Scalar>
std::vector<Scalar> NormalEquations<Scalar>::solve_truncated(double cut) const {
  const std::vector<double> of_columns = scales();
  const auto scale = view(of_columns).asDiagonal();
  // It reads the lower half alone.
  const eigen::SelfAdjointEigenSolver<Matrix<Scalar>> factors(scaled_half(gram_, of_columns));
  if (factors.info() != eigen::Success) throw failure("the eigenvalues of the last layer's equations were not found");
  const eigen::VectorXd& values = factors.eigenvalues();
  const double least = cut * values.maxCoeff();
  const eigen::VectorXd inverse = values.unaryExpr([&](double value) { return value > least ? 1 / value : 0.0; });
  const eigen::Map<const Matrix<Scalar>> sums(right_.data(), gram_.columns(), right_sides_);
  return row_major<Scalar>(scale * (factors.eigenvectors() * (inverse.asDiagonal() * (factors.eigenvectors().adjoint() *
                                                                                      Matrix<Scalar>(scale * sums)))));
}

template <class Scalar>
std::vector<Scalar> solve_by_qr(MatrixView<const Scalar> rows, MatrixView<const Scalar> right) {
  if (rows.rows < 1 || rows.rows != right.rows)
    throw bad_input(fmt::format("{} rows with {} right sides, expected as many, at least one", rows.rows, right.rows));
  Matrix<Scalar> scaled = view(rows);
  eigen::VectorXd scale = scaled.colwise().norm().transpose();
  scale = scale.unaryExpr([](double length) { return length > 0 ? 1 / length : 1.0; });
  scaled = scaled * scale.asDiagonal();
  Matrix<Scalar> sides = view(right);
  if (scaled.rows() > scaled.cols()) {
    // Of tall matrices first the triangle, by blocks; the pivots are sought in it, which is the slower work.
    const eigen::HouseholderQR<eigen::Ref<Matrix<Scalar>>> triangle(scaled);
    sides.applyOnTheLeft(triangle.householderQ().adjoint());
    const auto size = scaled.cols();
    sides = Matrix<Scalar>(sides.topRows(size));
    scaled = Matrix<Scalar>(scaled.topRows(size).template triangularView<eigen::Upper>());
  }
  const eigen::CompleteOrthogonalDecomposition<Matrix<Scalar>> factors(scaled);
  return row_major<Scalar>(scale.asDiagonal() * Matrix<Scalar>(factors.solve(sides)));
}

template class NormalEquations<double>;
template class NormalEquations<std::complex<double>>;
template std::vector<double> solve_by_qr(MatrixView<const double>, MatrixView<const double>);
template std::vector<std::complex<double>> solve_by_qr(MatrixView<const std::complex<double>>,
                                                       MatrixView<const std::complex<double>>);

}  // namespace sinefield::train
