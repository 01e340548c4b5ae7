// SPDX-License-Identifier: MIT
#include "train/term_pool.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sinefield/error.h"
#include "train/sampler.h"

namespace sinefield::train {

TermPool::TermPool(const Problem& problem, const Term& term, const std::vector<AxisMap>& axes, std::int64_t batch,
                   std::int64_t steps, std::uint64_t seed)
    : problem_(problem),
      axes_(axes),
      where_(term.place),
      wanted_(batch * steps),
      seed_(seed),
      indices_(static_cast<std::size_t>(batch)) {
  for (RingPoints& ring : where_.rings) {  // of a step, as the others
    ring.points *= steps;
    wanted_ -= ring.points;
  }
  wanted_ = std::max(wanted_, steps);
}

void TermPool::draw(std::int64_t epoch, double focus, double until) {
  epoch_ = epoch;
  // What of the old points stays.
  std::vector<std::size_t> kept;
  if (focus > 0 && !where_.boundary && !where_.given && !residuals_.empty()) {
    const double mean =
        std::accumulate(residuals_.begin(), residuals_.end(), 0.0) / static_cast<double>(residuals_.size());
    for (std::size_t p = 0; p < residuals_.size(); ++p)
      if (residuals_[p] > mean) kept.push_back(p);
    std::ranges::sort(kept, [&](std::size_t a, std::size_t b) {
      return residuals_[a] != residuals_[b] ? residuals_[a] > residuals_[b] : a < b;
    });
    kept.resize(std::min(kept.size(), static_cast<std::size_t>(focus * static_cast<double>(wanted_))));
  }
  TermPoints<float> old = std::exchange(points_, {});
  const std::int64_t fresh = std::max<std::int64_t>(1, wanted_ - std::ssize(kept));
  points_ = term_points<float>(problem::points_of(problem_, where_, fresh, epoch_seed(), until), axes_);
  const auto take = [](const std::vector<float>& from, std::size_t p, std::size_t numbers, std::vector<float>& to) {
    if (!from.empty())
      to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(p * numbers),
                from.begin() + static_cast<std::ptrdiff_t>((p + 1) * numbers));
  };
  for (const std::size_t p : kept) {
    take(old.coordinates, p, axes_.size(), points_.coordinates);
    take(old.network, p, axes_.size(), points_.network);
    take(old.normals, p, static_cast<std::size_t>(where_.region.dimensions()), points_.normals);
    take(old.weights, p, 1, points_.weights);
  }
  points_.count += std::ssize(kept);
  residuals_.assign(static_cast<std::size_t>(points_.count), 0);
}

std::span<const std::int64_t> TermPool::pick(std::int64_t step) {
  draw_samples(points_.count, epoch_seed(), step, indices_);
  return indices_;
}

void TermPool::add_to(StateArrays& arrays, const std::string& name) const {
  arrays[name + ".coordinates"] = {points_.coordinates};
  arrays[name + ".network"] = {points_.network};
  if (!points_.columns.empty()) arrays[name + ".columns"] = {points_.columns};
  if (!points_.normals.empty()) arrays[name + ".normals"] = {points_.normals};
  arrays[name + ".weights"] = {points_.weights};
  arrays[name + ".residuals"] = {residuals_};
}

void TermPool::restore(const State& state, const std::string& name, std::int64_t epoch) {
  epoch_ = epoch;
  points_.weights = array_of(state, name + ".weights");
  const std::size_t n = points_.weights.size();
  points_.count = static_cast<std::int64_t>(n);
  points_.coordinates = array_of(state, name + ".coordinates", n * axes_.size());
  points_.network = array_of(state, name + ".network", n * axes_.size());
  if (state.arrays.contains(name + ".columns")) points_.columns = array_of(state, name + ".columns");
  if (n > 0 && points_.columns.size() % n != 0)
    throw bad_input("the state's points have columns of another length",
                    "start over with --force and without --resume");
  if (where_.boundary)
    points_.normals = array_of(state, name + ".normals", n * static_cast<std::size_t>(where_.region.dimensions()));
  residuals_ = array_of(state, name + ".residuals", n);
  if (n == 0) throw bad_input("the state's points are none", "start over with --force and without --resume");
}

}  // namespace sinefield::train
