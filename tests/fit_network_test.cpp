// Runs of one network on small pictures: their quality, their bits, what they report, and how they start.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "engine_samples.h"
#include "fit_pictures.h"
#include "reference/reference.h"
#include "sinefield/render.h"
#include "train/sampler.h"
#include "train/schedule.h"

namespace sinefield {
namespace {

struct Subject {
  std::string name;
  Picture picture;

  friend void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }
};

constexpr double quality = 45;  // dB after 200 steps; 48 or more were seen

class FitSubject : public testing::TestWithParam<Subject> {};

TEST_P(FitSubject, reaches_its_quality_on_every_instruction_set) {
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    FitOptions options = small_options(200);
    options.compute.isa = isa;
    const FitResult result = fit_picture(GetParam().picture, options);
    std::cout << isa_name(isa) << ": " << result.report.psnr << " dB\n";
    EXPECT_GE(result.report.psnr, quality);
    if (GetParam().picture.format.alpha >= 0) {
      EXPECT_GE(picture_figures(result.report).psnr_alpha, quality);
    }
    EXPECT_EQ(result.field.outputs(), GetParam().picture.format.channel_count());
  }
}

INSTANTIATE_TEST_SUITE_P(
    , FitSubject,
    testing::Values(Subject{"rgb", rgb_picture(24, 20)},
                    Subject{"grey_and_alpha", smooth_picture(20, 24, SampleType::u8, {"Y", "A"}, 1)},
                    Subject{"rgb_16_bit", smooth_picture(24, 20, SampleType::u16, {"R", "G", "B"})},
                    Subject{"grey_float", smooth_picture(20, 20, SampleType::f32, {"Y"})},
                    Subject{"float_rgba", smooth_picture(25, 20, SampleType::f32, {"R", "G", "B", "A"}, 3)},
                    Subject{"one_row", smooth_picture(1, 50, SampleType::u8, {"R", "G", "B"})},
                    Subject{"one_column", smooth_picture(50, 1, SampleType::u8, {"Y"})},
                    Subject{"one_pixel", smooth_picture(1, 1, SampleType::u8, {"R", "G", "B"})},
                    Subject{"one_float_pixel", smooth_picture(1, 1, SampleType::f32, {"Y"})}),
    [](const auto& tested) { return tested.param.name; });

TEST(FitPicture, the_field_carries_maps_and_format_of_its_picture) {
  Picture picture = rgb_picture();
  picture.format.orientation = 6;
  picture.format.icc = {1, 2, 3};
  const Field field = fit_picture(picture, small_options(1)).field;
  EXPECT_EQ(field.kind, FieldKind::network);
  ASSERT_EQ(field.axes.size(), 2U);
  EXPECT_EQ(field.axes[0].name, "row");
  EXPECT_NEAR(field.axes[0].scale * 0 + field.axes[0].offset, -1, 1e-15);
  EXPECT_NEAR(field.axes[0].scale * 39 + field.axes[0].offset, 1, 1e-15);
  EXPECT_NEAR(field.axes[1].scale * 16 + field.axes[1].offset, 0, 1e-15);
  EXPECT_EQ(field.axes[1].scale, field.axes[0].scale) << "one pixel is one pixel both ways";
  ASSERT_EQ(field.channels.size(), 3U);
  for (const ChannelMap& channel : field.channels) {
    EXPECT_EQ(channel.scale, 127.5);
    EXPECT_EQ(channel.offset, 127.5);
  }
  EXPECT_EQ(field.picture()->orientation, 6);
  EXPECT_EQ(field.picture()->icc, picture.format.icc);
  EXPECT_EQ(field.networks[0].architecture,
            (Architecture{
                .inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10, .omega_hidden = 30}));
}

TEST(FitPicture, the_frequency_that_is_asked_for_is_taken_as_it_is) {
  for (const auto& [height, width] : {std::pair{40, 33}, {7, 50}, {1, 1}})
    for (const double omega : {30.0, 0.1 + 0.2, 100'001.0}) {
      FitOptions options = small_options(1);
      options.recipe.omega_first = omega;
      const Picture picture = rgb_picture(height, width);
      EXPECT_EQ(fit_picture(picture, options).field.networks[0].architecture.omega_first, omega);
      EXPECT_EQ(omegas_of(options.recipe, picture_signal(picture)).back(), omega);
    }
}

// ---- their bits

TEST(FitPicture, threads_do_not_change_a_bit) {
  const Picture picture = rgb_picture(80, 65);  // several parts a step
  for (const std::int64_t batch : {0, 3500}) {
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(fmt::format("{}, batch {}", isa_name(isa), batch));
      std::vector<std::vector<float>> parameters;
      std::vector<double> losses;
      for (const int threads : {1, 2, 3, 7}) {
        FitOptions options = small_options(4, threads);
        options.recipe.batch = batch;
        options.compute.isa = isa;
        const FitResult result = fit_picture(picture, options);
        parameters.push_back(result.field.networks[0].parameters);
        losses.push_back(result.report.loss);
      }
      for (std::size_t other = 1; other < parameters.size(); ++other) {
        EXPECT_TRUE(parameters[other] == parameters[0]);
        EXPECT_EQ(losses[other], losses[0]);
      }
    }
  }
}

TEST(FitPicture, seeds_and_nothing_else_choose_the_run) {
  const Picture picture = rgb_picture();
  const auto parameters = [&](std::uint64_t seed, std::int64_t evaluate_every) {
    FitOptions options = small_options(20);
    options.recipe.batch = 500;
    options.seed = seed;
    options.evaluate_every = evaluate_every;
    return fit_picture(picture, options).field.networks[0].parameters;
  };
  EXPECT_TRUE(parameters(1, 0) == parameters(1, 7)) << "looking on changes nothing";
  EXPECT_FALSE(parameters(1, 0) == parameters(2, 0));
}

double norm(const std::vector<double>& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }

/// The loop written out: initial network, draw, reference gradient, clip, Adam at the scheduled rate.
TEST(FitPicture, follows_the_reference_step_by_step) {
  const Picture picture = rgb_picture(12, 9);
  FitOptions options = small_options(15);
  options.recipe.batch = 50;
  options.recipe.clip_norm = 0.05;
  options.seed = 5;
  const FitResult result = fit_picture(picture, options);

  const Architecture a = result.field.networks[0].architecture;
  std::vector<double> parameters = as<double>(initial_network(a, 5).parameters), gradient(parameters.size());
  reference::Adam adam;
  double loss = 0;
  int clipped = 0;
  std::vector<std::int64_t> indices(50);
  for (std::int64_t step = 0; step < 15; ++step) {
    train::draw_samples(108, 5, step, indices);
    std::vector<double> x, t;
    for (const std::int64_t pixel : indices) {
      x.push_back((2 * static_cast<double>(pixel / 9) - 11) / 11);
      x.push_back((2 * static_cast<double>(pixel % 9) - 8) / 11);
      for (std::size_t c = 0; c < 3; ++c)
        t.push_back(2 * static_cast<double>(picture.samples[static_cast<std::size_t>(pixel) * 3 + c]) / 255 - 1);
    }
    loss = reference::squared_error(a, parameters, {x.data(), 50, 2}, {t.data(), 50, 3}, gradient);
    const double length = norm(gradient);
    if (length > 0.05) {
      ++clipped;
      for (double& g : gradient) g *= 0.05 / length;
    }
    // One step in eight holds the full rate, 15 / 8 = 1; the other 14 follow the half cosine.
    const double angle = step < 1 ? 0 : std::numbers::pi * (static_cast<double>(step) - 0.5) / 14;
    adam.lr = options.recipe.lr * (1 + std::cos(angle)) / 2;
    adam.step(parameters, gradient);
  }
  EXPECT_GT(clipped, 0);
  // Float rounding, made larger where Adam divides small gradients by their own size; a wrong loop is off by a step.
  double distance = 0, path = 0;
  const std::vector<double> start = as<double>(initial_network(a, 5).parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double error = static_cast<double>(result.field.networks[0].parameters[i]) - parameters[i];
    distance += error * error;
    path += (parameters[i] - start[i]) * (parameters[i] - start[i]);
  }
  std::cout << "distance from the reference: " << std::sqrt(distance / path) << " of the path\n";
  EXPECT_LT(std::sqrt(distance / path), 1e-3);
  EXPECT_NEAR(result.report.loss, loss, 1e-4 * loss);
}

// ---- what they report

TEST(FitReport, figures_are_those_of_the_picture_as_it_would_be_written) {
  for (const Picture& picture :
       {rgb_picture(), smooth_picture(31, 40, SampleType::u16, {"Y", "A"}, 1),
        smooth_picture(20, 20, SampleType::f32, {"R", "G", "B"}), smooth_picture(1, 40, SampleType::u8, {"Y"})}) {
    const FitResult result = fit_picture(picture, small_options(40));
    Picture written = render_values(result.field, picture.format.height, picture.format.width, picture.format.type);
    quantise(written);
    const PictureMeasures expected = compare(written, picture), &actual = picture_figures(result.report);
    EXPECT_EQ(actual.psnr, expected.psnr);
    EXPECT_EQ(actual.ssim, expected.ssim);
    EXPECT_EQ(actual.mse, expected.mse);
    if (picture.format.alpha >= 0) {
      EXPECT_EQ(actual.psnr_alpha, expected.psnr_alpha);
    } else {
      EXPECT_TRUE(std::isnan(actual.psnr_alpha));
    }
  }
}

TEST(FitProgress, comes_after_every_step_with_a_figure_where_one_was_taken) {
  FitOptions options = small_options(23);
  options.evaluate_every = 10;
  std::vector<FitProgress> seen;
  options.on_progress = [&](const FitProgress& progress) { seen.push_back(progress); };
  const FitReport report = fit_picture(rgb_picture(), options).report;
  ASSERT_EQ(seen.size(), 23U);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const FitProgress& progress = seen[i];
    const auto step = static_cast<std::int64_t>(i) + 1;
    EXPECT_EQ(progress.step, step);
    EXPECT_EQ(progress.step_limit, 23);
    EXPECT_EQ(progress.lr, train::learning_rate(Schedule::cosine, 5e-3, step - 1, 23));
    EXPECT_EQ(progress.psnr.has_value(), step % 10 == 0 || step == 23) << step;
    EXPECT_GE(progress.seconds, i > 0 ? seen[i - 1].seconds : 0);
    EXPECT_GE(progress.seconds_left, 0);
  }
  EXPECT_EQ(seen.back().loss, report.loss);
  EXPECT_EQ(*seen.back().psnr, report.psnr);
  EXPECT_LT(seen.back().loss, seen.front().loss / 2);
}

// ---- starting from a network

TEST(FitInit, continues_from_the_parameters_given) {
  const Picture picture = rgb_picture();
  const FitResult first = fit_picture(picture, small_options(200));
  FitOptions options = small_options(1);
  options.init = first.field.networks[0];
  std::vector<double> losses;
  options.on_progress = [&](const FitProgress& progress) { losses.push_back(progress.loss); };
  options.recipe.lr = 1e-9;
  const FitResult second = fit_picture(picture, options);
  // The loss of the first step is that of the network given: the real figure of its picture, in network units.
  EXPECT_LT(losses.front(), first.report.loss * 1.05);
  EXPECT_GT(losses.front(), first.report.loss * 0.5);
  for (std::size_t i = 0; i < first.field.networks[0].parameters.size(); ++i)
    EXPECT_NEAR(second.field.networks[0].parameters[i], first.field.networks[0].parameters[i], 2e-9 + 1e-6);
}

TEST(FitInit, from_the_initial_network_is_the_run_without_it) {
  const Picture picture = rgb_picture();
  FitOptions plain = small_options(10), given = plain;
  given.init = initial_network({.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10}, 0);
  EXPECT_TRUE(fit_picture(picture, plain).field.networks[0].parameters ==
              fit_picture(picture, given).field.networks[0].parameters);
}

}  // namespace
}  // namespace sinefield
