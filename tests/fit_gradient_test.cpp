// Fits that are shown derivatives alone: what they are shown, the constants found afterwards, quality, bits, and what
// is refused.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numbers>
#include <utility>
#include <vector>

#include "fit_pictures.h"
#include "fit_signals.h"
#include "refusal.h"
#include "signal/derivative_samples.h"
#include "signal/gradient_limit.h"
#include "signal/samples_in_memory.h"
#include "train/tile_constants.h"

namespace sinefield {
namespace {

using testing::Each;
using testing::HasSubstr;

TEST(DerivativeSamples, of_a_plane_are_its_slopes_and_half_of_them_at_the_borders) {
  Picture plane{format_of(6, 7, SampleType::f32, {"R", "G", "B"}), {}};
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 7; ++x)
      for (int c = 0; c < 3; ++c) plane.samples.push_back(static_cast<float>((c + 1) * y - 2 * x));
  const Signal signal = picture_signal(plane);
  const DerivativeSamples derivatives(*signal.samples);
  EXPECT_EQ(derivatives.sizes(), signal.samples->sizes());
  ASSERT_EQ(derivatives.channels(), 6);
  const std::vector<float> values = read_all(derivatives);
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 7; ++x)
      for (int c = 0; c < 3; ++c) {
        const float* at = &values[static_cast<std::size_t>((y * 7 + x) * 6)];
        EXPECT_FLOAT_EQ(at[c], static_cast<float>(c + 1) * (y == 0 || y == 5 ? 0.5F : 1.0F));
        EXPECT_FLOAT_EQ(at[3 + c], x == 0 || x == 6 ? -1.0F : -2.0F);
      }
}

TEST(DerivativeSamples, are_sobel_over_eight) {
  Picture spot = flat_picture(5, 5, 0);
  spot.samples[2 * 5 + 2] = 8;
  const std::vector<float> values = read_all(DerivativeSamples(*picture_signal(spot).samples));
  const std::vector<float> across = {-1, 0, 1}, smooth = {1, 2, 1};
  for (int y = 0; y < 5; ++y)
    for (int x = 0; x < 5; ++x) {
      const bool near = std::abs(y - 2) < 2 && std::abs(x - 2) < 2;
      const float* at = &values[static_cast<std::size_t>((y * 5 + x) * 2)];
      // The filter is turned about the spot.
      EXPECT_FLOAT_EQ(at[0],
                      near ? -across[static_cast<std::size_t>(y - 1)] * smooth[static_cast<std::size_t>(x - 1)] : 0);
      EXPECT_FLOAT_EQ(at[1],
                      near ? -across[static_cast<std::size_t>(x - 1)] * smooth[static_cast<std::size_t>(y - 1)] : 0);
    }
}

TEST(DerivativeSamples, of_a_box_are_those_of_the_whole) {
  const Picture picture = rgb_picture(11, 9);
  const Signal signal = picture_signal(picture);
  const DerivativeSamples derivatives(*signal.samples);
  const std::vector<float> whole = read_all(derivatives);
  for (const auto& [first, count] : {std::pair<std::vector<std::int64_t>, std::vector<std::int64_t>>{{0, 0}, {1, 1}},
                                     {{3, 2}, {4, 5}},
                                     {{10, 0}, {1, 9}},
                                     {{8, 7}, {3, 2}}}) {
    std::vector<float> box(static_cast<std::size_t>(count[0] * count[1] * 6));
    derivatives.read(first, count, box.data());
    for (std::size_t e = 0; e < box.size(); ++e) {
      const auto place = static_cast<std::int64_t>(e) / 6;
      const std::int64_t y = first[0] + place / count[1], x = first[1] + place % count[1];
      EXPECT_EQ(box[e], whole[static_cast<std::size_t>((y * 9 + x) * 6) + e % 6]);
    }
  }
}

TEST(GradientLimit, is_that_of_the_filter_where_waves_are_even_across_the_borders) {
  // Of one such wave the differences are its derivative, smaller: after a u + b nothing is lost but the rounding. Of
  // two waves the shorter is smoothed away more, and by how much is known: sin k / k along and (1 + cos l) / 2 across.
  constexpr int height = 48, width = 60;
  const auto picture_of = [](double second) {
    Picture picture{format_of(height, width, SampleType::f32, {"Y"}), {}};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        picture.samples.push_back(static_cast<float>(std::cos(std::numbers::pi * 3 * (y + 0.5) / height) +
                                                     second * std::cos(std::numbers::pi * 20 * (x + 0.5) / width)));
    return picture;
  };
  EXPECT_GT(gradient_limit(picture_of(0)), 60);
  const Picture two = picture_of(0.5);
  const double y = std::numbers::pi * 3 / height, x = std::numbers::pi * 20 / width;
  const double first = std::sin(y) / y, second = std::sin(x) / x;  // what is left of each; flat across
  // The best a for (first, second / 2) of amplitudes (1, 1 / 2), and the mean square of what remains.
  const double a = (first + 0.25 * second) / (first * first + 0.25 * second * second);
  const double error = ((1 - a * first) * (1 - a * first) + 0.25 * (1 - a * second) * (1 - a * second)) / 2;
  const auto [low, high] = std::ranges::minmax(two.samples);
  const double peak = static_cast<double>(high) - static_cast<double>(low);
  EXPECT_NEAR(gradient_limit(two), 10 * std::log10(peak * peak / error), 0.3);
}

TEST(TileConstants, give_back_those_of_a_fit_of_values) {
  const Picture picture = rgb_picture(64, 48);
  const Signal signal = picture_signal(picture);
  FitResult fitted = fit(signal, grid_options(SignalKind::picture, {4, 3}, 600));
  Field field = fitted.field;
  std::vector<double> scales;
  for (const ChannelMap& map : field.tiling.normalisation) scales.push_back(map.scale);
  train::settle_constants(field, *signal.samples, scales, {.threads = 1});
  for (std::size_t e = 0; e < scales.size(); ++e) {
    EXPECT_NEAR(field.tiling.normalisation[e].scale, scales[e], 2e-3 * scales[e]) << e;
    EXPECT_NEAR(field.tiling.normalisation[e].offset, fitted.field.tiling.normalisation[e].offset, 2e-3) << e;
  }
}

FitOptions gradient_options(std::vector<int> along, std::int64_t steps, std::uint64_t seed = 0) {
  FitOptions options = grid_options(SignalKind::picture, std::move(along), steps, seed);
  options.supervise = Supervise::gradient;
  return options;
}

TEST(FitGradient, gives_back_a_picture_that_it_was_not_shown) {
  for (const bool colour : {false, true})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const Picture picture = colour ? rgb_picture(72, 60) : smooth_picture(60, 72, SampleType::u16, {"Y"});
      const FitReport report = fit_picture(picture, gradient_options({4, 4}, 700, seed)).report;
      std::cout << (colour ? "colour: " : "grey: ") << report.psnr << " dB, limit " << *report.limit_psnr << " dB\n";
      EXPECT_EQ(report.limit_psnr, gradient_limit(picture));
      EXPECT_GE(report.psnr, 55) << "58.7 and more were seen";
    }
}

TEST(FitGradient, has_the_same_bits_on_any_number_of_threads_and_after_an_interruption) {
  const Picture picture = rgb_picture(40, 48);
  expect_the_same_bits(picture_signal(picture), gradient_options({3, 4}, 300));
}

TEST(FitGradient, of_a_flat_picture_is_exact_without_a_step) {
  const Picture picture = flat_picture(20, 20, 77);
  const auto [field, report] = fit_picture(picture, gradient_options({2, 2}, 100));
  EXPECT_EQ(report.total_steps, 0);
  EXPECT_THAT(values_of(field), Each(77));
}

TEST(FitDerivatives, by_one_network_are_learned_and_go_on_after_an_interruption) {
  const Picture picture = smooth_picture(40, 48, SampleType::u8, {"Y"});
  const Signal signal = picture_signal(picture);
  for (const Supervise what : {Supervise::gradient, Supervise::laplacian}) {
    SCOPED_TRACE(supervise_name(what));
    FitOptions options = network_options(SignalKind::picture, 600);
    options.recipe.omega_first = 10;
    options.recipe.lr = 1e-3;
    options.supervise = what;
    std::vector<double> losses;
    options.on_progress = [&](const FitProgress& progress) { losses.push_back(progress.loss); };
    const FitResult alone = fit(signal, options);
    std::cout << supervise_name(what) << ": " << alone.report.psnr << " dB, loss " << losses.front() << " to "
              << alone.report.loss << "\n";
    // Of the Laplacian what remains is at the borders, where a repeated sample makes an edge of every slope.
    EXPECT_LT(alone.report.loss, (what == Supervise::gradient ? 0.01 : 0.6) * losses.front());
    EXPECT_GT(alone.report.psnr, what == Supervise::gradient ? 30 : 0) << "a Laplacian leaves a harmonic function open";
    options.on_progress = {};
    const TemporaryFolder folder;
    options.checkpoints = {.state = folder / "run.state", .resume = true};
    ASSERT_EQ(interrupted_after(211, signal, options).stopped_by, StoppedBy::interruption);
    options.compute.threads = 3;
    const FitResult resumed = fit(signal, options);
    EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(alone.field));
    EXPECT_EQ(resumed.report.psnr, alone.report.psnr);
  }
}

TEST(FitDerivatives, laplacian_samples_are_the_five_point_star) {
  Picture bowl{format_of(6, 7, SampleType::f32, {"Y", "A"}, 1), {}};
  for (int y = 0; y < 6; ++y)
    for (int x = 0; x < 7; ++x) {
      bowl.samples.push_back(static_cast<float>(2 * y * y + x * x));
      bowl.samples.push_back(static_cast<float>(x * y));
    }
  const Signal signal = picture_signal(bowl);
  const DerivativeSamples laplacian(*signal.samples, Supervise::laplacian);
  ASSERT_EQ(laplacian.channels(), 2);
  const std::vector<float> values = read_all(laplacian);
  for (int y = 1; y < 5; ++y)
    for (int x = 1; x < 6; ++x) {
      EXPECT_FLOAT_EQ(values[static_cast<std::size_t>((y * 7 + x) * 2)], 6);
      EXPECT_FLOAT_EQ(values[static_cast<std::size_t>((y * 7 + x) * 2 + 1)], 0);
    }
  EXPECT_FLOAT_EQ(values[0], 2 + 1) << "at a corner the neighbours beyond are the corner itself";
}

TEST(FitDerivatives, refuse_what_needs_values) {
  const Picture picture = rgb_picture();
  const Signal signal = picture_signal(picture);
  const auto refused = [&](const std::function<void(FitOptions&)>& change) {
    FitOptions options = gradient_options({2, 2}, 100);
    change(options);
    return refusal([&] { fit(signal, options); });
  };
  EXPECT_THAT(refused([](FitOptions& o) { o.psnr = 30; }), HasSubstr("psnr stops a run by the values"));
  EXPECT_THAT(refused([](FitOptions& o) { o.holdout = Holdout::between; }), HasSubstr("held out"));
  EXPECT_THAT(refused([](FitOptions& o) { o.recipe.overlap = 0; }), HasSubstr("must overlap"));
  FitOptions options = grid_options(SignalKind::volume, {2, 2, 2}, 100);
  options.supervise = Supervise::gradient;
  const Volume volume = smooth_volume();
  const Signal of_volume = volume_signal(volume);
  EXPECT_THAT(refusal([&] { fit(of_volume, options); }), HasSubstr("of pictures only"));
}

}  // namespace
}  // namespace sinefield
