// The samples of a signal as training points of one network: coordinates and targets in network units, made when asked
// for.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/training_step.h"
#include "sinefield/fit.h"
#include "sinefield/signal.h"

namespace sinefield {

/// How samples of values or of derivatives (DerivativeSamples) are targets of a network: the streams they belong to,
/// and maps to network units.
struct SupervisedColumns {
  /// `axes` and `channels` are the field's. `omega`, of the first layer: derivatives weigh as they would of a network
  /// whose values are of size 1.
  SupervisedColumns(Supervise, std::span<const AxisMap> axes, std::span<const ChannelMap> channels, double omega);

  int channels, first_stream, streams;  ///< streams: that are supervised, from the first on
  int all_streams;                      ///< of the step's plan
  std::vector<float> scale, offset;     ///< target = scale * sample + offset; (streams, channels)
  std::vector<double> weights;          ///< (streams): of their squared errors
};

/// The samples of one step: those named by `indices` (row-major), or all of them where that is empty. The loss is the
/// mean over points, streams and channels of weight x (stream - target)^2.
class SampleBatch final : public engine::Batch<float> {
 public:
  /// Keeps references to all of them.
  SampleBatch(const Samples&, std::span<const AxisMap> axes, const SupervisedColumns&,
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
  const SupervisedColumns& columns_;
  std::span<const std::int64_t> indices_;
};

}  // namespace sinefield
