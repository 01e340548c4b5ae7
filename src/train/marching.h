// Problems solved in slabs of time, one after the other, each as last_layer_solve.h does it: marching. Where a slab
// does not come out its length is halved, and doubled again after it has.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "sinefield/problem.h"
#include "sinefield/solve.h"
#include "train/time_slabs.h"

namespace sinefield::train {

/// Of slabs: a residual that is enough, and one with which a slab is tried again with half its length.
inline constexpr double slab_ends = 1e-4, slab_fails = 1e-2;

/// Throws bad_input where the problem does not begin at the low end of a time.
Evolution evolution_in_slabs(const Problem&);

/// In the slabs that `problem.features` asks for.
SolveResult marched(const Problem&, const SolveOptions&, const std::function<void(const SolveProgress&)>& on_progress);

}  // namespace sinefield::train
