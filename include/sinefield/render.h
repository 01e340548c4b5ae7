// A field of a picture, sampled again: at its own size or any other, values or derivatives, whole or row by row.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/query.h"

namespace sinefield {

/// Rows of the field on a grid of height x width samples. Output row j lies at (j + 0.5) / F - 0.5 in samples of the
/// original, F = height / original height, clamped to the outermost samples; columns likewise. At the original's size
/// these are its own samples. Refers to the field, which must outlive it.
class PictureRenderer {
 public:
  /// Throws bad_input where the field does not stand for a picture, and for a size below 1 x 1.
  PictureRenderer(const Field&, std::int64_t height, std::int64_t width, Order, const ComputeOptions& = {});
  PictureRenderer(const Field&&, std::int64_t, std::int64_t, Order, const ComputeOptions& = {}) = delete;

  /// Jets of rows first .. first + count - 1 in signal units: points in row-major order.
  Jets<float> rows(std::int64_t first, std::int64_t count);

  /// Rows that are worth asking for at once: about 64 Ki points.
  std::int64_t strip() const;

 private:
  Evaluator<float> evaluator_;
  std::vector<double> row_positions_, column_positions_;  // in samples of the original
  std::vector<float> points_;
};

/// Called now and then with the fraction done, in [0, 1].
using FractionDone = std::function<void(double)>;

/// The values as a picture of the given type. Integer full scales are mapped to one another and to [0, 1] of f32; a
/// float original's [min, max] to the full scale of integer types. Not clipped or rounded: writing does that, or
/// `quantise`.
Picture render_values(const Field&, std::int64_t height, std::int64_t width, SampleType, const ComputeOptions& = {},
                      const FractionDone& = {});

/// One scalar for each pixel: the derivative of the mean of the colour channels, each in its [-1, 1], per sample of the
/// original. Throws bad_input for Order::value.
struct DerivativePlanes {
  std::vector<float> d_row, d_column;  ///< empty for the Laplacian
  std::vector<float> laplacian;        ///< empty for the gradient
};
DerivativePlanes render_derivatives(const Field&, std::int64_t height, std::int64_t width, Order,
                                    const ComputeOptions& = {}, const FractionDone& = {});

}  // namespace sinefield
