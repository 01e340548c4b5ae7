// Random numbers that are a pure function of where they are used: Philox4x32-10 (Salmon et al. 2011, from Random123) in
// counter mode. The same on every machine, for any number of threads, with nothing to store or to resume.
// Counter (index/4 low, index/4 high, tensor, stream), key = seed. Streams below 2^31 belong to the networks of a field
// (initialisation); samplers take streams from `sampler_streams` up and count `tensor` as they like (a step, say).
// SPDX-License-Identifier: MIT
#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace sinefield {

inline constexpr std::uint32_t sampler_streams = 0x8000'0000U;

/// Names one endless sequence of 32-bit words.
struct RandomSequence {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint32_t tensor = 0;
};

/// Words 4 block .. 4 block + 3 of the sequence, from one call of the generator.
inline std::array<std::uint32_t, 4> random_block(const RandomSequence& sequence, std::uint64_t block) {
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), sequence.tensor, sequence.stream}};
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(sequence.seed), static_cast<std::uint32_t>(sequence.seed >> 32)}};
  const auto words = r123::Philox4x32()(counter, key);
  return {words[0], words[1], words[2], words[3]};
}

/// Word `index` of the sequence. Where many are wanted in order, `random_block` does a quarter of the work.
inline std::uint32_t random_word(const RandomSequence& sequence, std::uint64_t index) {
  return random_block(sequence, index / 4)[index % 4];
}

/// Uniform in [0, 1), a multiple of 2^-24: the top 24 bits of the word.
inline float uniform_float(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

/// Uniform in [0, 1), a multiple of 2^-53: 32 bits of `high`, 21 of `low`.
inline double uniform_double(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// Uniform in [-bound, bound). Every step but the last product is exact, so no compiler's contraction changes a bit.
inline float uniform_within(float bound, std::uint32_t word) { return (uniform_float(word) * 2.0F - 1.0F) * bound; }

}  // namespace sinefield
