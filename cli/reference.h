// What `sinefield solve --reference` says: a direct solution of the same problem, and how far the field is from it.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "cli/command.h"
#include "sinefield/direct_solve.h"
#include "sinefield/field.h"
#include "sinefield/problem.h"

namespace sinefield::cli {

struct ReferenceOptions {
  bool wanted = false;
  int points = 0;  // along the longest side; 0: by rule

  void add_to(CLI::App&);
};

/// OUT.reference.npz of a model file OUT.sine.
std::filesystem::path reference_path(const std::filesystem::path& model);

/// Says on the way which grids are solved.
DirectSolution reference_of(const Problem&, const ReferenceOptions&, const Common&, const std::stop_token&);

/// The nodes of each coordinate and the values of each unknown, as arrays of their names.
void write_reference(const std::filesystem::path&, const DirectSolution&, Overwrite);

/// Lines for people and an object for programs. `field`: what it is compared with, or null.
struct ReferenceReport {
  std::string lines;
  Json object;
};
ReferenceReport report_of(const DirectSolution&, const Problem&, const Field* field, const Common&);

}  // namespace sinefield::cli
