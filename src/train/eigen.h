// Eigen under a name of our own: the linker must not replace our copies of its functions by those of a program that
// compiles Eigen for another instruction set, and what a user of it sets (sizes of caches) stays ours.
// SPDX-License-Identifier: MIT
#pragma once

#define Eigen sinefield_eigen
#include <Eigen/Dense>
#include <Eigen/SparseCholesky>
#undef Eigen

namespace sinefield::train {
namespace eigen = sinefield_eigen;
}
