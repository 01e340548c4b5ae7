// From points in signal units to jets in signal units: the plan for an order, the raw streams of the field (a sum of
// networks, or tiles), and the chain rule of the two affine maps around them.
// SPDX-License-Identifier: MIT
#include "sinefield/query.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/jet_plan.h"
#include "field/sum_query.h"
#include "field/tiles_query.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

engine::JetPlan plan_of(Order order, const Architecture& network, const std::vector<double>& axis_scales) {
  switch (order) {
    case Order::value:
      return engine::value_plan();
    case Order::gradient:
      return engine::gradient_plan(network);
    case Order::laplacian: {
      // In signal units the Laplacian weighs the second derivatives by the squares of the axis scales.
      std::vector<double> weights;
      for (const double scale : axis_scales) weights.push_back(scale * scale);
      return engine::laplacian_plan(weights);
    }
    case Order::hessian:
      return engine::hessian_plan(network.inputs);
  }
  throw bad_input("unknown order of a query");
}

}  // namespace

template <class T>
struct Evaluator<T>::State {
  Order order;
  int inputs, outputs;
  std::vector<double> axis_scale, axis_offset, channel_scale, channel_offset;
  std::unique_ptr<engine::Workers> workers;
  std::optional<SumQuery<T>> networks;  // of kinds network and sum
  std::optional<TilesQuery<T>> tiles;
  // Tiles, and networks under windows, lie closer together than floats of the whole field resolve well.
  std::vector<double> coordinates;
  std::vector<std::vector<T>> streams;

  // Raw streams of the field in network units.
  void run(MatrixView<const T> points) {
    const auto n = static_cast<std::size_t>(points.rows), d = static_cast<std::size_t>(inputs);
    coordinates.resize(n * d);
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t i = 0; i < d; ++i)
        coordinates[p * d + i] =
            axis_scale[i] * static_cast<double>(points.row(static_cast<std::int64_t>(p))[i]) + axis_offset[i];
    const MatrixView<const double> x(coordinates.data(), points.rows, inputs);
    std::vector<T*> out;
    for (std::vector<T>& stream : streams) {
      stream.resize(n * static_cast<std::size_t>(outputs));
      out.push_back(stream.data());
    }
    if (tiles)
      tiles->run(x, out);
    else
      networks->run(x, out);
  }
};

template <class T>
Evaluator<T>::Evaluator(const Field& field, Order order, Units units, const ComputeOptions& options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.order = order;
  s.inputs = field.inputs();
  s.outputs = field.outputs();
  const bool signal = units == Units::signal;
  for (const AxisMap& axis : field.axes) {
    s.axis_scale.push_back(signal ? axis.scale : 1);
    s.axis_offset.push_back(signal ? axis.offset : 0);
  }
  for (const ChannelMap& channel : field.channels) {
    s.channel_scale.push_back(signal ? channel.scale : 1);
    s.channel_offset.push_back(signal ? channel.offset : 0);
  }
  s.workers = engine::make_workers(options.threads);
  const engine::JetPlan plan = plan_of(order, field.networks.front().architecture, s.axis_scale);
  s.streams.resize(static_cast<std::size_t>(plan.streams()));
  if (field.kind == FieldKind::tiles)
    s.tiles.emplace(field, plan, options.isa, *s.workers);
  else
    s.networks.emplace(field, plan, options.isa, *s.workers);
}

template <class T>
Evaluator<T>::~Evaluator() = default;
template <class T>
Evaluator<T>::Evaluator(Evaluator&&) noexcept = default;

template <class T>
Jets<T> Evaluator<T>::operator()(MatrixView<const T> points) {
  State& s = *state_;
  if (points.cols != s.inputs)
    throw bad_input(fmt::format("points have {} columns, the field has {} coordinates", points.cols, s.inputs));
  s.run(points);
  const auto n = static_cast<std::size_t>(points.rows), d = static_cast<std::size_t>(s.inputs),
             c = static_cast<std::size_t>(s.outputs);
  // use(e, channel) for each element of (n, c)
  const auto for_each = [n, c](const auto& use) {
    for (std::size_t p = 0, e = 0; p < n; ++p)
      for (std::size_t channel = 0; channel < c; ++channel, ++e) use(e, channel);
  };

  Jets<T> jets;
  jets.value.resize(n * c);
  for_each([&](std::size_t e, std::size_t channel) {
    jets.value[e] =
        static_cast<T>(s.channel_scale[channel] * static_cast<double>(s.streams[0][e]) + s.channel_offset[channel]);
  });
  if (s.order == Order::value) return jets;
  jets.gradient.resize(n * c * d);
  for_each([&](std::size_t e, std::size_t channel) {
    for (std::size_t i = 0; i < d; ++i)
      jets.gradient[e * d + i] =
          static_cast<T>(s.channel_scale[channel] * s.axis_scale[i] * static_cast<double>(s.streams[1 + i][e]));
  });
  if (s.order == Order::gradient) return jets;
  jets.laplacian.resize(n * c);
  if (s.order == Order::laplacian) {
    for_each([&](std::size_t e, std::size_t channel) {
      jets.laplacian[e] = static_cast<T>(s.channel_scale[channel] * static_cast<double>(s.streams[1 + d][e]));
    });
    return jets;
  }
  jets.hessian.resize(n * c * d * d);
  for_each([&](std::size_t e, std::size_t channel) {
    std::size_t stream = 1 + d;
    double trace = 0;
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = i; j < d; ++j, ++stream) {
        const double second =
            s.channel_scale[channel] * s.axis_scale[i] * s.axis_scale[j] * static_cast<double>(s.streams[stream][e]);
        jets.hessian[(e * d + i) * d + j] = jets.hessian[(e * d + j) * d + i] = static_cast<T>(second);
        if (i == j) trace += second;
      }
    jets.laplacian[e] = static_cast<T>(trace);
  });
  return jets;
}

template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace sinefield
