// Samples to training points.
// SPDX-License-Identifier: MIT
#include "signal/sample_batch.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sinefield {
namespace {

/// Channels of a point that are read into the stack; more are read into memory of their own.
constexpr std::size_t few_channels = 64;

}  // namespace

SupervisedColumns::SupervisedColumns(Supervise supervise, std::span<const AxisMap> axes,
                                     std::span<const ChannelMap> maps, double omega)
    : channels(static_cast<int>(maps.size())), first_stream(0), streams(1), all_streams(1) {
  const auto add = [&](double derivative, double weight) {
    weights.push_back(weight);
    for (const ChannelMap& map : maps) {
      scale.push_back(static_cast<float>(1 / (map.scale * derivative)));
      offset.push_back(supervise == Supervise::value ? static_cast<float>(-map.offset / map.scale) : 0.0F);
    }
  };
  const int d = static_cast<int>(axes.size());
  // A derivative by the position is one by the network's coordinate times the step between samples.
  double mean_square = 0;
  for (const AxisMap& axis : axes) mean_square += axis.scale * axis.scale / d;
  switch (supervise) {
    case Supervise::value:
      add(1, 1);
      break;
    case Supervise::gradient:
      first_stream = 1;
      streams = d;
      all_streams = 1 + d;
      for (const AxisMap& axis : axes) add(axis.scale, axis.scale * axis.scale / (mean_square * omega * omega));
      break;
    case Supervise::laplacian:  // the axes of a picture have one step
      first_stream = 1 + d;
      all_streams = 2 + d;
      add(mean_square, 1 / std::pow(omega, 4));
      break;
  }
}

SampleBatch::SampleBatch(const Samples& samples, std::span<const AxisMap> axes, const SupervisedColumns& columns,
                         std::span<const std::int64_t> indices)
    : samples_(samples), axes_(axes), columns_(columns), indices_(indices) {}

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
  const auto channels = static_cast<std::size_t>(columns_.channels), columns = columns_.scale.size();
  const double terms = static_cast<double>(points()) * static_cast<double>(columns);
  std::array<float, few_channels> few;
  std::vector<float> many(columns > few.size() ? columns : 0);
  float* const sample = many.empty() ? few.data() : many.data();
  for (int s = 0; s < columns_.all_streams; ++s)
    if (s < columns_.first_stream || s >= columns_.first_stream + columns_.streams)
      std::fill_n(bars[s], static_cast<std::size_t>(count) * channels, 0.0F);
  double loss = 0;
  for (int p = 0; p < count; ++p) {
    samples_.read_point(index(first + p), sample);
    for (std::size_t e = 0; e < columns; ++e) {
      const std::size_t s = e / channels, at = static_cast<std::size_t>(p) * channels + e % channels;
      const int stream = columns_.first_stream + static_cast<int>(s);
      const float target = columns_.scale[e] * sample[e] + columns_.offset[e];
      loss +=
          engine::squared_error_seed(1, terms / columns_.weights[s], streams[stream] + at, &target, bars[stream] + at);
    }
  }
  return loss;
}

}  // namespace sinefield
