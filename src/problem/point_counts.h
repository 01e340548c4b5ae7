// What the drawing of points of regions and of their boundaries shares: limits, streams of random numbers, trying until
// enough is found.
// SPDX-License-Identifier: MIT
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <vector>

#include "field/random.h"
#include "problem/region_shape.h"
#include "sinefield/error.h"

namespace sinefield::regions {

inline constexpr std::int64_t most_points = 1'000'000'000;
inline constexpr double most_tries = 1e5;  // for a point

// Apart from the streams of the samplers of fits.
inline constexpr std::uint32_t interior_stream = sampler_streams + 0x7000'0000U;
inline constexpr std::uint32_t boundary_stream = interior_stream + 1;  // tensor = piece
inline constexpr std::uint32_t ring_stream = interior_stream + 2;

inline void check_count(std::int64_t n) {
  if (n < 1 || n > most_points) throw bad_input(fmt::format("{} points, expected 1 to {}", n, most_points));
}

inline void append(const Point& point, std::size_t axes, std::vector<double>& numbers) {
  numbers.insert(numbers.end(), point.begin(), point.begin() + static_cast<std::ptrdiff_t>(axes));
}

/// Calls attempt(0), attempt(1), ... until n of them were true; false where they are too rare.
template <class Attempt>
bool found(std::int64_t n, const Attempt& attempt) {
  std::int64_t hits = 0;
  for (std::uint64_t i = 0; hits < n; ++i) {
    if (attempt(i)) ++hits;
    if (static_cast<double>(i) > most_tries * static_cast<double>(hits + 1)) return false;
  }
  return true;
}

}  // namespace sinefield::regions
