// What the run of one network and that of tiles have in common: what they learn from, what makes a run the same run,
// and the state it can go on from.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/state_file.h"
#include "signal/holdout.h"
#include "sinefield/fit.h"
#include "train/optimizer.h"

namespace sinefield::train {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The signal, and what the run sees of it: the same where nothing is held out. Both outlive the run.
struct RunSignal {
  const Signal& whole;
  const Signal& learned;
  std::vector<AxisMap> axes;  ///< from samples of `learned` to network coordinates
  double peak;                ///< of the PSNR, in raw outputs

  std::int64_t samples() const { return learned.samples->points(); }
  /// Mean squared error of raw outputs to dB and back.
  double decibels(double mean_squared_error) const;
  double squared_error_of(double decibels) const;
};

/// Everything that decides about the parameters, by the names of the options.
std::map<std::string, std::string> run_identity(const RunSignal&, const FitOptions&, const Field& start);

std::string fingerprint(const std::map<std::string, std::string>& identity);

/// Of numbers that decide about a run.
std::string checksum(std::span<const float>);

/// The state file of one run. Without a path it does nothing.
class RunState {
 public:
  RunState(const Checkpoints&, std::map<std::string, std::string> identity);

  /// The state to go on from, where that is asked for and there is one. Throws bad_input where it is of another run.
  std::optional<State> resumed() const;

  std::string fingerprint() const { return train::fingerprint(identity_); }
  bool kept() const { return !checkpoints_.state.empty(); }
  /// Whether it is time for another.
  bool due() const { return kept() && seconds_since(written_) >= checkpoints_.every; }
  void write(StateDescription, const StateArrays&);

 private:
  const Checkpoints& checkpoints_;
  std::map<std::string, std::string> identity_;
  Clock::time_point written_ = Clock::now();
};

/// A single number or count of a state.
double number_of(const State&, const std::string& name);
std::int64_t count_of(const State&, const std::string& name);
const std::vector<float>& array_of(const State&, const std::string& name);
/// The same, of so many numbers.
const std::vector<float>& array_of(const State&, const std::string& name, std::size_t size);

/// The arrays of an optimiser, "NAME.00", "NAME.01", ..; they refer to what they are given.
void add_optimizer(StateArrays&, const std::string& name, const Optimizer::State&);
Optimizer::State optimizer_of(const State&, const std::string& name, std::int64_t steps);

/// Each trains `field` from the parameters it has; the tiles all begin as the one network it has.
FitResult run_network(const RunSignal&, const FitOptions&, Field field);
FitResult run_tiles(const RunSignal&, const FitOptions&, Field field);

}  // namespace sinefield::train
