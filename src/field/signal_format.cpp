// The words for signals.
// SPDX-License-Identifier: MIT
#include "sinefield/signal_format.h"

#include <fmt/core.h>

#include <array>

#include "field/choose.h"

namespace sinefield {
std::string_view signal_kind_name(SignalKind kind) {
  constexpr std::array<std::string_view, 6> names = {"none", "picture", "sound", "video", "volume", "solution"};
  static_assert(names.size() == std::variant_size_v<SignalFormat>);
  return names.at(static_cast<std::size_t>(kind));
}

std::vector<std::int64_t> signal_sizes(const SignalFormat& format) {
  using Sizes = std::vector<std::int64_t>;
  return std::visit(Choose{[](std::monostate) { return Sizes{}; },
                           [](const PictureFormat& p) {
                             return Sizes{p.height, p.width};
                           },
                           [](const SoundFormat& s) { return Sizes{s.frames}; },
                           [](const VideoFormat& v) {
                             return Sizes{v.frames, v.height, v.width};
                           },
                           [](const VolumeFormat& v) { return Sizes(v.sizes.begin(), v.sizes.end()); },
                           [](const SolutionFormat&) { return Sizes{}; }},
                    format);
}

SignalFormat resized(SignalFormat format, const std::vector<std::int64_t>& sizes) {
  std::visit(Choose{[](std::monostate) {},
                    [&](PictureFormat& p) {
                      p.height = sizes.at(0);
                      p.width = sizes.at(1);
                    },
                    [&](SoundFormat& s) { s.frames = sizes.at(0); },
                    [&](VideoFormat& v) {
                      v.frames = sizes.at(0);
                      v.height = sizes.at(1);
                      v.width = sizes.at(2);
                    },
                    [&](VolumeFormat& v) {
                      v.sizes = {sizes.at(0), sizes.at(1), sizes.at(2)};
                    },
                    [](SolutionFormat&) {}},
             format);
  return format;
}

std::vector<std::string> signal_channels(const SignalFormat& format) {
  using Names = std::vector<std::string>;
  return std::visit(Choose{[](std::monostate) { return Names{}; }, [](const PictureFormat& p) { return p.channels; },
                           [](const SoundFormat& s) { return sound_channel_names(s.channels); },
                           [](const VideoFormat& v) { return v.channels; },
                           [](const VolumeFormat& v) {
                             Names names;
                             for (int c = 0; c < v.channels; ++c)
                               names.push_back(v.channels == 1 ? "value" : fmt::format("c{}", c));
                             return names;
                           },
                           [](const SolutionFormat& s) {
                             Names names;
                             for (const UnknownField& u : s.unknowns) {
                               names.push_back(u.complex ? fmt::format("re({})", u.name) : u.name);
                               if (u.complex) names.push_back(fmt::format("im({})", u.name));
                             }
                             return names;
                           }},
                    format);
}

int uncounted_channel(const SignalFormat& format) {
  const auto* const picture = std::get_if<PictureFormat>(&format);
  return picture == nullptr ? -1 : picture->alpha;
}

}  // namespace sinefield
