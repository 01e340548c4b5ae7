// Queries: values and derivatives of a block of points, forward only or forward and once back for each output.
//
// Jets: the rows of a block are its streams one after another, each `rows` points: value, first derivatives z_i and
// operators of second order z_A. A layer is one product over all of them; then h = s(z), h_i = s' z_i and
// h_A = s'' sum a_ij z_i z_j + s' z_A, with s = sin (omega is folded into z). This is where a Laplacian is made.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_JETS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_JETS_INL_H_
#undef SINEFIELD_ENGINE_JETS_INL_H_
#else
#define SINEFIELD_ENGINE_JETS_INL_H_
#endif

#include "engine/block-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

// Points of a block of a query: as many as keep all streams together at about the rows of a training block.
inline int QueryPoints(const NetworkLayout& net, const JetPlan& plan) {
  if (plan.passes == engine::Passes::reverse) return net.block_rows;
  return std::max(1, net.block_rows * 3 / 2 / plan.streams() / tile_rows) * tile_rows;
}

// z -> h of all streams of one panel in place; stream s starts at z + s * stride.
template <class T>
HWY_INLINE void JetActivation(const JetPlan& plan, size_t stride, T* z) {
  const Tag<T> d;
  const int first = plan.first, streams = plan.streams();
  for (size_t e = 0; e < stride; e += static_cast<size_t>(lanes<T>)) {
    Vector<T> s, slope;
    Sincos(d, hn::Load(d, z + e), s, slope);
    for (int stream = 1 + first; stream < streams; ++stream) {
      auto sum = hn::Zero(d);
      for (const auto& term : plan.second[static_cast<size_t>(stream - 1 - first)].terms) {
        const auto zi = hn::Load(d, z + static_cast<size_t>(1 + term.i) * stride + e);
        const auto zj = hn::Load(d, z + static_cast<size_t>(1 + term.j) * stride + e);
        sum = hn::MulAdd(hn::Mul(hn::Set(d, static_cast<T>(term.a)), zi), zj, sum);
      }
      T* za = z + static_cast<size_t>(stream) * stride + e;
      hn::Store(hn::NegMulAdd(s, sum, hn::Mul(slope, hn::Load(d, za))), d, za);
    }
    for (int i = 1; i <= first; ++i) {
      T* zi = z + static_cast<size_t>(i) * stride + e;
      hn::Store(hn::Mul(slope, hn::Load(d, zi)), d, zi);
    }
    hn::Store(s, d, z + e);
  }
}

// The derivative streams of the first layer before its sine: z_i = column i of omega W at every point, z_A = 0.
template <class T>
void FirstLayerStreams(const NetworkLayout& net, const JetPlan& plan, const T* packed, int panel_index, int rows,
                       T* z) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const SineLayer& layer = net.layers[0];
  const size_t stride = static_cast<size_t>(rows) * P;
  for (int i = 0; i < plan.first; ++i) {
    const T* column =
        packed + layer.forward +
        (static_cast<size_t>(panel_index) * static_cast<size_t>(layer.inputs) + static_cast<size_t>(i)) * P;
    const auto w0 = hn::Load(d, column), w1 = hn::Load(d, column + L);
    T* to = z + static_cast<size_t>(1 + i) * stride;
    for (int r = 0; r < rows; ++r) {
      hn::Store(w0, d, to + r * P);
      hn::Store(w1, d, to + r * P + L);
    }
  }
  std::fill_n(z + static_cast<size_t>(1 + plan.first) * stride, plan.second.size() * stride, T{0});
}

template <class T>
void JetBlock(const NetworkLayout& net, const JetPlan& plan, const T* packed, int rows, const T* x, T* from, T* to,
              T* u) {
  constexpr int P = panel<T>;
  const int all_rows = rows * plan.streams();
  const size_t stride = static_cast<size_t>(rows) * P, panel_size = static_cast<size_t>(all_rows) * P;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const SineLayer& layer = net.layers[l];
    for (int j = 0; j < net.panels(layer.outputs); ++j) {
      const auto at = static_cast<size_t>(j);
      const T* b = packed + layer.forward + at * static_cast<size_t>(layer.inputs) * P;
      T* z = to + at * panel_size;
      if (l == 0) {
        AffinePanel(x, rows, rows, layer.inputs, b, packed + layer.bias + at * P, z);
        FirstLayerStreams(net, plan, packed, j, rows, z);
      } else {
        AffinePanel(from, all_rows, rows, layer.inputs, b, packed + layer.bias + at * P, z);
      }
      JetActivation(plan, stride, z);
    }
    std::swap(from, to);
  }
  LinearOutput(net, packed, all_rows, rows, from, u);
}

// u_x (rows, outputs, inputs) for one output: the adjoint of the first pre-activation times omega W of the first layer.
template <class T>
void CoordinateAdjoint(const NetworkLayout& net, const T* packed, int rows, int output, const T* g, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const SineLayer& layer = net.layers[0];
  for (int i = 0; i < layer.inputs; ++i) {
    for (int r = 0; r < rows; ++r) {
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
      for (int j = 0; j < net.panels(layer.outputs); ++j) {
        const T* w = packed + layer.forward + static_cast<size_t>(j * layer.inputs + i) * P;
        const T* from = g + static_cast<size_t>(j * rows + r) * P;
        sum0 = hn::MulAdd(hn::Load(d, from), hn::Load(d, w), sum0);
        sum1 = hn::MulAdd(hn::Load(d, from + L), hn::Load(d, w + L), sum1);
      }
      gradient[(r * net.outputs() + output) * layer.inputs + i] = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
    }
  }
}

// Slopes of the last sine layer times the weights of one output.
template <class T>
void OutputAdjoint(const NetworkLayout& net, const T* packed, int rows, int output, const T* slope, T* to) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int panels = net.panels(net.output.inputs);
  for (int j = 0; j < panels; ++j) {
    const T* w = packed + net.output_weights + static_cast<size_t>(output * panels + j) * P;
    const auto w0 = hn::Load(d, w), w1 = hn::Load(d, w + L);
    for (int r = 0; r < rows; ++r) {
      const size_t at = static_cast<size_t>(j * rows + r) * P;
      hn::Store(hn::Mul(hn::Load(d, slope + at), w0), d, to + at);
      hn::Store(hn::Mul(hn::Load(d, slope + at + L), w1), d, to + at + L);
    }
  }
}

// Scratch of a query: a jet plays between two arrays of all streams; a reverse pass keeps the slopes of every layer.
template <class T>
struct QueryArrays {
  BlockArrays<T> block;  // reverse only
  T* x;
  T* left;
  T* right;
  T* u;

  size_t Place(const NetworkLayout& net, const JetPlan& plan, T* scratch) {
    const int points = QueryPoints(net, plan), all_rows = points * plan.streams();
    const bool reverse = plan.passes == engine::Passes::reverse;
    size_t used = reverse ? block.Place(net, points, scratch) : 0;
    const auto take = [&](int columns, int rows) {
      T* at = scratch == nullptr ? nullptr : scratch + used;
      used += (static_cast<size_t>(columns) * static_cast<size_t>(rows) + 63) / 64 * 64;
      return at;
    };
    x = take(net.padded(net.inputs()), points);
    const int width = net.padded(net.architecture.width);
    left = take(width, reverse ? points : all_rows);
    right = take(width, reverse ? points : all_rows);
    u = take(net.outputs() * (reverse ? 1 + net.inputs() : 1), reverse ? points : all_rows);
    return used;
  }
};

template <class T>
size_t QueryScratch(const NetworkLayout& net, const JetPlan& plan) {
  return QueryArrays<T>().Place(net, plan, nullptr);
}

template <class T>
void Query(const NetworkLayout& net, const JetPlan& plan, const T* packed, MatrixView<const T> coordinates,
           std::int64_t first, std::int64_t count, T* const* out, T* scratch) {
  QueryArrays<T> arrays;
  arrays.Place(net, plan, scratch);
  const int block_points = QueryPoints(net, plan), outputs = net.outputs();
  for (std::int64_t begin = first, end = first + count; begin < end; begin += block_points) {
    const int points = static_cast<int>(std::min<std::int64_t>(block_points, end - begin));
    const int rows = (points + tile_rows - 1) / tile_rows * tile_rows;
    PanelCoordinates(net, coordinates.row(begin), coordinates.stride, points, rows, arrays.x);
    if (plan.passes == engine::Passes::jet) {
      JetBlock(net, plan, packed, rows, arrays.x, arrays.left, arrays.right, arrays.u);
      for (int s = 0; s < plan.streams(); ++s)
        std::copy_n(arrays.u + s * rows * outputs, points * outputs, out[s] + begin * outputs);
      continue;
    }
    BlockArrays<T>& block = arrays.block;
    const size_t last = net.layers.size() - 1;
    T* gradient = arrays.u + rows * outputs;
    ForwardWithSlopes(net, packed, rows, arrays.x, block.h, block.c);
    LinearOutput(net, packed, rows, rows, block.h[last], arrays.u);
    for (int o = 0; o < outputs; ++o) {
      T *g = arrays.left, *to = arrays.right;
      OutputAdjoint(net, packed, rows, o, block.c[last], g);
      for (size_t l = last; l > 0; --l) {
        InputAdjoint(net, packed, net.layers[l], rows, g, block.c[l - 1], to);
        std::swap(g, to);
      }
      CoordinateAdjoint(net, packed, rows, o, g, gradient);
    }
    std::copy_n(arrays.u, points * outputs, out[0] + begin * outputs);
    for (int i = 0; i < plan.first; ++i)
      for (int p = 0; p < points * outputs; ++p) out[1 + i][begin * outputs + p] = gradient[p * net.inputs() + i];
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
