// The register tiles: M rows x two vectors of a product, for the forward pass and the input adjoint (`MultiplyTile`)
// and for the weight gradient (`GradientTile`). These two loops do nearly all arithmetic of the engine. M is a template
// argument so that the sums stay in registers; 2 M sums hide the latency of the multiply-add on every target.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_TILE_INL_H_
#undef SINEFIELD_ENGINE_TILE_INL_H_
#else
#define SINEFIELD_ENGINE_TILE_INL_H_
#endif

#include "hwy/highway.h"

// A test that compiles the kernels for itself counts their multiply-adds here; for everybody else it is nothing.
#ifndef SINEFIELD_COUNT_MULTIPLY_ADDS
#define SINEFIELD_COUNT_MULTIPLY_ADDS(number)
#endif

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vector = hn::Vec<Tag<T>>;

// Lanes are a compile-time constant on every target we build for; panels are two vectors wide.
template <class T>
inline constexpr int lanes = HWY_TARGET == HWY_SCALAR ? 1 : static_cast<int>(HWY_MAX_BYTES / sizeof(T));
template <class T>
inline constexpr int panel = 2 * lanes<T>;
// 32 vector registers take 12 x 2 sums, 16 take 6 x 2; two operands and a broadcast remain.
inline constexpr int tile_rows = HWY_TARGET == HWY_AVX3 ? 12 : 6;

// z[r] += a(r, :) B for r < M. a points at row 0 of the tile: element (r, k) at a[(k / panel) * a_stride + r * panel +
// k % panel]. b: (inner, panel) contiguous.
template <int M, class T>
HWY_INLINE void MultiplyTile(const T* HWY_RESTRICT a, size_t a_stride, int inner, const T* HWY_RESTRICT b,
                             Vector<T> (&z)[M][2]) {
  SINEFIELD_COUNT_MULTIPLY_ADDS(M * inner * panel<T>);
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const auto step = [&](int k) HWY_ATTR {
    const auto b0 = hn::Load(d, b + k * P), b1 = hn::Load(d, b + k * P + L);
    HWY_UNROLL(16)
    for (int r = 0; r < M; ++r) {
      const auto left = hn::Set(d, a[r * P + k]);
      z[r][0] = hn::MulAdd(left, b0, z[r][0]);
      z[r][1] = hn::MulAdd(left, b1, z[r][1]);
    }
  };
  for (; inner >= P; inner -= P, a += a_stride, b += P * P) {
    HWY_UNROLL(4)
    for (int k = 0; k < P; ++k) step(k);
  }
  for (int k = 0; k < inner; ++k) step(k);
}

// sums[k] += sum over rows p of h(p, k) g(p, :) for k < M; h points at column 0 of the tile inside one panel, g at a
// panel; row p of either at p * panel. sums: (M, panel) contiguous.
template <int M, class T>
HWY_INLINE void GradientTile(const T* HWY_RESTRICT h, const T* HWY_RESTRICT g, int rows, T* HWY_RESTRICT sums) {
  SINEFIELD_COUNT_MULTIPLY_ADDS(M * rows * panel<T>);
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  Vector<T> sum[M][2];
  HWY_UNROLL(16)
  for (int k = 0; k < M; ++k) {
    sum[k][0] = hn::Load(d, sums + k * P);
    sum[k][1] = hn::Load(d, sums + k * P + L);
  }
  HWY_UNROLL(2)
  for (int p = 0; p < rows; ++p) {
    const auto g0 = hn::Load(d, g + p * P), g1 = hn::Load(d, g + p * P + L);
    HWY_UNROLL(16)
    for (int k = 0; k < M; ++k) {
      const auto left = hn::Set(d, h[p * P + k]);
      sum[k][0] = hn::MulAdd(left, g0, sum[k][0]);
      sum[k][1] = hn::MulAdd(left, g1, sum[k][1]);
    }
  }
  HWY_UNROLL(16)
  for (int k = 0; k < M; ++k) {
    hn::Store(sum[k][0], d, sums + k * P);
    hn::Store(sum[k][1], d, sums + k * P + L);
  }
}

// GradientTile for a number of columns known at run time only, at most tile_rows.
template <int M, class T>
HWY_INLINE void GradientTileUpTo(int columns, const T* h, const T* g, int rows, T* sums) {
  if constexpr (M > 0) {
    if (columns == M) return GradientTile<M>(h, g, rows, sums);
    GradientTileUpTo<M - 1>(columns, h, g, rows, sums);
  }
}

// All `columns` <= panel columns of one panel of h against one panel of g, in tiles as even as they come: sixteen
// columns are 6 + 5 + 5, not 6 + 6 + 4.
template <class T>
HWY_INLINE void GradientPanel(int columns, const T* h, const T* g, int rows, T* sums) {
  constexpr int P = panel<T>;
  const int tiles = (columns + tile_rows - 1) / tile_rows;
  for (int tile = 0, k = 0; tile < tiles; ++tile) {
    const int width = (columns - k + (tiles - tile) - 1) / (tiles - tile);
    GradientTileUpTo<tile_rows>(width, h + k, g, rows, sums + k * P);
    k += width;
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
