// Runs that go wrong: divergence, spikes, collapse. They go back to better parameters or end as a failure with advice;
// no field of theirs holds anything but numbers.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "fit_pictures.h"

namespace sinefield {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A network of the small recipe whose output weights are `size`: its outputs are about that large.
Network with_output_weights(float size) {
  const Architecture a{.inputs = 2, .outputs = 3, .width = 24, .hidden_layers = 1, .omega_first = 10};
  Network network = initial_network(a, 1);
  const LayerSlice output = layer_slices(a).back();
  std::fill(network.parameters.begin() + output.weight, network.parameters.begin() + output.bias, size);
  return network;
}

TEST(FitDivergence, is_a_failure_that_says_what_to_try) {
  FitOptions options = small_options(10);
  options.recipe.lr = 1;
  options.init = with_output_weights(3e38F);  // sums of these leave float
  const Thrown seen = thrown_by([&] { fit_picture(rgb_picture(8, 8), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, AllOf(HasSubstr("diverged at step 1"), HasSubstr("the loss is")));
  EXPECT_THAT(seen.hint, AllOf(HasSubstr("smaller --lr than 1"), HasSubstr("smaller --omega-first than 10")));
}

TEST(FitDivergence, in_the_last_step_is_a_failure_too) {
  // The loss is finite, but the way back multiplies by these weights once more and leaves float.
  FitOptions options = small_options(1);
  options.init = with_output_weights(1e30F);
  const Thrown seen = thrown_by([&] { fit_picture(rgb_picture(8, 8), options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, HasSubstr("diverged"));
}

TEST(FitDivergence, does_not_come_from_a_large_rate_alone) {
  FitOptions options = small_options(20);
  options.recipe.lr = 1;
  EXPECT_TRUE(std::isfinite(fit_picture(rgb_picture(8, 8), options).report.loss));
}

bool all_finite(const Field& field) {
  return std::ranges::all_of(field.networks.front().parameters, [](float p) { return std::isfinite(p); });
}

TEST(FitSpikes, take_the_run_back_to_better_parameters) {
  FitOptions options = small_options(600);
  options.recipe.schedule = Schedule::constant;
  options.recipe.lr = 0.01;
  options.recipe.batch = 64;
  double better = 0;
  int rollbacks = 0;
  for (options.seed = 0; options.seed < 4; ++options.seed) {
    options.recipe.rollback = true;
    const auto [field, with] = fit_picture(rgb_picture(24, 24), options);
    EXPECT_TRUE(all_finite(field));
    options.recipe.rollback = false;
    const FitReport without = fit_picture(rgb_picture(24, 24), options).report;
    EXPECT_EQ(without.rollbacks, 0);
    EXPECT_TRUE(with.rollbacks > 0 || with.psnr == without.psnr);
    std::cout << with.rollbacks << " rollbacks, " << with.psnr << " dB; without " << without.psnr << "\n";
    rollbacks += with.rollbacks;
    better += with.psnr - without.psnr;
  }
  EXPECT_GT(rollbacks, 0);
  EXPECT_GT(better, 0);
}

TEST(FitSpikes, whatever_the_rate_there_are_numbers_or_a_failure_with_advice) {
  for (const double lr : {0.02, 0.2, 1.0})
    for (const double omega_first : {10.0, 300.0, 3000.0}) {
      FitOptions options = small_options(550);
      options.recipe.lr = lr;
      options.recipe.omega_first = omega_first;
      const Thrown thrown = thrown_by([&] {
        const auto [field, report] = fit_picture(rgb_picture(16, 16), options);
        EXPECT_TRUE(all_finite(field));
        EXPECT_TRUE(std::isfinite(report.psnr));
      });
      if (!thrown.kind) continue;
      EXPECT_EQ(thrown.kind, ErrorKind::failure);
      EXPECT_THAT(thrown.message, testing::AnyOf(HasSubstr("diverged"), HasSubstr("collapsed")));
      EXPECT_THAT(thrown.hint, AllOf(HasSubstr("smaller --lr than"), HasSubstr("smaller --omega-first than")));
    }
}

FitOptions collapsing(std::int64_t steps) {
  FitOptions options = small_options(steps);
  options.recipe.hidden_layers = 3;
  options.recipe.omega_first = 3000;
  options.recipe.lr = 0.05;
  return options;
}

TEST(FitCollapse, is_a_failure_that_says_what_to_try) {
  const Thrown seen = thrown_by([] { fit_picture(rgb_picture(24, 24), collapsing(600)); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, AllOf(HasSubstr("collapsed: after 600 steps"), HasSubstr("no closer to the signal")));
  EXPECT_THAT(seen.hint, AllOf(HasSubstr("smaller --lr than 0.05"), HasSubstr("smaller --omega-first than 3000")));
}

TEST(FitCollapse, is_not_looked_for_in_a_short_run_or_a_flat_picture) {
  EXPECT_NO_THROW(fit_picture(rgb_picture(24, 24), collapsing(20)));
  FitOptions options = small_options(510);
  EXPECT_NO_THROW(fit_picture(flat_picture(8, 8, 77), options));
}

}  // namespace
}  // namespace sinefield
