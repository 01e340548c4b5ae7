// Adam in the order of operations of torch.optim.Adam: the bias corrections scale the step and the denominator, not the
// moments, and eps is added after the second correction.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <string>

#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {

void Adam::step(std::span<double> parameters, std::span<const double> gradient) {
  if (steps == 0) {
    first_moment.assign(parameters.size(), 0.0);
    second_moment.assign(parameters.size(), 0.0);
  }
  if (gradient.size() != parameters.size() || first_moment.size() != parameters.size())
    throw bad_input("Adam needs equal lengths: " + std::to_string(parameters.size()) + " parameters, a gradient of " +
                    std::to_string(gradient.size()) + ", moments of " + std::to_string(first_moment.size()));

  ++steps;
  const auto t = static_cast<double>(steps);
  const double step_size = lr / (1 - std::pow(beta1, t));
  const double root_correction = std::sqrt(1 - std::pow(beta2, t));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    first_moment[i] = beta1 * first_moment[i] + (1 - beta1) * gradient[i];
    second_moment[i] = beta2 * second_moment[i] + (1 - beta2) * gradient[i] * gradient[i];
    parameters[i] -= step_size * first_moment[i] / (std::sqrt(second_moment[i]) / root_correction + eps);
  }
}

}  // namespace sinefield::reference
