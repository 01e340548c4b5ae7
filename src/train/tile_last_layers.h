// The exact solve of the last layers of all tiles together: a field of tiles is linear in them, so every linear
// differential equation, by least squares or by its energy, is one sparse system. The counterpart of least_squares.h.
// Left out: terms that join several points.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/query.h"

namespace sinefield::train {

/// The axes i <= j of a second derivative.
using AxisPair = std::array<int, 2>;

/// (0, 0), (1, 1), ..
std::vector<AxisPair> pure_seconds(int inputs);

/// A sum over points of quadratic forms of a field u of raw outputs, for every output o alike,
///   1/2 s' A s - s' r_o,  s = (u, d_1 u, .., d_i d_j u, ..) at the point,
/// derivatives by network coordinates. An equation a' s = right is the form of A = a a', r = a right.
class PointForms {
 public:
  /// `seconds`: which second derivatives are terms; each pair once.
  PointForms(int inputs, int outputs, std::vector<AxisPair> seconds = {})
      : inputs_(inputs), outputs_(outputs), seconds_(std::move(seconds)) {}

  /// point (inputs); matrix (terms, terms), symmetric; right (terms, outputs). Throws bad_input where a size is
  /// another.
  void add(std::span<const double> point, std::span<const double> matrix, std::span<const double> right);
  /// coefficients (terms); right (outputs). How much it weighs is in the size of its numbers.
  void add_equation(std::span<const double> point, std::span<const double> coefficients, std::span<const double> right);

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }
  const std::vector<AxisPair>& seconds() const { return seconds_; }
  int terms() const { return 1 + inputs_ + static_cast<int>(seconds_.size()); }
  std::int64_t count() const { return std::ssize(points_) / inputs_; }

  const std::vector<double>& points() const { return points_; }      ///< (count, inputs)
  const std::vector<double>& matrices() const { return matrices_; }  ///< (count, terms, terms)
  const std::vector<double>& right() const { return right_; }        ///< (count, terms, outputs)

 private:
  int inputs_, outputs_;
  std::vector<AxisPair> seconds_;
  std::vector<double> points_, matrices_, right_;
};

/// Sets the last layers (weights and biases) of all tiles of the field to where the sum of the forms is least, all else
/// as it is. Every change of a weight costs `ridge` times what its square counts in the forms, so that what they leave
/// open stays as it was. In double, by a sparse Cholesky factorisation with a dense block for each pair of tiles that
/// meet; the bits do not depend on threads. Throws bad_input where the field is not of tiles of one architecture, or
/// inputs or outputs are others; failure where the sum has no least.
void solve_last_layers(Field&, const PointForms&, double ridge, const ComputeOptions&);

}  // namespace sinefield::train
