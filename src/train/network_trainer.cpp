// A batch as what an optimiser minimises.
// SPDX-License-Identifier: MIT
#include "train/network_trainer.h"

#include <utility>

namespace sinefield::train {
namespace {

class LossOfBatch final : public Objective<float> {
 public:
  LossOfBatch(engine::TrainingStep<float>& step, const engine::Batch<float>& batch) : step_(step), batch_(batch) {}
  double operator()(std::span<const float> parameters, std::span<float> gradient) override {
    return step_.run(parameters, batch_, gradient);
  }

 private:
  engine::TrainingStep<float>& step_;
  const engine::Batch<float>& batch_;
};

}  // namespace

NetworkTrainer::NetworkTrainer(const Architecture& architecture, OptimizerKind optimizer, double clip_norm, Isa isa,
                               engine::Workers& workers, engine::JetPlan plan)
    : step_(architecture, isa, workers, std::move(plan)),
      optimizer_(make_optimizer(optimizer, architecture, clip_norm, isa, workers)) {}

double NetworkTrainer::step(std::span<float> parameters, const engine::Batch<float>& batch, double lr) {
  LossOfBatch loss(step_, batch);
  return optimizer_->advance(parameters, loss, lr);
}

}  // namespace sinefield::train
