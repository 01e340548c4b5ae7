// Packing tiles.
// SPDX-License-Identifier: MIT
#include "field/packed_tile.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sinefield/error.h"

namespace sinefield {

template <class T>
TileShapes<T>::TileShapes(const Field& field, const engine::JetPlan& plan, Isa isa) {
  std::map<std::tuple<int, int, Activation, Encoding::Kind, int>, std::int32_t> known;  // all but the omegas
  for (const Network& network : field.networks) {
    const Architecture& a = network.architecture;
    if (a.inputs != field.inputs() || a.outputs != field.outputs())
      throw bad_input(fmt::format("the tiles map {} to {} and {} to {} numbers, expected the same for all",
                                  field.inputs(), field.outputs(), a.inputs, a.outputs));
    const auto [shape, added] =
        known.try_emplace({a.width, a.hidden_layers, a.activation, a.encoding.kind, a.encoding.size},
                          static_cast<std::int32_t>(known.size()));
    if (added) layouts.emplace_back(a, engine::kernels<T>(isa, a).tile, sizeof(T));
    of_tile.push_back(shape->second);
  }
  for (const engine::NetworkLayout& layout : layouts) {
    packed = std::max(packed, layout.packed_size);
    scratch = std::max(scratch, engine::kernels<T>(isa, layout.architecture).query_scratch(layout, plan));
    parameters = std::max(parameters, static_cast<std::size_t>(parameter_count(layout.architecture)));
  }
}

template <class T>
PackedTile<T>::PackedTile(const Field& field, const TileShapes<T>& shapes, engine::JetPlan plan, Isa isa)
    : field_(field),
      shapes_(shapes),
      plan_(std::move(plan)),
      isa_(isa),
      layouts_(shapes.layouts),
      packed_(shapes.packed),
      scratch_(shapes.scratch) {
  if constexpr (!std::is_same_v<T, float>) parameters_.resize(shapes.parameters);
}

template <class T>
void PackedTile<T>::pack(int tile) {
  const auto at = static_cast<std::size_t>(tile);
  const Network& network = field_.networks[at];
  const std::int32_t shape = shapes_.of_tile[at];
  engine::NetworkLayout& layout = layouts_[static_cast<std::size_t>(shape)];
  for (std::size_t l = 0; l < layout.layers.size(); ++l)
    layout.layers[l].flat.omega = l == 0 ? network.architecture.omega_first : network.architecture.omega_hidden;
  // What pads the arrays of one shape holds numbers of another.
  if (shape_ != shape) std::fill_n(packed_.data(), layout.packed_size, T{0});
  if constexpr (std::is_same_v<T, float>) {
    kernels_of(layout.architecture).pack(layout, network.parameters.data(), packed_.data());
  } else {
    std::ranges::copy(network.parameters, parameters_.begin());
    kernels_of(layout.architecture).pack(layout, parameters_.data(), packed_.data());
  }
  tile_ = tile;
  shape_ = shape;
}

template <class T>
void PackedTile<T>::run(int tile, MatrixView<const T> local, T* const* streams) {
  if (tile_ != tile) pack(tile);
  const engine::NetworkLayout& layout = layouts_[static_cast<std::size_t>(shape_)];
  kernels_of(layout.architecture)
      .query(layout, plan_, packed_.data(), {local}, 0, local.rows, streams, scratch_.data());
}

template struct TileShapes<float>;
template struct TileShapes<double>;
template class PackedTile<float>;
template class PackedTile<double>;

}  // namespace sinefield
