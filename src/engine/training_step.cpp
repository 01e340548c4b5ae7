// Parts, their threads and their fixed summation tree.
// SPDX-License-Identifier: MIT
#include "engine/training_step.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <utility>

namespace sinefield::engine {
namespace {

constexpr int max_parts = 64;

template <class T>
void copy_rows(MatrixView<const T> matrix, std::int64_t first, int count, T* to) {
  for (int p = 0; p < count; ++p) to = std::copy_n(matrix.row(first + p), matrix.cols, to);
}

}  // namespace

int parts_of(std::int64_t points, std::int64_t parameters) {
  const std::int64_t whole = parameters > 500'000 ? 2048 : 1024;
  const std::int64_t least = std::clamp<std::int64_t>(points / 256, 1, 4);
  return static_cast<int>(std::clamp<std::int64_t>(points / whole, least, max_parts));
}

template <class T>
TrainingStep<T>::TrainingStep(const Architecture& architecture, Isa isa, Workers& workers, std::vector<JetPlan> plans)
    : kernels_(kernels<T>(isa, architecture)),
      workers_(workers),
      plans_(std::move(plans)),
      layout_(architecture, kernels_.tile, sizeof(T)),
      packed_(layout_.packed_size) {
  std::size_t scratch = 0;
  for (const JetPlan& plan : plans_) scratch = std::max(scratch, kernels_.train_scratch(layout_, plan));
  for (int w = 0; w < workers.count(); ++w) scratch_.emplace_back(scratch);
  const std::size_t most = max_parts * plans_.size();
  for (std::size_t s = 0; s < most; ++s) sums_.emplace_back(layout_.gradient_size);
  parts_.reserve(most);
  free_slots_.reserve(most);
  nodes_.resize(2 * std::bit_ceil(most));
}

template <class T>
double TrainingStep<T>::run(std::span<const T> parameters, std::span<const Batch<T>* const> groups,
                            std::span<T> gradient, std::span<double> losses) {
  kernels_.pack(layout_, parameters.data(), packed_.data());
  cut(groups, std::ssize(parameters));
  free_slots_.clear();
  for (std::size_t s = sums_.size(); s-- > 0;)
    free_slots_.push_back(static_cast<int>(s));  // the lowest are used again and again
  std::ranges::fill(nodes_, -1);

  std::atomic<int> next = 0;
  const auto task = [&](int worker) {
    for (int index = next++; std::cmp_less(index, parts_.size()); index = next++) {
      Part& part = parts_[static_cast<std::size_t>(index)];
      const int slot = take_slot();
      T* sums = sums_[static_cast<std::size_t>(slot)].data();
      std::fill_n(sums, layout_.gradient_size, T{0});
      part.loss = kernels_.train(layout_, plans_[part.group], packed_.data(), *groups[part.group], part.first,
                                 part.points, sums, scratch_[static_cast<std::size_t>(worker)].data());
      finish(index, slot);
    }
  };
  workers_.run(task);
  kernels_.unpack_gradient(layout_, sums_[static_cast<std::size_t>(nodes_[1])].data(), gradient.data());
  double loss = 0;
  std::ranges::fill(losses, 0.0);
  for (const Part& part : parts_) {
    loss += part.loss;
    if (!losses.empty()) losses[part.group] += part.loss;
  }
  return loss;
}

template <class T>
void TrainingStep<T>::cut(std::span<const Batch<T>* const> groups, std::int64_t parameters) {
  parts_.clear();
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const std::int64_t points = groups[group]->points(), parts = parts_of(points, parameters);
    if (points == 0) continue;
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t begin = points * part / parts, end = points * (part + 1) / parts;
      parts_.push_back({group, begin, end - begin, 0});
    }
  }
}

template <class T>
int TrainingStep<T>::take_slot() {
  const std::lock_guard lock(mutex_);
  const int slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

// Climbs the tree from the part's leaf: where the sibling is finished (or lies beyond the last part), the two become
// their parent; otherwise the subtree waits. Leaves are numbered as in a complete tree of bit_ceil(parts) leaves.
template <class T>
void TrainingStep<T>::finish(int part, int slot) {
  const int leaves = static_cast<int>(std::bit_ceil(parts_.size()));
  int node = leaves + part;
  while (node > 1) {
    const int sibling = node ^ 1;
    int first_leaf = sibling;
    while (first_leaf < leaves) first_leaf *= 2;
    if (std::cmp_less(first_leaf - leaves, parts_.size())) {
      int other = -1;
      {
        const std::lock_guard lock(mutex_);
        other = nodes_[static_cast<std::size_t>(sibling)];
        if (other < 0) {
          nodes_[static_cast<std::size_t>(node)] = slot;
          return;
        }
      }
      kernels_.add(sums_[static_cast<std::size_t>(slot)].data(), sums_[static_cast<std::size_t>(other)].data(),
                   layout_.gradient_size);
      const std::lock_guard lock(mutex_);
      free_slots_.push_back(other);
    }
    node /= 2;
  }
  nodes_[1] = slot;
}

template <class T>
double squared_error_seed(std::int64_t count, double terms, const T* u, const T* target, T* u_bar) {
  const T slope = static_cast<T>(2 / terms);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T error = u[i] - target[i];
    u_bar[i] = slope * error;
    sum += static_cast<double>(error) * static_cast<double>(error);
  }
  return sum / terms;
}

template <class T>
void SquaredErrorBatch<T>::coordinates(std::int64_t first, int count, T* x) const {
  copy_rows(coordinates_, first, count, x);
}

template <class T>
double SquaredErrorBatch<T>::seed(std::int64_t first, int count, Streams<const T> u, Streams<T> u_bar) const {
  const std::int64_t outputs = targets_.front().targets.cols;
  if (std::cmp_greater(streams_, targets_.size()))
    for (int s = 0; s < streams_; ++s) std::fill_n(u_bar[s], count * outputs, T{0});
  double loss = 0;
  for (const auto& [stream, targets, weight] : targets_) {
    const double terms = static_cast<double>(targets.rows) * static_cast<double>(outputs) / weight;
    for (std::int64_t p = 0; p < count; ++p)
      loss += squared_error_seed(outputs, terms, u[stream] + p * outputs, targets.row(first + p),
                                 u_bar[stream] + p * outputs);
  }
  return loss;
}

template <class T>
void EikonalBatch<T>::coordinates(std::int64_t first, int count, T* x) const {
  copy_rows(coordinates_, first, count, x);
}

template <class T>
double EikonalBatch<T>::seed(std::int64_t, int count, Streams<const T> u, Streams<T> u_bar) const {
  const int d = static_cast<int>(coordinates_.cols);
  const T share = static_cast<T>(2 / static_cast<double>(coordinates_.rows));
  for (int s = 0; s <= d; ++s) std::fill_n(u_bar[s], count * outputs_, T{0});
  double loss = 0;
  for (int p = 0; p < count; ++p) {
    const int at = p * outputs_;
    T squares = 0;
    for (int i = 1; i <= d; ++i) squares += u[i][at] * u[i][at];
    const T norm = std::sqrt(squares), error = norm - 1;
    const T slope = norm > 0 ? share * error / norm : T{0};
    for (int i = 1; i <= d; ++i) u_bar[i][at] = slope * u[i][at];
    loss += static_cast<double>(error) * static_cast<double>(error);
  }
  return loss / static_cast<double>(coordinates_.rows);
}

template class TrainingStep<float>;
template class TrainingStep<double>;
template class SquaredErrorBatch<float>;
template class SquaredErrorBatch<double>;
template class EikonalBatch<float>;
template class EikonalBatch<double>;
template double squared_error_seed(std::int64_t, double, const float*, const float*, float*);
template double squared_error_seed(std::int64_t, double, const double*, const double*, double*);

}  // namespace sinefield::engine
