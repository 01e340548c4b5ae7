// Problems whose solution is a picture, on small ones: cloning against the equation of five points on the same pixels,
// values from scattered points against the function that they are of.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/array_file.h"
#include "sinefield/picture_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/shown.h"
#include "sinefield/solve.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

GivenFiles files_in(const std::filesystem::path& folder) {
  GivenFiles files;
  files.folders = {folder};
  files.read_picture = [](const std::filesystem::path& path, std::uint64_t limit) { return read_picture(path, limit); };
  return files;
}

/// The problem solved, and an expression of it at points (n, 2).
std::vector<double> solved_and_shown(const std::string& text, const GivenFiles& files, int features,
                                     const std::string& expression, const std::vector<double>& points) {
  const Problem problem = problem_from_text(text, "test", {}, files);
  Field field = solve(problem, {.most_features = features}).field;
  field.signal = SolutionFormat{problem.coordinates(), problem.unknowns(), text, {}};
  return Shown(field, expression, {}, files)(MatrixView<const double>(points.data(), std::ssize(points) / 2, 2));
}

TEST(PictureProblems, cloning_is_that_of_the_equation_of_five_points) {
  const std::filesystem::path folder = SINEFIELD_TEST_PROBLEMS;
  std::ifstream file(folder / "poisson_edit.toml", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  // From pixels: rows of the park from above; the eye's lowest left pixel lies at (124, 122).
  const Picture park = read_picture(folder / "pictures/park.png", 1 << 30),
                eye = read_picture(folder / "pictures/eye.png", 1 << 30);
  constexpr int width = 256, height = 224, left = 124, low = 122, side = 96;
  const auto of_park = [&](int x, int y) { return static_cast<double>(park.row(height - 1 - y)[x]) / 255; };
  const auto of_eye = [&](int x, int y) {
    const float* const pixel = eye.row(side - 1 - (y - low)) + std::ptrdiff_t{3} * (x - left);
    return (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 255;
  };
  const auto inside = [](int x, int y) { return std::hypot(x + 0.5 - 176, y + 0.5 - 162) < 38; };
  std::vector<double> u(static_cast<std::size_t>(width) * height), middles;
  const auto at = [&](int x, int y) -> double& {
    return u[static_cast<std::size_t>(y) * width + static_cast<std::size_t>(x)];
  };
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      at(x, y) = of_park(x, y);
      if (inside(x, y)) middles.insert(middles.end(), {x + 0.5, y + 0.5});
    }
  // Relaxed until nothing moves.
  for (double moved = 1; moved > 1e-10;) {
    moved = 0;
    for (int y = low; y < low + side; ++y)
      for (int x = left; x < left + side; ++x) {
        if (!inside(x, y)) continue;
        const double sum = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1),
                     of_source = of_eye(x - 1, y) + of_eye(x + 1, y) + of_eye(x, y - 1) + of_eye(x, y + 1),
                     step = 1.9 * ((sum + 4 * of_eye(x, y) - of_source) / 4 - at(x, y));
        at(x, y) += step;
        moved = std::max(moved, std::abs(step));
      }
  }
  const std::vector<double> edited = solved_and_shown(text, files_in(folder), 500, "edited", middles);
  double squares = 0, change = 0;
  for (std::size_t p = 0; p < edited.size(); ++p) {
    const int x = static_cast<int>(middles[2 * p]), y = static_cast<int>(middles[2 * p + 1]);
    squares += std::pow(edited[p] - at(x, y), 2);
    change += std::pow(of_park(x, y) - at(x, y), 2);
  }
  const auto n = static_cast<double>(edited.size());
  EXPECT_LT(std::sqrt(squares / n), 0.0178) << "35 dB";
  EXPECT_GT(std::sqrt(change / n), 0.05) << "there is something to see";
}

TEST(PictureProblems, a_plate_goes_through_scattered_points) {
  const TemporaryFolder folder;
  const auto f = [](double x, double y) { return std::sin(5 * x) * std::cos(4 * y) + 0.5 * x; };
  std::vector<double> known, places;
  for (int p = 0; p < 300; ++p) {
    const double x = std::fmod(0.754878 * p, 1), y = std::fmod(0.56984 * p, 1);
    known.insert(known.end(), {x, y, f(x, y)});
    places.insert(places.end(), {std::fmod(0.3 + 0.618034 * p, 1), std::fmod(0.414214 * p, 1)});
  }
  write_npy(folder / "known.npy", std::vector<std::int64_t>{300, 3}, std::span<const double>(known));
  const std::string data = R"toml(
coordinates = { x = [0, 1], y = [0, 1] }
unknowns = { u = "real" }
features = { count = 600, wavenumber = 75 }
[terms.data]
residual = "u - value"
points = { npy = "known.npy", columns = ["x", "y", "value"] }
)toml",
                    plate = R"toml(
[terms.plate]
residual = "[diff(u, x, x), sqrt(2) * diff(u, x, y), diff(u, y, y)]"
weight = 0.1
)toml";
  const auto error = [&](const std::string& text) {
    const std::vector<double> u = solved_and_shown(text, files_in(folder.path()), 400, "u", places);
    double squares = 0;
    for (std::size_t p = 0; p < u.size(); ++p) squares += std::pow(u[p] - f(places[2 * p], places[2 * p + 1]), 2);
    return std::sqrt(squares / static_cast<double>(u.size()));
  };
  const double with = error(data + plate), without = error(data);
  EXPECT_LT(with, 0.05);
  EXPECT_GT(without, 10 * with) << "600 features, most of them much finer, through 300 points";
}

/// A problem file of ours with some of its text replaced.
std::string changed(const char* name, const std::vector<std::pair<std::string, std::string>>& changes) {
  std::ifstream file(std::filesystem::path(SINEFIELD_TEST_PROBLEMS) / name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto& [from, to] : changes) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }
  return text;
}

TEST(PictureProblems, a_picture_from_its_gradient_and_from_its_laplacian) {
  const GivenFiles files = files_in(SINEFIELD_TEST_PROBLEMS);
  const auto error = [&](const std::string& text) {
    return solve(problem_from_text(text, "test", {}, files)).report.errors.at(0).relative_l2;
  };
  const std::pair<std::string, std::string> part = {"x = [80, 208]\ny = [40, 168]", "x = [128, 160]\ny = [88, 120]"},
                                            tiles = {"[features]", "[features]\ntiles = 8"};
  EXPECT_LT(error(changed("poisson_gradient.toml", {part, tiles, {"points = 50000", "points = 4000"}})), 0.003);
  EXPECT_LT(error(changed("poisson_laplacian.toml", {part, tiles, {"points = 100000", "points = 7000"}})), 0.02);
}

}  // namespace
}  // namespace sinefield
