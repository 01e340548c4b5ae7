// exp(-z^2).
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_GAUSS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_GAUSS_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_GAUSS_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_GAUSS_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Gauss {
  static constexpr bool keeps_z = true;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    V less;
    ExpOfNegative(d, hn::Neg(hn::Mul(z, z)), h, less);
    slope = hn::Mul(hn::Mul(hn::Set(d, -2), z), h);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V z, V, V h, V) {
    return hn::Mul(hn::MulSub(hn::Mul(hn::Set(d, 4), z), z, hn::Set(d, 2)), h);
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V z, V, V h, V) {
    const V inner = hn::NegMulAdd(hn::Mul(hn::Set(d, 8), z), z, hn::Set(d, 12));
    return hn::Mul(hn::Mul(z, inner), h);
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
