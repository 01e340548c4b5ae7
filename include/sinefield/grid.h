// Values of a field on a regular grid of points: the fast way to pictures, sounds, frames and slices. Each tile is
// evaluated once for all of its points, in coordinates of its own made in double precision, so that an hour of sound is
// as exact as its first second. Derivatives, and points in no order, are in query.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/query.h"

namespace sinefield {

/// Keeps threads and scratch between calls. Refers to the field, which must outlive it and stay as it is.
class GridEvaluator {
 public:
  /// Throws bad_input where a field's tiling or windows contradict themselves or its networks.
  explicit GridEvaluator(const Field&, const ComputeOptions& = {});
  GridEvaluator(const Field&&, const ComputeOptions& = {}) = delete;
  ~GridEvaluator();
  GridEvaluator(GridEvaluator&&) noexcept;

  /// positions[i]: signal coordinates along axis i, not decreasing. `values` receives the field at all combinations,
  /// row-major, (positions[0].size(), positions[1].size(), ..., outputs), in signal units. Throws bad_input where the
  /// number of axes is not the field's or the sizes do not match. The value at a point does not depend on the
  /// others of the call.
  void operator()(std::span<const std::vector<double>> positions, std::span<float> values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Positions of `outputs` samples over the same extent as `inputs` samples: sample j lies at (j + 0.5) / F - 0.5, F =
/// outputs / inputs, clamped to the outermost samples. The whole positions where both are equal.
std::vector<double> resampled_positions(std::int64_t outputs, std::int64_t inputs);

/// `count` positions first, first + 1, ...
std::vector<double> whole_positions(std::int64_t first, std::int64_t count);

}  // namespace sinefield
