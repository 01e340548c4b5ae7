// The permutation of an epoch.
// SPDX-License-Identifier: MIT
#include "train/sampler.h"

#include "field/random.h"

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

}  // namespace sinefield::train
