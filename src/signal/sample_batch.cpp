// Samples to training points.
// SPDX-License-Identifier: MIT
#include "signal/sample_batch.h"

#include <array>

namespace sinefield {
namespace {

/// Channels of a point that are read into the stack; more are read into memory of their own.
constexpr std::size_t few_channels = 64;

}  // namespace

SampleBatch::SampleBatch(const Samples& samples, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
                         std::span<const std::int64_t> indices)
    : samples_(samples), axes_(axes), indices_(indices) {
  for (const ChannelMap& channel : channels) {
    scale_.push_back(static_cast<float>(1 / channel.scale));
    offset_.push_back(static_cast<float>(-channel.offset / channel.scale));
  }
}

std::int64_t SampleBatch::points() const { return indices_.empty() ? samples_.points() : std::ssize(indices_); }

void SampleBatch::coordinates(std::int64_t first, int count, float* x) const {
  const std::span<const std::int64_t> sizes = samples_.sizes();
  const std::size_t axes = sizes.size();
  for (std::int64_t p = first; p < first + count; ++p, x += axes) {
    std::int64_t rest = index(p);
    for (std::size_t i = axes; i-- > 0; rest /= sizes[i])
      x[i] = static_cast<float>(axes_[i].scale * static_cast<double>(rest % sizes[i]) + axes_[i].offset);
  }
}

double SampleBatch::seed(std::int64_t first, int count, engine::Streams<const float> streams,
                         engine::Streams<float> bars) const {
  const std::size_t channels = scale_.size();
  const double terms = static_cast<double>(points()) * static_cast<double>(channels);
  std::array<float, few_channels> few;
  std::vector<float> many(channels > few.size() ? channels : 0);
  float* const sample = many.empty() ? few.data() : many.data();
  const float* u = streams[0];
  float* u_bar = bars[0];
  double loss = 0;
  for (std::int64_t p = first; p < first + count; ++p) {
    samples_.read_point(index(p), sample);
    for (std::size_t c = 0; c < channels; ++c) {
      const float target = scale_[c] * sample[c] + offset_[c];
      loss += engine::squared_error_seed(1, terms, u++, &target, u_bar++);
    }
  }
  return loss;
}

}  // namespace sinefield
