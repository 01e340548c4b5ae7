// Offsets of packed weights and gradients.
// SPDX-License-Identifier: MIT
#include "engine/layout.h"

#include <algorithm>

namespace sinefield::engine {

NetworkLayout::NetworkLayout(const Architecture& shape, Tile register_tile, std::size_t element_size)
    : architecture(shape), tile(register_tile) {
  const std::vector<LayerSlice> slices = layer_slices(shape);
  // Panels start on cache lines: offsets are rounded up to 64 bytes.
  const std::size_t line = 64 / element_size;
  const auto take = [line](std::size_t& total, std::size_t count) {
    const std::size_t offset = total;
    total += (count + line - 1) / line * line;
    return offset;
  };
  packed_size = gradient_size = 0;
  const auto features = static_cast<std::size_t>(encoded() ? padded(encoded_inputs(shape)) : 0),
             trained = rbf() ? features : 0, axes = static_cast<std::size_t>(shape.inputs);
  encoding_weights = take(packed_size, axes * features);
  encoding_units = take(packed_size, features);
  centres_gradient = take(gradient_size, axes * trained);
  sigmas_gradient = take(gradient_size, trained);
  for (std::size_t l = 0; l + 1 < slices.size(); ++l) {
    const LayerSlice& s = slices[l];
    const auto in = static_cast<std::size_t>(s.inputs), out = static_cast<std::size_t>(s.outputs);
    const auto wide_in = static_cast<std::size_t>(padded(s.inputs)),
               wide_out = static_cast<std::size_t>(padded(s.outputs));
    ActivatedLayer layer{};
    layer.inputs = s.inputs, layer.outputs = s.outputs, layer.flat = s;
    layer.forward = take(packed_size, in * wide_out);
    layer.backward = l == 0 && !rbf() ? 0 : take(packed_size, out * wide_in);
    layer.bias = take(packed_size, wide_out);
    layer.gradient = take(gradient_size, in * wide_out);
    layer.bias_gradient = take(gradient_size, wide_out);
    layers.push_back(layer);
  }
  output = slices.back();
  const auto rows = static_cast<std::size_t>(output.outputs), wide = static_cast<std::size_t>(padded(output.inputs));
  output_weights = take(packed_size, rows * wide);
  output_bias = take(packed_size, rows);
  output_gradient = take(gradient_size, rows * wide);
  output_bias_gradient = take(gradient_size, rows);

  // Enough rows to reuse each packed panel, few enough that all activations of a block stay in the core's own cache.
  block_rows = std::max(1, 96 / tile.rows) * tile.rows;
}

}  // namespace sinefield::engine
