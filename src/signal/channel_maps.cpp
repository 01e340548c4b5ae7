// Ranges of samples.
// SPDX-License-Identifier: MIT
#include "signal/channel_maps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sinefield {
namespace {

double full_scale_of(const SignalFormat& format) {
  if (const auto* picture = std::get_if<PictureFormat>(&format)) return full_scale(picture->type);
  if (const auto* video = std::get_if<VideoFormat>(&format)) return full_scale(video->type);
  return 0;
}

}  // namespace

std::vector<ChannelMap> sound_channel_maps(const SoundFormat& format, double peak) {
  return std::vector<ChannelMap>(static_cast<std::size_t>(format.channels), {peak > 0 ? peak : 1, 0});
}

std::vector<ChannelMap> channel_maps(const SignalFormat& format, const Samples& samples) {
  const auto channels = static_cast<std::size_t>(samples.channels());
  if (const double full = full_scale_of(format); full > 0)
    return std::vector<ChannelMap>(channels, {full / 2, full / 2});
  const int alpha = uncounted_channel(format);
  constexpr float huge = std::numeric_limits<float>::infinity();
  std::array<std::array<float, 2>, 2> range{{{huge, -huge}, {0, 1}}};  // of colour, of alpha: min, max
  const auto group = [&](std::size_t c) { return static_cast<int>(c) == alpha ? 1U : 0U; };
  for_pieces(samples, [&](std::int64_t, std::span<const float> values) {
    for (std::size_t e = 0; e < values.size(); ++e) {
      auto& [low, high] = range[group(e % channels)];
      low = std::min(low, values[e]);
      high = std::max(high, values[e]);
    }
  });
  if (const auto* sound = std::get_if<SoundFormat>(&format))
    return sound_channel_maps(*sound, static_cast<double>(std::max(-range[0][0], range[0][1])));
  std::vector<ChannelMap> maps;
  for (std::size_t c = 0; c < channels; ++c) {
    const auto [low, high] = range[group(c)];
    const double half = (static_cast<double>(high) - static_cast<double>(low)) / 2;
    maps.push_back({half > 0 ? half : 1, static_cast<double>(low) + half});
  }
  return maps;
}

}  // namespace sinefield
