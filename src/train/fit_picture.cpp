// From a picture and options to the field that a run starts with.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "signal/picture_samples.h"
#include "sinefield/error.h"
#include "train/run.h"

namespace sinefield {
namespace {

/// The picture, where it and the options can be trained with.
const Picture& checked(const Picture& picture, const FitOptions& options) {
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
  if (!(recipe.clip_norm >= 0)) throw bad_input(fmt::format("clip_norm is {}, expected 0 or more", recipe.clip_norm));
  if (recipe.steps < 1) throw bad_input(fmt::format("the recipe has {} steps, expected 1 or more", recipe.steps));
  if (recipe.batch < 0) throw bad_input(fmt::format("batch of {} points, expected 1 or more, or all", recipe.batch));
  if (!(recipe.overlap >= 0 && recipe.overlap <= 1))
    throw bad_input(fmt::format("overlap of {} of a tile, expected 0 to 1", recipe.overlap));
  if (options.parameters < 0)
    throw bad_input(fmt::format("a budget of {} parameters, expected 1 or more", options.parameters));
  if (options.steps && options.total_steps)
    throw bad_input("steps of every network and of all together are given, expected one of the two");
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
  if (!(options.checkpoints.every > 0))
    throw bad_input(fmt::format("checkpoints every {} seconds, expected a number above 0", options.checkpoints.every));
  const std::int64_t pixels = picture.format.height * picture.format.width;
  if (pixels < 1 || picture.samples.size() != static_cast<std::size_t>(pixels * picture.format.channel_count()))
    throw bad_input("a picture whose samples do not match its format cannot be fitted");
  return picture;
}

/// The field as it begins; of tiles only the first network.
Field field_for(const Picture& whole, const Picture& learned, const FitOptions& options) {
  const Recipe& recipe = options.recipe;
  Architecture architecture{.inputs = 2,
                            .outputs = whole.format.channel_count(),
                            .width = recipe.width,
                            .hidden_layers = recipe.hidden_layers,
                            .omega_first = omega_first_of(recipe, learned),
                            .omega_hidden = recipe.omega_hidden};
  Field field;
  field.axes = options.holdout == Holdout::none ? picture_axes(whole.format.height, whole.format.width)
                                                : every_second_pixel_axes(whole.format);
  field.channels = picture_channels(learned);
  field.picture = whole.format;
  if (recipe.tiles.kind != TileChoice::Kind::none) {
    field.kind = FieldKind::tiles;
    field.tiling = picture_tiling(learned.format, recipe, options.parameters);
    architecture.omega_first *= field.tiling.axes.front().half_width;
    if (const auto reason = why_invalid(architecture)) throw bad_input("invalid architecture: " + *reason);
    // Zero parameters: an untrained tile is its mean. The run makes as many as there are tiles.
    field.networks = {{architecture, std::vector<float>(static_cast<std::size_t>(parameter_count(architecture)))}};
  } else if (options.init) {
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

/// Where a run begins. Refers to the picture and to itself.
struct Start {
  Picture every_second;
  train::RunSignal signal;
  Field field;

  Start(const Picture& picture, const FitOptions& options)
      : every_second(options.holdout == Holdout::none ? Picture{} : every_second_pixel(checked(picture, options))),
        signal{checked(picture, options), options.holdout == Holdout::none ? picture : every_second, {}},
        field(field_for(picture, signal.learned, options)) {
    signal.axes = picture_axes(signal.learned.format.height, signal.learned.format.width);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
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

std::string fit_fingerprint(const Picture& picture, const FitOptions& options) {
  const Start start(picture, options);
  return train::fingerprint(train::run_identity(start.signal, options, start.field));
}

FitResult fit_picture(const Picture& picture, const FitOptions& options) {
  Start start(picture, options);
  return start.field.kind == FieldKind::tiles ? train::run_tiles(start.signal, options, std::move(start.field))
                                              : train::run_network(start.signal, options, std::move(start.field));
}

}  // namespace sinefield
