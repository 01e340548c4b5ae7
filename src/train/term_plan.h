// How the streams of a tape are carried by the engine: the plan of a term, and where in it each stream lies.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "engine/jet_plan.h"
#include "sinefield/expression.h"
#include "sinefield/field.h"

namespace sinefield::train {

/// A stream of a tape is `scale` times stream `stream` of the plan, of channel `channel`: coordinates of the problem
/// and of the network differ by a scale on each axis.
struct PlacedStream {
  int channel;
  std::size_t stream;
  double scale;
};

struct TermPlan {
  engine::JetPlan plan;
  std::vector<PlacedStream> placed;  ///< one for each stream of the tape
};

/// A jet that carries all streams, its operators in network coordinates.
TermPlan plan_of(const std::vector<Stream>&, const std::vector<AxisMap>&);

/// The same for training a network: by reverse where it needs first derivatives only and that is cheaper.
TermPlan training_plan_of(const std::vector<Stream>&, const std::vector<AxisMap>&, const Architecture&);

}  // namespace sinefield::train
