// Direct solutions against closed forms: the order of their errors for boundary value problems, on boxes, on an L and
// on a disc, in time and of several fields; what they say of their own errors; and what they refuse.
// SPDX-License-Identifier: MIT
#include "sinefield/direct_solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "direct/box_solver.h"
#include "direct/grid_equations.h"
#include "direct/grid_run.h"
#include "direct/sparse_solver.h"
#include "direct/stencils.h"
#include "refusal.h"
#include "sinefield/problem_file.h"
#include "sinefield/solve.h"

namespace sinefield {
namespace {

/// Exact values at a place, (space.., time), one for each channel.
using Exact = std::function<std::vector<double>(const std::vector<double>&)>;

struct GridError {
  double relative;
  std::int64_t nodes;  // that are inside
};

/// Relative L2 error at all nodes, all channels together.
GridError error_on_grid(const Problem& problem, const direct::GridSize& size, const Exact& exact) {
  const direct::GridValues found = direct::solve_on_grid(problem, size, nullptr, best_isa(), {});
  double squares = 0, of_size = 0;
  std::int64_t inside = 0;
  for (std::size_t k = 0; k < found.values[0].size(); ++k) {
    if (!std::isfinite(found.values[0][k])) continue;
    ++inside;
    std::vector<double> x(found.nodes.size());
    std::size_t rest = k;
    for (std::size_t i = x.size(); i-- > 0;) {
      x[i] = found.nodes[i][rest % found.nodes[i].size()];
      rest /= found.nodes[i].size();
    }
    const std::vector<double> wanted = exact(x);
    for (std::size_t c = 0; c < wanted.size(); ++c) {
      squares += std::pow(found.values[c][k] - wanted[c], 2);
      of_size += wanted[c] * wanted[c];
    }
  }
  return {std::sqrt(squares / of_size), inside};
}

/// The power of the step with which the error falls from one grid to that of half the step.
double order_of(const std::string& text, const direct::GridSize& size, const Exact& exact) {
  const Problem problem = problem_from_text(text, "test");
  direct::GridSize finer = size;
  for (int& n : finer.intervals) n *= 2;
  finer.steps *= 2;
  const double coarse = error_on_grid(problem, size, exact).relative,
               fine = error_on_grid(problem, finer, exact).relative;
  std::cout << "errors " << coarse << ", " << fine << ": order " << std::log2(coarse / fine) << "\n";
  EXPECT_LT(fine, 0.02);
  return std::log2(coarse / fine);
}

const auto second_order = testing::AllOf(testing::Gt(1.8), testing::Lt(2.3));

TEST(Direct, differences_are_exact_for_polynomials) {
  const std::vector<double> x = {0.3, 0.7, 0.75, 1.4};
  const double at = 0.5;
  for (int order = 0; order <= 2; ++order) {
    const std::vector<double> weights = direct::difference_weights(x, at, order);
    for (int power = 0; power <= 3; ++power) {
      double sum = 0;
      for (std::size_t k = 0; k < x.size(); ++k) sum += weights[k] * std::pow(x[k], power);
      double wanted = std::pow(at, power - order);
      for (int k = 0; k < order; ++k) wanted *= power - k;
      EXPECT_NEAR(sum, power < order ? 0 : wanted, 1e-11) << order << " " << power;
    }
  }
  const std::vector<double> central = direct::difference_weights(std::vector<double>{-1, 0, 1}, 0, 2);
  EXPECT_THAT(central, testing::ElementsAre(1, -2, 1));
}

TEST(Direct, poissons_equation_on_a_square_and_on_an_l) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real" }
definitions = { wanted = "sin(3*x + 1) * exp(y)" }
terms.equation = { residual = "laplacian(u) - laplacian(wanted)" }
terms.sides = { residual = "u - wanted", region = "boundary(domain)" }
)toml";
  const Exact exact = [](const std::vector<double>& x) {
    return std::vector<double>{std::sin(3 * x[0] + 1) * std::exp(x[1])};
  };
  EXPECT_THAT(order_of(text, {{32, 32}}, exact), second_order);
  const std::string corner =
      text + "regions = { domain = \"difference(box([0, 0], [1, 1]), box([0.5, 0.5], [1, 1]))\" }\n";
  EXPECT_THAT(order_of(corner, {{32, 32}}, exact), second_order);
  // The nodes of the closed L: those of the square without the inner ones of its quarter and of the sides beside them.
  const Problem problem = problem_from_text(corner, "test");
  EXPECT_EQ(error_on_grid(problem, {{32, 32}}, exact).nodes, 33 * 33 - 16 * 16);
  EXPECT_TRUE(direct::solve_on_grid(problem, {{32, 32}}, nullptr, best_isa(), {}).on_grid_lines);
}

TEST(Direct, boundaries_between_grid_lines) {
  const std::string text = R"toml(
coordinates = { x = [0, 2], y = [0, 2] }
unknowns = { u = "real" }
definitions = { wanted = "sin(2*x + 1) * exp(y)" }
regions = { hole = "disc([1.1, 0.9], 0.33)", domain = "difference(disc([1, 1], 0.97), hole)" }
terms.equation = { residual = "laplacian(u) + x*diff(u, x, y) - laplacian(wanted) - x*diff(wanted, x, y)" }
[terms.inner]
residual = "u - wanted"
region = "boundary(domain)"
where = "(x - 1.1)^2 + (y - 0.9)^2 < 0.34^2"
[terms.outer]
residual = "OUTER"
region = "boundary(domain)"
where = "(x - 1)^2 + (y - 1)^2 > 0.96^2"
)toml";
  const Exact exact = [](const std::vector<double>& x) {
    return std::vector<double>{std::sin(2 * x[0] + 1) * std::exp(x[1])};
  };
  for (const char* const condition : {"u - wanted", "dot(grad(u) - grad(wanted), normal) + u - wanted"}) {
    std::string with = text;
    with.replace(with.find("OUTER"), 5, condition);
    // Where the steps beside the boundary happen to be makes the error of a single grid uneven.
    const Problem problem = problem_from_text(with, "test");
    const double coarse = error_on_grid(problem, {{24, 24}}, exact).relative,
                 fine = error_on_grid(problem, {{96, 96}}, exact).relative;
    std::cout << condition << ": errors " << coarse << ", " << fine << "\n";
    EXPECT_LT(fine, 1e-3);
    EXPECT_GT(std::log2(coarse / fine) / 2, 1.7);
    EXPECT_FALSE(direct::solve_on_grid(problem, {{24, 24}}, nullptr, best_isa(), {}).on_grid_lines);
  }
}

TEST(Direct, fluxes_and_coefficients_that_vary) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [-1, 1] }
unknowns = { u = "real" }
definitions = { k = "1 + x^2 + y/3", wanted = "cos(2*x) * sin(y + 1)" }
terms.equation = { residual = "div(k*grad(u)) + diff(u, x, y)/2 + diff(u, y) - u - div(k*grad(wanted)) - diff(wanted, x, y)/2 - diff(wanted, y) + wanted" }
[terms.flux]
residual = "dot(grad(u) - grad(wanted), normal) + u - wanted"
region = "boundary(domain)"
where = "x < 1"
[terms.end]
residual = "u - wanted"
region = "boundary(domain)"
where = "x == 1"
)toml";
  EXPECT_THAT(order_of(text, {{32, 64}},
                       [](const std::vector<double>& x) {
                         return std::vector<double>{std::cos(2 * x[0]) * std::sin(x[1] + 1)};
                       }),
              second_order);
}

TEST(Direct, complex_waves) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "complex" }
definitions = { wanted = "exp((0.5 + 4i) * x) * (1 + 1i*y^2)", ex = "1 + 1i*x" }
terms.equation = { residual = "diff(ex*diff(u, x), x) + diff(u, y, y) + (30 + 2i)*u - diff(ex*diff(wanted, x), x) - diff(wanted, y, y) - (30 + 2i)*wanted" }
terms.sides = { residual = "u - wanted", region = "boundary(domain)", where = "x < 1" }
terms.end = { residual = "dot(grad(u) - grad(wanted), normal) - 3i*(u - wanted)", region = "boundary(domain)", where = "x == 1" }
)toml";
  EXPECT_THAT(order_of(text, {{32, 32}},
                       [](const std::vector<double>& x) {
                         const std::complex<double> u =
                             std::exp(std::complex<double>(0.5, 4) * x[0]) * std::complex<double>(1, x[1] * x[1]);
                         return std::vector<double>{u.real(), u.imag()};
                       }),
              second_order);
  EXPECT_TRUE(direct::solve_on_grid(problem_from_text(text, "test"), {{16, 16}}, nullptr, best_isa(), {}).complex);
}

TEST(Direct, in_time) {
  const Exact wave = [](const std::vector<double>& x) {
    return std::vector<double>{std::sin(3 * x[0]) * std::exp(-x[1]) * (1 + x[1] * x[1])};
  };
  const std::string text = R"toml(
coordinates = { t = { time = [0, 2] }, x = [0, 1] }
unknowns = { u = "real" }
definitions = { wanted = "sin(3*x) * exp(-t) * (1 + t^2)" }
terms.start = { residual = "u - wanted", at = { t = 0 } }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
)toml";
  const auto with = [&](const std::string& left) {
    std::string right = left;
    for (std::size_t at = right.find("(u"); at != std::string::npos; at = right.find("(u", at))
      right.replace(at, 2, "(wanted");
    return text + "terms.equation = { residual = \"" + left + " - (" + right + ")\" }\n";
  };
  EXPECT_THAT(order_of(with("diff(u, t) - (1 + x*t)*diff(u, x, x) + diff(u, x)"), {{32}, 32}, wave), second_order);
  EXPECT_THAT(order_of(with("diff(u, t) + (u)*diff(u, x) - 0.05*diff(u, x, x)"), {{32}, 32}, wave), second_order);
  EXPECT_THAT(order_of(with("diff(u, t, t) - diff(u, x, x) + diff(u, x, t)/4") +
                           "terms.speed = { residual = \"diff(u, t) - diff(wanted, t)\", at = { t = 0 } }\n",
                       {{64}, 64}, wave),
              second_order);
}

TEST(Direct, several_fields_and_what_is_not_linear) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real", v = "real" }
definitions = { a = "sin(x + 2*y)", b = "cos(2*x*y)" }
terms.one = { residual = "laplacian(u) + v*u - laplacian(a) - a*b" }
terms.two = { residual = "laplacian(v) - u^3 + diff(u, x) - laplacian(b) + a^3 - diff(a, x)" }
terms.sides = { residual = "[u - a, v - b]", region = "boundary(domain)" }
)toml";
  EXPECT_THAT(order_of(text, {{16, 16}},
                       [](const std::vector<double>& x) {
                         return std::vector<double>{std::sin(x[0] + 2 * x[1]), std::cos(2 * x[0] * x[1])};
                       }),
              second_order);
  // An equation of first order needs its condition at one end only.
  const std::string first = R"toml(
coordinates = { x = [0, 1] }
unknowns = { p = "real" }
terms.equation = { residual = "diff(p, x) + p - 2*exp(x)" }
terms.start = { residual = "p - 1", region = "boundary(domain)", where = "x == 0" }
)toml";
  EXPECT_THAT(order_of(first, {{64}}, [](const std::vector<double>& x) { return std::vector{std::exp(x[0])}; }),
              second_order);
}

TEST(Direct, a_field_without_a_rate_of_its_own) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], t = { time = [0, 0.5] } }
unknowns = { u = "real", p = "real" }
definitions = { a = "sin(3*x)*exp(-t)", b = "cos(2*x)*(1 + t)" }
terms.flow = { residual = "diff(u, t) - diff(u, x, x) + diff(p, x)*u - diff(a, t) + diff(a, x, x) - diff(b, x)*a" }
terms.pressure = { residual = "diff(p, x, x) - u - diff(b, x, x) + a" }
terms.ends = { residual = "[u - a, p - b]", region = "boundary(domain)" }
terms.start = { residual = "u - a", at = { t = 0 } }
)toml";
  EXPECT_THAT(
      order_of(text, {{32}, 32},
               [](const std::vector<double>& x) {
                 return std::vector<double>{std::sin(3 * x[0]) * std::exp(-x[1]), std::cos(2 * x[0]) * (1 + x[1])};
               }),
      second_order);
}

TEST(Direct, conditions_that_wander_with_the_time) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1], t = { time = [0, 1] } }
unknowns = { u = "complex" }
definitions = { wanted = "exp(1i*(2*x + y)) * cos(2*t)" }
regions = { domain = "difference(box([0, 0], [1, 1]), box([0.5, 0.5], [1, 1]))" }
terms.waves = { residual = "diff(u, t, t) - laplacian(u) - diff(wanted, t, t) + laplacian(wanted)" }
terms.held = { residual = "u - wanted", region = "boundary(domain)", where = "x < 0.2 + t/2" }
terms.flux = { residual = "dot(grad(u) - grad(wanted), normal)", region = "boundary(domain)", where = "x >= 0.2 + t/2" }
terms.start = { residual = "u - wanted", at = { t = 0 } }
terms.speed = { residual = "diff(u, t) - diff(wanted, t)", at = { t = 0 } }
)toml";
  EXPECT_THAT(order_of(text, {{16, 16}, 32},
                       [](const std::vector<double>& x) {
                         const double phase = 2 * x[0] + x[1], size = std::cos(2 * x[2]);
                         return std::vector<double>{std::cos(phase) * size, std::sin(phase) * size};
                       }),
              second_order);
}

TEST(Direct, in_space) {
  const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1], z = [0, 2] }
unknowns = { u = "real" }
definitions = { wanted = "sin(2*x) * cos(y) * exp(z/2)", k = "1 + K*x" }
terms.equation = { residual = "div(k*grad(u)) - div(k*grad(wanted))" }
terms.sides = { residual = "u - wanted", region = "boundary(domain)" }
constants = { K = 0 }
)toml";
  const Exact exact = [](const std::vector<double>& x) {
    return std::vector<double>{std::sin(2 * x[0]) * std::cos(x[1]) * std::exp(x[2] / 2)};
  };
  EXPECT_THAT(order_of(text, {{8, 8, 16}}, exact), second_order);
  EXPECT_LT(error_on_grid(problem_from_text(text, "test", {{"K", 1}}), {{8, 8, 8}}, exact).relative, 5e-3);
}

TEST(Direct, sines_and_factors_solve_the_same_equations) {
  for (const char* const kind : {"real", "complex"}) {
    const std::string text = std::string(R"toml(
coordinates = { x = [0, 1], y = [0, 2] }
definitions = { source = "exp(x)*sin(3*y) + x" }
terms.equation = { residual = "(1 + x)*(2*diff(u, x, x) + diff(u, y, y) + FACTOR*u - source)" }
terms.sides = { residual = "3*u - cos(x + y)", region = "boundary(domain)" }
)toml") + "unknowns = { u = \"" +
                             kind + "\" }\n";
    std::string with = text;
    with.replace(with.find("FACTOR"), 6, std::string(kind) == "real" ? "7" : "(7 + 2i)");
    const Problem problem = problem_from_text(with, "test");
    const direct::GridPoints grid(problem.domain(), {20, 24});
    direct::GridEquations equations(problem, grid, best_isa());
    equations.choose(direct::Stage::level, 0);
    const std::optional<std::vector<double>> fast = direct::solve_in_sines(grid, equations);
    ASSERT_TRUE(fast.has_value());
    const std::vector<double> zero(static_cast<std::size_t>(equations.unknowns()));
    const direct::Moment steady = direct::Moment::steady(equations.channels());
    equations.linearise(steady, zero);
    direct::SparseSolver solver(equations.channels());
    solver.factor(equations.matrix(steady));
    const std::vector<double> minus = solver.solve(equations.residual());
    for (std::size_t k = 0; k < minus.size(); ++k) ASSERT_NEAR((*fast)[k], -minus[k], 1e-12) << kind << " " << k;
  }
  // Not of boxes with other conditions, nor of other coefficients.
  const auto in_sines = [](const std::string& equation, const std::string& sides) {
    const std::string text = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real" }
)toml";
    return direct::goes_in_sines(
        problem_from_text(text + "terms.equation = { residual = \"" + equation + "\" }\nterms.sides = { residual = \"" +
                              sides + "\", region = \"boundary(domain)\" }\n",
                          "test"),
        {{16, 16}}, best_isa());
  };
  EXPECT_TRUE(in_sines("laplacian(u) - 1", "u"));
  EXPECT_FALSE(in_sines("laplacian(u) + x*u - 1", "u"));
  EXPECT_FALSE(in_sines("laplacian(u) + diff(u, x) - 1", "u"));
  EXPECT_FALSE(in_sines("laplacian(u) - 1", "u + dot(grad(u), normal)"));
  EXPECT_FALSE(in_sines("laplacian(u) + u^2", "u"));
}

TEST(Direct, says_how_far_off_it_is) {
  const auto check = [](const std::string& file, const ProblemSettings& settings, int points, double most) {
    const Problem problem = read_problem(std::string(SINEFIELD_TEST_PROBLEMS) + file, settings);
    const DirectSolution found = solve_directly(problem, {.points = points});
    const double error = exact_errors(found, problem)[0].relative_l2, said = found.report.errors[0];
    std::cout << file << ": order " << found.report.order << ", error " << error << ", said " << said << "\n";
    EXPECT_LT(error, most);
    EXPECT_LT(error, 3 * said);
    EXPECT_GT(error, said / 5);
    return found;
  };
  const DirectSolution square = check("/poisson_square.toml", {}, 257, 1e-8);
  EXPECT_TRUE(square.report.extrapolated);
  EXPECT_EQ(square.report.method, "sine transforms");
  EXPECT_THAT(square.report.finest, testing::ElementsAre(257, 257));
  EXPECT_EQ(square.nodes[0].size(), 129U);
  check("/poisson_lshape.toml", {}, 129, 1e-6);
  const DirectSolution corner = check("/poisson_lshape.toml", {{"corner", 1}}, 129, 1e-3);
  EXPECT_FALSE(corner.report.extrapolated);
  EXPECT_NEAR(corner.report.order, 4.0 / 3, 0.15);  // r^(2/3) at a corner, whose square it is
  check("/heat.toml", {}, 257, 1e-5);
}

TEST(Direct, takes_a_finer_grid_where_the_others_are_too_coarse) {
  const auto found = [](double width, int points = 0) {
    return solve_directly(problem_from_text(R"toml(
coordinates = { x = [0, 1] }
unknowns = { u = "real" }
constants = { width = 1 }
definitions = { wanted = "x*exp(-((x - 0.4)/width)^2)" }
terms.equation = { residual = "diff(u, x, x) - x*u - diff(wanted, x, x) + x*wanted" }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
exact = { u = "wanted" }
)toml",
                                            "test", {{"width", width}}),
                          {.points = points});
  };
  const DirectSolution wide = found(0.1), narrow = found(0.0015), too_narrow = found(0.0003, 2049);
  EXPECT_THAT(wide.report.finest, testing::ElementsAre(2049));
  EXPECT_TRUE(wide.report.resolved);
  EXPECT_THAT(narrow.report.finest, testing::ElementsAre(4097));
  EXPECT_TRUE(narrow.report.resolved);
  EXPECT_FALSE(too_narrow.report.resolved);
  EXPECT_TRUE(std::isnan(too_narrow.report.errors[0])) << too_narrow.report.errors[0];
  // Parabolas: differences without error, so that no order is to be seen.
  const DirectSolution parabola = solve_directly(problem_from_text(R"toml(
coordinates = { x = [0, 1] }
unknowns = { u = "real" }
terms.equation = { residual = "diff(u, x, x) - 2" }
terms.ends = { residual = "u - x^2", region = "boundary(domain)" }
)toml",
                                                                   "test"),
                                                 {.points = 33});
  EXPECT_LT(parabola.report.errors[0], 1e-13);
  EXPECT_TRUE(parabola.report.resolved);
}

TEST(Direct, compares_fields) {
  const Problem problem = problem_from_text(R"toml(
coordinates = { t = { time = [0, 1] }, x = [0, 1] }
unknowns = { u = "real" }
definitions = { wanted = "exp(-t)*sin(2*x)" }
terms.heat = { residual = "diff(u, t) - diff(u, x, x) - diff(wanted, t) + diff(wanted, x, x)" }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
terms.start = { residual = "u - wanted", at = { t = 0 } }
exact = { u = "wanted" }
)toml",
                                            "test");
  const DirectSolution direct = solve_directly(problem, {.points = 65});
  // In the order of declaration: time first.
  ASSERT_EQ(direct.nodes.size(), 2U);
  const std::size_t n = direct.nodes[1].size();
  for (const std::size_t k : {std::size_t{3}, direct.values[0].size() - 2})
    EXPECT_NEAR(direct.values[0][k], std::exp(-direct.nodes[0][k / n]) * std::sin(2 * direct.nodes[1][k % n]), 1e-4);
  SolveResult result = solve(problem, {.most_features = 600});
  result.field.signal = SolutionFormat{problem.coordinates(), problem.unknowns(), {}, {}};
  const SolutionError apart = differences(direct, result.field)[0];
  const double own = exact_errors(direct, problem)[0].relative_l2;
  ASSERT_LT(result.report.errors[0].relative_l2, own / 100);
  EXPECT_NEAR(apart.relative_l2, own, own / 20);  // the field is exact beside it
  EXPECT_GT(apart.largest, 0);
}

TEST(Direct, refuses_what_is_no_problem_for_it) {
  const auto refused = [](const std::string& terms) {
    return refusal([&] {
      solve_directly(problem_from_text(
          "coordinates = { x = [0, 1], y = [0, 1], t = { time = [0, 1] } }\nunknowns = { u = \"real\" }\n" + terms,
          "test"));
    });
  };
  const std::string heat = "terms.heat = { residual = \"diff(u, t) - laplacian(u)\" }\n",
                    start = "terms.start = { residual = \"u - x\", at = { t = 0 } }\n",
                    sides = "terms.sides = { residual = \"u - x\", region = \"boundary(domain)\" }\n";
  EXPECT_THAT(refused(heat + start), testing::HasSubstr("needs a condition for 'u' all around"));
  EXPECT_THAT(refused(heat + sides), testing::HasSubstr("needs the field 'u' at the start of time"));
  EXPECT_THAT(refused(heat + sides + start + "terms.data = { residual = \"u - y\", at = { t = 0.5 } }\n"),
              testing::HasSubstr("term 'data' holds at t = 0.5"));
  EXPECT_THAT(refused(heat + sides + start + "terms.more = { residual = \"u - y\" }\n"),
              testing::HasSubstr("of term 'more' is too many"));
  EXPECT_THAT(refused(heat + start + sides + "terms.twice = { residual = \"u - y\", region = \"boundary(domain)\" }\n"),
              testing::HasSubstr("of term 'twice' is too many"));
  EXPECT_THAT(refused(heat + start + sides +
                      "regions = { lens = \"disc([0.5, 0.5], 0.1)\" }\nterms.lens = { residual "
                      "= \"u\", region = \"boundary(lens)\" }\n"),
              testing::HasSubstr("no point of the grid is left for term 'lens'"));
  EXPECT_THAT(refused("terms.wave = { residual = \"diff(u, t, t) - laplacian(u)\" }\n" + start + sides),
              testing::HasSubstr("needs the rate of the field 'u'"));
  EXPECT_THAT(
      refused("terms.half = { residual = \"diff(u, t) - laplacian(u)\", where = \"x < 0.3\" }\n" + start + sides),
      testing::HasSubstr("there is none for 'u'"));
  EXPECT_THAT(
      refusal([] { solve_directly(read_problem(SINEFIELD_TEST_PROBLEMS "/poisson_square.toml"), {.points = 10}); }),
      testing::HasSubstr("10 points"));
  EXPECT_THAT(refusal([] { solve_directly(Problem()); }), testing::HasSubstr("without terms"));
}

TEST(Direct, says_that_something_is_left_open) {
  const Problem problem = problem_from_text(R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real" }
terms.equation = { residual = "laplacian(u) - x" }
terms.sides = { residual = "dot(grad(u), normal)", region = "boundary(domain)" }
)toml",
                                            "test");
  try {
    solve_directly(problem, {.points = 65});
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failure);
    EXPECT_THAT(error.what(), testing::HasSubstr("leave something open"));
  }
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(solve_directly(problem, {.stop = source.get_token()}), Error);
}

}  // namespace
}  // namespace sinefield
