// The constants that a fit of derivatives leaves open: one for each tile, and two for each channel.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/query.h"
#include "sinefield/signal.h"

namespace sinefield::train {

/// Sets the normalisation of a field of tiles that were trained by derivatives, each on its own. `scales`: of each tile
/// and channel, from outputs of its network to raw outputs. The constants of the tiles are those for which they agree
/// best where they overlap: the least squares over samples and pairs of tiles of the difference of the two, weighted by
/// the product of their windows (a sparse system, solved directly). Then scale and offset of each channel are those of
/// the best a u + b over all samples; where u is flat a is 1. The tiles must overlap.
void settle_constants(Field&, const Samples&, std::span<const double> scales, const ComputeOptions&);

/// Moves every channel of a field of tiles by the best a u + b, in their normalisation.
void align_tiles(Field&, const Samples&, const ComputeOptions&);

/// Of each channel the a and b of the best a u + b over all samples, u the field in raw outputs.
std::vector<ChannelMap> best_maps(const Field&, const Samples&, const ComputeOptions&);

}  // namespace sinefield::train
