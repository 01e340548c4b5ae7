// How good a picture can be that is made from its differences alone.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/picture.h"

namespace sinefield {

/// PSNR in dB of the picture whose exact gradient is nearest to the differences of `picture` (DerivativeSamples), in
/// the least squares over all pixels, among the sums of its cosines (even across the borders), moved by the best a u +
/// b for each channel and rounded as it would be written. What differences smooth away no fit of them can know: this is
/// the figure that one can come near to. Infinite for a flat picture.
double gradient_limit(const Picture& picture);

}  // namespace sinefield
