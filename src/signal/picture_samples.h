// The pixels of a picture as training samples: coordinates and targets in network units, made when asked for.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/value_step.h"
#include "sinefield/field.h"

namespace sinefield {

/// The output map of a picture: the full scale of integer types, or [min, max] of a float file's colour channels
/// together, becomes [-1, 1]. So does [0, 1] of float alpha, or more where its values go beyond: opaque stays opaque
/// when it is rendered in another type.
std::vector<ChannelMap> picture_channels(const Picture&);

/// The pixels of one step: those named by `indices` (row-major), or all of them where that is empty.
class PictureBatch final : public engine::Batch<float> {
 public:
  /// Keeps references to the picture and the indices. `axes` and `channels` are the field's.
  PictureBatch(const Picture&, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
               std::span<const std::int64_t> indices);

  std::int64_t points() const override;
  void coordinates(std::int64_t first, int count, float* x) const override;
  double seed(std::int64_t first, int count, const float* u, float* u_bar) const override;

 private:
  std::int64_t pixel(std::int64_t point) const {
    return indices_.empty() ? point : indices_[static_cast<std::size_t>(point)];
  }

  const Picture& picture_;
  std::span<const AxisMap> axes_;
  std::span<const std::int64_t> indices_;
  std::vector<float> scale_, offset_;  // raw target = scale * sample + offset
};

}  // namespace sinefield
