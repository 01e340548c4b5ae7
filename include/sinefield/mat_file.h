// Variables of MATLAB's files, read only: versions 4, 5 to 7 and 7.3. What is read are full arrays of real numbers.
// Part of a library of its own (sinefield_media), so that programs can load it only when they need it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sinefield/array_file.h"

namespace sinefield {

/// double, single and integers of 8 to 64 bits (those beyond 2^53 are rounded), of any number of axes in their order in
/// MATLAB: element (i, j) of the array is V(i + 1, j + 1). NaN and infinities pass. Throws bad_input where the file or
/// the variable is missing (with the variables that there are), for complex numbers, text, structures, cells and sparse
/// matrices, and where the reading would take more than `memory_limit` bytes (16 for each element).
__attribute__((visibility("default"))) Array read_mat(const std::filesystem::path&, const std::string& variable,
                                                      std::uint64_t memory_limit);

}  // namespace sinefield
