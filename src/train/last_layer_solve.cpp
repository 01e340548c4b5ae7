// SPDX-License-Identifier: MIT
#include "train/last_layer_solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <utility>

#include "problem/collocation.h"
#include "sinefield/error.h"
#include "train/last_layer.h"
#include "train/rung_system.h"

namespace sinefield::train {
namespace {

/// Of the residual, from one rung to the next: below the one nothing is gained; above the other more features for the
/// whole pay. Twice the features are the fewer wavenumbers more the more dimensions there are.
constexpr double least_gain = 1.5;
constexpr double large_gain(std::size_t dimensions) { return dimensions < 3 ? 8 : 2.5; }
constexpr int most_newton_steps = 50, most_halvings = 6;
constexpr double newton_ends = 0.9;  // where the squares fall by less, they have come to what the features leave

}  // namespace

LastLayerSolve::LastLayerSolve(const Problem& problem, const SolveOptions& options, std::vector<AxisMap> axes,
                               double enough, const std::optional<SlabStart>& start)
    : problem_(problem),
      options_(options),
      axes_(std::move(axes)),
      enough_(enough),
      start_(start),
      workers_(engine::make_workers(options.compute.threads)),
      terms_(problem, axes_, options.compute.isa, *workers_),
      channels_(static_cast<int>(problem.graph()->channels().size())),
      linear_(is_linear(problem)),
      by_place_(problem.features.windows.empty() &&
                std::ranges::none_of(problem.terms(), [](const Term& t) { return t.place.given != nullptr; })) {}

Solved LastLayerSolve::run(bool slab, const std::function<void(const SolveReport&)>& on_progress) {
  const std::vector<Rung> base = base_rungs();
  std::size_t climbed = 1;
  std::optional<Rung> next = base.front();
  std::shared_ptr<Solved> best, last;
  int refinements = 0;
  int without_gain = 0;
  while (next) {
    stop_if_asked();
    std::shared_ptr<Solved> solved;
    try {
      solved = complex_ ? solve_rung<std::complex<double>>(*next, best.get()) : solve_rung<double>(*next, best.get());
    } catch (const Error& error) {
      // What more features do not give, fewer have given.
      if (!best || error.kind() != ErrorKind::failure || options_.stop.stop_requested()) throw;
    }
    if (!solved) break;
    last = solved;
    const SolveReport& report = last->result.report;
    on_progress(report);
    const double gain = best ? best->result.report.residual / report.residual : large_gain(axes_.size());
    if (gain > 1) best = last;
    without_gain = gain >= least_gain ? 0 : without_gain + 1;
    const bool cheap = slab && 4 * report.features < options_.most_features;
    if (best->result.report.residual < (cheap ? normal_equations_end : enough_) ||
        without_gain == (refinements > 0 ? 4 : 2))
      break;
    // Where the residual falls fast with more features, or is everywhere, the whole gets more; else places get some,
    // and go on getting them if the first ones helped.
    const bool whole_left = climbed < base.size() && (!slab || 2 * base[climbed].features <= options_.most_features),
               in_vain = refinements == 1 && gain < least_gain;
    const double pays = slab ? least_gain : large_gain(axes_.size());
    if (whole_left && (in_vain || (refinements == 0 && gain >= pays))) {
      refinements = 0;
      next = base[climbed++];
      continue;
    }
    next = by_place_ ? refined(refinements > 0 ? *last : *best) : std::nullopt;
    if (next)
      ++refinements;
    else if (refinements == 0 && whole_left)
      next = base[climbed++];
  }
  return std::move(*best);
}

std::vector<std::string> LastLayerSolve::explain() {
  const std::vector<Rung> base = base_rungs();
  const std::vector<TermEquations> terms =
      equations_at(terms_.points_of(base.front(), options_.seed, CollocatedTerms::Weights::of_each), nullptr);
  std::vector<std::string> lines = words_of_terms(problem_, terms);
  const int parts = complex_ ? 2 : 1;
  lines.push_back(linear_ ? fmt::format("linear{}: a least-squares solve for each number of features",
                                        complex_ ? " in complex numbers" : "")
                          : "not linear: Newton's method, several least-squares solves for each number of features");
  const std::vector<std::vector<TermEquations>> parted = apart(terms, parts);
  double groups = 1, systems = 1;  // of channels, and how many of them have coefficients of their own
  if (!parted.empty()) {
    groups = static_cast<double>(parted.size());
    systems = static_cast<double>(alike(parted).size());
    lines.push_back(fmt::format(
        "no equation ties the unknowns together: {:.0f} of {:.0f} parts have equations of their own", systems, groups));
  }
  for (const Rung& rung : base) {
    const double unknowns = static_cast<double>(rung.features + rung.features_in_balls() + 1) * channels_ / parts;
    double rows = 0;
    for (std::size_t t = 0; t < terms.size(); ++t)
      rows += static_cast<double>(terms_.points_for(problem_.terms()[t], rung)) * terms[t].components / parts;
    lines.push_back(
        fmt::format("  {} features up to wavenumber {:.4g}: about {:.0f} rows, {:.0f} unknowns, {:.2g} "
                    "multiply-adds a solve",
                    rung.features, rung.wavenumber, rows, unknowns,
                    systems * parts * parts * rows * unknowns * unknowns / (groups * groups * groups)));
  }
  return lines;
}

std::vector<Rung> LastLayerSolve::base_rungs() {
  const std::vector<TermEquations> look = equations_at(
      terms_.points_of({.features = 500, .wavenumber = 10}, options_.seed, CollocatedTerms::Weights::of_each), nullptr);
  complex_ = linear_ && channels_ % 2 == 0 && std::ranges::all_of(look, is_complex);
  // Only in space does a term without derivatives mean waves; in time it means growth or decay.
  const bool in_space = std::ranges::none_of(problem_.coordinates(), &ProblemCoordinate::time);
  return rungs_of(problem_, axes_, linear_ && in_space ? own_wavenumber(look) : 0, options_.most_features);
}

std::optional<Rung> LastLayerSolve::refined(const Solved& solved) const {
  const std::vector<TermEquations> terms =
      equations_at(terms_.points_of(solved.rung, options_.seed + 2 * unseen, CollocatedTerms::Weights::shared),
                   &solved.result.field);
  std::vector<ResidualShare> shares;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const TermEquations& e = terms[t];
    const auto n = static_cast<std::size_t>(e.points), d = axes_.size();
    for (std::size_t p = 0; p < n; ++p) {
      double square = 0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(e.components); ++r)
        square += e.residual[r * n + p] * e.residual[r * n + p];
      shares.push_back(
          {{e.x.begin() + static_cast<std::ptrdiff_t>(p * d), e.x.begin() + static_cast<std::ptrdiff_t>((p + 1) * d)},
           solved.scales[t] * e.weights[p] * square});
    }
  }
  const int features = solved.result.report.features;
  Refinement refinement = refinement_of(solved.rung, shares, std::min(options_.most_features - features, features));
  constexpr double small = 0.25;
  if (refinement.balls.empty() || refinement.volume > small * network_volume(problem_, axes_)) return {};
  Rung rung = solved.rung;
  rung.balls.insert(rung.balls.end(), refinement.balls.begin(), refinement.balls.end());
  return rung;
}

std::vector<TermEquations> LastLayerSolve::equations_at(const std::vector<problem::Collocation>& points,
                                                        const Field* about,
                                                        const std::optional<Standstill>& standstill) const {
  std::vector<TermEquations> all = terms_.equations_at(points, about, standstill);
  if (!start_) return all;
  const std::vector<double> before = term_equations(problem_, problem_.terms().back(), points.back(), axes_,
                                                    &start_->before->result.field, options_.compute.isa, *workers_)
                                         .residual;
  for (std::size_t k = 0; k < before.size(); ++k) {
    all.back().residual[k] -= before[k];
    all.back().right[k] += before[k];
  }
  return all;
}

template <class Scalar>
std::shared_ptr<Solved> LastLayerSolve::solve_rung(const Rung& rung, const Solved* before) {
  constexpr int parts = TermRows<Scalar>::parts;
  const Isa isa = options_.compute.isa;
  RungSystem<Scalar> system(features_of(axes_, rung, parts, options_.seed), channels_, enough_ < normal_equations_end,
                            isa, *workers_);
  std::optional<Field> field;
  if (!linear_ && before) field = before->result.field;
  const std::vector<problem::Collocation> points =
      terms_.points_of(rung, options_.seed, CollocatedTerms::Weights::of_each);
  // A slab begins as if all stood still.
  const bool from_start = !linear_ && !before && start_;
  std::vector<TermEquations> terms = from_start ? equations_at(points, &start_->before->result.field, start_->at)
                                                : equations_at(points, field ? &*field : nullptr);
  const std::int64_t count = RungSystem<Scalar>::count(terms);
  const bool by_qr = system.by_qr(terms);
  if (before && !by_qr && before->result.report.residual < normal_equations_end) return {};

  const std::vector<double> scales = system.scales(problem_.terms(), terms);

  const Field features = features_of(axes_, rung, channels_, options_.seed);
  const LastLayers layers(features, all_networks(features), isa, *workers_);
  const auto field_of = [&](const std::vector<Scalar>& found) {
    return layers.field_of(system.solution(found), Rounding::with_remainders);
  };
  const auto squares = [&] {
    double sum = 0;
    for (std::size_t t = 0; t < terms.size(); ++t) sum += scales[t] * squares_of(terms[t].residual, terms[t]);
    return sum;
  };
  int newton_steps = 0;
  if (linear_) {
    field = field_of(system.solve(terms, scales));
  } else {
    // Of Newton's steps the first of a rung is taken as it is: it changes to other features.
    std::vector<Scalar> found =
        before || from_start ? std::vector<Scalar>{} : std::vector<Scalar>(static_cast<std::size_t>(system.unknowns()));
    double least = squares();
    while (newton_steps < most_newton_steps) {
      stop_if_asked();
      ++newton_steps;
      std::vector<Scalar> next = system.solve(terms, scales);
      double now = 0;
      for (int halvings = 0; halvings <= most_halvings; ++halvings) {
        Field tried = field_of(next);
        std::vector<TermEquations> there = equations_at(points, &tried);
        std::swap(terms, there);
        now = squares();
        if (found.empty() || now < least) {
          field = std::move(tried);
          break;
        }
        std::swap(terms, there);
        now = least;
        for (std::size_t k = 0; k < next.size(); ++k) next[k] = (next[k] + found[k]) / 2.0;
      }
      const bool ended = !found.empty() && now > newton_ends * newton_ends * least;
      found = std::move(next);
      least = now;
      if (ended) break;
    }
  }
  if (!field) throw failure("Newton's method finds nothing better than 0", "give other features or weights");

  auto solved = std::make_shared<Solved>();
  solved->rung = rung;
  solved->scales = scales;
  solved->result.field = std::move(*field);
  SolveReport& report = solved->result.report;
  report.features = static_cast<int>(system.unknowns() / (channels_ / parts));
  report.wavenumber = rung.wavenumber;
  report.rows = count;
  report.newton_steps = newton_steps;
  report.method = fmt::format("{}{}{}", linear_ ? "" : "Newton, ",
                              parts == 2                          ? "complex "
                              : system.coupled() && channels_ > 1 ? "coupled "
                                                                  : "",
                              by_qr ? "QR" : "normal equations");
  report.warning =
      why_too_few(rung.features, rung.wavenumber, network_volume(problem_, axes_), static_cast<int>(axes_.size()));
  measure(rung, scales, solved->result);
  return solved;
}

void LastLayerSolve::measure(const Rung& rung, const std::vector<double>& scales, SolveResult& result) const {
  const Rung fewer{std::max(50, rung.features / 2), rung.wavenumber, rung.balls};
  const std::vector<problem::Collocation> points =
      terms_.points_of(fewer, options_.seed + unseen, CollocatedTerms::Weights::shared);
  const Residuals residuals =
      residuals_of(problem_.terms(), equations_at(points, &result.field), equations_at(points, nullptr), scales);
  result.report.terms = residuals.terms;
  result.report.residual = residuals.relative;
}

void LastLayerSolve::stop_if_asked() const {
  if (options_.stop.stop_requested()) throw failure("the solve was stopped");
}

}  // namespace sinefield::train
