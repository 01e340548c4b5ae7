// The last layer as a linear problem: features of the engine against the reference, exact solves of least squares, rows
// of fields against the reference, and linear equations solved by them, against closed forms.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <iostream>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "engine/jet_query.h"
#include "engine_samples.h"
#include "reference/reference.h"
#include "refusal.h"
#include "sinefield/first_frequencies.h"
#include "sinefield/model_file.h"
#include "sinefield/query.h"
#include "tile_samples.h"
#include "train/last_layer.h"
#include "train/least_squares.h"
#include "windowed_samples.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::JetQuery;

TEST(Features, times_the_output_weights_are_the_streams) {
  for (const int width : {1, 7, 16, 33, 64})
    for (const int hidden : {0, 2}) {
      const Architecture a{.inputs = 2, .outputs = 3, .width = width, .hidden_layers = hidden};
      SCOPED_TRACE(fmt::format("width {}, {} hidden layers", width, hidden));
      const std::int64_t points = 101;
      const std::vector<double> parameters = some_parameters(a, 1), coordinates = some_numbers(points * 2, 1, 2);
      const LayerSlice output = layer_slices(a).back();
      const std::array<double, 2> ones = {1, 1};
      for (const JetPlan& plan : {engine::value_plan(), engine::laplacian_plan(ones), engine::hessian_plan(2)})
        for_each_engine([&]<class T>(Isa isa) {
          engine::SerialWorkers serial;
          const std::vector<T> flat = as<T>(parameters), x = as<T>(coordinates);
          JetQuery<T> query(a, flat, plan, isa, serial);
          const auto streams = static_cast<std::size_t>(plan.streams()), n = static_cast<std::size_t>(points);
          std::vector<std::vector<T>> u(streams, std::vector<T>(n * 3));
          std::vector<T*> out;
          for (std::vector<T>& stream : u) out.push_back(stream.data());
          query.run({x.data(), points, 2}, out);
          std::vector<T> features(n * streams * static_cast<std::size_t>(width), T{12345});
          query.features({x.data(), points, 2}, features);
          for (std::size_t s = 0; s < streams; ++s) {
            double scale = 0;
            for (const T value : u[s]) scale = std::max(scale, std::abs(static_cast<double>(value)));
            for (std::size_t p = 0; p < n; ++p)
              for (std::size_t o = 0; o < 3; ++o) {
                double sum = s == 0 ? parameters[static_cast<std::size_t>(output.bias) + o] : 0;
                for (std::size_t k = 0; k < static_cast<std::size_t>(width); ++k)
                  sum += parameters[static_cast<std::size_t>(output.weight) + o * static_cast<std::size_t>(width) + k] *
                         static_cast<double>(features[(p * streams + s) * static_cast<std::size_t>(width) + k]);
                ASSERT_NEAR(sum, static_cast<double>(u[s][p * 3 + o]), 100 * epsilon<T> * scale) << s << " " << p;
              }
          }
        });
    }
}

TEST(Features, do_not_depend_on_threads) {
  const Architecture a{.inputs = 3, .outputs = 1, .width = 20, .hidden_layers = 1};
  const std::int64_t points = 5000;
  const std::vector<double> parameters = some_parameters(a, 1), x = some_numbers(points * 3, 1, 2);
  const std::array<double, 3> ones = {1, 1, 1};
  const JetPlan plan = engine::laplacian_plan(ones);
  const auto features = [&](int threads) {
    const auto workers = engine::make_workers(threads);
    std::vector<double> out(static_cast<std::size_t>(points * plan.streams() * a.width));
    JetQuery<double>(a, parameters, plan, best_isa(), *workers).features({x.data(), points, 3}, out);
    return out;
  };
  EXPECT_EQ(features(1), features(3));
}

TEST(LeastSquares, of_a_polynomial_are_its_coefficients) {
  // Columns of very different sizes, in two blocks with a stride.
  const std::array<double, 4> wanted = {3, -2e3, 5e-4, 7};
  std::vector<double> rows, right;
  for (int i = 0; i < 40; ++i) {
    const double t = i / 20.0 - 1;
    const std::array<double, 4> columns = {1, 1e-3 * t, 1e4 * t * t, t * t * t};
    double value = 0;
    for (std::size_t k = 0; k < 4; ++k) value += wanted[k] * columns[k];
    rows.insert(rows.end(), columns.begin(), columns.end());
    rows.push_back(1e9);  // beyond the columns
    right.push_back(value);
  }
  engine::SerialWorkers serial;
  train::NormalEquations<double> equations(4, 1, best_isa(), serial);
  equations.add({rows.data(), 15, 4, 5}, {right.data(), 15, 1});
  equations.add({rows.data() + 15 * 5, 25, 4, 5}, {right.data() + 15, 25, 1});
  for (const std::vector<double>& found : {equations.solve(), equations.solve_truncated(),
                                           train::solve_by_qr<double>({rows.data(), 40, 4, 5}, {right.data(), 40, 1})})
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(found[k], wanted[k], 1e-9 * std::abs(wanted[k])) << k;
}

TEST(LeastSquares, of_columns_that_are_the_same_share_it) {
  const std::vector<double> rows = {1, 1, 2, 2, 3, 3}, right = {2, -1, 4, -2, 6, -3};
  engine::SerialWorkers serial;
  train::NormalEquations<double> equations(2, 2, best_isa(), serial);
  equations.add({rows.data(), 3, 2}, {right.data(), 3, 2});
  for (const std::vector<double>& found :
       {equations.solve_truncated(), train::solve_by_qr<double>({rows.data(), 3, 2}, {right.data(), 3, 2})})
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(found[2 * k], 1, 1e-12);
      EXPECT_NEAR(found[2 * k + 1], -0.5, 1e-12);
    }
  EXPECT_THAT(refusal([&] {
                equations.add({rows.data(), 2, 3}, {right.data(), 2, 2});
              }),
              testing::HasSubstr("rows (2, 3)"));
  EXPECT_THAT(refusal([&] { train::NormalEquations<double>(2, 1, best_isa(), serial).solve(); }),
              testing::HasSubstr("without rows"));
}

// ---- the last layers of fields

/// Points of a plane domain with the rows of an equation, and room for what is drawn.
struct Points {
  std::vector<double> x;  // (n, 2)

  std::int64_t count() const { return std::ssize(x) / 2; }
  MatrixView<const double> view() const { return {x.data(), count(), 2}; }
  std::vector<double> of(auto function) const {
    std::vector<double> numbers;
    for (std::size_t p = 0; p < x.size(); p += 2) numbers.push_back(function(x[p], x[p + 1]));
    return numbers;
  }
};

MatrixView<const double> column(const std::vector<double>& numbers) { return {numbers.data(), std::ssize(numbers), 1}; }

/// The same coefficients at each of n points.
MatrixView<const double> everywhere(const std::vector<double>& coefficients, std::int64_t n) {
  return {coefficients.data(), n, std::ssize(coefficients), 0};
}

engine::JetPlan laplacian_plan() { return engine::laplacian_plan(std::array<double, 2>{1, 1}); }

std::vector<double> true_solution(const Field& field, const std::vector<std::size_t>& solved) {
  std::vector<double> solution;
  bool constant_taken = false;
  for (const std::size_t term : solved) {
    const Network& network = field.networks[term];
    const LayerSlice last = layer_slices(network.architecture).back();
    const auto outputs = static_cast<std::size_t>(last.outputs), width = static_cast<std::size_t>(last.inputs);
    const float* const weight = network.parameters.data() + last.weight;
    for (std::size_t unit = 0; unit < width; ++unit)
      for (std::size_t o = 0; o < outputs; ++o) solution.push_back(weight[o * width + unit]);
    if (field.window_of(term) == nullptr && std::exchange(constant_taken, true)) continue;
    for (std::size_t o = 0; o < outputs; ++o) solution.push_back(network.parameters[last.bias + o]);
  }
  return solution;
}

TEST(LastLayers, times_the_rows_are_what_the_field_gives) {
  const Field field = windowed_field(2, 2);
  const Points points{some_numbers(2 * 700, 0.6, 3)};
  const auto n = static_cast<std::size_t>(points.count());
  const engine::SecondOrder mixed{{{0, 0, 1.5}, {0, 1, -0.75}, {1, 1, 2}}}, pure{{{1, 1, -2}}};
  const engine::JetPlan plan{.passes = engine::Passes::jet, .first = 2, .second = {mixed, pure}};
  const std::vector<double> coefficients = some_numbers(points.count() * plan.streams(), 1, 4);
  std::vector<double> wanted;
  double size = 0;
  for (std::size_t p = 0; p < n; ++p) {
    const reference::Jet jet = reference::sum_jet(field, std::span(points.x).subspan(2 * p, 2));
    const double* const c = &coefficients[p * 5];
    for (std::size_t o = 0; o < 2; ++o) {
      const double* const h = &jet.hessian[4 * o];
      wanted.push_back(c[0] * jet.value[o] + c[1] * jet.gradient[2 * o] + c[2] * jet.gradient[2 * o + 1] +
                       c[3] * (1.5 * h[0] - 0.75 * h[1] + 2 * h[3]) - 2 * c[4] * h[3]);
      size = std::max(size, std::abs(wanted.back()));
    }
  }
  const auto workers = engine::make_workers(2);
  const std::vector<double> zero(2 * n);
  for (const std::vector<std::size_t>& solved : {std::vector<std::size_t>{0, 1, 2}, {0}, {1}, {0, 2}, {1, 2}}) {
    train::LastLayers layers(field, solved, best_isa(), *workers);
    const train::PointEquations<double> equations{
        points.view(), plan, {coefficients.data(), points.count(), 5}, {zero.data(), points.count(), 2}};
    const std::vector<double> solution = true_solution(field, solved);
    ASSERT_EQ(std::ssize(solution), layers.unknowns() * 2);
    const auto unknowns = static_cast<std::size_t>(layers.unknowns());
    std::vector<double> rows(n * unknowns, NAN), right(2 * n, NAN);
    layers.write<double>(equations, {rows.data(), points.count(), layers.unknowns()},
                         {right.data(), points.count(), 2});
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t o = 0; o < 2; ++o) {
        double sum = -right[2 * p + o];  // what the other networks give
        for (std::size_t k = 0; k < unknowns; ++k) sum += rows[p * unknowns + k] * solution[2 * k + o];
        ASSERT_NEAR(sum, wanted[2 * p + o], 1e-12 * size) << p;
      }
    // The other way: put back, the solution makes the same field.
    for (const train::Rounding rounding : {train::Rounding::to_floats, train::Rounding::with_remainders}) {
      const Field again = layers.field_of(solution, rounding);
      EXPECT_EQ(again.networks.size(),
                field.networks.size() + (rounding == train::Rounding::with_remainders ? solved.size() : 0));
      const Jets<double> jets = query<double>(again, points.view(), Order::laplacian, Units::network),
                         expected = query<double>(field, points.view(), Order::laplacian, Units::network);
      for (std::size_t e = 0; e < 2 * n; ++e) {
        ASSERT_NEAR(jets.value[e], expected.value[e], 1e-14);
        ASSERT_NEAR(jets.laplacian[e], expected.laplacian[e], 1e-12 * size);
      }
    }
    // Block by block it is the same problem.
    train::NormalEquations<double> whole(layers.unknowns(), 2, best_isa(), *workers),
        blocks(layers.unknowns(), 2, best_isa(), *workers);
    whole.add({rows.data(), points.count(), layers.unknowns()}, {right.data(), points.count(), 2});
    layers.add_to<double>(blocks, equations);
    const std::vector<double> a = whole.solve(1e-6), b = blocks.solve(1e-6);
    for (std::size_t k = 0; k < a.size(); ++k) ASSERT_NEAR(a[k], b[k], 1e-6 * (1 + std::abs(a[k])));
  }
}

TEST(LastLayers, do_not_depend_on_threads) {
  const Field field = windowed_field(2, 1);
  const Points points{some_numbers(2 * 1500, 1, 3)};
  const std::vector<double> coefficients = {1, 0.5, -2, 0.25}, zero(1500);
  const auto rows = [&](int threads) {
    const auto workers = engine::make_workers(threads);
    train::LastLayers layers(field, {0, 1}, best_isa(), *workers);
    std::vector<double> all(1500 * static_cast<std::size_t>(layers.unknowns())), right(1500);
    layers.write<double>({points.view(), laplacian_plan(), everywhere(coefficients, 1500), column(zero)},
                         {all.data(), 1500, layers.unknowns()}, {right.data(), 1500, 1});
    all.insert(all.end(), right.begin(), right.end());
    return all;
  };
  EXPECT_EQ(rows(1), rows(3));
}

// Remainders carry what floats lose: large weights that cancel, as exact solves have them.
TEST(LastLayers, with_remainders_are_the_solution_in_double) {
  const Field field = windowed_field(2, 1);
  const Points points{some_numbers(2 * 100, 1, 3)};
  engine::SerialWorkers serial;
  train::LastLayers layers(field, {0, 1, 2}, best_isa(), serial);
  std::vector<double> solution;
  for (int k = 0; k < layers.unknowns(); ++k) solution.push_back(1e6 * std::sin(3.0 * k));
  std::vector<double> rows(100 * static_cast<std::size_t>(layers.unknowns())), right(100), zero(100);
  layers.write<double>({points.view(), engine::value_plan(), everywhere({1}, 100), column(zero)},
                       {rows.data(), 100, layers.unknowns()}, {right.data(), 100, 1});
  const auto worst = [&](train::Rounding rounding) {
    const Field stored = model_from_bytes(model_bytes(layers.field_of(solution, rounding)), "m");
    const std::vector<double> value = query<double>(stored, points.view(), Order::value, Units::network).value;
    double most = 0;
    for (std::size_t p = 0; p < 100; ++p) {
      double sum = 0;
      for (std::size_t k = 0; k < solution.size(); ++k) sum += rows[p * solution.size() + k] * solution[k];
      most = std::max(most, std::abs(value[p] - sum));
    }
    return most;
  };
  const double floats = worst(train::Rounding::to_floats), remainders = worst(train::Rounding::with_remainders);
  EXPECT_GT(floats, 1e-3);
  EXPECT_LT(remainders, 1e6 * 1e-14 * static_cast<double>(solution.size()));
}

TEST(LastLayers, refuse_what_they_cannot_solve) {
  const Field field = windowed_field(2, 1);
  engine::SerialWorkers serial;
  const auto refused = [&](const Field& f, std::vector<std::size_t> solved) {
    return refusal([&] { train::LastLayers(f, std::move(solved), best_isa(), serial); });
  };
  EXPECT_THAT(refused(field, {}), testing::HasSubstr("of no network"));
  EXPECT_THAT(refused(field, {0, 3}), testing::HasSubstr("network 3 of 3"));
  EXPECT_THAT(refused(field, {1, 1}), testing::HasSubstr("network 1 of 3, expected increasing"));
  EXPECT_THAT(refused(tiled_field({some_axis(2, 1)}, 1, Blend::quintic, Shapes::equal), {0}),
              testing::HasSubstr("a field of tiles"));
  Field bad = field;
  bad.windows.pop_back();
  EXPECT_THAT(refused(bad, {0}), testing::HasSubstr("2 windows for 3 networks"));
  train::LastLayers layers(field, {0}, best_isa(), serial);
  const std::vector<double> numbers(10);
  train::NormalEquations<double> equations(layers.unknowns(), 1, best_isa(), serial);
  EXPECT_THAT(refusal([&] {
                layers.add_to<double>(
                    equations,
                    {{numbers.data(), 5, 2}, engine::value_plan(), {numbers.data(), 4, 1}, {numbers.data(), 5, 1}});
              }),
              testing::HasSubstr("coefficients (4, 1)"));
  std::vector<double> solution(static_cast<std::size_t>(layers.unknowns()), 1e39);
  EXPECT_THAT(refusal([&] { layers.field_of(solution, train::Rounding::to_floats); }),
              testing::HasSubstr("a last layer with 1e+39"));
  solution.pop_back();
  EXPECT_THAT(refusal([&] { layers.field_of(solution, train::Rounding::to_floats); }),
              testing::HasSubstr("expected 8 unknowns of 1 outputs"));
}

// ---- equations

constexpr double pi = std::numbers::pi;

/// u and its Laplacian, and where: the square [0,1]^2 or the L-shape that lacks its upper right quarter.
struct Problem {
  const char* name;
  double (*u)(double x, double y);
  double (*laplacian)(double x, double y);
};
constexpr std::array poisson = {
    Problem{"sin(pi x) sin(pi y) + e^x cos y",
            [](double x, double y) { return std::sin(pi * x) * std::sin(pi * y) + std::exp(x) * std::cos(y); },
            [](double x, double y) { return -2 * pi * pi * std::sin(pi * x) * std::sin(pi * y); }},
    Problem{"sin(4 pi x) sin(3 pi y) + e^(xy)",
            [](double x, double y) { return std::sin(4 * pi * x) * std::sin(3 * pi * y) + std::exp(x * y); },
            [](double x, double y) {
              return -25 * pi * pi * std::sin(4 * pi * x) * std::sin(3 * pi * y) + (x * x + y * y) * std::exp(x * y);
            }}};

enum class Shape { square, ell };
bool contains(Shape shape, double x, double y) { return shape == Shape::square || x <= 0.5 || y <= 0.5; }

Points inside(Shape shape, int count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  Points points;
  while (points.count() < count) {
    const double x = unit(random), y = unit(random);
    if (contains(shape, x, y)) points.x.insert(points.x.end(), {x, y});
  }
  return points;
}

/// Evenly along the border, corners included.
Points border(Shape shape, int count) {
  const std::vector<std::array<double, 2>> corners =
      shape == Shape::square
          ? std::vector<std::array<double, 2>>{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}
          : std::vector<std::array<double, 2>>{{0, 0}, {1, 0}, {1, 0.5}, {0.5, 0.5}, {0.5, 1}, {0, 1}, {0, 0}};
  Points points;
  for (std::size_t side = 0; side + 1 < corners.size(); ++side) {
    const auto [x0, y0] = corners[side];
    const auto [x1, y1] = corners[side + 1];
    const int along = static_cast<int>(count / 4 * (std::abs(x1 - x0) + std::abs(y1 - y0)));
    for (int i = 0; i < along; ++i)
      points.x.insert(points.x.end(), {x0 + (x1 - x0) * i / along, y0 + (y1 - y0) * i / along});
  }
  return points;
}

/// One layer of chosen features in the plane.
Network features(int width, double omega, const FirstFrequencies& frequencies, std::uint64_t seed) {
  return initial_network({.inputs = 2, .outputs = 1, .width = width, .hidden_layers = 0, .omega_first = omega},
                         frequencies, seed);
}

Field plane_field(std::vector<Network> networks) {
  Field field;
  field.kind = networks.size() > 1 ? FieldKind::sum : FieldKind::network;
  field.networks = std::move(networks);
  field.axes = {{"x", 1, 0}, {"y", 1, 0}};
  field.channels = {{1, 0}};
  return field;
}

double relative_error(const Field& field, const Points& points, const std::vector<double>& exact) {
  const std::vector<double> u = query<double>(field, points.view(), Order::value, Units::network).value;
  double difference = 0, size = 0;
  for (std::size_t p = 0; p < u.size(); ++p) {
    difference += (u[p] - exact[p]) * (u[p] - exact[p]);
    size += exact[p] * exact[p];
  }
  return std::sqrt(difference / size);
}

/// Relative errors of the solution with one layer of features: by QR, the same in floats, by the normal equations.
struct PoissonErrors {
  double qr, in_floats, cholesky;
};
PoissonErrors solve(const Problem& problem, Shape shape, const Network& network) {
  const auto workers = engine::make_workers(2);
  train::LastLayers layers(plane_field({network}), {0}, best_isa(), *workers);
  const int width = network.architecture.width;
  const Points in = inside(shape, 3 * width, 100), on = border(shape, width);
  // Mean squares of both, the border's weighing 100 times as much.
  const double share = 1 / std::sqrt(static_cast<double>(in.count())),
               border_share = 100 / std::sqrt(static_cast<double>(on.count()));
  const std::vector<double> of_laplacian = {0, 0, 0, share}, of_value = {border_share},
                            f = in.of([&](double x, double y) { return share * problem.laplacian(x, y); }),
                            g = on.of([&](double x, double y) { return border_share * problem.u(x, y); });
  const train::PointEquations<double> equation{in.view(), laplacian_plan(), everywhere(of_laplacian, in.count()),
                                               column(f)},
      condition{on.view(), engine::value_plan(), everywhere(of_value, on.count()), column(g)};
  const std::int64_t n = in.count() + on.count(), unknowns = layers.unknowns();
  std::vector<double> rows(static_cast<std::size_t>(n * unknowns)), right(static_cast<std::size_t>(n));
  layers.write<double>(equation, {rows.data(), in.count(), unknowns}, {right.data(), in.count(), 1});
  layers.write<double>(condition, {rows.data() + in.count() * unknowns, on.count(), unknowns},
                       {right.data() + in.count(), on.count(), 1});
  train::NormalEquations<double> normal(layers.unknowns(), 1, best_isa(), *workers);
  layers.add_to<double>(normal, equation);
  layers.add_to<double>(normal, condition);

  const Points probe = inside(shape, 5000, 7);
  const std::vector<double> exact = probe.of(problem.u);
  const auto error = [&](const std::vector<double>& solution, train::Rounding rounding) {
    return relative_error(layers.field_of(solution, rounding), probe, exact);
  };
  const std::vector<double> by_qr = train::solve_by_qr<double>({rows.data(), n, unknowns}, {right.data(), n, 1});
  return {error(by_qr, train::Rounding::with_remainders), error(by_qr, train::Rounding::to_floats),
          error(normal.solve(1e-12), train::Rounding::with_remainders)};
}

TEST(LastLayers, solve_poissons_equation_exactly) {
  const LatticeFrequencies lattice{.step = 0.6 * pi, .most = 14, .radius = 26};
  const std::array discs = {features(300, 1, DiscFrequencies{10}, 0), features(600, 1, DiscFrequencies{25}, 1)};
  for (std::size_t which = 0; which < poisson.size(); ++which)
    for (const Shape shape : {Shape::square, Shape::ell})
      for (const Network& network : {discs[which], features(lattice_units(2, lattice), lattice.step, lattice, 0)}) {
        const PoissonErrors errors = solve(poisson[which], shape, network);
        std::cout << poisson[which].name << (shape == Shape::square ? ", square, " : ", L, ")
                  << network.architecture.width << " features: QR " << errors.qr << ", in floats " << errors.in_floats
                  << ", Cholesky " << errors.cholesky << "\n";
        EXPECT_LT(errors.qr, 1e-12);
        EXPECT_LT(errors.in_floats, 5e-7);
        EXPECT_LT(errors.cholesky, 5e-7);
      }
}

/// A source in a medium that ends in an absorbing layer: with e(t) = 1 - i a (t - 1/2)^3 8 for 1/2 < |t| < 1,
/// d/dx (e_y / e_x u_x) + d/dy (e_x / e_y u_y) + e_x e_y k^2 u = f, u = 0 on the border of [-1, 1]^2. The source is a
/// normal distribution of variance 1e-4 about 0; beyond it the field is that of a point, i/4 H0^(2)(k r), times
/// exp(-k^2 1e-4 / 2).
class Helmholtz {
  using Complex = std::complex<double>;

 public:
  explicit Helmholtz(double wavenumber) : k_(wavenumber) {}

  /// Relative L2 error in |x|, |y| < 1/2, r > 0.08, with `global` features of wavenumbers up to `largest` over all of
  /// the square and, about the source, `windowed` ones in each of five balls.
  double error(int global, double largest, int windowed, std::uint64_t seed) const {
    Field field = plane_field({});
    field.kind = FieldKind::sum;
    field.channels = {{1, 0}, {1, 0}};  // real and imaginary part
    const auto add = [&](int width, double up_to, std::optional<Window> window) {
      field.networks.push_back(
          initial_network({.inputs = 2, .outputs = 2, .width = width, .hidden_layers = 0, .omega_first = 1},
                          DiscFrequencies{up_to}, seed, static_cast<std::uint32_t>(field.networks.size())));
      field.windows.push_back(std::move(window));
    };
    add(global, largest, std::nullopt);
    for (const double radius : {0.5, 0.25, 0.12, 0.06, 0.03})
      if (windowed > 0) add(windowed, 10 / radius, Window{{0, 0}, radius});
    EXPECT_EQ(why_too_few(global, largest, 4), std::nullopt);
    std::vector<std::size_t> all(field.networks.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto workers = engine::make_workers(2);
    train::LastLayers layers(field, all, best_isa(), *workers);

    train::NormalEquations<Complex> equations(layers.unknowns(), 1, best_isa(), *workers);
    const auto add_rows = [&](const Points& points, const engine::JetPlan& plan,
                              const std::vector<Complex>& coefficients, const std::vector<Complex>& f) {
      const std::int64_t n = points.count();
      layers.add_to<Complex>(equations,
                             {points.view(), plan, {coefficients.data(), n, plan.streams()}, {f.data(), n, 1}});
    };
    add_equation(add_rows, static_cast<int>(std::sqrt(2.74 * global)), 1000, seed);
    const Points on = border_of_the_square(global);
    const std::vector<Complex> zeros(on.x.size() / 2),
        weights(zeros.size(), 10 / std::sqrt(static_cast<double>(zeros.size())));
    add_rows(on, engine::value_plan(), weights, zeros);

    std::vector<double> interleaved;
    for (const Complex c : equations.solve(1e-12)) interleaved.insert(interleaved.end(), {c.real(), c.imag()});
    return error_of(layers.field_of(interleaved, train::Rounding::to_floats));
  }

 private:
  static constexpr double variance = 1e-4, absorption = 40;  // a k: the same decay for every k

  Complex stretch(double t) const { return {1, -absorption / k_ * std::pow(std::max(0.0, 2 * std::abs(t) - 1), 3)}; }
  Complex stretch_slope(double t) const {
    return {0, -absorption / k_ * 6 * std::pow(std::max(0.0, 2 * std::abs(t) - 1), 2) * (t > 0 ? 1 : -1)};
  }

  /// The equation over e_x e_y, and again over |e_x e_y|, times the root of a point's share of the area: on a jittered
  /// grid, and on rings about the source whose distances grow evenly by factors.
  void add_equation(const auto& add_rows, int along, int rings, std::uint64_t seed) const {
    std::mt19937_64 random(50 + seed);
    std::uniform_real_distribution<double> unit(0, 1);
    Points points;
    std::vector<double> area;
    for (int i = 0; i < along; ++i)
      for (int j = 0; j < along; ++j) {
        points.x.insert(points.x.end(), {2 * (i + unit(random)) / along - 1, 2 * (j + unit(random)) / along - 1});
        area.push_back(4.0 / along / along);
      }
    constexpr double nearest = 1e-3, farthest = 0.5;
    for (int p = 0; p < rings; ++p) {
      const double r = nearest * std::pow(farthest / nearest, unit(random)), angle = 2 * pi * unit(random);
      points.x.insert(points.x.end(), {r * std::cos(angle), r * std::sin(angle)});
      area.push_back(2 * pi * r * r * std::log(farthest / nearest) / rings);
    }
    const engine::SecondOrder xx{{{0, 0, 1}}}, yy{{{1, 1, 1}}};
    std::vector<Complex> coefficients, right;
    for (std::size_t p = 0; p < area.size(); ++p) {
      const double x = points.x[2 * p], y = points.x[2 * p + 1];
      const Complex ex = stretch(x), ey = stretch(y);
      const double weight = std::sqrt(area[p]) / std::abs(ex * ey);
      for (const Complex c : {Complex(k_ * k_), -stretch_slope(x) / (ex * ex * ex), -stretch_slope(y) / (ey * ey * ey),
                              1.0 / (ex * ex), 1.0 / (ey * ey)})
        coefficients.push_back(weight * c);
      right.push_back(weight * std::exp(-(x * x + y * y) / (2 * variance)) / (2 * pi * variance));
    }
    add_rows(points, {.passes = engine::Passes::jet, .first = 2, .second = {xx, yy}}, coefficients, right);
  }

  static Points border_of_the_square(int count) {
    Points points = border(Shape::square, count);
    for (double& x : points.x) x = 2 * x - 1;
    return points;
  }

  double error_of(const Field& field) const {
    Points probe;
    for (int i = -40; i <= 40; ++i)
      for (int j = -40; j <= 40; ++j)
        if (std::hypot(i, j) > 80 * 0.08) probe.x.insert(probe.x.end(), {i / 80.0, j / 80.0});
    const std::vector<double> u = query<double>(field, probe.view(), Order::value, Units::network).value;
    double difference = 0, size = 0;
    for (std::size_t p = 0; p < u.size() / 2; ++p) {
      const double kr = k_ * std::hypot(probe.x[2 * p], probe.x[2 * p + 1]);
      const Complex exact =
          std::exp(-k_ * k_ * variance / 2) / 4 * std::complex(std::cyl_neumann(0, kr), std::cyl_bessel_j(0, kr));
      difference += std::norm(std::complex(u[2 * p], u[2 * p + 1]) - exact);
      size += std::norm(exact);
    }
    return std::sqrt(difference / size);
  }

  double k_;
};

TEST(LastLayers, solve_helmholtzs_equation_with_windows_at_the_source) {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 2; ++seed) worst = std::max(worst, Helmholtz(10).error(400, 20, 60, seed));
  const double without = Helmholtz(10).error(700, 20, 0, 0);
  std::cout << "k = 10: relative error " << worst << ", without windows " << without << "\n";
  EXPECT_LT(worst, 0.01);
  EXPECT_GT(without, 10 * worst);
}

}  // namespace
}  // namespace sinefield
