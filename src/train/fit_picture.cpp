// The training loop of a picture: draw, step, update, stop. Nothing here writes files or prints.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/value_step.h"
#include "signal/picture_samples.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/render.h"
#include "train/adam.h"
#include "train/sampler.h"
#include "train/schedule.h"

namespace sinefield {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check(const Picture& picture, const FitOptions& options) {
  const auto positive = [](const char* name, auto value) {
    if (value && !(*value > 0)) throw bad_input(fmt::format("{} is {}, expected a number above 0", name, *value));
  };
  positive("steps", options.steps);
  positive("seconds", options.seconds);
  positive("horizon", options.horizon);
  const Recipe& recipe = options.recipe;
  if (!(recipe.lr > 0 && recipe.lr <= 1))
    throw bad_input(fmt::format("learning rate {}, expected a number above 0, at most 1", recipe.lr));
  if (options.psnr && std::isnan(*options.psnr)) throw bad_input("psnr is not a number, expected dB");
  if (!(recipe.clip_norm >= 0)) throw bad_input(fmt::format("clip_norm is {}, expected 0 or more", recipe.clip_norm));
  if (recipe.steps < 1) throw bad_input(fmt::format("the recipe has {} steps, expected 1 or more", recipe.steps));
  if (recipe.batch < 0) throw bad_input(fmt::format("batch of {} points, expected 1 or more, or all", recipe.batch));
  if (options.steps && options.horizon && *options.horizon < *options.steps)
    throw bad_input(fmt::format("horizon of {} steps is shorter than the run of {}", *options.horizon, *options.steps));
  const std::int64_t pixels = picture.format.height * picture.format.width;
  if (pixels < 1 || picture.samples.size() != static_cast<std::size_t>(pixels * picture.format.channel_count()))
    throw bad_input("a picture whose samples do not match its format cannot be fitted");
}

Field field_for(const Picture& picture, const FitOptions& options) {
  const Recipe& recipe = options.recipe;
  const double omega_first =
      recipe.omega_first == 0 ? suggested_omega_first(picture.format.height, picture.format.width) : recipe.omega_first;
  const Architecture architecture{.inputs = 2,
                                  .outputs = picture.format.channel_count(),
                                  .width = recipe.width,
                                  .hidden_layers = recipe.hidden_layers,
                                  .omega_first = omega_first,
                                  .omega_hidden = recipe.omega_hidden};
  Field field;
  field.axes = picture_axes(picture.format.height, picture.format.width);
  field.channels = picture_channels(picture);
  field.picture = picture.format;
  if (options.init) {
    if (options.init->architecture != architecture)
      throw bad_input("the network to start from has another architecture than the one asked for",
                      "give the same --width, --hidden-layers and omegas, and a picture of the same channels");
    if (std::ssize(options.init->parameters) != parameter_count(architecture))
      throw bad_input(fmt::format("the network to start from has {} parameters, its architecture {}",
                                  options.init->parameters.size(), parameter_count(architecture)));
    field.networks = {*options.init};
  } else {
    field.networks = {initial_network(architecture, options.seed)};
  }
  return field;
}

/// Figures of the picture as it would be written, in strips: no second picture in memory.
PictureMeasures evaluate(const Field& field, const Picture& original, const ComputeOptions& compute) {
  PictureRenderer renderer(field, original.format.height, original.format.width, Order::value, compute);
  PictureComparison comparison(original);
  for (std::int64_t y = 0; y < original.format.height; y += renderer.strip()) {
    Jets<float> jets = renderer.rows(y, std::min(renderer.strip(), original.format.height - y));
    for (float& value : jets.value) value = quantised(value, original.format.type);
    comparison.add_rows(y, jets.value);
  }
  return comparison.result();
}

/// The run of one network. The order of work is fixed by counts of steps; time decides only how many there are.
class Run {
 public:
  Run(const Picture& picture, const FitOptions& options)
      : picture_(picture),
        options_(options),
        pixels_(picture.format.height * picture.format.width),
        field_(field_for(picture, options)),
        workers_(engine::make_workers(options.compute.threads)),
        step_(network().architecture, options.compute.isa, *workers_),
        gradient_(network().parameters.size()) {
    const std::int64_t batch = options.recipe.batch;
    if (batch > 0 && batch < pixels_) indices_.resize(static_cast<std::size_t>(batch));
  }

  FitResult finish() && {
    const StoppedBy stopped_by = train();
    if (!std::ranges::all_of(network().parameters, [](float p) { return std::isfinite(p); }))
      throw diverged(done_, "a parameter is not finite");
    const PictureMeasures measures = evaluated_at_ == done_ ? measures_ : evaluate(field_, picture_, options_.compute);
    const std::int64_t horizon = horizon_ == 0 ? train::hold_share * done_ : horizon_;  // it ended while the rate held
    const FitReport report{stopped_by, done_, horizon, seconds_since(options_.started), loss_, measures};
    return {std::move(field_), report};
  }

 private:
  Network& network() { return field_.networks.front(); }

  Error diverged(std::int64_t step, const std::string& sign) const {
    return failure(fmt::format("the training diverged at step {}: {}", step, sign),
                   fmt::format("try a smaller --lr than {}, or a smaller --omega-first than {}", options_.recipe.lr,
                               field_.networks.front().architecture.omega_first));
  }

  double take_step(std::int64_t index) {
    if (!indices_.empty()) train::draw_samples(pixels_, options_.seed, index, indices_);
    const PictureBatch batch(picture_, field_.axes, field_.channels, indices_);
    return step_.run(network().parameters, batch, gradient_);
  }

  /// The first quarter of a run goes at the full rate under every schedule, so the horizon need be known only at its
  /// end. A run limited by time measures the machine over that eighth and is planned from it; `--steps` of that
  /// horizon then repeats it bit for bit. 0 = not known yet.
  std::int64_t settled_horizon(std::int64_t wanted, double loop_seconds) const {
    if (options_.horizon) return *options_.horizon;
    if (!options_.seconds || done_ >= wanted / train::hold_share) return wanted;
    constexpr double margin = 0.97;  // the machine may become a little slower
    const double available = *options_.seconds - (seconds_since(options_.started) - loop_seconds) - closing_seconds_;
    return done_ > 0 && loop_seconds >= margin * available / train::hold_share ? train::hold_share * done_ : 0;
  }

  StoppedBy train() {
    constexpr std::int64_t unlimited = std::int64_t{1} << 60;
    const std::int64_t wanted = options_.steps ? *options_.steps : options_.seconds ? unlimited : options_.recipe.steps;
    const std::int64_t evaluation = evaluation_interval(options_.recipe, pixels_);
    const auto points = static_cast<double>(indices_.empty() ? pixels_ : static_cast<std::int64_t>(indices_.size()));
    train::Adam<float> adam(gradient_.size(), options_.compute.isa);
    const auto start = Clock::now();
    for (;;) {
      if (horizon_ == 0) horizon_ = settled_horizon(wanted, seconds_since(start));
      const std::int64_t last = horizon_ == 0 ? wanted : std::min(wanted, horizon_);  // the rate is zero beyond
      if (done_ >= last)
        return options_.seconds && last < wanted && !options_.horizon ? StoppedBy::seconds : StoppedBy::steps;
      const double lr = horizon_ == 0
                            ? options_.recipe.lr
                            : train::learning_rate(options_.recipe.schedule, options_.recipe.lr, done_, horizon_);
      loss_ = take_step(done_);
      if (!std::isfinite(loss_)) throw diverged(done_ + 1, fmt::format("the loss is {}", loss_));
      adam.step(network().parameters, gradient_, lr, options_.recipe.clip_norm);
      ++done_;
      mean_loss_ = done_ == 1 ? loss_ : 0.9 * mean_loss_ + 0.1 * loss_;

      const double seconds = seconds_since(options_.started),
                   per_step = seconds_since(start) / static_cast<double>(done_);
      // A step does three passes over its points, the evaluation one over all pixels, and the figures beside it.
      closing_seconds_ = 0.5 * per_step * static_cast<double>(pixels_) / points + 0.1;
      FitProgress progress{done_, last == unlimited ? 0 : last, loss_, lr, seconds, 0, {}};
      progress.seconds_left = per_step * static_cast<double>(last - done_) + closing_seconds_;
      if (options_.seconds) progress.seconds_left = std::min(progress.seconds_left, *options_.seconds - seconds);
      const bool logged = options_.evaluate_every > 0 && (done_ % options_.evaluate_every == 0 || done_ == last);
      const bool near = options_.psnr && done_ % evaluation == 0 && estimated_psnr() > *options_.psnr - 1;
      if (logged || near) {
        measures_ = evaluate(field_, picture_, options_.compute);
        evaluated_at_ = done_;
        progress.psnr = measures_.psnr;
      }
      if (options_.on_progress) options_.on_progress(progress);
      if (near && measures_.psnr >= *options_.psnr) return StoppedBy::psnr;
      if (options_.stop.stop_requested()) return StoppedBy::interruption;
      if (options_.seconds && seconds_since(options_.started) + per_step + closing_seconds_ > *options_.seconds)
        return StoppedBy::seconds;
    }
  }

  /// From the recent losses; only decides when the real figure is worth its time.
  double estimated_psnr() const { return 10 * std::log10(4 / mean_loss_); }

  const Picture& picture_;
  const FitOptions& options_;
  std::int64_t pixels_;
  Field field_;
  std::unique_ptr<engine::Workers> workers_;
  engine::ValueStep<float> step_;
  std::vector<float> gradient_;
  std::vector<std::int64_t> indices_;
  std::int64_t done_ = 0, horizon_ = 0, evaluated_at_ = -1;
  double loss_ = 0, mean_loss_ = 0, closing_seconds_ = 0;
  PictureMeasures measures_{};
};

}  // namespace

std::string_view stopped_by_name(StoppedBy reason) {
  switch (reason) {
    case StoppedBy::steps:
      return "steps";
    case StoppedBy::psnr:
      return "psnr";
    case StoppedBy::seconds:
      return "seconds";
    case StoppedBy::interruption:
      return "interruption";
  }
  return "";
}

std::int64_t evaluation_interval(const Recipe& recipe, std::int64_t pixels) {
  const std::int64_t batch = recipe.batch == 0 ? pixels : std::min(recipe.batch, pixels);
  return std::max<std::int64_t>(25, 10 * pixels / (3 * batch));
}

FitResult fit_picture(const Picture& picture, const FitOptions& options) {
  check(picture, options);
  return Run(picture, options).finish();
}

}  // namespace sinefield
