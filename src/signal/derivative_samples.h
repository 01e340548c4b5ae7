// The derivatives of samples as samples: what a field is trained towards when it is not shown the values.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "sinefield/fit.h"
#include "sinefield/signal.h"

namespace sinefield {

/// Of every point the derivative along each axis, axis by axis and of each axis channel by channel, in units of the
/// samples for one step along the axis: Sobel's filter / 8 (central differences, smoothed 1 2 1 across; in one
/// dimension central differences alone). Or of each channel the Laplacian: the sum over the axes of the second
/// differences. Samples beyond a border are those at it. Keeps a reference.
class DerivativeSamples final : public Samples {
 public:
  explicit DerivativeSamples(const Samples&, Supervise = Supervise::gradient);
  void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const override;

 private:
  const Samples& values_;
  bool laplacian_;
};

/// Derivatives of the same samples from FILE.npy, of any type that read_npy takes, kept as floats: gradients (sizes,
/// channels, axes) or Laplacians (sizes, channels); of one channel that axis may be missing. Throws bad_input for
/// another shape and as read_npy does. Numbers that are not finite pass: `fit` refuses them.
std::shared_ptr<const Samples> read_derivatives(const std::filesystem::path&, const Samples&, Supervise,
                                                std::uint64_t memory_limit);

}  // namespace sinefield
