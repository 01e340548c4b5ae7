// The samples of one tile of a signal, ready for its network: coordinates in the tile's own units, targets by its own
// mean and deviation, or their derivatives, and the weight of each in the blended signal.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/kernels.h"
#include "sinefield/fit.h"
#include "sinefield/signal.h"

namespace sinefield {

struct TileSamples {
  std::int64_t count = 0;
  int inputs = 2, outputs = 1;
  std::vector<float> coordinates;           ///< (count, inputs)
  int first_stream = 0;                     ///< of the plan: the one that the first targets belong to
  std::vector<float> stream_weights = {1};  ///< (streams): of the squared errors of each, from the first on
  std::vector<float> targets;               ///< (count, streams, outputs)
  std::vector<float> windows;               ///< (count): the tile's window, >= 0
  std::vector<float> weights;               ///< (count): of the loss, mean 1; the window, but `least_weight` at least
  double window_sum = 0;
  std::vector<float> raw;  ///< scratch: the box as the signal has it
};

/// Where two tiles overlap, the error of the blend also carries their difference times the slope of the window: each
/// must stay true beyond the middle of the overlap, or the seam shows in the gradient.
inline constexpr float least_weight = 0.5F;

/// The tiles of one signal. Keeps references. All functions may be called from many threads at once.
class TiledSamples {
 public:
  /// `axes`: positions of these samples to network coordinates; `channels`: file units to raw outputs of the field.
  /// `omega`: of the first layer of the tiles; where derivatives are supervised it says how steep a network is by
  /// nature. `derivatives`: those to learn, as DerivativeSamples; without them the differences of the samples, of
  /// Laplacians only those that know all their neighbours.
  TiledSamples(const Samples&, std::span<const AxisMap> axes, std::span<const ChannelMap> channels, const Tiling&,
               Supervise = Supervise::value, double omega = 1, const Samples* derivatives = nullptr);

  /// Of a step: value, gradient, or the Laplacian of the samples in coordinates of the tiles, over the mean square of
  /// the steps from sample to sample.
  engine::JetPlan plan(const Architecture&) const;

  /// Mean of each channel over the tile's samples, and one deviation for all channels, so that an error weighs the same
  /// in each; 0 where the tile is flat. In raw outputs of the field, as floats hold them. Of derivatives: mean 0, and
  /// the deviation of a network of that omega whose derivatives are as large as these.
  std::vector<ChannelMap> statistics(std::int64_t tile) const;

  /// Mean square of what is supervised where the statistics are these: the error of a tile that is its mean. Of
  /// derivatives in raw outputs for one step from sample to sample.
  double mean_square(std::span<const ChannelMap> statistics) const;

  /// Sum of the tile's window over its samples: those that it stands for in the blend.
  double window_sum(std::int64_t tile) const;

  /// Overwrites `samples`. A deviation of 0 counts as 1.
  void load(std::int64_t tile, std::span<const ChannelMap> normalisation, TileSamples& samples) const;

 private:
  const Samples& targets() const { return derivatives_ == nullptr ? values_ : *derivatives_; }
  /// How large the supervised derivative of a network is whose values are of size 1, for one step along an axis.
  double steepness() const;

  struct Side {  // the positions of one axis that a tile sees, one after the other
    std::int64_t first = 0;
    std::vector<float> coordinates, windows;
    std::int64_t count() const { return std::ssize(windows); }
  };
  Side side(std::size_t axis, int tile) const;
  std::vector<Side> sides(std::int64_t tile) const;
  std::int64_t read(std::span<const Side>, std::vector<float>& raw) const;  // returns the number of points

  const Samples& values_;
  Supervise supervise_;
  std::unique_ptr<const Samples> differences_;
  const Samples* derivatives_;  // where they are supervised: those given, or the differences
  std::int64_t rim_;            // outermost samples that are left out
  std::span<const AxisMap> axes_;
  const Tiling& tiling_;
  std::vector<float> scale_, offset_;  // raw output of the field = scale * sample + offset; of derivatives: of all axes
  double omega_;
  std::vector<double> steps_;  // tile coordinates from sample to sample, of each axis
  double mean_step_;           // root of the mean of their squares
};

/// The samples of one step: those named by `indices`. The loss is the mean over points, streams and outputs of
/// weight x stream weight x (stream - target)^2.
class TileBatch final : public engine::Batch<float> {
 public:
  explicit TileBatch(const TileSamples& samples) : samples_(samples) {}
  void choose(std::span<const std::int32_t> indices) { indices_ = indices; }

  std::int64_t points() const override { return std::ssize(indices_); }
  void coordinates(std::int64_t first, int count, float* x) const override;
  double seed(std::int64_t first, int count, engine::Streams<const float> streams,
              engine::Streams<float> bars) const override;

 private:
  const TileSamples& samples_;
  std::span<const std::int32_t> indices_;
};

}  // namespace sinefield
