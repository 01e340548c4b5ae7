// What a field stands for: nothing in particular, a picture, a sound, a video, a volume, or the solution of a problem.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sinefield/picture.h"
#include "sinefield/solution.h"
#include "sinefield/sound.h"
#include "sinefield/video.h"
#include "sinefield/volume.h"

namespace sinefield {

using SignalFormat =
    std::variant<std::monostate, PictureFormat, SoundFormat, VideoFormat, VolumeFormat, SolutionFormat>;

/// In the order of SignalFormat's alternatives.
enum class SignalKind : std::uint8_t { none, picture, sound, video, volume, solution };
inline SignalKind signal_kind(const SignalFormat& format) { return static_cast<SignalKind>(format.index()); }
/// "none", "picture", "sound", "video", "volume", "solution".
std::string_view signal_kind_name(SignalKind);

/// Samples along each axis, slowest first: (row, column), (time), (time, row, column), (z, y, x); empty for
/// nothing and for solutions, which have no samples.
std::vector<std::int64_t> signal_sizes(const SignalFormat&);

/// The same signal of other sizes.
SignalFormat resized(SignalFormat, const std::vector<std::int64_t>& sizes);

/// The names of its channels in the order of the outputs; empty for nothing.
std::vector<std::string> signal_channels(const SignalFormat&);

/// The channel that is not part of the figures (alpha of pictures), or -1.
int uncounted_channel(const SignalFormat&);

}  // namespace sinefield
