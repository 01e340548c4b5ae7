// Volumes in numpy's array files: three axes (z, y, x), or four with the channels last.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "io/input_file.h"
#include "io/output_file.h"
#include "sinefield/volume.h"

namespace sinefield {

/// As `read_volume`, except that samples may be NaN or infinite.
Volume read_npy_volume(const InputFile&, std::uint64_t memory_limit);

/// For a volume that has been found writable.
void write_npy_volume(OutputFile&, const Volume&);

}  // namespace sinefield
