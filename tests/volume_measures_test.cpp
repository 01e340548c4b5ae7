// Measures of volumes against numbers of a straightforward computation in numpy (7 x 7 windows one by one).
// SPDX-License-Identifier: MIT
#include "sinefield/volume_measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "refusal.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Volume blank(std::array<std::int64_t, 3> sizes, int channels = 1) {
  Volume volume;
  volume.format.sizes = sizes;
  volume.format.channels = channels;
  volume.samples.resize(static_cast<std::size_t>(volume.format.voxels() * channels));
  return volume;
}

struct Pair {
  Volume original, result;
};

// Ramps that wrap around and grow from slice to slice, and the same with noise of up to 15.
Pair noisy_ramps() {
  Pair pair{blank({3, 9, 8}, 2), blank({3, 9, 8}, 2)};
  for (std::uint32_t i = 0; i < pair.original.samples.size(); ++i) {
    const std::uint32_t z = i / 144, y = i / 16 % 9, x = i / 2 % 8, c = i % 2;
    const std::uint32_t value = (z * 5 + y * 11 + x * 7 + c * 40) % 64 * (z + 1);
    const std::uint32_t noise = ((i * 2654435761U + 1U) >> 8U) % 31;
    pair.original.samples[i] = static_cast<float>(value);
    pair.result.samples[i] = static_cast<float>(value) + static_cast<float>(noise) - 15;
  }
  return pair;
}

TEST(VolumeMeasures, AreThoseOfNumpy) {
  const Pair pair = noisy_ramps();
  const VolumeMeasures measures = compare(pair.result, pair.original);
  EXPECT_NEAR(measures.mse, 83.54166666666667, 1e-9);
  EXPECT_NEAR(measures.psnr, 26.31020473101893, 1e-9);
  EXPECT_NEAR(measures.ssim, 0.9489041441303648, 1e-12);  // 0.94757... with the peaks of the slices
  EXPECT_EQ(measures.largest, 15);
}

TEST(VolumeMeasures, OfTheSameAndOfConstantVolumes) {
  const Pair pair = noisy_ramps();
  const VolumeMeasures same = compare(pair.original, pair.original);
  EXPECT_EQ(same.psnr, std::numeric_limits<double>::infinity());
  EXPECT_EQ(same.mse, 0);
  EXPECT_EQ(same.largest, 0);
  EXPECT_NEAR(same.ssim, 1, 1e-12);

  Volume constant = blank({2, 2, 2}), off = blank({2, 2, 2});
  off.samples[3] = -0.5;
  const VolumeMeasures measures = compare(off, constant);
  EXPECT_DOUBLE_EQ(measures.mse, 0.25 / 8);
  EXPECT_DOUBLE_EQ(measures.psnr, 10 * std::log10(8 / 0.25));  // of a peak of 1
  EXPECT_EQ(measures.largest, 0.5);
}

TEST(VolumeMeasures, ShowNaN) {
  const Volume original = blank({1, 2, 2});
  Volume result = original;
  result.samples = {0, std::nanf(""), 1, 0};
  const VolumeMeasures measures = compare(result, original);
  EXPECT_TRUE(std::isnan(measures.psnr));
  EXPECT_TRUE(std::isnan(measures.largest));
}

TEST(VolumeMeasures, Refusals) {
  const auto refused = [](const Volume& result, const Volume& original) {
    return refusal([&] { compare(result, original); });
  };
  EXPECT_THAT(refused(blank({2, 3, 4}), blank({4, 3, 2})), AllOf(HasSubstr("4 x 3 x 2"), HasSubstr("2 x 3 x 4")));
  EXPECT_THAT(refused(blank({2, 3, 4}, 3), blank({2, 3, 4})), HasSubstr("with 3 channels against"));
  EXPECT_THAT(refused(blank({0, 3, 4}), blank({0, 3, 4})), HasSubstr("4 x 3 x 0"));
  Volume cut = blank({2, 2, 2});
  cut.samples.pop_back();
  EXPECT_THAT(refused(cut, blank({2, 2, 2})), HasSubstr("7 samples do not make a volume"));
}

// The peak that a slice takes from its volume.
TEST(VolumeMeasures, PicturesTakeAGivenPeak) {
  Picture picture;
  picture.format.height = picture.format.width = 1;
  picture.format.channels = {"Y"};
  picture.format.type = SampleType::f32;
  picture.samples = {2};
  PictureComparison comparison(picture, 100.0);
  comparison.add_rows(0, std::vector<float>{3});
  EXPECT_DOUBLE_EQ(comparison.result().psnr, 40);
  for (const double peak : {0.0, -1.0, std::nan("")}) {
    EXPECT_THAT(refusal([&] { PictureComparison(picture, peak); }), HasSubstr("a peak of"));
  }
}

}  // namespace
}  // namespace sinefield
