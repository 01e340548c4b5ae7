// The codecs, loaded at first use: they bring hundreds of shared objects that most commands never need.
// SPDX-License-Identifier: MIT
#pragma once

#include "cli/command.h"
#include "sinefield/given_files.h"
#include "sinefield/media_codecs.h"
#include "sinefield/picture_file.h"

namespace sinefield::cli {

/// Each throws failure, with the loader's words, where its library is missing.
const PictureCodecs& pictures();
const MediaCodecs& media();

/// Files that a problem names, read by these; looked for in the folders.
GivenFiles given_files(const Common&, std::vector<std::filesystem::path> folders = {});
/// Those of the problem of a model: in its folder, and then in the current one.
GivenFiles files_of_model(const Common&, const std::filesystem::path& model);

}  // namespace sinefield::cli
