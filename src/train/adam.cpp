// The scalars of an Adam step.
// SPDX-License-Identifier: MIT
#include "train/adam.h"

#include <algorithm>
#include <array>

namespace sinefield::train {

template <class T>
void Adam<T>::step(std::span<T> parameters, std::span<const T> gradient, double lr, double scale) {
  constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  ++steps_;
  const engine::AdamStep step{
      lr, beta1, beta2, epsilon, 1 - integer_power(beta1, steps_), 1 - integer_power(beta2, steps_), scale};
  kernels_.adam(step, parameters.data(), gradient.data(), mean_.data(), square_.data(), parameters.size());
}

template <class T>
void Adam<T>::restart() {
  steps_ = 0;
  std::ranges::fill(mean_, T{0});
  std::ranges::fill(square_, T{0});
}

template <class T>
void Adam<T>::restore(const State& state) {
  check_state<T>(state, std::array{mean_.size(), square_.size()});
  steps_ = state.steps;
  mean_ = state.arrays[0];
  square_ = state.arrays[1];
}

template class Adam<float>;
template class Adam<double>;

}  // namespace sinefield::train
