// A given field: samples on a regular grid of one to three axes, and the spline through them, with its exact
// derivatives. Left out: files (given_files.h), and names (expression.h, problem.h).
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace sinefield {

/// Where the samples of an axis lie in its range: in the middles of equal cells, as pixels do, or from end to end, both
/// included.
enum class SamplesAt : std::uint8_t { cells, nodes };

struct GivenAxis {
  std::int64_t samples;  ///< at least 1 in cells, 2 as nodes
  double low, high;      ///< finite, low < high
  SamplesAt at = SamplesAt::cells;
};

/// Components of one spline each, of degree 3 or 5 along all axes: twice, four times continuously differentiable. It
/// goes through the samples, is mirrored at the ends of the ranges, so that its slope is 0 there, and stays as it is at
/// an end beyond it. Coefficients by the recursive filters of M. Unser, A. Aldroubi and M. Eden, "B-spline signal
/// processing", IEEE Transactions on Signal Processing 41 (1993), summed exactly over the mirrored period.
class GivenField {
 public:
  static constexpr std::size_t most_axes = 3;
  static constexpr int most_components = 100, highest_order = 4;
  static constexpr std::size_t most_numbers = std::size_t{1} << 26U;

  /// values (samples of each axis, components), row-major. Throws bad_input for axes and numbers out of range, and for
  /// values that are not finite.
  GivenField(std::vector<GivenAxis> axes, int components, std::vector<double> values);

  const std::vector<GivenAxis>& axes() const { return axes_; }
  int components() const { return components_; }

  /// Degree of the spline that has a continuous derivative of this order along an axis, at most `highest_order`.
  static int degree_for(int order) { return order <= 2 ? 3 : 5; }
  /// Makes the coefficients of a degree, 3 or 5, which `value` otherwise makes where it first needs them.
  void prepare(int degree) const;
  /// The derivative of `orders` (axes), 0 to `highest_order` each, of a component of the spline of a degree at x
  /// (axes). 0 beyond the ends along an axis of order above 0. NaN where x is. From any thread.
  double value(std::span<const double> x, int component, std::span<const int> orders, int degree) const;

 private:
  std::vector<double> coefficients_of(int degree) const;

  std::vector<GivenAxis> axes_;
  int components_;
  std::vector<double> samples_;
  mutable std::array<std::once_flag, 2> made_;
  mutable std::array<std::vector<double>, 2> coefficients_;  // of degrees 3 and 5, laid out as the samples
};

}  // namespace sinefield
