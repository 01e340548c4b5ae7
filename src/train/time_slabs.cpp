// SPDX-License-Identifier: MIT
#include "train/time_slabs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "calculus/tape.h"
#include "train/linear_terms.h"

namespace sinefield::train {
namespace {

constexpr double beyond = 1e100;  // of any time, in network coordinates

/// How often a derivative goes by an axis.
int order_along(int axis, const Derivative& derivative) {
  int most = 0;
  for (const Derivative::Term& t : derivative.terms)
    most = std::max(most, (t.i == axis ? 1 : 0) + (t.j == axis ? 1 : 0));
  return most;
}

}  // namespace

std::optional<Evolution> evolution_of(const Problem& problem) {
  const auto time = std::ranges::find(problem.coordinates(), true, &ProblemCoordinate::time);
  if (time == problem.coordinates().end()) return {};
  Evolution evolution{static_cast<int>(time - problem.coordinates().begin()), time->low, time->high, {}};
  std::vector<int> orders(problem.graph()->channels().size(), -1);
  for (const Term& term : problem.terms()) {
    if (term.place.fixed.empty()) continue;
    if (std::ranges::any_of(term.place.fixed, [&](const auto& f) { return f.second != time->low; })) return {};
    const calculus::Tape tape(real_components(term));
    for (const Stream& s : tape.streams()) {
      int& order = orders[static_cast<std::size_t>(s.channel)];
      order = std::max(order, order_along(evolution.axis, s.derivative));
    }
  }
  ExpressionGraph& graph = *problem.graph();
  for (std::size_t c = 0; c < orders.size(); ++c) {
    Expression e = graph.channel(static_cast<int>(c));
    for (int order = 0; order <= orders[c]; ++order) {
      evolution.continued.push_back(e);
      e = diff(e, graph.coordinate(evolution.axis));
    }
  }
  if (evolution.continued.empty()) return {};
  return evolution;
}

Problem slab_problem(const Problem& problem, const Evolution& evolution, double low, double high) {
  Problem part = problem.during(low, high);
  if (low == evolution.low) return part;
  Term term{fmt::format("continuity at {} = {:.6g}",
                        problem.coordinates()[static_cast<std::size_t>(evolution.axis)].name, low),
            {},
            part.at_time(low)};
  for (const Expression& e : evolution.continued) term.residual.push_back({e, problem.graph()->constant(0)});
  part.add(std::move(term));
  return part;
}

void JoinedSlabs::add(const Field& field, double until) {
  fields_.push_back(field);
  until_.push_back(until);
}

Field JoinedSlabs::field() const {
  Field all = fields_.front();
  all.kind = FieldKind::sum;
  all.networks.clear();
  all.windows.clear();
  for (std::size_t k = 0; k < fields_.size(); ++k) {
    const Slab slab{axis_, k == 0 ? -beyond : until_[k - 1], k + 1 == fields_.size() ? beyond : until_[k]};
    for (std::size_t n = 0; n < fields_[k].networks.size(); ++n) {
      all.networks.push_back(fields_[k].networks[n]);
      const Window* const own = fields_[k].window_of(n);
      Window window = own ? *own : Window{};
      window.slab = slab;
      all.windows.emplace_back(std::move(window));
    }
  }
  return all;
}

}  // namespace sinefield::train
