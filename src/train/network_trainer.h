// One step of one network, whatever its signal: the optimiser on the loss of a batch. Which samples a step sees, its
// rate and when to stop are the matter of samplers, schedules and runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

#include "engine/training_step.h"
#include "train/optimizer.h"

namespace sinefield::train {

class NetworkTrainer {
 public:
  /// The workers must outlive it.
  NetworkTrainer(const Architecture&, OptimizerKind, double clip_norm, Isa, engine::Workers&,
                 engine::JetPlan = engine::value_plan());

  /// Changes the parameters by one step at rate `lr`; returns the loss before it. Where that is not finite the
  /// parameters stay as they are. L-BFGS wants the same samples in every step.
  double step(std::span<float> parameters, const engine::Batch<float>&, double lr);

  Optimizer& optimizer() { return *optimizer_; }

 private:
  engine::TrainingStep<float> step_;
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace sinefield::train
