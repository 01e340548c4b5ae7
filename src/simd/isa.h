// Choosing among the bodies that Highway's foreach_target compiled, by our own name of the instruction set, so that the
// choice is an argument and not a global. Include inside `#if HWY_ONCE` of a foreach_target file.
// SPDX-License-Identifier: MIT
#pragma once

#include "hwy/detect_targets.h"
#include "sinefield/machine.h"

#if HWY_ARCH_X86
/// The function (template) `NAME` of namespace sinefield::N_*, for `isa`.
#define SINEFIELD_FOR_ISA(isa, ...)                                     \
  ((isa) == ::sinefield::Isa::avx512 ? ::sinefield::N_AVX3::__VA_ARGS__ \
   : (isa) == ::sinefield::Isa::avx2 ? ::sinefield::N_AVX2::__VA_ARGS__ \
   : (isa) == ::sinefield::Isa::sse4 ? ::sinefield::N_SSE4::__VA_ARGS__ \
                                     : ::sinefield::N_SCALAR::__VA_ARGS__)
#else
/// One body, chosen by the compiler's flags (NEON, WebAssembly).
#define SINEFIELD_FOR_ISA(isa, ...) (static_cast<void>(isa), &::sinefield::HWY_NAMESPACE::__VA_ARGS__)
#endif
