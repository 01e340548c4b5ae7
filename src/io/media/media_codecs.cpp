// The table of the library's functions.
// SPDX-License-Identifier: MIT
#include "sinefield/media_codecs.h"

const sinefield::MediaCodecs* sinefield_media_codecs() {
  static constexpr sinefield::MediaCodecs codecs = {&sinefield::open_sound,
                                                    &sinefield::require_writable_sound,
                                                    &sinefield::create_sound,
                                                    &sinefield::resampling,
                                                    &sinefield::open_video,
                                                    &sinefield::require_writable_video,
                                                    &sinefield::create_video,
                                                    &sinefield::read_volume,
                                                    &sinefield::require_writable_volume,
                                                    &sinefield::write_volume,
                                                    &sinefield::read_mat};
  return &codecs;
}
