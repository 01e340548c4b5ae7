// Array entry points of the vector sine and cosine, and the measured FMA peak, one body for every instruction set.
// SPDX-License-Identifier: MIT
#include "simd/sincos.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/sincos.cpp"
#include "hwy/foreach_target.h"  // before highway.h, re-includes this file for each target
#include "hwy/highway.h"
#include "simd/sincos-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

template <class T>
void SincosArray(std::span<const T> x, std::span<T> sine, std::span<T> cosine) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d), whole = x.size() / lanes * lanes;
  const auto block = [&](const T* from, T* to_sine, T* to_cosine) HWY_ATTR {
    hn::Vec<decltype(d)> s, c;
    Sincos(d, hn::LoadU(d, from), s, c);
    hn::StoreU(s, d, to_sine);
    hn::StoreU(c, d, to_cosine);
  };
  for (size_t i = 0; i < whole; i += lanes) block(&x[i], &sine[i], &cosine[i]);
  if (whole < x.size()) {
    T from[HWY_MAX_BYTES / sizeof(T)] = {}, to_sine[HWY_MAX_BYTES / sizeof(T)], to_cosine[HWY_MAX_BYTES / sizeof(T)];
    std::copy(x.begin() + static_cast<std::ptrdiff_t>(whole), x.end(), from);
    block(from, to_sine, to_cosine);
    std::copy_n(to_sine, x.size() - whole, sine.data() + whole);
    std::copy_n(to_cosine, x.size() - whole, cosine.data() + whole);
  }
}

/// Seconds for `rounds` rounds of 12 independent multiply-adds; the sum goes to `sink` so that nothing is left out.
template <class T>
double FmaSeconds(std::int64_t rounds, T* sink) {
  const hn::ScalableTag<T> d;
  constexpr int chains = 12;
  hn::Vec<decltype(d)> sum[chains];
  for (int i = 0; i < chains; ++i) sum[i] = hn::Set(d, static_cast<T>(i));
  const auto a = hn::Set(d, static_cast<T>(0.999)), b = hn::Set(d, static_cast<T>(1e-3));
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t round = 0; round < rounds; ++round) {
    HWY_UNROLL(12)
    for (int i = 0; i < chains; ++i) sum[i] = hn::MulAdd(sum[i], a, b);
  }
  const auto stop = std::chrono::steady_clock::now();
  auto total = sum[0];
  for (int i = 1; i < chains; ++i) total = hn::Add(total, sum[i]);
  *sink += hn::GetLane(total);
  return std::chrono::duration<double>(stop - start).count();
}

template <class T>
double PeakGflops() {
  const hn::ScalableTag<T> d;
  const std::int64_t rounds = 400'000;
  T sink = 0;
  double best = 1e9;
  for (int run = 0; run < 12; ++run) best = std::min(best, FmaSeconds<T>(rounds, &sink));
  const double flops = 2.0 * 12 * static_cast<double>(hn::Lanes(d)) * static_cast<double>(rounds);
  return std::isfinite(static_cast<double>(sink)) ? flops / best * 1e-9 : 0;
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "simd/isa.h"

namespace sinefield::simd {

template <class T>
void sincos(Isa isa, std::span<const T> x, std::span<T> sine, std::span<T> cosine) {
  SINEFIELD_FOR_ISA(isa, SincosArray<T>)(x, sine, cosine);
}
template <class T>
double peak_gflops(Isa isa) {
  return SINEFIELD_FOR_ISA(isa, PeakGflops<T>)();
}
template void sincos(Isa, std::span<const float>, std::span<float>, std::span<float>);
template void sincos(Isa, std::span<const double>, std::span<double>, std::span<double>);
template double peak_gflops<float>(Isa);
template double peak_gflops<double>(Isa);

}  // namespace sinefield::simd
#endif
