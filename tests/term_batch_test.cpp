// Terms of problems as losses of a network: the loss against residuals written out by hand over derivatives of the
// plain reference, the gradient against central differences of the loss, for every instruction set and in both
// precisions; ten steps of Adam against PyTorch's numbers; penalties; residuals that are handed out; the plan that is
// chosen; no allocation in a step.
// SPDX-License-Identifier: MIT
#include "train/term_batch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "allocation_count.h"
#include "engine/training_step.h"
#include "engine_samples.h"
#include "golden.h"
#include "reference/reference.h"
#include "sinefield/problem_file.h"
#include "sinefield/solve.h"
#include "train/adam.h"

namespace sinefield {
namespace {

using train::TermBatch;
using train::TermLoss;
using train::TermPoints;

/// Value, gradient and Hessian of every output at a point, in units of the problem.
struct Jets {
  std::vector<double> u;
  std::vector<std::vector<double>> d;
  std::vector<std::vector<std::vector<double>>> dd;
};

struct Case {
  const char* name;
  const char* text;  ///< one term, named "it"
  /// The residual's real components at a point x with normal n.
  std::function<std::vector<double>(const Jets&, const double* x, const double* n)> residual;
};

const Case cases[] = {
    {"poisson",
     R"toml(
[coordinates]
x = [0, 2]
y = [0, 1]
[unknowns]
u = "real"
[terms.it]
residual = "laplacian(u) + exp(x)*u - sin(y)"
)toml",
     [](const Jets& j, const double* x, const double*) {
       return std::vector{j.dd[0][0][0] + j.dd[0][1][1] + std::exp(x[0]) * j.u[0] - std::sin(x[1])};
     }},
    {"eikonal",
     R"toml(
[coordinates]
x = [-1, 1]
y = [-1, 1]
z = [-1, 1]
[unknowns]
u = "real"
[terms.it]
residual = "norm(grad(u)) - 1"
)toml",
     [](const Jets& j, const double*, const double*) {
       return std::vector{std::hypot(j.d[0][0], j.d[0][1], j.d[0][2]) - 1};
     }},
    {"normals",
     R"toml(
[coordinates]
x = [-1, 1]
y = [-1, 1]
[unknowns]
u = "real"
[terms.it]
residual = "dot(grad(u), normal) - x*y"
region = "boundary(disc([0.1, 0], 0.5))"
)toml",
     [](const Jets& j, const double* x, const double* n) {
       return std::vector{j.d[0][0] * n[0] + j.d[0][1] * n[1] - x[0] * x[1]};
     }},
    {"burgers",
     R"toml(
[coordinates]
x = [-1, 1]
t = { time = [0, 3] }
[unknowns]
u = "real"
[terms.it]
residual = "diff(u, t) + u*diff(u, x) - 0.1*diff(u, x, x)"
)toml",
     [](const Jets& j, const double*, const double*) {
       return std::vector{j.d[0][1] + j.u[0] * j.d[0][0] - 0.1 * j.dd[0][0][0]};
     }},
    {"helmholtz, complex",
     R"toml(
[coordinates]
x = [-1, 1]
y = [-1, 1]
[unknowns]
u = "complex"
[terms.it]
residual = "diff((1 + 2i*x) * diff(u, x), x) + diff(u, y, y) + 9*u - 1i*y"
penalty = "l1"
)toml",
     [](const Jets& j, const double* x, const double*) {
       const double re = j.dd[0][0][0] - 2 * x[0] * j.dd[1][0][0] - 2 * j.d[1][0] + j.dd[0][1][1] + 9 * j.u[0];
       const double im = j.dd[1][0][0] + 2 * x[0] * j.dd[0][0][0] + 2 * j.d[0][0] + j.dd[1][1][1] + 9 * j.u[1];
       return std::vector{re, im - x[1]};
     }},
    {"two fields, some axes",
     R"toml(
[coordinates]
x = [0, 1]
y = [0, 1]
z = [0, 1]
[unknowns]
u = "real"
v = "real"
[terms.it]
residual = "[diff(u, y)*v - 1, diff(v, y, z) + u^2]"
penalty = { huber = 0.5 }
)toml",
     [](const Jets& j, const double*, const double*) {
       return std::vector{j.d[0][1] * j.u[1] - 1, j.dd[1][1][2] + j.u[0] * j.u[0]};
     }},
};

double penalty_by_hand(const Penalty& penalty, double r) {
  const double size = std::abs(r);
  switch (penalty.kind) {
    case Penalty::Kind::absolute:
      return size;
    case Penalty::Kind::huber:
      return size <= penalty.width ? r * r : 2 * penalty.width * size - penalty.width * penalty.width;
    case Penalty::Kind::squares:
      break;
  }
  return r * r;
}

struct Setting {
  explicit Setting(const Case& of, std::int64_t n = 70)
      : problem(problem_from_text(of.text, of.name)),
        axes(problem_axes(problem)),
        at(problem::points_of(problem, problem.terms()[0].place, n, 3)),
        architecture{.inputs = static_cast<int>(axes.size()),
                     .outputs = static_cast<int>(problem.graph()->channels().size()),
                     .width = 11,
                     .hidden_layers = 1,
                     .omega_first = 3,
                     .omega_hidden = 4},
        network(initial_network(architecture, 5)),
        loss(problem, problem.terms()[0], axes, architecture),
        indices(static_cast<std::size_t>(at.count)) {
    std::iota(indices.rbegin(), indices.rend(), 0);  // in another order than they lie
  }

  template <class T>
  std::pair<double, std::vector<T>> step(Isa isa, const std::vector<double>& parameters, double scale) const {
    engine::SerialWorkers serial;
    engine::TrainingStep<T> training(architecture, isa, serial, loss.plan.plan);
    const TermPoints<T> points = train::term_points<T>(at, axes);
    const std::vector<T> rounded(parameters.begin(), parameters.end());
    std::vector<T> gradient(parameters.size());
    const double value = training.run(rounded, TermBatch<T>(loss, points, indices, scale, isa), gradient);
    return {value, gradient};
  }

  Problem problem;
  std::vector<AxisMap> axes;
  problem::Collocation at;
  Architecture architecture;
  Network network;
  TermLoss loss;
  std::vector<std::int64_t> indices;
};

class TermBatches : public testing::TestWithParam<Case> {};

TEST_P(TermBatches, loss_is_that_of_residuals_written_by_hand_and_its_gradient_that_of_central_differences) {
  const Setting setting(GetParam());
  const std::size_t d = setting.axes.size(), channels = static_cast<std::size_t>(setting.architecture.outputs);
  const std::vector<double> parameters(setting.network.parameters.begin(), setting.network.parameters.end());
  double expected = 0, weights = 0;
  for (std::int64_t p = 0; p < setting.at.count; ++p) {
    std::vector<double> x(d);
    for (std::size_t i = 0; i < d; ++i)
      x[i] =
          setting.axes[i].scale * setting.at.coordinates[static_cast<std::size_t>(p) * d + i] + setting.axes[i].offset;
    Jets jets;
    const reference::Jet jet = reference::jet(setting.architecture, parameters, x);
    jets.u = jet.value;
    for (std::size_t c = 0; c < channels; ++c) {
      jets.d.emplace_back();
      jets.dd.emplace_back(d);
      for (std::size_t i = 0; i < d; ++i) {
        jets.d[c].push_back(jet.gradient[c * d + i] * setting.axes[i].scale);
        for (std::size_t k = 0; k < d; ++k)
          jets.dd[c][i].push_back(jet.hessian[(c * d + i) * d + k] * setting.axes[i].scale * setting.axes[k].scale);
      }
    }
    const std::size_t space = setting.at.normals.size() / static_cast<std::size_t>(setting.at.count);
    double cost = 0;
    for (const double r : GetParam().residual(jets, &setting.at.coordinates[static_cast<std::size_t>(p) * d],
                                              setting.at.normals.data() + static_cast<std::size_t>(p) * space))
      cost += penalty_by_hand(setting.loss.penalty, r);
    expected += setting.at.weights[static_cast<std::size_t>(p)] * cost;
    weights += setting.at.weights[static_cast<std::size_t>(p)];
  }
  constexpr double scale = 0.7;
  expected *= scale / weights;
  ASSERT_GT(expected, 0);

  for_each_engine([&]<class T>(Isa isa) {
    const double bound = 3e4 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto [loss, gradient] = setting.step<T>(isa, parameters, scale);
    EXPECT_NEAR(loss, expected, bound * expected);
    // Along a random direction; absolute values have corners, which few points meet within a step of the differences.
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    std::vector<double> direction(parameters.size()), more = parameters, less = parameters;
    constexpr double h = 1e-6;
    double slope = 0, size = 0;
    for (std::size_t k = 0; k < direction.size(); ++k) {
      direction[k] = normal(random);
      more[k] += h * direction[k];
      less[k] -= h * direction[k];
      slope += direction[k] * static_cast<double>(gradient[k]);
      size += std::abs(direction[k] * static_cast<double>(gradient[k]));
    }
    const double by_differences =
        (setting.step<double>(isa, more, scale).first - setting.step<double>(isa, less, scale).first) / (2 * h);
    EXPECT_NEAR(slope, by_differences, (bound + 1e-6) * size);
  });
}

INSTANTIATE_TEST_SUITE_P(Terms, TermBatches, testing::ValuesIn(cases), [](const auto& tested) {
  std::string name = tested.param.name;
  std::erase_if(name, [](char c) { return c == ' ' || c == ','; });
  return name;
});

TEST(TermBatch, first_derivatives_alone_go_by_reverse_where_that_is_cheaper_and_all_else_by_the_jet) {
  EXPECT_EQ(Setting(cases[1]).loss.plan.plan.words(1), "reverse: value, 3 first derivatives, 0 operators: 2 F");
  EXPECT_EQ(Setting(cases[0]).loss.plan.plan.passes, engine::Passes::jet);
  // One of three axes costs the jet as much as reverse: value and one derivative.
  EXPECT_EQ(Setting(cases[3]).loss.plan.plan.words(1), "jet: value, 2 first derivatives, 1 operator: 4 F");
}

TEST(TermBatch, hands_out_the_residual_of_each_point_and_says_where_it_is_not_finite) {
  const Setting setting(cases[0]);
  engine::SerialWorkers serial;
  engine::TrainingStep<double> training(setting.architecture, Isa::scalar, serial, setting.loss.plan.plan);
  TermPoints<double> points = train::term_points<double>(setting.at, setting.axes);
  const std::vector<double> parameters(setting.network.parameters.begin(), setting.network.parameters.end());
  std::vector<double> gradient(parameters.size()), residuals(setting.indices.size(), -1);
  const double loss = training.run(
      parameters, TermBatch<double>(setting.loss, points, setting.indices, 1, Isa::scalar, residuals), gradient);
  double sum = 0;
  for (std::size_t p = 0; p < residuals.size(); ++p) sum += points.weights[p] * residuals[p] * residuals[p];
  EXPECT_NEAR(loss, sum / static_cast<double>(residuals.size()), 1e-12 * loss);
  points.coordinates[4] = 1e4;  // exp of which no number holds
  EXPECT_FALSE(std::isfinite(
      training.run(parameters, TermBatch<double>(setting.loss, points, setting.indices, 1, Isa::scalar), gradient)));
}

TEST(TermBatch, a_step_allocates_nothing_once_it_has_begun) {
  const Setting setting(cases[4]);
  engine::SerialWorkers serial;
  engine::TrainingStep<float> training(setting.architecture, best_isa(), serial, setting.loss.plan.plan);
  const TermPoints<float> points = train::term_points<float>(setting.at, setting.axes);
  std::vector<float> gradient(setting.network.parameters.size());
  const TermBatch<float> batch(setting.loss, points, setting.indices, 1, best_isa());
  training.run(setting.network.parameters, batch, gradient);
  const std::int64_t before = allocation_count();
  training.run(setting.network.parameters, batch, gradient);
  EXPECT_EQ(allocation_count(), before);
}

TEST(TermBatchGolden, ten_steps_of_adam_on_the_classical_losses_agree_with_pytorch) {
  for (const nlohmann::json& golden : golden_records("equations.json")) {
    SCOPED_TRACE(golden.at("name").get<std::string>());
    const Architecture a = golden_architecture(golden);
    const Problem problem = problem_from_text(golden.at("problem"), "golden");
    const std::vector<AxisMap> axes = problem_axes(problem);
    const std::vector<double> coordinates = golden.at("coordinates"), normals = golden.at("normals"),
                              initial = golden.at("initial_parameters"), losses = golden.at("losses"),
                              first_gradient = golden.at("first_gradient"), last = golden.at("final_parameters");
    const std::size_t terms = problem.terms().size(), d = axes.size(), numbers = coordinates.size() / terms;
    std::vector<std::int64_t> indices(numbers / d);
    std::iota(indices.begin(), indices.end(), 0);
    for_each_engine([&]<class T>(Isa isa) {
      std::vector<TermLoss> term_losses;
      std::vector<TermPoints<T>> points;
      std::vector<engine::JetPlan> plans;
      for (std::size_t t = 0; t < terms; ++t) {
        const auto part = [&](const std::vector<double>& all) {
          return std::vector<double>(all.begin() + static_cast<std::ptrdiff_t>(t * numbers),
                                     all.begin() + static_cast<std::ptrdiff_t>((t + 1) * numbers));
        };
        problem::Collocation at;
        at.count = std::ssize(indices);
        at.coordinates = part(coordinates);
        at.weights.assign(indices.size(), 1.0);
        if (problem.terms()[t].place.boundary) at.normals = part(normals);
        points.push_back(train::term_points<T>(at, axes));
        term_losses.emplace_back(problem, problem.terms()[t], axes, a);
        plans.push_back(term_losses.back().plan.plan);
      }
      std::vector<TermBatch<T>> batches;
      std::vector<const engine::Batch<T>*> groups;
      for (std::size_t t = 0; t < terms; ++t)
        batches.emplace_back(term_losses[t], points[t], indices, problem.terms()[t].weight, isa);
      for (const TermBatch<T>& batch : batches) groups.push_back(&batch);
      engine::SerialWorkers serial;
      engine::TrainingStep<T> training(a, isa, serial, plans);
      train::Adam<T> adam(initial.size(), isa);
      std::vector<T> parameters(initial.begin(), initial.end()), gradient(initial.size());
      const bool exact = std::is_same_v<T, double>;
      const double tolerance = 2e4 * static_cast<double>(std::numeric_limits<T>::epsilon()),
                   lr = golden.at("learning_rate");
      double largest = 0;
      for (const double g : first_gradient) largest = std::max(largest, std::abs(g));
      for (std::size_t step = 0; step < losses.size(); ++step) {
        const double loss = training.run(parameters, groups, gradient);
        EXPECT_NEAR(loss, losses[step], tolerance * losses[step]) << "step " << step;
        for (std::size_t i = 0; step == 0 && i < gradient.size(); ++i)
          EXPECT_NEAR(static_cast<double>(gradient[i]), first_gradient[i], tolerance * largest) << i;
        adam.step(parameters, gradient, lr, 1);
      }
      // Adam makes steps of one size of gradients of any: the smallest of floats have errors of their own size.
      const double moved = exact ? 1e-9 : 10 * 2 * lr;
      for (std::size_t i = 0; i < parameters.size(); ++i)
        EXPECT_NEAR(static_cast<double>(parameters[i]), last[i], moved) << i;
    });
  }
}

}  // namespace
}  // namespace sinefield
