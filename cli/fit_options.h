// The options that shape a training run, declared and parsed in one place for every command that trains.
// Where a run writes, its state and its log are the commands' own.
// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "sinefield/fit.h"

namespace sinefield::cli {

/// As given on a command line; empty = not given.
struct TrainingArguments {
  std::filesystem::path init;
  std::string recipe, batch, tiles, omega_first, optimizer, blend, activation, encoding;
  std::optional<std::int64_t> steps, total_steps, horizon, parameters;
  std::optional<double> psnr, snr, seconds, lr, omega_hidden, overlap;
  std::optional<int> width, hidden_layers;
  std::int64_t seed = 0;

  /// Which options there are depends a little on the kind of signal, and so do their defaults.
  void add_to(CLI::App&, SignalKind);
  /// Recipe, stops, seed and what the run starts from, which is read here; the rest of the options is the command's.
  /// Throws bad_input naming option and value.
  FitOptions options(SignalKind) const;
};

/// The group of `add_to` in the help for how training goes.
inline constexpr const char* training_group = "Training";

/// Of a run, in [0, 1]: of its time where that limits it, else of its steps.
double fraction_done(const FitProgress&, const FitOptions&);

/// "8x12", one number for each axis, or "none" of one network.
std::string tiles_words(const Field&);
/// Of all its networks.
std::int64_t parameters_of(const Field&);

}  // namespace sinefield::cli
