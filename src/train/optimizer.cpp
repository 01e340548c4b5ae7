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
#include "train/soap.h"

namespace sinefield {
namespace {

constexpr std::array<std::pair<OptimizerKind, std::string_view>, 2> names{
    {{OptimizerKind::adam, "adam"}, {OptimizerKind::soap, "soap"}}};

}  // namespace

std::string_view optimizer_name(OptimizerKind kind) {
  return std::ranges::find(names, kind, &std::pair<OptimizerKind, std::string_view>::first)->second;
}

OptimizerKind optimizer_from_name(std::string_view name) {
  for (const auto& [kind, known] : names)
    if (known == name) return kind;
  throw bad_input(fmt::format("there is no optimizer '{}'", name), "known ones: adam, soap");
}

}  // namespace sinefield

namespace sinefield::train {

std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, const Architecture& architecture, Isa isa,
                                          engine::Workers& workers) {
  if (kind == OptimizerKind::soap) return std::make_unique<Soap<float>>(architecture, isa, workers);
  return std::make_unique<Adam<float>>(static_cast<std::size_t>(parameter_count(architecture)), isa);
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

template double clip_scale(const engine::Kernels<float>&, std::span<const float>, double);
template double clip_scale(const engine::Kernels<double>&, std::span<const double>, double);
template void check_state<float>(const BasicOptimizer<float>::State&, std::span<const std::size_t>);
template void check_state<double>(const BasicOptimizer<double>::State&, std::span<const std::size_t>);

}  // namespace sinefield::train
