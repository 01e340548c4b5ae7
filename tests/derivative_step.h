// Training steps with a loss that is linear in the streams of any plan, by the engine and by the plain reference: what
// the tests of derivatives and of activations share.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "engine/training_step.h"
#include "engine_samples.h"
#include "linear_batch.h"
#include "reference/reference.h"

namespace sinefield {

struct StepProblem {
  StepProblem(const Architecture& shape, const engine::JetPlan& jet_plan, std::int64_t count, std::uint64_t seed = 1)
      : architecture(shape),
        plan(jet_plan),
        points(count),
        parameters(some_parameters(shape, seed)),
        coordinates(some_numbers(count * shape.inputs, 1, seed + 1)),
        seeds(some_numbers(count * plan.streams() * shape.outputs, 1, seed + 2)),
        coefficients(plan.coefficients_by_point ? some_numbers(count * plan.terms(), 1, seed + 3)
                                                : std::vector<double>()) {
    // Streams of every order weigh about alike.
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      const int stream = static_cast<int>(i) / shape.outputs % plan.streams();
      const int order = stream == 0 ? 0 : stream <= plan.first ? 1 : 2;
      seeds[i] = static_cast<float>(seeds[i] / static_cast<double>(count) / std::pow(shape.omega_first, order));
    }
  }

  Architecture architecture;
  engine::JetPlan plan;
  std::int64_t points;
  std::vector<double> parameters, coordinates, seeds, coefficients;
};

/// By the reference; of each parameter the sum over points and streams of |its gradient|: the size of the terms that
/// gradients are made of.
struct Expected {
  explicit Expected(const StepProblem& problem) : gradient(problem.parameters.size()), size(gradient.size()) {
    const Architecture& a = problem.architecture;
    const auto d = static_cast<std::size_t>(a.inputs), c = static_cast<std::size_t>(a.outputs);
    const auto streams = static_cast<std::size_t>(problem.plan.streams());
    std::vector<double> one(gradient.size());
    for (std::size_t n = 0; n < static_cast<std::size_t>(problem.points); ++n) {
      const auto x = std::span(problem.coordinates).subspan(n * d, d);
      const reference::Jet u = reference::jet(a, problem.parameters, x);
      for (std::size_t s = 0; s < streams; ++s) {
        reference::Jet bar{std::vector<double>(c), std::vector<double>(c * d), std::vector<double>(c * d * d)};
        for (std::size_t o = 0; o < c; ++o) {
          const double seed = problem.seeds[(n * streams + s) * c + o];
          if (s == 0) {
            bar.value[o] = seed;
          } else if (std::cmp_less_equal(s, problem.plan.first)) {
            bar.gradient[o * d + static_cast<std::size_t>(problem.plan.axis(static_cast<int>(s) - 1))] = seed;
          } else {
            const auto which = s - 1 - static_cast<std::size_t>(problem.plan.first);
            std::size_t term = n * static_cast<std::size_t>(problem.plan.terms());
            for (std::size_t before = 0; before < which; ++before) term += problem.plan.second[before].terms.size();
            for (const auto& [k, l, weight] : problem.plan.second[which].terms) {
              const auto i = static_cast<std::size_t>(problem.plan.axis(k)),
                         j = static_cast<std::size_t>(problem.plan.axis(l));
              const double a_ij = problem.plan.coefficients_by_point ? problem.coefficients[term++] : weight;
              bar.hessian[(o * d + i) * d + j] += seed * a_ij;
            }
          }
        }
        loss += inner_product(bar, u);
        std::ranges::fill(one, 0.0);
        reference::jet_reverse(a, problem.parameters, x, bar, one);
        for (std::size_t i = 0; i < one.size(); ++i) {
          gradient[i] += one[i];
          size[i] += std::abs(one[i]);
        }
        loss_size += std::abs(inner_product(bar, u));
      }
    }
  }

  static double inner_product(const reference::Jet& a, const reference::Jet& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.value.size(); ++i) sum += a.value[i] * b.value[i];
    for (std::size_t i = 0; i < a.gradient.size(); ++i) sum += a.gradient[i] * b.gradient[i];
    for (std::size_t i = 0; i < a.hessian.size(); ++i) sum += a.hessian[i] * b.hessian[i];
    return sum;
  }

  double loss = 0, loss_size = 0;
  std::vector<double> gradient, size;
};

template <class T>
std::pair<double, std::vector<T>> step(const StepProblem& problem, Isa isa, engine::Workers& workers) {
  const Architecture& a = problem.architecture;
  const std::vector<T> parameters = as<T>(problem.parameters), x = as<T>(problem.coordinates),
                       seeds = as<T>(problem.seeds), coefficients = as<T>(problem.coefficients);
  const LinearBatch<T> batch(x, seeds, coefficients, a, problem.plan);
  engine::TrainingStep<T> training_step(a, isa, workers, problem.plan);
  std::vector<T> gradient(parameters.size(), T{12345});  // must be overwritten
  const double loss = training_step.run(parameters, batch, gradient);
  return {loss, gradient};
}

}  // namespace sinefield
