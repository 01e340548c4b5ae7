// The kernels of every instruction set in double.
// SPDX-License-Identifier: MIT
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels_double.cpp"
#include "hwy/foreach_target.h"  // before the rest: re-includes this file for each target

#include "engine/kernel_table-inl.h"
#include "hwy/highway.h"

#if HWY_ONCE
#include "simd/isa.h"

namespace sinefield::engine {

template <>
const Kernels<double>& kernels<double>(Isa isa) {
  return SINEFIELD_FOR_ISA(isa, KernelTable<double>)();
}

}  // namespace sinefield::engine
#endif
