// How good a picture can be that is made from its second differences and its border.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/picture.h"

namespace sinefield {

/// PSNR in dB of the smooth picture that has the outermost pixels of `picture` and inside the exact Laplacian that its
/// second differences (DerivativeSamples) suggest: the sum of sines whose Laplacian they are at all pixels, and of the
/// harmonic function of the border. Moved by the best a u + b for each channel and rounded as it would be written. What
/// differences make smaller than derivatives no fit of them can know: this is the figure that one can come near to.
/// Infinite for a flat picture. At least three pixels both ways.
double laplacian_limit(const Picture& picture);

}  // namespace sinefield
