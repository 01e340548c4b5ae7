// Linear problems in tiles against closed forms and against one network's features; which problems they are for.
// SPDX-License-Identifier: MIT
#include "train/tile_solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/problem_file.h"
#include "sinefield/solve.h"

namespace sinefield {
namespace {

using testing::Contains;
using testing::HasSubstr;

SolveResult solved(const std::string& text, const SolveOptions& options = {}) {
  const SolveResult result = solve(problem_from_text(text, "test"), options);
  std::cout << result.report.method << ", " << result.report.features << " features: residual "
            << result.report.residual;
  for (const SolutionError& e : result.report.errors) std::cout << ", " << e.unknown << " " << e.relative_l2;
  std::cout << "\n";
  return result;
}

/// All of a second-order equation: mixed derivatives, first ones, the value.
const std::string skew = R"toml(
coordinates = { x = [0, 2], y = [0, 1] }
unknowns = { u = "real" }

[definitions]
wanted = "sin(5*x) * cos(4*y) + x*y"
of_u = "2*diff(u, x, x) + (1 + x)*diff(u, x, y) + 3*diff(u, y, y) + y*diff(u, x) - u"
of_wanted = "2*diff(wanted, x, x) + (1 + x)*diff(wanted, x, y) + 3*diff(wanted, y, y) + y*diff(wanted, x) - wanted"

[terms.equation]
residual = "of_u - of_wanted"

[terms.sides]
residual = "u - wanted"
region = "boundary(domain)"

[exact]
u = "wanted"
)toml";

TEST(TileSolve, all_of_a_second_order_equation) {
  const SolveResult result = solved(skew + "[features]\ntiles = 5\n");
  EXPECT_THAT(result.report.method, HasSubstr("5x3 tiles"));
  EXPECT_EQ(result.field.kind, FieldKind::tiles);
  EXPECT_LT(result.report.errors.at(0).relative_l2, 5e-5);
  EXPECT_LT(result.report.residual, 2e-4);
}

TEST(TileSolve, more_features_than_one_system_holds_are_in_tiles_by_rule) {
  const std::string text = skew + "[features]\nwavenumber = 60\n";
  EXPECT_THAT(explain(problem_from_text(text, "test"), {.most_features = 500}), Contains(HasSubstr("tiles of")));
  EXPECT_THAT(explain(problem_from_text(text, "test"), {.most_features = 4000}), Not(Contains(HasSubstr("tiles"))));
  const SolveResult result = solved(text, {.most_features = 500});
  EXPECT_EQ(result.field.kind, FieldKind::tiles);
  EXPECT_LT(result.report.errors.at(0).relative_l2, 5e-4);
}

TEST(TileSolve, unknowns_that_nothing_ties_together_of_the_same_equations_and_of_others) {
  const SolveResult result = solved(R"toml(
coordinates = { x = [0, 1], t = { time = [0, 1] } }
unknowns = { u = "real", v = "real", w = "real" }
definitions = { a = "exp(-t) * sin(3*x)", b = "exp(-2*t) * cos(x)", c = "x^3 - t" }
terms.equation = { residual = "[diff(u, t) - diff(u, x, x) - 8*a, diff(v, t) - diff(v, x, x) + b]" }
terms.other = { residual = "diff(w, x) + diff(w, t) - 3*x^2 + 1" }
terms.start = { residual = "[u - a, v - b, w - c]", at = { t = 0 } }
terms.ends = { residual = "[u - a, v - b, w - c]", region = "boundary(domain)" }
exact = { u = "a", v = "b", w = "c" }
features = { tiles = 4 }
)toml");
  for (const SolutionError& e : result.report.errors) EXPECT_LT(e.relative_l2, 1e-4) << e.unknown;
}

TEST(TileSolve, where_terms_are_in_a_part_of_the_box) {
  const SolveResult result = solved(R"toml(
coordinates = { x = [-2, 2], y = [-2, 2] }
unknowns = { u = "real" }
definitions = { wanted = "exp(x) * sin(y)" }
regions = { part = "disc([0.5, 0.5], 0.8)" }
terms.equation = { residual = "laplacian(u)", region = "part" }
terms.border = { residual = "u - wanted", region = "boundary(part)" }
exact = { u = "wanted", where = "(x - 0.5)^2 + (y - 0.5)^2 < 0.64" }
features = { tiles = 12 }
)toml");
  EXPECT_LT(result.report.errors.at(0).relative_l2, 5e-5);
  EXPECT_LT(result.report.features, 144 * 50 / 3);  // tiles without a point have none
}

TEST(TileSolve, has_the_same_bits_on_any_number_of_threads) {
  const std::string text = skew + "[features]\ntiles = 3\n";
  const Problem problem = problem_from_text(text, "test");
  const Field one = solve(problem, {.compute = {.threads = 1}}).field,
              three = solve(problem, {.compute = {.threads = 3}}).field;
  for (std::size_t tile = 0; tile < one.networks.size(); ++tile)
    EXPECT_EQ(one.networks[tile].parameters, three.networks[tile].parameters);
}

TEST(TileSolve, refuses_what_is_not_for_tiles) {
  const std::string start = "coordinates = { x = [0, 1] }\nfeatures = { tiles = 4 }\n";
  const auto refused = [&](const std::string& rest) {
    return refusal([&] { solve(problem_from_text(start + rest, "test")); });
  };
  EXPECT_THAT(refused("unknowns = { u = \"real\" }\nterms.a = { residual = \"diff(u, x) - u^2\" }"),
              HasSubstr("not linear"));
  EXPECT_THAT(refused("unknowns = { u = \"real\", v = \"real\" }\nterms.a = { residual = \"diff(u, x) - v\" }"),
              HasSubstr("tie unknowns together"));
  EXPECT_THAT(refused("unknowns = { u = \"complex\" }\nterms.a = { residual = \"diff(u, x) - 1i*u\" }"),
              HasSubstr("complex"));
  EXPECT_THAT(refusal([&] {
                solve(
                    problem_from_text("coordinates = { x = [0, 1] }\nunknowns = { u = \"real\" }\n"
                                      "terms.a = { residual = \"u - 1\" }\n"
                                      "features = { tiles = 4, windows = [{ centre = [0.5], radii = [0.1] }] }",
                                      "test"));
              }),
              HasSubstr("slabs or windows"));
  const auto with_waves = [](const std::string& unknown, const std::string& residual) {
    return refusal([&] {
      solve(problem_from_text("coordinates = { x = [0, 1], y = [0, 1] }\nunknowns = { u = \"" + unknown + "\" }\n" +
                                  "terms.a = { residual = \"" + residual + "\" }\nfeatures = { wavenumber = 1e6 }",
                              "test"));
    });
  };
  EXPECT_THAT(with_waves("real", "laplacian(u) - 1"), HasSubstr("expected at most 1e+06"));
  EXPECT_THAT(with_waves("complex", "laplacian(u) - 1i*u"), HasSubstr("in one system"));
}

}  // namespace
}  // namespace sinefield
