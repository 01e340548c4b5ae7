// `sinefield fit`: a signal becomes a model file.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "cli/fit_options.h"
#include "cli/interruption.h"
#include "cli/progress.h"
#include "cli/run_files.h"
#include "cli/signals.h"
#include "signal/derivative_samples.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/model_file.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

struct FitArguments {
  SignalKind kind = SignalKind::picture;
  std::filesystem::path input, model, log, targets;
  TrainingArguments training;
  std::optional<std::int64_t> log_every;
  double checkpoint_every = 30;
  bool holdout = false, resume = false, border = false;
  std::string supervise = "value";
};

/// step,seconds,loss,psnr,held_out_psnr,lr,loss_value, where the whole signal was evaluated. The file appears with the
/// first row, a run that never starts leaves none; a resumed run adds to it.
class FitLog {
 public:
  enum class Start { afresh, resumed };
  FitLog(std::filesystem::path path, Start start) : path_(std::move(path)), start_(start) {}

  bool wanted() const { return !path_.empty(); }

  void add(const FitProgress& p) {
    if (!file_.is_open()) {
      const bool more = start_ == Start::resumed && std::filesystem::exists(path_);
      file_.open(path_, more ? std::ios::app : std::ios::trunc);
      if (!more) file_ << "step,seconds,loss,psnr,held_out_psnr,lr,loss_value\n";
    }
    file_ << fmt::format("{},{:.3f},{:.6e},{:.4f},{},{:.6e},{:.6e}\n", p.step, p.seconds, p.loss, p.psnr.value_or(0),
                         p.held_out_psnr ? fmt::format("{:.4f}", *p.held_out_psnr) : "", p.lr, p.loss);
    file_.flush();
    if (!file_) throw failure(fmt::format("{}: the log cannot be written", path_.string()), "is the disk full?");
  }

 private:
  std::filesystem::path path_;
  Start start_;
  std::ofstream file_;
};

std::map<std::string, std::string> training_record(const FitArguments& a, const FitOptions& options,
                                                   const FitResult& result) {
  const Recipe& recipe = options.recipe;
  const FitReport& report = result.report;
  const bool tiled = result.field.kind == FieldKind::tiles;
  return {{"software", "sinefield " SINEFIELD_VERSION},
          {"source", a.input.filename().string()},
          {"recipe", recipe.name},
          {"tiles", tiles_words(result.field)},
          {"optimizer", std::string(optimizer_name(recipe.optimizer))},
          {"lr", recipe.optimizer == OptimizerKind::lbfgs ? "none" : fmt::format("{}", recipe.lr)},
          {"schedule", std::string(schedule_name(recipe.schedule))},
          {"batch", recipe.batch == 0 ? "all" : fmt::format("{}", recipe.batch)},
          {"clip_norm", fmt::format("{}", recipe.clip_norm)},
          {"seed", fmt::format("{}", options.seed)},
          {"steps", fmt::format("{}", report.steps)},
          {"total_steps", tiled ? fmt::format("{}", report.total_steps) : ""},
          {"horizon", fmt::format("{}", report.horizon)},
          {"supervise", options.supervise == Supervise::value ? "" : std::string(supervise_name(options.supervise))},
          {"border", options.border ? "given" : ""},
          {"targets", a.targets.filename().string()},
          {"holdout", options.holdout == Holdout::none ? "" : "even positions along every axis trained"},
          {"init", a.training.init.filename().string()},
          {"isa", std::string(isa_name(options.compute.isa))},
          {"run", report.fingerprint},
          {"psnr", fmt::format("{:.4f}", report.psnr)},
          {"held_out_psnr", report.held_out_psnr ? fmt::format("{:.4f}", *report.held_out_psnr) : ""}};
}

/// A run that is asked to go on although it has ended: says so, and what it came to.
int finished_already(const FitArguments& a, const Common& common, const Field& field) {
  const auto word = [&](const char* key) {
    const auto found = field.training.find(key);
    return found == field.training.end() ? std::string() : found->second;
  };
  print_result(common, fmt::format("{}: this run has ended already: {} dB", a.model.string(), word("psnr")),
               {{"model", a.model.string()}, {"stopped_by", "finished before"}, {"training", field.training}});
  return 0;
}

int interrupted(const FitArguments& a, const Common& common, const FitReport& report, int signal) {
  const std::string state = state_path(a.model).string();
  print_result(common,
               fmt::format("interrupted after {} steps; {} holds all of it: the same command with --resume goes on",
                           report.steps, state),
               {{"model", nullptr},
                {"state", state},
                {"steps", report.steps},
                {"total_steps", report.total_steps},
                {"seconds", seconds_since_start()},
                {"stopped_by", stopped_by_name(StoppedBy::interruption)}});
  return 128 + signal;
}

/// Silence, or one colour all over.
bool is_flat(const FitReport& report) { return report.total_steps == 0 && std::isinf(report.psnr); }

int fit_signal(const FitArguments& a, const Common& common) {
  const Interruption interruption;
  const ComputeOptions compute = common.compute();
  const OutputLock lock(a.model);
  if (!a.resume) check_output(a.model, common, {a.input, a.targets});
  if (!a.log.empty() && !a.resume)
    check_output(a.log, common, {a.input, a.model, a.training.init, a.targets, state_path(a.model)});
  FitOptions options = a.training.options(a.kind);
  options.compute = compute;
  options.started = process_start();
  options.stop = interruption.token();
  options.holdout = a.holdout ? Holdout::between : Holdout::none;
  for (const Supervise what : {Supervise::gradient, Supervise::laplacian})
    if (a.supervise == supervise_name(what)) options.supervise = what;
  options.border = a.border;
  if (!a.training.overlap) options.recipe.overlap = suggested_overlap(options.recipe, options.supervise);
  options.checkpoints = {state_path(a.model), a.checkpoint_every, a.resume};

  const LoadedSignal loaded = load_signal(a.kind, a.input, a.model.parent_path(), common);
  const Signal& signal = loaded.signal;
  if (!a.targets.empty()) {
    if (options.supervise == Supervise::value)
      throw bad_input("--targets are derivatives, but values are supervised",
                      "give --supervise gradient or --supervise laplacian");
    options.derivatives = read_derivatives(a.targets, *signal.samples, options.supervise, common.memory());
  }
  if (const auto field = check_run_files(a.model, a.resume, common, {a.input, a.training.init, a.targets},
                                         [&] { return fit_fingerprint(signal, options); }))
    return finished_already(a, common, *field);
  FitLog log(a.log, a.resume ? FitLog::Start::resumed : FitLog::Start::afresh);
  if (log.wanted())
    options.evaluate_every = a.log_every.value_or(evaluation_interval(options.recipe, signal.samples->points()));

  auto progress = std::make_unique<Progress>(common);
  std::optional<double> last_psnr;
  options.on_progress = [&](const FitProgress& p) {
    if (p.psnr) {
      last_psnr = p.psnr;
      if (log.wanted()) log.add(p);
    }
    const double done = fraction_done(p, options);
    progress->update(done, p.seconds_left, [&] {
      return fmt::format("step {}{}{}", p.step, p.loss > 0 ? fmt::format("  loss {:.2e}", p.loss) : "",
                         last_psnr ? fmt::format("  {:.2f} dB", *last_psnr) : "");
    });
  };
  FitResult result = fit(signal, options);
  progress.reset();
  const FitReport& report = result.report;
  if (report.stopped_by == StoppedBy::interruption) return interrupted(a, common, report, interruption.signal());
  result.field.training = training_record(a, options, result);
  write_model(a.model, result.field, common.overwrite());
  std::error_code ignored;
  std::filesystem::remove(options.checkpoints.state, ignored);

  const double seconds = seconds_since_start();
  const Architecture& architecture = result.field.networks.front().architecture;
  const std::int64_t networks = std::ssize(result.field.networks);
  const std::int64_t parameters = parameters_of(result.field);
  const bool tiled = result.field.kind == FieldKind::tiles;
  const double omega_first =
      tiled ? architecture.omega_first / result.field.tiling.axes.back().half_width : architecture.omega_first;
  Json object = {{"model", a.model.string()}};
  object.update(measures_json(report.measures));
  object.update({{"held_out_psnr", report.held_out_psnr ? number(*report.held_out_psnr) : Json(nullptr)},
                 {"limit_psnr", report.limit_psnr ? number(*report.limit_psnr) : Json(nullptr)},
                 {"loss", number(report.loss)},
                 {"steps", report.steps},
                 {"total_steps", report.total_steps},
                 {"horizon", report.horizon},
                 {"seconds", seconds},
                 {"parameters", parameters},
                 {"tiles", tiled ? Json(tiles_words(result.field)) : Json(nullptr)},
                 {"omega_first", omega_first},
                 {"omega_hidden", architecture.omega_hidden},
                 {"activation", activation_name(architecture.activation)},
                 {"encoding", encoding_text(architecture.encoding)},
                 {"optimizer", optimizer_name(options.recipe.optimizer)},
                 {"plan", report.plan},
                 {"seed", options.seed},
                 {"recipe", options.recipe.name},
                 {"supervise", supervise_name(options.supervise)},
                 {"rollbacks", report.rollbacks},
                 {"restarts", report.restarts},
                 {"stopped_by", stopped_by_name(report.stopped_by)},
                 {"signal", signal_json(signal.format)},
                 {"warnings", signal.warnings},
                 {"threads", options.compute.threads},
                 {"isa", isa_name(options.compute.isa)}});
  if (const auto* picture = std::get_if<PictureFormat>(&signal.format))
    object.update({{"height", picture->height}, {"width", picture->width}, {"channels", picture->channel_count()}});
  print_result(
      common,
      fmt::format("{}: {}{}{}{}, {} steps{}, {:.1f} s, {} parameters, stopped by {}", a.model.string(),
                  is_flat(report) ? "the same all over, which fits exactly: " : "", measures_words(report.measures),
                  report.held_out_psnr ? fmt::format(" (held out: {:.2f} dB)", *report.held_out_psnr) : "",
                  report.limit_psnr ? fmt::format(" of {:.2f} dB that its {} hold", *report.limit_psnr,
                                                  options.border ? "differences and border" : "gradients")
                                    : "",
                  report.steps, tiled ? fmt::format(" of each of {} tiles", networks) : "", seconds, parameters,
                  stopped_by_name(report.stopped_by)),
      object);
  return 0;
}

/// `fit KIND`, with the options of all kinds.
void add_kind(CLI::App& fit, Context& context, SignalKind kind, const char* name, const char* what, const char* input) {
  CLI::App* command = fit.add_subcommand(name, what);
  auto arguments = std::make_shared<FitArguments>();
  FitArguments& a = *arguments;
  a.kind = kind;
  command->add_option("IN", a.input, input)->required();
  command->add_option("-o,--output", a.model, "the model file to write")->required();

  a.training.add_to(*command, kind);
  command->add_flag("--holdout", a.holdout, "train on even positions along every axis, score the samples between them")
      ->group(training_group);
  if (kind == SignalKind::picture) {
    command->add_option("--supervise", a.supervise, "value; gradient or laplacian: the networks see derivatives alone")
        ->check(CLI::IsMember({"value", "gradient", "laplacian"}))
        ->capture_default_str()
        ->group(training_group);
    command->add_flag("--border", a.border, "with laplacian: the values of the outermost pixels are given too")
        ->group(training_group);
    command
        ->add_option("--targets", a.targets,
                     "FILE.npy of the derivatives per pixel: (rows, columns, channels), of gradients times 2")
        ->group(training_group);
  }

  const char* const state = "State";
  command->add_option("--checkpoint-every", a.checkpoint_every, "seconds between states of the run, in MODEL.state")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(state);
  command->add_flag("--resume", a.resume, "go on from MODEL.state, to the same bits; afresh where there is none")
      ->group(state);

  command->add_option("--log", a.log, "CSV of step, seconds, loss, psnr, ...")->group("Log");
  command
      ->add_option("--log-every", a.log_every, "steps between its rows (default: evaluating takes a tenth of the time)")
      ->check(CLI::PositiveNumber)
      ->group("Log");
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] { return fit_signal(*arguments, context.common); };
  });
}

}  // namespace

void add_fit(CLI::App& app, Context& context) {
  CLI::App* fit = app.add_subcommand("fit", "fit a field to a signal");
  fit->require_subcommand(1);
  add_kind(*fit, context, SignalKind::picture, "image", "fit a picture (PNG, JPEG, TIFF, EXR)", "the picture");
  add_kind(*fit, context, SignalKind::sound, "audio", "fit a sound (WAV, FLAC, OGG, Opus, MP3, M4A, ...)", "the sound");
  add_kind(*fit, context, SignalKind::video, "video", "fit a video (MP4, MKV, WebM, GIF, frames-%04d.png, ...)",
           "the video, or the pattern of its frames' names");
  add_kind(*fit, context, SignalKind::volume, "volume", "fit a volume (NPY, NRRD, NIfTI)", "the volume");
}

}  // namespace sinefield::cli
