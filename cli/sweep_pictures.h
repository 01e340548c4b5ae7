// The pictures of a sweep: a heat map of both figures, and crops of the results side by side.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/sweep_runs.h"
#include "sinefield/heat_map.h"
#include "sinefield/picture.h"

namespace sinefield::cli {

/// A part of a picture, in pixels.
struct Window {
  std::int64_t row, column, height, width;
};

/// Where neighbouring pixels differ most on the whole: a square of 128 pixels a side, or what there is of it.
Window detailed_window(const Picture&);
Picture cropped(const Picture&, const Window&);
/// Float samples as 16 bit, as a rendered field maps them; integers as they are.
Picture in_integers(Picture);

/// The two figures over the grid: the option with the most values goes to the right, the others downwards; one alone
/// goes downwards.
HeatMap quality_map(const Grid&, const Outcomes&, const std::string& title, const std::string& subtitle);

/// The original's crop and those of the runs, laid out as in the map with the original at the left of each row; as a
/// list where one option or none is varied; the best ones only where there are very many. `crops` has an empty picture
/// for a run that failed.
Picture crop_sheet(const Grid&, const Outcomes&, const Picture& original, const std::vector<Picture>& crops);

}  // namespace sinefield::cli
