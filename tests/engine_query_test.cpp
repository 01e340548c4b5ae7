// Values and derivatives by the engine: every plan against the plain reference and against PyTorch's numbers, and the
// properties of the public evaluator: units, sums of networks, independence of points, calls and threads.
// SPDX-License-Identifier: MIT
#include "sinefield/query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/jet_query.h"
#include "engine_samples.h"
#include "golden.h"
#include "query_grouping.h"
#include "reference/reference.h"
#include "refusal.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::JetQuery;
using engine::Passes;

struct Sample {
  explicit Sample(const Architecture& shape, std::int64_t point_count, std::uint64_t seed = 1)
      : architecture(shape),
        points(point_count),
        parameters(some_parameters(architecture, seed)),
        coordinates(some_numbers(points * architecture.inputs, 1, seed + 100)) {}

  Architecture architecture;
  std::int64_t points;
  std::vector<double> parameters, coordinates;
};

/// The reference's jets of all points, (n, c), (n, c, d), (n, c, d, d), and the sizes of their terms: the largest of
/// each, at least 1 for values, whose bias and sines have that size.
struct Expected {
  explicit Expected(const Sample& sample) {
    const auto d = static_cast<std::size_t>(sample.architecture.inputs);
    for (std::size_t n = 0; n < static_cast<std::size_t>(sample.points); ++n) {
      const reference::Jet jet =
          reference::jet(sample.architecture, sample.parameters, std::span(sample.coordinates).subspan(n * d, d));
      value.insert(value.end(), jet.value.begin(), jet.value.end());
      gradient.insert(gradient.end(), jet.gradient.begin(), jet.gradient.end());
      hessian.insert(hessian.end(), jet.hessian.begin(), jet.hessian.end());
    }
    value_scale = std::max(1.0, largest(value));
    gradient_scale = largest(gradient);
    hessian_scale = largest(hessian);
  }

  std::vector<double> value, gradient, hessian;
  double value_scale, gradient_scale, hessian_scale;
};

// Forward errors grow as rounding_growth says (engine_samples.h); each order of derivative brings factors cos or sin of
// phases that have those errors: as much again for each. A rounding is half an eps; three times that is allowed, as the
// largest derivative of a few points may be small against the terms it is made of.
template <class T>
double bound_of(const Architecture& a, int order) {
  return 3 * (1 + order) * epsilon<T> / 2 * rounding_growth(a);
}

template <class T>
std::vector<std::vector<T>> run(const Sample& sample, const JetPlan& plan, Isa isa, engine::Workers& workers) {
  const std::vector<T> parameters = as<T>(sample.parameters), coordinates = as<T>(sample.coordinates);
  JetQuery<T> query(sample.architecture, std::span<const T>(parameters), plan, isa, workers);
  const auto size = static_cast<std::size_t>(sample.points * sample.architecture.outputs);
  std::vector<std::vector<T>> streams(static_cast<std::size_t>(plan.streams()), std::vector<T>(size, T{12345}));
  std::vector<T*> out;
  for (std::vector<T>& stream : streams) out.push_back(stream.data());
  query.run(MatrixView<const T>(coordinates.data(), sample.points, sample.architecture.inputs), out);
  return streams;
}

/// All streams of the plan against the reference.
template <class T>
void expect_streams(ErrorBounds& bounds, const Sample& sample, const Expected& expected, const JetPlan& plan, Isa isa) {
  engine::SerialWorkers serial;
  const std::vector<std::vector<T>> streams = run<T>(sample, plan, isa, serial);
  const Architecture& a = sample.architecture;
  const auto d = static_cast<std::size_t>(a.inputs), size = expected.value.size();
  bounds.expect_near<T>(streams[0], expected.value, bound_of<T>(a, 0), expected.value_scale, "value");
  std::vector<double> wanted(size);
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan.first); ++i) {
    for (std::size_t e = 0; e < size; ++e) wanted[e] = expected.gradient[e * d + i];
    bounds.expect_near<T>(streams[1 + i], wanted, bound_of<T>(a, 1), expected.gradient_scale, "first derivative");
  }
  for (std::size_t s = 0; s < plan.second.size(); ++s) {
    std::ranges::fill(wanted, 0.0);
    double weights = 0;
    for (const auto& [i, j, weight] : plan.second[s].terms) {
      weights += std::abs(weight);
      for (std::size_t e = 0; e < size; ++e)
        wanted[e] += weight * expected.hessian[(e * d + static_cast<std::size_t>(i)) * d + static_cast<std::size_t>(j)];
    }
    bounds.expect_near<T>(streams[1 + static_cast<std::size_t>(plan.first) + s], wanted, bound_of<T>(a, 2),
                          weights * expected.hessian_scale, "second-order operator");
  }
}

struct NamedPlan {
  std::string name;
  JetPlan plan;
};

/// Every plan that an order of a query may take, gradients by both passes, and operators that no order asks for.
std::vector<NamedPlan> plans(int inputs) {
  std::vector<double> ones(static_cast<std::size_t>(inputs), 1), squares;
  for (int i = 0; i < inputs; ++i) squares.push_back(0.25 * (i + 1) * (i + 1));
  engine::SecondOrder mixed, pure;
  for (int i = 0; i < inputs; ++i)
    for (int j = i; j < inputs; ++j) mixed.terms.push_back({i, j, (i == j ? 1.5 : -0.75) * (1 + i + 2 * j)});
  pure.terms = {{inputs - 1, inputs - 1, -2}};
  return {{"value", engine::value_plan()},
          {"gradient by the jet", {.passes = Passes::jet, .first = inputs, .second = {}}},
          {"gradient by reverse", {.passes = Passes::reverse, .first = inputs, .second = {}}},
          {"laplacian", engine::laplacian_plan(ones)},
          {"weighted laplacian", engine::laplacian_plan(squares)},
          {"hessian", engine::hessian_plan(inputs)},
          {"two operators with mixed terms", {.passes = Passes::jet, .first = inputs, .second = {mixed, pure}}}};
}

struct Shape {
  Architecture architecture;
  std::int64_t points;
};

constexpr std::array widths = {1,  2,  3,  5,  7,  8,   9,   15,  16,  17,  31,  32, 33,
                               47, 63, 64, 65, 96, 127, 128, 129, 200, 255, 256, 257};
constexpr std::array many = {95, 96, 97, 777};  // around a block, and more than one piece

/// One or two shapes of each width; the reference carries all of a Hessian, so wide networks get few points.
std::vector<Shape> shapes(int width) {
  const int index = static_cast<int>(std::ranges::find(widths, width) - widths.begin());
  const auto shape = [width](int k, std::int64_t points) {
    return Shape{{.inputs = 1 + k % 4,
                  .outputs = 1 + k % 5,
                  .width = width,
                  .hidden_layers = width < 100 ? (k * 4) % 9 : (k * 2) % 5,
                  .omega_first = k % 3 == 0 ? 60.0 : 30.0,
                  .omega_hidden = k % 7 == 0 ? 10.0 : 30.0},
                 points};
  };
  std::vector<Shape> list = {shape(index, 1 + (index * 7) % 33)};
  if (width <= 33) list.push_back(shape(index + 25, 1 + (index * 7 + 16) % 33));
  if (index < static_cast<int>(many.size())) list.push_back(shape(index + 2, many[static_cast<std::size_t>(index)]));
  if (width == 16) list.push_back({{.inputs = 33, .outputs = 2, .width = 16, .hidden_layers = 1}, 4});
  if (width == 32) list.push_back({{.inputs = 2, .outputs = 17, .width = 32, .hidden_layers = 1}, 20});
  return list;
}

TEST(EngineQueryShapes, cover_every_depth_and_number_of_inputs_and_outputs) {
  std::set<int> depths, inputs, outputs;
  for (const int width : widths)
    for (const Shape& shape : shapes(width)) {
      depths.insert(shape.architecture.hidden_layers);
      inputs.insert(shape.architecture.inputs);
      outputs.insert(shape.architecture.outputs);
    }
  EXPECT_EQ(depths, (std::set{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(inputs, (std::set{1, 2, 3, 4, 33}));
  EXPECT_EQ(outputs, (std::set{1, 2, 3, 4, 5, 17}));
}

class EngineQuery : public testing::TestWithParam<int> {};

TEST_P(EngineQuery, streams_of_every_plan_are_those_of_the_reference) {
  ErrorBounds bounds(fmt::format("width {}", GetParam()));
  for (const Shape& shape : shapes(GetParam())) {
    const Architecture& a = shape.architecture;
    SCOPED_TRACE(
        fmt::format("{} to {}, {} hidden layers, {} points", a.inputs, a.outputs, a.hidden_layers, shape.points));
    const Sample sample(a, shape.points);
    const Expected expected(sample);
    for (const NamedPlan& named : plans(a.inputs)) {
      SCOPED_TRACE(named.name);
      for_each_engine([&]<class T>(Isa isa) { expect_streams<T>(bounds, sample, expected, named.plan, isa); });
    }
  }
}

INSTANTIATE_TEST_SUITE_P(width, EngineQuery, testing::ValuesIn(widths), testing::PrintToStringParamName());

TEST(EngineQueryThreads, do_not_change_a_bit) {
  const Sample sample({.inputs = 2, .outputs = 3, .width = 9, .hidden_layers = 1}, 768 * 5 + 13);
  for (const NamedPlan& named : plans(2)) {
    SCOPED_TRACE(named.name);
    for_each_engine([&]<class T>(Isa isa) {
      engine::SerialWorkers serial;
      const auto alone = run<T>(sample, named.plan, isa, serial);
      for (const int threads : {2, 3, 7}) {
        const auto workers = engine::make_workers(threads);
        EXPECT_TRUE(run<T>(sample, named.plan, isa, *workers) == alone) << threads << " threads";
      }
    });
  }
}

TEST(EngineQueryCoefficients, of_points_are_those_of_constant_operators_there) {
  const Sample sample({.inputs = 2, .outputs = 2, .width = 21, .hidden_layers = 1}, 100);
  JetPlan by_point{.passes = Passes::jet, .first = 2, .second = {{{{0, 0, 0}, {0, 1, 0}}}, {{{1, 1, 0}}}}};
  by_point.coefficients_by_point = true;
  const std::vector<double> numbers = some_numbers(sample.points * 3, 2, 5);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> parameters = as<T>(sample.parameters), x = as<T>(sample.coordinates),
                         coefficients = as<T>(numbers);
    engine::SerialWorkers serial;
    const auto query = [&](const JetPlan& plan) {
      return JetQuery<T>(sample.architecture, std::span<const T>(parameters), plan, isa, serial);
    };
    std::vector<std::vector<T>> streams(5, std::vector<T>(200));
    std::vector<T*> out;
    for (std::vector<T>& stream : streams) out.push_back(stream.data());
    query(by_point).run({.coordinates = {x.data(), 100, 2}, .coefficients = {coefficients.data(), 100, 3}}, out);
    std::vector<T> rows(100 * 5 * 21);
    query(by_point).features({.coordinates = {x.data(), 100, 2}, .coefficients = {coefficients.data(), 100, 3}}, rows);
    for (std::size_t p = 0; p < 100; p += 9) {
      JetPlan constant = by_point;
      constant.coefficients_by_point = false;
      constant.second[0].terms[0].a = numbers[3 * p];
      constant.second[0].terms[1].a = numbers[3 * p + 1];
      constant.second[1].terms[0].a = numbers[3 * p + 2];
      std::array<std::array<T, 2>, 5> one;
      std::vector<T*> to;
      for (std::array<T, 2>& stream : one) to.push_back(stream.data());
      query(constant).run(MatrixView<const T>(x.data() + 2 * p, 1, 2), to);
      for (std::size_t s = 0; s < 5; ++s)
        for (std::size_t o = 0; o < 2; ++o) EXPECT_EQ(streams[s][2 * p + o], one[s][o]) << p << ' ' << s;
      std::vector<T> row(5 * 21);
      query(constant).features(MatrixView<const T>(x.data() + 2 * p, 1, 2), row);
      EXPECT_TRUE(std::equal(row.begin(), row.end(), rows.begin() + static_cast<std::ptrdiff_t>(p * 5 * 21))) << p;
    }
  });
}

// From here on the public evaluator.

/// A field of one network with axes and channels of its own, none of them equal.
Field some_field(const Architecture& a, std::uint64_t seed = 1) {
  Field field;
  field.networks = {initial_network(a, seed)};
  for (int i = 0; i < a.inputs; ++i) field.axes.push_back({fmt::format("axis {}", i), 0.02 * (i + 1), 0.1 - 0.3 * i});
  for (int c = 0; c < a.outputs; ++c) field.channels.push_back({127.5 - 60 * c, 10.0 + c});
  return field;
}

TEST(Evaluator, takes_any_number_of_points_and_fills_what_the_order_includes) {
  const Field field = some_field({.inputs = 3, .outputs = 2, .width = 6, .hidden_layers = 1});
  for_each_engine([&]<class T>(Isa isa) {
    for (const Order order : orders) {
      Evaluator<T> evaluate(field, order, Units::signal, {.isa = isa, .threads = 1});
      for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{97}}) {
        const std::vector<T> points(n * 3, T{1});
        const Jets<T> jets = evaluate(rows(points, 3));
        EXPECT_EQ(jets.value.size(), n * 2);
        EXPECT_EQ(jets.gradient.size(), order >= Order::gradient ? n * 2 * 3 : 0);
        EXPECT_EQ(jets.laplacian.size(), order >= Order::laplacian ? n * 2 : 0);
        EXPECT_EQ(jets.hessian.size(), order >= Order::hessian ? n * 2 * 9 : 0);
      }
    }
  });
}

TEST(Evaluator, results_follow_their_points_however_these_are_ordered_and_grouped) {
  const Field field = some_field({.inputs = 2, .outputs = 3, .width = 13, .hidden_layers = 2});
  expect_results_follow_points(field, some_numbers(2 * 1001, 40, 5));
}

TEST(Evaluator, threads_do_not_change_a_bit) {
  const Field field = some_field({.inputs = 3, .outputs = 1, .width = 9, .hidden_layers = 1});
  const std::vector<double> drawn = some_numbers(3 * 4000, 40, 7);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    for (const Order order : orders) {
      const Jets<T> alone = query<T>(field, rows(points, 3), order, Units::signal, {.isa = isa, .threads = 1});
      for (const int threads : {2, 7})
        expect_same_bits(query<T>(field, rows(points, 3), order, Units::signal, {.isa = isa, .threads = threads}),
                         alone);
    }
  });
}

TEST(Evaluator, reads_rows_by_their_stride_and_moves) {
  const std::vector<double> drawn = some_numbers(2 * 30, 40, 8);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    std::vector<T> apart(30 * 5, T{1e6});
    for (std::size_t p = 0; p < 30; ++p) std::copy_n(&points[p * 2], 2, &apart[p * 5]);
    const Field field = some_field({.inputs = 2, .outputs = 2, .width = 5, .hidden_layers = 1});
    const ComputeOptions options{.isa = isa, .threads = 1};
    const Jets<T> expected = query<T>(field, rows(points, 2), Order::hessian, Units::signal, options);
    Evaluator<T> first(field, Order::hessian, Units::signal, options);
    Evaluator<T> moved = std::move(first);
    expect_same_bits(moved(MatrixView<const T>(apart.data(), 30, 2, 5)), expected);
    expect_same_bits(moved(rows(points, 2)), expected);
  });
}

// It refers to the field: one that dies with the statement is refused by the compiler.
static_assert(std::is_constructible_v<Evaluator<float>, const Field&, Order>);
static_assert(!std::is_constructible_v<Evaluator<float>, Field, Order>);

TEST(Evaluator, network_units_are_those_of_the_reference) {
  const Architecture a{.inputs = 3, .outputs = 2, .width = 10, .hidden_layers = 2};
  const Sample sample(a, 50);
  const Expected expected(sample);
  const Field field = some_field(a);
  ErrorBounds bounds("network units");
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(sample.coordinates);
    const Jets<T> jets = query<T>(field, rows(points, 3), Order::hessian, Units::network, {.isa = isa, .threads = 1});
    bounds.expect_near<T>(jets.value, expected.value, bound_of<T>(a, 0), expected.value_scale, "value");
    bounds.expect_near<T>(jets.gradient, expected.gradient, bound_of<T>(a, 1), expected.gradient_scale, "gradient");
    bounds.expect_near<T>(jets.hessian, expected.hessian, bound_of<T>(a, 2), expected.hessian_scale, "hessian");
  });
}

TEST(Evaluator, signal_units_apply_the_maps_of_axes_and_channels) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 10, .hidden_layers = 1};
  const Field field = some_field(a);
  const std::vector<double> drawn = some_numbers(2 * 40, 40, 9);
  ErrorBounds bounds("signal units");
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    std::vector<T> inside(points.size());
    for (std::size_t e = 0; e < points.size(); ++e)
      inside[e] = static_cast<T>(field.axes[e % 2].scale * static_cast<double>(points[e]) + field.axes[e % 2].offset);
    const ComputeOptions options{.isa = isa, .threads = 1};
    const Jets<T> raw = query<T>(field, rows(inside, 2), Order::hessian, Units::network, options);
    const Jets<T> jets = query<T>(field, rows(points, 2), Order::hessian, Units::signal, options);
    const Jets<T> laplacian = query<T>(field, rows(points, 2), Order::laplacian, Units::signal, options);
    const double near = bound_of<T>(a, 2);
    std::vector<double> value, gradient, hessian, trace;
    for (std::size_t e = 0; e < raw.value.size(); ++e) {
      const ChannelMap& channel = field.channels[e % 2];
      value.push_back(channel.scale * static_cast<double>(raw.value[e]) + channel.offset);
      for (std::size_t i = 0; i < 2; ++i) {
        gradient.push_back(channel.scale * field.axes[i].scale * static_cast<double>(raw.gradient[e * 2 + i]));
        for (std::size_t j = 0; j < 2; ++j)
          hessian.push_back(channel.scale * field.axes[i].scale * field.axes[j].scale *
                            static_cast<double>(raw.hessian[(e * 2 + i) * 2 + j]));
      }
      trace.push_back(hessian[e * 4] + hessian[e * 4 + 3]);
    }
    // The maps round once or twice; the Laplacian comes by another plan.
    bounds.expect_near<T>(jets.value, value, 2 * epsilon<T>, largest(value), "value");
    bounds.expect_near<T>(jets.gradient, gradient, 2 * epsilon<T>, largest(gradient), "gradient");
    bounds.expect_near<T>(jets.hessian, hessian, 2 * epsilon<T>, largest(hessian), "hessian");
    bounds.expect_near<T>(jets.laplacian, trace, 2 * epsilon<T>, largest(hessian), "trace of the hessian");
    bounds.expect_near<T>(laplacian.laplacian, trace, near, largest(hessian), "laplacian");
  });
}

/// Expects |difference(h) - exact| to fall as h^2 while h halves from 2^-4 to 2^-8.
template <class Difference>
void expect_second_order(double scale, double exact, Difference&& difference) {
  std::vector<double> error;
  for (int k = 4; k <= 8; ++k) error.push_back(std::abs(difference(std::exp2(-k)) - exact));
  const double slope = std::log2(error.front() / error.back()) / static_cast<double>(error.size() - 1);
  EXPECT_NEAR(slope, 2, 0.1);
  EXPECT_LT(error.back(), 1e-3 * scale);
}

TEST(Evaluator, derivatives_in_signal_units_are_limits_of_differences_of_the_value) {
  const Field field = some_field({.inputs = 2, .outputs = 2, .width = 10, .hidden_layers = 1});
  const std::vector<double> point = {11.3, -7.6};
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    const ComputeOptions options{.isa = isa, .threads = 1};
    Evaluator<double> value(field, Order::value, Units::signal, options);
    const Jets<double> jets = query<double>(field, rows(point, 2), Order::hessian, Units::signal, options);
    // A unit of the axes is 0.02 and 0.04 of the network's, so at most about one radian of its phases.
    for (std::size_t c = 0; c < 2; ++c) {
      const auto at = [&](double row, double column) {
        const std::vector<double> moved = {point[0] + row, point[1] + column};
        return value(rows(moved, 2)).value[c];
      };
      const double gradient_scale = largest(jets.gradient), hessian_scale = largest(jets.hessian);
      expect_second_order(gradient_scale, jets.gradient[c * 2],
                          [&](double h) { return (at(h, 0) - at(-h, 0)) / (2 * h); });
      expect_second_order(gradient_scale, jets.gradient[c * 2 + 1],
                          [&](double h) { return (at(0, h) - at(0, -h)) / (2 * h); });
      const double here = at(0, 0);
      expect_second_order(hessian_scale, jets.laplacian[c],
                          [&](double h) { return (at(h, 0) + at(-h, 0) + at(0, h) + at(0, -h) - 4 * here) / (h * h); });
      expect_second_order(hessian_scale, jets.hessian[c * 4 + 1],
                          [&](double h) { return (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h); });
    }
  }
}

TEST(Evaluator, hessian_is_symmetric_and_its_trace_is_the_laplacian) {
  for (const int inputs : {1, 2, 3, 4}) {
    const Architecture a{.inputs = inputs, .outputs = 3, .width = 12, .hidden_layers = 2};
    const Field field = some_field(a);
    const auto d = static_cast<std::size_t>(inputs);
    ErrorBounds bounds(fmt::format("trace of the hessian, {} inputs", inputs));
    for_each_engine([&]<class T>(Isa isa) {
      const std::vector<T> points = as<T>(some_numbers(inputs * 60, 40, 10));
      const ComputeOptions options{.isa = isa, .threads = 1};
      const Jets<T> jets = query<T>(field, rows(points, inputs), Order::hessian, Units::signal, options);
      const Jets<T> laplacian = query<T>(field, rows(points, inputs), Order::laplacian, Units::signal, options);
      std::vector<double> trace(jets.value.size());
      for (std::size_t e = 0; e < trace.size(); ++e)
        for (std::size_t i = 0; i < d; ++i) {
          trace[e] += static_cast<double>(jets.hessian[(e * d + i) * d + i]);
          for (std::size_t j = 0; j < i; ++j)
            EXPECT_EQ(jets.hessian[(e * d + i) * d + j], jets.hessian[(e * d + j) * d + i]);
        }
      const double scale = largest(trace);
      bounds.expect_near<T>(jets.laplacian, trace, inputs * epsilon<T>, scale, "sum of the diagonal");
      bounds.expect_near<T>(laplacian.laplacian, trace, bound_of<T>(a, 2), scale, "laplacian");
      expect_same_bits<T>({jets.value, {}, {}, {}}, {laplacian.value, {}, {}, {}});
    });
  }
}

TEST(Evaluator, a_sum_adds_its_networks) {
  const Architecture deep{.inputs = 2, .outputs = 2, .width = 9, .hidden_layers = 2};
  const Architecture shallow{.inputs = 2, .outputs = 2, .width = 21, .hidden_layers = 0, .omega_first = 50};
  const auto with = [&](FieldKind kind, std::vector<Network> networks) {
    Field field = some_field(deep);
    field.kind = kind;
    field.networks = std::move(networks);
    return field;
  };
  const Network one = initial_network(deep, 1, 0), two = initial_network(shallow, 1, 1),
                three = initial_network(deep, 1, 2);
  const Field sum = with(FieldKind::sum, {one, two, three});
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(some_numbers(2 * 33, 1, 11));
    const auto ask = [&](const Field& field, Order order) {
      return query<T>(field, rows(points, 2), order, Units::network, {.isa = isa, .threads = 1});
    };
    for (const Order order : orders) {
      const Jets<T> all = ask(sum, order);
      const Jets<T> a = ask(with(FieldKind::network, {one}), order), b = ask(with(FieldKind::network, {two}), order),
                    c = ask(with(FieldKind::network, {three}), order);
      for (std::size_t e = 0; e < all.value.size(); ++e) EXPECT_EQ(all.value[e], a.value[e] + b.value[e] + c.value[e]);
      for (std::size_t e = 0; e < all.gradient.size(); ++e)
        EXPECT_EQ(all.gradient[e], a.gradient[e] + b.gradient[e] + c.gradient[e]);
      for (std::size_t e = 0; e < all.hessian.size(); ++e)
        EXPECT_EQ(all.hessian[e], a.hessian[e] + b.hessian[e] + c.hessian[e]);
      if (order != Order::laplacian) continue;  // a trace is summed in double before it rounds
      for (std::size_t e = 0; e < all.laplacian.size(); ++e)
        EXPECT_EQ(all.laplacian[e], a.laplacian[e] + b.laplacian[e] + c.laplacian[e]);
    }
  });
}

TEST(Evaluator, one_layer_of_sine_features_has_its_closed_form) {
  // u(x) = 2 sin(10 (0.5 x - 0.25 y + 0.125)) - 3 sin(10 (0.25 x + 0.375 y - 0.5)) + 0.75
  Field field;
  field.networks = {{{.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0, .omega_first = 10},
                     {0.5F, -0.25F, 0.25F, 0.375F, 0.125F, -0.5F, 2, -3, 0.75F}}};
  field.axes = {{"x", 1, 0}, {"y", 1, 0}};
  field.channels = {{1, 0}};
  const std::vector<double> drawn = some_numbers(2 * 20, 1, 12);
  ErrorBounds bounds("closed form");
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(drawn);
    const Jets<T> jets = query<T>(field, rows(points, 2), Order::hessian, Units::signal, {.isa = isa, .threads = 1});
    // Phases up to 14 rad, so 7 eps each, times 2 + 3 and the squares of their slopes 5, 2.5, 2.5, 3.75.
    const double near = 20 * epsilon<T>;
    for (std::size_t p = 0; p < 20; ++p) {
      const double x = drawn[2 * p], y = drawn[2 * p + 1];
      const double a = 5 * x - 2.5 * y + 1.25, b = 2.5 * x + 3.75 * y - 5;
      const auto check = [&](T actual, double expected, double scale) {
        bounds.expect_near(static_cast<double>(actual), expected, near * scale, "closed form");
      };
      check(jets.value[p], 2 * std::sin(a) - 3 * std::sin(b) + 0.75, 5.75);
      check(jets.gradient[2 * p], 10 * std::cos(a) - 7.5 * std::cos(b), 17.5);
      check(jets.gradient[2 * p + 1], -5 * std::cos(a) - 11.25 * std::cos(b), 16.25);
      check(jets.hessian[4 * p], -50 * std::sin(a) + 18.75 * std::sin(b), 68.75);
      check(jets.hessian[4 * p + 1], 25 * std::sin(a) + 28.125 * std::sin(b), 53.125);
      check(jets.hessian[4 * p + 3], -12.5 * std::sin(a) + 42.1875 * std::sin(b), 54.6875);
      check(jets.laplacian[p], -62.5 * std::sin(a) + 60.9375 * std::sin(b), 123.4375);
    }
  });
}

TEST(Evaluator, a_shift_of_the_input_is_a_change_of_the_first_bias) {
  const Architecture a{.inputs = 2, .outputs = 3, .width = 14, .hidden_layers = 2};
  const Field field = some_field(a);
  Field shifted = field;
  // All in multiples of 2^-12, so that points, weights and biases shift without rounding.
  const auto coarse = [](float x) { return std::round(x * 4096) / 4096; };
  Field base = field;
  for (Field* f : {&base, &shifted})
    for (float& parameter : f->networks[0].parameters) parameter = coarse(parameter);
  const std::array<float, 2> shift = {0.25F, -0.125F};
  const LayerSlice first = layer_slices(a).front();
  for (int row = 0; row < a.width; ++row)
    for (int i = 0; i < 2; ++i)
      shifted.networks[0].parameters[static_cast<std::size_t>(first.bias + row)] +=
          shifted.networks[0].parameters[static_cast<std::size_t>(first.weight + row * 2 + i)] *
          shift[static_cast<std::size_t>(i)];
  ErrorBounds bounds("shift");
  for_each_engine([&]<class T>(Isa isa) {
    std::vector<T> points = as<T>(some_numbers(2 * 50, 0.5, 13));
    for (T& x : points) x = std::round(x * 4096) / 4096;
    std::vector<T> moved = points;
    for (std::size_t e = 0; e < moved.size(); ++e) moved[e] += static_cast<T>(shift[e % 2]);
    const ComputeOptions options{.isa = isa, .threads = 1};
    const Jets<T> there = query<T>(base, rows(moved, 2), Order::hessian, Units::network, options);
    const Jets<T> here = query<T>(shifted, rows(points, 2), Order::hessian, Units::network, options);
    const auto compare = [&](const std::vector<T>& actual, const std::vector<T>& expected, int order,
                             const char* what) {
      const std::vector<double> wanted = as<double>(expected);
      bounds.expect_near<T>(actual, wanted, bound_of<T>(a, order), largest(wanted), what);
    };
    compare(here.value, there.value, 0, "value");
    compare(here.gradient, there.gradient, 1, "gradient");
    compare(here.hessian, there.hessian, 2, "hessian");
  });
}

class EvaluatorGolden : public testing::TestWithParam<GoldenCase> {};

TEST_P(EvaluatorGolden, jets_agree_with_automatic_differentiation) {
  const GoldenCase& golden = GetParam();
  const Architecture& a = golden.architecture;
  Field field = some_field(a);
  field.networks = {{a, as<float>(golden.initial_parameters)}};
  ErrorBounds bounds(golden.name);
  for_each_engine([&]<class T>(Isa isa) {
    const std::vector<T> points = as<T>(golden.probe_points);
    for (const Order order : orders) {
      const Jets<T> jets = query<T>(field, rows(points, a.inputs), order, Units::network, {.isa = isa, .threads = 1});
      const auto compare = [&](const std::vector<T>& actual, const std::vector<double>& expected, int degree,
                               const char* what) {
        bounds.expect_near<T>(actual, expected, bound_of<T>(a, degree), std::max(1.0, largest(expected)), what);
      };
      compare(jets.value, golden.probe_value, 0, "value");
      if (order >= Order::gradient) compare(jets.gradient, golden.probe_gradient, 1, "gradient");
      if (order >= Order::laplacian) compare(jets.laplacian, golden.probe_laplacian, 2, "laplacian");
      if (order >= Order::hessian) compare(jets.hessian, golden.probe_hessian, 2, "hessian");
    }
  });
}

INSTANTIATE_TEST_SUITE_P(, EvaluatorGolden, testing::ValuesIn(golden_cases()), golden_name);

TEST(Evaluator, wrong_columns_and_threads_are_refused_with_the_numbers) {
  const Field field = some_field({.inputs = 2, .outputs = 1, .width = 3, .hidden_layers = 0});
  const std::vector<float> points(6);
  EXPECT_EQ(refusal([&] { query<float>(field, rows(points, 3), Order::value); }),
            "points have 3 columns, the field has 2 coordinates");
  for (const int threads : {0, -1, 1025})
    EXPECT_EQ(refusal([&] { Evaluator<float>(field, Order::value, Units::signal, {.threads = threads}); }),
              fmt::format("{} threads asked for, expected 1 to 1024", threads));
}

}  // namespace
}  // namespace sinefield
