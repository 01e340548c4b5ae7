// SPDX-License-Identifier: MIT
#include "direct/box_solver.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "direct/eigen.h"
#include "sinefield/error.h"

namespace sinefield::direct {
namespace {

/// For each channel's equation and each channel the factors of the value and of the second derivatives.
struct ConstantOperator {
  int channels, axes;
  std::vector<double> factors;       // (channels, channels, 1 + axes)
  std::vector<double> scales;        // (unknowns), what the equation of each is times these; 0 on sides
  std::vector<double> side_factors;  // (unknowns), of u on the sides; 0 inside
};

std::optional<ConstantOperator> constant_operator(const GridPoints& grid, GridEquations& equations) {
  if (!grid.is_box()) return {};
  const int channels = equations.channels(), axes = static_cast<int>(grid.dimensions());
  const auto n = static_cast<std::size_t>(equations.unknowns()), c = static_cast<std::size_t>(channels),
             kinds = c * static_cast<std::size_t>(1 + axes);
  std::vector<double> all(n * kinds), sides(n);
  bool fits = true;
  equations.visit([&](const Coefficient& k) {
    const auto row = static_cast<std::size_t>(k.row);
    fits = fits && k.time_order == 0;
    if (grid.on_border(k.point)) {
      fits = fits && k.i < 0 && k.channel == static_cast<int>(row % c);
      sides[row] += k.value;
    } else {
      fits = fits && (k.i < 0 || k.i == k.j);
      all[row * kinds + static_cast<std::size_t>(k.channel * (1 + axes) + (k.i < 0 ? 0 : 1 + k.i))] += k.value;
    }
  });
  if (!fits) return {};
  ConstantOperator made{channels, axes, std::vector<double>(c * kinds), std::vector<double>(n), std::move(sides)};
  std::vector<std::size_t> largest(c);
  std::vector<bool> seen(c);
  for (std::size_t row = 0; row < n; ++row) {
    if (grid.on_border(static_cast<std::int64_t>(row / c))) {
      if (made.side_factors[row] == 0) return {};
      continue;
    }
    const std::size_t channel = row % c;
    const double *const here = &all[row * kinds], *const first = &made.factors[channel * kinds];
    if (!seen[channel]) {
      std::copy_n(here, kinds, &made.factors[channel * kinds]);
      largest[channel] = static_cast<std::size_t>(
          std::max_element(here, here + kinds, [](double a, double b) { return std::abs(a) < std::abs(b); }) - here);
      seen[channel] = true;
    }
    const double scale = here[largest[channel]] / first[largest[channel]];
    constexpr double rounding = 1e-12;
    if (scale == 0) return {};
    for (std::size_t k = 0; k < kinds; ++k)
      if (!(std::abs(here[k] - scale * first[k]) <= rounding * std::abs(here[largest[channel]]))) return {};
    made.scales[row] = scale;
  }
  return made;
}

/// Sums of sines along one axis of inner nodes: s_k = sum over j of v_j sin(pi j k / n), j, k = 1 .. n-1; twice it is
/// n / 2 times the same. By a Fourier transform of the odd continuation, two lines in one.
class SineTransform {
 public:
  explicit SineTransform(int intervals) : n_(intervals), in_(static_cast<std::size_t>(2 * intervals)), out_(in_) {}

  void operator()(double* first, std::int64_t step, double* second) {
    const auto n = static_cast<std::size_t>(n_);
    std::ranges::fill(in_, std::complex<double>());
    for (std::size_t j = 1; j < n; ++j) {
      const auto at = static_cast<std::int64_t>(j - 1) * step;
      in_[j] = {first[at], second != nullptr ? second[at] : 0};
      in_[2 * n - j] = -in_[j];
    }
    fft_.fwd(out_, in_);
    // Of an odd real sequence the transform is -2i times its sines, so of the pair it is 2 (second - i first).
    for (std::size_t j = 1; j < n; ++j) {
      const auto at = static_cast<std::int64_t>(j - 1) * step;
      first[at] = -out_[j].imag() / 2;
      if (second != nullptr) second[at] = out_[j].real() / 2;
    }
  }

 private:
  int n_;
  std::vector<std::complex<double>> in_, out_;
  eigen::FFT<double> fft_;
};

/// (inner nodes) of one channel along all axes.
void transform(std::vector<double>& values, const std::vector<int>& intervals) {
  std::int64_t inner = 1;
  for (std::size_t axis = intervals.size(); axis-- > 0;) {
    const std::int64_t length = intervals[axis] - 1, lines = std::ssize(values) / length;
    SineTransform along(intervals[axis]);
    const auto start = [&](std::int64_t line) {
      return values.data() + (line / inner) * inner * length + line % inner;
    };
    for (std::int64_t line = 0; line < lines; line += 2)
      along(start(line), inner, line + 1 < lines ? start(line + 1) : nullptr);
    inner *= length;
  }
}

}  // namespace

bool is_solved_in_sines(const GridPoints& grid, GridEquations& equations) {
  equations.linearise(Moment::steady(equations.channels()),
                      std::vector<double>(static_cast<std::size_t>(equations.unknowns())));
  return constant_operator(grid, equations).has_value();
}

std::optional<std::vector<double>> solve_in_sines(const GridPoints& grid, GridEquations& equations) {
  const Moment steady = Moment::steady(equations.channels());
  std::vector<double> found(static_cast<std::size_t>(equations.unknowns()));
  equations.linearise(steady, found);
  const std::optional<ConstantOperator> of = constant_operator(grid, equations);
  if (!of) return {};
  const auto c = static_cast<std::size_t>(of->channels), kinds = c * static_cast<std::size_t>(1 + of->axes);
  for (std::size_t k = 0; k < found.size(); ++k)
    if (of->side_factors[k] != 0) found[k] = -equations.residual()[k] / of->side_factors[k];
  equations.linearise(steady, found);  // now with the sides

  std::vector<int> intervals;
  std::size_t inside = 1;
  double scale = 1;  // of both transforms together
  std::vector<std::vector<double>> eigenvalues;
  for (std::size_t axis = 0; axis < grid.dimensions(); ++axis) {
    const std::vector<double>& nodes = grid.nodes(axis);
    const auto n = static_cast<int>(nodes.size()) - 1;
    intervals.push_back(n);
    inside *= static_cast<std::size_t>(n - 1);
    scale *= 2.0 / n;
    const double step = (nodes.back() - nodes.front()) / n;
    std::vector<double>& of_axis = eigenvalues.emplace_back();
    for (int k = 1; k < n; ++k) {
      const double sine = std::sin(std::numbers::pi * k / (2 * n));
      of_axis.push_back(-4 * sine * sine / (step * step));
    }
  }
  // Points of a box are its nodes in their order, so its inner ones are those of the inner grid in theirs.
  std::vector<std::size_t> points;
  points.reserve(inside);
  for (std::int64_t p = 0; p < grid.count(); ++p)
    if (!grid.on_border(p)) points.push_back(static_cast<std::size_t>(p));
  std::vector<std::vector<double>> right(c, std::vector<double>(inside));
  for (std::size_t k = 0; k < inside; ++k)
    for (std::size_t channel = 0; channel < c; ++channel) {
      const std::size_t row = points[k] * c + channel;
      right[channel][k] = -equations.residual()[row] / of->scales[row];
    }
  for (std::vector<double>& of_channel : right) transform(of_channel, intervals);

  eigen::MatrixXd symbol(of->channels, of->channels);
  eigen::VectorXd sides(of->channels);
  double least = HUGE_VAL, largest = 0;
  for (std::size_t k = 0; k < inside; ++k) {
    std::size_t rest = k;
    std::array<double, 3> values{};
    for (std::size_t axis = intervals.size(); axis-- > 0;) {
      const auto length = static_cast<std::size_t>(intervals[axis] - 1);
      values[axis] = eigenvalues[axis][rest % length];
      rest /= length;
    }
    for (std::size_t row = 0; row < c; ++row) {
      for (std::size_t column = 0; column < c; ++column) {
        const double* const factors = &of->factors[row * kinds + column * static_cast<std::size_t>(1 + of->axes)];
        double sum = factors[0];
        for (std::size_t axis = 0; axis < intervals.size(); ++axis) sum += factors[1 + axis] * values[axis];
        symbol(static_cast<int>(row), static_cast<int>(column)) = sum;
      }
      sides[static_cast<int>(row)] = right[row][k];
    }
    if (c == 1) {
      least = std::min(least, std::abs(symbol(0, 0)));
      largest = std::max(largest, std::abs(symbol(0, 0)));
      right[0][k] /= symbol(0, 0);
      continue;
    }
    const eigen::FullPivLU<eigen::MatrixXd> factors(symbol);
    least = std::min(least, factors.isInvertible() ? std::abs(factors.matrixLU().diagonal()[of->channels - 1]) : 0.0);
    largest = std::max(largest, factors.maxPivot());
    const eigen::VectorXd solved = factors.solve(sides);
    for (std::size_t channel = 0; channel < c; ++channel) right[channel][k] = solved[static_cast<int>(channel)];
  }
  constexpr double singular = 1e-13;
  if (!(least > singular * largest))
    throw failure("the equations on the grid are singular: one of their waves fits the box exactly",
                  "change a coefficient or the number of points");
  for (std::vector<double>& of_channel : right) transform(of_channel, intervals);
  for (std::size_t k = 0; k < inside; ++k)
    for (std::size_t channel = 0; channel < c; ++channel) found[points[k] * c + channel] = scale * right[channel][k];
  return found;
}

}  // namespace sinefield::direct
