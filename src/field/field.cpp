// The coordinates of a picture.
// SPDX-License-Identifier: MIT
#include "sinefield/field.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "sinefield/error.h"

namespace sinefield {

namespace {

constexpr std::array<std::string_view, 3> blend_names = {"linear", "cubic", "quintic"};

}  // namespace

std::string_view blend_name(Blend blend) { return blend_names.at(static_cast<std::size_t>(blend)); }

Blend blend_from_name(std::string_view name) {
  const auto found = std::ranges::find(blend_names, name);
  if (found == blend_names.end())
    throw bad_input(fmt::format("{}: unknown blend", name), "known ones: linear, cubic, quintic");
  return static_cast<Blend>(found - blend_names.begin());
}

std::vector<AxisMap> picture_axes(std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1) {
    throw bad_input(
        fmt::format("a picture of {} x {} pixels has no coordinates, expected at least 1 x 1", height, width));
  }
  // 2 (i - (n-1)/2) / steps = (2 / steps) i + (1-n) / steps
  const auto steps = static_cast<double>(std::max(height, width) - 1);
  const auto axis = [steps](const char* name, std::int64_t n) {
    return steps == 0 ? AxisMap{name, 0, 0} : AxisMap{name, 2 / steps, static_cast<double>(1 - n) / steps};
  };
  return {axis("row", height), axis("column", width)};
}

}  // namespace sinefield
