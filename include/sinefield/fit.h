// Fitting a signal: recipes, options, what is reported on the way and at the end.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/optimizer_kind.h"
#include "sinefield/query.h"
#include "sinefield/signal.h"
#include "sinefield/signal_measures.h"

namespace sinefield {

/// How the learning rate of a network runs.
enum class Schedule : std::uint8_t {
  constant,
  cosine,    ///< the full rate for an eighth of the horizon, then down to zero along a half cosine
  restarts,  ///< cycles of 100 x 2^k steps, each from 0.7^k of the peak down to zero along a line; tiles only
};
std::string_view schedule_name(Schedule);

/// Whether the field is one network or a grid of tiles with a network each.
struct TileChoice {
  enum class Kind : std::uint8_t {
    none,       ///< one network
    automatic,  ///< as many tiles, about square, as the budget of parameters allows
    grid,       ///< rows x columns, or as many numbers as the signal has axes
  };
  Kind kind = Kind::none;
  std::vector<int> along = {};  ///< tiles on each axis of a grid; of videos, shared out among the shots
};

/// Everything that shapes a training run but the signal, the budget and the seed.
struct Recipe {
  std::string name;
  TileChoice tiles = {};
  double overlap = 0.15;  ///< of two neighbouring tiles, as a share of a tile's pitch, 0 .. 1
  Blend blend = Blend::quintic;
  int width = 256, hidden_layers = 3;
  double omega_first = 0;      ///< radians per unit of the whole signal's [-1, 1]; 0 = by its spectrum: `omegas_of`
  double nyquist_share = 0.2;  ///< the cap of what the spectrum suggests, on each axis
  /// The same of the time of videos: motion of a few pixels a frame fills its spectrum.
  double time_nyquist_share = 0.4;
  /// Another: one network of limited size learns a large signal from coarse to fine only from a moderate frequency.
  double omega_first_limit = 160;
  double omega_hidden = 30;
  Activation activation = Activation::sine;
  Encoding encoding = {};  ///< positional of size 0: as many frequencies as the samples of a network can show
  OptimizerKind optimizer = OptimizerKind::adam;
  double lr = 4e-4;
  Schedule schedule = Schedule::cosine;
  std::int64_t batch = 2048;  ///< points per step of a network, each sample once per epoch; 0 = all of them every step
  double batch_share = 0;     ///< the same as a share of all samples, where it is not 0
  double clip_norm = 1;       ///< largest norm of the gradient; 0 = no clipping
  bool rollback = true;       ///< go back to the best parameters after a spike of the loss
  std::int64_t steps = 4000;  ///< of each network on average, where no budget is given
  double parameters_per_sample = 1;  ///< and channel: of an automatic grid of tiles
  /// Frames that a tile of a video is long for each pixel that it is wide.
  double frames_per_pixel = 0.15;
};

/// The recipes that have names, for one kind of signal: "fast" (tiles of small networks), "single" (one large network)
/// and "original" (the training of Sitzmann et al. 2020; of volumes that of their videos).
std::span<const Recipe> recipes(SignalKind);
/// Throws bad_input for an unknown name.
const Recipe& recipe_named(SignalKind, std::string_view name);

/// The recipe with another activation and the omegas that are usual for it: those of the recipe for finer, 30 and 3 for
/// gauss, 1 for those that the original code gives none.
Recipe with_activation(Recipe, Activation);

/// The rate for a recipe whose width has been changed from `usual_width`: in inverse proportion to the square root.
double suggested_lr(const Recipe&, int usual_width);

/// The highest frequency that the first layer begins with along each axis, in radians per unit of the whole signal's
/// [-1, 1]: the recipe's own omega_first, or twice the power-weighted centroid of the signal's spectrum, at most
/// `nyquist_share` of the Nyquist frequency, within the recipe's limit. High enough to learn detail soon, low enough to
/// interpolate. Pictures have one for both axes, videos one in time and one in the frame. One network takes the last.
std::vector<double> omegas_of(const Recipe&, const Signal&);

/// The encoding of the recipe with the size it leaves open: floor(log2(n / 4)) frequencies, 1 at least, n the fewest
/// samples of a network along an axis (half of what they can show; the original code's number for one network), 10 of
/// three axes, as there.
Encoding encoding_of(const Recipe&, const Signal&, const Tiling&);

/// The grid of tiles for a signal: `parameters` for all tiles together where the choice is automatic (0: the recipe's
/// number for each sample and channel).
Tiling signal_tiling(const Signal&, const Recipe&, std::int64_t parameters);

enum class StoppedBy : std::uint8_t { steps, psnr, seconds, interruption };
std::string_view stopped_by_name(StoppedBy);

/// Which samples are kept from the training to judge what lies between those it sees.
enum class Holdout : std::uint8_t {
  none,
  between,  ///< trains on even positions along every axis; scores the others inside their hull
};

struct FitProgress {
  std::int64_t step;        ///< steps done: of the network, or of the tiles on average
  std::int64_t step_limit;  ///< steps after which the run ends at the latest; 0 while only time limits it
  double loss;              ///< mean squared error in raw outputs: of the last step, or of the tiles as they stand
  double lr;
  double seconds, seconds_left;  ///< since `started`; expected until the end of the horizon
  std::optional<double> psnr;    ///< of the signal as it would be written now, where it was evaluated
  std::optional<double> held_out_psnr;
};

/// Where a run keeps its state, so that nothing can lose it.
struct Checkpoints {
  std::filesystem::path state;  ///< empty: none are kept
  double every = 30;            ///< seconds between them, > 0
  bool resume = false;          ///< go on from `state` where it exists
};

/// What of the signal a field is shown. `gradient`: its derivatives along every axis, from differences of its samples
/// (Sobel's filter), and no value anywhere; the constants that this leaves open are found afterwards, those between
/// tiles where they overlap, and two of the whole by the best a u + b for each channel. It takes 2.5 times the steps of
/// a recipe. `laplacian`: the sum of its second differences. Of tiles, 3.5 times as many as a recipe has for pictures
/// of one channel, the networks become wider by units for smooth functions and the last layers are solved for together
/// in the end, by Poisson's weak form; all take the recipe's steps where no budget is given. Of one network a harmonic
/// function is left open, which nothing corrects. Pictures only.
enum class Supervise { value, gradient, laplacian };
std::string_view supervise_name(Supervise);

/// The overlap of tiles that suits what they are shown: of Laplacians 0.4, else the recipe's (docs/recipes.md).
double suggested_overlap(const Recipe&, Supervise);

struct FitOptions {
  Recipe recipe;
  Supervise supervise = Supervise::value;
  bool border = false;  ///< of tiles that are shown a Laplacian: the values of the outermost samples are given too
  /// What to learn in place of the differences of the samples, as DerivativeSamples has it, in units of the samples for
  /// one step along an axis: (rows, columns, axes, channels) or, of Laplacians, (rows, columns, channels). Finite.
  std::shared_ptr<const Samples> derivatives;
  std::optional<std::int64_t> steps;        ///< of every network, > 0
  std::optional<std::int64_t> total_steps;  ///< of all tiles together, given to those that need them most
  std::optional<double> psnr;               ///< dB; ends the run when the signal as written reaches it
  std::optional<double> snr;                ///< dB; the same as ratio to the mean square of the samples; of sounds
  std::optional<double> seconds;            ///< wall time from `started` to the result, final evaluation included
  /// Steps that the run is planned for, of the network or of all tiles together; default: steps, or what `seconds`
  /// allow.
  std::optional<std::int64_t> horizon;
  std::int64_t parameters = 0;  ///< for all tiles of an automatic grid; 0 = the recipe's
  Holdout holdout = Holdout::none;
  std::uint64_t seed = 0;
  std::optional<Network> init;  ///< of one network: start from these parameters; the architecture must match
  ComputeOptions compute;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  /// Steps between evaluations of the whole signal; tiles are evaluated after each round of cycles if this is not 0.
  /// 0 = only where a stop needs one.
  std::int64_t evaluate_every = 0;
  std::function<void(const FitProgress&)> on_progress = {};  ///< now and then, on the caller's thread
  std::stop_token stop = {};                                 ///< ends the run within a step
  Checkpoints checkpoints = {};
};

struct FitReport {
  StoppedBy stopped_by;
  std::int64_t steps;        ///< of the network, or of the tiles on average
  std::int64_t total_steps;  ///< of all networks together
  std::int64_t horizon;      ///< with the steps it repeats the run: see FitOptions
  double seconds;            ///< from `started` to the end of the final evaluation
  double loss;               ///< of the last step, or of the tiles
  double psnr;               ///< of `measures`
  SignalMeasures measures;   ///< of the signal as it would be written; held out: of the samples it was trained on
  std::optional<double> held_out_psnr;
  /// Where differences were supervised: dB of the smooth picture whose gradient is nearest to them, or of that with
  /// their Laplacian and the border. They know no better.
  std::optional<double> limit_psnr;
  int rollbacks;            ///< times that the run went back to better parameters after a spike
  int restarts;             ///< tiles that were stuck and began anew
  std::string fingerprint;  ///< `fit_fingerprint` of the run
  std::string plan;         ///< of a step, in words: which derivatives, by which passes, at what cost
};

struct FitResult {
  Field field;
  FitReport report;
};

/// Steps of one network between evaluations so that these take at most about a tenth of the time, and at least 25.
std::int64_t evaluation_interval(const Recipe&, std::int64_t samples);

/// What makes a run this run and no other, in a few characters: the signal and all options that decide about the
/// parameters. Throws bad_input as `fit` does.
std::string fit_fingerprint(const Signal&, const FitOptions&);

/// Fits a field to a signal. Throws bad_input for options that contradict each other and for a state that is of
/// another run, failure for a divergence, a collapse to the mean, and a state that cannot be written.
/// The parameters depend on signal, recipe, steps, horizon, seed and instruction set, not on threads, time, or
/// interruptions. After an interruption (stopped_by) the state holds all of it, and the field is as it stood; where a
/// state is kept, the report then has no figures: an evaluation would let whoever interrupts wait.
FitResult fit(const Signal&, const FitOptions&);

/// The same of a picture.
FitResult fit_picture(const Picture&, const FitOptions&);

}  // namespace sinefield
