// SPDX-License-Identifier: MIT
#include "train/linear_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "calculus/tape.h"
#include "field/sum_query.h"
#include "field/tiles_query.h"
#include "sinefield/error.h"
#include "train/term_plan.h"

namespace sinefield::train {
MatrixView<const double> TermEquations::of(int component, int channel) const {
  const std::int64_t streams = plan.streams();
  return {coefficients.data() + (std::int64_t{component} * channels + channel) * points * streams, points, streams};
}

std::vector<Expression> real_components(const Term& term) {
  std::vector<Expression> parts;
  for (const ComplexExpression& component : term.residual) {
    parts.push_back(component.re);
    if (!is_real(component)) parts.push_back(component.im);
  }
  return parts;
}

TermEquations term_equations(const Problem& problem, const Term& term, const problem::Collocation& at,
                             const std::vector<AxisMap>& axes, const Field* about, Isa isa, engine::Workers& workers,
                             const std::optional<Standstill>& standstill) {
  const calculus::Tape tape(real_components(term));
  TermEquations equations;
  auto [plan, placed] = plan_of(tape.streams(), axes);
  equations.plan = std::move(plan);
  equations.points = at.count;
  equations.weights = at.weights;
  equations.components = tape.roots();
  equations.channels = static_cast<int>(problem.graph()->channels().size());
  const auto n = static_cast<std::size_t>(at.count), inputs = axes.size(),
             streams = static_cast<std::size_t>(equations.plan.streams()),
             components = static_cast<std::size_t>(tape.roots()),
             channels = static_cast<std::size_t>(equations.channels);
  equations.x.resize(n * inputs);
  for (std::size_t p = 0; p < n; ++p)
    for (std::size_t i = 0; i < inputs; ++i)
      equations.x[p * inputs + i] = axes[i].scale * at.coordinates[p * inputs + i] + axes[i].offset;
  equations.coefficients.resize(components * channels * n * streams);
  equations.right.resize(components * n);
  equations.residual.resize(components * n);

  // What the tape's streams are of the field, in units of the problem: (streams of the tape, points).
  std::vector<double> field_streams(placed.size() * n);
  if (about != nullptr) {
    std::vector<std::vector<double>> of_plan(streams, std::vector<double>(n * channels));
    std::vector<double*> out;
    for (std::vector<double>& stream : of_plan) out.push_back(stream.data());
    std::vector<double> x = equations.x;
    if (standstill)
      for (std::size_t k = static_cast<std::size_t>(standstill->axis); k < x.size(); k += inputs)
        x[k] = std::min(x[k], standstill->from);
    const MatrixView<const double> points(x.data(), at.count, std::ssize(axes));
    if (about->kind == FieldKind::tiles)
      TilesQuery<double>(*about, equations.plan, isa, workers).run(points, out);
    else
      SumQuery<double>(*about, equations.plan, isa, workers).run(points, out);
    for (std::size_t s = 0; s < placed.size(); ++s) {
      const auto by_time = [&](const Derivative::Term& t) {
        return t.i == standstill->axis || t.j == standstill->axis;
      };
      if (standstill && std::ranges::any_of(tape.streams()[s].derivative.terms, by_time)) continue;
      for (std::size_t p = 0; p < n; ++p)
        field_streams[s * n + p] =
            placed[s].scale * of_plan[placed[s].stream][p * channels + static_cast<std::size_t>(placed[s].channel)];
    }
  }

  constexpr std::size_t block = calculus::Tape::block_points;
  std::vector<double> registers(tape.registers()), bars(tape.registers()), seeds(components * block),
      stream_bars(placed.size() * block);
  std::vector<const double*> of_block(placed.size());
  for (std::size_t first = 0; first < n; first += block) {
    const auto count = std::min(block, n - first);
    const auto rows = static_cast<std::int64_t>(count);
    const auto part = [&](MatrixView<const double> m) {
      return MatrixView<const double>(m.row(static_cast<std::int64_t>(first)), rows, m.cols, m.stride);
    };
    for (std::size_t s = 0; s < placed.size(); ++s) of_block[s] = &field_streams[s * n + first];
    calculus::TapeInputs<double> tape_inputs{static_cast<int>(count), part(at.coordinate_view()), {}, of_block};
    if (!at.normals.empty()) tape_inputs.normals = part(at.normal_view());
    if (!at.columns.empty()) tape_inputs.columns = part(at.column_view());
    tape.evaluate<double>(isa, tape_inputs, registers);
    for (std::size_t r = 0; r < components; ++r) {
      const std::span<const double> value = tape.root<double>(static_cast<int>(r), registers, static_cast<int>(count));
      for (std::size_t p = 0; p < count; ++p) {
        equations.residual[r * n + first + p] = value[p];
        equations.right[r * n + first + p] = -value[p];
      }
      std::ranges::fill(seeds, 0.0);
      std::fill_n(seeds.begin() + static_cast<std::ptrdiff_t>(r * block), count, 1.0);
      tape.reverse<double>(isa, static_cast<int>(count), registers,
                           {seeds.data(), static_cast<std::int64_t>(components), rows, block}, bars,
                           {stream_bars.data(), std::ssize(placed), rows, block});
      for (std::size_t s = 0; s < placed.size(); ++s)
        for (std::size_t p = 0; p < count; ++p) {
          const double bar = stream_bars[s * block + p];
          equations.right[r * n + first + p] += bar * of_block[s][p];
          equations
              .coefficients[((r * channels + static_cast<std::size_t>(placed[s].channel)) * n + first + p) * streams +
                            placed[s].stream] += placed[s].scale * bar;
        }
    }
  }
  const auto check = [&](const std::vector<double>& numbers, const char* what, std::size_t for_each_point) {
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      if (std::isfinite(numbers[k])) continue;
      const std::size_t p = k / for_each_point % n;
      std::string point;
      for (std::size_t i = 0; i < inputs; ++i)
        point += fmt::format("{}{} = {:.6g}", i == 0 ? "" : ", ", axes[i].name, at.coordinates[p * inputs + i]);
      throw bad_input(fmt::format("term '{}': {} is {} at {}", term.name, what, numbers[k], point),
                      "look for a division by 0, a logarithm or a root of a negative number there");
    }
  };
  check(equations.residual, "the residual", 1);
  check(equations.coefficients, "a derivative of the residual", streams);
  return equations;
}

double squares_of(const std::vector<double>& numbers, const TermEquations& e) {
  double squares = 0;
  for (std::size_t k = 0; k < numbers.size(); ++k)
    squares += e.weights[k % static_cast<std::size_t>(e.points)] * numbers[k] * numbers[k];
  return squares;
}

TermEquations picked(const TermEquations& e, std::int64_t first, std::int64_t step, std::int64_t count) {
  TermEquations some;
  some.plan = e.plan;
  some.components = e.components;
  some.channels = e.channels;
  some.points = std::min(count, (e.points - first + step - 1) / step);
  const auto take = [&](const double* from, std::int64_t numbers, std::vector<double>& to) {  // of each point
    for (std::int64_t k = 0; k < some.points; ++k) {
      const double* const at = from + (first + k * step) * numbers;
      to.insert(to.end(), at, at + numbers);
    }
  };
  take(e.x.data(), std::ssize(e.x) / e.points, some.x);
  take(e.weights.data(), 1, some.weights);
  for (int r = 0; r < e.components; ++r) {
    for (int c = 0; c < e.channels; ++c) take(e.of(r, c).data, e.plan.streams(), some.coefficients);
    take(e.right.data() + r * e.points, 1, some.right);
    take(e.residual.data() + r * e.points, 1, some.residual);
  }
  return some;
}

std::vector<std::vector<TermEquations>> apart(const std::vector<TermEquations>& terms, int parts) {
  const int groups = terms.empty() ? 1 : terms.front().channels / parts;
  if (groups == 1) return {};
  const auto reads = [&](const TermEquations& e, int r, int group) {
    for (int re = r; re < r + parts; ++re)
      for (int c = group * parts; c < (group + 1) * parts; ++c) {
        const std::span<const double> numbers(e.of(re, c).data, static_cast<std::size_t>(e.points * e.plan.streams()));
        if (std::ranges::any_of(numbers, [](double number) { return number != 0; })) return true;
      }
    return false;
  };
  std::vector<std::vector<TermEquations>> all(static_cast<std::size_t>(groups));
  for (const TermEquations& e : terms) {
    for (std::vector<TermEquations>& of_group : all) {
      TermEquations& made = of_group.emplace_back();
      made.points = e.points;
      made.plan = e.plan;
      made.x = e.x;
      made.weights = e.weights;
      made.channels = parts;
    }
    for (int r = 0; r < e.components; r += parts) {
      int group = -1;
      for (int g = 0; g < groups; ++g) {
        if (!reads(e, r, g)) continue;
        if (group >= 0) return {};
        group = g;
      }
      TermEquations& to = all[static_cast<std::size_t>(std::max(group, 0))].back();
      to.components += parts;
      for (int re = r; re < r + parts; ++re) {
        for (int c = std::max(group, 0) * parts; c < (std::max(group, 0) + 1) * parts; ++c) {
          const double* const from = e.of(re, c).data;
          to.coefficients.insert(to.coefficients.end(), from, from + e.points * e.plan.streams());
        }
        const auto take = [&](const std::vector<double>& from, std::vector<double>& numbers) {
          numbers.insert(numbers.end(), from.begin() + re * e.points, from.begin() + (re + 1) * e.points);
        };
        take(e.right, to.right);
        take(e.residual, to.residual);
      }
    }
  }
  return all;
}

std::vector<AlikeGroups> alike(const std::vector<std::vector<TermEquations>>& groups) {
  const auto same = [](const TermEquations& p, const TermEquations& q) {
    return p.components == q.components && p.coefficients == q.coefficients;
  };
  std::vector<AlikeGroups> all;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto found = std::ranges::find_if(
        all, [&](const AlikeGroups& a) { return std::ranges::equal(*a.sides.front(), groups[g], same); });
    AlikeGroups& of = found == all.end() ? all.emplace_back() : *found;
    of.groups.push_back(g);
    of.sides.push_back(&groups[g]);
  }
  return all;
}

bool is_complex(const TermEquations& e) {
  if (e.components % 2 != 0 || e.channels % 2 != 0) return false;
  const auto size = static_cast<std::size_t>(e.points * e.plan.streams());
  for (int r = 0; r < e.components; r += 2)
    for (int c = 0; c < e.channels; c += 2) {
      const double *const a = e.of(r, c).data, *const minus_b = e.of(r, c + 1).data, *const b = e.of(r + 1, c).data,
                          *const again = e.of(r + 1, c + 1).data;
      for (std::size_t k = 0; k < size; ++k) {
        const double rounding = 1e-12 * (std::abs(a[k]) + std::abs(b[k]));
        if (std::abs(a[k] - again[k]) > rounding || std::abs(b[k] + minus_b[k]) > rounding) return false;
      }
    }
  return true;
}

}  // namespace sinefield::train
