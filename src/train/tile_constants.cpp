// With m = sum_b w_b (u_b + c_b) the blend, the derivative by c_a of the sum over pairs is
//   sum over samples of w_a (u_a + c_a - m) = 0,
// so the matrix is sum w_a delta_ab - sum w_a w_b: products over the axes of sums along each of them.
// SPDX-License-Identifier: MIT
#include "train/tile_constants.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "engine/jet_query.h"
#include "engine/workers.h"
#include "field/float_exact.h"
#include "field/indices.h"
#include "field/tiling.h"
#include "signal/best_line.h"
#include "signal/channel_maps.h"
#include "signal/samples_in_memory.h"
#include "signal/tile_samples.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"
#include "train/eigen.h"

namespace sinefield::train {
namespace {

/// Of the tiles along one axis: sums over the samples of their windows, and of the products with themselves and with
/// the next.
struct AxisSums {
  std::vector<double> window, square, next;

  AxisSums(const TileAxis& axis, Blend blend, const AxisMap& map, std::int64_t samples)
      : window(static_cast<std::size_t>(axis.tiles())), square(window.size()), next(window.size()) {
    int near = 0;
    for (std::int64_t i = 0; i < samples; ++i) {
      const double x = map.scale * static_cast<double>(i) + map.offset;
      const AxisPlace place = locate(axis, x, near);
      const AxisWindow windows = axis_window(axis, blend, place, x);
      near = place.first;
      const auto first = static_cast<std::size_t>(place.first);
      for (std::size_t k = 0; std::cmp_less(k, place.count); ++k) {
        window[first + k] += windows.weight[k];
        square[first + k] += windows.weight[k] * windows.weight[k];
      }
      if (place.count == 2) next[first] += windows.weight[0] * windows.weight[1];
    }
  }
};

using Matrix = eigen::SparseMatrix<double>;

Matrix constants_matrix(const Field& field, const Samples& samples) {
  const Tiling& tiling = field.tiling;
  std::vector<AxisSums> sums;
  std::vector<std::int64_t> counts;
  for (std::size_t i = 0; i < tiling.axes.size(); ++i) {
    sums.emplace_back(tiling.axes[i], tiling.blend, field.axes[i], samples.sizes()[i]);
    counts.push_back(tiling.axes[i].tiles());
  }
  std::vector<eigen::Triplet<double>> entries;
  const std::vector<std::int64_t> around(counts.size(), 3);  // before, the same, after
  std::int64_t tile = 0;
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    double own = 1;
    for (std::size_t i = 0; i < at.size(); ++i) own *= sums[i].window[static_cast<std::size_t>(at[i])];
    // A little of it holds the sum of all constants, which nothing else does, and tiles without samples.
    entries.emplace_back(tile, tile, own * (1 + 1e-9) + 1e-12);
    for_each_index(around, [&](std::span<const std::int64_t> step) {
      double product = 1;
      std::int64_t other = 0;
      for (std::size_t i = 0; i < at.size(); ++i) {
        const std::int64_t place = at[i] + step[i] - 1;
        if (place < 0 || place >= counts[i]) return;
        product *= step[i] == 1 ? sums[i].square[static_cast<std::size_t>(at[i])]
                                : sums[i].next[static_cast<std::size_t>(std::min(at[i], place))];
        other = other * counts[i] + place;
      }
      if (product > 0) entries.emplace_back(tile, other, -product);
    });
    ++tile;
  });
  Matrix matrix(tile, tile);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

/// The field at all samples in raw outputs.
std::vector<float> raw_values(const Field& field, const Samples& samples, const ComputeOptions& compute) {
  std::vector<std::vector<double>> positions;
  for (const std::int64_t size : samples.sizes()) positions.push_back(whole_positions(0, size));
  std::vector<float> values(static_cast<std::size_t>(samples.points() * samples.channels()));
  GridEvaluator(field, compute)(positions, values);
  for (std::size_t e = 0; e < values.size(); ++e) {
    const ChannelMap& map = field.channels[e % field.channels.size()];
    values[e] = static_cast<float>((static_cast<double>(values[e]) - map.offset) / map.scale);
  }
  return values;
}

}  // namespace

std::vector<ChannelMap> best_maps(const Field& field, const Samples& samples, const ComputeOptions& compute) {
  const auto channels = static_cast<std::size_t>(field.outputs());
  std::vector<BestLine> lines(channels);
  const std::vector<float> joined = raw_values(field, samples, compute);
  for_pieces(samples, [&](std::int64_t first, std::span<const float> values) {
    for (std::size_t e = 0; e < values.size(); ++e) {
      const ChannelMap& map = field.channels[e % channels];
      lines[e % channels].add(static_cast<double>(joined[static_cast<std::size_t>(first) * channels + e]),
                              (static_cast<double>(values[e]) - map.offset) / map.scale);
    }
  });
  std::vector<ChannelMap> maps;
  for (const BestLine& line : lines) maps.push_back(line.map());
  return maps;
}

void settle_constants(Field& field, const Samples& samples, std::span<const double> scales,
                      const ComputeOptions& compute) {
  const auto channels = static_cast<std::size_t>(field.outputs());
  const auto tiles = static_cast<std::size_t>(field.tiling.tiles());
  std::vector<ChannelMap>& normalisation = field.tiling.normalisation;
  for (std::size_t e = 0; e < normalisation.size(); ++e) normalisation[e] = {scales[e], 0};

  // The right side, - sum w_a (u_a - m) with m the blend so far: its samples are cut into tiles as any others.
  const std::vector<float> blend = raw_values(field, samples, compute);
  const std::vector<ChannelMap> plain(channels, ChannelMap{1, 0});
  const SamplesInMemory blended(samples.sizes(), samples.channels(), blend);
  const TiledSamples pieces(blended, field.axes, plain, field.tiling);
  eigen::MatrixXd right(tiles, channels);
  const auto workers = engine::make_workers(compute.threads);
  std::atomic<std::int64_t> next = 0;
  workers->run([&](int) {
    engine::SerialWorkers alone;
    engine::JetQuery<float> query(field.networks.front().architecture, engine::value_plan(), compute.isa, alone);
    TileSamples piece;
    std::vector<float> own;
    for (std::int64_t t = next++; std::cmp_less(t, tiles); t = next++) {
      pieces.load(t, plain, piece);
      own.resize(piece.targets.size());
      float* const out = own.data();
      query.load(field.networks[static_cast<std::size_t>(t)].parameters);
      query.run(MatrixView<const float>(piece.coordinates.data(), piece.count, piece.inputs), {&out, 1});
      for (std::size_t c = 0; c < channels; ++c) {
        const double scale = scales[static_cast<std::size_t>(t) * channels + c];
        double sum = 0;
        for (std::size_t p = 0, e = c; std::cmp_less(p, piece.count); ++p, e += channels)
          sum += static_cast<double>(piece.windows[p]) *
                 (static_cast<double>(piece.targets[e]) - scale * static_cast<double>(own[e]));
        right(t, static_cast<std::int64_t>(c)) = sum;
      }
    }
  });

  const eigen::SimplicialLDLT<Matrix> system(constants_matrix(field, samples));
  if (system.info() != eigen::Success)
    throw failure("the constants of the tiles could not be found", "give another --tiles or --overlap");
  const eigen::MatrixXd constants = system.solve(right);
  for (std::size_t t = 0; t < tiles; ++t)
    for (std::size_t c = 0; c < channels; ++c)
      normalisation[t * channels + c].offset =
          float_exact(constants(static_cast<std::int64_t>(t), static_cast<std::int64_t>(c)));

  align_tiles(field, samples, compute);
}

void align_tiles(Field& field, const Samples& samples, const ComputeOptions& compute) {
  const std::vector<ChannelMap> best = best_maps(field, samples, compute);
  std::vector<ChannelMap>& normalisation = field.tiling.normalisation;
  for (std::size_t e = 0; e < normalisation.size(); ++e) {
    const auto [slope, shift] = best[e % best.size()];
    normalisation[e] = {float_exact(slope * normalisation[e].scale),
                        float_exact(slope * normalisation[e].offset + shift)};
  }
}

}  // namespace sinefield::train
