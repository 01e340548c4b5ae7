// The runs of a sweep: which there are, and what came of them as a CSV file and as a table for people. Nothing is
// trained here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/fit_options.h"

namespace sinefield::cli {

/// One option with the values to try, as texts.
struct SweptOption {
  std::string name;  ///< "omega-first"
  std::vector<std::string> values;
};

/// Every combination of the values: the last option changes from one run to the next.
class Grid {
 public:
  static constexpr std::size_t most_runs = 1000;

  /// Parses every value as `fit image` would. Throws bad_input, or the parser's own errors, naming option and value.
  explicit Grid(std::vector<SweptOption> options);

  std::size_t size() const { return size_; }
  const std::vector<SweptOption>& options() const { return options_; }
  /// Those with more than one value.
  const std::vector<SweptOption>& varied() const { return varied_; }
  /// One text for each varied option.
  std::vector<std::string> varied_values(std::size_t run) const;
  /// "width 16, seed 1": the same in words.
  std::string setting(std::size_t run) const;
  TrainingArguments arguments(std::size_t run) const;

 private:
  std::vector<SweptOption> options_, varied_;
  std::size_t size_ = 1;
};

/// What came of one run.
struct Outcome {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();

  std::string tiles;            ///< "8x12" or "none"; empty where the run failed
  std::int64_t parameters = 0;  ///< of all networks
  double psnr = none;           ///< dB of the pixels that it was trained on
  double held_out_psnr = none;  ///< dB of those between them
  double ssim = none;
  double seconds = none;
  std::int64_t steps = 0, total_steps = 0;
  std::string stopped_by;
  std::string error;  ///< why it failed; empty where it did not

  bool failed() const { return !error.empty(); }
};

/// A place for each run of the grid; empty: not finished yet.
using Outcomes = std::vector<std::optional<Outcome>>;

/// The run with the best held-out figure, the first of equals; nothing where none has one.
std::optional<std::size_t> best_run(const Outcomes&);

/// One row for each finished run: varied options, outcome, fingerprint. Replaces the file as a whole.
void write_runs(const std::filesystem::path&, const Grid&, const Outcomes&, std::span<const std::string> fingerprints);
/// What `write_runs` wrote; no file, no runs. Throws bad_input, naming file and line, for anything else, and for a run
/// that is not among the fingerprints.
Outcomes read_runs(const std::filesystem::path&, const Grid&, std::span<const std::string> fingerprints);

/// The finished runs in aligned columns, the best marked with a star; no line feed at the end.
std::string table(const Grid&, const Outcomes&);

/// A finished run as one object: varied options and outcome, under the names of the CSV.
Json run_object(const Grid&, const Outcomes&, std::size_t run);

}  // namespace sinefield::cli
