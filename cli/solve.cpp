// `sinefield solve`: a problem file becomes a model file.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "cli/codecs.h"
#include "cli/command.h"
#include "cli/interruption.h"
#include "cli/progress.h"
#include "cli/reference.h"
#include "cli/run_files.h"
#include "io/checksum.h"
#include "sinefield/error.h"
#include "sinefield/model_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/problem_fit.h"
#include "sinefield/solve.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

struct SolveArguments {
  std::filesystem::path problem, model, init;
  std::vector<std::string> settings;
  std::int64_t seed = 0;
  int features = 4000;
  bool explain = false, resume = false;
  double checkpoint_every = 30;
  std::string recipe, optimizer, activation;
  std::optional<std::int64_t> steps, points;
  std::optional<double> seconds, lr, omega_first, omega_hidden, focus;
  std::optional<int> width, hidden_layers;
  ReferenceOptions reference;

  /// The first option of those that only a training knows, if one is given.
  const char* training_option() const {
    const std::pair<const char*, bool> given[] = {{"--steps", steps.has_value()},
                                                  {"--seconds", seconds.has_value()},
                                                  {"--lr", lr.has_value()},
                                                  {"--points", points.has_value()},
                                                  {"--omega-first", omega_first.has_value()},
                                                  {"--omega-hidden", omega_hidden.has_value()},
                                                  {"--focus", focus.has_value()},
                                                  {"--width", width.has_value()},
                                                  {"--hidden-layers", hidden_layers.has_value()},
                                                  {"--optimizer", !optimizer.empty()},
                                                  {"--activation", !activation.empty()},
                                                  {"--init", !init.empty()},
                                                  {"--resume", resume}};
    for (const auto& [name, is_given] : given)
      if (is_given) return name;
    return nullptr;
  }
};

ProblemSettings settings_from(const std::vector<std::string>& texts) {
  ProblemSettings settings;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    double value = NAN;
    std::size_t read = 0;
    try {
      if (equals != std::string::npos) value = std::stod(text.substr(equals + 1), &read);
    } catch (const std::exception&) {
      read = 0;
    }
    if (equals == std::string::npos || equals == 0 || read != text.size() - equals - 1 || !std::isfinite(value))
      throw bad_input(fmt::format("--set {}: expected NAME=VALUE, a finite number", text), "for example --set k=20");
    settings[text.substr(0, equals)] = value;
  }
  return settings;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

SolutionFormat solution_of(const Problem& problem, std::string text, const ProblemSettings& settings) {
  return {problem.coordinates(), problem.unknowns(), std::move(text), settings};
}

std::map<std::string, std::string> training_record(const SolveArguments& a, const SolveReport& report) {
  std::map<std::string, std::string> record = {{"software", "sinefield " SINEFIELD_VERSION},
                                               {"source", a.problem.filename().string()},
                                               {"method", report.method},
                                               {"features", fmt::format("{}", report.features)},
                                               {"wavenumber", fmt::format("{:.6g}", report.wavenumber)},
                                               {"rows", fmt::format("{}", report.rows)},
                                               {"seed", fmt::format("{}", a.seed)},
                                               {"residual", fmt::format("{:.3e}", report.residual)}};
  for (const SolutionError& e : report.errors) record["error_" + e.unknown] = fmt::format("{:.3e}", e.relative_l2);
  return record;
}

int print_lines(const std::vector<std::string>& lines, const Common& common) {
  print_result(common, fmt::format("{}", fmt::join(lines, "\n")), {{"lines", lines}});
  return 0;
}

Json terms_json(const std::vector<TermResidual>& terms) {
  Json all = Json::array();
  for (const TermResidual& t : terms)
    all.push_back({{"name", t.name}, {"residual", number(t.residual)}, {"size", number(t.size)}});
  return all;
}

Json errors_json(const std::vector<SolutionError>& errors) {
  Json all = Json::array();
  for (const SolutionError& e : errors)
    all.push_back({{"unknown", e.unknown}, {"relative_l2", number(e.relative_l2)}, {"largest", number(e.largest)}});
  return all;
}

std::string errors_words(const std::vector<SolutionError>& errors) {
  std::string words;
  for (const SolutionError& e : errors)
    words += fmt::format(", {}: relative L2 error {:.2e}, largest {:.2e}", e.unknown, e.relative_l2, e.largest);
  return words;
}

/// The recipe of the problem with what the command line changes.
ProblemFitOptions training_options(const SolveArguments& a, const Problem& problem, const Common& common) {
  ProblemFitOptions options;
  options.recipe = *problem.training;
  ProblemRecipe& recipe = options.recipe;
  if (!a.init.empty()) {
    const Field start = read_model(a.init);
    if (start.kind != FieldKind::network)
      throw bad_input(fmt::format("--init {}: holds several networks, expected a single one", a.init.string()));
    options.init = start.networks.front();
    const Architecture& shape = options.init->architecture;
    recipe.width = shape.width;
    recipe.hidden_layers = shape.hidden_layers;
    recipe.omega_first = shape.omega_first;
    recipe.omega_hidden = shape.omega_hidden;
    recipe.activation = shape.activation;
    recipe.encoding = shape.encoding;
  }
  if (a.width) recipe.width = *a.width;
  if (a.hidden_layers) recipe.hidden_layers = *a.hidden_layers;
  if (a.omega_first) recipe.omega_first = *a.omega_first;
  if (a.omega_hidden) recipe.omega_hidden = *a.omega_hidden;
  if (!a.activation.empty()) recipe.activation = activation_from_name(a.activation);
  if (!a.optimizer.empty()) recipe.optimizer = optimizer_from_name(a.optimizer);
  if (a.lr) {
    recipe.lr = *a.lr;
    for (TrainingStage& stage : recipe.stages) stage.lr.reset();
  }
  if (a.points) recipe.points = *a.points;
  if (a.focus) recipe.focus = *a.focus;
  options.steps = a.steps;
  options.seconds = a.seconds;
  options.seed = static_cast<std::uint64_t>(a.seed);
  options.compute = common.compute();
  options.started = process_start();
  options.checkpoints = {state_path(a.model), a.checkpoint_every, a.resume};
  return options;
}

std::map<std::string, std::string> training_record(const SolveArguments& a, const ProblemFitOptions& options,
                                                   const ProblemFitReport& report) {
  const ProblemRecipe& recipe = options.recipe;
  std::map<std::string, std::string> record = {{"software", "sinefield " SINEFIELD_VERSION},
                                               {"source", a.problem.filename().string()},
                                               {"recipe", recipe.name},
                                               {"optimizer", std::string(optimizer_name(recipe.optimizer))},
                                               {"lr", fmt::format("{}", recipe.lr)},
                                               {"points", fmt::format("{}", recipe.points)},
                                               {"steps", fmt::format("{}", report.steps)},
                                               {"horizon", fmt::format("{}", report.horizon)},
                                               {"seed", fmt::format("{}", options.seed)},
                                               {"isa", std::string(isa_name(options.compute.isa))},
                                               {"run", report.fingerprint}};
  for (const SolutionError& e : report.errors) record["error_" + e.unknown] = fmt::format("{:.3e}", e.relative_l2);
  return record;
}

std::string checksum_of(const std::string& text, const ProblemSettings& settings) {
  std::string all = text;
  for (const auto& [name, value] : settings) all += fmt::format("\n{}={}", name, value);
  Crc32 crc;
  crc.add(std::as_bytes(std::span(all.data(), all.size())));
  return crc.text();
}

/// What stands behind the name of the model in the last line.
std::string training_words(const ProblemFitReport& report) {
  std::string words = fmt::format("{} steps", report.steps);
  for (const TermResidual& t : report.terms) words += fmt::format(", {}: {:.2e} of {:.2e}", t.name, t.residual, t.size);
  return words + errors_words(report.errors);
}

/// Writes the reference beside the model, and says how far they are from each other.
void compare_with(const DirectSolution& reference, const SolveArguments& a, const Problem& problem, const Field& field,
                  const Common& common, std::string& line, Json& object) {
  const std::filesystem::path path = reference_path(a.model);
  write_reference(path, reference, common.overwrite());
  const ReferenceReport compared = report_of(reference, problem, &field, common);
  line += "\n" + compared.lines;
  object["reference"] = compared.object;
  object["reference"]["file"] = path.string();
}

int train_problem(const SolveArguments& a, const Problem& problem, const ProblemSettings& settings,
                  const std::optional<DirectSolution>& reference, const Common& common,
                  const Interruption& interruption) {
  ProblemFitOptions options = training_options(a, problem, common);
  if (a.explain) return print_lines(explain_training(problem, options), common);
  const OutputLock lock(a.model);
  const std::string text = text_of(a.problem), identity = checksum_of(text, settings);
  if (const auto field = check_run_files(a.model, a.resume, common, {a.problem, a.init},
                                         [&] { return problem_fingerprint(problem, options, identity); })) {
    print_result(common, fmt::format("{}: this run has ended already", a.model.string()),
                 {{"model", a.model.string()}, {"stopped_by", "finished before"}, {"training", field->training}});
    return 0;
  }
  options.stop = interruption.token();
  auto progress = std::make_unique<Progress>(common);
  options.on_progress = [&](const ProblemFitProgress& p) {
    const double done = a.seconds ? p.seconds / (p.seconds + p.seconds_left)
                                  : static_cast<double>(p.step) / static_cast<double>(p.step_limit);
    progress->update(done, p.seconds_left, [&] { return fmt::format("step {}  loss {:.2e}", p.step, p.loss); });
  };
  ProblemFitResult result = fit_problem(problem, options, identity);
  progress.reset();
  const ProblemFitReport& report = result.report;
  const std::filesystem::path state = options.checkpoints.state;
  if (report.stopped_by == StoppedBy::interruption) {
    print_result(common,
                 fmt::format("interrupted after {} steps; {} holds all of it: the same command with --resume goes on",
                             report.steps, state.string()),
                 {{"model", nullptr},
                  {"state", state.string()},
                  {"steps", report.steps},
                  {"seconds", seconds_since_start()},
                  {"stopped_by", stopped_by_name(report.stopped_by)}});
    return 128 + interruption.signal();
  }
  result.field.signal = solution_of(problem, text, settings);
  result.field.training = training_record(a, options, report);
  write_model(a.model, result.field, common.overwrite());
  std::error_code ignored;
  std::filesystem::remove(state, ignored);
  const double seconds = seconds_since_start();
  const Architecture& network = result.field.networks.front().architecture;
  std::string line =
      fmt::format("{}: {}, {:.1f} s, {} parameters, stopped by {}", a.model.string(), training_words(report), seconds,
                  parameter_count(network), stopped_by_name(report.stopped_by));
  Json object = {{"model", a.model.string()},
                 {"recipe", options.recipe.name},
                 {"steps", report.steps},
                 {"horizon", report.horizon},
                 {"loss", number(report.loss)},
                 {"terms", terms_json(report.terms)},
                 {"weights", report.weights},
                 {"errors", errors_json(report.errors)},
                 {"parameters", parameter_count(network)},
                 {"seconds", seconds},
                 {"seed", options.seed},
                 {"stopped_by", stopped_by_name(report.stopped_by)},
                 {"threads", options.compute.threads},
                 {"isa", isa_name(options.compute.isa)}};
  if (reference) compare_with(*reference, a, problem, result.field, common, line, object);
  print_result(common, line, object);
  return 0;
}

int solve_problem(const SolveArguments& a, const Common& common) {
  const Interruption interruption;
  if (!a.explain && a.model.empty() && !a.reference.wanted)
    throw bad_input("solve: no model file to write", "give -o MODEL, --explain or --reference");
  if (!a.explain && !a.model.empty() && a.reference.wanted)
    check_output(reference_path(a.model), common, {a.problem, a.model});
  const ProblemSettings settings = settings_from(a.settings);
  const Problem problem = read_problem(a.problem, settings, given_files(common), a.recipe);
  if (const char* const option = a.training_option(); option != nullptr && !problem.training)
    throw bad_input(fmt::format("{} is an option of training, and {} is solved in last layers", option,
                                a.problem.filename().string()),
                    "give --recipe train too, or leave it out");
  SolveOptions options;
  options.seed = static_cast<std::uint64_t>(a.seed);
  options.most_features = a.features;
  options.compute = common.compute();
  options.stop = interruption.token();
  if (a.explain && !problem.training) return print_lines(explain(problem, options), common);
  if (!a.model.empty() && !problem.training) check_output(a.model, common, {a.problem});
  std::optional<DirectSolution> reference;
  if (a.reference.wanted && !a.explain) reference = reference_of(problem, a.reference, common, options.stop);
  if (a.model.empty() && reference) {
    const ReferenceReport alone = report_of(*reference, problem, nullptr, common);
    print_result(common, alone.lines, {{"reference", alone.object}});
    return 0;
  }
  if (problem.training) return train_problem(a, problem, settings, reference, common, interruption);
  SolveResult result = solve(problem, options, [&](const SolveProgress& p) {
    if (!common.quiet)
      fmt::print(stderr, "{}{} features up to wavenumber {:.4g}, {} rows: residual {:.2e}, {:.1f} s\n",
                 p.until ? fmt::format("until {:.4g}: ", *p.until) : "", p.features, p.wavenumber, p.rows, p.residual,
                 seconds_since_start());
  });
  const SolveReport& report = result.report;
  if (report.warning && !common.quiet) fmt::print(stderr, "sinefield: {}\n", *report.warning);
  result.field.signal = solution_of(problem, text_of(a.problem), settings);
  result.field.training = training_record(a, report);
  write_model(a.model, result.field, common.overwrite());

  const double seconds = seconds_since_start() - (reference ? reference->report.seconds : 0);
  std::string line =
      fmt::format("{}: {} features, {} rows, {}, residual {:.2e}{}, {:.1f} s", a.model.string(), report.features,
                  report.rows, report.method, report.residual, errors_words(report.errors), seconds);
  Json object = {{"model", a.model.string()},
                 {"features", report.features},
                 {"wavenumber", report.wavenumber},
                 {"rows", report.rows},
                 {"method", report.method},
                 {"slabs", report.slabs},
                 {"newton_steps", report.newton_steps},
                 {"residual", number(report.residual)},
                 {"terms", terms_json(report.terms)},
                 {"errors", errors_json(report.errors)},
                 {"seconds", seconds},
                 {"threads", options.compute.threads},
                 {"isa", isa_name(options.compute.isa)}};
  if (reference) compare_with(*reference, a, problem, result.field, common, line, object);
  print_result(common, line, object);
  return 0;
}

}  // namespace

void add_solve(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("solve", "solve the equations of a problem file");
  auto arguments = std::make_shared<SolveArguments>();
  SolveArguments& a = *arguments;
  command->add_option("PROBLEM", a.problem, "the problem file, PROBLEM.toml")->required();
  command->add_option("-o,--output", a.model, "the model file to write");
  command->add_flag("--explain", a.explain,
                    "say what would be done, and do nothing: derivatives, plans, counts, costs");
  command->add_option("--set", a.settings, "NAME=VALUE: another value of a constant of the file; may be given often")
      ->allow_extra_args(false);
  command->add_option("--features", a.features, "most features of a solution, where the file does not say how many")
      ->check(CLI::Range(50, 20'000))
      ->capture_default_str();
  command->add_option("--seed", a.seed, "of points and features")->check(CLI::NonNegativeNumber)->capture_default_str();
  a.reference.add_to(*command);

  const char* const training = "Training, where the recipe is not exact";
  command
      ->add_option("--recipe", a.recipe,
                   "exact: last layers; train, original (the paper's) or one of the file (its default)")
      ->group(training);
  command->add_option("--steps", a.steps, "optimiser steps, of all stages together")
      ->check(CLI::PositiveNumber)
      ->group(training);
  command->add_option("--seconds", a.seconds, "wall time from start to the written file")
      ->check(CLI::PositiveNumber)
      ->group(training);
  command->add_option("--points", a.points, "of a step, shared by the terms")
      ->check(CLI::PositiveNumber)
      ->group(training);
  command->add_option("--focus", a.focus, "share of the points that stays where the residual is")
      ->check(CLI::Range(0.0, 0.95))
      ->group(training);
  command->add_option("--width", a.width, "units per layer")->group(training);
  command->add_option("--hidden-layers", a.hidden_layers, "square layers between the first and the output")
      ->group(training);
  command->add_option("--omega-first", a.omega_first, "omega of the first layer; space is [-1, 1]")
      ->check(CLI::PositiveNumber)
      ->group(training);
  command->add_option("--omega-hidden", a.omega_hidden, "frequency factor of the hidden layers")
      ->check(CLI::PositiveNumber)
      ->group(training);
  command
      ->add_option("--activation", a.activation, fmt::format("{} (default: sine)", fmt::join(activation_names(), ", ")))
      ->group(training);
  command->add_option("--optimizer", a.optimizer, "adam, soap or lbfgs (default: the recipe's)")->group(training);
  command->add_option("--lr", a.lr, "learning rate, of all stages")->check(CLI::PositiveNumber)->group(training);
  command->add_option("--init", a.init, "model to start from")->group(training);
  command->add_option("--checkpoint-every", a.checkpoint_every, "seconds between states of the run, in MODEL.state")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(training);
  command->add_flag("--resume", a.resume, "go on from MODEL.state, to the same bits; afresh where there is none")
      ->group(training);
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] { return solve_problem(*arguments, context.common); };
  });
}

}  // namespace sinefield::cli
