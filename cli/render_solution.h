// What pictures and files of solutions share: the expression that is shown, and its names.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cli/progress.h"
#include "cli/render.h"
#include "cli/solution_grid.h"

namespace sinefield::cli {

struct ShownSolution {
  const RenderArguments& arguments;
  const Common& common;
  const SolutionFormat& solution;
  std::string expression;
  Shown& shown;

  const ProblemCoordinate& coordinate(std::size_t i) const { return solution.coordinates[i]; }
  /// Of the shown expression: "grad(u)[0]", of "[a, b]" its parts; itself where it is a number.
  std::string component_name(int component) const;
  /// The numbers of --size; empty where it is not given.
  std::vector<std::int64_t> sizes() const;
  /// Throws bad_input where `numbers` doubles are more than the command may use.
  void check_memory(double numbers) const;
};

/// "re(a + b)": an expression as the operand of a function.
std::string applied(const std::string& function, const std::string& expression);

/// Coordinates that do not vary, by name.
Json fixed_json(const SolutionFormat&, const std::map<std::size_t, double>& fixed);

/// Writes the numbers themselves, .npy .csv .vti .vtu; returns what to add to the result.
Json write_solution_numbers(const ShownSolution&, GridChoice, Progress&);

}  // namespace sinefield::cli
