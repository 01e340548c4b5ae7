// Axes and types of numpy's arrays as those of a volume.
// SPDX-License-Identifier: MIT
#include "io/volumes/npy_volume.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "io/npy.h"
#include "io/volumes/stored_samples.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::int64_t most_channels = 1024;

std::optional<ElementType> element_type(std::string_view kind) {
  if (kind == "u1") return ElementType::u8;
  if (kind == "i1") return ElementType::i8;
  if (kind == "u2") return ElementType::u16;
  if (kind == "i2") return ElementType::i16;
  if (kind == "u4") return ElementType::u32;
  if (kind == "i4") return ElementType::i32;
  if (kind == "u8") return ElementType::u64;
  if (kind == "i8") return ElementType::i64;
  if (kind == "f4") return ElementType::f32;
  if (kind == "f8") return ElementType::f64;
  return std::nullopt;
}

std::string_view numpy_type(VoxelType type) {
  switch (type) {
    case VoxelType::u8:
      return "|u1";
    case VoxelType::i8:
      return "|i1";
    case VoxelType::u16:
      return "<u2";
    case VoxelType::i16:
      return "<i2";
    case VoxelType::i32:
      return "<i4";
    case VoxelType::f32:
      break;
  }
  return "<f4";
}

StoredSamples stored_samples(const NpyHeader& header, const std::string& file) {
  const std::string_view word = header.type;
  const auto type = element_type(word.substr(std::min<std::size_t>(word.size(), 1)));
  const char order = word.empty() ? '\0' : word.front();
  if (!type || (order != '<' && order != '>' && order != '|')) {
    throw bad_input(
        fmt::format("{} holds elements of type '{}', expected integers or floats of 8 to 64 bits", file, word),
        "save it with numpy.save(name, a.astype('<f4'))");
  }
  StoredSamples stored;
  stored.type = *type;
  stored.order = order == '>' ? std::endian::big : std::endian::little;
  stored.start = header.data_start;
  stored.axes = axes_in_memory(std::vector<std::int64_t>(header.shape.rbegin(), header.shape.rend()));
  if (header.fortran_order) std::reverse(stored.axes.begin(), stored.axes.end());
  return stored;
}

}  // namespace

Volume read_npy_volume(const InputFile& file, std::uint64_t memory_limit) {
  const NpyHeader header = read_npy_header(file);
  const auto& shape = header.shape;
  if (shape.size() != 3 && shape.size() != 4) {
    throw bad_input(fmt::format("{} has the shape {}, expected a volume of three axes (z, y, x), or four with the "
                                "channels last",
                                file.name(), npy_shape_text(shape)),
                    "reshape it before numpy.save");
  }
  if (shape.size() == 4 && (shape[3] < 1 || shape[3] > most_channels)) {
    throw bad_input(fmt::format("{} has the shape {}: {} channels, expected 1 to {}", file.name(),
                                npy_shape_text(shape), shape[3], most_channels),
                    "channels are the last axis; save one volume of a series");
  }
  const StoredSamples stored = stored_samples(header, file.name());
  Volume volume;
  volume.format.sizes = {shape[0], shape[1], shape[2]};
  volume.format.channels = shape.size() == 4 ? static_cast<int>(shape[3]) : 1;
  volume.format.type = voxel_type_of(stored.type);
  volume.samples = read_samples(file, stored, memory_limit);
  return volume;
}

void write_npy_volume(OutputFile& file, const Volume& volume) {
  const VolumeFormat& format = volume.format;
  std::vector<std::int64_t> shape(format.sizes.begin(), format.sizes.end());
  if (format.channels > 1) shape.push_back(format.channels);
  file.write(npy_header_text(numpy_type(format.type), shape));
  encode_samples(volume, [&](std::span<const std::byte> bytes) { file.write(bytes); });
}

}  // namespace sinefield
