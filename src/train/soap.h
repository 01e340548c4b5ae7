// SOAP (Vyas et al. 2024, arXiv 2409.11321): for the gradient G of each weight matrix, running means L of G G' and R of
// G' G; Adam runs in the eigenbases Q_L and Q_R of these, on Q_L' G Q_R; every ten steps one power iteration and a QR
// decomposition bring the bases up to date. The order of operations is that of the authors' code: the first step only
// sets up L, R and the bases, a step uses the bases of the gradients before it, and the columns of the second moment
// follow the eigenvalues where these change places. The first moment is kept in the eigenbasis and turned when the
// basis turns, which is the same as keeping it outside and projecting it in every step.
// Biases and single weights get Adam with the same constants; a side of one unit or of more than 2,048 is left as it
// is. Left out: weight decay, warm-up, preconditioned vectors.
// SPDX-License-Identifier: MIT
#pragma once

#include "engine/layout.h"
#include "engine/panel_matrix.h"
#include "train/optimizer.h"

namespace sinefield::train {

using engine::PanelMatrix;

template <class T>
class Soap final : public GradientOptimizer<T> {
 public:
  using typename GradientOptimizer<T>::State;

  static constexpr double beta1 = 0.95, beta2 = 0.95, epsilon = 1e-8;
  static constexpr int refresh_interval = 10, largest_side = 2048;

  Soap(const Architecture&, Isa, engine::Workers&, Clipping<T> = {});

  void step(std::span<T> parameters, std::span<const T> gradient, double lr, double scale) override;
  void restart() override;
  /// Both moments in the layout of the parameters, those of matrices in their eigenbases; then for each preconditioned
  /// side of each matrix, left before right, L or R and the basis: (size, size) row-major, eigenvectors in columns.
  State state() const override;
  void restore(const State&) override;

 private:
  struct Plain {  // parameters without a preconditioner
    std::size_t first;
    std::vector<T> mean, square;
  };
  struct Side {
    Side(int size, engine::Tile tile)
        : moment(size, size, tile), basis(size, size, tile), transposed(size, size, tile), power(size, size, tile) {
      order.resize(static_cast<std::size_t>(size));
      estimate.resize(static_cast<std::size_t>(size));
    }
    PanelMatrix<T> moment;             // L or R, complete only from the diagonal up
    PanelMatrix<T> basis, transposed;  // Q and Q'
    PanelMatrix<T> power;              // (L Q)' = Q' L
    std::vector<int> order;            // of the columns of the old basis in the new one
    std::vector<double> estimate;      // of the eigenvalues
  };
  struct Matrix {
    LayerSlice slice;
    int left, right;                      // sides, -1 = none
    PanelMatrix<T> gradient, transposed;  // G, scaled, and G'
    PanelMatrix<T> projected;             // Q_L' G Q_R
    PanelMatrix<T> move;                  // of the parameters, in the eigenbasis
    PanelMatrix<T> mean, square;
  };
  // The unit of work: some rows of a matrix or of one moment of it. Strips depend on shapes alone, and each element is
  // computed in one strip, so that its bits do not depend on the workers.
  struct Strip {
    std::size_t matrix;
    int side;  // -1: rows of the matrix itself
    int first, rows;
  };
  struct Scratch {
    engine::AlignedArray<T> half, strip, columns, reflections;
  };

  void pack_gradient(const Strip&, std::span<const T> gradient, T scale);
  void add_to_moment(const Strip&);
  void mirror_moment(const Strip&);
  void move_in_eigenbasis(const Strip&, const engine::AdamStep&, Scratch&);
  void move_parameters(const Strip&, std::span<T> parameters, Scratch&);
  void refresh_bases();
  void iterate_basis(Side&, Scratch&);
  void permute_square(const Strip&);
  void set_up_basis(Side&);

  const Side* side(int index) const { return index < 0 ? nullptr : &sides_[static_cast<std::size_t>(index)]; }
  // Some rows of left' middle right to result; nullptr = the identity.
  void rotate(const Strip&, const PanelMatrix<T>* left, const PanelMatrix<T>& middle, const PanelMatrix<T>* right,
              T* result, std::size_t stride, Scratch&) const;
  // work(strip, scratch) for all strips of the matrices, or of the matrices and their sides, by all workers.
  template <class Work>
  void for_each(std::span<const Strip>, const Work&);

  const engine::Kernels<T>& kernels_;
  engine::Workers& workers_;
  std::int64_t steps_ = 0;
  std::size_t parameters_;
  std::vector<Plain> plain_;
  std::vector<Side> sides_;
  std::vector<Matrix> matrices_;
  std::vector<Strip> strips_;  // of the matrices first, then of their sides
  std::size_t matrix_strips_ = 0;
  std::vector<Scratch> scratch_;  // one for each worker
};

}  // namespace sinefield::train
