// Sine and cosine of arrays, with bounds that hold for every instruction set. The kernels of the engine use the same
// code inline (sincos-inl.h); these entry points serve tests, the bench and what needs the same bits on every libm.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "sinefield/machine.h"

namespace sinefield::simd {

/// Largest |x| for which the bounds below hold; beyond it accuracy falls off, results stay within [-1.01, 1.01] up to
/// 1e6.
inline constexpr double sincos_range = 40'000;

/// Largest absolute error of either function over +-sincos_range, for |x| = float or double input.
template <class T>
inline constexpr double sincos_bound = 0;
template <>
inline constexpr double sincos_bound<float> = 4e-7;
template <>
inline constexpr double sincos_bound<double> = 1e-15;

/// sine[i] = sin(x[i]), cosine[i] = cos(x[i]). All three of the same length; x may be one of the outputs.
template <class T>
void sincos(Isa, std::span<const T> x, std::span<T> sine, std::span<T> cosine);

/// GFLOP/s of independent fused (or, without FMA, separate) multiply-adds in registers: the peak that speeds are
/// measured against. Best of several short runs, about 20 ms in all.
template <class T>
double peak_gflops(Isa);

}  // namespace sinefield::simd
