// Samples of a box, their windows, and the seed of a weighted squared error.
// SPDX-License-Identifier: MIT
#include "signal/tile_samples.h"

#include <algorithm>
#include <cmath>

#include "field/float_exact.h"
#include "field/indices.h"
#include "field/tiling.h"
#include "signal/derivative_samples.h"

namespace sinefield {

TiledSamples::TiledSamples(const Samples& signal, std::span<const AxisMap> axes, std::span<const ChannelMap> channels,
                           const Tiling& tiling, Supervise supervise, double omega, const Samples* derivatives)
    : values_(signal),
      supervise_(supervise),
      derivatives_(derivatives),
      rim_(supervise == Supervise::laplacian && derivatives == nullptr ? 1 : 0),
      axes_(axes),
      tiling_(tiling),
      omega_(omega),
      mean_step_(0) {
  if (supervise != Supervise::value && derivatives == nullptr) {
    differences_ = std::make_unique<DerivativeSamples>(signal, supervise);
    derivatives_ = differences_.get();
  }
  for (std::size_t i = 0; i < (supervise == Supervise::gradient ? axes.size() : 1); ++i)
    for (const ChannelMap& channel : channels) {
      scale_.push_back(static_cast<float>(1 / channel.scale));
      offset_.push_back(supervise == Supervise::value ? static_cast<float>(-channel.offset / channel.scale) : 0);
    }
  for (std::size_t i = 0; i < axes.size(); ++i) {
    steps_.push_back(axes[i].scale / tiling.axes[i].half_width);
    mean_step_ += steps_.back() * steps_.back() / static_cast<double>(axes.size());
  }
  mean_step_ = std::sqrt(mean_step_);
}

double TiledSamples::steepness() const {
  const double slope = omega_ * mean_step_;
  return supervise_ == Supervise::value ? 1 : supervise_ == Supervise::gradient ? slope : slope * slope;
}

engine::JetPlan TiledSamples::plan(const Architecture& architecture) const {
  if (supervise_ == Supervise::value) return engine::value_plan();
  if (supervise_ == Supervise::gradient) return engine::gradient_plan(architecture);
  std::vector<double> weights;
  for (const double step : steps_) weights.push_back(step * step / (mean_step_ * mean_step_));
  return engine::laplacian_plan(weights);
}

TiledSamples::Side TiledSamples::side(std::size_t axis, int tile) const {
  const TileAxis& grid = tiling_.axes[axis];
  const AxisMap& map = axes_[axis];
  const TileBox box = tile_box(grid, tile);
  const double middle = tile_middle(grid, tile);
  // A sample more on either side than the box can hold: the window decides.
  const auto position = [&](double x) { return map.scale == 0 ? 0.0 : (x - map.offset) / map.scale; };
  const auto limit = [&](double at) {
    const std::int64_t size = values_.sizes()[axis];
    return static_cast<std::int64_t>(std::clamp(at, static_cast<double>(rim_), static_cast<double>(size - 1 - rim_)));
  };
  Side found;
  for (std::int64_t i = limit(position(box.low) - 1), last = limit(position(box.high) + 1); i <= last; ++i) {
    const double x = map.scale * static_cast<double>(i) + map.offset;
    const AxisPlace place = locate(grid, x, tile);
    const int which = tile - place.first;
    if (which < 0 || which >= place.count) continue;
    const double window = axis_window(grid, tiling_.blend, place, x).weight[which];
    if (!(window > 0)) continue;
    if (found.windows.empty()) found.first = i;
    found.coordinates.push_back(static_cast<float>((x - middle) / grid.half_width));
    found.windows.push_back(static_cast<float>(window));
  }
  return found;
}

std::vector<TiledSamples::Side> TiledSamples::sides(std::int64_t tile) const {
  std::vector<Side> all(tiling_.axes.size());
  for (std::size_t i = all.size(); i-- > 0; tile /= tiling_.axes[i].tiles())
    all[i] = side(i, static_cast<int>(tile % tiling_.axes[i].tiles()));
  return all;
}

std::int64_t TiledSamples::read(std::span<const Side> box, std::vector<float>& raw) const {
  std::vector<std::int64_t> first, count;
  std::int64_t points = 1;
  for (const Side& along : box) {
    first.push_back(along.first);
    count.push_back(along.count());
    points *= along.count();
  }
  raw.resize(static_cast<std::size_t>(points * targets().channels()));
  if (points > 0) targets().read(first, count, raw.data());
  return points;
}

std::vector<ChannelMap> TiledSamples::statistics(std::int64_t tile) const {
  const auto channels = static_cast<std::size_t>(values_.channels()), columns = scale_.size();
  std::vector<ChannelMap> maps(channels, {0, 0});
  std::vector<float> raw;
  const auto points = static_cast<double>(read(sides(tile), raw));
  if (points == 0) return maps;
  const auto for_samples = [&](auto&& use) {
    for (std::size_t e = 0; e < raw.size();)
      for (std::size_t c = 0; c < columns; ++c, ++e)
        use(c % channels, static_cast<double>(scale_[c] * raw[e] + offset_[c]));
  };
  if (derivatives_ == nullptr) {
    for_samples([&](std::size_t c, double value) { maps[c].offset += value; });
    for (ChannelMap& map : maps) map.offset /= points;
  }
  double squares = 0;
  for_samples([&](std::size_t c, double value) { squares += (value - maps[c].offset) * (value - maps[c].offset); });
  // Below a rounding error of the samples there is nothing to learn.
  const double deviation = std::sqrt(squares / (points * static_cast<double>(columns)));
  for (ChannelMap& map : maps) {
    map.scale = deviation > 1e-6 ? float_exact(deviation / steepness()) : 0;
    map.offset = float_exact(map.offset);
  }
  return maps;
}

double TiledSamples::mean_square(std::span<const ChannelMap> statistics) const {
  const double scale = statistics.front().scale * steepness();
  return scale * scale;
}

double TiledSamples::window_sum(std::int64_t tile) const {
  double product = 1;
  for (const Side& along : sides(tile)) {
    double sum = 0;
    for (const float window : along.windows) sum += static_cast<double>(window);
    product *= sum;
  }
  return product;
}

void TiledSamples::load(std::int64_t tile, std::span<const ChannelMap> normalisation, TileSamples& samples) const {
  const std::vector<Side> box = sides(tile);
  const std::size_t axes = box.size(), channels = static_cast<std::size_t>(values_.channels()), columns = scale_.size();
  samples.count = read(box, samples.raw);
  samples.inputs = static_cast<int>(axes);
  samples.outputs = static_cast<int>(channels);
  const auto count = static_cast<std::size_t>(samples.count);
  samples.coordinates.resize(count * axes);
  samples.targets.resize(count * columns);
  samples.windows.resize(count);
  samples.weights.resize(count);
  std::vector<float> scale, offset;  // target = scale * sample + offset
  const auto deviation = [&](std::size_t c) { return normalisation[c].scale == 0 ? 1 : normalisation[c].scale; };
  if (supervise_ == Supervise::value) {
    samples.first_stream = 0;
    samples.stream_weights = {1};
    for (std::size_t c = 0; c < channels; ++c) {
      scale.push_back(static_cast<float>(static_cast<double>(scale_[c]) / deviation(c)));
      offset.push_back(static_cast<float>((static_cast<double>(offset_[c]) - normalisation[c].offset) / deviation(c)));
    }
  } else if (supervise_ == Supervise::laplacian) {
    samples.first_stream = 1 + static_cast<int>(axes);
    samples.stream_weights = {static_cast<float>(1 / (omega_ * omega_ * omega_ * omega_))};
    for (std::size_t c = 0; c < channels; ++c) {
      scale.push_back(static_cast<float>(static_cast<double>(scale_[c]) / (deviation(c) * mean_step_ * mean_step_)));
      offset.push_back(0);
    }
  } else {
    // An error weighs the same along every axis, in raw outputs from sample to sample; those of a tile that is flat 1.
    samples.first_stream = 1;
    samples.stream_weights.clear();
    for (std::size_t i = 0; i < axes; ++i) {
      const double steepness = steps_[i] / (mean_step_ * omega_);
      samples.stream_weights.push_back(static_cast<float>(steepness * steepness));
      for (std::size_t c = 0; c < channels; ++c) {
        scale.push_back(static_cast<float>(static_cast<double>(scale_[c]) / (deviation(c) * steps_[i])));
        offset.push_back(0);
      }
    }
  }
  for (std::size_t e = 0; e < samples.targets.size();)
    for (std::size_t c = 0; c < columns; ++c, ++e) samples.targets[e] = scale[c] * samples.raw[e] + offset[c];

  float *coordinate = samples.coordinates.data(), *window = samples.windows.data(), *weight = samples.weights.data();
  double window_sum = 0, weight_sum = 0;
  const Side& last = box.back();
  std::vector<std::int64_t> lines;  // those along the last axis
  for (std::size_t i = 0; i + 1 < axes; ++i) lines.push_back(box[i].count());
  for_each_index(lines, [&](std::span<const std::int64_t> at) {
    float line_window = 1;
    for (std::size_t i = 0; i + 1 < axes; ++i) line_window *= box[i].windows[static_cast<std::size_t>(at[i])];
    for (std::size_t p = 0; p < last.windows.size(); ++p) {
      for (std::size_t i = 0; i + 1 < axes; ++i) *coordinate++ = box[i].coordinates[static_cast<std::size_t>(at[i])];
      *coordinate++ = last.coordinates[p];
      *window = line_window * last.windows[p];
      *weight = std::max(*window, least_weight);
      window_sum += static_cast<double>(*window++);
      weight_sum += static_cast<double>(*weight++);
    }
  });
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

double TileBatch::seed(std::int64_t first, int count, engine::Streams<const float> streams,
                       engine::Streams<float> bars) const {
  const auto outputs = static_cast<std::size_t>(samples_.outputs), wanted = samples_.stream_weights.size();
  const double terms = static_cast<double>(points()) * static_cast<double>(outputs * wanted);
  const auto slope = static_cast<float>(2 / terms);
  float loss = 0;
  for (int s = 0; s < samples_.first_stream; ++s) std::fill_n(bars[s], static_cast<std::size_t>(count) * outputs, 0.0F);
  for (std::size_t s = 0; s < wanted; ++s) {
    const float* u = streams[samples_.first_stream + static_cast<int>(s)];
    float* u_bar = bars[samples_.first_stream + static_cast<int>(s)];
    for (int p = 0; p < count; ++p) {
      const auto index = static_cast<std::size_t>(indices_[static_cast<std::size_t>(first + p)]);
      const float* target = &samples_.targets[(index * wanted + s) * outputs];
      const float weight = samples_.weights[index] * samples_.stream_weights[s];
      for (std::size_t c = 0; c < outputs; ++c) {
        const float error = *u++ - target[c];
        *u_bar++ = slope * weight * error;
        loss += weight * error * error;
      }
    }
  }
  return static_cast<double>(loss) / terms;
}

}  // namespace sinefield
