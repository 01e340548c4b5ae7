// The shape of one sinusoidal network and the layout of its parameters. No numbers of a trained network live here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sinefield {

/// u(x) = W_n h_n + b_n,  h_0 = sin(omega_first (W_0 x + b_0)),  h_l = sin(omega_hidden (W_l h_{l-1} + b_l)).
/// "hidden_layers" counts as the original code does: 3 means 3 square layers between the first layer and the linear
/// output, five affine maps in all. 0 is allowed: a linear map of one layer of sine features.
struct Architecture {
  int inputs = 2;            ///< 1 .. 1,024
  int outputs = 1;           ///< 1 .. 4,096
  int width = 256;           ///< units per hidden layer, 1 .. 8,192
  int hidden_layers = 3;     ///< 0 .. 64
  double omega_first = 30;   ///< > 0
  double omega_hidden = 30;  ///< > 0

  friend bool operator==(const Architecture&, const Architecture&) = default;
};

/// Why the engine cannot take this architecture, in words with the value; nothing where it can.
std::optional<std::string> why_invalid(const Architecture&);

/// One affine map in the flat parameter array: weight (outputs, inputs) row-major, then bias (outputs).
struct LayerSlice {
  int inputs, outputs;
  std::int64_t weight, bias;  ///< offsets in elements
  double omega;               ///< factor inside the sine; 1 for the linear output layer
};

/// The affine maps in order, first to output: weight 0, bias 0, weight 1, ... without gaps.
std::vector<LayerSlice> layer_slices(const Architecture&);

std::int64_t parameter_count(const Architecture&);

}  // namespace sinefield
