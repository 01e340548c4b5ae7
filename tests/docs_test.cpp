// What the documents show: every problem file in them is read, and solved or trained, and the C++ in them is that of
// examples/, which the tests compile and run.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sinefield/problem_file.h"
#include "sinefield/problem_fit.h"
#include "sinefield/solve.h"

namespace sinefield {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What stands between ```LANGUAGE and ```.
std::vector<std::string> blocks(const std::string& document, const std::string& language) {
  const std::string begins = "```" + language + "\n";
  std::vector<std::string> all;
  for (std::size_t at = document.find(begins); at != std::string::npos; at = document.find(begins, at)) {
    at += begins.size();
    const std::size_t end = document.find("```", at);
    all.push_back(document.substr(at, end - at));
    at = end;
  }
  return all;
}

const std::filesystem::path source = SINEFIELD_TEST_SOURCE;

TEST(Docs, problem_files_are_solved) {
  int files = 0;
  for (const char* const name : {"README.md", "docs/problem-files.md"})
    for (const std::string& text : blocks(text_of(source / name), "toml")) {
      SCOPED_TRACE(text);
      ++files;
      const Problem problem = problem_from_text(text, name);
      if (problem.training) {
        ProblemFitOptions options{.recipe = *problem.training, .steps = 300};
        options.recipe.width = 32;
        options.recipe.points = 512;
        for (const TermResidual& term : fit_problem(problem, options).report.terms) EXPECT_LT(term.residual, 0.3);
        continue;
      }
      const SolveResult result = solve(problem, {.most_features = 500});
      EXPECT_LT(result.report.residual, 1e-2);
      for (const SolutionError& e : result.report.errors) EXPECT_LT(e.relative_l2, 1e-6);
    }
  EXPECT_GE(files, 10);
}

TEST(Docs, cpp_is_that_of_the_examples) {
  const std::vector<std::string> shown = blocks(text_of(source / "docs/problem-files.md"), "cpp");
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_THAT(text_of(source / "examples/poisson.cpp"), testing::HasSubstr(shown[0]));
  EXPECT_THAT(text_of(source / "examples/distance.cpp"), testing::HasSubstr(shown[1]));
}

}  // namespace
}  // namespace sinefield
