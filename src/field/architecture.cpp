// Limits of an architecture and the layout of its parameters.
// SPDX-License-Identifier: MIT
#include "sinefield/architecture.h"

#include <fmt/core.h>

#include <cmath>

namespace sinefield {

std::optional<std::string> why_invalid(const Architecture& a) {
  struct Count {
    const char* name;
    int value, least, most;
  };
  for (const Count& c : {Count{"inputs", a.inputs, 1, 1024}, Count{"outputs", a.outputs, 1, 4096},
                         Count{"width", a.width, 1, 8192}, Count{"hidden_layers", a.hidden_layers, 0, 64}}) {
    if (c.value < c.least || c.value > c.most) {
      return fmt::format("{} is {}, expected {} to {}", c.name, c.value, c.least, c.most);
    }
  }
  struct Omega {
    const char* name;
    double value;
  };
  for (const Omega& omega : {Omega{"omega_first", a.omega_first}, Omega{"omega_hidden", a.omega_hidden}}) {
    if (!(omega.value > 0 && std::isfinite(omega.value))) {
      return fmt::format("{} is {}, expected a finite number above 0", omega.name, omega.value);
    }
  }
  return std::nullopt;
}

std::vector<LayerSlice> layer_slices(const Architecture& a) {
  std::vector<LayerSlice> slices;
  std::int64_t next = 0;
  const int last = a.hidden_layers + 1;
  for (int layer = 0; layer <= last; ++layer) {
    LayerSlice slice;
    slice.inputs = layer == 0 ? a.inputs : a.width;
    slice.outputs = layer == last ? a.outputs : a.width;
    slice.weight = next;
    slice.bias = slice.weight + std::int64_t{slice.outputs} * slice.inputs;
    slice.omega = layer == 0 ? a.omega_first : layer == last ? 1.0 : a.omega_hidden;
    next = slice.bias + slice.outputs;
    slices.push_back(slice);
  }
  return slices;
}

std::int64_t parameter_count(const Architecture& a) {
  const LayerSlice last = layer_slices(a).back();
  return last.bias + last.outputs;
}

}  // namespace sinefield
