// tanh z, by e^(-2|z|) - 1 so that neither end loses the slope.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_TANH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_TANH_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_TANH_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_TANH_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Tanh {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    V e, less;  // e^(-2|z|), and less one
    ExpOfNegative(d, hn::Mul(hn::Set(d, -2), hn::Abs(z)), e, less);
    const V share = hn::Div(hn::Set(d, 1), hn::Add(hn::Set(d, 1), e)), twice = hn::Add(share, share);
    h = hn::CopySignToAbs(hn::Mul(hn::Neg(less), share), z);
    slope = hn::Mul(hn::Mul(twice, twice), e);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V, V, V h, V slope) {
    return hn::Mul(hn::Mul(hn::Set(d, -2), h), slope);
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V, V, V, V slope) {
    return hn::Mul(slope, hn::NegMulAdd(hn::Set(d, 6), slope, hn::Set(d, 4)));
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
