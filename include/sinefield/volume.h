// A volume: samples on a regular grid in space, a CT or an MRI for example. Reading and writing files is in
// volume_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

/// How a file holds a voxel.
enum class VoxelType : std::uint8_t { u8, i8, u16, i16, i32, f32 };

std::string_view voxel_type_name(VoxelType);  ///< "u8", "i16", ...
/// Throws bad_input for an unknown name.
VoxelType voxel_type_from_name(std::string_view);

struct VolumeFormat {
  /// Samples along z, y, x: slowest first, as in memory.
  std::array<std::int64_t, 3> sizes{};
  int channels = 1;
  VoxelType type = VoxelType::f32;
  /// Physical units (mm in medicine) between voxels along z, y, x; > 0.
  std::array<double, 3> spacing{1, 1, 1};
  /// World coordinates of a voxel: rows X, Y, Z of a 3 x 4 matrix applied to (x, y, z, 1) of indices, in the axes and
  /// units of NIfTI: X to the right, Y to the front, Z up.
  std::array<double, 12> to_world{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};
  std::string unit;  ///< "mm", ...; empty where unknown

  std::int64_t voxels() const { return sizes[0] * sizes[1] * sizes[2]; }
};

/// In memory, scaled to what the numbers stand for where the file says so (NIfTI's slope and intercept).
struct Volume {
  VolumeFormat format;
  std::vector<float> samples;  ///< (z, y, x, channel)
};

/// The value that a file of this type holds: rounded, halves up, and clipped to its range; f32 as it is. NaN stays NaN.
float quantised(float value, VoxelType type);

}  // namespace sinefield
