// Splines of odd degree on regular grids. Bases by the recurrence of C. de Boor, "A practical guide to splines" (2001),
// chapters IX and X, for knots one apart.
// SPDX-License-Identifier: MIT
#include "sinefield/given_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr int highest_degree = 5;

/// Poles of the filter that turns samples into coefficients: the zeros within the unit circle of the B-spline's
/// samples.
std::vector<double> poles_of(int degree) {
  if (degree == 3) return {std::sqrt(3.0) - 2};
  const double root = std::sqrt(17745.0 / 4);
  return {std::sqrt(135.0 / 2 - root) + std::sqrt(105.0 / 4) - 13.0 / 2,
          std::sqrt(135.0 / 2 + root) - std::sqrt(105.0 / 4) - 13.0 / 2};
}

/// Samples k, mirrored, are samples 0 .. n - 1: about the outer ones, or about the ends of the outer cells.
std::int64_t mirrored(std::int64_t k, std::int64_t n, SamplesAt at) {
  if (k >= 0 && k < n) return k;
  if (n == 1) return 0;
  const std::int64_t period = at == SamplesAt::nodes ? 2 * n - 2 : 2 * n;
  k = (k % period + period) % period;
  return k < n ? k : at == SamplesAt::nodes ? period - k : period - 1 - k;
}

/// Samples to coefficients in place, along numbers that lie `stride` apart: for each pole z a filter upwards,
/// c(k) = f(k) + z c(k - 1), then one downwards, c(k) = z (c(k + 1) - c(k)).
void filter(double* f, std::int64_t n, std::size_t stride, SamplesAt at, int degree) {
  if (n == 1) return;
  const auto number = [&](std::int64_t k) -> double& { return f[static_cast<std::size_t>(k) * stride]; };
  for (const double z : poles_of(degree)) {
    const double gain = (1 - z) * (1 - 1 / z);
    const std::int64_t period = at == SamplesAt::nodes ? 2 * n - 2 : 2 * n;
    // The filter's start is the sum over all that has been before, which repeats with the period.
    constexpr std::int64_t far = 60;  // |z|^60 < 1e-21
    double before = 0, power = 1;
    for (std::int64_t k = 0; k < std::min(period, far); ++k, power *= z) before += power * number(mirrored(-k, n, at));
    if (period <= far) before /= 1 - power;
    for (std::int64_t k = 0; k < n; ++k) number(k) *= gain;
    number(0) = gain * before;
    for (std::int64_t k = 1; k < n; ++k) number(k) += z * number(k - 1);
    number(n - 1) =
        at == SamplesAt::nodes ? z / (z * z - 1) * (number(n - 1) + z * number(n - 2)) : z / (z - 1) * number(n - 1);
    for (std::int64_t k = n - 1; k-- > 0;) number(k) = z * (number(k + 1) - number(k));
  }
}

/// What the degree + 1 B-splines about a point weigh there, differentiated; u in [0, 1] is its place between knots.
std::array<double, highest_degree + 1> weights_of(int degree, int order, double u) {
  std::array<double, highest_degree + 1> w{1};
  for (int q = 1; q <= degree; ++q)
    for (int j = q; j >= 0; --j) {
      const double left = j > 0 ? w.at(static_cast<std::size_t>(j - 1)) : 0,
                   right = j < q ? w.at(static_cast<std::size_t>(j)) : 0;
      w.at(static_cast<std::size_t>(j)) =
          q > degree - order ? left - right : ((u + q - j) * left + (j + 1 - u) * right) / q;
    }
  return w;
}

}  // namespace

GivenField::GivenField(std::vector<GivenAxis> axes, int components, std::vector<double> values)
    : axes_(std::move(axes)), components_(components), samples_(std::move(values)) {
  if (axes_.empty() || axes_.size() > most_axes)
    throw bad_input(fmt::format("a given field of {} axes, expected 1 to {}", axes_.size(), most_axes));
  if (components < 1 || components > most_components)
    throw bad_input(fmt::format("a given field of {} components, expected 1 to {}", components, most_components));
  double numbers = components;
  for (const GivenAxis& axis : axes_) {
    const std::int64_t fewest = axis.at == SamplesAt::nodes ? 2 : 1;
    if (axis.samples < fewest)
      throw bad_input(
          fmt::format("a given field of {} samples along an axis, expected {} or more", axis.samples, fewest));
    if (!(std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low < axis.high))
      throw bad_input(fmt::format("a given field from {} to {}", axis.low, axis.high),
                      "expected finite numbers, the lower one first");
    numbers *= static_cast<double>(axis.samples);
  }
  if (numbers > static_cast<double>(most_numbers))
    throw bad_input(fmt::format("a given field of {:.0f} numbers, at most {} are taken", numbers, most_numbers),
                    "cut it, or make it coarser");
  if (samples_.size() != static_cast<std::size_t>(numbers))
    throw bad_input(fmt::format("a given field of {} numbers, expected {:.0f}", samples_.size(), numbers));
  const auto bad = std::ranges::find_if_not(samples_, [](double v) { return std::isfinite(v); });
  if (bad != samples_.end()) {
    auto rest = (bad - samples_.begin()) / components;
    std::string place;
    for (std::size_t i = axes_.size(); i-- > 0; rest /= axes_[i].samples)
      place = fmt::format("{}{}{}", rest % axes_[i].samples, place.empty() ? "" : ", ", place);
    throw bad_input(fmt::format("a given field with the value {} at sample ({})", *bad, place),
                    "give finite values: what is not known can be left out by `where`");
  }
}

std::vector<double> GivenField::coefficients_of(int degree) const {
  std::vector<double> c = samples_;
  std::size_t stride = static_cast<std::size_t>(components_);
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    const std::size_t block = stride * static_cast<std::size_t>(axes_[axis].samples);
    for (std::size_t first = 0; first < c.size(); first += block)
      for (std::size_t k = 0; k < stride; ++k)
        filter(&c[first + k], axes_[axis].samples, stride, axes_[axis].at, degree);
    stride = block;
  }
  return c;
}

void GivenField::prepare(int degree) const {
  const std::size_t which = degree == 3 ? 0 : 1;
  std::call_once(made_.at(which), [&] { coefficients_.at(which) = coefficients_of(degree); });
}

double GivenField::value(std::span<const double> x, int component, std::span<const int> orders, int degree) const {
  prepare(degree);
  const std::vector<double>& c = coefficients_.at(degree == 3 ? 0 : 1);
  const auto taps = static_cast<std::size_t>(degree) + 1;
  // Of each axis the weights, and where their coefficients lie; axes that are not there have one of weight 1.
  std::array<std::array<double, highest_degree + 1>, most_axes> weights{};
  std::array<std::array<std::size_t, highest_degree + 1>, most_axes> places{};
  std::array<std::size_t, most_axes> counts = {1, 1, 1};
  std::size_t stride = static_cast<std::size_t>(components_);
  for (auto& w : weights) w[0] = 1;
  for (std::size_t i = axes_.size(); i-- > 0;) {
    const GivenAxis& axis = axes_[i];
    if (std::isnan(x[i])) return x[i];
    if (orders[i] > 0 && (x[i] < axis.low || x[i] > axis.high)) return 0;
    const double cells = static_cast<double>(axis.at == SamplesAt::nodes ? axis.samples - 1 : axis.samples),
                 scale = cells / (axis.high - axis.low);
    const double t = std::clamp((x[i] - axis.low) * scale, 0.0, cells) - (axis.at == SamplesAt::nodes ? 0 : 0.5);
    const double knot = std::min(std::floor(t), cells - 1);
    weights.at(i) = weights_of(degree, orders[i], t - knot);
    const double units = std::pow(scale, orders[i]);
    for (std::size_t j = 0; j < taps; ++j) {
      weights.at(i).at(j) *= units;
      places.at(i).at(j) =
          stride * static_cast<std::size_t>(
                       mirrored(static_cast<std::int64_t>(knot) - (degree - 1) / 2 + static_cast<std::int64_t>(j),
                                axis.samples, axis.at));
    }
    counts.at(i) = taps;
    stride *= static_cast<std::size_t>(axis.samples);
  }
  double sum = 0;
  for (std::size_t a = 0; a < counts[0]; ++a)
    for (std::size_t b = 0; b < counts[1]; ++b) {
      double row = 0;
      for (std::size_t d = 0; d < counts[2]; ++d)
        row += weights[2].at(d) *
               c[places[0].at(a) + places[1].at(b) + places[2].at(d) + static_cast<std::size_t>(component)];
      sum += weights[0].at(a) * weights[1].at(b) * row;
    }
  return sum;
}

}  // namespace sinefield
