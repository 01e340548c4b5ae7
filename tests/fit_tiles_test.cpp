// Runs of tiles on small pictures: their quality, their bits, pictures of every shape, and what they make of pictures
// from which nothing can be learned. How they end is fit_tiles_stops_test.cpp.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "fit_pictures.h"
#include "sinefield/measures.h"
#include "sinefield/render.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

FitOptions few_steps(int rows, int columns, std::int64_t steps, int threads = 1) {
  FitOptions options = tile_options(rows, columns, threads);
  options.steps = steps;
  return options;
}

bool all_finite(const Field& field) {
  return std::ranges::all_of(field.networks, [](const Network& network) {
    return std::ranges::all_of(network.parameters, [](float p) { return std::isfinite(p); });
  });
}

Picture written(const Field& field, const Picture& picture, const ComputeOptions& compute = {}) {
  Picture result = render_values(field, picture.format.height, picture.format.width, picture.format.type, compute);
  quantise(result);
  return result;
}

// ---- quality

struct Subject {
  std::string name;
  Picture picture;
  int rows, columns;
  double psnr;  ///< after 300 steps of every tile; 3 dB or more above were seen

  friend void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }
};

class TilesSubject : public testing::TestWithParam<Subject> {};

TEST_P(TilesSubject, reaches_its_quality_on_every_instruction_set) {
  const auto& [name, picture, rows, columns, psnr] = GetParam();
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    FitOptions options = few_steps(rows, columns, 300);
    options.compute.isa = isa;
    const auto [field, report] = fit_picture(picture, options);
    std::cout << isa_name(isa) << ": " << report.psnr << " dB\n";
    EXPECT_GE(report.psnr, psnr);
    if (picture.format.alpha >= 0) {
      EXPECT_GE(picture_figures(report).psnr_alpha, psnr - 3);
    }
    EXPECT_EQ(field.kind, FieldKind::tiles);
    EXPECT_EQ(std::ssize(field.networks), rows * columns);
    EXPECT_EQ(field.outputs(), picture.format.channel_count());
    const PictureMeasures measured = compare(written(field, picture, options.compute), picture);
    EXPECT_EQ(picture_figures(report).psnr, measured.psnr);
    EXPECT_EQ(report.psnr, measured.psnr) << "the figure is that of the picture as it would be written";
    EXPECT_EQ(picture_figures(report).ssim, measured.ssim);
    EXPECT_EQ(picture_figures(report).mse, measured.mse);
    if (picture.format.alpha >= 0) {
      EXPECT_EQ(picture_figures(report).psnr_alpha, measured.psnr_alpha);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , TilesSubject,
    testing::Values(Subject{"rgb", rgb_picture(24, 20), 2, 2, 55},
                    Subject{"grey_and_alpha", smooth_picture(20, 24, SampleType::u8, {"Y", "A"}, 1), 1, 2, 52},
                    Subject{"rgb_16_bit", smooth_picture(24, 20, SampleType::u16, {"R", "G", "B"}), 2, 1, 55},
                    Subject{"float_rgba", smooth_picture(25, 20, SampleType::f32, {"R", "G", "B", "A"}, 3), 1, 1, 48},
                    Subject{"one_row", smooth_picture(1, 50, SampleType::u8, {"R", "G", "B"}), 1, 3, 40},
                    Subject{"one_column", smooth_picture(50, 1, SampleType::u8, {"Y"}), 2, 1, 40}),
    [](const auto& tested) { return tested.param.name; });

TEST(FitTiles, one_pixel_is_exact) {
  for (const SampleType type : {SampleType::u8, SampleType::f32})
    EXPECT_TRUE(fit_picture(smooth_picture(1, 1, type, {"Y"}), few_steps(1, 1, 50)).report.psnr > 60);
}

TEST(FitTiles, a_flat_picture_is_exact_without_a_step) {
  const Picture picture = flat_picture(17, 30, 99);
  FitOptions options = tile_options(2, 3);
  options.psnr = 50;
  for (const bool to_quality : {true, false}) {
    if (!to_quality) options.psnr.reset();
    const auto [field, report] = fit_picture(picture, options);
    EXPECT_EQ(report.total_steps, 0);
    EXPECT_TRUE(std::isinf(report.psnr));
    EXPECT_EQ(written(field, picture).samples, picture.samples);
  }
}

TEST(FitTiles, a_flat_part_takes_no_steps_and_stays_exact) {
  Picture picture = rgb_picture(20, 40);
  for (std::int64_t y = 0; y < 20; ++y) std::fill_n(picture.row(y), 20 * 3, 64.0F);
  FitOptions options = few_steps(1, 2, 120);
  options.recipe.overlap = 0;
  const auto [field, report] = fit_picture(picture, options);
  EXPECT_EQ(report.total_steps, 120);
  const Picture result = written(field, picture);
  for (std::int64_t y = 0; y < 20; ++y)
    for (std::int64_t e = 0; e < 20 * 3; ++e) ASSERT_EQ(result.row(y)[e], 64);
}

/// Mean squared error of the values before they are rounded, in raw outputs.
double raw_error(const Field& field, const Picture& picture) {
  const Picture raw = render_values(field, picture.format.height, picture.format.width, SampleType::u8);
  double squares = 0;
  for (std::size_t i = 0; i < raw.samples.size(); ++i)
    squares += std::pow(static_cast<double>(raw.samples[i] - picture.samples[i]) / 127.5, 2);
  return squares / static_cast<double>(raw.samples.size());
}

TEST(FitTiles, the_loss_of_one_tile_is_the_error_of_its_picture) {
  const Picture picture = rgb_picture(20, 20);
  const auto [field, report] = fit_picture(picture, few_steps(1, 1, 100));
  EXPECT_NEAR(report.loss, raw_error(field, picture), 1e-3 * report.loss);
}

TEST(FitTiles, the_field_carries_maps_and_format_of_its_picture) {
  Picture picture = rgb_picture(30, 20);
  picture.format.orientation = 6;
  picture.format.icc = {1, 2, 3};
  FitOptions options = few_steps(3, 2, 10);
  options.recipe.omega_first = 40;
  const Field field = fit_picture(picture, options).field;
  EXPECT_EQ(field.axes[0].scale, field.axes[1].scale);
  EXPECT_EQ(field.tiling.axes[0].half_width, field.tiling.axes[1].half_width) << "one pixel is one pixel both ways";
  EXPECT_EQ(field.picture()->icc, picture.format.icc);
  EXPECT_EQ(field.picture()->orientation, 6);
  EXPECT_EQ(std::ssize(field.tiling.normalisation), 6 * 3);
  for (const ChannelMap& map : field.tiling.normalisation) {
    EXPECT_EQ(static_cast<double>(static_cast<float>(map.scale)), map.scale);
    EXPECT_EQ(static_cast<double>(static_cast<float>(map.offset)), map.offset);
  }
  for (const Network& network : field.networks)
    EXPECT_DOUBLE_EQ(network.architecture.omega_first, 40 * field.tiling.axes[0].half_width)
        << "omega is per unit of the picture";
}

// ---- bits

TEST(FitTiles, threads_do_not_change_a_bit) {
  const Picture picture = rgb_picture(48, 40);
  for (const std::int64_t batch : {0, 50})
    for (const Isa isa : available_isas()) {
      if (isa == Isa::scalar && batch == 0) continue;  // as slow as all the others together
      SCOPED_TRACE(fmt::format("{}, batch {}", isa_name(isa), batch));
      std::vector<FitResult> results;
      for (const int threads : {1, 2, 3, 7}) {
        FitOptions options = tile_options(3, 3, threads);
        options.recipe.batch = batch;
        options.total_steps = 2100;  // rounds that differ from tile to tile
        options.psnr = 80;
        options.compute.isa = isa;
        results.push_back(fit_picture(picture, options));
      }
      for (const FitResult& result : results) {
        EXPECT_TRUE(parameters_of(result.field) == parameters_of(results[0].field));
        EXPECT_EQ(result.report.total_steps, results[0].report.total_steps);
        EXPECT_EQ(result.report.loss, results[0].report.loss);
        EXPECT_EQ(result.report.psnr, results[0].report.psnr);
      }
    }
}

TEST(FitTiles, seeds_and_nothing_else_choose_the_run) {
  // Tiles that overlap as far as they can: the picture is much better than they are, and the plan has to find out.
  const Picture picture = rgb_picture(36, 36);
  const auto run = [&](std::uint64_t seed, double psnr, std::int64_t evaluate_every) {
    FitOptions options = tile_options(3, 3);
    options.seed = seed;
    options.recipe.overlap = 1;
    options.psnr = psnr;
    options.evaluate_every = evaluate_every;
    return parameters_of(fit_picture(picture, options).field);
  };
  for (const double psnr : {52.0, 54.0, 56.0, 58.0})
    EXPECT_TRUE(run(1, psnr, 0) == run(1, psnr, 7)) << "looking on changes nothing";
  EXPECT_FALSE(run(1, 52, 0) == run(2, 52, 0));
}

TEST(FitTiles, tiles_begin_differently) {
  // The same waves in both halves: only the stream of a tile tells them apart.
  Picture picture = flat_picture(16, 32, 0);
  for (std::int64_t y = 0; y < 16; ++y)
    for (std::int64_t x = 0; x < 32; ++x) picture.row(y)[x] = static_cast<float>(100 + y * (x % 16) % 50);
  FitOptions options = few_steps(1, 2, 5);
  options.recipe.overlap = 0;
  const Field field = fit_picture(picture, options).field;
  EXPECT_FALSE(field.networks[0].parameters == field.networks[1].parameters);
}

TEST(FitTiles, pixels_held_out_decide_nothing) {
  for (const SampleType type : {SampleType::u8, SampleType::f32}) {
    const Picture picture = smooth_picture(31, 24, type, {"R", "G", "B", "A"}, 3);
    Picture other = picture;
    for (std::int64_t y = 0; y < 31; ++y)
      for (std::int64_t x = 0; x < 24; ++x)
        if (y % 2 == 1 || x % 2 == 1) std::fill_n(other.row(y) + x * 4, 4, static_cast<float>((x * y) % 7) * 30.0F);
    for (const bool tiled : {true, false}) {
      FitOptions options = tiled ? few_steps(2, 2, 100) : small_options(20);
      options.holdout = Holdout::between;
      options.recipe.omega_first = 0;  // suggested by the picture
      const FitResult one = fit_picture(picture, options), two = fit_picture(other, options);
      EXPECT_TRUE(parameters_of(one.field) == parameters_of(two.field));
      EXPECT_EQ(one.field.channels[0].scale, two.field.channels[0].scale);
      EXPECT_EQ(one.report.psnr, two.report.psnr);
      EXPECT_GT(*one.report.held_out_psnr, *two.report.held_out_psnr + 5);
      options.holdout = Holdout::none;
      EXPECT_FALSE(fit_picture(picture, options).report.held_out_psnr.has_value());
    }
  }
}

TEST(FitTiles, a_smooth_picture_is_as_good_between_the_pixels_learned) {
  FitOptions options = few_steps(2, 2, 300);
  options.holdout = Holdout::between;
  const FitReport report = fit_picture(rgb_picture(41, 41), options).report;
  std::cout << report.psnr << " dB, held out " << *report.held_out_psnr << "\n";
  EXPECT_GT(*report.held_out_psnr, report.psnr - 6);
}

// ---- recipes of another kind

TEST(FitTiles, take_other_widths_schedules_and_optimisers) {
  const Picture picture = rgb_picture(24, 20);
  const auto psnr = [&](const auto& change) {
    FitOptions options = few_steps(2, 1, 150);
    change(options.recipe);
    const auto [field, report] = fit_picture(picture, options);
    EXPECT_TRUE(all_finite(field));
    EXPECT_EQ(report.steps, 150);
    return report.psnr;
  };
  const double usual = psnr([](Recipe&) {});
  std::cout << "usual " << usual << " dB\n";
  for (const auto& change : std::vector<std::function<void(Recipe&)>>{
           [](Recipe& r) { r.width = 32, r.lr = suggested_lr(r, 16); },
           [](Recipe& r) { r.schedule = Schedule::constant, r.lr = 2e-3; },
           [](Recipe& r) { r.optimizer = OptimizerKind::soap; }, [](Recipe& r) { r.batch = 0; },
           [](Recipe& r) { r.batch = 1'000'000; }, [](Recipe& r) { r.overlap = 0; }, [](Recipe& r) { r.overlap = 1; },
           [](Recipe& r) { r.blend = Blend::linear; }, [](Recipe& r) { r.hidden_layers = 1; }}) {
    const double seen = psnr(change);
    std::cout << seen << " dB\n";
    EXPECT_GT(seen, 30);
  }
}

// ---- nothing to learn

TEST(FitTiles, noise_at_a_huge_rate_gives_numbers_or_a_failure_with_advice) {
  const Picture picture = noise_picture(24, 24);
  for (const double lr : {0.05, 0.3, 0.9})
    for (const double omega_first : {0.0, 5000.0}) {
      FitOptions options = few_steps(2, 2, 150);
      options.recipe.lr = lr;
      options.recipe.omega_first = omega_first;
      const Thrown thrown = thrown_by([&] {
        const auto [field, report] = fit_picture(picture, options);
        EXPECT_TRUE(all_finite(field));
        EXPECT_TRUE(std::isfinite(report.psnr));
        EXPECT_TRUE(std::isfinite(report.loss));
        EXPECT_GE(report.psnr, 8) << "the mean alone has 10.8";
      });
      if (!thrown.kind) continue;
      EXPECT_EQ(thrown.kind, ErrorKind::failure);
      EXPECT_THAT(thrown.message, HasSubstr("no tile got closer to the signal than its mean"));
      EXPECT_THAT(thrown.hint, HasSubstr(fmt::format("smaller --lr than {}", lr)));
    }
}

TEST(FitTiles, that_learn_nothing_are_a_failure_with_advice) {
  FitOptions options = few_steps(2, 2, 100);
  options.recipe.lr = 1;
  options.recipe.batch = 16;
  const Thrown thrown = thrown_by([&] { fit_picture(noise_picture(32, 32), options); });
  EXPECT_EQ(thrown.kind, ErrorKind::failure);
  EXPECT_THAT(thrown.message, HasSubstr("the training came to nothing"));
  EXPECT_THAT(thrown.hint, HasSubstr("smaller --lr than 1"));
}

TEST(FitTiles, stuck_tiles_begin_anew) {
  FitOptions options = few_steps(2, 2, 700);
  options.recipe.lr = 0.5;
  const auto [field, report] = fit_picture(rgb_picture(24, 24), options);
  EXPECT_GT(report.restarts, 0);
  EXPECT_LE(report.restarts, 8) << "two attempts of each tile";
  EXPECT_TRUE(all_finite(field));
}

TEST(FitTiles, worse_cycles_are_taken_back) {
  const Picture picture = rgb_picture(24, 24);
  int rollbacks = 0;
  for (const double lr : {0.005, 0.01, 0.02})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      FitOptions options = few_steps(1, 1, 700);
      options.recipe.schedule = Schedule::constant;  // ends a cycle wherever it happens to be
      options.recipe.lr = lr;
      options.recipe.batch = 32;
      options.seed = seed;
      const auto [field, report] = fit_picture(picture, options);
      EXPECT_NEAR(report.loss, raw_error(field, picture), 1e-3 * report.loss) << "the field is that of the best cycle";
      rollbacks += report.rollbacks;
    }
  std::cout << rollbacks << " rollbacks\n";
  EXPECT_GT(rollbacks, 0);
}

}  // namespace
}  // namespace sinefield
