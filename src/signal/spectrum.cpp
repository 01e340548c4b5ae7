// Welch's periodogram in one to three dimensions, by KISS FFT.
// SPDX-License-Identifier: MIT
#include "signal/spectrum.h"

#include <kissfft/kiss_fftnd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <new>
#include <numbers>
#include <span>

#include "field/indices.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

/// Blocks of a large signal that are looked at, about: more would not change the mean.
constexpr std::array<std::int64_t, 3> most_blocks = {4096, 4096, 512};

std::vector<std::int64_t> block_sides(std::size_t axes) {
  return axes == 1   ? std::vector<std::int64_t>{1024}
         : axes == 2 ? std::vector<std::int64_t>{64, 64}
                     : std::vector<std::int64_t>{16, 32, 32};
}

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

SpectralCentroid spectral_centroid(const Samples& samples, int uncounted) {
  const std::vector<std::int64_t>& sizes = samples.sizes();
  const std::size_t axes = sizes.size();
  if (axes < 1 || axes > 3) throw bad_input("the spectrum of a signal of 1 to 3 axes is known");
  std::vector<std::int64_t> side = block_sides(axes), step = side;
  std::vector<std::vector<double>> windows;
  std::vector<int> shape;
  for (std::size_t i = 0; i < axes; ++i) {
    step[i] /= 2;
    side[i] = std::min(side[i], sizes[i]);
    windows.push_back(hann(side[i]));
    shape.push_back(static_cast<int>(side[i]));
  }
  // Of every point of a block: its window; as a bin its frequency along each axis and across the last two.
  std::vector<double> window, along, across;
  for_each_index(side, [&](std::span<const std::int64_t> at) {
    double product = 1, squares = 0;
    for (std::size_t i = 0; i < axes; ++i) {
      product *= windows[i][static_cast<std::size_t>(at[i])];
      along.push_back(frequency(at[i], side[i]));
      if (i + 2 >= axes) squares += along.back() * along.back();
    }
    window.push_back(product);
    across.push_back(std::sqrt(squares));
  });
  const std::size_t points = window.size();
  const auto blocks = [&] {
    std::int64_t product = 1;
    for (std::size_t i = 0; i < axes; ++i) product *= sizes[i] / step[i] + 1;
    return product;
  };
  while (blocks() > most_blocks[axes - 1])
    for (std::int64_t& s : step) s *= 2;

  const std::unique_ptr<kiss_fftnd_state, void (*)(void*)> plan(
      kiss_fftnd_alloc(shape.data(), static_cast<int>(axes), 0, nullptr, nullptr), ::free);
  if (plan == nullptr) throw std::bad_alloc();
  std::vector<kiss_fft_cpx> block(points), spectrum(points);
  const auto channels = static_cast<std::size_t>(samples.channels());
  std::vector<float> values(points * channels);
  double power = 0, moment = 0;
  std::vector<double> moments(axes, 0);

  const auto add_block = [&](std::size_t channel) {
    double mean = 0;
    // From the first sample on, so that nothing but zeros comes of a flat block, whatever its value.
    const float first = values[channel];
    const auto sample = [&](std::size_t p) {
      return static_cast<double>(values[p * channels + channel]) - static_cast<double>(first);
    };
    for (std::size_t p = 0; p < points; ++p) mean += sample(p) / static_cast<double>(points);
    for (std::size_t p = 0; p < points; ++p) block[p] = {static_cast<float>((sample(p) - mean) * window[p]), 0};
    kiss_fftnd(plan.get(), block.data(), spectrum.data());
    for (std::size_t p = 1; p < points; ++p) {
      const kiss_fft_cpx bin = spectrum[p];
      const double here = static_cast<double>(bin.r) * static_cast<double>(bin.r) +
                          static_cast<double>(bin.i) * static_cast<double>(bin.i);
      power += here;
      moment += here * across[p];
      for (std::size_t i = 0; i < axes; ++i) moments[i] += here * along[p * axes + i];
    }
  };
  std::vector<std::int64_t> counts, first(axes);
  for (std::size_t i = 0; i < axes; ++i) counts.push_back((sizes[i] - side[i]) / step[i] + 1);
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    for (std::size_t i = 0; i < axes; ++i) first[i] = at[i] * step[i];
    samples.read(first, side, values.data());
    for (std::size_t c = 0; c < channels; ++c)
      if (static_cast<int>(c) != uncounted) add_block(c);
  });
  SpectralCentroid centroid{std::vector<double>(axes, 0), 0};
  if (!(power > 0) || !std::isfinite(power)) return centroid;
  for (std::size_t i = 0; i < axes; ++i) centroid.along[i] = moments[i] / power;
  centroid.across = moment / power;
  return centroid;
}

}  // namespace sinefield
