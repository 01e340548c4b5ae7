// The figures of a volume: errors over all samples, SSIM slice by slice with the measures of pictures. The peak is that
// of the whole volume in every slice; with its own, a slice of almost nothing would count as much as any other.
// SPDX-License-Identifier: MIT
#include "sinefield/volume_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

std::string size_text(const VolumeFormat& format) {
  const auto& [depth, height, width] = format.sizes;
  return fmt::format("{} x {} x {} voxels with {} channel{}", width, height, depth, format.channels,
                     format.channels == 1 ? "" : "s");
}

void check(const Volume& volume) {
  const VolumeFormat& format = volume.format;
  const bool empty = format.channels < 1 ||
                     std::any_of(format.sizes.begin(), format.sizes.end(), [](std::int64_t size) { return size < 1; });
  if (empty || volume.samples.size() != static_cast<std::size_t>(format.voxels() * format.channels)) {
    throw bad_input(fmt::format("{} samples do not make a volume of {}", volume.samples.size(), size_text(format)),
                    "a volume needs at least one voxel and one channel");
  }
}

}  // namespace

VolumeComparison::VolumeComparison(const VolumeFormat& format, double peak) : peak_(peak) {
  slice_.format.height = format.sizes[1];
  slice_.format.width = format.sizes[2];
  slice_.format.type = SampleType::f32;
  slice_.format.channels.assign(static_cast<std::size_t>(format.channels), "Y");
}

void VolumeComparison::add(std::span<const float> result, std::span<const float> original) {
  const auto size =
      static_cast<std::size_t>(slice_.format.height * slice_.format.width) * slice_.format.channels.size();
  if (result.size() != original.size() || result.size() % size != 0)
    throw bad_input(fmt::format("{} and {} samples to compare are not whole slices of {} both", result.size(),
                                original.size(), size));
  for (std::size_t first = 0; first < original.size(); first += size) {
    const auto a = original.subspan(first, size), b = result.subspan(first, size);
    double squared_error = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const double error = static_cast<double>(b[i]) - static_cast<double>(a[i]);
      squared_error += error * error;
      // Keeps NaN, which std::max would lose.
      if (!(std::abs(error) <= largest_) && !std::isnan(largest_)) largest_ = std::abs(error);
    }
    squares_ += squared_error;
    slice_.samples.assign(a.begin(), a.end());
    PictureComparison comparison(slice_, peak_);
    comparison.add_rows(0, b);
    similarity_ += comparison.result().ssim * static_cast<double>(size);
    samples_ += size;
  }
}

VolumeMeasures VolumeComparison::result() const {
  if (samples_ == 0) throw bad_input("no slices have been compared");
  const auto count = static_cast<double>(samples_);
  const double mse = squares_ / count;
  return {.psnr = mse == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(peak_ * peak_ / mse),
          .mse = mse,
          .ssim = similarity_ / count,
          .largest = largest_};
}

VolumeMeasures compare(const Volume& result, const Volume& original) {
  const VolumeFormat& format = original.format;
  if (result.format.sizes != format.sizes || result.format.channels != format.channels) {
    throw bad_input(
        fmt::format("volumes of different sizes: {} against {}", size_text(result.format), size_text(format)),
        "compare volumes of the same sizes and channels");
  }
  check(result);
  check(original);
  const auto [low, high] = std::minmax_element(original.samples.begin(), original.samples.end());
  const double range = static_cast<double>(*high) - static_cast<double>(*low);
  VolumeComparison comparison(format, range > 0 ? range : 1.0);
  comparison.add(result.samples, original.samples);
  return comparison.result();
}

}  // namespace sinefield
