// What the training loop knows of an optimiser: one step for the parameters of one network, and a state that can be
// taken out and put back. An optimiser evaluates the loss itself, once where it goes along a gradient, as often as its
// line search needs where it has one. The rate is the schedule's.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/kernels.h"
#include "engine/workers.h"
#include "sinefield/architecture.h"
#include "sinefield/optimizer_kind.h"

namespace sinefield::train {

/// What is minimised: of one step's samples.
template <class T>
class Objective {
 public:
  virtual ~Objective() = default;
  /// Overwrites the gradient (as long as the parameters) and returns the loss.
  virtual double operator()(std::span<const T> parameters, std::span<T> gradient) = 0;
};

template <class T>
class BasicOptimizer {
 public:
  /// All that a resumed run needs, as plain arrays in an order and with sizes that depend on the architecture alone.
  struct State {
    std::int64_t steps = 0;  ///< taken so far
    std::vector<std::vector<T>> arrays;
  };

  virtual ~BasicOptimizer() = default;
  /// Changes the parameters by one step at rate `lr`; returns the loss before it. Where that is not finite the
  /// parameters stay as they are. Allocates nothing, except in a first step.
  virtual double advance(std::span<T> parameters, Objective<T>&, double lr) = 0;
  /// Forgets everything, as after construction.
  virtual void restart() = 0;
  virtual State state() const = 0;
  /// Goes on from a state: the same steps follow, bit for bit. Throws bad_input where it is of another shape.
  virtual void restore(const State&) = 0;
};

using Optimizer = BasicOptimizer<float>;

/// The factor that brings a gradient longer than `clip_norm` down to that length; 1 for others, and where clip_norm is
/// 0.
template <class T>
double clip_scale(const engine::Kernels<T>&, std::span<const T> gradient, double clip_norm);

/// Gradients longer than `norm` are scaled down to it; 0 = none are. The kernels sum their squares.
template <class T>
struct Clipping {
  const engine::Kernels<T>* kernels = nullptr;
  double norm = 0;
};

/// One that goes along the gradient of every step.
template <class T>
class GradientOptimizer : public BasicOptimizer<T> {
 public:
  GradientOptimizer(std::size_t parameters, Clipping<T> clipping) : clipping_(clipping), gradient_(parameters) {}

  double advance(std::span<T> parameters, Objective<T>&, double lr) final;
  /// One step along the gradient times `scale` at rate `lr`. Allocates nothing, except in a first step.
  virtual void step(std::span<T> parameters, std::span<const T> gradient, double lr, double scale) = 0;

 private:
  Clipping<T> clipping_;
  std::vector<T> gradient_;
};

/// The workers must outlive the optimiser; the bits of a step do not depend on them. L-BFGS, which compares losses and
/// lengths of its own, does not clip.
std::unique_ptr<Optimizer> make_optimizer(OptimizerKind, const Architecture&, double clip_norm, Isa, engine::Workers&);

/// base^exponent for exponents from 0, by squaring: a function of its arguments alone, with the same bits everywhere,
/// so that a bias correction needs no memory of the steps before.
double integer_power(double base, std::int64_t exponent);

/// Throws bad_input where a state has not these arrays (`sizes` in elements), or less than no steps.
template <class T>
void check_state(const typename BasicOptimizer<T>::State&, std::span<const std::size_t> sizes);

}  // namespace sinefield::train
