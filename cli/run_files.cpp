// SPDX-License-Identifier: MIT
#include "cli/run_files.h"

#include <fmt/core.h>

#include <cstdio>

#include "sinefield/error.h"
#include "sinefield/model_file.h"

namespace sinefield::cli {

std::filesystem::path state_path(const std::filesystem::path& model) { return model.string() + ".state"; }

std::optional<Field> check_run_files(const std::filesystem::path& model, bool resume, const Common& common,
                                     std::initializer_list<std::filesystem::path> inputs,
                                     const std::function<std::string()>& fingerprint) {
  std::error_code ignored;
  const std::filesystem::path state = state_path(model);
  const bool has_state = std::filesystem::exists(state, ignored);
  if (!resume) {
    if (has_state && !common.force)
      throw bad_input(fmt::format("{} is the state of a run that was interrupted", state.string()),
                      "give --resume to go on with it, or --force to start over");
    check_output(model, common, inputs);
    if (has_state) std::filesystem::remove(state);  // or a later --resume would go on with the wrong run
    return {};
  }
  // Killed between writing the model and removing the state, the run has ended all the same.
  if (std::filesystem::exists(model, ignored) &&
      (!has_state || std::filesystem::last_write_time(model) >= std::filesystem::last_write_time(state))) {
    try {
      Field field = read_model(model);
      if (field.training["run"] == fingerprint()) {
        std::filesystem::remove(state, ignored);
        return field;
      }
    } catch (const Error&) {
      if (!has_state) throw;
    }
    if (!has_state)
      throw bad_input(fmt::format("{} is there already and is the model of another run", model.string()),
                      "give the options of that run, or start over with --force and without --resume");
  }
  check_output(model, common, inputs);
  if (!has_state && !common.quiet) fmt::print(stderr, "sinefield: there is no {}: starting afresh\n", state.string());
  return {};
}

}  // namespace sinefield::cli
