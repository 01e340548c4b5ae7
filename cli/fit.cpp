// `sinefield fit`: a signal becomes a model file.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "cli/pictures.h"
#include "cli/progress.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/model_file.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

struct FitArguments {
  std::filesystem::path input, model, init, log;
  std::string recipe = "default", batch;
  std::optional<std::int64_t> steps, horizon, log_every;
  std::optional<double> psnr, seconds, lr, omega_first, omega_hidden;
  std::optional<int> width, hidden_layers;
  std::int64_t seed = 0;
};

volatile std::sig_atomic_t interrupted = 0;

/// SIGINT and SIGTERM end the run after the step in hand; what has been learned is written. A second one kills.
void on_signal(int signal) {
  interrupted = signal;
  std::signal(signal, SIG_DFL);
}

std::int64_t parse_batch(const std::string& text) {
  if (text == "all") return 0;
  std::int64_t batch = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), batch);
  if (error != std::errc() || rest != text.data() + text.size() || batch < 1)
    throw bad_input(fmt::format("--batch {}: expected a number of points, 1 or more, or all", text));
  return batch;
}

/// The recipe with what the command line changes; a network to start from decides about its own shape.
Recipe recipe_of(const FitArguments& a, const std::optional<Network>& init) {
  Recipe recipe = recipe_named(a.recipe);
  if (init) {
    recipe.width = init->architecture.width;
    recipe.hidden_layers = init->architecture.hidden_layers;
    recipe.omega_first = init->architecture.omega_first;
    recipe.omega_hidden = init->architecture.omega_hidden;
  }
  if (a.width) recipe.width = *a.width;
  if (a.hidden_layers) recipe.hidden_layers = *a.hidden_layers;
  if (a.omega_first) recipe.omega_first = *a.omega_first;
  if (a.omega_hidden) recipe.omega_hidden = *a.omega_hidden;
  if (a.lr) recipe.lr = *a.lr;
  if (!a.batch.empty()) recipe.batch = parse_batch(a.batch);
  return recipe;
}

/// step,seconds,loss,psnr,held_out_psnr,lr,loss_value: psnr where the whole picture was evaluated; nothing is held out.
/// The file appears with the first row: a run that never starts leaves none.
class FitLog {
 public:
  explicit FitLog(std::filesystem::path path) : path_(std::move(path)) {}

  bool wanted() const { return !path_.empty(); }

  void add(const FitProgress& p) {
    if (!file_.is_open()) {
      file_.open(path_);
      file_ << "step,seconds,loss,psnr,held_out_psnr,lr,loss_value\n";
    }
    file_ << fmt::format("{},{:.3f},{:.6e},{:.4f},,{:.6e},{:.6e}\n", p.step, p.seconds, p.loss, p.psnr.value_or(0),
                         p.lr, p.loss);
    file_.flush();
    if (!file_) throw failure(fmt::format("{}: the log cannot be written", path_.string()), "is the disk full?");
  }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

std::map<std::string, std::string> training_record(const FitArguments& a, const FitOptions& options,
                                                   const FitReport& report) {
  const Recipe& recipe = options.recipe;
  return {{"software", "sinefield " SINEFIELD_VERSION},
          {"source", a.input.filename().string()},
          {"recipe", recipe.name},
          {"optimizer", "adam"},
          {"lr", fmt::format("{}", recipe.lr)},
          {"schedule", recipe.schedule == Schedule::cosine ? "cosine" : "constant"},
          {"batch", recipe.batch == 0 ? "all" : fmt::format("{}", recipe.batch)},
          {"clip_norm", fmt::format("{}", recipe.clip_norm)},
          {"seed", fmt::format("{}", options.seed)},
          {"steps", fmt::format("{}", report.steps)},
          {"horizon", fmt::format("{}", report.horizon)},
          {"init", a.init.filename().string()},
          {"isa", std::string(isa_name(options.compute.isa))},
          {"psnr", fmt::format("{:.4f}", report.measures.psnr)}};
}

int fit_image(const FitArguments& a, const Common& common) {
  FitOptions options;
  options.compute = common.compute();
  options.started = process_start();
  check_output(a.model, common, {a.input});
  if (!a.log.empty()) check_output(a.log, common, {a.input, a.model, a.init});
  if (a.init.empty()) {
    options.recipe = recipe_of(a, {});
  } else {
    // A plain file of the original code does not know its omegas; one of ours must not be told them.
    const Field init = ModelOmegas{a.omega_first, a.omega_hidden}.read(a.init);
    if (init.kind != FieldKind::network)
      throw bad_input(fmt::format("--init {}: holds a sum of networks, expected a single one", a.init.string()));
    options.init = init.networks.front();
    options.recipe = recipe_of(a, options.init);
  }
  options.steps = a.steps;
  options.horizon = a.horizon;
  options.psnr = a.psnr;
  options.seconds = a.seconds;
  options.seed = static_cast<std::uint64_t>(a.seed);

  const Picture picture = pictures().read_picture(a.input, common.memory());
  const std::int64_t pixels = picture.format.height * picture.format.width;
  FitLog log(a.log);
  if (log.wanted()) options.evaluate_every = a.log_every.value_or(evaluation_interval(options.recipe, pixels));

  std::stop_source stop;
  options.stop = stop.get_token();
  interrupted = 0;
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  auto progress = std::make_unique<Progress>(common);
  std::optional<double> last_psnr;
  options.on_progress = [&](const FitProgress& p) {
    if (interrupted != 0) stop.request_stop();
    if (p.psnr) {
      last_psnr = p.psnr;
      if (log.wanted()) log.add(p);
    }
    const double done = a.seconds ? p.seconds / (p.seconds + p.seconds_left)
                                  : static_cast<double>(p.step) / static_cast<double>(p.step_limit);
    progress->update(done, p.seconds_left, [&] {
      return fmt::format("step {}  loss {:.2e}{}", p.step, p.loss,
                         last_psnr ? fmt::format("  {:.2f} dB", *last_psnr) : "");
    });
  };
  FitResult result = fit_picture(picture, options);
  progress.reset();
  result.field.training = training_record(a, options, result.report);
  write_model(a.model, result.field, common.overwrite());

  const FitReport& report = result.report;
  const double seconds = seconds_since_start();
  const Architecture& architecture = result.field.networks.front().architecture;
  const std::int64_t parameters = parameter_count(architecture);
  print_result(common,
               fmt::format("{}: {:.2f} dB, SSIM {:.4f}, {} steps, {:.1f} s, {} parameters, stopped by {}",
                           a.model.string(), report.measures.psnr, report.measures.ssim, report.steps, seconds,
                           parameters, stopped_by_name(report.stopped_by)),
               {{"model", a.model.string()},
                {"psnr", number(report.measures.psnr)},
                {"ssim", number(report.measures.ssim)},
                {"psnr_alpha", number(report.measures.psnr_alpha)},
                {"held_out_psnr", nullptr},
                {"loss", number(report.loss)},
                {"steps", report.steps},
                {"horizon", report.horizon},
                {"seconds", seconds},
                {"parameters", parameters},
                {"omega_first", architecture.omega_first},
                {"omega_hidden", architecture.omega_hidden},
                {"seed", options.seed},
                {"recipe", options.recipe.name},
                {"stopped_by", stopped_by_name(report.stopped_by)},
                {"height", picture.format.height},
                {"width", picture.format.width},
                {"channels", picture.format.channel_count()},
                {"threads", options.compute.threads},
                {"isa", isa_name(options.compute.isa)}});
  return interrupted != 0 ? 128 + interrupted : 0;
}

}  // namespace

void add_fit(CLI::App& app, Context& context) {
  CLI::App* fit = app.add_subcommand("fit", "fit a field to a signal");
  fit->require_subcommand(1);
  CLI::App* image = fit->add_subcommand("image", "fit a picture (PNG, JPEG, TIFF, EXR)");
  auto arguments = std::make_shared<FitArguments>();
  FitArguments& a = *arguments;
  image->add_option("IN", a.input, "the picture")->required();
  image->add_option("-o,--output", a.model, "the model file to write")->required();

  const char* const stops = "Stop at whichever comes first";
  image->add_option("--steps", a.steps, "optimiser steps")->check(CLI::PositiveNumber)->group(stops);
  image->add_option("--psnr", a.psnr, "dB of the picture as it would be written")->group(stops);
  image->add_option("--seconds", a.seconds, "wall time from start to the written file")
      ->check(CLI::PositiveNumber)
      ->group(stops);

  const char* const training = "Training";
  image->add_option("--recipe", a.recipe, "default, or original: the training of the paper")->group(training);
  image->add_option("--width", a.width, "units per layer")->group(training);
  image->add_option("--hidden-layers", a.hidden_layers, "square layers between the first and the output")
      ->group(training);
  image
      ->add_option("--omega-first", a.omega_first,
                   "frequency factor of the first layer (default: from the picture's size)")
      ->check(CLI::PositiveNumber)
      ->group(training);
  image->add_option("--omega-hidden", a.omega_hidden, "frequency factor of the hidden layers")
      ->check(CLI::PositiveNumber)
      ->group(training);
  image->add_option("--lr", a.lr, "learning rate of Adam")->check(CLI::PositiveNumber)->group(training);
  image->add_option("--batch", a.batch, "pixels per step, or all")->group(training);
  image->add_option("--horizon", a.horizon, "steps over which the learning rate decays (default: those of the run)")
      ->check(CLI::PositiveNumber)
      ->group(training);
  image->add_option("--seed", a.seed, "seed of initialisation and sampling, 0 or more")
      ->check(CLI::NonNegativeNumber)
      ->group(training);
  image->add_option("--init", a.init, "model to start from (plain tensors of the original code: give both omegas)")
      ->group(training);

  image->add_option("--log", a.log, "CSV of step, seconds, loss, psnr, ...")->group("Log");
  image
      ->add_option("--log-every", a.log_every, "steps between its rows (default: evaluating takes a tenth of the time)")
      ->check(CLI::PositiveNumber)
      ->group("Log");
  add_common(*image, context.common);
  image->callback(
      [arguments, &context] { context.run = [arguments, &context] { return fit_image(*arguments, context.common); }; });
}

}  // namespace sinefield::cli
