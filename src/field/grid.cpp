// Tiles in groups: first the networks of a group, each on its part of the grid, one on a worker; then their blend,
// lines of the grid on a worker, tile after tile in their order. So the bits do not depend on who did what.
// SPDX-License-Identifier: MIT
#include "sinefield/grid.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "engine/jet_plan.h"
#include "field/indices.h"
#include "field/packed_tile.h"
#include "field/sum_query.h"
#include "field/tiling.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::int64_t slab_values = 1 << 22;  // of a slab, and of tiles that wait for their blend about half more
constexpr std::int64_t piece_points = 768;     // as engine::JetQuery
constexpr std::size_t network_points = 1 << 16;
constexpr std::int64_t block_points = 4096;  // of a blend by one worker

/// Where a tile of one axis counts on the grid.
struct Stretch {
  int tile;
  std::int64_t begin;              // in the positions of the axis
  std::vector<float> coordinates;  // of the tile
  std::vector<double> windows;     // in double, so that the weights of a point add up to one as floats see it
  std::int64_t count() const { return std::ssize(windows); }
};

std::vector<Stretch> stretches(const TileAxis& axis, Blend blend, const AxisMap& map,
                               const std::vector<double>& positions) {
  std::vector<Stretch> found;
  int near = 0;
  for (std::int64_t i = 0; i < std::ssize(positions); ++i) {
    const double x = map.scale * positions[static_cast<std::size_t>(i)] + map.offset;
    const AxisPlace place = locate(axis, x, near);
    near = place.first;
    const AxisWindow window = axis_window(axis, blend, place, x);
    for (int side = 0; side < place.count; ++side) {
      const int tile = place.first + side;
      // The same or the next tile: the one before it may still be open while they overlap.
      auto at = std::ranges::find(found.rbegin(), found.rend(), tile, &Stretch::tile);
      if (at == found.rend()) {
        found.push_back({tile, i, {}, {}});
        at = found.rbegin();
      }
      at->coordinates.push_back(static_cast<float>((x - tile_middle(axis, tile)) / axis.half_width));
      at->windows.push_back(window.weight[side]);
    }
  }
  return found;
}

/// A tile on the grid: one stretch of each axis.
struct Part {
  int tile;
  std::vector<const Stretch*> along;
  std::int64_t points;
  std::size_t offset;  // of its values among those of all parts
};

}  // namespace

struct GridEvaluator::State {
  struct Worker {
    PackedTile<float> network;
    std::vector<float> coordinates;
    std::vector<double> sums;  // of the lines being blended
  };

  State(const Field& its_field, const ComputeOptions& options)
      : field(its_field), plan(engine::value_plan()), workers(engine::make_workers(options.threads)) {
    if (field.kind == FieldKind::tiles) {
      if (const auto reason = why_invalid(field.tiling, field.inputs(), field.outputs(), std::ssize(field.networks)))
        throw bad_input(fmt::format("invalid tiles: {}", *reason));
      shapes.emplace(field, plan, options.isa);
      for (int w = 0; w < workers->count(); ++w) worker_state.push_back({{field, *shapes, plan, options.isa}, {}, {}});
      return;
    }
    networks.emplace(field, plan, options.isa, *workers);
  }

  template <class Body>
  void in_parallel(std::int64_t count, const Body& body) {  // body(worker, index)
    std::atomic<std::int64_t> next = 0;
    workers->run([&](int worker) {
      for (std::int64_t i = next++; i < count; i = next++) body(worker, i);
    });
  }

  void run_networks(std::span<const std::vector<double>> positions, std::span<float> values);
  void run_tiles(std::span<const std::vector<double>> positions, std::span<float> values);
  void run_slab(std::span<const std::vector<double>> positions, std::span<float> values);
  void run_part(Worker&, const Part&, float* out) const;
  void blend(std::span<const Part>, std::span<const std::int64_t> sizes, std::span<float> values);

  const Field& field;
  engine::JetPlan plan;
  std::unique_ptr<engine::Workers> workers;
  std::optional<TileShapes<float>> shapes;
  std::vector<Worker> worker_state;
  std::optional<SumQuery<float>> networks;  // of kinds network and sum
  std::vector<double> coordinates;
  std::vector<float> group;  // values of the parts
};

void GridEvaluator::State::run_networks(std::span<const std::vector<double>> positions, std::span<float> values) {
  const std::size_t axes = positions.size(), outputs = static_cast<std::size_t>(field.outputs());
  std::vector<std::int64_t> sizes;
  for (const std::vector<double>& axis : positions) sizes.push_back(std::ssize(axis));
  coordinates.clear();
  float* to = values.data();
  const auto flush = [&] {
    const MatrixView<const double> x(coordinates.data(), static_cast<std::int64_t>(coordinates.size() / axes),
                                     static_cast<std::int64_t>(axes));
    const std::span<float> out(to, static_cast<std::size_t>(x.rows) * outputs);
    networks->run(x, {&to, 1});
    for (std::size_t e = 0; e < out.size(); ++e) {
      const ChannelMap& map = field.channels[e % outputs];
      out[e] = static_cast<float>(map.scale * static_cast<double>(out[e]) + map.offset);
    }
    coordinates.clear();
    to += out.size();
  };
  for_each_index(sizes, [&](std::span<const std::int64_t> at) {
    for (std::size_t i = 0; i < axes; ++i)
      coordinates.push_back(field.axes[i].scale * positions[i][static_cast<std::size_t>(at[i])] + field.axes[i].offset);
    if (coordinates.size() == network_points * axes) flush();
  });
  if (!coordinates.empty()) flush();
}

void GridEvaluator::State::run_part(Worker& worker, const Part& part, float* out) const {
  const std::size_t axes = part.along.size();
  const auto outputs = static_cast<std::size_t>(field.outputs());
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i + 1 < axes; ++i) counts.push_back(part.along[i]->count());
  worker.coordinates.resize(static_cast<std::size_t>(part.points) * axes);
  float* x = worker.coordinates.data();
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    for (const float last : part.along.back()->coordinates) {
      for (std::size_t i = 0; i + 1 < axes; ++i) *x++ = part.along[i]->coordinates[static_cast<std::size_t>(at[i])];
      *x++ = last;
    }
  });
  for (std::int64_t first = 0; first < part.points; first += piece_points) {
    const std::int64_t count = std::min(piece_points, part.points - first);
    float* to = out + first * field.outputs();
    worker.network.run(
        part.tile, MatrixView<const float>(worker.coordinates.data() + first * field.inputs(), count, field.inputs()),
        &to);
  }
  // To signal units, so that the blend need not know the maps.
  const ChannelMap* const maps = &field.tiling.normalisation[static_cast<std::size_t>(part.tile) * outputs];
  std::vector<float> scale, offset;
  for (std::size_t o = 0; o < outputs; ++o) {
    scale.push_back(static_cast<float>(field.channels[o].scale * maps[o].scale));
    offset.push_back(static_cast<float>(field.channels[o].scale * maps[o].offset + field.channels[o].offset));
  }
  for (std::int64_t p = 0; p < part.points; ++p)
    for (std::size_t o = 0; o < outputs; ++o, ++out) *out = scale[o] * *out + offset[o];
}

void GridEvaluator::State::blend(std::span<const Part> parts, std::span<const std::int64_t> sizes,
                                 std::span<float> values) {
  const std::int64_t outputs = field.outputs();
  std::int64_t line_points = 1;  // of one position of axis 0
  for (std::size_t i = 1; i < sizes.size(); ++i) line_points *= sizes[i];
  const std::int64_t lines = std::max<std::int64_t>(1, block_points / line_points);
  std::vector<std::int64_t> strides(sizes.size(), 1);
  for (std::size_t i = sizes.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * sizes[i + 1];
  in_parallel((sizes[0] + lines - 1) / lines, [&](int worker, std::int64_t block) {
    const std::int64_t low = block * lines, high = std::min(low + lines, sizes[0]);
    const std::int64_t before = low * line_points * outputs;  // of the values
    std::vector<double>& sums = worker_state[static_cast<std::size_t>(worker)].sums;
    sums.assign(static_cast<std::size_t>((high - low) * line_points * outputs), 0);
    for (const Part& part : parts) {
      const Stretch& rows = *part.along.front();
      const std::int64_t begin = std::max(low, rows.begin), end = std::min(high, rows.begin + rows.count());
      if (begin >= end) continue;
      std::vector<std::int64_t> counts{end - begin};
      for (std::size_t i = 1; i < part.along.size(); ++i) counts.push_back(part.along[i]->count());
      const float* from = group.data() + part.offset + (begin - rows.begin) * (part.points / rows.count()) * outputs;
      const Stretch& last = *part.along.back();
      // Of one axis the rows are the points of the only line.
      const std::int64_t skipped = part.along.size() == 1 ? begin - rows.begin : 0;
      for_each_index(std::span(counts).first(counts.size() - 1), [&](std::span<const std::int64_t> at) {
        double weight = 1;
        std::int64_t to = 0;
        for (std::size_t i = 0; i + 1 < counts.size(); ++i) {
          const std::int64_t index = at[i] + (i == 0 ? begin - rows.begin : 0);
          weight *= part.along[i]->windows[static_cast<std::size_t>(index)];
          to += (part.along[i]->begin + index) * strides[i];
        }
        double* out = sums.data() + (to + last.begin + skipped) * outputs - before;
        const double* window = last.windows.data() + skipped;
        for (std::int64_t p = 0; p < counts.back(); ++p) {
          const double share = weight * window[p];
          for (std::int64_t o = 0; o < outputs; ++o) *out++ += share * static_cast<double>(*from++);
        }
      });
    }
    std::ranges::transform(sums, values.begin() + before, [](double sum) { return static_cast<float>(sum); });
  });
}

void GridEvaluator::State::run_tiles(std::span<const std::vector<double>> positions, std::span<float> values) {
  const auto line = std::ssize(values) / std::ssize(positions[0]);  // values of one position of axis 0
  const std::int64_t at_once = std::max<std::int64_t>(1, slab_values / line);
  std::vector<std::vector<double>> slab(positions.begin(), positions.end());
  for (std::int64_t first = 0; first < std::ssize(positions[0]); first += at_once) {
    const std::int64_t count = std::min(at_once, std::ssize(positions[0]) - first);
    slab[0].assign(positions[0].begin() + first, positions[0].begin() + first + count);
    run_slab(slab, values.subspan(static_cast<std::size_t>(first * line), static_cast<std::size_t>(count * line)));
  }
}

void GridEvaluator::State::run_slab(std::span<const std::vector<double>> positions, std::span<float> values) {
  const Tiling& tiling = field.tiling;
  std::vector<std::vector<Stretch>> along;
  std::vector<std::int64_t> sizes, counts;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    along.push_back(stretches(tiling.axes[i], tiling.blend, field.axes[i], positions[i]));
    sizes.push_back(std::ssize(positions[i]));
    counts.push_back(std::ssize(along.back()));
  }
  std::vector<Part> parts;
  std::size_t used = 0;
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    Part part{.tile = 0, .along = {}, .points = 1, .offset = used};
    for (std::size_t i = 0; i < along.size(); ++i) {
      const Stretch& stretch = along[i][static_cast<std::size_t>(at[i])];
      part.tile = part.tile * tiling.axes[i].tiles() + stretch.tile;
      part.points *= stretch.count();
      part.along.push_back(&stretch);
    }
    used += static_cast<std::size_t>(part.points * field.outputs());
    parts.push_back(std::move(part));
  });
  group.resize(std::max(group.size(), used));
  in_parallel(std::ssize(parts), [&](int worker, std::int64_t p) {
    const Part& part = parts[static_cast<std::size_t>(p)];
    run_part(worker_state[static_cast<std::size_t>(worker)], part, group.data() + part.offset);
  });
  blend(parts, sizes, values);
}

GridEvaluator::GridEvaluator(const Field& field, const ComputeOptions& options)
    : state_(std::make_unique<State>(field, options)) {}
GridEvaluator::~GridEvaluator() = default;
GridEvaluator::GridEvaluator(GridEvaluator&&) noexcept = default;

void GridEvaluator::operator()(std::span<const std::vector<double>> positions, std::span<float> values) {
  std::size_t points = 1;
  for (const std::vector<double>& axis : positions) points *= axis.size();
  if (std::ssize(positions) != state_->field.inputs() ||
      values.size() != points * static_cast<std::size_t>(state_->field.outputs()))
    throw bad_input(fmt::format("a grid of {} axes and {} values for a field of {} coordinates and {} outputs",
                                positions.size(), values.size(), state_->field.inputs(), state_->field.outputs()));
  if (points == 0) return;
  if (state_->field.kind == FieldKind::tiles)
    state_->run_tiles(positions, values);
  else
    state_->run_networks(positions, values);
}

std::vector<double> resampled_positions(std::int64_t outputs, std::int64_t inputs) {
  const double step = static_cast<double>(inputs) / static_cast<double>(outputs);
  std::vector<double> positions;
  for (std::int64_t j = 0; j < outputs; ++j)
    positions.push_back(std::clamp((static_cast<double>(j) + 0.5) * step - 0.5, 0.0, static_cast<double>(inputs - 1)));
  return positions;
}

std::vector<double> whole_positions(std::int64_t first, std::int64_t count) {
  std::vector<double> positions;
  for (std::int64_t i = first; i < first + count; ++i) positions.push_back(static_cast<double>(i));
  return positions;
}

}  // namespace sinefield
