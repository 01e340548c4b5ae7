// Centroids of spectra that are known.
// SPDX-License-Identifier: MIT
#include "signal/spectrum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

#include "fit_pictures.h"
#include "signal/boxes.h"

namespace sinefield {
namespace {

/// Of the length of the frequency, alpha aside.
double centroid(const Picture& picture) {
  return spectral_centroid(*picture_signal(picture).samples, picture.format.alpha).across;
}

/// Waves of a frequency along each axis, in shares of Nyquist.
Picture waves(std::int64_t height, std::int64_t width, double down, double across, double mean = 0) {
  Picture picture{format_of(height, width, SampleType::f32, {"Y"}), {}};
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x)
      picture.samples.push_back(static_cast<float>(
          mean + std::sin(std::numbers::pi * (down * static_cast<double>(y) + across * static_cast<double>(x)) + 0.3)));
  return picture;
}

// A Hann window of 64 samples spreads a frequency over two bins of 1/32 to either side, a sixth of the power each at
// one bin: far from zero the mean of |f| stays within a fraction of a bin.
TEST(SpectralCentroid, of_a_wave_is_its_frequency) {
  for (const auto& [down, across] : {std::pair{0.0, 0.5}, {0.5, 0.0}, {0.3, 0.4}, {0.77, 0.1}, {0.25, 0.8}, {0.0, 0.2}})
    for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{64, 64}, {128, 200}, {67, 301}}) {
      const double seen = centroid(waves(height, width, down, across));
      EXPECT_NEAR(seen, std::hypot(down, across), 0.25 / 32) << down << ", " << across;
    }
}

TEST(SpectralCentroid, of_slow_waves_is_their_frequency_within_the_width_of_the_window) {
  for (const double frequency : {1.0 / 32, 2.0 / 32, 3.0 / 32})
    EXPECT_NEAR(centroid(waves(256, 256, 0, frequency)), frequency, 1.0 / 32) << frequency;
}

TEST(SpectralCentroid, of_a_flat_picture_is_zero) {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {5, 3}, {64, 64}, {100, 77}})
    for (const float value : {0.0F, 77.0F, 0.1F, -3.3e20F}) {
      Picture flat = flat_picture(height, width, value);
      flat.format.type = SampleType::f32;
      EXPECT_EQ(centroid(flat), 0) << value << ", " << height << " x " << width;
    }
}

// The mean of |f| over [-1, 1]^2: that of sqrt(x^2 + y^2) over the unit square, (sqrt(2) + asinh(1)) / 3. Taking the
// mean of a block away removes what lies around zero, a few bins of 4096.
TEST(SpectralCentroid, of_white_noise_is_that_of_the_square) {
  const double expected = (std::numbers::sqrt2 + std::asinh(1.0)) / 3;
  EXPECT_NEAR(expected, 0.7652, 1e-4);
  const double seen = centroid(noise_picture(256, 320));
  std::cout << "white noise: " << seen << ", expected " << expected << "\n";
  EXPECT_NEAR(seen, expected, 0.01);
}

TEST(SpectralCentroid, does_not_see_constants) {
  EXPECT_NEAR(centroid(waves(100, 130, 0.2, 0.3, 1000)), centroid(waves(100, 130, 0.2, 0.3)), 1e-4);
  Picture noise = noise_picture(70, 90);
  const double before = centroid(noise);
  for (float& sample : noise.samples) sample = 3 * sample + 1024;  // exact
  EXPECT_NEAR(centroid(noise), before, 1e-6);
}

TEST(SpectralCentroid, does_not_see_alpha) {
  const Picture wave = waves(64, 64, 0, 0.25), noise = noise_picture(64, 64);
  Picture both{format_of(64, 64, SampleType::f32, {"Y", "A"}, 1), {}};
  for (std::size_t i = 0; i < wave.samples.size(); ++i) {
    both.samples.push_back(wave.samples[i]);
    both.samples.push_back(noise.samples[i]);
  }
  EXPECT_EQ(centroid(both), centroid(wave));
  both.format.alpha = -1;
  EXPECT_GT(centroid(both), 0.5);
}

TEST(SpectralCentroid, weighs_frequencies_by_their_power) {
  // Amplitudes 2 and 1: powers 4 and 1.
  const Picture slow = waves(64, 64, 0, 0.25), quick = waves(64, 64, 0, 0.75);
  Picture sum = slow;
  for (std::size_t i = 0; i < sum.samples.size(); ++i) sum.samples[i] = 2 * slow.samples[i] + quick.samples[i];
  EXPECT_NEAR(centroid(sum), (4 * 0.25 + 0.75) / 5, 0.01);
}

TEST(SpectralCentroid, takes_any_size) {
  for (std::int64_t height = 1; height <= 9; ++height)
    for (std::int64_t width = 1; width <= 9; ++width) {
      const double seen = centroid(noise_picture(height, width, 5));
      EXPECT_TRUE(height * width == 1 ? seen == 0 : seen > 0 && seen <= std::numbers::sqrt2)
          << height << " x " << width << ": " << seen;
    }
  EXPECT_NEAR(centroid(waves(1, 999, 0, 0.4)), 0.4, 0.25 / 32);
  EXPECT_NEAR(centroid(waves(63, 1, 0.6, 0)), 0.6, 0.01);
  Picture board{format_of(2, 2, SampleType::u8, {"Y"}), {0, 255, 255, 0}};
  EXPECT_NEAR(centroid(board), std::numbers::sqrt2, 1e-6) << "the highest there is, both ways";
}

TEST(SpectralCentroid, looks_all_over_a_large_picture) {
  // Noise in the last 64 rows only, of a picture of more blocks than are looked at.
  Picture picture = flat_picture(5000, 2000, 9);
  EXPECT_EQ(centroid(picture), 0);
  const Picture noise = noise_picture(400, 2000);
  std::ranges::copy(noise.samples, picture.samples.end() - 400 * 2000);
  EXPECT_GT(centroid(picture), 0.7);
}

/// Samples in memory of any number of axes.
class Numbers final : public Samples {
 public:
  Numbers(std::vector<std::int64_t> sizes, const std::function<double(const std::vector<std::int64_t>&)>& number)
      : Samples(std::move(sizes), 1) {
    std::vector<std::int64_t> at(this->sizes().size(), 0);
    for (std::int64_t p = 0; p < points(); ++p) {
      numbers_.push_back(static_cast<float>(number(at)));
      for (std::size_t i = at.size(); i-- > 0;) {
        if (++at[i] < this->sizes()[i]) break;
        at[i] = 0;
      }
    }
  }
  void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const override {
    for_runs(sizes(), 1, first, count, [&](std::int64_t start, std::int64_t length) {
      out = std::copy_n(numbers_.begin() + start, length, out);
    });
  }

 private:
  std::vector<float> numbers_;
};

TEST(SpectralCentroid, of_a_sound_is_its_frequency) {
  for (const double frequency : {0.01, 0.1, 0.5, 0.9}) {
    const Numbers sine({5000}, [&](const std::vector<std::int64_t>& at) {
      return 3 + std::sin(std::numbers::pi * frequency * static_cast<double>(at[0]));
    });
    const SpectralCentroid seen = spectral_centroid(sine, -1);
    ASSERT_EQ(seen.along.size(), 1U);
    EXPECT_NEAR(seen.along[0], frequency, 0.3 / 512) << "within a third of a bin";
    EXPECT_EQ(seen.across, seen.along[0]);
  }
}

TEST(SpectralCentroid, of_three_axes_has_a_frequency_along_each_and_one_across_the_last_two) {
  // Bins of an eighth along the first axis, of a sixteenth along the others.
  const Numbers waves3({40, 64, 70}, [&](const std::vector<std::int64_t>& at) {
    return std::sin(std::numbers::pi * (0.25 * static_cast<double>(at[0]) + 0.5 * static_cast<double>(at[1]) +
                                        0.375 * static_cast<double>(at[2])));
  });
  const SpectralCentroid seen = spectral_centroid(waves3, -1);
  ASSERT_EQ(seen.along.size(), 3U);
  EXPECT_NEAR(seen.along[0], 0.25, 0.3 / 8);
  EXPECT_NEAR(seen.along[1], 0.5, 0.3 / 16);
  EXPECT_NEAR(seen.along[2], 0.375, 0.3 / 16);
  EXPECT_NEAR(seen.across, 0.625, 0.3 / 16);
  const Numbers still({9, 20, 20}, [](const std::vector<std::int64_t>&) { return 5; });
  EXPECT_EQ(spectral_centroid(still, -1).across, 0);
}

TEST(SpectralCentroid, of_a_picture_has_a_frequency_along_each_axis_too) {
  const Picture picture = waves(128, 200, 0.3, 0.4);
  const SpectralCentroid seen = spectral_centroid(*picture_signal(picture).samples, -1);
  ASSERT_EQ(seen.along.size(), 2U);
  EXPECT_NEAR(seen.along[0], 0.3, 0.25 / 32);
  EXPECT_NEAR(seen.along[1], 0.4, 0.25 / 32);
}

TEST(SpectralCentroid, of_more_axes_is_not_known) {
  const Numbers four({2, 2, 2, 2}, [](const std::vector<std::int64_t>&) { return 0; });
  EXPECT_THROW(spectral_centroid(four, -1), Error);
}

}  // namespace
}  // namespace sinefield
