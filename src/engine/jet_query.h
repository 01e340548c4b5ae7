// Streams of a network at any number of points, block by block over the workers. Points are independent of one another:
// results do not depend on threads, nor on how points are grouped into calls.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"

namespace sinefield::engine {

template <class T>
class JetQuery {
 public:
  /// Packs the parameters (flat layout) and allocates scratch. Copies what it needs.
  JetQuery(const Architecture&, std::span<const T> parameters, JetPlan, Isa, Workers&);

  /// Without parameters yet: load them before it runs.
  JetQuery(const Architecture&, JetPlan, Isa, Workers&);
  /// Other parameters of the same architecture (flat layout). Allocates nothing.
  void load(std::span<const T> parameters) { kernels_.pack(layout_, parameters.data(), packed_.data()); }

  /// out[s] receives stream s of the plan, (n, outputs) row-major. Allocates nothing.
  void run(const QueryPoints<T>&, std::span<T* const> out);
  void run(MatrixView<const T> coordinates, std::span<T* const> out) { run(QueryPoints<T>{coordinates}, out); }

  /// The same of the last hidden layer, which the outputs are linear in: out (n, streams, width) row-major, a row for
  /// every stream of a point. Jet plans only. Allocates nothing.
  void features(const QueryPoints<T>&, std::span<T> out);
  void features(MatrixView<const T> coordinates, std::span<T> out) { features(QueryPoints<T>{coordinates}, out); }

  const JetPlan& plan() const { return plan_; }

 private:
  /// Calls use(worker, first, count) for pieces of all points.
  template <class Use>
  void in_pieces(std::int64_t points, const Use& use);

  const Kernels<T>& kernels_;
  Workers& workers_;
  JetPlan plan_;
  NetworkLayout layout_;
  AlignedArray<T> packed_;
  std::vector<AlignedArray<T>> scratch_;
};

}  // namespace sinefield::engine
