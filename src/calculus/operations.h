// What each operation of expressions is on plain numbers, and how it is written.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <string_view>

#include "sinefield/expression.h"

namespace sinefield::calculus {

/// Of an operation on up to three numbers; not of what stands at the ends: coordinates, streams, .. What has NaN for an
/// operand is NaN, but for comparisons, which do not hold (a `where` takes NaN for a condition that holds), and for
/// sign, which is 0.
double value_of(Operation, double a, double b, double c);

/// std::min and std::max would take b for NaN.
template <class T>
T lesser(T a, T b) {
  return a < b || std::isnan(a) ? a : b;
}
template <class T>
T greater(T a, T b) {
  return a > b || std::isnan(a) ? a : b;
}

/// "sqrt", "where", ..
std::string_view name_of(Operation);
/// "+" of what is written between its operands, else null.
const char* infix(Operation);

}  // namespace sinefield::calculus
