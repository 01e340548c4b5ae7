// The state of a run that may go on: who it is of, its counters and its arrays, in one file that is either whole or not
// there. What the entries mean is the run's matter. A safetensors file of float32 vectors with one metadata string.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace sinefield {

/// Changes whenever the entries of any run change their meaning: a state goes on under its own version only.
inline constexpr int state_format_version = 1;

struct StateDescription {
  std::map<std::string, std::string> identity;         ///< all that shapes the run: it goes on only where these agree
  std::map<std::string, std::vector<double>> numbers;  ///< finite
  std::map<std::string, std::vector<std::int64_t>> counts;
};

struct State : StateDescription {
  std::map<std::string, std::vector<float>> arrays;
};

/// Arrays by name in pieces, as they lie in the run: nothing is copied.
using StateArrays = std::map<std::string, std::vector<std::span<const float>>>;

/// Replaces what is there. Throws as OutputFile does.
void write_state(const std::filesystem::path&, const StateDescription&, const StateArrays&);

/// Throws bad_input for a file that is no state, of another version, cut, or damaged anywhere.
State read_state(const std::filesystem::path&);

}  // namespace sinefield
