// Names for what sounds are made of.
// SPDX-License-Identifier: MIT
#include "sinefield/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::array<std::string_view, 6> type_names = {"u8", "s16", "s24", "s32", "f32", "f64"};

}  // namespace

std::string_view sound_type_name(SoundType type) { return type_names[static_cast<std::size_t>(type)]; }

SoundType sound_type_from_name(std::string_view name) {
  const auto* const found = std::find(type_names.begin(), type_names.end(), name);
  if (found == type_names.end()) {
    throw bad_input(fmt::format("'{}' is not a type of sound samples", name),
                    fmt::format("use one of {}", fmt::join(type_names, ", ")));
  }
  return static_cast<SoundType>(found - type_names.begin());
}

std::vector<std::string> sound_channel_names(int channels) {
  if (channels == 1) return {"C"};
  if (channels == 2) return {"L", "R"};
  std::vector<std::string> names;
  for (int channel = 0; channel < channels; ++channel) names.push_back(fmt::format("c{}", channel));
  return names;
}

}  // namespace sinefield
