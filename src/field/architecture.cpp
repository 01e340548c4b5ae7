// Limits of an architecture, the names of its parts and the layout of its parameters.
// SPDX-License-Identifier: MIT
#include "sinefield/architecture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sinefield/error.h"

namespace sinefield {
namespace {

// Order of the enumerators.
constexpr std::array<std::string_view, 9> activations = {"sine", "relu", "tanh",  "sigmoid", "softplus",
                                                         "elu",  "selu", "finer", "gauss"};
constexpr std::array<std::string_view, 3> encodings = {"none", "positional", "rbf"};

}  // namespace

std::string_view activation_name(Activation activation) { return activations[static_cast<std::size_t>(activation)]; }

std::span<const std::string_view> activation_names() { return activations; }

Activation activation_from_name(std::string_view name) {
  const auto* const found = std::ranges::find(activations, name);
  if (found == activations.end())
    throw bad_input(fmt::format("activation {}: expected one of {}", name, fmt::join(activations, ", ")));
  return static_cast<Activation>(found - activations.begin());
}

std::string_view encoding_name(Encoding::Kind kind) { return encodings[static_cast<std::size_t>(kind)]; }

std::span<const std::string_view> encoding_names() { return encodings; }

std::string encoding_text(const Encoding& encoding) {
  const std::string_view name = encoding_name(encoding.kind);
  return encoding.kind == Encoding::Kind::none ? std::string(name) : fmt::format("{}:{}", name, encoding.size);
}

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
  const Encoding& encoding = a.encoding;
  const bool none = encoding.kind == Encoding::Kind::none;
  const int most = none ? 0 : encoding.kind == Encoding::Kind::positional ? 24 : 8192;
  if (encoding.size < (none ? 0 : 1) || encoding.size > most)
    return fmt::format("encoding {} of size {}, expected {} to {}", encoding_name(encoding.kind), encoding.size,
                       none ? 0 : 1, most);
  return std::nullopt;
}

int encoded_inputs(const Architecture& a) {
  switch (a.encoding.kind) {
    case Encoding::Kind::none:
      return a.inputs;
    case Encoding::Kind::positional:
      return a.inputs * (1 + 2 * a.encoding.size);
    case Encoding::Kind::rbf:
      return a.encoding.size;
  }
  return 0;
}

std::int64_t encoding_parameters(const Architecture& a) {
  return a.encoding.kind == Encoding::Kind::rbf ? std::int64_t{a.encoding.size} * (a.inputs + 1) : 0;
}

std::vector<LayerSlice> layer_slices(const Architecture& a) {
  std::vector<LayerSlice> slices;
  std::int64_t next = encoding_parameters(a);
  const int last = a.hidden_layers + 1;
  for (int layer = 0; layer <= last; ++layer) {
    LayerSlice slice;
    slice.inputs = layer == 0 ? encoded_inputs(a) : a.width;
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
