// The last layers of a field's networks as the unknowns of linear equations: whatever is linear in the value, the
// gradient and second-order operators of the field at points becomes a row for least_squares.h. Kinds network and sum,
// windows included. Left out: the solve itself, and fields of tiles.
// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/jet_plan.h"
#include "engine/jet_query.h"
#include "engine/workers.h"
#include "field/windows.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/views.h"
#include "train/least_squares.h"

namespace sinefield::train {

/// At each of n points: the sum over the streams s of the plan of coefficients(s) times stream s of the field's raw
/// outputs is `right`, for every output on its own. All in network units. With Scalar = std::complex<double> two
/// outputs after one another are the real and the imaginary part of one complex output.
template <class Scalar>
struct PointEquations {
  MatrixView<const double> points;        ///< (n, inputs)
  engine::JetPlan plan;                   ///< with operators it has first derivatives too, as laplacian_plan
  MatrixView<const Scalar> coefficients;  ///< (n, streams); with a stride of 0 the same for all points
  MatrixView<const Scalar> right;         ///< (n, outputs), of complex ones (n, outputs / 2)
};

/// What is left of a solution where it is stored as floats.
enum class Rounding : std::uint8_t {
  to_floats,
  /// The sum has every solved network twice, the second time with what the floats of the first left out: the field is
  /// the solution to 1e-14 of its terms when it is evaluated in double, at twice the cost.
  with_remainders,
};

class LastLayers {
 public:
  /// Of the networks with these indices, increasing; the others stay as they are. Copies what it needs of the field,
  /// refers to the workers. Throws bad_input for a field of tiles, for networks and windows that do not go together,
  /// and for indices that are none.
  LastLayers(const Field&, std::vector<std::size_t> solved, Isa, engine::Workers&);

  /// Of each output: the weights of each solved network and, where it has one, its constant. Networks without windows
  /// have one constant among them, the first's.
  int unknowns() const { return unknowns_; }

  /// rows (n, unknowns) and right as in the equations, from which what the other networks give has been taken away.
  /// Throws bad_input where a shape is wrong.
  template <class Scalar>
  void write(const PointEquations<Scalar>&, MatrixView<Scalar> rows, MatrixView<Scalar> right);

  /// The same rows added to the normal equations, block by block: memory for a block alone.
  template <class Scalar>
  void add_to(NormalEquations<Scalar>&, const PointEquations<Scalar>&);

  /// The field with these last layers: `solution` (unknowns, outputs) as the solvers give it, of complex outputs the
  /// two parts of each number. Throws bad_input where its length is wrong or a number is too large for a float.
  Field field_of(std::span<const double> solution, Rounding) const;

 private:
  struct Term {
    std::size_t network;
    std::optional<WindowJet> window;
    bool constant;
  };

  /// The networks packed for a plan: made once, for all blocks of an equation.
  struct Queries;

  template <class Scalar>
  void check(const PointEquations<Scalar>&) const;
  template <class Scalar>
  void write_blocks(Queries&, const PointEquations<Scalar>&, MatrixView<Scalar> rows, MatrixView<Scalar> right);
  template <class Scalar>
  void write_block(Queries&, const PointEquations<Scalar>&, std::int64_t first, MatrixView<Scalar> rows,
                   MatrixView<Scalar> right);
  template <class Scalar>
  void write_term(engine::JetQuery<double>&, const Term&, std::size_t column, const PointEquations<Scalar>&,
                  std::int64_t first, MatrixView<Scalar> rows);

  Field field_;
  std::optional<Field> rest_;  // the networks that stay
  Isa isa_;
  engine::Workers& workers_;
  std::vector<Term> terms_;
  int unknowns_ = 0;
};

}  // namespace sinefield::train
