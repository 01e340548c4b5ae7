// Queries: values and derivatives of a block of points, forward only or forward and once back for each output.
//
// Jets: the rows of a block are its streams one after another, each `rows` points: value, first derivatives z_i and
// operators of second order z_A. A layer is one product over all of them; then all pass the activation together
// (`JetActivation` in activation_passes-inl.h, where a Laplacian is made).
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_JETS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_JETS_INL_H_
#undef SINEFIELD_ENGINE_JETS_INL_H_
#else
#define SINEFIELD_ENGINE_JETS_INL_H_
#endif

#include "engine/block-inl.h"
#include "engine/encoding-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::QueryPoints;

// Points of a block of a query: as many as keep all streams together at about the rows of a training block.
inline int QueryBlockPoints(const NetworkLayout& net, const JetPlan& plan) {
  if (plan.passes == engine::Passes::reverse) return net.block_rows;
  return std::max(1, net.block_rows * 3 / 2 / plan.streams() / tile_rows) * tile_rows;
}

// a_ij of every term at the points of a block, a row for each term, from fill(Streams) where they come by point. Padded
// rows are zero.
template <class T, class Fill>
void Coefficients(const JetPlan& plan, int rows, T* a, const Fill& fill) {
  if (plan.coefficients_by_point) {
    std::fill_n(a, static_cast<size_t>(plan.terms()) * static_cast<size_t>(rows), T{0});
    fill(engine::Streams<T>{a, static_cast<size_t>(rows)});
    return;
  }
  for (const auto& of : plan.second)
    for (const auto& term : of.terms) a = std::fill_n(a, rows, static_cast<T>(term.a));
}

// The derivative streams of a first layer that sees the coordinates, before its activation: z_i = column i of omega W
// at every point, z_A = 0.
template <class T>
void FirstLayerStreams(const NetworkLayout& net, const JetPlan& plan, const T* packed, int panel_index, int rows,
                       T* z) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const ActivatedLayer& layer = net.layers[0];
  const size_t stride = static_cast<size_t>(rows) * P;
  for (int i = 0; i < plan.first; ++i) {
    const T* column =
        packed + layer.forward +
        (static_cast<size_t>(panel_index) * static_cast<size_t>(layer.inputs) + static_cast<size_t>(plan.axis(i))) * P;
    const auto w0 = hn::Load(d, column), w1 = hn::Load(d, column + L);
    T* to = z + static_cast<size_t>(1 + i) * stride;
    for (int r = 0; r < rows; ++r) {
      hn::Store(w0, d, to + r * P);
      hn::Store(w1, d, to + r * P + L);
    }
  }
  std::fill_n(z + static_cast<size_t>(1 + plan.first) * stride, plan.second.size() * stride, T{0});
}

// One panel of z of layer l, all streams; `from` are the activations before, the encoded coordinates, or the
// coordinates.
template <class T>
HWY_INLINE void JetPanel(const NetworkLayout& net, const JetPlan& plan, const T* packed, size_t l, int j, int rows,
                         const T* from, T* z) {
  constexpr int P = panel<T>;
  const ActivatedLayer& layer = net.layers[l];
  const auto at = static_cast<size_t>(j);
  const bool plain = l == 0 && !net.encoded();
  const T* b = packed + layer.forward + at * static_cast<size_t>(layer.inputs) * P;
  AffinePanel(from, plain ? rows : rows * plan.streams(), rows, layer.inputs, b, packed + layer.bias + at * P, z);
  if (plain) FirstLayerStreams(net, plan, packed, j, rows, z);
}

// Scratch of a query by jet: it plays between two arrays of all streams.
template <class T>
struct JetArrays {
  T* x;
  T* coefficients;
  T* e;
  T* e_kept;
  T* left;
  T* right;
  T* u;

  JetArrays(const NetworkLayout& net, const JetPlan& plan, int points, Scratch<T>& scratch) {
    const int rows = points * plan.streams();
    const int encoded = net.encoded() ? net.padded(encoded_inputs(net.architecture)) : 0;
    x = scratch.Take(net.padded(net.inputs()), points);
    coefficients = scratch.Take(plan.terms(), points);
    e = scratch.Take(encoded, rows);
    e_kept = scratch.Take(net.rbf() ? encoded : 0, rows);
    left = scratch.Take(net.padded(net.architecture.width), rows);
    right = scratch.Take(net.padded(net.architecture.width), rows);
    u = scratch.Take(net.outputs(), rows);
  }
};

// Returns the activations of the last hidden layer, of all streams, in one of the two arrays.
template <class T>
const T* JetActivations(const NetworkLayout& net, const JetPlan& plan, const T* packed, int rows,
                        const JetArrays<T>& arrays) {
  const ActivationPasses<T>& activation = PassesOf<T>(net.architecture.activation);
  const JetRows<T> jet{plan, arrays.coefficients, rows};
  const size_t panel_size = jet.Stride() * static_cast<size_t>(plan.streams());
  if (net.encoded()) Encode(net, jet, packed, arrays.x, arrays.e_kept, arrays.e);
  const T* from = net.encoded() ? arrays.e : arrays.x;
  T *to = arrays.left, *other = arrays.right;
  for (size_t l = 0; l < net.layers.size(); ++l) {
    for (int j = 0; j < net.panels(net.layers[l].outputs); ++j) {
      T* z = to + static_cast<size_t>(j) * panel_size;
      JetPanel(net, plan, packed, l, j, rows, from, z);
      activation.jet(static_cast<T>(net.layers[l].flat.omega), jet, z, z);
    }
    from = to;
    std::swap(to, other);
  }
  return from;
}

// u_x of one output as streams (inputs, rows, outputs): the adjoint of the first pre-activation times omega W of the
// first layer.
template <class T>
void CoordinateAdjoint(const NetworkLayout& net, const T* packed, int rows, int output, const T* g, T* gradient) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const ActivatedLayer& layer = net.layers[0];
  for (int i = 0; i < layer.inputs; ++i) {
    for (int r = 0; r < rows; ++r) {
      auto sum0 = hn::Zero(d), sum1 = hn::Zero(d);
      for (int j = 0; j < net.panels(layer.outputs); ++j) {
        const T* w = packed + layer.forward + static_cast<size_t>(j * layer.inputs + i) * P;
        const T* from = g + static_cast<size_t>(j * rows + r) * P;
        sum0 = hn::MulAdd(hn::Load(d, from), hn::Load(d, w), sum0);
        sum1 = hn::MulAdd(hn::Load(d, from + L), hn::Load(d, w + L), sum1);
      }
      gradient[(i * rows + r) * net.outputs() + output] = hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1)));
    }
  }
}

// Slopes of the last hidden layer times the weights of one output.
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

// Scratch of a query by reverse passes: they keep the slopes of every layer.
template <class T>
struct ReverseArrays {
  BlockArrays<T> block;
  T* left;
  T* right;
  T* u;  // value and first derivatives as streams

  ReverseArrays(const NetworkLayout& net, const JetPlan& plan, int points, Scratch<T>& scratch)
      : block(net, plan, points, 1, scratch) {
    left = scratch.Take(net.padded(net.architecture.width), points);
    right = scratch.Take(net.padded(net.architecture.width), points);
    u = scratch.Take(net.outputs(), points * plan.streams());
  }
};

template <class T>
size_t QueryScratch(const NetworkLayout& net, const JetPlan& plan) {
  Scratch<T> count{nullptr};
  if (plan.passes == engine::Passes::reverse)
    ReverseArrays<T>(net, plan, QueryBlockPoints(net, plan), count);
  else
    JetArrays<T>(net, plan, QueryBlockPoints(net, plan), count);
  return count.used;
}

// Value and gradients of a block by one pass forward and one back for each output.
template <class T>
void ReverseBlock(const NetworkLayout& net, const T* packed, int rows, ReverseArrays<T>& arrays) {
  BlockArrays<T>& block = arrays.block;
  const size_t last = net.layers.size() - 1;
  ForwardWithSlopes(net, packed, rows, block.x, block.h, block.c);
  LinearOutput(net, packed, rows, rows, block.h[last], arrays.u);
  for (int o = 0; o < net.outputs(); ++o) {
    T *g = arrays.left, *to = arrays.right;
    OutputAdjoint(net, packed, rows, o, block.c[last], g);
    for (size_t l = last; l > 0; --l) {
      InputAdjoint(net, packed, net.layers[l], rows, g, block.c[l - 1], to);
      std::swap(g, to);
    }
    CoordinateAdjoint(net, packed, rows, o, g, arrays.u + rows * net.outputs());
  }
}

// Calls pass(rows) for blocks of the points, and then use(first point, points, rows).
template <class T, class Pass, class Use>
void QueryBlocks(const NetworkLayout& net, int block_points, const QueryPoints<T>& query, std::int64_t first,
                 std::int64_t count, T* x, const Pass& pass, const Use& use) {
  for (std::int64_t begin = first, end = first + count; begin < end; begin += block_points) {
    const int points = static_cast<int>(std::min<std::int64_t>(block_points, end - begin));
    const int rows = (points + tile_rows - 1) / tile_rows * tile_rows;
    PanelCoordinates(net, query.coordinates.row(begin), query.coordinates.stride, points, rows, x);
    pass(begin, points, rows);
    use(begin, points, rows);
  }
}

// The pass of such a block by jet; returns the activations of the last hidden layer.
template <class T>
const T* JetBlock(const NetworkLayout& net, const JetPlan& plan, const T* packed, const QueryPoints<T>& query,
                  std::int64_t begin, int points, int rows, const JetArrays<T>& arrays) {
  Coefficients(plan, rows, arrays.coefficients, [&](engine::Streams<T> a) {
    for (int p = 0; p < points; ++p)
      for (int term = 0; term < plan.terms(); ++term) a[term][p] = query.coefficients.row(begin + p)[term];
  });
  return JetActivations(net, plan, packed, rows, arrays);
}

template <class T>
void Query(const NetworkLayout& net, const JetPlan& plan, const T* packed, const QueryPoints<T>& query,
           std::int64_t first, std::int64_t count, T* const* out, T* memory) {
  Scratch<T> scratch{memory};
  const int block_points = QueryBlockPoints(net, plan), outputs = net.outputs();
  const auto blocks = [&](T* x, T* u, const auto& pass) {
    QueryBlocks(net, block_points, query, first, count, x, pass, [&](std::int64_t begin, int points, int rows) {
      for (int s = 0; s < plan.streams(); ++s)
        std::copy_n(u + s * rows * outputs, points * outputs, out[s] + begin * outputs);
    });
  };
  if (plan.passes == engine::Passes::reverse) {
    ReverseArrays<T> arrays(net, plan, block_points, scratch);
    blocks(arrays.block.x, arrays.u, [&](std::int64_t, int, int rows) { ReverseBlock(net, packed, rows, arrays); });
  } else {
    const JetArrays<T> arrays(net, plan, block_points, scratch);
    blocks(arrays.x, arrays.u, [&](std::int64_t begin, int points, int rows) {
      const T* h = JetBlock(net, plan, packed, query, begin, points, rows, arrays);
      LinearOutput(net, packed, rows * plan.streams(), rows, h, arrays.u);
    });
  }
}

// Streams of the last hidden layer of points first .. first + count - 1: (point, stream, unit) row-major from out on,
// the first point of the matrix at its beginning.
template <class T>
void Features(const NetworkLayout& net, const JetPlan& plan, const T* packed, const QueryPoints<T>& query,
              std::int64_t first, std::int64_t count, T* out, T* memory) {
  constexpr int P = panel<T>;
  Scratch<T> scratch{memory};
  const int block_points = QueryBlockPoints(net, plan), width = net.output.inputs, streams = plan.streams();
  const JetArrays<T> arrays(net, plan, block_points, scratch);
  const T* h = nullptr;
  QueryBlocks(
      net, block_points, query, first, count, arrays.x,
      [&](std::int64_t begin, int points, int rows) {
        h = JetBlock(net, plan, packed, query, begin, points, rows, arrays);
      },
      [&](std::int64_t begin, int points, int rows) {
        for (int p = 0; p < points; ++p)
          for (int s = 0; s < streams; ++s)
            for (int k = 0; k < width; k += P)
              std::copy_n(h + static_cast<size_t>(k) * static_cast<size_t>(rows * streams) +
                              static_cast<size_t>((s * rows + p) * P),
                          std::min(P, width - k), out + ((begin + p) * streams + s) * width + k);
      });
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
