// The points that a term is looked at in the coming steps: drawn anew now and then, those with the largest residuals
// kept. A batch takes from it every point once before any a second time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinefield/problem.h"
#include "train/run.h"
#include "train/term_batch.h"

namespace sinefield::train {

class TermPool {
 public:
  /// `batch` points of `term` a step, drawn for `steps` steps at a time. The arguments must outlive it.
  TermPool(const Problem&, const Term&, const std::vector<AxisMap>&, std::int64_t batch, std::int64_t steps,
           std::uint64_t seed);

  /// New points for the steps that follow: number `epoch` of them, at times up to a share `until` of their range.
  /// Those of the old ones whose residual is above the mean are kept, up to a share `focus` of all, the largest first
  /// (after the retaining and resampling of Daw et al. 2023). Of boundaries none are: their corners would take all.
  void draw(std::int64_t epoch, double focus, double until);
  /// Of what has been seen: the next draw keeps nothing.
  void forget() { residuals_.clear(); }
  /// The points of a step, counted from the last draw.
  std::span<const std::int64_t> pick(std::int64_t step);

  const TermPoints<float>& points() const { return points_; }
  /// Sizes of the residuals, one for each point, written while they are looked at.
  std::span<float> residuals() { return residuals_; }
  std::int64_t batch() const { return std::ssize(indices_); }

  /// As arrays of a state, "NAME.coordinates", ..; they refer to the pool.
  void add_to(StateArrays&, const std::string& name) const;
  void restore(const State&, const std::string& name, std::int64_t epoch);

 private:
  std::uint64_t epoch_seed() const { return seed_ + 1'000'003 * static_cast<std::uint64_t>(epoch_); }

  const Problem& problem_;
  const std::vector<AxisMap>& axes_;
  Place where_;
  std::int64_t wanted_, epoch_ = 0;
  std::uint64_t seed_;
  TermPoints<float> points_;
  std::vector<float> residuals_;
  std::vector<std::int64_t> indices_;
};

}  // namespace sinefield::train
