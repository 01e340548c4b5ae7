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
TrainingStep<T>::TrainingStep(const Architecture& architecture, Isa isa, Workers& workers, JetPlan plan)
    : kernels_(kernels<T>(isa, architecture)),
      workers_(workers),
      plan_(std::move(plan)),
      layout_(architecture, kernels_.tile, sizeof(T)),
      packed_(layout_.packed_size),
      nodes_(2 * max_parts) {
  for (int w = 0; w < workers.count(); ++w) scratch_.emplace_back(kernels_.train_scratch(layout_, plan_));
  for (int s = 0; s < max_parts; ++s) sums_.emplace_back(layout_.gradient_size);
  free_slots_.reserve(max_parts);
}

template <class T>
double TrainingStep<T>::run(std::span<const T> parameters, const Batch<T>& batch, std::span<T> gradient) {
  const std::int64_t points = batch.points();
  const int parts = parts_of(points, std::ssize(parameters));
  kernels_.pack(layout_, parameters.data(), packed_.data());
  free_slots_.clear();
  for (int s = max_parts - 1; s >= 0; --s) free_slots_.push_back(s);  // the lowest slots are used again and again
  std::ranges::fill(nodes_, Node{});

  std::atomic<int> next = 0;
  const auto task = [&](int worker) {
    for (int part = next++; part < parts; part = next++) {
      const std::int64_t begin = points * part / parts, end = points * (part + 1) / parts;
      const int slot = take_slot();
      T* sums = sums_[static_cast<std::size_t>(slot)].data();
      std::fill_n(sums, layout_.gradient_size, T{0});
      const double loss = kernels_.train(layout_, plan_, packed_.data(), batch, begin, end - begin, sums,
                                         scratch_[static_cast<std::size_t>(worker)].data());
      finish(part, parts, slot, loss);
    }
  };
  workers_.run(task);
  const Node& root = nodes_[1];
  kernels_.unpack_gradient(layout_, sums_[static_cast<std::size_t>(root.slot)].data(), gradient.data());
  return root.loss;
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
void TrainingStep<T>::finish(int part, int parts, int slot, double loss) {
  const int leaves = static_cast<int>(std::bit_ceil(static_cast<unsigned>(parts)));
  int node = leaves + part;
  while (node > 1) {
    const int sibling = node ^ 1;
    int first_leaf = sibling;
    while (first_leaf < leaves) first_leaf *= 2;
    if (first_leaf - leaves < parts) {
      Node other;
      {
        const std::lock_guard lock(mutex_);
        other = nodes_[static_cast<std::size_t>(sibling)];
        if (other.slot < 0) {
          nodes_[static_cast<std::size_t>(node)] = {slot, loss};
          return;
        }
      }
      kernels_.add(sums_[static_cast<std::size_t>(slot)].data(), sums_[static_cast<std::size_t>(other.slot)].data(),
                   layout_.gradient_size);
      loss += other.loss;
      const std::lock_guard lock(mutex_);
      free_slots_.push_back(other.slot);
    }
    node /= 2;
  }
  nodes_[1] = {slot, loss};
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
