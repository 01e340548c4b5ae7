// The equations of terms as rows of a least-squares problem whose unknowns are the last layers of features. Scalar is
// complex where all terms are equations of complex numbers: half the unknowns, a quarter of the work.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/workers.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "train/last_layer.h"
#include "train/linear_terms.h"

namespace sinefield::train {

template <class Scalar>
class TermRows {
 public:
  /// Real numbers of one Scalar.
  static constexpr int parts = std::is_same_v<Scalar, double> ? 1 : 2;

  /// `features` has one output, of complex rows two; `channels` are those of the problem. The workers must outlive it.
  TermRows(const Field& features, int channels, Isa, engine::Workers&);

  /// Of all channels: those of the first channel, then of the next.
  int unknowns() const { return layers_.unknowns() * channels_; }
  static std::int64_t count(const TermEquations& e) { return e.points * (e.components / parts); }

  /// rows (count, unknowns) and right (count, 1), each row times the root of its share of the measure times `scale`.
  void write(const TermEquations&, double scale, MatrixView<Scalar> rows, MatrixView<Scalar> right);

  /// The right side alone, (count, 1).
  static void write_right(const TermEquations&, double scale, MatrixView<Scalar> right);

  /// (unknowns of a channel, channels of the problem), as LastLayers::field_of takes it.
  std::vector<double> solution(const std::vector<Scalar>& found) const;

 private:
  LastLayers layers_;
  int channels_;
};

/// The indices of all networks of a field.
std::vector<std::size_t> all_networks(const Field&);

}  // namespace sinefield::train
