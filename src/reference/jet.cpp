// Values, gradients and Hessians of a network, carried forward from layer to layer. Every second derivative is carried,
// also those that symmetry would give for free.
// SPDX-License-Identifier: MIT
#include <string>

#include "reference/layers.h"
#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {

Jet zeros(int outputs, int inputs) {
  const auto c = static_cast<std::size_t>(outputs), d = static_cast<std::size_t>(inputs);
  return {std::vector<double>(c), std::vector<double>(c * d), std::vector<double>(c * d * d)};
}

Jet coordinates_of(std::span<const double> x) {
  const int d = static_cast<int>(x.size());
  Jet h = zeros(d, d);
  for (int i = 0; i < d; ++i) {
    h.value[i] = x[i];
    h.gradient[i * d + i] = 1;
  }
  return h;
}

Jet affine(const LayerSlice& layer, std::span<const double> parameters, const Jet& h, int d) {
  Jet z = zeros(layer.outputs, d);
  for (int row = 0; row < layer.outputs; ++row) {
    z.value[row] = parameters[layer.bias + row];
    for (int k = 0; k < layer.inputs; ++k) {
      const double w = parameters[layer.weight + row * layer.inputs + k];
      z.value[row] += w * h.value[k];
      for (int i = 0; i < d; ++i) {
        z.gradient[row * d + i] += w * h.gradient[k * d + i];
        for (int j = 0; j < d; ++j) z.hessian[(row * d + i) * d + j] += w * h.hessian[(k * d + i) * d + j];
      }
    }
  }
  return z;
}

double Jet::laplacian(int output) const {
  const int d = static_cast<int>(gradient.size() / value.size());
  double trace = 0;
  for (int i = 0; i < d; ++i) trace += hessian[(output * d + i) * d + i];
  return trace;
}

Jet jet(const Architecture& architecture, std::span<const double> parameters, std::span<const double> x) {
  if (std::ssize(parameters) != parameter_count(architecture))
    throw bad_input("the network has " + std::to_string(parameter_count(architecture)) + " parameters, got " +
                    std::to_string(parameters.size()));
  if (std::ssize(x) != architecture.inputs)
    throw bad_input("a point of this network has " + std::to_string(architecture.inputs) + " coordinates, got " +
                    std::to_string(x.size()));

  const std::vector<LayerSlice> layers = layer_slices(architecture);
  Jet h = encode(architecture, parameters, x);
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const Jet z = affine(layers[l], parameters, h, architecture.inputs);
    h = activate(architecture.activation, layers[l].omega, z, architecture.inputs);
  }
  return affine(layers.back(), parameters, h, architecture.inputs);
}

}  // namespace sinefield::reference
