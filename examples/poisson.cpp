// Poisson's equation on the unit square, built in C++: the example of docs/problem-files.md.
// SPDX-License-Identifier: MIT
#include <sinefield/model_file.h>
#include <sinefield/solve.h>

#include <cstdio>

using namespace sinefield;

int main() {
  Problem problem;
  const Expression x = problem.space("x", 0, 1), y = problem.space("y", 0, 1), u = problem.unknown("u");
  const Expression wanted = sin(2 * x) * exp(y);
  problem.add("equation", laplacian(u) - laplacian(wanted));
  problem.add("sides", u - wanted, problem.boundary());
  problem.set_exact({0, {wanted, problem.graph()->constant(0)}});
  const SolveResult result = solve(problem);
  std::printf("relative error %.1e\n", result.report.errors[0].relative_l2);
  write_model("poisson.sine", result.field, Overwrite::replace);
}
