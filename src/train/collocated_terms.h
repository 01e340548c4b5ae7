// The terms of a problem at points, as equations: how many points by rule, where they lie, and the equations there.
// What every solve in last layers begins with.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/workers.h"
#include "problem/collocation.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"
#include "sinefield/solve.h"
#include "train/feature_ladder.h"
#include "train/linear_terms.h"

namespace sinefield::train {

bool term_is_linear(const Term&);

class CollocatedTerms {
 public:
  /// Refers to the problem, the axes (those of its networks) and the workers.
  CollocatedTerms(const Problem&, const std::vector<AxisMap>&, Isa, engine::Workers&);

  /// By rule: inside about three for every unknown, less where rings bring more; on borders and at moments, which have
  /// a dimension less, eleven for every degree of freedom there.
  std::int64_t points_for(const Term&, const Rung&) const;

  /// Places in balls are looked at once more for each: in a solve they count for it, a measure shares their weights.
  enum class Weights { of_each, shared };
  /// The points of each term.
  std::vector<problem::Collocation> points_of(const Rung&, std::uint64_t seed, Weights) const;

  /// The terms at these points, linearised about a field, null: about 0.
  std::vector<TermEquations> equations_at(const std::vector<problem::Collocation>&, const Field* about,
                                          const std::optional<Standstill>& = {}) const;

 private:
  void share_weights(const Rung&, problem::Collocation&) const;
  void add_near(const FeatureBall&, const Term&, std::uint64_t seed, problem::Collocation&) const;

  const Problem& problem_;
  const std::vector<AxisMap>& axes_;
  Isa isa_;
  engine::Workers& workers_;
  double whole_;  // measure of what terms inside are about
};

/// Of each term, for people: its kind, the derivatives that it reads, the plan that carries them, its tape.
std::vector<std::string> words_of_terms(const Problem&, const std::vector<TermEquations>&);

/// What is left of each term, and of all of them together relative to what does not depend on the unknowns.
struct Residuals {
  std::vector<TermResidual> terms;
  double relative;
};

/// Of the terms' equations about a field and about 0 at the same points, squares times these scales.
Residuals residuals_of(const std::vector<Term>&, const std::vector<TermEquations>& about_field,
                       const std::vector<TermEquations>& about_zero, const std::vector<double>& scales);

}  // namespace sinefield::train
