// Options and pictures that cannot be fitted are refused before any step, in words.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "fit_pictures.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

TEST(FitRefusals, contradictory_and_impossible_options_are_bad_input_before_any_step) {
  struct Case {
    std::function<void(FitOptions&)> change;
    std::string words;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Case& bad : {
           Case{[](FitOptions& o) { o.steps = 10, o.horizon = 5; }, "horizon of 5 steps is shorter than the run of 10"},
           Case{[](FitOptions& o) { o.steps = 0; }, "steps is 0, expected a number above 0"},
           Case{[](FitOptions& o) { o.steps = -3; }, "steps is -3"},
           Case{[](FitOptions& o) { o.seconds = -1.5; }, "seconds is -1.5, expected a number above 0"},
           Case{[=](FitOptions& o) { o.seconds = nan; }, "seconds is nan"},
           Case{[](FitOptions& o) { o.horizon = 0; }, "horizon is 0"},
           Case{[](FitOptions& o) { o.recipe.lr = 0; }, "learning rate 0, expected a number above 0, at most 1"},
           Case{[](FitOptions& o) { o.recipe.lr = 1.5; }, "learning rate 1.5"},
           Case{[=](FitOptions& o) { o.recipe.lr = nan; }, "learning rate nan"},
           Case{[](FitOptions& o) { o.recipe.batch = -1; }, "batch of -1 points"},
           Case{[=](FitOptions& o) { o.psnr = nan; }, "psnr is not a number"},
           Case{[=](FitOptions& o) { o.recipe.clip_norm = nan; }, "clip_norm is nan, expected 0 or more"},
           Case{[](FitOptions& o) { o.recipe.clip_norm = -1; }, "clip_norm is -1"},
           Case{[](FitOptions& o) { o.recipe.steps = 0; }, "the recipe has 0 steps"},
           Case{[](FitOptions& o) { o.recipe.overlap = 1.5; }, "overlap of 1.5 of a tile, expected 0 to 1"},
           Case{[](FitOptions& o) { o.recipe.overlap = -0.1; }, "overlap of -0.1"},
           Case{[](FitOptions& o) { o.parameters = -1; }, "a budget of -1 parameters"},
           Case{[](FitOptions& o) { o.checkpoints.every = 0; }, "checkpoints every 0 seconds"},
           Case{[](FitOptions& o) { o.total_steps = 10; }, "expected one of the two"},
           Case{[](FitOptions& o) { o.steps.reset(), o.total_steps = 10; }, "shared out among tiles, but there is one"},
           Case{[](FitOptions& o) { o.steps.reset(), o.total_steps = 0; }, "total_steps is 0"},
           Case{[](FitOptions& o) { o.recipe.schedule = Schedule::restarts; }, "restarts are a schedule of tiles"},
           Case{[](FitOptions& o) { o.recipe.optimizer = OptimizerKind::lbfgs, o.recipe.batch = 63; },
                "which batches of other samples change"},
           Case{[](FitOptions& o) { o.recipe.optimizer = OptimizerKind::lbfgs, o.recipe.batch_share = 0.5; },
                "which batches of other samples change"},
           Case{[](FitOptions& o) { o.recipe.width = 0; }, "width is 0, expected 1 to 8192"},
           Case{[](FitOptions& o) { o.recipe.omega_first = -1; }, "omega_first is -1"},
           Case{[](FitOptions& o) { o.compute.threads = 0; }, "0 threads asked for, expected 1 to 1024"},
           Case{[](FitOptions& o) { o.compute.threads = 2000; }, "2000 threads asked for, expected 1 to 1024"},
       }) {
    SCOPED_TRACE(bad.words);
    FitOptions options = small_options(10);
    int steps_taken = 0;
    options.on_progress = [&](const FitProgress&) { ++steps_taken; };
    bad.change(options);
    const Thrown seen = thrown_by([&] { fit_picture(rgb_picture(8, 8), options); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr(bad.words));
    EXPECT_EQ(steps_taken, 0);
  }
}

TEST(FitRefusals, options_of_one_network_do_not_fit_tiles) {
  struct Case {
    std::function<void(FitOptions&)> change;
    std::string words;
  };
  for (const Case& bad : {
           Case{[](FitOptions& o) { o.steps = 10, o.horizon = 50; }, "a horizon plans the steps of all tiles together"},
           Case{[](FitOptions& o) { o.total_steps = 10, o.horizon = 5; }, "horizon of 5 steps is shorter"},
           Case{[](FitOptions& o) { o.steps = 10, o.total_steps = 10; }, "expected one of the two"},
           Case{[](FitOptions& o) { o.recipe.schedule = Schedule::cosine; }, "cosine is a schedule of one network"},
           Case{[](FitOptions& o) { o.init = initial_network({}, 1); }, "cannot start from one network"},
           Case{[](FitOptions& o) {
                  o.recipe.tiles.along = {9, 2};
                },
                "9 x 2 tiles for a picture of 8 x 8 samples"},
           Case{[](FitOptions& o) { o.recipe.optimizer = OptimizerKind::lbfgs; },
                "but tiles are trained in short cycles"},
           Case{[](FitOptions& o) { o.recipe.width = 0; }, "width is 0"},
       }) {
    SCOPED_TRACE(bad.words);
    const Picture picture = rgb_picture(8, 8);
    FitOptions options = tile_options(2, 2);
    bad.change(options);
    for (const auto& action : std::vector<std::function<void()>>{
             [&] { fit_picture(picture, options); }, [&] { fit_fingerprint(picture_signal(picture), options); }}) {
      const Thrown seen = thrown_by(action);
      EXPECT_EQ(seen.kind, ErrorKind::bad_input);
      EXPECT_THAT(seen.message, HasSubstr(bad.words));
    }
  }
}

TEST(FitRefusals, pictures_whose_samples_do_not_match_are_bad_input) {
  Picture cut = rgb_picture(8, 8);
  cut.samples.pop_back();
  Picture empty = cut;
  empty.format.height = 0;
  empty.samples.clear();
  for (const Picture& picture : {cut, empty}) {
    const Thrown seen = thrown_by([&] { fit_picture(picture, small_options(1)); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr("samples do not match"));
  }
}

TEST(FitInit, of_another_architecture_is_refused) {
  const Architecture fitting{.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10};
  for (const auto& change : std::vector<std::function<void(Architecture&)>>{
           [](Architecture& a) { a.width = 25; }, [](Architecture& a) { a.outputs = 1; },
           [](Architecture& a) { a.hidden_layers = 2; }, [](Architecture& a) { a.omega_first = 11; },
           [](Architecture& a) { a.omega_hidden = 29; }}) {
    Architecture other = fitting;
    change(other);
    FitOptions options = small_options(10);
    options.init = initial_network(other, 0);
    const Thrown seen = thrown_by([&] { fit_picture(rgb_picture(), options); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, HasSubstr("another architecture"));
    EXPECT_FALSE(seen.hint.empty());
  }
}

TEST(FitInit, with_missing_parameters_is_refused) {
  FitOptions options = small_options(10);
  options.init = initial_network({.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10}, 0);
  options.init->parameters.pop_back();
  EXPECT_EQ(thrown_by([&] { fit_picture(rgb_picture(), options); }).kind, ErrorKind::bad_input);
}

}  // namespace
}  // namespace sinefield
