// The learning rate of a step, by our own cosine: the same bits with every libm.
// SPDX-License-Identifier: MIT
#include "train/schedule.h"

#include <algorithm>
#include <numbers>

#include "simd/sincos.h"

namespace sinefield::train {

double learning_rate(Schedule schedule, double peak, std::int64_t step, std::int64_t horizon) {
  if (schedule == Schedule::constant) return peak;
  const std::int64_t hold = horizon / hold_share;
  if (step < hold) return peak;
  const double done = std::min(1.0, (static_cast<double>(step - hold) + 0.5) / static_cast<double>(horizon - hold));
  double angle = std::numbers::pi * done, sine = 0, cosine = 0;
  simd::sincos<double>(Isa::scalar, {&angle, 1}, {&sine, 1}, {&cosine, 1});
  return peak * (1 + cosine) / 2;
}

}  // namespace sinefield::train
