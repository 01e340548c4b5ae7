// The samples of one tile of a signal, ready for its network: coordinates in the tile's own units, targets by its own
// mean and deviation, and the weight of each in the blended signal.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernels.h"
#include "sinefield/signal.h"

namespace sinefield {

struct TileSamples {
  std::int64_t count = 0;
  int inputs = 2, outputs = 1;
  std::vector<float> coordinates;  ///< (count, inputs)
  std::vector<float> targets;      ///< (count, outputs)
  std::vector<float> windows;      ///< (count): the tile's window, >= 0
  std::vector<float> weights;      ///< (count): of the loss, mean 1; the window, but `least_weight` at least
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
  TiledSamples(const Samples&, std::span<const AxisMap> axes, std::span<const ChannelMap> channels, const Tiling&);

  /// Mean of each channel over the tile's samples, and one deviation for all channels, so that an error weighs the same
  /// in each; 0 where the tile is flat. In raw outputs of the field, as floats hold them.
  std::vector<ChannelMap> statistics(std::int64_t tile) const;

  /// Sum of the tile's window over its samples: those that it stands for in the blend.
  double window_sum(std::int64_t tile) const;

  /// Overwrites `samples`. A deviation of 0 counts as 1.
  void load(std::int64_t tile, std::span<const ChannelMap> normalisation, TileSamples& samples) const;

 private:
  struct Side {  // the positions of one axis that a tile sees, one after the other
    std::int64_t first = 0;
    std::vector<float> coordinates, windows;
    std::int64_t count() const { return std::ssize(windows); }
  };
  Side side(std::size_t axis, int tile) const;
  std::vector<Side> sides(std::int64_t tile) const;
  std::int64_t read(std::span<const Side>, std::vector<float>& raw) const;  // returns the number of points

  const Samples& signal_;
  std::span<const AxisMap> axes_;
  const Tiling& tiling_;
  std::vector<float> scale_, offset_;  // raw output of the field = scale * sample + offset
};

/// The samples of one step: those named by `indices`. The loss is the mean over points and outputs of
/// weight (u - target)^2.
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
