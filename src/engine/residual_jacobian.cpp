// Blocks over the workers; sums over blocks by parts that depend on the number of rows alone.
// SPDX-License-Identifier: MIT
#include "engine/residual_jacobian.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "engine/training_step.h"
#include "sinefield/error.h"

namespace sinefield::engine {
namespace {

const Architecture& without_trained_encoding(const Architecture& a) {
  if (encoding_parameters(a) > 0)
    throw bad_input(std::string("J of a network behind encoding ") + std::string(encoding_name(a.encoding.kind)) +
                    ": centres and sigmas are not among its columns");
  return a;
}

JetPlan by_jet(JetPlan plan) {
  plan.passes = Passes::jet;
  return plan;
}

}  // namespace

template <class T>
ResidualJacobian<T>::ResidualJacobian(const Architecture& architecture, Isa isa, Workers& workers, JetPlan plan,
                                      std::int64_t rows)
    : kernels_(kernels<T>(isa, without_trained_encoding(architecture))),
      workers_(workers),
      plan_(by_jet(std::move(plan))),
      layout_(architecture, kernels_.tile, sizeof(T)),
      rows_(rows),
      parameters_(parameter_count(architecture)),
      block_points_(kernels_.jacobian.block_points(layout_, plan_)),
      blocks_((rows + block_points_ - 1) / block_points_),
      block_(kernels_.train_scratch(layout_, plan_)),
      packed_(layout_.packed_size),
      factors_(static_cast<std::size_t>(blocks_) * block_),
      losses_(static_cast<std::size_t>(blocks_)) {
  for (int w = 0; w < workers.count(); ++w) scratch_.emplace_back(kernels_.jacobian.scratch(layout_, plan_));
  const std::int64_t parts = std::min<std::int64_t>(parts_of(rows, parameters_), blocks_);
  for (std::int64_t part = 0; part < parts; ++part) sums_.emplace_back(layout_.gradient_size);
}

template <class T>
int ResidualJacobian<T>::points_of(std::int64_t block) const {
  return static_cast<int>(std::min<std::int64_t>(block_points_, rows_ - block * block_points_));
}

template <class T>
template <class Work>
void ResidualJacobian<T>::for_each(std::int64_t count, const Work& work) {
  std::atomic<std::int64_t> next = 0;
  const auto task = [&](int worker) {
    for (std::int64_t index = next++; index < count; index = next++) work(worker, index);
  };
  workers_.run(task);
}

template <class T>
double ResidualJacobian<T>::linearise(std::span<const T> parameters, const Batch<T>& batch) {
  kernels_.pack(layout_, parameters.data(), packed_.data());
  for_each(blocks_, [&](int, std::int64_t block) {
    losses_[static_cast<std::size_t>(block)] =
        kernels_.jacobian.linearise(layout_, plan_, packed_.data(), batch, block * block_points_, points_of(block),
                                    factors_.data() + static_cast<std::size_t>(block) * block_);
  });
  double loss = 0;
  for (const double share : losses_) loss += share;
  return loss;
}

template <class T>
void ResidualJacobian<T>::times(std::span<const T> v, std::span<T> result) {
  kernels_.pack(layout_, v.data(), packed_.data());
  for_each(blocks_, [&](int worker, std::int64_t block) {
    kernels_.jacobian.times(layout_, plan_, factors_of(block), points_of(block), packed_.data(),
                            result.data() + block * block_points_, scratch(worker));
  });
}

template <class T>
void ResidualJacobian<T>::transposed_times(std::span<const T> w, std::span<T> result) {
  const std::int64_t parts = std::ssize(sums_);
  for_each(parts, [&](int worker, std::int64_t part) {
    T* sums = sums_[static_cast<std::size_t>(part)].data();
    std::fill_n(sums, layout_.gradient_size, T{0});
    for (std::int64_t block = blocks_ * part / parts; block < blocks_ * (part + 1) / parts; ++block)
      kernels_.jacobian.transposed_times(layout_, plan_, factors_of(block), points_of(block),
                                         w.data() + block * block_points_, sums, scratch(worker));
  });
  // Pairwise, along a tree that the number of parts fixes.
  for (std::int64_t apart = 1; apart < parts; apart *= 2)
    for (std::int64_t part = 0; part + apart < parts; part += 2 * apart)
      kernels_.add(sums_[static_cast<std::size_t>(part)].data(), sums_[static_cast<std::size_t>(part + apart)].data(),
                   layout_.gradient_size);
  kernels_.unpack_gradient(layout_, sums_.front().data(), result.data());
}

template <class T>
void ResidualJacobian<T>::gram(MatrixView<T> matrix) {
  for_each(blocks_, [&](int worker, std::int64_t block) {
    kernels_.jacobian.gram(layout_, plan_, factors_.data(), block_, rows_, block, matrix, scratch(worker));
  });
}

template <class T>
void ResidualJacobian<T>::explicit_rows(std::int64_t first, MatrixView<T> rows) {
  for_each(rows.rows, [&](int worker, std::int64_t row) {
    const std::int64_t block = (first + row) / block_points_;
    kernels_.jacobian.row(layout_, plan_, factors_of(block), points_of(block),
                          static_cast<int>(first + row - block * block_points_), rows.row(row), scratch(worker));
  });
}

template class ResidualJacobian<float>;
template class ResidualJacobian<double>;

}  // namespace sinefield::engine
