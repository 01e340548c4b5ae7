// Measures of pictures against numbers of scikit-image 0.19 (structural_similarity and peak_signal_noise_ratio with
// data_range given; colour as the mean over channels), and the rounding of samples.
// SPDX-License-Identifier: MIT
#include "sinefield/measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using ::testing::HasSubstr;

constexpr double infinity = std::numeric_limits<double>::infinity();

Picture blank(std::int64_t height, std::int64_t width, std::vector<std::string> channels,
              SampleType type = SampleType::u8) {
  Picture picture;
  picture.format.height = height;
  picture.format.width = width;
  picture.format.type = type;
  picture.format.channels = std::move(channels);
  picture.samples.resize(static_cast<std::size_t>(height * width * picture.format.channel_count()));
  return picture;
}

struct Pair {
  Picture original, result;
};

// Ramps that wrap around, and the same with noise of up to 15.
Pair noisy_ramps() {
  Pair pair{blank(12, 15, {"R", "G", "B"}), {}};
  pair.result = pair.original;
  for (std::uint32_t i = 0; i < pair.original.samples.size(); ++i) {
    const std::uint32_t row = i / 45, column = i / 3 % 15, channel = i % 3;
    const std::uint32_t value = (row * 11 + column * 7 + (channel == 0 ? 0 : channel == 1 ? 40 : 90)) % 256;
    const std::uint32_t noise = ((i * 2654435761u + 1u) >> 8) % 31;
    pair.original.samples[i] = static_cast<float>(value);
    pair.result.samples[i] = quantised(static_cast<float>(value) + static_cast<float>(noise) - 15, SampleType::u8);
  }
  return pair;
}

// A corner of a picture, one channel or all.
Picture corner(const Picture& picture, std::int64_t height, std::int64_t width, int channel = -1) {
  const int channels = picture.format.channel_count();
  Picture part = blank(height, width, channel < 0 ? picture.format.channels : std::vector<std::string>{"Y"});
  part.samples.clear();
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      for (int c = 0; c < channels; ++c) {
        if (channel < 0 || channel == c) part.samples.push_back(picture.row(row)[column * channels + c]);
      }
    }
  }
  return part;
}

Picture mapped(Picture picture, SampleType type, float scale, float offset) {
  picture.format.type = type;
  for (float& sample : picture.samples) sample = sample * scale + offset;
  return picture;
}

Picture transposed(const Picture& picture) {
  Picture turned = picture;
  std::swap(turned.format.height, turned.format.width);
  return turned;  // of a single row or column, the samples stay in order
}

void expect_measures(const PictureMeasures& measures, double psnr, double ssim, double mse) {
  EXPECT_NEAR(measures.psnr, psnr, 1e-9);
  EXPECT_NEAR(measures.ssim, ssim, 1e-9);
  EXPECT_NEAR(measures.mse, mse, 1e-9 * mse);
}

TEST(Measures, AgreeWithScikitImage) {
  const auto [original, result] = noisy_ramps();
  expect_measures(compare(result, original), 28.930633785991088, 0.9531325977030485, 83.17962962962963);
  expect_measures(compare(mapped(result, SampleType::u16, 200, 0), mapped(original, SampleType::u16, 200, 0)),
                  31.108696339337353, 0.9542552427675096, 3327185.185185185);
  expect_measures(
      compare(mapped(result, SampleType::f32, 1.0f / 16, -3), mapped(original, SampleType::f32, 1.0f / 16, -3)),
      28.930633785991088, 0.9531174813419269, 0.32492042824074074);
}

TEST(Measures, SmallPicturesUseTheLargestWindowThatFits) {
  const auto [original, result] = noisy_ramps();
  expect_measures(compare(corner(result, 5, 5), corner(original, 5, 5)), 28.74227204211007, 0.898157852385851,
                  86.86666666666666);
  const Picture row = corner(original, 1, 15, 0), other = corner(result, 1, 15, 0);
  const PictureMeasures along = compare(other, row);
  EXPECT_NEAR(along.psnr, 28.266072134005725, 1e-9);
  EXPECT_NEAR(along.ssim, 0.8362338214651508, 1e-9);
  const PictureMeasures down = compare(transposed(other), transposed(row));
  EXPECT_EQ(along.ssim, down.ssim);
}

TEST(Measures, OnePixelComparesItsLuminance) {
  Picture a = blank(1, 1, {"Y"}), b = a;
  a.samples = {100};
  b.samples = {50};
  const double c1 = 2.55 * 2.55;
  EXPECT_NEAR(compare(b, a).ssim, (2 * 100 * 50 + c1) / (100 * 100 + 50 * 50 + c1), 1e-14);
  EXPECT_NEAR(compare(b, a).psnr, 20 * std::log10(255.0 / 50), 1e-12);
}

TEST(Measures, IdenticalPicturesArePerfect) {
  const auto [original, result] = noisy_ramps();
  for (const SampleType type : {SampleType::u8, SampleType::u16, SampleType::f32}) {
    const Picture picture = mapped(original, type, 1, 0);
    const PictureMeasures measures = compare(picture, picture);
    EXPECT_EQ(measures.psnr, infinity);
    EXPECT_NEAR(measures.ssim, 1, 1e-14);
    EXPECT_EQ(measures.mse, 0);
    EXPECT_TRUE(std::isnan(measures.psnr_alpha));
  }
  const Picture constant = mapped(original, SampleType::f32, 0, 7);
  EXPECT_EQ(compare(constant, constant).psnr, infinity);
  EXPECT_EQ(compare(constant, constant).ssim, 1);
}

TEST(Measures, DoNotDependOnHowRowsAreCut) {
  const auto [original, result] = noisy_ramps();
  const Picture odd = mapped(original, SampleType::f32, 0.37f, 1000),
                other = mapped(result, SampleType::f32, 0.37f, 1000);
  const PictureMeasures whole = compare(other, odd);
  for (const std::int64_t strip : {1, 5, 7, 11}) {
    PictureComparison comparison(odd);
    for (std::int64_t row = 0; row < 12; row += strip) {
      const std::int64_t rows = std::min<std::int64_t>(strip, 12 - row);
      comparison.add_rows(row, {other.row(row), static_cast<std::size_t>(rows * 45)});
    }
    EXPECT_EQ(comparison.result().psnr, whole.psnr);
    EXPECT_EQ(comparison.result().ssim, whole.ssim);
    EXPECT_EQ(comparison.result().mse, whole.mse);
  }
}

TEST(Measures, AlphaIsMeasuredOnItsOwn) {
  Picture original = blank(8, 8, {"Y", "A"}), result = original;
  original.format.alpha = result.format.alpha = 1;
  for (std::size_t i = 0; i < original.samples.size(); i += 2) {
    original.samples[i] = result.samples[i] = static_cast<float>(3 * i % 256);
    original.samples[i + 1] = 200;
    result.samples[i + 1] = 190;
  }
  const PictureMeasures measures = compare(result, original);
  EXPECT_EQ(measures.psnr, infinity);
  EXPECT_NEAR(measures.ssim, 1, 1e-14);
  EXPECT_NEAR(measures.psnr_alpha, 20 * std::log10(25.5), 1e-12);
}

TEST(Measures, FloatAlphaHasPeakOne) {
  Picture original = blank(2, 2, {"Y", "A"}, SampleType::f32), result = original;
  original.format.alpha = result.format.alpha = 1;
  original.samples = {0, 1, 5, 1, 2, 1, 1, 1};
  result.samples = {0, 0.5f, 5, 0.5f, 2, 0.5f, 1, 0.5f};
  EXPECT_NEAR(compare(result, original).psnr_alpha, 20 * std::log10(2.0), 1e-12);
}

TEST(Measures, RefuseDifferentShapes) {
  const Picture a = blank(4, 6, {"R", "G", "B"});
  EXPECT_THAT(refusal([&] {
                compare(blank(6, 4, {"R", "G", "B"}), a);
              }),
              HasSubstr("4 x 6 with 3 channels against 6 x 4 with 3 channels"));
  EXPECT_THAT(refusal([&] { compare(blank(4, 6, {"Y"}), a); }), HasSubstr("6 x 4 with 1 channel against"));
  Picture alpha = blank(4, 6, {"R", "G", "A"});
  alpha.format.alpha = 2;
  EXPECT_THAT(refusal([&] { compare(alpha, a); }), HasSubstr("alpha"));
  EXPECT_THAT(refusal([&] { compare(blank(0, 6, {"Y"}), blank(0, 6, {"Y"})); }), HasSubstr("6 x 0"));
}

TEST(Measures, RefuseRowsOutOfOrder) {
  const Picture picture = blank(4, 3, {"Y"});
  PictureComparison comparison(picture);
  comparison.add_rows(0, std::vector<float>(6));
  EXPECT_THAT(refusal([&] { comparison.result(); }), HasSubstr("only 2 of 4 rows"));
  EXPECT_THAT(refusal([&] { comparison.add_rows(3, std::vector<float>(3)); }), HasSubstr("row 3, expected row 2"));
  EXPECT_THAT(refusal([&] { comparison.add_rows(2, std::vector<float>(4)); }), HasSubstr("not whole rows of 3"));
  EXPECT_THAT(refusal([&] { comparison.add_rows(2, std::vector<float>(9)); }), HasSubstr("picture of 4 rows"));
  comparison.add_rows(2, std::vector<float>(6));
  EXPECT_EQ(comparison.result().mse, 0);
}

TEST(Measures, QuantiseRoundsHalvesUpAndClips) {
  EXPECT_EQ(quantised(0.49999997f, SampleType::u8), 0);
  EXPECT_EQ(quantised(0.5f, SampleType::u8), 1);
  EXPECT_EQ(quantised(-7, SampleType::u8), 0);
  EXPECT_EQ(quantised(300, SampleType::u8), 255);
  EXPECT_EQ(quantised(300.5f, SampleType::u16), 301);
  EXPECT_EQ(quantised(infinity, SampleType::u16), 65535);
  EXPECT_EQ(quantised(-0.125f, SampleType::f32), -0.125f);
  EXPECT_TRUE(std::isnan(quantised(std::numeric_limits<float>::quiet_NaN(), SampleType::u8)));
  Picture picture = blank(1, 3, {"Y"});
  picture.samples = {-1, 1.5f, 1000};
  quantise(picture);
  EXPECT_THAT(picture.samples, ::testing::ElementsAre(0, 2, 255));
}

}  // namespace
}  // namespace sinefield
