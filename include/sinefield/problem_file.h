// Problem files: problems as text (TOML), taught in docs/problem-files.md.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sinefield/given_files.h"
#include "sinefield/problem.h"

namespace sinefield {

/// Largest problem file that is read, in bytes.
inline constexpr std::size_t largest_problem_file = 1 << 20;

/// Values that take the place of those under [constants], as `--set NAME=VALUE`.
using ProblemSettings = std::map<std::string, double>;

/// Throws bad_input that says line, column and word where the text means nothing, a name is unknown or given twice, a
/// number is out of range, something that is needed is missing or a file that is named cannot be used; and for settings
/// that are no constants of the file. `read_problem` looks for files in the folder of the problem file first.
/// The recipe: "exact" (last layers), "train", "original" or one of the file's; empty: the one that the file asks for,
/// or exact. It may change terms.
Problem problem_from_text(const std::string& text, const std::string& name, const ProblemSettings& = {},
                          const GivenFiles& = {}, std::string_view recipe = {});
Problem read_problem(const std::filesystem::path&, const ProblemSettings& = {}, GivenFiles = {},
                     std::string_view recipe = {});

/// The domain of a problem, for which no file is read.
Region domain_from_text(const std::string& text, const std::string& name, const ProblemSettings& = {});

/// An expression over what a problem's text defines, such as what is shown of its solution: "abs(u)", "grad(u)[0]".
/// The graph is the problem's. Of the files that the problem names those are read that the expression needs.
struct ShownExpression {
  std::vector<ComplexExpression> components;  ///< one of a number
  bool vector = false, complex = false;
};
ShownExpression shown_expression(const std::string& expression, const std::string& problem_text,
                                 const ProblemSettings& = {}, const GivenFiles& = {});

}  // namespace sinefield
