// Highway's functions are stated for a range each; what lies beyond it is put right here.
// SPDX-License-Identifier: MIT
#include "simd/elementary.h"

#include <algorithm>
#include <cmath>

#include "simd/sincos.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/elementary.cpp"
#include "hwy/foreach_target.h"  // before all others of Highway, re-includes this file for each target

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

/// f(x) where f is good for numbers within `least` and `most` and constant beyond; of NaN NaN. (NaN and the largest
/// numbers have no integer parts, which Highway would take.)
template <class D, class V, class Function>
V Within(D d, V x, double least, double most, const Function& function) {
  using T = hn::TFromD<D>;
  const V inside = hn::Min(hn::Max(x, hn::Set(d, static_cast<T>(least))), hn::Set(d, static_cast<T>(most)));
  return hn::IfThenElse(hn::IsNaN(x), x, function(hn::IfThenElse(hn::IsNaN(x), hn::Zero(d), inside)));
}

template <class D, class V>
V Exponential(D d, V x) {
  // The largest numbers whose exponentials are finite; far below all that are not 0.
  constexpr double most = sizeof(hn::TFromD<D>) == 4 ? 88.7228317 : 709.78271289338397, least = -1001;
  const V y = Within(d, x, least, most, [d](V v) HWY_ATTR { return hn::Exp(d, v); });
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, static_cast<hn::TFromD<D>>(most))), hn::Inf(d), y);
}

template <class D, class V>
V HyperbolicTangent(D d, V x) {
  constexpr double one_from_here = 20;
  return Within(d, x, -one_from_here, one_from_here, [d](V v) HWY_ATTR { return hn::Tanh(d, v); });
}

template <class D, class V>
V Logarithm(D d, V x) {
  const V zero = hn::Zero(d), infinity = hn::Inf(d);
  const V at_ends = hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), hn::Log(d, x));
  return hn::IfThenElse(hn::Eq(x, infinity), x, hn::IfThenElse(hn::Ge(x, zero), at_ends, hn::NaN(d)));
}

template <class T, class Function>
void ForEach(std::span<const T> x, std::span<T> y, const Function& function) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d), whole = x.size() / lanes * lanes;
  for (size_t i = 0; i < whole; i += lanes) hn::StoreU(function(d, hn::LoadU(d, &x[i])), d, &y[i]);
  if (whole == x.size()) return;
  T rest[HWY_MAX_BYTES / sizeof(T)] = {};
  std::copy(x.begin() + static_cast<std::ptrdiff_t>(whole), x.end(), rest);
  hn::StoreU(function(d, hn::LoadU(d, rest)), d, rest);
  std::copy_n(rest, x.size() - whole, y.data() + whole);
}

template <class T>
void ElementaryArray(simd::Elementary function, std::span<const T> x, std::span<T> y) {
  using V = hn::Vec<hn::ScalableTag<T>>;
  using D = hn::ScalableTag<T>;
  const auto sine_or_cosine = [&](bool sine) HWY_ATTR {
    ForEach(x, y, [sine](D d, V v) HWY_ATTR {
      V s, c;
      Sincos(d, v, s, c);
      const auto in_range = hn::Le(hn::Abs(v), hn::Set(d, static_cast<T>(simd::sincos_range)));
      const V result = sine ? s : c;
      if (HWY_LIKELY(hn::AllTrue(d, in_range))) return result;
      T arguments[HWY_MAX_BYTES / sizeof(T)], results[HWY_MAX_BYTES / sizeof(T)];
      hn::StoreU(v, d, arguments);
      hn::StoreU(result, d, results);
      for (size_t i = 0; i < hn::Lanes(d); ++i)
        if (!(std::abs(arguments[i]) <= static_cast<T>(simd::sincos_range)))
          results[i] = sine ? std::sin(arguments[i]) : std::cos(arguments[i]);
      return hn::LoadU(d, results);
    });
  };
  const auto within_one = [](D d, V v, V value) HWY_ATTR {
    return hn::IfThenElse(hn::Le(hn::Abs(v), hn::Set(d, T{1})), value, hn::NaN(d));
  };
  switch (function) {
    case simd::Elementary::exp:
      return ForEach(x, y, [](D d, V v) HWY_ATTR { return Exponential(d, v); });
    case simd::Elementary::log:
      return ForEach(x, y, [](D d, V v) HWY_ATTR { return Logarithm(d, v); });
    case simd::Elementary::sin:
      return sine_or_cosine(true);
    case simd::Elementary::cos:
      return sine_or_cosine(false);
    case simd::Elementary::tanh:
      return ForEach(x, y, [](D d, V v) HWY_ATTR { return HyperbolicTangent(d, v); });
    case simd::Elementary::asin:
      return ForEach(x, y, [&](D d, V v) HWY_ATTR { return within_one(d, v, hn::Asin(d, v)); });
    case simd::Elementary::acos:
      return ForEach(x, y, [&](D d, V v) HWY_ATTR { return within_one(d, v, hn::Acos(d, v)); });
    case simd::Elementary::atan:
      return ForEach(x, y, [](D d, V v) HWY_ATTR { return hn::Atan(d, v); });
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "simd/isa.h"

namespace sinefield::simd {

template <class T>
void elementary(Isa isa, Elementary function, std::span<const T> x, std::span<T> y) {
  SINEFIELD_FOR_ISA(isa, ElementaryArray<T>)(function, x, y);
}
template void elementary(Isa, Elementary, std::span<const float>, std::span<float>);
template void elementary(Isa, Elementary, std::span<const double>, std::span<double>);

}  // namespace sinefield::simd
#endif
