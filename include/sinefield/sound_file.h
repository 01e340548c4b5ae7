// Sound files, read and written piece by piece, so that an hour needs no more memory than a second. Recognised by their
// content when read (WAV, FLAC, Ogg Vorbis, Opus, AIFF, CAF, ... by libsndfile; MP3, M4A and the sound track of videos
// by FFmpeg), by their extension when written. Nothing is resampled unasked, mixed or dithered.
// Part of a library of its own (sinefield_media), so that programs can load it only when they need it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sinefield/output.h"
#include "sinefield/sound.h"

namespace sinefield {

/// A sound file, from its beginning to its end.
class SoundReader {
 public:
  virtual ~SoundReader() = default;
  /// What the header says; `frames` is what it promises, or 0 where it does not say.
  virtual const SoundFormat& format() const = 0;
  /// The next frames, (n, channels), as many as there is room for in `samples`; fewer at the end, 0 after it. Throws
  /// bad_input, naming file and place, for samples that are not finite and for data that cannot be decoded at all.
  virtual std::int64_t read(std::span<float> samples) = 0;
  /// In words, once the end was reached: that the file breaks off before what its header promised, or that it could
  /// not be decoded further. Empty where all was well.
  virtual const std::vector<std::string>& warnings() const = 0;
};

/// Throws bad_input, naming file, value and way out, for what is no sound file, has no channel or no sample, or more
/// than 1,024 channels; nothing but the file itself is ever opened (no address inside of it).
__attribute__((visibility("default"))) std::unique_ptr<SoundReader> open_sound(const std::filesystem::path&);

/// A sound file being written, beside its target; `finish` puts it in place.
class SoundWriter {
 public:
  virtual ~SoundWriter() = default;
  /// The next frames, (n, channels), clipped and rounded as by `quantised`. Throws bad_input for samples that are not
  /// finite, failure where writing fails (a full disk). On any error the target is as it was.
  virtual void write(std::span<const float> samples) = 0;
  /// Once, after the last frame.
  virtual void finish() = 0;
};

/// Throws bad_input where `create_sound` would refuse such a sound under that name, for use before long work.
///   .wav    u8, s16, s24, s32, f32, f64; any rate and number of channels (RF64 where it grows beyond 4 GiB)
///   .flac   s16, s24; up to 8 channels
///   .ogg    Vorbis, quality 0.6: lossy
///   .opus   Opus; rates of 8, 12, 16, 24 and 48 kHz: lossy
__attribute__((visibility("default"))) void require_writable_sound(const std::filesystem::path&, const SoundFormat&);

/// `format.frames` is not looked at. Throws as `require_writable_sound`, and as OutputFile for the target.
__attribute__((visibility("default"))) std::unique_ptr<SoundWriter> create_sound(const std::filesystem::path&,
                                                                                 const SoundFormat&, Overwrite);

/// A writer that passes its frames on to another one at another rate: band-limited by soxr (very high quality), so that
/// nothing appears above half of either rate, in phase, and as many frames as the same time holds at the new rate,
/// rounded up.
__attribute__((visibility("default"))) std::unique_ptr<SoundWriter> resampling(std::unique_ptr<SoundWriter>,
                                                                               int channels, int from_rate,
                                                                               int to_rate);

}  // namespace sinefield
