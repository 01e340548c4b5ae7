// How quickly a sampled signal varies: the centroids of its power spectrum.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "sinefield/signal.h"

namespace sinefield {

/// Power-weighted means of frequencies, as shares of the Nyquist frequency of an axis; 0 where the signal is flat.
struct SpectralCentroid {
  std::vector<double> along;  ///< of |frequency| along each axis, up to 1
  double across = 0;          ///< of its length over the last two axes (of one axis: over that one), up to sqrt(2)
};

/// Over all channels but `uncounted`, of blocks under a Hann window, half overlapping, each without its mean (Welch
/// 1967): 1,024 samples of a sound, 64 x 64 of a picture, 16 x 32 x 32 of three axes, or what there is. What varies
/// more slowly than a block does not count.
SpectralCentroid spectral_centroid(const Samples&, int uncounted);

}  // namespace sinefield
