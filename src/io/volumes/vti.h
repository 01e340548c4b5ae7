// Volumes for VTK and ParaView: XML ImageData (.vti), written only.
// SPDX-License-Identifier: MIT
#pragma once

#include "io/output_file.h"
#include "sinefield/volume.h"

namespace sinefield {

/// For a volume that has been found writable.
void write_vti(OutputFile&, const Volume&);

}  // namespace sinefield
