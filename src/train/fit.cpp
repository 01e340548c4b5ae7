// From a signal and options to the field that a run starts with.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "signal/channel_maps.h"
#include "signal/derivative_samples.h"
#include "signal/gradient_limit.h"
#include "signal/holdout.h"
#include "signal/laplacian_limit.h"
#include "sinefield/error.h"
#include "train/run.h"

namespace sinefield {
namespace {

/// Derivatives that are given must be those of the signal's samples, and numbers.
void check_derivatives(const Samples& derivatives, const Samples& samples, Supervise what) {
  const int channels = DerivativeSamples(samples, what).channels();
  if (derivatives.sizes() != samples.sizes() || derivatives.channels() != channels)
    throw bad_input(fmt::format("derivatives of {} numbers at each of {} samples, expected {} at each of {}",
                                derivatives.channels(), derivatives.points(), channels, samples.points()));
  for_pieces(derivatives, [&](std::int64_t first, std::span<const float> numbers) {
    const auto bad = std::ranges::find_if_not(numbers, [](float number) { return std::isfinite(number); });
    if (bad != numbers.end())
      throw bad_input(fmt::format("a derivative at sample {} is {}", first + (bad - numbers.begin()) / channels, *bad),
                      "give numbers only");
  });
}

/// The signal, where it and the options can be trained with.
const Signal& checked(const Signal& signal, const FitOptions& options) {
  const auto positive = [](const char* name, auto value) {
    if (value && !(*value > 0)) throw bad_input(fmt::format("{} is {}, expected a number above 0", name, *value));
  };
  positive("steps", options.steps);
  positive("total_steps", options.total_steps);
  positive("seconds", options.seconds);
  positive("horizon", options.horizon);
  const Recipe& recipe = options.recipe;
  const bool tiled = recipe.tiles.kind != TileChoice::Kind::none;
  if (!(recipe.lr > 0 && recipe.lr <= 1))
    throw bad_input(fmt::format("learning rate {}, expected a number above 0, at most 1", recipe.lr));
  if (options.psnr && std::isnan(*options.psnr)) throw bad_input("psnr is not a number, expected dB");
  if (options.snr && std::isnan(*options.snr)) throw bad_input("snr is not a number, expected dB");
  if (options.snr && options.psnr)
    throw bad_input("psnr and snr are given, which say the same thing of one signal, expected one of the two");
  if (!(recipe.batch_share >= 0 && recipe.batch_share <= 1))
    throw bad_input(fmt::format("batches of {} of all samples, expected 0 to 1", recipe.batch_share));
  if (!(recipe.clip_norm >= 0)) throw bad_input(fmt::format("clip_norm is {}, expected 0 or more", recipe.clip_norm));
  if (recipe.steps < 1) throw bad_input(fmt::format("the recipe has {} steps, expected 1 or more", recipe.steps));
  if (recipe.batch < 0) throw bad_input(fmt::format("batch of {} points, expected 1 or more, or all", recipe.batch));
  if (!(recipe.overlap >= 0 && recipe.overlap <= 1))
    throw bad_input(fmt::format("overlap of {} of a tile, expected 0 to 1", recipe.overlap));
  if (options.parameters < 0)
    throw bad_input(fmt::format("a budget of {} parameters, expected 1 or more", options.parameters));
  if (options.steps && options.total_steps)
    throw bad_input("steps of every network and of all together are given, expected one of the two");
  if (options.supervise != Supervise::value) {
    if (signal_kind(signal.format) != SignalKind::picture)
      throw bad_input("derivatives of pictures only are supervised", "give a picture");
    if (options.psnr)
      throw bad_input("psnr stops a run by the values that it is not shown", "give steps, total steps or seconds");
    if (options.holdout != Holdout::none)
      throw bad_input("samples are held out of a run that is shown values only", "supervise values");
    if (tiled && recipe.overlap == 0)
      throw bad_input("tiles that are shown derivatives must overlap", "give an overlap above 0");
    const std::vector<std::int64_t>& sizes = signal.samples->sizes();
    if (tiled && options.supervise == Supervise::laplacian && std::ranges::min(sizes) < 3)
      throw bad_input(fmt::format("a picture of {} x {} has no pixel inside its border", sizes[1], sizes[0]),
                      "give one of three pixels or more both ways");
    const bool waves = recipe.activation == Activation::sine && recipe.encoding.kind == Encoding::Kind::none;
    if (tiled && options.supervise == Supervise::laplacian && !waves)
      throw bad_input("the Laplacian of a picture in tiles is solved with sines of the coordinates",
                      "give --activation sine without --encoding, or train one network");
    if (options.derivatives) check_derivatives(*options.derivatives, *signal.samples, options.supervise);
    if (tiled && options.derivatives && options.supervise == Supervise::laplacian && !options.border)
      throw bad_input("a Laplacian that is given says nothing of the border", "give the border too");
  } else if (options.derivatives) {
    throw bad_input("derivatives to learn are given, but values are supervised", "supervise gradients or Laplacians");
  }
  if (options.border && !(tiled && options.supervise == Supervise::laplacian))
    throw bad_input("the border is given with the Laplacian of tiles only", "supervise the Laplacian, in tiles");
  const auto wanted = tiled ? options.total_steps : options.steps;
  if (tiled && options.steps && options.horizon)
    throw bad_input("a horizon plans the steps of all tiles together, but steps of every tile are given",
                    "give total steps with it");
  if (wanted && options.horizon && *options.horizon < *wanted)
    throw bad_input(fmt::format("horizon of {} steps is shorter than the run of {}", *options.horizon, *wanted));
  if (!tiled && options.total_steps)
    throw bad_input("total steps are shared out among tiles, but there is one network", "give steps");
  if (tiled && options.init) throw bad_input("a run of tiles cannot start from one network", "train one network");
  if (!tiled && recipe.schedule == Schedule::restarts)
    throw bad_input("restarts are a schedule of tiles, but there is one network", "choose a recipe of one network");
  if (tiled && recipe.schedule == Schedule::cosine)
    throw bad_input("cosine is a schedule of one network, but there are tiles", "choose a recipe of tiles");
  if (recipe.optimizer == OptimizerKind::lbfgs) {
    if (tiled)
      throw bad_input("L-BFGS compares the losses of its steps, but tiles are trained in short cycles of batches",
                      "train one network, or choose adam or soap");
    const bool all = recipe.batch == 0 || recipe.batch >= signal.samples->points();
    if (recipe.batch_share > 0 ? recipe.batch_share < 1 : !all)
      throw bad_input("L-BFGS compares the losses of its steps, which batches of other samples change",
                      "give a batch of all samples, or choose adam or soap");
  }
  if (!(options.checkpoints.every > 0))
    throw bad_input(fmt::format("checkpoints every {} seconds, expected a number above 0", options.checkpoints.every));
  return signal;
}

/// Gives the tiles coordinates in which the first layer's one omega means the frequency wanted along each axis, and
/// returns it. `omegas`: of the axes, in radians per unit of the field's coordinates.
double share_omega(Tiling& tiling, const std::vector<double>& omegas) {
  double omega = 0;
  for (std::size_t i = 0; i < omegas.size(); ++i) omega = std::max(omega, omegas[i] * tiling.axes[i].half_width);
  for (std::size_t i = 0; i < omegas.size(); ++i)
    if (omegas[i] > 0) tiling.axes[i].half_width = omega / omegas[i];
  return omega;
}

/// The field as it begins; of tiles only the first network.
Field field_for(const Signal& whole, const Signal& learned, const FitOptions& options) {
  const Recipe& recipe = options.recipe;
  Field field;
  field.axes = options.holdout == Holdout::none ? signal_axes(whole.format) : every_second_axes(whole.format);
  field.channels = learned.channels;
  field.signal = whole.format;

  const std::vector<double> omegas = omegas_of(recipe, learned);
  Architecture architecture{.inputs = static_cast<int>(omegas.size()),
                            .outputs = learned.samples->channels(),
                            .width = recipe.width,
                            .hidden_layers = recipe.hidden_layers,
                            .omega_first = omegas.back(),
                            .omega_hidden = recipe.omega_hidden,
                            .activation = recipe.activation};
  if (recipe.tiles.kind != TileChoice::Kind::none) {
    field.kind = FieldKind::tiles;
    field.tiling = signal_tiling(learned, recipe, options.parameters);
    // Without frequencies of its own, a network sees its box as [-1, 1].
    const bool tuned = recipe.activation == Activation::sine || recipe.activation == Activation::finer;
    architecture.omega_first = tuned ? share_omega(field.tiling, omegas) : omegas.back();
    architecture.encoding = encoding_of(recipe, learned, field.tiling);
    if (const auto reason = why_invalid(architecture)) throw bad_input("invalid architecture: " + *reason);
    // Zero parameters: an untrained tile is its mean. The run makes as many as there are tiles.
    field.networks = {{architecture, std::vector<float>(static_cast<std::size_t>(parameter_count(architecture)))}};
    return field;
  }
  architecture.encoding = encoding_of(recipe, learned, {});
  if (options.init) {
    if (options.init->architecture != architecture)
      throw bad_input("the network to start from has another architecture than the one asked for",
                      "give the same --width, --hidden-layers, omegas, --activation and --encoding, and a signal of "
                      "the same axes and channels");
    if (std::ssize(options.init->parameters) != parameter_count(architecture))
      throw bad_input(fmt::format("the network to start from has {} parameters, its architecture {}",
                                  options.init->parameters.size(), parameter_count(architecture)));
    field.networks = {*options.init};
  } else {
    field.networks = {initial_network(architecture, options.seed)};
  }
  return field;
}

/// The mean square of all samples in raw outputs.
double mean_square(const Signal& signal) {
  double sum = 0;
  const auto channels = signal.channels.size();
  for_pieces(*signal.samples, [&](std::int64_t, std::span<const float> values) {
    for (std::size_t e = 0; e < values.size(); ++e) {
      const ChannelMap& map = signal.channels[e % channels];
      const double raw = (static_cast<double>(values[e]) - map.offset) / map.scale;
      sum += raw * raw;
    }
  });
  return sum / static_cast<double>(signal.samples->points() * std::ssize(signal.channels));
}

/// What the signal and what is supervised make of the options: shares and ratios as numbers.
FitOptions settled(const Signal& learned, FitOptions options) {
  if (options.recipe.batch_share > 0)
    options.recipe.batch = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(options.recipe.batch_share * static_cast<double>(learned.samples->points())));
  // A gradient takes longer to learn than a value, a Laplacian takes smaller tiles (docs/recipes.md).
  if (options.supervise == Supervise::gradient) options.recipe.steps = options.recipe.steps * 5 / 2;
  if (options.supervise == Supervise::laplacian)
    options.recipe.parameters_per_sample *= 3.5 / std::sqrt(static_cast<double>(learned.samples->channels()));
  // All of its tiles count alike for what is solved in the end, smooth ones too.
  const bool budget = options.steps || options.total_steps || options.horizon || options.seconds;
  if (options.supervise == Supervise::laplacian && options.recipe.tiles.kind != TileChoice::Kind::none && !budget)
    options.steps = options.recipe.steps;
  if (options.snr) {
    const double square = mean_square(learned), peak = raw_peak(learned.format);
    if (square == 0) throw bad_input("snr of silence has no meaning", "give --psnr, or neither: silence fits exactly");
    options.psnr = *options.snr + 10 * std::log10(peak * peak / square);
  }
  return options;
}

/// Where a run begins. Refers to the signal and to itself.
struct Start {
  Signal learned;
  train::RunSignal signal;
  FitOptions options;
  Field field;

  Start(const Signal& whole, const FitOptions& given)
      : learned(given.holdout == Holdout::none ? checked(whole, given) : every_second(checked(whole, given))),
        signal{whole, learned, signal_axes(learned.format), raw_peak(whole.format)},
        options(settled(learned, given)),
        field(field_for(whole, learned, options)) {}
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
};

}  // namespace

std::string_view supervise_name(Supervise what) {
  switch (what) {
    case Supervise::value:
      return "value";
    case Supervise::gradient:
      return "gradient";
    case Supervise::laplacian:
      return "laplacian";
  }
  return "";
}

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

std::int64_t evaluation_interval(const Recipe& recipe, std::int64_t samples) {
  const std::int64_t batch = recipe.batch == 0 ? samples : std::min(recipe.batch, samples);
  return std::max<std::int64_t>(25, 10 * samples / (3 * batch));
}

std::string fit_fingerprint(const Signal& signal, const FitOptions& options) {
  const Start start(signal, options);
  return train::fingerprint(train::run_identity(start.signal, start.options, start.field));
}

FitResult fit(const Signal& signal, const FitOptions& options) {
  Start start(signal, options);
  std::optional<double> limit;
  if (!options.derivatives) {
    if (options.supervise == Supervise::gradient) limit = gradient_limit(*signal.picture);
    if (options.supervise == Supervise::laplacian && options.border) limit = laplacian_limit(*signal.picture);
  }
  FitResult result = start.field.kind == FieldKind::tiles
                         ? train::run_tiles(start.signal, start.options, std::move(start.field))
                         : train::run_network(start.signal, start.options, std::move(start.field));
  result.report.limit_psnr = limit;
  return result;
}

FitResult fit_picture(const Picture& picture, const FitOptions& options) {
  return fit(picture_signal(picture), options);
}

}  // namespace sinefield
