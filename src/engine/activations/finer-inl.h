// sin p(z) with p = (|z| / omega + 1) z (Liu et al. 2024), whose frequency grows with |z|: p' = 2 |z| / omega + 1, and
// p'' = 2 sign(z) / omega, which is 0 at 0, where it jumps: value and slope are continuous. Derivatives are those of
// the whole function; the authors' code takes the factor as a constant.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATIONS_FINER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATIONS_FINER_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATIONS_FINER_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATIONS_FINER_INL_H_
#endif

#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

struct Finer {
  static constexpr bool keeps_z = true;

  template <class D, class V>
  static HWY_INLINE void Value(D d, V z, V omega, V& h, V& slope) {
    const V grown = hn::Div(hn::Abs(z), omega), one = hn::Set(d, 1);
    V sine, cosine;
    Sincos(d, hn::Mul(hn::Add(grown, one), z), sine, cosine);
    h = sine;
    slope = hn::Mul(hn::MulAdd(hn::Set(d, 2), grown, one), cosine);
  }
  template <class D, class V>
  static HWY_INLINE V Second(D d, V z, V omega, V h, V slope) {
    const V p = First(d, z, omega), bent = Bent(d, z, omega);
    return hn::Sub(hn::Mul(bent, hn::Div(slope, p)), hn::Mul(hn::Mul(p, p), h));
  }
  template <class D, class V>
  static HWY_INLINE V Third(D d, V z, V omega, V h, V slope) {
    const V p = First(d, z, omega), bent = Bent(d, z, omega);
    return hn::NegMulAdd(hn::Mul(p, p), slope, hn::Mul(hn::Mul(hn::Set(d, -3), hn::Mul(p, bent)), h));
  }

 private:
  template <class D, class V>
  static HWY_INLINE V First(D d, V z, V omega) {
    return hn::MulAdd(hn::Set(d, 2), hn::Div(hn::Abs(z), omega), hn::Set(d, 1));
  }
  template <class D, class V>
  static HWY_INLINE V Bent(D d, V z, V omega) {
    const V zero = hn::Zero(d), size = hn::Div(hn::Set(d, 2), omega);
    return hn::IfThenElseZero(hn::Ne(z, zero), hn::CopySign(size, z));
  }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
