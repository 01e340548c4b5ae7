// The recipes that have names, and what they make of a picture: frequency, rate, interval of evaluation.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "fit_pictures.h"
#include "signal/spectrum.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

TEST(EvaluationInterval, keeps_evaluations_to_about_a_tenth_of_the_work) {
  Recipe recipe;
  recipe.batch = 0;
  EXPECT_EQ(evaluation_interval(recipe, 100), 25);
  recipe.batch = 8192;
  EXPECT_EQ(evaluation_interval(recipe, 1000), 25) << "a batch is never more than the picture";
  const std::int64_t pixels = 2048 * 1536;
  // One pass over all pixels every `interval` steps of three passes over the batch.
  const double share =
      static_cast<double>(pixels) / (3.0 * 8192 * static_cast<double>(evaluation_interval(recipe, pixels)));
  EXPECT_NEAR(share, 0.1, 0.01);
}

TEST(Recipes, original_is_the_training_of_sitzmann_et_al) {
  const Recipe& original = recipe_named(SignalKind::picture, "original");
  EXPECT_EQ(original.width, 256);
  EXPECT_EQ(original.hidden_layers, 3);
  EXPECT_EQ(original.omega_first, 30);
  EXPECT_EQ(original.omega_hidden, 30);
  EXPECT_EQ(original.lr, 1e-4);
  EXPECT_EQ(original.schedule, Schedule::constant);
  EXPECT_EQ(original.batch, 0) << "all pixels every step";
  EXPECT_EQ(original.clip_norm, 0) << "no clipping";
}

TEST(Recipes, are_found_by_name) {
  std::vector<std::string> names;
  for (const Recipe& recipe : recipes(SignalKind::picture)) {
    names.push_back(recipe.name);
    EXPECT_EQ(&recipe_named(SignalKind::picture, recipe.name), &recipe);
  }
  EXPECT_THAT(names, testing::ElementsAre("fast", "single", "original"));
}

TEST(Recipes, original_neither_rolls_back_nor_tiles) {
  EXPECT_FALSE(recipe_named(SignalKind::picture, "original").rollback);
  EXPECT_EQ(recipe_named(SignalKind::picture, "original").tiles.kind, TileChoice::Kind::none);
}

TEST(Recipes, fast_is_tiles_and_single_one_network) {
  EXPECT_EQ(recipe_named(SignalKind::picture, "fast").tiles.kind, TileChoice::Kind::automatic);
  EXPECT_EQ(recipe_named(SignalKind::picture, "fast").schedule, Schedule::restarts);
  EXPECT_EQ(recipe_named(SignalKind::picture, "single").tiles.kind, TileChoice::Kind::none);
  EXPECT_EQ(recipe_named(SignalKind::picture, "single").schedule, Schedule::cosine);
}

TEST(Recipes, unknown_names_are_refused_with_the_known_ones) {
  const Thrown seen = thrown_by([] { recipe_named(SignalKind::picture, "Original"); });
  EXPECT_EQ(seen.kind, ErrorKind::bad_input);
  EXPECT_THAT(seen.message, HasSubstr("--recipe Original: unknown recipe"));
  EXPECT_THAT(seen.hint, HasSubstr("fast, single, original"));
}

TEST(SuggestedLr, falls_with_the_root_of_the_width) {
  Recipe recipe = recipe_named(SignalKind::picture, "single");
  recipe.width = 1024;
  EXPECT_DOUBLE_EQ(suggested_lr(recipe, 256), recipe.lr / 2);
  recipe.width = 64;
  EXPECT_DOUBLE_EQ(suggested_lr(recipe, 256), recipe.lr * 2);
  recipe.width = 256;
  EXPECT_EQ(suggested_lr(recipe, 256), recipe.lr);
  recipe.width = 0;
  EXPECT_EQ(suggested_lr(recipe, 256), recipe.lr) << "refused later, in words";
}

/// By the spectrum, within a share of Nyquist and nothing else.
double suggested_omega_first(const Picture& picture, double nyquist_share) {
  return omegas_of({.name = "any",
                    .nyquist_share = nyquist_share,
                    .omega_first_limit = std::numeric_limits<double>::infinity()},
                   picture_signal(picture))
      .back();
}

TEST(SuggestedOmegaFirst, is_twice_the_centroid_within_its_limits) {
  // Columns sin(2 pi x / 32): a sixteenth of Nyquist, which is pi (n - 1) / 2 radians per unit.
  Picture waves{format_of(128, 256, SampleType::f32, {"Y"}), {}};
  for (int i = 0; i < 128 * 256; ++i)
    waves.samples.push_back(static_cast<float>(std::sin(2 * std::numbers::pi * (i % 256) / 32)));
  const double nyquist = std::numbers::pi * 255 / 2;
  EXPECT_NEAR(suggested_omega_first(waves, 1), 2.0 / 16 * nyquist, 0.1 * nyquist / 8);
  EXPECT_DOUBLE_EQ(suggested_omega_first(waves, 1),
                   2 * spectral_centroid(*picture_signal(waves).samples, -1).across * nyquist);
  EXPECT_DOUBLE_EQ(suggested_omega_first(waves, 0.05), 0.05 * nyquist) << "the cap";
  EXPECT_EQ(suggested_omega_first(flat_picture(64, 64, 3), 1), 5) << "the least";
  EXPECT_EQ(suggested_omega_first(flat_picture(1, 1, 3), 1), 5);
}

}  // namespace
}  // namespace sinefield
