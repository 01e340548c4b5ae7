// Pictures of a sound for people to look at. Streaming: the columns gather what comes, an hour takes the memory of a
// second. No text, no files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

#include "sinefield/picture.h"
#include "sinefield/sound.h"

namespace sinefield {

/// 8-bit RGB pictures of (height, width) of the mean of the channels; time goes to the right.
class SoundView {
 public:
  /// Of `format` the frames, which must be known, the rate and the channels are looked at. `peak`: the amplitude that
  /// fills the height of the waveform and is 0 dB in the spectrogram; give that of the original to look at its model in
  /// the same scale. Throws bad_input where one of them is less than 1 (the peak: not above 0).
  SoundView(const SoundFormat&, int width, int height, double peak = 1);
  SoundView(SoundView&&) noexcept;
  SoundView& operator=(SoundView&&) noexcept;
  ~SoundView();

  /// The next frames, (n, channels). Throws bad_input for more than the format says, for parts of frames and for
  /// samples that are not finite.
  void add(std::span<const float> frames);

  /// Of each column's samples the range, and inside of it, stronger, the root of their mean square on both sides of
  /// zero; a line from sample to sample where there are hardly more of them than columns.
  Picture waveform() const;

  /// Frequency linearly upwards to half the rate; the power of a Hann window of about 40 ms in dB, from -100 dark to 0
  /// bright, the mean over the windows of a column.
  Picture spectrogram() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sinefield
