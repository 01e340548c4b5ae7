// How the options of a training run are declared, and what a recipe becomes with them.
// SPDX-License-Identifier: MIT
#include "cli/fit_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "cli/command.h"
#include "field/tiling.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

std::int64_t parse_batch(const std::string& text) {
  if (text == "all") return 0;
  std::int64_t batch = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), batch);
  if (error != std::errc() || rest != text.data() + text.size() || batch < 1)
    throw bad_input(fmt::format("--batch {}: expected a number of points, 1 or more, or all", text));
  return batch;
}

std::optional<double> omega_first_number(const std::string& omega_first) {
  if (omega_first.empty() || omega_first == "auto") return {};
  double omega = 0;
  const char* const end = omega_first.data() + omega_first.size();
  const auto [rest, error] = std::from_chars(omega_first.data(), end, omega);
  if (error != std::errc() || rest != end || !(omega > 0) || !std::isfinite(omega))
    throw bad_input(fmt::format("--omega-first {}: expected a number above 0, or auto", omega_first));
  return omega;
}

TileChoice parse_tiles(const std::string& text) {
  if (text == "auto") return {.kind = TileChoice::Kind::automatic};
  if (text == "none") return {};
  TileChoice choice{.kind = TileChoice::Kind::grid};
  const char* const end = text.data() + text.size();
  bool good = true;
  for (const char* at = text.data(); good;) {
    int tiles = 0;
    const auto [rest, error] = std::from_chars(at, end, tiles);
    good = error == std::errc() && tiles > 0 && (rest == end || *rest == 'x');
    choice.along.push_back(tiles);
    if (rest == end) break;
    at = rest + 1;
  }
  if (!good)
    throw bad_input(fmt::format("--tiles {}: expected auto, none, or a number for each axis with x between them", text),
                    "for example --tiles 8x12 for a picture, rows first, or --tiles 64 for a sound");
  return choice;
}

Encoding parse_encoding(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  Encoding encoding;
  if (name == "none" && colon == std::string::npos) return encoding;
  bool good = name == "positional" || name == "rbf";
  if (name == "positional") encoding = {Encoding::Kind::positional, 0};
  if (name == "rbf") encoding = {Encoding::Kind::rbf, 1024};
  if (good && colon != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, encoding.size);
    good = error == std::errc() && rest == end && encoding.size > 0;
  }
  if (!good)
    throw bad_input(fmt::format("--encoding {}: expected none, positional, rbf, or one of these with a size", text),
                    "for example positional:6 (frequencies) or rbf:1024 (centres)");
  return encoding;
}

/// The recipe with what the command line changes; a network to start from decides about its own shape.
Recipe recipe_of(const TrainingArguments& a, SignalKind kind, const std::optional<Network>& init) {
  const bool one_network = init || a.tiles == "none";
  Recipe recipe = recipe_named(kind, !a.recipe.empty() ? a.recipe : one_network ? "single" : "fast");
  const int usual_width = recipe.width;
  if (!a.tiles.empty()) recipe.tiles = parse_tiles(a.tiles);
  if (!a.activation.empty()) recipe = with_activation(recipe, activation_from_name(a.activation));
  if (!a.encoding.empty()) recipe.encoding = parse_encoding(a.encoding);
  if (init) {
    recipe.activation = init->architecture.activation;
    recipe.encoding = init->architecture.encoding;
    recipe.width = init->architecture.width;
    recipe.hidden_layers = init->architecture.hidden_layers;
    recipe.omega_first = init->architecture.omega_first;
    recipe.omega_hidden = init->architecture.omega_hidden;
  }
  if (a.width) recipe.width = *a.width;
  if (a.hidden_layers) recipe.hidden_layers = *a.hidden_layers;
  if (const auto omega = omega_first_number(a.omega_first)) recipe.omega_first = *omega;
  if (a.omega_first == "auto") recipe.omega_first = 0;
  if (a.omega_hidden) recipe.omega_hidden = *a.omega_hidden;
  if (a.overlap) recipe.overlap = *a.overlap;
  if (!a.blend.empty()) recipe.blend = blend_from_name(a.blend);
  if (!a.optimizer.empty()) recipe.optimizer = optimizer_from_name(a.optimizer);
  if (a.lr && recipe.optimizer == OptimizerKind::lbfgs)
    throw bad_input(fmt::format("--lr {} with --optimizer lbfgs, which finds the lengths of its steps", *a.lr),
                    "leave --lr out");
  if (a.lr) {
    recipe.lr = *a.lr;
  } else {
    recipe.lr = suggested_lr(recipe, usual_width);
  }
  if (!a.batch.empty()) {
    recipe.batch = parse_batch(a.batch);
    recipe.batch_share = 0;
  }
  return recipe;
}

/// What a grid of tiles is given as.
const char* grid_words(SignalKind kind) {
  return kind == SignalKind::sound    ? "NUMBER"
         : kind == SignalKind::video  ? "TIMESxROWSxCOLUMNS"
         : kind == SignalKind::volume ? "ZxYxX"
                                      : "ROWSxCOLUMNS";
}

}  // namespace

void TrainingArguments::add_to(CLI::App& app, SignalKind kind) {
  const std::string name(signal_kind_name(kind));
  const char* const stops = "Stop at whichever comes first";
  app.add_option("--steps", steps, "optimiser steps of every network")->check(CLI::PositiveNumber)->group(stops);
  app.add_option("--total-steps", total_steps, "of all tiles together, given to those that need them most")
      ->check(CLI::PositiveNumber)
      ->group(stops);
  app.add_option("--psnr", psnr, fmt::format("dB of the {} as it would be written", name))->group(stops);
  if (kind == SignalKind::sound)
    app.add_option("--snr", snr, "dB of the sound as it would be written: its mean square to that of the error")
        ->group(stops);
  app.add_option("--seconds", seconds, "wall time from start to the written file")
      ->check(CLI::PositiveNumber)
      ->group(stops);

  const char* const shape = "Field";
  app.add_option("--tiles", tiles,
                 fmt::format("auto, {}, or none: one network (default: the recipe's)", grid_words(kind)))
      ->group(shape);
  app.add_option("--parameters", parameters,
                 "for all tiles of --tiles auto (default: the recipe's number for each sample)")
      ->check(CLI::PositiveNumber)
      ->group(shape);
  app.add_option("--overlap", overlap, "of neighbouring tiles, as a share of a tile (default: the recipe's)")
      ->check(CLI::Range(0.0, 1.0))
      ->group(shape);
  app.add_option("--blend", blend, "of tiles: linear, cubic or quintic (default: smooth second derivatives)")
      ->group(shape);
  app.add_option("--width", width, "units per layer")->group(shape);
  app.add_option("--hidden-layers", hidden_layers, "square layers between the first and the output")->group(shape);
  app.add_option("--activation", activation, fmt::format("{} (default: sine)", fmt::join(activation_names(), ", ")))
      ->group(shape);
  app.add_option("--encoding", encoding,
                 "of the coordinates: none (default), positional[:FREQUENCIES] or rbf[:CENTRES]")
      ->group(shape);
  app.add_option("--omega-first", omega_first,
                 fmt::format("omega of the first layer, in units of the whole {}, or auto: from its spectrum", name))
      ->group(shape);
  app.add_option("--omega-hidden", omega_hidden, "frequency factor of the hidden layers")
      ->check(CLI::PositiveNumber)
      ->group(shape);
  app.add_option("--init", init, "model to start from (plain tensors of the original code: give both omegas)")
      ->group(shape);

  app.add_option("--recipe", recipe,
                 "fast: tiles of small networks (default); single: one network; original: the paper's")
      ->group(training_group);
  app.add_option("--optimizer", optimizer,
                 "adam, soap or lbfgs: of one network, with --batch all (default: the recipe's)")
      ->group(training_group);
  app.add_option("--lr", lr, "learning rate")->check(CLI::PositiveNumber)->group(training_group);
  app.add_option("--batch", batch, "samples per step of a network, or all")->group(training_group);
  app.add_option("--horizon", horizon,
                 "steps that the run is planned for: of the network, or of all tiles (default: its own)")
      ->check(CLI::PositiveNumber)
      ->group(training_group);
  app.add_option("--seed", seed, "seed of initialisation and sampling, 0 or more")
      ->check(CLI::NonNegativeNumber)
      ->group(training_group);
}

FitOptions TrainingArguments::options(SignalKind kind) const {
  FitOptions options;
  if (!init.empty()) {
    // A plain file of the original code does not know its omegas; one of ours must not be told them.
    const Field start = ModelOmegas{omega_first_number(omega_first), omega_hidden}.read(init);
    if (start.kind != FieldKind::network)
      throw bad_input(fmt::format("--init {}: holds several networks, expected a single one", init.string()));
    options.init = start.networks.front();
  }
  options.recipe = recipe_of(*this, kind, options.init);
  options.steps = steps;
  options.total_steps = total_steps;
  options.horizon = horizon;
  options.psnr = psnr;
  options.snr = snr;
  options.seconds = seconds;
  options.parameters = parameters.value_or(0);
  options.seed = static_cast<std::uint64_t>(seed);
  return options;
}

double fraction_done(const FitProgress& progress, const FitOptions& options) {
  return options.seconds
             ? progress.seconds / (progress.seconds + progress.seconds_left)
             : static_cast<double>(progress.step) / static_cast<double>(std::max<std::int64_t>(progress.step_limit, 1));
}

std::string tiles_words(const Field& field) {
  return field.kind == FieldKind::tiles ? grid_text(field.tiling) : "none";
}

std::int64_t parameters_of(const Field& field) {
  return std::ssize(field.networks) * parameter_count(field.networks.front().architecture);
}

}  // namespace sinefield::cli
