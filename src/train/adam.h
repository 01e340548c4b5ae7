// Adam (Kingma and Ba 2015) with the state of one parameter array, run by the engine's kernels.
// SPDX-License-Identifier: MIT
#pragma once

#include "train/optimizer.h"

namespace sinefield::train {

template <class T>
class Adam final : public GradientOptimizer<T> {
 public:
  using typename GradientOptimizer<T>::State;

  Adam(std::size_t parameters, Isa isa, Clipping<T> clipping = {})
      : GradientOptimizer<T>(parameters, clipping),
        kernels_(engine::kernels<T>(isa)),
        mean_(parameters),
        square_(parameters) {}

  void step(std::span<T> parameters, std::span<const T> gradient, double lr, double scale) override;
  void restart() override;
  State state() const override { return {steps_, {mean_, square_}}; }
  void restore(const State&) override;

 private:
  const engine::Kernels<T>& kernels_;
  std::vector<T> mean_, square_;  // running means of the gradient and of its square
  std::int64_t steps_ = 0;
};

}  // namespace sinefield::train
