// Who trains next: which tiles take a cycle in the coming round, so that steps go where they bring most. Everything
// here is a pure function of the tiles' errors and of budgets counted in steps; nothing knows the time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace sinefield::train {

/// What the plan knows of a tile.
struct TileProgress {
  double window_sum = 0;  ///< samples that it stands for in the blend; 0: nothing to learn
  double variance = 0;    ///< of its targets: the error of its mean alone
  double error = 0;       ///< mean squared error, weighted by the window, in raw outputs of the field
  double ratio = 0.3;     ///< of its error after its last cycle to that before
  double lr_scale = 1;    ///< halved where the tile was stuck
  int cycles = 0;         ///< done; they set the length and the peak of the next one
  int attempts = 0;       ///< initialisations so far that came to nothing
  std::int64_t steps = 0;

  bool flat() const { return window_sum == 0 || variance == 0; }
};

/// Mean squared error of the blended signal as its tiles have it. Blending makes it smaller.
double mean_error(std::span<const TileProgress>);

struct TileBudget {
  std::optional<std::int64_t> steps;        ///< of every tile
  std::optional<std::int64_t> total_steps;  ///< of all together, those done included
  std::optional<double> error;              ///< the mean error at which the run may end
};

/// One cycle of one tile.
struct TileCycle {
  std::int64_t tile, length;
};

/// The next cycle of a tile within a budget; 0 where it has had its steps.
std::int64_t next_length(const TileProgress&, const TileBudget&);

/// The cycles of the next round, the longest first, then by tile; empty where the budget is used up or reached.
/// With `steps`: every tile that has some left. Else the tiles that would get a cycle if the rest of the budget were
/// given away cycle by cycle to the one that promises the largest fall of the error for a step, each cycle taken to
/// reduce the error as the last one did, until the budget is used up or the error reached; the last cycles of a budget
/// are cut to what is left of it.
std::vector<TileCycle> plan_round(std::span<const TileProgress>, const TileBudget&);

}  // namespace sinefield::train
