// Which derivative streams a query carries, and by which passes: chosen by count alone, never by timing.
// Left out: derivatives above second order.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sinefield/architecture.h"

namespace sinefield::engine {

/// A second-order operator sum a_ij d_i d_j u: the nonzero terms with i <= j, off-diagonal pairs already added up.
struct SecondOrder {
  struct Term {
    int i, j;  ///< positions among the first derivatives of the plan
    double a;  ///< not looked at where the plan's coefficients come by point
  };
  std::vector<Term> terms;
};

/// `jet` carries all streams forward together; `reverse` (first derivatives along all axes only) goes forward once and
/// back once for each output.
enum class Passes { jet, reverse };

struct JetPlan {
  Passes passes = Passes::jet;
  int first = 0;  ///< how many first derivatives
  std::vector<SecondOrder> second;
  std::vector<int> axes = {};          ///< of the first derivatives; empty: axes 0 .. first - 1
  bool coefficients_by_point = false;  ///< a_ij of every term differ from point to point: whoever gives points has them

  /// Axis of first derivative k.
  int axis(int k) const { return axes.empty() ? k : axes[static_cast<std::size_t>(k)]; }
  /// Of all operators together.
  int terms() const;

  /// Streams in the order of the results: value, first derivatives, operators.
  int streams() const { return 1 + first + static_cast<int>(second.size()); }
  /// Cost of one point in forward passes F (one F = 2 x weight entries floating-point operations).
  int forward_passes(int outputs) const { return passes == Passes::reverse ? 1 + outputs : streams(); }
  /// "jet: value, 2 first derivatives, 1 operator: 4 F"
  std::string words(int outputs) const;
};

JetPlan value_plan();
/// The cheaper of the jet, (1 + d) F, and reverse, (1 + C) F; the jet where they tie. The jet also of networks whose
/// encoding or activation the way back through reverse does not know: it keeps slopes, from which s'' of finer and
/// gauss cannot be told.
JetPlan gradient_plan(const Architecture&);
/// Value, gradient and sum over i of weights[i] d_i d_i u: (2 + d) F.
JetPlan laplacian_plan(std::span<const double> weights);
/// Value, gradient and d_i d_j for i <= j in the order (0,0), (0,1), .. (1,1), ..
JetPlan hessian_plan(int inputs);

}  // namespace sinefield::engine
