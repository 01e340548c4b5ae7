// Fits that are shown Laplacians in tiles: quality with the border and without, against what the differences hold,
// derivatives from files, bits, and what is refused.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "fit_pictures.h"
#include "fit_signals.h"
#include "refusal.h"
#include "signal/derivative_samples.h"
#include "signal/laplacian_limit.h"
#include "signal/samples_in_memory.h"
#include "sinefield/array_file.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

FitOptions laplacian_options(std::vector<int> along, std::int64_t steps, bool border = true, std::uint64_t seed = 0) {
  FitOptions options = grid_options(SignalKind::picture, std::move(along), steps, seed);
  options.supervise = Supervise::laplacian;
  options.border = border;
  options.recipe.overlap = 0.4;
  return options;
}

TEST(LaplacianLimit, is_that_of_the_star_for_a_wave_and_none_for_harmonic_functions) {
  // A wave that is zero on the border: the star makes (2 - 2 cos k) of k^2, and the best a u + b mends that. Of two,
  // the shorter keeps less: by how much is known.
  constexpr int height = 49, width = 61;
  const auto picture_of = [](const std::function<double(double, double)>& u) {
    Picture picture{format_of(height, width, SampleType::f32, {"Y"}), {}};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) picture.samples.push_back(static_cast<float>(u(y, x)));
    return picture;
  };
  const double k = std::numbers::pi * 3 / (height - 1), l = std::numbers::pi * 2 / (width - 1),
               m = std::numbers::pi * 30 / (height - 1), n = std::numbers::pi * 25 / (width - 1);
  const auto long_wave = [&](double y, double x) { return std::sin(k * y) * std::sin(l * x); };
  const auto short_wave = [&](double y, double x) { return std::sin(m * y) * std::sin(n * x); };
  EXPECT_GT(laplacian_limit(picture_of(long_wave)), 60);
  const Picture two = picture_of([&](double y, double x) { return long_wave(y, x) + short_wave(y, x); });
  const auto left = [](double a, double b) { return (4 - 2 * std::cos(a) - 2 * std::cos(b)) / (a * a + b * b); };
  const double first = left(k, l), second = left(m, n);
  const double a = (first + second) / (first * first + second * second);
  // Each wave has the mean square 1/4 over all pixels but one row and one column.
  const double error = ((1 - a * first) * (1 - a * first) + (1 - a * second) * (1 - a * second)) / 4 *
                       ((height - 1.0) * (width - 1)) / (height * width);
  const auto [low, high] = std::ranges::minmax(two.samples);
  const double peak = static_cast<double>(high) - static_cast<double>(low);
  EXPECT_NEAR(laplacian_limit(two), 10 * std::log10(peak * peak / error), 0.3);
  // exp(c y) sin(c x): the star of it is nearly zero, all comes from the border, on every side.
  EXPECT_GT(laplacian_limit(picture_of([](double y, double x) { return std::exp(0.05 * y) * std::sin(0.05 * x + 1); })),
            60);
  EXPECT_EQ(laplacian_limit(flat_picture(9, 9, 5)), std::numeric_limits<double>::infinity());
}

TEST(FitLaplacian, gives_back_a_picture_with_its_border_and_without) {
  for (const bool colour : {false, true})
    for (const bool border : {true, false})
      for (std::uint64_t seed = 0; seed < 2; ++seed) {
        const Picture picture = colour ? rgb_picture(72, 61) : smooth_picture(59, 72, SampleType::u16, {"Y"});
        const auto [field, report] = fit_picture(picture, laplacian_options({4, 4}, 400, border, seed));
        std::cout << (colour ? "colour" : "grey") << (border ? " with border: " : ": ") << report.psnr << " dB\n";
        EXPECT_EQ(report.limit_psnr.value_or(0), border ? laplacian_limit(picture) : 0);
        EXPECT_GE(report.psnr, 53) << "56.2 and more were seen";
        const std::vector<float>& original = picture.samples;
        const ErrorsByPlace errors = errors_by_place(field, original);
        EXPECT_LT(errors.at_borders, 2 * errors.elsewhere) << "seams";
      }
}

TEST(FitLaplacian, has_the_same_bits_on_any_number_of_threads_and_after_an_interruption) {
  const Picture picture = rgb_picture(40, 48);
  expect_the_same_bits(picture_signal(picture), laplacian_options({3, 4}, 300));
}

TEST(FitLaplacian, of_a_flat_picture_and_of_a_plane_needs_no_step) {
  EXPECT_GT(fit_picture(flat_picture(20, 20, 77), laplacian_options({2, 2}, 100)).report.psnr, 100);
  Picture plane{format_of(30, 40, SampleType::f32, {"Y"}), {}};
  for (int y = 0; y < 30; ++y)
    for (int x = 0; x < 40; ++x) plane.samples.push_back(static_cast<float>(2 * y - x));
  const FitReport report = fit_picture(plane, laplacian_options({2, 3}, 100)).report;
  EXPECT_GT(report.psnr, 50);
}

/// u = sin(a y + b x) + cos(c y - d x) / 2 with its derivatives per pixel, in a file of floats.
struct ClosedForm {
  Picture picture{format_of(60, 71, SampleType::f32, {"Y"}), {}};
  std::vector<double> gradient, laplacian;

  ClosedForm() {
    constexpr double a = 0.21, b = 0.13, c = 0.17, d = 0.3;
    for (int y = 0; y < 60; ++y)
      for (int x = 0; x < 71; ++x) {
        const double first = a * y + b * x, second = c * y - d * x;
        picture.samples.push_back(static_cast<float>(std::sin(first) + std::cos(second) / 2));
        gradient.push_back(a * std::cos(first) - c * std::sin(second) / 2);
        gradient.push_back(b * std::cos(first) + d * std::sin(second) / 2);
        laplacian.push_back(-(a * a + b * b) * std::sin(first) - (c * c + d * d) * std::cos(second) / 2);
      }
  }
};

TEST(FitTargets, that_are_exact_give_the_picture_exactly) {
  const ClosedForm form;
  const Signal signal = picture_signal(form.picture);
  const TemporaryFolder folder;
  for (const Supervise what : {Supervise::gradient, Supervise::laplacian}) {
    const bool gradients = what == Supervise::gradient;
    std::vector<std::int64_t> shape = {60, 71};
    if (gradients) shape.push_back(2);
    const std::filesystem::path file = folder / (gradients ? "gradient.npy" : "laplacian.npy");
    write_npy(file, shape, std::span(gradients ? form.gradient : form.laplacian));
    FitOptions options = laplacian_options({4, 4}, 700, !gradients);
    options.supervise = what;
    const double differences = fit(signal, options).report.psnr;
    options.derivatives = read_derivatives(file, *signal.samples, what, 1 << 20);
    const FitReport report = fit(signal, options).report;
    std::cout << supervise_name(what) << ": " << report.psnr << " dB, from differences " << differences << " dB\n";
    EXPECT_GT(report.psnr, 50);
    EXPECT_GT(report.psnr, differences);
    EXPECT_FALSE(report.limit_psnr.has_value());
  }
}

TEST(FitTargets, are_read_channel_by_channel_and_refused_in_other_shapes) {
  const Picture picture = rgb_picture(4, 5);
  const Signal signal = picture_signal(picture);
  const TemporaryFolder folder;
  std::vector<double> numbers;
  for (int e = 0; e < 4 * 5 * 3 * 2; ++e) numbers.push_back(e);
  const auto read = [&](std::vector<std::int64_t> shape, Supervise what) {
    std::size_t count = 1;
    for (const std::int64_t n : shape) count *= static_cast<std::size_t>(n);
    const std::filesystem::path file = folder / "targets.npy";
    write_npy(file, shape, std::span(numbers).first(count), Overwrite::replace);
    return read_derivatives(file, *signal.samples, what, 1 << 20);
  };
  // Of the point 7 the derivative along axis 1 of channel 2 is [7][2][1], and among samples [7][1][2].
  const auto gradients = read({4, 5, 3, 2}, Supervise::gradient);
  ASSERT_EQ(gradients->channels(), 6);
  EXPECT_EQ(read_all(*gradients)[7 * 6 + 1 * 3 + 2], 7 * 6 + 2 * 2 + 1);
  EXPECT_EQ(read_all(*read({4, 5, 3}, Supervise::laplacian))[7 * 3 + 2], 7 * 3 + 2);
  EXPECT_THAT(refusal([&] { read({4, 5, 2}, Supervise::gradient); }), HasSubstr("(4, 5, 2), expected (4, 5, 3, 2)"));
  EXPECT_THAT(refusal([&] { read({5, 4, 3}, Supervise::laplacian); }), HasSubstr("expected (4, 5, 3)"));
}

TEST(FitLaplacian, refuses_what_does_not_go_together) {
  const Picture picture = rgb_picture(20, 24);
  const Signal signal = picture_signal(picture);
  const auto refused = [&](const std::function<void(FitOptions&)>& change) {
    FitOptions options = laplacian_options({2, 2}, 100);
    change(options);
    return refusal([&] { fit(signal, options); });
  };
  EXPECT_THAT(refused([](FitOptions& o) { o.supervise = Supervise::gradient; }), HasSubstr("border is given with"));
  EXPECT_THAT(refused([](FitOptions& o) { o.recipe = small_recipe(); }), HasSubstr("border is given with"));
  EXPECT_THAT(refused([](FitOptions& o) { o.recipe.overlap = 0; }), HasSubstr("must overlap"));
  std::vector<float> numbers(20 * 24 * 3, 1.0F);
  const auto given = [&](std::int64_t height, int channels) {
    return std::make_shared<SamplesInMemory>(std::vector<std::int64_t>{height, 24}, channels, numbers);
  };
  EXPECT_THAT(refused([&](FitOptions& o) { o.derivatives = given(10, 3); }), HasSubstr("240 samples, expected 3"));
  EXPECT_THAT(refused([&](FitOptions& o) { o.derivatives = given(20, 1); }), HasSubstr("derivatives of 1 numbers"));
  EXPECT_THAT(refused([&](FitOptions& o) {
                o.derivatives = given(20, 3);
                o.border = false;
              }),
              HasSubstr("says nothing of the border"));
  EXPECT_THAT(refused([&](FitOptions& o) {
                o.derivatives = given(20, 3);
                o.border = false;
                o.supervise = Supervise::value;
              }),
              HasSubstr("values are supervised"));
  numbers[100] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused([&](FitOptions& o) { o.derivatives = given(20, 3); }), HasSubstr("at sample 33 is nan"));
  const Picture narrow = rgb_picture(2, 24);
  const Signal of_narrow = picture_signal(narrow);
  EXPECT_THAT(refusal([&] { fit(of_narrow, laplacian_options({1, 2}, 10)); }), HasSubstr("no pixel inside"));
}

}  // namespace
}  // namespace sinefield
