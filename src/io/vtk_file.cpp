// What stands where in the files; all data are appended raw, so that nothing is turned into text.
// SPDX-License-Identifier: MIT
#include "sinefield/vtk_file.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "io/output_file.h"
#include "io/vtk_xml.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

/// Arrays of a file: first all are declared, then their data follow in the same order.
class Appended {
 public:
  template <class T>
  std::string add(std::string_view type, std::string_view name, std::int64_t components, std::span<const T> values,
                  std::string_view attributes = {}) {
    const std::string tag = vtk_array(type, name, components, offset_, attributes);
    pieces_.push_back(std::as_bytes(values));
    offset_ += sizeof(std::uint64_t) + values.size_bytes();
    return tag;
  }

  void write(OutputFile& file) const {
    for (const std::span<const std::byte> piece : pieces_) {
      const std::uint64_t length = piece.size();
      file.write(std::as_bytes(std::span(&length, 1)));
      file.write(piece);
    }
    file.write(vtk_closing);
  }

 private:
  std::vector<std::span<const std::byte>> pieces_;
  std::uint64_t offset_ = 0;
};

std::string point_data(Appended& appended, std::span<const VtkArray> arrays, std::int64_t points) {
  std::string text = "      <PointData>\n";
  for (const VtkArray& array : arrays) {
    const auto components = std::ssize(array.components);
    if (components < 1 || std::ssize(array.values) != points * components)
      throw bad_input(fmt::format("array '{}' has {} numbers for {} points of {} components", array.name,
                                  array.values.size(), points, components));
    std::string names;
    for (std::size_t i = 0; components > 1 && i < array.components.size(); ++i)
      names += fmt::format(" ComponentName{}=\"{}\"", i, xml_escaped(array.components[i]));
    text += appended.add("Float64", array.name, components, array.values, names);
  }
  return text + "      </PointData>\n";
}

void write_file(const std::filesystem::path& path, std::string_view type, std::string_view attributes,
                const std::string& piece, const Appended& appended, Overwrite overwrite) {
  OutputFile file(path, overwrite);
  file.write(vtk_opening(type, attributes) + piece + vtk_before_data(type));
  appended.write(file);
  file.commit();
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : std::string(1, c);
  return escaped;
}

std::string vtk_opening(std::string_view type, std::string_view attributes) {
  return fmt::format(
      "<?xml version=\"1.0\"?>\n"
      "<VTKFile type=\"{}\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n"
      "  <{}{}{}>\n",
      type, type, attributes.empty() ? "" : " ", attributes);
}

std::string vtk_array(std::string_view type, std::string_view name, std::int64_t components, std::uint64_t offset,
                      std::string_view attributes) {
  return fmt::format(
      "        <DataArray type=\"{}\" Name=\"{}\" NumberOfComponents=\"{}\"{} format=\"appended\" offset=\"{}\"/>\n",
      type, xml_escaped(name), components, attributes, offset);
}

std::string vtk_before_data(std::string_view type) {
  return fmt::format(
      "  </{}>\n"
      "  <AppendedData encoding=\"raw\">\n"
      "    _",
      type);
}

void write_vti(const std::filesystem::path& path, const VtkGrid& grid, std::span<const VtkArray> arrays,
               Overwrite overwrite) {
  const auto& [nx, ny, nz] = grid.sizes;
  const std::string extent = fmt::format("0 {} 0 {} 0 {}", nx - 1, ny - 1, nz - 1);
  Appended appended;
  const std::string piece =
      fmt::format("    <Piece Extent=\"{}\">\n{}    </Piece>\n", extent, point_data(appended, arrays, nx * ny * nz));
  write_file(path, "ImageData",
             fmt::format("WholeExtent=\"{}\" Origin=\"{}\" Spacing=\"{}\"", extent, fmt::join(grid.origin, " "),
                         fmt::join(grid.spacing, " ")),
             piece, appended, overwrite);
}

void write_vtu(const std::filesystem::path& path, const VtkMesh& mesh, std::span<const VtkArray> arrays,
               Overwrite overwrite) {
  const auto points = std::ssize(mesh.points);
  constexpr std::uint8_t line = 3, quadrilateral = 9, hexahedron = 12;  // VTK's numbers
  if (mesh.corners != 2 && mesh.corners != 4 && mesh.corners != 8)
    throw bad_input(fmt::format("cells of {} corners, expected 2, 4 or 8", mesh.corners));
  const bool whole = std::ssize(mesh.cells) % mesh.corners == 0;
  if (!whole || std::ranges::any_of(mesh.cells, [&](std::int64_t p) { return p < 0 || p >= points; }))
    throw bad_input(fmt::format("{} corners of cells that are not all among {} points", mesh.cells.size(), points));
  const auto cells = mesh.cells.size() / static_cast<std::size_t>(mesh.corners);
  std::vector<std::int64_t> ends;
  for (std::size_t cell = 1; cell <= cells; ++cell) ends.push_back(static_cast<std::int64_t>(cell) * mesh.corners);
  const std::vector<std::uint8_t> types(cells, mesh.corners == 2   ? line
                                               : mesh.corners == 4 ? quadrilateral
                                                                   : hexahedron);
  Appended appended;
  std::string piece = fmt::format("    <Piece NumberOfPoints=\"{}\" NumberOfCells=\"{}\">\n", points, cells);
  piece += point_data(appended, arrays, points);
  static_assert(sizeof(mesh.points[0]) == 3 * sizeof(double));
  piece += "      <Points>\n" +
           appended.add("Float64", "Points", 3,
                        std::span(reinterpret_cast<const double*>(mesh.points.data()), 3 * mesh.points.size())) +
           "      </Points>\n      <Cells>\n";
  piece += appended.add("Int64", "connectivity", 1, std::span<const std::int64_t>(mesh.cells));
  piece += appended.add("Int64", "offsets", 1, std::span<const std::int64_t>(ends));
  piece += appended.add("UInt8", "types", 1, std::span<const std::uint8_t>(types));
  piece += "      </Cells>\n    </Piece>\n";
  write_file(path, "UnstructuredGrid", "", piece, appended, overwrite);
}

}  // namespace sinefield
