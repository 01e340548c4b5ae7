// The mean squared error of a fit and its gradient by textbook backpropagation, one point after the other.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "reference/layers.h"
#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

using Vector = std::vector<double>;

/// z = W h + b
Vector affine(const LayerSlice& layer, std::span<const double> parameters, const Vector& h) {
  Vector z(static_cast<std::size_t>(layer.outputs));
  for (int row = 0; row < layer.outputs; ++row) {
    z[row] = parameters[layer.bias + row];
    for (int k = 0; k < layer.inputs; ++k) z[row] += parameters[layer.weight + row * layer.inputs + k] * h[k];
  }
  return z;
}

/// From z_bar: adds z_bar h^T to the weight's gradient and z_bar to the bias's; returns h_bar = W^T z_bar.
Vector affine_reverse(const LayerSlice& layer, std::span<const double> parameters, const Vector& h, const Vector& z_bar,
                      std::span<double> gradient) {
  Vector h_bar(static_cast<std::size_t>(layer.inputs));
  for (int row = 0; row < layer.outputs; ++row) {
    gradient[layer.bias + row] += z_bar[row];
    for (int k = 0; k < layer.inputs; ++k) {
      gradient[layer.weight + row * layer.inputs + k] += z_bar[row] * h[k];
      h_bar[k] += parameters[layer.weight + row * layer.inputs + k] * z_bar[row];
    }
  }
  return h_bar;
}

void require_shape(const char* what, MatrixView<const double> matrix, std::int64_t rows, std::int64_t cols) {
  if (matrix.rows != rows || matrix.cols != cols)
    throw bad_input(std::string(what) + " must be (" + std::to_string(rows) + ", " + std::to_string(cols) + "), got (" +
                    std::to_string(matrix.rows) + ", " + std::to_string(matrix.cols) + ")");
}

}  // namespace

double squared_error(const Architecture& architecture, std::span<const double> parameters,
                     MatrixView<const double> coordinates, MatrixView<const double> targets,
                     std::span<double> gradient) {
  const std::int64_t points = coordinates.rows;
  if (points < 1) throw bad_input("a mean squared error needs at least one point");
  require_shape("coordinates", coordinates, points, architecture.inputs);
  require_shape("targets", targets, points, architecture.outputs);
  if (std::ssize(parameters) != parameter_count(architecture) || gradient.size() != parameters.size())
    throw bad_input("the network has " + std::to_string(parameter_count(architecture)) + " parameters, got " +
                    std::to_string(parameters.size()) + " and a gradient of " + std::to_string(gradient.size()));

  const std::vector<LayerSlice> layers = layer_slices(architecture);
  const double terms = static_cast<double>(points) * architecture.outputs;
  double sum = 0;
  std::ranges::fill(gradient, 0.0);

  for (std::int64_t n = 0; n < points; ++n) {
    const std::span<const double> x(coordinates.row(n), static_cast<std::size_t>(architecture.inputs));
    std::vector<Vector> inputs_of = {encode(architecture, parameters, x).value};
    std::vector<Vector> z;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      z.push_back(affine(layers[l], parameters, inputs_of[l]));
      if (l + 1 == layers.size()) break;
      Vector h = z[l];
      for (double& unit : h) unit = activation(architecture.activation, layers[l].omega, unit).value;
      inputs_of.push_back(h);
    }

    Vector z_bar = z.back();
    for (int c = 0; c < architecture.outputs; ++c) {
      const double error = z.back()[c] - targets.row(n)[c];
      sum += error * error;
      z_bar[c] = 2 * error / terms;
    }
    for (std::size_t l = layers.size(); l-- > 0;) {
      const Vector h_bar = affine_reverse(layers[l], parameters, inputs_of[l], z_bar, gradient);
      if (l == 0) {
        Jet e_bar = zeros(static_cast<int>(h_bar.size()), architecture.inputs);
        e_bar.value = h_bar;
        encode_reverse(architecture, parameters, x, e_bar, gradient);
        break;
      }
      z_bar = h_bar;
      for (std::size_t k = 0; k < z_bar.size(); ++k)
        z_bar[k] *= activation(architecture.activation, layers[l - 1].omega, z[l - 1][k]).first;
    }
  }
  return sum / terms;
}

}  // namespace sinefield::reference
