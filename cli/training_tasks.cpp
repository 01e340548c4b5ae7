// The tasks by name.
// SPDX-License-Identifier: MIT
#include "cli/training_tasks.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "field/random.h"
#include "sinefield/error.h"
#include "sinefield/problem.h"
#include "sinefield/solve.h"

namespace sinefield::cli {
namespace {

struct Named {
  std::string_view name;
  int inputs, outputs;
  Activation activation = Activation::sine;
};
constexpr std::array tasks = {Named{"value", 2, 1},
                              Named{"gradient", 2, 1},
                              Named{"gradient_rgb", 2, 3},
                              Named{"eikonal", 3, 1},
                              Named{"laplacian", 2, 1},
                              Named{"equation", 2, 1},
                              Named{"wave", 3, 1},
                              Named{"relu", 2, 1, Activation::relu},
                              Named{"tanh", 2, 1, Activation::tanh}};

engine::JetPlan plan_of(const Named& task, const Architecture& shape) {
  constexpr std::array<double, 2> laplacian = {1, 1};
  constexpr std::array<double, 3> wave = {1, -0.25, -0.25};  // c = 1/2
  if (task.name == "value" || task.activation != Activation::sine) return engine::value_plan();
  if (task.name == "laplacian" || task.name == "equation") return engine::laplacian_plan(laplacian);
  if (task.name == "wave") return engine::laplacian_plan(wave);
  return engine::gradient_plan(shape);
}

}  // namespace

template <class T>
std::vector<T> uniform_array(std::size_t size, std::uint32_t which) {
  std::vector<T> x(size);
  const RandomSequence sequence{.seed = 1, .stream = sampler_streams, .tensor = which};
  for (std::size_t i = 0; i < size; ++i) x[i] = static_cast<T>(uniform_within(1, random_word(sequence, i)));
  return x;
}

Flops::Flops(const Architecture& a) : first(2.0 * a.inputs * a.width), all(0) {
  for (const LayerSlice& layer : layer_slices(a)) all += 2.0 * layer.inputs * layer.outputs;
}

template <class T>
TrainingTask<T>::TrainingTask(std::string_view name, int width, std::int64_t points, Isa isa) {
  const auto* task = std::ranges::find(tasks, name, &Named::name);
  if (task == tasks.end()) throw bad_input("there is no training step '" + std::string(name) + "'");
  shape = {.inputs = task->inputs, .outputs = task->outputs, .width = width, .activation = task->activation};
  if (shape.activation != Activation::sine) shape.omega_first = shape.omega_hidden = 1;
  plan = plan_of(*task, shape);
  coordinates = uniform_array<T>(static_cast<std::size_t>(points * shape.inputs), 1);
  const MatrixView<const T> x(coordinates.data(), points, shape.inputs);
  if (name == "eikonal") {
    batch = std::make_unique<engine::EikonalBatch<T>>(x, shape.outputs);
    return;
  }
  if (name == "equation") {
    Problem problem;
    const Expression x0 = problem.space("x", -1, 1), x1 = problem.space("y", -1, 1), u = problem.unknown("u");
    problem.add("equation", laplacian(u) + exp(x0 * x1) * u - sin(3 * x0) * cos(x1));
    problem::Collocation at;
    at.count = points;
    at.coordinates.assign(coordinates.begin(), coordinates.end());
    at.weights.assign(static_cast<std::size_t>(points), 1);
    const std::vector<AxisMap> axes = problem_axes(problem);
    loss = std::make_unique<train::TermLoss>(problem, problem.terms()[0], axes, shape);
    term_points = train::term_points<T>(at, axes);
    indices.resize(static_cast<std::size_t>(points));
    std::iota(indices.begin(), indices.end(), 0);
    plan = loss->plan.plan;
    batch = std::make_unique<train::TermBatch<T>>(*loss, term_points, indices, 1, isa);
    return;
  }
  const int wanted_first = plan.second.empty() ? std::min(plan.first, 1) : 1 + plan.first;
  const int wanted = plan.streams() - wanted_first;
  const std::int64_t columns = std::int64_t{wanted} * shape.outputs;
  targets = uniform_array<T>(static_cast<std::size_t>(points * columns), 2);
  std::vector<engine::StreamTarget<T>> streams;
  for (int s = 0; s < wanted; ++s)
    streams.push_back({.stream = wanted_first + s,
                       .targets = {targets.data() + s * shape.outputs, points, shape.outputs, columns},
                       .weight = 1.0 / wanted});
  batch = std::make_unique<engine::SquaredErrorBatch<T>>(x, std::move(streams), plan.streams());
}

template <class T>
double TrainingTask<T>::flops() const {
  // The derivative streams of the first layer are its constant weights; reverse over reverse goes back through it and
  // along it.
  const Flops forward(shape);
  const double derivatives = plan.passes == engine::Passes::reverse
                                 ? shape.outputs * forward.all
                                 : (plan.streams() - 1) * (forward.all - forward.first);
  return 3 * (forward.all + derivatives) - forward.first;
}

template std::vector<float> uniform_array(std::size_t, std::uint32_t);
template std::vector<double> uniform_array(std::size_t, std::uint32_t);
template struct TrainingTask<float>;
template struct TrainingTask<double>;

}  // namespace sinefield::cli
