// SPDX-License-Identifier: MIT
#include "calculus/tape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <unordered_map>

#include "calculus/operations.h"
#include "simd/elementary.h"
#include "sinefield/error.h"

namespace sinefield::calculus {
namespace {

/// atan2 from the arctangent of a quotient not above 1, as the elementary functions give it. -0 counts as 0, and of two
/// infinities it is NaN.
template <class T>
void atan2(Isa isa, std::size_t n, const T* y, const T* x, T* angle) {
  std::array<T, Tape::block_points> quotient, of_quotient;
  for (std::size_t i = 0; i < n; ++i) {
    const bool flat = std::abs(x[i]) >= std::abs(y[i]);
    quotient[i] = !flat ? x[i] / y[i] : x[i] == 0 ? T{0} : y[i] / x[i];
  }
  simd::elementary<T>(isa, simd::Elementary::atan, std::span<const T>(quotient.data(), n), {of_quotient.data(), n});
  constexpr T pi = std::numbers::pi_v<T>;
  for (std::size_t i = 0; i < n; ++i) {
    if (std::abs(x[i]) >= std::abs(y[i]))
      angle[i] = of_quotient[i] + (x[i] < 0 ? (y[i] < 0 ? -pi : pi) : 0);
    else
      angle[i] = (y[i] < 0 ? -pi / 2 : pi / 2) - of_quotient[i];
  }
}

template <class T>
void elementary(Isa isa, Operation operation, std::span<const T> x, std::span<T> y) {
  const auto function = [&] {
    switch (operation) {
      case Operation::exp:
        return simd::Elementary::exp;
      case Operation::log:
        return simd::Elementary::log;
      case Operation::sin:
        return simd::Elementary::sin;
      case Operation::cos:
        return simd::Elementary::cos;
      case Operation::tanh:
        return simd::Elementary::tanh;
      case Operation::asin:
        return simd::Elementary::asin;
      case Operation::acos:
        return simd::Elementary::acos;
      default:
        return simd::Elementary::atan;
    }
  }();
  simd::elementary<T>(isa, function, x, y);
}

template <class T>
T sign(T a) {
  return a > 0 ? T{1} : a < 0 ? T{-1} : T{0};
}

}  // namespace

Tape::Tape(std::span<const Expression> roots) {
  if (roots.empty()) throw bad_input("a tape of no expression");
  const ExpressionGraph& graph = *roots.front().graph();
  std::vector<std::int32_t> of_roots;
  for (const Expression& root : roots) {
    if (root.graph().get() != &graph)
      throw bad_input("expressions of two problems on one tape", "take all from the same problem");
    of_roots.push_back(root.node());
  }
  std::unordered_map<std::int32_t, std::int32_t> place;
  std::unordered_map<std::int32_t, std::int32_t> stream_place;
  for (const std::int32_t node : reachable(graph, of_roots)) {
    const ExpressionGraph::Node& n = graph.nodes()[static_cast<std::size_t>(node)];
    Instruction made{n.operation, n.operation == Operation::stream, {-1, -1, -1}, n.index, n.number};
    for (int k = 0; k < 3; ++k)
      if (n.operands[k] >= 0) {
        made.operands[k] = place.at(n.operands[k]);
        made.depends = made.depends || instructions_[static_cast<std::size_t>(made.operands[k])].depends;
      }
    if (n.operation == Operation::stream) {
      const auto [at, fresh] = stream_place.try_emplace(n.index, static_cast<std::int32_t>(streams_.size()));
      if (fresh) streams_.push_back(graph.streams()[static_cast<std::size_t>(n.index)]);
      made.index = at->second;
    }
    if (n.operation == Operation::given) {
      const GivenValue& value = graph.given_values()[static_cast<std::size_t>(n.index)];
      const GivenSource& source = graph.given_sources()[static_cast<std::size_t>(value.field)];
      source.field->prepare(source.degree);
      made.index = static_cast<std::int32_t>(givens_.size());
      givens_.push_back({source.field, value.component, source.degree, value.orders, source.coordinates});
    }
    if (n.operation == Operation::column) columns_ = std::max(columns_, n.index + 1);
    needs_normals_ = needs_normals_ || n.operation == Operation::normal;
    place[node] = static_cast<std::int32_t>(instructions_.size());
    instructions_.push_back(made);
  }
  for (const std::int32_t root : of_roots) roots_.push_back(place.at(root));
}

template <class T>
void Tape::evaluate_given(const Given& given, const TapeInputs<T>& inputs, T* values) const {
  std::array<double, GivenField::most_axes> place{};
  const std::size_t axes = given.coordinates.size();
  for (int i = 0; i < inputs.count; ++i) {
    for (std::size_t k = 0; k < axes; ++k)
      place.at(k) = static_cast<double>(inputs.coordinates.row(i)[given.coordinates[k]]);
    values[i] = static_cast<T>(given.field->value({place.data(), axes}, given.component, given.orders, given.degree));
  }
}

template <class T>
void Tape::evaluate(Isa isa, const TapeInputs<T>& inputs, std::span<T> registers) const {
  const auto n = static_cast<std::size_t>(inputs.count);
  for (std::size_t at = 0; at < instructions_.size(); ++at) {
    const Instruction& code = instructions_[at];
    const auto operand = [&](int k) {
      return code.operands[k] < 0 ? nullptr : &registers[static_cast<std::size_t>(code.operands[k]) * block_points];
    };
    const T *const a = operand(0), *const b = operand(1), *const c = operand(2);
    T* const y = &registers[at * block_points];
    const auto each = [&](auto f) {
      for (std::size_t i = 0; i < n; ++i) y[i] = f(i);
    };
    switch (code.operation) {
      case Operation::constant:
        std::fill_n(y, n, static_cast<T>(code.number));
        break;
      case Operation::coordinate:
        each([&](std::size_t i) { return inputs.coordinates.row(static_cast<std::int64_t>(i))[code.index]; });
        break;
      case Operation::normal:
        each([&](std::size_t i) { return inputs.normals.row(static_cast<std::int64_t>(i))[code.index]; });
        break;
      case Operation::stream:
        std::copy_n(inputs.streams[static_cast<std::size_t>(code.index)], n, y);
        break;
      case Operation::given:
        evaluate_given(givens_[static_cast<std::size_t>(code.index)], inputs, y);
        break;
      case Operation::column:
        each([&](std::size_t i) { return inputs.columns.row(static_cast<std::int64_t>(i))[code.index]; });
        break;
      case Operation::add:
        each([&](std::size_t i) { return a[i] + b[i]; });
        break;
      case Operation::subtract:
        each([&](std::size_t i) { return a[i] - b[i]; });
        break;
      case Operation::multiply:
        each([&](std::size_t i) { return a[i] * b[i]; });
        break;
      case Operation::divide:
        each([&](std::size_t i) { return a[i] / b[i]; });
        break;
      case Operation::negate:
        each([&](std::size_t i) { return -a[i]; });
        break;
      case Operation::reciprocal:
        each([&](std::size_t i) { return a[i] == 0 ? T{0} : T{1} / a[i]; });
        break;
      case Operation::sqrt:
        each([&](std::size_t i) { return std::sqrt(a[i]); });
        break;
      case Operation::exp:
      case Operation::log:
      case Operation::sin:
      case Operation::cos:
      case Operation::tanh:
      case Operation::asin:
      case Operation::acos:
      case Operation::atan:
        elementary<T>(isa, code.operation, {a, n}, {y, n});
        break;
      case Operation::atan2:
        atan2<T>(isa, n, a, b, y);
        break;
      case Operation::abs:
        each([&](std::size_t i) { return std::abs(a[i]); });
        break;
      case Operation::sign:
        each([&](std::size_t i) { return sign(a[i]); });
        break;
      case Operation::floor:
        each([&](std::size_t i) { return std::floor(a[i]); });
        break;
      case Operation::min:
        each([&](std::size_t i) { return lesser(a[i], b[i]); });
        break;
      case Operation::max:
        each([&](std::size_t i) { return greater(a[i], b[i]); });
        break;
      case Operation::less:
        each([&](std::size_t i) { return a[i] < b[i] ? T{1} : T{0}; });
        break;
      case Operation::less_equal:
        each([&](std::size_t i) { return a[i] <= b[i] ? T{1} : T{0}; });
        break;
      case Operation::equal:
        each([&](std::size_t i) { return a[i] == b[i] ? T{1} : T{0}; });
        break;
      case Operation::where:
        each([&](std::size_t i) { return a[i] != 0 ? b[i] : c[i]; });
        break;
    }
  }
}

template <class T>
void Tape::reverse(Isa isa, int count, std::span<const T> registers, MatrixView<const T> root_bars, std::span<T> bars,
                   MatrixView<T> stream_bars) const {
  const auto n = static_cast<std::size_t>(count);
  for (std::size_t at = 0; at < instructions_.size(); ++at)
    if (instructions_[at].depends) std::fill_n(&bars[at * block_points], n, T{0});
  for (std::int64_t s = 0; s < stream_bars.rows; ++s) std::fill_n(stream_bars.row(s), n, T{0});
  for (std::size_t r = 0; r < roots_.size(); ++r) {
    if (!instructions_[static_cast<std::size_t>(roots_[r])].depends) continue;
    const T* const seed = root_bars.row(static_cast<std::int64_t>(r));
    T* const bar = &bars[static_cast<std::size_t>(roots_[r]) * block_points];
    for (std::size_t i = 0; i < n; ++i) bar[i] += seed[i];
  }
  std::array<T, block_points> slope;
  for (std::size_t at = instructions_.size(); at-- > 0;) {
    const Instruction& code = instructions_[at];
    if (!code.depends) continue;
    const auto value = [&](int k) {
      return code.operands[k] < 0 ? nullptr : &registers[static_cast<std::size_t>(code.operands[k]) * block_points];
    };
    // Where an operand has no streams in it, nobody asks for its bar.
    const auto bar_of = [&](int k) -> T* {
      return code.operands[k] < 0 || !instructions_[static_cast<std::size_t>(code.operands[k])].depends
                 ? nullptr
                 : &bars[static_cast<std::size_t>(code.operands[k]) * block_points];
    };
    const T *const a = value(0), *const b = value(1), *const y = &registers[at * block_points],
                   *const g = &bars[at * block_points];
    // Where nothing comes back nothing goes on, whatever the slope: branches that were not taken may be infinite or
    // NaN.
    const auto add = [&](int k, auto f) {
      if (T* const bar = bar_of(k))
        for (std::size_t i = 0; i < n; ++i) {
          const T share = f(i);
          bar[i] += g[i] != 0 ? share : T{0};
        }
    };
    switch (code.operation) {
      case Operation::stream:
        std::copy_n(g, n, stream_bars.row(code.index));
        break;
      case Operation::add:
        add(0, [&](std::size_t i) { return g[i]; });
        add(1, [&](std::size_t i) { return g[i]; });
        break;
      case Operation::subtract:
        add(0, [&](std::size_t i) { return g[i]; });
        add(1, [&](std::size_t i) { return -g[i]; });
        break;
      case Operation::multiply:
        add(0, [&](std::size_t i) { return g[i] * b[i]; });
        add(1, [&](std::size_t i) { return g[i] * a[i]; });
        break;
      case Operation::divide:
        add(0, [&](std::size_t i) { return g[i] / b[i]; });
        add(1, [&](std::size_t i) { return -g[i] * y[i] / b[i]; });
        break;
      case Operation::negate:
        add(0, [&](std::size_t i) { return -g[i]; });
        break;
      case Operation::reciprocal:
        add(0, [&](std::size_t i) { return -g[i] * y[i] * y[i]; });
        break;
      case Operation::sqrt:
        add(0, [&](std::size_t i) { return y[i] == 0 ? T{0} : g[i] / (y[i] + y[i]); });
        break;
      case Operation::exp:
        add(0, [&](std::size_t i) { return g[i] * y[i]; });
        break;
      case Operation::log:
        add(0, [&](std::size_t i) { return g[i] / a[i]; });
        break;
      case Operation::sin:
        elementary<T>(isa, Operation::cos, {a, n}, {slope.data(), n});
        add(0, [&](std::size_t i) { return g[i] * slope[i]; });
        break;
      case Operation::cos:
        elementary<T>(isa, Operation::sin, {a, n}, {slope.data(), n});
        add(0, [&](std::size_t i) { return -g[i] * slope[i]; });
        break;
      case Operation::tanh:
        add(0, [&](std::size_t i) { return g[i] * (1 - y[i] * y[i]); });
        break;
      case Operation::asin:
        add(0, [&](std::size_t i) { return g[i] / std::sqrt(1 - a[i] * a[i]); });
        break;
      case Operation::acos:
        add(0, [&](std::size_t i) { return -g[i] / std::sqrt(1 - a[i] * a[i]); });
        break;
      case Operation::atan:
        add(0, [&](std::size_t i) { return g[i] / (1 + a[i] * a[i]); });
        break;
      case Operation::atan2:
        add(0, [&](std::size_t i) { return g[i] * b[i] / (a[i] * a[i] + b[i] * b[i]); });
        add(1, [&](std::size_t i) { return -g[i] * a[i] / (a[i] * a[i] + b[i] * b[i]); });
        break;
      case Operation::abs:
        add(0, [&](std::size_t i) { return g[i] * sign(a[i]); });
        break;
      case Operation::min:
        add(0, [&](std::size_t i) { return a[i] <= b[i] ? g[i] : T{0}; });
        add(1, [&](std::size_t i) { return a[i] <= b[i] ? T{0} : g[i]; });
        break;
      case Operation::max:
        add(0, [&](std::size_t i) { return a[i] <= b[i] ? T{0} : g[i]; });
        add(1, [&](std::size_t i) { return a[i] <= b[i] ? g[i] : T{0}; });
        break;
      case Operation::where:
        add(1, [&](std::size_t i) { return a[i] != 0 ? g[i] : T{0}; });
        add(2, [&](std::size_t i) { return a[i] != 0 ? T{0} : g[i]; });
        break;
      case Operation::constant:
      case Operation::coordinate:
      case Operation::normal:
      case Operation::given:
      case Operation::column:
      case Operation::sign:
      case Operation::floor:
      case Operation::less:
      case Operation::less_equal:
      case Operation::equal:
        break;
    }
  }
}

template void Tape::evaluate(Isa, const TapeInputs<float>&, std::span<float>) const;
template void Tape::evaluate(Isa, const TapeInputs<double>&, std::span<double>) const;
template void Tape::reverse(Isa, int, std::span<const float>, MatrixView<const float>, std::span<float>,
                            MatrixView<float>) const;
template void Tape::reverse(Isa, int, std::span<const double>, MatrixView<const double>, std::span<double>,
                            MatrixView<double>) const;

}  // namespace sinefield::calculus
