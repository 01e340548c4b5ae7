// Learning rates and the cycles of tiles.
// SPDX-License-Identifier: MIT
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "refusal.h"

namespace sinefield {
namespace {

TEST(Schedule, constant_is_constant) {
  for (const std::int64_t step : {0, 1, 500, 5000})
    EXPECT_EQ(train::learning_rate(Schedule::constant, 1e-4, step, 1000), 1e-4);
}

TEST(Schedule, cosine_holds_for_an_eighth_and_falls_from_the_full_rate_to_zero) {
  const auto rate = [](std::int64_t step, std::int64_t horizon) {
    return train::learning_rate(Schedule::cosine, 2, step, horizon);
  };
  EXPECT_EQ(rate(124'999, 1'000'000), 2);
  EXPECT_NEAR(rate(125'000, 1'000'000), 2, 1e-10);
  EXPECT_NEAR(rate(999'999, 1'000'000), 0, 1e-10);
  EXPECT_NEAR(rate(0, 1), 1, 1e-15) << "one step takes the mean";
  EXPECT_NEAR(rate(0, 4) + rate(1, 4) + rate(2, 4) + rate(3, 4), 4, 1e-14);
  for (std::int64_t step = 0; step < 12; ++step) EXPECT_EQ(rate(step, 100), 2);
  for (std::int64_t step = 12; step < 100; ++step) {
    EXPECT_NEAR(rate(step, 100), 1 + std::cos(std::numbers::pi * (static_cast<double>(step) - 11.5) / 88), 1e-14);
    EXPECT_GT(rate(step, 100), rate(step + 1, 100));
  }
  for (const std::int64_t beyond : {100, 101, 100'000}) EXPECT_NEAR(rate(beyond, 100), 0, 1e-15);
}

TEST(Schedule, restarts_are_no_schedule_of_one_network) {
  EXPECT_NE(refusal([] { train::learning_rate(Schedule::restarts, 1, 0, 10); }).find("tiles"), std::string::npos);
}

TEST(Schedule, has_names) {
  EXPECT_EQ(schedule_name(Schedule::constant), "constant");
  EXPECT_EQ(schedule_name(Schedule::cosine), "cosine");
  EXPECT_EQ(schedule_name(Schedule::restarts), "restarts");
}

TEST(Cycles, double_and_fall_from_seven_tenths_of_the_peak_before) {
  EXPECT_EQ(train::cycle_length(0), 100);
  EXPECT_EQ(train::cycle_length(1), 200);
  EXPECT_EQ(train::cycle_length(5), 3200);
  EXPECT_GT(train::cycle_length(1000), 0) << "no overflow";
  double peak = 8;
  for (int cycle = 0; cycle < 6; ++cycle, peak *= 0.7) {
    const std::int64_t length = train::cycle_length(cycle);
    double sum = 0;
    for (std::int64_t step = 0; step < length; ++step) {
      const double rate = train::cycle_rate(8, cycle, step, length);
      EXPECT_GT(rate, 0);
      EXPECT_LT(rate, peak);
      sum += rate;
    }
    EXPECT_NEAR(train::cycle_rate(8, cycle, 0, length), peak, peak / static_cast<double>(length));
    EXPECT_NEAR(train::cycle_rate(8, cycle, length - 1, length), 0, peak / static_cast<double>(length));
    EXPECT_NEAR(sum, peak * static_cast<double>(length) / 2, 1e-9 * sum) << "a line down to zero";
  }
}

TEST(Cycles, add_up_to_the_steps_wanted_and_the_last_is_no_stump) {
  for (std::int64_t wanted = 1; wanted <= 5000; ++wanted) {
    std::int64_t done = 0;
    for (int cycle = 0; done < wanted; ++cycle) {
      const std::int64_t length = train::cycle_length(cycle, done, wanted), usual = train::cycle_length(cycle);
      ASSERT_GT(length, 0) << wanted << " steps, cycle " << cycle;
      ASSERT_LE(length, usual + usual / 2) << wanted << " steps, cycle " << cycle;
      done += length;
      ASSERT_TRUE(length == usual || done == wanted) << wanted << " steps, cycle " << cycle;
      // A cycle that began must not be shorter than a quarter of the usual: what is left of half is taken before.
      ASSERT_TRUE(cycle == 0 || 4 * length >= usual) << wanted << " steps, cycle " << cycle << ": " << length;
    }
    ASSERT_EQ(done, wanted);
  }
}

}  // namespace
}  // namespace sinefield
