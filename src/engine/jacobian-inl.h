// Products with the Jacobian J of residuals by the parameters, one residual a point, without ever forming it.
//
// The pass through a block (`TrainJet` without its sums) leaves of each affine map the inputs A and the adjoints G of
// its outputs, of every stream s: row r of J is, for that map, sum_s G_rs (x) A_rs. A block's arrays are kept where the
// pass worked, so nothing is copied; then
//   (J v)_r    = sum over maps and streams of G_rs . (V A_rs)                one forward product
//   J' w       = sum over rows and streams of w_r G_rs (x) A_rs              one weight gradient
//   (J J')_rq  = sum over maps, streams s and t of (G_rs . G_qt) (A_rs . A_qt)
// A bias is one more input, 1 in the value stream and 0 in the others. omega is part of the packed weights, so what
// belongs to them is multiplied by it once for each factor.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_JACOBIAN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_JACOBIAN_INL_H_
#undef SINEFIELD_ENGINE_JACOBIAN_INL_H_
#else
#define SINEFIELD_ENGINE_JACOBIAN_INL_H_
#endif

#include <algorithm>

#include "engine/training-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

inline int TileRowsFor(int points) { return (points + tile_rows - 1) / tile_rows * tile_rows; }

// The arrays of a block where the pass left them: h and x the inputs, c and u_bar the adjoints.
template <class T>
BlockArrays<T> FactorsAt(const NetworkLayout& net, const JetPlan& plan, const T* factors) {
  Scratch<T> at{const_cast<T*>(factors)};  // which only hands out addresses
  return BlockArrays<T>(net, plan, TrainPoints(net, plan), plan.streams(), at);
}

template <class T>
double Linearise(const NetworkLayout& net, const JetPlan& plan, const T* packed, const Batch<T>& batch,
                 std::int64_t first, int count, T* factors) {
  return TrainJet<T>(net, plan, packed, batch, first, count, nullptr, Scratch<T>{factors});
}

// What the products need of one worker: a panel of z and the sums of rows; or scaled adjoints of a layer and of u.
template <class T>
struct ProductArrays {
  T* panel_z;
  T* sums;
  T* scaled;
  T* u;

  ProductArrays(const NetworkLayout& net, const JetPlan& plan, Scratch<T> scratch, size_t* used = nullptr) {
    const int points = TrainPoints(net, plan), rows = points * plan.streams();
    panel_z = scratch.Take(panel<T>, rows);
    sums = scratch.Take(panel<T>, points);
    scaled = scratch.Take(net.padded(net.architecture.width), rows);
    u = scratch.Take(net.outputs(), rows);
    if (used != nullptr) *used = scratch.used;
  }
};

// result[p] = (J v) of the block's points; `packed` holds v as parameters are packed.
template <class T>
void JacobianTimes(const NetworkLayout& net, const JetPlan& plan, const T* factors, int points, const T* packed,
                   T* result, T* memory) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int rows = TileRowsFor(points), streams = plan.streams(), all_rows = rows * streams, outputs = net.outputs();
  const size_t stride = static_cast<size_t>(rows) * P, panel_size = static_cast<size_t>(all_rows) * P;
  const BlockArrays<T> block = FactorsAt(net, plan, factors);
  const ProductArrays<T> arrays(net, plan, Scratch<T>{memory});
  std::fill_n(arrays.sums, stride, T{0});
  for (size_t l = 0; l < net.layers.size(); ++l)
    for (int j = 0; j < net.panels(net.layers[l].outputs); ++j) {
      JetPanel(net, plan, packed, l, j, rows, block.Inputs(l), arrays.panel_z);
      const T* g = block.c[l] + static_cast<size_t>(j) * panel_size;
      for (size_t e = 0; e < stride; e += static_cast<size_t>(L)) {
        auto sum = hn::Load(d, arrays.sums + e);
        for (size_t at = e; at < panel_size; at += stride)
          sum = hn::MulAdd(hn::Load(d, g + at), hn::Load(d, arrays.panel_z + at), sum);
        hn::Store(sum, d, arrays.sums + e);
      }
    }
  LinearOutput(net, packed, all_rows, rows, block.h[net.layers.size() - 1], arrays.u);
  for (int p = 0; p < points; ++p) {
    const T* sums = arrays.sums + p * P;
    T sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Load(d, sums), hn::Load(d, sums + L))));
    for (int s = 0; s < streams; ++s)
      for (int o = 0; o < outputs; ++o) {
        const int at = (s * rows + p) * outputs + o;
        sum += block.u_bar[at] * arrays.u[at];
      }
    result[p] = sum;
  }
}

// Adds J' w of the block's points to the packed gradient.
template <class T>
void JacobianTransposedTimes(const NetworkLayout& net, const JetPlan& plan, const T* factors, int points, const T* w,
                             T* gradient, T* memory) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>;
  const int rows = TileRowsFor(points), streams = plan.streams(), all_rows = rows * streams, outputs = net.outputs();
  const size_t panel_size = static_cast<size_t>(all_rows) * P;
  const BlockArrays<T> block = FactorsAt(net, plan, factors);
  const ProductArrays<T> arrays(net, plan, Scratch<T>{memory});
  const auto weight = [&](int p) { return p < points ? w[p] : T{0}; };
  for (int s = 0; s < streams; ++s)
    for (int p = 0; p < rows; ++p)
      for (int o = 0, at = (s * rows + p) * outputs; o < outputs; ++o)
        arrays.u[at + o] = weight(p) * block.u_bar[at + o];
  OutputGradient(net, all_rows, rows, block.h[net.layers.size() - 1], arrays.u, gradient);
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const ActivatedLayer& layer = net.layers[l];
    const int panel_rows = net.panels(layer.outputs) * all_rows;
    for (int p = 0; p < rows; ++p) {
      const auto share = hn::Set(d, weight(p));
      for (int r = p; r < panel_rows; r += rows) {
        const size_t at = static_cast<size_t>(r) * P;
        hn::Store(hn::Mul(share, hn::Load(d, block.c[l] + at)), d, arrays.scaled + at);
        hn::Store(hn::Mul(share, hn::Load(d, block.c[l] + at + L)), d, arrays.scaled + at + L);
      }
    }
    const bool plain = l == 0 && !net.encoded();
    WeightGradient(net, layer, plain ? rows : all_rows, rows, block.Inputs(l), arrays.scaled, panel_size, gradient);
    if (plain) FirstLayerStreamsGradient(net, plan, rows, arrays.scaled, gradient);
  }
}

// One affine map as J J' sees it: inputs and adjoints of a block in panels of all_rows rows.
template <class T>
struct MapFactors {
  int inputs, outputs;
  const T* a;
  const T* g;
  int streams;  // those that have inputs: an operator is zero in front of the first layer
  T square;     // omega^2
};

// The inputs of a first layer that sees the coordinates: they, and the unit vectors of its derivative streams.
template <class T>
void FirstLayerInputs(const NetworkLayout& net, const JetPlan& plan, int rows, const T* x, T* to) {
  constexpr int P = panel<T>;
  const int all_rows = rows * plan.streams();
  std::fill_n(to, static_cast<size_t>(net.padded(net.inputs())) * static_cast<size_t>(all_rows), T{0});
  for (int j = 0; j < net.panels(net.inputs()); ++j) std::copy_n(x + j * rows * P, rows * P, to + j * all_rows * P);
  for (int i = 0; i < plan.first; ++i)
    for (int p = 0; p < rows; ++p) to[(plan.axis(i) / P * all_rows + (1 + i) * rows + p) * P + plan.axis(i) % P] = 1;
}

// The maps of a block. What does not lie in panels of all streams yet, the first inputs and the last adjoints, is put
// into x and u.
template <class T>
MapFactors<T> MapOf(const NetworkLayout& net, const JetPlan& plan, const BlockArrays<T>& block, size_t l, const T* x,
                    const T* u) {
  const size_t last = net.layers.size();
  if (l == last) return {net.output.inputs, net.outputs(), block.h[last - 1], u, plan.streams(), T{1}};
  const ActivatedLayer& layer = net.layers[l];
  const bool plain = l == 0 && !net.encoded();
  return {layer.inputs,
          layer.outputs,
          plain ? x : block.Inputs(l),
          block.c[l],
          plain ? 1 + plan.first : plan.streams(),
          static_cast<T>(layer.flat.omega * layer.flat.omega)};
}

template <class T>
void OutputAdjoints(const NetworkLayout& net, int all_rows, const T* u_bar, T* to) {
  constexpr int P = panel<T>;
  std::fill_n(to, static_cast<size_t>(net.padded(net.outputs())) * static_cast<size_t>(all_rows), T{0});
  for (int r = 0; r < all_rows; ++r)
    for (int o = 0; o < net.outputs(); ++o) to[(o / P * all_rows + r) * P + o % P] = u_bar[r * net.outputs() + o];
}

// Scratch of J J': one block's inputs and adjoints transposed, all maps, and what MapOf wants beside a block.
template <class T>
struct GramArrays {
  static constexpr size_t max_maps = BlockArrays<T>::max_layers;
  T* x;
  T* u;
  T* a[max_maps];  // (inputs, streams x points) in panels, every stream a whole number of them
  T* g[max_maps];  // (outputs, likewise), times omega^2

  GramArrays(const NetworkLayout& net, const JetPlan& plan, Scratch<T> scratch, size_t* used = nullptr) {
    const int points = TrainPoints(net, plan), rows = points * plan.streams();
    const int columns = net.padded(points) * plan.streams();
    x = scratch.Take(net.padded(net.inputs()), rows);
    u = scratch.Take(net.padded(net.outputs()), rows);
    for (size_t l = 0; l <= net.layers.size(); ++l) {
      const bool last = l == net.layers.size();
      a[l] = scratch.Take(last ? net.output.inputs : net.layers[l].inputs, columns);
      g[l] = scratch.Take(last ? net.outputs() : net.layers[l].outputs, columns);
    }
    if (used != nullptr) *used = scratch.used;
  }
};

// Columns of a panel matrix of `streams` x `rows` rows become rows, times `factor`.
template <class T>
void TransposeStreams(const T* from, int streams, int rows, int all_rows, int columns, T factor, T* to) {
  constexpr int P = panel<T>;
  const int panels = (rows + P - 1) / P;
  for (int s = 0; s < streams; ++s)
    for (int j = 0; j < panels; ++j) {
      T* panel_to = to + static_cast<size_t>(s * panels + j) * static_cast<size_t>(columns) * P;
      for (int k = 0; k < columns; ++k)
        for (int i = 0; i < P; ++i) {
          const int row = j * P + i;
          panel_to[k * P + i] = row < rows ? factor * from[(static_cast<size_t>(k / P) * static_cast<size_t>(all_rows) +
                                                            static_cast<size_t>(s * rows + row)) *
                                                               P +
                                                           static_cast<size_t>(k % P)]
                                           : T{0};
        }
    }
}

// Columns `column_block` of J J' from the diagonal down, and their mirror image, into a matrix of `all_points` columns.
// Block b lies at factors + b * block_size; every block but the last has TrainPoints points.
template <class T>
void JacobianGram(const NetworkLayout& net, const JetPlan& plan, const T* factors, size_t block_size,
                  std::int64_t all_points, std::int64_t column_block, MatrixView<T> matrix, T* memory) {
  const Tag<T> d;
  constexpr int P = panel<T>, L = lanes<T>, M = tile_rows;
  const int block_points = TrainPoints(net, plan), streams = plan.streams();
  const GramArrays<T> right(net, plan, Scratch<T>{memory});
  const size_t maps = net.layers.size() + 1;
  const std::int64_t first_column = column_block * block_points;
  int columns = 0;
  for (std::int64_t begin = first_column; begin < all_points; begin += block_points) {
    const BlockArrays<T> block = FactorsAt(net, plan, factors + static_cast<size_t>(begin / block_points) * block_size);
    const int points = static_cast<int>(std::min<std::int64_t>(block_points, all_points - begin));
    const int rows = TileRowsFor(points), all_rows = rows * streams;
    const size_t panel_size = static_cast<size_t>(all_rows) * P;
    FirstLayerInputs(net, plan, rows, block.x, right.x);
    OutputAdjoints(net, all_rows, block.u_bar, right.u);
    if (begin == first_column) {
      columns = rows;
      for (size_t l = 0; l < maps; ++l) {
        const MapFactors<T> map = MapOf(net, plan, block, l, right.x, right.u);
        TransposeStreams(map.a, map.streams, rows, all_rows, map.inputs, T{1}, right.a[l]);
        TransposeStreams(map.g, map.streams, rows, all_rows, map.outputs, map.square, right.g[l]);
      }
    }
    const int panels = (columns + P - 1) / P;
    for (int r = 0; r < rows; r += M)
      for (int j = 0; j < panels; ++j) {
        const std::int64_t row = begin + r, column = first_column + static_cast<std::int64_t>(j) * P;
        if (column >= row + M) continue;  // above the diagonal
        HWY_ALIGN T tile[M * P] = {};
        for (size_t l = 0; l < maps; ++l) {
          const MapFactors<T> map = MapOf(net, plan, block, l, right.x, right.u);
          for (int s = 0; s < map.streams; ++s)
            for (int t = 0; t < map.streams; ++t) {
              const auto panel_at = static_cast<size_t>(t * panels + j) * P;
              Vector<T> adjoints[M][2], inputs[M][2];
              const auto bias = hn::Set(d, s == 0 && t == 0 ? T{1} : T{0});
              HWY_UNROLL(16)
              for (int i = 0; i < M; ++i) {
                adjoints[i][0] = adjoints[i][1] = hn::Zero(d);
                inputs[i][0] = inputs[i][1] = bias;
              }
              const int from = (s * rows + r) * P;
              MultiplyTile<M>(map.g + from, panel_size, map.outputs,
                              right.g[l] + panel_at * static_cast<size_t>(map.outputs), adjoints);
              MultiplyTile<M>(map.a + from, panel_size, map.inputs,
                              right.a[l] + panel_at * static_cast<size_t>(map.inputs), inputs);
              HWY_UNROLL(16)
              for (int i = 0; i < M; ++i)
                for (int half = 0; half < 2; ++half) {
                  T* at = tile + i * P + half * L;
                  hn::Store(hn::MulAdd(adjoints[i][half], inputs[i][half], hn::Load(d, at)), d, at);
                }
            }
        }
        for (std::int64_t i = 0; i < std::min<std::int64_t>(M, all_points - row); ++i)
          for (std::int64_t k = 0; k < P && column + k <= row + i && k < columns - j * P; ++k)
            matrix.row(row + i)[column + k] = matrix.row(column + k)[row + i] = tile[i * P + k];
      }
  }
}

// Row `point` of the block's J in the flat layout. The arrays of J J' hold its streams one after another.
template <class T>
void JacobianRow(const NetworkLayout& net, const JetPlan& plan, const T* factors, int points, int point, T* to,
                 T* memory) {
  constexpr int P = panel<T>;
  const int rows = TileRowsFor(points), streams = plan.streams(), all_rows = rows * streams;
  const BlockArrays<T> block = FactorsAt(net, plan, factors);
  const GramArrays<T> arrays(net, plan, Scratch<T>{memory});
  FirstLayerInputs(net, plan, rows, block.x, arrays.x);
  OutputAdjoints(net, all_rows, block.u_bar, arrays.u);
  for (size_t l = 0; l <= net.layers.size(); ++l) {
    const MapFactors<T> map = MapOf(net, plan, block, l, arrays.x, arrays.u);
    const LayerSlice& flat = l == net.layers.size() ? net.output : net.layers[l].flat;
    const T omega = static_cast<T>(flat.omega);
    T *a = arrays.a[l], *g = arrays.g[l];
    for (int s = 0; s < streams; ++s) {
      const auto at = [&](int k) {
        return (static_cast<size_t>(k / P) * static_cast<size_t>(all_rows) + static_cast<size_t>(s * rows + point)) *
                   P +
               static_cast<size_t>(k % P);
      };
      for (int k = 0; k < map.inputs; ++k) a[s * map.inputs + k] = map.a[at(k)];
      for (int k = 0; k < map.outputs; ++k) g[s * map.outputs + k] = omega * map.g[at(k)];
    }
    for (int o = 0; o < map.outputs; ++o) {
      T* weights = to + flat.weight + static_cast<std::int64_t>(o) * map.inputs;
      for (int k = 0; k < map.inputs; ++k) weights[k] = g[o] * a[k];
      for (int s = 1; s < map.streams; ++s)
        for (int k = 0; k < map.inputs; ++k) weights[k] += g[s * map.outputs + o] * a[s * map.inputs + k];
      to[flat.bias + o] = g[o];
    }
  }
}

template <class T>
size_t JacobianScratch(const NetworkLayout& net, const JetPlan& plan) {
  size_t products = 0, gram = 0;
  ProductArrays<T>(net, plan, Scratch<T>{nullptr}, &products);
  GramArrays<T>(net, plan, Scratch<T>{nullptr}, &gram);
  return std::max(products, gram);
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
