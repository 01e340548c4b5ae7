// Model files: one field in one safetensors file. The format is specified in docs/format.md.
// A model holds the field only; the state of a training run is another file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/output.h"

namespace sinefield {

/// The newest version that is read. What is written has the oldest one that holds the field: 6 for slabs, 5 for
/// solutions, 4 for windows, encodings and other activations than the sine, 3 for sounds, .., 2 for tiles, else 1.
inline constexpr int model_format_version = 6;

/// The factors inside the sines, which plain tensor files of the original code do not record (its own: 30 and 30).
struct OriginalOmegas {
  double first = 30;   ///< > 0
  double hidden = 30;  ///< > 0
};

/// Writes beside the target and renames, so that the target is the old file or the whole new one.
/// Names that are not valid UTF-8 are written with U+FFFD in place of the invalid bytes.
/// Throws bad_input for a field that no reader would take (parameters that are not finite, sizes that contradict each
/// other, tiles that differ in more than their omegas) and as `check_output_path` does; failure where the disk is full.
void write_model(const std::filesystem::path&, const Field&, Overwrite = Overwrite::refuse);

/// Throws bad_input for a file that is missing, cut, damaged anywhere, or of a newer version: nothing of it is used.
/// With `omegas` the file must be one of the original code, converted to safetensors: tensors net.net.0.0.weight, ...
/// without our metadata. The architecture comes from its shapes, network coordinates x0, x1, ... are its coordinates,
/// its raw outputs the values, and it stands for no picture.
Field read_model(const std::filesystem::path&, std::optional<OriginalOmegas> omegas = {});

/// The bytes of a model file in memory. `name` stands for the file in messages.
std::vector<std::byte> model_bytes(const Field&);
Field model_from_bytes(std::span<const std::byte>, const std::string& name, std::optional<OriginalOmegas> omegas = {});

}  // namespace sinefield
