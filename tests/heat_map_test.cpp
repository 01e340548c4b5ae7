// Heat maps: that cells are coloured by value, the best one framed, missing ones grey, and what is refused.
// SPDX-License-Identifier: MIT
#include "sinefield/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "refusal.h"
#include "sinefield/picture_file.h"

namespace sinefield {
namespace {

using ::testing::HasSubstr;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

HeatMap two_by_two(std::vector<double> values) {
  HeatMap map;
  map.title = "title";
  map.row_labels = {"a", "b"};
  map.column_labels = {"1", "2"};
  map.panels = {{"dB", std::move(values)}};
  return map;
}

using Rgb = std::tuple<int, int, int>;

/// How many pixels have each colour.
std::map<Rgb, int> colours(const Picture& picture) {
  std::map<Rgb, int> counts;
  for (std::size_t i = 0; i < picture.samples.size(); i += 3)
    ++counts[{picture.samples[i], picture.samples[i + 1], picture.samples[i + 2]}];
  return counts;
}

constexpr Rgb palest = {255, 255, 217}, darkest = {8, 29, 88}, grey = {226, 226, 226}, ink = {38, 38, 38};

TEST(HeatMap, CellsAreColouredByValue) {
  auto counts = colours(heat_map(two_by_two({20, 20, 30, nothing})));
  EXPECT_GT(counts[palest], 2 * 4000);  // a cell has 104 x 52 pixels, most of them its own colour
  EXPECT_LT(counts[palest], 2 * 104 * 52 + 100);
  EXPECT_GT(counts[darkest], 4000);
  EXPECT_LT(counts[darkest], 104 * 52 + 100);
  EXPECT_GT(counts[grey], 4000);
}

TEST(HeatMap, InfinityIsAsDarkAsTheHighest) {
  auto counts = colours(heat_map(two_by_two({20, 25, 30, std::numeric_limits<double>::infinity()})));
  EXPECT_GT(counts[darkest], 2 * 4000);
}

TEST(HeatMap, TriflesLookAlike) {
  auto counts = colours(heat_map(two_by_two({30, 29.9999, 30, 30})));
  EXPECT_GT(counts[darkest], 3 * 4000);
  EXPECT_LT(counts[palest], 100);
}

TEST(HeatMap, TheMarkedCellHasAFrame) {
  HeatMap map = two_by_two({20, 21, 22, 23});
  const int without = colours(heat_map(map))[ink];
  map.marked = 0;
  EXPECT_GT(colours(heat_map(map))[ink], without + 900);  // 3 pixels around 104 x 52
}

TEST(HeatMap, PanelsStandBelowOneAnotherWhereTheyAreWide) {
  HeatMap map = two_by_two({1, 2, 3, 4});
  map.panels.push_back(map.panels.front());
  const Picture narrow = heat_map(map);
  map.column_labels.assign(12, "c");
  for (HeatPanel& panel : map.panels) panel.values.assign(24, 1.0);
  const Picture wide = heat_map(map);
  EXPECT_GT(wide.format.height, 2 * narrow.format.height - 150);
  EXPECT_LT(wide.format.width, 2000);
}

TEST(HeatMap, RefusesWhatIsNoGrid) {
  EXPECT_THAT(refusal([] { heat_map({}); }), HasSubstr("0 panels, 0 rows and 0 columns"));
  HeatMap map = two_by_two({1, 2, 3});
  EXPECT_THAT(refusal([&] { heat_map(map); }), HasSubstr("'dB' of the heat map has 3 values for 2 rows and 2 columns"));
}

TEST(HeatMap, IsAmongTheCodecsToLoad) { EXPECT_EQ(sinefield_picture_codecs()->heat_map, &heat_map); }

}  // namespace
}  // namespace sinefield
