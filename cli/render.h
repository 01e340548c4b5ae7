// What `sinefield render` was asked for; each kind of signal has a file of its own.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "sinefield/video.h"

namespace sinefield::cli {

struct RenderArguments {
  std::filesystem::path model, output, sheet, sound;
  std::string size, show, range, type;  // empty: by rule
  std::vector<std::string> slices;
  std::optional<double> scale, from, to, fps;
  std::optional<int> bits, rate, frames;
  ModelOmegas omegas;
};

/// ".png", in lower case.
std::string extension_of(const std::filesystem::path&);

/// Each writes `a.output` and returns what to add to the result's object.
Json render_picture(const RenderArguments&, const Field&, const Common&);
Json render_sound(const RenderArguments&, const Field&, const Common&);
Json render_video(const RenderArguments&, const Field&, const Common&);
Json render_volume(const RenderArguments&, const Field&, const Common&);
Json render_solution(const RenderArguments&, const Field&, const Common&);

/// 29.97 -> 30000/1001; else the nearest thousandth.
Ratio ratio_of(double rate);

/// What --scale makes of a side, 1 at least. Throws bad_input where it would be too long.
std::int64_t scaled_size(std::int64_t size, double factor);

}  // namespace sinefield::cli
