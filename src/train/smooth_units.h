// Units that say nothing fine: what a network needs to take on any smooth function of a box, whatever else it knows.
// SPDX-License-Identifier: MIT
#pragma once

#include "sinefield/network.h"

namespace sinefield::train {

/// How many there are for a network of so many inputs: 16 in the plane.
int smooth_units(int inputs);

/// The same network, wider by units beside its own that neither see them nor are seen. In the last sine layer they are
/// sines of sines of k x + phase: k along every axis and every diagonal between two, of two lengths, phases 0 and pi /
/// 2. With a constant they hold every polynomial of degree 2 over [-1, 1]^2 to 0.03, and of degree 4 to 0.2. Their
/// output weights are 0. Throws bad_input where the architecture is invalid.
Network with_smooth_units(const Network&);

}  // namespace sinefield::train
