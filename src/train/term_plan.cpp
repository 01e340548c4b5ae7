// SPDX-License-Identifier: MIT
#include "train/term_plan.h"

#include <algorithm>
#include <utility>

namespace sinefield::train {

TermPlan plan_of(const std::vector<Stream>& streams, const std::vector<AxisMap>& axes) {
  TermPlan made;
  engine::JetPlan& plan = made.plan;
  for (const Stream& s : streams)
    for (const Derivative::Term& t : s.derivative.terms)
      for (const int axis : {t.i, t.j})
        if (axis >= 0 && std::ranges::find(plan.axes, axis) == plan.axes.end()) plan.axes.push_back(axis);
  std::ranges::sort(plan.axes);
  plan.first = static_cast<int>(plan.axes.size());
  const auto position = [&](int axis) {
    return static_cast<int>(std::ranges::find(plan.axes, axis) - plan.axes.begin());
  };
  const auto scale = [&](int axis) { return axes[static_cast<std::size_t>(axis)].scale; };
  std::vector<Derivative> operators;
  for (const Stream& s : streams) {
    const std::vector<Derivative::Term>& terms = s.derivative.terms;
    if (s.derivative.order() == 0) {
      made.placed.push_back({s.channel, 0, 1});
    } else if (s.derivative.order() == 1) {
      made.placed.push_back({s.channel, static_cast<std::size_t>(1 + position(terms[0].i)), scale(terms[0].i)});
    } else {
      const auto at = static_cast<std::size_t>(std::ranges::find(operators, s.derivative) - operators.begin());
      if (at == operators.size()) {
        operators.push_back(s.derivative);
        engine::SecondOrder second;
        for (const Derivative::Term& t : terms)
          second.terms.push_back({position(t.i), position(t.j), t.a * scale(t.i) * scale(t.j)});
        plan.second.push_back(std::move(second));
      }
      made.placed.push_back({s.channel, static_cast<std::size_t>(1 + plan.first) + at, 1});
    }
  }
  return made;
}

TermPlan training_plan_of(const std::vector<Stream>& streams, const std::vector<AxisMap>& axes,
                          const Architecture& architecture) {
  TermPlan made = plan_of(streams, axes);
  const engine::JetPlan gradient = engine::gradient_plan(architecture);
  const bool cheaper = gradient.forward_passes(architecture.outputs) < made.plan.forward_passes(architecture.outputs);
  if (made.plan.second.empty() && made.plan.first > 0 && cheaper) {
    for (PlacedStream& p : made.placed)
      if (p.stream > 0) p.stream = 1 + static_cast<std::size_t>(made.plan.axis(static_cast<int>(p.stream) - 1));
    made.plan = gradient;
  }
  return made;
}

}  // namespace sinefield::train
