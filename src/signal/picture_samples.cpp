// Pixels to samples.
// SPDX-License-Identifier: MIT
#include "signal/picture_samples.h"

#include <algorithm>
#include <array>
#include <limits>

namespace sinefield {

std::vector<ChannelMap> picture_channels(const Picture& picture) {
  const auto channels = static_cast<std::size_t>(picture.format.channel_count());
  if (const double full = full_scale(picture.format.type); full > 0)
    return std::vector<ChannelMap>(channels, {full / 2, full / 2});
  constexpr float huge = std::numeric_limits<float>::infinity();
  std::array<std::array<float, 2>, 2> range{{{huge, -huge}, {0, 1}}};  // of colour, of alpha: min, max
  const auto group = [&](std::size_t c) { return static_cast<int>(c) == picture.format.alpha ? 1U : 0U; };
  for (std::size_t e = 0; e < picture.samples.size(); ++e) {
    auto& [low, high] = range[group(e % channels)];
    low = std::min(low, picture.samples[e]);
    high = std::max(high, picture.samples[e]);
  }
  std::vector<ChannelMap> maps;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto [low, high] = range[group(c)];
    const double half = (static_cast<double>(high) - static_cast<double>(low)) / 2;
    maps.push_back({half > 0 ? half : 1, static_cast<double>(low) + half});
  }
  return maps;
}

PictureBatch::PictureBatch(const Picture& picture, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
                           std::span<const std::int64_t> indices)
    : picture_(picture), axes_(axes), indices_(indices) {
  for (const ChannelMap& channel : channels) {
    scale_.push_back(static_cast<float>(1 / channel.scale));
    offset_.push_back(static_cast<float>(-channel.offset / channel.scale));
  }
}

std::int64_t PictureBatch::points() const {
  return indices_.empty() ? picture_.format.height * picture_.format.width : static_cast<std::int64_t>(indices_.size());
}

void PictureBatch::coordinates(std::int64_t first, int count, float* x) const {
  for (std::int64_t p = first; p < first + count; ++p) {
    const std::int64_t row = pixel(p) / picture_.format.width, column = pixel(p) % picture_.format.width;
    *x++ = static_cast<float>(axes_[0].scale * static_cast<double>(row) + axes_[0].offset);
    *x++ = static_cast<float>(axes_[1].scale * static_cast<double>(column) + axes_[1].offset);
  }
}

double PictureBatch::seed(std::int64_t first, int count, const float* u, float* u_bar) const {
  const std::size_t channels = scale_.size();
  const double terms = static_cast<double>(points()) * static_cast<double>(channels);
  double loss = 0;
  for (std::int64_t p = first; p < first + count; ++p) {
    const float* sample = &picture_.samples[static_cast<std::size_t>(pixel(p)) * channels];
    for (std::size_t c = 0; c < channels; ++c) {
      const float target = scale_[c] * sample[c] + offset_[c];
      loss += engine::squared_error_seed(1, terms, u++, &target, u_bar++);
    }
  }
  return loss;
}

}  // namespace sinefield
