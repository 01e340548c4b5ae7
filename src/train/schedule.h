// The learning rate of a step, and the cycles of a network that decays more than once.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "sinefield/fit.h"

namespace sinefield::train {

/// The first horizon / hold_share steps (rounded down) of every run go at the full rate.
inline constexpr std::int64_t hold_share = 8;

/// Rate of step `step` (from 0) of a schedule over `horizon` >= 1 steps. Cosine: the peak while it holds,
/// then peak (1 + cos(pi (k + 1/2) / n)) / 2 for step k of the remaining n; 0 beyond the horizon.
double learning_rate(Schedule, double peak, std::int64_t step, std::int64_t horizon);

/// The cycles of Schedule::restarts: a network may stop at the end of any of them, never within. Cycle k has 100 x 2^k
/// steps.
std::int64_t cycle_length(int cycle);

/// Length of the next cycle of a network that has done `done` of `wanted` steps in `cycle` cycles, so that they come
/// out even: the last one takes what remains, or up to half as much again as its own length.
std::int64_t cycle_length(int cycle, std::int64_t done, std::int64_t wanted);

/// Rate of step `step` (from 0) of a cycle: from peak 0.7^cycle down to zero along a line.
double cycle_rate(double peak, int cycle, std::int64_t step, std::int64_t length);

}  // namespace sinefield::train
