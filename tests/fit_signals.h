// Small sounds, videos and volumes for the tests of training, and options to fit them with.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <stop_token>
#include <utility>
#include <vector>

#include "fake_readers.h"
#include "field/tiling.h"
#include "fit_pictures.h"
#include "sinefield/grid.h"
#include "temporary_folder.h"

namespace sinefield {

/// A second of three sines at 8 kHz, in each channel those of its own, as a file of 16 bits holds them.
inline Sound chord(int channels, std::int64_t frames = 8000) {
  Sound sound{{.frames = frames, .rate = 8000, .channels = channels, .type = SoundType::s16}, {}};
  for (std::int64_t t = 0; t < frames; ++t)
    for (int c = 0; c < channels; ++c) {
      const double phase = 2 * std::numbers::pi * static_cast<double>(t) / 8000;
      const double value = 0.3 * std::sin((220 + 60 * c) * phase) + 0.25 * std::sin((277 - 30 * c) * phase + 1) +
                           0.2 * std::sin(330 * phase + c);
      sound.samples.push_back(quantised(static_cast<float>(value), SoundType::s16));
    }
  return sound;
}

/// One frame of 40 x 48 pixels of waves that move, others from frame `cut` on; 0: no cut.
inline std::vector<float> moving_frame(std::int64_t cut, std::int64_t t) {
  std::vector<float> frame;
  const bool second = cut > 0 && t >= cut;
  for (std::int64_t y = 0; y < 40; ++y)
    for (std::int64_t x = 0; x < 48; ++x)
      for (int c = 0; c < 3; ++c) {
        const double u = static_cast<double>(y) / 12, v = static_cast<double>(x) / 12, w = static_cast<double>(t) / 8;
        const double wave = second ? 0.35 + 0.2 * std::cos(2.5 * u - v + w + c) - 0.15 * std::sin(2 * v + 0.7 * w)
                                   : 0.6 + 0.2 * std::sin(u + 2 * v - w + c) + 0.15 * std::cos(2 * u - v + 0.5 * w);
        frame.push_back(quantised(static_cast<float>(255 * wave), SampleType::u8));
      }
  return frame;
}

inline VideoFormat moving_format(std::int64_t frames = 24) {
  return {.frames = frames,
          .height = 40,
          .width = 48,
          .type = SampleType::u8,
          .bits = 8,
          .channels = {"R", "G", "B"},
          .rate = {25, 1},
          .times = {},
          .pixel_aspect = {1, 1}};
}

inline FakeVideo moving_pattern(std::int64_t cut) {
  return {moving_format(), [cut](std::int64_t t) { return moving_frame(cut, t); }};
}

/// Smooth, 24 x 28 x 32 voxels twice as far apart along z as along the others.
inline Volume smooth_volume(int channels = 1) {
  Volume volume;
  volume.format.sizes = {24, 28, 32};
  volume.format.channels = channels;
  volume.format.type = VoxelType::i16;
  volume.format.spacing = {2, 1, 1};
  for (std::int64_t z = 0; z < 24; ++z)
    for (std::int64_t y = 0; y < 28; ++y)
      for (std::int64_t x = 0; x < 32; ++x)
        for (int c = 0; c < channels; ++c) {
          const double a = static_cast<double>(z) / 5, b = static_cast<double>(y) / 10, d = static_cast<double>(x) / 10;
          const double value = 900 * std::sin(a + b + c) + 700 * std::cos(2 * d - b) + 400 * std::sin(2 * b + a - d);
          volume.samples.push_back(quantised(static_cast<float>(value), VoxelType::i16));
        }
  return volume;
}

/// The recipe `fast` of a kind on a grid, for so many steps of every tile.
inline FitOptions grid_options(SignalKind kind, std::vector<int> along, std::int64_t steps, std::uint64_t seed = 0) {
  FitOptions options;
  options.recipe = recipe_named(kind, "fast");
  options.recipe.tiles = {.kind = TileChoice::Kind::grid, .along = std::move(along)};
  options.steps = steps;
  options.seed = seed;
  options.compute.threads = 1;
  return options;
}

/// One small network for a signal of any kind.
inline FitOptions network_options(SignalKind kind, std::int64_t steps) {
  FitOptions options;
  options.recipe = recipe_named(kind, "single");
  options.recipe.width = 32;
  options.recipe.hidden_layers = 2;
  options.recipe.lr = 2e-3;
  options.recipe.batch = 512;
  options.steps = steps;
  options.compute.threads = 1;
  return options;
}

/// The values of a field at all samples of its signal, not rounded.
inline std::vector<float> values_of(const Field& field) {
  std::vector<std::vector<double>> positions;
  std::size_t count = static_cast<std::size_t>(field.outputs());
  for (const std::int64_t size : signal_sizes(field.signal)) {
    positions.push_back(whole_positions(0, size));
    count *= static_cast<std::size_t>(size);
  }
  std::vector<float> values(count);
  GridEvaluator(field, {.threads = 1})(positions, values);
  return values;
}

/// Root of the mean squared error of the samples in an overlap of tiles of any axis, and of all the others.
struct ErrorsByPlace {
  double at_borders = 0, elsewhere = 0;
};
inline ErrorsByPlace errors_by_place(const Field& field, const std::vector<float>& original) {
  const std::vector<float> values = values_of(field);
  const std::vector<std::int64_t> sizes = signal_sizes(field.signal);
  const auto outputs = static_cast<std::size_t>(field.outputs());
  double squares[2] = {0, 0}, count[2] = {0, 0};
  for (std::size_t e = 0; e < values.size(); ++e) {
    auto index = static_cast<std::int64_t>(e / outputs);
    bool border = false;
    for (std::size_t i = sizes.size(); i-- > 0; index /= sizes[i])
      border = border || locate(field.tiling.axes[i],
                                field.axes[i].scale * static_cast<double>(index % sizes[i]) + field.axes[i].offset)
                                 .count == 2;
    const double error = static_cast<double>(values[e]) - static_cast<double>(original[e]);
    squares[border ? 1 : 0] += error * error;
    count[border ? 1 : 0] += 1;
  }
  return {std::sqrt(squares[1] / count[1]), std::sqrt(squares[0] / count[0])};
}

/// Runs until `calls` reports of progress have come.
inline FitReport interrupted_after(int calls, const Signal& signal, FitOptions options) {
  std::stop_source source;
  options.stop = source.get_token();
  options.on_progress = [&](const FitProgress&) {
    if (--calls == 0) source.request_stop();
  };
  return fit(signal, options).report;
}

/// The parameters and the figure of a run are the same on any number of threads and after an interruption.
inline void expect_the_same_bits(const Signal& signal, FitOptions options) {
  const FitResult alone = fit(signal, options);
  options.compute.threads = 3;
  const FitResult together = fit(signal, options);
  EXPECT_TRUE(parameters_of(together.field) == parameters_of(alone.field));
  EXPECT_EQ(together.report.psnr, alone.report.psnr);
  const TemporaryFolder folder;
  options.checkpoints = {.state = folder / "run.state", .resume = true};
  ASSERT_EQ(interrupted_after(5, signal, options).stopped_by, StoppedBy::interruption);
  const FitResult resumed = fit(signal, options);
  EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(alone.field));
  EXPECT_EQ(resumed.report.psnr, alone.report.psnr);
}

}  // namespace sinefield
