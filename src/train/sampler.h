// Which samples a step sees: every sample once per epoch, in an order that is a pure function of seed and epoch.
// Nothing of the size of the signal is stored, and any step can be drawn without those before it.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace sinefield::train {

/// A bijection of 0 .. size - 1, chosen by seed and epoch: a Feistel network on the next even power of two, walked
/// along its cycle until it falls inside (Black and Rogaway 2002).
class Permutation {
 public:
  Permutation(std::int64_t size, std::uint64_t seed, std::int64_t epoch);
  std::int64_t operator()(std::int64_t i) const;

 private:
  std::uint64_t size_;
  int half_bits_;
  std::array<std::uint32_t, 4> keys_;
};

/// Draws the samples of step `step`: positions step * batch .. of the endless row of epochs.
void draw_samples(std::int64_t size, std::uint64_t seed, std::int64_t step, std::span<std::int64_t> indices);

}  // namespace sinefield::train
