// `sinefield solve`: a problem file becomes a model file.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "cli/command.h"
#include "cli/interruption.h"
#include "sinefield/error.h"
#include "sinefield/model_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/solve.h"
#include "sinefield/version.h"

namespace sinefield::cli {
namespace {

struct SolveArguments {
  std::filesystem::path problem, model;
  std::vector<std::string> settings;
  std::int64_t seed = 0;
  int features = 4000;
  bool explain = false;
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

int explain_problem(const Problem& problem, const SolveOptions& options, const Common& common) {
  const std::vector<std::string> lines = explain(problem, options);
  print_result(common, fmt::format("{}", fmt::join(lines, "\n")), {{"lines", lines}});
  return 0;
}

int solve_problem(const SolveArguments& a, const Common& common) {
  const Interruption interruption;
  if (!a.explain) {
    if (a.model.empty()) throw bad_input("solve: no model file to write", "give -o MODEL, or --explain");
    check_output(a.model, common, {a.problem});
  }
  const ProblemSettings settings = settings_from(a.settings);
  const Problem problem = read_problem(a.problem, settings);
  SolveOptions options;
  options.seed = static_cast<std::uint64_t>(a.seed);
  options.most_features = a.features;
  options.compute = common.compute();
  if (a.explain) return explain_problem(problem, options, common);
  options.stop = interruption.token();
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

  const double seconds = seconds_since_start();
  std::string line = fmt::format("{}: {} features, {} rows, {}, residual {:.2e}", a.model.string(), report.features,
                                 report.rows, report.method, report.residual);
  Json terms = Json::array(), errors = Json::array();
  for (const TermResidual& t : report.terms)
    terms.push_back({{"name", t.name}, {"residual", number(t.residual)}, {"size", number(t.size)}});
  for (const SolutionError& e : report.errors) {
    line += fmt::format(", {}: relative L2 error {:.2e}, largest {:.2e}", e.unknown, e.relative_l2, e.largest);
    errors.push_back({{"unknown", e.unknown}, {"relative_l2", number(e.relative_l2)}, {"largest", number(e.largest)}});
  }
  print_result(common, fmt::format("{}, {:.1f} s", line, seconds),
               {{"model", a.model.string()},
                {"features", report.features},
                {"wavenumber", report.wavenumber},
                {"rows", report.rows},
                {"method", report.method},
                {"newton_steps", report.newton_steps},
                {"residual", number(report.residual)},
                {"terms", terms},
                {"errors", errors},
                {"seconds", seconds},
                {"threads", options.compute.threads},
                {"isa", isa_name(options.compute.isa)}});
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
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] { return solve_problem(*arguments, context.common); };
  });
}

}  // namespace sinefield::cli
