// Files for ParaView and whatever else reads VTK's XML formats: numbers at the points of a regular grid (.vti) or of a
// mesh of like cells (.vtu). Written only; volumes of samples are in volume_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sinefield/output.h"

namespace sinefield {

/// Numbers or vectors, one at each point; NaN where there is none.
struct VtkArray {
  std::string name;                     ///< UTF-8
  std::vector<std::string> components;  ///< their names, one at least; a single one may be empty
  std::span<const double> values;       ///< (points, components)
};

/// Points origin + spacing (i, j, k), the first index fastest. Fewer than three dimensions have a size of 1 in the
/// rest.
struct VtkGrid {
  std::array<std::int64_t, 3> sizes{1, 1, 1};
  std::array<double, 3> origin{}, spacing{1, 1, 1};
};

/// Cells of 2 (lines), 4 (quadrilaterals) or 8 corners (hexahedra), in VTK's order: around, then around above.
struct VtkMesh {
  std::vector<std::array<double, 3>> points;
  int corners = 4;
  std::vector<std::int64_t> cells;  ///< (cells, corners): numbers of points
};

/// Write float64, beside the target and renamed. Throw bad_input where an array does not hold a number for each point
/// and component, a cell names a point that is not there, and as `check_output_path` does; failure where the disk is
/// full.
void write_vti(const std::filesystem::path&, const VtkGrid&, std::span<const VtkArray>, Overwrite = Overwrite::refuse);
void write_vtu(const std::filesystem::path&, const VtkMesh&, std::span<const VtkArray>, Overwrite = Overwrite::refuse);

}  // namespace sinefield
