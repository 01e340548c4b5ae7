// Training: the optimiser against the reference, schedules, samplers, and whole fits of small pictures: their quality,
// their bits, how they stop, what they report and what they refuse. The step itself is engine_step_test.cpp.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine_samples.h"
#include "reference/reference.h"
#include "signal/picture_samples.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/render.h"
#include "train/adam.h"
#include "train/sampler.h"
#include "train/schedule.h"

namespace sinefield {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// ---- the optimiser

double norm(const std::vector<double>& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0)); }

// A step rounds the parameter by half an eps of its size and its own length by a few eps (moments, root, quotient).
TEST(Adam, twenty_steps_are_those_of_the_reference) {
  Bounds bounds("Adam");
  for (const std::size_t size : {1U, 2U, 7U, 16U, 33U, 1000U}) {
    SCOPED_TRACE(size);
    for_each_engine([&]<class T>(Isa isa) {
      const double lr = 0.0078125;
      const std::vector<double> start = some_numbers(static_cast<std::int64_t>(size), 1, 1);
      std::vector<double> expected = start;
      std::vector<T> parameters = as<T>(start);
      reference::Adam reference{.lr = lr};
      train::Adam<T> adam(size, isa);
      for (std::uint64_t step = 0; step < 20; ++step) {
        // From 1 down to the size of epsilon, and zeros.
        std::vector<double> gradient = some_numbers(static_cast<std::int64_t>(size), 1, 100 + step);
        for (std::size_t i = 0; i < size; ++i)
          gradient[i] *= i % 5 == 4 ? 0 : std::exp2(-7 * static_cast<double>(i % 5));
        reference.step(expected, gradient);
        adam.step(parameters, as<T>(gradient), lr, 0);
      }
      bounds.expect_near<T>(parameters, expected, 20 * epsilon<T> * (0.5 + 8 * lr), 1, "parameter");
      for (std::size_t i = 4; i < size; i += 5)
        EXPECT_EQ(static_cast<double>(parameters[i]), start[i]) << "a zero gradient moves nothing";
    });
  }
}

TEST(Adam, gradients_longer_than_the_clip_are_scaled_to_it_and_others_left_alone) {
  for_each_engine([]<class T>(Isa isa) {
    const std::vector<double> gradient = some_numbers(37, 1, 2), start = some_numbers(37, 1, 3);
    const double length = norm(gradient);
    // Gradients of different sizes follow one another, so that Adam's own normalisation does not hide a scale.
    const auto run = [&](double clip, double factor) {
      std::vector<T> parameters = as<T>(start);
      std::vector<double> scaled = gradient;
      for (double& g : scaled) g *= factor;
      train::Adam<T> adam(37, isa);
      std::vector<double> small = gradient;
      for (double& g : small) g *= 0.125;
      adam.step(parameters, as<T>(small), 0.01, 0);
      adam.step(parameters, as<T>(scaled), 0.01, clip);
      return parameters;
    };
    EXPECT_TRUE(run(length * 1.001, 1) == run(0, 1)) << "a gradient within the clip";
    const std::vector<T> clipped = run(length / 4, 1), scaled = run(0, 0.25);
    EXPECT_FALSE(clipped == run(0, 1));
    for (std::size_t i = 0; i < clipped.size(); ++i)
      EXPECT_NEAR(static_cast<double>(clipped[i]), static_cast<double>(scaled[i]), 8 * epsilon<T>);
  });
}

// ---- schedules and samplers

TEST(Schedule, constant_is_constant) {
  for (const std::int64_t step : {0, 1, 500, 5000})
    EXPECT_EQ(train::learning_rate(Schedule::constant, 1e-4, step, 1000), 1e-4);
}

TEST(Schedule, cosine_holds_for_an_eighth_and_falls_from_the_full_rate_to_zero) {
  const auto rate = [](std::int64_t step, std::int64_t horizon) {
    return train::learning_rate(Schedule::cosine, 2, step, horizon);
  };
  EXPECT_EQ(rate(124'999, 1'000'000), 2);
  EXPECT_NEAR(rate(125'000, 1'000'000), 2, 1e-10);
  EXPECT_NEAR(rate(999'999, 1'000'000), 0, 1e-10);
  EXPECT_NEAR(rate(0, 1), 1, 1e-15) << "one step takes the mean";
  EXPECT_NEAR(rate(0, 4) + rate(1, 4) + rate(2, 4) + rate(3, 4), 4, 1e-14);
  for (std::int64_t step = 0; step < 12; ++step) EXPECT_EQ(rate(step, 100), 2);
  for (std::int64_t step = 12; step < 100; ++step) {
    EXPECT_NEAR(rate(step, 100), 1 + std::cos(std::numbers::pi * (static_cast<double>(step) - 11.5) / 88), 1e-14);
    EXPECT_GT(rate(step, 100), rate(step + 1, 100));
  }
  for (const std::int64_t beyond : {100, 101, 100'000}) EXPECT_NEAR(rate(beyond, 100), 0, 1e-15);
}

TEST(Permutation, reaches_every_sample_once) {
  for (const std::int64_t size : {1, 2, 3, 4, 5, 16, 17, 1000, 65'537})
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const train::Permutation order(size, seed, 3);
      std::vector<int> seen(static_cast<std::size_t>(size));
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t sample = order(i);
        ASSERT_TRUE(sample >= 0 && sample < size) << sample << " of " << size;
        ++seen[static_cast<std::size_t>(sample)];
      }
      EXPECT_EQ(std::ranges::count(seen, 1), size) << "seed " << seed;
    }
}

std::vector<std::int64_t> order_of(std::int64_t size, std::uint64_t seed, std::int64_t epoch) {
  const train::Permutation order(size, seed, epoch);
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < size; ++i) samples.push_back(order(i));
  return samples;
}

TEST(Permutation, differs_between_epochs_and_seeds) {
  EXPECT_EQ(order_of(1000, 1, 0), order_of(1000, 1, 0));
  std::set<std::vector<std::int64_t>> orders;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::int64_t epoch = 0; epoch < 4; ++epoch) orders.insert(order_of(1000, seed, epoch));
  EXPECT_EQ(orders.size(), 16U);
}

// Places of random orders are independent: of 1000 samples about one stays where it was from one epoch to the next, and
// the correlation between a place and its sample is 1 / sqrt(1000) at one standard deviation.
TEST(Permutation, looks_random) {
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const std::vector<std::int64_t> a = order_of(1000, 7, epoch), b = order_of(1000, 7, epoch + 1);
    int fixed = 0, runs = 0;
    double correlation = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      fixed += a[i] == b[i];
      runs += i > 0 && std::abs(a[i] - a[i - 1]) == 1;
      correlation += (static_cast<double>(i) - 499.5) * (static_cast<double>(a[i]) - 499.5);
    }
    EXPECT_LE(fixed, 8);
    EXPECT_LE(runs, 12);  // 2 on average
    EXPECT_LT(std::abs(correlation) / (1000.0 * (1e6 - 1) / 12), 5 / std::sqrt(1000.0));
  }
}

TEST(DrawSamples, every_sample_comes_once_in_each_epoch_wherever_steps_cut_it) {
  for (const auto& [size, batch] : {std::pair<std::int64_t, std::int64_t>{10, 3}, {10, 7}, {7, 7}, {5, 12}, {1, 3}}) {
    SCOPED_TRACE(fmt::format("{} samples in steps of {}", size, batch));
    constexpr std::int64_t epochs = 6;
    std::vector<std::int64_t> drawn, indices(static_cast<std::size_t>(batch));
    for (std::int64_t step = 0; std::ssize(drawn) < size * epochs; ++step) {
      train::draw_samples(size, 9, step, indices);
      drawn.insert(drawn.end(), indices.begin(), indices.end());
    }
    for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
      const auto from = drawn.begin() + epoch * size;
      EXPECT_EQ(std::vector<std::int64_t>(from, from + size), order_of(size, 9, epoch)) << "epoch " << epoch;
    }
  }
}

// ---- pictures to fit

/// A smooth picture: each channel a few waves of its own, over most of its range.
Picture smooth_picture(std::int64_t height, std::int64_t width, SampleType type, std::vector<std::string> channels,
                       int alpha = -1) {
  Picture picture;
  picture.format = {.height = height,
                    .width = width,
                    .type = type,
                    .channels = std::move(channels),
                    .alpha = alpha,
                    .orientation = 1,
                    .icc = {}};
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < picture.format.channel_count(); ++c) {
        const double u = static_cast<double>(y) / 40, v = static_cast<double>(x) / 40;
        const double wave = 0.5 + 0.25 * std::sin(3 * u + 2 * v + c) + 0.2 * std::cos((4 - c) * v - 2 * u);
        const double scale = type != SampleType::f32 ? full_scale(type) : c == alpha ? 1 : 100;
        picture.samples.push_back(quantised(static_cast<float>(scale * wave), type));
      }
  return picture;
}

Picture rgb_picture(std::int64_t height = 40, std::int64_t width = 33) {
  return smooth_picture(height, width, SampleType::u8, {"R", "G", "B"});
}

/// Small and quick: a width of 24 and one square layer, slow waves.
Recipe small_recipe() {
  return {.name = "small", .width = 24, .hidden_layers = 1, .omega_first = 10, .lr = 5e-3, .batch = 0, .steps = 100};
}

FitOptions small_options(std::int64_t steps, int threads = 1) {
  FitOptions options;
  options.recipe = small_recipe();
  options.steps = steps;
  options.compute.threads = threads;
  return options;
}

// ---- their quality

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
    std::cout << isa_name(isa) << ": " << result.report.measures.psnr << " dB\n";
    EXPECT_GE(result.report.measures.psnr, quality);
    if (GetParam().picture.format.alpha >= 0) {
      EXPECT_GE(result.report.measures.psnr_alpha, quality);
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
  EXPECT_EQ(field.picture.orientation, 6);
  EXPECT_EQ(field.picture.icc, picture.format.icc);
  EXPECT_EQ(field.networks[0].architecture,
            (Architecture{
                .inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10, .omega_hidden = 30}));
}

TEST(PictureChannels, float_pictures_map_their_range_colour_and_alpha_apart) {
  Picture picture;
  picture.format.height = 1;
  picture.format.width = 2;
  picture.format.type = SampleType::f32;
  picture.format.channels = {"R", "G", "A"};
  picture.format.alpha = 2;
  picture.samples = {-3, 5, 0.25F, 1, 2, 1};
  const std::vector<ChannelMap> maps = picture_channels(picture);
  for (const std::size_t colour : {0U, 1U}) {
    EXPECT_EQ(maps[colour].scale, 4);
    EXPECT_EQ(maps[colour].offset, 1);
  }
  EXPECT_EQ(maps[2].scale, 0.5);
  EXPECT_EQ(maps[2].offset, 0.5);

  picture.samples = {7, 7, 1, 7, 7, 1};
  const std::vector<ChannelMap> constant = picture_channels(picture);
  EXPECT_EQ(constant[0].scale, 1) << "a constant has no range";
  EXPECT_EQ(constant[0].offset, 7);
  EXPECT_EQ(constant[2].scale, 0.5) << "opaque alpha has that of alpha";
  EXPECT_EQ(constant[2].offset, 0.5);
}

/// u_bar is the derivative of the loss of the whole batch, whichever blocks it is asked for in.
TEST(PictureBatch, seeds_add_up_to_the_mean_squared_error_in_network_units) {
  const Picture picture = smooth_picture(5, 7, SampleType::u16, {"Y", "A"}, 1);
  const std::vector<AxisMap> axes = picture_axes(5, 7);
  const std::vector<ChannelMap> channels = picture_channels(picture);
  const std::vector<std::int64_t> some = {34, 0, 8, 8, 20};
  for (const std::span<const std::int64_t> indices : {std::span<const std::int64_t>(), std::span(some)}) {
    const PictureBatch batch(picture, axes, channels, indices);
    const std::int64_t points = batch.points();
    EXPECT_EQ(points, indices.empty() ? 35 : 5);
    const std::vector<float> u = as<float>(some_numbers(points * 2, 1, 4));
    double loss = 0, expected = 0;
    for (std::int64_t first = 0; first < points; first += 3) {
      const int count = static_cast<int>(std::min<std::int64_t>(3, points - first));
      std::vector<float> x(static_cast<std::size_t>(count) * 2), u_bar(x.size());
      batch.coordinates(first, count, x.data());
      loss += batch.seed(first, count, &u[static_cast<std::size_t>(first) * 2], u_bar.data());
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

// ---- how they stop

TEST(FitStops, after_the_steps_asked_for) {
  const FitReport report = fit_picture(rgb_picture(), small_options(17)).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::steps);
  EXPECT_EQ(report.steps, 17);
  EXPECT_EQ(report.horizon, 17);
}

TEST(FitStops, after_the_steps_of_the_recipe_where_nothing_is_asked_for) {
  FitOptions options = small_options(1);
  options.steps.reset();
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::steps);
  EXPECT_EQ(report.steps, 100);
}

TEST(FitStops, at_the_quality_asked_for) {
  FitOptions options = small_options(2000);
  options.psnr = 30;
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::psnr);
  EXPECT_GE(report.measures.psnr, 30);
  EXPECT_LT(report.steps, 2000);
  EXPECT_EQ(report.horizon, 2000) << "a target only cuts the run short";
}

TEST(FitStops, at_the_steps_where_the_quality_is_out_of_reach) {
  FitOptions options = small_options(30);
  options.psnr = 90;
  const FitReport report = fit_picture(rgb_picture(), options).report;
  EXPECT_EQ(report.stopped_by, StoppedBy::steps);
  EXPECT_EQ(report.steps, 30);
}

TEST(FitStops, in_time_and_names_the_steps_that_reproduce_it) {
  FitOptions options = small_options(1);
  options.steps.reset();
  options.seconds = 0.5;
  options.started = std::chrono::steady_clock::now();
  const FitResult result = fit_picture(rgb_picture(), options);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - options.started).count();
  const FitReport& report = result.report;
  std::cout << report.steps << " steps of a horizon of " << report.horizon << ", " << report.seconds << " s\n";
  EXPECT_EQ(report.stopped_by, StoppedBy::seconds);
  EXPECT_LE(report.seconds, wall);
  EXPECT_GT(report.seconds, 0.2);
  EXPECT_LT(wall, 0.7) << "0.5 s asked for; the rest is what other work on the machine may take";
  EXPECT_GE(report.steps, 3);
  EXPECT_LE(report.steps, report.horizon);

  FitOptions again = small_options(report.steps);
  again.horizon = report.horizon;
  EXPECT_TRUE(fit_picture(rgb_picture(), again).field.networks[0].parameters == result.field.networks[0].parameters);
}

TEST(FitStops, at_whichever_of_steps_and_seconds_comes_first) {
  FitOptions few = small_options(5);
  few.seconds = 100;
  const FitReport by_steps = fit_picture(rgb_picture(), few).report;
  EXPECT_EQ(by_steps.stopped_by, StoppedBy::steps);
  EXPECT_EQ(by_steps.steps, 5);
  EXPECT_EQ(by_steps.horizon, 5);

  FitOptions many = small_options(100'000'000);
  many.seconds = 0.3;
  many.started = std::chrono::steady_clock::now();
  const FitReport by_time = fit_picture(rgb_picture(), many).report;
  EXPECT_EQ(by_time.stopped_by, StoppedBy::seconds);
  EXPECT_LE(by_time.steps, by_time.horizon) << "the schedule must have come to its end";
  EXPECT_LT(by_time.horizon, 100'000'000);
}

TEST(FitStops, no_run_outlasts_its_horizon) {
  FitOptions timed = small_options(1);
  timed.steps.reset();
  timed.seconds = 0.4;
  timed.horizon = 10;
  const FitReport by_time = fit_picture(rgb_picture(), timed).report;
  EXPECT_EQ(by_time.steps, 10);
  EXPECT_EQ(by_time.horizon, 10);

  FitOptions of_recipe = small_options(1);
  of_recipe.steps.reset();
  of_recipe.horizon = 10;
  EXPECT_EQ(fit_picture(rgb_picture(), of_recipe).report.steps, 10);
}

TEST(FitStops, one_step_at_least_in_no_time_and_all_steps_in_endless_time) {
  FitOptions hurried = small_options(1);
  hurried.steps.reset();
  hurried.seconds = 1e-9;
  EXPECT_EQ(fit_picture(rgb_picture(8, 8), hurried).report.steps, 1);

  FitOptions patient = small_options(4);
  for (const double seconds : {1e300, std::numeric_limits<double>::infinity()}) {
    patient.seconds = seconds;
    EXPECT_EQ(fit_picture(rgb_picture(8, 8), patient).report.steps, 4) << seconds << " s";
    EXPECT_EQ(fit_picture(rgb_picture(8, 8), patient).report.horizon, 4) << seconds << " s";
  }
}

TEST(FitStops, when_the_token_says_so) {
  std::stop_source source;
  FitOptions options = small_options(1000);
  options.stop = source.get_token();
  options.on_progress = [&](const FitProgress& progress) {
    if (progress.step == 5) source.request_stop();
  };
  const FitResult result = fit_picture(rgb_picture(), options);
  EXPECT_EQ(result.report.stopped_by, StoppedBy::interruption);
  EXPECT_EQ(result.report.steps, 5);
  EXPECT_TRUE(std::isfinite(result.report.measures.psnr));

  FitOptions short_run = small_options(5);
  short_run.horizon = 1000;
  EXPECT_TRUE(fit_picture(rgb_picture(), short_run).field.networks[0].parameters ==
              result.field.networks[0].parameters);
}

TEST(FitStops, have_names) {
  EXPECT_EQ(stopped_by_name(StoppedBy::steps), "steps");
  EXPECT_EQ(stopped_by_name(StoppedBy::psnr), "psnr");
  EXPECT_EQ(stopped_by_name(StoppedBy::seconds), "seconds");
  EXPECT_EQ(stopped_by_name(StoppedBy::interruption), "interruption");
}

// ---- what they report

TEST(FitReport, figures_are_those_of_the_picture_as_it_would_be_written) {
  for (const Picture& picture :
       {rgb_picture(), smooth_picture(31, 40, SampleType::u16, {"Y", "A"}, 1),
        smooth_picture(20, 20, SampleType::f32, {"R", "G", "B"}), smooth_picture(1, 40, SampleType::u8, {"Y"})}) {
    const FitResult result = fit_picture(picture, small_options(40));
    Picture written = render_values(result.field, picture.format.height, picture.format.width, picture.format.type);
    quantise(written);
    const PictureMeasures expected = compare(written, picture), &actual = result.report.measures;
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
  EXPECT_EQ(*seen.back().psnr, report.measures.psnr);
  EXPECT_LT(seen.back().loss, seen.front().loss / 2);
}

TEST(EvaluationInterval, keeps_evaluations_to_about_a_tenth_of_the_work) {
  Recipe recipe;
  recipe.batch = 0;
  EXPECT_EQ(evaluation_interval(recipe, 100), 25);
  recipe.batch = 8192;
  EXPECT_EQ(evaluation_interval(recipe, 1000), 25) << "a batch is never more than the picture";
  const std::int64_t pixels = 2048 * 1536;
  // One pass over all pixels every `interval` steps of three passes over the batch.
  const double share =
      static_cast<double>(pixels) / (3.0 * 8192 * static_cast<double>(evaluation_interval(recipe, pixels)));
  EXPECT_NEAR(share, 0.1, 0.01);
}

// ---- recipes and refusals

TEST(Recipes, original_is_the_training_of_sitzmann_et_al) {
  const Recipe& original = recipe_named("original");
  EXPECT_EQ(original.width, 256);
  EXPECT_EQ(original.hidden_layers, 3);
  EXPECT_EQ(original.omega_first, 30);
  EXPECT_EQ(original.omega_hidden, 30);
  EXPECT_EQ(original.lr, 1e-4);
  EXPECT_EQ(original.schedule, Schedule::constant);
  EXPECT_EQ(original.batch, 0) << "all pixels every step";
  EXPECT_EQ(original.clip_norm, 0) << "no clipping";
}

TEST(Recipes, are_found_by_name) {
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes()) {
    names.push_back(recipe.name);
    EXPECT_EQ(&recipe_named(recipe.name), &recipe);
  }
  EXPECT_THAT(names, testing::ElementsAre("default", "original"));
  EXPECT_EQ(recipe_named("default").schedule, Schedule::cosine);
}

/// Kind, message and hint of the error that `action` throws.
struct Refusal {
  std::optional<ErrorKind> kind;
  std::string message, hint;
};
Refusal refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.kind(), error.what(), error.hint()};
  }
  return {};
}

TEST(Recipes, unknown_names_are_refused_with_the_known_ones) {
  const Refusal seen = refusal([] { recipe_named("Original"); });
  EXPECT_EQ(seen.kind, ErrorKind::bad_input);
  EXPECT_THAT(seen.message, HasSubstr("--recipe Original: unknown recipe"));
  EXPECT_THAT(seen.hint, HasSubstr("default, original"));
}

TEST(FitRefusals, contradictory_and_impossible_options_are_bad_input_before_any_step) {
  struct Case {
    std::function<void(FitOptions&)> change;
    std::string words;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Case& bad : {
           Case{[](FitOptions& o) { o.steps = 10, o.horizon = 5; }, "horizon of 5 steps is shorter than the run of 10"},
           Case{[](FitOptions& o) { o.steps = 0; }, "steps is 0, expected a number above 0"},
           Case{[](FitOptions& o) { o.steps = -3; }, "steps is -3"},
           Case{[](FitOptions& o) { o.seconds = -1.5; }, "seconds is -1.5, expected a number above 0"},
           Case{[=](FitOptions& o) { o.seconds = nan; }, "seconds is nan"},
           Case{[](FitOptions& o) { o.horizon = 0; }, "horizon is 0"},
           Case{[](FitOptions& o) { o.recipe.lr = 0; }, "learning rate 0, expected a number above 0, at most 1"},
           Case{[](FitOptions& o) { o.recipe.lr = 1.5; }, "learning rate 1.5"},
           Case{[=](FitOptions& o) { o.recipe.lr = nan; }, "learning rate nan"},
           Case{[](FitOptions& o) { o.recipe.batch = -1; }, "batch of -1 points"},
           Case{[](FitOptions& o) { o.recipe.width = 0; }, "width is 0, expected 1 to 8192"},
           Case{[](FitOptions& o) { o.recipe.omega_first = -1; }, "omega_first is -1"},
           Case{[](FitOptions& o) { o.compute.threads = 0; }, "0 threads asked for, expected 1 to 1024"},
           Case{[](FitOptions& o) { o.compute.threads = 2000; }, "2000 threads asked for, expected 1 to 1024"},
       }) {
    SCOPED_TRACE(bad.words);
    FitOptions options = small_options(10);
    int steps_taken = 0;
    options.on_progress = [&](const FitProgress&) { ++steps_taken; };
    bad.change(options);
    const Refusal seen = refusal([&] { fit_picture(rgb_picture(8, 8), options); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr(bad.words));
    EXPECT_EQ(steps_taken, 0);
  }
}

TEST(FitRefusals, pictures_whose_samples_do_not_match_are_bad_input) {
  Picture cut = rgb_picture(8, 8);
  cut.samples.pop_back();
  Picture empty = cut;
  empty.format.height = 0;
  empty.samples.clear();
  for (const Picture& picture : {cut, empty}) {
    const Refusal seen = refusal([&] { fit_picture(picture, small_options(1)); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr("samples do not match"));
  }
}

// ---- divergence

/// A network of the small recipe whose output weights are `size`: its outputs are about that large.
Network with_output_weights(float size) {
  const Architecture a{.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10};
  Network network = initial_network(a, 1);
  const LayerSlice output = layer_slices(a).back();
  std::fill(network.parameters.begin() + output.weight, network.parameters.begin() + output.bias, size);
  return network;
}

TEST(FitDivergence, is_a_failure_that_says_what_to_try) {
  FitOptions options = small_options(10);
  options.recipe.lr = 1;
  options.init = with_output_weights(3e38F);  // sums of these leave float
  const Refusal seen = refusal([&] { fit_picture(rgb_picture(8, 8), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, AllOf(HasSubstr("diverged at step 1"), HasSubstr("the loss is")));
  EXPECT_THAT(seen.hint, AllOf(HasSubstr("smaller --lr than 1"), HasSubstr("smaller --omega-first than 10")));
}

TEST(FitDivergence, in_the_last_step_is_a_failure_too) {
  // The loss is finite, but the way back multiplies by these weights once more and leaves float.
  FitOptions options = small_options(1);
  options.init = with_output_weights(1e30F);
  const Refusal seen = refusal([&] { fit_picture(rgb_picture(8, 8), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, HasSubstr("diverged"));
}

TEST(FitDivergence, does_not_come_from_a_large_rate_alone) {
  FitOptions options = small_options(20);
  options.recipe.lr = 1;
  EXPECT_TRUE(std::isfinite(fit_picture(rgb_picture(8, 8), options).report.loss));
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

TEST(FitInit, of_another_architecture_is_refused) {
  const Architecture fitting{.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10};
  for (const auto& change : std::vector<std::function<void(Architecture&)>>{
           [](Architecture& a) { a.width = 25; }, [](Architecture& a) { a.outputs = 1; },
           [](Architecture& a) { a.hidden_layers = 2; }, [](Architecture& a) { a.omega_first = 11; },
           [](Architecture& a) { a.omega_hidden = 29; }}) {
    Architecture other = fitting;
    change(other);
    FitOptions options = small_options(10);
    options.init = initial_network(other, 0);
    const Refusal seen = refusal([&] { fit_picture(rgb_picture(), options); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr("another architecture"));
    EXPECT_FALSE(seen.hint.empty());
  }
}

TEST(FitInit, with_missing_parameters_is_refused) {
  FitOptions options = small_options(10);
  options.init = initial_network({.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10}, 0);
  options.init->parameters.pop_back();
  EXPECT_EQ(refusal([&] { fit_picture(rgb_picture(), options); }).kind, ErrorKind::bad_input);
}

}  // namespace
}  // namespace sinefield
