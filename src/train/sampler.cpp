// The permutation of an epoch.
// SPDX-License-Identifier: MIT
#include "train/sampler.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sinefield::train {
namespace {

/// A good mixing of 32 bits (the finaliser of MurmurHash3).
std::uint32_t mix(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x85eb'ca6bU;
  x = (x ^ (x >> 13)) * 0xc2b2'ae35U;
  return x ^ (x >> 16);
}

}  // namespace

Permutation::Permutation(std::int64_t size, std::uint64_t seed, std::int64_t epoch)
    : size_(static_cast<std::uint64_t>(size)), half_bits_(1) {
  while ((std::uint64_t{1} << (2 * half_bits_)) < size_) ++half_bits_;
  keys_ = random_block({.seed = seed, .stream = sampler_streams, .tensor = 0}, static_cast<std::uint64_t>(epoch));
}

std::int64_t Permutation::operator()(std::int64_t i) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  auto x = static_cast<std::uint64_t>(i);
  do {
    std::uint64_t left = x >> half_bits_, right = x & mask;
    for (const std::uint32_t key : keys_) {
      const std::uint64_t swapped = left ^ (mix(static_cast<std::uint32_t>(right) ^ key) & mask);
      left = right;
      right = swapped;
    }
    x = left << half_bits_ | right;
  } while (x >= size_);
  return static_cast<std::int64_t>(x);
}

void draw_samples(std::int64_t size, std::uint64_t seed, std::int64_t step, std::span<std::int64_t> indices) {
  std::int64_t position = step * static_cast<std::int64_t>(indices.size()), epoch = position / size;
  Permutation order(size, seed, epoch);
  for (std::int64_t& index : indices) {
    if (position / size != epoch) order = Permutation(size, seed, epoch = position / size);
    index = order(position % size);
    ++position;
  }
}

void ShuffledEpochs::start(std::int64_t size, const RandomSequence& sequence) {
  order_.resize(static_cast<std::size_t>(size));
  std::iota(order_.begin(), order_.end(), 0);
  sequence_ = sequence;
  shuffle();
}

// Fisher and Yates; a word times a bound, shifted: biased by less than 2^-32 of it.
void ShuffledEpochs::shuffle() {
  std::array<std::uint32_t, 4> words{};
  for (std::size_t last = order_.size(), drawn = 0; last-- > 1; ++drawn) {
    if (drawn % 4 == 0) words = random_block(sequence_, drawn / 4);
    const std::uint64_t chosen = (std::uint64_t{words[drawn % 4]} * (last + 1)) >> 32;
    std::swap(order_[last], order_[chosen]);
  }
  ++sequence_.tensor;
  next_ = 0;
}

void ShuffledEpochs::draw(std::span<std::int32_t> indices) {
  for (std::size_t filled = 0; filled < indices.size();) {
    if (next_ == order_.size()) shuffle();
    const std::size_t count = std::min(indices.size() - filled, order_.size() - next_);
    std::copy_n(order_.begin() + static_cast<std::ptrdiff_t>(next_), count,
                indices.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += count;
    next_ += count;
  }
}

}  // namespace sinefield::train
