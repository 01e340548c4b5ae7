// Normal equations of the changes of the last layers. A tile's task makes its own block and those with the tiles after
// it: rows are made from features when they are needed, so memory is that of a tile and of the sparse matrix.
// SPDX-License-Identifier: MIT
#include "train/tile_last_layers.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

#include "engine/in_parallel.h"
#include "engine/jet_query.h"
#include "engine/workers.h"
#include "field/indices.h"
#include "field/tiles_query.h"
#include "field/tiling.h"
#include "sinefield/error.h"
#include "train/block_cholesky.h"
#include "train/eigen.h"

namespace sinefield::train {
namespace {

using Matrix = eigen::MatrixXd;
using Rows = eigen::Matrix<double, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;

/// The terms of the forms as streams.
engine::JetPlan plan_of(const PointForms& forms) {
  engine::JetPlan plan{.passes = engine::Passes::jet, .first = forms.inputs(), .second = {}};
  for (const auto& [i, j] : forms.seconds()) plan.second.push_back({{{i, j, 1}}});
  return plan;
}

/// A point at a tile: which, and the tile's place among those of the point along each axis.
struct Entry {
  std::int32_t point;
  std::uint32_t sides;  // bit i: the second one along axis i
};

const Field& checked(const Field& field, const PointForms& forms) {
  if (field.kind != FieldKind::tiles) throw bad_input("the last layers of tiles are wanted of a field without tiles");
  if (field.inputs() != forms.inputs() || field.outputs() != forms.outputs())
    throw bad_input(fmt::format("forms of {} inputs and {} outputs for a field of {} and {}", forms.inputs(),
                                forms.outputs(), field.inputs(), field.outputs()));
  const Architecture& shape = field.networks.front().architecture;
  for (const Network& network : field.networks)
    if (network.architecture != shape) throw bad_input("the tiles have networks of several shapes, expected one");
  return field;
}

class LastLayers {
 public:
  LastLayers(Field& field, const PointForms& forms, const ComputeOptions& compute)
      : field_(field),
        forms_(forms),
        compute_(compute),
        workers_(engine::make_workers(compute.threads)),
        axes_(field.tiling.axes.size()),
        terms_(static_cast<std::size_t>(forms.terms())),
        outputs_(static_cast<std::size_t>(field.outputs())),
        width_(static_cast<std::size_t>(field.networks.front().architecture.width)),
        unknowns_(static_cast<std::int64_t>(width_) + 1),
        entries_(field.networks.size()),
        places_(static_cast<std::size_t>(forms.count()) * axes_) {
    for (const TileAxis& axis : field.tiling.axes) counts_.push_back(axis.tiles());
    place();
    find_lacking();
  }

  void solve(double ridge) {
    make_blocks();
    const auto size = static_cast<std::int64_t>(field_.networks.size()) * unknowns_;
    // Columns of length one, so that features of any size weigh alike.
    eigen::VectorXd scale(size);
    for (const Block& block : blocks_)
      if (block.first == block.second)
        scale.segment(block.first * unknowns_, unknowns_) =
            block.gram.diagonal().unaryExpr([](double square) { return square > 0 ? 1 / std::sqrt(square) : 1.0; });
    BlockCholesky factors(std::ssize(field_.networks), static_cast<int>(unknowns_), compute_.isa, *workers_);
    for (Block& block : blocks_) {
      const auto of = [&](std::int64_t tile) { return scale.segment(tile * unknowns_, unknowns_); };
      Matrix scaled = of(block.second).asDiagonal() * block.gram.transpose() * of(block.first).asDiagonal();
      // What is in no equation has a column of zeros and stays as it is.
      if (block.first == block.second)
        scaled.diagonal() +=
            block.gram.diagonal().unaryExpr([&](double square) { return ridge + 1e-14 + (square > 0 ? 0.0 : 1.0); });
      block.gram.resize(0, 0);
      factors.set(block.second, block.first, scaled);
    }
    blocks_.clear();
    if (!factors.factor())
      throw failure("the equations of the tiles have no best solution in double", "take fewer or narrower networks");
    const Matrix change = scale.asDiagonal() * factors.solve(scale.asDiagonal() * right_);
    if (!change.allFinite()) throw failure("the last layers of the tiles could not be found");
    add(change);
  }

 private:
  struct Block {
    std::int64_t first, second;  // tiles, first <= second
    Matrix gram;                 // (unknowns of first, unknowns of second)
  };

  /// What a worker keeps between tiles.
  struct Worker {
    std::unique_ptr<engine::JetQuery<double>> query;
    std::vector<double> parameters, local, features;
    Rows own, other, weighed;
    std::vector<Entry> common;
    std::vector<std::int32_t> at;  // of own: the rows in common
  };

  const double* point(std::int32_t index) const {
    return forms_.points().data() + static_cast<std::size_t>(index) * axes_;
  }

  /// The axes of a term that is a second derivative.
  std::array<std::size_t, 2> pair_of(std::size_t term) const {
    const AxisPair& pair = forms_.seconds()[term - 1 - axes_];
    return {static_cast<std::size_t>(pair[0]), static_cast<std::size_t>(pair[1])};
  }

  /// Which points each tile counts at, in their order.
  void place() {
    std::vector<int> near(axes_, 0);
    for (std::int32_t p = 0; p < forms_.count(); ++p) {
      std::vector<std::int64_t> sides;
      for (std::size_t i = 0; i < axes_; ++i) {
        AxisPlace& place = places_[static_cast<std::size_t>(p) * axes_ + i];
        place = locate(field_.tiling.axes[i], point(p)[i], near[i]);
        near[i] = place.first;
        sides.push_back(place.count);
      }
      for_each_index(sides, [&](std::span<const std::int64_t> side) {
        std::size_t tile = 0;
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < axes_; ++i) {
          tile = tile * static_cast<std::size_t>(counts_[i]) +
                 static_cast<std::size_t>(places_[static_cast<std::size_t>(p) * axes_ + i].first + side[i]);
          bits |= static_cast<std::uint32_t>(side[i]) << i;
        }
        entries_[tile].push_back({p, bits});
      });
    }
  }

  /// What the field as it is leaves of the right sides: (points x terms, outputs).
  void find_lacking() {
    const auto count = static_cast<std::size_t>(forms_.count());
    std::vector<std::vector<double>> streams(terms_, std::vector<double>(count * outputs_));
    std::vector<double*> out;
    for (std::vector<double>& stream : streams) out.push_back(stream.data());
    TilesQuery<double>(field_, plan_of(forms_), compute_.isa, *workers_)
        .run({forms_.points().data(), forms_.count(), static_cast<std::int64_t>(axes_)}, out);
    lacking_ = Rows(count * terms_, outputs_);
    for (std::size_t k = 0; k < count * terms_; ++k) {
      const double* const a = forms_.matrices().data() + k * terms_;
      const std::size_t p = k / terms_;
      for (std::size_t o = 0; o < outputs_; ++o) {
        double sum = forms_.right()[k * outputs_ + o];
        for (std::size_t s = 0; s < terms_; ++s) sum -= a[s] * streams[s][p * outputs_ + o];
        lacking_(static_cast<std::int64_t>(k), static_cast<std::int64_t>(o)) = sum;
      }
    }
  }

  /// (entries x terms, unknowns): by how much the unknowns of a tile change the terms at each point. With v = h .
  /// weights + bias, w v has the derivatives w v_i + w_i v and w v_ij + w_i v_j + w_j v_i + w_ij v.
  void make_rows(Worker& worker, std::int64_t tile, std::span<const Entry> entries, Rows& rows) const {
    rows.resize(std::ssize(entries) * static_cast<std::int64_t>(terms_), unknowns_);
    if (entries.empty()) return;
    const std::vector<TileAxis>& axes = field_.tiling.axes;
    std::vector<double> middles(axes_);
    std::int64_t rest = tile;
    for (std::size_t i = axes_; i-- > 0; rest /= counts_[i])
      middles[i] = tile_middle(axes[i], static_cast<int>(rest % counts_[i]));
    worker.local.resize(entries.size() * axes_);
    for (std::size_t k = 0; k < entries.size(); ++k)
      for (std::size_t i = 0; i < axes_; ++i)
        worker.local[k * axes_ + i] = (point(entries[k].point)[i] - middles[i]) / axes[i].half_width;
    worker.features.resize(entries.size() * terms_ * width_);
    const std::vector<float>& parameters = field_.networks[static_cast<std::size_t>(tile)].parameters;
    worker.parameters.assign(parameters.begin(), parameters.end());
    worker.query->load(worker.parameters);
    worker.query->features({worker.local.data(), std::ssize(entries), static_cast<std::int64_t>(axes_)},
                           worker.features);

    std::vector<double> window(terms_);
    for (std::size_t k = 0; k < entries.size(); ++k) {
      window_streams(entries[k], window);
      const double* const value = worker.features.data() + k * terms_ * width_;
      const auto row = [&](std::size_t term) { return rows.row(static_cast<std::int64_t>(k * terms_ + term)).data(); };
      for (std::size_t term = 0; term < terms_; ++term) row(term)[width_] = window[term];
      for (std::size_t f = 0; f < width_; ++f) row(0)[f] = window[0] * value[f];
      for (std::size_t i = 0; i < axes_; ++i) {
        const double unit = 1 / axes[i].half_width, slope = window[1 + i];
        const double* const first = value + (1 + i) * width_;
        for (std::size_t f = 0; f < width_; ++f) row(1 + i)[f] = window[0] * unit * first[f] + slope * value[f];
      }
      for (std::size_t term = 1 + axes_; term < terms_; ++term) {
        const auto [i, j] = pair_of(term);
        const double of_i = 1 / axes[i].half_width, of_j = 1 / axes[j].half_width;
        const double *const by_i = value + (1 + i) * width_, *const by_j = value + (1 + j) * width_,
                            *const by_both = value + term * width_;
        for (std::size_t f = 0; f < width_; ++f)
          row(term)[f] = window[0] * of_i * of_j * by_both[f] + window[1 + i] * of_j * by_j[f] +
                         window[1 + j] * of_i * by_i[f] + window[term] * value[f];
      }
    }
  }

  /// The terms of the tile's window.
  void window_streams(const Entry& entry, std::vector<double>& window) const {
    const std::vector<TileAxis>& axes = field_.tiling.axes;
    std::ranges::fill(window, 1.0);
    for (std::size_t i = 0; i < axes_; ++i) {
      const AxisPlace place = places_[static_cast<std::size_t>(entry.point) * axes_ + i];
      const AxisWindow along = axis_window(axes[i], field_.tiling.blend, place, point(entry.point)[i]);
      const std::size_t side = entry.sides >> i & 1U;
      for (std::size_t term = 0; term < terms_; ++term) {
        const int derivatives = term == 0       ? 0
                                : term <= axes_ ? (term == 1 + i ? 1 : 0)
                                                : static_cast<int>(std::ranges::count(pair_of(term), i));
        window[term] *= derivatives == 0   ? along.weight[side]
                        : derivatives == 1 ? along.slope[side]
                                           : along.curvature[side];
      }
    }
  }

  /// The matrices of the forms times rows.
  void weigh(std::span<const Entry> entries, const Rows& rows, Rows& weighed) const {
    weighed.resize(rows.rows(), rows.cols());
    const auto terms = static_cast<std::int64_t>(terms_);
    for (std::int64_t k = 0; k < std::ssize(entries); ++k) {
      const std::size_t point = static_cast<std::size_t>(entries[static_cast<std::size_t>(k)].point);
      const eigen::Map<const Rows> matrix(forms_.matrices().data() + point * terms_ * terms_, terms, terms);
      weighed.middleRows(k * terms, terms) = matrix.lazyProduct(rows.middleRows(k * terms, terms));
    }
  }

  /// The tiles after this one that it meets, ascending.
  std::vector<std::int64_t> later_neighbours(std::int64_t tile) const {
    std::vector<std::int64_t> at(axes_), found;
    std::int64_t rest = tile;
    for (std::size_t i = axes_; i-- > 0; rest /= counts_[i]) at[i] = rest % counts_[i];
    const std::vector<std::int64_t> around(axes_, 3);
    for_each_index(around, [&](std::span<const std::int64_t> step) {
      std::int64_t other = 0;
      for (std::size_t i = 0; i < axes_; ++i) {
        const std::int64_t place = at[i] + step[i] - 1;
        if (place < 0 || place >= counts_[i]) return;
        other = other * counts_[i] + place;
      }
      if (other > tile) found.push_back(other);
    });
    return found;
  }

  void make_blocks() {
    const std::int64_t tiles = std::ssize(field_.networks);
    right_ = Matrix::Zero(tiles * unknowns_, static_cast<std::int64_t>(outputs_));
    std::vector<std::vector<Block>> of_tiles(static_cast<std::size_t>(tiles));
    engine::SerialWorkers alone;
    std::vector<Worker> of_workers(static_cast<std::size_t>(workers_->count()));
    engine::in_parallel(*workers_, tiles, [&](int w, std::int64_t tile) {
      Worker& worker = of_workers[static_cast<std::size_t>(w)];
      if (!worker.query)
        worker.query = std::make_unique<engine::JetQuery<double>>(field_.networks.front().architecture, plan_of(forms_),
                                                                  compute_.isa, alone);
      make_blocks(worker, tile, of_tiles[static_cast<std::size_t>(tile)]);
    });
    for (std::vector<Block>& blocks : of_tiles) std::ranges::move(blocks, std::back_inserter(blocks_));
  }

  void make_blocks(Worker& worker, std::int64_t tile, std::vector<Block>& blocks) {
    const std::vector<Entry>& own = entries_[static_cast<std::size_t>(tile)];
    const auto terms = static_cast<std::int64_t>(terms_);
    make_rows(worker, tile, own, worker.own);
    Rows lacking(worker.own.rows(), static_cast<std::int64_t>(outputs_));
    for (std::int64_t k = 0; k < std::ssize(own); ++k)
      lacking.middleRows(k * terms, terms) = lacking_.middleRows(own[static_cast<std::size_t>(k)].point * terms, terms);
    right_.middleRows(tile * unknowns_, unknowns_).noalias() = worker.own.transpose() * lacking;
    weigh(own, worker.own, worker.weighed);
    blocks.push_back({tile, tile, worker.own.transpose() * worker.weighed});
    for (const std::int64_t other : later_neighbours(tile)) {
      worker.common.clear();
      worker.at.clear();
      const std::vector<Entry>& theirs = entries_[static_cast<std::size_t>(other)];
      for (std::size_t mine = 0, k = 0; mine < own.size() && k < theirs.size();) {
        const std::int32_t here = own[mine].point, there = theirs[k].point;
        if (here == there) {
          worker.at.push_back(static_cast<std::int32_t>(mine));
          worker.common.push_back(theirs[k]);
        }
        if (here <= there) ++mine;
        if (there <= here) ++k;
      }
      if (worker.common.empty()) continue;
      make_rows(worker, other, worker.common, worker.other);
      weigh(worker.common, worker.other, worker.weighed);
      Rows shared(worker.other.rows(), unknowns_);
      for (std::int64_t k = 0; k < std::ssize(worker.at); ++k)
        shared.middleRows(k * terms, terms) =
            worker.own.middleRows(worker.at[static_cast<std::size_t>(k)] * terms, terms);
      blocks.push_back({tile, other, shared.transpose() * worker.weighed});
    }
  }

  void add(const Matrix& change) {
    for (std::size_t t = 0; t < field_.networks.size(); ++t) {
      Network& network = field_.networks[t];
      const LayerSlice last = layer_slices(network.architecture).back();
      for (std::size_t o = 0; o < outputs_; ++o) {
        const double scale = field_.tiling.normalisation[t * outputs_ + o].scale;
        const auto of_tile =
            change.col(static_cast<std::int64_t>(o)).segment(static_cast<std::int64_t>(t) * unknowns_, unknowns_);
        const auto move = [&](std::int64_t at, double by) {
          float& parameter = network.parameters[static_cast<std::size_t>(at)];
          parameter = static_cast<float>(static_cast<double>(parameter) + by / scale);
        };
        for (std::int64_t f = 0; f + 1 < unknowns_; ++f)
          move(last.weight + static_cast<std::int64_t>(o) * last.inputs + f, of_tile(f));
        move(last.bias + static_cast<std::int64_t>(o), of_tile(unknowns_ - 1));
      }
    }
  }

  Field& field_;
  const PointForms& forms_;
  const ComputeOptions& compute_;
  std::unique_ptr<engine::Workers> workers_;
  std::size_t axes_, terms_, outputs_, width_;
  std::int64_t unknowns_;  // of a tile: its weights for one output, and the bias
  std::vector<std::int64_t> counts_;
  std::vector<std::vector<Entry>> entries_;  // of each tile
  std::vector<AxisPlace> places_;            // (points, axes)
  Rows lacking_;                             // (points x terms, outputs)
  std::vector<Block> blocks_;
  Matrix right_;  // (unknowns of all tiles, outputs)
};

}  // namespace

std::vector<AxisPair> pure_seconds(int inputs) {
  std::vector<AxisPair> pairs;
  for (int i = 0; i < inputs; ++i) pairs.push_back({i, i});
  return pairs;
}

void PointForms::add(std::span<const double> point, std::span<const double> matrix, std::span<const double> right) {
  const std::int64_t terms = this->terms();
  if (std::ssize(point) != inputs_ || std::ssize(matrix) != terms * terms || std::ssize(right) != terms * outputs_)
    throw bad_input(fmt::format("a form of {} coordinates, {} and {} numbers, expected {}, {} and {}", point.size(),
                                matrix.size(), right.size(), inputs_, terms * terms, terms * outputs_));
  points_.insert(points_.end(), point.begin(), point.end());
  matrices_.insert(matrices_.end(), matrix.begin(), matrix.end());
  right_.insert(right_.end(), right.begin(), right.end());
}

void PointForms::add_equation(std::span<const double> point, std::span<const double> coefficients,
                              std::span<const double> right) {
  if (std::ssize(coefficients) != terms() || std::ssize(right) != outputs_)
    throw bad_input(fmt::format("an equation of {} coefficients and {} right sides, expected {} and {}",
                                coefficients.size(), right.size(), terms(), outputs_));
  std::vector<double> matrix, sides;
  for (const double a : coefficients) {
    for (const double b : coefficients) matrix.push_back(a * b);
    for (const double side : right) sides.push_back(a * side);
  }
  add(point, matrix, sides);
}

void solve_last_layers(Field& field, const PointForms& forms, double ridge, const ComputeOptions& compute) {
  checked(field, forms);
  LastLayers(field, forms, compute).solve(ridge);
}

}  // namespace sinefield::train
