// Common options and small conversions of the commands.
// SPDX-License-Identifier: MIT
#include "cli/command.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>

#include "sinefield/error.h"
#include "sinefield/machine.h"
#include "sinefield/model_file.h"

namespace sinefield::cli {
namespace {

const auto start = std::chrono::steady_clock::now();

}  // namespace

std::chrono::steady_clock::time_point process_start() { return start; }

double seconds_since_start() { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

ComputeOptions Common::compute() const {
  ComputeOptions options;
  if (!isa.empty()) options.isa = isa_from_name(isa);
  if (threads != 0) options.threads = threads;
  return options;
}

std::uint64_t Common::memory() const {
  if (memory_limit.empty()) return allowed_memory() / 4 * 3;
  double value = 0;
  const char* end = memory_limit.data() + memory_limit.size();
  const auto [rest, error] = std::from_chars(memory_limit.data(), end, value);
  constexpr std::string_view units = "KMGT";
  double unit = 1;
  bool known = error == std::errc() && value > 0 && std::isfinite(value);
  if (known && rest != end) {
    const std::size_t power = units.find(*rest);
    known = power != std::string_view::npos && rest + 1 == end;
    unit = std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (!known || value * unit >= 0x1p63)
    throw bad_input(
        fmt::format("--memory-limit {}: expected a number of bytes, or one with K, M, G or T", memory_limit),
        "for example --memory-limit 2G");
  return static_cast<std::uint64_t>(value * unit);
}

void add_common(CLI::App& command, Common& common) {
  const char* const group = "Common";
  command.add_flag("--force", common.force, "replace existing output files")->group(group);
  command.add_flag("--quiet", common.quiet, "no progress, no result line")->group(group);
  command.add_flag("--json", common.json, "print one JSON object, on errors too")->group(group);
  command.add_option("--threads", common.threads, "threads (default: all that this process may use)")
      ->check(CLI::Range(1, 1024))
      ->group(group);
  command.add_option("--isa", common.isa, "instruction set: scalar, sse4, avx2, avx512 (default: the best)")
      ->group(group);
  command
      .add_option("--memory-limit", common.memory_limit,
                  "bytes that an input may ask for, as 4G (default: 75 % of what this process may use)")
      ->group(group);
}

void ModelOmegas::add_to(CLI::App& command) {
  command
      .add_option("--omega-first", first, "omega of the first layer of a plain safetensors file of the original code")
      ->check(CLI::PositiveNumber);
  command.add_option("--omega-hidden", hidden, "omega of its hidden layers")->check(CLI::PositiveNumber);
}

Field ModelOmegas::read(const std::filesystem::path& path) const {
  if (!first && !hidden) return read_model(path);
  const OriginalOmegas usual;
  return read_model(path, OriginalOmegas{first.value_or(usual.first), hidden.value_or(usual.hidden)});
}

void check_output(const std::filesystem::path& output, const Common& common,
                  std::initializer_list<std::filesystem::path> inputs) {
  for (const std::filesystem::path& input : inputs) {
    std::error_code ignored;  // a missing file is no input, and will be reported where it is read
    if (!input.empty() && (input == output || std::filesystem::equivalent(input, output, ignored)))
      throw bad_input(fmt::format("{}: is an input and an output of the same command", output.string()),
                      "give another name after -o");
  }
  check_output_path(output, common.overwrite());
}

void print_result(const Common& common, const std::string& line, const Json& object) {
  if (common.json) {
    fmt::print("{}\n", object.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (!common.quiet) {
    fmt::print("{}\n", line);
  }
}

Size parse_size(const std::string& option, const std::string& text) {
  Size size{0, 0};
  const char *begin = text.data(), *end = begin + text.size();
  const auto width = std::from_chars(begin, end, size.width);
  bool good = width.ec == std::errc() && width.ptr != end && *width.ptr == 'x';
  if (good) {
    const auto height = std::from_chars(width.ptr + 1, end, size.height);
    good = height.ec == std::errc() && height.ptr == end;
  }
  if (!good || size.width < 1 || size.height < 1 || size.width > 1'000'000 || size.height > 1'000'000)
    throw bad_input(fmt::format("{} {}: expected WIDTHxHEIGHT, each 1 to 1000000", option, text),
                    "for example 640x480");
  return size;
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace sinefield::cli
