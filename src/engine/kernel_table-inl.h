// The table of one target, filled.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_KERNEL_TABLE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_KERNEL_TABLE_INL_H_
#undef SINEFIELD_ENGINE_KERNEL_TABLE_INL_H_
#else
#define SINEFIELD_ENGINE_KERNEL_TABLE_INL_H_
#endif

#include "engine/block-inl.h"
#include "engine/jacobian-inl.h"
#include "engine/jets-inl.h"
#include "engine/kernels.h"
#include "engine/matrices-inl.h"
#include "engine/parameters-inl.h"
#include "engine/training-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

template <class T>
const engine::Kernels<T>& KernelTable() {
  static constexpr engine::Kernels<T> table = {
      .tile = {tile_rows, panel<T>},
      .pack = Pack<T>,
      .unpack_gradient = UnpackGradient<T>,
      .train_scratch = TrainScratch<T>,
      .query_scratch = QueryScratch<T>,
      .train = Train<T>,
      .query = Query<T>,
      .features = Features<T>,
      .jacobian = {.block_points = TrainPoints,
                   .scratch = JacobianScratch<T>,
                   .linearise = Linearise<T>,
                   .times = JacobianTimes<T>,
                   .transposed_times = JacobianTransposedTimes<T>,
                   .gram = JacobianGram<T>,
                   .row = JacobianRow<T>},
      .add = Add<T>,
      .sum_of_squares = SumOfSquares<T>,
      .adam = Adam<T>,
      .multiply = Multiply<T>,
      .add_panel_product = AddPanelProduct<T>,
      .orthonormalise_scratch = OrthonormaliseScratch<T>,
      .orthonormalise = Orthonormalise<T>,
  };
  return table;
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
