// Points of the open unit cube, each a pure function of its index: random ones, and evenly spread ones. The latter are
// the R_d sequence of M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences" (2018): multiples of
// (1/phi, .. 1/phi^d), phi^(d+1) = phi + 1, modulo 1.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "field/random.h"
#include "problem/region_shape.h"

namespace sinefield::regions {

/// In (0, 1), exact: the top 52 bits and a half.
inline double open_unit(std::uint64_t bits) { return static_cast<double>(bits >> 12) * 0x1p-52 + 0x1p-53; }

/// Three words of 64 bits from two blocks of the sequence.
inline std::array<std::uint64_t, 3> random_words(const RandomSequence& sequence, std::uint64_t index) {
  const auto a = random_block(sequence, 2 * index), b = random_block(sequence, 2 * index + 1);
  const auto wide = [](std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; };
  return {wide(a[0], a[1]), wide(a[2], a[3]), wide(b[0], b[1])};
}

/// All three coordinates.
inline Point random_unit_point(const RandomSequence& sequence, std::uint64_t index) {
  const auto words = random_words(sequence, index);
  return {open_unit(words[0]), open_unit(words[1]), open_unit(words[2])};
}

/// Of a number in [0, 1), in units of 2^-64.
constexpr std::uint64_t fraction(double number) { return static_cast<std::uint64_t>(number * 0x1p64); }

class EvenPoints {
 public:
  /// Of `axes` coordinates, 1 to 3; shifted by any 64-bit fractions.
  EvenPoints(std::size_t axes, const std::array<std::uint64_t, 3>& shift) : steps_(&steps[axes - 1]), shift_(shift) {}

  /// The coordinates beyond `axes` are constant.
  Point at(std::uint64_t index) const {
    Point point{};
    for (std::size_t i = 0; i < 3; ++i) point[i] = open_unit(shift_[i] + (index + 1) * (*steps_)[i]);
    return point;
  }

 private:
  // phi^-1 .. phi^-d for d = 1, 2, 3: phi = 1.618..., 1.3247..., 1.2207...
  static constexpr std::array<std::array<std::uint64_t, 3>, 3> steps = {
      {{fraction(0.6180339887498949), 0, 0},
       {fraction(0.7548776662466927), fraction(0.5698402909980532), 0},
       {fraction(0.8191725133961644), fraction(0.6710436067037892), fraction(0.5497004779019702)}}};

  const std::array<std::uint64_t, 3>* steps_;
  std::array<std::uint64_t, 3> shift_;
};

}  // namespace sinefield::regions
