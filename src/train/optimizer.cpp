// Names and makers of the optimisers, and what they share.
// SPDX-License-Identifier: MIT
#include "train/optimizer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "sinefield/error.h"
#include "train/adam.h"
#include "train/lbfgs.h"
#include "train/soap.h"

namespace sinefield {
namespace {

constexpr std::array<std::pair<OptimizerKind, std::string_view>, 3> names{
    {{OptimizerKind::adam, "adam"}, {OptimizerKind::soap, "soap"}, {OptimizerKind::lbfgs, "lbfgs"}}};

}  // namespace

std::string_view optimizer_name(OptimizerKind kind) {
  return std::ranges::find(names, kind, &std::pair<OptimizerKind, std::string_view>::first)->second;
}

OptimizerKind optimizer_from_name(std::string_view name) {
  for (const auto& [kind, known] : names)
    if (known == name) return kind;
  throw bad_input(fmt::format("there is no optimizer '{}'", name), "known ones: adam, soap, lbfgs");
}

}  // namespace sinefield

namespace sinefield::train {

std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, const Architecture& architecture, double clip_norm,
                                          Isa isa, engine::Workers& workers) {
  const auto parameters = static_cast<std::size_t>(parameter_count(architecture));
  const Clipping<float> clipping{&engine::kernels<float>(isa, architecture), clip_norm};
  switch (kind) {
    case OptimizerKind::adam:
      return std::make_unique<Adam<float>>(parameters, isa, clipping);
    case OptimizerKind::soap:
      return std::make_unique<Soap<float>>(architecture, isa, workers, clipping);
    case OptimizerKind::lbfgs:
      return std::make_unique<Lbfgs<float>>(parameters);
  }
  return nullptr;
}

template <class T>
double GradientOptimizer<T>::advance(std::span<T> parameters, Objective<T>& objective, double lr) {
  const double loss = objective(parameters, gradient_);
  if (!std::isfinite(loss)) return loss;
  const double scale = clipping_.norm == 0 ? 1 : clip_scale<T>(*clipping_.kernels, gradient_, clipping_.norm);
  step(parameters, gradient_, lr, scale);
  return loss;
}

template <class T>
double clip_scale(const engine::Kernels<T>& kernels, std::span<const T> gradient, double clip_norm) {
  if (clip_norm == 0) return 1;
  const double norm = std::sqrt(kernels.sum_of_squares(gradient.data(), gradient.size()));
  return norm > clip_norm ? clip_norm / norm : 1;
}

double integer_power(double base, std::int64_t exponent) {
  double power = 1;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2 == 1) power *= base;
  return power;
}

template <class T>
void check_state(const typename BasicOptimizer<T>::State& state, std::span<const std::size_t> sizes) {
  if (state.steps < 0)
    throw bad_input(fmt::format("the state of an optimizer after {} steps, expected 0 or more", state.steps));
  if (state.arrays.size() != sizes.size())
    throw bad_input(fmt::format("the state of an optimizer has {} arrays, expected {} for this optimizer and network",
                                state.arrays.size(), sizes.size()));
  for (std::size_t i = 0; i < sizes.size(); ++i)
    if (state.arrays[i].size() != sizes[i])
      throw bad_input(fmt::format("array {} in the state of an optimizer has {} numbers, expected {}", i,
                                  state.arrays[i].size(), sizes[i]));
}

template class GradientOptimizer<float>;
template class GradientOptimizer<double>;
template double clip_scale(const engine::Kernels<float>&, std::span<const float>, double);
template double clip_scale(const engine::Kernels<double>&, std::span<const double>, double);
template void check_state<float>(const BasicOptimizer<float>::State&, std::span<const std::size_t>);
template void check_state<double>(const BasicOptimizer<double>::State&, std::span<const std::size_t>);

}  // namespace sinefield::train
