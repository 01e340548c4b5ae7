// Fields on grids of points against queries in double precision, and what a point's value must not depend on: threads,
// the other points of a call, and how far along its axis it lies.
// SPDX-License-Identifier: MIT
#include "sinefield/grid.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <span>

#include "query_grouping.h"
#include "refusal.h"
#include "tile_samples.h"

namespace sinefield {
namespace {

using Positions = std::vector<std::vector<double>>;

std::size_t points_of(const Positions& positions) {
  std::size_t points = 1;
  for (const std::vector<double>& axis : positions) points *= axis.size();
  return points;
}

std::vector<float> on_grid(const Field& field, const Positions& positions, const ComputeOptions& compute = {}) {
  // No value may be left as it was.
  std::vector<float> values(points_of(positions) * static_cast<std::size_t>(field.outputs()), NAN);
  GridEvaluator(field, compute)(positions, values);
  return values;
}

/// All combinations, the last axis fastest, asked for one by one in double precision.
std::vector<double> by_query(const Field& field, const Positions& positions) {
  std::vector<double> points;
  std::vector<std::size_t> at(positions.size(), 0);
  for (std::size_t p = 0; p < points_of(positions); ++p) {
    for (std::size_t i = 0; i < at.size(); ++i) points.push_back(positions[i][at[i]]);
    for (std::size_t i = at.size(); i-- > 0;) {
      if (++at[i] < positions[i].size()) break;
      at[i] = 0;
    }
  }
  return query<double>(field, rows(points, field.inputs()), Order::value).value;
}

/// Within 1e-5 of the range of the expected values.
void expect_near(std::span<const float> actual, std::span<const double> expected) {
  ASSERT_EQ(actual.size(), expected.size());
  const auto [low, high] = std::ranges::minmax_element(expected);
  ASSERT_GT(*high - *low, 0);
  double worst = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
    worst = std::max(worst, std::isnan(error) ? INFINITY : error);
  }
  EXPECT_LE(worst, 1e-5 * (*high - *low));
}

/// One network, or a sum of two, over `d` axes of 50 samples or so.
Field plain_field(FieldKind kind, int d, int outputs) {
  Field field;
  field.kind = kind;
  for (std::uint32_t term = 0; term < (kind == FieldKind::sum ? 3 : 1); ++term)
    field.networks.push_back(initial_network({.inputs = d,
                                              .outputs = outputs,
                                              .width = 7 + 6 * static_cast<int>(term),
                                              .hidden_layers = 1 + static_cast<int>(term) % 2,
                                              .omega_first = 6,
                                              .omega_hidden = 5},
                                             3, term));
  for (int i = 0; i < d; ++i) field.axes.push_back({fmt::format("x{}", i), 0.04 + 0.01 * i, -1 + 0.1 * i});
  for (int o = 0; o < outputs; ++o) field.channels.push_back({127.5, 127.5 - 3.0 * o});
  return field;
}

std::vector<TileAxis> axes_of(int d) {
  if (d == 1) return {some_axis(7, 1, Edges::one_hard)};
  if (d == 2) return {some_axis(4, 2), some_axis(5, 3, Edges::one_hard)};
  return {some_axis(3, 4, Edges::one_hard), some_axis(1, 5), some_axis(4, 6)};
}

std::vector<std::pair<std::string, Field>> fields() {
  std::vector<std::pair<std::string, Field>> all;
  for (const int d : {1, 2, 3}) {
    for (const int outputs : {1, 3}) {
      all.emplace_back(fmt::format("network, {} to {}", d, outputs), plain_field(FieldKind::network, d, outputs));
      all.emplace_back(fmt::format("sum, {} to {}", d, outputs), plain_field(FieldKind::sum, d, outputs));
    }
    for (const Blend blend : {Blend::linear, Blend::cubic, Blend::quintic})
      for (const Shapes shapes : {Shapes::equal, Shapes::omegas_differ, Shapes::all_differ})
        all.emplace_back(fmt::format("tiles, {} axes, {}, shapes {}", d, blend_name(blend), static_cast<int>(shapes)),
                         tiled_field(axes_of(d), 2, blend, shapes));
  }
  return all;
}

double position_of(const Field& field, std::size_t axis, double x) {
  return (x - field.axes[axis].offset) / field.axes[axis].scale;
}

/// Over the whole of an axis and beyond its ends, between samples, some twice.
Positions fractional(const Field& field, std::size_t count) {
  std::mt19937_64 random(8);
  Positions positions;
  for (std::size_t i = 0; i < field.axes.size(); ++i) {
    std::vector<double> axis;
    for (std::size_t p = 0; p < count; ++p)
      axis.push_back(position_of(field, i, -1.2 + 2.4 * static_cast<double>(random() >> 11) * 0x1p-53));
    axis.push_back(axis.front());
    std::ranges::sort(axis);
    positions.push_back(axis);
  }
  return positions;
}

std::size_t side(int d) { return d == 1 ? 900 : d == 2 ? 40 : 13; }

TEST(Grid, has_the_values_of_queries_at_fractional_positions) {
  for (const auto& [name, field] : fields()) {
    SCOPED_TRACE(name);
    const Positions positions = fractional(field, side(field.inputs()));
    expect_near(on_grid(field, positions), by_query(field, positions));
  }
}

TEST(Grid, has_the_values_of_queries_at_whole_positions_on_every_instruction_set) {
  for (const auto& [name, field] : fields()) {
    Positions positions;
    for (std::size_t i = 0; i < field.axes.size(); ++i) {
      const double first = std::floor(position_of(field, i, -1.05)), last = std::ceil(position_of(field, i, 1.05));
      const auto step = std::max(1.0, std::floor((last - first) / static_cast<double>(side(field.inputs()))));
      positions.emplace_back();
      for (double p = first; p <= last; p += step) positions.back().push_back(p);
    }
    const std::vector<double> expected = by_query(field, positions);
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(fmt::format("{}, {}", name, isa_name(isa)));
      expect_near(on_grid(field, positions, {.isa = isa, .threads = 1}), expected);
    }
  }
}

TEST(Grid, a_hard_cut_belongs_to_the_later_tile) {
  for (const int d : {1, 2, 3}) {
    Field field = tiled_field(axes_of(d), 1, Blend::quintic, Shapes::equal);
    for (std::size_t i = 0; i < field.axes.size(); ++i) {
      TileAxis& axis = field.tiling.axes[i];
      std::ranges::fill(axis.reach, 0.0);
      // On samples: positions 10, 20, ...
      for (std::size_t cut = 0; cut < axis.cuts.size(); ++cut) {
        const double position = std::round(position_of(field, i, axis.cuts[cut]));
        axis.cuts[cut] = field.axes[i].scale * position + field.axes[i].offset;
      }
    }
    Positions positions;
    for (std::size_t i = 0; i < field.axes.size(); ++i) {
      positions.emplace_back();
      for (const double cut : field.tiling.axes[i].cuts)
        for (const double beside : {-1.0, -1e-9, 0.0, 1.0})
          positions.back().push_back(std::round(position_of(field, i, cut)) + beside);
      if (positions.back().empty()) positions.back() = {0.5};
    }
    SCOPED_TRACE(d);
    expect_near(on_grid(field, positions), by_query(field, positions));
  }
}

TEST(Grid, a_value_does_not_depend_on_the_others_of_the_call) {
  for (const auto& [name, field] : fields()) {
    SCOPED_TRACE(name);
    const Positions positions = fractional(field, side(field.inputs()));
    GridEvaluator evaluator(field, {.threads = 1});
    const auto outputs = static_cast<std::size_t>(field.outputs());
    std::vector<float> whole(points_of(positions) * outputs), part;
    evaluator(positions, whole);
    // A box out of the middle, single points of it, and slices along the first axis.
    Positions box;
    std::vector<std::size_t> first;
    for (const std::vector<double>& axis : positions) {
      first.push_back(axis.size() / 3);
      box.emplace_back(axis.begin() + static_cast<std::ptrdiff_t>(axis.size() / 3),
                       axis.begin() + static_cast<std::ptrdiff_t>(3 * axis.size() / 4));
    }
    const auto expect_box = [&](const Positions& asked, const std::vector<std::size_t>& begin) {
      part.assign(points_of(asked) * outputs, NAN);
      evaluator(asked, part);
      std::vector<std::size_t> at(asked.size(), 0);
      for (std::size_t p = 0; p < points_of(asked); ++p) {
        std::size_t index = 0;
        for (std::size_t i = 0; i < at.size(); ++i) index = index * positions[i].size() + begin[i] + at[i];
        for (std::size_t o = 0; o < outputs; ++o) ASSERT_EQ(part[p * outputs + o], whole[index * outputs + o]);
        for (std::size_t i = at.size(); i-- > 0;) {
          if (++at[i] < asked[i].size()) break;
          at[i] = 0;
        }
      }
    };
    expect_box(box, first);
    for (std::size_t k = 0; k < 20; ++k) {
      Positions point;
      std::vector<std::size_t> where;
      for (std::size_t i = 0; i < positions.size(); ++i) {
        where.push_back((17 * k + 5 * i) % positions[i].size());
        point.push_back({positions[i][where.back()]});
      }
      expect_box(point, where);
    }
    for (std::size_t begin = 0; begin < positions[0].size(); begin += 5) {
      Positions slice = positions;
      const std::size_t end = std::min(begin + 5, positions[0].size());
      slice[0].assign(positions[0].begin() + static_cast<std::ptrdiff_t>(begin),
                      positions[0].begin() + static_cast<std::ptrdiff_t>(end));
      std::vector<std::size_t> where(positions.size(), 0);
      where[0] = begin;
      expect_box(slice, where);
    }
  }
}

TEST(Grid, threads_do_not_change_a_bit) {
  for (const auto& [name, field] : fields()) {
    SCOPED_TRACE(name);
    const Positions positions = fractional(field, side(field.inputs()));
    const std::vector<float> alone = on_grid(field, positions, {.threads = 1});
    for (const int threads : {2, 5}) EXPECT_TRUE(on_grid(field, positions, {.threads = threads}) == alone);
  }
}

// More values than wait for their blend at once: the later group must not disturb what the first one left.
TEST(Grid, of_many_values_is_that_of_small_calls) {
  Field field = tiled_field({some_axis(3, 1), some_axis(2, 2)}, 1, Blend::cubic, Shapes::equal);
  for (std::size_t t = 0; t < field.networks.size(); ++t)
    field.networks[t] = initial_network({.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0, .omega_first = 3},
                                        3, static_cast<std::uint32_t>(t));
  Positions positions(2);
  for (std::size_t i = 0; i < 2; ++i)
    for (int p = 0; p <= 2100; ++p) positions[i].push_back(position_of(field, i, -1 + p / 1050.0));
  const std::vector<float> all = on_grid(field, positions, {.threads = 2});
  GridEvaluator evaluator(field, {.threads = 1});
  std::vector<float> row(2101);
  for (std::size_t y = 0; y <= 2100; y += 50) {
    evaluator(Positions{{positions[0][y]}, positions[1]}, row);
    ASSERT_TRUE(std::ranges::equal(row, std::span(all).subspan(y * 2101, 2101))) << y;
  }
}

/// A sound of 20 million frames: narrow tiles at both ends and one between them, so that a float that holds a time of
/// the whole is off by half a frame.
TEST(Grid, the_end_of_a_long_sound_is_as_exact_as_its_start) {
  constexpr double frames = 20'000'000;
  Field field;
  field.kind = FieldKind::tiles;
  field.axes = {{"time", 2 / (frames - 1), -1}};
  field.channels = {{0.7, 0}};
  const auto x = [&](double frame) { return field.axes[0].scale * frame + field.axes[0].offset; };
  TileAxis axis{.low = x(-0.5), .high = x(frames - 0.5), .cuts = {}, .reach = {}, .half_width = x(120) - x(0)};
  for (const double begin : {0.0, frames - 700})
    for (int cut = begin == 0 ? 1 : 0; cut <= (begin == 0 ? 3 : 2); ++cut)
      axis.cuts.push_back(x(begin + 200 * cut + 50));
  axis.reach.assign(axis.cuts.size(), x(20) - x(0));
  field.tiling.axes = {axis};
  const int tiles = axis.tiles();
  ASSERT_EQ(tiles, 7);
  for (int t = 0; t < tiles; ++t) {
    field.networks.push_back(initial_network(
        {.inputs = 1, .outputs = 1, .width = 12, .hidden_layers = 1, .omega_first = 20, .omega_hidden = 10}, 2,
        static_cast<std::uint32_t>(t % 4)));
    field.tiling.normalisation.push_back({0.5, 0.125});
  }
  const auto worst_error = [&](std::int64_t first) {
    const Positions positions{whole_positions(first, 600)};
    const std::vector<float> values = on_grid(field, positions);
    const std::vector<double> expected = by_query(field, positions);
    expect_near(values, expected);
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(values[i]) - expected[i]));
    return worst;
  };
  const double at_start = worst_error(0), at_end = worst_error(20'000'000 - 600);
  EXPECT_LE(at_end, 3 * at_start);
}

TEST(Grid, whole_positions_count_up) {
  EXPECT_THAT(whole_positions(-2, 4), testing::ElementsAre(-2, -1, 0, 1));
  EXPECT_TRUE(whole_positions(5, 0).empty());
}

TEST(Grid, refuses_what_does_not_fit_the_field) {
  const Field field = plain_field(FieldKind::network, 2, 3);
  GridEvaluator evaluator(field);
  std::vector<float> values(18);
  EXPECT_EQ(refusal([&] {
              evaluator(Positions{{0, 1}}, values);
            }),
            "a grid of 1 axes and 18 values for a field of 2 coordinates and 3 outputs");
  EXPECT_THAT(refusal([&] { evaluator(Positions{{0, 1}, {0, 1}}, values); }), testing::HasSubstr("18 values"));
  std::vector<float> none;
  EXPECT_NO_THROW(evaluator(Positions{{}, {0, 1}}, none));
  EXPECT_NO_THROW(evaluator(Positions{{0, 1}, {0, 1, 2}}, values));

  Field tiles = tiled_field(axes_of(2), 2, Blend::quintic, Shapes::equal);
  tiles.networks.pop_back();
  EXPECT_EQ(refusal([&] { GridEvaluator{tiles}; }), "invalid tiles: 19 networks for 20 tiles");
  EXPECT_THAT(refusal([&] { GridEvaluator(field, {.threads = 0}); }), testing::HasSubstr("0 threads"));
}

}  // namespace
}  // namespace sinefield
