// What stands between the coordinates and the first layer: the streams of the encoded coordinates of a block, and of
// radial basis functions the way back to their centres and sigmas.
//
// Positional features come from t = x 2^i, which is exact: sin(pi t) needs only t - 2 round(t / 2), exact too, so that
// the highest frequency is as right as the lowest. Radial ones are a layer with z = sigma |x - c|^2 and the activation
// exp(-z^2): its jets and their adjoints are those of any layer.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_ENCODING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_ENCODING_INL_H_
#undef SINEFIELD_ENGINE_ENCODING_INL_H_
#else
#define SINEFIELD_ENGINE_ENCODING_INL_H_
#endif

#include "engine/activation_passes-inl.h"
#include "engine/kernels.h"
#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::NetworkLayout;

// Element of the coordinates in panels: axis i of row r.
template <class T>
HWY_INLINE T Coordinate(const T* x, int rows, int i, int r) {
  constexpr int P = panel<T>;
  return x[(i / P * rows + r) * P + i % P];
}

// One panel of positional features: e, e_i, e_A.
template <class T>
void PositionalPanel(const NetworkLayout& net, const JetRows<T>& jet, const T* packed, int j, const T* x, T* e) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const JetPlan& plan = jet.plan;
  const T* rates = packed + net.encoding_weights + static_cast<size_t>(j * net.inputs()) * P;
  const T* phases = packed + net.encoding_units + static_cast<size_t>(j) * P;
  const auto pi = hn::Set(d, static_cast<T>(3.14159265358979323846)), inputs = hn::Set(d, static_cast<T>(net.inputs()));
  for (int half = 0; half < P; half += L) {
    const auto plain = hn::Lt(hn::Iota(d, static_cast<T>(j * P + half)), inputs);  // the coordinates themselves
    const auto phase = hn::Load(d, phases + half);
    for (int r = 0; r < jet.rows; ++r) {
      auto t = hn::Zero(d);
      for (int i = 0; i < net.inputs(); ++i)  // of one axis alone: exact
        t = hn::MulAdd(hn::Set(d, Coordinate(x, jet.rows, i, r)), hn::Load(d, rates + i * P + half), t);
      const auto turns = hn::Round(hn::Mul(t, hn::Set(d, static_cast<T>(0.5))));
      const auto reduced = hn::NegMulAdd(hn::Set(d, T{2}), turns, t);
      Vector<T> s, slope;
      Sincos(d, hn::Mul(pi, hn::Add(reduced, phase)), s, slope);
      const auto bend = hn::IfThenZeroElse(plain, hn::Mul(hn::Mul(pi, pi), s));
      const auto rise = hn::IfThenElse(plain, hn::Set(d, T{1}), hn::Mul(pi, slope));
      T* to = e + r * P + half;
      hn::Store(hn::IfThenElse(plain, t, s), d, to);
      for (int k = 0; k < plan.first; ++k)
        hn::Store(hn::Mul(rise, hn::Load(d, rates + plan.axis(k) * P + half)), d,
                  to + static_cast<size_t>(1 + k) * jet.Stride());
      const T* a = jet.coefficients + r;
      for (size_t which = 0; which < plan.second.size(); ++which) {
        auto q = hn::Zero(d);
        for (const auto& term : plan.second[which].terms) {
          const auto zi = hn::Load(d, rates + plan.axis(term.i) * P + half),
                     zj = hn::Load(d, rates + plan.axis(term.j) * P + half);
          q = hn::MulAdd(hn::Mul(hn::Set(d, *a), zi), zj, q);
          a += jet.rows;
        }
        hn::Store(hn::Neg(hn::Mul(bend, q)), d, to + (1 + static_cast<size_t>(plan.first) + which) * jet.Stride());
      }
    }
  }
}

// The sum of the pure terms of each operator at one row: half of z_A / sigma.
template <class T, class Each>
HWY_INLINE void ForOperatorTraces(const JetRows<T>& jet, int r, const Each& each) {
  const T* a = jet.coefficients + r;
  for (size_t of = 0; of < jet.plan.second.size(); ++of) {
    T trace = 0;
    for (const auto& term : jet.plan.second[of].terms) {
      if (term.i == term.j) trace += *a;
      a += jet.rows;
    }
    each(1 + static_cast<size_t>(jet.plan.first) + of, trace);
  }
}

// One panel of z of radial features: z = sigma |x - c|^2, z_i = 2 sigma (x_i - c_i), z_A = 2 sigma sum a_ii.
template <class T>
void RadialPanel(const NetworkLayout& net, const JetRows<T>& jet, const T* packed, int j, const T* x, T* z) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const T* centres = packed + net.encoding_weights + static_cast<size_t>(j * net.inputs()) * P;
  const T* sigmas = packed + net.encoding_units + static_cast<size_t>(j) * P;
  for (int half = 0; half < P; half += L) {
    const auto sigma = hn::Load(d, sigmas + half), twice = hn::Add(sigma, sigma);
    for (int r = 0; r < jet.rows; ++r) {
      const auto away = [&](int i) HWY_ATTR {
        return hn::Sub(hn::Set(d, Coordinate(x, jet.rows, i, r)), hn::Load(d, centres + i * P + half));
      };
      auto square = hn::Zero(d);
      for (int i = 0; i < net.inputs(); ++i) square = hn::MulAdd(away(i), away(i), square);
      T* to = z + r * P + half;
      hn::Store(hn::Mul(sigma, square), d, to);
      for (int k = 0; k < jet.plan.first; ++k)
        hn::Store(hn::Mul(twice, away(jet.plan.axis(k))), d, to + static_cast<size_t>(1 + k) * jet.Stride());
      ForOperatorTraces(jet, r, [&](size_t stream, T trace) HWY_ATTR {
        hn::Store(hn::Mul(twice, hn::Set(d, trace)), d, to + stream * jet.Stride());
      });
    }
  }
}

// Adds the gradients of the centres and sigmas of one panel, given the adjoints of z.
template <class T>
void RadialGradientPanel(const NetworkLayout& net, const JetRows<T>& jet, const T* packed, int j, const T* x,
                         const T* z_bar, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const size_t at = static_cast<size_t>(j) * P, matrix = at * static_cast<size_t>(net.inputs());
  for (int half = 0; half < P; half += L) {
    const auto sigma = hn::Load(d, packed + net.encoding_units + at + half);
    T* const sigma_to = gradient + net.sigmas_gradient + at + half;
    auto sigma_bar = hn::Load(d, sigma_to);
    for (int r = 0; r < jet.rows; ++r) {
      const T* from = z_bar + r * P + half;
      const auto bar = hn::Load(d, from);
      const auto centre = [&](int i) { return matrix + static_cast<size_t>(i * P + half); };
      const auto away = [&](int i) HWY_ATTR {
        return hn::Sub(hn::Set(d, Coordinate(x, jet.rows, i, r)),
                       hn::Load(d, packed + net.encoding_weights + centre(i)));
      };
      auto through = hn::Zero(d);  // of sigma: half of the sum of adjoints times z / sigma
      const auto move = [&](int i, auto by) HWY_ATTR {
        T* to = gradient + net.centres_gradient + centre(i);
        hn::Store(hn::Sub(hn::Load(d, to), hn::Mul(hn::Add(sigma, sigma), by)), d, to);
      };
      auto square = hn::Zero(d);
      for (int i = 0; i < net.inputs(); ++i) {
        square = hn::MulAdd(away(i), away(i), square);
        move(i, hn::Mul(bar, away(i)));
      }
      for (int k = 0; k < jet.plan.first; ++k) {
        const auto bar_k = hn::Load(d, from + static_cast<size_t>(1 + k) * jet.Stride());
        through = hn::MulAdd(bar_k, away(jet.plan.axis(k)), through);
        move(jet.plan.axis(k), bar_k);
      }
      ForOperatorTraces(jet, r, [&](size_t stream, T trace) HWY_ATTR {
        through = hn::MulAdd(hn::Set(d, trace), hn::Load(d, from + stream * jet.Stride()), through);
      });
      sigma_bar = hn::Add(sigma_bar, hn::MulAdd(bar, square, hn::Add(through, through)));
    }
    hn::Store(sigma_bar, d, sigma_to);
  }
}

// All streams of the encoded coordinates into e; `kept` is what the way back of radial features needs.
template <class T>
void Encode(const NetworkLayout& net, const JetRows<T>& jet, const T* packed, const T* x, T* kept, T* e) {
  const size_t panel_size = jet.Stride() * static_cast<size_t>(jet.plan.streams());
  for (int j = 0; j < net.panels(encoded_inputs(net.architecture)); ++j) {
    const size_t at = static_cast<size_t>(j) * panel_size;
    if (net.rbf()) {
      RadialPanel(net, jet, packed, j, x, kept + at);
      PassesOf<T>(Activation::gauss).jet_kept(T{1}, jet, kept + at, e + at);
    } else {
      PositionalPanel(net, jet, packed, j, x, e + at);
    }
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
