// Elementary functions of arrays against long double (for double) and double (for float): the bounds that elementary.h
// states at random bit patterns and where the functions change most, and their special values.
// SPDX-License-Identifier: MIT
#include "simd/elementary.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "engine_samples.h"
#include "simd/sincos.h"

namespace sinefield::simd {
namespace {

using enum Elementary;

constexpr std::array functions = {exp, log, sin, cos, tanh, asin, acos, atan};
constexpr std::array names = {"exp", "log", "sin", "cos", "tanh", "asin", "acos", "atan"};

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// One precision more than T.
template <class T>
using Exact = std::conditional_t<sizeof(T) == 4, double, long double>;

template <class X>
X standard(Elementary function, X x) {
  switch (function) {
    case exp:
      return std::exp(x);
    case log:
      return std::log(x);
    case sin:
      return std::sin(x);
    case cos:
      return std::cos(x);
    case tanh:
      return std::tanh(x);
    case asin:
      return std::asin(x);
    case acos:
      return std::acos(x);
    case atan:
      return std::atan(x);
  }
  return 0;
}

template <class T>
std::vector<T> arguments() {
  std::mt19937_64 random(1);
  std::vector<T> x;
  for (int i = 0; i < 100'000; ++i) x.push_back(std::bit_cast<T>(static_cast<Bits<T>>(random())));
  for (int i = 0; i < 20'000; ++i) {
    const double unit = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
    // Where the results are denormal numbers and where they are largest; about 0, about 1 from both sides, within 1.
    for (const double scale : {1.0, 10.0, 100.0, 750.0}) x.push_back(static_cast<T>(unit * scale));
    x.push_back(static_cast<T>(1 + unit / 10));
    x.push_back(static_cast<T>(std::copysign(1 - std::ldexp(std::abs(unit), -static_cast<int>(random() % 50)), unit)));
  }
  return x;
}

template <class T>
std::vector<T> of(Isa isa, Elementary function, const std::vector<T>& x) {
  std::vector<T> y(x.size());
  elementary<T>(isa, function, x, y);
  return y;
}

template <class T>
T of(Isa isa, Elementary function, T x) {
  return of(isa, function, std::vector<T>{x}).front();
}

/// In units in the last place of the result.
template <class T>
double error_in_ulps(T result, Exact<T> exact) {
  const T size = std::max(static_cast<T>(std::abs(exact)), std::numeric_limits<T>::min());
  const T below = std::nextafter(size, T{0}), ulp = size - below;
  return static_cast<double>(std::abs(result - exact) / ulp);
}

template <class T>
class ElementaryFunctions : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(ElementaryFunctions, Precisions);

TYPED_TEST(ElementaryFunctions, errors_stay_below_the_stated_bounds) {
  using T = TypeParam;
  const std::vector<T> x = arguments<T>();
  for (const Elementary function : functions) {
    const char* const name = names[static_cast<std::size_t>(function)];
    const bool absolute = function == sin || function == cos;
    std::vector<Exact<T>> exact;
    for (const T value : x) exact.push_back(standard<Exact<T>>(function, value));
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(std::string(isa_name(isa)) + " " + name);
      const std::vector<T> y = of(isa, function, x);
      double worst = 0;
      T at = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto rounded = static_cast<T>(exact[i]);
        if (!std::isfinite(rounded)) {
          if (std::isnan(rounded))
            EXPECT_TRUE(std::isnan(y[i])) << x[i];
          else
            EXPECT_EQ(y[i], rounded) << x[i];
          continue;
        }
        const double error =
            absolute ? static_cast<double>(std::abs(y[i] - exact[i])) : error_in_ulps<T>(y[i], exact[i]);
        if (!(error <= worst)) worst = error, at = x[i];
      }
      EXPECT_LE(worst, absolute ? sincos_bound<T> : elementary_ulps) << "at " << at;
      std::cout << isa_name(isa) << " " << name << ": worst error " << worst << (absolute ? "" : " ulps") << " at "
                << at << "\n";
    }
  }
}

TYPED_TEST(ElementaryFunctions, special_values_are_those_of_the_header) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  const T infinity = Limits::infinity(), nan = Limits::quiet_NaN(), above_one = std::nextafter(T{1}, T{2});
  const auto is_nan = [](T y) { return std::isnan(y); };
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    for (const Elementary function : functions) EXPECT_PRED1(is_nan, of(isa, function, nan));
    EXPECT_EQ(of(isa, exp, T{0}), T{1});
    EXPECT_EQ(of(isa, exp, infinity), infinity);
    EXPECT_EQ(of(isa, exp, -infinity), T{0});
    EXPECT_EQ(of(isa, exp, Limits::max()), infinity);
    EXPECT_EQ(of(isa, exp, Limits::lowest()), T{0});
    EXPECT_EQ(of(isa, exp, T{-760}), T{0}) << "below the smallest denormal number";
    EXPECT_EQ(of(isa, log, T{1}), T{0});
    EXPECT_EQ(of(isa, log, T{0}), -infinity);
    EXPECT_EQ(of(isa, log, -T{0}), -infinity);
    EXPECT_EQ(of(isa, log, infinity), infinity);
    for (const T x : {T{-1}, -Limits::denorm_min(), -infinity}) EXPECT_PRED1(is_nan, of(isa, log, x));
    for (const Elementary function : {sin, cos}) {
      EXPECT_PRED1(is_nan, of(isa, function, infinity));
      EXPECT_PRED1(is_nan, of(isa, function, -infinity));
    }
    EXPECT_EQ(of(isa, cos, T{0}), T{1});
    for (const Elementary function : {asin, acos})
      for (const T x : {above_one, -above_one, T{2}, infinity, -infinity}) EXPECT_PRED1(is_nan, of(isa, function, x));
    EXPECT_EQ(of(isa, acos, T{1}), T{0});
    for (const T x : {T{100}, Limits::max(), infinity}) {
      EXPECT_EQ(of(isa, tanh, x), T{1});
      EXPECT_EQ(of(isa, tanh, -x), T{-1});
    }
    EXPECT_EQ(of(isa, atan, infinity), static_cast<T>(std::atan(infinity)));
    EXPECT_EQ(of(isa, atan, -infinity), -static_cast<T>(std::atan(infinity)));
  }
}

TYPED_TEST(ElementaryFunctions, exponentials_overflow_where_those_of_the_library_do) {
  using T = TypeParam;
  T finite = 1, above = 1000;  // exp is finite of the one, infinite of the other
  while (std::nextafter(finite, above) < above) {
    const T middle = finite + (above - finite) / 2;
    (std::isinf(static_cast<T>(std::exp(static_cast<Exact<T>>(middle)))) ? above : finite) = middle;
  }
  for (const Isa isa : available_isas()) {
    EXPECT_EQ(of(isa, exp, above), std::numeric_limits<T>::infinity()) << isa_name(isa);
    const T largest = of(isa, exp, finite);
    EXPECT_TRUE(std::isfinite(largest)) << isa_name(isa);
    EXPECT_LE(error_in_ulps<T>(largest, std::exp(static_cast<Exact<T>>(finite))), elementary_ulps) << isa_name(isa);
  }
}

TYPED_TEST(ElementaryFunctions, odd_functions_of_small_numbers_are_the_numbers_themselves) {
  using T = TypeParam;
  const T tiny = std::numeric_limits<T>::min();
  for (const Isa isa : available_isas())
    for (const Elementary function : {sin, tanh, asin, atan})
      for (const T x : {T{0}, -T{0}, tiny, -tiny, tiny / 16, T{1e-12f}, T{-1e-12f}}) {
        const T y = of(isa, function, x);
        EXPECT_EQ(y, x) << isa_name(isa) << " " << names[static_cast<std::size_t>(function)];
        const bool signs = function != sin;  // of which -0 is 0
        EXPECT_TRUE(!signs || std::signbit(y) == std::signbit(x))
            << isa_name(isa) << " " << names[static_cast<std::size_t>(function)];
      }
}

TYPED_TEST(ElementaryFunctions, sines_of_large_numbers_are_those_of_the_library) {
  using T = TypeParam;
  const T range = static_cast<T>(sincos_range);
  // Two of several numbers of a vector beyond the range: the others must stay as they are.
  const std::vector<T> x = {T{1}, T{1e7f}, -range, range, std::nextafter(range, T{1e6f}), T{-1e30f}, T{2}, T{3}, T{4}};
  for (const Isa isa : available_isas())
    for (const Elementary function : {sin, cos}) {
      const std::vector<T> y = of(isa, function, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool within = std::abs(x[i]) <= range;
        EXPECT_EQ(y[i], within ? of(isa, function, x[i]) : standard(function, x[i])) << isa_name(isa) << " " << x[i];
      }
    }
}

TYPED_TEST(ElementaryFunctions, every_length_gives_the_bits_of_single_elements_and_writes_no_further) {
  using T = TypeParam;
  const T untouched = T{7};
  const std::vector<T> x = as<T>(some_numbers(34, 1, 3));
  for (const Isa isa : available_isas())
    for (const Elementary function : functions) {
      std::vector<T> one;
      for (const T value : x) one.push_back(of(isa, function, value));
      for (std::size_t length = 0; length <= 33; ++length) {
        std::vector<T> y(x.size(), untouched), in_place = x;
        elementary<T>(isa, function, std::span(x).first(length), std::span(y).first(length));
        elementary<T>(isa, function, std::span(in_place).first(length), std::span(in_place).first(length));
        for (std::size_t i = 0; i < x.size(); ++i) {
          const auto bits = [](T number) { return std::bit_cast<Bits<T>>(number); };
          const bool done = i < length;
          EXPECT_TRUE(bits(y[i]) == bits(done ? one[i] : untouched) || (done && std::isnan(one[i]) && std::isnan(y[i])))
              << isa_name(isa) << " " << names[static_cast<std::size_t>(function)] << ", length " << length;
          EXPECT_TRUE(bits(in_place[i]) == bits(done ? y[i] : x[i]) ||
                      (done && std::isnan(in_place[i]) && std::isnan(y[i])))
              << isa_name(isa) << " " << names[static_cast<std::size_t>(function)] << " in place, length " << length;
        }
      }
    }
}

}  // namespace
}  // namespace sinefield::simd
