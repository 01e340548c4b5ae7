// The pixels of tiles: windows that add up, targets that give the picture back, and the loss of a batch.
// SPDX-License-Identifier: MIT
#include "signal/tile_samples.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "engine_samples.h"
#include "field/tiling.h"
#include "fit_pictures.h"

namespace sinefield {
namespace {

struct Case {
  Picture picture;
  int rows, columns;
  double overlap;
  Blend blend = Blend::quintic;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  const Picture rgb = smooth_picture(23, 17, SampleType::u8, {"R", "G", "B"}),
                row = smooth_picture(1, 40, SampleType::u16, {"Y"}),
                column = smooth_picture(31, 1, SampleType::u8, {"Y", "A"}, 1),
                pixel = smooth_picture(1, 1, SampleType::f32, {"R", "G"}),
                floats = smooth_picture(9, 12, SampleType::f32, {"R", "G", "B", "A"}, 3);
  for (const double overlap : {0.0, 0.1, 0.5, 1.0}) {
    for (const Blend blend : {Blend::linear, Blend::quintic})
      for (const auto& [rows, columns] : {std::pair{1, 1}, {2, 3}, {5, 4}, {23, 17}, {1, 17}})
        all.push_back({rgb, rows, columns, overlap, blend});
    for (const int tiles : {1, 3, 7, 40}) all.push_back({row, 1, tiles, overlap});
    for (const int tiles : {1, 2, 31}) all.push_back({column, tiles, 1, overlap});
    all.push_back({pixel, 1, 1, overlap});
    for (const int tiles : {1, 3, 9}) all.push_back({floats, tiles, tiles, overlap});
  }
  return all;
}

/// A picture cut into tiles, and the pixel of each sample from its coordinates.
struct Cut {
  explicit Cut(const Case& tested)
      : format(tested.picture.format),
        axes(picture_axes(format.height, format.width)),
        channels(picture_signal(tested.picture).channels) {
    Recipe recipe = recipe_named(SignalKind::picture, "fast");
    recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {tested.rows, tested.columns}};
    recipe.overlap = tested.overlap;
    recipe.blend = tested.blend;
    tiling = signal_tiling(picture_signal(tested.picture), recipe, 0);
  }

  /// Row-major number of the pixel of sample p.
  std::size_t pixel(std::int64_t tile, const TileSamples& samples, std::int64_t p) const {
    const std::int64_t columns = tiling.axes[1].tiles();
    std::int64_t at[2];
    for (const std::size_t a : {0U, 1U}) {
      const int along = static_cast<int>(a == 0 ? tile / columns : tile % columns);
      const double coordinate = static_cast<double>(samples.coordinates[static_cast<std::size_t>(p) * 2 + a]);
      EXPECT_LE(std::abs(coordinate), 1 + 1e-6);
      const double x = tile_middle(tiling.axes[a], along) + tiling.axes[a].half_width * coordinate;
      const double pixel = axes[a].scale == 0 ? 0 : (x - axes[a].offset) / axes[a].scale;
      EXPECT_NEAR(pixel, std::round(pixel), 1e-4);
      at[a] = std::lround(pixel);
    }
    return static_cast<std::size_t>(at[0] * format.width + at[1]);
  }

  PictureFormat format;
  std::vector<AxisMap> axes;
  std::vector<ChannelMap> channels;
  Tiling tiling;
};

TEST(TileSamples, windows_add_up_and_targets_give_the_picture_back) {
  for (const Case& tested : cases()) {
    const Cut cut(tested);
    SCOPED_TRACE(fmt::format("{} x {} tiles of {} x {}, overlap {}", tested.rows, tested.columns, cut.format.height,
                             cut.format.width, tested.overlap));
    const Signal signal = picture_signal(tested.picture);
    const TiledSamples picture(*signal.samples, cut.axes, cut.channels, cut.tiling);
    const auto channels = static_cast<std::size_t>(cut.format.channel_count());
    std::vector<double> windows(static_cast<std::size_t>(cut.format.height * cut.format.width));
    double sums = 0;
    TileSamples samples;  // reused, as a worker does
    for (std::int64_t tile = 0; tile < cut.tiling.tiles(); ++tile) {
      const std::vector<ChannelMap> statistics = picture.statistics(tile);
      picture.load(tile, statistics, samples);
      ASSERT_EQ(statistics.size(), channels);
      ASSERT_EQ(samples.outputs, static_cast<int>(channels));
      ASSERT_EQ(samples.windows.size(), static_cast<std::size_t>(samples.count));
      ASSERT_EQ(samples.targets.size(), static_cast<std::size_t>(samples.count) * channels);
      const double window_sum = std::accumulate(samples.windows.begin(), samples.windows.end(), 0.0);
      EXPECT_NEAR(samples.window_sum, window_sum, 1e-9 * window_sum);
      EXPECT_NEAR(picture.window_sum(tile), window_sum, 1e-6 * window_sum);
      sums += picture.window_sum(tile);
      std::vector<double> mean(channels);
      double squares = 0, weights = 0;
      for (std::int64_t p = 0; p < samples.count; ++p) {
        const std::size_t pixel = cut.pixel(tile, samples, p);
        const auto at = static_cast<std::size_t>(p);
        ASSERT_GE(samples.windows[at], 0);
        windows[pixel] += static_cast<double>(samples.windows[at]);
        weights += static_cast<double>(samples.weights[at]) / static_cast<double>(samples.count);
        for (std::size_t c = 0; c < channels; ++c) {
          const double target = static_cast<double>(samples.targets[at * channels + c]);
          const double deviation = statistics[c].scale == 0 ? 1 : statistics[c].scale;
          const double raw = target * deviation + statistics[c].offset;
          const double sample = static_cast<double>(tested.picture.samples[pixel * channels + c]);
          EXPECT_NEAR(raw * cut.channels[c].scale + cut.channels[c].offset, sample, 1e-5 * cut.channels[c].scale);
          mean[c] += target / static_cast<double>(samples.count);
          squares += target * target / static_cast<double>(samples.count) / static_cast<double>(channels);
        }
      }
      if (samples.count > 0) {
        EXPECT_NEAR(weights, 1, 1e-5);
      }
      for (const ChannelMap& map : statistics) {
        EXPECT_EQ(map.scale, statistics[0].scale) << "one deviation for all channels";
        EXPECT_EQ(static_cast<double>(static_cast<float>(map.scale)), map.scale);
        EXPECT_EQ(static_cast<double>(static_cast<float>(map.offset)), map.offset);
      }
      if (statistics[0].scale > 0) {
        for (const double m : mean) EXPECT_NEAR(m, 0, 1e-4);
        EXPECT_NEAR(squares, 1, 1e-4);
      }
    }
    for (const double sum : windows) EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_NEAR(sums, static_cast<double>(windows.size()), 1e-5 * static_cast<double>(windows.size()));
  }
}

TEST(TileSamples, weights_are_the_windows_but_no_sample_is_forgotten) {
  const Cut cut({smooth_picture(40, 40, SampleType::u8, {"Y"}), 2, 2, 1});
  const Picture whole = smooth_picture(40, 40, SampleType::u8, {"Y"});
  const Signal signal = picture_signal(whole);
  const TiledSamples picture(*signal.samples, cut.axes, cut.channels, cut.tiling);
  TileSamples samples;
  picture.load(1, picture.statistics(1), samples);
  const auto inside = std::ranges::max_element(samples.windows) - samples.windows.begin();
  const float most = samples.weights[static_cast<std::size_t>(inside)];
  int raised = 0;
  for (std::size_t p = 0; p < samples.windows.size(); ++p) {
    EXPECT_NEAR(samples.weights[p] / most, std::max(samples.windows[p], least_weight), 1e-5);
    raised += samples.windows[p] < least_weight ? 1 : 0;
  }
  EXPECT_EQ(samples.windows[static_cast<std::size_t>(inside)], 1);
  EXPECT_GT(raised, 10);
}

TEST(TileSamples, a_flat_tile_has_no_deviation) {
  Picture half = flat_picture(8, 8, 200);
  for (std::size_t i = 0; i < 8; ++i) half.samples[i * 8 + 7] = static_cast<float>(20 * i);
  const Cut cut({half, 1, 2, 0});
  const Signal signal = picture_signal(half);
  const TiledSamples picture(*signal.samples, cut.axes, cut.channels, cut.tiling);
  const std::vector<ChannelMap> flat = picture.statistics(0);
  EXPECT_EQ(flat[0].scale, 0);
  EXPECT_NEAR(flat[0].offset, 200 / 127.5 - 1, 3e-7);
  EXPECT_GT(picture.statistics(1)[0].scale, 0.01);
  TileSamples samples;
  picture.load(0, flat, samples);
  for (const float target : samples.targets) EXPECT_NEAR(target, 0, 1e-6);
}

/// The loss is quadratic in each output, so that a central difference is exact whatever its step.
TEST(TileBatch, seed_is_the_derivative_of_the_loss) {
  const Case tested{smooth_picture(12, 15, SampleType::u8, {"R", "G", "B"}), 2, 2, 0.5};
  const Cut cut(tested);
  const Signal signal = picture_signal(tested.picture);
  const TiledSamples picture(*signal.samples, cut.axes, cut.channels, cut.tiling);
  TileSamples samples;
  picture.load(3, picture.statistics(3), samples);
  const std::vector<std::int32_t> indices = {5, 0, static_cast<std::int32_t>(samples.count - 1), 17, 17};
  TileBatch batch(samples);
  batch.choose(indices);
  ASSERT_EQ(batch.points(), 5);
  std::vector<float> u = as<float>(some_numbers(15, 2, 8)), u_bar(15), ignored(15), x(10);
  batch.coordinates(0, 5, x.data());
  for (std::size_t p = 0; p < 5; ++p)
    for (const std::size_t a : {0U, 1U})
      EXPECT_EQ(x[2 * p + a], samples.coordinates[static_cast<std::size_t>(indices[p]) * 2 + a]);

  const double loss = batch.seed(0, 5, {u.data(), 0}, {u_bar.data(), 0});
  double expected = 0;
  for (std::size_t p = 0; p < 5; ++p)
    for (std::size_t c = 0; c < 3; ++c) {
      const auto index = static_cast<std::size_t>(indices[p]);
      const double error = static_cast<double>(u[3 * p + c]) - static_cast<double>(samples.targets[3 * index + c]);
      expected += static_cast<double>(samples.weights[index]) * error * error / 15;
    }
  EXPECT_NEAR(loss, expected, 1e-6 * expected);
  for (std::size_t i = 0; i < u.size(); ++i) {
    const float before = u[i];
    u[i] = before + 1;
    const double above = batch.seed(0, 5, {u.data(), 0}, {ignored.data(), 0});
    u[i] = before - 1;
    const double below = batch.seed(0, 5, {u.data(), 0}, {ignored.data(), 0});
    u[i] = before;
    EXPECT_NEAR(u_bar[i], (above - below) / 2, 2e-6 * expected);
  }
  // In blocks, as the engine asks for it.
  std::vector<float> blocks(15);
  const double first = batch.seed(0, 2, {u.data(), 0}, {blocks.data(), 0}),
               second = batch.seed(2, 3, {u.data() + 6, 0}, {blocks.data() + 6, 0});
  EXPECT_NEAR(first + second, loss, 1e-6 * loss);
  EXPECT_EQ(blocks, u_bar);
}

}  // namespace
}  // namespace sinefield
