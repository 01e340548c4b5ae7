// The learning rate of a step, by our own cosine: the same bits with every libm.
// SPDX-License-Identifier: MIT
#include "train/schedule.h"

#include <algorithm>
#include <numbers>

#include "simd/sincos.h"
#include "sinefield/error.h"

namespace sinefield::train {

double learning_rate(Schedule schedule, double peak, std::int64_t step, std::int64_t horizon) {
  if (schedule == Schedule::constant) return peak;
  if (schedule == Schedule::restarts)
    throw bad_input("restarts are a schedule of tiles", "give --tiles, or a recipe of one network");
  const std::int64_t hold = horizon / hold_share;
  if (step < hold) return peak;
  const double done = std::min(1.0, (static_cast<double>(step - hold) + 0.5) / static_cast<double>(horizon - hold));
  double angle = std::numbers::pi * done, sine = 0, cosine = 0;
  simd::sincos<double>(Isa::scalar, {&angle, 1}, {&sine, 1}, {&cosine, 1});
  return peak * (1 + cosine) / 2;
}

std::int64_t cycle_length(int cycle) { return std::int64_t{100} << std::min(cycle, 40); }

std::int64_t cycle_length(int cycle, std::int64_t done, std::int64_t wanted) {
  const std::int64_t length = cycle_length(cycle), left = wanted - done;
  return left <= length + length / 2 ? left : length;
}

double cycle_rate(double peak, int cycle, std::int64_t step, std::int64_t length) {
  for (int k = 0; k < cycle; ++k) peak *= 0.7;
  return peak * (1 - (static_cast<double>(step) + 0.5) / static_cast<double>(length));
}

}  // namespace sinefield::train
