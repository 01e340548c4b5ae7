// The slow waves that a training by gradients leaves open: found exactly where they are all that is missing, and most
// of the error of a short training.
// SPDX-License-Identifier: MIT
#include "train/low_frequencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <iostream>
#include <utility>
#include <vector>

#include "fit_pictures.h"
#include "fit_signals.h"
#include "query_grouping.h"
#include "refusal.h"
#include "signal/gradient_limit.h"
#include "sinefield/model_file.h"

namespace sinefield {
namespace {

/// Of the values of a field against the samples; the peak is their range.
double psnr_of(const Field& field, const Picture& picture) {
  const auto [height, width] = std::pair(picture.format.height, picture.format.width);
  std::vector<float> points, value;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      points.push_back(static_cast<float>(y));
      points.push_back(static_cast<float>(x));
    }
  value = query<float>(field, rows(points, 2), Order::value).value;
  double square = 0;
  for (std::size_t e = 0; e < value.size(); ++e)
    square += std::pow(static_cast<double>(value[e]) - static_cast<double>(picture.samples[e]), 2) /
              static_cast<double>(value.size());
  return 10 * std::log10(255.0 * 255.0 / square);
}

/// Slow waves, and quick ones half as large.
Picture slow_and_quick(std::int64_t height, std::int64_t width) {
  Picture picture{format_of(height, width, SampleType::f32, {"Y"}), {}};
  const double last = static_cast<double>(std::max(height, width) - 1);
  for (std::int64_t i = 0; i < height; ++i)
    for (std::int64_t j = 0; j < width; ++j) {
      const double y = (2 * static_cast<double>(i) - static_cast<double>(height - 1)) / last,
                   x = (2 * static_cast<double>(j) - static_cast<double>(width - 1)) / last;
      picture.samples.push_back(static_cast<float>(128 + 30 * std::sin(1.1 * y + 0.7 * x) + 25 * std::cos(2 * y - x) +
                                                   25 * std::sin(9 * x + 4 * y) * std::cos(11 * y)));
    }
  return picture;
}

TEST(LowFrequencies, added_to_nothing_are_a_picture_of_slow_waves) {
  Picture picture = slow_and_quick(40, 50);
  const Signal signal = picture_signal(picture);
  Field nothing;
  nothing.networks = {initial_network({.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0}, 1)};
  std::ranges::fill(nothing.networks[0].parameters, 0.0F);
  nothing.axes = signal_axes(signal.format);
  nothing.channels = signal.channels;
  nothing.signal = signal.format;
  const Field field = train::with_low_frequencies(nothing, signal, {.threads = 2});
  ASSERT_EQ(field.networks.size(), 2U);
  EXPECT_EQ(field.kind, FieldKind::sum);
  EXPECT_EQ(field.networks[1].architecture.width, 224);
  const double psnr = psnr_of(field, picture), limit = gradient_limit(picture);
  std::cout << "lattice alone: " << psnr << " dB, limit " << limit << " dB\n";
  EXPECT_GT(psnr, limit - 5);
  // One thread or three: the same bits.
  EXPECT_EQ(train::with_low_frequencies(nothing, signal, {.threads = 3}).networks[1].parameters,
            field.networks[1].parameters);
}

TEST(LowFrequencies, are_most_of_what_a_short_training_by_gradients_lacks) {
  for (const bool colour : {false, true}) {
    const Picture picture = colour ? rgb_picture(60, 72) : slow_and_quick(60, 72);
    const Signal signal = picture_signal(picture);
    FitOptions options = network_options(SignalKind::picture, 150);
    options.recipe.omega_first = 20;
    options.recipe.lr = 1e-3;
    options.supervise = Supervise::gradient;
    const FitResult fitted = fit(signal, options);
    const Field field = train::with_low_frequencies(fitted.field, signal, {.threads = 1});
    const double before = psnr_of(fitted.field, picture), after = psnr_of(field, picture);
    std::cout << (colour ? "colour: " : "grey: ") << before << " dB, with slow waves " << after << " dB, limit "
              << *fitted.report.limit_psnr << " dB\n";
    EXPECT_GT(after, before + 10);
    // One model file of kind sum.
    const Field stored = model_from_bytes(model_bytes(field), "m");
    EXPECT_EQ(stored.kind, FieldKind::sum);
    EXPECT_EQ(psnr_of(stored, picture), after);
  }
}

TEST(LowFrequencies, are_refused_for_other_fields) {
  const Picture picture = rgb_picture();
  const Signal signal = picture_signal(picture);
  Field field;
  field.networks = {initial_network({.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0}, 1)};
  EXPECT_THAT(refusal([&] { train::with_low_frequencies(field, signal, {}); }),
              testing::HasSubstr("2 coordinates and 1 outputs for samples on 2 axes and of 3 channels"));
}

}  // namespace
}  // namespace sinefield
