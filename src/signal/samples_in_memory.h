// Samples that somebody else holds in memory, and memory for those of others.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "signal/boxes.h"
#include "sinefield/signal.h"

namespace sinefield {

/// Row-major, the channels of a point together.
class SamplesInMemory final : public Samples {
 public:
  SamplesInMemory(std::vector<std::int64_t> sizes, int channels, std::span<const float> samples)
      : Samples(std::move(sizes), channels), samples_(samples) {}

  void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const override {
    for_runs(sizes(), channels(), first, count, [&](std::int64_t start, std::int64_t length) {
      out = std::copy_n(samples_.begin() + start, length, out);
    });
  }
  void read_point(std::int64_t index, float* out) const override {
    std::copy_n(samples_.begin() + index * channels(), channels(), out);
  }

 private:
  std::span<const float> samples_;
};

/// All samples, row-major, the channels of a point together.
inline std::vector<float> read_all(const Samples& samples) {
  const std::vector<std::int64_t> corner(samples.sizes().size(), 0);
  std::vector<float> values(static_cast<std::size_t>(samples.points() * samples.channels()));
  samples.read(corner, samples.sizes(), values.data());
  return values;
}

}  // namespace sinefield
