// How the raw outputs of a field, about [-1, 1], become the numbers of a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "sinefield/signal.h"

namespace sinefield {

/// The full scale of integer pictures and videos becomes [-1, 1]; of float pictures and of volumes [min, max], the
/// channels together; of sounds [-peak, peak]. So does [0, 1] of float alpha, or more where its values go beyond:
/// opaque stays opaque when it is rendered in another type. Reads all samples where their range decides.
std::vector<ChannelMap> channel_maps(const SignalFormat&, const Samples&);

/// Silence has a scale of 1.
std::vector<ChannelMap> sound_channel_maps(const SoundFormat&, double peak);

/// Calls use(first, values) for pieces of some MiB of all samples, in order: `first` is the index of the first point.
template <class Use>
void for_pieces(const Samples& samples, const Use& use) {
  const std::vector<std::int64_t>& sizes = samples.sizes();
  std::int64_t line = samples.channels();  // of one position of axis 0
  for (std::size_t i = 1; i < sizes.size(); ++i) line *= sizes[i];
  const std::int64_t at_once = std::max<std::int64_t>(1, (1 << 20) / line);
  std::vector<std::int64_t> first(sizes.size(), 0), count = sizes;
  std::vector<float> piece;
  for (; first[0] < sizes[0]; first[0] += at_once) {
    count[0] = std::min(at_once, sizes[0] - first[0]);
    piece.resize(static_cast<std::size_t>(count[0] * line));
    samples.read(first, count, piece.data());
    use(first[0] * line / samples.channels(), std::span<const float>(piece));
  }
}

}  // namespace sinefield
