// Problems in time cut into slabs, parts of the time that are solved one after the other: which problems can be, what
// the problem of a slab is, and the field that their fields make together. Left out: solving, and how long slabs are.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "sinefield/expression.h"
#include "sinefield/field.h"
#include "sinefield/problem.h"

namespace sinefield::train {

/// A problem that goes from one end of a time to the other: some terms are fixed at its low end, none at later times.
struct Evolution {
  int axis;          ///< of the time
  double low, high;  ///< its range
  /// What of the unknown fields goes on from one slab to the next: those that terms at the low end read, with their
  /// derivatives by the time as far as they read these.
  std::vector<Expression> continued;
};

/// Nothing where the problem is none.
std::optional<Evolution> evolution_of(const Problem&);

/// The problem from `low` to `high`. Where `low` is not the beginning its last term, at `low`, is what goes on; that is
/// to be what it is of the slab before, and not 0.
Problem slab_problem(const Problem&, const Evolution&, double low, double high);

/// Fields of kind sum, each from the end of the one before to its own, as one. The first counts before its beginning
/// too, the last after its end.
class JoinedSlabs {
 public:
  explicit JoinedSlabs(int axis) : axis_(axis) {}

  /// `until` in network coordinates.
  void add(const Field&, double until);
  /// All that has been added.
  Field field() const;

 private:
  int axis_;
  std::vector<Field> fields_;
  std::vector<double> until_;
};

}  // namespace sinefield::train
