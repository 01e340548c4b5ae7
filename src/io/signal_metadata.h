// The member `signal` of a model file's metadata: docs/format.md, section 3, in code.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "io/json_reader.h"
#include "sinefield/signal_format.h"

namespace sinefield {

/// Why a file cannot hold such a signal, in words with the value; nothing where it can.
std::optional<std::string> why_invalid(const SignalFormat&);

/// The first version of the format that knew the kind.
int version_of(SignalKind);

/// Of coordinates: "pixel", "sample", "problem", "unknown".
const char* units_name(SignalKind);

nlohmann::ordered_json signal_json(const SignalFormat&);

/// `channels`: the names of the outputs. Throws bad_input, naming the place, for what no such signal has, and for kinds
/// that `version` of the format did not know; what is beyond the limits of single members is left to `why_invalid`.
SignalFormat signal_from(const JsonNode& signal, std::int64_t version, std::vector<std::string> channels,
                         const std::string& file);

}  // namespace sinefield
