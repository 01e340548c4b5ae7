// The picture codecs, loaded at first use: they bring hundreds of shared objects that most commands never need.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/picture_file.h"

namespace sinefield::cli {

/// Throws failure, with the loader's words, where the library is missing.
const PictureCodecs& pictures();

}  // namespace sinefield::cli
