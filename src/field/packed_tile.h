// The network of one tile at a time, packed for the kernels: one object for each worker, so that a field of many tiles
// is never held twice.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels.h"
#include "sinefield/field.h"

namespace sinefield {

/// The shapes of a field's tiles. Layouts differ by shape only; the omegas come with the parameters.
template <class T>
struct TileShapes {
  /// `plan`: of the queries to come. Throws bad_input where the tiles map other numbers of inputs and outputs.
  TileShapes(const Field&, const engine::JetPlan& plan, Isa);

  std::vector<engine::NetworkLayout> layouts;
  std::vector<std::int32_t> of_tile;                    ///< for each tile, which layout
  std::size_t packed = 0, scratch = 0, parameters = 0;  ///< elements for the largest of them
};

template <class T>
class PackedTile {
 public:
  /// Refers to the field.
  PackedTile(const Field&, const TileShapes<T>&, engine::JetPlan plan, Isa);

  /// Streams of a tile's network: local (n, inputs) in coordinates of the tile; streams[s] receives (n, outputs).
  void run(int tile, MatrixView<const T> local, T* const* streams);

 private:
  void pack(int tile);
  const engine::Kernels<T>& kernels_of(const Architecture& a) const { return engine::kernels<T>(isa_, a); }

  const Field& field_;
  const TileShapes<T>& shapes_;
  engine::JetPlan plan_;
  Isa isa_;
  std::vector<engine::NetworkLayout> layouts_;  // with the omegas of the last tile packed of each
  engine::AlignedArray<T> packed_, scratch_;
  std::vector<T> parameters_;   // of the tile in T, where that is not float
  int tile_ = -1, shape_ = -1;  // of what is packed
};

}  // namespace sinefield
