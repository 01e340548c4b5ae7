// What the tests of expressions and tapes share: random expressions, and their values node by node where fields in
// closed form stand for the unknown ones. Nothing of a tape is used here.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "calculus/operations.h"
#include "sinefield/expression.h"

namespace sinefield {

/// The values of all nodes below a root, by number; those that the root does not need are NaN. leaf(node) is the value
/// of a coordinate, a component of the normal or a stream.
template <class Leaf>
std::vector<double> node_values(const ExpressionGraph& graph, std::int32_t root, const Leaf& leaf) {
  std::vector<double> values(static_cast<std::size_t>(root) + 1, std::numeric_limits<double>::quiet_NaN());
  for (const std::int32_t i : reachable(graph, std::span(&root, 1))) {
    const ExpressionGraph::Node& n = graph.nodes()[static_cast<std::size_t>(i)];
    const auto operand = [&](int k) { return n.operands[k] < 0 ? 0 : values[static_cast<std::size_t>(n.operands[k])]; };
    double& value = values[static_cast<std::size_t>(i)];
    if (n.operation == Operation::constant)
      value = n.number;
    else if (n.operands[0] < 0)
      value = leaf(n);
    else
      value = calculus::value_of(n.operation, operand(0), operand(1), operand(2));
  }
  return values;
}

/// Which way each corner, step and branch went: derivatives are only comparable to differences where it is the same.
inline std::vector<double> branches(const ExpressionGraph& graph, std::int32_t root,
                                    const std::vector<double>& values) {
  std::vector<double> taken;
  for (const std::int32_t i : reachable(graph, std::span(&root, 1))) {
    const ExpressionGraph::Node& n = graph.nodes()[static_cast<std::size_t>(i)];
    const auto operand = [&](int k) { return values[static_cast<std::size_t>(n.operands[k])]; };
    switch (n.operation) {
      case Operation::abs:
        taken.push_back(operand(0) > 0);
        break;
      case Operation::min:
      case Operation::max:
        taken.push_back(operand(0) < operand(1));
        break;
      case Operation::sign:
      case Operation::floor:
      case Operation::less:
      case Operation::less_equal:
      case Operation::equal:
        taken.push_back(values[static_cast<std::size_t>(i)]);
        break;
      default:
        break;
    }
  }
  return taken;
}

/// Channel c is sin(k_c . x + c), whose derivatives anybody can write down.
inline double wave(const Stream& stream, std::span<const double> x) {
  const auto k = [&](int axis) { return 0.7 + 0.4 * axis - 0.3 * stream.channel; };
  double phase = stream.channel;
  for (std::size_t i = 0; i < x.size(); ++i) phase += k(static_cast<int>(i)) * x[i];
  if (stream.derivative.order() == 0) return std::sin(phase);
  double sum = 0;
  for (const Derivative::Term& t : stream.derivative.terms)
    sum += t.a * (t.j < 0 ? k(t.i) * std::cos(phase) : -k(t.i) * k(t.j) * std::sin(phase));
  return sum;
}

/// Node values at a point, of waves.
inline std::vector<double> values_at(const Expression& e, std::span<const double> x) {
  const ExpressionGraph& graph = *e.graph();
  return node_values(graph, e.node(), [&](const ExpressionGraph::Node& n) {
    return n.operation == Operation::stream ? wave(graph.streams()[static_cast<std::size_t>(n.index)], x)
                                            : x[static_cast<std::size_t>(n.index)];
  });
}
inline double value_at(const Expression& e, std::span<const double> x) { return values_at(e, x).back(); }

/// Expressions that are defined everywhere, of size about 1 and smooth but for corners and steps: arguments of
/// functions that are not, such as roots, are kept where they are.
class RandomExpressions {
 public:
  RandomExpressions(std::vector<Expression> leaves, std::uint64_t seed) : leaves_(std::move(leaves)), random_(seed) {}

  double number() { return static_cast<double>(random_() >> 11) * 0x1p-52 - 1; }  ///< in [-1, 1)

  Expression make(int operations) {
    std::vector<Expression> made = leaves_;
    // Of the last few half of the time, so that they nest.
    const auto any = [&] {
      const std::size_t last = random_() % 2 == 0 ? made.size() : std::min<std::size_t>(made.size(), 3);
      return made[made.size() - 1 - random_() % last];
    };
    for (int i = 0; i < operations; ++i) {
      const Expression a = any(), b = any(), c = any();
      made.push_back(combined(a, b, c));
    }
    return made.back();
  }

 private:
  Expression combined(const Expression& a, const Expression& b, const Expression& c) {
    const std::shared_ptr<ExpressionGraph>& graph = a.graph();
    switch (random_() % 26) {
      case 0:
        return a + b;
      case 1:
        return a - b;
      case 2:
        return sin(a) * b;
      case 3:
        return a * tanh(b);
      case 4:
        return a / (b * b + 1);
      case 5:
        return -a;
      case 6:
        return sqrt(a * a + 0.5);
      case 7:
        return exp(sin(a));
      case 8:
        return log(a * a + 1);
      case 9:
        return sin(a);
      case 10:
        return cos(a);
      case 11:
        return tanh(a);
      case 12:
        return asin(0.9 * sin(a));
      case 13:
        return acos(0.9 * cos(a));
      case 14:
        return atan(a);
      case 15:
        return atan2(a, b * b + 0.5);
      case 16:
        return abs(a);
      case 17:
        return min(a, b);
      case 18:
        return max(a, b);
      case 19:
        return where(a < b, b, c);
      case 20:
        return pow(sin(a), 3);
      case 21:
        return tan(sin(a));
      case 22:
        return floor(3 * a) * sin(b);
      case 23:
        return sign(a) * b;
      case 24:
        return {graph, graph->apply(Operation::reciprocal, (a * a + 1).node())};
      default:
        return number() * a + sinh(tanh(b));
    }
  }

  std::vector<Expression> leaves_;
  std::mt19937_64 random_;
};

/// A central difference with what it may be off by: halving the step leaves a quarter of the error, so that twice the
/// change bounds it amply, and rounding errors of values of this size are divided by the step.
struct Difference {
  double slope, bound;
};
template <class Function>
Difference central_difference(const Function& f, double size) {
  constexpr double h = 1e-4, roundings = 100;
  const double coarse = (f(h) - f(-h)) / (2 * h), fine = (f(h / 2) - f(-h / 2)) / h;
  return {fine, 2 * std::abs(coarse - fine) + roundings * std::numeric_limits<double>::epsilon() * (size + 1) / h};
}

}  // namespace sinefield
