// The kernels of every instruction set in float.
// SPDX-License-Identifier: MIT
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels_float.cpp"
#include "hwy/foreach_target.h"  // before the rest: re-includes this file for each target

#include "engine/kernel_table-inl.h"
#include "hwy/highway.h"

#if HWY_ONCE
#include "simd/isa.h"

namespace sinefield::engine {

template <>
const Kernels<float>& kernels<float>(Isa isa) {
  return SINEFIELD_FOR_ISA(isa, KernelTable<float>)();
}

}  // namespace sinefield::engine
#endif
