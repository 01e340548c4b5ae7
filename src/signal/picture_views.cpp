// Colour maps of gradients and Laplacians, and the finite differences beside them. Percentiles are those of
// numpy.percentile (linear between order statistics), so that a view can be checked against the usual Python tools.
// SPDX-License-Identifier: MIT
#include "sinefield/picture_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "signal/derivative_samples.h"
#include "signal/samples_in_memory.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using Colour = std::array<double, 3>;  // red, green, blue in 0..1

void check_plane(std::int64_t height, std::int64_t width, std::span<const float> plane) {
  if (height < 1 || width < 1 || plane.size() != static_cast<std::size_t>(height * width)) {
    throw bad_input(
        fmt::format("a plane of {} values does not make a picture of {} x {} pixels", plane.size(), width, height),
        "give width x height values, at least one");
  }
}

void check_finite(std::int64_t width, std::span<const float> plane) {
  const auto broken = std::find_if(plane.begin(), plane.end(), [](float v) { return !std::isfinite(v); });
  if (broken == plane.end()) return;
  const std::int64_t i = broken - plane.begin();
  throw bad_input(
      fmt::format("a derivative is {} at row {}, column {}, which no colour shows", *broken, i / width, i % width),
      "the model may have diverged: train it again with a smaller learning rate");
}

// `values` is reordered.
double percentile(std::vector<float>& values, double percent) {
  const double position = percent / 100 * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(position);
  const auto nth = values.begin() + below;
  std::nth_element(values.begin(), nth, values.end());
  const double low = *nth;
  if (nth + 1 == values.end()) return low;
  const double high = *std::min_element(nth + 1, values.end());
  return low + (high - low) * (position - static_cast<double>(below));
}

// A bright colour of the colour wheel: HSV with saturation 1. hue and value in 0..1.
Colour colour_wheel(double hue, double value) {
  const auto ramp = [&](double offset) {
    const double k = std::fmod(offset + hue * 6, 6.0);
    return value * (1 - std::clamp(std::min(k, 4 - k), 0.0, 1.0));
  };
  return {ramp(5), ramp(3), ramp(1)};
}

// ColorBrewer's RdBu (11 colours) by Cynthia Brewer, from dark red to dark blue.
constexpr std::array<std::array<double, 3>, 11> red_white_blue = {{{103, 0, 31},
                                                                   {178, 24, 43},
                                                                   {214, 96, 77},
                                                                   {244, 165, 130},
                                                                   {253, 219, 199},
                                                                   {247, 247, 247},
                                                                   {209, 229, 240},
                                                                   {146, 197, 222},
                                                                   {67, 147, 195},
                                                                   {33, 102, 172},
                                                                   {5, 48, 97}}};

// t in 0..1, 0.5 is white.
Colour diverging(double t) {
  const double position = t * (red_white_blue.size() - 1);
  const std::size_t below = std::min(static_cast<std::size_t>(position), red_white_blue.size() - 2);
  const double part = position - static_cast<double>(below);
  Colour colour;
  for (std::size_t c = 0; c < 3; ++c) {
    colour[c] = std::lerp(red_white_blue[below][c], red_white_blue[below + 1][c], part) / 255;
  }
  return colour;
}

template <class ColourOfPixel>
Picture painted(std::int64_t height, std::int64_t width, ColourOfPixel colour_of) {
  Picture picture;
  picture.format.height = height;
  picture.format.width = width;
  picture.format.channels = {"R", "G", "B"};
  picture.samples.reserve(static_cast<std::size_t>(height * width * 3));
  for (std::size_t i = 0; i < static_cast<std::size_t>(height * width); ++i) {
    for (const double part : colour_of(i)) picture.samples.push_back(static_cast<float>(std::floor(part * 255 + 0.5)));
  }
  return picture;
}

}  // namespace

std::vector<float> luminance_plane(const Picture& picture) {
  const PictureFormat& format = picture.format;
  const auto channels = static_cast<std::size_t>(format.channel_count());
  const auto pixels = static_cast<std::size_t>(format.height * format.width);
  if (pixels == 0 || format.colour_channels() < 1 || picture.samples.size() != pixels * channels) {
    throw bad_input(fmt::format("{} samples do not make a picture of {} x {} pixels with {} channels",
                                picture.samples.size(), format.width, format.height, channels));
  }
  const auto is_colour = [&](std::size_t c) { return static_cast<int>(c) != format.alpha; };
  double low = 0, high = full_scale(format.type);
  if (format.type == SampleType::f32) {
    low = std::numeric_limits<double>::infinity();
    high = -low;
    for (std::size_t i = 0; i < picture.samples.size(); ++i) {
      if (!is_colour(i % channels)) continue;
      low = std::min<double>(low, picture.samples[i]);
      high = std::max<double>(high, picture.samples[i]);
    }
  }
  const double scale = high > low ? 2 / (high - low) : 0, middle = low + (high - low) / 2;
  std::vector<float> plane(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      if (is_colour(c)) sum += picture.samples[i * channels + c];
    }
    plane[i] = static_cast<float>(scale * (sum / format.colour_channels() - middle));
  }
  return plane;
}

PlaneGradient sobel(std::int64_t height, std::int64_t width, std::span<const float> plane) {
  check_plane(height, width, plane);
  const SamplesInMemory samples({height, width}, 1, plane);
  const std::vector<float> derivatives = read_all(DerivativeSamples(samples));
  PlaneGradient gradient;
  for (std::size_t i = 0; i < derivatives.size(); i += 2) {
    gradient.d_row.push_back(8 * derivatives[i]);
    gradient.d_column.push_back(8 * derivatives[i + 1]);
  }
  return gradient;
}

std::vector<float> laplace(std::int64_t height, std::int64_t width, std::span<const float> plane) {
  check_plane(height, width, plane);
  const SamplesInMemory samples({height, width}, 1, plane);
  return read_all(DerivativeSamples(samples, Supervise::laplacian));
}

Picture gradient_picture(std::int64_t height, std::int64_t width, std::span<const float> d_row,
                         std::span<const float> d_column) {
  for (const auto plane : {d_row, d_column}) {
    check_plane(height, width, plane);
    check_finite(width, plane);
  }
  std::vector<float> magnitudes(d_row.size());
  const auto magnitude = [&](std::size_t i) {  // infinity would make the percentiles meaningless
    return std::min(std::hypot(d_row[i], d_column[i]), std::numeric_limits<float>::max());
  };
  for (std::size_t i = 0; i < magnitudes.size(); ++i) magnitudes[i] = magnitude(i);
  const double low = percentile(magnitudes, 5), high = percentile(magnitudes, 95);
  return painted(height, width, [&](std::size_t i) {
    const double above = static_cast<double>(magnitude(i)) - low;
    const double value = high > low ? std::clamp(above / (high - low), 0.0, 1.0) : above > 0 ? 1.0 : 0.0;
    const double angle = std::atan2(static_cast<double>(d_column[i]), static_cast<double>(d_row[i]));
    return colour_wheel((angle + std::numbers::pi) / (2 * std::numbers::pi), value);
  });
}

Picture laplacian_picture(std::int64_t height, std::int64_t width, std::span<const float> laplacian) {
  check_plane(height, width, laplacian);
  check_finite(width, laplacian);
  std::vector<float> values(laplacian.begin(), laplacian.end());
  const double low = percentile(values, 2), high = percentile(values, 98);
  const double reach = std::max(std::abs(low), std::abs(high));
  return painted(height, width, [&](std::size_t i) {
    // Where nearly all of the plane is zero, what is left is shown at full strength.
    const double signed_part = reach > 0 ? laplacian[i] / reach : laplacian[i] > 0 ? 1 : laplacian[i] < 0 ? -1 : 0;
    return diverging((std::clamp(signed_part, -1.0, 1.0) + 1) / 2);
  });
}

}  // namespace sinefield
