// The run of a field of tiles: rounds of cycles. In a round the tiles that the plan names are trained for one cycle
// each, a whole tile by one worker, so that nothing but the errors that they reach connects them; between rounds the
// signal is looked at as a whole. Who trains when follows from counts of steps alone. Time decides only where a run
// limited by it ends: what it did is repeated by --total-steps and --horizon.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/in_parallel.h"
#include "engine/jet_query.h"
#include "field/random.h"
#include "signal/derivative_samples.h"
#include "signal/tile_samples.h"
#include "sinefield/error.h"
#include "train/laplacian_energy.h"
#include "train/network_trainer.h"
#include "train/run.h"
#include "train/sampler.h"
#include "train/schedule.h"
#include "train/smooth_units.h"
#include "train/tile_constants.h"
#include "train/tile_last_layers.h"
#include "train/tile_plan.h"

namespace sinefield::train {
namespace {

/// An untrained tile is its mean: all parameters zero. A first cycle that leaves more than this share of the variance
/// was stuck; another initialisation and half the rate may do better.
constexpr double stuck_share = 0.9;
constexpr int most_attempts = 2;
/// A run that is only given a quality may go this many times beyond the recipe's steps.
constexpr std::int64_t patience = 20;

/// What one worker needs to train any tile. Nothing of the size of the signal.
struct TileWorker {
  TileWorker(const Architecture& architecture, const Recipe& recipe, const engine::JetPlan& plan, Isa isa)
      : trainer(architecture, recipe.optimizer, recipe.clip_norm, isa, serial, plan),
        query(architecture, plan, isa, serial),
        streams(static_cast<std::size_t>(plan.streams())) {}

  engine::SerialWorkers serial;
  NetworkTrainer trainer;
  engine::JetQuery<float> query;
  TileSamples samples;
  ShuffledEpochs epochs;
  std::vector<std::int32_t> indices;
  std::vector<float> parameters, outputs;
  std::vector<float*> streams;  // of the query, in `outputs`
};

class TilesRun {
 public:
  TilesRun(const RunSignal& signal, const FitOptions& options, Field field)
      : signal_(signal),
        options_(options),
        recipe_(options.recipe),
        field_(std::move(field)),
        samples_(*signal.learned.samples, signal.axes, field_.channels, field_.tiling, options.supervise,
                 field_.networks.front().architecture.omega_first, options.derivatives.get()),
        state_(options.checkpoints, run_identity(signal, options, field_)),
        workers_(engine::make_workers(options.compute.threads)),
        tiles_(static_cast<std::size_t>(field_.tiling.tiles())) {
    field_.networks.resize(tiles_.size(), Network(field_.networks.front()));
    const Architecture& architecture = field_.networks.front().architecture;
    const engine::JetPlan plan = samples_.plan(architecture);
    for (int w = 0; w < workers_->count(); ++w)
      tile_workers_.push_back(std::make_unique<TileWorker>(architecture, recipe_, plan, options.compute.isa));
    describe_tiles();
    if (const auto state = state_.resumed()) restore(*state);
  }

  FitResult finish() && {
    const StoppedBy stopped_by = train();
    if (stopped_by == StoppedBy::interruption && state_.kept()) return result(stopped_by);
    const bool learned = std::ranges::any_of(tiles_, [](const TileProgress& t) { return t.error < t.variance; });
    const bool tried = std::ranges::all_of(tiles_, [](const TileProgress& t) { return t.flat() || t.steps > 0; });
    const bool flat = std::ranges::all_of(tiles_, [](const TileProgress& t) { return t.flat(); });
    if (!learned && tried && !flat)
      throw failure("the training came to nothing: no tile got closer to the signal than its mean",
                    fmt::format("try a smaller --lr than {}, or a smaller --omega-first", recipe_.lr));
    if (evaluated_at_ != total_steps() || figures_.wanted != FiguresWanted::all) look(FiguresWanted::all);
    return result(stopped_by);
  }

 private:
  enum class RoundEnd { complete, interrupted, out_of_time, out_of_steps };

  FitResult result(StoppedBy stopped_by) {
    const std::int64_t total = total_steps(), count = std::ssize(tiles_);
    // Without a budget it ended while all tiles were given alike.
    const std::int64_t horizon = options_.steps ? *options_.steps : budget_ == 0 ? hold_share * total : budget_;
    const FitReport report{stopped_by,
                           (total + count / 2) / count,
                           total,
                           horizon,
                           elapsed(),
                           mean_error(tiles_),
                           figures_.psnr,
                           figures_.measures,
                           figures_.held_out_psnr,
                           {},
                           rollbacks_,
                           restarts_,
                           state_.fingerprint(),
                           samples_.plan(field_.networks.front().architecture).words(field_.outputs())};
    return {options_.supervise == Supervise::laplacian && evaluated_at_ >= 0 ? std::move(solved_) : std::move(field_),
            report};
  }

  double elapsed() const { return earlier_seconds_ + seconds_since(options_.started); }

  std::int64_t total_steps() const {
    std::int64_t sum = 0;
    for (const TileProgress& tile : tiles_) sum += tile.steps;
    return sum;
  }

  /// Normalisation and extent of every tile.
  void describe_tiles() {
    const auto channels = static_cast<std::size_t>(field_.outputs());
    normalisation_.resize(tiles_.size() * channels);
    engine::in_parallel(
        *workers_, std::ssize(tiles_),
        [&](int, std::int64_t t) {
          const std::vector<ChannelMap> statistics = samples_.statistics(t);
          TileProgress& tile = tiles_[static_cast<std::size_t>(t)];
          tile.window_sum = samples_.window_sum(t);
          tile.variance = tile.error = samples_.mean_square(statistics);
          for (std::size_t c = 0; c < channels; ++c)
            normalisation_[static_cast<std::size_t>(t) * channels + c] = {tile.variance == 0 ? 1 : statistics[c].scale,
                                                                          statistics[c].offset};
        },
        [] { return true; });
    field_.tiling.normalisation = normalisation_;
  }

  StoppedBy train() {
    const std::int64_t count = std::ssize(tiles_);
    if (!options_.steps && budget_ == 0) {
      if (options_.horizon)
        budget_ = *options_.horizon;
      else if (options_.total_steps)
        budget_ = *options_.total_steps;
      else if (!options_.seconds)
        budget_ = recipe_.steps * count * (options_.psnr ? patience : 1);
    }
    for (;;) {
      if (order_.empty()) order_ = next_round();
      if (order_.empty()) {
        if (reached_) return StoppedBy::psnr;
        return options_.seconds && !options_.steps && !options_.total_steps && !options_.horizon ? StoppedBy::seconds
                                                                                                 : StoppedBy::steps;
      }
      switch (run_round()) {
        case RoundEnd::interrupted:
          return StoppedBy::interruption;
        case RoundEnd::out_of_time:
          return StoppedBy::seconds;
        case RoundEnd::out_of_steps:
          return StoppedBy::steps;
        case RoundEnd::complete:
          break;
      }
      settle_budget();
      const bool near = options_.psnr && mean_error(tiles_) <= 1.25 * error_wanted();
      if (options_.evaluate_every > 0 || near) {
        look();
        if (near) judge();  // here alone: a log must not change the run
        report_progress(true);
      }
      if (reached_) return StoppedBy::psnr;
    }
  }

  /// The mean error of the tiles at which the signal should be good enough.
  double error_wanted() const { return signal_.squared_error_of(*options_.psnr) / blend_gain_; }

  /// What the last look says about the quality that is wanted.
  void judge() {
    reached_ = figures_.psnr >= *options_.psnr;
    if (const double error = mean_error(tiles_); error > 0 && std::isfinite(figures_.psnr))
      blend_gain_ = signal_.squared_error_of(figures_.psnr) / error;
  }

  void look(FiguresWanted wanted = FiguresWanted::psnr) {
    const auto start = Clock::now();
    const bool solved = options_.supervise == Supervise::laplacian;
    if (options_.supervise == Supervise::gradient) {
      std::vector<double> scales;
      for (const ChannelMap& map : normalisation_) scales.push_back(map.scale);
      settle_constants(field_, *signal_.learned.samples, scales, options_.compute);
    }
    if (solved) solve();
    figures_ =
        evaluate(solved ? solved_ : field_, signal_.whole, signal_.learned, options_.holdout, wanted, options_.compute);
    evaluated_at_ = total_steps();
    look_seconds_ = seconds_since(start);
  }

  /// The field as it would be written: networks that have smooth functions too, and the last layers that serve the
  /// Laplacian of the whole picture best.
  void solve() {
    solved_ = field_;
    for (std::size_t t = 0; t < tiles_.size(); ++t) {
      Network& network = solved_.networks[t];
      if (tiles_[t].error == tiles_[t].variance)  // it has learned nothing, and its parameters are zero
        network = initial_network(network.architecture, options_.seed, static_cast<std::uint32_t>(t));
      network = with_smooth_units(network);
    }
    const Samples& samples = *signal_.learned.samples;
    const DerivativeSamples differences(samples, Supervise::laplacian);
    const bool exact = options_.derivatives != nullptr;
    const PointForms energy = laplacian_energy(field_, samples, exact ? *options_.derivatives : differences,
                                               exact             ? Border::exact_values
                                               : options_.border ? Border::differences_values
                                                                 : Border::differences);
    solve_last_layers(solved_, energy, 1e-9, options_.compute);
    align_tiles(solved_, samples, options_.compute);
  }

  /// The first eighth of a budget is given to all tiles alike, so that a run limited by time can measure the machine
  /// before its budget has to be known. 0 = not known yet.
  std::vector<TileCycle> next_round() const {
    TileBudget budget;
    if (options_.steps) {
      budget.steps = options_.steps;
    } else if (budget_ != 0 && total_steps() >= budget_ / hold_share) {
      budget.total_steps = budget_;
    }
    if (options_.psnr) budget.error = error_wanted();
    return plan_round(tiles_, budget);
  }

  void settle_budget() {
    if (budget_ != 0 || options_.steps) return;
    const std::int64_t before = settled_floor_;
    settled_floor_ = total_steps();
    // Of the time for training: a process that was slow to start has measured nothing yet.
    const double outside = elapsed() - training_seconds_;
    if (training_seconds_ < (*options_.seconds - outside) / hold_share) return;
    look();                          // to know what the end will cost
    constexpr double margin = 0.97;  // the machine may become a little slower
    const double rate = static_cast<double>(total_steps()) / training_seconds_;
    const double left = *options_.seconds - elapsed() - closing_seconds();
    const auto more = static_cast<std::int64_t>(margin * rate * std::max(left, 0.0));
    budget_ = std::max({total_steps() + more, hold_share * before + hold_share, std::int64_t{1}});
  }

  double closing_seconds() const {
    // Before the first look: an evaluation is one pass over the pixels, a step three over its batch.
    const double points = static_cast<double>(done_) * static_cast<double>(recipe_.batch);
    const double guess =
        points == 0 ? 0 : training_seconds_ / points / 3 * static_cast<double>(signal_.whole.samples->points());
    return 0.05 + 1.2 * std::max(look_seconds_, guess) + 4e-9 * static_cast<double>(parameters());
  }

  std::int64_t parameters() const { return std::ssize(tiles_) * parameter_count(field_.networks.front().architecture); }

  RoundEnd run_round() {
    for (;;) {
      const auto start = Clock::now();
      const std::thread::id caller = std::this_thread::get_id();
      std::vector<char> finished(order_.size(), 0);
      const bool owing = owed_ > 0;
      std::int64_t allowed = owing ? owed_ : std::ssize(order_);
      if (options_.total_steps && !owing) {
        std::int64_t sum = total_steps();
        for (allowed = 0; allowed < std::ssize(order_); ++allowed) {
          sum += order_[static_cast<std::size_t>(allowed)].length;
          if (sum > *options_.total_steps) break;
        }
      }
      bool late = false, drained = false;
      std::atomic<bool> stop_handing = false;
      std::atomic<std::int64_t> steps = total_steps();
      const double earlier = training_seconds_;
      engine::in_parallel(
          *workers_, allowed,
          [&](int worker, std::int64_t i) {
            const auto [tile, length] = order_[static_cast<std::size_t>(i)];
            if (!train_tile(*tile_workers_[static_cast<std::size_t>(worker)], tile, length)) return;
            finished[static_cast<std::size_t>(i)] = 1;
            steps += length;
            if (std::this_thread::get_id() != caller) return;
            training_seconds_ = earlier + seconds_since(start);
            done_ = steps;
            if (options_.on_progress) report_progress(false);
            late = !owing && options_.seconds && elapsed() + closing_seconds() >= *options_.seconds;
            drained = state_.due();
            if (late || drained) stop_handing = true;
          },
          [&] { return !stop_handing && !options_.stop.stop_requested(); });
      training_seconds_ = earlier + seconds_since(start);
      done_ = total_steps();
      settle_round(finished);
      if (options_.stop.stop_requested() && !order_.empty()) {
        write_state();
        return RoundEnd::interrupted;
      }
      if (order_.empty()) return RoundEnd::complete;
      if (late) return RoundEnd::out_of_time;
      if (drained) {
        write_state();
      } else if (!owing) {
        return RoundEnd::out_of_steps;
      }
    }
  }

  /// Leaves the unfinished cycles in the order. An interruption may have stopped some while later ones came to an end:
  /// those are owed before the run may end, or no count of steps would repeat it.
  void settle_round(std::span<const char> finished) {
    std::vector<TileCycle> rest;
    std::int64_t owed = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (finished[i] == 0) rest.push_back(order_[i]);
      if (finished[i] != 0 || std::cmp_less(i, owed_)) owed = std::ssize(rest);
    }
    order_ = std::move(rest);
    owed_ = owed;
  }

  /// One cycle. Returns false where it was interrupted: the tile is as it was.
  bool train_tile(TileWorker& worker, std::int64_t index, std::int64_t length) {
    TileProgress& tile = tiles_[static_cast<std::size_t>(index)];
    Network& network = field_.networks[static_cast<std::size_t>(index)];
    const auto channels = static_cast<std::size_t>(field_.outputs());
    TileSamples& samples = worker.samples;
    samples_.load(index, std::span(normalisation_).subspan(static_cast<std::size_t>(index) * channels, channels),
                  samples);
    const auto stream = static_cast<std::uint32_t>(index + (std::int64_t{tile.attempts} << 24));
    worker.parameters =
        tile.cycles == 0 ? initial_network(network.architecture, options_.seed, stream).parameters : network.parameters;
    worker.trainer.optimizer().restart();
    worker.epochs.start(samples.count, {.seed = options_.seed,
                                        .stream = sampler_streams + stream,
                                        .tensor = static_cast<std::uint32_t>(tile.cycles) << 24});
    const std::int64_t batch_size =
        recipe_.batch == 0 ? samples.count : std::min<std::int64_t>(recipe_.batch, samples.count);
    worker.indices.resize(static_cast<std::size_t>(batch_size));
    TileBatch batch(samples);
    for (std::int64_t step = 0; step < length; ++step) {
      if (options_.stop.stop_requested()) return false;
      worker.epochs.draw(worker.indices);
      batch.choose(worker.indices);
      const double rate = recipe_.schedule == Schedule::constant
                              ? recipe_.lr * tile.lr_scale
                              : cycle_rate(recipe_.lr * tile.lr_scale, tile.cycles, step, length);
      if (!std::isfinite(worker.trainer.step(worker.parameters, batch, rate))) break;
    }
    const double error = tile.variance * mean_squared_error(worker);
    const bool better = error < tile.error, first = tile.cycles == 0;  // no number is never better
    tile.steps += length;
    tile.ratio = better ? error / tile.error : 1;
    ++tile.cycles;
    if (better) {
      tile.error = error;
      network.parameters = worker.parameters;
    } else if (!first) {
      ++rollbacks_;
    }
    if (!better || (first && error > stuck_share * tile.variance)) tile.lr_scale /= 2;
    if (first && !(error <= stuck_share * tile.variance) && tile.attempts < most_attempts) {
      ++tile.attempts;
      ++restarts_;
      tile.cycles = 0;
    }
    return true;
  }

  /// Of the normalised targets, weighted by the window.
  double mean_squared_error(TileWorker& worker) {
    const TileSamples& samples = worker.samples;
    const auto outputs = static_cast<std::size_t>(samples.outputs), count = static_cast<std::size_t>(samples.count);
    const std::size_t wanted = samples.stream_weights.size(), streams = worker.streams.size();
    worker.outputs.resize(count * outputs * streams);
    for (std::size_t s = 0; s < streams; ++s) worker.streams[s] = worker.outputs.data() + s * count * outputs;
    worker.query.load(worker.parameters);
    worker.query.run(MatrixView<const float>(samples.coordinates.data(), samples.count, samples.inputs),
                     worker.streams);
    double sum = 0;
    const float* target = samples.targets.data();
    for (std::size_t p = 0; p < count; ++p) {
      double squares = 0;
      for (std::size_t s = 0; s < wanted; ++s) {
        const float* out = worker.streams[static_cast<std::size_t>(samples.first_stream) + s] + p * outputs;
        double of_stream = 0;
        for (std::size_t c = 0; c < outputs; ++c) {
          const double error = static_cast<double>(out[c]) - static_cast<double>(*target++);
          of_stream += error * error;
        }
        squares += static_cast<double>(samples.stream_weights[s]) * of_stream;
      }
      sum += static_cast<double>(samples.windows[p]) * squares;
    }
    return sum / (samples.window_sum * static_cast<double>(outputs * wanted));
  }

  void report_progress(bool looked) {
    if (!options_.on_progress) return;
    const std::int64_t count = std::ssize(tiles_);
    const std::int64_t limit = options_.steps         ? *options_.steps * count
                               : options_.total_steps ? std::min(*options_.total_steps, budget_)
                                                      : budget_;
    FitProgress progress{done_ / count, limit / count, error_shown_, recipe_.lr, elapsed(), 0, {}, {}};
    if (looked) {
      done_ = total_steps();
      progress.step = done_ / count;
      error_shown_ = progress.loss = mean_error(tiles_);
      progress.psnr = figures_.psnr;
      progress.held_out_psnr = figures_.held_out_psnr;
    }
    const double per_step = training_seconds_ / static_cast<double>(std::max<std::int64_t>(done_, 1));
    progress.seconds_left =
        limit == 0 ? *options_.seconds - progress.seconds
                   : per_step * static_cast<double>(std::max<std::int64_t>(limit - done_, 0)) + closing_seconds();
    if (options_.seconds) progress.seconds_left = std::min(progress.seconds_left, *options_.seconds - progress.seconds);
    options_.on_progress(progress);
  }

  // ---- state

  void write_state() {
    if (!state_.kept()) return;
    StateDescription description;
    auto& [identity, numbers, counts] = description;
    for (const TileProgress& tile : tiles_) {
      numbers["error"].push_back(tile.error);
      numbers["ratio"].push_back(tile.ratio);
      numbers["lr_scale"].push_back(tile.lr_scale);
      counts["cycles"].push_back(tile.cycles);
      counts["attempts"].push_back(tile.attempts);
      counts["steps"].push_back(tile.steps);
    }
    for (const TileCycle& cycle : order_) {
      counts["round_tiles"].push_back(cycle.tile);
      counts["round_lengths"].push_back(cycle.length);
    }
    numbers["seconds"] = {elapsed()};
    numbers["training_seconds"] = {training_seconds_};
    numbers["blend_gain"] = {blend_gain_};
    counts["round_owed"] = {owed_};
    counts["budget"] = {budget_};
    counts["settled_floor"] = {settled_floor_};
    counts["rollbacks"] = {rollbacks_};
    counts["restarts"] = {restarts_};
    StateArrays arrays;
    for (const Network& network : field_.networks) arrays["parameters"].emplace_back(network.parameters);
    state_.write(std::move(description), arrays);
  }

  void restore(const State& state) {
    const std::size_t count = tiles_.size();
    const auto entry = [&](const auto& entries, const char* name, std::size_t size) -> const auto& {
      const auto found = entries.find(name);
      if (found == entries.end() || found->second.size() != size)
        throw bad_input(fmt::format("the state's {} are not those of {} tiles", name, count),
                        "start over with --force and without --resume");
      return found->second;
    };
    const auto& error = entry(state.numbers, "error", count);
    const auto& ratio = entry(state.numbers, "ratio", count);
    const auto& lr_scale = entry(state.numbers, "lr_scale", count);
    const auto& cycles = entry(state.counts, "cycles", count);
    const auto& attempts = entry(state.counts, "attempts", count);
    const auto& steps = entry(state.counts, "steps", count);
    const auto each = static_cast<std::size_t>(parameter_count(field_.networks.front().architecture));
    const auto& all = entry(state.arrays, "parameters", count * each);
    for (std::size_t t = 0; t < count; ++t) {
      TileProgress& tile = tiles_[t];
      tile.error = error[t];
      tile.ratio = ratio[t];
      tile.lr_scale = lr_scale[t];
      tile.cycles = static_cast<int>(cycles[t]);
      tile.attempts = static_cast<int>(attempts[t]);
      tile.steps = steps[t];
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(t * each);
      field_.networks[t].parameters.assign(first, first + static_cast<std::ptrdiff_t>(each));
    }
    if (const auto found = state.counts.find("round_tiles"); found != state.counts.end()) {
      const auto& lengths = entry(state.counts, "round_lengths", found->second.size());
      for (std::size_t i = 0; i < lengths.size(); ++i) {
        if (found->second[i] < 0 || found->second[i] >= std::ssize(tiles_))
          throw bad_input(fmt::format("the state names tile {} of {}", found->second[i], count));
        order_.push_back({found->second[i], lengths[i]});
      }
    }
    earlier_seconds_ = number_of(state, "seconds");
    training_seconds_ = number_of(state, "training_seconds");
    blend_gain_ = number_of(state, "blend_gain");
    owed_ = count_of(state, "round_owed");
    if (owed_ < 0 || owed_ > std::ssize(order_))
      throw bad_input(fmt::format("the state owes {} cycles of {}", owed_, order_.size()));
    budget_ = count_of(state, "budget");
    settled_floor_ = count_of(state, "settled_floor");
    rollbacks_ = static_cast<int>(count_of(state, "rollbacks"));
    restarts_ = static_cast<int>(count_of(state, "restarts"));
    done_ = total_steps();
    error_shown_ = mean_error(tiles_);
  }

  const RunSignal& signal_;
  const FitOptions& options_;
  const Recipe& recipe_;
  Field field_;
  TiledSamples samples_;
  std::vector<ChannelMap> normalisation_;  // of what is learned; the field's own has the constants of derivatives too
  RunState state_;
  std::unique_ptr<engine::Workers> workers_;
  std::vector<std::unique_ptr<TileWorker>> tile_workers_;
  std::vector<TileProgress> tiles_;
  std::vector<TileCycle> order_;  // what remains of the round
  std::int64_t owed_ = 0;         // cycles at its start that later ones have overtaken
  Field solved_;                  // of Laplacians: the field as it would be written, of the last look
  FitFigures figures_;
  double blend_gain_ = 1;  // error of the signal to that of its tiles
  double earlier_seconds_ = 0, training_seconds_ = 0, look_seconds_ = 0, error_shown_ = 0;
  std::int64_t budget_ = 0, settled_floor_ = 0, done_ = 0, evaluated_at_ = -1;
  std::atomic<int> rollbacks_ = 0, restarts_ = 0;
  bool reached_ = false;
};

}  // namespace

FitResult run_tiles(const RunSignal& signal, const FitOptions& options, Field field) {
  return TilesRun(signal, options, std::move(field)).finish();
}

}  // namespace sinefield::train
