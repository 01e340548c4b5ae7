// 1 / (1 + e^-z).
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_SIGMOID_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_SIGMOID_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_SIGMOID_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_SIGMOID_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Sigmoid {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    V e, less;
    ExpOfNegative(d, hn::Neg(hn::Abs(z)), e, less);
    const V one = hn::Set(d, 1), share = hn::Div(one, hn::Add(one, e));
    const V small = hn::Mul(e, share);  // s(-|z|)
    h = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), small, share);
    slope = hn::Mul(small, share);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V, V, V h, V slope) {
    return hn::Mul(slope, hn::NegMulAdd(hn::Set(d, 2), h, hn::Set(d, 1)));
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V, V, V, V slope) {
    return hn::Mul(slope, hn::NegMulAdd(hn::Set(d, 6), slope, hn::Set(d, 1)));
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
