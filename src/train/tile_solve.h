// Linear problems with more features than one system of all of them can hold: features in overlapping tiles, blended
// into one another, and one sparse least-squares solve for all (the random feature method of J. Chen, X. Chi, W. E and
// Z. Yang, "Bridging traditional and machine learning-based algorithms for solving PDEs", J. Mach. Learn. 1, 2022).
// What it costs grows with the number of tiles and the cube of the features in one. Left out: what is not linear, and
// unknowns that equations tie together.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sinefield/problem.h"
#include "sinefield/solve.h"

namespace sinefield::train {

/// Whether the problem asks for tiles, or its wavenumber for more features than `most`, or than are worth their time in
/// one system, and tiles can have them. Throws bad_input where it asks for tiles and for what does not go with them.
bool wants_tiles(const Problem&, int most);

/// Throws as sinefield::solve, and bad_input where the problem asks for tiles and they cannot solve it.
SolveResult solve_in_tiles(const Problem&, const SolveOptions&,
                           const std::function<void(const SolveProgress&)>& on_progress);

/// See sinefield::explain.
std::vector<std::string> explain_tiles(const Problem&, const SolveOptions&);

}  // namespace sinefield::train
