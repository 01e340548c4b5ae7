// The files of a run that may go on: the model that it will write, and the state beside it.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>

#include "cli/command.h"

namespace sinefield::cli {

/// MODEL.state
std::filesystem::path state_path(const std::filesystem::path& model);

/// Before a run: what lies where it will write, and none of its inputs may. Returns the field of a run that has ended
/// already: of a model whose record `run` is the run's fingerprint, where it is to be resumed. Throws bad_input.
std::optional<Field> check_run_files(const std::filesystem::path& model, bool resume, const Common&,
                                     std::initializer_list<std::filesystem::path> inputs,
                                     const std::function<std::string()>& fingerprint);

}  // namespace sinefield::cli
