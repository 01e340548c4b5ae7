// The terms of a problem as equations for the unknown fields at the points of a grid: which term rules which point, the
// residuals there, and the sparse rows of their derivatives by the unknowns. Time enters as multiples of the level that
// is sought and of what came before it. Unknowns are numbered point by point, the channels of a point together.
// Left out: how they are solved.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "calculus/tape.h"
#include "direct/eigen.h"
#include "direct/grid_points.h"
#include "sinefield/machine.h"
#include "sinefield/problem.h"

namespace sinefield::direct {

/// What a time derivative of order 0, 1 or 2 of a channel is: factor x what is sought + what is known.
struct Moment {
  double time = 0;
  std::array<std::vector<double>, 3> factors;  ///< (channels)
  std::array<std::vector<double>, 3> known;    ///< (unknowns); empty: 0

  /// The unknowns themselves, no time derivatives.
  static Moment steady(int channels);
};

/// What is sought: the fields inside a time or where there is none, at its start, or their rates there.
enum class Stage { level, start, rates };

/// What an equation multiplies a derivative of a channel at a point by.
struct Coefficient {
  std::int64_t row, point;
  int channel;
  int i, j;        ///< space axes of the derivative; -1: none
  int time_order;  ///< of the derivative
  double value;
};

class GridEquations {
 public:
  /// Throws bad_input for terms that a grid cannot take: at times within, of time derivatives beyond the second order.
  GridEquations(const Problem&, const GridPoints&, Isa);

  int channels() const { return channels_; }
  std::int64_t unknowns() const { return grid_.count() * channels_; }
  /// Highest order of a channel's time derivatives in terms inside.
  int time_order(int channel) const { return time_order_[static_cast<std::size_t>(channel)]; }
  /// Whether places depend on the time, so that `choose` must be called for each.
  bool places_change() const { return places_change_; }

  /// Gives each unknown an equation. Throws bad_input where there are too few or too many.
  void choose(Stage, double time);

  /// Evaluates all equations. Throws bad_input where one is not finite, naming term and point.
  void linearise(const Moment&, const std::vector<double>& unknowns);
  /// After `linearise`: (unknowns).
  const std::vector<double>& residual() const { return residual_; }
  /// Derivatives of the residuals by what is sought.
  RowMatrix matrix(const Moment&) const;
  /// All of what the matrix is made of.
  void visit(const std::function<void(const Coefficient&)>&) const;

 private:
  /// Part of a stream: a derivative in space of one in time.
  struct Part {
    int time_order, i, j;
    double a;
  };
  struct StreamParts {
    int channel;
    std::vector<Part> parts;
  };
  /// A term and the points where it is looked at.
  struct Use {
    std::int64_t point;
    int normal;  // its number among those of the point; -1 inside
  };
  struct TermRows {
    explicit TermRows(const Term&);

    const Term* term;
    calculus::Tape tape;
    std::vector<StreamParts> streams;
    std::vector<std::vector<int>> channels;              // that each root reads
    std::vector<bool> only_values, rates, second_rates;  // whether a root reads fields alone, their rates, theirs
    bool at_start = false;
    std::vector<Use> uses;
    std::vector<std::int64_t> targets;  // (uses, roots): the unknown that the equation is for, -1
    std::vector<double> coefficients;   // (roots, streams, uses)
  };
  struct Candidate {
    int term, root, normal;
  };

  void note_terms();
  void write_point(std::int64_t point, double* to) const;
  std::string words(std::int64_t point) const;
  std::string channel_name(int channel) const;
  std::vector<std::uint8_t> holds(const Term&, const std::vector<Use>&) const;
  std::vector<std::vector<Candidate>> candidates(Stage, bool boundary) const;
  void operator_for(int i, int j);

  const Problem& problem_;
  const GridPoints& grid_;
  Isa isa_;
  int channels_;
  std::vector<std::size_t> space_;  // coordinates
  int time_ = -1;                   // coordinate
  double now_ = 0;
  std::vector<TermRows> terms_;
  std::vector<int> time_order_;
  std::vector<bool> needs_border_;  // whether an inside term has second derivatives in space of a channel
  bool places_change_ = false;
  std::map<std::pair<int, int>, RowMatrix> operators_;
  std::vector<std::int64_t> pinned_;  // unknowns that are 0
  std::vector<double> residual_;
};

}  // namespace sinefield::direct
