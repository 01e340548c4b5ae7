// Fitting a picture: recipes, options, what is reported on the way and at the end.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "sinefield/field.h"
#include "sinefield/measures.h"
#include "sinefield/query.h"

namespace sinefield {

enum class Schedule : std::uint8_t {
  constant,
  cosine,  ///< the full rate for an eighth of the horizon, then down to zero along a half cosine
};

/// Everything that shapes a training run but the signal, the budget and the seed.
struct Recipe {
  std::string name;
  int width = 256, hidden_layers = 3;
  double omega_first = 0;  ///< 0 = `suggested_omega_first` of the picture
  double omega_hidden = 30;
  double lr = 4e-4;  ///< Adam, beta 0.9 and 0.999, epsilon 1e-8
  Schedule schedule = Schedule::cosine;
  std::int64_t batch = 2048;  ///< points per step, each pixel once per epoch; 0 = all pixels every step
  double clip_norm = 1;       ///< largest norm of the gradient; 0 = no clipping
  std::int64_t steps = 4000;  ///< where neither steps nor seconds are given
};

/// The recipes that have names: "default" and "original" (the training of Sitzmann et al. 2020).
std::span<const Recipe> recipes();
/// Throws bad_input for an unknown name.
const Recipe& recipe_named(std::string_view name);

/// 0.2 of the Nyquist frequency of the longer side, at most 160, at least 5: high enough to learn detail soon, low
/// enough to interpolate between samples.
double suggested_omega_first(std::int64_t height, std::int64_t width);

enum class StoppedBy : std::uint8_t { steps, psnr, seconds, interruption };
std::string_view stopped_by_name(StoppedBy);

struct FitProgress {
  std::int64_t step;        ///< steps done
  std::int64_t step_limit;  ///< steps after which the run ends at the latest; 0 while only time limits it
  double loss;              ///< of the last step, in raw outputs
  double lr;
  double seconds, seconds_left;  ///< since `started`; expected until the end of the horizon
  std::optional<double> psnr;    ///< of the picture as it would be written now, where it was evaluated
};

struct FitOptions {
  Recipe recipe;
  std::optional<std::int64_t> steps;  ///< > 0
  std::optional<double> psnr;         ///< dB; ends the run when the picture as written reaches it
  std::optional<double> seconds;      ///< wall time from `started` to the result, final evaluation included
  std::optional<std::int64_t>
      horizon;  ///< steps over which the schedule decays; default: steps, or what `seconds` allow
  std::uint64_t seed = 0;
  std::optional<Network> init;  ///< start from these parameters; the architecture must match
  ComputeOptions compute;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::int64_t evaluate_every = 0;  ///< steps between evaluations of the whole picture; 0 = only where a stop needs one
  std::function<void(const FitProgress&)> on_progress = {};  ///< after every step, on the caller's thread
  std::stop_token stop = {};                                 ///< ends the run after the step in hand
};

struct FitReport {
  StoppedBy stopped_by;
  std::int64_t steps, horizon;
  double seconds;            ///< from `started` to the end of the final evaluation
  double loss;               ///< of the last step
  PictureMeasures measures;  ///< of the picture as it would be written
};

struct FitResult {
  Field field;
  FitReport report;
};

/// Steps between evaluations so that these take at most about a tenth of the time, and at least 25.
std::int64_t evaluation_interval(const Recipe&, std::int64_t pixels);

/// Fits one network to a picture. Throws bad_input for options that contradict each other and failure for a divergence.
/// The parameters depend on picture, recipe, steps, horizon, seed and instruction set, not on threads or time.
FitResult fit_picture(const Picture&, const FitOptions&);

}  // namespace sinefield
