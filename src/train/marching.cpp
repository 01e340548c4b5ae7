// SPDX-License-Identifier: MIT
#include "train/marching.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/error.h"
#include "train/last_layer_solve.h"

namespace sinefield::train {
namespace {

constexpr int most_slab_halvings = 6;
constexpr std::uint64_t seed_of_slab = 0x100000;  // added to the seed for each try

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

}  // namespace

Evolution evolution_in_slabs(const Problem& problem) {
  std::optional<Evolution> evolution = evolution_of(problem);
  if (!evolution)
    throw bad_input("slabs of a problem that does not begin at the low end of a time",
                    "give terms at that time alone, or leave `slabs` out");
  return *evolution;
}

SolveResult marched(const Problem& problem, const SolveOptions& options,
                    const std::function<void(const SolveProgress&)>& on_progress) {
  const Evolution evolution = evolution_in_slabs(problem);
  const std::vector<AxisMap> axes = problem_axes(problem);
  const AxisMap& time = axes[static_cast<std::size_t>(evolution.axis)];
  const double range = evolution.high - evolution.low;
  const auto network_time = [&](double t) { return time.scale * t + time.offset; };
  JoinedSlabs joined(evolution.axis);
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
    const Problem part = slab_problem(problem, evolution, low, high);
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

}  // namespace sinefield::train
