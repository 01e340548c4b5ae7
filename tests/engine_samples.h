// What the tests of the engine share: every kernel set that this machine runs, networks and points that float and
// double hold alike, and what rounding may do on the way through a network. Nothing of the engine is used here.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "sinefield/machine.h"
#include "sinefield/network.h"

namespace sinefield {

/// Calls test.operator()<T>(isa) for float and double on every instruction set; failures say which.
template <class Test>
void for_each_engine(Test&& test) {
  for (const Isa isa : available_isas()) {
    {
      SCOPED_TRACE(std::string(isa_name(isa)) + " float");
      test.template operator()<float>(isa);
    }
    {
      SCOPED_TRACE(std::string(isa_name(isa)) + " double");
      test.template operator()<double>(isa);
    }
  }
}

/// Numbers in [-bound, bound) that float holds exactly, the same on every machine.
inline std::vector<double> some_numbers(std::int64_t count, double bound, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& number : numbers)
    number = static_cast<float>(bound * (static_cast<double>(random() >> 40) * 0x1p-23 - 1));
  return numbers;
}

template <class T, class From>
std::vector<T> as(const std::vector<From>& numbers) {
  std::vector<T> converted;
  for (const From number : numbers) converted.push_back(static_cast<T>(number));
  return converted;
}

/// Initial parameters, in double; all of them are floats.
inline std::vector<double> some_parameters(const Architecture& architecture, std::uint64_t seed) {
  return as<double>(initial_network(architecture, seed).parameters);
}

/// Rounding errors that reach the output of an initialised network at points of [-1, 1]^d, in eps of the terms that
/// make it. A phase rounds by its own size: omega_first (1 + |b|) in the first layer, omega_hidden |b| and a dot
/// product of `width` terms of size 1 and random sign in the others; |b| is at most 1 / sqrt(fan in). The sines pass
/// errors on with slopes below one, and a square layer of these weights keeps their size: so they add up over the
/// layers.
inline double rounding_growth(const Architecture& a) {
  const double width = a.width;
  return a.omega_first * (1 + 1 / std::sqrt(a.inputs)) +
         a.hidden_layers * (a.omega_hidden / std::sqrt(width) + std::sqrt(width)) + std::sqrt(width);
}

template <class T>
constexpr double epsilon = std::numeric_limits<T>::epsilon();

/// Compares with bounds, and prints at the end how much of them was used.
class ErrorBounds {
 public:
  explicit ErrorBounds(std::string what) : what_(std::move(what)) {}
  ErrorBounds(const ErrorBounds&) = delete;
  ErrorBounds& operator=(const ErrorBounds&) = delete;
  ~ErrorBounds() { std::cout << what_ << ": worst error " << worst_ << " of its bound\n"; }

  void expect_near(double actual, double expected, double bound, const char* what) {
    const double error = std::abs(actual - expected);
    worst_ = std::max(worst_, std::isnan(error) ? INFINITY : error / bound);
    EXPECT_LE(error, bound) << what << ": " << actual << ", expected " << expected;
  }

  /// All elements to within `bound` x `scale`; reports the worst of them.
  template <class T>
  void expect_near(std::span<const T> actual, std::span<const double> expected, double bound, double scale,
                   const char* what) {
    ASSERT_EQ(actual.size(), expected.size()) << what;
    std::size_t worst = 0;
    double most = -1;
    for (std::size_t i = 0; i < actual.size(); ++i) {
      const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
      if (error > most || std::isnan(error)) {
        worst = i;
        most = std::isnan(error) ? INFINITY : error;
      }
    }
    if (actual.empty()) return;
    worst_ = std::max(worst_, most / (bound * scale));
    EXPECT_LE(most, bound * scale) << what << " " << worst << " of " << actual.size() << ": " << actual[worst]
                                   << ", expected " << expected[worst];
  }

 private:
  std::string what_;
  double worst_ = 0;
};

inline double largest(std::span<const double> numbers) {
  double most = 0;
  for (const double number : numbers) most = std::max(most, std::abs(number));
  return most;
}

}  // namespace sinefield
