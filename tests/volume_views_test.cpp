// Slices as pictures: grey levels, stretching and which way up.
// SPDX-License-Identifier: MIT
#include "sinefield/volume_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr RowOrder as_given = RowOrder::first_on_top;

TEST(SlicePicture, MapsBoundsToFullScale) {
  const Picture picture = slice_picture(std::vector<float>{-5, 10, 15, 20, 30, 99}, 2, 3, 1, 10, 30, 1, as_given);
  EXPECT_EQ(picture.format.height, 2);
  EXPECT_EQ(picture.format.width, 3);
  EXPECT_EQ(picture.format.type, SampleType::u8);
  EXPECT_EQ(picture.format.alpha, -1);
  EXPECT_THAT(picture.format.channels, ElementsAre("Y"));
  EXPECT_THAT(picture.samples, ElementsAre(0, 0, 64, 128, 255, 255));
}

TEST(SlicePicture, FlipsRows) {
  const std::vector<float> samples = {1, 2, 3, 4, 5, 6};
  EXPECT_THAT(slice_picture(samples, 3, 2, 1, 0, 255, 1, as_given).samples, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(slice_picture(samples, 3, 2, 1, 0, 255, 1, RowOrder::first_at_bottom).samples,
              ElementsAre(5, 6, 3, 4, 1, 2));
}

TEST(SlicePicture, KeepsColours) {
  const Picture picture = slice_picture(std::vector<float>{1, 2, 3, 4, 5, 6}, 1, 2, 3, 0, 255, 1, as_given);
  EXPECT_THAT(picture.format.channels, ElementsAre("R", "G", "B"));
  EXPECT_THAT(picture.samples, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(SlicePicture, StretchesHighSamplesInHeight) {
  const Picture picture = slice_picture(std::vector<float>{0, 10, 100, 110}, 2, 2, 1, 0, 255, 2, as_given);
  EXPECT_EQ(picture.format.height, 4);
  EXPECT_EQ(picture.format.width, 2);
  EXPECT_THAT(picture.samples, ElementsAre(0, 10, 25, 35, 75, 85, 100, 110));
  const Picture flipped =
      slice_picture(std::vector<float>{0, 10, 100, 110}, 2, 2, 1, 0, 255, 2, RowOrder::first_at_bottom);
  EXPECT_THAT(flipped.samples, ElementsAre(100, 110, 75, 85, 25, 35, 0, 10));
}

TEST(SlicePicture, StretchesWideSamplesInWidth) {
  const Picture picture = slice_picture(std::vector<float>{0, 10, 20, 100, 110, 120}, 1, 2, 3, 0, 255, 0.5, as_given);
  EXPECT_EQ(picture.format.height, 1);
  EXPECT_EQ(picture.format.width, 4);
  EXPECT_THAT(picture.samples, ElementsAre(0, 10, 20, 25, 35, 45, 75, 85, 95, 100, 110, 120));
  // 3 samples of 1.5 are 4.5 pixels: rounded to 5.
  EXPECT_EQ(slice_picture(std::vector<float>{1, 2, 3}, 3, 1, 1, 0, 1, 1.5, as_given).format.height, 5);
  EXPECT_EQ(slice_picture(std::vector<float>{1, 2, 3}, 1, 3, 1, 0, 1, 1 / 1.5, as_given).format.width, 5);
}

TEST(SlicePicture, ShowsWhatIsAboveEqualBounds) {
  EXPECT_THAT(slice_picture(std::vector<float>{6, 7, 8}, 1, 3, 1, 7, 7, 1, as_given).samples, ElementsAre(0, 0, 255));
}

TEST(SlicePicture, Refusals) {
  const std::vector<float> four = {1, 2, 3, 4};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto message = [&](std::int64_t height, std::int64_t width, int channels, double low, double high,
                           double aspect) {
    return refusal([&] { slice_picture(four, height, width, channels, low, high, aspect, as_given); });
  };
  EXPECT_THAT(message(2, 3, 1, 0, 1, 1), HasSubstr("4 samples do not make a slice of 3 x 2"));
  EXPECT_THAT(message(0, 4, 1, 0, 1, 1), HasSubstr("slice of 4 x 0"));
  EXPECT_THAT(message(1, 2, 2, 0, 1, 1), HasSubstr("2 channels"));
  EXPECT_THAT(message(2, 2, 1, 1, 0, 1), HasSubstr("from 1 to 0"));
  EXPECT_THAT(message(2, 2, 1, std::nan(""), 0, 1), HasSubstr("from nan to 0"));
  EXPECT_THAT(message(2, 2, 1, 0, 1, 0), HasSubstr("0 times as high"));
  EXPECT_THAT(message(2, 2, 1, 0, 1, infinity), HasSubstr("inf times as high"));
  EXPECT_THAT(message(2, 2, 1, 0, 1, 1e6), HasSubstr("2000000 pixels long"));
  EXPECT_THAT(message(2, 2, 1, 0, 1, 1e-320), HasSubstr("pixels long"));
  EXPECT_THAT(refusal([] {
                slice_picture(std::vector<float>{1, std::nanf("")}, 2, 1, 1, 0, 1, 1, as_given);
              }),
              HasSubstr("nan at row 1, column 0"));
}

}  // namespace
}  // namespace sinefield
