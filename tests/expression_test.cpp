// Expressions: what is one node and what is simplified, total derivatives against central differences with waves in the
// place of the unknown fields, and what is refused.
// SPDX-License-Identifier: MIT
#include "sinefield/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "expression_samples.h"
#include "refusal.h"
#include "sinefield/complex_expression.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

/// Coordinates x, y, t and channels u, v.
struct Plane {
  std::shared_ptr<ExpressionGraph> graph = ExpressionGraph::make();
  Expression x = graph->add_coordinate({"x"}), y = graph->add_coordinate({"y"}), t = graph->add_coordinate({"t", true});
  Expression u = graph->add_channel("u"), v = graph->add_channel("v");

  Expression number(double value) const { return graph->constant(value); }
};

MATCHER_P(IsNode, other, "is the node of " + to_text(other)) {
  *result_listener << to_text(arg);
  return arg.graph() == other.graph() && arg.node() == other.node();
}

const ExpressionGraph::Node& node_of(const Expression& e) {
  return e.graph()->nodes()[static_cast<std::size_t>(e.node())];
}

TEST(Expression, the_same_operation_on_the_same_operands_is_the_same_node) {
  const Plane p;
  EXPECT_THAT(p.x + p.y, IsNode(p.y + p.x));
  EXPECT_THAT(p.x * p.u, IsNode(p.u * p.x));
  EXPECT_THAT(min(p.x, p.y), IsNode(min(p.y, p.x)));
  EXPECT_THAT(max(p.x, p.y), IsNode(max(p.y, p.x)));
  EXPECT_THAT(sin(p.x + p.y) * 2, IsNode(2 * sin(p.y + p.x)));
  EXPECT_THAT(p.graph->channel(0), IsNode(p.u));
  EXPECT_THAT(p.graph->coordinate(1), IsNode(p.y));
  EXPECT_THAT(diff(diff(p.u, p.x), p.y), IsNode(diff(diff(p.u, p.y), p.x)));
  EXPECT_THAT(p.number(-0.0), IsNode(p.number(0)));
  const std::size_t nodes = p.graph->nodes().size();
  EXPECT_THAT(exp(p.x * p.y), IsNode(exp(p.y * p.x)));
  EXPECT_EQ(p.graph->nodes().size(), nodes + 2);
}

TEST(Expression, operands_that_may_not_be_exchanged_keep_their_order) {
  const Plane p;
  EXPECT_NE((p.x - p.y).node(), (p.y - p.x).node());
  EXPECT_NE((p.x / p.y).node(), (p.y / p.x).node());
  EXPECT_NE((p.x < p.y).node(), (p.y < p.x).node());
  EXPECT_THAT(p.x > p.y, IsNode(p.y < p.x));
  EXPECT_THAT(p.x >= p.y, IsNode(p.y <= p.x));
  EXPECT_NE(atan2(p.x, p.y).node(), atan2(p.y, p.x).node());
}

TEST(Expression, constants_are_folded) {
  const Plane p;
  const Expression two = p.number(2), three = p.number(3);
  EXPECT_THAT(two + three, IsNode(p.number(5)));
  EXPECT_THAT(two - three, IsNode(p.number(-1)));
  EXPECT_THAT(two * three, IsNode(p.number(6)));
  EXPECT_THAT(three / two, IsNode(p.number(1.5)));
  EXPECT_THAT(-two, IsNode(p.number(-2)));
  EXPECT_THAT(sqrt(p.number(9)), IsNode(three));
  EXPECT_THAT(exp(two), IsNode(p.number(std::exp(2.0))));
  EXPECT_THAT(atan2(two, -three), IsNode(p.number(std::atan2(2.0, -3.0))));
  EXPECT_THAT(two < three, IsNode(p.number(1)));
  EXPECT_THAT(three <= two, IsNode(p.number(0)));
  EXPECT_THAT(min(two, three), IsNode(two));
  EXPECT_THAT(max(two, three), IsNode(three));
  EXPECT_THAT(floor(p.number(-1.5)), IsNode(p.number(-2)));
  EXPECT_THAT(sign(p.number(-1.5)), IsNode(p.number(-1)));
  EXPECT_THAT(abs(p.number(-1.5)), IsNode(p.number(1.5)));
  EXPECT_THAT(where(three < two, p.x, p.y), IsNode(p.y));
  EXPECT_THAT(where(two < three, p.x, p.y), IsNode(p.x));
  EXPECT_TRUE(std::isnan(node_of(sqrt(-two)).number));
  EXPECT_EQ(node_of(log(p.number(0))).number, -INFINITY);
}

TEST(Expression, neutral_operands_vanish) {
  const Plane p;
  EXPECT_THAT(p.x + 0, IsNode(p.x));
  EXPECT_THAT(0 + p.x, IsNode(p.x));
  EXPECT_THAT(p.x - 0, IsNode(p.x));
  EXPECT_THAT(0 - p.x, IsNode(-p.x));
  EXPECT_THAT(p.u - p.u, IsNode(p.number(0)));
  EXPECT_THAT(p.u * 0, IsNode(p.number(0)));
  EXPECT_THAT(1 * p.u, IsNode(p.u));
  EXPECT_THAT(-1 * p.u, IsNode(-p.u));
  EXPECT_THAT(p.u / 1, IsNode(p.u));
  EXPECT_THAT(0 / p.u, IsNode(p.number(0)));
  EXPECT_THAT(-(-p.u), IsNode(p.u));
  EXPECT_THAT(where(p.x < p.y, p.u, p.u), IsNode(p.u));
}

TEST(Expression, divisions_by_the_constant_zero_are_refused) {
  const Plane p;
  EXPECT_EQ(refusal([&] { p.x / p.number(0); }), "a division by the constant 0");
  EXPECT_EQ(refusal([&] { p.x / 0; }), "a division by the constant 0");
  EXPECT_EQ(refusal([&] { p.x / (p.y - p.y); }), "a division by the constant 0");
  EXPECT_EQ(refusal([&] { pow(p.number(0), -2); }), "a division by the constant 0");
}

TEST(Expression, powers_are_products_roots_or_exponentials) {
  const Plane p;
  EXPECT_THAT(pow(p.x, 0), IsNode(p.number(1)));
  EXPECT_THAT(pow(p.x, 1), IsNode(p.x));
  EXPECT_THAT(pow(p.x, 2), IsNode(p.x * p.x));
  EXPECT_THAT(pow(p.x, 5), IsNode(p.x * ((p.x * p.x) * (p.x * p.x))));
  EXPECT_THAT(pow(p.x, -2), IsNode(1 / (p.x * p.x)));
  EXPECT_THAT(pow(p.x, 0.5), IsNode(sqrt(p.x)));
  EXPECT_THAT(pow(p.x, 2.5), IsNode(exp(2.5 * log(p.x))));
  EXPECT_THAT(pow(p.x, 65), IsNode(exp(65 * log(p.x))));
  EXPECT_THAT(pow(p.x, p.y), IsNode(exp(p.y * log(p.x))));
  EXPECT_THAT(pow(p.x, p.number(3)), IsNode(pow(p.x, 3)));
  EXPECT_THAT(pow(p.number(2), 10), IsNode(p.number(1024)));
  for (const double x : {-1.3, 0.4, 2.0})
    for (int n = -64; n <= 64; ++n) {
      const std::array<double, 3> at = {x, 0, 0};
      // At most twelve products of numbers that the products before have rounded; squaring doubles relative errors.
      EXPECT_NEAR(value_at(pow(p.x, n), at) / std::pow(x, n), 1, 130 * std::numeric_limits<double>::epsilon()) << n;
    }
}

TEST(Expression, operands_of_two_graphs_are_refused) {
  const Plane p, q;
  const char* const message = "an operation on expressions of two problems";
  EXPECT_EQ(refusal([&] { p.x + q.x; }), message);
  EXPECT_EQ(refusal([&] { p.x / q.x; }), message);
  EXPECT_EQ(refusal([&] { atan2(p.x, q.y); }), message);
  EXPECT_EQ(refusal([&] { pow(p.x, q.number(2)); }), message);
  EXPECT_EQ(refusal([&] { where(q.x < q.y, p.x, p.y); }), message);
  EXPECT_EQ(refusal([&] { where(p.x < p.y, p.x, q.y); }), message);
  EXPECT_EQ(refusal([&] { div(std::array{p.x, q.y}); }), message);
  EXPECT_EQ(refusal([&] { dot(std::array{p.x}, std::array{q.y}); }), message);
  EXPECT_THAT(refusal([&] { diff(p.x, q.x); }), HasSubstr("no coordinate"));
}

TEST(Expression, derivatives_are_taken_along_coordinates_alone) {
  const Plane p;
  EXPECT_EQ(refusal([&] { diff(p.u, p.v); }), "a derivative along v, which is no coordinate");
  EXPECT_EQ(refusal([&] { diff(p.u, p.x * 2); }), "a derivative along (x * 2), which is no coordinate");
}

TEST(Expression, derivatives_above_second_order_are_refused_by_the_name_of_the_field) {
  const Plane p;
  const Expression second = diff(diff(p.v, p.x), p.y);
  EXPECT_EQ(refusal([&] { diff(second, p.x); }), "a derivative above second order of 'v'");
  EXPECT_EQ(refusal([&] { diff(p.x * laplacian(p.v), p.t); }), "a derivative above second order of 'v'");
  EXPECT_EQ(refusal([&] { laplacian(diff(p.v, p.t)); }), "a derivative above second order of 'v'");
}

TEST(Expression, the_normal_has_no_derivative) {
  const Plane p;
  const Expression flux = p.graph->normal(0) * p.u;
  EXPECT_EQ(refusal([&] { diff(flux, p.x); }), "a derivative of the normal");
  EXPECT_TRUE(reads_normal(flux));
  EXPECT_FALSE(reads_normal(p.u * p.x));
}

TEST(Expression, streams_are_fields_and_derivatives_in_order) {
  const Plane p;
  const auto stream = [&](const Expression& e) {
    return p.graph->streams()[static_cast<std::size_t>(node_of(e).index)];
  };
  EXPECT_EQ(stream(p.v), (Stream{1, {}}));
  EXPECT_EQ(stream(diff(p.v, p.t)), (Stream{1, {{{2, -1, 1}}}}));
  EXPECT_EQ(stream(diff(diff(p.u, p.t), p.x)), (Stream{0, {{{0, 2, 1}}}}));
  EXPECT_EQ(stream(diff(diff(p.u, p.y), p.y)), (Stream{0, {{{1, 1, 1}}}}));
}

TEST(Expression, the_laplacian_of_a_field_is_one_stream_of_space_alone) {
  const Plane p;
  const Expression l = laplacian(p.u);
  ASSERT_EQ(node_of(l).operation, Operation::stream);
  const Stream expected{0, {{{0, 0, 1}, {1, 1, 1}}}};
  EXPECT_EQ(p.graph->streams()[static_cast<std::size_t>(node_of(l).index)], expected);
  EXPECT_EQ(expected.derivative.order(), 2);
}

TEST(Expression, in_one_dimension_the_laplacian_is_the_second_derivative) {
  const auto graph = ExpressionGraph::make();
  const Expression x = graph->add_coordinate({"x"}), u = graph->add_channel("u");
  EXPECT_THAT(laplacian(u), IsNode(diff(diff(u, x), x)));
}

TEST(Expression, without_space_there_is_no_laplacian_to_speak_of) {
  const auto graph = ExpressionGraph::make();
  const Expression t = graph->add_coordinate({"t", true}), u = graph->add_channel("u");
  EXPECT_THAT(laplacian(u), IsNode(graph->constant(0)));
  EXPECT_THAT(laplacian(u * t), IsNode(graph->constant(0)));
}

TEST(Expression, gradient_and_divergence_are_of_space_alone) {
  const Plane p;
  const Expression e = p.u * p.x * sin(p.t);
  const std::vector<Expression> gradient = grad(e);
  ASSERT_EQ(gradient.size(), 2U);
  EXPECT_THAT(gradient[0], IsNode(diff(e, p.x)));
  EXPECT_THAT(gradient[1], IsNode(diff(e, p.y)));
  EXPECT_THAT(div(gradient), IsNode(laplacian(e)));
  EXPECT_THAT(laplacian(e), IsNode(diff(diff(e, p.x), p.x) + diff(diff(e, p.y), p.y)));
  EXPECT_THAT(refusal([&] {
                div(std::array{p.x, p.y, p.t});
              }),
              HasSubstr("the divergence of 3 components, expected 2"));
  EXPECT_EQ(refusal([&] { div(std::span<const Expression>()); }), "the divergence of nothing");
}

TEST(Expression, products_and_lengths_of_vectors) {
  const Plane p;
  const std::array<Expression, 2> a = {p.x, p.u}, b = {p.y, p.v};
  EXPECT_THAT(dot(a, b), IsNode(p.x * p.y + p.u * p.v));
  EXPECT_THAT(norm(a), IsNode(sqrt(p.x * p.x + p.u * p.u)));
  EXPECT_THAT(refusal([&] { dot(a, std::array{p.x}); }), HasSubstr("2 and 1 components"));
  EXPECT_THAT(refusal([&] { norm(std::span<const Expression>()); }), HasSubstr("0 and 0 components"));
}

TEST(Expression, the_derivative_of_a_norm_is_0_where_it_vanishes) {
  const Plane p;
  const Expression length = norm(std::array{p.x, p.y});
  const std::array<double, 3> origin = {0, 0, 0}, other = {3, 4, 0};
  EXPECT_EQ(value_at(diff(length, p.x), origin), 0);
  EXPECT_DOUBLE_EQ(value_at(diff(length, p.x), other), 0.6);
  EXPECT_TRUE(std::isfinite(value_at(diff(diff(length, p.x), p.y), origin)));
  EXPECT_NEAR(value_at(diff(diff(length, p.x), p.y), other), -12.0 / 125, 1e-15);
}

TEST(Expression, derivatives_of_branches_are_those_of_the_branch) {
  const Plane p;
  const std::array<double, 3> left = {-0.5, 2, 0}, right = {0.5, 2, 0}, corner = {0, 0, 0};
  const auto slope = [&](const Expression& e, const auto& at) { return value_at(diff(e, p.x), at); };
  const Expression kink = where(p.x < 0, p.x * p.x, sin(p.x));
  EXPECT_DOUBLE_EQ(slope(kink, left), -1);
  EXPECT_DOUBLE_EQ(slope(kink, right), std::cos(0.5));
  EXPECT_EQ(slope(abs(p.x), left), -1);
  EXPECT_EQ(slope(abs(p.x), right), 1);
  EXPECT_EQ(slope(abs(p.x), corner), 0);
  EXPECT_EQ(slope(min(p.x, 2 * p.x), left), 2);
  EXPECT_EQ(slope(min(p.x, 2 * p.x), right), 1);
  EXPECT_EQ(slope(max(p.x, 2 * p.x), left), 1);
  EXPECT_EQ(slope(max(p.x, 2 * p.x), right), 2);
  EXPECT_EQ(slope(floor(p.x) + sign(p.x) + (p.x < p.y), right), 0);
  // Where operands are equal min takes the derivative of the first made, and max that of the other.
  EXPECT_EQ(slope(min(p.x, p.y), corner), 1);
  EXPECT_EQ(slope(max(p.x, p.y), corner), 0);
  EXPECT_EQ(value_at(diff(max(p.x, p.y), p.y), corner), 1);
}

TEST(Expression, a_condition_on_the_field_adds_nothing_to_the_derivative) {
  const Plane p;
  EXPECT_THAT(diff(where(p.u > 0, p.x, p.y), p.x), IsNode(where(p.u > 0, p.number(1), p.number(0))));
  // Conditions may contain what has no derivative.
  const Expression second = laplacian(p.u);
  EXPECT_THAT(diff(where(second > 0, p.x * p.x, p.y), p.y), IsNode(where(second > 0, p.number(0), p.number(1))));
}

/// Whether a derivative agrees with differences of the values at a point; nothing to say where a branch changes nearby.
enum class Agreement { yes, no, branch };
Agreement agrees(const Expression& e, const Expression& derivative, std::size_t axis, std::array<double, 3> x,
                 double& worst) {
  const auto values = [&](double step) {
    std::array<double, 3> moved = x;
    moved[axis] += step;
    return values_at(e, moved);
  };
  const auto taken = [&](double step) { return branches(*e.graph(), e.node(), values(step)); };
  if (taken(-1e-4) != taken(0) || taken(1e-4) != taken(0)) return Agreement::branch;
  double size = 0;
  for (const double value : values(0))
    if (!std::isnan(value)) size = std::max(size, std::abs(value));
  const Difference expected = central_difference([&](double step) { return values(step).back(); }, size);
  const double error = std::abs(value_at(derivative, x) - expected.slope);
  worst = std::max(worst, error / expected.bound);
  return error <= expected.bound ? Agreement::yes : Agreement::no;
}

TEST(Expression, derivatives_of_random_expressions_are_the_limits_of_differences) {
  constexpr int expressions = 400;
  int checked = 0;
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= expressions; ++seed) {
    const Plane p;
    const std::array<Expression, 3> axes = {p.x, p.y, p.t};
    RandomExpressions random({p.number(0.3), p.x, p.y, p.t, p.u, p.v, diff(p.u, p.x), diff(p.v, p.t)}, seed);
    const Expression e = random.make(3 + static_cast<int>(seed % 12));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::array<double, 3> at = {2 * random.number(), 2 * random.number(), 2 * random.number()};
      const Agreement found = agrees(e, diff(e, axes[axis]), axis, at, worst);
      EXPECT_NE(found, Agreement::no) << "seed " << seed << ", axis " << axis << ": " << to_text(e);
      checked += found == Agreement::yes ? 1 : 0;
    }
  }
  EXPECT_GT(checked, 3 * expressions * 9 / 10);
  std::cout << checked << " derivatives, worst error " << worst << " of its bound\n";
}

TEST(Expression, second_derivatives_of_random_expressions_are_those_of_the_first) {
  constexpr int expressions = 200;
  int checked = 0;
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= expressions; ++seed) {
    const Plane p;
    const std::array<Expression, 3> axes = {p.x, p.y, p.t};
    RandomExpressions random({p.number(0.3), p.x, p.y, p.t, p.u, p.v}, seed);
    const Expression e = random.make(3 + static_cast<int>(seed % 9));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::array<double, 3> at = {2 * random.number(), 2 * random.number(), 2 * random.number()};
      const Expression first = diff(e, axes[(axis + seed) % 3]);
      const Agreement found = agrees(first, diff(first, axes[axis]), axis, at, worst);
      EXPECT_NE(found, Agreement::no) << "seed " << seed << ", axis " << axis << ": " << to_text(e);
      checked += found == Agreement::yes ? 1 : 0;
    }
    // Mixed derivatives do not depend on the order.
    const std::array<double, 3> at = {random.number(), random.number(), random.number()};
    const double xy = value_at(diff(diff(e, p.x), p.y), at), yx = value_at(diff(diff(e, p.y), p.x), at);
    EXPECT_NEAR(xy, yx, 1e-11 * (1 + std::abs(xy))) << "seed " << seed << ": " << to_text(e);
    EXPECT_THAT(laplacian(e),
                IsNode(node_of(e).operation == Operation::stream ? laplacian(e)
                                                                 : diff(diff(e, p.x), p.x) + diff(diff(e, p.y), p.y)));
  }
  EXPECT_GT(checked, 3 * expressions * 9 / 10);
  std::cout << checked << " derivatives, worst error " << worst << " of its bound\n";
}

TEST(Expression, each_function_has_the_derivative_of_the_books) {
  const Plane p;
  const std::array<double, 3> at = {0.6, 0.3, 0};
  const double x = at[0], y = at[1];
  const auto slope = [&](const Expression& e) { return value_at(diff(e, p.x), at); };
  EXPECT_DOUBLE_EQ(slope(sqrt(p.x)), 0.5 / std::sqrt(x));
  EXPECT_DOUBLE_EQ(slope(exp(2 * p.x)), 2 * std::exp(2 * x));
  EXPECT_DOUBLE_EQ(slope(log(p.x)), 1 / x);
  EXPECT_DOUBLE_EQ(slope(sin(p.x)), std::cos(x));
  EXPECT_DOUBLE_EQ(slope(cos(p.x)), -std::sin(x));
  EXPECT_DOUBLE_EQ(slope(tan(p.x)), 1 + std::tan(x) * std::tan(x));
  EXPECT_DOUBLE_EQ(slope(sinh(p.x)), std::cosh(x));
  EXPECT_DOUBLE_EQ(slope(cosh(p.x)), std::sinh(x));
  EXPECT_DOUBLE_EQ(slope(tanh(p.x)), 1 / (std::cosh(x) * std::cosh(x)));
  EXPECT_DOUBLE_EQ(slope(asin(p.x)), 1 / 0.8);
  EXPECT_DOUBLE_EQ(slope(acos(p.x)), -1 / 0.8);
  EXPECT_DOUBLE_EQ(slope(atan(p.x)), 1 / 1.36);
  EXPECT_DOUBLE_EQ(slope(atan2(p.y, p.x)), -y / (x * x + y * y));
  EXPECT_DOUBLE_EQ(slope(p.y / p.x), -y / (x * x));
  EXPECT_DOUBLE_EQ(slope(pow(p.x, 2.5)), 2.5 * std::pow(x, 1.5));
  EXPECT_DOUBLE_EQ(slope(pow(p.y, p.x)), std::pow(y, x) * std::log(y));
  EXPECT_DOUBLE_EQ(slope(p.x * p.u), wave({0, {}}, at) + x * wave({0, {{{0, -1, 1}}}}, at));
}

TEST(Expression, depth_is_of_no_matter) {
  const Plane p;
  constexpr int additions = 100'000;
  Expression sum = p.x, products = p.u;
  for (int i = 0; i < additions; ++i) sum = sum + (i % 2 == 0 ? p.y : p.x);
  for (int i = 0; i < 1000; ++i) products = products * sin(products);
  const std::array<double, 3> at = {1, 2, 0};
  EXPECT_EQ(value_at(sum, at), 1 + 1.5 * additions);
  EXPECT_EQ(value_at(diff(sum, p.y), at), additions / 2);
  EXPECT_EQ(dependence(sum), Dependence::none);
  EXPECT_EQ(dependence(sum * p.u), Dependence::affine);
  EXPECT_EQ(dependence(diff(products, p.x)), Dependence::nonlinear);
  EXPECT_LT(to_text(sum).size(), 10'000U);
  EXPECT_LT(to_text(products).size(), 10'000U);
}

TEST(Expression, derivatives_of_derivatives_end_before_the_memory_does) {
  const Plane p;
  Expression e = exp(sin(p.x * p.y) / (p.x + 3));
  const std::string message = refusal([&] {
    for (;;) e = diff(e, p.x);
  });
  EXPECT_EQ(message, "expressions of more than 500000 operations");
  EXPECT_LE(p.graph->nodes().size(), 500'000U);
  EXPECT_THAT(p.x * p.y, IsNode(p.y * p.x)) << "what is there already is still found";
}

TEST(Expression, more_coordinates_than_keys_hold_are_refused) {
  const auto graph = ExpressionGraph::make();
  for (int i = 0; i < 255; ++i) graph->add_coordinate({"x"});
  const Expression last = graph->coordinate(254);
  EXPECT_THAT(diff(last * last, last), IsNode(last + last));
  EXPECT_EQ(refusal([&] { graph->add_coordinate({"x"}); }), "more than 255 coordinates");
}

TEST(Expression, dependence_on_the_fields_is_found_by_operation) {
  const Plane p;
  const Expression ux = diff(p.u, p.x), n = p.graph->normal(0);
  const std::vector<std::pair<Expression, Dependence>> cases = {
      {p.number(2), Dependence::none},
      {p.x * sin(p.y) / n, Dependence::none},
      {p.u, Dependence::affine},
      {laplacian(p.u) - exp(p.x), Dependence::affine},
      {-(p.x * ux) + p.y, Dependence::affine},
      {p.u + p.v * p.x, Dependence::affine},
      {p.u / p.x, Dependence::affine},
      {diff(p.x * ux, p.x), Dependence::affine},
      {where(p.x < p.y, p.u, p.x), Dependence::affine},
      {p.u - p.u, Dependence::none},
      {p.u * 0, Dependence::none},
      {p.u * p.u, Dependence::nonlinear},
      {p.u * p.v, Dependence::nonlinear},
      {p.u * ux, Dependence::nonlinear},
      {p.x / p.u, Dependence::nonlinear},
      {p.u * p.u / p.u, Dependence::nonlinear},
      {sin(p.u), Dependence::nonlinear},
      {abs(p.u), Dependence::nonlinear},
      {max(p.u, p.x), Dependence::nonlinear},
      {p.u < p.x, Dependence::nonlinear},
      {where(p.u > 0, p.x, p.y), Dependence::nonlinear},
      {p.x + sin(p.u) * p.y, Dependence::nonlinear},
      {norm(grad(p.u)), Dependence::nonlinear},
  };
  for (const auto& [e, expected] : cases) EXPECT_EQ(dependence(e), expected) << to_text(e);
}

TEST(Expression, reachable_nodes_are_those_of_the_roots_in_their_order) {
  const Plane p;
  const Expression unused = sin(p.y), a = p.x * p.x, b = exp(a);
  const std::array<std::int32_t, 2> roots = {b.node(), a.node()};
  EXPECT_THAT(reachable(*p.graph, roots), testing::ElementsAre(p.x.node(), a.node(), b.node()));
  EXPECT_THAT(reachable(*p.graph, {}), testing::IsEmpty());
}

TEST(Expression, is_written_in_full_brackets) {
  const Plane p;
  EXPECT_EQ(to_text(p.x + p.y * 2), "(x + (y * 2))");
  EXPECT_EQ(to_text(-(p.x - p.y) / p.t), "(-(x - y) / t)");
  EXPECT_EQ(to_text(where(p.x <= p.y, sin(p.u), p.number(-0.5))), "where((x <= y), sin(u), -0.5)");
  EXPECT_EQ(to_text(diff(p.u, p.t)), "diff(u, t)");
  const Expression l = laplacian(p.v),
                   normal = p.graph->normal(1);  // operands are written in the order of their making
  EXPECT_EQ(to_text(normal * l), "((diff(v, x, x) + diff(v, y, y)) * normal[1])");
  EXPECT_EQ(to_text(atan2(p.y, p.x)), "atan2(y, x)");
  Expression doubled = p.x;
  for (int i = 0; i < 40; ++i) doubled = doubled + sin(doubled);
  EXPECT_THAT(to_text(doubled), HasSubstr("...")) << "2^40 characters in full";
}

using Complex = std::complex<double>;

TEST(ComplexExpression, arithmetic_is_that_of_complex_numbers) {
  const Plane p;
  const ComplexExpression a{p.x, p.y}, b{p.y * 2 - 1, p.t + 0.5}, real{p.x, p.number(0)};
  const std::array<double, 3> at = {0.7, -1.2, 0.4};
  const Complex za(0.7, -1.2), zb(-3.4, 0.9), zr(0.7, 0);
  const std::vector<std::pair<ComplexExpression, Complex>> cases = {
      {a + b, za + zb},
      {a - b, za - zb},
      {a * b, za * zb},
      {a / b, za / zb},
      {a / real, za / zr},
      {real / a, zr / za},
      {-a, -za},
      {conj(a), std::conj(za)},
      {exp(a), std::exp(za)},
      {pow(a, 0), Complex(1)},
      {pow(a, 3), za * za * za},
      {pow(a, -2), 1.0 / (za * za)},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    // Of a handful of roundings.
    const double bound = 10 * std::numeric_limits<double>::epsilon() * (1 + std::abs(cases[i].second));
    EXPECT_NEAR(value_at(cases[i].first.re, at), cases[i].second.real(), bound) << "case " << i;
    EXPECT_NEAR(value_at(cases[i].first.im, at), cases[i].second.imag(), bound) << "case " << i;
  }
  EXPECT_DOUBLE_EQ(value_at(abs(a), at), std::abs(za));
  EXPECT_DOUBLE_EQ(value_at(abs(real), at), 0.7);
  EXPECT_THAT(abs(real), IsNode(abs(p.x))) << "no root of a square";
}

TEST(ComplexExpression, what_has_no_imaginary_part_stays_real) {
  const Plane p;
  const ComplexExpression a{p.x, p.number(0)}, b{p.u, p.number(0)}, i{p.number(0), p.number(1)};
  for (const ComplexExpression& e : {a + b, a * b, a / b, exp(a * b), pow(a, 3), i * i, laplacian(b), conj(a)})
    EXPECT_TRUE(is_real(e)) << to_text(e.im);
  EXPECT_FALSE(is_real(a * i));
  EXPECT_EQ(refusal([&] { a / ComplexExpression{p.number(0), p.number(0)}; }), "a division by the constant 0");
}

TEST(ComplexExpression, derivatives_are_those_of_the_parts) {
  const Plane p;
  const ComplexExpression wave{cos(p.x * p.y), sin(p.x * p.y)}, field{p.u, p.v};
  EXPECT_THAT(diff(wave, p.x).re, IsNode(diff(wave.re, p.x)));
  EXPECT_THAT(diff(wave, p.x).im, IsNode(diff(wave.im, p.x)));
  EXPECT_THAT(laplacian(field).im, IsNode(laplacian(p.v)));
}

TEST(ComplexExpression, powers_beyond_64_are_refused) {
  const Plane p;
  const ComplexExpression a{p.x, p.y};
  EXPECT_NO_THROW(pow(a, -64));
  for (const int exponent : {65, -65, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()})
    EXPECT_THAT(refusal([&] { pow(a, exponent); }), HasSubstr("expected -64 to 64")) << exponent;
}

}  // namespace
}  // namespace sinefield
