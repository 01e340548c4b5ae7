// Sums of networks with windows for tests: one network everywhere, two in balls of different sizes that overlap.
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "sinefield/field.h"

namespace sinefield {

/// The balls have radii 0.8 and 0.2 about points on the diagonal.
inline Field windowed_field(int inputs, int outputs) {
  Field field;
  field.kind = FieldKind::sum;
  for (const int hidden : {1, 0, 2})
    field.networks.push_back(initial_network({.inputs = inputs,
                                              .outputs = outputs,
                                              .width = 6 + hidden,
                                              .hidden_layers = hidden,
                                              .omega_first = 3.0 + hidden,
                                              .omega_hidden = 4},
                                             13, static_cast<std::uint32_t>(hidden)));
  const auto axes = static_cast<std::size_t>(inputs);
  field.windows = {std::nullopt, Window{std::vector<double>(axes, 0.1), 0.8},
                   Window{std::vector<double>(axes, -0.25), 0.2}};
  for (int i = 0; i < inputs; ++i) field.axes.push_back({fmt::format("axis {}", i), 0.02 * (i + 1), 0.1 - 0.3 * i});
  for (int o = 0; o < outputs; ++o) field.channels.push_back({127.5 - 60 * o, 10.0 + o});
  return field;
}

/// The same with slabs along the first axis: everywhere from -0.4 to 0.3, the large ball from -0.1 on, the small one
/// as it is.
inline Field slabbed_field(int inputs, int outputs) {
  Field field = windowed_field(inputs, outputs);
  field.windows[0] = Window{{}, 1, Slab{0, -0.4, 0.3}};
  field.windows[1]->slab = Slab{0, -0.1, 1e100};
  return field;
}

}  // namespace sinefield
