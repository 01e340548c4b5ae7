// `sinefield render` of volumes: voxels at any size, or a slice as a picture.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "cli/codecs.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"
#include "sinefield/volume_views.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t block_points = 1 << 20;

/// "64x64x32", along x, y, z, to sizes along z, y, x.
std::array<std::int64_t, 3> parse_sizes(const std::string& text) {
  std::array<std::int64_t, 3> sizes{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  for (std::size_t i = 3; i-- > 0 && good;) {
    const auto [rest, error] = std::from_chars(at, end, sizes[i]);
    good = error == std::errc() && sizes[i] > 0 && sizes[i] <= 1'000'000 &&
           (i == 0 ? rest == end : rest != end && *rest == 'x');
    at = rest + 1;
  }
  if (!good)
    throw bad_input(fmt::format("--size {}: expected XxYxZ, 1 to 1000000 each", text), "for example --size 64x64x32");
  return sizes;
}

/// The same stretch of space in other voxels.
VolumeFormat resized_volume(const VolumeFormat& original, const std::array<std::int64_t, 3>& sizes) {
  VolumeFormat format = original;
  format.sizes = sizes;
  for (std::size_t i = 0; i < 3; ++i) {
    const double step = static_cast<double>(original.sizes[i]) / static_cast<double>(sizes[i]);
    format.spacing[i] = original.spacing[i] * step;
    // Voxel j of the new lies at (j + 0.5) step - 0.5 of the old; columns of to_world are x, y, z, 1.
    const std::size_t column = 2 - i;
    for (std::size_t row = 0; row < 3; ++row) {
      const double along = original.to_world[row * 4 + column];
      format.to_world[row * 4 + column] = along * step;
      format.to_world[row * 4 + 3] += along * (0.5 * step - 0.5);
    }
  }
  return format;
}

struct Slice {
  std::size_t axis;  // 0 z, 1 y, 2 x
  std::int64_t at;
};

Slice slice_of(const std::vector<std::string>& texts, const VolumeFormat& format) {
  if (texts.empty()) return {0, format.sizes[0] / 2};
  const std::string& text = texts.front();
  if (texts.size() > 1) throw bad_input(fmt::format("--slice {}: a volume is cut once", texts[1]));
  const std::size_t axis = text.starts_with("z=") ? 0 : text.starts_with("y=") ? 1 : text.starts_with("x=") ? 2 : 3;
  std::int64_t at = -1;
  const char* const end = text.data() + text.size();
  if (axis == 3 || std::from_chars(text.data() + 2, end, at).ptr != end)
    throw bad_input(fmt::format("--slice {}: expected x=N, y=N or z=N", text), "for example --slice z=90");
  if (at < 0 || at >= format.sizes[axis])
    throw bad_input(
        fmt::format("--slice {}: the volume has slices 0 to {} along {}", text, format.sizes[axis] - 1, text[0]));
  return {axis, at};
}

Picture picture_of_slice(std::span<const float> samples, const VolumeFormat& format, Slice slice, const Field& field) {
  const std::size_t down = slice.axis == 0 ? 1 : 0, across = slice.axis == 2 ? 1 : 2;
  const ChannelMap& map = field.channels.front();
  return slice_picture(samples, format.sizes[down], format.sizes[across], format.channels, map.offset - map.scale,
                       map.offset + map.scale, format.spacing[down] / format.spacing[across],
                       RowOrder::first_at_bottom);
}

/// A slice of the model, beside the original's and their difference where it is given.
Json write_slice(const RenderArguments& a, const Field& field, const Common& common) {
  const VolumeFormat& format = *field.volume();
  const Slice slice = slice_of(a.slices, format);
  std::vector<std::vector<double>> grid;
  std::int64_t points = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    grid.push_back(i == slice.axis ? whole_positions(slice.at, 1) : whole_positions(0, format.sizes[i]));
    points *= std::ssize(grid.back());
  }
  std::vector<float> samples(static_cast<std::size_t>(points * format.channels));
  GridEvaluator(field, common.compute())(grid, samples);
  for (float& sample : samples) sample = quantised(sample, format.type);
  const Picture model = picture_of_slice(samples, format, slice, field);
  if (a.sheet.empty()) {
    pictures().write_picture(a.output, model);
    return {{"slice", fmt::format("{}={}", "zyx"[slice.axis], slice.at)}};
  }
  const Volume original = media().read_volume(a.sheet, common.memory());
  if (original.format.sizes != format.sizes || original.format.channels != format.channels)
    throw bad_input(fmt::format("--sheet {}: of another size than the model's volume", a.sheet.string()));
  std::vector<float> theirs;
  const auto& [depth, height, width] = format.sizes;
  for (std::int64_t z = 0; z < depth; ++z)
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        if ((slice.axis == 0 ? z : slice.axis == 1 ? y : x) != slice.at) continue;
        const auto first = original.samples.begin() + ((z * height + y) * width + x) * format.channels;
        theirs.insert(theirs.end(), first, first + format.channels);
      }
  const std::string name = fmt::format("{} = {}", "zyx"[slice.axis], slice.at);
  const std::vector<SheetEntry> entries = {{picture_of_slice(theirs, format, slice, field), "original, " + name},
                                           {model, "model, " + name}};
  pictures().write_picture(a.output, pictures().contact_sheet(entries, 2));
  return {{"slice", fmt::format("{}={}", "zyx"[slice.axis], slice.at)}};
}

}  // namespace

Json render_volume(const RenderArguments& a, const Field& field, const Common& common) {
  if (extension_of(a.output) == ".png") return write_slice(a, field, common);
  if (!a.sheet.empty() || !a.slices.empty())
    throw bad_input(fmt::format("--sheet and --slice are pictures, {} is not", a.output.string()), "give -o OUT.png");
  const VolumeFormat& original = *field.volume();
  std::array<std::int64_t, 3> sizes = original.sizes;
  if (!a.size.empty()) sizes = parse_sizes(a.size);
  if (a.scale)
    for (std::int64_t& size : sizes) size = scaled_size(size, *a.scale);
  Volume volume{resized_volume(original, sizes), {}};
  if (!a.type.empty()) volume.format.type = voxel_type_from_name(a.type);
  const auto samples =
      static_cast<std::uint64_t>(volume.format.voxels()) * static_cast<std::uint64_t>(original.channels);
  if (samples * sizeof(float) > common.memory())
    throw bad_input(fmt::format("{} voxels need {} MiB, more than the {} MiB allowed", volume.format.voxels(),
                                samples * sizeof(float) >> 20, common.memory() >> 20),
                    "give a smaller --size or --scale, or a larger --memory-limit");
  media().require_writable_volume(a.output, volume.format);
  volume.samples.resize(samples);
  GridEvaluator evaluator(field, common.compute());
  Progress progress(common);
  std::vector<std::vector<double>> grid;
  for (std::size_t i = 0; i < 3; ++i) grid.push_back(resampled_positions(sizes[i], original.sizes[i]));
  const std::vector<double> all = grid[0];
  const std::int64_t slice = sizes[1] * sizes[2], at_once = std::max<std::int64_t>(1, block_points / slice);
  for (std::int64_t z = 0; z < sizes[0]; z += at_once) {
    const std::int64_t count = std::min(at_once, sizes[0] - z);
    grid[0].assign(all.begin() + z, all.begin() + z + count);
    evaluator(grid, std::span(volume.samples)
                        .subspan(static_cast<std::size_t>(z * slice * original.channels),
                                 static_cast<std::size_t>(count * slice * original.channels)));
    progress.update(static_cast<double>(z + count) / static_cast<double>(sizes[0]), -1,
                    [] { return std::string("rendering"); });
  }
  media().write_volume(a.output, volume, common.overwrite());
  return {{"signal", signal_json(volume.format)}};
}

}  // namespace sinefield::cli
