// A field of tiles as the plain sum of window times network over all its tiles, whether they count at the point or not.
// SPDX-License-Identifier: MIT
#include <vector>

#include "reference/reference.h"
#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

/// A function of one number with its first two derivatives.
struct Curve {
  double value, first, second;
};

Curve operator*(const Curve& f, const Curve& g) {
  return {f.value * g.value, f.first * g.value + f.value * g.first,
          f.second * g.value + 2 * f.first * g.first + f.value * g.second};
}

/// S((x - cut + reach) / (2 reach)): from 0 before the overlap of a cut to 1 behind it.
Curve rising(Blend blend, double cut, double reach, double x) {
  if (x <= cut - reach && reach > 0) return {0, 0, 0};
  if (x >= cut + reach) return {1, 0, 0};
  if (reach == 0) return {0, 0, 0};
  const double t = (x - cut + reach) / (2 * reach), dt = 1 / (2 * reach);
  if (blend == Blend::linear) return {t, dt, 0};
  if (blend == Blend::cubic) return {3 * t * t - 2 * t * t * t, (6 * t - 6 * t * t) * dt, (6 - 12 * t) * dt * dt};
  const double t2 = t * t, t3 = t2 * t;
  return {6 * t3 * t2 - 15 * t2 * t2 + 10 * t3, (30 * t2 * t2 - 60 * t3 + 30 * t2) * dt,
          (120 * t3 - 180 * t2 + 60 * t) * dt * dt};
}

/// The window of a tile along one axis.
Curve window(const TileAxis& axis, Blend blend, int tile, double x) {
  Curve w{1, 0, 0};
  if (tile > 0) w = w * rising(blend, axis.cuts[tile - 1], axis.reach[tile - 1], x);
  if (tile + 1 < axis.tiles()) {
    const Curve up = rising(blend, axis.cuts[tile], axis.reach[tile], x);
    w = w * Curve{1 - up.value, -up.first, -up.second};
  }
  return w;
}

double middle(const TileAxis& axis, int tile) {
  const double low = tile == 0 ? axis.low : axis.cuts[tile - 1] - axis.reach[tile - 1];
  const double high = tile + 1 == axis.tiles() ? axis.high : axis.cuts[tile] + axis.reach[tile];
  return (low + high) / 2;
}

}  // namespace

Jet tiles_jet(const Field& field, std::span<const double> x) {
  const Tiling& tiling = field.tiling;
  const int d = field.inputs(), outputs = field.outputs();
  if (field.kind != FieldKind::tiles || static_cast<int>(x.size()) != d)
    throw bad_input("a field of tiles and a point of its coordinates were expected");
  Jet sum{std::vector<double>(outputs), std::vector<double>(outputs * d), std::vector<double>(outputs * d * d)};
  std::vector<int> index(d);  // of the tile, along each axis
  for (std::size_t tile = 0; tile < field.networks.size(); ++tile) {
    std::size_t rest = tile;
    for (int i = d - 1; i >= 0; --i) {
      index[i] = static_cast<int>(rest % tiling.axes[i].tiles());
      rest /= tiling.axes[i].tiles();
    }
    std::vector<double> local(d);
    std::vector<Curve> along(d);
    for (int i = 0; i < d; ++i) {
      local[i] = (x[i] - middle(tiling.axes[i], index[i])) / tiling.axes[i].half_width;
      along[i] = window(tiling.axes[i], tiling.blend, index[i], x[i]);
    }
    // The window and its derivatives: every axis gives a factor, differentiated as often as it is asked for.
    const auto w = [&](int first, int second) {
      double product = 1;
      for (int i = 0; i < d; ++i) {
        const int order = (i == first ? 1 : 0) + (i == second ? 1 : 0);
        product *= order == 0 ? along[i].value : order == 1 ? along[i].first : along[i].second;
      }
      return product;
    };
    const Network& network = field.networks[tile];
    const std::vector<double> parameters(network.parameters.begin(), network.parameters.end());
    const Jet jet = reference::jet(network.architecture, parameters, local);
    for (int o = 0; o < outputs; ++o) {
      const ChannelMap& map = tiling.normalisation[tile * outputs + o];
      const double v = map.scale * jet.value[o] + map.offset;
      const auto v_i = [&](int i) { return map.scale * jet.gradient[o * d + i] / tiling.axes[i].half_width; };
      sum.value[o] += w(-1, -1) * v;
      for (int i = 0; i < d; ++i) {
        sum.gradient[o * d + i] += w(i, -1) * v + w(-1, -1) * v_i(i);
        for (int j = 0; j < d; ++j) {
          const double v_ij =
              map.scale * jet.hessian[(o * d + i) * d + j] / tiling.axes[i].half_width / tiling.axes[j].half_width;
          sum.hessian[(o * d + i) * d + j] += w(i, j) * v + w(i, -1) * v_i(j) + w(j, -1) * v_i(i) + w(-1, -1) * v_ij;
        }
      }
    }
  }
  return sum;
}

}  // namespace sinefield::reference
