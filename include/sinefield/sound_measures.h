// How close one sound is to another. Streaming, with constant memory; no files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

namespace sinefield {

/// Over all channels together.
struct SoundMeasures {
  double mse;   ///< mean squared error, both sounds scaled so that the original's peak is 1; as it is for silence
  double psnr;  ///< 10 log10(1 / mse), dB; +infinity where they are identical
  double snr;   ///< 10 log10(sum original^2 / sum error^2), dB; +infinity where they are identical, else -infinity
                ///< where the original is silence
  double log_spectral_distance;  ///< dB; 0 where they are identical
};

/// Measures a sound that arrives piece by piece; the result does not depend on how it is cut.
///
/// Log-spectral distance: Hann windows of 1,024 samples, one every 512, of each channel; the mean over the windows of
/// sqrt(mean over the bins 1..511 of (L_original - L_result)^2), L = 10 log10(power + floor). The floor is 1e-10 of the
/// power that a sine of amplitude 1 has in its bin: full scale, not the original's peak, which is known only at the
/// end. What is left at the end and does not fill a window is left out; a sound shorter than one is filled up with
/// zeros.
class SoundComparison {
 public:
  /// Throws bad_input for less than one channel.
  explicit SoundComparison(int channels);
  SoundComparison(SoundComparison&&) noexcept;
  SoundComparison& operator=(SoundComparison&&) noexcept;
  ~SoundComparison();

  /// The next frames of both, (n, channels). Throws bad_input where they differ in length or are no whole frames.
  void add(std::span<const float> result, std::span<const float> original);

  /// Throws bad_input where there is no frame.
  SoundMeasures result() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sinefield
