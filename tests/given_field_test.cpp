// Given fields: splines against a dense interpolation by closed-form B-splines, derivatives against central
// differences, orders of convergence against functions in closed form; what expressions and tapes make of them.
// SPDX-License-Identifier: MIT
#include "sinefield/given_field.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "calculus/tape.h"
#include "refusal.h"
#include "sinefield/expression.h"

namespace sinefield {
namespace {

using std::numbers::pi;
using testing::HasSubstr;

const std::vector<SamplesAt> both = {SamplesAt::cells, SamplesAt::nodes};

std::vector<double> random_numbers(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> numbers(n);
  for (double& number : numbers) number = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
  return numbers;
}

double place(const GivenAxis& axis, std::int64_t k) {
  const double share = axis.at == SamplesAt::nodes ? static_cast<double>(k) / static_cast<double>(axis.samples - 1)
                                                   : (static_cast<double>(k) + 0.5) / static_cast<double>(axis.samples);
  return axis.low + (axis.high - axis.low) * share;
}

/// The centred B-spline of degree n by truncated powers.
double b_spline(int n, double x) {
  if (std::abs(x) >= (n + 1) / 2.0) return 0;  // where the powers cancel to roundings
  double sum = 0, binomial = 1, factorial = 1;
  for (int k = 1; k <= n; ++k) factorial *= k;
  for (int k = 0; k <= n + 1; ++k) {
    sum += (k % 2 == 0 ? 1 : -1) * binomial * std::pow(std::max(0.0, x + (n + 1) / 2.0 - k), n);
    binomial *= static_cast<double>(n + 1 - k) / (k + 1);
  }
  return sum / factorial;
}

/// The mirrored spline along one axis by a dense matrix: column j is what coefficient j weighs with all its mirrors.
class DenseSpline {
 public:
  DenseSpline(GivenAxis axis, int degree, const std::vector<double>& values)
      : axis_(axis), degree_(degree), n_(static_cast<int>(axis.samples)), coefficients_(values) {
    // Gauss' elimination; the matrix needs no pivots, as no diagonal element is below the sum of those beside it.
    const auto n = static_cast<std::size_t>(n_);
    std::vector<std::vector<double>> matrix(n, std::vector<double>(n));
    for (int i = 0; i < n_; ++i)
      for (int j = 0; j < n_; ++j) matrix[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] = weight(i, j);
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t i = k + 1; i < n; ++i) {
        const double share = matrix[i][k] / matrix[k][k];
        for (std::size_t j = k; j < n; ++j) matrix[i][j] -= share * matrix[k][j];
        coefficients_[i] -= share * coefficients_[k];
      }
    for (std::size_t k = n; k-- > 0;) {
      for (std::size_t j = k + 1; j < n; ++j) coefficients_[k] -= matrix[k][j] * coefficients_[j];
      coefficients_[k] /= matrix[k][k];
    }
  }
  double operator()(double x) const {
    const bool nodes = axis_.at == SamplesAt::nodes;
    const double t = (x - axis_.low) / (axis_.high - axis_.low) * (nodes ? n_ - 1 : n_) - (nodes ? 0 : 0.5);
    double sum = 0;
    for (int j = 0; j < n_; ++j) sum += weight(t, j) * coefficients_[static_cast<std::size_t>(j)];
    return sum;
  }

 private:
  double weight(double t, int j) const {
    double sum = 0;
    for (int k = -20; k < n_ + 20; ++k) {  // sample k stands for sample j
      int folded = k;
      for (int times = 0; times < 50 && (folded < 0 || folded >= n_); ++times) {
        const int about = axis_.at == SamplesAt::nodes ? 0 : 1;
        folded = folded < 0 ? -folded - about : 2 * (n_ - 1) + about - folded;
      }
      if (folded == j) sum += b_spline(degree_, t - k);
    }
    return sum;
  }

  GivenAxis axis_;
  int degree_, n_;
  std::vector<double> coefficients_;
};

TEST(GivenField, is_the_spline_of_a_dense_interpolation) {
  for (const SamplesAt at : both)
    for (const int degree : {3, 5})
      for (const std::int64_t n : {2, 3, 4, 7, 20, 75}) {
        const GivenAxis axis{n, -1, 2.5, at};
        const std::vector<double> values = random_numbers(static_cast<std::size_t>(n), static_cast<std::uint64_t>(n));
        const GivenField field({axis}, 1, values);
        const DenseSpline expected(axis, degree, values);
        for (int k = 0; k <= 100; ++k) {
          const double x = -1 + 3.5 * k / 100;
          EXPECT_NEAR(field.value({&x, 1}, 0, std::array{0}, degree), expected(x), 1e-12)
              << n << " samples, degree " << degree << ", at " << x;
        }
      }
}

TEST(GivenField, goes_through_its_samples_on_one_to_three_axes) {
  const std::vector<std::vector<std::int64_t>> shapes = {{1}, {5}, {1, 4}, {6, 3}, {2, 3, 4}, {5, 1, 2}};
  for (const SamplesAt at : both)
    for (const std::vector<std::int64_t>& shape : shapes) {
      if (at == SamplesAt::nodes && std::ranges::find(shape, 1) != shape.end()) continue;
      std::vector<GivenAxis> axes;
      std::size_t samples = 1;
      for (const std::int64_t n : shape) {
        axes.push_back({n, 0.25 * static_cast<double>(axes.size()), 3, at});
        samples *= static_cast<std::size_t>(n);
      }
      const int components = 2;
      const std::vector<double> values = random_numbers(samples * components, samples);
      const GivenField field(axes, components, values);
      const std::vector<int> none(axes.size(), 0);
      for (std::size_t s = 0; s < samples; ++s)
        for (int c = 0; c < components; ++c)
          for (const int degree : {3, 5}) {
            std::vector<double> x(axes.size());
            std::size_t rest = s;
            for (std::size_t i = axes.size(); i-- > 0; rest /= static_cast<std::size_t>(shape[i]))
              x[i] = place(axes[i], static_cast<std::int64_t>(rest % static_cast<std::size_t>(shape[i])));
            EXPECT_NEAR(field.value(x, c, none, degree), values[s * components + static_cast<std::size_t>(c)], 1e-12);
          }
    }
}

/// f sampled on a grid over [0, 1]^2.
GivenField sampled(const std::function<double(double, double)>& f, std::int64_t n, SamplesAt at) {
  const std::vector<GivenAxis> axes = {{n, 0, 1, at}, {n, 0, 1, at}};
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < n; ++j) values.push_back(f(place(axes[0], i), place(axes[1], j)));
  return {axes, 1, values};
}

TEST(GivenField, derivatives_are_those_of_the_spline) {
  const std::vector<double> values = random_numbers(9 * 11, 3);
  for (const SamplesAt at : both) {
    const GivenField field({{9, 0, 2, at}, {11, -1, 1, at}}, 1, values);
    for (const int degree : {3, 5})
      for (int of_x = 0; of_x <= degree - 1; ++of_x)
        for (int of_y = 0; of_y + of_x <= degree - 1; ++of_y)
          for (const int along : {0, 1}) {
            std::array<int, 2> orders = {of_x, of_y}, next = orders;
            ++next.at(static_cast<std::size_t>(along));
            if (next[0] > GivenField::highest_order || next[1] > GivenField::highest_order) continue;
            // Within a cell of the knots, where the spline is a polynomial.
            for (const std::array<double, 2> x :
                 {std::array{0.51, 0.13}, std::array{1.93, -0.93}, std::array{1.2, 0.7}}) {
              const auto moved = [&](double h) {
                std::array<double, 2> there = x;
                there.at(static_cast<std::size_t>(along)) += h;
                return field.value(there, 0, orders, degree);
              };
              constexpr double h = 1e-4;
              const double difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
              const double found = field.value(x, 0, next, degree);
              EXPECT_NEAR(found, difference, 1e-7 * (std::abs(found) + std::abs(moved(0)) / h * 1e-3 + 1))
                  << "degree " << degree << ", orders " << next[0] << ", " << next[1];
            }
          }
  }
}

/// The largest error of a derivative along x at points all over, and its order from half the spacing to a quarter.
double order_of_convergence(SamplesAt at, int degree, int order) {
  // Mirrored at the ends, as the spline is.
  const auto f = [](double x, double y) { return std::cos(2 * pi * x) * std::cos(pi * y); };
  const auto error = [&](std::int64_t n) {
    const GivenField field = sampled(f, n, at);
    double worst = 0;
    for (int k = 0; k < 400; ++k) {
      const std::array<double, 2> x = {std::fmod(0.001 + 0.618034 * k, 1), std::fmod(0.414214 * k, 1)};
      const double exact = std::pow(2 * pi, order) * std::cos(2 * pi * x[0] + order * pi / 2) * std::cos(pi * x[1]);
      worst = std::max(worst, std::abs(field.value(x, 0, std::array{order, 0}, degree) - exact));
    }
    return worst;
  };
  return std::log2(error(21) / error(41));
}

TEST(GivenField, converges_with_the_order_of_its_degree) {
  for (const SamplesAt at : both)
    for (const int degree : {3, 5})
      for (int order = 0; order < degree; ++order)
        EXPECT_NEAR(order_of_convergence(at, degree, order), degree + 1 - order, 0.35)
            << "degree " << degree << ", derivative " << order;
}

TEST(GivenField, of_a_function_that_is_not_mirrored_is_exact_inside) {
  const auto f = [](double x, double y) { return std::exp(x) * std::sin(3 * y); };
  const GivenField field = sampled(f, 81, SamplesAt::nodes);
  for (const std::array<double, 2> x : {std::array{0.5, 0.5}, std::array{0.31, 0.72}}) {
    EXPECT_NEAR(field.value(x, 0, std::array{0, 0}, 3), f(x[0], x[1]), 1e-8);
    EXPECT_NEAR(field.value(x, 0, std::array{2, 0}, 3), f(x[0], x[1]), 1e-4);
    EXPECT_NEAR(field.value(x, 0, std::array{2, 0}, 5), f(x[0], x[1]), 1e-6);
  }
}

TEST(GivenField, stays_as_it_is_beyond_its_ends) {
  const GivenField field({{4, 0, 1}, {3, 0, 1}}, 1, random_numbers(12, 5));
  const auto value = [&](double x, double y, int of_x = 0, int of_y = 0) {
    return field.value(std::array{x, y}, 0, std::array{of_x, of_y}, 3);
  };
  EXPECT_EQ(value(1.7, 0.3), value(1, 0.3));
  EXPECT_EQ(value(-0.1, 2), value(0, 1));
  EXPECT_EQ(value(1.7, 0.3, 1), 0);
  EXPECT_EQ(value(1.7, 0.3, 0, 1), value(1, 0.3, 0, 1));
  EXPECT_NE(value(1.7, 0.3, 0, 1), 0);
  EXPECT_NEAR(value(1, 0.3, 1), 0, 1e-12) << "the slope at an end";
  EXPECT_EQ(value(INFINITY, 0.3), value(1, 0.3));
  EXPECT_TRUE(std::isnan(value(NAN, 0.3)));
  EXPECT_TRUE(std::isnan(value(0.5, NAN, 1)));
}

TEST(GivenField, refuses_what_is_none) {
  const auto refused = [](std::vector<GivenAxis> axes, int components, std::vector<double> values) {
    return refusal([&] { GivenField(std::move(axes), components, std::move(values)); });
  };
  EXPECT_THAT(refused({}, 1, {}), HasSubstr("0 axes, expected 1 to 3"));
  EXPECT_THAT(refused({4, {1, 0, 1}}, 1, {0}), HasSubstr("4 axes"));
  EXPECT_THAT(refused({{2, 0, 1}}, 0, {}), HasSubstr("0 components, expected 1 to 100"));
  EXPECT_THAT(refused({{0, 0, 1}}, 1, {}), HasSubstr("0 samples along an axis, expected 1 or more"));
  EXPECT_THAT(refused({{1, 0, 1, SamplesAt::nodes}}, 1, {0}), HasSubstr("1 samples along an axis, expected 2"));
  EXPECT_THAT(refused({{2, 1, 1}}, 1, {0, 0}), HasSubstr("from 1 to 1"));
  EXPECT_THAT(refused({{2, 0, INFINITY}}, 1, {0, 0}), HasSubstr("to inf"));
  EXPECT_THAT(refused({{2, 0, 1}}, 1, {0}), HasSubstr("1 numbers, expected 2"));
  EXPECT_THAT(refused({{1 << 20, 0, 1}, {1 << 20, 0, 1}}, 1, {}), HasSubstr("at most 67108864 are taken"));
  EXPECT_THAT(refused({{2, 0, 1}, {2, 0, 1}}, 2, {0, 0, 0, 0, 0, NAN, 0, 0}), HasSubstr("nan at sample (1, 0)"));
}

// ---- in expressions

/// Coordinates x, y and a time t; a field of two components over (t, x).
struct Graph {
  std::shared_ptr<ExpressionGraph> graph = ExpressionGraph::make();
  Expression x = graph->add_coordinate({"x"}), y = graph->add_coordinate({"y"}), t = graph->add_coordinate({"t", true});
  std::shared_ptr<const GivenField> field = std::make_shared<const GivenField>(
      std::vector<GivenAxis>{{7, 0, 2}, {9, -1, 1, SamplesAt::nodes}}, 2, random_numbers(7 * 9 * 2, 8));
  std::vector<Expression> f = graph->add_given("f", field, {2, 0});
};

template <class T>
std::vector<T> evaluated(const std::vector<Expression>& roots, const std::vector<T>& points) {
  const calculus::Tape tape(roots);
  std::vector<T> registers(tape.registers()), values;
  const auto n = static_cast<int>(points.size() / 3);
  tape.evaluate<T>(Isa::scalar, {n, {points.data(), n, 3}, {}, {}}, registers);
  for (int r = 0; r < tape.roots(); ++r)
    for (const T v : tape.root<T>(r, registers, n)) values.push_back(v);
  return values;
}

TEST(GivenField, stands_in_expressions_with_its_derivatives) {
  const Graph g;
  const std::vector<double> points = {0.3, 5, 0.7, -0.9, 5, 1.9, 0.111, -3, 1};
  const auto values = evaluated<double>(
      {g.f[0], g.f[1], diff(g.f[1], g.t), diff(diff(g.f[0], g.x), g.t), diff(g.f[0], g.y), laplacian(g.f[1] * g.y)},
      points);
  const auto value = [&](std::size_t p, int c, int of_t, int of_x) {
    return g.field->value(std::array{points[3 * p + 2], points[3 * p]}, c, std::array{of_t, of_x}, 3);
  };
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_EQ(values[p], value(p, 0, 0, 0));
    EXPECT_EQ(values[3 + p], value(p, 1, 0, 0));
    EXPECT_EQ(values[6 + p], value(p, 1, 1, 0));
    EXPECT_EQ(values[9 + p], value(p, 0, 1, 1));
    EXPECT_EQ(values[12 + p], 0);
    EXPECT_NEAR(values[15 + p], points[3 * p + 1] * value(p, 1, 0, 2), 1e-12);
  }
  EXPECT_TRUE(g.graph->is_zero(diff(g.f[0], g.y).node()));
  EXPECT_EQ(dependence(g.f[0]), Dependence::none);
  EXPECT_EQ(to_text(g.f[1]), "f[1]");
  EXPECT_EQ(to_text(diff(diff(g.f[0], g.x), g.t)), "diff(f[0], t, x)");
  EXPECT_EQ(diff(diff(g.f[0], g.x), g.t).node(), diff(diff(g.f[0], g.t), g.x).node()) << "one node, whatever the order";
}

TEST(GivenField, of_floats_is_that_of_doubles_rounded) {
  const Graph g;
  const std::vector<double> points = {0.25, 0, 0.75, -0.5, 0, 1.5};
  const std::vector<float> rounded(points.begin(), points.end());
  const std::vector<Expression> roots = {g.f[0], diff(diff(g.f[1], g.x), g.x)};
  const auto doubles = evaluated<double>(roots, points);
  const auto floats = evaluated<float>(roots, rounded);
  for (std::size_t k = 0; k < doubles.size(); ++k) EXPECT_EQ(floats[k], static_cast<float>(doubles[k]));
}

TEST(GivenField, tapes_allocate_nothing) {
  const Graph g;
  const std::vector<Expression> roots = {g.f[0], diff(g.f[1], g.x), diff(diff(diff(g.f[1], g.x), g.x), g.x)};
  const calculus::Tape tape(roots);
  std::vector<double> registers(tape.registers());
  const std::vector<double> points = {0.25, 0, 0.75, -0.5, 0, 1.5};
  const std::int64_t before = allocation_count();
  tape.evaluate<double>(Isa::scalar, {2, {points.data(), 2, 3}, {}, {}}, registers);
  EXPECT_EQ(allocation_count(), before);
}

TEST(GivenField, has_the_degree_of_its_highest_derivative) {
  const Graph g;
  const std::vector<double> points = {0.123, 0, 0.77};
  const double cubic = evaluated<double>({g.f[0]}, points)[0];
  Expression third = diff(diff(diff(g.f[0], g.x), g.x), g.x);
  const double quintic = evaluated<double>({g.f[0]}, points)[0];
  EXPECT_EQ(cubic, g.field->value(std::array{0.77, 0.123}, 0, std::array{0, 0}, 3));
  EXPECT_EQ(quintic, g.field->value(std::array{0.77, 0.123}, 0, std::array{0, 0}, 5));
  third = diff(third, g.x);
  EXPECT_EQ(evaluated<double>({third}, points)[0], g.field->value(std::array{0.77, 0.123}, 0, std::array{0, 4}, 5));
  EXPECT_THAT(refusal([&] { diff(third, g.x); }), HasSubstr("order 5 of the given field 'f'"));
  EXPECT_NO_THROW(diff(diff(third, g.t), g.t));
}

TEST(GivenField, is_along_coordinates_of_its_graph) {
  const Graph g;
  EXPECT_THAT(refusal([&] { g.graph->add_given("g", g.field, {0}); }), HasSubstr("has 2 axes, and 1 coordinates"));
  EXPECT_THAT(refusal([&] { g.graph->add_given("g", g.field, {0, 3}); }), HasSubstr("coordinate 3 of 3"));
  EXPECT_THAT(refusal([&] { g.graph->add_given("g", g.field, {1, 1}); }), HasSubstr("along the same coordinate"));
}

TEST(Columns, are_what_comes_with_points) {
  const Graph g;
  const Expression c = g.graph->column(1);
  const calculus::Tape tape(std::vector<Expression>{c * g.x});
  EXPECT_EQ(tape.columns(), 2);
  std::vector<double> registers(tape.registers());
  const std::vector<double> points = {2, 0, 0, 3, 0, 0}, columns = {5, 7, 11, 13};
  tape.evaluate<double>(Isa::scalar, {2, {points.data(), 2, 3}, {}, {}, {columns.data(), 2, 2}}, registers);
  EXPECT_EQ(tape.root<double>(0, registers, 2)[0], 14);
  EXPECT_EQ(tape.root<double>(0, registers, 2)[1], 39);
  EXPECT_EQ(columns_read(c * g.x), 2);
  EXPECT_EQ(columns_read(g.x), 0);
  EXPECT_EQ(to_text(c), "column[1]");
  EXPECT_THAT(refusal([&] { diff(c, g.x); }), HasSubstr("a derivative of a column"));
}

}  // namespace
}  // namespace sinefield
