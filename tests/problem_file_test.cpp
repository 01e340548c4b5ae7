// Problem files: those that come with the program, what each part of a file becomes, and every kind of mistake with its
// line and column.
// SPDX-License-Identifier: MIT
#include "sinefield/problem_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "expression_samples.h"
#include "refusal.h"
#include "sinefield/picture_file.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using std::numbers::pi;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// Lines 1 to 5; what follows begins in line 6.
const std::string head = R"(coordinates.x = [0, 1]
coordinates.y = [0, 2]
unknowns.u = "real"
constants.k = 3
terms.equation.residual = "laplacian(u) - k"
)";

Problem read(const std::string& text, const ProblemSettings& settings = {}) {
  return problem_from_text(text, "test.toml", settings);
}

std::string refusal_of(const std::string& text) {
  return refusal([&] { read(text); });
}
std::string hint_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.hint();
  }
  return "not refused";
}

/// Of texts behind the head: the whole message behind the name of the file.
void expect_refusals(const std::vector<std::pair<std::string, std::string>>& cases) {
  for (const auto& [text, message] : cases)
    EXPECT_THAT(refusal_of(head + text), StartsWith("test.toml, " + message)) << text;
}

std::filesystem::path problem_file(const char* name) { return std::filesystem::path(SINEFIELD_TEST_PROBLEMS) / name; }

TEST(ProblemFile, every_problem_that_comes_with_the_program_is_read) {
  GivenFiles files;
  files.read_picture = [](const std::filesystem::path& path, std::uint64_t limit) { return read_picture(path, limit); };
  int problems = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SINEFIELD_TEST_PROBLEMS)) {
    if (entry.path().extension() != ".toml") continue;
    SCOPED_TRACE(entry.path().filename());
    const Problem problem = read_problem(entry.path(), {}, files);
    EXPECT_FALSE(problem.title.empty());
    EXPECT_FALSE(problem.terms().empty());
    EXPECT_FALSE(problem.unknowns().empty());
    ++problems;
  }
  EXPECT_GE(problems, 9);
}

TEST(ProblemFile, poisson_on_a_square_is_what_it_says) {
  const Problem p = read_problem(problem_file("poisson_square.toml"));
  EXPECT_EQ(p.title, "Poisson's equation on a square");
  ASSERT_EQ(p.terms().size(), 2U);
  EXPECT_EQ(p.terms()[0].name, "equation");
  EXPECT_FALSE(p.terms()[0].place.boundary);
  EXPECT_TRUE(p.terms()[1].place.boundary);
  ASSERT_EQ(p.exact().size(), 1U);
  const std::array<double, 2> at = {0.3, 0.7};
  const double waves = std::sin(3 * pi * at[0]) * std::sin(2 * pi * at[1]), growth = std::exp(at[0] * at[1]);
  const Expression u = p.graph()->channel(0);
  EXPECT_NEAR(value_at(p.exact()[0].value.re, at), waves + growth, 1e-14);
  EXPECT_NEAR(value_at(u - p.terms()[1].residual[0].re, at), waves + growth, 1e-14);
  EXPECT_NEAR(value_at(laplacian(u) - p.terms()[0].residual[0].re, at),
              -13 * pi * pi * waves + (0.3 * 0.3 + 0.7 * 0.7) * growth, 1e-12);
}

TEST(ProblemFile, constants_take_other_values_by_settings) {
  const Problem smooth = read_problem(problem_file("poisson_lshape.toml")),
                singular = read_problem(problem_file("poisson_lshape.toml"), {{"corner", 1}});
  const std::array<double, 2> at = {0.25, 0.25};
  EXPECT_NEAR(value_at(smooth.exact().at(0).value.re, at), std::sin(0.75 * pi) + std::exp(1.0 / 16), 1e-14);
  // The square of the distance to the corner is 1/8; half of the three quarters of a turn between the sides.
  EXPECT_NEAR(value_at(singular.exact().at(0).value.re, at), std::cbrt(1.0 / 8), 1e-14);
  EXPECT_EQ(to_text(read(head, {{"k", -2.5}}).terms()[0].residual[0].re), "((diff(u, x, x) + diff(u, y, y)) - -2.5)");
}

TEST(ProblemFile, settings_that_are_no_constants_are_refused) {
  EXPECT_EQ(refusal([] { read(head, {{"k", 1}, {"x", 2}}); }), "test.toml has no constant 'x' to set");
  EXPECT_EQ(refusal([] { read(head, {{"q", 1}}); }), "test.toml has no constant 'q' to set");
  for (const double value : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THAT(refusal([&] { read(head, {{"k", value}}); }), HasSubstr("expected a finite number"));
}

TEST(ProblemFile, each_part_of_a_file_becomes_a_part_of_the_problem) {
  const Problem p = read(R"toml(
title = "All of it"
[constants]
L = 2
half = "L/2"
[coordinates]
x = [0, "L"]
y = ["-half", 1]
t = { time = [0, 10] }
[unknowns]
w = "complex"
u = "real"
[definitions]
speed = "again * x"
again = "half + 0*y"
[regions]
domain = "difference(box([0, -half], [L, 1]), hole)"
hole = "disc([1, 0], 0.25)"
[terms.wave]
residual = "diff(u, t, t) - speed^2 * laplacian(u)"
sampling = "even"
rings = [{ centre = [1, 0], nearest = 0.25, farthest = "L/2", points = 7 }]
[terms.start]
residual = "[u, diff(u, t), w - 1i]"
at = { t = 0 }
points = 100
[terms.inlet]
residual = "dot(grad(u), normal)"
region = "boundary(domain)"
where = "x < 0.1 and normal[0] < 0"
sampling = "random"
weight = "10 * L"
[terms.near]
residual = "w"
region = "intersection(domain, disc([1, 0], 0.5))"
[features]
count = 500
wavenumber = "10 * pi"
time_stretch = 0.5
slabs = 3
windows = [{ centre = [1, 0], radii = [0.5, "1/4"] }, { centre = [0, 0], radii = [0.1], features = 7 }]
[exact]
w = "exp(1i * x)"
u = "x * t"
where = "x > 1"
)toml");
  EXPECT_EQ(p.title, "All of it");
  ASSERT_EQ(p.coordinates().size(), 3U);
  EXPECT_EQ(p.coordinates()[0].high, 2);
  EXPECT_EQ(p.coordinates()[1].low, -1);
  EXPECT_FALSE(p.coordinates()[1].time);
  EXPECT_TRUE(p.coordinates()[2].time);
  ASSERT_EQ(p.unknowns().size(), 2U);
  EXPECT_EQ(p.unknowns()[0].name, "w") << "in the order of the file";
  EXPECT_TRUE(p.unknowns()[0].complex);
  EXPECT_EQ(p.unknowns()[1].channel, 2);
  EXPECT_THAT(p.graph()->channels(), ElementsAre("re(w)", "im(w)", "u"));
  EXPECT_NEAR(p.domain().volume(), 4 - pi / 16, 1e-12);

  ASSERT_EQ(p.terms().size(), 4U);
  const Term &wave = p.terms()[0], &start = p.terms()[1], &inlet = p.terms()[2], &near = p.terms()[3];
  EXPECT_EQ(wave.name, "wave");
  EXPECT_EQ(wave.place.sampling, Sampling::even);
  EXPECT_EQ(wave.place.points, 0);
  EXPECT_EQ(wave.weight, 1);
  ASSERT_EQ(wave.place.rings.size(), 1U);
  EXPECT_THAT(wave.place.rings[0].centre, ElementsAre(1, 0));
  EXPECT_EQ(wave.place.rings[0].farthest, 1);
  EXPECT_EQ(wave.place.rings[0].points, 7);
  EXPECT_EQ(to_text(wave.residual.at(0).re), "(diff(u, t, t) - ((x * x) * (diff(u, x, x) + diff(u, y, y))))");
  ASSERT_EQ(start.residual.size(), 3U);
  EXPECT_FALSE(is_real(start.residual[2]));
  EXPECT_EQ(start.place.fixed, (std::vector<std::pair<int, double>>{{2, 0.0}}));
  EXPECT_EQ(start.place.points, 100);
  EXPECT_TRUE(inlet.place.boundary);
  EXPECT_TRUE(inlet.place.where.has_value());
  EXPECT_EQ(inlet.place.sampling, Sampling::random);
  EXPECT_EQ(inlet.weight, 20);
  EXPECT_NEAR(near.place.region.volume(), pi / 4 - pi / 16, 1e-12);

  EXPECT_EQ(p.features.count, 500);
  EXPECT_EQ(p.features.wavenumber, 10 * pi);
  EXPECT_EQ(p.features.time_stretch, 0.5);
  EXPECT_EQ(p.features.slabs, 3);
  ASSERT_EQ(p.features.windows.size(), 2U);
  EXPECT_THAT(p.features.windows[0].radii, ElementsAre(0.5, 0.25));
  EXPECT_EQ(p.features.windows[0].features, 60);
  EXPECT_EQ(p.features.windows[1].features, 7);
  ASSERT_EQ(p.exact().size(), 2U);
  EXPECT_EQ(p.exact()[1].unknown, 1);
  EXPECT_EQ(to_text(*p.exact()[0].where), "(1 < x)");
}

TEST(ProblemFile, what_must_be_there_is_asked_for) {
  const std::string coordinates = "coordinates.x = [0, 1]\n", unknowns = "unknowns.u = \"real\"\n";
  EXPECT_EQ(refusal_of(""), "test.toml: there are no coordinates");
  EXPECT_EQ(refusal_of(unknowns), "test.toml: there are no coordinates");
  EXPECT_EQ(refusal_of(coordinates), "test.toml: there are no unknowns");
  EXPECT_EQ(refusal_of(coordinates + "[unknowns]"), "test.toml, line 2, column 1: there are no unknowns");
  EXPECT_EQ(refusal_of(coordinates + unknowns), "test.toml: there are no terms");
  EXPECT_EQ(refusal_of(coordinates + unknowns + "[terms]"), "test.toml, line 3, column 1: there are no terms");
  EXPECT_EQ(refusal_of("coordinates.t = { time = [0, 1] }\n" + unknowns),
            "test.toml, line 1, column 1: there is no coordinate of space");
  EXPECT_EQ(hint_of(""), "declare them with their ranges: [coordinates] x = [0, 1]");
  EXPECT_EQ(hint_of(coordinates + unknowns),
            "say what must vanish: [terms.equation] with residual = \"laplacian(u) - f\"");
}

TEST(ProblemFile, what_is_not_toml_is_refused_with_its_place) {
  EXPECT_THAT(refusal_of("[coordinates]\nx = [0, 1\n"), StartsWith("test.toml, line 2, column 11: this is not TOML: "));
  EXPECT_THAT(refusal_of("title = laplacian(u)"), StartsWith("test.toml, line 1, column 9: this is not TOML: "));
  EXPECT_THAT(refusal_of(head + "constants.k = 4"), HasSubstr("line 6, column 15: this is not TOML: "));
  EXPECT_THAT(refusal_of("title = \"\xff\""), HasSubstr("this is not TOML: "));
  EXPECT_THAT(refusal_of(std::string(5000, '[')), HasSubstr("this is not TOML: "));
  EXPECT_EQ(hint_of("title = laplacian(u)"), "expressions stand in quotes: residual = \"laplacian(u)\"");
}

TEST(ProblemFile, mistakes_of_words_and_types_of_the_tables_have_their_place) {
  expect_refusals({
      {"colour = 3", "line 6, column 1: 'colour' is not known in a problem"},
      {"terms.a = { residual = 'u', wieght = 3 }", "line 6, column 29: 'wieght' is not known in a term"},
      {"terms.a = 'u'", "line 6, column 11: term 'a' is no table"},
      {"coordinates.z = { tme = [0, 1] }", "line 6, column 19: 'tme' is not known in a coordinate"},
      {"terms.a = { residual = 'u', rings = { centre = [0, 0], nearest = 0.1, farthest = 1, point = 10 } }",
       "line 6, column 85: 'point' is not known in `rings`"},
      {"terms.a = { residual = 'u', rings = 3 }", "line 6, column 37: an entry of `rings` is no table"},
      {"features.counts = 3", "line 6, column 10: 'counts' is not known in [features]"},
      {"features.windows = { centre = [0, 0], radii = [1], width = 3 }",
       "line 6, column 52: 'width' is not known in `windows`"},
      {"features.windows = [3]", "line 6, column 21: an entry of `windows` is no table"},
      {"features = 3", "line 6, column 12: [features] is no table"},
      {"title = 3", "line 6, column 9: the title is no text"},
      {"unknowns.v.kind = 'real'", "line 6, column 10: an unknown is \"real\" or \"complex\""},
      {"exact = 3", "line 6, column 9: [exact] is no table"},
      {"definitions.z.z = '3'", "line 6, column 13: expected an expression in quotes, or a number"},
  });
}

TEST(ProblemFile, mistakes_of_coordinates_and_unknowns_have_their_place) {
  expect_refusals({
      {"coordinates.z = {}", "line 6, column 17: a coordinate without a range"},
      {"coordinates.z = 3", "line 6, column 17: the range of a coordinate is no list of numbers"},
      {"coordinates.z = [0, 1, 2]", "line 6, column 17: a range of 3 numbers, expected two"},
      {"coordinates.z = [1, 0]", "line 6, column 13: coordinate z from 1 to 0"},
      {"coordinates.z = [0, inf]", "line 6, column 21: a number that is not finite"},
      {"coordinates.z = [nan, 1]", "line 6, column 18: a number that is not finite"},
      {"coordinates.z = [0, 'k + q']", "line 6, column 26: 'q': this name is not known"},
      {"coordinates.z = [0, 'u']", "line 6, column 22: 'u': this name is not known"},
      {"coordinates.z = [0, true]", "line 6, column 21: expected an expression in quotes, or a number"},
      {"coordinates.z = [0, 1]\ncoordinates.zz = [0, 1]", "line 7, column 13: a fourth space coordinate, zz"},
      {"coordinates.t = { time = [0, 1] }\ncoordinates.tt = { time = [0, 1] }", "line 7, column 13: a second time, tt"},
      {"unknowns.v = 'quaternion'", "line 6, column 14: an unknown is \"real\" or \"complex\""},
      {"unknowns.v = 3", "line 6, column 14: an unknown is \"real\" or \"complex\""},
  });
}

TEST(ProblemFile, mistakes_of_names_have_their_place) {
  expect_refusals({
      {"constants.u = 3", "line 3, column 10: the name 'u' is given twice"},
      {"definitions.x = '3'", "line 6, column 13: the name 'x' is given twice"},
      {"constants.pi = 3", "line 6, column 11: 'pi' cannot be a name: it is a word of the language"},
      {"coordinates.sin = [0, 1]", "line 6, column 13: 'sin' cannot be a name: it is a word of the language"},
      {"unknowns.normal = 'real'", "line 6, column 10: 'normal' cannot be a name: it is a word of the language"},
      {"definitions.laplacian = 'u'", "line 6, column 13: 'laplacian' cannot be a name: it is a word of the language"},
      {"regions.disc = 'domain'", "line 6, column 9: 'disc' cannot be a name: it is a word of the language"},
      {"definitions.'a b' = 'u'", "line 6, column 13: 'a b' cannot be a name"},
      {"constants.2x = 1", "line 6, column 11: '2x' cannot be a name"},
      {"unknowns.'ü' = 'real'", "line 6, column 10: 'ü' cannot be a name"},
      {"regions.'a-b' = 'domain'", "line 6, column 9: 'a-b' cannot be a name"},
  });
}

TEST(ProblemFile, mistakes_of_constants_and_definitions_have_their_place) {
  expect_refusals({
      {"constants.c = inf", "line 6, column 15: a number that is not finite"},
      {"constants.c = nan", "line 6, column 15: a number that is not finite"},
      {"constants.c = 'x'", "line 6, column 16: 'x': this name is not known"},
      {"constants.c = '1/(k-3)'", "line 6, column 19: 'k-3': a division by the constant 0"},
      {"constants.c = 'd'\nconstants.d = 1", "line 6, column 16: 'd': this name is not known"},
      {"constants.c = true", "line 6, column 15: expected an expression in quotes, or a number"},
      {"constants.c = 1979-05-27", "line 6, column 15: expected an expression in quotes, or a number"},
      {"constants.c = 9007199254740993", "line 6, column 15: a number that a double does not hold"},
      {"constants.c = [1]", "line 6, column 15: expected an expression in quotes, or a number"},
      {"definitions.c = [1]", "line 6, column 17: expected an expression in quotes, or a number"},
      {"definitions.c = 'x +'", "line 6, column 21: the expression ends too early"},
      {"definitions.a = 'b'\ndefinitions.b = 'a'", "line 7, column 18: 'a': a definition that needs itself"},
  });
}

TEST(ProblemFile, mistakes_of_regions_have_their_place) {
  expect_refusals({
      {"terms.a = { residual = 'u', region = 'ball([0, 0, 0], 1)' }",
       "line 6, column 39: 'ball([0, 0, 0], 1)': a region of 3 dimensions in a problem of 2 space coordinates"},
      {"regions.a = 'box([0], [1])'",
       "line 6, column 14: 'box([0], [1])': a region of 1 dimensions in a problem of 2 space coordinates"},
      {"regions.domain = 'box([0], [1])'",
       "line 6, column 19: 'box([0], [1])': a region of 1 dimensions in a problem of 2 space coordinates"},
      {"terms.a = { residual = 'u', region = 'difference(domain, box([-1, -1], [3, 3]))' }",
       "line 6, column 39: the region is empty: less than 1e-5 of its bounds is inside"},
      {"terms.a = { residual = 'u', region = 'intersection(domain, box([7, 7], [8, 8]))' }",
       "line 6, column 39: 'intersection(domain, box([7, 7], [8, 8]))': the regions of an intersection do not meet: "
       "along axis 0 one ends at 1, where another begins at 7"},
      {"regions.unused = 'difference(domain, domain)'",
       "line 6, column 19: the region is empty: less than 1e-5 of its bounds is inside"},
      {"terms.a = { residual = 'u', region = 'box([0, 0], [0, 1])' }",
       "line 6, column 39: 'box([0, 0], [0, 1])': a box from 0 to 0 along axis 0, expected low < high"},
      {"terms.a = { residual = 'u', region = 'disc([0, 0], -1)' }",
       "line 6, column 39: 'disc([0, 0], -1)': the radius of a ball is -1, expected 1e-100 to 1e+100"},
      {"terms.a = { residual = 'u', region = 'polygon([0, 0], [1, 1], [1, 0], [0, 1])' }",
       "line 6, column 39: 'polygon([0, 0], [1, 1], [1, 0], [0, 1])': edges 0 and 2 of a polygon of 4 vertices meet, "
       "from (0, 0) and (1, 0)"},
      {"terms.a = { residual = 'u', region = 'polygon([0, 0], [1, 1])' }",
       "line 6, column 39: 'polygon([0, 0], [1, 1])': 2 operands, expected 3 to 1000"},
      {"terms.a = { residual = 'u', region = 'polygon([0, 0], [1, 1], [1, 0, 1])' }",
       "line 6, column 63: '[1, 0, 1]': a vertex of a polygon has two numbers"},
      {"terms.a = { residual = 'u', region = 'disc([0, x], 1)' }",
       "line 6, column 48: 'x': expected a finite number that depends on nothing"},
      {"terms.a = { residual = 'u', region = 'union(domain, boundary(domain))' }",
       "line 6, column 53: 'boundary(domain)': a boundary inside another region"},
      {"regions.side = 'boundary(domain)'", "line 6, column 17: 'boundary(domain)': a boundary inside another region"},
      {"terms.a = { residual = 'u', region = 'boundary(domain, domain)' }",
       "line 6, column 39: 'boundary(domain, domain)': 2 operands, expected 1"},
      {"terms.a = { residual = 'u', region = 'domian' }", "line 6, column 39: 'domian': this region is not known"},
      {"terms.a = { residual = 'u', region = 'circle([0, 0], 1)' }",
       "line 6, column 39: 'circle([0, 0], 1)': this region is not known"},
      {"terms.a = { residual = 'u', region = '1 + 2' }", "line 6, column 39: '1 + 2': this region is not known"},
      {"regions.a = 'union(b, domain)'\nregions.b = 'union(a, domain)'",
       "line 7, column 20: 'a': a region that needs itself"},
      {"regions.domain = 'difference(domain, disc([0, 0], 1))'",
       "line 6, column 30: 'domain': a region that needs itself"},
      {"terms.a = { residual = 'u', region = 'difference(domain)' }",
       "line 6, column 39: 'difference(domain)': 1 operands, expected 2"},
      {"terms.a = { residual = 'u', region = ['domain'] }",
       "line 6, column 38: expected an expression in quotes, or a number"},
  });
}

TEST(ProblemFile, mistakes_of_terms_have_their_place) {
  expect_refusals({
      {"[terms.border]\nregion = 'boundary(domain)'", "line 6, column 8: term 'border' has no residual"},
      {"terms.a.residual = 'x + k'", "line 6, column 21: term 'a': the residual does not depend on any unknown field"},
      {"terms.a.residual = 'dot(grad(u), normal)'", "line 6, column 21: term 'a': the normal away from a boundary"},
      {"terms.a = { residual = 'u', where = 'normal[0] > 0' }",
       "line 6, column 25: term 'a': a condition on the normal away from a boundary"},
      {"terms.a = { residual = 'u', where = 'u > 0' }",
       "line 6, column 25: term 'a': where it holds depends on an unknown field"},
      {"terms.a = { residual = 'u', where = 'grad(x)' }", "line 6, column 38: 'grad(x)': expected a real number"},
      {"terms.a = { residual = 'u', weight = 0 }", "line 6, column 38: weight = 0, expected a number above 0"},
      {"terms.a = { residual = 'u', weight = -1 }", "line 6, column 38: weight = -1, expected a number above 0"},
      {"terms.a = { residual = 'u', weight = 'x' }",
       "line 6, column 39: 'x': expected a finite number that depends on nothing"},
      {"terms.a = { residual = 'u', points = 1.5 }",
       "line 6, column 38: points = 1.5, expected a whole number from 1 to 100000000"},
      {"terms.a = { residual = 'u', points = 0 }",
       "line 6, column 38: points = 0, expected a whole number from 1 to 100000000"},
      {"terms.a = { residual = 'u', points = 1e12 }",
       "line 6, column 38: points = 1000000000000, expected a whole number from 1 to 100000000"},
      {"terms.a = { residual = 'u', at = { x = 0 } }", "line 6, column 36: 'x' is no time that a term can be at"},
      {"terms.a = { residual = 'u', at = { q = 0 } }", "line 6, column 36: 'q' is no time that a term can be at"},
      {"terms.a = { residual = 'u', at = 0 }", "line 6, column 34: `at` is no table"},
      {"coordinates.t = { time = [0, 1] }\nterms.a = { residual = 'u', at = { t = 2 } }",
       "line 7, column 40: t = 2 is not within 0 to 1"},
      {"terms.a = { residual = 'u', sampling = 'grid' }",
       "line 6, column 40: sampling is \"jittered\", \"even\" or \"random\""},
      {"terms.a = { residual = 'u', sampling = 3 }",
       "line 6, column 40: sampling is \"jittered\", \"even\" or \"random\""},
      {"terms.a = { residual = 'u', rings = { centre = [0, 0], nearest = 0.1, farthest = 0.5 } }",
       "line 6, column 37: `rings` without `points`"},
      {"terms.a = { residual = 'u', rings = { centre = [0], nearest = 0.1, farthest = 0.5, points = 10 } }",
       "line 6, column 37: a centre of 1 numbers, expected 2: one for each space coordinate"},
      {"terms.a = { residual = 'u', rings = { centre = [0, 0], nearest = 0.5, farthest = 0.1, points = 10 } }",
       "line 6, column 37: `nearest` is not below `farthest`"},
      {"terms.a = { residual = 'u', rings = { centre = [0, 0], nearest = 0, farthest = 0.1, points = 10 } }",
       "line 6, column 66: nearest = 0, expected a number above 0"},
      {"terms.a = { residual = 'u', region = 'boundary(domain)', rings = { centre = [0, 0], nearest = 0.1, farthest = "
       "1, points = 10 } }",
       "line 6, column 25: term 'a': rings of points on a boundary"},
      {"terms.a.residual = true", "line 6, column 20: expected an expression in quotes, or a number"},
      {"terms.a.residual = 'laplacain(u)'", "line 6, column 21: 'laplacain': this function is not known"},
      {"terms.a.residual = 'diff(u, x, x, x)'",
       "line 6, column 21: 'diff(u, x, x, x)': a derivative above second order of 'u'"},
  });
}

TEST(ProblemFile, mistakes_of_features_and_exact_solutions_have_their_place) {
  expect_refusals({
      {"features.count = 0", "line 6, column 18: count = 0, expected a whole number from 1 to 20000"},
      {"features.slabs = 0", "line 6, column 18"},
      {"features.time_stretch = 0", "line 6, column 25: time_stretch = 0, expected a number above 0"},
      {"features.wavenumber = -1", "line 6, column 23: wavenumber = -1, expected a number above 0"},
      {"features.windows = { centre = [0, 0] }", "line 6, column 20: `windows` without `radii`"},
      {"features.windows = { centre = [0], radii = [1] }",
       "line 6, column 20: a centre of 1 numbers, expected 2: one for each space coordinate"},
      {"features.windows = { centre = [0, 0], radii = [0] }",
       "line 6, column 20: a radius of 0, expected numbers above 0"},
      {"exact.v = 'x'", "line 6, column 7: 'v' is no unknown whose exact solution could be given"},
      {"exact.u = 'u'",
       "line 6, column 12: the exact solution of 'u' or its condition depends on more than coordinates"},
      {"exact.u = '1i'", "line 6, column 12: '1i': not a number as the unknown is"},
      {"exact.u = '[x, y]'", "line 6, column 12: '[x, y]': not a number as the unknown is"},
      {"exact = { u = 'x', where = 'u > 0' }",
       "line 6, column 16: the exact solution of 'u' or its condition depends on more than coordinates"},
      {"exact.u = 'normal[0]'",
       "line 6, column 12: the exact solution of 'u' or its condition depends on more than coordinates"},
  });
}

TEST(ProblemFile, hints_say_what_is_known_and_what_to_write) {
  EXPECT_EQ(hint_of(head + "terms.a = { residual = \"u\", wieght = 3 }"),
            "known are residual, region, where, at, points, sampling, rings, weight, penalty");
  EXPECT_EQ(hint_of(head + "colour = 3"),
            "known are title, coordinates, unknowns, constants, given, definitions, regions, terms, features, exact, "
            "recipe, recipes");
  EXPECT_EQ(hint_of(head + "terms.a.residual = \"laplacain(u)\""), "did you mean laplacian?");
  EXPECT_EQ(hint_of(head + "terms.a.residual = \"dot(grad(u), normal)\""), "give a boundary as its region");
  EXPECT_THAT(hint_of(head + "regions.corner = \"domain\"\nterms.a = { residual = \"u\", region = \"cornre\" }"),
              StartsWith("known are domain, corner, box("));
}

TEST(ProblemFile, long_texts_have_their_own_lines) {
  for (const char* const line_break : {"\n", "\r\n"})
    for (const char* const quotes : {"\"\"\"", "'''"}) {
      const std::string n = line_break, q = quotes;
      EXPECT_THAT(refusal_of(head + "definitions.a = " + q + n + "  x +" + n + "   q" + n + q),
                  StartsWith("test.toml, line 8, column 4: 'q': "));
      EXPECT_THAT(refusal_of(head + "definitions.a = " + q + "x +" + n + "   q" + q),
                  StartsWith("test.toml, line 7, column 4: 'q': "));
      EXPECT_THAT(refusal_of(head + "definitions.a = " + q + "x + q" + q),
                  StartsWith("test.toml, line 6, column 24: 'q': "));
    }
}

TEST(ProblemFile, lines_that_are_joined_are_counted_all_the_same) {
  EXPECT_THAT(refusal_of(head + "definitions.a = \"\"\"\n x + \\\n\n  y + \\\n   q \"\"\""),
              StartsWith("test.toml, line 10, column 4: 'q': "));
  EXPECT_THAT(refusal_of(head + "definitions.a = \"\"\"x + \\\n q\"\"\""),
              StartsWith("test.toml, line 7, column 2: 'q': "));
  EXPECT_EQ(to_text(read(head + "exact.u = \"\"\"\n x + \\\n y\"\"\"").exact()[0].value.re), "(x + y)");
  EXPECT_EQ(to_text(read(head + "exact.u = \"\\u0078 +\\ty\"").exact()[0].value.re), "(x + y)") << "other escapes";
}

TEST(ProblemFile, characters_of_several_bytes_count_once) {
  EXPECT_THAT(refusal_of(head + "terms.'grün' = { residual = \"u + ü\" }"),
              StartsWith("test.toml, line 6, column 34: 'ü': a character that has no meaning here"));
  EXPECT_EQ(read(head + "terms.'grün' = { residual = '''u + 1''' }").terms()[1].name, "grün");
  EXPECT_THAT(refusal_of(head + "terms.'grün' = { residual = '''u + q''' }"),
              StartsWith("test.toml, line 6, column 36: 'q': "));
}

TEST(ProblemFile, files_that_cannot_be_read_are_refused) {
  const TemporaryFolder folder;
  EXPECT_EQ(refusal([&] { read_problem(folder / "missing.toml"); }),
            (folder / "missing.toml").string() + " cannot be read");
  EXPECT_EQ(refusal([&] { read_problem(folder.path()); }),
            folder.path().string() + " is a folder, expected a problem file");
  const std::filesystem::path file = folder / "large.toml";
  const auto write = [&](const std::string& text) { std::ofstream(file, std::ios::binary) << text; };
  write(head + "#" + std::string(largest_problem_file, ' '));
  EXPECT_EQ(refusal([&] { read_problem(file); }), "large.toml: 1048577 bytes, at most 1048576 are read");
  write(head + "#" + std::string(largest_problem_file - head.size() - 1, ' '));
  EXPECT_EQ(read_problem(file).terms().size(), 1U) << "just within";
  write("title = 3\n" + head);
  EXPECT_EQ(refusal([&] { read_problem(file); }), "large.toml, line 1, column 9: the title is no text");
}

TEST(ProblemFile, a_shown_expression_is_over_the_names_of_the_problem) {
  const std::string text = head + "unknowns.w = \"complex\"\ndefinitions.twice = \"2 * u\"\n";
  const ShownExpression number = shown_expression("abs(twice)", text), complex = shown_expression("w / k", text),
                        vector = shown_expression("grad(w)", text);
  EXPECT_FALSE(number.vector || number.complex);
  EXPECT_EQ(to_text(number.components.at(0).re), "abs((2 * u))");
  EXPECT_TRUE(complex.complex && !complex.vector);
  EXPECT_EQ(to_text(complex.components.at(0).im), "(im(w) / 3)");
  EXPECT_TRUE(vector.vector && vector.complex);
  EXPECT_EQ(vector.components.size(), 2U);
  EXPECT_EQ(to_text(shown_expression("u - k", text, {{"k", 7}}).components[0].re), "(u - 7)");
  EXPECT_EQ(refusal([&] { shown_expression("u + q", text); }), "--show, column 5: 'q': this name is not known");
  EXPECT_EQ(refusal([&] { shown_expression("u * normal[0]", text); }),
            "--show, column 1: 'u * normal[0]': the normal away from a boundary");
  EXPECT_THAT(refusal([&] { shown_expression("u", "title = "); }), StartsWith("the problem, line 1, column "));
}

TEST(ProblemFile, regions_that_share_parts_do_not_multiply) {
  std::string text = head + "[regions]\nr0 = \"disc([0.5, 0.5], 0.1)\"\n";
  for (int i = 1; i <= 30; ++i) text += fmt::format("r{0} = \"union(r{1}, r{1})\"\n", i, i - 1);
  EXPECT_EQ(refusal_of(text), "test.toml, line 16, column 7: 'union(r8, r8)': a region of more than 1000 pieces");
}

TEST(ProblemFile, definitions_and_regions_too_deep_inside_one_another_are_refused) {
  std::string definitions = head + "[definitions]\n", regions = head + "[regions]\n";
  constexpr int most = 10'000;
  for (int i = 0; i < most; ++i) {
    definitions += fmt::format("d{} = \"d{}\"\n", i, i + 1);
    regions += fmt::format("r{} = \"union(r{})\"\n", i, i + 1);
  }
  definitions += fmt::format("d{} = \"x\"\n", most);
  regions += fmt::format("r{} = \"box([0, 0], [1, 1])\"\n", most);
  EXPECT_THAT(refusal_of(definitions), HasSubstr("too many definitions inside one another"));
  EXPECT_THAT(refusal_of(regions), HasSubstr("more than 200 regions inside one another"));
}

TEST(ProblemFile, large_files_take_no_time_to_speak_of) {
  const auto seconds = [](const std::string& text, const char* message) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(refusal_of(text), HasSubstr(message));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::string terms = head, unknowns = head, names = head + "[definitions]\n",
              regions = head + "coordinates.z = [0, 1]\n";
  for (int i = 0; i < 30'000; ++i) {
    terms += fmt::format("terms.t{}.residual=\"u\"\n", i);
    unknowns += fmt::format("unknowns.u{}=\"real\"\n", i);
    names += fmt::format("name{}=\"diff(x^{},x)\"\n", i, i % 60);
  }
  std::string balls = "ball([0, 0, 0], 0.1)";
  for (int i = 0; i < 300; ++i) balls += fmt::format(", ball([{}, 0.5, 0.5], 0.1)", i * 1e-3);
  regions += "regions.balls = \"union(" + balls + ")\"\n";
  for (int i = 0; i < 900; ++i)
    regions += fmt::format(
        "terms.r{} = {{ residual = \"u\", region = \"union(balls, box([0, 0, 0], [1, 1, {}]))\" }}\n", i, 1 + i);
  // A tenth of this in fact; sanitizers and busy machines included.
  constexpr double little = 10;
  EXPECT_LT(seconds(terms, "more than 1000 terms"), little);
  EXPECT_LT(seconds(unknowns, "more than 100 unknown fields"), little);
  EXPECT_LT(seconds(regions + "terms.last = 3", "term 'last' is no table"), little) << "not each is measured";
  EXPECT_LT(seconds(names + "wrong=\"nam2e\"", "'nam2e': this name is not known"), little);
}

TEST(Problem, mistakes_of_programs_are_refused_too) {
  Problem p, other;
  const Expression x = p.space("x", 0, 1), t = p.time("t", 0, 2), u = p.unknown("u"), q = other.space("q", 0, 1);
  EXPECT_EQ(refusal([&] { p.space("x", 0, 1); }), "the name 'x' is given twice");
  EXPECT_EQ(refusal([&] { p.unknown("laplacian"); }), "'laplacian' cannot be a name");
  EXPECT_EQ(refusal([&] {
              p.add("a", u, {Region::box({0, 0}, {1, 1})});
            }),
            "term 'a': a region of 2 dimensions in a problem of 1 space coordinates");
  EXPECT_EQ(refusal([&] { p.add("a", q); }), "term 'a': an expression of another problem");
  EXPECT_EQ(refusal([&] { p.add("a", x); }), "term 'a': the residual does not depend on any unknown field");
  Place place = p.inside();
  place.where = q;
  EXPECT_EQ(refusal([&] { p.add("a", u, place); }), "term 'a': a condition of another problem");
  place.where = p.graph()->normal(0);
  EXPECT_EQ(refusal([&] { p.add("a", u, place); }), "term 'a': a condition on the normal away from a boundary");
  place = p.inside();
  place.fixed = {{0, 0.5}};
  EXPECT_EQ(refusal([&] { p.add("a", u, place); }), "term 'a': a fixed coordinate that is no time");
  place.fixed = {{7, 0.5}};
  EXPECT_EQ(refusal([&] { p.add("a", u, place); }), "term 'a': a fixed coordinate that is no time");
  EXPECT_EQ(refusal([&] { p.add("a", u, p.at_time(2.5)); }), "term 'a': at t = 2.5, which is not within 0 to 2");
  EXPECT_EQ(refusal([&] { p.add("a", u, p.inside(), 0); }), "term 'a': weight 0, expected a finite number above 0");
  const ComplexExpression exact{x, p.graph()->constant(0)};
  EXPECT_EQ(refusal([&] { p.set_exact({1, exact}); }), "an exact solution of unknown 1 of 1");
  p.set_exact({0, exact});
  EXPECT_EQ(refusal([&] { p.set_exact({0, exact}); }), "the exact solution of 'u' is given twice");
  p.add("a", u);
  EXPECT_EQ(refusal([&] { p.add("a", u); }), "term 'a': the name is given twice");
  EXPECT_EQ(refusal([&] { p.unknown("v"); }), "'v' is declared after the first term");
}

}  // namespace
}  // namespace sinefield
