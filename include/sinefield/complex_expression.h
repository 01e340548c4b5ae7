// Complex expressions: pairs of real ones, for equations of waves. Left out: functions with branch cuts.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/expression.h"

namespace sinefield {

struct ComplexExpression {
  Expression re, im;
};

/// Whether the imaginary part is the constant 0.
inline bool is_real(const ComplexExpression& a) { return a.im.graph()->is_zero(a.im.node()); }

inline ComplexExpression operator+(const ComplexExpression& a, const ComplexExpression& b) {
  return {a.re + b.re, a.im + b.im};
}
inline ComplexExpression operator-(const ComplexExpression& a, const ComplexExpression& b) {
  return {a.re - b.re, a.im - b.im};
}
inline ComplexExpression operator*(const ComplexExpression& a, const ComplexExpression& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
inline ComplexExpression operator/(const ComplexExpression& a, const ComplexExpression& b) {
  if (is_real(b)) return {a.re / b.re, a.im / b.re};
  const Expression size = b.re * b.re + b.im * b.im;
  return {(a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size};
}
inline ComplexExpression operator-(const ComplexExpression& a) { return {-a.re, -a.im}; }
inline ComplexExpression conj(const ComplexExpression& a) { return {a.re, -a.im}; }
inline Expression abs(const ComplexExpression& a) { return is_real(a) ? abs(a.re) : sqrt(a.re * a.re + a.im * a.im); }
inline ComplexExpression exp(const ComplexExpression& a) { return {exp(a.re) * cos(a.im), exp(a.re) * sin(a.im)}; }
/// To a whole exponent, at most 64 in size.
ComplexExpression pow(const ComplexExpression& base, int exponent);
inline ComplexExpression diff(const ComplexExpression& a, const Expression& coordinate) {
  return {diff(a.re, coordinate), diff(a.im, coordinate)};
}
inline ComplexExpression laplacian(const ComplexExpression& a) { return {laplacian(a.re), laplacian(a.im)}; }

}  // namespace sinefield
