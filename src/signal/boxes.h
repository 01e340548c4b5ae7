// Boxes of a row-major grid as the runs of samples that lie together in memory or in a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sinefield {

/// Calls use(start, length) for the runs of a box in order: elements of an array of `sizes`, row-major, with `channels`
/// elements a point.
template <class Use>
void for_runs(std::span<const std::int64_t> sizes, int channels, std::span<const std::int64_t> first,
              std::span<const std::int64_t> count, const Use& use) {
  // Trailing axes that the box takes whole make one run with the axis before them.
  std::size_t axis = sizes.size() - 1;
  std::int64_t length = count[axis] * channels, stride = channels;  // of an element of `axis`
  while (axis > 0 && count[axis] == sizes[axis]) {
    stride *= sizes[axis];
    --axis;
    length *= count[axis];
  }
  std::vector<std::int64_t> strides(axis + 1, stride);
  for (std::size_t i = axis; i-- > 0;) strides[i] = strides[i + 1] * sizes[i + 1];
  std::int64_t start = 0;
  for (std::size_t i = 0; i <= axis; ++i) {
    if (count[i] == 0) return;
    start += first[i] * strides[i];
  }
  std::vector<std::int64_t> at(axis, 0);
  for (;;) {
    use(start, length);
    std::size_t i = axis;
    for (;;) {
      if (i == 0) return;
      --i;
      start += strides[i];
      if (++at[i] < count[i]) break;
      start -= count[i] * strides[i];
      at[i] = 0;
    }
  }
}

}  // namespace sinefield
