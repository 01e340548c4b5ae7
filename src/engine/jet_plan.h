// Which derivative streams a query carries, and by which passes: chosen by count alone, never by timing.
// Left out: training through jets; derivatives above second order.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sinefield/architecture.h"

namespace sinefield::engine {

/// A second-order operator sum a_ij d_i d_j u with constant a_ij: the nonzero terms with i <= j, off-diagonal pairs
/// already added up.
struct SecondOrder {
  struct Term {
    int i, j;
    double a;
  };
  std::vector<Term> terms;
};

/// `jet` carries all streams forward together; `reverse` (first derivatives only) goes forward once and back once for
/// each output.
enum class Passes { jet, reverse };

struct JetPlan {
  Passes passes = Passes::jet;
  int first = 0;  ///< first derivatives along axes 0 .. first-1: none, or all
  std::vector<SecondOrder> second;

  /// Streams in the order of the results: value, first derivatives, operators.
  int streams() const { return 1 + first + static_cast<int>(second.size()); }
  /// Cost of one point in forward passes F (one F = 2 x weight entries floating-point operations).
  int forward_passes(int outputs) const { return passes == Passes::reverse ? 1 + outputs : streams(); }
  /// "jet: value, 2 first derivatives, 1 operator: 4 F"
  std::string words(int outputs) const;
};

JetPlan value_plan();
/// The cheaper of the jet, (1 + d) F, and reverse, (1 + C) F; the jet where they tie.
JetPlan gradient_plan(int inputs, int outputs);
/// Value, gradient and sum over i of weights[i] d_i d_i u: (2 + d) F.
JetPlan laplacian_plan(std::span<const double> weights);
/// Value, gradient and d_i d_j for i <= j in the order (0,0), (0,1), .. (1,1), ..
JetPlan hessian_plan(int inputs);

}  // namespace sinefield::engine
