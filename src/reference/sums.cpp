// A sum of networks, each times its window and within its slab: the window as products of jets, without a formula of
// its own for any derivative of the product.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "reference/layers.h"
#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

/// w v for w of one output, by the product rule.
Jet product(const Jet& w, const Jet& v, int d) {
  const int outputs = static_cast<int>(v.value.size());
  Jet both = zeros(outputs, d);
  for (int o = 0; o < outputs; ++o) {
    both.value[o] = w.value[0] * v.value[o];
    for (int i = 0; i < d; ++i) {
      both.gradient[o * d + i] = w.gradient[i] * v.value[o] + w.value[0] * v.gradient[o * d + i];
      for (int j = 0; j < d; ++j)
        both.hessian[(o * d + i) * d + j] = w.hessian[i * d + j] * v.value[o] + w.gradient[i] * v.gradient[o * d + j] +
                                            w.gradient[j] * v.gradient[o * d + i] +
                                            w.value[0] * v.hessian[(o * d + i) * d + j];
    }
  }
  return both;
}

bool within(const std::optional<Slab>& slab, std::span<const double> x) {
  if (!slab) return true;
  const double along = x[static_cast<std::size_t>(slab->axis)];
  return slab->low <= along && along < slab->high;
}

/// (1 - r^2 / R^2)^4 inside the ball, as the square of a square.
Jet jet_of(const Window& window, std::span<const double> x) {
  const int d = static_cast<int>(x.size());
  const double radius_squared = window.radius * window.radius;
  Jet q = zeros(1, d);
  q.value[0] = 1;
  for (int i = 0; i < d; ++i) {
    const double away = x[i] - window.centre[i];
    q.value[0] -= away * away / radius_squared;
    q.gradient[i] = -2 * away / radius_squared;
    q.hessian[i * d + i] = -2 / radius_squared;
  }
  if (q.value[0] <= 0) return zeros(1, d);
  const Jet square = product(q, q, d);
  return product(square, square, d);
}

}  // namespace

Jet sum_jet(const Field& field, std::span<const double> x) {
  const int d = field.inputs();
  if (field.kind == FieldKind::tiles || static_cast<int>(x.size()) != d)
    throw bad_input("a field of one network or a sum and a point of its coordinates were expected");
  Jet sum = zeros(field.outputs(), d);
  for (std::size_t term = 0; term < field.networks.size(); ++term) {
    const Network& network = field.networks[term];
    const std::vector<double> parameters(network.parameters.begin(), network.parameters.end());
    Jet jet = reference::jet(network.architecture, parameters, x);
    if (const Window* const window = field.window_of(term)) {
      if (!within(window->slab, x)) continue;
      if (!window->centre.empty()) jet = product(jet_of(*window, x), jet, d);
    }
    for (std::size_t e = 0; e < sum.value.size(); ++e) sum.value[e] += jet.value[e];
    for (std::size_t e = 0; e < sum.gradient.size(); ++e) sum.gradient[e] += jet.gradient[e];
    for (std::size_t e = 0; e < sum.hessian.size(); ++e) sum.hessian[e] += jet.hessian[e];
  }
  return sum;
}

}  // namespace sinefield::reference
