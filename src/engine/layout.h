// How a network and a block of points lie in memory while the engine works: "panels".
//
// A matrix (rows, columns) in panels of P columns: element (r, c) at [c / P][r][c % P], the last panel padded. P is two
// vectors of the instruction set. One point (or one derivative stream of it) is a row, one unit a column; so a tile of
// a product reads its right operand as contiguous vectors, its left one at constant offsets, and writes contiguously,
// forward, backward and for the weight gradient alike: no operand is ever transposed or copied inside a step.
// Left out: kernels (block-inl.h) and anything about jets.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "sinefield/architecture.h"

namespace sinefield::engine {

/// Memory for kernels: aligned to a cache line, zero at first, never resized.
template <class T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size) : size_(size) {
    const std::size_t bytes = (size * sizeof(T) + 63) / 64 * 64;
    if (bytes == 0) return;
    // calloc'd pages stay untouched (and uncounted) until a kernel writes them.
    void* memory = std::calloc(bytes + 64, 1);
    if (memory == nullptr) throw std::bad_alloc();
    block_.reset(memory);
    std::size_t space = bytes + 64;
    data_ = static_cast<T*>(std::align(64, bytes, memory, space));
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> block_;
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Register tile of an instruction set: `rows` x (two vectors); and the panel width P that follows from it.
struct Tile {
  int rows, panel;
};

/// One layer with its activation as the kernels see it. Offsets are in elements.
struct ActivatedLayer {
  int inputs, outputs;
  std::size_t forward;   ///< packed weights omega W, transposed: (inputs, outputs) in panels
  std::size_t backward;  ///< packed weights omega W: (outputs, inputs) in panels; of a first layer only behind rbf
  std::size_t bias;      ///< packed omega b, padded to whole panels
  std::size_t gradient;  ///< packed gradient of omega W, transposed: (inputs, outputs) in panels
  std::size_t bias_gradient;
  LayerSlice flat;
};

/// Everything about a network that does not depend on its parameters: offsets into the packed arrays.
struct NetworkLayout {
  NetworkLayout(const Architecture&, Tile, std::size_t element_size);

  Architecture architecture;
  Tile tile;
  std::vector<ActivatedLayer> layers;
  LayerSlice output;           ///< the linear output layer in the flat array
  std::size_t output_weights;  ///< packed: (outputs, padded width), rows contiguous
  std::size_t output_bias;
  std::size_t output_gradient;  ///< packed gradient, as output_weights
  std::size_t output_bias_gradient;
  /// Packed, (inputs, encoded inputs) in panels: the centres of rbf, transposed; of positional the rate 2^i of each
  /// feature along its axis.
  std::size_t encoding_weights;
  std::size_t encoding_units;  ///< packed, padded: the sigmas of rbf; of positional 1/2 where the feature is a cosine
  std::size_t centres_gradient, sigmas_gradient;  ///< of rbf, likewise
  std::size_t packed_size, gradient_size;
  int block_rows;  ///< rows of a block: a multiple of tile.rows

  int inputs() const { return architecture.inputs; }
  int outputs() const { return architecture.outputs; }
  bool encoded() const { return architecture.encoding.kind != Encoding::Kind::none; }
  bool rbf() const { return architecture.encoding.kind == Encoding::Kind::rbf; }
  int panels(int columns) const { return (columns + tile.panel - 1) / tile.panel; }
  int padded(int columns) const { return panels(columns) * tile.panel; }
};

}  // namespace sinefield::engine
