// The planner's counts against the multiply-adds that are done: the plain kernels, compiled once more under a name of
// their own, count those of their tiles. Elementwise work is not counted.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

namespace {
std::int64_t multiply_adds = 0;
}
#define SINEFIELD_COUNT_MULTIPLY_ADDS(number) multiply_adds += (number)
#define HWY_COMPILE_ONLY_SCALAR
// Highway's name of the plain target: the library has kernels of that name, which do not count.
#define N_SCALAR N_COUNTED
#include "engine/kernel_table-inl.h"
#include "engine_samples.h"
#include "linear_batch.h"

namespace sinefield {
namespace {

static_assert(HWY_TARGET == HWY_SCALAR, "a second definition of kernels that the library has");

/// Of the hidden layers and of all points, counted in forward passes of one point.
struct Counted {
  double query, training;
};

Counted counted(const Architecture& a, const engine::JetPlan& plan) {
  const engine::Kernels<double>& kernels = HWY_NAMESPACE::KernelTable<double>();
  const engine::NetworkLayout layout(a, kernels.tile, sizeof(double));
  const std::vector<double> parameters = some_parameters(a, 1);
  engine::AlignedArray<double> packed(layout.packed_size), gradient(layout.gradient_size),
      scratch(std::max(kernels.query_scratch(layout, plan), kernels.train_scratch(layout, plan)));
  kernels.pack(layout, parameters.data(), packed.data());
  const std::int64_t points = 12 * 32;  // whole blocks of every plan
  const std::vector<double> x = some_numbers(points * a.inputs, 1, 2);
  const double pass = static_cast<double>(a.hidden_layers) * a.width * a.width * static_cast<double>(points);

  std::vector<std::vector<double>> u(static_cast<std::size_t>(plan.streams()),
                                     std::vector<double>(static_cast<std::size_t>(points * a.outputs)));
  std::vector<double*> out;
  for (std::vector<double>& stream : u) out.push_back(stream.data());
  multiply_adds = 0;
  kernels.query(layout, plan, packed.data(), {{x.data(), points, a.inputs}}, 0, points, out.data(), scratch.data());
  const double query = static_cast<double>(multiply_adds) / pass;

  const LinearBatch<double> batch(x, some_numbers(points * plan.streams() * a.outputs, 1, 3), {}, a, plan);
  multiply_adds = 0;
  kernels.train(layout, plan, packed.data(), batch, 0, points, gradient.data(), scratch.data());
  return {query, static_cast<double>(multiply_adds) / pass};
}

TEST(OperationCounts, are_those_of_the_planner) {
  struct Case {
    const char* name;
    int inputs, outputs;
    engine::JetPlan plan;
  };
  const std::array<double, 2> two = {1, 1};
  const std::array<double, 3> three = {1, -1, -1};
  const Case cases[] = {
      {"value", 2, 1, engine::value_plan()},
      {"gradient of one output", 2, 1, engine::gradient_plan({.inputs = 2, .outputs = 1})},
      {"gradient of one output, three inputs", 3, 1, engine::gradient_plan({.inputs = 3, .outputs = 1})},
      {"gradient of two outputs, three inputs", 3, 2, engine::gradient_plan({.inputs = 3, .outputs = 2})},
      {"gradient of three outputs", 2, 3, engine::gradient_plan({.inputs = 2, .outputs = 3})},
      {"Laplacian", 2, 1, engine::laplacian_plan(two)},
      {"wave operator", 3, 1, engine::laplacian_plan(three)},
      {"Hessian", 2, 2, engine::hessian_plan(2)},
  };
  for (const Case& c : cases)
    for (const int width : {48, 96}) {
      const Architecture a{.inputs = c.inputs, .outputs = c.outputs, .width = width, .hidden_layers = 3};
      SCOPED_TRACE(fmt::format("{}, width {}", c.name, width));
      const Counted count = counted(a, c.plan);
      const double planned = c.plan.forward_passes(c.outputs);
      // Beside the hidden layers tiles do some of the first, whose weights are inputs / (3 width) of theirs.
      const double first_layer = 1 + c.inputs / (3.0 * width);
      EXPECT_GE(count.query, planned);
      EXPECT_LE(count.query, planned * first_layer);
      EXPECT_GE(count.training, 3 * planned);
      EXPECT_LE(count.training, 3 * planned * first_layer);
    }
}

// Of two plans for the same streams the planner must take the one that does less.
TEST(OperationCounts, the_plan_not_taken_does_not_do_less) {
  constexpr std::array<std::array<int, 2>, 6> shapes = {{{2, 1}, {3, 1}, {3, 2}, {2, 2}, {2, 3}, {4, 2}}};
  for (const auto& [inputs, outputs] : shapes) {
    const Architecture a{.inputs = inputs, .outputs = outputs, .width = 48, .hidden_layers = 2};
    const engine::JetPlan taken = engine::gradient_plan(a);
    engine::JetPlan other = taken;
    other.passes = taken.passes == engine::Passes::jet ? engine::Passes::reverse : engine::Passes::jet;
    const Counted less = counted(a, taken), more = counted(a, other);
    EXPECT_LE(less.query, more.query) << inputs << " to " << outputs;
    EXPECT_LE(less.training, more.training * 1.05) << inputs << " to " << outputs;
  }
}

}  // namespace
}  // namespace sinefield
