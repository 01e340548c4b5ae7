// The pieces of a pass of one block of points through a layer, forward and backward, written once for every target and
// precision on top of the register tiles; jets-inl.h and training-inl.h put them together. A block's activations stay
// in the core's cache from the first layer to the last and back. Padded units compute s(0): they carry zeros through
// every pass and drop out of every sum.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_BLOCK_INL_H_
#undef SINEFIELD_ENGINE_BLOCK_INL_H_
#else
#define SINEFIELD_ENGINE_BLOCK_INL_H_
#endif

#include <algorithm>

#include "engine/activation_passes-inl.h"
#include "engine/kernels.h"
#include "engine/tile-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::ActivatedLayer;
using engine::Batch;
using engine::JetPlan;
using engine::NetworkLayout;

// Coordinates (count, inputs) with a row stride into panels of `rows` rows; missing rows are zero.
template <class T>
void PanelCoordinates(const NetworkLayout& net, const T* coordinates, std::int64_t row_stride, int count, int rows,
                      T* x) {
  constexpr int P = panel<T>;
  std::fill_n(x, static_cast<size_t>(net.padded(net.inputs())) * static_cast<size_t>(rows), T{0});
  for (int p = 0; p < count; ++p) {
    const T* from = coordinates + p * row_stride;
    for (int i = 0; i < net.inputs(); ++i) x[(i / P * rows + p) * P + i % P] = from[i];
  }
}

// One panel of z = a B + bias for `rows` rows; the bias goes into rows below `bias_rows` only (the value stream).
template <class T>
HWY_INLINE void AffinePanel(const T* a, int rows, int bias_rows, int inner, const T* b, const T* bias, T* z) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>, M = tile_rows;
  const size_t a_stride = static_cast<size_t>(rows) * P;
  const auto bias0 = hn::Load(d, bias), bias1 = hn::Load(d, bias + L), zero = hn::Zero(d);
  for (int r = 0; r < rows; r += M) {
    Vector<T> sum[M][2];
    HWY_UNROLL(16)
    for (int i = 0; i < M; ++i) {
      sum[i][0] = r < bias_rows ? bias0 : zero;
      sum[i][1] = r < bias_rows ? bias1 : zero;
    }
    MultiplyTile<M>(a + r * P, a_stride, inner, b, sum);
    HWY_UNROLL(16)
    for (int i = 0; i < M; ++i) {
      hn::Store(sum[i][0], d, z + (r + i) * P);
      hn::Store(sum[i][1], d, z + (r + i) * P + L);
    }
  }
}

// Activations of all layers of a value pass, with the slopes that the way back needs.
template <class T>
void ForwardWithSlopes(const NetworkLayout& net, const T* packed, int rows, const T* x, T* const* h, T* const* c) {
  constexpr int P = panel<T>;
  const ActivationPasses<T>& activation = PassesOf<T>(net.architecture.activation);
  const T* a = x;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const ActivatedLayer& layer = net.layers[l];
    const size_t stride = static_cast<size_t>(rows) * P;
    for (int j = 0; j < net.panels(layer.outputs); ++j) {
      const auto at = static_cast<size_t>(j);
      AffinePanel(a, rows, rows, layer.inputs, packed + layer.forward + at * static_cast<size_t>(layer.inputs) * P,
                  packed + layer.bias + at * P, h[l] + at * stride);
      activation.values_and_slopes(static_cast<T>(layer.flat.omega), stride, h[l] + at * stride, c[l] + at * stride);
    }
    a = h[l];
  }
}

// u (rows, outputs) = h W' (+ bias on rows below `bias_rows`), one dot product over the units for each.
template <class T>
void LinearOutput(const NetworkLayout& net, const T* packed, int rows, int bias_rows, const T* h, T* u) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int panels = net.panels(net.output.inputs), outputs = net.outputs();
  for (int o = 0; o < outputs; ++o) {
    const T* w = packed + net.output_weights + static_cast<size_t>(o) * static_cast<size_t>(panels) * P;
    const T bias = packed[net.output_bias + static_cast<size_t>(o)];
    for (int r = 0; r < rows; ++r) {
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
      for (int j = 0; j < panels; ++j) {
        const T* from = h + (static_cast<size_t>(j) * static_cast<size_t>(rows) + static_cast<size_t>(r)) * P;
        sum0 = hn::MulAdd(hn::Load(d, from), hn::Load(d, w + j * P), sum0);
        sum1 = hn::MulAdd(hn::Load(d, from + L), hn::Load(d, w + j * P + L), sum1);
      }
      u[r * outputs + o] = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1))) + (r < bias_rows ? bias : T{0});
    }
  }
}

// Adds the gradients of the output layer: u_bar' h, and to the bias the sum of u_bar over rows below `bias_rows`.
template <class T>
void OutputGradient(const NetworkLayout& net, int rows, int bias_rows, const T* h, const T* u_bar, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int panels = net.panels(net.output.inputs), outputs = net.outputs();
  for (int o = 0; o < outputs; ++o) {
    T sum = 0;
    for (int r = 0; r < bias_rows; ++r) sum += u_bar[r * outputs + o];
    gradient[net.output_bias_gradient + static_cast<size_t>(o)] += sum;
  }
  for (int j = 0; j < panels; ++j) {
    const size_t at = static_cast<size_t>(j) * static_cast<size_t>(rows) * P;
    for (int o = 0; o < outputs; ++o) {
      T* sums = gradient + net.output_gradient +
                (static_cast<size_t>(o) * static_cast<size_t>(panels) + static_cast<size_t>(j)) * P;
      Vector<T> sum[4][2];
      for (int i = 0; i < 4; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
      // Four independent sums hide the latency; blocks are multiples of tile_rows, so up to three rows remain.
      int r = 0;
      for (; r + 4 <= rows; r += 4) {
        HWY_UNROLL(4)
        for (int i = 0; i < 4; ++i) {
          const auto seed = hn::Set(d, u_bar[(r + i) * outputs + o]);
          sum[i][0] = hn::MulAdd(seed, hn::Load(d, h + at + static_cast<size_t>((r + i) * P)), sum[i][0]);
          sum[i][1] = hn::MulAdd(seed, hn::Load(d, h + at + static_cast<size_t>((r + i) * P + L)), sum[i][1]);
        }
      }
      for (; r < rows; ++r) {
        const auto seed = hn::Set(d, u_bar[r * outputs + o]);
        sum[0][0] = hn::MulAdd(seed, hn::Load(d, h + at + static_cast<size_t>(r * P)), sum[0][0]);
        sum[0][1] = hn::MulAdd(seed, hn::Load(d, h + at + static_cast<size_t>(r * P + L)), sum[0][1]);
      }
      for (int half = 0; half < 2; ++half) {
        const auto total = hn::Add(hn::Add(sum[0][half], sum[1][half]), hn::Add(sum[2][half], sum[3][half]));
        hn::Store(hn::Add(hn::Load(d, sums + half * L), total), d, sums + half * L);
      }
    }
  }
}

// One panel of the adjoint of the last activations, u_bar W: each pair of vectors goes to store(row, low, high).
template <class T, class Store>
HWY_INLINE void OutputAdjointPanel(const NetworkLayout& net, const T* packed, int j, int rows, const T* u_bar,
                                   const Store& store) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int panels = net.panels(net.output.inputs), outputs = net.outputs();
  for (int r = 0; r < rows; ++r) {
    auto bar0 = hn::Zero(d), bar1 = hn::Zero(d);
    for (int o = 0; o < outputs; ++o) {
      const T* w = packed + net.output_weights + static_cast<size_t>(o * panels + j) * P;
      const auto seed = hn::Set(d, u_bar[r * outputs + o]);
      bar0 = hn::MulAdd(seed, hn::Load(d, w), bar0);
      bar1 = hn::MulAdd(seed, hn::Load(d, w + L), bar1);
    }
    store(r, bar0, bar1);
  }
}

// Adds a' g to the packed gradient of one layer, and the column sums of the first `bias_rows` rows of g to its bias
// gradient. A panel of a takes rows x P elements, one of g `g_stride`.
template <class T>
void WeightGradient(const NetworkLayout& net, const ActivatedLayer& layer, int rows, int bias_rows, const T* a,
                    const T* g, size_t g_stride, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  for (int j = 0; j < net.panels(layer.outputs); ++j) {
    const auto at = static_cast<size_t>(j);
    const T* right = g + at * g_stride;
    if (bias_rows > 0) {
      T* bias = gradient + layer.bias_gradient + at * P;
      Vector<T> sum[3][2];
      for (int i = 0; i < 3; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
      for (int r = 0; r < bias_rows; r += 3) {  // tile_rows is a multiple of 3
        HWY_UNROLL(3)
        for (int i = 0; i < 3; ++i) {
          sum[i][0] = hn::Add(sum[i][0], hn::Load(d, right + (r + i) * P));
          sum[i][1] = hn::Add(sum[i][1], hn::Load(d, right + (r + i) * P + L));
        }
      }
      for (int half = 0; half < 2; ++half) {
        const auto total = hn::Add(hn::Add(sum[0][half], sum[1][half]), sum[2][half]);
        hn::Store(hn::Add(hn::Load(d, bias + half * L), total), d, bias + half * L);
      }
    }
    T* sums = gradient + layer.gradient + at * static_cast<size_t>(layer.inputs) * P;
    for (int k = 0; k < layer.inputs; k += P)
      GradientPanel(std::min(P, layer.inputs - k), a + static_cast<size_t>(k) * static_cast<size_t>(rows), right, rows,
                    sums + k * P);
  }
}

// One panel of the adjoint of the inputs of a layer, g (omega W): each pair of vectors goes to store(row, low, high).
template <class T, class Store>
HWY_INLINE void InputAdjointPanel(const T* packed, const ActivatedLayer& layer, int j, int rows, const T* g,
                                  const Store& store) {
  const Tag<T> d;
  constexpr int P = panel<T>, M = tile_rows;
  const T* b = packed + layer.backward + static_cast<size_t>(j) * static_cast<size_t>(layer.outputs) * P;
  for (int r = 0; r < rows; r += M) {
    Vector<T> sum[M][2];
    HWY_UNROLL(16)
    for (int i = 0; i < M; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
    MultiplyTile<M>(g + r * P, static_cast<size_t>(rows) * P, layer.outputs, b, sum);
    HWY_UNROLL(16)
    for (int i = 0; i < M; ++i) store(r + i, sum[i][0], sum[i][1]);
  }
}

// Adjoint of the inputs of one layer, times the slopes of the layer before: to = slope * (g (omega W)).
template <class T>
void InputAdjoint(const NetworkLayout& net, const T* packed, const ActivatedLayer& layer, int rows, const T* g,
                  const T* slope, T* to) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  for (int j = 0; j < net.panels(layer.inputs); ++j) {
    const size_t at = static_cast<size_t>(j) * static_cast<size_t>(rows) * P;
    InputAdjointPanel(packed, layer, j, rows, g, [&](int r, auto low, auto high) HWY_ATTR {
      const size_t here = at + static_cast<size_t>(r * P);
      hn::Store(hn::Mul(low, hn::Load(d, slope + here)), d, to + here);
      hn::Store(hn::Mul(high, hn::Load(d, slope + here + L)), d, to + here + L);
    });
  }
}

// Hands out pieces of a worker's scratch, on cache lines; from nullptr on it only counts.
template <class T>
struct Scratch {
  T* from;
  size_t used = 0;

  T* Take(size_t elements) {
    T* at = from == nullptr ? nullptr : from + used;
    used += (elements + 63) / 64 * 64;
    return at;
  }
  T* Take(int columns, int rows) { return Take(static_cast<size_t>(columns) * static_cast<size_t>(rows)); }
};

// Where the arrays of a block of `points` points lie in a worker's scratch.
template <class T>
struct BlockArrays {
  static constexpr int max_layers = 66;
  T* points;              // coordinates as the batch gives them
  T* x;                   // and in panels
  const T* first_inputs;  // x, or e where there is an encoding
  T* coefficients;        // of the operators' terms, a row each
  T* e;                   // encoded coordinates, of all streams, and what their way back needs
  T* e_kept;
  T* h[max_layers];  // activations of the layers, of all streams
  T* c[max_layers];  // what is kept of the values of z and its derivative streams, then adjoints of z
  T* u;
  T* u_bar;

  BlockArrays(const NetworkLayout& net, const JetPlan& plan, int rows, int streams, Scratch<T>& scratch) {
    points = scratch.Take(net.inputs(), rows);
    x = scratch.Take(net.padded(net.inputs()), rows);
    coefficients = scratch.Take(plan.terms(), rows);
    const int encoded = net.encoded() ? net.padded(encoded_inputs(net.architecture)) : 0;
    e = scratch.Take(encoded, rows * streams);
    e_kept = scratch.Take(net.rbf() ? encoded : 0, rows * streams);
    for (size_t l = 0; l < net.layers.size(); ++l) {
      h[l] = scratch.Take(net.padded(net.layers[l].outputs), rows * streams);
      c[l] = scratch.Take(net.padded(net.layers[l].outputs), rows * streams);
    }
    u = scratch.Take(net.outputs(), rows * streams);
    u_bar = scratch.Take(net.outputs(), rows * streams);
    first_inputs = net.encoded() ? e : x;
  }
  /// What layer l reads.
  const T* Inputs(size_t l) const { return l == 0 ? first_inputs : h[l - 1]; }
};

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
