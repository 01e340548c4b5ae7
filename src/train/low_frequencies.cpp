// The gradient of the samples, less the field's own, as equations for the last layer of a lattice.
// SPDX-License-Identifier: MIT
#include "train/low_frequencies.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "field/indices.h"
#include "signal/derivative_samples.h"
#include "sinefield/error.h"
#include "train/last_layer.h"
#include "train/tile_constants.h"

namespace sinefield::train {

Field with_low_frequencies(const Field& field, const Signal& signal, const ComputeOptions& compute,
                           const LowFrequencies& options) {
  const Samples& samples = *signal.samples;
  const std::vector<std::int64_t>& sizes = samples.sizes();
  const std::size_t axes = sizes.size();
  const int channels = field.outputs();
  if (field.inputs() != static_cast<int>(axes) || channels != samples.channels())
    throw bad_input(fmt::format("a field of {} coordinates and {} outputs for samples on {} axes and of {} channels",
                                field.inputs(), channels, axes, samples.channels()));
  Field sum = field;
  sum.kind = FieldKind::sum;
  Architecture shallow{.inputs = field.inputs(), .outputs = channels, .width = 0, .hidden_layers = 0};
  shallow.width = lattice_units(field.inputs(), options.lattice);
  shallow.omega_first = options.lattice.step;
  sum.networks.push_back(initial_network(shallow, options.lattice, 0));
  if (!sum.windows.empty()) sum.windows.emplace_back();

  const auto workers = engine::make_workers(compute.threads);
  LastLayers last(sum, {field.networks.size()}, compute.isa, *workers);
  NormalEquations<double> equations(last.unknowns(), channels, compute.isa, *workers);
  const engine::JetPlan plan{.passes = engine::Passes::jet, .first = field.inputs(), .second = {}};
  const DerivativeSamples derivatives(samples);
  std::vector<std::int64_t> first(axes, 0), count = sizes;
  const std::int64_t in_slice = samples.points() / sizes[0], slices = std::max<std::int64_t>(1, 8192 / in_slice);
  std::vector<double> points, right;
  std::vector<float> wanted;
  for (first[0] = 0; first[0] < sizes[0]; first[0] += slices) {
    count[0] = std::min(slices, sizes[0] - first[0]);
    wanted.resize(static_cast<std::size_t>(count[0] * in_slice * channels) * axes);
    derivatives.read(first, count, wanted.data());
    points.clear();
    for_each_index(count, [&](std::span<const std::int64_t> at) {
      for (std::size_t i = 0; i < axes; ++i)
        points.push_back(field.axes[i].scale * static_cast<double>(first[i] + at[i]) + field.axes[i].offset);
    });
    const std::int64_t n = count[0] * in_slice;
    right.resize(static_cast<std::size_t>(n * channels));
    for (std::size_t along = 0; along < axes; ++along) {
      if (field.axes[along].scale == 0) continue;  // of one sample: nothing changes along it
      // Raw outputs for a unit of network coordinates, from file units for a step.
      for (std::size_t p = 0; p < static_cast<std::size_t>(n); ++p)
        for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
          right[p * static_cast<std::size_t>(channels) + c] =
              static_cast<double>(wanted[(p * axes + along) * static_cast<std::size_t>(channels) + c]) /
              (signal.channels[c].scale * field.axes[along].scale);
      std::vector<double> derivative(axes + 1);
      derivative[1 + along] = 1;
      last.add_to<double>(equations, {{points.data(), n, field.inputs()},
                                      plan,
                                      {derivative.data(), n, std::ssize(derivative), 0},
                                      {right.data(), n, channels}});
    }
  }
  Field corrected = last.field_of(equations.solve(options.ridge), Rounding::to_floats);
  const std::vector<ChannelMap> best = best_maps(corrected, samples, compute);
  for (std::size_t c = 0; c < best.size(); ++c) {
    ChannelMap& map = corrected.channels[c];
    map = {map.scale * best[c].scale, map.scale * best[c].offset + map.offset};
  }
  return corrected;
}

}  // namespace sinefield::train
