// libnifti repairs some values of a header in silence (sizes below 1, spacings that are no numbers) and complains about
// others on stderr: all of these are looked at before it sees the header.
// SPDX-License-Identifier: MIT
#include "io/volumes/nifti.h"

#include <fmt/core.h>
#include <nifti2_io.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/volumes/stored_samples.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using Image = std::unique_ptr<nifti_image, decltype(&nifti_image_free)>;
using Start = std::array<std::byte, sizeof(nifti_2_header)>;  // the larger of the headers

struct Beginning {
  Start bytes = {};
  std::size_t length = 0;
  int version = -1;  // libnifti's: 1, 2, 0 for ANALYZE, negative for anything else
};

Beginning beginning_of(const InputFile& file, Packing packing) {
  Beginning beginning;
  ByteStream stream(file, 0, packing);
  beginning.length = stream.read(beginning.bytes);
  if (beginning.length >= sizeof(nifti_1_header)) {
    beginning.version = nifti_header_version(reinterpret_cast<const char*>(beginning.bytes.data()), beginning.length);
  }
  return beginning;
}

// ---- types

struct Voxel {
  ElementType type;
  int channels;
};

std::optional<Voxel> voxel_of(int datatype) {
  switch (datatype) {
    case NIFTI_TYPE_UINT8:
      return Voxel{ElementType::u8, 1};
    case NIFTI_TYPE_INT8:
      return Voxel{ElementType::i8, 1};
    case NIFTI_TYPE_UINT16:
      return Voxel{ElementType::u16, 1};
    case NIFTI_TYPE_INT16:
      return Voxel{ElementType::i16, 1};
    case NIFTI_TYPE_UINT32:
      return Voxel{ElementType::u32, 1};
    case NIFTI_TYPE_INT32:
      return Voxel{ElementType::i32, 1};
    case NIFTI_TYPE_UINT64:
      return Voxel{ElementType::u64, 1};
    case NIFTI_TYPE_INT64:
      return Voxel{ElementType::i64, 1};
    case NIFTI_TYPE_FLOAT32:
      return Voxel{ElementType::f32, 1};
    case NIFTI_TYPE_FLOAT64:
      return Voxel{ElementType::f64, 1};
    case NIFTI_TYPE_RGB24:
      return Voxel{ElementType::u8, 3};
    case NIFTI_TYPE_RGBA32:
      return Voxel{ElementType::u8, 4};
    default:
      return std::nullopt;
  }
}

std::string unit_of(int code) {
  switch (code) {
    case NIFTI_UNITS_METER:
      return "m";
    case NIFTI_UNITS_MM:
      return "mm";
    case NIFTI_UNITS_MICRON:
      return "um";
    default:
      return "";
  }
}

// ---- headers

[[noreturn]] void refuse(const InputFile& file, const std::string& what,
                         const std::string& hint = "copy or export the file again") {
  throw bad_input(fmt::format("{}: {}", file.name(), what), hint);
}

// Values of a header in the machine's byte order. Fields are copied: those of NIfTI-2 are not aligned.
template <class Header>
void check_header(const Header& header, const InputFile& file) {
  const auto axes = static_cast<std::int64_t>(header.dim[0]);
  if (axes < 1 || axes > 7) refuse(file, fmt::format("the header gives {} axes (dim[0]), expected 1 to 7", axes));
  std::int64_t voxels = 1;
  for (std::int64_t i = 1; i <= axes; ++i) {
    const auto size = static_cast<std::int64_t>(header.dim[i]);
    if (size < 1)
      refuse(file, fmt::format("the header gives an axis of {} voxels (dim[{}]), expected 1 or more", size, i));
    if (i > 3 && size > 1) {
      refuse(file,
             fmt::format("holds {} {} (dim[{}]), expected one volume", size,
                         i == 4 ? "volumes, a series," : "values for each voxel", i),
             "write one of them to a file of its own first, with fslroi or nibabel for example");
    }
    if (__builtin_mul_overflow(voxels, size, &voxels)) {
      refuse(file, fmt::format("the header gives an axis of {} voxels (dim[{}]), more than any file holds", size, i));
    }
  }
  if (axes < 3) {
    refuse(file, fmt::format("the header gives {} axes (dim[0]), expected the three of a volume", axes),
           "give pictures as pictures");
  }
  for (int i = 1; i <= 3; ++i) {
    const auto spacing = static_cast<double>(header.pixdim[i]);
    if (!std::isfinite(spacing) || spacing < 0) {
      refuse(file,
             fmt::format("the header gives a spacing of {} (pixdim[{}]), expected a positive number", spacing, i));
    }
  }
  const auto slope = static_cast<double>(header.scl_slope), intercept = static_cast<double>(header.scl_inter);
  if (std::isfinite(slope) && slope != 0 && !std::isfinite(intercept)) {
    refuse(file, fmt::format("the header gives an intercept of {} (scl_inter), expected a number", intercept));
  }
  for (int i = 0; i < 4; ++i) {
    for (const auto value : {static_cast<double>(header.srow_x[i]), static_cast<double>(header.srow_y[i]),
                             static_cast<double>(header.srow_z[i])}) {
      if (header.sform_code > 0 && !std::isfinite(value)) {
        refuse(file, fmt::format("the place in the world (srow) holds {}, expected numbers", value));
      }
    }
  }
  for (const auto value : {static_cast<double>(header.quatern_b), static_cast<double>(header.quatern_c),
                           static_cast<double>(header.quatern_d), static_cast<double>(header.qoffset_x),
                           static_cast<double>(header.qoffset_y), static_cast<double>(header.qoffset_z)}) {
    if (header.qform_code > 0 && header.sform_code <= 0 && !std::isfinite(value)) {
      refuse(file, fmt::format("the place in the world (quatern, qoffset) holds {}, expected numbers", value));
    }
  }
  if (!voxel_of(header.datatype)) {
    refuse(file,
           fmt::format("holds voxels of type {} ({}), expected real numbers or colours", header.datatype + 0,
                       nifti_datatype_to_string(header.datatype)),
           "convert it first, to 32-bit floats for example");
  }
}

// Where the voxels begin, after decompressing.
template <class Header>
std::uint64_t data_offset(const Header& header, const InputFile& file) {
  constexpr double after_header = sizeof(Header) + 4;  // 4 bytes say whether extensions follow
  const auto offset = static_cast<double>(header.vox_offset);
  if (offset == 0) return static_cast<std::uint64_t>(after_header);
  constexpr double beyond_any_file = 9.0e18;
  if (!(offset >= sizeof(Header)) || offset != std::floor(offset) || offset > beyond_any_file) {
    refuse(file, fmt::format("the header says that voxels begin at byte {} (vox_offset), expected {} or more", offset,
                             after_header));
  }
  return static_cast<std::uint64_t>(header.vox_offset);
}

struct Meaning {
  Image image{nullptr, &nifti_image_free};
  std::endian order = std::endian::native;
  std::uint64_t offset = 0;
};

template <class Header>
Meaning meaning_of(const Beginning& beginning, const InputFile& file, void (*swap)(Header*),
                   nifti_image* (*convert)(Header, const char*)) {
  static std::once_flag silenced;
  std::call_once(silenced, [] { nifti_set_debug_level(0); });
  Header header;
  if (beginning.length < sizeof(header)) {
    refuse(file, fmt::format("is cut: {} bytes end inside the header of {}", beginning.length, sizeof(header)));
  }
  std::memcpy(&header, beginning.bytes.data(), sizeof(header));
  Meaning meaning;
  if (header.sizeof_hdr != static_cast<int>(sizeof(header))) {
    swap(&header);
    meaning.order = std::endian::native == std::endian::little ? std::endian::big : std::endian::little;
  }
  check_header(header, file);
  meaning.offset = data_offset(header, file);
  if (!std::isfinite(static_cast<double>(header.scl_slope))) header.scl_slope = 0;  // tools write NaN for "not scaled"
  meaning.image.reset(convert(header, nullptr));
  if (!meaning.image) refuse(file, "the header makes no sense to libnifti");
  return meaning;
}

Meaning meaning_of(const Beginning& beginning, const InputFile& file) {
  constexpr std::size_t magic_at = 344;
  if (beginning.version == 0) {
    refuse(file, "is an ANALYZE 7.5 header without voxels, expected NIfTI in one file (.nii)",
           "convert the pair to .nii first");
  }
  if (beginning.version == 1) {
    if (std::memcmp(beginning.bytes.data() + magic_at, "n+1", 4) != 0) {
      refuse(file, "is the header of a pair of files (.hdr and .img), expected NIfTI in one file (.nii)",
             "convert the pair to .nii first");
    }
    return meaning_of<nifti_1_header>(beginning, file, &nifti_swap_as_nifti1, &nifti_convert_n1hdr2nim);
  }
  if (std::memcmp(beginning.bytes.data() + 4, "n+2", 4) != 0) {
    refuse(file, "is the header of a pair of files (.hdr and .img), expected NIfTI in one file (.nii)",
           "convert the pair to .nii first");
  }
  return meaning_of<nifti_2_header>(beginning, file, &nifti_swap_as_nifti2, &nifti_convert_n2hdr2nim);
}

}  // namespace

bool begins_like_nifti(const InputFile& file, Packing packing) { return beginning_of(file, packing).version >= 0; }

Volume read_nifti(const InputFile& file, Packing packing, std::uint64_t memory_limit) {
  const Meaning meaning = meaning_of(beginning_of(file, packing), file);
  const nifti_image& image = *meaning.image;
  const Voxel voxel = *voxel_of(image.datatype);  // looked at by check_header

  StoredSamples stored;
  stored.type = voxel.type;
  stored.order = meaning.order;
  stored.packing = packing;
  stored.skip = meaning.offset;
  std::vector<std::int64_t> sizes = {image.nx, image.ny, image.nz};
  if (voxel.channels > 1) sizes.insert(sizes.begin(), voxel.channels);
  stored.axes = axes_in_memory(sizes);
  if (image.scl_slope != 0 && voxel.channels == 1) {  // colours are not scaled
    stored.slope = image.scl_slope;
    stored.intercept = image.scl_inter;
  }

  Volume volume;
  VolumeFormat& format = volume.format;
  format.sizes = {image.nz, image.ny, image.nx};
  format.channels = voxel.channels;
  const bool scaled = stored.slope != 1 || stored.intercept != 0;
  format.type = scaled ? VoxelType::f32 : voxel_type_of(stored.type);
  format.spacing = {image.dz, image.dy, image.dx};
  const nifti_dmat44& world = image.sform_code > 0 ? image.sto_xyz : image.qto_xyz;
  for (std::size_t row = 0; row < 3; ++row) {
    for (std::size_t column = 0; column < 4; ++column) format.to_world[4 * row + column] = world.m[row][column] + 0.0;
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double length = std::hypot(world.m[0][axis], world.m[1][axis], world.m[2][axis]);
    if (!(length > 0)) {
      refuse(file,
             fmt::format("its place in the world has no extent along {}", std::string_view("xyz").substr(axis, 1)));
    }
  }
  format.unit = unit_of(image.xyz_units);
  volume.samples = read_samples(file, stored, memory_limit);
  return volume;
}

}  // namespace sinefield
