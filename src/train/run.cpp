// Identity and state of a run.
// SPDX-License-Identifier: MIT
#include "train/run.h"

#include <fmt/core.h>

#include <cmath>
#include <utility>

#include "field/tiling.h"
#include "io/checksum.h"
#include "signal/samples_in_memory.h"
#include "sinefield/error.h"
#include "sinefield/version.h"

namespace sinefield::train {
namespace {

template <class T>
std::string words(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "none";
}

}  // namespace

std::string checksum(std::span<const float> numbers) {
  Crc32 crc;
  crc.add(std::as_bytes(numbers));
  return crc.text();
}

double RunSignal::decibels(double mean_squared_error) const {
  return 10 * std::log10(peak * peak / mean_squared_error);
}
double RunSignal::squared_error_of(double decibels) const { return peak * peak * std::pow(10, -decibels / 10); }

std::map<std::string, std::string> run_identity(const RunSignal& signal, const FitOptions& options,
                                                const Field& start) {
  const Recipe& recipe = options.recipe;
  std::string size;  // width first, as people say it
  for (const std::int64_t n : signal.whole.samples->sizes())
    size = size.empty() ? fmt::format("{}", n) : fmt::format("{} x {}", n, size);
  const Architecture& network = start.networks.front().architecture;
  return {{"software", SINEFIELD_VERSION},
          {"isa", std::string(isa_name(options.compute.isa))},
          {std::string(signal_kind_name(signal_kind(signal.whole.format))),
           fmt::format("{} x {}, {}", size, signal.whole.samples->channels(), signal.whole.checksum)},
          {"supervise", std::string(supervise_name(options.supervise))},
          {"border", options.border ? "given" : "open"},
          {"targets", options.derivatives ? checksum(read_all(*options.derivatives)) : "differences"},
          {"recipe", recipe.name},
          {"overlap", fmt::format("{}", recipe.overlap)},
          {"blend", std::string(blend_name(recipe.blend))},
          {"width", fmt::format("{}", recipe.width)},
          {"hidden-layers", fmt::format("{}", recipe.hidden_layers)},
          {"omega-first", fmt::format("{}", network.omega_first)},
          {"omega-hidden", fmt::format("{}", recipe.omega_hidden)},
          {"activation", std::string(activation_name(network.activation))},
          {"encoding", encoding_text(network.encoding)},
          {"optimizer", std::string(optimizer_name(recipe.optimizer))},
          {"lr", fmt::format("{}", recipe.lr)},
          {"schedule", std::string(schedule_name(recipe.schedule))},
          {"batch", fmt::format("{}", recipe.batch)},
          {"clip-norm", fmt::format("{}", recipe.clip_norm)},
          {"rollback", recipe.rollback ? "on" : "off"},
          {"recipe-steps", fmt::format("{}", recipe.steps)},
          {"steps", words(options.steps)},
          {"total-steps", words(options.total_steps)},
          {"psnr", words(options.psnr)},
          {"seconds", words(options.seconds)},
          {"horizon", words(options.horizon)},
          {"holdout", options.holdout == Holdout::none ? "none" : "between"},
          {"seed", fmt::format("{}", options.seed)},
          {"init", options.init ? checksum(options.init->parameters) : "none"},
          {"tiles", start.kind == FieldKind::tiles ? grid_text(start.tiling) : "none"}};
}

std::string fingerprint(const std::map<std::string, std::string>& identity) {
  Crc32 crc;
  for (const auto& [key, value] : identity) {
    const std::string line = fmt::format("{}={}\n", key, value);
    crc.add(std::as_bytes(std::span(line.data(), line.size())));
  }
  return crc.text();
}

RunState::RunState(const Checkpoints& checkpoints, std::map<std::string, std::string> identity)
    : checkpoints_(checkpoints), identity_(std::move(identity)) {}

std::optional<State> RunState::resumed() const {
  std::error_code ignored;
  if (!kept() || !checkpoints_.resume || !std::filesystem::exists(checkpoints_.state, ignored)) return {};
  State state = read_state(checkpoints_.state);
  // All differences: one option changes what follows from it too, and only its owner knows which was meant.
  std::map<std::string, std::string> theirs;
  std::string differences;
  for (const auto& [key, value] : identity_) {
    const auto found = state.identity.find(key);
    const std::string there = found == state.identity.end() ? "unknown" : found->second;
    if (there == value) continue;
    theirs[key] = there;
    differences += fmt::format("{}its {} is {}, here it is {}", differences.empty() ? "" : "; ", key, there, value);
  }
  if (theirs.empty()) return state;
  std::string hint = "give the options of that run, or start over with --force and without --resume";
  if (theirs.contains("software")) {
    hint = "go on with that version, or start over with --force and without --resume";
  } else if (theirs.size() == 1 && theirs.contains("isa")) {
    hint = fmt::format("go on with --isa {}, on a machine that has it", theirs["isa"]);
  }
  throw bad_input(fmt::format("{} is of another run: {}", checkpoints_.state.string(), differences), hint);
}

void RunState::write(StateDescription description, const StateArrays& arrays) {
  if (!kept()) return;
  description.identity = identity_;
  write_state(checkpoints_.state, description, arrays);
  written_ = Clock::now();
}

namespace {

template <class Map>
auto only_one(const Map& entries, const std::string& name) {
  const auto found = entries.find(name);
  if (found == entries.end() || found->second.size() != 1)
    throw bad_input(fmt::format("the state holds no {}", name), "start over with --force and without --resume");
  return found->second.front();
}

}  // namespace

double number_of(const State& state, const std::string& name) { return only_one(state.numbers, name); }
std::int64_t count_of(const State& state, const std::string& name) { return only_one(state.counts, name); }

const std::vector<float>& array_of(const State& state, const std::string& name) {
  const auto found = state.arrays.find(name);
  if (found == state.arrays.end())
    throw bad_input(fmt::format("the state holds no {}", name), "start over with --force and without --resume");
  return found->second;
}

const std::vector<float>& array_of(const State& state, const std::string& name, std::size_t size) {
  const std::vector<float>& array = array_of(state, name);
  if (array.size() != size) throw bad_input(fmt::format("the state's {} are not those of this network", name));
  return array;
}

void add_optimizer(StateArrays& arrays, const std::string& name, const Optimizer::State& optimizer) {
  for (std::size_t i = 0; i < optimizer.arrays.size(); ++i)
    arrays[fmt::format("{}.{:02}", name, i)] = {optimizer.arrays[i]};
}

Optimizer::State optimizer_of(const State& state, const std::string& name, std::int64_t steps) {
  Optimizer::State saved{steps, {}};
  for (const auto& [key, values] : state.arrays)
    if (key.starts_with(name + ".")) saved.arrays.push_back(values);
  return saved;
}

}  // namespace sinefield::train
