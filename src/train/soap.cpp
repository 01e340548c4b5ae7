// The order of a SOAP step, and what of it is not a product: packing, permuting, the first eigenbases.
// SPDX-License-Identifier: MIT
#include "train/soap.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <compare>
#include <numeric>
#include <utility>

#include "train/eigen.h"

namespace sinefield::train {

template <class T>
Soap<T>::Soap(const Architecture& architecture, Isa isa, engine::Workers& workers, Clipping<T> clipping)
    : GradientOptimizer<T>(static_cast<std::size_t>(parameter_count(architecture)), clipping),
      kernels_(engine::kernels<T>(isa)),
      workers_(workers),
      parameters_(static_cast<std::size_t>(parameter_count(architecture))) {
  const engine::Tile tile = kernels_.tile;
  const auto add_plain = [this](std::int64_t first, std::int64_t count) {
    const auto size = static_cast<std::size_t>(count);
    plain_.push_back({static_cast<std::size_t>(first), std::vector<T>(size), std::vector<T>(size)});
  };
  const auto add_side = [this, tile](int size) {
    if (size == 1 || size > largest_side) return -1;
    sides_.emplace_back(size, tile);
    return static_cast<int>(sides_.size()) - 1;
  };
  if (const std::int64_t encoding = encoding_parameters(architecture); encoding > 0) add_plain(0, encoding);
  for (const LayerSlice& slice : layer_slices(architecture)) {
    add_plain(slice.bias, slice.outputs);
    const int left = add_side(slice.outputs), right = add_side(slice.inputs);
    if (left < 0 && right < 0) {
      add_plain(slice.weight, std::int64_t{slice.outputs} * slice.inputs);
      continue;
    }
    const auto matrix = [&] { return PanelMatrix<T>(slice.outputs, slice.inputs, tile); };
    matrices_.push_back({slice, left, right, matrix(), PanelMatrix<T>(slice.inputs, slice.outputs, tile), matrix(),
                         matrix(), matrix(), matrix()});
  }

  const int strip_rows = 48 / tile.rows * tile.rows;
  const auto add_strips = [&](std::size_t matrix, int side, int rows) {
    const int padded = (rows + tile.rows - 1) / tile.rows * tile.rows;
    for (int first = 0; first < padded; first += strip_rows)
      strips_.push_back({matrix, side, first, std::min(strip_rows, padded - first)});
  };
  std::size_t widest = 0;
  for (std::size_t m = 0; m < matrices_.size(); ++m) {
    add_strips(m, -1, matrices_[m].slice.outputs);
    widest = std::max(widest, static_cast<std::size_t>(matrices_[m].gradient.panels() * tile.panel));
  }
  matrix_strips_ = strips_.size();
  std::size_t columns = 0, reflections = 0;
  for (std::size_t m = 0; m < matrices_.size(); ++m)
    for (const int side : {matrices_[m].left, matrices_[m].right})
      if (side >= 0) {
        const PanelMatrix<T>& basis = sides_[static_cast<std::size_t>(side)].basis;
        add_strips(m, side, basis.rows());
        columns = std::max(
            columns, static_cast<std::size_t>(basis.rows()) * static_cast<std::size_t>(basis.panels() * tile.panel));
        reflections = std::max(reflections, kernels_.orthonormalise_scratch(basis.rows()));
      }
  const std::size_t strip = static_cast<std::size_t>(strip_rows) * widest;
  for (int w = 0; w < workers.count(); ++w)
    scratch_.push_back({engine::AlignedArray<T>(strip), engine::AlignedArray<T>(strip),
                        engine::AlignedArray<T>(columns), engine::AlignedArray<T>(reflections)});
}

template <class T>
template <class Work>
void Soap<T>::for_each(std::span<const Strip> strips, const Work& work) {
  std::atomic<std::size_t> next = 0;
  const auto task = [&](int worker) {
    for (std::size_t i = next++; i < strips.size(); i = next++)
      work(strips[i], scratch_[static_cast<std::size_t>(worker)]);
  };
  workers_.run(task);
}

template <class T>
void Soap<T>::step(std::span<T> parameters, std::span<const T> gradient, double lr, double scale) {
  const std::span<const Strip> all(strips_), of_matrices = all.first(matrix_strips_),
                                             of_sides = all.subspan(matrix_strips_);
  const std::int64_t t = steps_++;  // the first step is no step of Adam
  for_each(of_matrices, [&](const Strip& strip, Scratch&) { pack_gradient(strip, gradient, static_cast<T>(scale)); });
  if (t == 0) {
    for_each(of_sides, [&](const Strip& strip, Scratch&) { add_to_moment(strip); });
    for (Side& side : sides_) set_up_basis(side);
    return;
  }

  const double correction1 = 1 - integer_power(beta1, t), correction2 = 1 - integer_power(beta2, t);
  // The authors add epsilon to the root of the second moment before its correction.
  const engine::AdamStep in_eigenbasis{lr, beta1, beta2, epsilon / std::sqrt(correction2), correction1, correction2, 1};
  engine::AdamStep outside = in_eigenbasis;
  outside.scale = scale;
  for (Plain& plain : plain_)
    kernels_.adam(outside, parameters.data() + plain.first, gradient.data() + plain.first, plain.mean.data(),
                  plain.square.data(), plain.mean.size());
  for_each(all, [&](const Strip& strip, Scratch& scratch) {
    if (strip.side < 0)
      move_in_eigenbasis(strip, in_eigenbasis, scratch);
    else
      add_to_moment(strip);
  });
  for_each(of_matrices, [&](const Strip& strip, Scratch& scratch) { move_parameters(strip, parameters, scratch); });
  if (t % refresh_interval == 0) refresh_bases();
}

template <class T>
void Soap<T>::rotate(const Strip& strip, const PanelMatrix<T>* left, const PanelMatrix<T>& middle,
                     const PanelMatrix<T>* right, T* result, std::size_t stride, Scratch& scratch) const {
  const T* half = middle.at(strip.first, 0);
  std::size_t half_stride = middle.stride();
  const auto multiply = [&](int inner, const T* a, std::size_t a_stride, const PanelMatrix<T>& b, T* c,
                            std::size_t c_stride) {
    kernels_.multiply({strip.rows, inner, b.panels(), a, a_stride, b.at(0, 0), b.stride(), c, c_stride});
  };
  if (left != nullptr) {
    T* to = right == nullptr ? result : scratch.half.data();
    const std::size_t to_stride =
        right == nullptr ? stride
                         : static_cast<std::size_t>(strip.rows) * static_cast<std::size_t>(kernels_.tile.panel);
    multiply(middle.rows(), left->at(strip.first, 0), left->stride(), middle, to, to_stride);
    half = to;
    half_stride = to_stride;
  }
  if (right != nullptr) multiply(middle.columns(), half, half_stride, *right, result, stride);
}

template <class T>
void Soap<T>::pack_gradient(const Strip& strip, std::span<const T> gradient, T scale) {
  Matrix& matrix = matrices_[strip.matrix];
  const int columns = matrix.slice.inputs, panel = kernels_.tile.panel;
  const int last = std::min(strip.first + strip.rows, matrix.slice.outputs);
  const T* from = gradient.data() + matrix.slice.weight;
  for (int r = strip.first; r < last; ++r)
    for (int j = 0; j < matrix.gradient.panels(); ++j) {
      T* to = matrix.gradient.at(r, j);
      const T* row = from + std::int64_t{r} * columns + j * panel;
      for (int i = 0, width = std::min(panel, columns - j * panel); i < width; ++i) to[i] = scale * row[i];
    }
  for (int first = strip.first; first < last;) {
    const int j = first / panel, end = std::min(last, (j + 1) * panel);
    for (int c = 0; c < columns; ++c) {
      T* to = matrix.transposed.at(c, j) - j * panel;
      for (int r = first; r < end; ++r) to[r] = scale * from[std::int64_t{r} * columns + c];
    }
    first = end;
  }
}

// From the panel of the diagonal on; the rest is symmetric.
template <class T>
void Soap<T>::add_to_moment(const Strip& strip) {
  const Matrix& matrix = matrices_[strip.matrix];
  Side& side = sides_[static_cast<std::size_t>(strip.side)];
  const bool left = strip.side == matrix.left;
  const PanelMatrix<T>&a = left ? matrix.gradient : matrix.transposed, &b = left ? matrix.transposed : matrix.gradient;
  const int from = strip.first / kernels_.tile.panel;
  engine::PanelProduct<T> product{
      strip.rows,    b.rows(),   side.moment.panels() - from,       a.at(strip.first, 0), a.stride(),
      b.at(0, from), b.stride(), side.moment.at(strip.first, from), side.moment.stride()};
  product.keep = static_cast<T>(beta2);
  product.share = static_cast<T>(1 - beta2);
  kernels_.multiply(product);
}

template <class T>
void Soap<T>::mirror_moment(const Strip& strip) {
  PanelMatrix<T>& moment = sides_[static_cast<std::size_t>(strip.side)].moment;
  const int end = std::min(strip.first + strip.rows, moment.rows());
  for (int c = 0; c < strip.first / kernels_.tile.panel * kernels_.tile.panel; ++c)
    for (int r = strip.first; r < end; ++r) moment(r, c) = moment(c, r);
}

template <class T>
void Soap<T>::move_in_eigenbasis(const Strip& strip, const engine::AdamStep& step, Scratch& scratch) {
  Matrix& matrix = matrices_[strip.matrix];
  const Side *left = side(matrix.left), *right = side(matrix.right);
  rotate(strip, left == nullptr ? nullptr : &left->transposed, matrix.gradient,
         right == nullptr ? nullptr : &right->basis, matrix.projected.at(strip.first, 0), matrix.projected.stride(),
         scratch);
  const auto size = static_cast<std::size_t>(strip.rows) * static_cast<std::size_t>(kernels_.tile.panel);
  for (int j = 0; j < matrix.move.panels(); ++j) {
    T* move = matrix.move.at(strip.first, j);
    std::fill_n(move, size, T{0});
    kernels_.adam(step, move, matrix.projected.at(strip.first, j), matrix.mean.at(strip.first, j),
                  matrix.square.at(strip.first, j), size);
  }
}

template <class T>
void Soap<T>::move_parameters(const Strip& strip, std::span<T> parameters, Scratch& scratch) {
  const Matrix& matrix = matrices_[strip.matrix];
  const Side *left = side(matrix.left), *right = side(matrix.right);
  const int columns = matrix.slice.inputs, panel = kernels_.tile.panel;
  const std::size_t stride = static_cast<std::size_t>(strip.rows) * static_cast<std::size_t>(panel);
  rotate(strip, left == nullptr ? nullptr : &left->basis, matrix.move, right == nullptr ? nullptr : &right->transposed,
         scratch.strip.data(), stride, scratch);
  const int rows = std::min(strip.rows, matrix.slice.outputs - strip.first);
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < matrix.move.panels(); ++j) {
      const T* from = scratch.strip.data() + static_cast<std::size_t>(j) * stride + r * panel;
      T* to = parameters.data() + matrix.slice.weight + std::int64_t{strip.first + r} * columns + j * panel;
      for (int i = 0, width = std::min(panel, columns - j * panel); i < width; ++i) to[i] += from[i];
    }
}

// One power iteration: Q becomes the orthonormal factor of L Q, its columns sorted by their estimated eigenvalues; the
// moments of Adam follow.
template <class T>
void Soap<T>::refresh_bases() {
  const std::span<const Strip> all(strips_), of_matrices = all.first(matrix_strips_),
                                             of_sides = all.subspan(matrix_strips_);
  for_each(of_sides, [&](const Strip& strip, Scratch&) { mirror_moment(strip); });
  for_each(all, [&](const Strip& strip, Scratch& scratch) {
    Matrix& matrix = matrices_[strip.matrix];
    if (strip.side < 0) {  // `move` has been taken: now the mean outside the eigenbasis
      const Side *left = side(matrix.left), *right = side(matrix.right);
      rotate(strip, left == nullptr ? nullptr : &left->basis, matrix.mean,
             right == nullptr ? nullptr : &right->transposed, matrix.move.at(strip.first, 0), matrix.move.stride(),
             scratch);
    } else {
      Side& mine = sides_[static_cast<std::size_t>(strip.side)];
      rotate(strip, &mine.transposed, mine.moment, nullptr, mine.power.at(strip.first, 0), mine.power.stride(),
             scratch);
    }
  });
  for_each(of_sides, [&](const Strip& strip, Scratch& scratch) {
    if (strip.first == 0) iterate_basis(sides_[static_cast<std::size_t>(strip.side)], scratch);
  });
  for_each(of_matrices, [&](const Strip& strip, Scratch& scratch) {
    Matrix& matrix = matrices_[strip.matrix];
    const Side *left = side(matrix.left), *right = side(matrix.right);
    rotate(strip, left == nullptr ? nullptr : &left->transposed, matrix.move,
           right == nullptr ? nullptr : &right->basis, matrix.mean.at(strip.first, 0), matrix.mean.stride(), scratch);
    permute_square(strip);
  });
  for (Matrix& matrix : matrices_) std::swap(matrix.square, matrix.projected);
}

template <class T>
void Soap<T>::iterate_basis(Side& side, Scratch& scratch) {
  const int size = side.basis.rows(), panel = kernels_.tile.panel, panels = side.basis.panels();
  const auto padded = static_cast<std::size_t>(panels) * static_cast<std::size_t>(panel);
  for (int k = 0; k < size; ++k) {
    double sum = 0;
    for (int j = 0; j < panels; ++j) {
      const T *q = side.transposed.at(k, j), *p = side.power.at(k, j);
      for (int i = 0; i < panel; ++i) sum += static_cast<double>(q[i]) * static_cast<double>(p[i]);
    }
    side.estimate[static_cast<std::size_t>(k)] = sum;
  }
  std::iota(side.order.begin(), side.order.end(), 0);
  std::ranges::sort(side.order, [&](int a, int b) {  // total, also where a gradient was not finite
    const auto order =
        std::strong_order(side.estimate[static_cast<std::size_t>(a)], side.estimate[static_cast<std::size_t>(b)]);
    return std::is_eq(order) ? a < b : std::is_gt(order);
  });

  T* columns = scratch.columns.data();
  for (int k = 0; k < size; ++k)
    for (int j = 0; j < panels; ++j)
      std::copy_n(side.power.at(side.order[static_cast<std::size_t>(k)], j), panel,
                  columns + static_cast<std::size_t>(k) * padded + j * panel);
  kernels_.orthonormalise(size, columns, scratch.reflections.data());
  for (int k = 0; k < size; ++k)
    for (int j = 0; j < panels; ++j)
      std::copy_n(columns + static_cast<std::size_t>(k) * padded + j * panel, panel, side.transposed.at(k, j));
  for (int j = 0; j < panels; ++j)
    for (int r = 0; r < size; ++r) {
      T* to = side.basis.at(r, j);
      for (int i = 0, width = std::min(panel, size - j * panel); i < width; ++i)
        to[i] = columns[static_cast<std::size_t>(j * panel + i) * padded + static_cast<std::size_t>(r)];
    }
}

template <class T>
void Soap<T>::permute_square(const Strip& strip) {
  Matrix& matrix = matrices_[strip.matrix];
  const Side *left = side(matrix.left), *right = side(matrix.right);
  const int panel = kernels_.tile.panel;
  for (int r = strip.first; r < std::min(strip.first + strip.rows, matrix.slice.outputs); ++r) {
    const int from_row = left == nullptr ? r : left->order[static_cast<std::size_t>(r)];
    for (int j = 0; j < matrix.square.panels(); ++j) {
      T* to = matrix.projected.at(r, j);
      for (int i = 0, width = std::min(panel, matrix.slice.inputs - j * panel); i < width; ++i) {
        const int c = j * panel + i;
        to[i] = matrix.square(from_row, right == nullptr ? c : right->order[static_cast<std::size_t>(c)]);
      }
    }
  }
}

template <class T>
void Soap<T>::set_up_basis(Side& side) {
  using Dense = eigen::MatrixXd;
  // Eigen sums in blocks that fit the caches it finds: here always the same ones, so that all machines agree.
  eigen::setCpuCacheSizes(32 << 10, 512 << 10, 4 << 20);
  const int size = side.basis.rows();
  Dense moment(size, size);
  for (int r = 0; r < size; ++r)
    for (int c = r; c < size; ++c) moment(r, c) = moment(c, r) = static_cast<double>(side.moment(r, c));
  const eigen::SelfAdjointEigenSolver<Dense> solver(moment);
  for (int r = 0; r < size; ++r)
    for (int c = 0; c < size; ++c)  // largest eigenvalue first
      side.basis(r, c) = side.transposed(c, r) = static_cast<T>(solver.eigenvectors()(r, size - 1 - c));
}

template <class T>
void Soap<T>::restart() {
  steps_ = 0;
  for (Plain& plain : plain_) {
    std::ranges::fill(plain.mean, T{0});
    std::ranges::fill(plain.square, T{0});
  }
  for (Matrix& matrix : matrices_) {
    matrix.mean.clear();
    matrix.square.clear();
  }
  for (Side& side : sides_) side.moment.clear();  // the bases are set up from it
}

template <class T>
typename Soap<T>::State Soap<T>::state() const {
  State state{steps_, {std::vector<T>(parameters_), std::vector<T>(parameters_)}};
  for (const Plain& plain : plain_) {
    std::ranges::copy(plain.mean, state.arrays[0].begin() + static_cast<std::ptrdiff_t>(plain.first));
    std::ranges::copy(plain.square, state.arrays[1].begin() + static_cast<std::ptrdiff_t>(plain.first));
  }
  for (const Matrix& matrix : matrices_) {
    auto at = static_cast<std::size_t>(matrix.slice.weight);
    for (int r = 0; r < matrix.slice.outputs; ++r)
      for (int c = 0; c < matrix.slice.inputs; ++c, ++at) {
        state.arrays[0][at] = matrix.mean(r, c);
        state.arrays[1][at] = matrix.square(r, c);
      }
  }
  for (const Side& side : sides_) {
    std::vector<T> moment, basis;
    for (int r = 0; r < side.basis.rows(); ++r)
      for (int c = 0; c < side.basis.rows(); ++c) {
        moment.push_back(side.moment(std::min(r, c), std::max(r, c)));
        basis.push_back(side.basis(r, c));
      }
    state.arrays.push_back(std::move(moment));
    state.arrays.push_back(std::move(basis));
  }
  return state;
}

template <class T>
void Soap<T>::restore(const State& state) {
  std::vector<std::size_t> sizes{parameters_, parameters_};
  for (const Side& side : sides_) {
    const auto size = static_cast<std::size_t>(side.basis.rows());
    sizes.insert(sizes.end(), 2, size * size);
  }
  check_state<T>(state, sizes);
  steps_ = state.steps;
  for (Plain& plain : plain_) {
    std::copy_n(&state.arrays[0][plain.first], plain.mean.size(), plain.mean.begin());
    std::copy_n(&state.arrays[1][plain.first], plain.square.size(), plain.square.begin());
  }
  for (Matrix& matrix : matrices_) {
    auto at = static_cast<std::size_t>(matrix.slice.weight);
    for (int r = 0; r < matrix.slice.outputs; ++r)
      for (int c = 0; c < matrix.slice.inputs; ++c, ++at) {
        matrix.mean(r, c) = state.arrays[0][at];
        matrix.square(r, c) = state.arrays[1][at];
      }
  }
  for (std::size_t s = 0; s < sides_.size(); ++s) {
    Side& side = sides_[s];
    std::size_t at = 0;
    for (int r = 0; r < side.basis.rows(); ++r)
      for (int c = 0; c < side.basis.rows(); ++c, ++at) {
        side.moment(r, c) = state.arrays[2 + 2 * s][at];
        side.basis(r, c) = side.transposed(c, r) = state.arrays[3 + 2 * s][at];
      }
  }
}

template class Soap<float>;
template class Soap<double>;

}  // namespace sinefield::train
