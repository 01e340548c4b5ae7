// Orders of samples: every sample once per epoch, however the steps cut it.
// SPDX-License-Identifier: MIT
#include "train/sampler.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace sinefield {
namespace {

TEST(Permutation, reaches_every_sample_once) {
  for (const std::int64_t size : {1, 2, 3, 4, 5, 16, 17, 1000, 65'537})
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const train::Permutation order(size, seed, 3);
      std::vector<int> seen(static_cast<std::size_t>(size));
      for (std::int64_t i = 0; i < size; ++i) {
        const std::int64_t sample = order(i);
        ASSERT_TRUE(sample >= 0 && sample < size) << sample << " of " << size;
        ++seen[static_cast<std::size_t>(sample)];
      }
      EXPECT_EQ(std::ranges::count(seen, 1), size) << "seed " << seed;
    }
}

std::vector<std::int64_t> order_of(std::int64_t size, std::uint64_t seed, std::int64_t epoch) {
  const train::Permutation order(size, seed, epoch);
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < size; ++i) samples.push_back(order(i));
  return samples;
}

TEST(Permutation, differs_between_epochs_and_seeds) {
  EXPECT_EQ(order_of(1000, 1, 0), order_of(1000, 1, 0));
  std::set<std::vector<std::int64_t>> orders;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::int64_t epoch = 0; epoch < 4; ++epoch) orders.insert(order_of(1000, seed, epoch));
  EXPECT_EQ(orders.size(), 16U);
}

// Places of random orders are independent: of 1000 samples about one stays where it was from one epoch to the next, and
// the correlation between a place and its sample is 1 / sqrt(1000) at one standard deviation.
TEST(Permutation, looks_random) {
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const std::vector<std::int64_t> a = order_of(1000, 7, epoch), b = order_of(1000, 7, epoch + 1);
    int fixed = 0, runs = 0;
    double correlation = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      fixed += a[i] == b[i];
      runs += i > 0 && std::abs(a[i] - a[i - 1]) == 1;
      correlation += (static_cast<double>(i) - 499.5) * (static_cast<double>(a[i]) - 499.5);
    }
    EXPECT_LE(fixed, 8);
    EXPECT_LE(runs, 12);  // 2 on average
    EXPECT_LT(std::abs(correlation) / (1000.0 * (1e6 - 1) / 12), 5 / std::sqrt(1000.0));
  }
}

TEST(DrawSamples, every_sample_comes_once_in_each_epoch_wherever_steps_cut_it) {
  for (const auto& [size, batch] : {std::pair<std::int64_t, std::int64_t>{10, 3}, {10, 7}, {7, 7}, {5, 12}, {1, 3}}) {
    SCOPED_TRACE(fmt::format("{} samples in steps of {}", size, batch));
    constexpr std::int64_t epochs = 6;
    std::vector<std::int64_t> drawn, indices(static_cast<std::size_t>(batch));
    for (std::int64_t step = 0; std::ssize(drawn) < size * epochs; ++step) {
      train::draw_samples(size, 9, step, indices);
      drawn.insert(drawn.end(), indices.begin(), indices.end());
    }
    for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
      const auto from = drawn.begin() + epoch * size;
      EXPECT_EQ(std::vector<std::int64_t>(from, from + size), order_of(size, 9, epoch)) << "epoch " << epoch;
    }
  }
}

std::vector<std::int32_t> drawn_epochs(std::int64_t size, std::int64_t batch, std::int64_t epochs,
                                       const RandomSequence& sequence) {
  train::ShuffledEpochs order;
  order.start(size, sequence);
  std::vector<std::int32_t> drawn, indices(static_cast<std::size_t>(batch));
  while (std::ssize(drawn) < size * epochs) {
    order.draw(indices);
    drawn.insert(drawn.end(), indices.begin(), indices.end());
  }
  drawn.resize(static_cast<std::size_t>(size * epochs));
  return drawn;
}

TEST(ShuffledEpochs, every_point_comes_once_in_each_epoch) {
  for (std::int64_t size = 1; size <= 600; ++size) {
    const std::vector<std::int32_t> drawn = drawn_epochs(size, 1 + size * 7 % 300, 4, {.seed = 3, .stream = 5});
    for (std::int64_t epoch = 0; epoch < 4; ++epoch) {
      std::vector<std::int32_t> sorted(drawn.begin() + epoch * size, drawn.begin() + (epoch + 1) * size);
      std::ranges::sort(sorted);
      for (std::int64_t i = 0; i < size; ++i)
        ASSERT_EQ(sorted[static_cast<std::size_t>(i)], i) << "epoch " << epoch << " of " << size << " points";
    }
  }
}

TEST(ShuffledEpochs, do_not_depend_on_the_size_of_the_steps) {
  for (const std::int64_t size : {1, 7, 100}) {
    const std::vector<std::int32_t> one_by_one = drawn_epochs(size, 1, 6, {.seed = 9, .tensor = 2});
    for (const std::int64_t batch : {2, 3, 7, 64, 100, 101, 333})
      EXPECT_EQ(drawn_epochs(size, batch, 6, {.seed = 9, .tensor = 2}), one_by_one) << size << " by " << batch;
  }
}

TEST(ShuffledEpochs, differ_between_epochs_seeds_streams_and_tensors) {
  std::set<std::vector<std::int32_t>> orders;
  for (const RandomSequence& sequence :
       {RandomSequence{.seed = 1}, RandomSequence{.seed = 2}, RandomSequence{.seed = 1, .stream = 1},
        RandomSequence{.seed = 1, .tensor = 1U << 24U}}) {
    const std::vector<std::int32_t> drawn = drawn_epochs(50, 50, 3, sequence);
    for (std::ptrdiff_t epoch = 0; epoch < 3; ++epoch)
      orders.emplace(drawn.begin() + 50 * epoch, drawn.begin() + 50 * (epoch + 1));
  }
  EXPECT_EQ(orders.size(), 12U);
}

/// Where point 0 comes: uniform over 20 places, so that of 4000 epochs 200 +- 14 have it in each.
TEST(ShuffledEpochs, are_uniform) {
  const std::vector<std::int32_t> drawn = drawn_epochs(20, 20, 4000, {.seed = 4});
  for (const std::int32_t point : {0, 7, 19}) {
    std::vector<int> places(20);
    for (std::size_t i = 0; i < drawn.size(); ++i) places[i % 20] += drawn[i] == point ? 1 : 0;
    for (const int count : places) EXPECT_NEAR(count, 200, 5 * 14) << "point " << point;
  }
}

}  // namespace
}  // namespace sinefield
