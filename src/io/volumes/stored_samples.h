// The samples of a volume as a file stores them: numbers of one type and byte order, axes in any order, perhaps
// compressed. All formats read and write their samples through here; none of them looks at a byte itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "io/input_file.h"
#include "io/volumes/byte_stream.h"
#include "sinefield/volume.h"

namespace sinefield {

enum class ElementType : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

std::size_t element_size(ElementType);

/// f32 for the types that a volume cannot have.
VoxelType voxel_type_of(ElementType);

struct StoredAxis {
  std::int64_t size = 0;
  std::int64_t stride = 0;  ///< samples in memory from one to the next
};

/// Axes that lie in memory one inside the other without gaps, the fastest first.
std::vector<StoredAxis> axes_in_memory(std::span<const std::int64_t> sizes);

struct StoredSamples {
  ElementType type = ElementType::f32;
  std::endian order = std::endian::little;
  Packing packing = Packing::none;
  std::uint64_t start = 0;       ///< in the file, where the samples or the compressed data begin
  std::uint64_t skip = 0;        ///< bytes before the first sample that are not its, after decompressing
  std::vector<StoredAxis> axes;  ///< the fastest in the file first; sizes and strides make places in memory unique
  double slope = 1, intercept = 0;
};

/// Bytes that the samples take in the file, before compressing. Throws bad_input for sizes below 1 and for more than
/// any file holds.
std::uint64_t stored_bytes(const InputFile&, const StoredSamples&);

/// Reads all samples. Throws bad_input where the file holds fewer bytes or more than they take, and where they need
/// more memory than `memory_limit`: both before any memory is asked for, which costs compressed data a pass of their
/// own.
std::vector<float> read_samples(const InputFile&, const StoredSamples&, std::uint64_t memory_limit);

/// The samples clipped and rounded to the type of the volume, little-endian, block by block.
void encode_samples(const Volume&, const std::function<void(std::span<const std::byte>)>& sink);

/// Bytes of one sample in a file that `encode_samples` writes.
std::size_t encoded_size(VoxelType);

}  // namespace sinefield
