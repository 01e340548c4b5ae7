// Adam (Kingma and Ba 2015) with the state of one parameter array, run by the engine's kernels.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "engine/kernels.h"

namespace sinefield::train {

template <class T>
class Adam {
 public:
  Adam(std::size_t parameters, Isa isa) : kernels_(engine::kernels<T>(isa)), mean_(parameters), square_(parameters) {}

  /// One step at rate `lr`; the gradient is scaled down first where its norm exceeds `clip_norm` (0: never).
  void step(std::span<T> parameters, std::span<const T> gradient, double lr, double clip_norm);

 private:
  const engine::Kernels<T>& kernels_;
  std::vector<T> mean_, square_;
  double power1_ = 1, power2_ = 1;  // beta^t
};

}  // namespace sinefield::train
