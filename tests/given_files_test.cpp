// What problem files name under [given] and as points: pictures, .npy and MATLAB's files through to values at points,
// spans, read only where they are needed; every mistake with its place.
// SPDX-License-Identifier: MIT
#include "sinefield/given_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "calculus/tape.h"
#include "problem/collocation.h"
#include "refusal.h"
#include "sinefield/array_file.h"
#include "sinefield/mat_file.h"
#include "sinefield/picture_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/shown.h"
#include "sinefield/solve.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Lines 1 to 6.
const std::string head = R"toml(coordinates.x = [0, 4]
coordinates.y = [0, 2]
unknowns.u = "real"
constants.k = 2
terms.equation.residual = "laplacian(u)"
definitions.two = "2"
)toml";

/// A folder with files of all kinds, of 4 x 2 samples: value 10 i + j at sample i along x, j along y.
class Files : public testing::Test {
 protected:
  Files() {
    std::vector<float> grey;
    for (int row = 0; row < 2; ++row)
      for (int column = 0; column < 4; ++column) grey.push_back(static_cast<float>(10 * column + 1 - row));
    picture("grey.png", 2, 4, {"Y"}, grey);
    picture("colour.png", 1, 1, {"R", "G", "B"}, {255, 0, 51});
    picture("mask.png", 2, 4, {"Y"}, {0, 255, 0, 0, 0, 0, 0, 1});
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 2; ++j) values.push_back(10 * i + j);
    npy("grid.npy", {4, 2}, values);
    npy("line.npy", {4}, {1, 2, 3, 4});
    npy("two.npy", {4, 2}, {1, 10, 2, 20, 3, 30, 4, 40});
    npy("nan.npy", {4, 2}, {0, 0, 0, NAN, 0, 0, 0, 0});
    npy("cube.npy", {4, 2, 2, 1}, std::vector<double>(16));
    npy("points.npy", {3, 3}, {0.5, 7, 1.5, 1.5, 8, 0.5, 3.5, 9, 1});
    npy("far.npy", {1, 2}, {4.5, 1});
    npy("none.npy", {0, 2}, {});
    mat("data.mat", MAT_FT_MAT5);
    mat("data73.mat", MAT_FT_MAT73);
    files.folders = {folder.path()};
    files.read_picture = [](const std::filesystem::path& path, std::uint64_t limit) {
      return read_picture(path, limit);
    };
    files.read_mat = [](const std::filesystem::path& path, const std::string& variable, std::uint64_t limit) {
      return read_mat(path, variable, limit);
    };
  }

  void picture(const std::string& name, std::int64_t height, std::int64_t width, std::vector<std::string> channels,
               std::vector<float> samples) const {
    Picture made;
    made.format.height = height;
    made.format.width = width;
    made.format.channels = std::move(channels);
    made.samples = std::move(samples);
    write_picture(folder / name, made);
  }

  void npy(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<double>& numbers) const {
    write_npy(folder / name, shape, std::span<const double>(numbers));
  }

  /// V as the grid, in double, single and int16; other kinds of variables.
  void mat(const std::string& name, mat_ft version) const {
    mat_t* const file = Mat_CreateVer((folder / name).c_str(), nullptr, version);
    const auto put = [&](const char* variable, matio_classes of, matio_types type, std::vector<std::size_t> dims,
                         void* data, int options = 0) {
      matvar_t* const made =
          Mat_VarCreate(variable, of, type, static_cast<int>(dims.size()), dims.data(), data, options);
      Mat_VarWrite(file, made, MAT_COMPRESSION_NONE);
      Mat_VarFree(made);
    };
    std::vector<double> doubles;
    for (int j = 0; j < 2; ++j)
      for (int i = 0; i < 4; ++i) doubles.push_back(10 * i + j);
    std::vector<float> singles(doubles.begin(), doubles.end());
    std::vector<std::int16_t> integers(doubles.begin(), doubles.end());
    put("V", MAT_C_DOUBLE, MAT_T_DOUBLE, {4, 2}, doubles.data());
    put("F", MAT_C_SINGLE, MAT_T_SINGLE, {4, 2}, singles.data());
    put("I", MAT_C_INT16, MAT_T_INT16, {4, 2}, integers.data());
    put("row", MAT_C_DOUBLE, MAT_T_DOUBLE, {1, 4}, doubles.data());
    put("deep", MAT_C_DOUBLE, MAT_T_DOUBLE, {2, 2, 2}, doubles.data());
    mat_complex_split_t parts = {doubles.data(), doubles.data()};
    put("complex", MAT_C_DOUBLE, MAT_T_DOUBLE, {4, 2}, &parts, MAT_F_COMPLEX);
    std::string text = "abcd";
    put("text", MAT_C_CHAR, MAT_T_UINT8, {1, 4}, text.data());
    Mat_Close(file);
  }

  Problem read(const std::string& text) const { return problem_from_text(head + text, "test.toml", {}, files); }
  std::string refused(const std::string& text) const {
    return refusal([&] { read(text); });
  }

  /// What an expression is at points (x, y), by the text of a problem.
  std::vector<double> at(const std::string& text, const std::string& expression,
                         const std::vector<double>& points) const {
    const ShownExpression shown = shown_expression(expression, head + text, {}, files);
    std::vector<Expression> roots;
    for (const ComplexExpression& part : shown.components) roots.push_back(part.re);
    const calculus::Tape tape(roots);
    std::vector<double> registers(tape.registers()), found;
    const auto n = static_cast<int>(points.size() / 2);
    tape.evaluate<double>(Isa::scalar, {n, {points.data(), n, 2}, {}, {}}, registers);
    for (int p = 0; p < n; ++p)
      for (int r = 0; r < tape.roots(); ++r)
        found.push_back(tape.root<double>(r, registers, n)[static_cast<std::size_t>(p)]);
    return found;
  }

  TemporaryFolder folder;
  GivenFiles files;
  std::vector<double> values;
};

const std::vector<double> middles = {0.5, 0.5, 0.5, 1.5, 1.5, 0.5, 1.5, 1.5, 2.5, 0.5, 2.5, 1.5, 3.5, 0.5, 3.5, 1.5};

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST_F(Files, pictures_grids_and_variables_are_the_same_field) {
  const std::string over = ", over = [\"x\", \"y\"] }\n";
  for (const std::string file : {"npy = \"grid.npy\"", "mat = \"data.mat\", variable = \"V\"",
                                 "mat = \"data.mat\", variable = \"F\"", "mat = \"data.mat\", variable = \"I\"",
                                 "mat = \"data73.mat\", variable = \"V\"", "mat = \"data73.mat\", variable = \"I\""}) {
    SCOPED_TRACE(file);
    expect_near(at("given.g = { " + file + over, "g", middles), values);
  }
  std::vector<double> shares;
  for (const double v : values) shares.push_back(v / 255);
  expect_near(at("given.g = { picture = \"grey.png\"" + over, "g", middles), shares);
  expect_near(at("given.g = { picture = \"colour.png\"" + over, "g", {1, 1}), {1, 0, 0.2});
  expect_near(at("given.g = { picture = \"colour.png\"" + over, "g[2] + g[0]", {1, 1}), {1.2});
}

TEST_F(Files, grids_have_components_and_one_to_three_axes) {
  expect_near(at("given.g = { npy = \"line.npy\", over = [\"x\"] }\n", "g", {1.5, 0.1, 3.5, 2}), {2, 4});
  expect_near(at("given.g = { mat = \"data.mat\", variable = \"row\", over = [\"x\"] }\n", "g", {1.5, 0}), {10});
  expect_near(at("given.g = { npy = \"two.npy\", over = [\"x\"] }\n", "[g[1], g[0]]", {2.5, 0}), {30, 3});
  expect_near(at("given.g = { npy = \"line.npy\", over = [\"y\"] }\n", "g", {9, 0.25, 0, 1.75}), {1, 4});
  expect_near(at("given.g = { mat = \"data73.mat\", variable = \"deep\", over = [\"x\", \"y\"] }\n", "g", {1, 0.5}),
              {0, 1});
  const std::string timed = "coordinates.t = { time = [0, 1] }\n";
  const ShownExpression shown = shown_expression(
      "diff(g, t)", timed + head + "given.g = { npy = \"two.npy\", over = [\"x\", \"t\"], nodes = true }\n", {}, files);
  EXPECT_EQ(to_text(shown.components[0].re), "diff(g, t)");
  EXPECT_THAT(problem_from_text(timed + head + "given.g = { npy = \"line.npy\", over = [\"t\"] }\n", "t", {}, files)
                  .graph()
                  ->given_sources()[0]
                  .coordinates,
              ElementsAre(0));
}

TEST_F(Files, spans_are_ranges_unless_they_are_given) {
  const std::string line = "given.g = { npy = \"line.npy\", over = [\"x\"]";
  expect_near(at(line + ", nodes = true }\n", "g", {0, 0, 4, 0, 4.0 / 3, 0}), {1, 4, 2});
  expect_near(at(line + ", nodes = false }\n", "g", {0.5, 0}), {1});
  expect_near(at(line + ", from = [1], to = [\"k + 1\"] }\n", "g", {1.25, 0, 2.75, 0, 0, 0}),
              {1, 4, at(line + ", from = [1], to = [3] }\n", "g", {1, 0})[0]});
  expect_near(at(line + ", to = [8] }\n", "g", {1, 0, 3, 0}), {1, 2});
}

TEST_F(Files, are_read_where_they_are_needed) {
  const std::string text = "given.g = { npy = \"lost.npy\", over = [\"x\"] }\ndefinitions.h = \"g + 1\"\n";
  EXPECT_NO_THROW(shown_expression("u + two", head + text, {}, files));
  EXPECT_THAT(refusal([&] { shown_expression("u + h", head + text, {}, files); }),
              StartsWith("the problem, line 7, column 20: 'lost.npy': this file is not there"));
  EXPECT_EQ(domain_from_text(head + text, "test").dimensions(), 2);
  EXPECT_THAT(refused(text), StartsWith("test.toml, line 7, column 20: 'lost.npy'")) << "a problem needs all of it";
}

TEST_F(Files, are_looked_for_in_all_folders) {
  const std::string text = "given.g = { npy = \"line.npy\", over = [\"x\"] }\n";
  GivenFiles several = files;
  several.folders = {folder / "nowhere", folder.path()};
  EXPECT_NO_THROW(problem_from_text(head + text, "t", {}, several));
  several.folders = {folder / "nowhere", {}};
  try {
    problem_from_text(head + text, "t", {}, several);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.hint(),
                HasSubstr("looked for it in " + (folder / "nowhere").string() + " and the current folder"));
  }
  EXPECT_THAT(refusal([&] { problem_from_text(head + text, "t"); }), HasSubstr("no folder to look for it"));
  const std::string absolute = "given.g = { npy = \"" + (folder / "line.npy").string() + "\", over = [\"x\"] }\n";
  EXPECT_THAT(refusal([&] { problem_from_text(head + absolute, "t"); }), HasSubstr("no folder to look for it"));
  GivenFiles plain;
  plain.folders = {folder.path()};
  EXPECT_THAT(refusal([&] {
                problem_from_text(head + "given.g = { picture = \"grey.png\", over = [\"x\", \"y\"] }\n", "t", {},
                                  plain);
              }),
              HasSubstr("pictures are not read by this program"));
  EXPECT_THAT(refusal([&] {
                problem_from_text(head + "given.g = { mat = \"data.mat\", variable = \"V\", over = [\"x\", \"y\"] }\n",
                                  "t", {}, plain);
              }),
              HasSubstr("MATLAB's files are not read"));
}

TEST_F(Files, mistakes_have_their_place) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"given = 3\n", "line 7, column 9: [given] is no table"},
      {"given.g = 3\n", "line 7, column 11: given field 'g' is no table"},
      {"given.u = { npy = \"line.npy\", over = [\"x\"] }\n", "line 7, column 7: the name 'u' is given twice"},
      {"given.two = { npy = \"line.npy\", over = [\"x\"] }\n", "line 6, column 13: the name 'two' is given twice"},
      {"given.sin = { npy = \"line.npy\", over = [\"x\"] }\n", "line 7, column 7: 'sin' cannot be a name"},
      {"given.g = { npy = \"line.npy\", over = [\"x\"], node = true }\n",
       "line 7, column 45: 'node' is not known in a given field"},
      {"given.g = { over = [\"x\"] }\n", "line 7, column 7: no file"},
      {"given.g = { npy = 3, over = [\"x\"] }\n", "line 7, column 19: npy is no text"},
      {"given.g = { npy = \"line.npy\", picture = \"grey.png\", over = [\"x\"] }\n",
       "line 7, column 19: a second file"},
      {"given.g = { npy = \"line.npy\" }\n", "line 7, column 7: no `over`"},
      {"given.g = { npy = \"line.npy\", over = \"x\" }\n", "line 7, column 38: `over` is no list"},
      {"given.g = { npy = \"line.npy\", over = [] }\n", "line 7, column 38: `over` is no list"},
      {"given.g = { npy = \"line.npy\", over = [\"z\"] }\n", "line 7, column 39: 'z' is no coordinate"},
      {"given.g = { npy = \"grid.npy\", over = [\"x\", \"x\"] }\n", "line 7, column 44: 'x' stands twice"},
      {"given.g = { picture = \"grey.png\", over = [\"x\"] }\n", "line 7, column 42: a picture over 1 coordinates"},
      {"given.g = { npy = \"lost.npy\", over = [\"x\"] }\n", "line 7, column 20: 'lost.npy': this file is not there"},
      {"given.g = { npy = \"grid.npy\", over = [\"x\"], from = [1, 2] }\n",
       "line 7, column 52: `from` of 2 numbers, expected 1"},
      {"given.g = { npy = \"line.npy\", over = [\"x\"], from = [5] }\n", "line 7, column 11: from 5 to 4"},
      {"given.g = { npy = \"line.npy\", over = [\"x\"], nodes = 1 }\n", "line 7, column 53: `nodes` is true or false"},
      {"given.g = { npy = \"cube.npy\", over = [\"x\", \"y\"] }\n",
       "line 7, column 20: 'cube.npy': an array of 4 axes over 2 coordinates"},
      {"given.g = { npy = \"line.npy\", over = [\"x\", \"y\"] }\n",
       "line 7, column 20: 'line.npy': an array of 1 axes over 2 coordinates"},
      {"given.g = { npy = \"nan.npy\", over = [\"x\", \"y\"] }\n",
       "line 7, column 20: 'nan.npy': a given field with the value nan at sample (1, 1)"},
      {"given.g = { npy = \"mask.png\", over = [\"x\"] }\n", "line 7, column 20: 'mask.png': "},
      {"given.g = { picture = \"line.npy\", over = [\"x\", \"y\"] }\n", "line 7, column 24: 'line.npy': "},
      {"given.g = { mat = \"data.mat\", over = [\"x\"] }\n", "line 7, column 7: a .mat file without `variable`"},
      {"given.g = { npy = \"line.npy\", variable = \"V\", over = [\"x\"] }\n",
       "line 7, column 42: a variable of what is no .mat file"},
      {"given.g = { mat = \"data.mat\", variable = \"W\", over = [\"x\"] }\n", "line 7, column 20: 'data.mat': "},
      {"given.g = { mat = \"grey.png\", variable = \"W\", over = [\"x\"] }\n", "line 7, column 20: 'grey.png': "},
      {"given.g = { npy = \"line.npy\", over = [\"x\"] }\ndefinitions.d = \"diff(g, x, x, x, x, x)\"\n",
       "line 8, column 18: 'diff(g, x, x, x, x, x)': a derivative of order 5 of the given field 'g'"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(refused(text), StartsWith("test.toml, " + message)) << text;
}

TEST_F(Files, that_are_too_large_are_refused) {
  files.memory_limit = 40;
  EXPECT_THAT(refused("given.g = { npy = \"grid.npy\", over = [\"x\", \"y\"] }\n"),
              HasSubstr("column 20: 'grid.npy': "));
  EXPECT_THAT(refused("given.g = { mat = \"data.mat\", variable = \"V\", over = [\"x\", \"y\"] }\n"),
              HasSubstr("variable 'V' of 8 numbers needs"));
}

TEST_F(Files, variables_are_found_by_name_and_kind) {
  for (const char* const name : {"data.mat", "data73.mat"}) {
    const std::filesystem::path path = folder / name;
    const Array v = read_mat(path, "V", 1 << 20), deep = read_mat(path, "deep", 1 << 20);
    EXPECT_THAT(v.shape, ElementsAre(4, 2));
    EXPECT_EQ(v.data, values);
    EXPECT_THAT(deep.shape, ElementsAre(2, 2, 2));
    // Numbers 0, 10, 20, 30, 1, 11, 21, 31 with the first axis fastest.
    EXPECT_THAT(deep.data, ElementsAre(0, 1, 20, 21, 10, 11, 30, 31));
    try {
      read_mat(path, "W", 1 << 20);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("has no variable 'W'"));
      EXPECT_THAT(error.hint(),
                  testing::AllOf(StartsWith("it has "), HasSubstr("V"), HasSubstr("row"), HasSubstr("deep")));
    }
    EXPECT_THAT(refusal([&] { read_mat(path, "complex", 1 << 20); }), HasSubstr("variable 'complex' is complex"));
    EXPECT_THAT(refusal([&] { read_mat(path, "text", 1 << 20); }), HasSubstr("variable 'text' is text"));
  }
  EXPECT_THAT(refusal([&] { read_mat(folder / "lost.mat", "V", 1 << 20); }), HasSubstr("cannot be read"));
}

// ---- points

TEST_F(Files, points_of_a_file_come_with_columns) {
  const Problem problem = read(
      "terms.data = { residual = \"u - grey * two + x\", points = { npy = \"points.npy\", columns = [\"x\", \"grey\", "
      "\"y\"] }, where = \"grey > 7.5\" }\n");
  const Term& term = problem.terms()[1];
  ASSERT_NE(term.place.given, nullptr);
  EXPECT_THAT(term.place.given->coordinates, ElementsAre(0.5, 1.5, 1.5, 0.5, 3.5, 1));
  EXPECT_THAT(term.place.given->values, ElementsAre(7, 8, 9));
  EXPECT_EQ(to_text(term.residual[0].re), "(x + (u - (2 * column[0])))");
  const problem::Collocation at = problem::points_of(problem, term.place, 100, 1);
  EXPECT_EQ(at.count, 2);
  EXPECT_THAT(at.coordinates, ElementsAre(1.5, 0.5, 3.5, 1));
  EXPECT_THAT(at.columns, ElementsAre(8, 9));
  EXPECT_EQ(at.weights[0], at.weights[1]);
  EXPECT_EQ(problem::points_near(problem, term.place, {{1.5, 0.5}, 1, 1}, 10, 1).count, 0);
}

TEST_F(Files, points_are_the_set_pixels_of_a_picture) {
  const Problem problem = read(
      "terms.data = { residual = \"u\", points = { picture = \"mask.png\", over = [\"x\", \"y\"] } }\n"
      "terms.part = { residual = \"u\", points = { picture = \"mask.png\", over = [\"x\", \"y\"], from = [1, 0], to = "
      "[3, 1] } }\n");
  EXPECT_THAT(problem.terms()[1].place.given->coordinates, ElementsAre(1.5, 1.5, 3.5, 0.5));
  EXPECT_THAT(problem.terms()[2].place.given->coordinates, ElementsAre(1.75, 0.75, 2.75, 0.25));
}

TEST_F(Files, points_have_a_time_of_their_own_or_all_the_same) {
  const std::string timed = "coordinates.t = { time = [0, 1] }\n" + head;
  npy("two_points.npy", {2, 2}, {3, 1, 2, 0.5});
  const auto coordinates = [&](const std::string& text) {
    return problem_from_text(timed + text, "test.toml", {}, files).terms()[1].place.given->coordinates;
  };
  npy("moments.npy", {2, 3}, {3, 1, 0.125, 2, 0.5, 1});
  EXPECT_THAT(
      coordinates(
          "terms.data = { residual = \"u\", points = { npy = \"two_points.npy\", columns = [\"x\", \"y\"] }, at "
          "= { t = 0.25 } }\n"),
      ElementsAre(0.25, 3, 1, 0.25, 2, 0.5));
  const std::string moments =
      "terms.data = { residual = \"u\", points = { npy = \"moments.npy\", columns = [\"x\", \"y\", \"t\"] }";
  EXPECT_THAT(coordinates(moments + " }\n"), ElementsAre(0.125, 3, 1, 1, 2, 0.5));
  EXPECT_THAT(refusal([&] { coordinates(moments + ", at = { t = 0.25 } }\n"); }),
              HasSubstr("the coordinate 't' stands in the file and in `at`"));
}

TEST_F(Files, mistakes_of_points_have_their_place) {
  const auto term = [](const std::string& points) {
    return "terms.data = { residual = \"u\", points = { " + points + " } }\n";
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {term("columns = [\"x\", \"y\"]"), "line 7, column 41: no file"},
      {term("npy = \"points.npy\""), "line 7, column 41: the names of the columns are missing"},
      {term("npy = \"points.npy\", columns = \"x\""), "line 7, column 73: the names of the columns are missing"},
      {term("npy = \"points.npy\", columns = [\"x\", \"grey\"]"),
       "line 7, column 73: points without the coordinate 'y'"},
      {term("npy = \"points.npy\", columns = [\"x\", \"x\", \"y\"]"), "line 7, column 79: two columns 'x'"},
      {term("npy = \"points.npy\", columns = [\"x\", \"y\", \"g\", \"g\"]"), "line 7, column 89: two columns 'g'"},
      {term("npy = \"points.npy\", columns = [\"x\", \"y\", \"two\"]"), "line 7, column 84: 'two' cannot be the name"},
      {term("npy = \"points.npy\", columns = [\"x\", \"y\", \"2\"]"), "line 7, column 84: '2' cannot be a name"},
      {term("npy = \"points.npy\", columns = [\"x\", \"y\"]"),
       "line 7, column 50: 'points.npy': an array of 2 axes with rows of 3, expected rows of 2 numbers"},
      {term("npy = \"line.npy\", columns = [\"x\", \"y\"]"), "line 7, column 50: 'line.npy': an array of 1 axes"},
      {term("npy = \"far.npy\", columns = [\"x\", \"y\"]"),
       "line 7, column 50: 'far.npy': point 0 is at x = 4.5, which is not within 0 to 4"},
      {term("npy = \"none.npy\", columns = [\"x\", \"y\"]"),
       "line 7, column 50: 'none.npy': a place of no given point"},
      {term("npy = \"far.npy\", columns = [\"x\", \"y\"], over = [\"x\"]"), "line 7, column 89: `over` of points"},
      {term("picture = \"mask.png\", over = [\"x\"]"), "line 7, column 72: a picture is over two coordinates"},
      {term("picture = \"mask.png\", columns = [\"x\"], over = [\"x\", \"y\"]"),
       "line 7, column 75: columns of a picture"},
      {"terms.data = { residual = \"u\", region = \"domain\", points = { picture = \"mask.png\", over = [\"x\", \"y\"] "
       "} }\n",
       "line 7, column 41: `region` of a term at points of a file"},
      {"terms.data = { residual = \"u - grey\", points = { picture = \"mask.png\", over = [\"x\", \"y\"] } }\n",
       "line 7, column 32: 'grey': this name is not known"},
  };
  for (const auto& [text, message] : cases) EXPECT_THAT(refused(text), StartsWith("test.toml, " + message)) << text;
  const std::string first =
      "terms.data = { residual = \"u - grey\", points = { npy = \"points.npy\", columns = [\"x\", "
      "\"grey\", \"y\"] } }\n";
  EXPECT_THAT(refused(first + "terms.other = { residual = \"u - grey\" }\n"),
              HasSubstr("'grey': this name is not known"))
      << "columns are those of their term";
}

TEST(GivenInCpp, a_problem_takes_fields_and_points) {
  Problem problem;
  const Expression x = problem.space("x", 0, 1), y = problem.space("y", 0, 1), u = problem.unknown("u");
  const auto field =
      std::make_shared<const GivenField>(std::vector<GivenAxis>{{3, 0, 1}}, 1, std::vector<double>{1, 2, 3});
  const Expression f = problem.given("f", field, {y})[0];
  EXPECT_EQ(to_text(diff(f, y)), "diff(f, y)");
  EXPECT_THAT(refusal([&] { problem.given("f", field, {y}); }), HasSubstr("the name 'f' is given twice"));
  EXPECT_THAT(refusal([&] { problem.given("g", field, {u}); }), HasSubstr("which is no coordinate"));
  EXPECT_THAT(refusal([&] { problem.given("x", field, {y}); }), HasSubstr("given twice"));
  const Place place = problem.at_points({{0.5, 0.5, 0.25, 1}, 1, {3, 4}});
  problem.add("data", u - problem.column(0) * f, place);
  EXPECT_THAT(refusal([&] { problem.add("other", u - problem.column(0), problem.inside()); }),
              HasSubstr("column 0 of points that have 0"));
  EXPECT_THAT(refusal([&] { problem.add("other", u - problem.column(1), place); }),
              HasSubstr("column 1 of points that have 1"));
  EXPECT_THAT(refusal([&] {
                problem.at_points({{0.5, 1.5}, 0, {}});
              }),
              HasSubstr("y = 1.5, which is not within 0 to 1"));
  EXPECT_THAT(refusal([&] { problem.at_points({{0.5, NAN}, 0, {}}); }), HasSubstr("y = nan"));
  EXPECT_THAT(refusal([&] { problem.at_points({{0.5, 0.5}, 1, {NAN}}); }), HasSubstr("the value nan"));
  EXPECT_THAT(refusal([&] { problem.at_points({{0.5}, 0, {}}); }), HasSubstr("no given point"));
  Place ringed = place;
  ringed.points = 3;
  EXPECT_THAT(refusal([&] { problem.add("ringed", u, ringed); }),
              HasSubstr("given points on a boundary, with rings or with a number"));
}

/// A spline as a source: the solution is known, as the spline's own values are what the equation gets.
TEST(GivenInCpp, equations_are_solved_with_them) {
  Problem problem;
  const Expression x = problem.space("x", 0, 1), u = problem.unknown("u");
  std::vector<double> samples;
  constexpr int n = 200;
  for (int i = 0; i < n; ++i) samples.push_back(std::cos(2 * M_PI * (i + 0.5) / n));
  const auto field = std::make_shared<const GivenField>(std::vector<GivenAxis>{{n, 0, 1}}, 1, samples);
  const Expression f = problem.given("f", field, {x})[0];
  // Points that pin u at both ends, as a measurement would.
  problem.add("equation", laplacian(u) - laplacian(f));
  problem.add("ends", u - problem.column(0), problem.at_points({{0, 1}, 1, {1, 1}}));
  problem.set_exact({0, {cos(2 * M_PI * x), problem.graph()->constant(0)}});
  const SolveResult result = solve(problem);
  EXPECT_LT(result.report.errors[0].relative_l2, 1e-6);
}

}  // namespace
}  // namespace sinefield
