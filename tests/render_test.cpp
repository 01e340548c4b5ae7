// Fields sampled on grids: where the samples lie, what becomes of values in other sample types, and derivatives by
// pixels against differences of the values. The jets themselves are engine_query_test.cpp.
// SPDX-License-Identifier: MIT
#include "sinefield/render.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine_samples.h"
#include "refusal.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

ComputeOptions on(Isa isa) { return {.isa = isa, .threads = 1}; }

PictureFormat format_of(std::int64_t height, std::int64_t width, SampleType type, std::vector<std::string> channels,
                        int alpha = -1) {
  return {height, width, type, std::move(channels), alpha, 1, {}};
}

/// A field of a picture with waves of its own in each channel.
Field wavy_field(const PictureFormat& format, std::vector<ChannelMap> channels, double omega_first = 10) {
  Field field;
  field.networks = {initial_network({.inputs = 2,
                                     .outputs = format.channel_count(),
                                     .width = 12,
                                     .hidden_layers = 1,
                                     .omega_first = omega_first,
                                     .omega_hidden = 30},
                                    3)};
  field.axes = picture_axes(format.height, format.width);
  field.channels = std::move(channels);
  field.signal = format;
  return field;
}

/// A field of two channels that answers (nearly) the row and the column where it is asked, in samples: sin(z) is z to
/// within 2e-7 for the small phases of its one layer.
Field positions_field(std::int64_t height, std::int64_t width) {
  constexpr float small = 0x1p-10F;
  Field field;
  field.networks = {{{.inputs = 2, .outputs = 2, .width = 2, .hidden_layers = 0, .omega_first = 1},
                     {small, 0, 0, small, 0, 0, 1 / small, 0, 0, 1 / small, 0, 0}}};
  field.axes = picture_axes(height, width);
  for (const AxisMap& axis : field.axes) field.channels.push_back({1 / axis.scale, -axis.offset / axis.scale});
  field.signal = format_of(height, width, SampleType::f32, {"row", "column"});
  return field;
}

/// Position of output sample j of `outputs` in a row of `inputs` samples, as render.h has it.
double position(std::int64_t j, std::int64_t outputs, std::int64_t inputs) {
  const double factor = static_cast<double>(outputs) / static_cast<double>(inputs);
  return std::clamp((static_cast<double>(j) + 0.5) / factor - 0.5, 0.0, static_cast<double>(inputs - 1));
}

struct Size {
  std::int64_t height, width;
};

TEST(PictureRenderer, asks_for_the_samples_themselves_at_the_size_of_the_original) {
  const Field field = wavy_field(format_of(11, 23, SampleType::u8, {"R", "G", "B"}), {{100, 3}, {50, 4}, {20, 5}});
  std::vector<float> points;
  for (int y = 0; y < 11; ++y)
    for (int x = 0; x < 23; ++x) points.insert(points.end(), {static_cast<float>(y), static_cast<float>(x)});
  for (const Isa isa : available_isas())
    for (const Order order : {Order::value, Order::gradient, Order::laplacian}) {
      PictureRenderer renderer(field, 11, 23, order, on(isa));
      const Jets<float> jets = renderer.rows(0, 11);
      const Jets<float> expected =
          query<float>(field, MatrixView<const float>(points.data(), 11 * 23, 2), order, Units::signal, on(isa));
      EXPECT_TRUE(jets.value == expected.value);
      EXPECT_TRUE(jets.gradient == expected.gradient);
      EXPECT_TRUE(jets.laplacian == expected.laplacian);
    }
}

TEST(PictureRenderer, samples_lie_at_the_middles_of_their_share_of_the_original) {
  // Enlarged, reduced, by factors whole and not, differently by rows and columns, and thrown together to one sample.
  const std::int64_t rows = 12, columns = 9;
  const Field field = positions_field(rows, columns);
  for (const Size& size :
       {Size{12, 9}, Size{48, 36}, Size{24, 9}, Size{6, 3}, Size{17, 31}, Size{1, 1}, Size{5, 200}}) {
    SCOPED_TRACE(fmt::format("{} x {}", size.height, size.width));
    for (const Isa isa : available_isas()) {
      PictureRenderer renderer(field, size.height, size.width, Order::value, on(isa));
      const Jets<float> jets = renderer.rows(0, size.height);
      ASSERT_EQ(std::ssize(jets.value), size.height * size.width * 2);
      auto at = jets.value.begin();
      for (std::int64_t y = 0; y < size.height; ++y)
        for (std::int64_t x = 0; x < size.width; ++x) {
          EXPECT_NEAR(*at++, position(y, size.height, rows), 1e-5) << isa_name(isa) << ", row " << y;
          EXPECT_NEAR(*at++, position(x, size.width, columns), 1e-5) << isa_name(isa) << ", column " << x;
        }
    }
  }
}

TEST(PictureRenderer, fourfold_samples_are_clamped_at_the_borders) {
  const Field field = positions_field(5, 7);
  PictureRenderer renderer(field, 20, 28, Order::value, on(best_isa()));
  const Jets<float> jets = renderer.rows(0, 20);
  const auto row_at = [&](std::size_t y) { return static_cast<double>(jets.value[y * 28 * 2]); };
  const auto column_at = [&](std::size_t x) { return static_cast<double>(jets.value[x * 2 + 1]); };
  // (j + 0.5) / 4 - 0.5 is -0.375, -0.125, 0.125, 0.375, 0.625, ...
  const std::vector<double> begin = {0, 0, 0.125, 0.375, 0.625};
  for (std::size_t j = 0; j < begin.size(); ++j) {
    EXPECT_NEAR(row_at(j), begin[j], 1e-6);
    EXPECT_NEAR(column_at(j), begin[j], 1e-6);
    EXPECT_NEAR(row_at(19 - j), 4 - begin[j], 1e-6);
    EXPECT_NEAR(column_at(27 - j), 6 - begin[j], 2e-6);
  }
  EXPECT_EQ(row_at(0), row_at(1));
  EXPECT_EQ(row_at(18), row_at(19));
}

TEST(PictureRenderer, rows_do_not_depend_on_how_they_are_asked_for) {
  const Field field = wavy_field(format_of(10, 10, SampleType::u8, {"Y"}), {{100, 3}});
  for (const Isa isa : available_isas()) {
    PictureRenderer renderer(field, 33, 21, Order::gradient, on(isa));
    const Jets<float> all = renderer.rows(0, 33);
    for (const auto& [first, count] : {std::pair<std::int64_t, std::int64_t>{0, 1}, {7, 5}, {32, 1}, {3, 30}}) {
      const Jets<float> some = renderer.rows(first, count);
      EXPECT_TRUE(std::ranges::equal(some.value, std::span(all.value).subspan(static_cast<std::size_t>(first * 21),
                                                                              static_cast<std::size_t>(count * 21))));
      EXPECT_TRUE(std::ranges::equal(
          some.gradient,
          std::span(all.gradient).subspan(static_cast<std::size_t>(first * 42), static_cast<std::size_t>(count * 42))));
    }
  }
}

TEST(PictureRenderer, strips_are_about_64_ki_points) {
  const Field field = wavy_field(format_of(10, 10, SampleType::u8, {"Y"}), {{100, 3}});
  const auto strip = [&](std::int64_t height, std::int64_t width) {
    return PictureRenderer(field, height, width, Order::value, on(Isa::scalar)).strip();
  };
  EXPECT_EQ(strip(10'000, 1024), 64);
  EXPECT_EQ(strip(10, 1024), 10);
  EXPECT_EQ(strip(10, 100'000), 1);
}

TEST(PictureRenderer, fields_of_no_picture_and_empty_sizes_are_refused) {
  Field field = wavy_field(format_of(10, 10, SampleType::u8, {"Y"}), {{100, 3}});
  for (const Size& size : {Size{0, 5}, Size{5, 0}, Size{-1, 5}})
    EXPECT_EQ(refusal([&] { PictureRenderer(field, size.height, size.width, Order::value); }),
              fmt::format("a picture of {} x {} samples cannot be rendered", size.width, size.height));
  field.signal = std::monostate{};
  EXPECT_THAT(refusal([&] { PictureRenderer(field, 5, 5, Order::value); }),
              testing::HasSubstr("stands for no picture"));
}

// ---- values

TEST(RenderValues, in_the_type_of_the_original_are_the_values_of_the_field) {
  const PictureFormat format = format_of(9, 14, SampleType::u16, {"Y", "A"}, 1);
  const Field field = wavy_field(format, {{32767.5, 32767.5}, {32767.5, 32767.5}});
  for (const Isa isa : available_isas()) {
    const Picture picture = render_values(field, 18, 14, SampleType::u16, on(isa));
    PictureRenderer renderer(field, 18, 14, Order::value, on(isa));
    EXPECT_TRUE(picture.samples == renderer.rows(0, 18).value);
    EXPECT_EQ(picture.format.height, 18);
    EXPECT_EQ(picture.format.width, 14);
    EXPECT_EQ(picture.format.type, SampleType::u16);
    EXPECT_EQ(picture.format.channels, format.channels);
    EXPECT_EQ(picture.format.alpha, 1);
  }
}

TEST(RenderValues, integer_full_scales_map_to_one_another_and_to_one_of_floats) {
  const auto field_of = [](SampleType type) {
    const double half = full_scale(type) / 2;
    return wavy_field(format_of(9, 14, type, {"Y", "A"}, 1), {{half, half}, {half, half}});
  };
  for (const Isa isa : available_isas())
    for (const auto& [from, to, factor] :
         {std::tuple{SampleType::u8, SampleType::u16, 257.0}, std::tuple{SampleType::u16, SampleType::u8, 1 / 257.0},
          std::tuple{SampleType::u8, SampleType::f32, 1 / 255.0},
          std::tuple{SampleType::u16, SampleType::f32, 1 / 65535.0}}) {
      const Picture own = render_values(field_of(from), 9, 14, from, on(isa));
      const Picture other = render_values(field_of(from), 9, 14, to, on(isa));
      EXPECT_EQ(other.format.type, to);
      for (std::size_t e = 0; e < own.samples.size(); ++e) {
        const double expected = factor * static_cast<double>(own.samples[e]);
        EXPECT_NEAR(static_cast<double>(other.samples[e]), expected, 1e-6 * (std::abs(expected) + factor));
      }
    }
}

TEST(RenderValues, ranges_of_floats_map_to_the_full_scale_of_integers) {
  // Colours from -2 to 6, alpha from 0 to 1.
  const Field field =
      wavy_field(format_of(9, 14, SampleType::f32, {"R", "G", "B", "A"}, 3), {{4, 2}, {4, 2}, {4, 2}, {0.5, 0.5}});
  for (const Isa isa : available_isas()) {
    const Picture own = render_values(field, 9, 14, SampleType::f32, on(isa));
    for (const SampleType type : {SampleType::u8, SampleType::u16}) {
      const Picture other = render_values(field, 9, 14, type, on(isa));
      for (std::size_t e = 0; e < own.samples.size(); ++e) {
        const double value = static_cast<double>(own.samples[e]);
        const double share = e % 4 == 3 ? value : (value + 2) / 8;
        EXPECT_NEAR(static_cast<double>(other.samples[e]), share * full_scale(type), 1e-6 * full_scale(type));
      }
    }
  }
}

TEST(RenderValues, progress_rises_to_one) {
  const Field field = wavy_field(format_of(10, 10, SampleType::u8, {"Y"}), {{100, 3}});
  std::vector<double> fractions;
  render_values(field, 1100, 1000, SampleType::u8, on(best_isa()), [&](double done) { fractions.push_back(done); });
  ASSERT_GE(fractions.size(), 3U);  // 1,100 rows in strips of 524
  EXPECT_TRUE(std::ranges::is_sorted(fractions));
  EXPECT_GT(fractions.front(), 0);
  EXPECT_EQ(fractions.back(), 1);
}

// ---- derivatives

/// The mean of the colour channels, each in its [-1, 1], at any position in samples, in double.
double luminance(Evaluator<double>& evaluate, const Field& field, double row, double column) {
  const std::vector<double> point = {row, column};
  const Jets<double> jets = evaluate(MatrixView<const double>(point.data(), 1, 2));
  double sum = 0;
  for (std::size_t c = 0; c < field.channels.size(); ++c)
    if (static_cast<int>(c) != field.picture()->alpha)
      sum += (jets.value[c] - field.channels[c].offset) / field.channels[c].scale;
  return sum / field.picture()->colour_channels();
}

TEST(RenderDerivatives, are_the_limits_of_differences_of_the_luminance_by_samples) {
  const Field rgba = wavy_field(format_of(12, 17, SampleType::u8, {"R", "G", "B", "A"}, 3),
                                {{127.5, 127.5}, {127.5, 127.5}, {127.5, 127.5}, {127.5, 127.5}});
  const Field grey = wavy_field(format_of(12, 17, SampleType::f32, {"Y"}), {{40, -3}});
  for (const Field& field : {rgba, grey})
    for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{12, 17}, {24, 51}}) {
      SCOPED_TRACE(fmt::format("{} channels at {} x {}", field.outputs(), height, width));
      Evaluator<double> evaluate(field, Order::value, Units::signal, on(best_isa()));
      const auto u = [&](double row, double column) { return luminance(evaluate, field, row, column); };
      // Differences of fourth order; what they leave out is (wavenumber h)^4 / 30 with about one radian by sample.
      constexpr double h = 0.0625;
      std::vector<double> d_row, d_column, laplacian;
      for (std::int64_t j = 0; j < height; ++j)
        for (std::int64_t k = 0; k < width; ++k) {
          const double y = position(j, height, 12), x = position(k, width, 17);
          d_row.push_back((8 * (u(y + h, x) - u(y - h, x)) - (u(y + 2 * h, x) - u(y - 2 * h, x))) / (12 * h));
          d_column.push_back((8 * (u(y, x + h) - u(y, x - h)) - (u(y, x + 2 * h) - u(y, x - 2 * h))) / (12 * h));
          laplacian.push_back((16 * (u(y + h, x) + u(y - h, x) + u(y, x + h) + u(y, x - h)) -
                               (u(y + 2 * h, x) + u(y - 2 * h, x) + u(y, x + 2 * h) + u(y, x - 2 * h)) - 60 * u(y, x)) /
                              (12 * h * h));
        }
      ErrorBounds bounds("derivatives by samples");
      for (const Isa isa : available_isas()) {
        SCOPED_TRACE(isa_name(isa));
        const DerivativePlanes gradient = render_derivatives(field, height, width, Order::gradient, on(isa));
        const DerivativePlanes second = render_derivatives(field, height, width, Order::laplacian, on(isa));
        EXPECT_TRUE(gradient.laplacian.empty());
        EXPECT_TRUE(second.d_row.empty() && second.d_column.empty());
        bounds.expect_near<float>(gradient.d_row, d_row, 1e-5, largest(d_row), "d_row");
        bounds.expect_near<float>(gradient.d_column, d_column, 1e-5, largest(d_column), "d_column");
        bounds.expect_near<float>(second.laplacian, laplacian, 1e-5, largest(laplacian), "laplacian");
      }
    }
}

TEST(RenderDerivatives, of_alpha_do_not_count) {
  Field field = wavy_field(format_of(6, 6, SampleType::u8, {"Y", "A"}, 1), {{127.5, 127.5}, {127.5, 127.5}});
  const DerivativePlanes before = render_derivatives(field, 6, 6, Order::gradient, on(best_isa()));
  // Other weights for alpha alone.
  std::vector<float>& parameters = field.networks[0].parameters;
  const LayerSlice output = layer_slices(field.networks[0].architecture).back();
  for (int k = 0; k < output.inputs; ++k) parameters[static_cast<std::size_t>(output.weight + output.inputs + k)] = 2;
  const DerivativePlanes after = render_derivatives(field, 6, 6, Order::gradient, on(best_isa()));
  EXPECT_TRUE(after.d_row == before.d_row);
  EXPECT_TRUE(after.d_column == before.d_column);
}

TEST(RenderDerivatives, of_order_value_are_refused) {
  const Field field = wavy_field(format_of(6, 6, SampleType::u8, {"Y"}), {{127.5, 127.5}});
  EXPECT_THROW(render_derivatives(field, 6, 6, Order::value, on(best_isa())), Error);
}

}  // namespace
}  // namespace sinefield
