// The learning rate of a step.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "sinefield/fit.h"

namespace sinefield::train {

/// Rate of step `step` (from 0) of a schedule over `horizon` steps: cosine is peak (1 + cos(pi (step + 1/2) / horizon))
/// / 2.
double learning_rate(Schedule, double peak, std::int64_t step, std::int64_t horizon);

}  // namespace sinefield::train
