// What one instruction set offers the engine, as a table of functions: each call does a large piece of work (a part of
// a batch through all layers), so that the choice of instruction set is made once per call.
// The functions trust their arguments; the public functions above the engine check them.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stdexcept>

#include "engine/jet_plan.h"
#include "engine/layout.h"
#include "sinefield/machine.h"
#include "sinefield/views.h"

namespace sinefield::engine {

/// Streams of a block (JetPlan's order): of each, (count, outputs) row-major from data + stream * stride on.
template <class T>
struct Streams {
  T* data;
  std::size_t stride;

  T* operator[](int stream) const { return data + static_cast<std::size_t>(stream) * stride; }
};

/// The points of one step and what is wanted of them. Called for one block at a time, from any worker: nothing of the
/// size of the batch need exist.
template <class T>
class Batch {
 public:
  virtual ~Batch() = default;
  virtual std::int64_t points() const = 0;
  /// Writes the network coordinates of points first .. first + count - 1: x (count, inputs) row-major.
  virtual void coordinates(std::int64_t first, int count, T* x) const = 0;
  /// Writes the a_ij of every term of the plan at those points, a[term][point]. Called for plans whose coefficients
  /// come by point, and only for those.
  virtual void coefficients(std::int64_t /*first*/, int /*count*/, Streams<T> /*a*/) const {
    throw std::logic_error("a plan asks for coefficients by point, and the batch has none");
  }
  /// The seed of the reverse pass: given the streams of u that the step's plan carries, writes the derivative of the
  /// loss by each of their numbers into u_bar and returns these points' share of the loss.
  virtual double seed(std::int64_t first, int count, Streams<const T> u, Streams<T> u_bar) const = 0;
};

/// The points of a query.
template <class T>
struct QueryPoints {
  MatrixView<const T> coordinates;        ///< (n, inputs)
  MatrixView<const T> coefficients = {};  ///< (n, terms of the plan), of plans whose coefficients come by point
};

/// Adam's constants of one step; `scale` multiplies the gradient (clipping), the corrections are 1 - beta^t.
struct AdamStep {
  double lr, beta1, beta2, epsilon, correction1, correction2, scale;
};

/// c = keep c + share a b for some rows of a product, all three in panels (layout.h). A stride counts the elements from
/// one panel to the next; a and c begin at the first row wanted, b and c at the first panel of columns wanted.
template <class T>
struct PanelProduct {
  int rows;   ///< a multiple of tile.rows
  int inner;  ///< columns of a, rows of b
  int panels;
  const T* a;
  std::size_t a_stride;
  const T* b;
  std::size_t b_stride;
  T* c;
  std::size_t c_stride;
  T keep = 0;  ///< 0: c is written without being read
  T share = 1;
};

/// The second exit of a pass: the inputs and adjoints of every affine map, kept block by block, and products with the
/// Jacobian J that they are the factors of (jacobian-inl.h). A row of J is a point; the plan is a jet. `v` is packed as
/// parameters are, `points` those of the block.
template <class T>
struct JacobianKernels {
  /// Points of a block, elements that its factors take (`Kernels::train_scratch`), and elements of scratch for one
  /// worker.
  int (*block_points)(const NetworkLayout&, const JetPlan&);
  std::size_t (*scratch)(const NetworkLayout&, const JetPlan&);
  /// Points first .. first + count - 1, at most a block: writes their factors, returns the share of the loss.
  double (*linearise)(const NetworkLayout&, const JetPlan&, const T* packed, const Batch<T>&, std::int64_t first,
                      int count, T* factors);
  /// result = J v of one block.
  void (*times)(const NetworkLayout&, const JetPlan&, const T* factors, int points, const T* v, T* result, T* scratch);
  /// Adds J' w of one block to the packed gradient.
  void (*transposed_times)(const NetworkLayout&, const JetPlan&, const T* factors, int points, const T* w,
                           T* packed_gradient, T* scratch);
  /// The columns of J J' that belong to one block, from the diagonal down, and their mirror image. Blocks lie
  /// `block_size` elements apart and hold `points` points in all.
  void (*gram)(const NetworkLayout&, const JetPlan&, const T* factors, std::size_t block_size, std::int64_t points,
               std::int64_t block, MatrixView<T> matrix, T* scratch);
  /// One row of J, flat layout.
  void (*row)(const NetworkLayout&, const JetPlan&, const T* factors, int points, int point, T* row, T* scratch);
};

template <class T>
struct Kernels {
  Tile tile;

  /// Flat parameters -> packed weights with omega folded in.
  void (*pack)(const NetworkLayout&, const T* parameters, T* packed);
  /// Packed gradient -> flat gradient, omega folded back.
  void (*unpack_gradient)(const NetworkLayout&, const T* packed_gradient, T* gradient);
  /// Elements of scratch that train and query need for one worker.
  std::size_t (*train_scratch)(const NetworkLayout&, const JetPlan&);
  std::size_t (*query_scratch)(const NetworkLayout&, const JetPlan&);

  /// Points first .. first + count - 1 of the batch forward and backward; adds to the packed gradient, returns the
  /// loss.
  double (*train)(const NetworkLayout&, const JetPlan&, const T* packed, const Batch<T>&, std::int64_t first,
                  std::int64_t count, T* packed_gradient, T* scratch);
  /// Streams of points first .. first + count - 1: out[stream] + (point * outputs + output).
  void (*query)(const NetworkLayout&, const JetPlan&, const T* packed, const QueryPoints<T>&, std::int64_t first,
                std::int64_t count, T* const* out, T* scratch);
  /// Streams of the last hidden layer, by a jet plan: out[(point * streams + stream) * width + unit]. Scratch as of
  /// query.
  void (*features)(const NetworkLayout&, const JetPlan&, const T* packed, const QueryPoints<T>&, std::int64_t first,
                   std::int64_t count, T* out, T* scratch);
  JacobianKernels<T> jacobian;

  /// into += from
  void (*add)(T* into, const T* from, std::size_t size);
  double (*sum_of_squares)(const T* x, std::size_t size);
  void (*adam)(const AdamStep&, T* parameters, const T* gradient, T* mean, T* square, std::size_t size);
  void (*multiply)(const PanelProduct<T>&);
  /// sums (panel, panel) += h' g, of one panel of h and one of g over `rows` rows.
  void (*add_panel_product)(int rows, const T* h, const T* g, T* sums);
  /// Elements of scratch for `orthonormalise`.
  std::size_t (*orthonormalise_scratch)(int size);
  /// The Q of a QR decomposition by Householder reflections: orthonormal whatever the rank. Column j of the square
  /// matrix lies at columns + j * padded, and Q's in its place, where padded is `size` rounded up to whole panels; the
  /// elements beyond `size` are zero. Both arrays are aligned to cache lines.
  void (*orthonormalise)(int size, T* columns, T* scratch);
};

template <class T>
const Kernels<T>& kernels(Isa);

/// The kernels that serve one network. A network that fills at most half a panel of AVX-512 runs on AVX2's, whose
/// panels are half as wide: the same number of multiply-adds, none of them on padding, and twice as fast where 512-bit
/// operations are split into two.
template <class T>
const Kernels<T>& kernels(Isa isa, const Architecture& architecture) {
  const Kernels<T>& widest = kernels<T>(isa);
  return isa == Isa::avx512 && architecture.width <= widest.tile.panel / 2 ? kernels<T>(Isa::avx2) : widest;
}

}  // namespace sinefield::engine
