// The vector sine and cosine against long double (for double) and double (for float): the bounds that sincos.h states,
// over every exponent, around every multiple of pi/2 in range, and at random bit patterns.
// SPDX-License-Identifier: MIT
#include "simd/sincos.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <numbers>
#include <random>
#include <type_traits>
#include <vector>

#include "engine_samples.h"

namespace sinefield::simd {
namespace {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
Bits<T> bits(T x) {
  return std::bit_cast<Bits<T>>(x);
}

/// One precision more than T.
template <class T>
using Exact = std::conditional_t<sizeof(T) == 4, double, long double>;

template <class T>
std::vector<T> arguments() {
  constexpr T range = static_cast<T>(sincos_range), infinity = std::numeric_limits<T>::infinity();
  std::vector<T> x = {T{0}, -T{0}, range, -range, std::nextafter(range, T{0}), -std::nextafter(range, T{0})};
  const auto both_signs = [&x](T value) {
    if (!(std::abs(value) <= range)) return;
    x.push_back(value);
    x.push_back(-value);
  };
  std::mt19937_64 random(1);
  // Every exponent, denormal numbers included, with its first, last and some random fractions.
  constexpr int fraction = std::numeric_limits<T>::digits - 1;
  for (Bits<T> exponent = 0; exponent <= bits(range) >> fraction; ++exponent) {
    const Bits<T> first = exponent << fraction, mask = (Bits<T>{1} << fraction) - 1;
    both_signs(std::bit_cast<T>(first));
    both_signs(std::bit_cast<T>(first | mask));
    for (int i = 0; i < 200; ++i) both_signs(std::bit_cast<T>(first | (static_cast<Bits<T>>(random()) & mask)));
  }
  // Random patterns of all bits in range, and random numbers of the size that phases have.
  for (int i = 0; i < 60'000; ++i) both_signs(std::bit_cast<T>(static_cast<Bits<T>>(random()) % (bits(range) + 1)));
  for (int i = 0; i < 60'000; ++i) both_signs(static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-53 * 100));
  for (int i = 0; i < 60'000; ++i) both_signs(static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-53 * range));
  // Zeros and extrema, and where the quotient of the reduction rounds one way or the other, with their neighbours.
  for (int k = 1; k * std::numbers::pi / 2 <= range; ++k) {
    const auto multiple = static_cast<T>(k * (std::numbers::pi_v<long double> / 2));
    both_signs(multiple);
    both_signs(std::nextafter(multiple, infinity));
    both_signs(std::nextafter(multiple, -infinity));
  }
  return x;
}

template <class T>
class Sincos : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Sincos, Precisions);

TYPED_TEST(Sincos, errors_stay_below_the_stated_bound) {
  using T = TypeParam;
  const std::vector<T> x = arguments<T>();
  std::vector<Exact<T>> exact_sine, exact_cosine;
  for (const T value : x) {
    exact_sine.push_back(std::sin(static_cast<Exact<T>>(value)));
    exact_cosine.push_back(std::cos(static_cast<Exact<T>>(value)));
  }
  std::vector<T> sine(x.size()), cosine(x.size());
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    sincos<T>(isa, x, sine, cosine);
    double worst[2] = {};
    T at[2] = {};
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double error[2] = {static_cast<double>(std::abs(sine[i] - exact_sine[i])),
                               static_cast<double>(std::abs(cosine[i] - exact_cosine[i]))};
      for (int f = 0; f < 2; ++f)
        if (!(error[f] <= worst[f])) worst[f] = error[f], at[f] = x[i];
    }
    EXPECT_LE(worst[0], sincos_bound<T>) << "sine of " << at[0];
    EXPECT_LE(worst[1], sincos_bound<T>) << "cosine of " << at[1];
    std::cout << isa_name(isa) << ", " << x.size() << " arguments: worst error of the sine " << worst[0] << ", of the "
              << "cosine " << worst[1] << ", bound " << sincos_bound<T> << "\n";
  }
}

TYPED_TEST(Sincos, zero_is_exact_and_small_arguments_are_their_own_sines) {
  using T = TypeParam;
  const T tiny = std::numeric_limits<T>::min();
  const std::vector<T> x = {T{0}, -T{0}, tiny, -tiny, tiny / 16, T{1e-12f}};
  std::vector<T> sine(x.size()), cosine(x.size());
  for (const Isa isa : available_isas()) {
    sincos<T>(isa, x, sine, cosine);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(sine[i], x[i]) << isa_name(isa);
      EXPECT_EQ(cosine[i], T{1}) << isa_name(isa);
    }
  }
}

TYPED_TEST(Sincos, arguments_out_of_range_stay_tame) {
  using T = TypeParam;
  std::vector<T> x;
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i)
    x.push_back(static_cast<T>((static_cast<double>(random() >> 11) * 0x1p-52 - 1) * 1e6));
  std::vector<T> sine(x.size()), cosine(x.size());
  for (const Isa isa : available_isas()) {
    sincos<T>(isa, x, sine, cosine);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_LE(std::abs(sine[i]), T{1.01f}) << isa_name(isa) << ": sine of " << x[i];
      EXPECT_LE(std::abs(cosine[i]), T{1.01f}) << isa_name(isa) << ": cosine of " << x[i];
    }
  }
}

TYPED_TEST(Sincos, every_length_gives_the_bits_of_single_elements_and_writes_no_further) {
  using T = TypeParam;
  const T untouched = T{7};
  const std::vector<T> x = as<T>(some_numbers(41, 50, 3));
  for (const Isa isa : available_isas()) {
    std::vector<T> one_sine(x.size()), one_cosine(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      sincos<T>(isa, std::span(x).subspan(i, 1), std::span(one_sine).subspan(i, 1),
                std::span(one_cosine).subspan(i, 1));
    for (std::size_t length = 0; length <= 40; ++length) {
      std::vector<T> sine(x.size(), untouched), cosine(x.size(), untouched);
      sincos<T>(isa, std::span(x).first(length), std::span(sine).first(length), std::span(cosine).first(length));
      for (std::size_t i = 0; i < x.size(); ++i) {
        EXPECT_EQ(bits(sine[i]), bits(i < length ? one_sine[i] : untouched)) << isa_name(isa) << ", length " << length;
        EXPECT_EQ(bits(cosine[i]), bits(i < length ? one_cosine[i] : untouched))
            << isa_name(isa) << ", length " << length;
      }
    }
  }
}

TYPED_TEST(Sincos, either_output_may_take_the_place_of_the_argument) {
  using T = TypeParam;
  for (const Isa isa : available_isas())
    for (const std::int64_t length : {1, 2, 3, 15, 16, 33, 40}) {
      const std::vector<T> x = as<T>(some_numbers(length, 50, 4));
      std::vector<T> sine(x.size()), cosine(x.size()), in_place = x, other(x.size());
      sincos<T>(isa, x, sine, cosine);
      sincos<T>(isa, in_place, in_place, other);
      EXPECT_EQ(in_place, sine) << isa_name(isa) << ", length " << length;
      EXPECT_EQ(other, cosine) << isa_name(isa) << ", length " << length;
      in_place = x;
      sincos<T>(isa, in_place, other, in_place);
      EXPECT_EQ(other, sine) << isa_name(isa) << ", length " << length;
      EXPECT_EQ(in_place, cosine) << isa_name(isa) << ", length " << length;
    }
}

TEST(PeakGflops, is_a_plausible_speed) {
  for (const Isa isa : available_isas()) {
    EXPECT_GT(peak_gflops<float>(isa), 0.01) << isa_name(isa);
    EXPECT_LT(peak_gflops<double>(isa), 1e4) << isa_name(isa);
  }
}

}  // namespace
}  // namespace sinefield::simd
