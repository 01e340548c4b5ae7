// Sums over all samples in their order, and one window of each channel in hand for the spectra.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "signal/sound_spectrum.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::size_t window_length = 1024;
constexpr std::size_t hop = 512;
constexpr double floor_share = 1e-10;

/// The last samples of one channel, as many as a window takes.
struct Window {
  std::vector<float> result = std::vector<float>(window_length), original = result;
};

}  // namespace

struct SoundComparison::State {
  std::size_t channels;
  std::int64_t frames = 0;
  double squared_error = 0, squared_original = 0, peak = 0;

  std::vector<Window> windows;
  std::size_t filled = 0;  // samples in each window
  WindowSpectrum spectrum{window_length};
  std::vector<float> original_powers;
  double distance = 0;  // summed over windows and channels
  std::int64_t distances = 0;

  explicit State(int count) : channels(static_cast<std::size_t>(count)), windows(channels) {}

  double distance_of(const Window& window) {
    const std::span<const float> powers = spectrum.powers(window.original);
    original_powers.assign(powers.begin(), powers.end());
    const std::span<const float> result = spectrum.powers(window.result);
    const double floor = floor_share * spectrum.full_power();
    double sum = 0;
    for (std::size_t k = 1; k < window_length / 2; ++k) {
      const double ratio = (static_cast<double>(original_powers[k]) + floor) / (static_cast<double>(result[k]) + floor);
      const double difference = 10 * std::log10(ratio);
      sum += difference * difference;
    }
    constexpr std::size_t bins = window_length / 2 - 1;
    return std::sqrt(sum / static_cast<double>(bins));
  }

  void add_distances() {
    for (Window& window : windows) {
      distance += distance_of(window);
      ++distances;
      for (std::vector<float>* samples : {&window.result, &window.original}) {
        std::copy(samples->begin() + hop, samples->end(), samples->begin());
      }
    }
    filled -= hop;
  }

  /// Of a sound that is shorter than a window: the rest of each is still zero.
  double short_distance() {
    double sum = 0;
    for (const Window& window : windows) sum += distance_of(window);
    return sum / static_cast<double>(channels);
  }
};

SoundComparison::SoundComparison(int channels) {
  if (channels < 1) throw bad_input(fmt::format("a sound of {} channels, expected at least one", channels));
  state_ = std::make_unique<State>(channels);
}
SoundComparison::SoundComparison(SoundComparison&&) noexcept = default;
SoundComparison& SoundComparison::operator=(SoundComparison&&) noexcept = default;
SoundComparison::~SoundComparison() = default;

void SoundComparison::add(std::span<const float> result, std::span<const float> original) {
  State& state = *state_;
  if (result.size() != original.size() || result.size() % state.channels != 0) {
    throw bad_input(fmt::format("{} and {} samples, expected as many of both and whole frames of {} channels",
                                result.size(), original.size(), state.channels));
  }
  for (std::size_t i = 0; i < result.size();) {
    for (Window& window : state.windows) {
      window.result[state.filled] = result[i];
      window.original[state.filled] = original[i];
      const double there = static_cast<double>(original[i]), error = static_cast<double>(result[i]) - there;
      state.squared_error += error * error;
      state.squared_original += there * there;
      state.peak = std::max(state.peak, std::abs(there));
      ++i;
    }
    ++state.frames;
    if (++state.filled == window_length) state.add_distances();
  }
}

SoundMeasures SoundComparison::result() const {
  State& state = *state_;
  if (state.frames == 0) throw bad_input("a sound without samples has no measures");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const double scale = state.peak > 0 ? state.peak * state.peak : 1;
  SoundMeasures measures{};
  measures.mse =
      state.squared_error / (static_cast<double>(state.frames) * static_cast<double>(state.channels)) / scale;
  measures.psnr = state.squared_error == 0 ? infinity : -10 * std::log10(measures.mse);
  measures.snr = state.squared_error == 0 ? infinity : 10 * std::log10(state.squared_original / state.squared_error);
  measures.log_spectral_distance =
      state.distances > 0 ? state.distance / static_cast<double>(state.distances) : state.short_distance();
  return measures;
}

}  // namespace sinefield
