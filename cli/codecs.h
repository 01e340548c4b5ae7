// The codecs, loaded at first use: they bring hundreds of shared objects that most commands never need.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/media_codecs.h"
#include "sinefield/picture_file.h"

namespace sinefield::cli {

/// Each throws failure, with the loader's words, where its library is missing.
const PictureCodecs& pictures();
const MediaCodecs& media();

}  // namespace sinefield::cli
