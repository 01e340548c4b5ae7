// sin z.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_SINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_SINE_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_SINE_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_SINE_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Sine {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    Sincos(d, z, h, slope);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D, V, V, V h, V) {
    return hn::Neg(h);
  }
  template <class D, class V>
  static HWY_INLINE V Third(D, V, V, V, V slope) {
    return hn::Neg(slope);
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
