// Boxes of a row-major grid as the runs of samples that lie together in memory or in a file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "field/indices.h"

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
  std::int64_t begin = first[axis] * strides[axis];
  for (std::size_t i = 0; i < axis; ++i) begin += first[i] * strides[i];
  if (length == 0) return;
  for_each_index(count.first(axis), [&](std::span<const std::int64_t> at) {
    std::int64_t start = begin;
    for (std::size_t i = 0; i < axis; ++i) start += at[i] * strides[i];
    use(start, length);
  });
}

}  // namespace sinefield
