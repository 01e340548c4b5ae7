// Loss and gradient of the parameters for one batch, or for groups of points with a plan each, through values and
// derivatives: forward, seed, reverse, in parts.
//
// A batch is cut into parts that depend on its size alone (at most 64); each part sums its blocks in order, and parts
// are added pairwise along a fixed binary tree, so that the same bits come out for any number of threads. A finished
// part waits only for its sibling: about threads + log2(parts) gradients exist at a time, not one for each part.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"

namespace sinefield::engine {

/// Number of parts of a batch, 1 .. 64: one for each 1,024 points (2,048 where the gradient outgrows the cache of a
/// core: zeroing and adding up a part costs as much as tens of points), but four of at least 256 points where the batch
/// is small, for the threads' sake.
int parts_of(std::int64_t points, std::int64_t parameters);

template <class T>
class TrainingStep {
 public:
  /// Allocates all that `run` needs. The plan says which streams the batch's seeds are given.
  TrainingStep(const Architecture& architecture, Isa isa, Workers& workers, JetPlan plan = value_plan())
      : TrainingStep(architecture, isa, workers, std::vector<JetPlan>{std::move(plan)}) {}
  /// Of a step whose points come in groups, a plan for each.
  TrainingStep(const Architecture&, Isa, Workers&, std::vector<JetPlan>);

  /// At least one point. Overwrites `gradient` (flat layout); returns the loss, the sum of the batch's shares.
  /// Allocates nothing.
  double run(std::span<const T> parameters, const Batch<T>& batch, std::span<T> gradient) {
    const Batch<T>* const one = &batch;
    return run(parameters, std::span(&one, 1), gradient);
  }
  /// The same of all groups together: a batch for each plan, in their order; some of them may be empty. The loss of
  /// each goes to `losses`, where there is room for them.
  double run(std::span<const T> parameters, std::span<const Batch<T>* const>, std::span<T> gradient,
             std::span<double> losses = {});

  const NetworkLayout& layout() const { return layout_; }

 private:
  struct Part {
    std::size_t group;
    std::int64_t first, points;
    double loss;
  };

  void cut(std::span<const Batch<T>* const>, std::int64_t parameters);
  int take_slot();
  void finish(int part, int slot);

  const Kernels<T>& kernels_;
  Workers& workers_;
  std::vector<JetPlan> plans_;
  NetworkLayout layout_;
  AlignedArray<T> packed_;
  std::vector<AlignedArray<T>> scratch_;  // one for each worker
  std::vector<AlignedArray<T>> sums_;     // gradients of parts; pages are touched when a slot is first taken
  std::vector<Part> parts_;               // of the groups in their order
  std::mutex mutex_;
  std::vector<int> free_slots_;
  /// The summation tree in heap order (node n has children 2n and 2n + 1): the slot of a finished subtree that waits
  /// for its sibling, or -1.
  std::vector<int> nodes_;
};

/// What one stream of u is wanted to be: targets (n, outputs), and the weight of its mean squared error.
template <class T>
struct StreamTarget {
  int stream;  ///< of the step's plan
  MatrixView<const T> targets;
  double weight = 1;
};

/// Coordinates (n, inputs) and targets in memory; the loss is the sum over the targets of weight x mean over points and
/// outputs of (stream - target)^2.
template <class T>
class SquaredErrorBatch final : public Batch<T> {
 public:
  /// Of values alone: targets (n, outputs).
  SquaredErrorBatch(MatrixView<const T> coordinates, MatrixView<const T> targets)
      : SquaredErrorBatch(coordinates, {{0, targets}}, 1) {}
  /// Of a plan with `streams` streams.
  SquaredErrorBatch(MatrixView<const T> coordinates, std::vector<StreamTarget<T>> targets, int streams)
      : coordinates_(coordinates), targets_(std::move(targets)), streams_(streams) {}
  std::int64_t points() const override { return coordinates_.rows; }
  void coordinates(std::int64_t first, int count, T* x) const override;
  double seed(std::int64_t first, int count, Streams<const T> u, Streams<T> u_bar) const override;

 private:
  MatrixView<const T> coordinates_;
  std::vector<StreamTarget<T>> targets_;
  int streams_;
};

/// The mean of (|grad u| - 1)^2 of the first output, what a signed distance is trained with; of a plan with first
/// derivatives and no operator. Where grad u is zero its direction is unknown, and the seed zero.
template <class T>
class EikonalBatch final : public Batch<T> {
 public:
  EikonalBatch(MatrixView<const T> coordinates, int outputs) : coordinates_(coordinates), outputs_(outputs) {}
  std::int64_t points() const override { return coordinates_.rows; }
  void coordinates(std::int64_t first, int count, T* x) const override;
  double seed(std::int64_t first, int count, Streams<const T> u, Streams<T> u_bar) const override;

 private:
  MatrixView<const T> coordinates_;
  int outputs_;
};

/// The seed of a mean squared error over `terms` = points x outputs: u_bar = 2 (u - target) / terms; returns the share
/// sum (u - target)^2 / terms of `count` values.
template <class T>
double squared_error_seed(std::int64_t count, double terms, const T* u, const T* target, T* u_bar);

}  // namespace sinefield::engine
