// The plans of the four orders of a query, and their words.
// SPDX-License-Identifier: MIT
#include "engine/jet_plan.h"

#include <fmt/format.h>

namespace sinefield::engine {

std::string JetPlan::words(int outputs) const {
  const auto counted = [](std::size_t n, const char* what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  return fmt::format("{}: value, {}, {}: {} F", passes == Passes::jet ? "jet" : "reverse",
                     counted(static_cast<std::size_t>(first), "first derivative"), counted(second.size(), "operator"),
                     forward_passes(outputs));
}

JetPlan value_plan() { return {}; }

JetPlan gradient_plan(int inputs, int outputs) {
  return {.passes = outputs < inputs ? Passes::reverse : Passes::jet, .first = inputs, .second = {}};
}

JetPlan laplacian_plan(std::span<const double> weights) {
  SecondOrder laplacian;
  for (int i = 0; const double weight : weights) {
    laplacian.terms.push_back({i, i, weight});
    ++i;
  }
  return {.passes = Passes::jet, .first = static_cast<int>(weights.size()), .second = {laplacian}};
}

JetPlan hessian_plan(int inputs) {
  JetPlan plan{.passes = Passes::jet, .first = inputs, .second = {}};
  for (int i = 0; i < inputs; ++i)
    for (int j = i; j < inputs; ++j) plan.second.push_back({{{i, j, 1}}});
  return plan;
}

}  // namespace sinefield::engine
