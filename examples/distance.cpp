// The signed distance of a disc from its border, trained: the second example of docs/problem-files.md.
// SPDX-License-Identifier: MIT
#include <sinefield/model_file.h>
#include <sinefield/problem_fit.h>

#include <cstdio>

using namespace sinefield;

int main() {
  Problem problem;
  const Expression x = problem.space("x", -1, 1), y = problem.space("y", -1, 1), u = problem.unknown("u");
  const Place border = {.region = Region::ball({0, 0}, 0.5), .boundary = true};
  problem.add("length", norm(grad(u)) - 1);
  problem.add("border", u, border, 10);
  problem.add("outwards", dot(grad(u), problem.normal()) - 1, border);
  problem.set_exact({0, {norm({{x, y}}) - 0.5, problem.graph()->constant(0)}});
  problem.add("beginning", u - (norm({{x, y}}) - 0.3));
  ProblemFitOptions options{.recipe = problem_recipe("train")};
  options.recipe.width = 32;
  options.recipe.points = 1024;
  options.recipe.stages = {{.steps = 50, .weights = {{"length", 0}, {"border", 0}, {"outwards", 0}}},
                           {.steps = 450, .weights = {{"beginning", 0}}}};
  const ProblemFitResult result = fit_problem(problem, options);
  std::printf("largest error %.2f\n", result.report.errors[0].largest);
  write_model("distance.sine", result.field, Overwrite::replace);
}
