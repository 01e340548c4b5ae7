// Runs on small videos: their quality, their cuts, what lies between the samples learned, and their bits.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "fit_signals.h"
#include "refusal.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

/// A video as a signal, and the folder that its samples are in.
struct Stored {
  explicit Stored(FakeVideo reader) : signal(video_signal(reader, folder.path())) {}
  TemporaryFolder folder;
  Signal signal;
};

/// The pattern that changes at `cut`; 0: never.
const Signal& pattern(std::int64_t cut) {
  static std::map<std::int64_t, Stored> all;
  return all.try_emplace(cut, moving_pattern(cut)).first->second.signal;
}

FitOptions tiles(std::int64_t steps, std::uint64_t seed = 0) {
  return grid_options(SignalKind::video, {2, 1, 2}, steps, seed);
}

const VideoMeasures& figures(const FitReport& report) { return std::get<VideoMeasures>(report.measures); }

TEST(FitVideo, tiles_reach_their_quality) {
  for (const std::int64_t cut : {0, 10})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto [field, report] = fit(pattern(cut), tiles(200, seed));
      std::cout << "cut " << cut << ": " << report.psnr << " dB, worst frame " << figures(report).psnr_least << "\n";
      EXPECT_GE(report.psnr, 40) << "3 dB or more above were seen";
      EXPECT_GE(figures(report).psnr_least, 36.5);
      EXPECT_EQ(field.networks.size(), 4U);
      EXPECT_EQ(field.outputs(), 3);
      EXPECT_EQ(field.video()->frames, 24);
    }
}

TEST(FitVideo, one_network_reaches_its_quality) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    FitOptions options = network_options(SignalKind::video, 300);
    options.seed = seed;
    const FitReport report = fit(pattern(0), options).report;
    std::cout << report.psnr << " dB\n";
    EXPECT_GE(report.psnr, 41.5) << "3 dB or more above were seen";
  }
}

TEST(FitVideo, figures_are_those_of_the_video_as_it_would_be_written) {
  const auto [field, report] = fit(pattern(10), tiles(100));
  std::vector<float> written = values_of(field);
  for (float& value : written) value = quantised(value, SampleType::u8);
  VideoComparison comparison(*field.video(), FiguresWanted::all, 1);
  comparison.add(written, all_samples(pattern(10)));
  const VideoMeasures expected = comparison.result();
  EXPECT_EQ(figures(report).psnr, expected.psnr);
  EXPECT_EQ(figures(report).psnr_mean, expected.psnr_mean);
  EXPECT_EQ(figures(report).psnr_least, expected.psnr_least);
  EXPECT_EQ(figures(report).ssim, expected.ssim);
}

TEST(FitVideo, cuts_are_hard_edges_of_tiles) {
  ASSERT_THAT(pattern(10).cuts, testing::ElementsAre(10));
  for (const int along : {2, 3, 5}) {
    FitOptions options = tiles(1);
    options.recipe.tiles.along = {along, 1, 1};
    const Field field = fit(pattern(10), options).field;
    const TileAxis& time = field.tiling.axes[0];
    const double edge = field.axes[0].scale * 9.5 + field.axes[0].offset;
    int hard = 0;
    for (std::size_t i = 0; i < time.cuts.size(); ++i) {
      if (std::abs(time.cuts[i] - edge) < 1e-12) {
        EXPECT_EQ(time.reach[i], 0);
        ++hard;
      } else {
        EXPECT_GT(time.reach[i], 0) << "motion goes on";
      }
    }
    EXPECT_EQ(hard, 1);
  }
}

TEST(FitVideo, nothing_goes_on_across_a_cut) {
  // The frames before it are the same whatever comes after it.
  const VideoFormat format = moving_format();
  const Stored stored(FakeVideo(format, [](std::int64_t t) {
    std::vector<float> values = moving_frame(10, t);
    if (t >= 10)
      for (float& value : values) value = std::min(255.0F, value + 20);
    return values;
  }));
  ASSERT_EQ(stored.signal.cuts, pattern(10).cuts);
  FitOptions options = tiles(30);
  options.recipe.omega_first = 8;  // the spectrum is of the whole
  const std::vector<float> one = values_of(fit(pattern(10), options).field),
                           two = values_of(fit(stored.signal, options).field);
  const auto first = static_cast<std::ptrdiff_t>(10 * format.frame_samples());
  EXPECT_TRUE(std::equal(one.begin(), one.begin() + first, two.begin()));
  EXPECT_FALSE(std::equal(one.begin() + first, one.end(), two.begin() + first));
}

TEST(FitVideo, is_as_good_between_the_samples_learned) {
  for (const std::int64_t cut :
       {0, 10, 11})  // both shots begin with a frame that is learned, or the second one does not
    for (const bool tiled : {true, false}) {
      if (!tiled && cut > 0) continue;
      FitOptions options = tiled ? tiles(400) : network_options(SignalKind::video, 400);
      options.holdout = Holdout::between;
      const FitReport report = fit(pattern(cut), options).report;
      ASSERT_TRUE(report.held_out_psnr.has_value());
      std::cout << "cut " << cut << ": " << report.psnr << " dB, held out " << *report.held_out_psnr << "\n";
      EXPECT_NEAR(*report.held_out_psnr, report.psnr, 3);
    }
}

TEST(FitVideo, has_the_same_bits_for_any_number_of_threads) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(60) : network_options(SignalKind::video, 20);
    const FitResult alone = fit(pattern(10), options);
    options.compute.threads = 3;
    const FitResult together = fit(pattern(10), options);
    EXPECT_TRUE(parameters_of(alone.field) == parameters_of(together.field));
    EXPECT_EQ(figures(alone.report).ssim, figures(together.report).ssim);
    EXPECT_EQ(alone.report.loss, together.report.loss);
  }
}

TEST(FitVideo, goes_on_after_an_interruption_with_the_same_bits) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(300) : network_options(SignalKind::video, 30);
    const FitResult undisturbed = fit(pattern(10), options);
    const TemporaryFolder folder;
    options.checkpoints.state = folder / "run.state";
    options.checkpoints.resume = true;
    for (const int calls : {2, 3}) {
      const FitReport cut = interrupted_after(calls, pattern(10), options);
      ASSERT_EQ(cut.stopped_by, StoppedBy::interruption);
      ASSERT_LT(cut.total_steps, undisturbed.report.total_steps);
    }
    FitOptions resume = options;
    resume.compute.threads = 3;
    const FitResult resumed = fit(pattern(10), resume);
    EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(undisturbed.field));
    EXPECT_EQ(figures(resumed.report).psnr_least, figures(undisturbed.report).psnr_least);
    EXPECT_THAT(refusal([&] { fit(pattern(11), options); }), HasSubstr("its video is 48 x 40 x 24 x 3"));
  }
}

TEST(FitVideo, of_one_colour_is_exact_without_a_step) {
  const VideoFormat format = moving_format(8);
  const Stored stored(FakeVideo(format, [format](std::int64_t) {
    return std::vector<float>(static_cast<std::size_t>(format.frame_samples()), 77);
  }));
  FitOptions options = tiles(50);
  const auto [field, report] = fit(stored.signal, options);
  EXPECT_EQ(report.total_steps, 0);
  EXPECT_EQ(report.psnr, std::numeric_limits<double>::infinity());
  EXPECT_THAT(figures(report).psnr_least, std::numeric_limits<double>::infinity());
}

TEST(FitVideo, ends_at_the_quality_asked_for) {
  FitOptions options = tiles(1);
  options.steps.reset();
  options.psnr = 30;
  const FitReport report = fit(pattern(10), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::psnr);
  EXPECT_GE(report.psnr, 30);
  EXPECT_FALSE(std::isnan(figures(report).ssim)) << "all figures at the end";
}

TEST(FitVideo, is_no_worse_where_tiles_meet) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    FitOptions options = tiles(200, seed);
    options.recipe.tiles.along = {2, 2, 2};
    const Field field = fit(pattern(0), options).field;
    const ErrorsByPlace errors = errors_by_place(field, all_samples(pattern(0)));
    std::cout << "at borders " << errors.at_borders / errors.elsewhere << " of the error elsewhere\n";
    EXPECT_LE(errors.at_borders, 1.3 * errors.elsewhere);
  }
}

TEST(FitVideo, that_collapses_is_a_failure_with_advice) {
  FitOptions options = network_options(SignalKind::video, 600);
  options.recipe.hidden_layers = 3;
  options.recipe.width = 16;
  options.recipe.batch = 128;
  options.recipe.omega_first = 1e5;
  options.recipe.lr = 0.05;
  const Thrown seen = thrown_by([&] { fit(pattern(0), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, HasSubstr("collapsed: after 600 steps"));
  EXPECT_THAT(seen.hint, HasSubstr("smaller --omega-first than 100000"));
}

}  // namespace
}  // namespace sinefield
