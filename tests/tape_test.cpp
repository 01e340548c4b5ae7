// Tapes against the same operations on plain numbers, node by node, and their reverse against central differences: on
// random expressions, and where operations have corners, poles and ends.
// SPDX-License-Identifier: MIT
#include "calculus/tape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <memory>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "calculus/operations.h"
#include "engine_samples.h"
#include "expression_samples.h"
#include "refusal.h"
#include "simd/elementary.h"
#include "simd/sincos.h"

namespace sinefield::calculus {
namespace {

/// Coordinates x, y, channels u, v.
struct Plane {
  std::shared_ptr<ExpressionGraph> graph = ExpressionGraph::make();
  Expression x = graph->add_coordinate({"x"}), y = graph->add_coordinate({"y"});
  Expression u = graph->add_channel("u"), v = graph->add_channel("v");

  Expression number(double value) const { return graph->constant(value); }
};

/// A tape with numbers for everything that it reads, `count` of each.
template <class T>
class TapeRun {
 public:
  TapeRun(const std::vector<Expression>& roots, int count)
      : tape(roots),
        n(static_cast<std::size_t>(count)),
        coordinates(n * 2),
        normals(n * 2),
        streams(tape.streams().size(), std::vector<T>(n)),
        registers_(tape.registers(), untouched) {}

  /// Everything that it reads random in +-2.
  void fill(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&](std::vector<T>& numbers) {
      for (T& number : numbers) number = static_cast<T>(static_cast<double>(random() >> 11) * 0x1p-51 - 2);
    };
    draw(coordinates);
    draw(normals);
    for (std::vector<T>& stream : streams) draw(stream);
  }

  void evaluate(Isa isa) {
    std::vector<const T*> of_streams;
    for (const std::vector<T>& stream : streams) of_streams.push_back(stream.data());
    const auto rows = static_cast<std::int64_t>(n);
    tape.evaluate<T>(isa, {static_cast<int>(n), {coordinates.data(), rows, 2}, {normals.data(), rows, 2}, of_streams},
                     registers_);
  }
  T root(int index, std::size_t point = 0) const { return tape.root<T>(index, registers_, static_cast<int>(n))[point]; }

  /// Derivatives of the sum of seed times root by each stream: [stream][point]; every root has one seed.
  std::vector<std::vector<T>> reverse(Isa isa, const std::vector<double>& seeds) const {
    std::vector<T> root_bars, bars(tape.registers(), untouched), found(streams.size() * n, untouched);
    for (const double seed : seeds) root_bars.insert(root_bars.end(), n, static_cast<T>(seed));
    const auto points = static_cast<std::int64_t>(n);
    tape.reverse<T>(isa, static_cast<int>(n), registers_, {root_bars.data(), std::ssize(seeds), points}, bars,
                    {found.data(), std::ssize(streams), points});
    std::vector<std::vector<T>> all;
    for (std::size_t s = 0; s < streams.size(); ++s)
      all.emplace_back(found.begin() + static_cast<std::ptrdiff_t>(s * n),
                       found.begin() + static_cast<std::ptrdiff_t>((s + 1) * n));
    return all;
  }

  /// Whether `evaluate` wrote nothing behind the points of any register.
  bool rest_is_untouched() const {
    for (std::size_t i = 0; i < registers_.size(); ++i)
      if (i % Tape::block_points >= n && registers_[i] != untouched) return false;
    return true;
  }

  Tape tape;
  std::size_t n;
  std::vector<T> coordinates, normals;
  std::vector<std::vector<T>> streams;

 private:
  static constexpr T untouched = T{-777};
  std::vector<T> registers_;
};

/// The value of one expression of streams alone, in their order on the tape.
template <class T>
T value(Isa isa, const Expression& e, const std::vector<T>& streams) {
  TapeRun<T> run({e}, 1);
  for (std::size_t s = 0; s < run.streams.size(); ++s) run.streams[s][0] = streams.at(s);
  run.evaluate(isa);
  return run.root(0);
}

/// And its derivatives by them.
template <class T>
std::vector<T> slopes(Isa isa, const Expression& e, const std::vector<T>& streams) {
  TapeRun<T> run({e}, 1);
  for (std::size_t s = 0; s < run.streams.size(); ++s) run.streams[s][0] = streams.at(s);
  run.evaluate(isa);
  std::vector<T> found;
  for (const std::vector<T>& bar : run.reverse(isa, {1})) found.push_back(bar[0]);
  return found;
}

/// Largest error of a result that the operation makes of exact operands.
template <class T>
double bound_of(Operation operation, double exact) {
  switch (operation) {
    case Operation::exp:
    case Operation::log:
    case Operation::tanh:
    case Operation::asin:
    case Operation::acos:
    case Operation::atan:
      return simd::elementary_ulps * epsilon<T> * std::abs(exact);
    case Operation::sin:
    case Operation::cos:
      return simd::sincos_bound<T>;
    case Operation::atan2:  // of an arctangent, and roundings of the quotient, of pi and of the sum
      return (simd::elementary_ulps + 3) * epsilon<T> * std::abs(exact);
    default:
      return 0;  // rounded once more from double to float, which changes nothing of + - * / and roots
  }
}

TEST(Tape, evaluates_random_expressions_node_by_node_as_plain_numbers_do) {
  for_each_engine([]<class T>(Isa isa) {
    for (int count = 1; count <= 64; ++count) {
      const Plane p;
      RandomExpressions random({p.number(0.3), p.x, p.y, p.graph->normal(1), p.u, p.v, laplacian(p.u), diff(p.v, p.y)},
                               static_cast<std::uint64_t>(count));
      const Expression e = random.make(30);
      const std::int32_t last = e.node();
      std::vector<Expression> all;
      std::vector<int> place(static_cast<std::size_t>(last) + 1, -1);
      for (const std::int32_t i : reachable(*p.graph, std::span(&last, 1))) {
        place[static_cast<std::size_t>(i)] = static_cast<int>(all.size());
        all.emplace_back(p.graph, i);
      }
      TapeRun<T> run(all, count);
      run.fill(static_cast<std::uint64_t>(count));
      run.evaluate(isa);
      EXPECT_TRUE(run.rest_is_untouched());
      for (const Expression& part : all) {
        const ExpressionGraph::Node& n = p.graph->nodes()[static_cast<std::size_t>(part.node())];
        const auto of = [&](std::int32_t node) { return place[static_cast<std::size_t>(node)]; };
        for (std::size_t point = 0; point < run.n; ++point) {
          const auto operand = [&](int k) {
            return n.operands[k] < 0 ? 0.0 : static_cast<double>(run.root(of(n.operands[k]), point));
          };
          const T found = run.root(of(part.node()), point);
          double expected = 0;
          if (n.operation == Operation::constant)
            expected = n.number;
          else if (n.operation == Operation::coordinate)
            expected = run.coordinates[point * 2 + static_cast<std::size_t>(n.index)];
          else if (n.operation == Operation::normal)
            expected = run.normals[point * 2 + static_cast<std::size_t>(n.index)];
          else if (n.operation == Operation::stream)
            expected = run.streams[static_cast<std::size_t>(
                std::ranges::find(run.tape.streams(), p.graph->streams()[static_cast<std::size_t>(n.index)]) -
                run.tape.streams().begin())][point];
          else
            expected = value_of(n.operation, operand(0), operand(1), operand(2));
          const double bound = bound_of<T>(n.operation, expected);
          EXPECT_LE(std::abs(found - static_cast<double>(static_cast<T>(expected))), bound)
              << name_of(n.operation) << "(" << operand(0) << ", " << operand(1) << ") = " << found << ", count "
              << count;
        }
      }
    }
  });
}

TEST(Tape, reverse_of_random_expressions_is_the_limit_of_differences) {
  constexpr int expressions = 200;
  for (const Isa isa : available_isas()) {
    int checked = 0, all = 0;
    double worst = 0;
    for (std::uint64_t seed = 1; seed <= expressions; ++seed) {
      const Plane p;
      RandomExpressions random({p.number(0.3), p.x, p.y, p.u, p.v, laplacian(p.u), diff(p.v, p.y)}, seed);
      const std::vector<Expression> roots = {random.make(12), random.make(6)};
      const std::vector<double> seeds = {1.5, -0.75};
      const Expression sum = roots[0] * seeds[0] + roots[1] * seeds[1];
      TapeRun<double> run(roots, 3);
      run.fill(seed);
      run.evaluate(isa);
      const std::vector<std::vector<double>> found = run.reverse(isa, seeds);
      for (std::size_t s = 0; s < run.streams.size(); ++s)
        for (std::size_t point = 0; point < run.n; ++point) {
          ++all;
          const auto values = [&](double step) {
            return node_values(*p.graph, sum.node(), [&](const ExpressionGraph::Node& n) {
              if (n.operation == Operation::coordinate)
                return run.coordinates[point * 2 + static_cast<std::size_t>(n.index)];
              const auto at = static_cast<std::size_t>(
                  std::ranges::find(run.tape.streams(), p.graph->streams()[static_cast<std::size_t>(n.index)]) -
                  run.tape.streams().begin());
              return run.streams[at][point] + (at == s ? step : 0);
            });
          };
          const auto taken = [&](double step) { return branches(*p.graph, sum.node(), values(step)); };
          if (taken(-1e-4) != taken(0) || taken(1e-4) != taken(0)) continue;
          ++checked;
          double size = 0;
          for (const double number : values(0))
            if (!std::isnan(number)) size = std::max(size, std::abs(number));
          const Difference expected = central_difference([&](double step) { return values(step).back(); }, size);
          const double error = std::abs(found[s][point] - expected.slope);
          worst = std::max(worst, error / expected.bound);
          EXPECT_LE(error, expected.bound) << "seed " << seed << ", stream " << s << ": " << to_text(sum);
        }
    }
    EXPECT_GT(checked, all * 9 / 10);
    std::cout << isa_name(isa) << ": " << checked << " derivatives, worst error " << worst << " of its bound\n";
  }
}

TEST(Tape, shares_what_is_common_and_leaves_out_what_is_dead) {
  const Plane p;
  const Expression common = sin(p.x * p.u), unused = exp(common);
  const Tape one(std::vector{common + p.x}), both(std::vector{common + p.x, common * common, p.x});
  EXPECT_EQ(one.operations(), 5) << "x, u, x u, sin, +";
  EXPECT_EQ(both.operations(), 6) << "and a square";
  EXPECT_EQ(both.roots(), 3);
  EXPECT_EQ(one.registers(), 5U * Tape::block_points);
  EXPECT_EQ(Tape(std::vector{p.u + p.u * 0}).operations(), 1);
}

TEST(Tape, reads_the_streams_that_it_needs_in_a_stated_order) {
  const Plane p;
  const Expression unused = laplacian(p.v), needed = diff(p.u, p.y);
  const Tape tape(std::vector{p.v * needed + p.v, p.u + 0 * unused});
  EXPECT_THAT(tape.streams(), testing::UnorderedElementsAre(Stream{0, {}}, Stream{1, {}}, (Stream{0, {{{1, -1, 1}}}})));
  EXPECT_FALSE(tape.needs_normals());
  EXPECT_TRUE(Tape(std::vector{p.graph->normal(0) * p.u}).needs_normals());
}

TEST(Tape, of_nothing_or_of_two_graphs_is_refused) {
  const Plane p, q;
  EXPECT_EQ(refusal([&] { Tape(std::span<const Expression>()); }), "a tape of no expression");
  EXPECT_EQ(refusal([&] { Tape(std::vector{p.x, q.x}); }), "expressions of two problems on one tape");
}

TEST(Tape, a_root_twice_adds_both_seeds) {
  const Plane p;
  TapeRun<double> run({p.u * p.u, p.u, p.u * p.u}, 1);
  run.streams[0][0] = 3;
  run.evaluate(Isa::scalar);
  EXPECT_DOUBLE_EQ(run.reverse(Isa::scalar, {1, 10, 100})[0][0], 6 + 10 + 600);
}

TEST(Tape, seeds_of_roots_without_streams_reach_nothing) {
  const Plane p;
  TapeRun<double> run({p.x * p.x, p.u * p.x}, 2);
  run.fill(1);
  run.evaluate(Isa::scalar);
  for (std::size_t point = 0; point < 2; ++point)
    EXPECT_DOUBLE_EQ(run.reverse(Isa::scalar, {7, 1})[0][point], run.coordinates[point * 2]);
}

TEST(Tape, angles_are_right_in_all_quadrants_and_on_the_axes) {
  for_each_engine([]<class T>(Isa isa) {
    const Plane p;
    const Expression angle = atan2(p.u, p.v);
    for (const double size : {1e-30, 1.0, 1e30})
      for (int k = -12; k <= 12; ++k) {
        const double exact = k * std::numbers::pi / 12;
        const T y = static_cast<T>(k % 12 == 0 ? 0 : size * std::sin(exact)),
                x = static_cast<T>(k % 12 == 6 || k % 12 == -6 ? 0 : size * std::cos(exact));
        const double expected = std::atan2(static_cast<double>(y), static_cast<double>(x));
        EXPECT_LE(std::abs(value<T>(isa, angle, {y, x}) - expected), bound_of<T>(Operation::atan2, expected)) << k;
      }
    EXPECT_EQ(value<T>(isa, angle, {0, 0}), T{0});
    EXPECT_EQ(value<T>(isa, angle, {-T{0}, T{1}}), T{0});
    EXPECT_FLOAT_EQ(static_cast<float>(value<T>(isa, angle, {-T{0}, T{-1}})), std::numbers::pi_v<float>) << "-0 is 0";
    // Derivatives: (x, -y) / r^2.
    const std::vector<T> found = slopes<T>(isa, angle, {T{3}, T{-4}});
    EXPECT_NEAR(found[0], -4.0 / 25, 4 * epsilon<T>);
    EXPECT_NEAR(found[1], -3.0 / 25, 4 * epsilon<T>);
  });
}

TEST(Tape, not_a_number_and_infinity_go_through_as_they_do_through_plain_numbers) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  constexpr std::array<double, 9> numbers = {nan, infinity, -infinity, 0, 1, -1, 0.5, 2, -0.5};
  for (const Isa isa : available_isas())
    for (int i = static_cast<int>(Operation::add); i <= static_cast<int>(Operation::where); ++i) {
      const auto operation = static_cast<Operation>(i);
      const Plane p;
      const bool three = operation == Operation::where, two = infix(operation) || operation == Operation::min ||
                                                              operation == Operation::max ||
                                                              operation == Operation::atan2;
      const Expression e(
          p.graph, p.graph->apply(operation, p.u.node(), two || three ? p.v.node() : -1, three ? p.x.node() : -1));
      for (const double a : numbers)
        for (const double b : numbers) {
          if (operation == Operation::atan2 && std::isinf(a) && std::isinf(b)) continue;  // stated to be NaN
          const double expected = value_of(operation, a, b, 0);
          const double found = value<double>(isa, e, {a, b});
          EXPECT_TRUE(std::isnan(expected)
                          ? std::isnan(found)
                          : found == expected || std::abs(found - expected) <= bound_of<double>(operation, expected))
              << isa_name(isa) << " " << name_of(operation) << " of " << a << ", " << b << ": " << found
              << ", expected " << expected;
        }
    }
}

TEST(Tape, not_a_number_is_not_hidden_by_least_and_most) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Operation operation : {Operation::min, Operation::max}) {
    EXPECT_TRUE(std::isnan(value_of(operation, nan, 1, 0)));
    EXPECT_TRUE(std::isnan(value_of(operation, 1, nan, 0)));
  }
}

TEST(Tape, reverse_takes_at_corners_what_symbolic_derivatives_take) {
  const Plane p;
  const Isa isa = best_isa();
  const auto of = [&](const Expression& e, std::vector<double> at) { return slopes<double>(isa, e, at); };
  using testing::ElementsAre;
  EXPECT_THAT(of(abs(p.u), {0}), ElementsAre(0));
  EXPECT_THAT(of(abs(p.u), {-2}), ElementsAre(-1));
  EXPECT_THAT(of(min(p.u, p.v), {1, 1}), ElementsAre(1, 0));
  EXPECT_THAT(of(max(p.u, p.v), {1, 1}), ElementsAre(0, 1));
  EXPECT_THAT(of(sqrt(p.u), {0}), ElementsAre(0));
  EXPECT_THAT(of(norm(std::array{p.u, p.v}), {0, 0}), ElementsAre(0, 0));
  EXPECT_THAT(of(norm(std::array{p.u, p.v}), {3, 4}), ElementsAre(testing::DoubleEq(0.6), testing::DoubleEq(0.8)));
  EXPECT_THAT(of(sign(p.u) + floor(p.v) + (p.u < p.v), {0.5, 1.5}), ElementsAre(0, 0));
  const Expression reciprocal(p.graph, p.graph->apply(Operation::reciprocal, p.u.node()));
  EXPECT_THAT(of(reciprocal, {0}), ElementsAre(0));
  EXPECT_THAT(of(reciprocal, {2}), ElementsAre(-0.25));
}

TEST(Tape, branches_that_were_not_taken_send_nothing_back_however_wild_they_are) {
  const Plane p;
  const Expression one = p.number(1);
  // u is 0 at the point, where each of these or its slope is infinite or NaN.
  const std::vector<Expression> wild = {
      one / p.u,     log(p.u),      sqrt(p.u),       atan2(p.u, p.u), pow(p.u, -3),   pow(p.u, 0.3),
      asin(p.u + 1), acos(p.u + 1), exp(1000 + p.u), sqrt(p.u - 1),   p.u * log(p.u), 1 / (p.u * p.u),
      exp(1 / p.u),  sin(1 / p.u),  atan(log(p.u)),  log(p.u) / p.u,  tanh(1 / p.u),  norm(std::array{p.u}) / p.u};
  for_each_engine([&]<class T>(Isa isa) {
    for (const Expression& e : wild) {
      const Expression chosen = where(p.v > 0, e, 5 * p.u);
      EXPECT_EQ(value<T>(isa, chosen, {T{0}, T{-1}}), T{0}) << to_text(e);
      EXPECT_THAT(slopes<T>(isa, chosen, {T{0}, T{-1}}), testing::ElementsAre(T{5}, T{0})) << to_text(e);
    }
  });
  // The same in symbolic derivatives.
  for (const Expression& e : {one / p.x, log(p.x), sqrt(p.x), pow(p.x, 0.3)}) {
    const std::array<double, 2> at = {0, -1};
    EXPECT_EQ(value_at(diff(where(p.y > 0, e, 5 * p.x), p.x), at), 5) << to_text(e);
  }
}

TEST(Tape, slopes_that_are_taken_show_that_they_are_not_numbers) {
  const Plane p;
  EXPECT_TRUE(std::isinf(slopes<double>(best_isa(), log(p.u), {0})[0]));
  EXPECT_TRUE(std::isnan(slopes<double>(best_isa(), sqrt(p.u), {-1})[0]));
}

}  // namespace
}  // namespace sinefield::calculus
