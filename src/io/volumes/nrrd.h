// Volumes in NRRD files: the header in the file of the samples (.nrrd) or beside it (.nhdr). Raw and gzip encodings;
// axis mins and maxs, measurement frames and the like are left out, and so are samples in several files.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>

#include "io/input_file.h"
#include "io/output_file.h"
#include "sinefield/volume.h"

namespace sinefield {

/// As `read_volume`, except that samples may be NaN or infinite. `path` is that of the file: what it names itself must
/// lie in the same folder.
Volume read_nrrd(const InputFile&, const std::filesystem::path& path, std::uint64_t memory_limit);

/// For a volume that has been found writable. One file, gzip encoding, in right-anterior-superior space.
void write_nrrd(OutputFile&, const Volume&);

}  // namespace sinefield
