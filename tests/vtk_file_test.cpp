// Files for VTK: where points and cells are, that every piece of data is where the XML says, and what is refused. That
// VTK itself reads them was tried by hand.
// SPDX-License-Identifier: MIT
#include "sinefield/vtk_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "refusal.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The data of the array whose tag holds the attribute.
template <class T>
std::vector<T> data_of(const std::string& bytes, const std::string& attribute) {
  const std::size_t tag = bytes.find(attribute), begin = bytes.find("offset=\"", tag) + 8;
  const std::size_t start = bytes.find('_', bytes.find("<AppendedData")) + 1 + std::stoul(bytes.substr(begin));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data() + start, sizeof(length));
  std::vector<T> data(length / sizeof(T));
  std::memcpy(data.data(), bytes.data() + start + sizeof(length), length);
  return data;
}

TEST(VtkFile, grids_say_where_their_points_are) {
  const TemporaryFolder folder;
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6}, vectors = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
  const std::vector<VtkArray> arrays = {{"a < \"b\" & c", {""}, numbers}, {"v", {"x", "y"}, vectors}};
  write_vti(folder / "a.vti", {{3, 2, 1}, {-1, 0.5, 0}, {0.25, 2, 1}}, arrays);
  const std::string bytes = content(folder / "a.vti");
  EXPECT_THAT(bytes, HasSubstr("WholeExtent=\"0 2 0 1 0 0\" Origin=\"-1 0.5 0\" Spacing=\"0.25 2 1\""));
  EXPECT_THAT(bytes, HasSubstr("Name=\"a &lt; &quot;b&quot; &amp; c\" NumberOfComponents=\"1\" format"));
  EXPECT_THAT(bytes, HasSubstr("Name=\"v\" NumberOfComponents=\"2\" ComponentName0=\"x\" ComponentName1=\"y\""));
  EXPECT_EQ(data_of<double>(bytes, "Name=\"a &lt;"), numbers);
  EXPECT_EQ(data_of<double>(bytes, "Name=\"v\""), vectors);
}

TEST(VtkFile, meshes_hold_points_and_cells) {
  const TemporaryFolder folder;
  VtkMesh mesh;
  mesh.points = {{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {2, 0, 0}, {2, 1, 0}};
  mesh.cells = {0, 1, 2, 3, 1, 4, 5, 2};
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6};
  const std::vector<VtkArray> arrays = {{"u", {""}, numbers}};
  write_vtu(folder / "a.vtu", mesh, arrays);
  const std::string bytes = content(folder / "a.vtu");
  EXPECT_THAT(bytes, HasSubstr("<Piece NumberOfPoints=\"6\" NumberOfCells=\"2\">"));
  EXPECT_EQ(data_of<double>(bytes, "Name=\"u\""), numbers);
  EXPECT_EQ(data_of<double>(bytes, "Name=\"Points\"").size(), 18U);
  EXPECT_EQ(data_of<double>(bytes, "Name=\"Points\"")[12], 2);
  EXPECT_EQ(data_of<std::int64_t>(bytes, "Name=\"connectivity\""), mesh.cells);
  EXPECT_THAT(data_of<std::int64_t>(bytes, "Name=\"offsets\""), ElementsAre(4, 8));
  EXPECT_THAT(data_of<std::uint8_t>(bytes, "Name=\"types\""), ElementsAre(9, 9));
}

TEST(VtkFile, refuses_what_does_not_fit) {
  const TemporaryFolder folder;
  const std::vector<double> five(5);
  const std::vector<VtkArray> arrays = {{"u", {""}, five}};
  EXPECT_THAT(refusal([&] { write_vti(folder / "a.vti", {{3, 2, 1}}, arrays); }), HasSubstr("'u' has 5 numbers for 6"));
  VtkMesh mesh;
  mesh.points.resize(5);
  mesh.cells = {0, 1, 2, 5};
  EXPECT_THAT(refusal([&] { write_vtu(folder / "a.vtu", mesh, arrays); }), HasSubstr("not all among 5 points"));
  mesh.corners = 3;
  EXPECT_THAT(refusal([&] { write_vtu(folder / "a.vtu", mesh, arrays); }), HasSubstr("cells of 3 corners"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace sinefield
