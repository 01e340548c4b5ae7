// The types of voxels: their names, and what rounding to them does.
// SPDX-License-Identifier: MIT
#include "sinefield/volume.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "sinefield/error.h"

namespace sinefield {
namespace {

struct TypeWords {
  std::string_view name;
  double lowest, highest;  // that f32 holds exactly; unused for f32
};

// In the order of VoxelType. The largest float below 2^31 stands for the end of i32, so that a file holds the very
// number that is in memory.
constexpr std::array<TypeWords, 6> types = {{{"u8", 0, 255},
                                             {"i8", -128, 127},
                                             {"u16", 0, 65535},
                                             {"i16", -32768, 32767},
                                             {"i32", -2147483648.0, 2147483520.0},
                                             {"f32", 0, 0}}};

const TypeWords& words_of(VoxelType type) { return types[static_cast<std::size_t>(type)]; }

}  // namespace

std::string_view voxel_type_name(VoxelType type) { return words_of(type).name; }

VoxelType voxel_type_from_name(std::string_view name) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].name == name) return static_cast<VoxelType>(i);
  }
  throw bad_input(fmt::format("unknown type of voxels '{}'", name), "types are u8, i8, u16, i16, i32 and f32");
}

float quantised(float value, VoxelType type) {
  if (type == VoxelType::f32) return value;
  const TypeWords& words = words_of(type);
  return static_cast<float>(std::floor(std::clamp<double>(value, words.lowest, words.highest) + 0.5));
}

}  // namespace sinefield
