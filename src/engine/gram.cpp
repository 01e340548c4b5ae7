// With A = R + i I: A* A = R'R + I'I + i (R'I - (R'I)'). Rows without imaginary parts cost a quarter.
// SPDX-License-Identifier: MIT
#include "engine/gram.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace sinefield::engine {
namespace {

constexpr std::int64_t block_rows = 192;  // a panel of them stays in the first-level cache

std::size_t square(int n) { return static_cast<std::size_t>(n) * static_cast<std::size_t>(n); }

}  // namespace

template <class Scalar>
Gram<Scalar>::Gram(int columns, Isa isa, Workers& workers)
    : kernels_(kernels<double>(isa)),
      workers_(workers),
      columns_(columns),
      panel_(kernels_.tile.panel),
      panels_((columns + panel_ - 1) / panel_),
      real_(static_cast<std::size_t>(panels_ * panel_) * block_rows),
      sums_(static_cast<std::size_t>(panels_) * static_cast<std::size_t>(panels_ + 1) / 2 * square(panel_)) {
  if constexpr (complex) {
    imaginary_ = AlignedArray<double>(real_.size());
    mixed_ = AlignedArray<double>(square(panels_) * square(panel_));
  }
}

template <class Scalar>
void Gram<Scalar>::add(MatrixView<const Scalar> rows) {
  for (std::int64_t first = 0; first < rows.rows; first += block_rows)
    add_block({rows.row(first), std::min(block_rows, rows.rows - first), rows.cols, rows.stride});
}

template <class Scalar>
void Gram<Scalar>::add_block(MatrixView<const Scalar> rows) {
  const auto count = static_cast<int>(rows.rows);
  const std::size_t panel_size = static_cast<std::size_t>(panel_) * block_rows;
  std::atomic<int> next = 0;
  std::atomic<bool> has_imaginary = false;
  workers_.run([&](int) {
    for (int j; (j = next++) < panels_;) {
      const int width = std::min(panel_, columns_ - j * panel_);
      double* const re = real_.data() + static_cast<std::size_t>(j) * panel_size;
      [[maybe_unused]] double* const im =
          complex ? imaginary_.data() + static_cast<std::size_t>(j) * panel_size : nullptr;
      [[maybe_unused]] bool any = false;
      for (int p = 0; p < count; ++p) {
        const Scalar* const row = rows.row(p) + j * panel_;
        for (int c = 0; c < width; ++c) {
          if constexpr (complex) {
            re[p * panel_ + c] = row[c].real();
            im[p * panel_ + c] = row[c].imag();
            any = any || row[c].imag() != 0;
          } else {
            re[p * panel_ + c] = row[c];
          }
        }
      }
      if (any) has_imaginary = true;
    }
  });
  next = panels_ - 1;  // the longest first
  workers_.run([&](int) {
    for (int j; (j = next--) >= 0;) {
      const auto at = [&](const AlignedArray<double>& of, int k) {
        return of.data() + static_cast<std::size_t>(k) * panel_size;
      };
      double* sums = sums_.data() + static_cast<std::size_t>(j) * static_cast<std::size_t>(j + 1) / 2 * square(panel_);
      for (int k = 0; k <= j; ++k, sums += square(panel_)) {
        kernels_.add_panel_product(count, at(real_, k), at(real_, j), sums);
        if (complex && has_imaginary) kernels_.add_panel_product(count, at(imaginary_, k), at(imaginary_, j), sums);
      }
      if (!complex || !has_imaginary) continue;
      double* mixed = mixed_.data() + static_cast<std::size_t>(j) * static_cast<std::size_t>(panels_) * square(panel_);
      for (int k = 0; k < panels_; ++k, mixed += square(panel_))
        kernels_.add_panel_product(count, at(real_, k), at(imaginary_, j), mixed);
    }
  });
}

template <class Scalar>
Scalar Gram<Scalar>::at(int a, int b) const {
  const auto element = [&](const AlignedArray<double>& of, std::size_t tile, int row, int column) {
    return of.data()[tile * square(panel_) + static_cast<std::size_t>(row % panel_ * panel_ + column % panel_)];
  };
  const int k = std::min(a, b), j = std::max(a, b);
  const auto tile = static_cast<std::size_t>(j / panel_) * static_cast<std::size_t>(j / panel_ + 1) / 2 +
                    static_cast<std::size_t>(k / panel_);
  const double re = element(sums_, tile, k, j);
  if constexpr (complex) {
    const auto mixed = [&](int row, int column) {
      return element(mixed_,
                     static_cast<std::size_t>(column / panel_) * static_cast<std::size_t>(panels_) +
                         static_cast<std::size_t>(row / panel_),
                     row, column);
    };
    return {re, mixed(a, b) - mixed(b, a)};
  } else {
    return re;
  }
}

template class Gram<double>;
template class Gram<std::complex<double>>;

}  // namespace sinefield::engine
