// Sounds that only FFmpeg's libraries decode: M4A and bare AAC, the sound tracks of videos, rarer codecs.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>

#include "io/media/sound_decoder.h"

namespace sinefield {

/// Throws bad_input for what is no file of sound or video, has no sound track, or cannot be decoded.
std::unique_ptr<SoundDecoder> open_ffmpeg_sound(const std::filesystem::path&);

}  // namespace sinefield
