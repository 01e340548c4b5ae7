// Contact sheets: where the pictures lie, that their pixels are true, and that labels are drawn below them.
// SPDX-License-Identifier: MIT
#include "sinefield/contact_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Picture blank(std::int64_t height, std::int64_t width, std::vector<std::string> channels,
              SampleType type = SampleType::u8) {
  Picture picture;
  picture.format.height = height;
  picture.format.width = width;
  picture.format.type = type;
  picture.format.channels = std::move(channels);
  if (picture.format.channels.back() == "A") picture.format.alpha = picture.format.channel_count() - 1;
  picture.samples.resize(static_cast<std::size_t>(height * width * picture.format.channel_count()));
  return picture;
}

Picture sheet_of(const Picture& picture, const std::string& label = {}) {
  const std::vector<SheetEntry> entries = {{picture, label}};
  return contact_sheet(entries, 1);
}

std::vector<float> pixel(const Picture& sheet, std::int64_t row, std::int64_t column) {
  const float* samples = sheet.row(row) + column * 3;
  return {samples, samples + 3};
}

// Pixels darker than mid grey in rows [first, last) and columns [left, right).
int dark_pixels(const Picture& sheet, std::int64_t first, std::int64_t last, std::int64_t left, std::int64_t right) {
  int count = 0;
  for (std::int64_t row = first; row < last; ++row) {
    for (std::int64_t column = left; column < right; ++column) count += pixel(sheet, row, column)[1] < 128;
  }
  return count;
}

std::string refusal(const std::vector<SheetEntry>& entries, int columns) {
  return sinefield::refusal([&] { contact_sheet(entries, columns); });
}

// For pictures of 300 pixels a side: font size 300 / 20 = 15, which is also the margin.
constexpr std::int64_t side = 300, margin = 15, label_height = 3 + 20;

TEST(ContactSheet, PlacesPicturesInReadingOrderOnWhite) {
  std::vector<SheetEntry> entries;
  for (const float shade : {10.0f, 20.0f, 30.0f}) {
    Picture picture = blank(side, side, {"Y"});
    std::ranges::fill(picture.samples, shade);
    entries.push_back({picture, ""});
  }
  const Picture sheet = contact_sheet(entries, 2);
  EXPECT_EQ(sheet.format.width, 3 * margin + 2 * side);
  EXPECT_EQ(sheet.format.height, 3 * margin + 2 * side);
  EXPECT_EQ(sheet.format.type, SampleType::u8);
  EXPECT_THAT(sheet.format.channels, ElementsAre("R", "G", "B"));
  for (const std::int64_t inside : {std::int64_t{0}, side - 1}) {
    EXPECT_THAT(pixel(sheet, margin + inside, margin + inside), ElementsAre(10, 10, 10));
    EXPECT_THAT(pixel(sheet, margin + inside, 2 * margin + side + inside), ElementsAre(20, 20, 20));
    EXPECT_THAT(pixel(sheet, 2 * margin + side + inside, margin + inside), ElementsAre(30, 30, 30));
  }
  EXPECT_THAT(pixel(sheet, 0, 0), ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel(sheet, margin + 10, margin + side + 7), ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel(sheet, 2 * margin + side + 50, 2 * margin + side + 50), ElementsAre(255, 255, 255));
}

TEST(ContactSheet, DrawsLabelsCentredBelow) {
  Picture picture = blank(side, side, {"R", "G", "B"});
  std::ranges::fill(picture.samples, 255.0f);
  const Picture sheet = sheet_of(picture, "HIH");
  EXPECT_EQ(sheet.format.height, 2 * margin + side + label_height);
  const std::int64_t below = margin + side + 1, middle = sheet.format.width / 2;
  EXPECT_EQ(dark_pixels(sheet, 0, below, 0, sheet.format.width), 0);
  const int left = dark_pixels(sheet, below, sheet.format.height, 0, middle);
  const int right = dark_pixels(sheet, below, sheet.format.height, middle, sheet.format.width);
  EXPECT_GT(left, 20);
  EXPECT_NEAR(left, right, 0.35 * left);
  EXPECT_EQ(dark_pixels(sheet, below, sheet.format.height, 0, middle - 30), 0);
  EXPECT_EQ(dark_pixels(sheet, below, sheet.format.height, middle + 30, sheet.format.width), 0);

  const Picture two_lines = sheet_of(picture, "H\nH");
  EXPECT_EQ(two_lines.format.height, sheet.format.height + 20);
  EXPECT_GT(dark_pixels(two_lines, below + label_height, two_lines.format.height, 0, sheet.format.width), 10);
}

TEST(ContactSheet, LongLabelsMakeTheColumnWide) {
  const Picture sheet = sheet_of(blank(side, side, {"Y"}), std::string(80, 'm'));
  EXPECT_GT(sheet.format.width, 80 * 10);
  EXPECT_EQ(dark_pixels(sheet, margin + side + 1, sheet.format.height, 0, margin - 1), 0);
}

TEST(ContactSheet, EnlargesSmallPicturesByWholeFactors) {
  Picture picture = blank(2, 3, {"R", "G", "B"});
  for (std::size_t i = 0; i < picture.samples.size(); ++i) picture.samples[i] = static_cast<float>(i);
  const Picture sheet = sheet_of(picture);  // 86 times: 258 x 172, font size 14
  EXPECT_EQ(sheet.format.width, 258 + 2 * 14);
  EXPECT_EQ(sheet.format.height, 172 + 2 * 14);
  EXPECT_THAT(pixel(sheet, 14, 14), ElementsAre(0, 1, 2));
  EXPECT_THAT(pixel(sheet, 14 + 85, 14 + 86), ElementsAre(3, 4, 5));
  EXPECT_THAT(pixel(sheet, 14 + 86, 14 + 257), ElementsAre(15, 16, 17));
}

TEST(ContactSheet, AveragesLargePicturesDown) {
  Picture picture = blank(3, 4001, {"Y"});
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t column = 0; column < 4001; ++column) picture.row(row)[column] = column % 2 == 0 ? 100 : 40;
  }
  const Picture sheet = sheet_of(picture);  // half: 2001 x 2, font size 64 at most
  EXPECT_EQ(sheet.format.width, 2001 + 2 * 64);
  EXPECT_EQ(sheet.format.height, 2 + 2 * 64);
  EXPECT_THAT(pixel(sheet, 64, 64), ElementsAre(70, 70, 70));
  EXPECT_THAT(pixel(sheet, 65, 64 + 2000), ElementsAre(100, 100, 100));  // the last column has no neighbour
}

TEST(ContactSheet, ShowsEveryTypeOnTheScaleOfTheScreen) {
  Picture deep = blank(side, side, {"Y"}, SampleType::u16);
  std::ranges::fill(deep.samples, 257.0f * 99);
  EXPECT_THAT(pixel(sheet_of(deep), margin, margin), ElementsAre(99, 99, 99));

  Picture real = blank(side, side, {"R", "G", "B"}, SampleType::f32);
  real.samples[0] = -3;
  real.samples[1] = 7;
  real.samples[2] = 2;
  EXPECT_THAT(pixel(sheet_of(real), margin, margin), ElementsAre(0, 255, 128));

  const Picture flat = blank(side, side, {"Y"}, SampleType::f32);
  EXPECT_THAT(pixel(sheet_of(flat), margin, margin), ElementsAre(0, 0, 0));
}

TEST(ContactSheet, LaysAlphaOverACheckerboard) {
  Picture picture = blank(side, side, {"Y", "A"});
  for (std::size_t i = 0; i < picture.samples.size(); i += 2) picture.samples[i] = 50;
  picture.samples[1] = 255;
  const Picture sheet = sheet_of(picture);
  EXPECT_THAT(pixel(sheet, margin, margin), ElementsAre(50, 50, 50));
  EXPECT_THAT(pixel(sheet, margin, margin + 1), ElementsAre(255, 255, 255));
  EXPECT_THAT(pixel(sheet, margin, margin + 8), ElementsAre(216, 216, 216));
}

TEST(ContactSheet, TurnsPicturesUpright) {
  // What each orientation stores of a picture that shows 1 2 / 3 4 / 5 6.
  const std::array<std::vector<float>, 8> stored = {{{1, 2, 3, 4, 5, 6},
                                                     {2, 1, 4, 3, 6, 5},
                                                     {6, 5, 4, 3, 2, 1},
                                                     {5, 6, 3, 4, 1, 2},
                                                     {1, 3, 5, 2, 4, 6},
                                                     {2, 4, 6, 1, 3, 5},
                                                     {6, 4, 2, 5, 3, 1},
                                                     {5, 3, 1, 6, 4, 2}}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const bool turned = orientation >= 5;
    Picture picture = blank(turned ? 2 : 3, turned ? 3 : 2, {"Y"});
    picture.format.orientation = orientation;
    picture.samples = stored[static_cast<std::size_t>(orientation - 1)];
    const Picture sheet = sheet_of(picture);
    ASSERT_EQ(sheet.format.height, 258 + 2 * 14);
    ASSERT_EQ(sheet.format.width, 172 + 2 * 14);
    for (int i = 0; i < 6; ++i) EXPECT_EQ(pixel(sheet, 14 + i / 2 * 86, 14 + i % 2 * 86)[0], i + 1);
  }
}

TEST(ContactSheet, RefusesWhatIsNoSheet) {
  EXPECT_THAT(refusal({}, 2), HasSubstr("no pictures"));
  EXPECT_THAT(refusal({{blank(2, 2, {"Y"}), "a"}}, 0), HasSubstr("0 columns"));
  EXPECT_THAT(refusal({{blank(0, 2, {"Y"}), "empty"}}, 1), HasSubstr("'empty'"));
  Picture broken = blank(2, 2, {"Y"});
  broken.samples.pop_back();
  EXPECT_THAT(refusal({{broken, "broken"}}, 1), HasSubstr("3 samples for 2 x 2"));
}

}  // namespace
}  // namespace sinefield
