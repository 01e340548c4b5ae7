// Samples that are learned and samples that are held out, and the figures over each against plain loops.
// SPDX-License-Identifier: MIT
#include "signal/holdout.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fit_pictures.h"
#include "sinefield/render.h"

namespace sinefield {
namespace {

Picture every_second_pixel(const Picture& whole) { return *every_second(picture_signal(whole)).picture; }

/// The figures of a field over a picture, or over every second pixel of it and those between.
FitFigures evaluated(const Field& field, const Picture& picture, Holdout holdout) {
  const Signal whole = picture_signal(picture);
  return evaluate(field, whole, holdout == Holdout::none ? whole : every_second(whole), holdout, FiguresWanted::all,
                  {});
}

TEST(EverySecondPixel, is_that_of_even_rows_and_columns) {
  for (std::int64_t height = 1; height <= 6; ++height)
    for (std::int64_t width = 1; width <= 6; ++width) {
      Picture whole{format_of(height, width, SampleType::f32, {"R", "G"}), {}};
      for (std::int64_t i = 0; i < height * width * 2; ++i) whole.samples.push_back(static_cast<float>(i));
      const Picture learned = every_second_pixel(whole);
      SCOPED_TRACE(fmt::format("{} x {}", height, width));
      ASSERT_EQ(learned.format.height, (height + 1) / 2);
      ASSERT_EQ(learned.format.width, (width + 1) / 2);
      std::vector<float> expected;
      for (std::int64_t y = 0; y < height; y += 2)
        for (std::int64_t x = 0; x < width; x += 2)
          for (std::int64_t c = 0; c < 2; ++c) expected.push_back(static_cast<float>((y * width + x) * 2 + c));
      EXPECT_EQ(learned.samples, expected);
      EXPECT_EQ(learned.format.channels, whole.format.channels);
    }
}

TEST(EverySecondPixel, has_its_place_in_the_coordinates_of_the_whole) {
  for (std::int64_t height = 1; height <= 6; ++height)
    for (const std::int64_t width : {1, 2, 5, 6, 31}) {
      const std::vector<AxisMap> whole = every_second_axes(format_of(height, width, SampleType::u8, {"Y"})),
                                 learned = picture_axes((height + 1) / 2, (width + 1) / 2);
      for (const std::size_t a : {0U, 1U}) {
        EXPECT_EQ(whole[a].name, learned[a].name);
        for (std::int64_t i = 0; i < ((a == 0 ? height : width) + 1) / 2; ++i)
          EXPECT_NEAR(whole[a].scale * static_cast<double>(2 * i) + whole[a].offset,
                      learned[a].scale * static_cast<double>(i) + learned[a].offset, 1e-14);
      }
    }
}

/// A field that stands for the picture, untrained or nearly so.
Field some_field(const Picture& picture, Holdout holdout) {
  FitOptions options = small_options(3);
  options.holdout = holdout;
  return fit_picture(picture, options).field;
}

Picture written(const Field& field, const Picture& picture) {
  Picture result = render_values(field, picture.format.height, picture.format.width, picture.format.type);
  quantise(result);
  return result;
}

class EvaluatedPicture : public testing::TestWithParam<Picture> {};

TEST_P(EvaluatedPicture, has_the_figures_of_plain_loops) {
  const Picture& whole = GetParam();
  const Picture learned = every_second_pixel(whole);
  const Field field = some_field(whole, Holdout::between);
  const FitFigures figures = evaluated(field, whole, Holdout::between);
  const auto& measures = std::get<PictureMeasures>(figures.measures);
  const Picture result = written(field, whole), result_learned = every_second_pixel(result);

  const PictureMeasures expected = compare(result_learned, learned);
  EXPECT_EQ(measures.psnr, expected.psnr);
  EXPECT_EQ(figures.psnr, expected.psnr);
  EXPECT_EQ(measures.ssim, expected.ssim);
  EXPECT_EQ(measures.mse, expected.mse);
  if (whole.format.alpha >= 0) {
    EXPECT_EQ(measures.psnr_alpha, expected.psnr_alpha);
  }

  const std::int64_t height = whole.format.height, width = whole.format.width, channels = whole.format.channel_count();
  double squares = 0, low = INFINITY, high = -INFINITY;
  int count = 0;
  for (std::int64_t y = 0; y <= 2 * ((height - 1) / 2); ++y)
    for (std::int64_t x = 0; x <= 2 * ((width - 1) / 2); ++x)
      for (std::int64_t c = 0; c < channels; ++c) {
        if (c == whole.format.alpha) continue;
        const auto at = static_cast<std::size_t>((y * width + x) * channels + c);
        if (y % 2 == 0 && x % 2 == 0) {
          low = std::min(low, static_cast<double>(whole.samples[at]));
          high = std::max(high, static_cast<double>(whole.samples[at]));
          continue;
        }
        squares += std::pow(static_cast<double>(result.samples[at]) - static_cast<double>(whole.samples[at]), 2);
        ++count;
      }
  const double peak = whole.format.type == SampleType::f32 ? high - low : full_scale(whole.format.type);
  ASSERT_EQ(figures.held_out_psnr.has_value(), count > 0);
  if (count > 0) {
    EXPECT_NEAR(*figures.held_out_psnr, 10 * std::log10(peak * peak * count / squares), 1e-9);
  }

  const Field plain = some_field(whole, Holdout::none);
  const FitFigures all = evaluated(plain, whole, Holdout::none);
  EXPECT_EQ(all.psnr, compare(written(plain, whole), whole).psnr);
  EXPECT_FALSE(all.held_out_psnr.has_value());
}

// 300 columns of 500 rows are several strips of the renderer.
INSTANTIATE_TEST_SUITE_P(, EvaluatedPicture,
                         testing::Values(smooth_picture(9, 8, SampleType::u8, {"R", "G", "B"}),
                                         smooth_picture(8, 9, SampleType::u8, {"R", "G", "B", "A"}, 3),
                                         smooth_picture(10, 10, SampleType::u16, {"A", "Y"}, 0),
                                         smooth_picture(11, 13, SampleType::f32, {"R", "G", "B"}),
                                         smooth_picture(11, 12, SampleType::f32, {"R", "G", "B", "A"}, 3),
                                         smooth_picture(1, 9, SampleType::u8, {"Y"}),
                                         smooth_picture(9, 2, SampleType::u8, {"Y"}),
                                         smooth_picture(2, 2, SampleType::u8, {"Y"}),
                                         smooth_picture(1, 1, SampleType::u8, {"Y"}),
                                         smooth_picture(501, 300, SampleType::u8, {"Y"})));

TEST(Evaluate, a_picture_whose_alpha_comes_first_has_the_peak_of_its_colour) {
  Picture picture = smooth_picture(9, 9, SampleType::f32, {"A", "Y"}, 0);
  const Field field = some_field(picture, Holdout::between);
  const FitFigures before = evaluated(field, picture, Holdout::between);
  for (std::size_t i = 0; i < picture.samples.size(); i += 2) picture.samples[i] = 0.5F;
  const FitFigures after = evaluated(field, picture, Holdout::between);
  EXPECT_EQ(*before.held_out_psnr, *after.held_out_psnr) << "alpha is no part of it";
}

}  // namespace
}  // namespace sinefield
