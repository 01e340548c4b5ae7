// The exponential linear units: elu and selu.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_ELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_ELU_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_ELU_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_ELU_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/exponential-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// lambda z above 0, lambda alpha (e^z - 1) below, where every derivative is the slope.
template <class Constants>
struct ExponentialLinear {
  static constexpr bool keeps_z = false;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V, V& h, V& slope) {
    using T = hn::TFromD<D>;
    const V below = hn::Set(d, static_cast<T>(Constants::lambda * Constants::alpha)),
            above = hn::Set(d, static_cast<T>(Constants::lambda));
    V e, less;
    ExpOfNegative(d, hn::Min(z, hn::Zero(d)), e, less);
    const auto negative = hn::Lt(z, hn::Zero(d));
    h = hn::IfThenElse(negative, hn::Mul(below, less), hn::Mul(above, z));
    slope = hn::IfThenElse(negative, hn::Mul(below, e), above);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V, V, V h, V slope) {
    return hn::IfThenElseZero(hn::Lt(h, hn::Zero(d)), slope);
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V z, V omega, V h, V slope) {
    return Second(d, z, omega, h, slope);
  }
};

struct EluConstants {
  static constexpr double lambda = 1, alpha = 1;
};
struct SeluConstants {  // Klambauer et al. 2017
  static constexpr double lambda = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
};
using Elu = ExponentialLinear<EluConstants>;
using Selu = ExponentialLinear<SeluConstants>;

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
