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

int JetPlan::terms() const {
  std::size_t sum = 0;
  for (const SecondOrder& of : second) sum += of.terms.size();
  return static_cast<int>(sum);
}

JetPlan gradient_plan(const Architecture& a) {
  const bool reverse = a.outputs < a.inputs && a.encoding.kind == Encoding::Kind::none &&
                       a.activation != Activation::finer && a.activation != Activation::gauss;
  return {.passes = reverse ? Passes::reverse : Passes::jet, .first = a.inputs, .second = {}};
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
