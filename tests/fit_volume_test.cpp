// Runs on a small volume: its quality, what lies between the samples learned, its bits, and its spacing.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "fit_signals.h"
#include "refusal.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

const Volume& one() {
  static const Volume volume = smooth_volume();
  return volume;
}

FitOptions tiles(std::int64_t steps, std::uint64_t seed = 0) {
  return grid_options(SignalKind::volume, {2, 1, 2}, steps, seed);
}

const VolumeMeasures& figures(const FitReport& report) { return std::get<VolumeMeasures>(report.measures); }

TEST(FitVolume, tiles_reach_their_quality) {
  const Volume two = smooth_volume(2);
  for (const Volume* volume : {&one(), &two})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto [field, report] = fit(volume_signal(*volume), tiles(200, seed));
      std::cout << volume->format.channels << " channels: " << report.psnr << " dB\n";
      EXPECT_GE(report.psnr, volume == &two ? 39.5 : 42) << "3 dB or more above were seen";
      EXPECT_EQ(field.networks.size(), 4U);
      EXPECT_EQ(field.outputs(), volume->format.channels);
      EXPECT_EQ(field.volume()->spacing, volume->format.spacing);
    }
}

TEST(FitVolume, one_network_reaches_its_quality) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    FitOptions options = network_options(SignalKind::volume, 300);
    options.seed = seed;
    const FitReport report = fit(volume_signal(one()), options).report;
    std::cout << report.psnr << " dB\n";
    EXPECT_GE(report.psnr, 47.5) << "3 dB or more above were seen";
  }
}

TEST(FitVolume, figures_are_those_of_the_volume_as_it_would_be_written) {
  const auto [field, report] = fit(volume_signal(one()), tiles(100));
  Volume written{one().format, values_of(field)};
  for (float& value : written.samples) value = quantised(value, VoxelType::i16);
  const VolumeMeasures expected = compare(written, one());
  EXPECT_EQ(figures(report).psnr, expected.psnr);
  EXPECT_EQ(figures(report).mse, expected.mse);
  EXPECT_EQ(figures(report).ssim, expected.ssim);
  EXPECT_EQ(figures(report).largest, expected.largest);
}

TEST(FitVolume, is_as_good_between_the_samples_learned) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(400) : network_options(SignalKind::volume, 400);
    if (tiled) options.recipe.tiles.along = {1, 1, 2};
    options.holdout = Holdout::between;
    const FitReport report = fit(volume_signal(one()), options).report;
    ASSERT_TRUE(report.held_out_psnr.has_value());
    std::cout << report.psnr << " dB, held out " << *report.held_out_psnr << "\n";
    EXPECT_NEAR(*report.held_out_psnr, report.psnr, 3);
  }
}

TEST(FitVolume, has_the_same_bits_for_any_number_of_threads) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(60) : network_options(SignalKind::volume, 20);
    const FitResult alone = fit(volume_signal(one()), options);
    options.compute.threads = 3;
    const FitResult together = fit(volume_signal(one()), options);
    EXPECT_TRUE(parameters_of(alone.field) == parameters_of(together.field));
    EXPECT_EQ(figures(alone.report).ssim, figures(together.report).ssim);
  }
}

TEST(FitVolume, goes_on_after_an_interruption_with_the_same_bits) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(300) : network_options(SignalKind::volume, 30);
    const Signal signal = volume_signal(one());
    const FitResult undisturbed = fit(signal, options);
    const TemporaryFolder folder;
    options.checkpoints.state = folder / "run.state";
    options.checkpoints.resume = true;
    for (const int calls : {2, 3}) {
      const FitReport cut = interrupted_after(calls, signal, options);
      ASSERT_EQ(cut.stopped_by, StoppedBy::interruption);
      ASSERT_LT(cut.total_steps, undisturbed.report.total_steps);
    }
    Volume other = one();
    other.samples[5] += 1;
    EXPECT_THAT(refusal([&] { fit(volume_signal(other), options); }), HasSubstr("its volume is 32 x 28 x 24 x 1"));
    options.compute.threads = 3;
    const FitResult resumed = fit(signal, options);
    EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(undisturbed.field));
    EXPECT_EQ(figures(resumed.report).largest, figures(undisturbed.report).largest);
  }
}

TEST(FitVolume, of_one_value_is_exact_without_a_step) {
  Volume flat = one();
  std::ranges::fill(flat.samples, -1234.0F);
  const auto [field, report] = fit(volume_signal(flat), tiles(50));
  EXPECT_EQ(report.total_steps, 0);
  EXPECT_EQ(report.psnr, std::numeric_limits<double>::infinity());
  EXPECT_THAT(values_of(field), testing::Each(-1234));
}

TEST(FitVolume, is_no_worse_where_tiles_meet_than_at_its_ends) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    FitOptions options = tiles(200, seed);
    options.recipe.tiles.along = {2, 2, 2};
    const Field field = fit(volume_signal(one()), options).field;
    // A tile is less exact at its ends than inside: where two meet it must not be worse than where the volume ends.
    const ErrorsByPlace errors = errors_by_place(field, one().samples);
    const std::vector<float> values = values_of(field);
    double squares = 0;
    int count = 0;
    for (std::size_t p = 0; p < values.size(); ++p) {
      const std::size_t x = p % 32, y = p / 32 % 28, z = p / 32 / 28;
      if (x > 0 && x < 31 && y > 0 && y < 27 && z > 0 && z < 23) continue;
      squares += std::pow(static_cast<double>(values[p]) - static_cast<double>(one().samples[p]), 2);
      ++count;
    }
    const double at_ends = std::sqrt(squares / count);
    std::cout << "at borders " << errors.at_borders / errors.elsewhere << ", at the ends " << at_ends / errors.elsewhere
              << " of the error elsewhere\n";
    EXPECT_LE(errors.at_borders, at_ends);
    EXPECT_LE(errors.at_borders, 2 * errors.elsewhere);
  }
}

TEST(FitVolume, coordinates_of_tiles_mean_the_frequency_of_each_axis) {
  for (const auto& along : {std::vector{2, 1, 2}, {1, 3, 4}}) {
    FitOptions options = tiles(1);
    options.recipe.tiles.along = along;
    const Signal signal = volume_signal(one());
    const Field field = fit(signal, options).field;
    const std::vector<double> wanted = omegas_of(options.recipe, signal);
    ASSERT_EQ(wanted.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(field.networks.front().architecture.omega_first / field.tiling.axes[i].half_width, wanted[i],
                  1e-9 * wanted[i]);
      for (int t = 0; t < field.tiling.axes[i].tiles(); ++t) {
        const TileBox box = tile_box(field.tiling.axes[i], t);
        EXPECT_LE(box.high - box.low, 2 * field.tiling.axes[i].half_width * (1 + 1e-12));
      }
    }
  }
}

TEST(FitVolume, that_collapses_is_a_failure_with_advice) {
  FitOptions options = network_options(SignalKind::volume, 600);
  options.recipe.hidden_layers = 3;
  options.recipe.width = 16;
  options.recipe.batch = 128;
  options.recipe.omega_first = 1e5;
  options.recipe.lr = 0.05;
  const Thrown seen = thrown_by([&] { fit(volume_signal(one()), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, HasSubstr("collapsed: after 600 steps"));
  EXPECT_THAT(seen.hint, HasSubstr("smaller --omega-first than 100000"));
}

}  // namespace
}  // namespace sinefield
