// A matrix in the engine's panels (layout.h), for products by the kernels (PanelProduct): its rows padded to whole
// register tiles; the padding stays zero.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include "engine/layout.h"

namespace sinefield::engine {

template <class T>
class PanelMatrix {
 public:
  PanelMatrix() = default;
  PanelMatrix(int rows, int columns, Tile tile)
      : rows_(rows),
        columns_(columns),
        padded_((rows + tile.rows - 1) / tile.rows * tile.rows),
        panel_(tile.panel),
        shift_(std::countr_zero(static_cast<unsigned>(tile.panel))),
        panels_((columns + tile.panel - 1) / tile.panel),
        stride_(static_cast<std::size_t>(padded_) * static_cast<std::size_t>(panel_)),
        data_(stride_ * static_cast<std::size_t>(panels_)) {}

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  /// Of whole register tiles.
  int padded_rows() const { return padded_; }
  int panels() const { return panels_; }
  /// Elements from one panel to the next.
  std::size_t stride() const { return stride_; }
  /// The columns of panel j in row r, contiguous, and the rows below them.
  T* at(int r, int j) { return data_.data() + offset(r, j); }
  const T* at(int r, int j) const { return data_.data() + offset(r, j); }
  T& operator()(int r, int c) { return at(r, c >> shift_)[c & (panel_ - 1)]; }
  T operator()(int r, int c) const { return at(r, c >> shift_)[c & (panel_ - 1)]; }
  void clear() { std::fill_n(data_.data(), data_.size(), T{0}); }

 private:
  std::size_t offset(int r, int j) const {
    return static_cast<std::size_t>(j) * stride_ + static_cast<std::size_t>(r) * static_cast<std::size_t>(panel_);
  }

  int rows_ = 0, columns_ = 0, padded_ = 0, panel_ = 1, shift_ = 0, panels_ = 0;  // panel_ = 1 << shift_
  std::size_t stride_ = 0;
  AlignedArray<T> data_;
};

}  // namespace sinefield::engine
