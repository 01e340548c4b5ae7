// A panel through its activation, every way that the passes need, for each activation: a table of functions. A call
// takes a whole panel, so that the choice costs nothing; adding an activation is a file in activations/ and a line
// here.
//
// An activation gives s(z) and s'(z) (`Value`), and s'' and s''' from z, omega, h = s(z) and s' (`Second`, `Third`);
// omega is folded into z already. Most need h and s' only: for the way back the slope is kept in the place of z. Where
// `keeps_z`, z stays, and the slope is made again.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ACTIVATION_PASSES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ACTIVATION_PASSES_INL_H_
#undef SINEFIELD_ENGINE_ACTIVATION_PASSES_INL_H_
#else
#define SINEFIELD_ENGINE_ACTIVATION_PASSES_INL_H_
#endif

#include "engine/activations/elu-inl.h"
#include "engine/activations/finer-inl.h"
#include "engine/activations/gauss-inl.h"
#include "engine/activations/relu-inl.h"
#include "engine/activations/sigmoid-inl.h"
#include "engine/activations/sine-inl.h"
#include "engine/activations/softplus-inl.h"
#include "engine/activations/tanh-inl.h"
#include "engine/kernels.h"
#include "engine/tile-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::JetPlan;

// The rows of a panel of jets: streams one after another, each of `rows` points, and the coefficients a_ij at those
// points, (terms of the plan in order, rows).
template <class T>
struct JetRows {
  const JetPlan& plan;
  const T* coefficients;
  int rows;

  size_t Stride() const { return static_cast<size_t>(rows) * panel<T>; }
};

// Calls each(element, row) for every vector of a stream of a panel.
template <class T, class Each>
HWY_INLINE void ForVectors(int rows, const Each& each) {
  constexpr size_t P = panel<T>, L = lanes<T>;
  for (int r = 0; r < rows; ++r) {
    each(static_cast<size_t>(r) * P, r);
    each(static_cast<size_t>(r) * P + L, r);
  }
}

// h = s(z) in place, c = s'(z).
template <class A, class T>
void ValuesAndSlopes(T omega, size_t size, T* HWY_RESTRICT h, T* HWY_RESTRICT c) {
  const Tag<T> d;
  const auto scale = hn::Set(d, omega);
  for (size_t i = 0; i < size; i += static_cast<size_t>(lanes<T>)) {
    Vector<T> s, slope;
    A::Value(d, hn::Load(d, h + i), scale, s, slope);
    hn::Store(s, d, h + i);
    hn::Store(slope, d, c + i);
  }
}

// z -> h of all streams of one panel: h = s(z), h_i = s' z_i, h_A = s'' sum a_ij z_i z_j + s' z_A. This is where a
// Laplacian is made. h may be z. For a way back the slope is kept in the place of the value of z, or z itself.
template <class A, bool keep, class T>
void JetActivation(T omega, const JetRows<T>& jet, T* z, T* h) {
  const Tag<T> d;
  const auto scale = hn::Set(d, omega);
  const int first = jet.plan.first, streams = jet.plan.streams();
  const size_t stride = jet.Stride();
  ForVectors<T>(jet.rows, [&](size_t e, int r) HWY_ATTR {
    const auto value = hn::Load(d, z + e);
    Vector<T> s, slope;
    A::Value(d, value, scale, s, slope);
    if (first + 1 < streams) {
      const auto second = A::Second(d, value, scale, s, slope);
      const T* a = jet.coefficients + r;
      for (int stream = 1 + first; stream < streams; ++stream) {
        auto sum = hn::Zero(d);
        for (const auto& term : jet.plan.second[static_cast<size_t>(stream - 1 - first)].terms) {
          const auto zi = hn::Load(d, z + static_cast<size_t>(1 + term.i) * stride + e);
          const auto zj = hn::Load(d, z + static_cast<size_t>(1 + term.j) * stride + e);
          sum = hn::MulAdd(hn::Mul(hn::Set(d, *a), zi), zj, sum);
          a += jet.rows;
        }
        const size_t at = static_cast<size_t>(stream) * stride + e;
        hn::Store(hn::MulAdd(second, sum, hn::Mul(slope, hn::Load(d, z + at))), d, h + at);
      }
    }
    for (int i = 1; i <= first; ++i) {
      const size_t at = static_cast<size_t>(i) * stride + e;
      hn::Store(hn::Mul(slope, hn::Load(d, z + at)), d, h + at);
    }
    hn::Store(s, d, h + e);
    if constexpr (keep && !A::keeps_z) hn::Store(slope, d, z + e);
  });
}

// The adjoints of all streams of one panel back through the activation: `bar` those of h (used up), z the derivative
// streams of z behind what was kept, replaced by the adjoints of z; `h` the value stream of h.
//   z_bar   = s' h_bar + s'' (sum_i h_i_bar z_i + sum_A h_A_bar z_A) + s''' sum_A h_A_bar q_A,  q_A = sum a_ij z_i z_j
//   z_i_bar = s' h_i_bar + s'' sum_A h_A_bar dq_A / dz_i
//   z_A_bar = s' h_A_bar
template <class A, class T>
void JetActivationReverse(T omega, const JetRows<T>& jet, const T* h, T* bar, T* z) {
  const Tag<T> d;
  const auto scale = hn::Set(d, omega);
  const int first = jet.plan.first, streams = jet.plan.streams();
  const size_t stride = jet.Stride();
  ForVectors<T>(jet.rows, [&](size_t e, int r) HWY_ATTR {
    const auto kept = hn::Load(d, z + e);
    auto s = hn::Load(d, h + e), slope = kept;
    if constexpr (A::keeps_z) A::Value(d, kept, scale, s, slope);
    const auto second = A::Second(d, kept, scale, s, slope);
    auto curved = hn::Zero(d);  // the sum that s'' belongs to
    for (int i = 1; i <= first; ++i) {
      const size_t at = static_cast<size_t>(i) * stride + e;
      const auto h_bar = hn::Load(d, bar + at);
      curved = hn::MulAdd(h_bar, hn::Load(d, z + at), curved);
      hn::Store(hn::Mul(h_bar, slope), d, bar + at);
    }
    auto straight = hn::Mul(slope, hn::Load(d, bar + e));
    if (first + 1 < streams) {
      auto third = hn::Zero(d);  // the sum that s''' belongs to
      const T* a = jet.coefficients + r;
      for (int stream = 1 + first; stream < streams; ++stream) {
        const size_t at = static_cast<size_t>(stream) * stride + e;
        const auto h_bar = hn::Load(d, bar + at);
        curved = hn::MulAdd(h_bar, hn::Load(d, z + at), curved);
        hn::Store(hn::Mul(h_bar, slope), d, z + at);
        const auto bent = hn::Mul(second, h_bar);
        auto q = hn::Zero(d);
        for (const auto& term : jet.plan.second[static_cast<size_t>(stream - 1 - first)].terms) {
          const size_t i = static_cast<size_t>(1 + term.i) * stride + e,
                       j = static_cast<size_t>(1 + term.j) * stride + e;
          const auto weight = hn::Set(d, *a), zi = hn::Load(d, z + i), zj = hn::Load(d, z + j);
          a += jet.rows;
          q = hn::MulAdd(hn::Mul(weight, zi), zj, q);
          const auto share = hn::Mul(weight, bent);
          hn::Store(hn::MulAdd(share, zj, hn::Load(d, bar + i)), d, bar + i);
          hn::Store(hn::MulAdd(share, zi, hn::Load(d, bar + j)), d, bar + j);  // twice where i is j
        }
        third = hn::MulAdd(h_bar, q, third);
      }
      straight = hn::MulAdd(A::Third(d, kept, scale, s, slope), third, straight);
    }
    hn::Store(hn::MulAdd(second, curved, straight), d, z + e);
    for (int i = 1; i <= first; ++i) {
      const size_t at = static_cast<size_t>(i) * stride + e;
      hn::Store(hn::Load(d, bar + at), d, z + at);
    }
  });
}

// A tangent through the activation, in place: z_dot becomes s' z_dot. What it passes on to the value of z where the
// activation bends, s'' h_bar z_dot, is added to `bent`, or written there where `begins`.
template <class A, class T>
void TangentActivation(size_t size, const T* h, const T* slope, const T* h_bar, bool begins, T* bent, T* dot) {
  const Tag<T> d;
  for (size_t e = 0; e < size; e += static_cast<size_t>(lanes<T>)) {
    const auto z_dot = hn::Load(d, dot + e), first = hn::Load(d, slope + e), zero = hn::Zero(d);
    const auto before = begins ? zero : hn::Load(d, bent + e);
    const auto second = A::Second(d, zero, zero, hn::Load(d, h + e), first);
    hn::Store(hn::MulAdd(hn::Mul(second, hn::Load(d, h_bar + e)), z_dot, before), d, bent + e);
    hn::Store(hn::Mul(first, z_dot), d, dot + e);
  }
}

template <class T>
struct ActivationPasses {
  void (*values_and_slopes)(T omega, size_t size, T* h, T* c);
  void (*jet)(T omega, const JetRows<T>&, T* z, T* h);
  void (*jet_kept)(T omega, const JetRows<T>&, T* z, T* h);
  void (*jet_reverse)(T omega, const JetRows<T>&, const T* h, T* bar, T* z);
  void (*tangent)(size_t size, const T* h, const T* slope, const T* h_bar, bool begins, T* bent, T* dot);
};

template <class A, class T>
inline constexpr ActivationPasses<T> passes_of = {ValuesAndSlopes<A, T>, JetActivation<A, false, T>,
                                                  JetActivation<A, true, T>, JetActivationReverse<A, T>,
                                                  TangentActivation<A, T>};

template <class T>
const ActivationPasses<T>& PassesOf(Activation activation) {
  // Order of the enumerators.
  static constexpr ActivationPasses<T> all[] = {passes_of<Sine, T>,    passes_of<Relu, T>,     passes_of<Tanh, T>,
                                                passes_of<Sigmoid, T>, passes_of<Softplus, T>, passes_of<Elu, T>,
                                                passes_of<Selu, T>,    passes_of<Finer, T>,    passes_of<Gauss, T>};
  return all[static_cast<size_t>(activation)];
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
