// The samples of a signal as training points of one network: coordinates and targets in network units, made when asked
// for.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/training_step.h"
#include "sinefield/signal.h"

namespace sinefield {

/// The samples of one step: those named by `indices` (row-major), or all of them where that is empty.
class SampleBatch final : public engine::Batch<float> {
 public:
  /// Keeps references to all but `channels`. `axes` and `channels` are the field's.
  SampleBatch(const Samples&, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
              std::span<const std::int64_t> indices);

  std::int64_t points() const override;
  void coordinates(std::int64_t first, int count, float* x) const override;
  double seed(std::int64_t first, int count, engine::Streams<const float> streams,
              engine::Streams<float> bars) const override;

 private:
  std::int64_t index(std::int64_t point) const {
    return indices_.empty() ? point : indices_[static_cast<std::size_t>(point)];
  }

  const Samples& samples_;
  std::span<const AxisMap> axes_;
  std::span<const std::int64_t> indices_;
  std::vector<float> scale_, offset_;  // raw target = scale * sample + offset
};

}  // namespace sinefield
