// The terms of a problem as linear equations for the streams of a field: tapes evaluated at points, forwards for the
// residuals and backwards for the coefficients. What is not linear is linearised about a field: Newton's method.
// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/jet_plan.h"
#include "engine/workers.h"
#include "problem/collocation.h"
#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"

namespace sinefield::train {

/// The equations of a term at its points, in network coordinates: for each real component of the residual and each
/// channel a coefficient for every stream of the plan, sum of coefficient x stream = right.
struct TermEquations {
  std::int64_t points = 0;
  engine::JetPlan plan;
  std::vector<double> x;             ///< (points, inputs), network coordinates
  std::vector<double> weights;       ///< (points): shares of the measure of the place
  int components = 0, channels = 0;  ///< real ones
  std::vector<double> coefficients;  ///< (components, channels, points, streams)
  std::vector<double> right;         ///< (components, points)
  std::vector<double> residual;      ///< (components, points), of the field that it was linearised about

  MatrixView<const double> of(int component, int channel) const;
};

/// The residual's parts, real ones of the real components, both of the complex ones.
std::vector<Expression> real_components(const Term&);

/// A time from which on a field stays as it is: its values there, without derivatives by the time.
struct Standstill {
  int axis;     ///< of the time
  double from;  ///< network coordinate
};

/// Linearised about a field, null: about 0. Throws bad_input where a coefficient or a right side is not finite, naming
/// the term and the point.
TermEquations term_equations(const Problem&, const Term&, const problem::Collocation&, const std::vector<AxisMap>&,
                             const Field* about, Isa, engine::Workers&, const std::optional<Standstill>& = {});

/// Added to the seed of points that a solve or a training has not seen.
inline constexpr std::uint64_t unseen = 0x1000;

/// Sum of the squares of numbers (components, points) of a term, by the weights of its points.
double squares_of(const std::vector<double>& numbers, const TermEquations&);

/// Points first, first + step, .. of a term, `count` of them at most.
TermEquations picked(const TermEquations&, std::int64_t first, std::int64_t step, std::int64_t count);

/// Where each component reads the channels of one group alone, groups of `parts` of them (1, or 2 of complex numbers):
/// the equations of each group as if it were all that is unknown. Nothing where a component reads more, or there is one
/// group.
std::vector<std::vector<TermEquations>> apart(const std::vector<TermEquations>&, int parts);

/// Groups that have the same coefficients, whatever their right sides are: one system, several right sides. Refers to
/// what `apart` gives.
struct AlikeGroups {
  std::vector<std::size_t> groups;                       ///< which
  std::vector<const std::vector<TermEquations>*> sides;  ///< their equations
};
std::vector<AlikeGroups> alike(const std::vector<std::vector<TermEquations>>&);

/// Whether pairs of components and channels are the parts of complex numbers: (a, -b; b, a) everywhere.
bool is_complex(const TermEquations&);

}  // namespace sinefield::train
