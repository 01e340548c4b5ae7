// Where problem files find the files that they name, and who reads these: codecs are libraries of their own, which a
// program links or loads as it likes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sinefield/array_file.h"
#include "sinefield/picture.h"

namespace sinefield {

struct GivenFiles {
  /// Where names that are not absolute are looked for, in this order. Without a folder nothing is read at all, and a
  /// problem that needs a file is an error.
  std::vector<std::filesystem::path> folders;
  std::uint64_t memory_limit = std::uint64_t{1} << 30U;  ///< bytes for the samples of one file
  /// `read_picture` of picture_file.h and `read_mat` of mat_file.h; null: such files are an error. .npy is always read.
  std::function<Picture(const std::filesystem::path&, std::uint64_t memory_limit)> read_picture;
  std::function<Array(const std::filesystem::path&, const std::string& variable, std::uint64_t memory_limit)> read_mat;
};

}  // namespace sinefield
