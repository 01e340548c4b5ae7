// Levenberg-Marquardt: certified and closed-form fits, a case in which Gauss-Newton diverges, both forms of the step,
// functions and non-linear equations by a network; stops, states with the same bits, threads.
// SPDX-License-Identifier: MIT
#include "train/levenberg_marquardt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <span>
#include <vector>

#include "allocation_count.h"
#include "engine_samples.h"
#include "reference/reference.h"
#include "refusal.h"

namespace sinefield {
namespace {

using engine::Streams;
using std::numbers::pi;
using train::LeastSquaresStop;
using train::LevenbergMarquardt;
using train::minimise_squares;

/// Residuals given with all of J: (rows, parameters) row-major.
class ExplicitResiduals final : public train::Residuals {
 public:
  using Call = std::function<void(std::span<const double>, std::span<double>, std::span<double>)>;
  ExplicitResiduals(std::int64_t rows, std::int64_t parameters, Call call)
      : rows_(rows),
        parameters_(parameters),
        call_(std::move(call)),
        jacobian_(static_cast<std::size_t>(rows * parameters)),
        ignored_(jacobian_.size()) {}
  std::int64_t rows() const override { return rows_; }
  std::int64_t parameters() const override { return parameters_; }
  void values(std::span<const double> p, std::span<double> r) override { call_(p, r, ignored_); }
  void linearise(std::span<const double> p, std::span<double> r) override { call_(p, r, jacobian_); }
  void times(std::span<const double> v, std::span<double> result) override {
    for (std::int64_t r = 0; r < rows_; ++r) {
      double& sum = result[static_cast<std::size_t>(r)] = 0;
      for (std::int64_t k = 0; k < parameters_; ++k) sum += v[static_cast<std::size_t>(k)] * at(r, k);
    }
  }
  void transposed_times(std::span<const double> w, std::span<double> result) override {
    for (std::int64_t k = 0; k < parameters_; ++k) {
      double& sum = result[static_cast<std::size_t>(k)] = 0;
      for (std::int64_t r = 0; r < rows_; ++r) sum += w[static_cast<std::size_t>(r)] * at(r, k);
    }
  }
  void gram(MatrixView<double> matrix) override {
    for (std::int64_t r = 0; r < rows_; ++r)
      for (std::int64_t q = 0; q < rows_; ++q) {
        double& sum = matrix.row(r)[q] = 0;
        for (std::int64_t k = 0; k < parameters_; ++k) sum += at(r, k) * at(q, k);
      }
  }
  void normal_matrix(MatrixView<double> matrix) override {
    for (std::int64_t i = 0; i < parameters_; ++i)
      for (std::int64_t k = 0; k < parameters_; ++k) {
        double& sum = matrix.row(i)[k] = 0;
        for (std::int64_t r = 0; r < rows_; ++r) sum += at(r, i) * at(r, k);
      }
  }

 private:
  double at(std::int64_t row, std::int64_t column) const {
    return jacobian_[static_cast<std::size_t>(row * parameters_ + column)];
  }
  std::int64_t rows_, parameters_;
  Call call_;
  std::vector<double> jacobian_, ignored_;
};

// Two residuals, two parameters: the valley of Rosenbrock.
TEST(LevenbergMarquardt, finds_the_end_of_a_curved_valley) {
  ExplicitResiduals residuals(2, 2, [](auto p, auto r, auto jacobian) {
    r[0] = 10 * (p[1] - p[0] * p[0]), r[1] = 1 - p[0];
    jacobian[0] = -20 * p[0], jacobian[1] = 10, jacobian[2] = -1, jacobian[3] = 0;
  });
  std::vector<double> p = {-1.2, 1};
  const train::LeastSquaresReport report = minimise_squares(residuals, p, {.squares = 1e-28});
  EXPECT_EQ(report.stopped_by, LeastSquaresStop::squares);
  EXPECT_LE(report.steps, 40);
  EXPECT_LT(report.squares, 1e-28);
  EXPECT_NEAR(p[0], 1, 1e-13);
  EXPECT_NEAR(p[1], 1, 1e-13);
}

// Misra1a of NIST's Statistical Reference Datasets (public domain): y = b1 (1 - exp(-b2 x)), 14 observations, residuals
// that stay. The second parameter in units of 1e-6, so that both are of the same size.
TEST(LevenbergMarquardt, comes_to_the_certified_values_of_a_fit) {
  constexpr std::array x = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                            378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
  constexpr std::array y = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                            44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
  ExplicitResiduals residuals(14, 2, [&](auto p, auto r, auto jacobian) {
    for (std::size_t i = 0; i < 14; ++i) {
      const double decay = std::exp(-1e-6 * p[1] * x[i]);
      r[i] = p[0] * (1 - decay) - y[i];
      jacobian[2 * i] = 1 - decay;
      jacobian[2 * i + 1] = p[0] * decay * 1e-6 * x[i];
    }
  });
  for (const auto& start : {std::vector<double>{500, 100}, {250, 500}}) {
    std::vector<double> p = start;
    const train::LeastSquaresReport report = minimise_squares(residuals, p, {.decrease = 1e-15});
    EXPECT_NE(report.stopped_by, LeastSquaresStop::steps);
    EXPECT_NEAR(p[0], 2.3894212918e2, 1e-8 * 2.3894212918e2);
    EXPECT_NEAR(p[1], 5.5015643181e2, 1e-8 * 5.5015643181e2);
    EXPECT_NEAR(report.squares, 1.2455138894e-1, 1e-10);
  }
}

// atan p = 0: undamped steps overshoot further each time from |p| > 1.39 on.
TEST(LevenbergMarquardt, accepts_and_rejects_where_gauss_newton_diverges) {
  ExplicitResiduals residuals(1, 1, [](auto p, auto r, auto jacobian) {
    r[0] = std::atan(p[0]);
    jacobian[0] = 1 / (1 + p[0] * p[0]);
  });
  double plain = 3;
  for (int step = 0; step < 5; ++step) plain -= std::atan(plain) * (1 + plain * plain);
  EXPECT_GT(std::abs(plain), 1e6);

  std::vector<double> p = {3};
  LevenbergMarquardt method(residuals, 1e-6);  // hardly damped: the first step is that of Gauss and Newton
  EXPECT_FALSE(method.step(p).accepted);
  EXPECT_EQ(p[0], 3) << "a rejected step changes nothing";
  EXPECT_EQ(method.squares(), std::atan(3) * std::atan(3));
  double squares = method.squares();
  for (int step = 0; step < 30; ++step) {
    const LevenbergMarquardt::Step taken = method.step(p);
    EXPECT_LE(taken.squares, squares);
    EXPECT_EQ(taken.squares < squares, taken.accepted);
    squares = taken.squares;
    if (squares < 1e-30) break;
  }
  EXPECT_NEAR(p[0], 0, 1e-15);
}

TEST(LevenbergMarquardt, stops_for_every_reason) {
  const auto flat = [](auto, auto r, auto jacobian) { r[0] = 1, jacobian[0] = 0; };
  const auto slow = [](auto p, auto r, auto jacobian) {  // exp p falls for ever
    r[0] = std::exp(p[0]), jacobian[0] = r[0];
  };
  const auto reason = [](const ExplicitResiduals::Call& call, const train::LeastSquaresOptions& options) {
    ExplicitResiduals residuals(1, 1, call);
    std::vector<double> p = {0};
    return minimise_squares(residuals, p, options).stopped_by;
  };
  EXPECT_EQ(reason(flat, {.rejections = 5}), LeastSquaresStop::damping);
  EXPECT_EQ(reason(slow, {.steps = 7}), LeastSquaresStop::steps);
  EXPECT_EQ(reason(slow, {.squares = 1e-3}), LeastSquaresStop::squares);
  EXPECT_EQ(reason(slow, {.decrease = 0.9999}), LeastSquaresStop::decrease);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(reason(slow, {.stop = source.get_token()}), LeastSquaresStop::interruption);
  EXPECT_THAT(refusal([&] { reason(slow, {.steps = 0}); }), testing::HasSubstr("0 steps"));
  EXPECT_THAT(refusal([&] { reason(slow, {.damping = 0}); }), testing::HasSubstr("damping is 0"));
  EXPECT_THAT(refusal([&] { reason(slow, {.squares = -1}); }), testing::HasSubstr("squares of -1"));
  EXPECT_THAT(refusal([&] { reason(slow, {.decrease = -1}); }), testing::HasSubstr("share of -1"));
  EXPECT_THAT(refusal([&] { reason(slow, {.rejections = 0}); }), testing::HasSubstr("0 rejections"));
  EXPECT_THROW(reason([](auto, auto r, auto jacobian) { r[0] = NAN, jacobian[0] = 1; }, {}), Error);
  EXPECT_EQ(train::least_squares_stop_name(LeastSquaresStop::damping), "damping");
}

// ---- networks

/// Residuals of one output at points inside and on the border of [-1, 1]^d: inside a function of the streams, on the
/// border `weight` (u - wanted). Each is divided by the root of the number of its kind.
class Equation final : public train::PointResiduals {
 public:
  /// r(x, u, u_bar): u and u_bar are the streams of one point.
  using Inside = std::function<double(std::span<const double>, std::span<const double>, std::span<double>)>;
  using Exact = std::function<double(std::span<const double>)>;
  Equation(int inputs, int streams, std::vector<double> inside, std::vector<double> border, Inside residual,
           Exact exact, double weight)
      : inputs_(inputs),
        streams_(streams),
        inside_(std::ssize(inside) / inputs),
        x_(std::move(inside)),
        residual_(std::move(residual)),
        exact_(std::move(exact)),
        weight_(weight) {
    x_.insert(x_.end(), border.begin(), border.end());
  }
  std::int64_t points() const override { return std::ssize(x_) / inputs_; }
  void coordinates(std::int64_t first, int count, double* x) const override {
    std::copy_n(x_.begin() + first * inputs_, count * inputs_, x);
  }
  void linearise(std::int64_t first, int count, Streams<const double> u, Streams<double> u_bar,
                 double* r) const override {
    std::array<double, 4> of_point{}, bar{};
    for (int p = 0; p < count; ++p) {
      const std::span<const double> x(x_.data() + (first + p) * inputs_, static_cast<std::size_t>(inputs_));
      for (int s = 0; s < streams_; ++s) of_point[static_cast<std::size_t>(s)] = u[s][p];
      bar = {};
      double scale = 1 / std::sqrt(static_cast<double>(inside_));
      if (first + p < inside_) {
        r[p] = residual_(x, of_point, bar);
      } else {
        scale = weight_ / std::sqrt(static_cast<double>(points() - inside_));
        r[p] = of_point[0] - exact_(x);
        bar[0] = 1;
      }
      r[p] *= scale;
      for (int s = 0; s < streams_; ++s) u_bar[s][p] = scale * bar[static_cast<std::size_t>(s)];
    }
  }

  /// Of the network at `points` random points: the root of the mean squared error over that of the exact solution.
  double error(const Architecture& a, std::span<const double> parameters, std::int64_t points) const {
    const std::vector<double> x = some_numbers(points * inputs_, 1, 99);
    double squares = 0, size = 0;
    for (std::int64_t n = 0; n < points; ++n) {
      const std::span<const double> at(x.data() + n * inputs_, static_cast<std::size_t>(inputs_));
      const double wanted = exact_(at), difference = reference::jet(a, parameters, at).value[0] - wanted;
      squares += difference * difference;
      size += wanted * wanted;
    }
    return std::sqrt(squares / size);
  }

 private:
  int inputs_, streams_;
  std::int64_t inside_;
  std::vector<double> x_;
  Inside residual_;
  Exact exact_;
  double weight_;
};

std::vector<double> evenly(int count) {
  std::vector<double> x;
  for (int i = 0; i < count; ++i) x.push_back(-1 + 2 * (i + 0.5) / count);
  return x;
}

std::vector<double> border_of_square(int on_a_side) {
  std::vector<double> x;
  for (const double t : evenly(on_a_side))
    for (const auto& [a, b] : {std::pair{t, -1.0}, {t, 1.0}, {-1.0, t}, {1.0, t}}) x.insert(x.end(), {a, b});
  return x;
}

/// u'' + u^3 = f with u = sin pi x, u(-1) = u(1) = 0.
Equation cubic(int points) {
  const auto exact = [](auto x) { return std::sin(pi * x[0]); };
  return {1,
          3,
          evenly(points),
          {-1, 1},
          [=](auto x, auto u, auto bar) {
            bar[0] = 3 * u[0] * u[0], bar[2] = 1;
            return u[2] + u[0] * u[0] * u[0] - (std::pow(exact(x), 3) - pi * pi * exact(x));
          },
          exact,
          10};
}

/// -lap u = f on the square with u = sin pi x sin pi y + exp x cos y on its border too.
Equation poisson(int points) {
  const auto waves = [](auto x) { return std::sin(pi * x[0]) * std::sin(pi * x[1]); };
  return {2,
          4,
          some_numbers(2 * points, 1, 7),
          border_of_square(20),
          [=](auto x, auto u, auto bar) {
            bar[3] = -1;
            return -u[3] - 2 * pi * pi * waves(x);
          },
          [=](auto x) { return waves(x) + std::exp(x[0]) * std::cos(x[1]); },
          10};
}

// As far as matrices that square the condition of J lead: |r|^2 comes to some 1e-18, errors to its root.
TEST(LevenbergMarquardtNetwork, fits_a_smooth_function_to_eight_digits) {
  const Architecture a{.inputs = 1, .outputs = 1, .width = 16, .hidden_layers = 1, .omega_first = 5, .omega_hidden = 2};
  const auto wanted = [](auto x) { return std::exp(x[0]) * std::cos(3 * x[0]); };
  const Equation values(
      1, 1, evenly(100), {},
      [=](auto x, auto u, auto bar) {
        bar[0] = 1;
        return u[0] - wanted(x);
      },
      wanted, 1);
  engine::SerialWorkers workers;
  for (const Isa isa : available_isas()) {
    train::NetworkResiduals residuals(a, isa, workers, engine::value_plan(), values);
    std::vector<double> p = some_parameters(a, 1);
    const train::LeastSquaresReport report = minimise_squares(residuals, p, {.steps = 300, .squares = 1e-22});
    const double error = values.error(a, p, 1000);
    std::cout << isa_name(isa) << ": " << report.steps << " steps, |r|^2 " << report.squares << ", error " << error
              << "\n";
    EXPECT_LT(error, 1e-8) << isa_name(isa);
  }
}

/// The same solution from fewer residuals than parameters, by J J', and from more, by J'J.
TEST(LevenbergMarquardtNetwork, solves_a_nonlinear_equation_in_either_form) {
  const std::array<double, 1> one = {1};
  engine::SerialWorkers workers;
  for (const auto& [width, points] : {std::pair{16, 48}, {8, 200}}) {
    const Architecture a{
        .inputs = 1, .outputs = 1, .width = width, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 2};
    const Equation equation = cubic(points);
    train::NetworkResiduals residuals(a, best_isa(), workers, engine::laplacian_plan(one), equation);
    ASSERT_EQ(residuals.rows() < residuals.parameters(), width == 16);
    std::vector<double> p = some_parameters(a, 1);
    const train::LeastSquaresReport report = minimise_squares(residuals, p, {.steps = 300, .squares = 1e-20});
    const double error = equation.error(a, p, 1000);
    std::cout << "width " << width << ": " << report.steps << " steps, " << report.accepted << " accepted, |r|^2 "
              << report.squares << ", error " << error << "\n";
    EXPECT_LT(error, 1e-6);
  }
}

TEST(LevenbergMarquardtNetwork, solves_poissons_equation) {
  const std::array<double, 2> ones = {1, 1};
  const Architecture a{.inputs = 2, .outputs = 1, .width = 24, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 2};
  const Equation equation = poisson(250);
  const auto workers = engine::make_workers(2);
  train::NetworkResiduals residuals(a, best_isa(), *workers, engine::laplacian_plan(ones), equation);
  std::vector<double> p = some_parameters(a, 1);
  const train::LeastSquaresReport report = minimise_squares(residuals, p, {.steps = 200, .squares = 1e-18});
  const double error = equation.error(a, p, 2000);
  std::cout << report.steps << " steps, " << report.accepted << " accepted, |r|^2 " << report.squares << ", error "
            << error << "\n";
  EXPECT_LT(error, 1e-6);
}

// J'J and J J' say the same: the step of either form, where both can be asked.
TEST(LevenbergMarquardtNetwork, matrices_are_those_of_the_rows) {
  const std::array<double, 1> one = {1};
  const Architecture a{.inputs = 1, .outputs = 1, .width = 7, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 2};
  const Equation equation = cubic(300);  // rows of J are added up in pieces
  engine::SerialWorkers workers;
  train::NetworkResiduals residuals(a, best_isa(), workers, engine::laplacian_plan(one), equation);
  const std::int64_t rows = residuals.rows(), columns = residuals.parameters();
  std::vector<double> r(static_cast<std::size_t>(rows)), column(static_cast<std::size_t>(columns)),
      w(static_cast<std::size_t>(rows)), normal(static_cast<std::size_t>(columns * columns)), expected(normal.size());
  residuals.linearise(some_parameters(a, 1), r);
  residuals.normal_matrix({normal.data(), columns, columns});
  for (std::size_t row = 0; row < w.size(); ++row) {
    std::ranges::fill(w, 0.0);
    w[row] = 1;
    residuals.transposed_times(w, column);
    for (std::size_t i = 0; i < column.size(); ++i)
      for (std::size_t k = 0; k < column.size(); ++k) expected[i * column.size() + k] += column[i] * column[k];
  }
  for (std::size_t i = 0; i < normal.size(); ++i) EXPECT_NEAR(normal[i], expected[i], 1e-12 * largest(expected)) << i;
}

TEST(LevenbergMarquardtNetwork, steps_allocate_nothing) {
  const std::array<double, 1> one = {1};
  engine::SerialWorkers workers;
  for (const int width : {16, 5}) {  // either form
    const Architecture a{
        .inputs = 1, .outputs = 1, .width = width, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 2};
    const Equation equation = cubic(100);
    train::NetworkResiduals residuals(a, best_isa(), workers, engine::laplacian_plan(one), equation);
    std::vector<double> p = some_parameters(a, 1);
    LevenbergMarquardt method(residuals, 1e-9);
    method.step(p);
    const std::int64_t before = allocation_count();
    for (int step = 0; step < 10; ++step) method.step(p);
    EXPECT_EQ(allocation_count() - before, 0) << width;
  }
}

TEST(LevenbergMarquardtNetwork, bits_do_not_depend_on_threads_nor_on_interruptions) {
  const std::array<double, 1> one = {1};
  for (const int width : {16, 5}) {
    const Architecture a{
        .inputs = 1, .outputs = 1, .width = width, .hidden_layers = 1, .omega_first = 4, .omega_hidden = 2};
    const Equation equation = cubic(100);
    const auto run = [&](engine::Workers& workers, bool interrupted) {
      train::NetworkResiduals residuals(a, best_isa(), workers, engine::laplacian_plan(one), equation);
      std::vector<double> p = some_parameters(a, 1);
      LevenbergMarquardt whole(residuals, 1e-9);  // so that some steps are rejected
      int rejected = 0;
      for (int step = 0; step < 20; ++step) {
        if (!interrupted) {
          rejected += !whole.step(p).accepted;
          continue;
        }
        LevenbergMarquardt part(residuals, 1e-9);
        part.restore(whole.lambda());
        part.step(p);
        whole.restore(part.lambda());
      }
      EXPECT_TRUE(interrupted || rejected > 0);
      return p;
    };
    engine::SerialWorkers serial;
    const std::vector<double> alone = run(serial, false);
    EXPECT_EQ(run(*engine::make_workers(2), false), alone);
    EXPECT_EQ(run(*engine::make_workers(5), false), alone);
    EXPECT_EQ(run(serial, true), alone);
  }
}

}  // namespace
}  // namespace sinefield
