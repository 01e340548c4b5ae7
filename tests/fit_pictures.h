// Small pictures and options for the tests of training, and what an action throws.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/measures.h"

namespace sinefield {

inline PictureFormat format_of(std::int64_t height, std::int64_t width, SampleType type,
                               std::vector<std::string> channels, int alpha = -1) {
  return {.height = height,
          .width = width,
          .type = type,
          .channels = std::move(channels),
          .alpha = alpha,
          .orientation = 1,
          .icc = {}};
}

/// A smooth picture: each channel a few waves of its own, over most of its range.
inline Picture smooth_picture(std::int64_t height, std::int64_t width, SampleType type,
                              std::vector<std::string> channels, int alpha = -1) {
  Picture picture{format_of(height, width, type, std::move(channels), alpha), {}};
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      for (int c = 0; c < picture.format.channel_count(); ++c) {
        const double u = static_cast<double>(y) / 40, v = static_cast<double>(x) / 40;
        const double wave = 0.5 + 0.25 * std::sin(3 * u + 2 * v + c) + 0.2 * std::cos((4 - c) * v - 2 * u);
        const double scale = type != SampleType::f32 ? full_scale(type) : c == alpha ? 1 : 100;
        picture.samples.push_back(quantised(static_cast<float>(scale * wave), type));
      }
  return picture;
}

inline Picture rgb_picture(std::int64_t height = 40, std::int64_t width = 33) {
  return smooth_picture(height, width, SampleType::u8, {"R", "G", "B"});
}

/// Independent samples over the whole range, 8 bit grey.
inline Picture noise_picture(std::int64_t height, std::int64_t width, std::uint64_t seed = 1) {
  Picture picture{format_of(height, width, SampleType::u8, {"Y"}), {}};
  std::mt19937_64 random(seed);
  for (std::int64_t i = 0; i < height * width; ++i) picture.samples.push_back(static_cast<float>(random() >> 56));
  return picture;
}

inline Picture flat_picture(std::int64_t height, std::int64_t width, float value) {
  Picture picture{format_of(height, width, SampleType::u8, {"Y"}), {}};
  picture.samples.assign(static_cast<std::size_t>(height * width), value);
  return picture;
}

/// One network, small and quick: a width of 24 and one square layer, slow waves.
inline Recipe small_recipe() {
  return {.name = "small", .width = 24, .hidden_layers = 1, .omega_first = 10, .lr = 5e-3, .batch = 0, .steps = 100};
}

inline FitOptions small_options(std::int64_t steps, int threads = 1) {
  FitOptions options;
  options.recipe = small_recipe();
  options.steps = steps;
  options.compute.threads = threads;
  return options;
}

/// The recipe `fast` on a grid. No budget is set.
inline FitOptions tile_options(int rows, int columns, int threads = 1) {
  FitOptions options;
  options.recipe = recipe_named(SignalKind::picture, "fast");
  options.recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {rows, columns}};
  options.compute.threads = threads;
  return options;
}

/// The figures of a picture that was fitted.
inline const PictureMeasures& picture_figures(const FitReport& report) {
  return std::get<PictureMeasures>(report.measures);
}

inline std::vector<std::vector<float>> parameters_of(const Field& field) {
  std::vector<std::vector<float>> parameters;
  for (const Network& network : field.networks) parameters.push_back(network.parameters);
  return parameters;
}

/// Kind, message and hint of the error that an action throws; no kind where it throws none.
struct Thrown {
  std::optional<ErrorKind> kind;
  std::string message, hint;
};
Thrown thrown_by(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return {error.kind(), error.what(), error.hint()};
  }
  return {};
}

}  // namespace sinefield
