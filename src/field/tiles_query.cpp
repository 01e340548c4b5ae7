// Sorting points by tile, running the tiles, blending.
// SPDX-License-Identifier: MIT
#include "field/tiles_query.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::uint32_t piece_points = 768;      // as engine::JetQuery
constexpr std::int64_t block_points = 2048;      // of what is done point by point
constexpr std::int64_t group_entries = 1 << 20;  // bounds the memory of a call
constexpr std::size_t most_tiles = 1U << max_tiled_axes;

/// The operators of a plan in the coordinates of the tiles: each derivative brings 1 / half width of its axis.
engine::JetPlan in_tile_coordinates(engine::JetPlan plan, const std::vector<TileAxis>& axes) {
  const auto half_width = [&](int axis) { return axes[static_cast<std::size_t>(axis)].half_width; };
  for (engine::SecondOrder& second : plan.second)
    for (engine::SecondOrder::Term& term : second.terms) term.a /= half_width(term.i) * half_width(term.j);
  return plan;
}

/// The tiles that count at a point, ascending. Bit b of an index into them is the side (0 lower, 1 upper) on the b-th
/// axis from the last one of those with two tiles.
struct PointTiles {
  std::array<std::uint32_t, most_tiles> tile;
  std::size_t count;

  PointTiles(std::span<const AxisPlace> places, std::span<const std::int32_t> strides) : count(1) {
    std::int32_t first = 0;
    for (std::size_t i = 0; i < places.size(); ++i) first += places[i].first * strides[i];
    tile[0] = static_cast<std::uint32_t>(first);
    for (std::size_t i = places.size(); i-- > 0;) {
      if (places[i].count == 1) continue;
      for (std::size_t k = 0; k < count; ++k) tile[count + k] = tile[k] + static_cast<std::uint32_t>(strides[i]);
      count *= 2;
    }
  }
};

const Field& checked(const Field& field) {
  if (const auto reason = why_invalid(field.tiling, field.inputs(), field.outputs(), std::ssize(field.networks)))
    throw bad_input(fmt::format("invalid tiles: {}", *reason));
  return field;
}

}  // namespace

template <class T>
TilesQuery<T>::TilesQuery(const Field& field, engine::JetPlan plan, Isa isa, engine::Workers& workers)
    : field_(checked(field)),
      plan_(std::move(plan)),
      local_plan_(in_tile_coordinates(plan_, field.tiling.axes)),
      workers_(workers),
      shapes_(field, local_plan_, isa) {
  const Tiling& tiling = field.tiling;
  strides_.resize(tiling.axes.size());
  std::int32_t stride = 1;
  for (std::size_t i = tiling.axes.size(); i-- > 0;) {
    strides_[i] = stride;
    stride *= tiling.axes[i].tiles();
  }
  for (const TileAxis& axis : tiling.axes) {
    std::vector<double>& middles = middles_.emplace_back();
    for (int tile = 0; tile < axis.tiles(); ++tile) middles.push_back(tile_middle(axis, tile));
    unit_slopes_.push_back(1 / axis.half_width);
    tiled_axes_ += axis.tiles() > 1 ? 1 : 0;
  }
  group_ = group_entries >> tiled_axes_;
  counts_.resize(field.networks.size());
  streams_.resize(static_cast<std::size_t>(plan_.streams()));
  for (int w = 0; w < workers.count(); ++w) {
    Worker& worker = worker_state_.emplace_back(PackedTile<T>(field, shapes_, local_plan_, isa));
    worker.local.resize(piece_points * static_cast<std::size_t>(field.inputs()));
    worker.streams.resize(streams_.size());
    worker.slopes.resize(static_cast<std::size_t>(field.inputs()));
    worker.sums.resize(streams_.size() * static_cast<std::size_t>(field.outputs()));
  }
}

template <class T>
void TilesQuery<T>::run(MatrixView<const double> coordinates, std::span<T* const> out) {
  std::vector<T*> from_here(out.begin(), out.end());
  for (std::int64_t begin = 0; begin < coordinates.rows; begin += group_) {
    const std::int64_t count = std::min(group_, coordinates.rows - begin);
    run_group({coordinates.row(begin), count, coordinates.cols, coordinates.stride}, from_here);
    for (T*& stream : from_here) stream += count * field_.outputs();
  }
}

template <class T>
void TilesQuery<T>::run_group(MatrixView<const double> coordinates, std::span<T* const> out) {
  place(coordinates);
  sort_entries(coordinates.rows);
  const std::size_t entries = first_entry_.back() * static_cast<std::size_t>(field_.outputs());
  for (std::vector<T>& stream : streams_) stream.resize(std::max(stream.size(), entries));

  // Pieces of a tile follow one another, so a worker packs a tile at most once.
  std::atomic<std::size_t> next = 0;
  workers_.run([&](int worker) {
    Worker& mine = worker_state_[static_cast<std::size_t>(worker)];
    for (std::size_t piece = next++; piece < pieces_.size(); piece = next++)
      run_piece(mine, coordinates, pieces_[piece]);
  });
  for_blocks(coordinates.rows, [&](Worker& worker, std::int64_t first, std::int64_t end) {
    for (std::int64_t point = first; point < end; ++point) blend(worker, coordinates, point, out);
  });
}

template <class T>
template <class Body>
void TilesQuery<T>::for_blocks(std::int64_t points, const Body& body) {
  std::atomic<std::int64_t> next = 0;
  workers_.run([&](int worker) {
    Worker& mine = worker_state_[static_cast<std::size_t>(worker)];
    for (std::int64_t first = next.fetch_add(block_points); first < points; first = next.fetch_add(block_points))
      body(mine, first, std::min(first + block_points, points));
  });
}

template <class T>
void TilesQuery<T>::place(MatrixView<const double> coordinates) {
  const std::vector<TileAxis>& axes = field_.tiling.axes;
  places_.resize(static_cast<std::size_t>(coordinates.rows) * axes.size());
  for_blocks(coordinates.rows, [&](Worker&, std::int64_t first, std::int64_t end) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
      int near = 0;
      for (std::int64_t point = first; point < end; ++point) {
        const AxisPlace place = locate(axes[i], coordinates.row(point)[i], near);
        places_[static_cast<std::size_t>(point) * axes.size() + i] = place;
        near = place.first;
      }
    }
  });
}

/// A counting sort of the entries by tile. Only tiles that have entries are looked at: a call of few points is cheap
/// however many tiles there are.
template <class T>
void TilesQuery<T>::sort_entries(std::int64_t points) {
  const std::size_t axes = strides_.size(), n = static_cast<std::size_t>(points);
  first_entry_.resize(n + 1);
  slots_.resize(std::max(slots_.size(), n << tiled_axes_));
  touched_.clear();
  std::uint32_t entries = 0;
  for (std::size_t point = 0; point < n; ++point) {
    first_entry_[point] = entries;
    const PointTiles tiles({places_.data() + point * axes, axes}, strides_);
    for (std::size_t k = 0; k < tiles.count; ++k) {
      const std::uint32_t tile = tiles.tile[k];
      if (counts_[tile]++ == 0) touched_.push_back(tile);
      slots_[entries++] = tile;
    }
  }
  first_entry_[n] = entries;

  pieces_.clear();
  std::uint32_t begin = 0;
  for (const std::uint32_t tile : touched_) {
    std::uint32_t& count = counts_[tile];
    for (std::uint32_t done = 0; done < count; done += piece_points)
      pieces_.push_back({static_cast<std::int32_t>(tile), begin + done, std::min(piece_points, count - done)});
    begin += std::exchange(count, begin);  // from here on: the next free slot of the tile
  }
  points_.resize(slots_.size());
  for (std::size_t point = 0; point < n; ++point)
    for (std::uint32_t entry = first_entry_[point]; entry < first_entry_[point + 1]; ++entry) {
      slots_[entry] = counts_[slots_[entry]]++;
      points_[slots_[entry]] = static_cast<std::uint32_t>(point);
    }
  for (const std::uint32_t tile : touched_) counts_[tile] = 0;
}

template <class T>
void TilesQuery<T>::run_piece(Worker& worker, MatrixView<const double> coordinates, const Piece& piece) {
  const std::size_t axes = strides_.size();
  for (std::size_t i = 0; i < axes; ++i) {
    const auto along = static_cast<std::size_t>(piece.tile / strides_[i]) % middles_[i].size();
    const double middle = middles_[i][along], half_width = field_.tiling.axes[i].half_width;
    for (std::size_t k = 0; k < piece.count; ++k)
      worker.local[k * axes + i] = static_cast<T>((coordinates.row(points_[piece.begin + k])[i] - middle) / half_width);
  }
  for (std::size_t s = 0; s < streams_.size(); ++s)
    worker.streams[s] = streams_[s].data() + piece.begin * static_cast<std::size_t>(field_.outputs());
  const MatrixView<const T> local(worker.local.data(), static_cast<std::int64_t>(piece.count), field_.inputs());
  worker.network.run(piece.tile, local, worker.streams.data());
}

/// u = sum over tiles of w v, v = scale u_tile + offset:  u_i = w v_i + w_i v,
/// A u = w A v + sum a_ij (w_i v_j + w_j v_i + w_ij v).
template <class T>
void TilesQuery<T>::blend(Worker& worker, MatrixView<const double> coordinates, std::int64_t point,
                          std::span<T* const> out) const {
  const Tiling& tiling = field_.tiling;
  const std::size_t axes = strides_.size(), outputs = static_cast<std::size_t>(field_.outputs());
  const auto at = static_cast<std::size_t>(point);
  const auto first = static_cast<std::size_t>(plan_.first);
  const std::span<const AxisPlace> places(places_.data() + at * axes, axes);
  const std::uint32_t* const slots = slots_.data() + first_entry_[at];
  const std::size_t count = first_entry_[at + 1] - first_entry_[at];
  const auto stream = [&](std::size_t s, std::size_t entry, std::size_t output) {
    return static_cast<double>(streams_[s][slots[entry] * outputs + output]);
  };
  const PointTiles tiles(places, strides_);
  const auto map_of = [&](std::size_t entry) { return tiling.normalisation.data() + tiles.tile[entry] * outputs; };

  if (count == 1) {
    const ChannelMap* const map = map_of(0);
    for (std::size_t o = 0; o < outputs; ++o) {
      out[0][at * outputs + o] = static_cast<T>(map[o].scale * stream(0, 0, o) + map[o].offset);
      for (std::size_t s = 1; s < streams_.size(); ++s) {
        const double unit = s <= first ? unit_slopes_[s - 1] : 1;  // operators have theirs in the plan
        out[s][at * outputs + o] = static_cast<T>(map[o].scale * stream(s, 0, o) * unit);
      }
    }
    return;
  }

  // The axes with two tiles at this point, from the last one on, as PointTiles numbers them.
  std::array<std::size_t, max_tiled_axes> crossed;
  std::array<AxisWindow, max_tiled_axes> windows;
  std::size_t crossings = 0;
  for (std::size_t i = axes; i-- > 0;) {
    if (places[i].count == 1) continue;
    crossed[crossings] = i;
    windows[crossings++] = axis_window(tiling.axes[i], tiling.blend, places[i], coordinates.row(point)[i]);
  }
  constexpr std::size_t none = SIZE_MAX;
  // The window of a tile, differentiated along axes i and j.
  const auto window = [&](std::size_t entry, std::size_t i, std::size_t j) {
    double product = 1;
    std::size_t wanted = (i == none ? 0U : 1U) + (j == none ? 0U : 1U);
    for (std::size_t b = 0; b < crossings; ++b) {
      const std::size_t side = entry >> b & 1U;
      const unsigned order = (crossed[b] == i ? 1U : 0U) + (crossed[b] == j ? 1U : 0U);
      product *= order == 0   ? windows[b].weight[side]
                 : order == 1 ? windows[b].slope[side]
                              : windows[b].curvature[side];
      wanted -= order;
    }
    return wanted == 0 ? product : 0;  // along an axis of one tile the window is constant
  };

  std::ranges::fill(worker.sums, 0.0);
  for (std::size_t entry = 0; entry < count; ++entry) {
    const ChannelMap* const map = map_of(entry);
    const double weight = window(entry, none, none);
    const auto add = [&](std::size_t s, std::size_t o, double number) { worker.sums[s * outputs + o] += number; };
    const auto value = [&](std::size_t o) { return map[o].scale * stream(0, entry, o) + map[o].offset; };
    const auto derivative = [&](std::size_t i, std::size_t o) {
      return map[o].scale * stream(1 + i, entry, o) * unit_slopes_[i];
    };
    for (std::size_t o = 0; o < outputs; ++o) add(0, o, weight * value(o));
    for (std::size_t i = 0; i < first; ++i) {
      const double slope = worker.slopes[i] = window(entry, i, none);
      for (std::size_t o = 0; o < outputs; ++o) add(1 + i, o, weight * derivative(i, o) + slope * value(o));
    }
    for (std::size_t a = 0; a < plan_.second.size(); ++a) {
      const std::size_t s = 1 + first + a;
      for (std::size_t o = 0; o < outputs; ++o) add(s, o, weight * map[o].scale * stream(s, entry, o));
      for (const auto& term : plan_.second[a].terms) {
        const auto i = static_cast<std::size_t>(term.i), j = static_cast<std::size_t>(term.j);
        const double slope_i = worker.slopes[i], slope_j = worker.slopes[j], both = window(entry, i, j);
        for (std::size_t o = 0; o < outputs; ++o)
          add(s, o, term.a * (slope_i * derivative(j, o) + slope_j * derivative(i, o) + both * value(o)));
      }
    }
  }
  for (std::size_t s = 0; s < streams_.size(); ++s)
    for (std::size_t o = 0; o < outputs; ++o) out[s][at * outputs + o] = static_cast<T>(worker.sums[s * outputs + o]);
}

template class TilesQuery<float>;
template class TilesQuery<double>;

}  // namespace sinefield
