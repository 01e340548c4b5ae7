// Problems solved in last layers: rungs of features, rows, least squares, and Newton's method around them for what is
// not linear. What a rung costs grows with the square or cube of its features, so climbing from below costs little more
// than the last rung.
// SPDX-License-Identifier: MIT
#include "sinefield/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "calculus/tape.h"
#include "engine/workers.h"
#include "problem/collocation.h"
#include "sinefield/error.h"
#include "sinefield/first_frequencies.h"
#include "train/feature_ladder.h"
#include "train/last_layer.h"
#include "train/least_squares.h"
#include "train/linear_terms.h"
#include "train/term_rows.h"
#include "train/time_slabs.h"

namespace sinefield {
namespace {

using train::Rung;
using train::TermEquations;
using train::TermRows;

using train::squares_of;
using train::unseen;
constexpr double rounding_reached = 1e-11;
/// Of QR, in multiply-adds: beyond it the normal equations, which are faster and end at about 1e-8.
constexpr double most_of_qr = 1.5e10, normal_equations_end = 1e-7;
constexpr std::int64_t points_at_once = 512;  // of rows that are not kept
/// Of the residual, from one rung to the next: below the one nothing is gained; above the other more features for the
/// whole pay. Twice the features are the fewer wavenumbers more the more dimensions there are.
constexpr double least_gain = 1.5;
constexpr double large_gain(std::size_t dimensions) { return dimensions < 3 ? 8 : 2.5; }
constexpr int most_newton_steps = 50, most_halvings = 6;
constexpr double newton_ends = 0.9;  // where the squares fall by less, they have come to what the features leave
/// Of slabs of time: a residual that is enough, one with which a slab is tried again with half its length, how often at
/// most, and what is added to the seed for each.
constexpr double slab_ends = 1e-4, slab_fails = 1e-2;
constexpr int slabs_by_rule = 8, most_slab_halvings = 6;
constexpr std::uint64_t seed_of_slab = 0x100000;

/// Least squares of a rung's terms for one kind of numbers.
template <class Scalar>
class RungSystem {
 public:
  /// `exact`: by QR while that is not too much.
  RungSystem(const Field& features, int channels, bool exact, Isa isa, engine::Workers& workers)
      : rows_(features, channels, isa, workers),
        of_one_(features, TermRows<Scalar>::parts, isa, workers),
        exact_(exact),
        isa_(isa),
        workers_(workers) {}

  std::int64_t unknowns() const { return rows_.unknowns(); }
  std::vector<double> solution(const std::vector<Scalar>& found) const { return rows_.solution(found); }

  static std::int64_t count(const std::vector<TermEquations>& terms) {
    std::int64_t count = 0;
    for (const TermEquations& e : terms) count += TermRows<Scalar>::count(e);
    return count;
  }
  bool by_qr(const std::vector<TermEquations>& terms) const {
    const std::vector<std::vector<TermEquations>> apart = train::apart(terms, TermRows<Scalar>::parts);
    std::int64_t most = apart.empty() ? count(terms) : 0;
    for (const std::vector<TermEquations>& one : apart) most = std::max(most, count(one));
    return few_enough(most, apart.empty() ? unknowns() : of_one_.unknowns());
  }
  /// Of the last solve: whether equations tie channels together.
  bool coupled() const { return coupled_; }

  /// One over the mean square of a term's rows: times it, terms weigh alike.
  double balance(const TermEquations& e, const std::string& name) {
    constexpr std::int64_t some_points = 128;
    const TermEquations some = train::picked(e, 0, (e.points + some_points - 1) / some_points, some_points);
    double squares = 0;
    for (const Scalar number : block_of(some, 1).numbers) squares += std::norm(number);
    if (squares == 0) throw bad_input(fmt::format("term '{}' does not see the unknown fields anywhere", name));
    const auto sum = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
    return sum(some.weights) / (squares * sum(e.weights));
  }

  /// Of all channels: where no equation ties them together, one after the other, those of the same coefficients at
  /// once.
  std::vector<Scalar> solve(const std::vector<TermEquations>& terms, const std::vector<double>& scales) {
    const std::vector<std::vector<TermEquations>> apart = train::apart(terms, TermRows<Scalar>::parts);
    coupled_ = apart.empty();
    std::vector<Scalar> found;
    if (coupled_) {
      found = solved(rows_, {&terms}, scales);
    } else {
      const auto width = static_cast<std::size_t>(of_one_.unknowns());
      found.resize(apart.size() * width);
      std::vector<bool> done(apart.size());
      for (std::size_t c = 0; c < apart.size(); ++c) {
        if (done[c]) continue;
        std::vector<std::size_t> alike;
        std::vector<const std::vector<TermEquations>*> sides;
        for (std::size_t other = c; other < apart.size(); ++other) {
          if (!train::same_coefficients(apart[c], apart[other])) continue;
          done[other] = true;
          alike.push_back(other);
          sides.push_back(&apart[other]);
        }
        const std::vector<Scalar> numbers = solved(of_one_, sides, scales);
        for (std::size_t u = 0; u < width; ++u)
          for (std::size_t k = 0; k < alike.size(); ++k) found[alike[k] * width + u] = numbers[u * alike.size() + k];
      }
    }
    for (const Scalar number : found)
      if (!std::isfinite(std::norm(number)))
        throw failure("the solution is not finite", "look at the weights of terms");
    return found;
  }

 private:
  struct Block {
    std::vector<Scalar> numbers, right;
  };

  Block block_of(const TermEquations& e, double scale) {
    const std::int64_t rows = TermRows<Scalar>::count(e), columns = unknowns();
    Block block{std::vector<Scalar>(static_cast<std::size_t>(rows * columns)),
                std::vector<Scalar>(static_cast<std::size_t>(rows))};
    rows_.write(e, scale, {block.numbers.data(), rows, columns}, {block.right.data(), rows, 1});
    return block;
  }

  /// (unknowns, sides): least squares with the first one's rows and a right side of each.
  std::vector<Scalar> solved(TermRows<Scalar>& by, const std::vector<const std::vector<TermEquations>*>& sides,
                             const std::vector<double>& scales) {
    const std::vector<TermEquations>& terms = *sides.front();
    const std::int64_t rows = count(terms), columns = by.unknowns(), width = std::ssize(sides);
    /// Rows first .. first + points - 1 of a term: its matrix, and the right sides side by side.
    const auto write = [&](std::size_t t, const auto& part, Scalar* matrix, Scalar* right) {
      for (std::size_t k = 0; k < sides.size(); ++k) {
        const TermEquations e = part((*sides[k])[t]);
        const std::int64_t n = TermRows<Scalar>::count(e);
        if (k == 0)
          by.write(e, scales[t], {matrix, n, columns}, {right, n, 1, width});
        else
          by.write_right(e, scales[t], {right + k, n, 1, width});
      }
    };
    if (few_enough(rows, columns)) {
      std::vector<Scalar> matrix(static_cast<std::size_t>(rows * columns)),
          right(static_cast<std::size_t>(rows * width));
      std::int64_t first = 0;
      for (std::size_t t = 0; t < terms.size(); ++t) {
        write(
            t, [](const TermEquations& e) { return e; }, matrix.data() + first * columns, right.data() + first * width);
        first += TermRows<Scalar>::count(terms[t]);
      }
      return train::solve_by_qr<Scalar>({matrix.data(), rows, columns}, {right.data(), rows, width});
    }
    train::NormalEquations<Scalar> equations(static_cast<int>(columns), static_cast<int>(width), isa_, workers_);
    std::vector<Scalar> matrix, right;
    for (std::size_t t = 0; t < terms.size(); ++t)
      for (std::int64_t first = 0; first < terms[t].points && terms[t].components > 0; first += points_at_once) {
        const std::int64_t points = std::min(points_at_once, terms[t].points - first),
                           n = points * terms[t].components / TermRows<Scalar>::parts;
        matrix.assign(static_cast<std::size_t>(n * columns), 0);
        right.assign(static_cast<std::size_t>(n * width), 0);
        write(
            t, [&](const TermEquations& e) { return train::picked(e, first, 1, points_at_once); }, matrix.data(),
            right.data());
        equations.add({matrix.data(), n, columns}, {right.data(), n, width});
      }
    return equations.solve(1e-12);
  }

  bool few_enough(std::int64_t rows, std::int64_t columns) const {
    constexpr int parts = TermRows<Scalar>::parts;
    const auto n = static_cast<double>(columns);
    return exact_ && parts * parts * static_cast<double>(rows) * n * n <= most_of_qr;
  }

  TermRows<Scalar> rows_, of_one_;
  bool exact_;
  bool coupled_ = false;
  Isa isa_;
  engine::Workers& workers_;
};

bool term_is_linear(const Term& term) {
  return std::ranges::none_of(train::real_components(term),
                              [](const Expression& e) { return dependence(e) == Dependence::nonlinear; });
}

struct Solved {
  SolveResult result;
  Rung rung;
  std::vector<double> scales;  // of the terms' squares
};

/// What a slab of time goes on from: the last term of its problem is equality with the slab before, from its start on.
struct SlabStart {
  const Solved* before;
  train::Standstill at;
};

class LastLayerSolve {
 public:
  /// Until the residual is at most `enough`, if more features can bring it there.
  LastLayerSolve(const Problem& problem, const SolveOptions& options, std::vector<AxisMap> axes, double enough,
                 std::optional<SlabStart> start = {})
      : problem_(problem),
        options_(options),
        axes_(std::move(axes)),
        enough_(enough),
        start_(start),
        workers_(engine::make_workers(options.compute.threads)),
        channels_(static_cast<int>(problem.graph()->channels().size())),
        linear_(is_linear(problem)),
        by_place_(problem.features.windows.empty() &&
                  std::ranges::none_of(problem.terms(), [](const Term& t) { return t.place.given != nullptr; })),
        whole_(problem::covered_measure(problem)) {}

  /// Of a slab the whole gets up to half of the most features as long as they gain anything: it is thin, and they are
  /// few. A quarter costs next to nothing: so far it climbs however small the residual is.
  Solved run(bool slab, const std::function<void(const SolveReport&)>& on_progress) {
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

  std::vector<std::string> explain() {
    std::vector<std::string> lines;
    const std::vector<Rung> base = base_rungs();
    const std::vector<TermEquations> terms =
        equations_at(points_of(base.front(), options_.seed, Weights::of_each), nullptr);
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const Term& term = problem_.terms()[t];
      const std::vector<Expression> roots = train::real_components(term);
      const calculus::Tape tape(roots);
      std::string reads;
      for (const Stream& s : tape.streams())
        reads += (reads.empty() ? "" : ", ") + to_text({problem_.graph(), problem_.graph()->stream_node(s)});
      lines.push_back(fmt::format("term {}: {}, {}", term.name, term_is_linear(term) ? "linear" : "not linear",
                                  term.place.boundary ? "on a boundary" : "inside"));
      lines.push_back(fmt::format("  reads {}", reads));
      lines.push_back(fmt::format("  {} for each point; a tape of {} operations", terms[t].plan.words(channels_),
                                  tape.operations()));
    }
    const int parts = complex_ ? 2 : 1;
    lines.push_back(linear_ ? fmt::format("linear{}: a least-squares solve for each number of features",
                                          complex_ ? " in complex numbers" : "")
                            : "not linear: Newton's method, several least-squares solves for each number of features");
    const std::vector<std::vector<TermEquations>> apart = train::apart(terms, parts);
    double groups = 1, systems = 1;  // of channels, and how many of them have coefficients of their own
    if (!apart.empty()) {
      groups = static_cast<double>(apart.size());
      systems = 0;
      for (auto at = apart.begin(); at != apart.end(); ++at)
        if (std::none_of(apart.begin(), at, [&](const auto& before) { return train::same_coefficients(before, *at); }))
          ++systems;
      lines.push_back(
          fmt::format("no equation ties the unknowns together: {:.0f} of {:.0f} parts have equations of their own",
                      systems, groups));
    }
    for (const Rung& rung : base) {
      const double unknowns = static_cast<double>(rung.features + rung.features_in_balls() + 1) * channels_ / parts;
      double rows = 0;
      for (std::size_t t = 0; t < terms.size(); ++t)
        rows += static_cast<double>(points_for(problem_.terms()[t], rung)) * terms[t].components / parts;
      lines.push_back(
          fmt::format("  {} features up to wavenumber {:.4g}: about {:.0f} rows, {:.0f} unknowns, {:.2g} "
                      "multiply-adds a solve",
                      rung.features, rung.wavenumber, rows, unknowns,
                      systems * parts * parts * rows * unknowns * unknowns / (groups * groups * groups)));
    }
    return lines;
  }

 private:
  std::vector<Rung> base_rungs() {
    const std::vector<TermEquations> look =
        equations_at(points_of({.features = 500, .wavenumber = 10}, options_.seed, Weights::of_each), nullptr);
    complex_ = linear_ && channels_ % 2 == 0 && std::ranges::all_of(look, train::is_complex);
    // Only in space does a term without derivatives mean waves; in time it means growth or decay.
    const bool in_space = std::ranges::none_of(problem_.coordinates(), &ProblemCoordinate::time);
    return train::rungs_of(problem_, axes_, linear_ && in_space ? train::own_wavenumber(look) : 0,
                           options_.most_features);
  }

  /// The rung with more features where its residual is, if it is in a small part of the whole.
  std::optional<Rung> refined(const Solved& solved) const {
    const std::vector<TermEquations> terms =
        equations_at(points_of(solved.rung, options_.seed + 2 * unseen, Weights::shared), &solved.result.field);
    std::vector<train::ResidualShare> shares;
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
    train::Refinement refinement =
        train::refinement_of(solved.rung, shares, std::min(options_.most_features - features, features));
    constexpr double small = 0.25;
    if (refinement.balls.empty() || refinement.volume > small * train::network_volume(problem_, axes_)) return {};
    Rung rung = solved.rung;
    rung.balls.insert(rung.balls.end(), refinement.balls.begin(), refinement.balls.end());
    return rung;
  }

  /// By rule: inside about three for every unknown, less where rings bring more; on borders and at moments, which have
  /// a dimension less, eleven for every degree of freedom there.
  std::int64_t points_for(const Term& term, const Rung& rung) const {
    if (term.place.given) return std::ssize(term.place.given->coordinates) / std::ssize(axes_);
    if (term.place.points > 0) return term.place.points;
    constexpr double inside = 3, on_border = 11;
    constexpr std::int64_t fewest = 50;
    const int d = static_cast<int>(axes_.size());
    const double measure = problem::measure_of(problem_, term.place);
    if (term.place.boundary || !term.place.fixed.empty()) {
      double scale = 0;  // of lengths along it
      for (const AxisMap& axis : axes_) scale = std::max(scale, axis.scale);
      return std::max<std::int64_t>(
          fewest, std::llround(on_border *
                               train::degrees_of_freedom(rung.wavenumber, measure * std::pow(scale, d - 1), d - 1)));
    }
    return std::max<std::int64_t>(fewest,
                                  std::llround(inside * rung.features * std::clamp(measure / whole_, 0.25, 1.0)));
  }

  /// Places in balls are looked at once more for each: in a solve they count for it, a measure shares their weights.
  enum class Weights { of_each, shared };
  /// The points of each term.
  std::vector<problem::Collocation> points_of(const Rung& rung, std::uint64_t seed, Weights weights) const {
    std::vector<problem::Collocation> all;
    for (std::size_t t = 0; t < problem_.terms().size(); ++t) {
      const Term& term = problem_.terms()[t];
      const std::uint64_t own = seed * 1000 + t;
      problem::Collocation at = problem::points_of(problem_, term.place, points_for(term, rung), own);
      for (std::size_t k = 0; k < rung.balls.size(); ++k) add_near(rung.balls[k], term, own + 1000 * (k + 1), at);
      if (weights == Weights::shared) share_weights(rung, at);
      all.push_back(std::move(at));
    }
    return all;
  }

  /// The terms at these points, linearised about a field, null: about 0.
  std::vector<TermEquations> equations_at(const std::vector<problem::Collocation>& points, const Field* about,
                                          const std::optional<train::Standstill>& standstill = {}) const {
    const Isa isa = options_.compute.isa;
    std::vector<TermEquations> all;
    for (std::size_t t = 0; t < points.size(); ++t) {
      const Term& term = problem_.terms()[t];
      all.push_back(train::term_equations(problem_, term, points[t], axes_, about, isa, *workers_, standstill));
      if (!start_ || t + 1 < problem_.terms().size()) continue;
      const std::vector<double> before =
          train::term_equations(problem_, term, points[t], axes_, &start_->before->result.field, isa, *workers_)
              .residual;
      for (std::size_t k = 0; k < before.size(); ++k) {
        all.back().residual[k] -= before[k];
        all.back().right[k] += before[k];
      }
    }
    return all;
  }

  /// Where balls overlap or lie in the whole, points stand for less each, so that weights still sum up to the measure.
  void share_weights(const Rung& rung, problem::Collocation& at) const {
    std::vector<double> x(axes_.size());
    for (std::size_t p = 0; p < at.weights.size(); ++p) {
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = axes_[i].scale * at.coordinates[p * x.size() + i] + axes_[i].offset;
      at.weights[p] /= 1 + static_cast<double>(std::ranges::count_if(
                               rung.balls, [&](const train::FeatureBall& ball) { return ball.contains(x); }));
    }
  }

  /// Points for the features of a ball.
  void add_near(const train::FeatureBall& ball, const Term& term, std::uint64_t seed, problem::Collocation& at) const {
    problem::Neighbourhood near{{}, 0, 0};
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      near.centre.push_back((ball.centre[i] - axes_[i].offset) / axes_[i].scale);
      (problem_.coordinates()[i].time ? near.time_radius : near.space_radius) = ball.radius / axes_[i].scale;
    }
    const bool thin = term.place.boundary || !term.place.fixed.empty();
    const std::int64_t points = thin ? ball.features : 3 * std::int64_t{ball.features};
    problem::add(at, problem::points_near(problem_, term.place, near, points, seed));
  }

  /// Nothing where it would not come to more than has been found.
  template <class Scalar>
  std::shared_ptr<Solved> solve_rung(const Rung& rung, const Solved* before) {
    constexpr int parts = TermRows<Scalar>::parts;
    const Isa isa = options_.compute.isa;
    RungSystem<Scalar> system(train::features_of(axes_, rung, parts, options_.seed), channels_,
                              enough_ < normal_equations_end, isa, *workers_);
    std::optional<Field> field;
    if (!linear_ && before) field = before->result.field;
    const std::vector<problem::Collocation> points = points_of(rung, options_.seed, Weights::of_each);
    // A slab begins as if all stood still.
    const bool from_start = !linear_ && !before && start_;
    std::vector<TermEquations> terms = from_start ? equations_at(points, &start_->before->result.field, start_->at)
                                                  : equations_at(points, field ? &*field : nullptr);
    const std::int64_t count = RungSystem<Scalar>::count(terms);
    const bool by_qr = system.by_qr(terms);
    if (before && !by_qr && before->result.report.residual < normal_equations_end) return {};

    std::vector<double> scales;
    for (std::size_t t = 0; t < terms.size(); ++t)
      scales.push_back(problem_.terms()[t].weight * system.balance(terms[t], problem_.terms()[t].name));

    const Field features = train::features_of(axes_, rung, channels_, options_.seed);
    const train::LastLayers layers(features, train::all_networks(features), isa, *workers_);
    const auto field_of = [&](const std::vector<Scalar>& found) {
      return layers.field_of(system.solution(found), train::Rounding::with_remainders);
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
      std::vector<Scalar> found = before || from_start
                                      ? std::vector<Scalar>{}
                                      : std::vector<Scalar>(static_cast<std::size_t>(system.unknowns()));
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
    report.warning = why_too_few(rung.features, rung.wavenumber, train::network_volume(problem_, axes_),
                                 static_cast<int>(axes_.size()));
    measure(rung, scales, solved->result);
    return solved;
  }

  /// Residuals of the field, as it is stored, at points that the solve has not seen.
  void measure(const Rung& rung, const std::vector<double>& scales, SolveResult& result) const {
    double of_residuals = 0, of_sizes = 0;
    const Rung fewer{std::max(50, rung.features / 2), rung.wavenumber, rung.balls};
    const std::vector<problem::Collocation> points = points_of(fewer, options_.seed + unseen, Weights::shared);
    const std::vector<TermEquations> terms = equations_at(points, &result.field),
                                     at_zero = equations_at(points, nullptr);
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const double residual = squares_of(terms[t].residual, terms[t]), size = squares_of(at_zero[t].residual, terms[t]),
                   all = std::accumulate(terms[t].weights.begin(), terms[t].weights.end(), 0.0);
      result.report.terms.push_back({problem_.terms()[t].name, std::sqrt(residual / all), std::sqrt(size / all)});
      of_residuals += scales[t] * residual;
      of_sizes += scales[t] * size;
    }
    result.report.residual = of_sizes > 0 ? std::sqrt(of_residuals / of_sizes) : std::sqrt(of_residuals);
  }

  void stop_if_asked() const {
    if (options_.stop.stop_requested()) throw failure("the solve was stopped");
  }

  const Problem& problem_;
  const SolveOptions& options_;
  std::vector<AxisMap> axes_;
  double enough_;
  std::optional<SlabStart> start_;
  std::unique_ptr<engine::Workers> workers_;
  int channels_;
  bool linear_, complex_ = false;
  bool by_place_;  // whether places may get features of their own: a solve sees all points that are given
  double whole_;   // measure of what terms inside are about
};

}  // namespace

bool is_linear(const Problem& problem) { return std::ranges::all_of(problem.terms(), term_is_linear); }

std::vector<AxisMap> problem_axes(const Problem& problem) {
  double longest = 0;
  for (const ProblemCoordinate& c : problem.coordinates())
    if (!c.time) longest = std::max(longest, c.high - c.low);
  std::vector<AxisMap> axes;
  for (const ProblemCoordinate& c : problem.coordinates()) {
    const double scale = 2 / (c.time ? (c.high - c.low) / problem.features.time_stretch : longest);
    axes.push_back({c.name, scale, -scale * (c.low + c.high) / 2});
  }
  return axes;
}

namespace {

void check(const Problem& problem, const SolveOptions& options) {
  if (problem.terms().empty()) throw bad_input("a problem without terms", "say what must vanish where");
  if (options.most_features < 50)
    throw bad_input(fmt::format("at most {} features, expected at least 50", options.most_features));
  for (const Term& term : problem.terms())
    if (term.penalty.kind != Penalty::Kind::squares)
      throw bad_input(fmt::format("term '{}' has penalty {}: a solve in the last layer knows squares only", term.name,
                                  penalty_name(term.penalty.kind)),
                      "train a network for it: --recipe train");
}

using OnProgress = std::function<void(const SolveProgress&)>;

SolveResult at_once(const Problem& problem, const SolveOptions& options, const OnProgress& on_progress) {
  const auto tell = [&](const SolveReport& r) {
    if (on_progress) on_progress({r.features, r.wavenumber, r.rows, r.residual});
  };
  return LastLayerSolve(problem, options, problem_axes(problem), rounding_reached).run(false, tell).result;
}

bool in_slabs(const Problem& problem) { return problem.features.slabs.value_or(1) > 1; }

train::Evolution evolution_in_slabs(const Problem& problem) {
  std::optional<train::Evolution> evolution = train::evolution_of(problem);
  if (!evolution)
    throw bad_input("slabs of a problem that does not begin at the low end of a time",
                    "give terms at that time alone, or leave `slabs` out");
  return *evolution;
}

/// What terms have come to in several slabs, by the times of these.
class TermsOfSlabs {
 public:
  void add(const TermResidual& term, double duration) {
    const auto same = std::ranges::find(terms_, term.name, [](const Sums& s) { return s.mean.name; });
    Sums& sums = same == terms_.end() ? terms_.emplace_back(Sums{{term.name, 0, 0}, 0}) : *same;
    sums.mean.residual += duration * term.residual * term.residual;
    sums.mean.size += duration * term.size * term.size;
    sums.duration += duration;
  }
  std::vector<TermResidual> means() const {
    std::vector<TermResidual> means;
    for (const Sums& s : terms_)
      means.push_back({s.mean.name, std::sqrt(s.mean.residual / s.duration), std::sqrt(s.mean.size / s.duration)});
    return means;
  }

 private:
  struct Sums {
    TermResidual mean;
    double duration;
  };
  std::vector<Sums> terms_;
};

/// One slab of time after the other. Where one does not come out its length is halved, and doubled after it has.
SolveResult marched(const Problem& problem, const SolveOptions& options, const OnProgress& on_progress) {
  const train::Evolution evolution = evolution_in_slabs(problem);
  const std::vector<AxisMap> axes = problem_axes(problem);
  const AxisMap& time = axes[static_cast<std::size_t>(evolution.axis)];
  const double range = evolution.high - evolution.low;
  const auto network_time = [&](double t) { return time.scale * t + time.offset; };
  train::JoinedSlabs joined(evolution.axis);
  std::optional<Solved> before;
  SolveReport report;
  report.slabs = 0;
  TermsOfSlabs terms;
  double squares = 0;
  // Borders are at whole numbers of the shortest slab there may be, so that rounding leaves no sliver at the end.
  constexpr std::int64_t longest = std::int64_t{1} << most_slab_halvings;
  const std::int64_t end = *problem.features.slabs * longest;
  const auto moment = [&](std::int64_t at) {
    return at == end ? evolution.high : evolution.low + range * static_cast<double>(at) / static_cast<double>(end);
  };
  std::int64_t length = longest;
  for (std::int64_t at = 0, tries = 0; at < end; ++tries) {
    const double low = moment(at), high = moment(at + length);
    const Problem part = train::slab_problem(problem, evolution, low, high);
    SolveOptions own = options;
    own.seed = options.seed + seed_of_slab * static_cast<std::uint64_t>(tries);
    std::optional<SlabStart> start;
    if (before) start = SlabStart{&*before, {evolution.axis, network_time(low)}};
    const auto tell = [&](const SolveReport& r) {
      if (on_progress) on_progress({r.features, r.wavenumber, r.rows, r.residual, high});
    };
    std::optional<Solved> solved;
    try {
      solved = LastLayerSolve(part, own, axes, slab_ends, start).run(true, tell);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::failure || options.stop.stop_requested() || length == 1) throw;
    }
    if (length > 1 && !(solved && solved->result.report.residual < slab_fails)) {
      length /= 2;
      continue;
    }
    joined.add(solved->result.field, network_time(high));
    const SolveReport& r = solved->result.report;
    ++report.slabs;
    report.features += r.features;
    report.rows += r.rows;
    report.newton_steps += r.newton_steps;
    report.wavenumber = std::max(report.wavenumber, r.wavenumber);
    report.method = r.method;
    squares += r.residual * r.residual * (high - low);
    for (TermResidual term : r.terms) {
      if (before && term.name == part.terms().back().name) term.name = "continuity";
      terms.add(term, high - low);
    }
    before = std::move(solved);
    at += length;
    if (length < longest && at % (2 * length) == 0) length *= 2;
  }
  report.residual = std::sqrt(squares / range);
  report.terms = terms.means();
  return {joined.field(), report};
}

/// What is not linear and goes through a time is marched where all at once does not come out.
SolveResult at_once_or_marched(const Problem& problem, const SolveOptions& options, const OnProgress& on_progress) {
  const bool may_march = !problem.features.slabs && !is_linear(problem) && train::evolution_of(problem);
  std::optional<SolveResult> whole;
  try {
    whole = at_once(problem, options, on_progress);
  } catch (const Error& error) {
    if (!may_march || error.kind() != ErrorKind::failure || options.stop.stop_requested()) throw;
  }
  if (whole && (!may_march || whole->report.residual < slab_fails)) return std::move(*whole);
  Problem in_parts = problem;
  in_parts.features.slabs = slabs_by_rule;
  SolveResult result = marched(in_parts, options, on_progress);
  return whole && whole->report.residual < result.report.residual ? std::move(*whole) : std::move(result);
}

}  // namespace

SolveResult solve(const Problem& problem, const SolveOptions& options,
                  const std::function<void(const SolveProgress&)>& on_progress) {
  check(problem, options);
  SolveResult result =
      in_slabs(problem) ? marched(problem, options, on_progress) : at_once_or_marched(problem, options, on_progress);
  result.report.errors = solution_errors(problem, result.field, options.compute);
  return result;
}

std::vector<std::string> explain(const Problem& problem, const SolveOptions& options) {
  check(problem, options);
  if (!in_slabs(problem)) return LastLayerSolve(problem, options, problem_axes(problem), rounding_reached).explain();
  const train::Evolution evolution = evolution_in_slabs(problem);
  const int slabs = *problem.features.slabs;
  const Problem first =
      train::slab_problem(problem, evolution, evolution.low, evolution.low + (evolution.high - evolution.low) / slabs);
  std::vector<std::string> lines = LastLayerSolve(first, options, problem_axes(problem), slab_ends).explain();
  lines.push_back(fmt::format("all of that for each of {} slabs of the time, one after the other", slabs));
  return lines;
}

}  // namespace sinefield
