// SPDX-License-Identifier: MIT
#include "train/term_batch.h"

#include <algorithm>
#include <cmath>

#include "train/linear_terms.h"

namespace sinefield::train {

TermLoss::TermLoss(const Problem& problem, const Term& term, const std::vector<AxisMap>& axes,
                   const Architecture& architecture)
    : tape(real_components(term)),
      plan(training_plan_of(tape.streams(), axes, architecture)),
      penalty(term.penalty),
      inputs(static_cast<int>(axes.size())),
      space(term.place.region.dimensions()),
      channels(static_cast<int>(problem.graph()->channels().size())) {}

template <class T>
TermPoints<T> term_points(const problem::Collocation& at, const std::vector<AxisMap>& axes) {
  TermPoints<T> points;
  points.count = at.count;
  for (std::size_t k = 0; k < at.coordinates.size(); ++k) {
    const AxisMap& axis = axes[k % axes.size()];
    points.coordinates.push_back(static_cast<T>(at.coordinates[k]));
    points.network.push_back(static_cast<T>(axis.scale * at.coordinates[k] + axis.offset));
  }
  points.normals.assign(at.normals.begin(), at.normals.end());
  points.columns.assign(at.columns.begin(), at.columns.end());
  double sum = 0;
  for (const double w : at.weights) sum += w;
  for (const double w : at.weights) points.weights.push_back(static_cast<T>(w * static_cast<double>(at.count) / sum));
  return points;
}

Penalised penalised(const Penalty& penalty, double r) {
  const double size = std::abs(r);
  switch (penalty.kind) {
    case Penalty::Kind::squares:
      break;
    case Penalty::Kind::absolute:
      return {size, r > 0 ? 1.0 : r < 0 ? -1.0 : r};
    case Penalty::Kind::huber:
      if (size > penalty.width)
        return {penalty.width * (2 * size - penalty.width), std::copysign(2 * penalty.width, r)};
      break;
  }
  return {r * r, 2 * r};
}

template <class T>
void TermBatch<T>::coordinates(std::int64_t first, int count, T* x) const {
  for (int p = 0; p < count; ++p)
    x = std::copy_n(points_.network.data() + indices_[static_cast<std::size_t>(first + p)] * loss_.inputs, loss_.inputs,
                    x);
}

template <class T>
double TermBatch<T>::seed(std::int64_t first, int count, engine::Streams<const T> u, engine::Streams<T> u_bar) const {
  for (int s = 0; s < loss_.plan.plan.streams(); ++s) std::fill_n(u_bar[s], count * loss_.channels, T{0});
  double sum = 0;
  for (int begin = 0; begin < count; begin += calculus::Tape::block_points)
    sum += seed_block(first, begin, std::min(count - begin, calculus::Tape::block_points), u, u_bar);
  return sum;
}

template <class T>
double TermBatch<T>::seed_block(std::int64_t first, int begin, int count, engine::Streams<const T> u,
                                engine::Streams<T> u_bar) const {
  constexpr std::size_t block = calculus::Tape::block_points;
  const calculus::Tape& tape = loss_.tape;
  const std::vector<PlacedStream>& placed = loss_.plan.placed;
  const auto roots = static_cast<std::size_t>(tape.roots());
  const bool normals = !points_.normals.empty();
  const auto columns = static_cast<std::int64_t>(points_.columns.size()) / points_.count;

  // Of each worker, kept from block to block: a step allocates nothing.
  static thread_local std::vector<T> room;
  static thread_local std::vector<const T*> of_tape;
  const std::size_t wanted =
      2 * tape.registers() +
      block * (2 * placed.size() + roots + static_cast<std::size_t>(loss_.inputs + loss_.space + columns));
  if (room.size() < wanted) room.resize(wanted);
  of_tape.resize(placed.size());
  T* next = room.data();
  const auto take = [&](std::size_t numbers) {
    T* const taken = next;
    next += numbers;
    return taken;
  };
  const std::span<T> registers(take(tape.registers()), tape.registers()),
      bars(take(tape.registers()), tape.registers());
  T *const streams = take(block * placed.size()), *const stream_bars = take(block * placed.size()),
           *const root_bars = take(block * roots), *const x = take(block * static_cast<std::size_t>(loss_.inputs)),
           *const n = take(block * static_cast<std::size_t>(loss_.space)),
           *const known = take(block * static_cast<std::size_t>(columns));

  const auto at = [&](int p) { return indices_[static_cast<std::size_t>(first + begin + p)]; };
  for (int p = 0; p < count; ++p) {
    std::copy_n(points_.coordinates.data() + at(p) * loss_.inputs, loss_.inputs, x + p * loss_.inputs);
    std::copy_n(points_.columns.data() + at(p) * columns, columns, known + p * columns);
    if (normals) std::copy_n(points_.normals.data() + at(p) * loss_.space, loss_.space, n + p * loss_.space);
  }
  for (std::size_t s = 0; s < placed.size(); ++s) {
    const T* const from =
        u[static_cast<int>(placed[s].stream)] + std::ptrdiff_t{begin} * loss_.channels + placed[s].channel;
    T* const to = streams + s * block;
    const T scale = static_cast<T>(placed[s].scale);
    for (std::ptrdiff_t p = 0; p < count; ++p) to[p] = scale * from[p * loss_.channels];
    of_tape[s] = to;
  }
  calculus::TapeInputs<T> inputs{count, {x, count, loss_.inputs}, {}, of_tape};
  if (normals) inputs.normals = {n, count, loss_.space};
  if (columns > 0) inputs.columns = {known, count, columns};
  tape.evaluate<T>(isa_, inputs, registers);

  double sum = 0;
  const double share = scale_ / static_cast<double>(indices_.size());
  if (!residuals_.empty())
    for (int p = 0; p < count; ++p) {
      double square = 0;
      for (std::size_t r = 0; r < roots; ++r) {
        const auto of_root =
            static_cast<double>(tape.root<T>(static_cast<int>(r), registers, count)[static_cast<std::size_t>(p)]);
        square += of_root * of_root;
      }
      residuals_[static_cast<std::size_t>(at(p))] = static_cast<T>(std::sqrt(square));
    }
  for (std::size_t r = 0; r < roots; ++r) {
    const std::span<const T> residual = tape.root<T>(static_cast<int>(r), registers, count);
    for (int p = 0; p < count; ++p) {
      const auto [value, slope] = penalised(loss_.penalty, static_cast<double>(residual[static_cast<std::size_t>(p)]));
      const double of_point = share * static_cast<double>(points_.weights[static_cast<std::size_t>(at(p))]);
      sum += of_point * value;
      root_bars[r * block + static_cast<std::size_t>(p)] = static_cast<T>(of_point * slope);
    }
  }
  tape.reverse<T>(isa_, count, registers, {root_bars, static_cast<std::int64_t>(roots), count, block}, bars,
                  {stream_bars, std::ssize(placed), count, block});
  for (std::size_t s = 0; s < placed.size(); ++s) {
    T* const to =
        u_bar[static_cast<int>(placed[s].stream)] + std::ptrdiff_t{begin} * loss_.channels + placed[s].channel;
    const T scale = static_cast<T>(placed[s].scale);
    for (std::ptrdiff_t p = 0; p < count; ++p)
      to[p * loss_.channels] += scale * stream_bars[s * block + static_cast<std::size_t>(p)];
  }
  return sum;
}

template TermPoints<float> term_points(const problem::Collocation&, const std::vector<AxisMap>&);
template TermPoints<double> term_points(const problem::Collocation&, const std::vector<AxisMap>&);
template class TermBatch<float>;
template class TermBatch<double>;

}  // namespace sinefield::train
