// Least squares of the terms of a problem for one set of features: rows, their balance, and the solve by QR while that
// is not too much, by normal equations beyond it; channels that no equation ties together one after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/workers.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"
#include "train/linear_terms.h"
#include "train/term_rows.h"

namespace sinefield::train {

/// Where the normal equations end: they square the condition number.
inline constexpr double normal_equations_end = 1e-7;

/// Scalar is complex where all terms are equations of complex numbers, as in TermRows.
template <class Scalar>
class RungSystem {
 public:
  /// `features` with one output, of complex numbers two; `channels` are those of the problem. `exact`: by QR while that
  /// is not too much. The workers must outlive it.
  RungSystem(const Field& features, int channels, bool exact, Isa, engine::Workers&);

  /// Of all channels.
  std::int64_t unknowns() const { return rows_.unknowns(); }
  /// (unknowns of a channel, channels of the problem), as LastLayers::field_of takes it.
  std::vector<double> solution(const std::vector<Scalar>& found) const { return rows_.solution(found); }

  /// Rows of all terms.
  static std::int64_t count(const std::vector<TermEquations>&);
  /// Whether these would be solved by QR.
  bool by_qr(const std::vector<TermEquations>&) const;
  /// Of the last solve: whether equations tie channels together.
  bool coupled() const { return coupled_; }

  /// What the squares of each term are multiplied by: its weight over the mean square of its rows, so that terms weigh
  /// alike but for that. Throws bad_input, with the name of the term, where these are zeros.
  std::vector<double> scales(const std::vector<Term>&, const std::vector<TermEquations>&);

  /// Of all channels: where no equation ties them together, one after the other, those of the same coefficients at
  /// once. Each term's squares times its scale. Throws failure where a number is not finite.
  std::vector<Scalar> solve(const std::vector<TermEquations>&, const std::vector<double>& scales);

 private:
  double balance(const TermEquations&, const std::string& name);
  /// (unknowns, sides): least squares with the first one's rows and a right side of each.
  std::vector<Scalar> solved(TermRows<Scalar>& by, const std::vector<const std::vector<TermEquations>*>& sides,
                             const std::vector<double>& scales);
  bool few_enough(std::int64_t rows, std::int64_t columns) const;

  TermRows<Scalar> rows_, of_one_;
  bool exact_;
  bool coupled_ = false;
  Isa isa_;
  engine::Workers& workers_;
};

}  // namespace sinefield::train
