// The shape of one network and the layout of its parameters. No numbers of a trained network live here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

/// s(y) of every layer but the last, y = omega (W h + b).
enum class Activation : std::uint8_t {
  sine,      ///< sin y: SIREN (Sitzmann et al. 2020)
  relu,      ///< max(0, y)
  tanh,      ///< tanh y
  sigmoid,   ///< 1 / (1 + e^-y)
  softplus,  ///< log(1 + e^y)
  elu,       ///< y, or e^y - 1 below 0
  selu,      ///< 1.0507.. times y, or 1.6732.. (e^y - 1) below 0 (Klambauer et al. 2017)
  finer,     ///< sin((|y| / omega + 1) y): FINER (Liu et al. 2024)
  gauss,     ///< exp(-y^2) (Ramasinghe and Lucey 2022; omega is their 1 / (sqrt(2) sigma))
};
std::string_view activation_name(Activation);
/// In the order of the enumerators.
std::span<const std::string_view> activation_names();
/// Throws bad_input for an unknown name.
Activation activation_from_name(std::string_view);

/// What stands between the coordinates and the first layer.
struct Encoding {
  enum class Kind : std::uint8_t {
    none,        ///< nothing: the layer sees x
    positional,  ///< x, then sin(2^i pi x_j), cos(2^i pi x_j) for i < size, each i for all axes j (Mildenhall et al.
                 ///< 2020)
    rbf,         ///< exp(-(sigma_k |x - c_k|^2)^2), k < size, centres and sigmas trained
  };
  Kind kind = Kind::none;
  int size = 0;  ///< frequencies, 1 .. 24, or centres, 1 .. 8,192; 0 where there is none

  friend bool operator==(const Encoding&, const Encoding&) = default;
};
std::string_view encoding_name(Encoding::Kind);
/// In the order of the enumerators.
std::span<const std::string_view> encoding_names();
/// "none", "positional:6", "rbf:1024"
std::string encoding_text(const Encoding&);

/// u(x) = W_n h_n + b_n,  h_0 = s(omega_first (W_0 e(x) + b_0)),  h_l = s(omega_hidden (W_l h_{l-1} + b_l)), with s the
/// activation and e the encoding.
/// "hidden_layers" counts as the original code does: 3 means 3 square layers between the first layer and the linear
/// output, five affine maps in all. 0 is allowed: a linear map of one layer of features.
struct Architecture {
  int inputs = 2;            ///< 1 .. 1,024
  int outputs = 1;           ///< 1 .. 4,096
  int width = 256;           ///< units per hidden layer, 1 .. 8,192
  int hidden_layers = 3;     ///< 0 .. 64
  double omega_first = 30;   ///< > 0
  double omega_hidden = 30;  ///< > 0
  Activation activation = Activation::sine;
  Encoding encoding = {};

  friend bool operator==(const Architecture&, const Architecture&) = default;
};

/// Why the engine cannot take this architecture, in words with the value; nothing where it can.
std::optional<std::string> why_invalid(const Architecture&);

/// Numbers that the encoding makes of a point: the inputs of the first layer.
int encoded_inputs(const Architecture&);

/// The trained numbers of an encoding, at the beginning of the flat parameter array: centres (size, inputs) row-major,
/// then sigmas (size). None but for rbf.
std::int64_t encoding_parameters(const Architecture&);

/// One affine map in the flat parameter array: weight (outputs, inputs) row-major, then bias (outputs).
struct LayerSlice {
  int inputs, outputs;
  std::int64_t weight, bias;  ///< offsets in elements
  double omega;               ///< factor inside the activation; 1 for the linear output layer
};

/// The affine maps in order, first to output, behind the numbers of the encoding: weight 0, bias 0, weight 1, ...
/// without gaps.
std::vector<LayerSlice> layer_slices(const Architecture&);

std::int64_t parameter_count(const Architecture&);

}  // namespace sinefield
