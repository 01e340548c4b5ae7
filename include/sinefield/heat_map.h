// Heat maps: figures over a grid of settings as coloured, labelled cells, for people to look at. Part of the picture
// codecs, because drawing text needs their library; nothing is read from or written to picture files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "sinefield/picture.h"

namespace sinefield {

/// One figure for every cell of the grid.
struct HeatPanel {
  std::string title;
  std::vector<double> values;  ///< (rows, columns); higher is better; NaN: there is none
};

/// All texts are UTF-8 and may be empty.
struct HeatMap {
  std::string title, subtitle;
  std::string row_name, column_name;                   ///< what the rows and the columns vary
  std::vector<std::string> row_labels, column_labels;  ///< one for each, at least one
  std::vector<HeatPanel> panels;
  int marked = -1;                 ///< the cell with a frame, row-major; -1: none
  std::string mark = "best";       ///< what stands in it below its value, where there is room
  std::string missing = "failed";  ///< what stands in cells without a value
};

/// The panels beside one another, or one above the other where that would be wider than 2,000 pixels, as an 8-bit RGB
/// picture. Each panel has a scale of its own from its lowest finite value (pale) to its highest (dark), at least 1
/// wide, so that no trifle looks like a difference; infinity is as dark as the highest. Throws bad_input where rows,
/// columns or panels are missing, a panel does not hold rows x columns values, or the font DejaVu Sans is missing.
__attribute__((visibility("default"))) Picture heat_map(const HeatMap&);

}  // namespace sinefield
