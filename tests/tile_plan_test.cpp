// Which tiles train next, for every kind of budget; plans followed to their end on tiles whose errors fall as a formula
// says.
// SPDX-License-Identifier: MIT
#include "train/tile_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "train/schedule.h"

namespace sinefield::train {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TileProgress tile(double window_sum, double error, double ratio, int cycles = 0) {
  TileProgress progress;
  progress.window_sum = window_sum;
  progress.variance = 4;
  progress.error = error;
  progress.ratio = ratio;
  progress.cycles = cycles;
  for (int cycle = 0; cycle < cycles; ++cycle) progress.steps += cycle_length(cycle);
  return progress;
}

/// (tile, length) of each cycle, in order.
std::vector<std::pair<std::int64_t, std::int64_t>> round_of(const std::vector<TileProgress>& tiles,
                                                            const TileBudget& budget) {
  std::vector<std::pair<std::int64_t, std::int64_t>> cycles;
  for (const TileCycle& cycle : plan_round(tiles, budget)) cycles.emplace_back(cycle.tile, cycle.length);
  return cycles;
}

/// As a run does it: every cycle of a round multiplies its tile's error by `ratio`.
void follow(std::vector<TileProgress>& tiles, const std::vector<TileCycle>& cycles) {
  for (const TileCycle& cycle : cycles) {
    TileProgress& trained = tiles[static_cast<std::size_t>(cycle.tile)];
    trained.error *= trained.ratio;
    trained.steps += cycle.length;
    ++trained.cycles;
  }
}

std::int64_t steps_of(const std::vector<TileProgress>& tiles) {
  std::int64_t sum = 0;
  for (const TileProgress& one : tiles) sum += one.steps;
  return sum;
}

std::vector<TileProgress> some_tiles(int count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> share(0, 1);
  std::vector<TileProgress> tiles;
  for (int t = 0; t < count; ++t) tiles.push_back(tile(10 + 90 * share(random), share(random), share(random)));
  return tiles;
}

TEST(MeanError, counts_every_tile_by_its_window) {
  EXPECT_DOUBLE_EQ(mean_error(std::vector{tile(30, 0.5, 0.3), tile(10, 0.1, 0.3)}), 0.4);
  EXPECT_EQ(mean_error(std::vector{tile(0, 3, 0.3)}), 0) << "nothing stands for no pixel";
}

TEST(PlanRound, with_steps_every_tile_gets_them) {
  for (const std::int64_t steps : {1, 99, 100, 150, 151, 300, 1000, 4321}) {
    std::vector<TileProgress> tiles = some_tiles(7, 1);
    for (int round = 0; round < 100; ++round) {
      const std::vector<TileCycle> cycles = plan_round(tiles, {.steps = steps, .total_steps = {}, .error = {}});
      if (cycles.empty()) break;
      EXPECT_EQ(cycles.size(), 7U);
      follow(tiles, cycles);
    }
    for (const TileProgress& trained : tiles) EXPECT_EQ(trained.steps, steps);
  }
}

TEST(PlanRound, without_any_budget_every_tile_takes_its_next_cycle) {
  EXPECT_THAT(round_of({tile(1, 1, 0.3), tile(1, 1, 0.3, 2), tile(1, 1, 0.3, 1)}, {}),
              ElementsAre(Pair(1, 400), Pair(2, 200), Pair(0, 100)));
}

TEST(PlanRound, goes_from_the_longest_cycle_to_the_shortest_then_by_tile) {
  const std::vector<TileProgress> tiles = {tile(5, 1, 0.3), tile(5, 1, 0.3, 1), tile(5, 1, 0.3, 3), tile(5, 1, 0.3, 1),
                                           tile(5, 1, 0.3)};
  for (const TileBudget& budget : {TileBudget{}, TileBudget{.steps = {}, .total_steps = 1'000'000, .error = {}}})
    EXPECT_THAT(round_of(tiles, budget),
                ElementsAre(Pair(2, 800), Pair(1, 200), Pair(3, 200), Pair(0, 100), Pair(4, 100)));
}

// Tile 0 promises 100 x 1 x 1/2 / 100 = 0.5 a step, tile 1 100 x 0.4 x 0.9 / 100 = 0.36, tile 2 1 x 10 x 1/2 / 100 =
// 0.05. After its cycle tile 0 promises 100 x 0.5 x 1/2 / 200 = 0.125, tile 1 100 x 0.04 x 0.9 / 200 = 0.018.
const std::vector<TileProgress> three = {tile(100, 1, 0.5), tile(100, 0.4, 0.1), tile(1, 10, 0.5)};

TEST(PlanRound, gives_steps_to_those_that_promise_most) {
  const auto planned = [](std::int64_t total) {
    return round_of(three, {.steps = {}, .total_steps = total, .error = {}});
  };
  EXPECT_THAT(planned(49), IsEmpty()) << "not worth a restart";
  EXPECT_THAT(planned(50), ElementsAre(Pair(0, 50)));
  EXPECT_THAT(planned(100), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(planned(149), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(planned(199), ElementsAre(Pair(0, 100), Pair(1, 99))) << "the last one is cut to what is left";
  EXPECT_THAT(planned(300), ElementsAre(Pair(0, 100), Pair(1, 100))) << "half a second cycle of tile 0 is left";
  EXPECT_THAT(planned(400), ElementsAre(Pair(0, 100), Pair(1, 100))) << "the second of tile 0 brings more than tile 2";
  EXPECT_THAT(planned(500), ElementsAre(Pair(0, 100), Pair(1, 100), Pair(2, 100)));
}

TEST(PlanRound, counts_the_steps_that_are_done) {
  std::vector<TileProgress> tiles = three;
  for (TileProgress& one : tiles) one.steps = 700;
  EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 2200, .error = {}}), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 2100, .error = {}}), IsEmpty());
  EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 2149, .error = {}}), IsEmpty());
}

// The mean of the three is (100 + 40 + 10) / 201; the first cycle of tile 0 takes 50 off, that of tile 1 36.
TEST(PlanRound, takes_no_more_than_the_error_asks_for) {
  const auto planned = [](double sum) { return round_of(three, {.steps = {}, .total_steps = {}, .error = sum / 201}); };
  EXPECT_THAT(planned(151), IsEmpty()) << "reached";
  EXPECT_THAT(planned(149), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(planned(101), ElementsAre(Pair(0, 100)));
  EXPECT_THAT(planned(99), ElementsAre(Pair(0, 100), Pair(1, 100)));
  EXPECT_THAT(planned(65), ElementsAre(Pair(0, 100), Pair(1, 100)));
  EXPECT_THAT(planned(63), ElementsAre(Pair(0, 100), Pair(1, 100))) << "tile 0 again, before tile 2";
  EXPECT_THAT(planned(35), ElementsAre(Pair(0, 100), Pair(1, 100), Pair(2, 100)));
}

TEST(PlanRound, takes_nothing_where_the_error_is_reached_whatever_steps_are_left) {
  for (const std::optional<std::int64_t> steps : {std::optional<std::int64_t>(), std::optional<std::int64_t>(500)}) {
    TileBudget budget{.steps = steps, .total_steps = {}, .error = 1};
    if (!steps) budget.total_steps = 10'000;
    EXPECT_THAT(round_of(three, budget), IsEmpty());
    budget.error = 0.1;
    EXPECT_FALSE(round_of(three, budget).empty());
  }
}

TEST(PlanRound, leaves_flat_tiles_alone) {
  std::vector<TileProgress> tiles = three;
  tiles[0].variance = 0;
  tiles[2].window_sum = 0;
  EXPECT_TRUE(tiles[0].flat() && tiles[2].flat() && !tiles[1].flat());
  EXPECT_THAT(round_of(tiles, {}), ElementsAre(Pair(1, 100)));
  EXPECT_THAT(round_of(tiles, {.steps = 50, .total_steps = {}, .error = {}}), ElementsAre(Pair(1, 50)));
  EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 100'000, .error = {}}), ElementsAre(Pair(1, 100)));
  EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = {}, .error = 0}), ElementsAre(Pair(1, 100)));
}

// Errors 1 and 1; the second tile's last cycle did nothing or harm: it still promises a tenth of its error, and is
// worth a try as soon as the first promises less: 0.9 / 100 -> 0.1 x 0.9 / 200 = 0.00045 against 0.1 / 100.
TEST(PlanRound, takes_no_ratio_for_more_than_it_is) {
  for (const double useless : {0.9, 1.0, 5.0})
    for (const double perfect : {0.1, 1e-3, 0.0}) {
      const std::vector<TileProgress> tiles = {tile(1, 1, perfect), tile(1, 1, useless)};
      EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 100, .error = {}}), ElementsAre(Pair(0, 100)));
      EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = 300, .error = {}}),
                  ElementsAre(Pair(0, 100), Pair(1, 100)));
      // Together 2; 0.9 off by the one, 0.1 by the other.
      EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = {}, .error = 1.11 / 2}), ElementsAre(Pair(0, 100)));
      EXPECT_THAT(round_of(tiles, {.steps = {}, .total_steps = {}, .error = 1.09 / 2}),
                  ElementsAre(Pair(0, 100), Pair(1, 100)));
    }
}

TEST(PlanRound, never_goes_beyond_the_total) {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const std::int64_t total : {100, 1234, 10'000, 33'333}) {
      std::vector<TileProgress> tiles = some_tiles(13, seed);
      for (int round = 0;; ++round) {
        ASSERT_LT(round, 100);
        const std::vector<TileCycle> cycles = plan_round(tiles, {.steps = {}, .total_steps = total, .error = {}});
        if (cycles.empty()) break;
        follow(tiles, cycles);
        ASSERT_LE(steps_of(tiles), total);
      }
      EXPECT_GT(steps_of(tiles), total - 100 * (std::int64_t{1} << 10)) << "what is left is shorter than a cycle";
      std::int64_t shortest = total;
      for (const TileProgress& one : tiles) shortest = std::min(shortest, cycle_length(one.cycles));
      EXPECT_GT(steps_of(tiles) + shortest, total);
    }
}

TEST(PlanRound, ends_where_the_error_is_out_of_reach) {
  std::vector<TileProgress> tiles = some_tiles(9, 2);
  EXPECT_EQ(plan_round(tiles, {.steps = {}, .total_steps = {}, .error = 0}).size(), 9U);
  EXPECT_EQ(plan_round(tiles, {.steps = {}, .total_steps = std::int64_t{1} << 60, .error = -1}).size(), 9U);
}

TEST(PlanRound, spends_less_than_equal_shares_for_the_same_error) {
  // One tile in ten is hard.
  std::vector<TileProgress> planned, alike;
  for (int t = 0; t < 20; ++t) planned.push_back(tile(50, t % 10 == 0 ? 1 : 0.01, 0.5));
  alike = planned;
  const double goal = 0.01;
  while (mean_error(planned) > goal)
    follow(planned, plan_round(planned, {.steps = {}, .total_steps = {}, .error = goal}));
  while (mean_error(alike) > goal) follow(alike, plan_round(alike, {}));
  EXPECT_LT(4 * steps_of(planned), steps_of(alike));
}

}  // namespace
}  // namespace sinefield::train
