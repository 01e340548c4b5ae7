// What the documents show: every problem file in them is read, and solved or trained, and the C++ in them is that of
// examples/, which the tests compile and run.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "sinefield/array_file.h"
#include "sinefield/picture_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/problem_fit.h"
#include "sinefield/solve.h"
#include "temporary_folder.h"

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

/// The arrays that the examples read.
void write_arrays(const std::filesystem::path& folder) {
  constexpr int across = 41, up = 21, points = 400;
  std::vector<double> conductivity, probes;
  for (int i = 0; i < across; ++i)
    for (int j = 0; j < up; ++j) conductivity.push_back(1.5 + std::cos(i * 0.05 * 3) * std::cos(j * 0.05 * 3));
  for (int p = 0; p < points; ++p) {
    const double x = std::fmod(0.618034 * p, 1), y = std::fmod(0.414214 * p, 1);
    probes.insert(probes.end(), {x, y, std::exp(x) * std::cos(y)});
  }
  write_npy(folder / "conductivity.npy", std::vector<std::int64_t>{across, up}, std::span<const double>(conductivity));
  write_npy(folder / "probes.npy", std::vector<std::int64_t>{points, 3}, std::span<const double>(probes));
}

TEST(Docs, problem_files_are_solved) {
  const TemporaryFolder folder;
  write_arrays(folder.path());
  GivenFiles files;
  files.folders = {folder.path()};
  int examples = 0;
  for (const char* const name : {"README.md", "docs/problem-files.md"})
    for (const std::string& text : blocks(text_of(source / name), "toml")) {
      SCOPED_TRACE(text);
      ++examples;
      const Problem problem = problem_from_text(text, name, {}, files);
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
  EXPECT_GE(examples, 13);
}

TEST(Docs, each_problem_is_read_and_has_a_page) {
  const std::filesystem::path folder = source / "problems";
  GivenFiles files;
  files.folders = {folder};
  files.read_picture = [](const std::filesystem::path& path, std::uint64_t limit) { return read_picture(path, limit); };
  const std::string overview = text_of(folder / "README.md");
  int problems = 0;
  for (const std::filesystem::directory_entry& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path());
    ++problems;
    EXPECT_FALSE(read_problem(entry.path(), {}, files).terms().empty());
    const std::filesystem::path page = entry.path().filename().replace_extension(".md");
    EXPECT_NE(overview.find("(" + page.string() + ")"), std::string::npos) << "a line of the overview";
    EXPECT_NE(text_of(folder / page).find(".jpg)"), std::string::npos) << "a page with a picture";
  }
  EXPECT_GE(problems, 13);
}

TEST(Docs, cpp_is_that_of_the_examples) {
  const std::vector<std::string> shown = blocks(text_of(source / "docs/problem-files.md"), "cpp");
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_THAT(text_of(source / "examples/poisson.cpp"), testing::HasSubstr(shown[0]));
  EXPECT_THAT(text_of(source / "examples/distance.cpp"), testing::HasSubstr(shown[1]));
}

}  // namespace
}  // namespace sinefield
