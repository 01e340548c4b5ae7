// The way back through values, gradients and Hessians of a network, one point at a time: reverse mode through jet.cpp,
// line for line.
// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "reference/layers.h"
#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

/// From the adjoints of z = W h + b: adds to the gradient of W and b, returns the adjoints of h.
Jet affine_reverse(const LayerSlice& layer, std::span<const double> parameters, const Jet& h, const Jet& z_bar, int d,
                   std::span<double> gradient) {
  Jet h_bar = zeros(layer.inputs, d);
  for (int row = 0; row < layer.outputs; ++row) {
    gradient[layer.bias + row] += z_bar.value[row];
    for (int k = 0; k < layer.inputs; ++k) {
      const double w = parameters[layer.weight + row * layer.inputs + k];
      double& w_bar = gradient[layer.weight + row * layer.inputs + k];
      w_bar += z_bar.value[row] * h.value[k];
      h_bar.value[k] += w * z_bar.value[row];
      for (int i = 0; i < d; ++i) {
        w_bar += z_bar.gradient[row * d + i] * h.gradient[k * d + i];
        h_bar.gradient[k * d + i] += w * z_bar.gradient[row * d + i];
      }
      for (int ij = 0; ij < d * d; ++ij) {
        w_bar += z_bar.hessian[row * d * d + ij] * h.hessian[k * d * d + ij];
        h_bar.hessian[k * d * d + ij] += w * z_bar.hessian[row * d * d + ij];
      }
    }
  }
  return h_bar;
}

}  // namespace

void jet_reverse(const Architecture& architecture, std::span<const double> parameters, std::span<const double> x,
                 const Jet& u_bar, std::span<double> gradient) {
  const auto d = static_cast<std::size_t>(architecture.inputs), c = static_cast<std::size_t>(architecture.outputs);
  if (std::ssize(parameters) != parameter_count(architecture) || gradient.size() != parameters.size() ||
      x.size() != d || u_bar.value.size() != c || u_bar.gradient.size() != c * d || u_bar.hessian.size() != c * d * d)
    throw bad_input("a network of " + std::to_string(parameter_count(architecture)) + " parameters from " +
                    std::to_string(d) + " to " + std::to_string(c) + " numbers does not fit these lengths");

  const std::vector<LayerSlice> layers = layer_slices(architecture);
  std::vector<Jet> h = {encode(architecture, parameters, x)}, z;
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    z.push_back(affine(layers[l], parameters, h[l], architecture.inputs));
    h.push_back(activate(architecture.activation, layers[l].omega, z[l], architecture.inputs));
  }
  Jet bar = affine_reverse(layers.back(), parameters, h.back(), u_bar, architecture.inputs, gradient);
  for (std::size_t l = layers.size() - 1; l-- > 0;) {
    bar = activate_reverse(architecture.activation, layers[l].omega, z[l], bar, architecture.inputs);
    bar = affine_reverse(layers[l], parameters, h[l], bar, architecture.inputs, gradient);
  }
  encode_reverse(architecture, parameters, x, bar, gradient);
}

}  // namespace sinefield::reference
