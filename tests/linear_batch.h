// A batch whose loss is linear in the streams, for tests of passes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/kernels.h"

namespace sinefield {

/// A loss that is linear in the streams, with seeds given for every point: its gradient has no other error than that of
/// the passes.
template <class T>
class LinearBatch final : public engine::Batch<T> {
 public:
  /// x (n, inputs), seeds (n, streams, outputs), coefficients (n, terms) where they come by point
  LinearBatch(std::vector<T> x, std::vector<T> seeds, std::vector<T> coefficients, const Architecture& a,
              const engine::JetPlan& plan)
      : x_(std::move(x)),
        seeds_(std::move(seeds)),
        coefficients_(std::move(coefficients)),
        inputs_(a.inputs),
        streams_(plan.streams()),
        outputs_(a.outputs),
        terms_(plan.terms()) {}
  std::int64_t points() const override { return std::ssize(x_) / inputs_; }
  void coordinates(std::int64_t first, int count, T* x) const override {
    std::copy_n(x_.begin() + first * inputs_, count * inputs_, x);
  }
  void coefficients(std::int64_t first, int count, engine::Streams<T> a) const override {
    for (int term = 0; term < terms_; ++term)
      for (std::int64_t p = 0; p < count; ++p)
        a[term][p] = coefficients_[static_cast<std::size_t>((first + p) * terms_ + term)];
  }
  double seed(std::int64_t first, int count, engine::Streams<const T> u, engine::Streams<T> u_bar) const override {
    double loss = 0;
    for (std::int64_t p = 0; p < count; ++p)
      for (int s = 0; s < streams_; ++s)
        for (int o = 0; o < outputs_; ++o) {
          const T seed = seeds_[static_cast<std::size_t>(((first + p) * streams_ + s) * outputs_ + o)];
          u_bar[s][p * outputs_ + o] = seed;
          loss += static_cast<double>(seed) * static_cast<double>(u[s][p * outputs_ + o]);
        }
    return loss;
  }

 private:
  std::vector<T> x_, seeds_, coefficients_;
  int inputs_, streams_, outputs_, terms_;
};

}  // namespace sinefield
