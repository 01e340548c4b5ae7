// Problems solved in last layers: rungs of features, rows, least squares, and Newton's method around them for what is
// not linear. What a rung costs grows with the square or cube of its features, so climbing from below costs little more
// than the last rung. Left out: slabs of time (marching.h), tiles (tile_solve.h).
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/workers.h"
#include "sinefield/problem.h"
#include "sinefield/solve.h"
#include "train/collocated_terms.h"
#include "train/feature_ladder.h"
#include "train/linear_terms.h"

namespace sinefield::train {

/// A residual that is enough of what is solved at once.
inline constexpr double rounding_reached = 1e-11;

struct Solved {
  SolveResult result;
  Rung rung;
  std::vector<double> scales;  // of the terms' squares
};

/// What a slab of time goes on from: the last term of its problem is equality with the slab before, from its start on.
struct SlabStart {
  const Solved* before;
  Standstill at;
};

class LastLayerSolve {
 public:
  /// Until the residual is at most `enough`, if more features can bring it there. Refers to problem and options.
  LastLayerSolve(const Problem&, const SolveOptions&, std::vector<AxisMap>, double enough,
                 const std::optional<SlabStart>& = {});

  /// Of a slab the whole gets up to half of the most features as long as they gain anything: it is thin, and they are
  /// few. A quarter costs next to nothing: so far it climbs however small the residual is.
  Solved run(bool slab, const std::function<void(const SolveReport&)>& on_progress);

  /// See sinefield::explain.
  std::vector<std::string> explain();

 private:
  std::vector<Rung> base_rungs();
  /// The rung with more features where its residual is, if it is in a small part of the whole.
  std::optional<Rung> refined(const Solved&) const;
  /// As CollocatedTerms has them; of a slab, the last term less the slab before.
  std::vector<TermEquations> equations_at(const std::vector<problem::Collocation>&, const Field* about,
                                          const std::optional<Standstill>& = {}) const;
  /// Nothing where it would not come to more than has been found.
  template <class Scalar>
  std::shared_ptr<Solved> solve_rung(const Rung&, const Solved* before);
  /// Residuals of the field, as it is stored, at points that the solve has not seen.
  void measure(const Rung&, const std::vector<double>& scales, SolveResult&) const;
  void stop_if_asked() const;

  const Problem& problem_;
  const SolveOptions& options_;
  std::vector<AxisMap> axes_;
  double enough_;
  std::optional<SlabStart> start_;
  std::unique_ptr<engine::Workers> workers_;
  CollocatedTerms terms_;
  int channels_;
  bool linear_, complex_ = false;
  bool by_place_;  // whether places may get features of their own: a solve sees all points that are given
};

}  // namespace sinefield::train
