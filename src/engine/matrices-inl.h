// Algebra of whole matrices for the optimisers: products of panels on top of the register tile, and the orthonormal
// factor of a QR decomposition by blocks of Householder reflections (compact WY form, Schreiber and Van Loan 1989).
// R is not wanted by anyone and is not kept.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_MATRICES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_MATRICES_INL_H_
#undef SINEFIELD_ENGINE_MATRICES_INL_H_
#else
#define SINEFIELD_ENGINE_MATRICES_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "engine/kernels.h"
#include "engine/parameters-inl.h"
#include "engine/tile-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

template <class T>
void Multiply(const engine::PanelProduct<T>& product) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>, M = tile_rows;
  const auto keep = hn::Set(d, product.keep), share = hn::Set(d, product.share);
  for (int j = 0; j < product.panels; ++j) {
    const T* b = product.b + static_cast<size_t>(j) * product.b_stride;
    for (int r = 0; r < product.rows; r += M) {
      Vector<T> sum[M][2];
      HWY_UNROLL(16)
      for (int i = 0; i < M; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
      MultiplyTile<M>(product.a + r * P, product.a_stride, product.inner, b, sum);
      T* c = product.c + static_cast<size_t>(j) * product.c_stride + static_cast<size_t>(r * P);
      if (product.keep != 0) {
        HWY_UNROLL(16)
        for (int i = 0; i < M; ++i) {
          sum[i][0] = hn::MulAdd(keep, hn::Load(d, c + i * P), hn::Mul(share, sum[i][0]));
          sum[i][1] = hn::MulAdd(keep, hn::Load(d, c + i * P + L), hn::Mul(share, sum[i][1]));
        }
      } else {
        HWY_UNROLL(16)
        for (int i = 0; i < M; ++i) {
          sum[i][0] = hn::Mul(share, sum[i][0]);
          sum[i][1] = hn::Mul(share, sum[i][1]);
        }
      }
      HWY_UNROLL(16)
      for (int i = 0; i < M; ++i) {
        hn::Store(sum[i][0], d, c + i * P);
        hn::Store(sum[i][1], d, c + i * P + L);
      }
    }
  }
}

template <class T>
void AddPanelProduct(int rows, const T* h, const T* g, T* sums) {
  GradientPanel(panel<T>, h, g, rows, sums);
}

// Reflections that are applied together, and columns that they are applied to together: their sums fill the registers.
inline constexpr int reflections = tile_rows == 12 ? 8 : 4;
inline constexpr int reflected = 3;

// H = I - v v' with |v|^2 = 2, or v = 0 and H = I. The product of a group, first to last, is I - V K V' with K upper
// triangular; its transpose is the product from last to first.
template <class T>
struct Reflections {
  const T* v;           // (count, padded), rows contiguous
  size_t padded, from;  // elements of v before `from` are zero; whole vectors
  int count;
  T k[reflections][reflections];
};

enum class Direction { first_to_last, last_to_first };

// x = (I - V K V') x, or with K', for C columns at once.
template <int C, class T>
HWY_INLINE void Reflect(const Reflections<T>& group, Direction direction, T* HWY_RESTRICT x) {
  const Tag<T> d;
  constexpr int B = reflections;
  const auto L = static_cast<size_t>(lanes<T>);
  const size_t stride = group.padded;
  Vector<T> sum[B][C];
  HWY_UNROLL(8)
  for (int i = 0; i < B; ++i) {
    HWY_UNROLL(3)
    for (int c = 0; c < C; ++c) sum[i][c] = hn::Zero(d);
  }
  for (size_t p = group.from; p < stride; p += L) {
    Vector<T> some[C];
    HWY_UNROLL(3)
    for (int c = 0; c < C; ++c) some[c] = hn::Load(d, x + static_cast<size_t>(c) * stride + p);
    HWY_UNROLL(8)
    for (int i = 0; i < B; ++i) {
      const auto v = hn::Load(d, group.v + static_cast<size_t>(i) * stride + p);
      HWY_UNROLL(3)
      for (int c = 0; c < C; ++c) sum[i][c] = hn::MulAdd(v, some[c], sum[i][c]);
    }
  }
  T dot[B][C];
  for (int i = 0; i < B; ++i)
    for (int c = 0; c < C; ++c) dot[i][c] = hn::GetLane(hn::SumOfLanes(d, sum[i][c]));
  for (int c = 0; c < C; ++c)
    for (int i = 0; i < B; ++i) {
      T weight = 0;
      for (int k = 0; k < B; ++k)
        weight += (direction == Direction::first_to_last ? group.k[i][k] : group.k[k][i]) * dot[k][c];
      sum[i][c] = hn::Set(d, weight);
    }
  for (size_t p = group.from; p < stride; p += L) {
    Vector<T> some[C];
    HWY_UNROLL(3)
    for (int c = 0; c < C; ++c) some[c] = hn::Load(d, x + static_cast<size_t>(c) * stride + p);
    HWY_UNROLL(8)
    for (int i = 0; i < B; ++i) {
      const auto v = hn::Load(d, group.v + static_cast<size_t>(i) * stride + p);
      HWY_UNROLL(3)
      for (int c = 0; c < C; ++c) some[c] = hn::NegMulAdd(sum[i][c], v, some[c]);
    }
    HWY_UNROLL(3)
    for (int c = 0; c < C; ++c) hn::Store(some[c], d, x + static_cast<size_t>(c) * stride + p);
  }
}

template <class T>
void ReflectAll(const Reflections<T>& group, Direction direction, int columns, T* x) {
  for (; columns >= reflected; columns -= reflected, x += reflected * group.padded)
    Reflect<reflected>(group, direction, x);
  for (; columns > 0; --columns, x += group.padded) Reflect<1>(group, direction, x);
}

// The reflection that takes x[at ..] to a multiple of the first axis; v is zero before `at`.
template <class T>
void Reflection(const T* x, int at, int size, T* v) {
  const double norm = std::sqrt(SumOfSquares(x + at, static_cast<size_t>(size - at)));
  std::fill(v, v + size, T{0});
  if (norm < 1e-140) return;  // nothing, or what rounding left of nothing: its squares are below what double holds
  const double first = static_cast<double>(x[at]) + (x[at] < 0 ? -norm : norm);
  // |x + sign(x_0) |x| e|^2 = 2 |x| (|x| + |x_0|)
  const double scale = 1 / std::sqrt(norm * (norm + std::abs(static_cast<double>(x[at]))));
  v[at] = static_cast<T>(first * scale);
  for (int i = at + 1; i < size; ++i) v[i] = static_cast<T>(static_cast<double>(x[i]) * scale);
}

template <class T>
size_t PaddedSize(int size) {
  return (static_cast<size_t>(size) + panel<T> - 1) / panel<T> * panel<T>;
}

template <class T>
size_t OrthonormaliseScratch(int size) {
  const int groups = (size + reflections - 1) / reflections;
  return static_cast<size_t>(groups * reflections) * (PaddedSize<T>(size) + reflections);
}

template <class T>
void Orthonormalise(int size, T* columns, T* scratch) {
  const Tag<T> d;
  constexpr int B = reflections;
  const size_t padded = PaddedSize<T>(size);
  const int groups = (size + B - 1) / B;
  T* all_v = scratch;
  T* all_k = scratch + static_cast<size_t>(groups * B) * padded;
  const auto group_at = [&](int first) {
    Reflections<T> group{};
    group.v = all_v + static_cast<size_t>(first) * padded;
    group.padded = padded;
    group.from = static_cast<size_t>(first) / lanes<T> * lanes<T>;
    group.count = std::min(B, size - first);
    return group;
  };
  std::fill(all_v, all_v + static_cast<size_t>(groups * B) * padded, T{0});
  for (int first = 0; first < size; first += B) {
    Reflections<T> group = group_at(first);
    T* v = all_v + static_cast<size_t>(first) * padded;
    for (int i = 0; i < group.count; ++i) {
      T* x = columns + static_cast<size_t>(first + i) * padded;
      // Those before it in the group; the others are still zero.
      if (i > 0) Reflect<1>(group, Direction::last_to_first, x);
      T* mine = v + static_cast<size_t>(i) * padded;
      Reflection(x, first + i, size, mine);
      // (I - V K V')(I - v v') adds the column -K V' v and a one on the diagonal.
      T dot[B] = {};
      for (int k = 0; k < i; ++k) {
        const T* other = v + static_cast<size_t>(k) * padded;
        auto sum = hn::Zero(d);
        for (size_t p = group.from; p < padded; p += static_cast<size_t>(lanes<T>))
          sum = hn::MulAdd(hn::Load(d, other + p), hn::Load(d, mine + p), sum);
        dot[k] = hn::GetLane(hn::SumOfLanes(d, sum));
      }
      for (int k = 0; k < i; ++k) {
        T sum = 0;
        for (int l = k; l < i; ++l) sum += group.k[k][l] * dot[l];
        group.k[k][i] = -sum;
      }
      group.k[i][i] = 1;
    }
    std::copy_n(&group.k[0][0], B * B, all_k + static_cast<size_t>(first) * B);
    const int done = first + group.count;
    ReflectAll(group, Direction::last_to_first, size - done, columns + static_cast<size_t>(done) * padded);
  }
  // Q = H_0 H_1 ... applied to the axes, last group first: a group leaves the axes before it alone.
  std::fill(columns, columns + static_cast<size_t>(size) * padded, T{0});
  for (int j = 0; j < size; ++j) columns[static_cast<size_t>(j) * padded + static_cast<size_t>(j)] = 1;
  for (int first = (groups - 1) * B; first >= 0; first -= B) {
    Reflections<T> group = group_at(first);
    std::copy_n(all_k + static_cast<size_t>(first) * B, B * B, &group.k[0][0]);
    ReflectAll(group, Direction::first_to_last, size - first, columns + static_cast<size_t>(first) * padded);
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
