// A cut changes the whole picture at once, and the frames around it change little beside that: the change at a cut
// stands far above the median of the changes near it.
// SPDX-License-Identifier: MIT
#include "signal/shots.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace sinefield {
namespace {

constexpr std::int64_t cells = 16;  // a side, at most
/// Mean change of the cells, full scale 1, below which nothing is a cut, and how far a cut stands above the median of
/// the changes around it. Hand-held motion reaches twice to three times its own median.
constexpr double least_change = 0.02, prominence = 5;
constexpr std::ptrdiff_t neighbours = 6;  // frames on either side

double change_between(std::span<const float> before, std::span<const float> now) {
  double change = 0;
  for (std::size_t i = 0; i < now.size(); ++i)
    change += std::abs(static_cast<double>(now[i]) - static_cast<double>(before[i]));
  return change / static_cast<double>(now.size());
}

}  // namespace

ShotFinder::ShotFinder(const VideoFormat& format) : format_(format) {}

void ShotFinder::add(std::span<const std::byte> samples) {
  const std::int64_t rows = std::min(cells, format_.height), columns = std::min(cells, format_.width);
  const std::int64_t channels = format_.channel_count();
  const double full = full_scale(format_.type);
  std::vector<float> now;
  const auto sample = [&](std::int64_t index) -> std::int64_t {
    if (format_.type == SampleType::u8) return std::to_integer<int>(samples[static_cast<std::size_t>(index)]);
    std::uint16_t value = 0;
    std::memcpy(&value, &samples[static_cast<std::size_t>(2 * index)], sizeof value);
    return value;
  };
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int64_t top = r * format_.height / rows, bottom = (r + 1) * format_.height / rows;
      const std::int64_t left = c * format_.width / columns, right = (c + 1) * format_.width / columns;
      for (std::int64_t k = 0; k < channels; ++k) {
        std::int64_t sum = 0;
        for (std::int64_t y = top; y < bottom; ++y)
          for (std::int64_t x = left; x < right; ++x) sum += sample((y * format_.width + x) * channels + k);
        now.push_back(
            static_cast<float>(static_cast<double>(sum) / full / static_cast<double>((bottom - top) * (right - left))));
      }
    }
  Changes changes{};
  for (std::size_t k = 0; k < std::min(recent_.size(), changes.size()); ++k)
    changes[k] = change_between(recent_[k], now);
  changes_.push_back(changes);
  recent_.push_front(std::move(now));
  if (recent_.size() > changes.size()) recent_.pop_back();
}

std::vector<std::int64_t> ShotFinder::cuts() const {
  const std::ptrdiff_t count = std::ssize(changes_);
  const auto change = [&](std::ptrdiff_t t, std::ptrdiff_t frames = 1) {
    return changes_[static_cast<std::size_t>(t)][static_cast<std::size_t>(frames - 1)];
  };
  std::vector<std::ptrdiff_t> jumps;
  std::vector<double> near;
  for (std::ptrdiff_t t = 1; t < count; ++t) {
    near.clear();
    for (std::ptrdiff_t i = std::max<std::ptrdiff_t>(1, t - neighbours); i < std::min(count, t + neighbours + 1); ++i)
      if (i != t) near.push_back(change(i));
    if (near.empty()) continue;
    const auto middle = near.begin() + std::ssize(near) / 2;
    std::ranges::nth_element(near, middle);
    if (change(t) >= std::max(least_change, prominence * *middle)) jumps.push_back(t);
  }
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < jumps.size(); ++i) {
    const std::ptrdiff_t t = jumps[i];
    // A flash: after a few frames the picture is again what it was before.
    std::size_t back = i + 1;
    while (back < jumps.size() && jumps[back] - t < least_frames &&
           !(change(jumps[back], jumps[back] - t + 1) < change(t) / 2))
      ++back;
    if (back < jumps.size() && jumps[back] - t < least_frames) {
      i = back;
      continue;
    }
    const std::int64_t last = found.empty() ? 0 : found.back();
    if (t - last >= least_frames && count - t >= least_frames) found.push_back(t);
  }
  return found;
}

}  // namespace sinefield
