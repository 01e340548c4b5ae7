// Pixels of a box, their windows, and the seed of a weighted squared error.
// SPDX-License-Identifier: MIT
#include "signal/tile_samples.h"

#include <algorithm>
#include <cmath>

#include "field/tiling.h"

namespace sinefield {

TiledPicture::TiledPicture(const Picture& picture, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
                           const Tiling& tiling)
    : picture_(picture), axes_(axes), tiling_(tiling) {
  for (const ChannelMap& channel : channels) {
    scale_.push_back(static_cast<float>(1 / channel.scale));
    offset_.push_back(static_cast<float>(-channel.offset / channel.scale));
  }
}

std::vector<TiledPicture::Line> TiledPicture::lines(int axis, int tile) const {
  const auto at = static_cast<std::size_t>(axis);
  const TileAxis& grid = tiling_.axes[at];
  const AxisMap& map = axes_[at];
  const std::int64_t pixels = axis == 0 ? picture_.format.height : picture_.format.width;
  const TileBox box = tile_box(grid, tile);
  const double middle = tile_middle(grid, tile);
  // A pixel more on either side than the box can hold: the window decides.
  const auto pixel_at = [&](double x) { return map.scale == 0 ? 0.0 : (x - map.offset) / map.scale; };
  const auto limit = [&](double pixel) {
    return static_cast<std::int64_t>(std::clamp(pixel, 0.0, static_cast<double>(pixels - 1)));
  };
  std::vector<Line> found;
  for (std::int64_t i = limit(pixel_at(box.low) - 1), last = limit(pixel_at(box.high) + 1); i <= last; ++i) {
    const double x = map.scale * static_cast<double>(i) + map.offset;
    const AxisPlace place = locate(grid, x, tile);
    const int side = tile - place.first;
    if (side < 0 || side >= place.count) continue;
    const double window = axis_window(grid, tiling_.blend, place, x).weight[side];
    if (window > 0)
      found.push_back({i, static_cast<float>((x - middle) / grid.half_width), static_cast<float>(window)});
  }
  return found;
}

std::vector<ChannelMap> TiledPicture::statistics(std::int64_t tile) const {
  const int columns = tiling_.axes[1].tiles();
  const std::vector<Line> rows = lines(0, static_cast<int>(tile / columns)),
                          row = lines(1, static_cast<int>(tile % columns));
  const std::size_t channels = scale_.size();
  std::vector<ChannelMap> maps(channels, {0, 0});
  const auto pixels = static_cast<double>(rows.size() * row.size());
  if (pixels == 0) return maps;
  const auto for_samples = [&](auto&& use) {
    for (const Line& y : rows)
      for (const Line& x : row)
        for (std::size_t c = 0; c < channels; ++c)
          use(c, static_cast<double>(
                     scale_[c] * picture_.row(y.pixel)[static_cast<std::size_t>(x.pixel) * channels + c] + offset_[c]));
  };
  for_samples([&](std::size_t c, double value) { maps[c].offset += value; });
  for (ChannelMap& map : maps) map.offset /= pixels;
  double squares = 0;
  for_samples([&](std::size_t c, double value) { squares += (value - maps[c].offset) * (value - maps[c].offset); });
  // Below a rounding error of the samples there is nothing to learn.
  const auto deviation = static_cast<float>(std::sqrt(squares / (pixels * static_cast<double>(channels))));
  for (ChannelMap& map : maps) {
    map.scale = deviation > 1e-6F ? deviation : 0;
    map.offset = static_cast<float>(map.offset);
  }
  return maps;
}

double TiledPicture::window_sum(std::int64_t tile) const {
  const int columns = tiling_.axes[1].tiles();
  double product = 1;
  for (const std::vector<Line>& side :
       {lines(0, static_cast<int>(tile / columns)), lines(1, static_cast<int>(tile % columns))}) {
    double sum = 0;
    for (const Line& line : side) sum += static_cast<double>(line.window);
    product *= sum;
  }
  return product;
}

void TiledPicture::load(std::int64_t tile, std::span<const ChannelMap> normalisation, TileSamples& samples) const {
  const int columns = tiling_.axes[1].tiles();
  const std::vector<Line> rows = lines(0, static_cast<int>(tile / columns)),
                          row = lines(1, static_cast<int>(tile % columns));
  const std::size_t channels = scale_.size();
  samples.count = std::ssize(rows) * std::ssize(row);
  samples.inputs = 2;
  samples.outputs = static_cast<int>(channels);
  const auto count = static_cast<std::size_t>(samples.count);
  samples.coordinates.resize(count * 2);
  samples.targets.resize(count * channels);
  samples.windows.resize(count);
  samples.weights.resize(count);
  std::vector<float> scale, offset;  // target = scale * sample + offset
  for (std::size_t c = 0; c < channels; ++c) {
    const double deviation = normalisation[c].scale == 0 ? 1 : normalisation[c].scale;
    scale.push_back(static_cast<float>(static_cast<double>(scale_[c]) / deviation));
    offset.push_back(static_cast<float>((static_cast<double>(offset_[c]) - normalisation[c].offset) / deviation));
  }
  float *coordinate = samples.coordinates.data(), *target = samples.targets.data(), *window = samples.windows.data(),
        *weight = samples.weights.data();
  double window_sum = 0, weight_sum = 0;
  for (const Line& y : rows) {
    for (const Line& x : row) {
      *coordinate++ = y.coordinate;
      *coordinate++ = x.coordinate;
      const float* sample = picture_.row(y.pixel) + static_cast<std::size_t>(x.pixel) * channels;
      for (std::size_t c = 0; c < channels; ++c) *target++ = scale[c] * sample[c] + offset[c];
      *window = y.window * x.window;
      *weight = std::max(*window, least_weight);
      window_sum += static_cast<double>(*window++);
      weight_sum += static_cast<double>(*weight++);
    }
  }
  samples.window_sum = window_sum;
  const auto mean = static_cast<float>(weight_sum / static_cast<double>(std::max<std::int64_t>(samples.count, 1)));
  for (float& w : samples.weights) w /= mean;
}

void TileBatch::coordinates(std::int64_t first, int count, float* x) const {
  const auto inputs = static_cast<std::size_t>(samples_.inputs);
  for (int p = 0; p < count; ++p) {
    const auto index = static_cast<std::size_t>(indices_[static_cast<std::size_t>(first + p)]);
    x = std::copy_n(&samples_.coordinates[index * inputs], inputs, x);
  }
}

double TileBatch::seed(std::int64_t first, int count, const float* u, float* u_bar) const {
  const auto outputs = static_cast<std::size_t>(samples_.outputs);
  const double terms = static_cast<double>(points()) * static_cast<double>(samples_.outputs);
  const auto slope = static_cast<float>(2 / terms);
  float loss = 0;
  for (int p = 0; p < count; ++p) {
    const auto index = static_cast<std::size_t>(indices_[static_cast<std::size_t>(first + p)]);
    const float* target = &samples_.targets[index * outputs];
    const float weight = samples_.weights[index];
    for (std::size_t c = 0; c < outputs; ++c) {
      const float error = *u++ - target[c];
      *u_bar++ = slope * weight * error;
      loss += weight * error * error;
    }
  }
  return static_cast<double>(loss) / terms;
}

}  // namespace sinefield
