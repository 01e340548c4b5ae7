// Grids of options, and their outcomes as text.
// SPDX-License-Identifier: MIT
#include "cli/sweep_runs.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <utility>

#include "io/output_file.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

/// The one parser of `fit image`, for texts from elsewhere than the command line.
TrainingArguments parsed(const std::vector<SweptOption>& options) {
  CLI::App parser;
  TrainingArguments arguments;
  arguments.add_to(parser, SignalKind::picture);
  std::vector<std::string> words;
  for (const SweptOption& option : options) words.push_back("--" + option.name + "=" + option.values.front());
  parser.parse(std::move(words));
  return arguments;
}

/// A number as it is read back to the same bits; nothing of NaN.
std::string cell(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

/// A text as a cell of one line.
std::string cell(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        cells.back() += line[++i];
      } else {
        quoted = !quoted;
      }
    } else if (line[i] == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += line[i];
    }
  }
  return cells;
}

/// A column of what was asked must not have the name of one of what came of it.
std::string column_name(const SweptOption& option) {
  std::string name = option.name;
  std::ranges::replace(name, '-', '_');
  return name == "tiles" || name == "parameters" ? "asked_" + name : name;
}

std::string header(const Grid& grid) {
  std::string line;
  for (const SweptOption& option : grid.varied()) line += column_name(option) + ",";
  return line + "tiles,parameters,psnr,held_out_psnr,ssim,seconds,steps,total_steps,stopped_by,error,run";
}

template <class T>
bool read_number(const std::string& text, T& value) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && rest == text.data() + text.size();
}

/// Outcome of the cells from `tiles` to `error`; nothing where they are no outcome.
std::optional<Outcome> outcome_of(std::span<const std::string> cells) {
  Outcome outcome;
  outcome.tiles = cells[0];
  const auto figure = [](const std::string& text, double& value) { return text.empty() || read_number(text, value); };
  if (!read_number(cells[1], outcome.parameters) || !figure(cells[2], outcome.psnr) ||
      !figure(cells[3], outcome.held_out_psnr) || !figure(cells[4], outcome.ssim) ||
      !figure(cells[5], outcome.seconds) || !read_number(cells[6], outcome.steps) ||
      !read_number(cells[7], outcome.total_steps))
    return {};
  outcome.stopped_by = cells[8];
  outcome.error = cells[9];
  return outcome;
}

}  // namespace

Grid::Grid(std::vector<SweptOption> options) : options_(std::move(options)) {
  for (const SweptOption& option : options_) {
    for (const std::string& value : option.values) {
      // Nothing is read yet: a model to start from is looked at with the run.
      TrainingArguments one = parsed({{option.name, {value}}});
      one.init.clear();
      (void)one.options(SignalKind::picture);
      if (std::ranges::count(option.values, value) > 1)
        throw bad_input(fmt::format("--{} {}: {} is there twice", option.name, fmt::join(option.values, ","), value));
    }
    if (option.values.size() > 1) varied_.push_back(option);
    if (option.values.size() > most_runs / size_)
      throw bad_input(fmt::format("--{} with {} values makes more than {} combinations", option.name,
                                  option.values.size(), most_runs),
                      "give shorter lists, or sweep one after the other");
    size_ *= option.values.size();
  }
}

std::vector<std::string> Grid::varied_values(std::size_t run) const {
  std::vector<std::string> values(varied_.size());
  for (std::size_t i = varied_.size(); i-- > 0;) {
    values[i] = varied_[i].values[run % varied_[i].values.size()];
    run /= varied_[i].values.size();
  }
  return values;
}

std::string Grid::setting(std::size_t run) const {
  const std::vector<std::string> values = varied_values(run);
  std::string words;
  for (std::size_t i = 0; i < values.size(); ++i)
    words += fmt::format("{}{} {}", i == 0 ? "" : ", ", varied_[i].name, values[i]);
  return words;
}

TrainingArguments Grid::arguments(std::size_t run) const {
  std::vector<SweptOption> single;
  for (const SweptOption& option : options_)
    if (option.values.size() == 1) single.push_back(option);
  const std::vector<std::string> values = varied_values(run);
  for (std::size_t i = 0; i < varied_.size(); ++i) single.push_back({varied_[i].name, {values[i]}});
  return parsed(single);
}

std::optional<std::size_t> best_run(const Outcomes& outcomes) {
  std::optional<std::size_t> best;
  for (std::size_t run = 0; run < outcomes.size(); ++run) {
    if (!outcomes[run] || std::isnan(outcomes[run]->held_out_psnr)) continue;
    if (!best || outcomes[run]->held_out_psnr > outcomes[*best]->held_out_psnr) best = run;
  }
  return best;
}

void write_runs(const std::filesystem::path& path, const Grid& grid, const Outcomes& outcomes,
                std::span<const std::string> fingerprints) {
  std::string text = header(grid) + "\n";
  for (std::size_t run = 0; run < outcomes.size(); ++run) {
    if (!outcomes[run]) continue;
    const Outcome& o = *outcomes[run];
    for (const std::string& value : grid.varied_values(run)) text += cell(value) + ",";
    text += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", o.tiles, o.parameters, cell(o.psnr),
                        cell(o.held_out_psnr), cell(o.ssim), cell(o.seconds), o.steps, o.total_steps, o.stopped_by,
                        cell(o.error), fingerprints[run]);
  }
  OutputFile file(path, Overwrite::replace);
  file.write(text);
  file.commit();
}

Outcomes read_runs(const std::filesystem::path& path, const Grid& grid, std::span<const std::string> fingerprints) {
  Outcomes outcomes(grid.size());
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return outcomes;
  std::ifstream file(path);
  std::string line;
  const char* const hint = "start over with --force and without --resume";
  if (!std::getline(file, line) || line != header(grid))
    throw bad_input(fmt::format("{}: its first line is not that of this sweep: {}", path.string(), header(grid)), hint);
  const std::size_t varied = grid.varied().size(), columns = varied + 11;
  for (int number = 2; std::getline(file, line); ++number) {
    const std::vector<std::string> cells = cells_of(line);
    std::optional<Outcome> outcome;
    if (cells.size() == columns) outcome = outcome_of(std::span(cells).subspan(varied, 10));
    if (!outcome)
      throw bad_input(fmt::format("{}: line {} is not a run of this sweep", path.string(), number),
                      "remove the line to have it run again");
    // The same run can stand in two places of the grid, where an option means nothing to it.
    const std::vector<std::string> values(cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(varied));
    std::size_t run = 0;
    while (run < grid.size() && (grid.varied_values(run) != values || fingerprints[run] != cells.back())) ++run;
    if (run == grid.size())
      throw bad_input(
          fmt::format("{}: line {} is a run with another picture, instruction set or version", path.string(), number),
          hint);
    outcomes[run] = std::move(outcome);
  }
  return outcomes;
}

std::string table(const Grid& grid, const Outcomes& outcomes) {
  std::vector<std::vector<std::string>> lines(1);
  const auto best = best_run(outcomes);
  const auto figure = [](double value, int digits) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.{}f}", value, digits);
  };
  for (const SweptOption& option : grid.varied()) lines[0].push_back(column_name(option));
  for (const char* name : {"tiles", "parameters", "trained dB", "held-out dB", "SSIM", "seconds"})
    lines[0].emplace_back(name);
  std::vector<std::string> ends = {""};
  for (std::size_t run = 0; run < outcomes.size(); ++run) {
    if (!outcomes[run]) continue;
    const Outcome& o = *outcomes[run];
    std::vector<std::string>& line = lines.emplace_back(grid.varied_values(run));
    const std::string parameters = o.failed() ? "-" : fmt::format("{}", o.parameters);
    for (std::string text : {o.failed() ? "-" : o.tiles, parameters, figure(o.psnr, 2), figure(o.held_out_psnr, 2),
                             figure(o.ssim, 4), figure(o.seconds, 1)})
      line.push_back(std::move(text));
    ends.push_back(o.failed() ? "  failed: " + o.error : best == run ? " *" : "");
  }
  std::vector<std::size_t> widths(lines[0].size());
  for (const auto& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    for (std::size_t c = 0; c < lines[l].size(); ++c)
      text += fmt::format("{}{:>{}}", c == 0 ? "" : "  ", lines[l][c], widths[c]);
    text += ends[l] + (l + 1 < lines.size() ? "\n" : "");
  }
  return text;
}

Json run_object(const Grid& grid, const Outcomes& outcomes, std::size_t run) {
  const Outcome& o = outcomes[run].value();
  Json object;
  const std::vector<std::string> values = grid.varied_values(run);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Json value = Json::parse(values[i], nullptr, false);
    object[column_name(grid.varied()[i])] = value.is_number() ? value : Json(values[i]);
  }
  const auto unless_failed = [&](Json value) { return o.failed() ? Json(nullptr) : value; };
  object.update({{"tiles", o.failed() || o.tiles == "none" ? Json(nullptr) : Json(o.tiles)},
                 {"parameters", unless_failed(o.parameters)},
                 {"psnr", number(o.psnr)},
                 {"held_out_psnr", number(o.held_out_psnr)},
                 {"ssim", number(o.ssim)},
                 {"seconds", number(o.seconds)},
                 {"steps", unless_failed(o.steps)},
                 {"total_steps", unless_failed(o.total_steps)},
                 {"stopped_by", o.stopped_by},
                 {"error", o.failed() ? Json(o.error) : Json(nullptr)}});
  return object;
}

}  // namespace sinefield::cli
