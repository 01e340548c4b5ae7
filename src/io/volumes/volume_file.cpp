// Which format a volume file has, by its first bytes when read and by its name when written, and what holds for the
// samples of all of them.
// SPDX-License-Identifier: MIT
#include "sinefield/volume_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>

#include "io/input_file.h"
#include "io/npy.h"
#include "io/output_file.h"
#include "io/volumes/nifti.h"
#include "io/volumes/npy_volume.h"
#include "io/volumes/nrrd.h"
#include "io/volumes/vti.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using std::filesystem::path;

std::string format_text(const VolumeFormat& format) {
  const auto& [depth, height, width] = format.sizes;
  return fmt::format("{} x {} x {} voxels with {} channel{}", width, height, depth, format.channels,
                     format.channels == 1 ? "" : "s");
}

void require_finite(const Volume& volume, const std::string& subject, const std::string& hint) {
  const auto is_broken = [](float value) { return !std::isfinite(value); };
  const auto& samples = volume.samples;
  const auto first = std::find_if(samples.begin(), samples.end(), is_broken);
  if (first == samples.end()) return;
  const auto count = std::count_if(first, samples.end(), is_broken);
  const VolumeFormat& format = volume.format;
  const std::int64_t index = first - samples.begin(), voxel = index / format.channels;
  const std::int64_t width = format.sizes[2], height = format.sizes[1];
  throw bad_input(fmt::format("{} {} samples that are no finite floats, the first ({}) at x {}, y {}, z {}, channel {}",
                              subject, count, *first, voxel % width, voxel / width % height, voxel / width / height,
                              index % format.channels),
                  hint);
}

// ---- writing

enum class Target : std::uint8_t { npy, nrrd, vti };

Target target_of(const path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".npy") return Target::npy;
  if (extension == ".nrrd") return Target::nrrd;
  if (extension == ".vti") return Target::vti;
  throw bad_input(fmt::format("cannot write {}: '{}' is not the extension of a volume format that is written",
                              file.string(), extension),
                  "use .nrrd, .npy or .vti");
}

}  // namespace

Volume read_volume(const path& path, std::uint64_t memory_limit) {
  const InputFile file(path);
  std::array<char, 6> buffer{};
  const auto given = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file.size()));
  file.read(0, std::as_writable_bytes(std::span(buffer).first(given)));
  const std::string_view start(buffer.data(), given);
  const Packing packing = start.starts_with("\x1f\x8b") ? Packing::gzip : Packing::none;

  Volume volume;
  if (start.starts_with(npy_magic)) {
    volume = read_npy_volume(file, memory_limit);
  } else if (start.starts_with("NRRD")) {
    volume = read_nrrd(file, path, memory_limit);
  } else if (begins_like_nifti(file, packing)) {
    volume = read_nifti(file, packing, memory_limit);
  } else if (start.empty()) {
    throw bad_input(fmt::format("{} is empty, expected a volume", file.name()), "copy or export it again");
  } else {
    throw bad_input(fmt::format("{} is not a .npy, NRRD or NIfTI volume: {} {:02x}", file.name(),
                                packing == Packing::gzip ? "it is compressed, but not a NIfTI file; it begins"
                                                         : "its first bytes are",
                                fmt::join(std::vector<unsigned char>(start.begin(), start.end()), " ")),
                    "convert it to NRRD or NIfTI first");
  }
  require_finite(volume, fmt::format("{} holds", file.name()), "replace them first, with numpy.nan_to_num for example");
  return volume;
}

void require_writable_volume(const path& file, const VolumeFormat& format) {
  const Target target = target_of(file);
  const auto refuse = [&](const std::string& what, std::string hint) {
    throw bad_input(fmt::format("cannot write {}: {}", file.string(), what), std::move(hint));
  };
  std::int64_t count = format.channels;
  bool fits = format.channels >= 1;
  for (const std::int64_t size : format.sizes) {
    fits = fits && size >= 1 && !__builtin_mul_overflow(count, size, &count);
  }
  constexpr std::int64_t most = std::int64_t{1} << 60U;  // so that bytes can be counted
  if (!fits || count > most) {
    refuse(fmt::format("a volume of {}", format_text(format)), "a volume needs at least one voxel and one channel");
  }
  if (target != Target::npy) {
    for (const double spacing : format.spacing) {
      if (!(spacing > 0) || !std::isfinite(spacing)) {
        refuse(fmt::format("a spacing of {}", spacing), "spacings are positive numbers");
      }
    }
    for (std::size_t column = 0; column < 4; ++column) {
      const double length =
          std::hypot(format.to_world[column], format.to_world[4 + column], format.to_world[8 + column]);
      if (!std::isfinite(length) || (column < 3 && length == 0)) {
        refuse(fmt::format("its place in the world, {}, is none", fmt::join(format.to_world, " ")),
               "each axis needs a direction of a finite length");
      }
    }
  }
  const bool plain =
      std::all_of(format.unit.begin(), format.unit.end(), [](char c) { return c > ' ' && c != '"' && c != '\\'; });
  if (target == Target::nrrd && !plain) refuse("its unit has blanks or quotes", "use a short word, like mm");
  std::error_code ignored;
  const path folder = file.has_parent_path() ? file.parent_path() : path(".");
  if (!std::filesystem::is_directory(folder, ignored)) {
    refuse(fmt::format("there is no folder {}", folder.string()), "create it first");
  }
  const auto status = std::filesystem::status(file, ignored);
  if (std::filesystem::is_directory(status)) refuse("a folder has that name", "choose another name");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    refuse("it exists and is not a regular file", "choose another name");
  }
}

void write_volume(const path& path, const Volume& volume, Overwrite overwrite) {
  require_writable_volume(path, volume.format);
  const auto expected =
      static_cast<std::uint64_t>(volume.format.voxels()) * static_cast<std::uint64_t>(volume.format.channels);
  if (volume.samples.size() != expected) {
    throw bad_input(fmt::format("cannot write {}: {} samples do not make {}", path.string(), volume.samples.size(),
                                format_text(volume.format)));
  }
  require_finite(volume, fmt::format("cannot write {}: the volume has", path.string()),
                 "the model may have diverged: train it again with a smaller learning rate");
  OutputFile file(path, overwrite);
  switch (target_of(path)) {
    case Target::npy:
      write_npy_volume(file, volume);
      break;
    case Target::nrrd:
      write_nrrd(file, volume);
      break;
    case Target::vti:
      write_vti(file, volume);
      break;
  }
  file.commit();
}

}  // namespace sinefield
