// Elementary functions of arrays, the same bits on every libm: Highway's, with the ends of their ranges made good.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "sinefield/machine.h"

namespace sinefield::simd {

enum class Elementary : std::uint8_t { exp, log, sin, cos, tanh, asin, acos, atan };

/// Largest error in units in the last place (of denormal results in the smallest denormal number) of all but sin and
/// cos, whose errors are absolute, as sincos.h states them.
inline constexpr double elementary_ulps = 4;

/// y[i] = f(x[i]), of the same length; y may be x. exp overflows to infinity where the result is above all finite
/// numbers, log is -infinity of 0 and NaN below, asin and acos are NaN beyond +-1, sin and cos of infinity; NaN stays
/// NaN. Beyond sincos_range sin and cos are the C library's.
template <class T>
void elementary(Isa, Elementary, std::span<const T> x, std::span<T> y);

}  // namespace sinefield::simd
