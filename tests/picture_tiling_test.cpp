// Grids of tiles for pictures: what they cover, how many there are for a budget, and what is refused.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "field/tiling.h"
#include "fit_pictures.h"
#include "refusal.h"

namespace sinefield {
namespace {

Recipe grid(int rows, int columns, double overlap) {
  Recipe recipe = recipe_named("fast");
  recipe.tiles = {.kind = TileChoice::Kind::grid, .rows = rows, .columns = columns};
  recipe.overlap = overlap;
  return recipe;
}

PictureFormat grey(std::int64_t height, std::int64_t width) { return format_of(height, width, SampleType::u8, {"Y"}); }

TEST(PictureTiling, covers_the_picture_with_valid_tiles_of_equal_units) {
  for (const auto& [height, width] :
       {std::pair{1, 1}, {1, 1000}, {7, 5}, {64, 64}, {100, 33}, {300, 451}, {997, 13}, {255, 256}})
    for (const double overlap : {0.0, 0.1, 0.3, 1.0})
      for (const auto& [rows, columns] : {std::pair{1, 1}, {2, 3}, {3, 2}, {7, 13}, {height, width}, {height, 1}}) {
        if (rows > height || columns > width) continue;
        SCOPED_TRACE(fmt::format("{} x {} tiles of {} x {}, overlap {}", rows, columns, height, width, overlap));
        const Tiling tiling = picture_tiling(grey(height, width), grid(rows, columns, overlap), 0);
        ASSERT_EQ(why_invalid(tiling.axes, 2), std::nullopt);
        EXPECT_EQ(tiling.axes[0].tiles(), rows);
        EXPECT_EQ(tiling.axes[1].tiles(), columns);
        EXPECT_EQ(tiling.axes[0].half_width, tiling.axes[1].half_width) << "one pixel is one pixel both ways";
        const std::vector<AxisMap> maps = picture_axes(height, width);
        for (const std::size_t a : {0U, 1U}) {
          const TileAxis& axis = tiling.axes[a];
          const auto pixels = static_cast<double>(a == 0 ? height : width);
          EXPECT_LE(axis.low, maps[a].offset);
          EXPECT_GE(axis.high, maps[a].scale * (pixels - 1) + maps[a].offset);
          if (maps[a].scale > 0) {  // half a pixel beyond the outermost, cuts at equal distances
            EXPECT_NEAR(axis.low, maps[a].offset - maps[a].scale / 2, 1e-12);
            EXPECT_NEAR(axis.high, maps[a].scale * (pixels - 0.5) + maps[a].offset, 1e-12);
            const double pitch = pixels / axis.tiles();
            for (std::size_t cut = 0; cut < axis.cuts.size(); ++cut) {
              EXPECT_NEAR((axis.cuts[cut] - axis.low) / maps[a].scale, static_cast<double>(cut + 1) * pitch, 1e-8);
              EXPECT_NEAR(2 * axis.reach[cut] / maps[a].scale, overlap * pitch, 1e-6);
            }
          }
          for (int t = 0; t < axis.tiles(); ++t) {
            const TileBox box = tile_box(axis, t);
            EXPECT_LE(box.high - box.low, 2 * axis.half_width * (1 + 1e-12)) << "coordinates of a tile lie in [-1, 1]";
          }
        }
      }
}

TEST(PictureTiling, takes_as_many_tiles_as_the_budget_allows) {
  const Recipe& fast = recipe_named("fast");
  for (const auto& [height, width] :
       {std::pair{1, 1}, {1, 1000}, {1000, 1}, {8, 8}, {512, 512}, {300, 451}, {100, 5000}, {2000, 100}, {768, 512}})
    for (const std::int64_t budget : {0, 1, 5'000, 100'000, 1'000'000}) {
      SCOPED_TRACE(fmt::format("{} x {} pixels, {} parameters", height, width, budget));
      const Tiling tiling = picture_tiling(grey(height, width), fast, budget);
      const auto each = static_cast<double>(
          parameter_count({.inputs = 2, .outputs = 1, .width = fast.width, .hidden_layers = fast.hidden_layers}));
      const double wanted = budget > 0 ? static_cast<double>(budget) : static_cast<double>(height) * width;
      const double most = std::max(1.0, std::floor(height / 4.0)) * std::max(1.0, std::floor(width / 4.0));
      const double possible = std::clamp(wanted / each, 1.0, most);
      const auto tiles = static_cast<double>(tiling.tiles());
      EXPECT_LE(tiles, 1.5 * possible);
      EXPECT_GE(tiles, possible / 1.5);
      // About square where there is room for it.
      if (tiling.axes[0].tiles() > 1 && tiling.axes[1].tiles() > 1 && possible < most / 4) {
        const double rows = static_cast<double>(height) / tiling.axes[0].tiles(),
                     columns = static_cast<double>(width) / tiling.axes[1].tiles();
        EXPECT_LT(std::max(rows, columns), 2 * std::min(rows, columns));
      }
    }
}

TEST(PictureTiling, counts_the_channels) {
  const Tiling one = picture_tiling(grey(512, 512), recipe_named("fast"), 0),
               three = picture_tiling(format_of(512, 512, SampleType::u8, {"R", "G", "B"}), recipe_named("fast"), 0);
  const double ratio = static_cast<double>(three.tiles()) / static_cast<double>(one.tiles());
  EXPECT_GT(ratio, 2.4) << "three samples for each pixel, and networks with little more to hold";
  EXPECT_LE(ratio, 3.1);
}

TEST(PictureTiling, refuses_a_grid_finer_than_the_pixels) {
  for (const auto& [rows, columns] : {std::pair{11, 1}, {1, 21}, {0, 1}, {1, 0}, {-1, 5}})
    EXPECT_THAT(refusal([&, r = rows, c = columns] { picture_tiling(grey(10, 20), grid(r, c, 0.1), 0); }),
                testing::HasSubstr(fmt::format("{} x {} tiles for a picture of 10 x 20 pixels", rows, columns)));
  EXPECT_EQ(picture_tiling(grey(10, 20), grid(10, 20, 0.1), 0).tiles(), 200);
}

}  // namespace
}  // namespace sinefield
