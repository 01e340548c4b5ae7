// What `sinefield render` was asked for; each kind of signal has a file of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/command.h"

namespace sinefield::cli {

struct RenderArguments {
  std::filesystem::path model, output, sheet, sound;
  std::string size, show = "value", slice, type;
  std::optional<double> scale, from, to, fps;
  std::optional<int> bits, rate;
  ModelOmegas omegas;
};

/// ".png", in lower case.
std::string extension_of(const std::filesystem::path&);

/// Each writes `a.output` and returns what to add to the result's object.
Json render_picture(const RenderArguments&, const Field&, const Common&);
Json render_sound(const RenderArguments&, const Field&, const Common&);
Json render_video(const RenderArguments&, const Field&, const Common&);
Json render_volume(const RenderArguments&, const Field&, const Common&);

/// What --scale makes of a side, 1 at least. Throws bad_input where it would be too long.
std::int64_t scaled_size(std::int64_t size, double factor);

}  // namespace sinefield::cli
