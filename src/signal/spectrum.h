// How quickly a sampled signal varies: the centroid of its power spectrum.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/picture.h"

namespace sinefield {

/// Power-weighted mean of |frequency| over the colour channels of a picture, as a share of the Nyquist frequency of an
/// axis: 0 for a flat picture, up to sqrt(2). Of blocks of at most 64 x 64 samples under a Hann window, half
/// overlapping, each without its mean (Welch 1967): what varies more slowly than a block does not count.
double spectral_centroid(const Picture&);

}  // namespace sinefield
