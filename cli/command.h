// What all commands of `sinefield` share: the common options, how results and errors are printed, exit codes.
// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sinefield/field.h"
#include "sinefield/output.h"
#include "sinefield/query.h"

namespace sinefield::cli {

using Json = nlohmann::ordered_json;

/// When the process started: budgets of wall time count from here.
std::chrono::steady_clock::time_point process_start();
double seconds_since_start();

/// Options that every command takes, with the meaning that they have everywhere.
struct Common {
  bool force = false, quiet = false, json = false;
  int threads = 0;  // 0 = what affinity and cgroup allow
  std::string isa;  // empty = the best
  std::string memory_limit;

  ComputeOptions compute() const;
  Overwrite overwrite() const { return force ? Overwrite::replace : Overwrite::refuse; }
  /// Bytes that a file may ask for: --memory-limit, or 75 % of what the machine or its cgroup allows.
  std::uint64_t memory() const;
};

/// Omegas of a plain safetensors file of the original code, which does not record them.
struct ModelOmegas {
  std::optional<double> first, hidden;

  void add_to(CLI::App&);
  Field read(const std::filesystem::path&) const;
};

/// Checks where a command is about to write: as `check_output_path`, and none of its inputs may be what it replaces.
void check_output(const std::filesystem::path& output, const Common&,
                  std::initializer_list<std::filesystem::path> inputs);

/// A command adds itself to the parser and leaves what it does in `run`; `run` returns the exit code.
struct Context {
  Common common;
  std::function<int()> run;
};
/// Adds the common options to one command.
void add_common(CLI::App& command, Common&);

void add_fit(CLI::App&, Context&);
void add_solve(CLI::App&, Context&);
void add_sweep(CLI::App&, Context&);
void add_render(CLI::App&, Context&);
void add_eval(CLI::App&, Context&);
void add_compare(CLI::App&, Context&);
void add_info(CLI::App&, Context&);
void add_check(CLI::App&, Context&);
void add_bench(CLI::App&, Context&);

/// One line for people, or the object for programs (`--json`), on stdout.
void print_result(const Common&, const std::string& line, const Json& object);

/// "640x480" -> {width, height}. Throws bad_input naming the option.
struct Size {
  std::int64_t width, height;
};
Size parse_size(const std::string& option, const std::string& text);

/// A finite number as it is; infinity and NaN as null, which JSON cannot say.
Json number(double);

}  // namespace sinefield::cli
