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

using Matrix = eigen::MatrixXd;
using RowMajor = eigen::Matrix<double, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;
using Rows = eigen::Map<const RowMajor, 0, eigen::OuterStride<>>;

Rows view(MatrixView<const double> matrix) {
  return {matrix.data, matrix.rows, matrix.cols, eigen::OuterStride<>(matrix.stride)};
}

std::vector<double> row_major(const Matrix& matrix) {
  std::vector<double> numbers(static_cast<std::size_t>(matrix.size()));
  eigen::Map<RowMajor>(numbers.data(), matrix.rows(), matrix.cols()) = matrix;
  return numbers;
}

eigen::Map<const eigen::VectorXd> view(const std::vector<double>& numbers) {
  return {numbers.data(), std::ssize(numbers)};
}

}  // namespace

NormalEquations::NormalEquations(int unknowns, int right_sides)
    : unknowns_(unknowns),
      right_sides_(right_sides),
      gram_(static_cast<std::size_t>(unknowns) * static_cast<std::size_t>(unknowns)),
      right_(static_cast<std::size_t>(unknowns) * static_cast<std::size_t>(right_sides)) {}

void NormalEquations::add(MatrixView<const double> rows, MatrixView<const double> right) {
  if (rows.cols != unknowns_ || right.cols != right_sides_ || rows.rows != right.rows)
    throw bad_input(fmt::format("rows ({}, {}) with right sides ({}, {}), expected ({}, {}) and ({}, {})", rows.rows,
                                rows.cols, right.rows, right.cols, rows.rows, unknowns_, rows.rows, right_sides_));
  eigen::Map<Matrix> gram(gram_.data(), unknowns_, unknowns_), sums(right_.data(), unknowns_, right_sides_);
  gram.selfadjointView<eigen::Lower>().rankUpdate(view(rows).transpose());
  sums.noalias() += view(rows).transpose() * view(right);
  rows_ += rows.rows;
}

std::vector<double> NormalEquations::scales() const {
  if (rows_ == 0) throw bad_input("a least-squares problem without rows");
  std::vector<double> scales;
  for (int k = 0; k < unknowns_; ++k) {
    const double square = gram_[static_cast<std::size_t>(k) * static_cast<std::size_t>(unknowns_ + 1)];
    scales.push_back(square > 0 ? 1 / std::sqrt(square) : 1);
  }
  return scales;
}

std::vector<double> NormalEquations::solve(double shift) const {
  const std::vector<double> of_columns = scales();
  const auto scale = view(of_columns).asDiagonal();
  const eigen::Map<const Matrix> gram(gram_.data(), unknowns_, unknowns_), sums(right_.data(), unknowns_, right_sides_);
  Matrix scaled = scale * Matrix(gram.selfadjointView<eigen::Lower>()) * scale;
  scaled.diagonal().array() += shift;
  const eigen::LLT<eigen::Ref<Matrix>> factors(scaled);
  if (factors.info() != eigen::Success)
    throw failure("the equations of the last layer depend on each other beyond what double holds",
                  "take fewer features, or a larger shift");
  return row_major(scale * factors.solve(scale * sums));
}

std::vector<double> NormalEquations::solve_truncated(double cut) const {
  const std::vector<double> of_columns = scales();
  const auto scale = view(of_columns).asDiagonal();
  const eigen::Map<const Matrix> gram(gram_.data(), unknowns_, unknowns_), sums(right_.data(), unknowns_, right_sides_);
  const eigen::SelfAdjointEigenSolver<Matrix> factors(scale * Matrix(gram.selfadjointView<eigen::Lower>()) * scale);
  if (factors.info() != eigen::Success) throw failure("the eigenvalues of the last layer's equations were not found");
  const eigen::VectorXd& values = factors.eigenvalues();
  const double least = cut * values.maxCoeff();
  const eigen::VectorXd inverse = values.unaryExpr([&](double value) { return value > least ? 1 / value : 0.0; });
  return row_major(scale * (factors.eigenvectors() *
                            (inverse.asDiagonal() * (factors.eigenvectors().transpose() * Matrix(scale * sums)))));
}

std::vector<double> solve_by_qr(MatrixView<const double> rows, MatrixView<const double> right) {
  if (rows.rows < 1 || rows.rows != right.rows)
    throw bad_input(fmt::format("{} rows with {} right sides, expected as many, at least one", rows.rows, right.rows));
  Matrix scaled = view(rows);
  eigen::VectorXd scale = scaled.colwise().norm().transpose();
  scale = scale.unaryExpr([](double length) { return length > 0 ? 1 / length : 1.0; });
  scaled = scaled * scale.asDiagonal();
  const eigen::CompleteOrthogonalDecomposition<Matrix> factors(scaled);
  return row_major(scale.asDiagonal() * Matrix(factors.solve(Matrix(view(right)))));
}

}  // namespace sinefield::train
