// Training steps as `sinefield bench` runs them: networks from 2 or 3 coordinates with three hidden layers, random
// points and targets, and a loss of values or of derivatives.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/training_step.h"
#include "train/term_batch.h"

namespace sinefield::cli {

/// Numbers in [-1, 1), the same on every machine; `which` tells sequences apart.
template <class T>
std::vector<T> uniform_array(std::size_t size, std::uint32_t which);

/// Multiply-adds of all weights, twice, for one point; the first layer apart because it has no input adjoint.
struct Flops {
  explicit Flops(const Architecture&);
  double first, all;
};

template <class T>
struct TrainingTask {
  /// `name`: value (2 to 1), gradient (2 to 1), gradient_rgb (2 to 3), eikonal (3 to 1: the mean of (|grad u| - 1)^2),
  /// laplacian (2 to 1), equation (the same through the tape of laplacian(u) + exp(x y) u = sin(3 x) cos(y)), wave
  /// (3 to 1: u_tt - c^2 (u_xx + u_yy)), relu and tanh (value with another activation); but for eikonal and equation
  /// the mean squared error of the values or derivatives named.
  TrainingTask(std::string_view name, int width, std::int64_t points, Isa);

  Architecture shape;
  engine::JetPlan plan;
  std::vector<T> coordinates, targets;  ///< (points, inputs), (points, derivatives x outputs)
  std::unique_ptr<engine::Batch<T>> batch;
  /// What the batch of an equation is of.
  std::unique_ptr<train::TermLoss> loss;
  train::TermPoints<T> term_points;
  std::vector<std::int64_t> indices;

  /// Operations of one point, the tape's left out, by the cheapest plan known.
  double flops() const;
};

}  // namespace sinefield::cli
