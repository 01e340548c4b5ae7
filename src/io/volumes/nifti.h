// Volumes in NIfTI-1 and NIfTI-2 files (.nii, .nii.gz), read only. libnifti says what a header means; the file itself
// is read here, so that nothing beside it is opened and no memory is taken on the word of a header. Header extensions
// and pairs of files (.hdr and .img) are left out.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "io/input_file.h"
#include "io/volumes/byte_stream.h"
#include "sinefield/volume.h"

namespace sinefield {

/// Whether a file begins like a NIfTI or ANALYZE header, compressed or not.
bool begins_like_nifti(const InputFile&, Packing);

/// As `read_volume`, except that samples may be NaN or infinite.
Volume read_nifti(const InputFile&, Packing, std::uint64_t memory_limit);

}  // namespace sinefield
