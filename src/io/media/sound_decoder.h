// What lies beneath a SoundReader: the decoder of one library. It neither looks at the samples nor complains about what
// is missing at the end; both is the reader's part.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sinefield/sound.h"

namespace sinefield {

class SoundDecoder {
 public:
  virtual ~SoundDecoder() = default;
  /// As of SoundReader.
  virtual const SoundFormat& format() const = 0;
  /// The next frames, as many as there is room for; fewer at the end only.
  virtual std::int64_t decode(std::span<float> samples) = 0;
  /// After the end: what was not right, to follow "the file" ("breaks off after ..."); empty where all was.
  virtual std::string shortcoming() const = 0;
};

}  // namespace sinefield
