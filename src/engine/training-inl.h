// Training passes: the streams of a block forward, the batch's seeds, and the gradient of the parameters back.
//
// `TrainValue` is the pass without derivatives. `TrainJet` goes back through the jet: the adjoints of all streams of a
// panel pass the activation together (`JetActivationReverse` in activation_passes-inl.h).
// `TrainReverse` serves first derivatives: forward, back to the coordinates for each output, then, once the seeds v of
// u_x are known, the tangent along v forward: the gradient of v u_x is that of the tangent, whose adjoint is the way
// back that has been gone already (reverse over reverse): 3 (1 + outputs) F, whatever the number of inputs.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_TRAINING_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_TRAINING_INL_H_
#undef SINEFIELD_ENGINE_TRAINING_INL_H_
#else
#define SINEFIELD_ENGINE_TRAINING_INL_H_
#endif

#include <algorithm>

#include "engine/block-inl.h"
#include "engine/jets-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::Streams;

// Points of a block of a step: all that is kept for the way back takes about as much as values would.
inline int TrainPoints(const NetworkLayout& net, const JetPlan& plan) {
  const int rows = plan.passes == engine::Passes::jet ? net.block_rows / plan.streams()
                                                      : 2 * net.block_rows / (2 + 2 * net.outputs());
  return std::max(1, rows / tile_rows) * tile_rows;
}

// The seeds of padded rows are zero.
template <class T>
double Seed(const Batch<T>& batch, std::int64_t first, int points, int rows, int outputs, int streams, const T* u,
            T* u_bar) {
  const size_t stride = static_cast<size_t>(rows) * static_cast<size_t>(outputs);
  const double loss = batch.seed(first, points, {u, stride}, {u_bar, stride});
  for (int s = 0; s < streams; ++s)
    std::fill_n(u_bar + static_cast<size_t>(s) * stride + points * outputs, (rows - points) * outputs, T{0});
  return loss;
}

// Calls pass(first point, points, rows) for every block.
template <class T, class Pass>
double Blocks(const NetworkLayout& net, int block_points, const Batch<T>& batch, std::int64_t first, std::int64_t count,
              T* points_of_block, T* x, const Pass& pass) {
  double loss = 0;
  for (std::int64_t begin = first, end = first + count; begin < end; begin += block_points) {
    const int points = static_cast<int>(std::min<std::int64_t>(block_points, end - begin));
    const int rows = (points + tile_rows - 1) / tile_rows * tile_rows;
    batch.coordinates(begin, points, points_of_block);
    PanelCoordinates(net, points_of_block, net.inputs(), points, rows, x);
    loss += pass(begin, points, rows);
  }
  return loss;
}

template <class T>
double TrainValue(const NetworkLayout& net, const JetPlan& plan, const T* packed, const Batch<T>& batch,
                  std::int64_t first, std::int64_t count, T* gradient, Scratch<T> scratch) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int block_points = TrainPoints(net, plan), outputs = net.outputs();
  const BlockArrays<T> block(net, plan, block_points, 1, scratch);
  const size_t last = net.layers.size() - 1;
  return Blocks(net, block_points, batch, first, count, block.points, block.x, [&](auto begin, int points, int rows) {
    const size_t stride = static_cast<size_t>(rows) * P;
    ForwardWithSlopes(net, packed, rows, block.x, block.h, block.c);
    LinearOutput(net, packed, rows, rows, block.h[last], block.u);
    const double loss = Seed(batch, begin, points, rows, outputs, 1, block.u, block.u_bar);
    OutputGradient(net, rows, rows, block.h[last], block.u_bar, gradient);
    for (int j = 0; j < net.panels(net.output.inputs); ++j) {
      T* slope = block.c[last] + static_cast<size_t>(j) * stride;
      OutputAdjointPanel(net, packed, j, rows, block.u_bar, [&](int r, auto low, auto high) HWY_ATTR {
        T* at = slope + r * P;
        hn::Store(hn::Mul(hn::Load(d, at), low), d, at);
        hn::Store(hn::Mul(hn::Load(d, at + L), high), d, at + L);
      });
    }
    for (size_t l = last; l > 0; --l) {
      WeightGradient(net, net.layers[l], rows, rows, block.h[l - 1], block.c[l], stride, gradient);
      InputAdjoint(net, packed, net.layers[l], rows, block.c[l], block.c[l - 1], block.c[l - 1]);
    }
    WeightGradient(net, net.layers[0], rows, rows, block.x, block.c[0], stride, gradient);
    return loss;
  });
}

// The weights of a first layer that sees the coordinates are its derivative streams: adds the column sums of their
// adjoints.
template <class T>
void FirstLayerStreamsGradient(const NetworkLayout& net, const JetPlan& plan, int rows, const T* z_bar, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const ActivatedLayer& layer = net.layers[0];
  const size_t stride = static_cast<size_t>(rows) * P;
  for (int j = 0; j < net.panels(layer.outputs); ++j)
    for (int i = 0; i < plan.first; ++i) {
      const T* from = z_bar + static_cast<size_t>(j * plan.streams() + 1 + i) * stride;
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
      for (int r = 0; r < rows; ++r) {
        sum0 = hn::Add(sum0, hn::Load(d, from + r * P));
        sum1 = hn::Add(sum1, hn::Load(d, from + r * P + L));
      }
      T* to = gradient + layer.gradient + static_cast<size_t>(j * layer.inputs + plan.axis(i)) * P;
      hn::Store(hn::Add(hn::Load(d, to), sum0), d, to);
      hn::Store(hn::Add(hn::Load(d, to + L), sum1), d, to + L);
    }
}

// Without a gradient (nullptr) it sums none: what is wanted then are the arrays of the block (jacobian-inl.h).
template <class T>
double TrainJet(const NetworkLayout& net, const JetPlan& plan, const T* packed, const Batch<T>& batch,
                std::int64_t first, std::int64_t count, T* gradient, Scratch<T> scratch) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int block_points = TrainPoints(net, plan), outputs = net.outputs(), streams = plan.streams();
  const BlockArrays<T> block(net, plan, block_points, streams, scratch);
  T* const bar = scratch.Take(P, block_points * streams);
  const auto store = [bar, d](int r, auto low, auto high) HWY_ATTR {
    hn::Store(low, d, bar + r * P);
    hn::Store(high, d, bar + r * P + L);
  };
  const ActivationPasses<T>& activation = PassesOf<T>(net.architecture.activation);
  const size_t last = net.layers.size() - 1;
  return Blocks(net, block_points, batch, first, count, block.points, block.x, [&](auto begin, int points, int rows) {
    const int all_rows = rows * streams;
    const JetRows<T> jet{plan, block.coefficients, rows};
    const size_t panel_size = jet.Stride() * static_cast<size_t>(streams);
    Coefficients(plan, rows, block.coefficients, [&](Streams<T> a) { batch.coefficients(begin, points, a); });
    if (net.encoded()) Encode(net, jet, packed, block.x, block.e_kept, block.e);
    const auto omega = [&](size_t l) { return static_cast<T>(net.layers[l].flat.omega); };
    for (size_t l = 0; l <= last; ++l)
      for (int j = 0; j < net.panels(net.layers[l].outputs); ++j) {
        const size_t at = static_cast<size_t>(j) * panel_size;
        JetPanel(net, plan, packed, l, j, rows, block.Inputs(l), block.c[l] + at);
        activation.jet_kept(omega(l), jet, block.c[l] + at, block.h[l] + at);
      }
    LinearOutput(net, packed, all_rows, rows, block.h[last], block.u);
    const double loss = Seed(batch, begin, points, rows, outputs, streams, block.u, block.u_bar);
    if (gradient != nullptr) OutputGradient(net, all_rows, rows, block.h[last], block.u_bar, gradient);
    for (int j = 0; j < net.panels(net.output.inputs); ++j) {
      const size_t at = static_cast<size_t>(j) * panel_size;
      OutputAdjointPanel(net, packed, j, all_rows, block.u_bar, store);
      activation.jet_reverse(omega(last), jet, block.h[last] + at, bar, block.c[last] + at);
    }
    for (size_t l = last; l > 0; --l) {
      if (gradient != nullptr)
        WeightGradient(net, net.layers[l], all_rows, rows, block.h[l - 1], block.c[l], panel_size, gradient);
      for (int j = 0; j < net.panels(net.layers[l].inputs); ++j) {
        const size_t at = static_cast<size_t>(j) * panel_size;
        InputAdjointPanel(packed, net.layers[l], j, all_rows, block.c[l], store);
        activation.jet_reverse(omega(l - 1), jet, block.h[l - 1] + at, bar, block.c[l - 1] + at);
      }
    }
    if (gradient == nullptr) return loss;
    WeightGradient(net, net.layers[0], net.encoded() ? all_rows : rows, rows, block.Inputs(0), block.c[0], panel_size,
                   gradient);
    if (!net.encoded()) FirstLayerStreamsGradient(net, plan, rows, block.c[0], gradient);
    for (int j = 0; net.rbf() && j < net.panels(net.layers[0].inputs); ++j) {
      const size_t at = static_cast<size_t>(j) * panel_size;
      InputAdjointPanel(packed, net.layers[0], j, all_rows, block.c[0], store);
      PassesOf<T>(Activation::gauss).jet_reverse(T{1}, jet, block.e + at, bar, block.e_kept + at);
      RadialGradientPanel(net, jet, packed, j, block.x, block.e_kept + at, gradient);
    }
    return loss;
  });
}

// What reverse over reverse keeps beside the activations and slopes of a block.
template <class T>
struct TangentArrays {
  T* adjoints;  // of each output and layer: of h on the way to the coordinates, and of z
  size_t size;  // elements of one of them
  size_t layers;
  T* seeds;       // v in panels
  T* tangent[2];  // of h: of the layer before and of this one

  TangentArrays(const NetworkLayout& net, int points, Scratch<T>& scratch)
      : size(static_cast<size_t>(net.padded(net.architecture.width)) * static_cast<size_t>(points)),
        layers(net.layers.size()) {
    adjoints = scratch.Take(2 * size * layers * static_cast<size_t>(net.outputs()));
    seeds = scratch.Take(net.padded(net.inputs()), points);
    for (T*& of : tangent) of = scratch.Take(size);
  }
  T* HBar(int output, size_t layer) const {
    return adjoints + 2 * (static_cast<size_t>(output) * layers + layer) * size;
  }
  T* ZBar(int output, size_t layer) const { return HBar(output, layer) + size; }
};

// One output back to the coordinates; its derivatives go to u_x (inputs, rows, outputs).
template <class T>
void AdjointOfOutput(const NetworkLayout& net, const T* packed, int rows, int output, const BlockArrays<T>& block,
                     const TangentArrays<T>& arrays, T* u_x) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const size_t stride = static_cast<size_t>(rows) * P, last = net.layers.size() - 1;
  const int panels = net.panels(net.output.inputs);
  for (int j = 0; j < panels; ++j) {
    const T* w = packed + net.output_weights + static_cast<size_t>(output * panels + j) * P;
    const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + L);
    for (size_t at = static_cast<size_t>(j) * stride, end = at + stride; at < end; at += P) {
      hn::Store(w0, d, arrays.HBar(output, last) + at);
      hn::Store(w1, d, arrays.HBar(output, last) + at + L);
    }
  }
  OutputAdjoint(net, packed, rows, output, block.c[last], arrays.ZBar(output, last));
  for (size_t l = last; l > 0; --l) {
    T *h_bar = arrays.HBar(output, l - 1), *z_bar = arrays.ZBar(output, l - 1);
    const T* slope = block.c[l - 1];
    for (int j = 0; j < net.panels(net.layers[l].inputs); ++j)
      InputAdjointPanel(packed, net.layers[l], j, rows, arrays.ZBar(output, l),
                        [&](int r, auto low, auto high) HWY_ATTR {
                          const size_t at = static_cast<size_t>(j) * stride + static_cast<size_t>(r * P);
                          hn::Store(low, d, h_bar + at);
                          hn::Store(high, d, h_bar + at + L);
                          hn::Store(hn::Mul(low, hn::Load(d, slope + at)), d, z_bar + at);
                          hn::Store(hn::Mul(high, hn::Load(d, slope + at + L)), d, z_bar + at + L);
                        });
  }
  CoordinateAdjoint(net, packed, rows, output, arrays.ZBar(output, 0), u_x);
}

// The tangent of one output along its seeds, and the gradients that it has with the adjoints kept. Where z bends, the
// tangent passes on to the value: s'' h_bar z_dot, summed over the outputs, is left in the place of the first h_bar.
template <class T>
void TangentGradient(const NetworkLayout& net, const T* packed, int rows, int output, const BlockArrays<T>& block,
                     TangentArrays<T>& arrays, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>;
  const ActivationPasses<T>& activation = PassesOf<T>(net.architecture.activation);
  const size_t stride = static_cast<size_t>(rows) * P;
  const T* from = arrays.seeds;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const ActivatedLayer& layer = net.layers[l];
    WeightGradient(net, layer, rows, 0, from, arrays.ZBar(output, l), stride, gradient);
    T* const to = arrays.tangent[l % 2];
    for (int j = 0; j < net.panels(layer.outputs); ++j) {
      const auto at = static_cast<size_t>(j);
      AffinePanel(from, rows, 0, layer.inputs, packed + layer.forward + at * static_cast<size_t>(layer.inputs) * P,
                  packed + layer.bias + at * P, to + at * stride);
      activation.tangent(stride, block.h[l] + at * stride, block.c[l] + at * stride,
                         arrays.HBar(output, l) + at * stride, output == 0, arrays.HBar(0, l) + at * stride,
                         to + at * stride);
    }
    from = to;
  }
  // The output is linear: its weights' share is the sum of the tangents.
  const int panels = net.panels(net.output.inputs);
  for (int j = 0; j < panels; ++j) {
    T* to = gradient + net.output_gradient + static_cast<size_t>(output * panels + j) * P;
    for (int half = 0; half < P; half += lanes<T>) {
      auto sum = hn::Load(d, to + half);
      for (int r = 0; r < rows; ++r)
        sum = hn::Add(sum, hn::Load(d, from + static_cast<size_t>(j * rows + r) * P + half));
      hn::Store(sum, d, to + half);
    }
  }
}

template <class T>
double TrainReverse(const NetworkLayout& net, const JetPlan& plan, const T* packed, const Batch<T>& batch,
                    std::int64_t first, std::int64_t count, T* gradient, Scratch<T> scratch) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int block_points = TrainPoints(net, plan), inputs = net.inputs(), outputs = net.outputs();
  const BlockArrays<T> block(net, plan, block_points, 1, scratch);
  TangentArrays<T> arrays(net, block_points, scratch);
  T* const u = scratch.Take(outputs * plan.streams(), block_points);
  T* const u_bar = scratch.Take(outputs * plan.streams(), block_points);
  const size_t last = net.layers.size() - 1;
  return Blocks(net, block_points, batch, first, count, block.points, block.x, [&](auto begin, int points, int rows) {
    const size_t stride = static_cast<size_t>(rows) * P;
    ForwardWithSlopes(net, packed, rows, block.x, block.h, block.c);
    LinearOutput(net, packed, rows, rows, block.h[last], u);
    for (int o = 0; o < outputs; ++o) AdjointOfOutput(net, packed, rows, o, block, arrays, u + rows * outputs);
    const double loss = Seed(batch, begin, points, rows, outputs, plan.streams(), u, u_bar);
    for (int o = 0; o < outputs; ++o) {
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < inputs; ++i)
          arrays.seeds[(i / P * rows + r) * P + i % P] = u_bar[((1 + i) * rows + r) * outputs + o];
      TangentGradient(net, packed, rows, o, block, arrays, gradient);
    }
    const auto through = [&](size_t l, int j) {  // slope h_bar + what the tangents passed on, in the place of the slope
      T* slope = block.c[l] + static_cast<size_t>(j) * stride;
      const T* bent = arrays.HBar(0, l) + static_cast<size_t>(j) * stride;
      return [=](int r, auto low, auto high) HWY_ATTR {
        T* at = slope + r * P;
        hn::Store(hn::MulAdd(hn::Load(d, at), low, hn::Load(d, bent + r * P)), d, at);
        hn::Store(hn::MulAdd(hn::Load(d, at + L), high, hn::Load(d, bent + r * P + L)), d, at + L);
      };
    };
    OutputGradient(net, rows, rows, block.h[last], u_bar, gradient);
    for (int j = 0; j < net.panels(net.output.inputs); ++j)
      OutputAdjointPanel(net, packed, j, rows, u_bar, through(last, j));
    for (size_t l = last; l > 0; --l) {
      WeightGradient(net, net.layers[l], rows, rows, block.h[l - 1], block.c[l], stride, gradient);
      for (int j = 0; j < net.panels(net.layers[l].inputs); ++j)
        InputAdjointPanel(packed, net.layers[l], j, rows, block.c[l], through(l - 1, j));
    }
    WeightGradient(net, net.layers[0], rows, rows, block.x, block.c[0], stride, gradient);
    return loss;
  });
}

// A pass of the plan's kind, and the scratch of one.
template <class T>
double Train(const NetworkLayout& net, const JetPlan& plan, const T* packed, const Batch<T>& batch, std::int64_t first,
             std::int64_t count, T* gradient, T* scratch) {
  const auto pass = plan.passes == engine::Passes::reverse  ? TrainReverse<T>
                    : plan.streams() == 1 && !net.encoded() ? TrainValue<T>
                                                            : TrainJet<T>;
  return pass(net, plan, packed, batch, first, count, gradient, Scratch<T>{scratch});
}

template <class T>
size_t TrainScratch(const NetworkLayout& net, const JetPlan& plan) {
  Scratch<T> count{nullptr};
  const int points = TrainPoints(net, plan);
  if (plan.passes == engine::Passes::reverse) {
    BlockArrays<T>(net, plan, points, 1, count);
    TangentArrays<T>(net, points, count);
    for (int i = 0; i < 2; ++i) count.Take(net.outputs() * plan.streams(), points);  // u and u_bar
  } else {
    BlockArrays<T>(net, plan, points, plan.streams(), count);
    count.Take(panel<T>, points * plan.streams());
  }
  return count.used;
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
