// Plots of fields: what colours stand for, where axes are, that nothing is where there is no value, and what is
// refused. That they are a pleasure to look at was seen to by eye.
// SPDX-License-Identifier: MIT
#include "sinefield/field_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "refusal.h"
#include "sinefield/picture_file.h"

namespace sinefield {
namespace {

using ::testing::HasSubstr;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();

using Rgb = std::array<int, 3>;
constexpr Rgb white = {255, 255, 255}, edge = {165, 165, 165}, ink = {38, 38, 38}, darkest_blue = {5, 48, 97},
              darkest_red = {103, 0, 31}, zero = {247, 247, 247}, lowest = {68, 1, 84}, highest = {253, 231, 37};

Rgb pixel(const Picture& picture, std::int64_t x, std::int64_t y) {
  const float* const at = picture.row(y) + x * 3;
  return {static_cast<int>(at[0]), static_cast<int>(at[1]), static_cast<int>(at[2])};
}

/// Top left pixel of the first panel: inside the first frame that goes far down and far across.
std::array<std::int64_t, 2> panel_corner(const Picture& picture) {
  for (std::int64_t y = 0; y + 100 < picture.format.height; ++y)
    for (std::int64_t x = 0; x + 100 < picture.format.width; ++x) {
      bool frame = true;
      for (std::int64_t k = 0; frame && k < 100; ++k)
        frame = pixel(picture, x + k, y) == ink && pixel(picture, x, y + k) == ink;
      if (frame) return {x + 1, y + 1};
    }
  ADD_FAILURE() << "no frame";
  return {};
}

std::int64_t count(const Picture& picture, const Rgb& colour) {
  std::int64_t found = 0;
  for (std::int64_t y = 0; y < picture.format.height; ++y)
    for (std::int64_t x = 0; x < picture.format.width; ++x) found += pixel(picture, x, y) == colour ? 1 : 0;
  return found;
}

FieldPlot plot_of(std::int64_t width, std::int64_t height, std::vector<double> values) {
  FieldPlot plot;
  plot.title = "u";
  plot.across = {"x", 0, 1};
  plot.up = {"y", -1, 1};
  plot.width = width;
  plot.height = height;
  const PlotRange range = plot_range(values);
  plot.panels = {{"", std::move(values), range}};
  return plot;
}

TEST(PlotRange, is_whole_where_no_few_values_stand_out) {
  std::vector<double> values;
  for (int i = 0; i <= 1000; ++i) values.push_back(1 + i / 500.0);
  const PlotRange range = plot_range(values);
  EXPECT_EQ(range, (PlotRange{1, 3, false, false, false}));
}

TEST(PlotRange, leaves_out_few_values_that_stand_out) {
  std::vector<double> values(1000, 1.0);
  for (int i = 0; i < 1000; ++i) values[static_cast<std::size_t>(i)] = 1 + i / 1000.0;
  values[3] = 500;
  const PlotRange range = plot_range(values);
  EXPECT_NEAR(range.low, 1, 0.01);
  EXPECT_NEAR(range.high, 2, 0.01);
  EXPECT_TRUE(range.above);
  EXPECT_FALSE(range.diverging);
}

TEST(PlotRange, is_symmetric_where_signs_change) {
  EXPECT_EQ(plot_range(std::vector<double>{-3, 0, 1}), (PlotRange{-3, 3, true, false, false}));
  EXPECT_FALSE(plot_range(std::vector<double>{-0.001, 0.5, 1}).diverging);  // as good as one sign
  EXPECT_LE(plot_range(std::vector<double>{-0.001, 0.5, 1}).low, -0.001);
}

TEST(PlotRange, takes_ends_that_are_as_good_as_round) {
  const PlotRange range = plot_range(std::vector<double>{0.0004, 0.3, 0.9991});
  EXPECT_EQ(range.low, 0);
  EXPECT_EQ(range.high, 1);
}

TEST(PlotRange, of_constants_and_nothing_is_a_range) {
  const PlotRange constant = plot_range(std::vector<double>{4, 4, 4 + 1e-15});
  EXPECT_LT(constant.low, 4);
  EXPECT_GT(constant.high, 4);
  const PlotRange none = plot_range(std::vector<double>{nothing, infinite});
  EXPECT_LT(none.low, none.high);
  EXPECT_LT(plot_range(std::vector<double>{0, 0}).low, 0);
}

TEST(PlotRange, may_be_fixed) {
  const std::vector<double> values = {-3, 5};
  EXPECT_EQ(plot_range(values, std::pair(-1.0, 2.0)), (PlotRange{-1, 2, true, true, true}));
  EXPECT_EQ(plot_range(values, std::pair(-9.0, 9.0)), (PlotRange{-9, 9, true, false, false}));
  EXPECT_THAT(refusal([&] { plot_range(values, std::pair(2.0, 2.0)); }), HasSubstr("from 2 to 2"));
  EXPECT_THAT(refusal([&] { plot_range(values, std::pair(0.0, infinite)); }), HasSubstr("from 0 to inf"));
}

TEST(FieldPlot, first_row_is_the_lowest) {
  // Four quarters of 150 x 150: negative, zero; none, positive.
  std::vector<double> values;
  for (int row = 0; row < 300; ++row)
    for (int column = 0; column < 300; ++column)
      values.push_back(row < 150 ? (column < 150 ? -2 : 0) : (column < 150 ? nothing : 2));
  const Picture picture = field_plot(plot_of(300, 300, values));
  const auto [left, top] = panel_corner(picture);
  EXPECT_EQ(pixel(picture, left, top + 299), darkest_blue);
  EXPECT_EQ(pixel(picture, left + 148, top + 152), darkest_blue);
  EXPECT_EQ(pixel(picture, left + 299, top + 299), zero);
  EXPECT_EQ(pixel(picture, left + 299, top), darkest_red);
  EXPECT_EQ(pixel(picture, left, top), white);
  EXPECT_EQ(pixel(picture, left + 148, top + 148), white);
  EXPECT_EQ(pixel(picture, left + 149, top + 20), edge);
  EXPECT_EQ(pixel(picture, left + 20, top + 149), edge);
  EXPECT_EQ(pixel(picture, left + 300, top + 10), ink) << "the frame on the other side";
  EXPECT_EQ(picture.format.width % 2, 0);
  EXPECT_EQ(picture.format.height % 2, 0);
}

TEST(FieldPlot, one_sign_is_drawn_from_dark_to_bright) {
  std::vector<double> values;
  for (int row = 0; row < 256; ++row)
    for (int column = 0; column < 256; ++column) values.push_back(column / 255.0);
  const Picture picture = field_plot(plot_of(256, 256, values));
  const auto [left, top] = panel_corner(picture);
  EXPECT_EQ(pixel(picture, left, top + 100), lowest);
  EXPECT_EQ(pixel(picture, left + 255, top + 100), highest);
  double lightness = -1;
  for (int x = 0; x < 256; ++x) {
    const Rgb colour = pixel(picture, left + x, top + 7);
    const double own = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
    EXPECT_GT(own, lightness - 1) << x;
    lightness = own;
  }
}

TEST(FieldPlot, small_panels_are_enlarged) {
  const Picture picture = field_plot(plot_of(2, 1, {0, 1}));
  const auto [left, top] = panel_corner(picture);
  EXPECT_EQ(pixel(picture, left + 127, top + 127), lowest);
  EXPECT_EQ(pixel(picture, left + 128, top), highest);
  EXPECT_EQ(pixel(picture, left + 256, top), ink);
}

/// Rows of the ticks of the bar: short strokes right of its frame, which is the last of the page.
std::vector<std::int64_t> bar_ticks(const Picture& picture) {
  for (std::int64_t x = picture.format.width - 1; x > 0; --x) {
    std::vector<std::int64_t> dark, longest;
    for (std::int64_t y = 0; y < picture.format.height; ++y) {
      if (pixel(picture, x, y) != ink) dark.clear();
      if (pixel(picture, x, y) == ink) dark.push_back(y);
      if (dark.size() > longest.size()) longest = dark;
    }
    if (longest.size() < 150) continue;
    std::erase_if(longest, [&](std::int64_t y) { return pixel(picture, x + 2, y) != ink; });
    return longest;
  }
  ADD_FAILURE() << "no bar";
  return {};
}

TEST(FieldPlot, bars_have_five_ticks_or_more_evenly_and_near_the_ends) {
  for (const double size : {1.0, 3.37, 7.9, 0.0123, 4.2e-9, 8.8e12, 1999.0})
    for (const bool both : {false, true}) {
      std::vector<double> values;
      for (int row = 0; row < 300; ++row)
        for (int column = 0; column < 300; ++column)
          values.push_back(size * (both ? (column - 149.5) / 149.5 : 0.3 + 0.7 * column / 299.0));
      const std::vector<std::int64_t> ticks = bar_ticks(field_plot(plot_of(300, 300, values)));
      ASSERT_GE(ticks.size(), 5U) << size << both;
      ASSERT_LE(ticks.size(), 11U) << size << both;
      for (std::size_t i = 2; i < ticks.size(); ++i)
        EXPECT_LE(std::abs((ticks[i] - ticks[i - 1]) - (ticks[1] - ticks[0])), 2) << size << both;
      EXPECT_GT(ticks.back() - ticks.front(), 200) << size << both;
    }
}

TEST(FieldPlot, panels_of_one_range_share_a_bar) {
  FieldPlot plot = plot_of(300, 200, std::vector<double>(60'000, 1.0));
  plot.panels[0].range = {0, 1, false, false, false};
  const std::int64_t one = field_plot(plot).format.width;
  plot.panels.push_back(plot.panels[0]);
  const std::int64_t shared = field_plot(plot).format.width;
  plot.panels[1].range = {0, 2, false, false, false};
  const std::int64_t own = field_plot(plot).format.width;
  EXPECT_GT(shared, one + 300);
  EXPECT_GT(own, shared + 30);
  plot.panels.assign(4, plot.panels[0]);
  EXPECT_GT(field_plot(plot).format.height, 2 * 200 + 50) << "three in a row";
}

TEST(FieldPlot, long_titles_end_where_the_page_does) {
  FieldPlot plot = plot_of(256, 256, std::vector<double>(65'536, 1.0));
  const std::int64_t width = field_plot(plot).format.width;
  plot.title = std::string(400, 'w');
  plot.panels[0].title = std::string(400, 'w');
  EXPECT_EQ(field_plot(plot).format.width, width);
}

TEST(FieldPlot, neighbouring_doubles_and_thin_panels_are_drawn) {
  FieldPlot plot = plot_of(300, 2, std::vector<double>(600, 1.0));
  plot.panels[0].range = {1e20, std::nextafter(1e20, 2e20), false, false, false};
  plot.up = {"y", 0.05, 0.95};
  EXPECT_GT(field_plot(plot).format.width, 300);
  plot.panels[0].range = {-1e300, 1e300, true, false, false};
  EXPECT_GT(field_plot(plot).format.width, 300);
}

TEST(FieldPlot, refuses_what_is_no_plot) {
  EXPECT_THAT(refusal([] { field_plot({}); }), HasSubstr("without panels"));
  FieldPlot plot = plot_of(2, 2, {1, 2, 3});
  EXPECT_THAT(refusal([&] { field_plot(plot); }), HasSubstr("has 3 values for 2 x 2"));
  plot = plot_of(2, 2, {1, 2, 3, 4});
  plot.up.high = plot.up.low;
  EXPECT_THAT(refusal([&] { field_plot(plot); }), HasSubstr("the axis 'y' of a plot from -1 to -1"));
  plot = plot_of(2, 2, {1, 2, 3, 4});
  plot.panels[0].range.low = nothing;
  EXPECT_THAT(refusal([&] { field_plot(plot); }), HasSubstr("from nan"));
}

CurvePlot falling_curve() {
  CurvePlot plot;
  plot.across = {"x", 0, 1};
  plot.range = {-1, 1, false, false, false};
  plot.curves = {{"a", {1, -1}}};
  return plot;
}

TEST(CurvePlot, curves_go_from_corner_to_corner) {
  const Rgb blue = {0, 114, 178};
  const Picture picture = curve_plot(falling_curve());
  const auto [left, top] = panel_corner(picture);
  EXPECT_EQ(pixel(picture, left + 320, top + 200), blue);
  EXPECT_EQ(pixel(picture, left + 160, top + 100), blue);
  EXPECT_EQ(pixel(picture, left + 480, top + 300), blue);
  EXPECT_NE(pixel(picture, left + 320, top + 100), blue);
}

TEST(CurvePlot, gaps_stay_white_and_values_beyond_are_cut_off) {
  CurvePlot plot = falling_curve();
  const std::int64_t whole = count(curve_plot(plot), {0, 114, 178});
  plot.curves = {{"a", {1, 0.5, nothing, -0.5, -1}}};
  EXPECT_LT(count(curve_plot(plot), {0, 114, 178}), whole * 6 / 10);
  plot.curves = {{"a", {1e300, -1e300}}};
  EXPECT_GT(count(curve_plot(plot), {0, 114, 178}), 400);
}

TEST(CurvePlot, several_curves_have_colours_and_names) {
  CurvePlot plot = falling_curve();
  const std::int64_t alone = curve_plot(plot).format.height;
  plot.curves.push_back({"b", {-1, 1}});
  const Picture picture = curve_plot(plot);
  EXPECT_GT(picture.format.height, alone);
  EXPECT_GT(count(picture, {0, 114, 178}), 500);
  EXPECT_GT(count(picture, {213, 94, 0}), 500);
}

TEST(CurvePlot, refuses_what_is_no_curve) {
  CurvePlot plot = falling_curve();
  plot.curves[0].values = {1};
  EXPECT_THAT(refusal([&] { curve_plot(plot); }), HasSubstr("'a' of a plot has 1 values"));
  plot = falling_curve();
  plot.width = 10;
  EXPECT_THAT(refusal([&] { curve_plot(plot); }), HasSubstr("10 x 400"));
  plot = falling_curve();
  plot.curves.clear();
  EXPECT_THAT(refusal([&] { curve_plot(plot); }), HasSubstr("without curves"));
}

TEST(FieldPlot, is_among_the_codecs_to_load) {
  EXPECT_EQ(sinefield_picture_codecs()->field_plot, &field_plot);
  EXPECT_EQ(sinefield_picture_codecs()->curve_plot, &curve_plot);
  EXPECT_EQ(sinefield_picture_codecs()->plot_range, &plot_range);
}

}  // namespace
}  // namespace sinefield
