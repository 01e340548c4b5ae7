// e^x and e^x - 1 of one vector of numbers not above 0, float or double, both to a few units in the last place.
// x = k log 2 + r with k the nearest integer, |r| <= log 2 / 2; p = e^r - 1 by its series, whose first term left out is
// below a rounding; then e^x = 2^k (1 + p) and e^x - 1 = 2^k p + (2^k - 1), which loses nothing where x is small.
// Far out e^x is 0: beside 1 it is a millionth of a rounding, and products of a few such slopes would be denormal,
// which takes processors a hundred times as long. Highway has both functions, but its e^x - 1 takes a logarithm. Left
// out: x > 0, NaN payloads.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_SIMD_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_SIMD_EXPONENTIAL_INL_H_
#undef SINEFIELD_SIMD_EXPONENTIAL_INL_H_
#else
#define SINEFIELD_SIMD_EXPONENTIAL_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct ExponentialConstants;

template <>
struct ExponentialConstants<float> {
  static constexpr float least = -30;
  static constexpr float log2[] = {0x1.62e4p-1f, 0x1.7f7d1cp-20f};  // k times the first is exact
  static constexpr float series[] = {1.0f / 2, 1.0f / 6, 1.0f / 24, 1.0f / 120, 1.0f / 720, 1.0f / 5040};
  static constexpr int mantissa = 23, bias = 127;
};

template <>
struct ExponentialConstants<double> {
  static constexpr double least = -60;
  static constexpr double log2[] = {0x1.62e42fefa38p-1, 0x1.ef35793c7673p-45};
  static constexpr double series[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                                      1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                                      1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  static constexpr int mantissa = 52, bias = 1023;
};

/// Of x <= 0; below `least` e^x is 0.
template <class D, class V>
HWY_INLINE void ExpOfNegative(D d, V x, V& exponential, V& less_one) {
  using T = hn::TFromD<D>;
  using C = ExponentialConstants<T>;
  const hn::RebindToSigned<D> di;
  using Integer = hn::TFromD<decltype(di)>;
  const V rounding = hn::Set(d, SincosConstants<T>::rounding);
  const V clamped = hn::Max(x, hn::Set(d, C::least));
  const V shifted = hn::MulAdd(clamped, hn::Set(d, static_cast<T>(1.44269504088896340736)), rounding);
  const V k = hn::Sub(shifted, rounding);
  V r = clamped;
  for (const T piece : C::log2) r = hn::NegMulAdd(k, hn::Set(d, piece), r);
  const V p = hn::MulAdd(hn::Mul(r, r), Polynomial(d, r, C::series), r);
  // The low bits of `shifted` are k.
  const auto exponent = hn::Add(hn::BitCast(di, shifted), hn::Set(di, static_cast<Integer>(C::bias)));
  const V scale = hn::BitCast(d, hn::ShiftLeft<C::mantissa>(exponent));
  exponential = hn::IfThenElseZero(hn::Ge(x, clamped), hn::MulAdd(scale, p, scale));
  less_one = hn::MulAdd(scale, p, hn::Sub(scale, hn::Set(d, T{1})));
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
