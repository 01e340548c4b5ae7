// The samples of a signal as training points: their coordinates, seeds and output maps.
// SPDX-License-Identifier: MIT
#include "signal/sample_batch.h"

#include <gtest/gtest.h>

#include "engine_samples.h"
#include "fit_pictures.h"

namespace sinefield {
namespace {

TEST(PictureChannels, float_pictures_map_their_range_colour_and_alpha_apart) {
  Picture picture;
  picture.format.height = 1;
  picture.format.width = 2;
  picture.format.type = SampleType::f32;
  picture.format.channels = {"R", "G", "A"};
  picture.format.alpha = 2;
  picture.samples = {-3, 5, 0.25F, 1, 2, 1};
  const std::vector<ChannelMap> maps = picture_signal(picture).channels;
  for (const std::size_t colour : {0U, 1U}) {
    EXPECT_EQ(maps[colour].scale, 4);
    EXPECT_EQ(maps[colour].offset, 1);
  }
  EXPECT_EQ(maps[2].scale, 0.5);
  EXPECT_EQ(maps[2].offset, 0.5);

  picture.samples = {7, 7, 1, 7, 7, 1};
  const std::vector<ChannelMap> constant = picture_signal(picture).channels;
  EXPECT_EQ(constant[0].scale, 1) << "a constant has no range";
  EXPECT_EQ(constant[0].offset, 7);
  EXPECT_EQ(constant[2].scale, 0.5) << "opaque alpha has that of alpha";
  EXPECT_EQ(constant[2].offset, 0.5);
}

/// u_bar is the derivative of the loss of the whole batch, whichever blocks it is asked for in.
TEST(SampleBatch, seeds_add_up_to_the_mean_squared_error_in_network_units) {
  const Picture picture = smooth_picture(5, 7, SampleType::u16, {"Y", "A"}, 1);
  const std::vector<AxisMap> axes = picture_axes(5, 7);
  const Signal signal = picture_signal(picture);
  const std::vector<std::int64_t> some = {34, 0, 8, 8, 20};
  for (const std::span<const std::int64_t> indices : {std::span<const std::int64_t>(), std::span(some)}) {
    const SupervisedColumns columns(Supervise::value, axes, signal.channels, 30);
    const SampleBatch batch(*signal.samples, axes, columns, indices);
    const std::int64_t points = batch.points();
    EXPECT_EQ(points, indices.empty() ? 35 : 5);
    const std::vector<float> u = as<float>(some_numbers(points * 2, 1, 4));
    double loss = 0, expected = 0;
    for (std::int64_t first = 0; first < points; first += 3) {
      const int count = static_cast<int>(std::min<std::int64_t>(3, points - first));
      std::vector<float> x(static_cast<std::size_t>(count) * 2), u_bar(x.size());
      batch.coordinates(first, count, x.data());
      loss += batch.seed(first, count, {&u[static_cast<std::size_t>(first) * 2], 0}, {u_bar.data(), 0});
      for (std::int64_t p = first; p < first + count; ++p) {
        const std::int64_t pixel = indices.empty() ? p : indices[static_cast<std::size_t>(p)];
        const auto at = static_cast<std::size_t>(p - first);
        EXPECT_NEAR(x[2 * at], (2 * static_cast<double>(pixel / 7) - 4) / 6, 1e-7);
        EXPECT_NEAR(x[2 * at + 1], (2 * static_cast<double>(pixel % 7) - 6) / 6, 1e-7);
        for (std::size_t c = 0; c < 2; ++c) {
          const double target =
              2 * static_cast<double>(picture.samples[static_cast<std::size_t>(pixel) * 2 + c]) / 65535 - 1;
          const double error = static_cast<double>(u[static_cast<std::size_t>(p) * 2 + c]) - target;
          expected += error * error / static_cast<double>(points * 2);
          EXPECT_NEAR(u_bar[2 * at + c], 2 * error / static_cast<double>(points * 2), 1e-6);
        }
      }
    }
    EXPECT_NEAR(loss, expected, 1e-6 * expected);
  }
}

}  // namespace
}  // namespace sinefield
