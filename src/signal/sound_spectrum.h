// The power spectrum of one window of a sound, for figures and for pictures.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>
#include <vector>

struct kiss_fftr_state;

namespace sinefield {

/// Under a periodic Hann window. Keeps its plan and its memory; not for two threads at once.
class WindowSpectrum {
 public:
  /// `length` even.
  explicit WindowSpectrum(int length);

  int length() const { return static_cast<int>(window_.size()); }
  /// What a sine of amplitude 1 in the middle of a bin has there.
  double full_power() const;

  /// |X_k|^2 for k = 0..length / 2, valid until the next call.
  std::span<const float> powers(std::span<const float> samples);

 private:
  std::vector<float> window_, windowed_, powers_;
  std::vector<float> bins_;  // real, imaginary
  std::unique_ptr<kiss_fftr_state, void (*)(void*)> plan_;
};

}  // namespace sinefield
