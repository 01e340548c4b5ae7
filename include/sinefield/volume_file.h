// Volume files: .npy, NRRD (.nrrd, .nhdr with its data beside it), NIfTI (.nii, .nii.gz) are read, .npy, .nrrd and
// VTK's .vti are written. Headers are not trusted: sizes are compared with the data before memory is asked for. Part of
// a library of its own (sinefield_media), so that programs can load it only when they need it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>

#include "sinefield/output.h"
#include "sinefield/volume.h"

namespace sinefield {

/// Reads a volume of one or more channels. .npy: three axes (z, y, x), or four with the channels last; u8, i8, u16,
/// i16, i32, f32, f64, either byte order, C or Fortran order. NRRD: raw and gzip encodings, kinds and spacings as the
/// file says, space right- or left-handed. NIfTI-1 and -2: three dimensions, or one volume of a series of one.
/// Numbers that f32 cannot hold exactly (f64, large i32) are rounded. Throws bad_input, naming file, value and way
/// out, for what is no whole and sound volume, for NaN and infinity (with the number and the place of the first), and
/// where the samples need more than `memory_limit` bytes.
__attribute__((visibility("default"))) Volume read_volume(const std::filesystem::path&, std::uint64_t memory_limit);

/// Throws bad_input where `write_volume` would refuse such a volume under that name, for use before long work.
__attribute__((visibility("default"))) void require_writable_volume(const std::filesystem::path&, const VolumeFormat&);

/// Writes the volume, clipped and rounded to `format.type`, with spacing and place in the world where the format has a
/// word for them (.npy has none), beside its target and renamed. Throws bad_input for samples that are not finite,
/// failure where writing fails.
__attribute__((visibility("default"))) void write_volume(const std::filesystem::path&, const Volume&, Overwrite);

}  // namespace sinefield
