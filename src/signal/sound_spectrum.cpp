// By KISS FFT, in single precision: its errors lie 120 dB and more below the strongest line.
// SPDX-License-Identifier: MIT
#include "signal/sound_spectrum.h"

#include <kissfft/kiss_fftr.h>

#include <cmath>
#include <cstdlib>
#include <new>
#include <numbers>

namespace sinefield {

WindowSpectrum::WindowSpectrum(int length)
    : windowed_(static_cast<std::size_t>(length)),
      powers_(static_cast<std::size_t>(length / 2 + 1)),
      bins_(2 * powers_.size()),
      plan_(kiss_fftr_alloc(length, 0, nullptr, nullptr), std::free) {
  if (plan_ == nullptr) throw std::bad_alloc();
  for (int i = 0; i < length; ++i) {
    window_.push_back(static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / length)));
  }
}

double WindowSpectrum::full_power() const {
  // Half the sum of the window, squared.
  const double amplitude = static_cast<double>(length()) / 4;
  return amplitude * amplitude;
}

std::span<const float> WindowSpectrum::powers(std::span<const float> samples) {
  for (std::size_t i = 0; i < window_.size(); ++i) windowed_[i] = window_[i] * samples[i];
  static_assert(sizeof(kiss_fft_cpx) == 2 * sizeof(float));
  kiss_fftr(plan_.get(), windowed_.data(), reinterpret_cast<kiss_fft_cpx*>(bins_.data()));
  for (std::size_t k = 0; k < powers_.size(); ++k) {
    powers_[k] = bins_[2 * k] * bins_[2 * k] + bins_[2 * k + 1] * bins_[2 * k + 1];
  }
  return powers_;
}

}  // namespace sinefield
