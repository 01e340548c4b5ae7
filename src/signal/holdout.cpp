// Every second pixel both ways, and a comparison that sorts the pixels of a rendered picture into the two kinds.
// SPDX-License-Identifier: MIT
#include "signal/holdout.h"

#include <algorithm>
#include <cmath>

#include "signal/picture_samples.h"
#include "sinefield/render.h"

namespace sinefield {

Picture every_second_pixel(const Picture& whole) {
  Picture learned{whole.format, {}};
  learned.format.height = (whole.format.height + 1) / 2;
  learned.format.width = (whole.format.width + 1) / 2;
  const std::int64_t channels = whole.format.channel_count();
  learned.samples.reserve(static_cast<std::size_t>(learned.format.height * learned.format.width * channels));
  for (std::int64_t y = 0; y < whole.format.height; y += 2)
    for (std::int64_t x = 0; x < whole.format.width; x += 2)
      learned.samples.insert(learned.samples.end(), whole.row(y) + x * channels, whole.row(y) + (x + 1) * channels);
  return learned;
}

std::vector<AxisMap> every_second_pixel_axes(const PictureFormat& whole) {
  std::vector<AxisMap> axes = picture_axes((whole.height + 1) / 2, (whole.width + 1) / 2);
  for (AxisMap& axis : axes) axis.scale /= 2;
  return axes;
}

FitFigures evaluate(const Field& field, const Picture& whole, const Picture& learned, Holdout holdout,
                    const ComputeOptions& compute) {
  const std::int64_t height = whole.format.height, width = whole.format.width, channels = whole.format.channel_count();
  PictureRenderer renderer(field, height, width, Order::value, compute);
  PictureComparison comparison(learned);
  const std::int64_t hull_height = height - (height + 1) % 2, hull_width = width - (width + 1) % 2;
  double squares = 0;
  std::int64_t held_out = 0;
  std::vector<float> row;
  for (std::int64_t y = 0; y < height; y += renderer.strip()) {
    const std::int64_t count = std::min(renderer.strip(), height - y);
    Jets<float> jets = renderer.rows(y, count);
    for (float& value : jets.value) value = quantised(value, whole.format.type);
    if (holdout == Holdout::none) {
      comparison.add_rows(y, jets.value);
      continue;
    }
    for (std::int64_t line = y; line < std::min(y + count, hull_height); ++line) {
      const float* result = &jets.value[static_cast<std::size_t>((line - y) * width * channels)];
      row.clear();
      for (std::int64_t x = 0; x < hull_width; ++x) {
        const float *here = result + x * channels, *there = whole.row(line) + x * channels;
        if (line % 2 == 0 && x % 2 == 0) {
          row.insert(row.end(), here, here + channels);
          continue;
        }
        for (std::int64_t c = 0; c < channels; ++c) {
          if (c == whole.format.alpha) continue;
          const double error = static_cast<double>(here[c]) - static_cast<double>(there[c]);
          squares += error * error;
          ++held_out;
        }
      }
      if (line % 2 == 0) comparison.add_rows(line / 2, row);
    }
  }
  FitFigures figures{comparison.result(), {}};
  if (holdout == Holdout::none || held_out == 0) return figures;
  const double peak = 2 * picture_channels(learned)[whole.format.alpha == 0 ? 1 : 0].scale;
  figures.held_out_psnr = 10 * std::log10(peak * peak * static_cast<double>(held_out) / squares);
  return figures;
}

}  // namespace sinefield
