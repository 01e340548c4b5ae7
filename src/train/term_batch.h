// A term of a problem as what a network is trained on: points of its place, the tape of its residual over the streams
// of the network, and the seed that the tape's adjoint gives. The line where any equation becomes a loss.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "calculus/tape.h"
#include "engine/training_step.h"
#include "problem/collocation.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"
#include "train/term_plan.h"

namespace sinefield::train {

/// What is the same of a term in all steps.
struct TermLoss {
  /// For a network with one output for each channel of the problem.
  TermLoss(const Problem&, const Term&, const std::vector<AxisMap>&, const Architecture&);

  calculus::Tape tape;  ///< a root for each real component of the residual
  TermPlan plan;
  Penalty penalty;
  int inputs, space, channels;

  /// Operations of the tape, forwards and back, for a point.
  double operations() const { return 2.0 * tape.operations(); }
};

/// Points to choose from: network coordinates, those of the problem, normals, shares.
template <class T>
struct TermPoints {
  std::int64_t count = 0;
  std::vector<T> network, coordinates;  ///< (count, inputs)
  std::vector<T> normals;               ///< (count, space), of boundaries
  std::vector<T> columns;               ///< (count, what comes with each point), of given points
  std::vector<T> weights;               ///< (count): of mean 1
};
template <class T>
TermPoints<T> term_points(const problem::Collocation&, const std::vector<AxisMap>&);

/// The mean over the points at `indices` of weight x penalty of the residual, times `scale`; several components are
/// added up. Refers to all that it is given. Where a residual is not finite the loss is not. The size of the residual
/// of each point that is looked at goes to `residuals`, one for each of the points, where there is room for them.
template <class T>
class TermBatch final : public engine::Batch<T> {
 public:
  TermBatch(const TermLoss& loss, const TermPoints<T>& points, std::span<const std::int64_t> indices, double scale,
            Isa isa, std::span<T> residuals = {})
      : loss_(loss), points_(points), indices_(indices), scale_(scale), isa_(isa), residuals_(residuals) {}

  std::int64_t points() const override { return std::ssize(indices_); }
  void coordinates(std::int64_t first, int count, T* x) const override;
  double seed(std::int64_t first, int count, engine::Streams<const T> u, engine::Streams<T> u_bar) const override;

 private:
  double seed_block(std::int64_t first, int begin, int count, engine::Streams<const T> u,
                    engine::Streams<T> u_bar) const;

  const TermLoss& loss_;
  const TermPoints<T>& points_;
  std::span<const std::int64_t> indices_;
  double scale_;
  Isa isa_;
  std::span<T> residuals_;
};

/// Penalty of a residual r and its derivative by r.
struct Penalised {
  double value, slope;
};
Penalised penalised(const Penalty&, double r);

}  // namespace sinefield::train
