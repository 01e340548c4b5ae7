// One solve of a problem on one grid: a sparse system, or Newton's method, or a march through time with one of them at
// each moment: backward differences (BDF2; for second derivatives in time, Houbolt 1950), the first step in smaller
// ones.
// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>
#include <vector>

#include "sinefield/machine.h"
#include "sinefield/problem.h"

namespace sinefield::direct {

/// Values at the nodes of a grid over space and, as the last axis, time.
struct GridValues {
  std::vector<std::vector<double>> nodes;   // of each axis
  std::vector<std::vector<double>> values;  // for each channel (nodes.., time), row-major; NaN outside the domain
  bool in_sines = false, complex = false, on_grid_lines = true;
};

struct GridSize {
  std::vector<int> intervals;  // of space
  int steps = 0;               // of time; 0 where there is none
};

/// Where `before` is given, Newton's method starts from it. Throws as `solve_directly`.
GridValues solve_on_grid(const Problem&, const GridSize&, const GridValues* before, Isa, const std::stop_token&);

/// Whether it goes by sines.
bool goes_in_sines(const Problem&, const GridSize&, Isa);

}  // namespace sinefield::direct
