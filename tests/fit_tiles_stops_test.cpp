// How runs of tiles end: steps, total steps, quality, time, interruption; and what they name to repeat them.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <stop_token>

#include "fit_pictures.h"
#include "sinefield/measures.h"
#include "sinefield/render.h"

namespace sinefield {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(FitTilesStops, after_the_steps_of_every_tile) {
  for (const std::int64_t steps : {1, 100, 333}) {
    FitOptions options = tile_options(2, 3);
    options.steps = steps;
    const FitReport report = fit_picture(rgb_picture(), options).report;
    EXPECT_EQ(report.stopped_by, StoppedBy::steps);
    EXPECT_EQ(report.steps, steps);
    EXPECT_EQ(report.total_steps, 6 * steps);
    EXPECT_EQ(report.horizon, steps);
  }
}

TEST(FitTilesStops, within_the_total_steps) {
  for (const std::int64_t total : {1, 99, 100, 399, 400, 555, 1500, 4000})
    for (const std::int64_t horizon : {std::int64_t{0}, 2 * total}) {
      FitOptions options = tile_options(2, 2);
      options.total_steps = total;
      if (horizon > 0) options.horizon = horizon;
      const auto [field, report] = fit_picture(rgb_picture(20, 20), options);
      SCOPED_TRACE(fmt::format("{} of {} steps, horizon {}", report.total_steps, total, horizon));
      EXPECT_EQ(report.stopped_by, StoppedBy::steps);
      EXPECT_LE(report.total_steps, total);
      EXPECT_GE(report.total_steps, total / 4 < 100 ? total / 100 * 100 : total / 2);
      EXPECT_EQ(report.steps, (report.total_steps + 2) / 4) << "the mean, rounded";
      EXPECT_EQ(report.horizon, horizon > 0 ? horizon : total);
      EXPECT_TRUE(std::isfinite(report.psnr));
    }
}

TEST(FitTilesStops, after_the_steps_of_the_recipe_where_nothing_is_asked_for) {
  FitOptions options = tile_options(2, 2);
  options.recipe.steps = 200;
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::steps);
  EXPECT_EQ(report.horizon, 800);
  EXPECT_LE(report.total_steps, 800);
  EXPECT_GE(report.total_steps, 700);
}

TEST(FitTilesStops, at_the_quality_asked_for) {
  const Picture picture = rgb_picture();
  for (const double psnr : {30.0, 53.0, 57.0, 60.0}) {
    FitOptions options = tile_options(2, 2);
    options.psnr = psnr;
    const auto [field, report] = fit_picture(picture, options);
    std::cout << psnr << " dB: " << report.psnr << " after " << report.total_steps << " steps\n";
    EXPECT_EQ(report.stopped_by, StoppedBy::psnr);
    EXPECT_LT(report.total_steps, report.horizon);
    Picture written = render_values(field, picture.format.height, picture.format.width, picture.format.type);
    quantise(written);
    EXPECT_EQ(compare(written, picture).psnr, report.psnr);
    EXPECT_GE(compare(written, picture).psnr, psnr);
  }
}

TEST(FitTilesStops, at_the_quality_of_the_pixels_learned_where_some_are_held_out) {
  FitOptions options = tile_options(1, 2);
  options.psnr = 38;
  options.holdout = Holdout::between;
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::psnr);
  EXPECT_GE(report.psnr, 38);
}

TEST(FitTilesStops, at_the_budget_where_the_quality_is_out_of_reach) {
  FitOptions options = tile_options(2, 1);
  options.psnr = 90;
  options.total_steps = 900;
  const FitReport report = fit_picture(noise_picture(30, 30), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::steps);
  EXPECT_LE(report.total_steps, 900);

  options.total_steps.reset();
  options.steps = 150;
  EXPECT_EQ(fit_picture(noise_picture(30, 30), options).report.total_steps, 300);
}

class TimedTiles : public testing::TestWithParam<std::optional<double>> {};

TEST_P(TimedTiles, end_in_time_and_name_the_steps_that_repeat_them) {
  const Picture picture = rgb_picture(48, 48);
  for (const double seconds : {0.05, 0.6}) {
    FitOptions options = tile_options(3, 3, 2);
    options.seconds = seconds;
    options.psnr = GetParam();
    options.started = std::chrono::steady_clock::now();
    const auto [field, report] = fit_picture(picture, options);
    const double wall = seconds_since(options.started);
    std::cout << seconds << " s: " << report.total_steps << " steps of " << report.horizon << ", " << wall << " s, "
              << report.psnr << " dB\n";
    EXPECT_EQ(report.stopped_by, StoppedBy::seconds);
    EXPECT_LE(report.seconds, wall);
    EXPECT_LT(wall, seconds + 1) << "the rest is what other work on the machine may take";
    if (seconds > 0.5) {
      EXPECT_GT(wall, 0.2) << "the time is there to be used";
    }

    FitOptions again = tile_options(3, 3);
    again.total_steps = std::max<std::int64_t>(report.total_steps, 1);
    again.horizon = std::max(report.horizon, *again.total_steps);
    again.psnr = GetParam();
    const FitResult repeated = fit_picture(picture, again);
    EXPECT_EQ(repeated.report.total_steps, report.total_steps);
    EXPECT_TRUE(parameters_of(repeated.field) == parameters_of(field));
  }
}

// Without and with a quality that is out of reach.
INSTANTIATE_TEST_SUITE_P(, TimedTiles, testing::Values(std::optional<double>(), std::optional<double>(75)));

TEST(FitTilesStops, at_whichever_of_steps_and_seconds_comes_first) {
  FitOptions options = tile_options(2, 2);
  options.steps = 100;
  options.seconds = 1000;
  EXPECT_EQ(fit_picture(rgb_picture(), options).report.stopped_by, StoppedBy::steps);

  options = tile_options(2, 2);
  options.total_steps = 1'000'000'000;
  options.seconds = 0.2;
  options.started = std::chrono::steady_clock::now();
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::seconds);
  EXPECT_LT(seconds_since(options.started), 1.2);
}

TEST(FitTilesStops, when_the_token_says_so) {
  std::stop_source source;
  FitOptions options = tile_options(2, 2);
  options.steps = 300;
  options.stop = source.get_token();
  int seen = 0;
  options.on_progress = [&](const FitProgress&) {
    if (++seen == 6) source.request_stop();
  };
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::interruption);
  EXPECT_EQ(report.total_steps, 4 * 100 + 2 * 200);
  EXPECT_TRUE(std::isfinite(report.psnr));

  EXPECT_EQ(fit_picture(rgb_picture(), options).report.total_steps, 0) << "stopped before the first step";
}

TEST(FitTilesProgress, comes_after_each_tile_and_with_a_figure_after_each_round) {
  FitOptions options = tile_options(2, 2);
  options.steps = 300;
  options.evaluate_every = 1;
  std::vector<FitProgress> seen;
  options.on_progress = [&](const FitProgress& progress) { seen.push_back(progress); };
  const FitReport report = fit_picture(rgb_picture(), options).report;
  ASSERT_EQ(seen.size(), 2U * (4 + 1));  // cycles of 100 and 200
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].psnr.has_value(), i % 5 == 4) << i;
    EXPECT_EQ(seen[i].step_limit, 300);
    EXPECT_GE(seen[i].step, i > 0 ? seen[i - 1].step : 0);
    EXPECT_GE(seen[i].seconds_left, 0);
  }
  EXPECT_EQ(seen[0].step, 25) << "of the tiles on average";
  EXPECT_EQ(seen.back().step, 300);
  EXPECT_EQ(*seen.back().psnr, report.psnr);
  EXPECT_EQ(seen.back().loss, report.loss);
  EXPECT_LT(seen.back().loss, seen[4].loss);
}

}  // namespace
}  // namespace sinefield
