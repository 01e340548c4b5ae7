// All places of a box of any number of axes, in row-major order.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace sinefield {

/// Calls use(place) for all places 0 .. counts[i] - 1 on each axis, the last axis fastest; once where there are no
/// axes, never where a count is 0.
template <class Use>
void for_each_index(std::span<const std::int64_t> counts, const Use& use) {
  if (std::ranges::any_of(counts, [](std::int64_t count) { return count < 1; })) return;
  std::vector<std::int64_t> at(counts.size(), 0);
  for (;;) {
    use(std::span<const std::int64_t>(at));
    std::size_t axis = counts.size();
    for (; axis > 0; --axis) {
      if (++at[axis - 1] < counts[axis - 1]) break;
      at[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

}  // namespace sinefield
