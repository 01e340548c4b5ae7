// Grids of sample positions and what becomes of the jets there.
// SPDX-License-Identifier: MIT
#include "sinefield/render.h"

#include <fmt/core.h>

#include <algorithm>

#include "sinefield/error.h"
#include "sinefield/grid.h"

namespace sinefield {
namespace {

constexpr std::int64_t grid_points = 1 << 19;  // of values at once

const Field& checked(const Field& field, std::int64_t height, std::int64_t width) {
  if (field.picture() == nullptr || field.inputs() != 2)
    throw bad_input(fmt::format("this field has {} coordinates and stands for no picture", field.inputs()),
                    "ask for its values at points with `eval`");
  if (height < 1 || width < 1)
    throw bad_input(fmt::format("a picture of {} x {} samples cannot be rendered", width, height));
  return field;
}

template <class Use>
void for_strips(PictureRenderer& renderer, std::int64_t height, const FractionDone& report, Use&& use) {
  for (std::int64_t y = 0; y < height; y += renderer.strip()) {
    const std::int64_t count = std::min(renderer.strip(), height - y);
    use(y, renderer.rows(y, count));
    if (report) report(static_cast<double>(y + count) / static_cast<double>(height));
  }
}

}  // namespace

PictureRenderer::PictureRenderer(const Field& field, std::int64_t height, std::int64_t width, Order order,
                                 const ComputeOptions& options)
    : evaluator_(checked(field, height, width), order, Units::signal, options),
      row_positions_(resampled_positions(height, field.picture()->height)),
      column_positions_(resampled_positions(width, field.picture()->width)) {}

std::int64_t PictureRenderer::strip() const {
  return std::clamp<std::int64_t>(65536 / std::ssize(column_positions_), 1, std::ssize(row_positions_));
}

Jets<float> PictureRenderer::rows(std::int64_t first, std::int64_t count) {
  points_.clear();
  for (std::int64_t y = first; y < first + count; ++y)
    for (const double column : column_positions_) {
      points_.push_back(static_cast<float>(row_positions_[static_cast<std::size_t>(y)]));
      points_.push_back(static_cast<float>(column));
    }
  return evaluator_(MatrixView<const float>(points_.data(), count * std::ssize(column_positions_), 2));
}

Picture render_values(const Field& field, std::int64_t height, std::int64_t width, SampleType type,
                      const ComputeOptions& options, const FractionDone& report) {
  checked(field, height, width);
  Picture picture{*field.picture(), {}};
  picture.format.height = height;
  picture.format.width = width;
  picture.format.type = type;
  const auto channels = static_cast<std::size_t>(picture.format.channel_count());
  std::vector<double> scale(channels, 1), offset(channels, 0);
  if (type != field.picture()->type) {
    const double full = type == SampleType::f32 ? 1 : full_scale(type);
    for (std::size_t c = 0; c < channels; ++c) {
      const ChannelMap& map = field.channels[c];  // its [-1, 1] is [offset - scale, offset + scale] of the file
      scale[c] = full / (2 * map.scale);
      offset[c] = -(map.offset - map.scale) * scale[c];
    }
  }
  picture.samples.resize(static_cast<std::size_t>(height * width) * channels);
  GridEvaluator evaluator(field, options);
  const std::vector<double> all_rows = resampled_positions(height, field.picture()->height);
  std::vector<std::vector<double>> grid{{}, resampled_positions(width, field.picture()->width)};
  const std::int64_t strip = std::clamp<std::int64_t>(grid_points / width, 1, height);
  for (std::int64_t y = 0; y < height; y += strip) {
    const std::int64_t count = std::min(strip, height - y);
    grid[0].assign(all_rows.begin() + y, all_rows.begin() + y + count);
    const std::span<float> rows(picture.row(y), static_cast<std::size_t>(count * width) * channels);
    evaluator(grid, rows);
    for (std::size_t e = 0; e < rows.size(); ++e)
      rows[e] = static_cast<float>(scale[e % channels] * static_cast<double>(rows[e]) + offset[e % channels]);
    if (report) report(static_cast<double>(y + count) / static_cast<double>(height));
  }
  return picture;
}

DerivativePlanes render_derivatives(const Field& field, std::int64_t height, std::int64_t width, Order order,
                                    const ComputeOptions& options, const FractionDone& report) {
  if (order == Order::value) throw bad_input("derivatives of order value asked for, expected gradient or laplacian");
  PictureRenderer renderer(field, height, width, order, options);
  const int channels = field.outputs(), alpha = field.picture()->alpha;
  const auto pixels = static_cast<std::size_t>(height * width);
  // Mean over the colour channels of values mapped to [-1, 1].
  std::vector<float> weight;
  for (int c = 0; c < channels; ++c)
    weight.push_back(c == alpha ? 0.0F
                                : static_cast<float>(1 / (field.channels[static_cast<std::size_t>(c)].scale *
                                                          field.picture()->colour_channels())));
  const auto mean = [&](const float* values, std::size_t stride) {
    float sum = 0;
    for (std::size_t c = 0; c < weight.size(); ++c) sum += weight[c] * values[c * stride];
    return sum;
  };
  DerivativePlanes planes;
  if (order == Order::laplacian) {
    planes.laplacian.resize(pixels);
  } else {
    planes.d_row.resize(pixels);
    planes.d_column.resize(pixels);
  }
  for_strips(renderer, height, report, [&](std::int64_t y, const Jets<float>& jets) {
    const auto first = static_cast<std::size_t>(y * width), c = static_cast<std::size_t>(channels);
    for (std::size_t p = 0; p < jets.value.size() / c; ++p) {
      if (order == Order::laplacian) {
        planes.laplacian[first + p] = mean(&jets.laplacian[p * c], 1);
      } else {
        planes.d_row[first + p] = mean(&jets.gradient[p * c * 2], 2);
        planes.d_column[first + p] = mean(&jets.gradient[p * c * 2 + 1], 2);
      }
    }
  });
  return planes;
}

}  // namespace sinefield
