// The order of a step.
// SPDX-License-Identifier: MIT
#include "train/network_trainer.h"

#include <cmath>
#include <utility>

namespace sinefield::train {

NetworkTrainer::NetworkTrainer(const Architecture& architecture, OptimizerKind optimizer, double clip_norm, Isa isa,
                               engine::Workers& workers, engine::JetPlan plan)
    : kernels_(engine::kernels<float>(isa, architecture)),
      step_(architecture, isa, workers, std::move(plan)),
      optimizer_(make_optimizer(optimizer, architecture, isa, workers)),
      gradient_(static_cast<std::size_t>(parameter_count(architecture))),
      clip_norm_(clip_norm) {}

double NetworkTrainer::step(std::span<float> parameters, const engine::Batch<float>& batch, double lr) {
  const double loss = step_.run(parameters, batch, gradient_);
  if (!std::isfinite(loss)) return loss;
  optimizer_->step(parameters, gradient_, lr, clip_scale<float>(kernels_, gradient_, clip_norm_));
  return loss;
}

}  // namespace sinefield::train
