// Grids of tiles for signals of every kind: what they cover, how many there are for a budget, and what is refused.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include "field/tiling.h"
#include "fit_pictures.h"
#include "refusal.h"

namespace sinefield {
namespace {

Recipe grid(int rows, int columns, double overlap) {
  Recipe recipe = recipe_named(SignalKind::picture, "fast");
  recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {rows, columns}};
  recipe.overlap = overlap;
  return recipe;
}

Tiling picture_tiling(const Picture& picture, const Recipe& recipe, std::int64_t parameters) {
  return signal_tiling(picture_signal(picture), recipe, parameters);
}

Picture grey(std::int64_t height, std::int64_t width) { return flat_picture(height, width, 7); }

TEST(PictureTiling, covers_the_picture_with_valid_tiles) {
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
  const Recipe& fast = recipe_named(SignalKind::picture, "fast");
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
  const Tiling one = picture_tiling(grey(512, 512), recipe_named(SignalKind::picture, "fast"), 0),
               three = picture_tiling(rgb_picture(512, 512), recipe_named(SignalKind::picture, "fast"), 0);
  const double ratio = static_cast<double>(three.tiles()) / static_cast<double>(one.tiles());
  EXPECT_GT(ratio, 2.4) << "three samples for each pixel, and networks with little more to hold";
  EXPECT_LE(ratio, 3.1);
}

TEST(PictureTiling, refuses_a_grid_finer_than_the_pixels) {
  for (const auto& [rows, columns] : {std::pair{11, 1}, {1, 21}, {0, 1}, {1, 0}, {-1, 5}})
    EXPECT_THAT(refusal([&, r = rows, c = columns] { picture_tiling(grey(10, 20), grid(r, c, 0.1), 0); }),
                testing::HasSubstr(fmt::format("{} x {} tiles for a picture of 10 x 20 samples", rows, columns)));
  Recipe three = grid(2, 2, 0.1);
  three.tiles.along = {2, 2, 2};
  EXPECT_THAT(refusal([&] { picture_tiling(grey(10, 20), three, 0); }),
              testing::HasSubstr("2 x 2 x 2 tiles for a picture of 10 x 20 samples, expected a number for each axis"));
  EXPECT_EQ(picture_tiling(grey(10, 20), grid(10, 20, 0.1), 0).tiles(), 200);
}

// ---- other signals

/// Samples that nobody looks at.
class NoSamples final : public Samples {
 public:
  using Samples::Samples;
  void read(std::span<const std::int64_t>, std::span<const std::int64_t>, float*) const override { ADD_FAILURE(); }
};

Signal signal_of(const SignalFormat& format, std::vector<double> cuts = {}) {
  return {
      .format = format,
      .samples = std::make_shared<NoSamples>(signal_sizes(format), static_cast<int>(signal_channels(format).size())),
      .channels = {},
      .cuts = std::move(cuts),
      .checksum = {},
      .warnings = {},
      .picture = {}};
}

VideoFormat video_of(std::int64_t frames, std::int64_t height, std::int64_t width) {
  return {
      .frames = frames, .height = height, .width = width, .channels = {"R", "G", "B"}, .rate = {25, 1}, .times = {}};
}

VolumeFormat volume_of(std::array<std::int64_t, 3> sizes, std::array<double, 3> spacing) {
  VolumeFormat format;
  format.sizes = sizes;
  format.spacing = spacing;
  return format;
}

/// Samples from cut to cut along an axis.
std::vector<double> pitches(const Signal& signal, const Tiling& tiling, std::size_t axis) {
  const TileAxis& along = tiling.axes[axis];
  std::vector<double> ends = along.cuts, all;
  ends.push_back(along.high);
  double begin = along.low;
  for (const double end : ends) {
    all.push_back((end - begin) / signal_axes(signal.format)[axis].scale);
    begin = end;
  }
  return all;
}

TEST(SoundTiling, takes_as_many_tiles_as_the_budget_allows) {
  const Recipe& fast = recipe_named(SignalKind::sound, "fast");
  for (const std::int64_t frames : {std::int64_t{1}, std::int64_t{3}, std::int64_t{8000}, std::int64_t{160'000'000}})
    for (const int channels : {1, 2}) {
      const Signal sound = signal_of(SoundFormat{.frames = frames, .rate = 44'100, .channels = channels});
      for (const std::int64_t budget : {0, 1, 100'000}) {
        const Tiling tiling = signal_tiling(sound, fast, budget);
        ASSERT_EQ(why_invalid(tiling.axes, 1), std::nullopt);
        const auto each = static_cast<double>(parameter_count(
            {.inputs = 1, .outputs = channels, .width = fast.width, .hidden_layers = fast.hidden_layers}));
        const double wanted = budget > 0 ? static_cast<double>(budget)
                                         : fast.parameters_per_sample * static_cast<double>(frames) * channels;
        const double possible = std::max(1.0, std::floor(std::min(wanted / each, static_cast<double>(frames) / 4)));
        EXPECT_EQ(static_cast<double>(tiling.tiles()), possible) << frames << " frames, " << budget;
        for (const double pitch : pitches(sound, tiling, 0))
          if (frames > 1) {
            EXPECT_NEAR(pitch, static_cast<double>(frames) / possible, 1e-6 * static_cast<double>(frames));
          }
      }
    }
}

TEST(VideoTiling, has_hard_edges_where_shots_begin) {
  const std::vector<double> cuts = {9, 40, 44};
  const Signal video = signal_of(video_of(120, 48, 64), cuts);
  Recipe recipe = recipe_named(SignalKind::video, "fast");
  for (const int along : {0, 1, 4, 11, 60}) {
    if (along > 0) recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {along, 2, 3}};
    for (const double overlap : {0.1, 1.0}) {
      recipe.overlap = overlap;
      const Tiling tiling = signal_tiling(video, recipe, 40'000);
      SCOPED_TRACE(fmt::format("{} tiles, overlap {}", grid_text(tiling), overlap));
      ASSERT_EQ(why_invalid(tiling.axes, 3), std::nullopt);
      const TileAxis& time = tiling.axes[0];
      const AxisMap map = signal_axes(video.format)[0];
      std::vector<double> hard;
      for (std::size_t i = 0; i < time.cuts.size(); ++i)
        if (time.reach[i] == 0) hard.push_back((time.cuts[i] - map.offset) / map.scale);
      ASSERT_EQ(hard.size(), cuts.size());
      for (std::size_t i = 0; i < cuts.size(); ++i) EXPECT_NEAR(hard[i], cuts[i] - 0.5, 1e-9) << "between two frames";
      for (const double pitch : pitches(video, tiling, 0)) EXPECT_GE(pitch, 4 - 1e-9);
    }
  }
}

TEST(VideoTiling, takes_no_more_tiles_than_the_budget_allows_but_one_for_each_shot) {
  const Recipe& fast = recipe_named(SignalKind::video, "fast");
  const auto each = static_cast<double>(
      parameter_count({.inputs = 3, .outputs = 3, .width = fast.width, .hidden_layers = fast.hidden_layers}));
  for (const auto& cuts : std::vector<std::vector<double>>{{}, {50}, {8, 30, 90, 200}})
    for (const std::int64_t tiles : {1, 5, 60, 400}) {
      const Signal video = signal_of(video_of(240, 120, 160), cuts);
      const Tiling tiling = signal_tiling(video, fast, static_cast<std::int64_t>(static_cast<double>(tiles) * each));
      const std::int64_t least = std::ssize(cuts) + 1;
      EXPECT_LE(tiling.tiles(), std::max(tiles, 4 * least)) << grid_text(tiling);
      EXPECT_GE(2 * tiling.tiles(), tiles) << grid_text(tiling);
    }
}

TEST(VolumeTiling, is_about_as_long_both_ways_in_space) {
  const Recipe& fast = recipe_named(SignalKind::volume, "fast");
  for (const std::array<double, 3>& spacing :
       {std::array{1.0, 1.0, 1.0}, std::array{4.0, 1.0, 1.0}, std::array{1.0, 0.5, 2.0}}) {
    const Signal volume = signal_of(volume_of({120, 200, 160}, spacing));
    const Tiling tiling = signal_tiling(volume, fast, 0);
    ASSERT_EQ(why_invalid(tiling.axes, 3), std::nullopt);
    const double budget = fast.parameters_per_sample * 120 * 200 * 160;
    const auto each = static_cast<double>(
        parameter_count({.inputs = 3, .outputs = 1, .width = fast.width, .hidden_layers = fast.hidden_layers}));
    EXPECT_LE(static_cast<double>(tiling.tiles()) * each, budget);
    EXPECT_GE(static_cast<double>(tiling.tiles()) * each, budget / 1.6);
    std::vector<double> lengths;
    for (std::size_t i = 0; i < 3; ++i) lengths.push_back(pitches(volume, tiling, i).front() * spacing[i]);
    EXPECT_LT(*std::ranges::max_element(lengths), 1.6 * *std::ranges::min_element(lengths)) << grid_text(tiling);
  }
}

TEST(SignalTiling, grids_need_a_number_for_each_axis) {
  Recipe recipe = recipe_named(SignalKind::volume, "fast");
  recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {2, 3}};
  EXPECT_THAT(refusal([&] {
                signal_tiling(signal_of(volume_of({5, 6, 7}, {1, 1, 1})), recipe, 0);
              }),
              testing::HasSubstr("2 x 3 tiles for a volume of 5 x 6 x 7 samples"));
  recipe.tiles.along = {2, 3, 8};
  EXPECT_THAT(refusal([&] {
                signal_tiling(signal_of(volume_of({5, 6, 7}, {1, 1, 1})), recipe, 0);
              }),
              testing::HasSubstr("2 x 3 x 8 tiles for a volume"));
}

}  // namespace
}  // namespace sinefield
