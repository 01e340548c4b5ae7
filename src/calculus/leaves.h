// What an expression is made of in the end: which of the numbers that come with a point it reads. Normals and columns
// are asked for in sinefield/expression.h.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/expression.h"

namespace sinefield::calculus {

/// Whether the coordinate of this number stands in it, or a given field that spans it does; unknown fields do not
/// count.
bool reads_coordinate(const Expression&, int coordinate);

}  // namespace sinefield::calculus
