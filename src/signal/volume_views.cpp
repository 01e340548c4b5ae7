// Stretching of slices along one axis and their way to 8 bits.
// SPDX-License-Identifier: MIT
#include "sinefield/volume_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::int64_t longest_side = 65500;  // that JPEG holds

// Two neighbours and the share of the second, for each position along a stretched axis. Centres of samples and pixels
// divide the same length; beyond the outermost samples their value goes on.
struct Between {
  std::int64_t first, second;
  double share;
};

std::vector<Between> stretched(std::int64_t length, double factor) {
  const double wanted = static_cast<double>(length) * factor;
  if (factor > 1 && wanted > longest_side) {
    throw bad_input(fmt::format("a slice of {} samples would be {:.0f} pixels long to have square pixels, more than {}",
                                length, wanted, longest_side),
                    "the spacings of the volume may be wrong");
  }
  const std::int64_t pixels = std::max(length, static_cast<std::int64_t>(std::floor(wanted + 0.5)));
  std::vector<Between> positions;
  positions.reserve(static_cast<std::size_t>(pixels));
  for (std::int64_t i = 0; i < pixels; ++i) {
    const double place =
        (static_cast<double>(i) + 0.5) * static_cast<double>(length) / static_cast<double>(pixels) - 0.5;
    const double inside = std::clamp(place, 0.0, static_cast<double>(length - 1));
    const auto first = static_cast<std::int64_t>(inside);
    positions.push_back({first, std::min(first + 1, length - 1), inside - static_cast<double>(first)});
  }
  return positions;
}

void check(std::span<const float> samples, std::int64_t height, std::int64_t width, int channels) {
  if (channels != 1 && channels != 3) {
    throw bad_input(fmt::format("a slice of {} channels, expected 1 (grey) or 3 (RGB)", channels), "show one channel");
  }
  if (height < 1 || width < 1 || samples.size() != static_cast<std::size_t>(height * width * channels)) {
    throw bad_input(fmt::format("{} samples do not make a slice of {} x {} with {} channels", samples.size(), width,
                                height, channels),
                    "give width x height x channels values, at least one");
  }
  const auto broken = std::find_if(samples.begin(), samples.end(), [](float v) { return !std::isfinite(v); });
  if (broken == samples.end()) return;
  const std::int64_t i = (broken - samples.begin()) / channels;
  throw bad_input(
      fmt::format("a sample is {} at row {}, column {}, which no colour shows", *broken, i / width, i % width),
      "the model may have diverged: train it again with a smaller learning rate");
}

}  // namespace

Picture slice_picture(std::span<const float> samples, std::int64_t height, std::int64_t width, int channels, double low,
                      double high, double pixel_aspect, RowOrder order) {
  check(samples, height, width, channels);
  if (!std::isfinite(low) || !std::isfinite(high) || low > high) {
    throw bad_input(fmt::format("a slice cannot be shown from {} to {}", low, high),
                    "give two finite numbers, the smaller first");
  }
  if (!(pixel_aspect > 0) || !std::isfinite(pixel_aspect)) {
    throw bad_input(fmt::format("a slice with pixels {} times as high as wide", pixel_aspect),
                    "the spacings of the volume may be wrong");
  }
  const std::vector<Between> rows = stretched(height, std::max(pixel_aspect, 1.0));
  const std::vector<Between> columns = stretched(width, std::max(1 / pixel_aspect, 1.0));

  Picture picture;
  picture.format.height = static_cast<std::int64_t>(rows.size());
  picture.format.width = static_cast<std::int64_t>(columns.size());
  picture.format.channels = channels == 1 ? std::vector<std::string>{"Y"} : std::vector<std::string>{"R", "G", "B"};
  picture.samples.reserve(rows.size() * columns.size() * static_cast<std::size_t>(channels));
  const auto at = [&](std::int64_t row, std::int64_t column, int channel) {
    return static_cast<double>(samples[static_cast<std::size_t>((row * width + column) * channels + channel)]);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Between& row = order == RowOrder::first_on_top ? rows[i] : rows[rows.size() - 1 - i];
    for (const Between& column : columns) {
      for (int c = 0; c < channels; ++c) {
        const double value = std::lerp(
            std::lerp(at(row.first, column.first, c), at(row.first, column.second, c), column.share),
            std::lerp(at(row.second, column.first, c), at(row.second, column.second, c), column.share), row.share);
        const double part = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : value > low ? 1.0 : 0.0;
        picture.samples.push_back(static_cast<float>(std::floor(part * 255 + 0.5)));
      }
    }
  }
  return picture;
}

}  // namespace sinefield
