// Which features a problem is solved with: how many, of which wavenumbers, with which windows; by what the problem
// says, else by rule. Features are networks without hidden layers, sines of fixed frequencies.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/first_frequencies.h"
#include "sinefield/problem.h"
#include "train/linear_terms.h"

namespace sinefield::train {

/// Features of their own for a ball, of wavenumbers up to 10 / radius. In network coordinates.
struct FeatureBall {
  std::vector<double> centre;
  double radius;
  int features;

  bool contains(std::span<const double> x) const;
};

/// One try: this many features without windows, of wavenumbers up to this, in network coordinates; and balls.
struct Rung {
  int features;
  double wavenumber;
  std::vector<FeatureBall> balls = {};

  int features_in_balls() const;
};

/// Volume in network coordinates, time included, of what the terms inside are about.
double network_volume(const Problem&, const std::vector<AxisMap>&);

/// Fields of wavenumbers up to K on a set of this volume in d dimensions, by Weyl's law.
double degrees_of_freedom(double wavenumber, double volume, int d);

/// Features of a solution of wavenumbers up to K on such a set where K is known; and, where it is not, the K of smooth
/// ones that many features find to rounding.
int features_for(double wavenumber, double volume, int d);
double wavenumber_for(int features, double volume, int d);

/// The one that the problem asks for, in network coordinates; nothing where it does not say.
std::optional<double> given_wavenumber(const Problem&, const std::vector<AxisMap>&);

/// The largest wavenumber that equations themselves have, as k of laplacian(u) + k^2 u, in network coordinates; 0 where
/// nothing oscillates.
double own_wavenumber(const std::vector<TermEquations>&);

/// From few features to `most`, in the order of trying.
std::vector<Rung> rungs_of(const Problem&, const std::vector<AxisMap>&, double own_wavenumber, int most);

/// The field of a rung with `outputs` outputs, a sum with weights yet to be found: a function of its arguments alone.
Field features_of(const std::vector<AxisMap>&, const Rung&, int outputs, std::uint64_t seed);

/// Features of one network: no hidden layer, weights of 0.
Network features_network(int inputs, int outputs, int features, const DiscFrequencies&, std::uint64_t seed,
                         std::uint32_t stream);

/// A share of the squared residual at a place, in network coordinates.
struct ResidualShare {
  std::vector<double> at;
  double square;
};

/// Balls where most of the residual is: cells of a grid as fine as the next smaller ball there, those with the largest
/// shares, `most_features` in all at most.
struct Refinement {
  std::vector<FeatureBall> balls;
  double volume;  ///< of their cells
};
Refinement refinement_of(const Rung&, const std::vector<ResidualShare>&, int most_features);

}  // namespace sinefield::train
