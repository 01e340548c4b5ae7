// The recipes that have names. `original` is the training of Sitzmann et al. 2020 as their code has it; `default` is
// one network with the rate, the schedule and the first-layer frequency that reach the same quality many times sooner.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <numbers>

#include "sinefield/error.h"
#include "sinefield/fit.h"

namespace sinefield {

std::span<const Recipe> recipes() {
  static const std::array<Recipe, 2> all = {
      Recipe{.name = "default"},
      Recipe{.name = "original",
             .omega_first = 30,
             .lr = 1e-4,
             .schedule = Schedule::constant,
             .batch = 0,
             .clip_norm = 0,
             .steps = 10'000},
  };
  return all;
}

double suggested_omega_first(std::int64_t height, std::int64_t width) {
  // Samples lie 2 / (n - 1) apart in network coordinates, so that the Nyquist frequency is pi (n - 1) / 2 radians per
  // unit.
  const double nyquist = std::numbers::pi * static_cast<double>(std::max(height, width) - 1) / 2;
  return std::clamp(0.2 * nyquist, 5.0, 160.0);
}

const Recipe& recipe_named(std::string_view name) {
  std::string known;
  for (const Recipe& recipe : recipes()) {
    if (recipe.name == name) return recipe;
    known += (known.empty() ? "" : ", ") + recipe.name;
  }
  throw bad_input(fmt::format("--recipe {}: unknown recipe", name), "known ones: " + known);
}

}  // namespace sinefield
