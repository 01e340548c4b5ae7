// Streams of a field of kind network or sum at any number of points: the networks one after another, their raw outputs
// added up, each times its window by the product rule. Points outside a window are not shown to its network. Results
// do not depend on threads, nor on how points are grouped into calls.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/jet_query.h"
#include "engine/workers.h"
#include "field/windows.h"
#include "sinefield/field.h"

namespace sinefield {

/// The counterpart of TilesQuery.
template <class T>
class SumQuery {
 public:
  /// `plan` in network coordinates; under a window one with operators has first derivatives too. Copies what it needs
  /// of the field. Throws bad_input where networks and windows do not go together.
  SumQuery(const Field&, const engine::JetPlan& plan, Isa, engine::Workers&);

  /// coordinates (n, inputs); out[s] receives stream s of the plan, (n, outputs) row-major. Keeps its memory for the
  /// next call.
  void run(MatrixView<const double> coordinates, std::span<T* const> out);

 private:
  struct Term {
    engine::JetQuery<T> network;
    std::optional<WindowJet> window;
  };

  void add_windowed(Term&, MatrixView<const double> coordinates, std::span<T* const> out);
  /// Room for (points, outputs) numbers of each stream of one network.
  std::span<T* const> room(std::size_t points);

  engine::JetPlan plan_;
  std::size_t inputs_, outputs_;
  std::vector<Term> terms_;

  std::vector<T> coordinates_;        // of all points, or of those in a window
  std::vector<std::int64_t> inside_;  // the points in a window
  std::vector<std::vector<T>> streams_;
  std::vector<T*> pointers_;
};

}  // namespace sinefield
