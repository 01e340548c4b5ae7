// Which samples a step sees: every sample once per epoch, in an order that is a pure function of seed and epoch.
// `draw_samples` stores nothing of the size of the signal and draws any step without those before it: for one network
// on a large signal. `ShuffledEpochs` keeps the order of one epoch and costs a tenth: for the samples of a tile.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "field/random.h"

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

/// The endless row of epochs again, drawn in order from its beginning.
class ShuffledEpochs {
 public:
  /// Epoch e is a function of size, seed, stream, tensor and e; it takes its words from the sequence of tensor + e and
  /// shuffles the order of the epoch before.
  void start(std::int64_t size, const RandomSequence&);
  /// The next ones.
  void draw(std::span<std::int32_t> indices);

 private:
  void shuffle();

  std::vector<std::int32_t> order_;
  std::size_t next_ = 0;  // in order_
  RandomSequence sequence_;
};

}  // namespace sinefield::train
