// The inverse of the normal distribution, by arithmetic and square roots alone, so that the same draw is the same
// number on every machine.
// Wichura 1988, "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16: relative error 1e-16.
// SPDX-License-Identifier: MIT
#pragma once

namespace sinefield {

/// x with P(X <= x) = p for a standard normal X, 0 < p < 1.
double normal_quantile(double p);

}  // namespace sinefield
