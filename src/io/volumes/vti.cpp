// One piece of point data, appended raw behind the XML with its length as UInt64. VTK maps indices by Origin +
// Direction Spacing (i, j, k): Spacing is the volume's, Direction the rest of its place in the world.
// SPDX-License-Identifier: MIT
#include "io/volumes/vti.h"

#include <fmt/ranges.h>

#include <array>
#include <bit>
#include <string_view>

#include "io/volumes/stored_samples.h"
#include "io/vtk_xml.h"

namespace sinefield {
namespace {

std::string_view vtk_type(VoxelType type) {
  switch (type) {
    case VoxelType::u8:
      return "UInt8";
    case VoxelType::i8:
      return "Int8";
    case VoxelType::u16:
      return "UInt16";
    case VoxelType::i16:
      return "Int16";
    case VoxelType::i32:
      return "Int32";
    case VoxelType::f32:
      break;
  }
  return "Float32";
}

}  // namespace

void write_vti(OutputFile& file, const Volume& volume) {
  const VolumeFormat& format = volume.format;
  const auto& [depth, height, width] = format.sizes;
  const std::array<double, 3> spacing = {format.spacing[2], format.spacing[1], format.spacing[0]};
  std::array<double, 3> origin;
  std::array<double, 9> direction;
  for (std::size_t row = 0; row < 3; ++row) {
    origin[row] = format.to_world[4 * row + 3];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      direction[3 * row + axis] = format.to_world[4 * row + axis] / spacing[axis];
    }
  }
  const std::string extent = fmt::format("0 {} 0 {} 0 {}", width - 1, height - 1, depth - 1);
  constexpr std::string_view type = "ImageData";
  file.write(
      vtk_opening(type, fmt::format("WholeExtent=\"{}\" Origin=\"{}\" Spacing=\"{}\" Direction=\"{}\"", extent,
                                    fmt::join(origin, " "), fmt::join(spacing, " "), fmt::join(direction, " "))));
  file.write(
      fmt::format("    <Piece Extent=\"{}\">\n"
                  "      <PointData Scalars=\"voxels\">\n"
                  "{}"
                  "      </PointData>\n"
                  "      <CellData/>\n"
                  "    </Piece>\n",
                  extent, vtk_array(vtk_type(format.type), "voxels", format.channels, 0)));
  file.write(vtk_before_data(type));
  const auto length = static_cast<std::uint64_t>(volume.samples.size()) * encoded_size(format.type);
  file.write(std::as_bytes(std::span(&length, 1)));
  encode_samples(volume, [&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.write(vtk_closing);
}

}  // namespace sinefield
