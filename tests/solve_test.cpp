// Problems solved in last layers, against closed forms: linear ones of one and of several fields, real and complex, in
// one to three dimensions and in time, what is not linear, refinement at places, and the bits over threads.
// SPDX-License-Identifier: MIT
#include "sinefield/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <numbers>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/model_file.h"
#include "sinefield/problem_file.h"

namespace sinefield {
namespace {

SolveResult solved(const std::string& text, SolveOptions options = {}, const ProblemSettings& settings = {}) {
  return solve(problem_from_text(text, "test", settings), options);
}

double error_of(const SolveResult& result) {
  double most = 0;
  for (const SolutionError& e : result.report.errors) most = std::max(most, e.relative_l2);
  std::cout << result.report.features << " features, " << result.report.method << ": residual "
            << result.report.residual << ", error " << most << "\n";
  return most;
}

TEST(Solve, a_problem_built_in_cpp) {
  Problem p;
  const Expression x = p.space("x", 0, 1), y = p.space("y", 0, 2), u = p.unknown("u");
  const Expression wanted = sin(3 * x) * exp(y / 2);
  p.add("equation", laplacian(u) - laplacian(wanted));
  p.add("sides", u - wanted, p.boundary());
  p.set_exact({0, {wanted, p.graph()->constant(0)}});
  const SolveResult result = solve(p);
  EXPECT_LT(error_of(result), 1e-11);
  // The figure is that of the field: asked at a point, it says the same.
  const std::vector<double> at = {0.3, 1.7};
  const double value = query<double>(result.field, {at.data(), 1, 2}, Order::value).value[0];
  EXPECT_NEAR(value, std::sin(0.9) * std::exp(0.85), 1e-10);
}

TEST(Solve, poissons_equation_to_its_closed_form) {
  for (const std::uint64_t seed : {0U, 1U}) {
    const SolveResult result = solve(read_problem(SINEFIELD_TEST_PROBLEMS "/poisson_square.toml"), {.seed = seed});
    EXPECT_LT(error_of(result), 1e-11);
    EXPECT_LT(result.report.residual, 1e-10);
  }
  EXPECT_LT(error_of(solve(read_problem(SINEFIELD_TEST_PROBLEMS "/poisson_lshape.toml"))), 1e-11);
}

TEST(Solve, a_corner_by_refinement) {
  const Problem problem = read_problem(SINEFIELD_TEST_PROBLEMS "/poisson_lshape.toml", {{"corner", 1}});
  const SolveResult smooth = solve(problem, {.most_features = 500}), refined = solve(problem, {.most_features = 1500});
  EXPECT_GT(error_of(smooth), 1e-3);
  EXPECT_LT(error_of(refined), 1e-3);
  EXPECT_FALSE(refined.field.windows.empty());
}

TEST(Solve, complex_fields_as_complex_equations) {
  // u'' + (9 + i) u = 0 between given ends: exp(i k x) with k^2 = 9 + i.
  const std::string text = R"toml(
coordinates = { x = [0, 2] }
unknowns = { u = "complex" }
definitions = { wave = "exp((-0.16609 + 3.00459i) * x)" }
terms.equation = { residual = "diff(u, x, x) - (-0.16609 + 3.00459i)^2 * u" }
terms.ends = { residual = "u - wave", region = "boundary(domain)" }
exact = { u = "wave" }
)toml";
  const SolveResult result = solved(text);
  EXPECT_THAT(result.report.method, testing::HasSubstr("complex"));
  EXPECT_LT(error_of(result), 1e-9);
}

TEST(Solve, several_fields_that_need_each_other) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real", v = "real" }
definitions = { a = "sin(x + 2*y)", b = "cos(3*x*y)" }
[terms.one]
residual = "laplacian(u) + diff(v, x) - laplacian(a) - diff(b, x)"
[terms.two]
residual = "laplacian(v) + u - laplacian(b) - a"
[terms.sides]
residual = "[u - a, v - b]"
region = "boundary(domain)"
[exact]
u = "a"
v = "b"
)toml";
  const SolveResult result = solved(text, {.most_features = 500});
  EXPECT_THAT(result.report.method, testing::HasSubstr("coupled"));
  EXPECT_LT(error_of(result), 1e-8);
}

/// Fields that no equation ties together, two of them by the same equations and one by another.
TEST(Solve, several_fields_that_do_not_need_each_other) {
  const std::string head = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
features = { count = 300 }
definitions = { a = "sin(x + 2*y)", b = "cos(3*x*y)", c = "exp(x - y)" }
)toml";
  const std::string together = R"toml(
unknowns = { u = "real", v = "real", w = "real" }
[terms.inside]
residual = "[laplacian(u) - laplacian(a), laplacian(v) - laplacian(b), laplacian(w) - w - laplacian(c) + c]"
[terms.sides]
residual = "[u - a, v - b, w - c]"
region = "boundary(domain)"
[exact]
u = "a"
v = "b"
w = "c"
)toml";
  const SolveResult result = solved(head + together, {.most_features = 300});
  EXPECT_THAT(result.report.method, testing::Not(testing::HasSubstr("coupled")));
  ASSERT_EQ(result.report.errors.size(), 3U);
  for (const SolutionError& e : result.report.errors) EXPECT_LT(e.relative_l2, 1e-6) << e.unknown;
  // Two complex fields, whose parts are tied together, not the fields.
  const std::string complex = R"toml(
unknowns = { u = "complex", v = "complex" }
[terms.inside]
residual = "[laplacian(u) + (4 + 1i) * u - laplacian(a) - (4 + 1i) * a, laplacian(v) - 2i * laplacian(b)]"
[terms.sides]
residual = "[u - a, v - 2i * b]"
region = "boundary(domain)"
[exact]
u = "a"
v = "2i * b"
)toml";
  const SolveResult pairs = solved(head + complex, {.most_features = 300});
  EXPECT_THAT(pairs.report.method, testing::StartsWith("complex"));
  for (const SolutionError& e : pairs.report.errors) EXPECT_LT(e.relative_l2, 1e-6) << e.unknown;
}

TEST(Solve, the_heat_equation_in_time) {
  EXPECT_LT(error_of(solve(read_problem(SINEFIELD_TEST_PROBLEMS "/heat.toml"))), 1e-9);
}

TEST(Solve, a_flux_through_the_border_in_space) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1], z = [0, 1] }
unknowns = { u = "real" }
definitions = { wanted = "sin(x) * cos(y) * exp(z/2)" }
[terms.equation]
residual = "div(grad(u)) - laplacian(wanted)"
[terms.flux]
residual = "dot(grad(u) - grad(wanted), normal) + u - wanted"
region = "boundary(domain)"
[exact]
u = "wanted"
)toml";
  EXPECT_LT(error_of(solved(text, {.most_features = 2000})), 1e-3);
}

TEST(Solve, what_is_not_linear_by_newtons_method) {
  const std::string text = R"toml(
coordinates = { x = [0, 1] }
unknowns = { u = "real" }
definitions = { wanted = "sin(3*x) + x^2" }
terms.equation = { residual = "diff(u, x, x) + u^3 - diff(wanted, x, x) - wanted^3" }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
exact = { u = "wanted" }
)toml";
  const Problem problem = problem_from_text(text, "test");
  EXPECT_FALSE(is_linear(problem));
  const SolveResult result = solve(problem);
  EXPECT_GT(result.report.newton_steps, 1);
  EXPECT_LT(error_of(result), 1e-11);
}

TEST(Solve, weights_and_units_of_terms_do_not_decide) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real" }
constants = { unit = 1 }
definitions = { wanted = "sin(3*x + y)" }
terms.equation = { residual = "unit * (laplacian(u) - laplacian(wanted))" }
terms.sides = { residual = "u - wanted", region = "boundary(domain)" }
exact = { u = "wanted" }
features = { count = 300 }
)toml";
  const double once = error_of(solved(text)), millions = error_of(solved(text, {}, {{"unit", 1e6}}));
  EXPECT_LT(once, 1e-9);
  EXPECT_LT(millions, 1e-9);
}

TEST(Solve, the_same_bits_for_any_number_of_threads) {
  Problem problem = read_problem(SINEFIELD_TEST_PROBLEMS "/helmholtz.toml", {{"k", 6}});
  problem.features.count = 200;  // QR
  for (const int count : {200, 900}) {
    problem.features.count = count;
    const auto bytes = [&](int threads) {
      return model_bytes(solve(problem, {.compute = {.threads = threads}}).field);
    };
    EXPECT_EQ(bytes(1), bytes(3)) << count;
  }
}

TEST(Solve, warns_of_too_few_features) {
  Problem problem = read_problem(SINEFIELD_TEST_PROBLEMS "/poisson_square.toml");
  problem.features.count = 100;
  problem.features.wavenumber = 100;
  const SolveResult result = solve(problem);
  ASSERT_TRUE(result.report.warning.has_value());
  EXPECT_THAT(*result.report.warning, testing::HasSubstr("100 sine features"));
}

TEST(Solve, says_where_an_equation_is_not_finite) {
  EXPECT_THAT(refusal([] {
                solved(R"toml(
coordinates = { x = [-1, 1] }
unknowns = { u = "real" }
terms.equation = { residual = "diff(u, x, x) - log(x)" }
)toml");
              }),
              testing::AllOf(testing::HasSubstr("term 'equation'"), testing::HasSubstr("x = -")));
  EXPECT_THAT(refusal([] { solve(Problem()); }), testing::HasSubstr("without terms"));
  EXPECT_THAT(refusal([] { solve(read_problem(SINEFIELD_TEST_PROBLEMS "/heat.toml"), {.most_features = 10}); }),
              testing::HasSubstr("at most 10 features"));
}

TEST(Solve, explains_what_it_would_do) {
  const std::vector<std::string> heat = explain(read_problem(SINEFIELD_TEST_PROBLEMS "/heat.toml"));
  EXPECT_THAT(heat, testing::Contains("term equation: linear, inside"));
  EXPECT_THAT(heat, testing::Contains(testing::HasSubstr("diff(u, x, x)")));
  EXPECT_THAT(heat, testing::Contains(testing::HasSubstr("jet: value, 2 first derivatives, 1 operator: 4 F")));
  EXPECT_THAT(heat, testing::Contains("term ends: linear, on a boundary"));
  EXPECT_THAT(heat, testing::Contains(testing::HasSubstr("250 features")));
  const std::vector<std::string> waves = explain(read_problem(SINEFIELD_TEST_PROBLEMS "/helmholtz.toml"));
  EXPECT_THAT(waves, testing::Contains(testing::StartsWith("linear in complex numbers")));
  const std::vector<std::string> shock = explain(read_problem(SINEFIELD_TEST_PROBLEMS "/burgers.toml"));
  EXPECT_THAT(shock, testing::Contains("term equation: not linear, inside"));
  EXPECT_THAT(shock, testing::Contains(testing::StartsWith("not linear: Newton's method")));
  const std::string apart = R"toml(
coordinates = { x = [0, 1] }
unknowns = { u = "real", v = "real", w = "real" }
terms.inside = { residual = "[diff(u, x, x) - 1, diff(v, x, x) - x, diff(w, x, x) - w]" }
terms.ends = { residual = "[u, v, w]", region = "boundary(domain)" }
)toml";
  EXPECT_THAT(explain(problem_from_text(apart, "test")),
              testing::Contains("no equation ties the unknowns together: 2 of 3 parts have equations of their own"));
}

TEST(Solve, stops_when_asked) {
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(solve(read_problem(SINEFIELD_TEST_PROBLEMS "/heat.toml"), {.stop = source.get_token()}), Error);
}

}  // namespace
}  // namespace sinefield
