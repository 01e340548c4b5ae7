// A problem: coordinates with their ranges, unknown fields, and terms that say what must vanish where. Built in C++ as
// below, or read from a text file (problem_file.h); solved by solve.h.
//
//   Problem p;
//   const Expression x = p.space("x", 0, 1), y = p.space("y", 0, 1), u = p.unknown("u");
//   p.add("equation", laplacian(u) - exp(x * y));
//   p.add("border", u, p.boundary());
//
// An unknown number is an unknown that no coordinate changes: add terms that say so of its derivatives.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/complex_expression.h"
#include "sinefield/expression.h"
#include "sinefield/given_field.h"
#include "sinefield/problem_recipe.h"
#include "sinefield/region.h"
#include "sinefield/solution.h"

namespace sinefield {

/// More points about a place, as `rings` in region.h.
struct RingPoints {
  std::vector<double> centre;
  double nearest, farthest;
  std::int64_t points;
};

/// Points that are given, as those of a measurement, and what is known at each of them.
struct GivenPoints {
  std::vector<double> coordinates;  ///< (points, coordinates of the problem), within their ranges
  int columns = 0;
  std::vector<double> values;  ///< (points, columns): what `Problem::column` stands for
};

/// Where a term holds: inside a region of space or on its boundary, at all times or at one.
struct Place {
  Region region;
  bool boundary = false;
  std::optional<Expression> where = {};            ///< of coordinates and normal: only where it is not 0
  std::vector<std::pair<int, double>> fixed = {};  ///< coordinates that have one value: (its number, the value)
  std::int64_t points = 0;                         ///< 0: by rule
  Sampling sampling = Sampling::jittered;
  std::vector<RingPoints> rings = {};  ///< inside regions only, beside the points
  /// All of the place, which then has no boundary, no rings, no number of points; `region` and `sampling` are not
  /// looked at.
  std::shared_ptr<const GivenPoints> given = {};
};

/// What vanishes. Its penalty is averaged over the measure of its place; terms weigh alike, but for `weight`.
struct Term {
  std::string name;
  std::vector<ComplexExpression> residual;  ///< components; real ones have the imaginary part 0
  Place place;
  double weight = 1;  ///< > 0, of the penalty
  Penalty penalty = {};
};

/// What is known of a solution, to measure errors by: never used to find it.
struct ExactSolution {
  int unknown;  ///< its number among the unknowns
  ComplexExpression value;
  std::optional<Expression> where = {};  ///< measured where it is not 0
};

/// Ball-shaped windows about a place where a solution is steep, each with features of its own.
struct FeatureWindows {
  std::vector<double> centre;  ///< of space coordinates
  std::vector<double> radii;
  int features = 60;  ///< in each, of wavenumbers up to 10 / radius
};

/// What solutions of linear problems are made of; what is not given is found by rule.
struct Features {
  std::optional<int> count;
  std::optional<double> wavenumber;  ///< largest, in radians for a unit of the space coordinates
  /// The range of the time against the longest side of space, in network coordinates: below 1 features change more
  /// slowly in time, and balls are longer.
  double time_stretch = 1;  ///< > 0
  /// Parts of the time, each with features of its own, solved one after the other (marching); 1: all of it at once.
  std::optional<int> slabs;
  std::vector<FeatureWindows> windows;
  /// Of linear problems: tiles along the longest side, each with features of its own and all solved at once.
  std::optional<int> tiles = {};
};

class Problem {
 public:
  Problem();

  const std::shared_ptr<ExpressionGraph>& graph() const { return graph_; }
  const std::vector<ProblemCoordinate>& coordinates() const { return coordinates_; }
  const std::vector<UnknownField>& unknowns() const { return unknowns_; }
  const std::vector<Term>& terms() const { return terms_; }
  const std::vector<ExactSolution>& exact() const { return exact_; }

  /// Declarations, before the first term; at most three coordinates of space, one of time, 100 unknowns. Names are
  /// letters, digits and _; each is given once. Throw bad_input.
  Expression space(const std::string& name, double low, double high);
  Expression time(const std::string& name, double low, double high);
  Expression unknown(const std::string& name);
  ComplexExpression complex_unknown(const std::string& name);
  /// The components of a given field; along its axes run the coordinates, each another one of this problem.
  std::vector<Expression> given(const std::string& name, std::shared_ptr<const GivenField>,
                                const std::vector<Expression>& coordinates);
  /// What is known at each given point, column 0, 1, ..: in residuals and conditions of terms at such points.
  Expression column(int index) { return graph_->column(index); }

  /// The box of the ranges of the space coordinates, or what has been put in its place.
  Region domain() const;
  void set_domain(Region);
  Place inside() const { return {domain()}; }
  /// Components of the outward normal, for residuals on boundaries.
  std::vector<Expression> normal() const;
  Place boundary() const { return {.region = domain(), .boundary = true}; }
  /// The same problem during a part of its time, in the same graph: without the terms that are fixed at other times.
  /// Throws bad_input where the problem has no time, or the part is none of its range.
  Problem during(double low, double high) const;

  /// Inside at one time.
  Place at_time(double) const;
  /// These points, (points, coordinates), and columns of numbers that come with them. Throws bad_input where there is
  /// no point, one is outside the ranges, or a number is not finite.
  Place at_points(GivenPoints) const;

  /// Throws bad_input for names given twice, weights not above 0, residuals in which no unknown field stands, places of
  /// other dimensions, normals away from boundaries, fixed coordinates that are no times within their range,
  /// expressions of another problem, columns that the points do not have, and more than 1000 terms.
  void add(const std::string& name, const Expression& residual) { add(name, residual, inside()); }
  void add(const std::string& name, const Expression& residual, Place, double weight = 1);
  void add(const std::string& name, const ComplexExpression& residual, Place, double weight = 1);
  void add(Term);

  /// Once for each unknown.
  void set_exact(ExactSolution);

  Features features;
  std::string title;
  /// How a network is trained for it; nothing: it is solved for in last layers (solve.h).
  std::optional<ProblemRecipe> training;

 private:
  Expression coordinate(ProblemCoordinate);
  void check_name(const std::string&) const;
  void check_unknowns() const;

  std::shared_ptr<ExpressionGraph> graph_;
  std::vector<ProblemCoordinate> coordinates_;
  std::vector<UnknownField> unknowns_;
  std::vector<Term> terms_;
  std::vector<ExactSolution> exact_;
  std::optional<Region> domain_;
};

}  // namespace sinefield
