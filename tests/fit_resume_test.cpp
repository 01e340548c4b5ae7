// Interrupted runs that go on from their state: with the bits of an undisturbed one, or not at all.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stop_token>
#include <string>

#include "fit_pictures.h"
#include "io/state_file.h"
#include "refusal.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::AllOf;
using testing::HasSubstr;

enum class Kind { network, tiles };

FitOptions resumable(Kind kind, OptimizerKind optimizer) {
  FitOptions options = kind == Kind::network ? small_options(330) : tile_options(3, 2);
  options.recipe.optimizer = optimizer;
  if (kind == Kind::network) {
    options.recipe.batch = optimizer == OptimizerKind::lbfgs ? 0 : 100;
  } else {
    options.total_steps = 3000;
    options.psnr = 60;
  }
  return options;
}

/// Runs until `calls` reports of progress have come.
FitReport interrupted(const Picture& picture, FitOptions options, int calls) {
  std::stop_source source;
  options.stop = source.get_token();
  options.on_progress = [&](const FitProgress&) {
    if (--calls == 0) source.request_stop();
  };
  return fit_picture(picture, options).report;
}

class Resumed : public testing::TestWithParam<std::tuple<Kind, OptimizerKind>> {};

TEST_P(Resumed, run_ends_with_the_bits_of_the_undisturbed_one) {
  const auto [kind, optimizer] = GetParam();
  const Picture picture = rgb_picture(30, 24);
  FitOptions options = resumable(kind, optimizer);
  const FitResult undisturbed = fit_picture(picture, options);
  const TemporaryFolder folder;
  options.checkpoints.state = folder / "run.state";
  options.checkpoints.resume = true;
  const std::vector<int> cuts = kind == Kind::network ? std::vector<int>{1, 99, 237} : std::vector<int>{1, 4, 9};
  for (const int calls : cuts) {  // each from the beginning, then all in one run
    std::filesystem::remove(options.checkpoints.state);
    const FitReport cut = interrupted(picture, options, calls);
    ASSERT_EQ(cut.stopped_by, StoppedBy::interruption);
    ASSERT_LT(cut.total_steps, undisturbed.report.total_steps);
    ASSERT_TRUE(std::filesystem::exists(options.checkpoints.state));
    options.compute.threads = 3;
    const FitResult resumed = fit_picture(picture, options);
    EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(undisturbed.field)) << "after " << calls;
    EXPECT_EQ(resumed.report.total_steps, undisturbed.report.total_steps);
    EXPECT_EQ(resumed.report.stopped_by, undisturbed.report.stopped_by);
    EXPECT_EQ(resumed.report.loss, undisturbed.report.loss);
    EXPECT_EQ(resumed.report.psnr, undisturbed.report.psnr);
    options.compute.threads = 1;
  }
  std::filesystem::remove(options.checkpoints.state);
  std::int64_t before = 0;
  for (int i = 0; i < 3; ++i) {
    const FitReport cut = interrupted(picture, options, kind == Kind::network ? 60 : 2);
    ASSERT_EQ(cut.stopped_by, StoppedBy::interruption);
    EXPECT_GT(cut.total_steps, before) << "it goes on, it does not begin anew";
    before = cut.total_steps;
  }
  EXPECT_TRUE(parameters_of(fit_picture(picture, options).field) == parameters_of(undisturbed.field));
}

TEST_P(Resumed, run_goes_on_from_a_checkpoint_on_the_way) {
  const auto [kind, optimizer] = GetParam();
  const Picture picture = rgb_picture(30, 24);
  FitOptions options = resumable(kind, optimizer);
  const auto undisturbed = parameters_of(fit_picture(picture, options).field);
  const TemporaryFolder folder;
  options.checkpoints = {.state = folder / "run.state", .every = kind == Kind::network ? 0.004 : 1e-9, .resume = false};
  EXPECT_TRUE(parameters_of(fit_picture(picture, options).field) == undisturbed) << "keeping a state changes nothing";
  ASSERT_TRUE(std::filesystem::exists(options.checkpoints.state));
  options.checkpoints = {.state = folder / "run.state", .every = 1000, .resume = true};
  int calls = 0;
  options.on_progress = [&](const FitProgress&) { ++calls; };
  EXPECT_TRUE(parameters_of(fit_picture(picture, options).field) == undisturbed);
  EXPECT_LT(calls, kind == Kind::network ? 330 : 20) << "it went on from there";
}

std::string name_of_resumed(const testing::TestParamInfo<std::tuple<Kind, OptimizerKind>>& tested) {
  return std::string(std::get<0>(tested.param) == Kind::network ? "network" : "tiles") + "_" +
         std::string(optimizer_name(std::get<1>(tested.param)));
}

INSTANTIATE_TEST_SUITE_P(, Resumed,
                         testing::Combine(testing::Values(Kind::network, Kind::tiles),
                                          testing::Values(OptimizerKind::adam, OptimizerKind::soap)),
                         name_of_resumed);
INSTANTIATE_TEST_SUITE_P(whole_batches, Resumed, testing::Values(std::tuple{Kind::network, OptimizerKind::lbfgs}),
                         name_of_resumed);

TEST(Resume, without_a_state_starts_at_the_beginning) {
  const TemporaryFolder folder;
  FitOptions options = small_options(10);
  const auto expected = parameters_of(fit_picture(rgb_picture(), options).field);
  options.checkpoints = {.state = folder / "none.state", .every = 30, .resume = true};
  EXPECT_TRUE(parameters_of(fit_picture(rgb_picture(), options).field) == expected);
  EXPECT_FALSE(std::filesystem::exists(folder / "none.state")) << "nothing was due";
}

TEST(Resume, is_refused_where_anything_that_shapes_the_run_differs) {
  const TemporaryFolder folder;
  const Picture picture = rgb_picture(12, 12);
  FitOptions options = small_options(50);
  options.checkpoints = {.state = folder / "run.state", .every = 30, .resume = true};
  interrupted(picture, options, 5);
  const std::string fingerprint = fit_fingerprint(picture_signal(picture), options);
  struct Case {
    std::function<void(FitOptions&)> change;
    std::string words;
  };
  for (const Case& other : {
           Case{[](FitOptions& o) { o.recipe.lr = 4e-3; }, "its lr is 0.005, here it is 0.004"},
           Case{[](FitOptions& o) { o.seed = 3; }, "its seed is 0, here it is 3"},
           Case{[](FitOptions& o) { o.steps = 60; }, "its steps is 50, here it is 60"},
           Case{[](FitOptions& o) { o.psnr = 60; }, "its psnr is none, here it is 60"},
           Case{[](FitOptions& o) { o.recipe.width = 25; }, "its width is 24, here it is 25"},
           Case{[](FitOptions& o) { o.recipe.omega_first = 11; }, "its omega-first is 10, here it is 11"},
           Case{[](FitOptions& o) { o.recipe.batch = 7; }, "its batch is 0, here it is 7"},
           Case{[](FitOptions& o) { o.recipe.clip_norm = 0; }, "its clip-norm is 1, here it is 0"},
           Case{[](FitOptions& o) { o.recipe.schedule = Schedule::constant; }, "its schedule is cosine"},
           Case{[](FitOptions& o) { o.recipe.optimizer = OptimizerKind::soap; }, "its optimizer is adam"},
           Case{[](FitOptions& o) { o.holdout = Holdout::between; }, "its holdout is none"},
           Case{[](FitOptions& o) { o.recipe.rollback = false; }, "its rollback is"},
           Case{[](FitOptions& o) {
                  const std::vector<Isa> isas = available_isas();
                  o.compute.isa = o.compute.isa == isas.front() ? isas.back() : isas.front();
                },
                "its isa is"},
       }) {
    SCOPED_TRACE(other.words);
    FitOptions changed = options;
    other.change(changed);
    const Thrown seen = thrown_by([&] { fit_picture(picture, changed); });
    EXPECT_EQ(seen.kind, ErrorKind::bad_input);
    EXPECT_THAT(seen.message, AllOf(HasSubstr("run.state is of another run"), HasSubstr(other.words)));
    EXPECT_FALSE(seen.hint.empty());
    EXPECT_NE(fit_fingerprint(picture_signal(picture), changed), fingerprint);
  }
  Picture other = picture;
  other.samples[5] += 1;
  EXPECT_THAT(refusal([&] { fit_picture(other, options); }), HasSubstr("its picture is 12 x 12 x 3"));
  EXPECT_NE(fit_fingerprint(picture_signal(other), options), fingerprint);

  FitOptions same = options;
  same.compute.threads = 5;
  same.evaluate_every = 3;
  same.started -= std::chrono::seconds(5);
  EXPECT_EQ(fit_fingerprint(picture_signal(picture), same), fingerprint);
  EXPECT_NO_THROW(fit_picture(picture, same));
}

TEST(Resume, counts_the_seconds_of_the_run_before) {
  const TemporaryFolder folder;
  FitOptions options = small_options(50);
  options.checkpoints = {.state = folder / "run.state", .every = 30, .resume = true};
  options.started = std::chrono::steady_clock::now() - std::chrono::seconds(100);
  interrupted(rgb_picture(12, 12), options, 5);
  options.started = std::chrono::steady_clock::now();
  const double seconds = fit_picture(rgb_picture(12, 12), options).report.seconds;
  EXPECT_GT(seconds, 100);
  EXPECT_LT(seconds, 110);
}

TEST(Resume, of_a_damaged_state_is_refused) {
  const TemporaryFolder folder;
  FitOptions options = tile_options(2, 2);
  options.steps = 300;
  options.checkpoints = {.state = folder / "run.state", .every = 30, .resume = true};
  interrupted(rgb_picture(12, 12), options, 2);
  std::filesystem::resize_file(folder / "run.state", std::filesystem::file_size(folder / "run.state") - 4);
  EXPECT_EQ(thrown_by([&] { fit_picture(rgb_picture(12, 12), options); }).kind, ErrorKind::bad_input);
  options.checkpoints.resume = false;
  EXPECT_NO_THROW(fit_picture(rgb_picture(12, 12), options)) << "it does not matter to a fresh run";
}

}  // namespace
}  // namespace sinefield
