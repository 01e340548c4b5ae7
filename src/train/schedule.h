// The learning rate of a step.
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

}  // namespace sinefield::train
