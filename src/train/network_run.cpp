// The run of one network: draw, step, look now and then, stop. The order of work is fixed by counts of steps; time
// decides only how many there are.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "signal/channel_maps.h"
#include "signal/derivative_samples.h"
#include "signal/sample_batch.h"
#include "signal/samples_in_memory.h"
#include "sinefield/error.h"
#include "train/network_trainer.h"
#include "train/run.h"
#include "train/sampler.h"
#include "train/schedule.h"
#include "train/tile_constants.h"

namespace sinefield::train {
namespace {

/// Steps between the parameters that a run can go back to, and how often it does before it gives up.
constexpr std::int64_t keep_every = 100;
constexpr int most_rollbacks = 8;
/// A loss this many times the best one that was kept is a spike.
constexpr double spike = 4;
/// A network that explains no more of the signal than this after so many steps has collapsed to its mean.
constexpr double collapsed_share = 0.98;
constexpr std::int64_t collapse_steps = 500;

class NetworkRun {
 public:
  NetworkRun(const RunSignal& signal, const FitOptions& options, Field field)
      : signal_(signal),
        options_(options),
        samples_(signal.samples()),
        field_(std::move(field)),
        state_(options.checkpoints, run_identity(signal, options, field_)),
        workers_(engine::make_workers(options.compute.threads)),
        trainer_(network().architecture, options.recipe.optimizer, options.recipe.clip_norm, options.compute.isa,
                 *workers_, plan_for(options.supervise, network().architecture)),
        columns_(options.supervise, signal.axes, field_.channels, network().architecture.omega_first) {
    if (options.derivatives) {
      keep_derivatives(*options.derivatives);
    } else if (options.supervise != Supervise::value) {
      keep_derivatives(DerivativeSamples(*signal.learned.samples, options.supervise));
    }
    const std::int64_t batch = options.recipe.batch;
    if (batch > 0 && batch < samples_) indices_.resize(static_cast<std::size_t>(batch));
    if (const auto state = state_.resumed()) restore(*state);
  }

  FitResult finish() && {
    const StoppedBy stopped_by = train();
    if (stopped_by == StoppedBy::interruption) write_state();
    if (stopped_by == StoppedBy::interruption && state_.kept()) return result(stopped_by);
    if (stopped_by != StoppedBy::psnr && kept_.step >= 0 && options_.recipe.rollback &&
        mean_loss_ > 1.2 * kept_.mean_loss) {
      network().parameters = kept_.parameters;  // a constant rate ends where it happens to be
      ++rollbacks_;
      evaluated_at_ = -1;
    }
    if (!std::ranges::all_of(network().parameters, [](float p) { return std::isfinite(p); }))
      throw diverged(done_, "a parameter is not finite");
    if (evaluated_at_ != done_ || figures_.wanted != FiguresWanted::all) look(FiguresWanted::all);
    if (options_.supervise == Supervise::value)
      check_collapse();
    else
      field_ = std::move(aligned_);  // of the last look
    return result(stopped_by);
  }

 private:
  static engine::JetPlan plan_for(Supervise supervise, const Architecture& architecture) {
    const std::vector<double> ones(static_cast<std::size_t>(architecture.inputs), 1.0);
    return supervise == Supervise::value      ? engine::value_plan()
           : supervise == Supervise::gradient ? engine::gradient_plan(architecture)
                                              : engine::laplacian_plan(ones);
  }

  /// In memory: samples of a step are read point by point.
  void keep_derivatives(const Samples& derivatives) {
    derivative_values_ = read_all(derivatives);
    derivatives_ = std::make_unique<SamplesInMemory>(derivatives.sizes(), derivatives.channels(), derivative_values_);
  }

  /// The field moved by the best a u + b of each channel: the output layer takes it.
  Field aligned() const {
    Field moved = field_;
    const std::vector<ChannelMap> best = best_maps(moved, *signal_.learned.samples, options_.compute);
    Network& of = moved.networks.front();
    const LayerSlice output = layer_slices(of.architecture).back();
    for (std::int64_t c = 0; c < output.outputs; ++c) {
      const auto [slope, shift] = best[static_cast<std::size_t>(c)];
      const auto at = [](std::int64_t index) { return static_cast<std::size_t>(index); };
      for (std::int64_t k = 0; k < output.inputs; ++k)
        of.parameters[at(output.weight + c * output.inputs + k)] *= static_cast<float>(slope);
      float& bias = of.parameters[at(output.bias + c)];
      bias = static_cast<float>(slope * static_cast<double>(bias) + shift);
    }
    return moved;
  }

  FitResult result(StoppedBy stopped_by) {
    const std::int64_t horizon = horizon_ == 0 ? hold_share * done_ : horizon_;  // it ended while the rate held
    const FitReport report{stopped_by,
                           done_,
                           done_,
                           horizon,
                           elapsed(),
                           loss_,
                           figures_.psnr,
                           figures_.measures,
                           figures_.held_out_psnr,
                           {},
                           rollbacks_,
                           0,
                           state_.fingerprint(),
                           plan_for(options_.supervise, network().architecture).words(field_.outputs())};
    return {std::move(field_), report};
  }

  /// The best parameters so far, to go back to.
  struct Kept {
    std::int64_t step = -1;
    double mean_loss = 0;
    std::vector<float> parameters;
    Optimizer::State optimizer;
  };

  Network& network() { return field_.networks.front(); }
  double elapsed() const { return earlier_seconds_ + seconds_since(options_.started); }

  Error diverged(std::int64_t step, const std::string& sign) const {
    return failure(fmt::format("the training diverged at step {}: {}", step, sign), advice());
  }

  std::string advice() const {
    const double omega = field_.networks.front().architecture.omega_first;
    return options_.recipe.optimizer == OptimizerKind::lbfgs  // it has no rate
               ? fmt::format("try a smaller --omega-first than {}", omega)
               : fmt::format("try a smaller --lr than {}, or a smaller --omega-first than {}", options_.recipe.lr,
                             omega);
  }

  void check_collapse() const {
    if (done_ < collapse_steps) return;
    // In raw outputs, over the channels that the figures are of.
    const int uncounted = uncounted_channel(signal_.learned.format);
    const std::size_t channels = signal_.learned.channels.size();
    std::vector<double> sum(channels), squares(channels);
    for_pieces(*signal_.learned.samples, [&](std::int64_t, std::span<const float> values) {
      for (std::size_t e = 0; e < values.size(); ++e) {
        const ChannelMap& map = field_.channels[e % channels];
        const double value = (static_cast<double>(values[e]) - map.offset) / map.scale;
        sum[e % channels] += value;
        squares[e % channels] += value * value;
      }
    });
    double variance = 0;
    int counted = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      if (static_cast<int>(c) == uncounted) continue;
      const auto n = static_cast<double>(samples_), mean = sum[c] / n;
      variance += squares[c] / n - mean * mean;
      ++counted;
    }
    variance /= counted;
    constexpr double rounding = 1e-4;  // a picture this flat has nothing to collapse from
    const double least = signal_kind(signal_.learned.format) == SignalKind::sound ? 0 : rounding;
    if (variance > least && signal_.squared_error_of(figures_.psnr) > collapsed_share * variance)
      throw failure(fmt::format("the training collapsed: after {} steps the network is no closer to the signal than "
                                "its mean",
                                done_),
                    advice());
  }

  void look(FiguresWanted wanted = FiguresWanted::psnr) {
    if (options_.supervise != Supervise::value) aligned_ = aligned();
    const Field& shown = options_.supervise == Supervise::value ? field_ : aligned_;
    figures_ = evaluate(shown, signal_.whole, signal_.learned, options_.holdout, wanted, options_.compute);
    evaluated_at_ = done_;
  }

  /// Every schedule holds the full rate for an eighth of the horizon, so that this need be known only then. A run
  /// limited by time measures the machine over that eighth and is planned from it; `--steps` of that horizon then
  /// repeats it bit for bit. 0 = not known yet.
  std::int64_t settled_horizon(std::int64_t wanted) const {
    if (options_.horizon) return *options_.horizon;
    if (!options_.seconds || done_ >= wanted / hold_share) return wanted;
    constexpr double margin = 0.97;  // the machine may become a little slower
    const double available = *options_.seconds - (elapsed() - training_seconds_) - closing_seconds_;
    return done_ > 0 && training_seconds_ >= margin * available / hold_share ? hold_share * done_ : 0;
  }

  StoppedBy train() {
    constexpr std::int64_t unlimited = std::int64_t{1} << 60;
    const Recipe& recipe = options_.recipe;
    const std::int64_t wanted = options_.steps ? *options_.steps : options_.seconds ? unlimited : recipe.steps;
    const std::int64_t evaluation = evaluation_interval(recipe, samples_);
    const auto points = static_cast<double>(indices_.empty() ? samples_ : static_cast<std::int64_t>(indices_.size()));
    const auto start = Clock::now();
    const double earlier = training_seconds_;
    for (;;) {
      training_seconds_ = earlier + seconds_since(start);
      if (horizon_ == 0) horizon_ = settled_horizon(wanted);
      const std::int64_t last = horizon_ == 0 ? wanted : std::min(wanted, horizon_);  // the rate is zero beyond
      if (done_ >= last)
        return options_.seconds && last < wanted && !options_.horizon ? StoppedBy::seconds : StoppedBy::steps;
      const double lr =
          rate_ * (horizon_ == 0 ? recipe.lr : learning_rate(recipe.schedule, recipe.lr, done_, horizon_));
      take_step(lr);

      const double seconds = elapsed();
      training_seconds_ = earlier + seconds_since(start);
      const double per_step = training_seconds_ / static_cast<double>(done_);
      // A step does three passes over its points, the evaluation one over all pixels, and the figures beside it.
      const auto all_pixels = static_cast<double>(signal_.whole.samples->points());
      closing_seconds_ = 0.5 * per_step * all_pixels / points + 0.1;
      FitProgress progress{done_, last == unlimited ? 0 : last, loss_, lr, seconds, 0, {}, {}};
      progress.seconds_left = per_step * static_cast<double>(last - done_) + closing_seconds_;
      if (options_.seconds) progress.seconds_left = std::min(progress.seconds_left, *options_.seconds - seconds);
      const bool logged = options_.evaluate_every > 0 && (done_ % options_.evaluate_every == 0 || done_ == last);
      const bool near = options_.psnr && done_ % evaluation == 0 && signal_.decibels(mean_loss_) > *options_.psnr - 1;
      if (logged || near) {
        look();
        progress.psnr = figures_.psnr;
        progress.held_out_psnr = figures_.held_out_psnr;
      }
      if (options_.on_progress) options_.on_progress(progress);
      if (near && figures_.psnr >= *options_.psnr) return StoppedBy::psnr;
      if (options_.stop.stop_requested()) return StoppedBy::interruption;
      if (options_.seconds && elapsed() + per_step + closing_seconds_ > *options_.seconds) return StoppedBy::seconds;
      if (state_.due()) write_state();
    }
  }

  void take_step(double lr) {
    if (!indices_.empty()) draw_samples(samples_, options_.seed, done_, indices_);
    const SampleBatch batch(derivatives_ ? *derivatives_ : *signal_.learned.samples, signal_.axes, columns_, indices_);
    loss_ = trainer_.step(network().parameters, batch, lr);
    ++done_;
    mean_loss_ = done_ == 1 ? loss_ : 0.9 * mean_loss_ + 0.1 * loss_;
    if (!options_.recipe.rollback) {
      if (!std::isfinite(loss_)) throw diverged(done_, fmt::format("the loss is {}", loss_));
      return;
    }
    if (!std::isfinite(loss_) || (kept_.step >= 0 && mean_loss_ > spike * kept_.mean_loss)) {
      if (kept_.step < 0 || rollbacks_ == most_rollbacks) throw diverged(done_, fmt::format("the loss is {}", loss_));
      network().parameters = kept_.parameters;
      trainer_.optimizer().restore(kept_.optimizer);
      mean_loss_ = loss_ = kept_.mean_loss;
      rate_ /= 2;
      ++rollbacks_;
      return;
    }
    if (done_ % keep_every == 0 && (kept_.step < 0 || mean_loss_ <= kept_.mean_loss))
      kept_ = {done_, mean_loss_, network().parameters, trainer_.optimizer().state()};
  }

  // ---- state

  void write_state() {
    if (!state_.kept()) return;
    StateDescription description;
    description.numbers = {{"seconds", {elapsed()}},
                           {"training_seconds", {training_seconds_}},
                           {"closing_seconds", {closing_seconds_}},
                           {"loss", {loss_}},
                           {"mean_loss", {mean_loss_}},
                           {"rate", {rate_}},
                           {"kept_mean_loss", {kept_.mean_loss}}};
    const Optimizer::State now = trainer_.optimizer().state();
    description.counts = {{"steps", {done_}},          {"horizon", {horizon_}},
                          {"rollbacks", {rollbacks_}}, {"optimizer_steps", {now.steps}},
                          {"kept_step", {kept_.step}}, {"kept_optimizer_steps", {kept_.optimizer.steps}}};
    StateArrays arrays{{"parameters", {network().parameters}}};
    add_optimizer(arrays, "optimizer", now);
    if (kept_.step >= 0) {
      arrays["kept_parameters"] = {kept_.parameters};
      add_optimizer(arrays, "kept_optimizer", kept_.optimizer);
    }
    state_.write(std::move(description), arrays);
  }

  void restore(const State& state) {
    const std::size_t size = network().parameters.size();
    network().parameters = array_of(state, "parameters", size);
    trainer_.optimizer().restore(optimizer_of(state, "optimizer", count_of(state, "optimizer_steps")));
    kept_.step = count_of(state, "kept_step");
    if (kept_.step >= 0)
      kept_ = {kept_.step, number_of(state, "kept_mean_loss"), array_of(state, "kept_parameters", size),
               optimizer_of(state, "kept_optimizer", count_of(state, "kept_optimizer_steps"))};
    done_ = count_of(state, "steps");
    horizon_ = count_of(state, "horizon");
    rollbacks_ = static_cast<int>(count_of(state, "rollbacks"));
    earlier_seconds_ = number_of(state, "seconds");
    training_seconds_ = number_of(state, "training_seconds");
    closing_seconds_ = number_of(state, "closing_seconds");
    loss_ = number_of(state, "loss");
    mean_loss_ = number_of(state, "mean_loss");
    rate_ = number_of(state, "rate");
  }

  const RunSignal& signal_;
  const FitOptions& options_;
  std::int64_t samples_;
  Field field_;
  RunState state_;
  std::unique_ptr<engine::Workers> workers_;
  NetworkTrainer trainer_;
  SupervisedColumns columns_;
  std::vector<float> derivative_values_;
  std::unique_ptr<const Samples> derivatives_;  // where they are supervised
  Field aligned_;                               // and the field as it would be written
  std::vector<std::int64_t> indices_;
  std::int64_t done_ = 0, horizon_ = 0, evaluated_at_ = -1;
  double loss_ = 0, mean_loss_ = 0, closing_seconds_ = 0, training_seconds_ = 0, earlier_seconds_ = 0;
  double rate_ = 1;  // halved by every rollback
  int rollbacks_ = 0;
  Kept kept_;
  FitFigures figures_;
};

}  // namespace

FitResult run_network(const RunSignal& signal, const FitOptions& options, Field field) {
  return NetworkRun(signal, options, std::move(field)).finish();
}

}  // namespace sinefield::train
