// The scalars of an Adam step.
// SPDX-License-Identifier: MIT
#include "train/adam.h"

#include <cmath>

namespace sinefield::train {

template <class T>
void Adam<T>::step(std::span<T> parameters, std::span<const T> gradient, double lr, double clip_norm) {
  constexpr double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  power1_ *= beta1;
  power2_ *= beta2;
  double scale = 1;
  if (clip_norm > 0) {
    const double norm = std::sqrt(kernels_.sum_of_squares(gradient.data(), gradient.size()));
    if (norm > clip_norm) scale = clip_norm / norm;
  }
  const engine::AdamStep step{lr, beta1, beta2, epsilon, 1 - power1_, 1 - power2_, scale};
  kernels_.adam(step, parameters.data(), gradient.data(), mean_.data(), square_.data(), parameters.size());
}

template class Adam<float>;
template class Adam<double>;

}  // namespace sinefield::train
