// Sine and cosine of one vector, float or double, absolute error at most simd::sincos_bound over +-sincos_range.
// x = k pi + r with k the nearest integer; then sin x = (-1)^k sin r and cos x = (-1)^k cos r, |r| <= pi/2 (a little
// more where the quotient rounds across the middle). One reduction and one sign serve both; no table, no branch, no
// select. Constants: scripts/sincos_coefficients.py. Left out: NaN payloads, |x| > 1e6. SPDX-License-Identifier: MIT

#if defined(SINEFIELD_SIMD_SINCOS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_SIMD_SINCOS_INL_H_
#undef SINEFIELD_SIMD_SINCOS_INL_H_
#else
#define SINEFIELD_SIMD_SINCOS_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class T>
struct SincosConstants;

template <>
struct SincosConstants<float> {
  static constexpr float rounding = 0x1.8p23f;  // x + rounding - rounding rounds x to the nearest integer
  static constexpr float pi_fused[] = {0x1.921fb6p+1f, -0x1.777a5cp-24f};
  static constexpr float pi_split[] = {0x1.92p+1f, 0x1.fb8p-11f, -0x1.5ep-22f, 0x1.0b4612p-33f};
  static constexpr float sine[] = {-0.166666567f, 0.00833301246f, -0.000198062669f, 2.59928242e-6f};
  static constexpr float cosine[] = {-0.499999315f, 0.0416639484f, -0.00138555968f, 2.31864433e-5f};
};

template <>
struct SincosConstants<double> {
  static constexpr double rounding = 0x1.8p52;
  static constexpr double pi_fused[] = {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
  static constexpr double pi_split[] = {0x1.921fb5444p+1, 0x1.68c234c4c6629p-38};
  static constexpr double sine[] = {-0.16666666666666666,    0.0083333333333331146,  -0.00019841269841185962,
                                    2.755731920778704e-6,    -2.5052106606645184e-8, 1.6058927836786055e-10,
                                    -7.6427129350790808e-13, 2.7184964383962286e-15};
  static constexpr double cosine[] = {-0.49999999999999983,    0.041666666666664368,   -0.0013888888888785654,
                                      2.4801587279149097e-5,   -2.7557316525234225e-7, 2.0876567741329753e-9,
                                      -1.1463039376910399e-11, 4.6102942368722442e-14};
};

/// c[0] + t (c[1] + t (...)), Horner's rule.
template <class D, class V, size_t N>
HWY_INLINE V Polynomial(D d, V t, const hn::TFromD<D> (&c)[N]) {
  V sum = hn::Set(d, c[N - 1]);
  for (int i = static_cast<int>(N) - 2; i >= 0; --i) sum = hn::MulAdd(sum, t, hn::Set(d, c[i]));
  return sum;
}

template <class D, class V>
HWY_INLINE void Sincos(D d, V x, V& sine, V& cosine) {
  using T = hn::TFromD<D>;
  using C = SincosConstants<T>;
  const hn::RebindToSigned<D> di;
  const V rounding = hn::Set(d, C::rounding);
  const V shifted = hn::MulAdd(x, hn::Set(d, static_cast<T>(0.318309886183790671537767526745)), rounding);
  const V k = hn::Sub(shifted, rounding);
  V r = x;
  // With FMA, x - k * pi_1 is exact for a pi_1 of full precision; without it the pieces leave room for the bits of k.
  if constexpr (HWY_NATIVE_FMA) {
    for (const T piece : C::pi_fused) r = hn::NegMulAdd(k, hn::Set(d, piece), r);
  } else {
    for (const T piece : C::pi_split) r = hn::Sub(r, hn::Mul(k, hn::Set(d, piece)));
  }
  const V sign = hn::BitCast(d, hn::ShiftLeft<sizeof(T) * 8 - 1>(hn::BitCast(di, shifted)));
  const V t = hn::Mul(r, r);
  const V s = hn::MulAdd(hn::Mul(r, t), Polynomial(d, t, C::sine), r);
  const V c = hn::MulAdd(t, Polynomial(d, t, C::cosine), hn::Set(d, T{1}));
  sine = hn::Xor(s, sign);
  cosine = hn::Xor(c, sign);
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
