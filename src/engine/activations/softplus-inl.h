// log(1 + e^z); its slope is the logistic function.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_SOFTPLUS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_SOFTPLUS_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_SOFTPLUS_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_SOFTPLUS_INL_H_
#endif

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Softplus {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    V e, less;
    ExpOfNegative(d, hn::Neg(hn::Abs(z)), e, less);
    const V one = hn::Set(d, 1), share = hn::Div(one, hn::Add(one, e));
    h = hn::Add(hn::Max(z, hn::Zero(d)), hn::Log1p(d, e));
    slope = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), hn::Mul(e, share), share);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V, V, V, V slope) {
    return hn::Mul(slope, hn::Sub(hn::Set(d, 1), slope));
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V, V, V, V slope) {
    const V one = hn::Set(d, 1);
    return hn::Mul(hn::Mul(slope, hn::Sub(one, slope)), hn::NegMulAdd(hn::Set(d, 2), slope, one));
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
