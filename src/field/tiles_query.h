// Streams of a field of tiles at any number of points: each network runs where its window is not zero, and the streams
// that meet at a point are blended by the product rule, in the order of the tiles. Results do not depend on threads,
// nor on how points are grouped into calls.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"
#include "field/packed_tile.h"
#include "field/tiling.h"

namespace sinefield {

/// The counterpart of engine::JetQuery. Refers to the field and packs the parameters of a tile when its turn comes:
/// memory for a tile on each worker, whatever the number of tiles.
template <class T>
class TilesQuery {
 public:
  /// `plan` in the network coordinates of the field. Throws bad_input where the tiling does not fit the networks.
  TilesQuery(const Field&, engine::JetPlan plan, Isa, engine::Workers&);

  /// coordinates (n, inputs); out[s] receives stream s of the plan, (n, outputs) row-major. Keeps its memory for the
  /// next call.
  void run(MatrixView<const double> coordinates, std::span<T* const> out);

  const engine::JetPlan& plan() const { return plan_; }

 private:
  struct Worker {
    explicit Worker(PackedTile<T> its_network) : network(std::move(its_network)) {}

    PackedTile<T> network;
    std::vector<T> local;  // coordinates of the tile
    std::vector<T*> streams;
    std::vector<double> slopes;  // of a tile's window
    std::vector<double> sums;    // of the streams
  };
  struct Piece {
    std::int32_t tile;
    std::uint32_t begin, count;  // of the slots
  };

  void run_group(MatrixView<const double> coordinates, std::span<T* const> out);
  void place(MatrixView<const double> coordinates);
  void sort_entries(std::int64_t points);
  void run_piece(Worker&, MatrixView<const double> coordinates, const Piece&);
  void blend(Worker&, MatrixView<const double> coordinates, std::int64_t point, std::span<T* const> out) const;
  template <class Body>
  void for_blocks(std::int64_t points, const Body& body);  // body(worker, first, end)

  const Field& field_;
  engine::JetPlan plan_, local_plan_;  // local: in the coordinates of the tiles
  engine::Workers& workers_;
  TileShapes<T> shapes_;
  std::vector<std::int32_t> strides_;  // of the number of a tile, for each axis
  std::vector<std::vector<double>> middles_;
  std::vector<double> unit_slopes_;  // 1 / half width of each axis
  int tiled_axes_ = 0;               // those of more than one tile
  std::int64_t group_;               // points that are sorted together

  // One group of points. An entry is a point on one of the tiles that count there.
  std::vector<AxisPlace> places_;           // (points, inputs)
  std::vector<std::uint32_t> first_entry_;  // for each point, and the end
  std::vector<std::uint32_t>
      slots_;  // for each entry, point by point: its tile, then its place in that order; may be longer
  std::vector<std::uint32_t> points_;   // for each slot, tile by tile: its point
  std::vector<std::uint32_t> counts_;   // for each tile; zero between calls
  std::vector<std::uint32_t> touched_;  // tiles that have entries
  std::vector<Piece> pieces_;
  std::vector<std::vector<T>> streams_;  // (slots, outputs) each
  std::vector<Worker> worker_state_;
};

}  // namespace sinefield
