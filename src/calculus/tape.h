// Expressions compiled to a tape: a plain list of operations in the order of their evaluation, common ones shared, dead
// ones dropped, evaluated on blocks of points and, for training and for linear problems, backwards: from the
// derivatives of something by the roots to those by the streams of the unknown fields.
// Registers hold `block_points` numbers each, one for every operation.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sinefield/expression.h"
#include "sinefield/given_field.h"
#include "sinefield/machine.h"
#include "sinefield/views.h"

namespace sinefield::calculus {

/// What a block of points, `count` of them, gives a tape.
template <class T>
struct TapeInputs {
  int count = 0;                      ///< 1 .. block_points
  MatrixView<const T> coordinates;    ///< (count, coordinates)
  MatrixView<const T> normals = {};   ///< (count, space coordinates); where the tape needs them
  std::span<const T* const> streams;  ///< for each of `Tape::streams()` count numbers
  MatrixView<const T> columns = {};   ///< (count, at least `Tape::columns()`)
};

class Tape {
 public:
  static constexpr int block_points = 64;

  /// Of at least one expression, all of one graph.
  explicit Tape(std::span<const Expression> roots);

  /// The streams that it reads, in the order of TapeInputs::streams.
  const std::vector<Stream>& streams() const { return streams_; }
  bool needs_normals() const { return needs_normals_; }
  /// Numbers that come with each point.
  int columns() const { return columns_; }
  int roots() const { return static_cast<int>(roots_.size()); }
  int operations() const { return static_cast<int>(instructions_.size()); }
  /// Numbers that `evaluate`, and as many again that `reverse`, works in.
  std::size_t registers() const { return instructions_.size() * block_points; }

  /// Fills the registers. Allocates nothing. Given fields are splines in double whatever T is.
  template <class T>
  void evaluate(Isa, const TapeInputs<T>&, std::span<T> registers) const;
  /// The values of a root after `evaluate`.
  template <class T>
  std::span<const T> root(int index, std::span<const T> registers, int count) const {
    return registers.subspan(static_cast<std::size_t>(roots_[static_cast<std::size_t>(index)]) * block_points,
                             static_cast<std::size_t>(count));
  }

  /// After `evaluate`: root_bars (roots, count) are the derivatives of something by each root; writes those by each
  /// stream, (streams, count). `bars` is room. Allocates nothing. At the corners of abs, min and max it takes what the
  /// symbolic derivative takes; the derivative of a square root at 0 is 0.
  template <class T>
  void reverse(Isa, int count, std::span<const T> registers, MatrixView<const T> root_bars, std::span<T> bars,
               MatrixView<T> stream_bars) const;

 private:
  struct Instruction {
    Operation operation;
    bool depends;  ///< on a stream
    std::int32_t operands[3];
    std::int32_t index;
    double number;
  };

  struct Given {
    std::shared_ptr<const GivenField> field;
    int component, degree;
    std::array<int, 3> orders;
    std::vector<int> coordinates;
  };
  template <class T>
  void evaluate_given(const Given&, const TapeInputs<T>&, T* values) const;

  std::vector<Instruction> instructions_;
  std::vector<Given> givens_;
  std::vector<std::int32_t> roots_;
  std::vector<Stream> streams_;
  bool needs_normals_ = false;
  int columns_ = 0;
};

}  // namespace sinefield::calculus
