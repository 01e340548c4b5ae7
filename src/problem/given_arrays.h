// The files that problem files name, as arrays whose first axes run along coordinates.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "sinefield/given_files.h"

namespace sinefield::problem {

/// A file as a table of the problem file names it.
struct GivenFile {
  enum class Kind : std::uint8_t { picture, npy, mat };
  Kind kind;
  std::string name;
  std::string variable;  ///< of .mat
};

/// Of pictures (width, height, channels) with the lowest row first and full scale 1, floats as they are; of the others
/// their own axes. Throws bad_input where it is not found, or nobody reads such files, or it cannot be read.
Array read_given(const GivenFiles&, const GivenFile&);

}  // namespace sinefield::problem
