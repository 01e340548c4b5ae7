// Sheets of labelled pictures, side by side on white, for people to look at. Part of the picture codecs, because
// drawing text needs their library; nothing is read from or written to picture files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "sinefield/picture.h"

namespace sinefield {

struct SheetEntry {
  Picture picture;
  std::string label;  ///< UTF-8, drawn below the picture; may hold line feeds and may be empty
};

/// The pictures in reading order in `columns` columns, as an 8-bit RGB picture. Each is turned upright by its
/// orientation; small ones are enlarged (whole factors, sharp pixels) to at least 256 pixels on their longer side, ones
/// above 2,048 are averaged down by whole factors. Grey is shown as grey, 16 bit scaled to 8, f32 from its min to its
/// max over the colour channels (black where they are constant), alpha of integer types over a checkerboard; of more
/// than three colour channels the first three are shown, of two the first. Throws bad_input where there are no entries,
/// columns < 1, a picture's samples do not match its size, or the font DejaVu Sans is missing.
__attribute__((visibility("default"))) Picture contact_sheet(std::span<const SheetEntry> entries, int columns);

}  // namespace sinefield
