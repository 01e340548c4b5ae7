// max(0, z): flat or straight, so that second derivatives are those of the layers below alone. The slope at 0 is 0.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_RELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_RELU_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_RELU_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_RELU_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Relu {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    h = hn::Max(z, hn::Zero(d));
    slope = hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), hn::Set(d, 1));
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V, V, V, V) {
    return hn::Zero(d);
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V, V, V, V) {
    return hn::Zero(d);
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
