// SOAP as the paper's authors wrote it, with textbook algebra: Jacobi's rotations for the first eigenbases,
// Gram-Schmidt for the later ones. Everything is kept outside the eigenbases and projected when it is needed, but for
// the second moment, which lives in them.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

using Matrix = std::vector<std::vector<double>>;

Matrix zeros(std::size_t rows, std::size_t columns) { return Matrix(rows, std::vector<double>(columns)); }

Matrix identity(std::size_t size) {
  Matrix result = zeros(size, size);
  for (std::size_t i = 0; i < size; ++i) result[i][i] = 1;
  return result;
}

Matrix transposed(const Matrix& a) {
  Matrix result = zeros(a[0].size(), a.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a[0].size(); ++j) result[j][i] = a[i][j];
  return result;
}

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result = zeros(a.size(), b[0].size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t j = 0; j < b[0].size(); ++j) result[i][j] += a[i][k] * b[k][j];
  return result;
}

/// Moves the running mean of share 1 - beta by one sample.
void average(Matrix& mean, const Matrix& sample, double beta) {
  for (std::size_t i = 0; i < mean.size(); ++i)
    for (std::size_t j = 0; j < mean[0].size(); ++j) mean[i][j] = beta * mean[i][j] + (1 - beta) * sample[i][j];
}

/// Indices of the values from the largest down.
std::vector<std::size_t> descending(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return order;
}

Matrix with_columns(const Matrix& a, const std::vector<std::size_t>& order) {
  Matrix result = a;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < order.size(); ++j) result[i][j] = a[i][order[j]];
  return result;
}

/// Eigenvectors of a symmetric matrix in columns, that of the largest eigenvalue first: cyclic Jacobi rotations
/// (Golub and Van Loan, Matrix Computations, section 8.5).
Matrix eigenvectors(Matrix a) {
  const std::size_t size = a.size();
  Matrix vectors = identity(size);
  for (int sweep = 0; sweep < 40; ++sweep) {
    for (std::size_t p = 0; p < size; ++p)
      for (std::size_t q = p + 1; q < size; ++q) {
        if (a[p][q] == 0) continue;
        const double tau = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double tangent = (tau < 0 ? -1 : 1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
        const double cosine = 1 / std::sqrt(1 + tangent * tangent), sine = tangent * cosine;
        const auto rotate = [&](double& x, double& y) {
          const double old = x;
          x = cosine * old - sine * y;
          y = sine * old + cosine * y;
        };
        for (std::size_t i = 0; i < size; ++i) rotate(a[i][p], a[i][q]);
        for (std::size_t i = 0; i < size; ++i) rotate(a[p][i], a[q][i]);
        for (std::size_t i = 0; i < size; ++i) rotate(vectors[i][p], vectors[i][q]);
      }
  }
  std::vector<double> values;
  for (std::size_t i = 0; i < size; ++i) values.push_back(a[i][i]);
  return with_columns(vectors, descending(values));
}

/// The orthonormal factor of a QR decomposition of a matrix of full rank: Gram-Schmidt, twice.
Matrix orthonormal(const Matrix& a) {
  Matrix columns = transposed(a);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    const auto dot = [&](std::size_t k) {
      return std::inner_product(columns[j].begin(), columns[j].end(), columns[k].begin(), 0.0);
    };
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t k = 0; k < j; ++k) {
        const double share = dot(k);
        for (std::size_t i = 0; i < columns.size(); ++i) columns[j][i] -= share * columns[k][i];
      }
    const double length = std::sqrt(dot(j));
    for (double& element : columns[j]) element /= length;
  }
  return transposed(columns);
}

}  // namespace

void Soap::step(const Architecture& architecture, std::span<double> parameters, std::span<const double> gradient) {
  const std::vector<LayerSlice> slices = layer_slices(architecture);
  const auto count = static_cast<std::size_t>(parameter_count(architecture));
  if (parameters.size() != count || gradient.size() != count)
    throw bad_input("SOAP on " + std::to_string(parameters.size()) + " parameters and a gradient of " +
                    std::to_string(gradient.size()) + ", expected " + std::to_string(count));
  if (tensors.empty())
    for (const LayerSlice& slice : slices) {
      const auto outputs = static_cast<std::size_t>(slice.outputs), inputs = static_cast<std::size_t>(slice.inputs);
      for (const std::size_t columns : {inputs, std::size_t{1}}) {  // the weights, the biases
        const bool weights = tensors.size() % 2 == 0;
        const auto conditioned = [&](std::size_t side) { return weights && side > 1 && side <= 2048; };
        tensors.push_back({.mean = zeros(outputs, columns),
                           .square = zeros(outputs, columns),
                           .left = zeros(outputs, outputs),
                           .right = zeros(columns, columns),
                           .left_basis = identity(outputs),
                           .right_basis = identity(columns),
                           .turns_left = conditioned(outputs),
                           .turns_right = conditioned(columns)});
      }
    }

  const bool first = steps++ == 0;
  const auto t = static_cast<double>(steps - 1);
  for (std::size_t l = 0; l < tensors.size(); ++l) {
    Tensor& tensor = tensors[l];
    const LayerSlice& slice = slices[l / 2];
    const auto offset = static_cast<std::size_t>(l % 2 == 0 ? slice.weight : slice.bias);
    Matrix g = tensor.mean;
    for (std::size_t i = 0, at = offset; i < g.size(); ++i)
      for (double& element : g[i]) element = gradient[at++];

    if (!first) {
      const auto project = [&](const Matrix& a) {
        return product(product(transposed(tensor.left_basis), a), tensor.right_basis);
      };
      average(tensor.mean, g, beta1);
      Matrix squared = project(g);
      for (auto& row : squared)
        for (double& element : row) element *= element;
      average(tensor.square, squared, beta2);
      Matrix move = project(tensor.mean);
      for (std::size_t i = 0; i < move.size(); ++i)
        for (std::size_t j = 0; j < move[0].size(); ++j) move[i][j] /= std::sqrt(tensor.square[i][j]) + eps;
      move = product(product(tensor.left_basis, move), transposed(tensor.right_basis));
      const double rate = lr * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t));
      for (std::size_t i = 0, at = offset; i < move.size(); ++i)
        for (const double element : move[i]) parameters[at++] -= rate * element;
    }

    average(tensor.left, product(g, transposed(g)), beta2);
    average(tensor.right, product(transposed(g), g), beta2);
    if (first) {
      if (tensor.turns_left) tensor.left_basis = eigenvectors(tensor.left);
      if (tensor.turns_right) tensor.right_basis = eigenvectors(tensor.right);
    } else if ((steps - 1) % refresh_interval == 0) {
      // One power iteration; returns the old places of the new columns.
      const auto iterate = [](Matrix& basis, const Matrix& moment) {
        const Matrix power = product(moment, basis);
        std::vector<double> estimates;
        for (std::size_t j = 0; j < basis.size(); ++j) {
          double estimate = 0;
          for (std::size_t i = 0; i < basis.size(); ++i) estimate += basis[i][j] * power[i][j];
          estimates.push_back(estimate);
        }
        std::vector<std::size_t> order = descending(estimates);
        basis = orthonormal(with_columns(power, order));
        return order;
      };
      if (tensor.turns_left)
        tensor.square = transposed(with_columns(transposed(tensor.square), iterate(tensor.left_basis, tensor.left)));
      if (tensor.turns_right) tensor.square = with_columns(tensor.square, iterate(tensor.right_basis, tensor.right));
    }
  }
}

}  // namespace sinefield::reference
