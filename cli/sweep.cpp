// `sinefield sweep`: one fit for every combination of options, judged by pixels that none of them saw.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <utility>

#include "cli/codecs.h"
#include "cli/command.h"
#include "cli/fit_options.h"
#include "cli/interruption.h"
#include "cli/progress.h"
#include "cli/sweep_pictures.h"
#include "cli/sweep_runs.h"
#include "io/output_file.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/measures.h"
#include "sinefield/render.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* listed[] = {"tiles",  "parameters", "overlap", "width", "hidden-layers", "omega-first",
                                  "recipe", "optimizer",  "lr",      "batch", "seed"};

struct SweepArguments {
  struct Text {
    std::string name, value;
    CLI::Option* option = nullptr;
  };
  fs::path input, folder;
  std::vector<std::unique_ptr<Text>> texts;  // the options of a run, in the order of the help
  bool resume = false;
};

/// What a sweep leaves in its folder.
struct Files {
  fs::path identity, runs, map, sheet, crops;

  explicit Files(const fs::path& folder)
      : identity(folder / "sweep.json"),
        runs(folder / "sweep.csv"),
        map(folder / "sweep.png"),
        sheet(folder / "crops.png"),
        crops(folder / "crops") {}
  fs::path crop(std::size_t run) const { return crops / fmt::format("{:04}.tif", run + 1); }
};

std::vector<std::string> split(const SweepArguments::Text& text) {
  std::vector<std::string> values(1);
  for (const char c : text.value) {
    if (c == ',') {
      values.emplace_back();
    } else {
      values.back() += c;
    }
  }
  if (std::ranges::any_of(values, [](const std::string& value) { return value.empty(); }))
    throw bad_input(fmt::format("--{} {}: expected values with one comma between two", text.name,
                                text.value.empty() ? "''" : text.value));
  return values;
}

/// The options that were given, lists cut at their commas.
std::vector<SweptOption> swept_options(const SweepArguments& a) {
  std::vector<SweptOption> options;
  for (const auto& text : a.texts) {
    if (text->option->count() == 0) continue;
    const bool list = std::ranges::count(listed, text->name) > 0;
    options.push_back({text->name, list ? split(*text) : std::vector<std::string>{text->value}});
  }
  return options;
}

/// Factors of the first-layer frequency that a run would choose by itself, where nothing else is to be varied.
void vary_omega_first(std::vector<SweptOption>& options, const Signal& signal, const Common& common) {
  const bool given = std::ranges::any_of(
      options, [](const SweptOption& o) { return o.values.size() > 1 || o.name == "omega-first" || o.name == "init"; });
  if (given) return;
  const Recipe recipe = Grid(options).arguments(0).options(SignalKind::picture).recipe;
  const double suggested = omegas_of(recipe, every_second(signal)).back();
  SweptOption omega{"omega-first", {}};
  for (const double factor : {0.25, 0.5, 1.0, 2.0}) omega.values.push_back(fmt::format("{:.4g}", factor * suggested));
  if (!common.quiet)
    fmt::print(stderr, "sinefield: no list given, so --omega-first {}: 0.25, 0.5, 1 and 2 times the suggested one\n",
               fmt::join(omega.values, ","));
  options.push_back(std::move(omega));
}

Json options_object(const Grid& grid) {
  Json object = Json::object();
  for (const SweptOption& option : grid.options()) object[option.name] = option.values;
  return object;
}

/// The sweep in the folder must be this one.
void check_identity(const Files& files, const Grid& grid) {
  std::ifstream file(files.identity);
  const Json theirs = Json::parse(file, nullptr, false), ours = options_object(grid);
  const char* const hint = "give the options of that sweep, or start over with --force and without --resume";
  if (!theirs.is_object() || !theirs.contains("options") || !theirs["options"].is_object())
    throw bad_input(fmt::format("{} does not describe a sweep", files.identity.string()),
                    "start over with --force and without --resume");
  const auto words = [](const Json& options, const std::string& name) {
    return options.contains(name) ? options[name].dump(-1, ' ', false, Json::error_handler_t::replace) : "not given";
  };
  Json names = ours;
  names.update(theirs["options"]);
  for (const auto& [name, ignored] : names.items())
    if (words(ours, name) != words(theirs["options"], name))
      throw bad_input(fmt::format("{} is of another sweep: its --{} is {}, here it is {}", files.identity.string(),
                                  name, words(theirs["options"], name), words(ours, name)),
                      hint);
}

/// Before the folder is made or anything is trained: what lies where the sweep will write.
void check_targets(const SweepArguments& a, const Files& files, const Common& common) {
  std::error_code ignored;
  if (fs::exists(a.folder, ignored) && !fs::is_directory(a.folder, ignored))
    throw bad_input(fmt::format("cannot write into {}: it is not a folder", a.folder.string()), "give another name");
  if (!fs::exists(a.folder, ignored) || a.resume) return;
  if (fs::exists(files.identity, ignored) && !common.force)
    throw bad_input(fmt::format("there is a sweep in {} already", a.folder.string()),
                    "give --resume to go on with it, --force to start over, or another folder");
  for (const fs::path& file : {files.identity, files.runs, files.map, files.sheet})
    check_output(file, common, {a.input});
}

/// Makes the folder, with what was there of this sweep taken away or, to go on with it, read.
Outcomes prepare(const SweepArguments& a, const Files& files, const Grid& grid,
                 const std::vector<std::string>& fingerprints, const Common& common) {
  std::error_code error;
  if (a.resume && fs::exists(files.identity, error)) {
    check_identity(files, grid);
    Outcomes outcomes = read_runs(files.runs, grid, fingerprints);
    for (std::size_t run = 0; run < outcomes.size(); ++run)
      if (outcomes[run] && !outcomes[run]->failed() && !fs::exists(files.crop(run), error)) outcomes[run].reset();
    return outcomes;
  }
  if (a.resume && !common.quiet)
    fmt::print(stderr, "sinefield: there is no {}: starting afresh\n", files.identity.string());
  for (const fs::path& file : {files.identity, files.runs, files.map, files.sheet})
    check_output(file, common, {a.input});
  for (const fs::path& file : {files.runs, files.map, files.sheet}) fs::remove(file, error);
  for (std::size_t run = 0; run < Grid::most_runs; ++run) fs::remove(files.crop(run), error);
  if (fs::create_directory(files.crops, error); error)
    throw failure(fmt::format("cannot make the folder {}: {}", files.crops.string(), error.message()));
  OutputFile identity(files.identity, common.overwrite());
  identity.write(Json{{"software", "sinefield " SINEFIELD_VERSION},
                      {"source", a.input.filename().string()},
                      {"options", options_object(grid)}}
                     .dump(2, ' ', false, Json::error_handler_t::replace) +
                 "\n");
  identity.commit();
  return Outcomes(grid.size());
}

/// The field as integers, as far as the window shows it.
Picture crop_of(const Field& field, const Window& window, const ComputeOptions& compute) {
  const SampleType type = field.picture()->type == SampleType::f32 ? SampleType::u16 : field.picture()->type;
  Picture picture =
      cropped(render_values(field, field.picture()->height, field.picture()->width, type, compute), window);
  quantise(picture);
  return picture;
}

Outcome outcome_of(const FitResult& result) {
  const FitReport& report = result.report;
  return {.tiles = tiles_words(result.field),
          .parameters = parameters_of(result.field),
          .psnr = report.psnr,
          .held_out_psnr = report.held_out_psnr.value_or(Outcome::none),
          .ssim = std::get<PictureMeasures>(report.measures).ssim,
          .seconds = report.seconds,
          .steps = report.steps,
          .total_steps = report.total_steps,
          .stopped_by = std::string(stopped_by_name(report.stopped_by)),
          .error = ""};
}

Outcome failed_outcome(const FitOptions& options, const std::string& error) {
  Outcome outcome;
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - options.started).count();
  outcome.stopped_by = "failure";
  outcome.error = error;
  return outcome;
}

Json result_object(const SweepArguments& a, const Grid& grid, const Outcomes& outcomes) {
  Json runs = Json::array();
  for (std::size_t run = 0; run < grid.size(); ++run)
    if (outcomes[run]) runs.push_back(run_object(grid, outcomes, run));
  const auto best = best_run(outcomes);
  return {{"folder", a.folder.string()},
          {"runs", std::move(runs)},
          {"best", best ? run_object(grid, outcomes, *best) : Json(nullptr)},
          {"seconds", seconds_since_start()}};
}

void write_pictures(const SweepArguments& a, const Files& files, const Grid& grid, const Outcomes& outcomes,
                    const Picture& picture, const Window& window, const Common& common) {
  std::string title = a.input.filename().string(), subtitle;
  if (const auto best = best_run(outcomes))
    if (!grid.varied().empty()) title += ": best with " + grid.setting(*best);
  for (const SweptOption& option : grid.options())
    if (option.values.size() == 1) subtitle += fmt::format("--{} {}  ", option.name, option.values.front());
  pictures().write_picture(files.map, pictures().heat_map(quality_map(grid, outcomes, title, subtitle)));
  std::vector<Picture> crops(grid.size());
  for (std::size_t run = 0; run < grid.size(); ++run)
    if (!outcomes[run]->failed()) crops[run] = pictures().read_picture(files.crop(run), common.memory());
  pictures().write_picture(files.sheet, crop_sheet(grid, outcomes, cropped(in_integers(picture), window), crops));
}

int sweep_image(const SweepArguments& a, const Common& common) {
  const Interruption interruption;
  const ComputeOptions compute = common.compute();
  const Files files(a.folder);
  check_targets(a, files, common);
  std::vector<SweptOption> options = swept_options(a);
  Grid grid(options);
  const Picture picture = pictures().read_picture(a.input, common.memory());
  if (std::max(picture.format.height, picture.format.width) < 3)
    throw bad_input(fmt::format("{}: {} x {} pixels leave none between those that are trained on", a.input.string(),
                                picture.format.width, picture.format.height),
                    "give a picture of at least 3 pixels one way");
  const Signal signal = picture_signal(picture);
  vary_omega_first(options, signal, common);
  grid = Grid(std::move(options));

  const auto fit_options = [&](std::size_t run) {
    FitOptions one = grid.arguments(run).options(SignalKind::picture);
    one.compute = compute;
    one.holdout = Holdout::between;
    one.stop = interruption.token();
    return one;
  };
  // Says also what is wrong with a combination, before anything is trained.
  std::vector<std::string> fingerprints;
  for (std::size_t run = 0; run < grid.size(); ++run) fingerprints.push_back(fit_fingerprint(signal, fit_options(run)));

  std::error_code error;
  if (!fs::exists(a.folder, error) && !fs::create_directory(a.folder, error))
    throw bad_input(fmt::format("cannot make the folder {}: {}", a.folder.string(), error.message()),
                    "make the folder above it first, or choose another");
  const OutputLock lock(files.runs);
  Outcomes outcomes = prepare(a, files, grid, fingerprints, common);
  const Window window = detailed_window(picture);

  auto progress = std::make_unique<Progress>(common);
  const auto all = static_cast<double>(grid.size());
  auto finished =
      static_cast<std::size_t>(std::ranges::count_if(outcomes, [](const auto& o) { return o.has_value(); }));
  const double before = static_cast<double>(finished), started = seconds_since_start();
  for (std::size_t run = 0; run < grid.size() && interruption.signal() == 0; ++run) {
    if (outcomes[run]) continue;
    FitOptions one = fit_options(run);
    one.started = std::chrono::steady_clock::now();
    one.on_progress = [&](const FitProgress& p) {
      const double part = fraction_done(p, one);
      const double done = static_cast<double>(finished) + std::min(part, 1.0), here = done - before;
      const double left = here > 0 ? (seconds_since_start() - started) / here * (all - done) : -1;
      progress->update(done / all, left, [&] {
        const std::string words = grid.setting(run);
        return fmt::format("run {} of {}  {}{}step {}", finished + 1, grid.size(), words, words.empty() ? "" : "  ",
                           p.step);
      });
    };
    std::optional<FitResult> result;
    try {
      result = fit(signal, one);
    } catch (const std::bad_alloc&) {
      outcomes[run] = failed_outcome(one, "out of memory");
    } catch (const Error& failed) {
      if (failed.kind() != ErrorKind::failure) throw;
      outcomes[run] = failed_outcome(one, failed.what());
    }
    if (result) {
      if (result->report.stopped_by == StoppedBy::interruption) break;
      outcomes[run] = outcome_of(*result);
      pictures().write_picture(files.crop(run), crop_of(result->field, window, compute));
    }
    ++finished;
    write_runs(files.runs, grid, outcomes, fingerprints);
  }
  progress.reset();
  const std::string text = table(grid, outcomes);
  Json object = result_object(a, grid, outcomes);
  if (finished < grid.size()) {
    object["stopped_by"] = stopped_by_name(StoppedBy::interruption);
    print_result(common,
                 fmt::format("{}\ninterrupted after {} of {} runs: the same command with --resume goes on", text,
                             finished, grid.size()),
                 object);
    return 128 + interruption.signal();
  }
  write_pictures(a, files, grid, outcomes, picture, window, common);
  object.update({{"csv", files.runs.string()}, {"map", files.map.string()}, {"crops", files.sheet.string()}});
  print_result(common,
               fmt::format("{}\n{}, {}, {}", text, files.runs.string(), files.map.string(), files.sheet.string()),
               object);
  return best_run(outcomes) ? 0 : 1;
}

}  // namespace

void add_sweep(CLI::App& app, Context& context) {
  CLI::App* sweep = app.add_subcommand("sweep", "compare training options by pixels that were held out");
  sweep->require_subcommand(1);
  CLI::App* image = sweep->add_subcommand(
      "image", "fit a picture once for every combination of the listed options, on every second pixel");
  image->footer(
      "Options with ,... take several values with commas between them. With no list at all, --omega-first is tried at\n"
      "0.25, 0.5, 1 and 2 times the suggested one. Example:\n"
      "  sinefield sweep image photo.png --omega-first 15,30,60 --width 32,64 --tiles none --seconds 20 -o sweep");
  auto arguments = std::make_shared<SweepArguments>();
  SweepArguments& a = *arguments;
  image->add_option("IN", a.input, "the picture")->required();
  image->add_option("-o,--output", a.folder, "the folder for sweep.csv, sweep.png and crops.png")->required();

  // The options of `fit image` as texts: every run parses its own of them.
  CLI::App run_options;
  run_options.set_help_flag();
  TrainingArguments declared;
  declared.add_to(run_options, SignalKind::picture);
  for (const CLI::Option* option : run_options.get_options()) {
    auto text = std::make_unique<SweepArguments::Text>();
    text->name = option->get_lnames().front();
    const bool list = std::ranges::count(listed, text->name) > 0;
    text->option = image->add_option("--" + text->name, text->value, option->get_description())
                       ->type_name(option->get_type_name() + (list ? ",..." : ""))
                       ->group(option->get_group());
    a.texts.push_back(std::move(text));
  }
  image->add_flag("--resume", a.resume, "do the runs that sweep.csv lacks; afresh where there is none")->group("State");
  add_common(*image, context.common);
  image->callback([arguments, &context] {
    context.run = [arguments, &context] { return sweep_image(*arguments, context.common); };
  });
}

}  // namespace sinefield::cli
