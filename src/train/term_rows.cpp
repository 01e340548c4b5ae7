// SPDX-License-Identifier: MIT
#include "train/term_rows.h"

#include <cmath>
#include <complex>
#include <numeric>
#include <type_traits>

namespace sinefield::train {
namespace {

/// The roots of the weights of the rows.
std::vector<double> shares_of(const TermEquations& e, double scale) {
  std::vector<double> share;
  for (const double weight : e.weights) share.push_back(std::sqrt(weight * scale));
  return share;
}

template <class Scalar>
Scalar number(double re, [[maybe_unused]] double im) {
  if constexpr (std::is_same_v<Scalar, double>)
    return re;
  else
    return Scalar(re, im);
}

}  // namespace

std::vector<std::size_t> all_networks(const Field& field) {
  std::vector<std::size_t> all(field.networks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

template <class Scalar>
TermRows<Scalar>::TermRows(const Field& features, int channels, Isa isa, engine::Workers& workers)
    : layers_(features, all_networks(features), isa, workers), channels_(channels / parts) {}

template <class Scalar>
void TermRows<Scalar>::write(const TermEquations& e, double scale, MatrixView<Scalar> rows, MatrixView<Scalar> right) {
  const std::int64_t n = e.points, streams = e.plan.streams(), width = layers_.unknowns();
  const std::vector<double> share = shares_of(e, scale);
  std::vector<Scalar> coefficients(static_cast<std::size_t>(n * streams)), none(static_cast<std::size_t>(n));
  for (int r = 0; r < e.components / parts; ++r) {
    const int re = r * parts, im = re + parts - 1;
    for (int c = 0; c < channels_; ++c) {
      const MatrixView<const double> of_re = e.of(re, c * parts), of_im = e.of(im, c * parts);
      for (std::int64_t p = 0; p < n; ++p)
        for (std::int64_t s = 0; s < streams; ++s)
          coefficients[static_cast<std::size_t>(p * streams + s)] =
              share[static_cast<std::size_t>(p)] * number<Scalar>(of_re.row(p)[s], of_im.row(p)[s]);
      layers_.write<Scalar>(
          {{e.x.data(), n, std::ssize(e.x) / n}, e.plan, {coefficients.data(), n, streams}, {none.data(), n, 1}},
          {rows.row(r * n) + c * width, n, width, rows.stride}, {none.data(), n, 1});
    }
  }
  write_right(e, scale, right);
}

template <class Scalar>
void TermRows<Scalar>::write_right(const TermEquations& e, double scale, MatrixView<Scalar> right) {
  const std::vector<double> share = shares_of(e, scale);
  const std::int64_t n = e.points;
  for (int r = 0; r < e.components / parts; ++r) {
    const int re = r * parts, im = re + parts - 1;
    for (std::int64_t p = 0; p < n; ++p)
      *right.row(r * n + p) =
          share[static_cast<std::size_t>(p)] *
          number<Scalar>(e.right[static_cast<std::size_t>(re * n + p)], e.right[static_cast<std::size_t>(im * n + p)]);
  }
}

template <class Scalar>
std::vector<double> TermRows<Scalar>::solution(const std::vector<Scalar>& found) const {
  const auto width = static_cast<std::size_t>(layers_.unknowns()), channels = static_cast<std::size_t>(channels_);
  std::vector<double> ordered;
  for (std::size_t u = 0; u < width; ++u)
    for (std::size_t c = 0; c < channels; ++c) {
      ordered.push_back(std::real(found[c * width + u]));
      if constexpr (parts == 2) ordered.push_back(std::imag(found[c * width + u]));
    }
  return ordered;
}

template class TermRows<double>;
template class TermRows<std::complex<double>>;

}  // namespace sinefield::train
