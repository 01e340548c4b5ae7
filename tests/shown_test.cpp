// What is asked of solutions: expressions against closed forms over networks of one layer that are known by formula,
// complex numbers and vectors, domains, and what is refused.
// SPDX-License-Identifier: MIT
#include "sinefield/shown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>
#include <string>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Complex = std::complex<double>;

/// The phases of the two units at a point, and their slopes, in units of the problem.
constexpr double first_x = 3, first_y = -1.5, second_x = 0.5, second_y = 4;
double first_phase(double x, double y) { return first_x * (x - 0.5) + first_y * (y - 0.5) + 0.25; }
double second_phase(double x, double y) { return second_x * (x - 0.5) + second_y * (y - 0.5) - 0.5; }

/// On the unit square, u = sin(first phase) + 2i sin(second phase): a complex unknown, or the real ones v and w.
Field two_waves(bool complex, bool time = false) {
  Field field;
  const Architecture architecture{.inputs = 2, .outputs = 2, .width = 2, .hidden_layers = 0, .omega_first = 1};
  field.networks.push_back(
      {architecture, {first_x / 2, first_y / 2, second_x / 2, second_y / 2, 0.25, -0.5, 1, 0, 0, 2, 0, 0}});
  field.axes = {{"x", 2, -1}, {"y", 2, -1}};
  field.channels = {{1, 0}, {1, 0}};
  SolutionFormat solution;
  solution.coordinates = {{"x", 0, 1, false}, {"y", 0, 1, time}};
  if (complex)
    solution.unknowns = {{"u", true, 0}};
  else
    solution.unknowns = {{"v", false, 0}, {"w", false, 1}};
  field.signal = solution;
  return field;
}

/// The same with the text of a problem.
Field with_text(bool complex, const std::string& more) {
  Field field = two_waves(complex);
  SolutionFormat solution = *field.solution();
  solution.problem = std::string("[coordinates]\nx = [0, 1]\ny = [0, 1]\n[unknowns]\n") +
                     (complex ? "u = \"complex\"\n" : "v = \"real\"\nw = \"real\"\n") + more;
  field.signal = solution;
  return field;
}
const std::string term = "[terms.equation]\nresidual = \"laplacian(u)\"\n";

const std::vector<double> points = {0.1, 0.2, 0.9, 0.35, 0.5, 0.5, 0.0, 1.0, 0.77, 0.013};

std::vector<double> shown(const Field& field, const std::string& expression) {
  return Shown(field, expression)(MatrixView<const double>(points.data(), std::ssize(points) / 2, 2));
}

using Real = std::function<double(double x, double y)>;
void expect_real(const Field& field, const std::string& expression, const Real& expected) {
  const std::vector<double> found = shown(field, expression);
  ASSERT_EQ(found.size(), points.size() / 2) << expression;
  for (std::size_t p = 0; p < found.size(); ++p)
    EXPECT_NEAR(found[p], expected(points[2 * p], points[2 * p + 1]), 1e-12) << expression << " at point " << p;
}

TEST(Shown, has_values_and_derivatives_of_real_unknowns) {
  const Field field = two_waves(false);
  const auto v = [](double x, double y) { return std::sin(first_phase(x, y)); };
  const auto v_slope = [](double x, double y) { return std::cos(first_phase(x, y)); };
  const auto w = [](double x, double y) { return 2 * std::sin(second_phase(x, y)); };
  expect_real(field, "v", v);
  expect_real(field, "v * w - x", [&](double x, double y) { return v(x, y) * w(x, y) - x; });
  expect_real(field, "diff(v, y)", [&](double x, double y) { return first_y * v_slope(x, y); });
  expect_real(field, "diff(w, x, y)", [&](double x, double y) { return -second_x * second_y * w(x, y); });
  expect_real(field, "laplacian(v)",
              [&](double x, double y) { return -(first_x * first_x + first_y * first_y) * v(x, y); });
  expect_real(field, "laplacian(v) + diff(v, x, x)",
              [&](double x, double y) { return -(2 * first_x * first_x + first_y * first_y) * v(x, y); });
  expect_real(field, "dot(grad(v), grad(v))", [&](double x, double y) {
    return (first_x * first_x + first_y * first_y) * v_slope(x, y) * v_slope(x, y);
  });
  expect_real(field, "where(x < y, x, 2)", [](double x, double y) { return x < y ? x : 2; });
}

TEST(Shown, keeps_time_out_of_the_laplacian) {
  const Field field = two_waves(false, true);
  const auto v = [](double x, double y) { return std::sin(first_phase(x, y)); };
  expect_real(field, "laplacian(v)", [&](double x, double y) { return -first_x * first_x * v(x, y); });
  expect_real(field, "diff(v, y, y)", [&](double x, double y) { return -first_y * first_y * v(x, y); });
}

TEST(Shown, has_complex_numbers_and_vectors) {
  const Field field = two_waves(true);
  const auto u = [](double x, double y) {
    return Complex(std::sin(first_phase(x, y)), 2 * std::sin(second_phase(x, y)));
  };
  expect_real(field, "abs(u)", [&](double x, double y) { return std::abs(u(x, y)); });
  expect_real(field, "im(u)", [&](double x, double y) { return u(x, y).imag(); });

  Shown squared(field, "u^2 + 1i");
  EXPECT_TRUE(squared.kind().complex);
  EXPECT_FALSE(squared.kind().vector);
  EXPECT_EQ(squared.kind().numbers(), 2);
  const std::vector<double> numbers = shown(field, "u^2 + 1i");
  ASSERT_EQ(numbers.size(), points.size());
  for (std::size_t p = 0; p < points.size(); p += 2) {
    const Complex expected = u(points[p], points[p + 1]) * u(points[p], points[p + 1]) + Complex(0, 1);
    EXPECT_NEAR(numbers[p], expected.real(), 1e-12);
    EXPECT_NEAR(numbers[p + 1], expected.imag(), 1e-12);
  }

  const ShownKind gradient = Shown(field, "grad(u)").kind();
  EXPECT_TRUE(gradient.vector && gradient.complex);
  EXPECT_EQ(gradient.components, 2);
  const std::vector<double> of_point = shown(field, "grad(u)");
  ASSERT_EQ(of_point.size(), 2 * points.size());
  const double first = std::cos(first_phase(points[0], points[1])),
               second = std::cos(second_phase(points[0], points[1]));
  EXPECT_NEAR(of_point[0], first_x * first, 1e-12);
  EXPECT_NEAR(of_point[1], 2 * second_x * second, 1e-12);
  EXPECT_NEAR(of_point[2], first_y * first, 1e-12);
  EXPECT_NEAR(of_point[3], 2 * second_y * second, 1e-12);

  const ShownKind real = Shown(field, "[re(u), x, 1]").kind();
  EXPECT_TRUE(real.vector && !real.complex);
  EXPECT_EQ(real.components, 3);
}

TEST(Shown, knows_the_names_of_the_problem) {
  const std::string text = "[constants]\nk = 3\n[definitions]\nsquared = \"k^2 * twice\"\ntwice = \"2 * u\"\n" + term;
  Field field = with_text(true, text);
  const std::vector<double> with_k = shown(field, "re(squared)");
  const std::vector<double> plain = shown(field, "18 * re(u)");
  for (std::size_t p = 0; p < plain.size(); ++p) EXPECT_NEAR(with_k[p], plain[p], 1e-12);
  SolutionFormat set = *field.solution();
  set.settings = {{"k", 1}};
  field.signal = set;
  const std::vector<double> with_one = shown(field, "re(squared)");
  for (std::size_t p = 0; p < plain.size(); ++p) EXPECT_NEAR(with_one[p], plain[p] / 9, 1e-12);
}

TEST(Shown, is_the_same_for_any_number_of_threads_and_other_points) {
  const Field field = two_waves(false);
  std::vector<double> many;
  for (int p = 0; p < 40'000; ++p) many.insert(many.end(), {std::fmod(p * 0.618, 1), std::fmod(p * 0.414, 1)});
  const MatrixView<const double> all(many.data(), std::ssize(many) / 2, 2);
  ComputeOptions options;
  options.threads = 1;
  const std::vector<double> one = Shown(field, "v * laplacian(w)", options)(all);
  options.threads = 3;
  Shown three(field, "v * laplacian(w)", options);
  EXPECT_EQ(three(all), one);
  for (const std::int64_t p : {0, 63, 64, 16'383, 16'384, 39'999})
    EXPECT_THAT(three(MatrixView<const double>(all.row(p), 1, 2)), ElementsAre(one[static_cast<std::size_t>(p)]));
  EXPECT_THAT(three(MatrixView<const double>(nullptr, 0, 2)), ElementsAre());
}

TEST(Shown, refuses_what_means_nothing) {
  const Field bare = two_waves(true), text = with_text(true, term);
  const auto refused = [](const Field& field, const std::string& expression) {
    return refusal([&] { Shown(field, expression); });
  };
  for (const Field* field : {&bare, &text}) {
    EXPECT_THAT(refused(*field, "re(u) + velocity"), HasSubstr("column 9: 'velocity'"));
    EXPECT_THAT(refused(*field, "grad(u"), HasSubstr("column 7"));
    EXPECT_THAT(refused(*field, ""), HasSubstr("--show"));
    EXPECT_THAT(refused(*field, "dot(normal, grad(u))"), HasSubstr("the normal away from a boundary"));
    EXPECT_THAT(refused(*field, "diff(u, x, x, x)"), HasSubstr("column 1"));
  }
  Field picture = two_waves(true);
  picture.signal = PictureFormat{};
  EXPECT_THAT(refused(picture, "u"), HasSubstr("stands for no solution"));
  Field damaged = with_text(true, term);
  SolutionFormat other = *damaged.solution();
  other.problem = "[coordinates]\nx = [0, 1]\n[unknowns]\nu = \"real\"\n" + term;
  damaged.signal = other;
  EXPECT_THAT(refused(damaged, "u"), HasSubstr("has 1 coordinates and 1 channels, its networks 2 and 2"));
  Shown good(bare, "u");
  EXPECT_THAT(refusal([&] { good(MatrixView<const double>(points.data(), 2, 3)); }),
              HasSubstr("points have 3 columns"));
}

TEST(SolutionDomain, is_that_of_the_text_or_the_box) {
  const auto contains = [](const Field& field, double x, double y) {
    const std::vector<double> point = {x, y};
    return SolutionDomain(*field.solution()).contains(point);
  };
  const Field box = two_waves(true);
  EXPECT_TRUE(contains(box, 0, 1));
  EXPECT_TRUE(contains(box, 0.5, 0.5));
  EXPECT_FALSE(contains(box, 1.01, 0.5));
  const Field hole =
      with_text(true, "[regions]\ndomain = \"difference(box([0, 0], [1, 1]), ball([0.5, 0.5], 0.25))\"\n" + term);
  EXPECT_TRUE(contains(hole, 0, 1));
  EXPECT_TRUE(contains(hole, 0.5, 0.76));
  EXPECT_FALSE(contains(hole, 0.5, 0.5));
  const Field timed = two_waves(true, true);
  EXPECT_TRUE(contains(timed, 0.5, 1));
  EXPECT_FALSE(contains(timed, 0.5, 1.01));
}

}  // namespace
}  // namespace sinefield
