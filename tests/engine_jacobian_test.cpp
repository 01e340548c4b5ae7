// J v, J' w and J J' of residuals against the explicit Jacobian of the plain reference, over plans, instruction sets,
// precisions and shapes that leave no block, tile or panel whole; the adjoint identity; the bits for any number of
// threads; memory.
// SPDX-License-Identifier: MIT
#include "engine/residual_jacobian.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "allocation_count.h"
#include "engine/training_step.h"
#include "engine_samples.h"
#include "linear_batch.h"
#include "reference/reference.h"
#include "refusal.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::Passes;
using engine::ResidualJacobian;

/// Residuals that are linear in the streams of u: r = sum of seeds x streams, so that rows of J know no other error
/// than that of the passes. Rows with index 1 modulo 7 see nothing.
struct Problem {
  Problem(const Architecture& shape, const JetPlan& jet_plan, std::int64_t count)
      : architecture(shape),
        plan(jet_plan),
        rows(count),
        parameters(some_parameters(shape, 1)),
        coordinates(some_numbers(count * shape.inputs, 1, 2)),
        seeds(some_numbers(count * plan.streams() * shape.outputs, 1, 3)) {
    const auto per_row = static_cast<std::size_t>(plan.streams() * shape.outputs);
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      const int stream = static_cast<int>(i % per_row) / shape.outputs;
      const int order = stream == 0 ? 0 : stream <= plan.first ? 1 : 2;
      const bool nothing = i / per_row % 7 == 1;
      seeds[i] = nothing ? 0 : static_cast<float>(seeds[i] / std::pow(shape.omega_first, order));
    }
  }

  /// The row of J that a point and its seeds make: (rows, parameters), and of every layer the largest element.
  std::vector<double> jacobian() const {
    const Architecture& a = architecture;
    const auto d = static_cast<std::size_t>(a.inputs), c = static_cast<std::size_t>(a.outputs),
               streams = static_cast<std::size_t>(plan.streams()), width = parameters.size();
    std::vector<double> matrix(static_cast<std::size_t>(rows) * width);
    for (std::size_t n = 0; n < static_cast<std::size_t>(rows); ++n) {
      reference::Jet bar{std::vector<double>(c), std::vector<double>(c * d), std::vector<double>(c * d * d)};
      for (std::size_t s = 0; s < streams; ++s)
        for (std::size_t o = 0; o < c; ++o) {
          const double seed = seeds[(n * streams + s) * c + o];
          if (s == 0) {
            bar.value[o] = seed;
          } else if (std::cmp_less_equal(s, plan.first)) {
            bar.gradient[o * d + s - 1] = seed;
          } else {
            for (const auto& [i, j, weight] : plan.second[s - 1 - static_cast<std::size_t>(plan.first)].terms)
              bar.hessian[(o * d + static_cast<std::size_t>(i)) * d + static_cast<std::size_t>(j)] += seed * weight;
          }
        }
      reference::jet_reverse(a, parameters, std::span(coordinates).subspan(n * d, d), bar,
                             std::span(matrix).subspan(n * width, width));
    }
    return matrix;
  }

  Architecture architecture;
  JetPlan plan;
  std::int64_t rows;
  std::vector<double> parameters, coordinates, seeds;
};

template <class T>
LinearBatch<T> batch_of(const Problem& problem) {
  return {as<T>(problem.coordinates), as<T>(problem.seeds), {}, problem.architecture, problem.plan};
}

/// All products at once.
template <class T>
struct Products {
  Products(const Problem& problem, Isa isa, engine::Workers& workers, const std::vector<double>& v,
           const std::vector<double>& w)
      : forward(w.size()), back(v.size()), gram(w.size() * w.size()), rows(w.size() * v.size()) {
    ResidualJacobian<T> jacobian(problem.architecture, isa, workers, problem.plan, problem.rows);
    EXPECT_EQ(jacobian.rows(), problem.rows);
    EXPECT_EQ(jacobian.parameters(), std::ssize(v));
    loss = jacobian.linearise(as<T>(problem.parameters), batch_of<T>(problem));
    jacobian.times(as<T>(v), forward);
    jacobian.transposed_times(as<T>(w), back);
    jacobian.gram({gram.data(), problem.rows, problem.rows});
    jacobian.explicit_rows(0, {rows.data(), problem.rows, std::ssize(v)});
  }
  bool operator==(const Products&) const = default;

  double loss;
  std::vector<T> forward, back, gram, rows;
};

/// A few plans of every kind that fit the inputs.
std::vector<JetPlan> plans(int inputs) {
  std::vector<double> weights;
  for (int i = 0; i < inputs; ++i) weights.push_back(i == 0 ? 1.0 : -0.25 * i);
  std::vector<JetPlan> list = {engine::value_plan(),
                               {.passes = Passes::reverse, .first = inputs, .second = {}},
                               engine::laplacian_plan(weights)};
  if (inputs == 2) list.push_back(engine::hessian_plan(inputs));
  return list;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

class EngineJacobian : public testing::TestWithParam<int> {};

TEST_P(EngineJacobian, products_are_those_of_the_explicit_jacobian_of_the_reference) {
  const int width = GetParam();
  engine::SerialWorkers serial;
  ErrorBounds bounds(fmt::format("width {}", width));
  for (const int which : {1, 2, 3, 4}) {
    const bool encoded = which == 4;
    const int inputs = encoded ? 2 : which;
    Architecture a{.inputs = inputs,
                   .outputs = 1 + (width + inputs) % 2,
                   .width = width,
                   .hidden_layers = (width + 2 * inputs) % (width < 60 ? 4 : 2),
                   .omega_first = 20,
                   .omega_hidden = width % 2 == 0 ? 30.0 : 12.0};
    if (encoded) {
      a.omega_first = a.omega_hidden = 1;
      a.activation = Activation::tanh;
      a.encoding = {Encoding::Kind::positional, 2};
    }
    for (int index = 0; const JetPlan& plan : plans(inputs)) {
      const std::int64_t rows = width > 60 ? 29 : 1 + (13 * width + 29 * index++) % 117;
      SCOPED_TRACE(fmt::format("{} to {}, {} hidden layers, {} rows, {}", a.inputs, a.outputs, a.hidden_layers, rows,
                               plan.words(a.outputs)));
      const Problem problem(a, plan, rows);
      const std::vector<double> jacobian = problem.jacobian();
      const std::size_t columns = problem.parameters.size(), n = static_cast<std::size_t>(rows);
      const std::vector<double> v = some_numbers(std::ssize(problem.parameters), 1, 4), w = some_numbers(rows, 1, 5);
      const auto row = [&](std::size_t r) { return std::span(jacobian).subspan(r * columns, columns); };
      std::vector<double> forward(n), back(columns), gram(n * n), lengths(n);
      double v_size = std::sqrt(dot(v, v));
      for (std::size_t r = 0; r < n; ++r) {
        forward[r] = dot(row(r), v);
        lengths[r] = std::sqrt(dot(row(r), row(r)));
        for (std::size_t q = 0; q < n; ++q) gram[r * n + q] = dot(row(r), row(q));
        for (std::size_t i = 0; i < columns; ++i) back[i] += w[r] * row(r)[i];
      }
      const double longest = largest(lengths), total = std::sqrt(dot(lengths, lengths));
      for_each_engine([&]<class T>(Isa isa) {
        // Elements of a row err by eps x growth of the row's length (its largest part), products by that of lengths.
        // Positional features bring phases and slopes of up to 2 pi.
        const double bound = (encoded ? 2 * 3.14 : 1) * epsilon<T> * rounding_growth(a);
        const Products<T> products(problem, isa, serial, v, w);
        bounds.expect_near<T>(products.rows, jacobian, bound, longest, "element of J");
        bounds.expect_near<T>(products.forward, forward, bound, longest * v_size, "J v");
        bounds.expect_near<T>(products.back, back, bound, total, "J' w");
        bounds.expect_near<T>(products.gram, gram, bound, longest * longest, "J J'");
        for (std::size_t r = 0; r < n; ++r)
          for (std::size_t q = 0; q < n; ++q)
            ASSERT_EQ(products.gram[r * n + q], products.gram[q * n + r]) << r << ", " << q;
      });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(width, EngineJacobian, testing::Values(1, 2, 3, 8, 15, 16, 17, 31, 33, 64, 65),
                         testing::PrintToStringParamName());

TEST(EngineJacobianOf, radial_features_is_refused) {
  const Architecture a{.width = 4, .encoding = {Encoding::Kind::rbf, 3}};
  engine::SerialWorkers serial;
  EXPECT_EQ(refusal([&] { ResidualJacobian<double>(a, best_isa(), serial, engine::value_plan(), 2); }),
            "J of a network behind encoding rbf: centres and sigmas are not among its columns");
}

// <J v, w> = <v, J' w> and the rows of J J': what is added in another order differs by rounding only.
TEST(EngineJacobianIdentities, hold_to_rounding) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 37, .hidden_layers = 3};
  for (const JetPlan& plan : plans(2)) {
    SCOPED_TRACE(plan.words(2));
    const std::int64_t rows = 203;
    const Problem problem(a, plan, rows);
    const std::vector<double> v = some_numbers(std::ssize(problem.parameters), 1, 4), w = some_numbers(rows, 1, 5);
    for (const Isa isa : available_isas()) {
      SCOPED_TRACE(std::string(isa_name(isa)));
      engine::SerialWorkers serial;
      ResidualJacobian<double> jacobian(a, isa, serial, plan, rows);
      jacobian.linearise(problem.parameters, batch_of<double>(problem));
      std::vector<double> forward(w.size()), back(v.size()), gram(w.size() * w.size()), twice(w.size());
      jacobian.times(v, forward);
      jacobian.transposed_times(w, back);
      const double size = std::sqrt(dot(forward, forward) * dot(w, w));
      EXPECT_NEAR(dot(forward, w), dot(v, back), 1e-13 * size);
      EXPECT_GT(size, 0);
      jacobian.gram({gram.data(), rows, rows});
      jacobian.times(back, twice);  // J J' w
      for (std::size_t r = 0; r < twice.size(); ++r)
        ASSERT_NEAR(dot(std::span(gram).subspan(r * w.size(), w.size()), w), twice[r], 1e-12 * largest(twice)) << r;
    }
  }
}

TEST(EngineJacobianGradient, of_half_the_squares_is_that_of_a_training_step) {
  const Architecture a{.inputs = 2, .outputs = 1, .width = 33, .hidden_layers = 2};
  const std::array<double, 2> ones = {1, 1};
  const Problem problem(a, engine::laplacian_plan(ones), 1217);
  engine::SerialWorkers serial;
  const LinearBatch<double> batch = batch_of<double>(problem);
  engine::TrainingStep<double> step(a, best_isa(), serial, problem.plan);
  ResidualJacobian<double> jacobian(a, best_isa(), serial, problem.plan, problem.rows);
  std::vector<double> expected(problem.parameters.size()), gradient(expected.size());
  const double loss = step.run(problem.parameters, batch, expected);
  EXPECT_NEAR(jacobian.linearise(problem.parameters, batch), loss, 1e-12 * std::abs(loss));
  jacobian.transposed_times(std::vector<double>(1217, 1.0), gradient);
  for (std::size_t i = 0; i < gradient.size(); ++i)
    EXPECT_NEAR(gradient[i], expected[i], 1e-12 * largest(expected)) << i;
}

TEST(EngineJacobianThreads, do_not_change_a_bit) {
  for (const JetPlan& plan : plans(2))
    for (const std::int64_t rows : {1, 130, 600}) {
      SCOPED_TRACE(fmt::format("{} rows, {}", rows, plan.words(1)));
      const Problem problem({.inputs = 2, .outputs = 1, .width = 8, .hidden_layers = 1}, plan, rows);
      const std::vector<double> v = some_numbers(std::ssize(problem.parameters), 1, 4), w = some_numbers(rows, 1, 5);
      for_each_engine([&]<class T>(Isa isa) {
        engine::SerialWorkers serial;
        const Products<T> alone(problem, isa, serial, v, w);
        for (const int threads : {2, 5})
          EXPECT_TRUE(Products<T>(problem, isa, *engine::make_workers(threads), v, w) == alone) << threads;
      });
    }
}

TEST(EngineJacobianMemory, linearising_and_products_allocate_nothing) {
  const std::array<double, 2> ones = {1, 1};
  const Problem problem({.inputs = 2, .outputs = 2, .width = 9, .hidden_layers = 2}, engine::laplacian_plan(ones), 700);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> parameters = as<T>(problem.parameters);
    const LinearBatch<T> batch = batch_of<T>(problem);
    std::vector<T> v(parameters.size(), T{1}), w(700, T{1}), gram(700 * 700);
    for (const int threads : {1, 2}) {
      const auto workers = engine::make_workers(threads);
      ResidualJacobian<T> jacobian(problem.architecture, isa, *workers, problem.plan, 700);
      jacobian.linearise(parameters, batch);  // starts the threads
      const std::int64_t before = allocation_count();
      for (int run = 0; run < 3; ++run) {
        jacobian.linearise(parameters, batch);
        jacobian.times(v, w);
        jacobian.transposed_times(w, v);
        jacobian.gram({gram.data(), 700, 700});
      }
      EXPECT_EQ(allocation_count() - before, 0) << threads << " threads";
    }
  });
}

}  // namespace
}  // namespace sinefield
