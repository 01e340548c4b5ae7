// Views of derivatives against numbers of scipy 1.10 (ndimage.sobel, ndimage.laplace with mode reflect), of
// matplotlib's hsv_to_rgb and of the RdBu anchors interpolated with numpy.
// SPDX-License-Identifier: MIT
#include "sinefield/picture_views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "refusal.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

const std::vector<float> plane = {-1,    0.625f,  0.125f, -0.375f, -0.875f, -0.125f, 0,      0.125f, 0.25f,   0.375f,
                                  0.75f, -0.625f, 0.125f, 0.875f,  -0.5f,   -0.5f,   0.875f, 0.125f, -0.625f, 0.75f};

const std::vector<float> first_row(plane.begin(), plane.begin() + 5);
const std::vector<float> first_column = {-1, -0.125f, 0.75f, -0.5f};

void expect_valid(const Picture& picture, std::int64_t height, std::int64_t width) {
  EXPECT_EQ(picture.format.height, height);
  EXPECT_EQ(picture.format.width, width);
  EXPECT_EQ(picture.format.type, SampleType::u8);
  EXPECT_THAT(picture.format.channels, ElementsAre("R", "G", "B"));
  ASSERT_EQ(picture.samples.size(), static_cast<std::size_t>(height * width * 3));
  for (const float sample : picture.samples) {
    ASSERT_TRUE(sample >= 0 && sample <= 255 && sample == std::floor(sample)) << sample;
  }
}

TEST(PictureViews, SobelAgreesWithScipy) {
  const PlaneGradient gradient = sobel(4, 5, plane);
  EXPECT_THAT(gradient.d_row, ElementsAreArray({2.0,   -0.375, 0.0, 2.5,    4.375, 4.0,   -0.75, 0.0, 2.875, 2.375,
                                                -0.25, 1.375,  0.0, -1.375, 0.25,  -2.25, 1.75,  0.0, -1.75, 2.25}));
  EXPECT_THAT(gradient.d_column,
              ElementsAreArray({5.0,   3.625,  -2.75, -2.75,  -1.375, 0.5,  1.0,  1.0,  -1.125, -1.625,
                                -1.25, -0.375, 1.75,  -0.375, -1.25,  2.75, 1.25, -3.0, 1.25,   2.75}));
}

TEST(PictureViews, LaplaceAgreesWithScipy) {
  EXPECT_THAT(laplace(4, 5, plane),
              ElementsAreArray({2.5,  -2.75, 0.0, 0.625, 1.75, 0.125, 0.0,    0.0, 0.0,   -2.25,
                                -3.5, 4.25,  0.0, -4.25, 3.5,  2.625, -3.625, 0.0, 3.625, -2.625}));
}

TEST(PictureViews, DifferencesOfSingleRowsColumnsAndPixelsAgreeWithScipy) {
  EXPECT_THAT(sobel(1, 5, first_row).d_row, Each(0));
  EXPECT_THAT(sobel(1, 5, first_row).d_column, ElementsAre(6.5, 4.5, -4, -4, -2));
  EXPECT_THAT(laplace(1, 5, first_row), ElementsAre(1.625, -2.125, 0, 0, 0.5));
  EXPECT_THAT(sobel(4, 1, first_column).d_row, ElementsAre(3.5, 7, -1.5, -5));
  EXPECT_THAT(sobel(4, 1, first_column).d_column, Each(0));
  EXPECT_THAT(laplace(4, 1, first_column), ElementsAre(0.875, 0, -2.125, 1.25));
  EXPECT_THAT(sobel(1, 1, std::vector<float>{3}).d_column, ElementsAre(0));
  EXPECT_THAT(laplace(1, 1, std::vector<float>{3}), ElementsAre(0));
}

TEST(PictureViews, GradientPictureAgreesWithMatplotlib) {
  const PlaneGradient gradient = sobel(4, 5, plane);
  const Picture picture = gradient_picture(4, 5, gradient.d_row, gradient.d_column);
  expect_valid(picture, 4, 5);
  EXPECT_THAT(picture.samples, ElementsAreArray({35,  0,   255, 108, 0,  181, 57, 114, 0,  0,  187, 38, 0, 252, 179,
                                                 0,   185, 210, 1,   0,  1,   0,  0,   0,  0,  139, 90, 0, 123, 53,
                                                 2,   3,   0,   0,   14, 11,  19, 0,   39, 14, 4,   0,  1, 3,   0,
                                                 174, 0,   147, 0,   28, 69,  66, 133, 0,  69, 0,   41, 0, 27,  174}));
}

TEST(PictureViews, LaplacianPictureAgreesWithTheAnchors) {
  const Picture picture = laplacian_picture(4, 5, laplace(4, 5, plane));
  expect_valid(picture, 4, 5);
  EXPECT_THAT(picture.samples,
              ElementsAreArray({63,  142, 192, 199, 65,  62,  247, 247, 247, 217, 233, 242, 132, 188, 217,
                                241, 244, 246, 247, 247, 247, 247, 247, 247, 247, 247, 247, 220, 110, 87,
                                151, 15,  39,  5,   48,  97,  247, 247, 247, 103, 0,   31,  23,  82,  145,
                                58,  135, 189, 139, 12,  37,  247, 247, 247, 19,  74,  133, 204, 76,  68}));
}

TEST(PictureViews, FlatPlanesGiveValidPictures) {
  const std::vector<std::pair<std::int64_t, std::int64_t>> shapes = {{1, 1}, {1, 7}, {7, 1}, {5, 6}};
  for (const auto& [height, width] : shapes) {
    const std::vector<float> zeros(static_cast<std::size_t>(height * width), 0.0f);
    const std::vector<float> ones(zeros.size(), 1.0f);
    expect_valid(gradient_picture(height, width, zeros, zeros), height, width);
    expect_valid(gradient_picture(height, width, ones, zeros), height, width);
    expect_valid(laplacian_picture(height, width, ones), height, width);
    const Picture white = laplacian_picture(height, width, zeros);
    expect_valid(white, height, width);
    EXPECT_THAT(white.samples, Each(247));
    EXPECT_THAT(gradient_picture(height, width, zeros, zeros).samples, Each(0));
  }
}

TEST(PictureViews, ASinglePeakOnAFlatPlaneShows) {
  std::vector<float> peak(1000, 0.0f);
  peak[500] = 2;
  const Picture laplacian = laplacian_picture(20, 50, peak);
  EXPECT_EQ(laplacian.samples[1500], 5);
  EXPECT_EQ(laplacian.samples[1502], 97);
  const Picture gradient = gradient_picture(20, 50, peak, std::vector<float>(1000, 0.0f));
  EXPECT_EQ(*std::max_element(gradient.samples.begin() + 1500, gradient.samples.begin() + 1503), 255);
}

TEST(PictureViews, LargestFloatsGiveValidPictures) {
  const std::vector<float> huge = {std::numeric_limits<float>::max(), -std::numeric_limits<float>::max(), 0, 1};
  expect_valid(gradient_picture(2, 2, huge, huge), 2, 2);
  expect_valid(laplacian_picture(2, 2, huge), 2, 2);
}

TEST(PictureViews, LuminanceIsTheMeanOfTheColourChannels) {
  Picture picture;
  picture.format.height = 1;
  picture.format.width = 2;
  picture.format.channels = {"R", "G", "B", "A"};
  picture.format.alpha = 3;
  picture.samples = {0, 0, 0, 255, 255, 255, 255, 0};
  EXPECT_THAT(luminance_plane(picture), ElementsAre(-1, 1));
  picture.format.type = SampleType::f32;
  picture.samples = {2, 3, 4, 100, 6, 6, 6, -100};
  EXPECT_THAT(luminance_plane(picture), ElementsAre(-0.5, 1));
  picture.samples.assign(8, 5.0f);
  EXPECT_THAT(luminance_plane(picture), ElementsAre(0, 0));
}

TEST(PictureViews, RefuseWrongSizesAndValuesThatAreNotFinite) {
  EXPECT_THAT(refusal([] { sobel(4, 4, plane); }), HasSubstr("20 values"));
  EXPECT_THAT(refusal([] { laplace(0, 0, {}); }), HasSubstr("0 x 0"));
  EXPECT_THAT(refusal([] { gradient_picture(4, 5, plane, first_row); }), HasSubstr("5 values"));
  std::vector<float> broken = plane;
  broken[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal([&] { laplacian_picture(4, 5, broken); }), HasSubstr("row 1, column 2"));
  EXPECT_THAT(refusal([&] { gradient_picture(4, 5, plane, broken); }), HasSubstr("row 1, column 2"));
}

}  // namespace
}  // namespace sinefield
