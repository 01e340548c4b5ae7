// What the containers of sounds promise about their end. libsndfile quietly makes do with what is there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "io/input_file.h"

namespace sinefield {

/// Bytes of samples that the header of a WAV, RF64 or AIFF file promises, where the file has fewer. Nothing for lengths
/// that programs write before they know better.
std::optional<std::uint64_t> missing_sound_data(const InputFile&);

/// Whether an Ogg or Matroska file (WebM too) lacks its end: it stops before the end that it promises.
bool lacks_end(const InputFile&);

/// Whether it is a bare MPEG stream (MP3), or one behind a tag.
bool is_mpeg_audio(const InputFile&);

}  // namespace sinefield
