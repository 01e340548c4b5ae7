// What tables of problem files say of files with data: given fields, and points with what is known there.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "problem/problem_toml.h"

namespace sinefield::problem {

/// An entry of [given]: a name of the language for a field, whose file is read where the name is first used.
void read_given_field(ProblemDraft&, const toml::key&, const toml::node&);

/// The points of a term from a file: rows of numbers with names, or the pixels of a picture whose first channel is
/// not 0. The names that are no coordinates go into `columns`.
Place given_points(ProblemDraft&, const toml::table&, const std::vector<std::pair<int, double>>& fixed,
                   std::vector<std::string>& columns);

}  // namespace sinefield::problem
