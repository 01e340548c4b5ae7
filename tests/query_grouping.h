// A query must not depend on how points are ordered and grouped into calls: shared by the tests of all kinds of fields.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "engine_samples.h"
#include "sinefield/query.h"

namespace sinefield {

inline constexpr std::array orders = {Order::value, Order::gradient, Order::laplacian, Order::hessian};

/// Points (N, inputs) in memory.
template <class T>
MatrixView<const T> rows(const std::vector<T>& points, int inputs) {
  return {points.data(), std::ssize(points) / inputs, inputs};
}

/// All jets that were asked for are the same to the last bit.
template <class T>
void expect_same_bits(const Jets<T>& actual, const Jets<T>& expected) {
  EXPECT_TRUE(actual.value == expected.value);
  EXPECT_TRUE(actual.gradient == expected.gradient);
  EXPECT_TRUE(actual.laplacian == expected.laplacian);
  EXPECT_TRUE(actual.hessian == expected.hessian);
}

/// Every order on every instruction set: shuffled points give shuffled results, single points the same as many, no
/// points nothing. `drawn`: (N, inputs) in signal units.
inline void expect_results_follow_points(const Field& field, const std::vector<double>& drawn) {
  const auto d = static_cast<std::size_t>(field.inputs()), c = static_cast<std::size_t>(field.outputs()),
             n = drawn.size() / d;
  std::vector<std::size_t> order_of(n);
  std::iota(order_of.begin(), order_of.end(), std::size_t{0});
  std::shuffle(order_of.begin(), order_of.end(), std::mt19937_64(6));
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    std::vector<T> permuted;
    for (const std::size_t p : order_of) permuted.insert(permuted.end(), &points[p * d], &points[p * d] + d);
    for (const Order order : orders) {
      Evaluator<T> evaluate(field, order, Units::signal, {.isa = isa, .threads = 1});
      const Jets<T> all = evaluate(rows(points, field.inputs())), shuffled = evaluate(rows(permuted, field.inputs()));
      const auto compare = [&](const std::vector<T>& to, const std::vector<T>& from) {
        const std::size_t size = from.size() / n;
        for (std::size_t p = 0; p < n; ++p)
          ASSERT_TRUE(std::equal(&to[p * size], &to[p * size] + size, &from[order_of[p] * size])) << p;
      };
      compare(shuffled.value, all.value);
      if (order >= Order::gradient) compare(shuffled.gradient, all.gradient);
      if (order >= Order::laplacian) compare(shuffled.laplacian, all.laplacian);
      if (order >= Order::hessian) compare(shuffled.hessian, all.hessian);
      for (std::size_t p = 0; p < n; p += 50) {
        const Jets<T> one = evaluate(MatrixView<const T>(&points[p * d], 1, field.inputs()));
        EXPECT_TRUE(std::ranges::equal(one.value, std::span(all.value).subspan(p * c, c)));
        if (order == Order::hessian) {
          EXPECT_TRUE(std::ranges::equal(one.hessian, std::span(all.hessian).subspan(p * c * d * d, c * d * d)));
        }
      }
      EXPECT_TRUE(evaluate(MatrixView<const T>(points.data(), 0, field.inputs())).value.empty());
    }
  });
}

}  // namespace sinefield
