// The greedy plan, with a heap of promises.
// SPDX-License-Identifier: MIT
#include "train/tile_plan.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "train/schedule.h"

namespace sinefield::train {
namespace {

/// A shorter cycle than this at the end of a budget is not worth its restart.
constexpr std::int64_t least_length = 50;
/// A cycle that did nothing may have been bad luck, and one that did wonders will not do so again.
constexpr double least_ratio = 0.1, most_ratio = 0.9;

double ratio_of(const TileProgress& tile) { return std::clamp(tile.ratio, least_ratio, most_ratio); }

}  // namespace

double mean_error(std::span<const TileProgress> tiles) {
  double sum = 0, weight = 0;
  for (const TileProgress& tile : tiles) {
    sum += tile.window_sum * tile.error;
    weight += tile.window_sum;
  }
  return weight == 0 ? 0 : sum / weight;
}

std::int64_t next_length(const TileProgress& tile, const TileBudget& budget) {
  if (tile.flat()) return 0;
  if (budget.steps) return tile.steps >= *budget.steps ? 0 : cycle_length(tile.cycles, tile.steps, *budget.steps);
  return cycle_length(tile.cycles);
}

std::vector<TileCycle> plan_round(std::span<const TileProgress> tiles, const TileBudget& budget) {
  std::vector<TileCycle> cycles;
  const auto take = [&](std::size_t tile) {
    cycles.push_back({static_cast<std::int64_t>(tile), next_length(tiles[tile], budget)});
  };
  if (budget.steps || (!budget.total_steps && !budget.error)) {
    for (std::size_t t = 0; t < tiles.size(); ++t)
      if (next_length(tiles[t], budget) > 0 && (!budget.error || mean_error(tiles) > *budget.error)) take(t);
  } else {
    struct Promise {
      double fall_per_step;
      std::size_t tile;
      bool operator<(const Promise& other) const {
        return std::tie(fall_per_step, other.tile) < std::tie(other.fall_per_step, tile);
      }
    };
    std::vector<TileProgress> ahead(tiles.begin(), tiles.end());
    const auto promise = [&](std::size_t t) {
      const TileProgress& tile = ahead[t];
      const auto length = static_cast<double>(next_length(tile, budget));
      return Promise{tile.window_sum * tile.error * (1 - ratio_of(tile)) / length, t};
    };
    std::priority_queue<Promise> promises;
    double weight = 0, sum = 0;
    std::int64_t done = 0;
    for (std::size_t t = 0; t < tiles.size(); ++t) {
      weight += tiles[t].window_sum;
      sum += tiles[t].window_sum * tiles[t].error;
      done += tiles[t].steps;
      if (!tiles[t].flat()) promises.push(promise(t));
    }
    std::vector<std::int64_t> lengths(tiles.size(), 0);  // of the first cycle that a tile would get
    constexpr int last_cycle = 30;  // far beyond any budget: ends a plan for an error that is out of reach
    while (!promises.empty() && (!budget.error || sum > *budget.error * weight)) {
      const std::size_t t = promises.top().tile;
      promises.pop();
      TileProgress& tile = ahead[t];
      std::int64_t length = next_length(tile, budget);
      if (tile.cycles > last_cycle) continue;
      if (budget.total_steps && done + length > *budget.total_steps) {
        length = *budget.total_steps - done;
        if (length < least_length) continue;
      }
      if (lengths[t] == 0) lengths[t] = length;
      done += length;
      sum -= tile.window_sum * tile.error * (1 - ratio_of(tile));
      tile.error *= ratio_of(tile);
      tile.steps += length;
      ++tile.cycles;
      promises.push(promise(t));
    }
    for (std::size_t t = 0; t < tiles.size(); ++t)
      if (lengths[t] > 0) cycles.push_back({static_cast<std::int64_t>(t), lengths[t]});
  }
  std::ranges::sort(cycles, [](const TileCycle& a, const TileCycle& b) {
    return std::tuple(-a.length, a.tile) < std::tuple(-b.length, b.tile);
  });
  return cycles;
}

}  // namespace sinefield::train
