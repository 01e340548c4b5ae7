// What a solution is asked for: an expression over its coordinates, its unknown fields with their exact derivatives
// and, where its problem's text is known, the definitions of that; at any points, in double precision. Left out:
// normals, which only boundaries have.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/given_files.h"
#include "sinefield/query.h"
#include "sinefield/region.h"

namespace sinefield {

/// What an expression has at each point: one number, or a vector of `components`, real or complex.
struct ShownKind {
  int components = 1;
  bool vector = false, complex = false;

  /// Real numbers at each point.
  int numbers() const { return complex ? 2 * components : components; }
};

/// An expression over a solution, to be evaluated at batches of points. Refers to the field, which must outlive it and
/// stay as it is.
class Shown {
 public:
  /// Throws bad_input where the field is no solution, and with the column in the expression where that means nothing or
  /// needs more than points inside have; where it needs a file that the problem names, as `problem_from_text`.
  Shown(const Field&, const std::string& expression, const ComputeOptions& = {}, const GivenFiles& = {});
  Shown(const Field&&, const std::string&, const ComputeOptions& = {}, const GivenFiles& = {}) = delete;
  ~Shown();
  Shown(Shown&&) noexcept;

  const ShownKind& kind() const;

  /// Points (n, coordinates), in the order of declaration; (n, components), complex ones as pairs re, im. Not finite
  /// where the expression is not. What comes out does not depend on the number of threads, nor on the other points.
  std::vector<double> operator()(MatrixView<const double> points);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Where a solution was asked to hold: the domain of its problem's text, else the box of the ranges; and the range of
/// time.
class SolutionDomain {
 public:
  /// Throws bad_input where the text of the problem is damaged.
  explicit SolutionDomain(const SolutionFormat&);

  /// Coordinates in the order of declaration.
  bool contains(std::span<const double> point) const;

 private:
  std::vector<ProblemCoordinate> coordinates_;
  Region region_;
};

}  // namespace sinefield
