// Welch's periodogram in two dimensions, by KISS FFT.
// SPDX-License-Identifier: MIT
#include "signal/spectrum.h"

#include <kissfft/kiss_fftnd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::int64_t block_side = 64;
/// Blocks of a large picture that are looked at, about: more would not change the mean.
constexpr std::int64_t most_blocks = 4096;

std::vector<double> hann(std::int64_t n) {
  std::vector<double> window;
  for (std::int64_t i = 0; i < n; ++i)
    window.push_back(0.5 -
                     0.5 * std::cos(2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(n)));
  return window;
}

/// Frequency of bin k of n, as a share of Nyquist.
double frequency(std::int64_t k, std::int64_t n) {
  return 2 * static_cast<double>(std::min(k, n - k)) / static_cast<double>(n);
}

}  // namespace

double spectral_centroid(const Picture& picture) {
  const std::int64_t height = std::min(block_side, picture.format.height),
                     width = std::min(block_side, picture.format.width), channels = picture.format.channel_count();
  const std::vector<double> down = hann(height), across = hann(width);
  const std::array<int, 2> size = {static_cast<int>(height), static_cast<int>(width)};
  const std::unique_ptr<kiss_fftnd_state, void (*)(void*)> plan(kiss_fftnd_alloc(size.data(), 2, 0, nullptr, nullptr),
                                                                ::free);
  if (plan == nullptr) throw std::bad_alloc();
  std::vector<kiss_fft_cpx> block(static_cast<std::size_t>(height * width)), spectrum(block.size());

  std::int64_t step = block_side / 2;
  while ((picture.format.height / step + 1) * (picture.format.width / step + 1) > most_blocks) step *= 2;
  double power = 0, moment = 0;
  const auto add_block = [&](std::int64_t top, std::int64_t left, std::int64_t channel) {
    double mean = 0;
    // From the first sample on, so that nothing but zeros comes of a flat block, whatever its value.
    const float first = picture.row(top)[left * channels + channel];
    const auto sample = [&](std::int64_t y, std::int64_t x) {
      return static_cast<double>(picture.row(top + y)[(left + x) * channels + channel]) - static_cast<double>(first);
    };
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) mean += sample(y, x) / static_cast<double>(height * width);
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const double windowed =
            (sample(y, x) - mean) * down[static_cast<std::size_t>(y)] * across[static_cast<std::size_t>(x)];
        block[static_cast<std::size_t>(y * width + x)] = {static_cast<float>(windowed), 0};
      }
    kiss_fftnd(plan.get(), block.data(), spectrum.data());
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        if (y == 0 && x == 0) continue;
        const kiss_fft_cpx bin = spectrum[static_cast<std::size_t>(y * width + x)];
        const double here = static_cast<double>(bin.r) * static_cast<double>(bin.r) +
                            static_cast<double>(bin.i) * static_cast<double>(bin.i);
        power += here;
        moment += here * std::hypot(frequency(y, height), frequency(x, width));
      }
  };
  for (std::int64_t c = 0; c < channels; ++c) {
    if (c == picture.format.alpha) continue;
    for (std::int64_t y = 0; y + height <= picture.format.height; y += step)
      for (std::int64_t x = 0; x + width <= picture.format.width; x += step) add_block(y, x, c);
  }
  return power > 0 && std::isfinite(power) ? moment / power : 0;
}

}  // namespace sinefield
