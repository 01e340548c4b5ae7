// The run of one network on the terms of a problem: draw, weigh, step, stop. The order of work is fixed by counts of
// steps; time decides only how many there are.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "engine/training_step.h"
#include "engine/workers.h"
#include "sinefield/error.h"
#include "sinefield/problem_fit.h"
#include "sinefield/version.h"
#include "train/linear_terms.h"
#include "train/network_trainer.h"
#include "train/optimizer.h"
#include "train/run.h"
#include "train/schedule.h"
#include "train/term_batch.h"
#include "train/term_pool.h"

namespace sinefield {
namespace {

using train::Clock;
using train::TermBatch;
using train::TermLoss;
using train::TermPool;

/// Steps that points are drawn for at a time.
constexpr std::int64_t pool_steps = 32;
/// Steps from one look at the gradients of the terms to the next, how much of what they say is followed, and how far
/// weights may come apart.
constexpr std::int64_t balance_every = 100;
constexpr double balance_share = 0.1, most_apart = 1e4;
/// A run that is limited by time tries so many steps, fewer where they take more than a share of the time, looks how
/// long those behind the first ones have taken, in which memory is touched for the first time, and begins again: then
/// it is one of a number of steps, and repeated by that.
constexpr std::int64_t warm_steps = 4, tried_steps = 40;
constexpr double tried_share = 0.05;
/// Times are looked at from the first moments on, however short a stage begins.
constexpr double least_until = 0.01;

Architecture architecture_of(const Problem& problem, const ProblemRecipe& recipe) {
  return {.inputs = static_cast<int>(problem.coordinates().size()),
          .outputs = static_cast<int>(problem.graph()->channels().size()),
          .width = recipe.width,
          .hidden_layers = recipe.hidden_layers,
          .omega_first = recipe.omega_first,
          .omega_hidden = recipe.omega_hidden,
          .activation = recipe.activation,
          .encoding = recipe.encoding};
}

/// Points of a step for each term: what it says itself, or its share of what the others leave; what has a dimension
/// less gets a quarter.
std::vector<std::int64_t> points_of_terms(const Problem& problem, const ProblemRecipe& recipe) {
  constexpr double thin = 0.25;
  constexpr std::int64_t fewest = 16;
  const auto share = [](const Term& term) { return term.place.boundary || !term.place.fixed.empty() ? thin : 1.0; };
  double shares = 0;
  std::int64_t left = recipe.points;
  for (const Term& term : problem.terms()) {
    left -= term.place.points;
    if (term.place.points == 0) shares += share(term);
  }
  std::vector<std::int64_t> points;
  for (const Term& term : problem.terms())
    points.push_back(term.place.points > 0 ? term.place.points
                                           : std::max<std::int64_t>(fewest, std::llround(static_cast<double>(left) *
                                                                                         share(term) / shares)));
  return points;
}

std::vector<TrainingStage> stages_of(const ProblemRecipe& recipe) {
  if (!recipe.stages.empty()) return recipe.stages;
  TrainingStage whole;
  whole.steps = recipe.steps;
  return {whole};
}

void check(const Problem& problem, const ProblemFitOptions& options) {
  const ProblemRecipe& recipe = options.recipe;
  if (problem.terms().empty()) throw bad_input("a problem without terms", "say what must vanish where");
  const auto fail = [&](const std::string& message, const char* hint = "") -> void {
    throw bad_input(fmt::format("recipe '{}': {}", recipe.name, message), hint);
  };
  const Architecture architecture = architecture_of(problem, recipe);
  if (const auto why = why_invalid(architecture)) fail(*why);
  if (options.init && !(options.init->architecture == architecture))
    fail("the network to start from has another shape", "give width, hidden layers and omegas of that network");
  if (!(recipe.lr > 0 && std::isfinite(recipe.lr))) fail(fmt::format("lr {}, expected a number above 0", recipe.lr));
  if (recipe.points < 1) fail(fmt::format("{} points of a step", recipe.points));
  if (recipe.schedule == Schedule::restarts) fail("restarts are for tiles", "constant or cosine");
  if (!(recipe.focus >= 0 && recipe.focus < 1)) fail(fmt::format("focus {}, expected 0 .. 1", recipe.focus));
  if (!(recipe.clip_norm >= 0)) fail(fmt::format("clip_norm {}", recipe.clip_norm));
  if (recipe.optimizer == OptimizerKind::lbfgs && (recipe.focus > 0 || recipe.stages.size() > 1))
    fail("lbfgs keeps its points and its loss for the whole run", "without focus and stages");
  const bool in_time = std::ranges::any_of(problem.coordinates(), &ProblemCoordinate::time);
  for (const TrainingStage& stage : stages_of(recipe)) {
    if (stage.steps < 1) fail("a stage without steps");
    if (stage.lr && !(*stage.lr > 0)) fail(fmt::format("a stage of lr {}", *stage.lr));
    if (stage.until && !(in_time && *stage.until > 0 && *stage.until <= 1))
      fail(fmt::format("a stage until {}", *stage.until), "a share of the time, of problems in time");
    if (std::ranges::all_of(problem.terms(), [&](const Term& term) {
          const auto found = stage.weights.find(term.name);
          return found != stage.weights.end() && found->second == 0;
        }))
      fail("a stage in which no term weighs anything");
    for (const auto& [name, weight] : stage.weights) {
      if (std::ranges::find(problem.terms(), name, &Term::name) == problem.terms().end())
        fail(fmt::format("a stage weighs the term '{}', which there is not", name));
      if (!(weight >= 0 && std::isfinite(weight))) fail(fmt::format("a stage weighs '{}' by {}", name, weight));
    }
  }
  if (options.steps && *options.steps < 1) fail(fmt::format("{} steps", *options.steps));
}

/// Everything that decides about the parameters.
std::map<std::string, std::string> identity_of(const Problem& problem, const ProblemFitOptions& options,
                                               const std::string& of_problem) {
  const ProblemRecipe& recipe = options.recipe;
  std::map<std::string, std::string> identity = {
      {"software", SINEFIELD_VERSION},
      {"isa", std::string(isa_name(options.compute.isa))},
      {"problem", of_problem},
      {"recipe", recipe.name},
      {"width", fmt::format("{}", recipe.width)},
      {"hidden-layers", fmt::format("{}", recipe.hidden_layers)},
      {"omega-first", fmt::format("{}", recipe.omega_first)},
      {"omega-hidden", fmt::format("{}", recipe.omega_hidden)},
      {"activation", std::string(activation_name(recipe.activation))},
      {"encoding", encoding_text(recipe.encoding)},
      {"optimizer", std::string(optimizer_name(recipe.optimizer))},
      {"lr", fmt::format("{}", recipe.lr)},
      {"schedule", std::string(schedule_name(recipe.schedule))},
      {"clip-norm", fmt::format("{}", recipe.clip_norm)},
      {"points", fmt::format("{}", recipe.points)},
      {"balance", recipe.balance == Balance::none ? "none" : "gradients"},
      {"focus", fmt::format("{}", recipe.focus)},
      {"steps", options.steps ? fmt::format("{}", *options.steps) : "the recipe's"},
      {"seconds", options.seconds ? fmt::format("{}", *options.seconds) : "any"},
      {"seed", fmt::format("{}", options.seed)},
      {"init", options.init ? train::checksum(options.init->parameters) : "none"}};
  std::string stages, terms;
  for (const TrainingStage& stage : stages_of(recipe)) {
    stages += fmt::format("{} lr {} until {}", stage.steps, stage.lr.value_or(0), stage.until.value_or(1));
    for (const auto& [name, weight] : stage.weights) stages += fmt::format(" {} {}", name, weight);
    stages += ';';
  }
  for (const Term& term : problem.terms())
    terms += fmt::format("{} {} {} {} {};", term.name, term.weight, penalty_name(term.penalty.kind), term.penalty.width,
                         term.place.points);
  identity["stages"] = stages;
  identity["terms"] = terms;
  return identity;
}

class ProblemRun {
 public:
  ProblemRun(const Problem& problem, const ProblemFitOptions& options, const std::string& identity)
      : problem_(problem),
        options_(options),
        recipe_(options.recipe),
        stages_(stages_of(recipe_)),
        axes_(problem_axes(problem)),
        state_(options.checkpoints, identity_of(problem, options, identity)),
        workers_(engine::make_workers(options.compute.threads)),
        network_(options.init ? *options.init : initial_network(architecture_of(problem, recipe_), options.seed)),
        start_(network_.parameters),
        balance_(problem.terms().size(), 1.0) {
    const std::vector<std::int64_t> points = points_of_terms(problem, recipe_);
    std::vector<engine::JetPlan> plans;
    losses_.reserve(problem.terms().size());
    pools_.reserve(problem.terms().size());
    for (std::size_t t = 0; t < problem.terms().size(); ++t) {
      losses_.emplace_back(problem, problem.terms()[t], axes_, network_.architecture);
      plans.push_back(losses_.back().plan.plan);
      pools_.emplace_back(problem, problem.terms()[t], axes_, points[t], pool_steps, options.seed * 1000 + t);
    }
    step_ = std::make_unique<engine::TrainingStep<float>>(network_.architecture, options.compute.isa, *workers_, plans);
    optimizer_ = train::make_optimizer(recipe_.optimizer, network_.architecture, recipe_.clip_norm, options.compute.isa,
                                       *workers_);
    for (const TrainingStage& stage : stages_) planned_ += stage.steps;
    if (const auto state = state_.resumed()) restore(*state);
  }

  ProblemFitResult finish() && {
    ProblemFitReport report;
    report.stopped_by = train();
    report.steps = done_;
    report.horizon = horizon_ == 0 ? done_ : horizon_;
    report.loss = loss_;
    report.fingerprint = state_.fingerprint();
    for (std::size_t t = 0; t < balance_.size(); ++t)
      report.weights.push_back(balance_[t] * problem_.terms()[t].weight);
    if (report.stopped_by == StoppedBy::interruption) write_state();
    Field field;
    field.networks = {std::move(network_)};
    field.axes = axes_;
    field.channels.resize(problem_.graph()->channels().size());
    if (report.stopped_by != StoppedBy::interruption) {
      report.terms = term_residuals(problem_, field, options_.seed, options_.compute);
      report.errors = solution_errors(problem_, field, options_.compute);
    }
    report.seconds = elapsed();
    return {std::move(field), std::move(report)};
  }

 private:
  double elapsed() const { return earlier_seconds_ + train::seconds_since(options_.started); }

  /// The loss of a step as the optimiser sees it.
  class StepLoss final : public train::Objective<float> {
   public:
    StepLoss(ProblemRun& run, std::vector<double> scales) : run_(run), scales_(std::move(scales)) {}
    double operator()(std::span<const float> parameters, std::span<float> gradient) override {
      return run_.loss_at(parameters, scales_, gradient);
    }

   private:
    ProblemRun& run_;
    std::vector<double> scales_;
  };

  double loss_at(std::span<const float> parameters, const std::vector<double>& scales, std::span<float> gradient) {
    std::vector<TermBatch<float>> batches;
    std::vector<const engine::Batch<float>*> groups;
    batches.reserve(pools_.size());
    for (std::size_t t = 0; t < pools_.size(); ++t) {
      // What weighs nothing is not looked at.
      const std::span<const std::int64_t> points = scales[t] == 0 ? std::span<const std::int64_t>() : picked_[t];
      batches.emplace_back(losses_[t], pools_[t].points(), points, scales[t], options_.compute.isa,
                           pools_[t].residuals());
      groups.push_back(&batches.back());
    }
    return step_->run(parameters, groups, gradient);
  }

  /// Where step `done_` lies: its stage, its place in it, and the length of that.
  struct Position {
    std::size_t stage;
    std::int64_t step, length;
  };
  Position position() const {
    const std::int64_t whole = horizon_ == 0 ? planned_ : horizon_;
    std::int64_t before = 0, recipe_before = 0;
    for (std::size_t s = 0;; ++s) {
      recipe_before += stages_[s].steps;
      // The steps of a stage are its share of all, whatever their number.
      const std::int64_t end = s + 1 == stages_.size() ? whole : std::max(before + 1, recipe_before * whole / planned_);
      if (done_ < end || s + 1 == stages_.size()) return {s, done_ - before, std::max<std::int64_t>(1, end - before)};
      before = end;
    }
  }

  std::vector<double> scales(std::size_t stage) const {
    std::vector<double> all;
    for (std::size_t t = 0; t < balance_.size(); ++t) {
      const Term& term = problem_.terms()[t];
      const auto found = stages_[stage].weights.find(term.name);
      all.push_back(balance_[t] * term.weight * (found == stages_[stage].weights.end() ? 1 : found->second));
    }
    return all;
  }

  void draw(const Position& at) {
    const bool same_points = recipe_.optimizer == OptimizerKind::lbfgs;
    const std::int64_t step = same_points ? 0 : done_;
    if (step % pool_steps == 0 && (done_ == 0 || !same_points)) {
      double until = 1;
      if (const auto end = stages_[at.stage].until) {
        const double begin = at.stage == 0 ? 0 : stages_[at.stage - 1].until.value_or(1);
        until = std::max(least_until,
                         begin + (*end - begin) * static_cast<double>(at.step) / static_cast<double>(at.length));
      }
      for (TermPool& pool : pools_) pool.draw(step / pool_steps, recipe_.focus, until);
    }
    picked_.clear();
    for (TermPool& pool : pools_) picked_.push_back(pool.pick(step % pool_steps));
  }

  /// The norm of each term's gradient at the parameters, without the weights that it is given: so that without these
  /// all pull alike, it is multiplied by what is in inverse proportion to it.
  void balance(const std::vector<double>& of_terms) {
    std::vector<double> norms(balance_.size());
    gradient_.resize(network_.parameters.size());
    for (std::size_t t = 0; t < norms.size(); ++t) {
      std::vector<double> alone(norms.size(), 0.0);
      if (of_terms[t] == 0) continue;
      alone[t] = 1;
      loss_at(network_.parameters, alone, gradient_);
      double squares = 0;
      for (const float g : gradient_) squares += static_cast<double>(g) * static_cast<double>(g);
      norms[t] = std::sqrt(squares);
    }
    const double sum = std::accumulate(norms.begin(), norms.end(), 0.0);
    if (!(sum > 0) || !std::isfinite(sum)) return;
    // A term that is left out or fulfilled keeps its weight.
    for (std::size_t t = 0; t < norms.size(); ++t) {
      if (norms[t] == 0) continue;
      const double wanted = std::min(sum / (static_cast<double>(norms.size()) * norms[t]), most_apart);
      balance_[t] = done_ == 0 ? wanted : (1 - balance_share) * balance_[t] + balance_share * wanted;
    }
  }

  /// From the first step on, as if none had been.
  void begin_again() {
    network_.parameters = start_;
    optimizer_->restart();
    for (TermPool& pool : pools_) pool.forget();
    std::ranges::fill(balance_, 1.0);
    done_ = 0;
    training_seconds_ = warm_seconds_ = 0;
  }

  StoppedBy train() {
    auto start = Clock::now();
    double earlier = training_seconds_;
    if (!options_.seconds) horizon_ = options_.steps.value_or(planned_);
    for (;;) {
      if (horizon_ == 0 &&
          (done_ == tried_steps || (done_ > warm_steps && training_seconds_ > tried_share * *options_.seconds))) {
        constexpr double margin = 0.97;  // the machine may become a little slower
        step_seconds_ = (training_seconds_ - warm_seconds_) / static_cast<double>(done_ - warm_steps);
        const double left = margin * (*options_.seconds - elapsed() - closing_seconds());
        horizon_ = std::max<std::int64_t>(1, std::llround(left / step_seconds_));
        if (options_.steps) horizon_ = std::min(horizon_, *options_.steps);
        begin_again();
        start = Clock::now();
        earlier = 0;
      }
      if (horizon_ > 0 && done_ >= horizon_)
        return options_.seconds && (!options_.steps || horizon_ < *options_.steps) ? StoppedBy::seconds
                                                                                   : StoppedBy::steps;
      const Position at = position();
      draw(at);
      if (recipe_.balance == Balance::gradients && pools_.size() > 1 &&
          (recipe_.optimizer == OptimizerKind::lbfgs ? done_ == 0 : done_ % balance_every == 0))
        balance(scales(at.stage));
      const double peak = stages_[at.stage].lr.value_or(recipe_.lr);
      const double lr = horizon_ == 0 ? peak : train::learning_rate(recipe_.schedule, peak, at.step, at.length);
      StepLoss objective(*this, scales(at.stage));
      loss_ = optimizer_->advance(network_.parameters, objective, lr);
      ++done_;
      if (!std::isfinite(loss_)) fail_at_step();
      training_seconds_ = earlier + train::seconds_since(start);
      if (done_ == warm_steps) warm_seconds_ = training_seconds_;

      const double seconds = elapsed(), per_step = training_seconds_ / static_cast<double>(done_);
      if (options_.on_progress) {
        double left = per_step * static_cast<double>(std::max<std::int64_t>(0, horizon_ - done_));
        if (options_.seconds) left = horizon_ == 0 ? *options_.seconds - seconds : left;
        options_.on_progress({done_, horizon_, static_cast<int>(at.stage), loss_, lr, seconds, left});
      }
      if (options_.stop.stop_requested()) return StoppedBy::interruption;
      if (options_.seconds && seconds + closing_seconds() > *options_.seconds) return StoppedBy::seconds;
      if (state_.due()) write_state();
    }
  }

  /// Says which term is to blame, where it is one of them.
  [[noreturn]] void fail_at_step() {
    const std::vector<double> all = scales(position().stage);
    std::string who;
    gradient_.resize(network_.parameters.size());
    for (std::size_t t = 0; t < all.size() && who.empty(); ++t) {
      std::vector<double> alone(all.size(), 0.0);
      alone[t] = all[t];
      if (alone[t] == 0) continue;
      const bool spoiled = !std::isfinite(loss_at(network_.parameters, alone, gradient_));
      if (spoiled && !std::isfinite(std::accumulate(pools_[t].residuals().begin(), pools_[t].residuals().end(), 0.0)))
        who = problem_.terms()[t].name;
    }
    throw failure(
        fmt::format("the training diverged at step {}: {} is not finite", done_,
                    who.empty() ? std::string("the loss") : fmt::format("the residual of term '{}'", who)),
        fmt::format("try a smaller --lr than {}, or look for divisions by 0, roots and logarithms", recipe_.lr));
  }

  // ---- state

  void write_state() {
    if (!state_.kept()) return;
    StateDescription description;
    const Optimizer::State now = optimizer_->state();
    description.numbers = {{"seconds", {elapsed()}},
                           {"training_seconds", {training_seconds_}},
                           {"warm_seconds", {warm_seconds_}},
                           {"step_seconds", {step_seconds_}},
                           {"loss", {loss_}},
                           {"balance", balance_}};
    description.counts = {{"steps", {done_}}, {"horizon", {horizon_}}, {"optimizer_steps", {now.steps}}};
    StateArrays arrays{{"parameters", {network_.parameters}}};
    train::add_optimizer(arrays, "optimizer", now);
    for (std::size_t t = 0; t < pools_.size(); ++t) pools_[t].add_to(arrays, pool_name(t));
    state_.write(std::move(description), arrays);
  }

  void restore(const State& state) {
    network_.parameters = train::array_of(state, "parameters", network_.parameters.size());
    optimizer_->restore(train::optimizer_of(state, "optimizer", train::count_of(state, "optimizer_steps")));
    done_ = train::count_of(state, "steps");
    horizon_ = train::count_of(state, "horizon");
    earlier_seconds_ = train::number_of(state, "seconds");
    training_seconds_ = train::number_of(state, "training_seconds");
    warm_seconds_ = train::number_of(state, "warm_seconds");
    step_seconds_ = train::number_of(state, "step_seconds");
    loss_ = train::number_of(state, "loss");
    const auto balance = state.numbers.find("balance");
    if (balance == state.numbers.end() || balance->second.size() != balance_.size())
      throw bad_input("the state holds no balance", "start over with --force and without --resume");
    balance_ = balance->second;
    const bool same_points = recipe_.optimizer == OptimizerKind::lbfgs;
    const std::int64_t epoch = same_points ? 0 : (done_ - 1) / pool_steps;
    for (std::size_t t = 0; t < pools_.size(); ++t) pools_[t].restore(state, pool_name(t), epoch);
  }

  static std::string pool_name(std::size_t term) { return fmt::format("term{:03}", term); }

  using Optimizer = train::Optimizer;
  /// What residuals and errors will take, in double at many points: about so many steps of the usual size.
  double closing_seconds() const {
    const double usual = step_seconds_ * 4096 / static_cast<double>(recipe_.points);
    return 0.2 + usual * static_cast<double>(4 * problem_.terms().size() + 17 * problem_.exact().size());
  }

  const Problem& problem_;
  const ProblemFitOptions& options_;
  const ProblemRecipe& recipe_;
  std::vector<TrainingStage> stages_;
  std::int64_t planned_ = 0;  // steps of all stages
  std::vector<AxisMap> axes_;
  train::RunState state_;
  std::unique_ptr<engine::Workers> workers_;
  Network network_;
  std::vector<float> start_;  // its parameters
  std::vector<double> balance_;
  std::vector<TermLoss> losses_;
  std::vector<TermPool> pools_;
  std::vector<std::span<const std::int64_t>> picked_;
  std::unique_ptr<engine::TrainingStep<float>> step_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<float> gradient_;
  std::int64_t done_ = 0, horizon_ = 0;
  double loss_ = 0, earlier_seconds_ = 0, training_seconds_ = 0;
  double warm_seconds_ = 0, step_seconds_ = 0;  // of the trial: its first steps, and then each
};

}  // namespace

ProblemFitResult fit_problem(const Problem& problem, const ProblemFitOptions& options, const std::string& identity) {
  check(problem, options);
  return ProblemRun(problem, options, identity).finish();
}

std::string problem_fingerprint(const Problem& problem, const ProblemFitOptions& options, const std::string& identity) {
  check(problem, options);
  return train::fingerprint(identity_of(problem, options, identity));
}

std::vector<std::string> explain_training(const Problem& problem, const ProblemFitOptions& options) {
  check(problem, options);
  const Architecture architecture = architecture_of(problem, options.recipe);
  const std::vector<std::int64_t> points = points_of_terms(problem, options.recipe);
  std::int64_t weights = 0;
  for (const LayerSlice& layer : layer_slices(architecture)) weights += std::int64_t{layer.inputs} * layer.outputs;
  std::vector<std::string> lines;
  double network = 0, tapes = 0;
  for (std::size_t t = 0; t < problem.terms().size(); ++t) {
    const TermLoss loss(problem, problem.terms()[t], problem_axes(problem), architecture);
    lines.push_back(fmt::format("term {}: {} points a step, penalty {}", problem.terms()[t].name, points[t],
                                penalty_name(loss.penalty.kind)));
    lines.push_back(fmt::format("  {} for each point, three times that with the way back; a tape of {} operations",
                                loss.plan.plan.words(architecture.outputs), loss.tape.operations()));
    const auto n = static_cast<double>(points[t]);
    network += n * 3 * loss.plan.plan.forward_passes(architecture.outputs) * 2 * static_cast<double>(weights);
    tapes += n * loss.operations();
  }
  lines.push_back(fmt::format("a network of {} inputs, {} hidden layers of width {} and {} outputs, {} parameters",
                              architecture.inputs, architecture.hidden_layers, architecture.width, architecture.outputs,
                              parameter_count(architecture)));
  lines.push_back(fmt::format("a step: {:.3g} floating-point operations of the network, {:.2g} % as many of the tapes",
                              network, 100 * tapes / network));
  std::int64_t steps = 0;
  for (const TrainingStage& stage : stages_of(options.recipe)) steps += stage.steps;
  lines.push_back(fmt::format("recipe {}: {} steps in {} stage{}, {}, lr {}", options.recipe.name,
                              options.steps.value_or(steps), stages_of(options.recipe).size(),
                              stages_of(options.recipe).size() == 1 ? "" : "s",
                              optimizer_name(options.recipe.optimizer), options.recipe.lr));
  return lines;
}

}  // namespace sinefield
