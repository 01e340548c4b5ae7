// Eigen under the name that train/eigen.h explains, with what grids need of it: sparse factors and Fourier transforms.
// SPDX-License-Identifier: MIT
#pragma once

#define Eigen sinefield_eigen
#include <Eigen/Dense>
#include <Eigen/SparseCore>
#include <Eigen/SparseLU>
#include <unsupported/Eigen/FFT>
#undef Eigen

namespace sinefield::direct {
namespace eigen = sinefield_eigen;

/// Rows of equations, or of stencils: one for each point, columns are points.
using RowMatrix = eigen::SparseMatrix<double, eigen::RowMajor>;
}  // namespace sinefield::direct
