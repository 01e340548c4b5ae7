// The terms of problem files, [terms.*]: residuals, where they must vanish, what they cost.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "problem/problem_toml.h"

namespace sinefield::problem {

inline constexpr std::array<std::string_view, 9> term_keys = {"residual", "region", "where",  "at",     "points",
                                                              "sampling", "rings",  "weight", "penalty"};

/// Adds the terms of the file, when all names and regions are known. The terms of a recipe change them key by key, or
/// leave them out, or come to them; null: nothing does.
void read_terms(ProblemDraft&, const toml::table* changes);

}  // namespace sinefield::problem
