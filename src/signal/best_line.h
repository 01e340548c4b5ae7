// The best a x + b.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/field.h"

namespace sinefield {

/// Least squares of y = a x + b, from sums over the pairs added. Where x is flat a is 1.
struct BestLine {
  double count = 0, x = 0, y = 0, xx = 0, xy = 0;

  void add(double at, double value) { ++count, x += at, y += value, xx += at * at, xy += at * value; }
  ChannelMap map() const {
    const double spread = xx - x * x / count, slope = spread > 1e-12 * xx ? (xy - x * y / count) / spread : 1;
    return {slope, (y - slope * x) / count};
  }
};

}  // namespace sinefield
