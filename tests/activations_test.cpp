// Every activation and encoding: the reference's curves against differences of themselves, every plan of the engine
// against the reference, and ten steps of Adam against the numbers of PyTorch. Shapes, threads and memory of the passes
// are those of the sine (engine_*_test.cpp): the code is the same.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "derivative_step.h"
#include "engine/jet_query.h"
#include "engine_samples.h"
#include "golden.h"
#include "reference/layers.h"
#include "reference/reference.h"
#include "refusal.h"
#include "sinefield/error.h"
#include "train/adam.h"

namespace sinefield {
namespace {

using engine::JetPlan;
using engine::Passes;

std::vector<Activation> all_activations() {
  std::vector<Activation> all;
  for (const std::string_view name : activation_names()) all.push_back(activation_from_name(name));
  return all;
}

std::string test_name(const testing::TestParamInfo<Activation>& tested) {
  return std::string(activation_name(tested.param));
}

class EveryActivation : public testing::TestWithParam<Activation> {};
INSTANTIATE_TEST_SUITE_P(, EveryActivation, testing::ValuesIn(all_activations()), test_name);

TEST_P(EveryActivation, curve_of_the_reference_has_the_slopes_of_its_differences) {
  constexpr double h = 1e-5;
  for (const double omega : {1.0, 2.5})
    for (const double z : {-3.1, -0.7, -0.011, 0.013, 0.4, 1.9, 4.2}) {
      SCOPED_TRACE(fmt::format("omega {}, z {}", omega, z));
      const auto at = [&](double x) { return reference::activation(GetParam(), omega, x); };
      const reference::Curve here = at(z), ahead = at(z + h), behind = at(z - h);
      const auto near = [&](double slope, double a, double b) {
        const double expected = (a - b) / (2 * h);
        EXPECT_NEAR(slope, expected, 2e-8 * std::pow(2 * omega * (std::abs(z) + 1), 4));
      };
      near(here.first, ahead.value, behind.value);
      near(here.second, ahead.first, behind.first);
      near(here.third, ahead.second, behind.second);
    }
}

/// u = s(e(x)) of one unit: its derivatives are those of s.
Architecture one_unit(Activation activation, const Encoding& encoding = {}) {
  return {.inputs = 1,
          .outputs = 1,
          .width = 1,
          .hidden_layers = 0,
          .omega_first = 1,
          .omega_hidden = 1,
          .activation = activation,
          .encoding = encoding};
}

/// The streams of the plan at points of one coordinate.
template <class T>
std::vector<std::vector<T>> streams_at(const std::vector<T>& x, const Architecture& a, const std::vector<T>& parameters,
                                       const JetPlan& plan, Isa isa) {
  engine::SerialWorkers serial;
  engine::JetQuery<T> query(a, std::span<const T>(parameters), plan, isa, serial);
  std::vector<std::vector<T>> streams(static_cast<std::size_t>(plan.streams()), std::vector<T>(x.size()));
  std::vector<T*> out;
  for (std::vector<T>& stream : streams) out.push_back(stream.data());
  query.run(MatrixView<const T>(x.data(), std::ssize(x), 1), out);
  return streams;
}

TEST_P(EveryActivation, is_continuous_and_finite_far_out) {
  for_each_engine([&]<class T>(Isa isa) {
    std::vector<T> x;
    // FINER's phase grows with the square: 150 is 22,650 radians, within the range of the sine.
    for (const double z : {0.0, -0.0, 1e-30, -1e-30, 1e-6, -1e-6, 20.0, -20.0, 150.0, -150.0})
      x.push_back(static_cast<T>(z));
    const JetPlan plan = engine::laplacian_plan(std::array<double, 1>{1});
    const std::vector<std::vector<T>> streams = streams_at<T>(x, one_unit(GetParam()), {1, 0, 1, 0}, plan, isa);
    const std::vector<T>&u = streams[0], &u_x = streams[1], &u_xx = streams[2];
    for (std::size_t i = 0; i < x.size(); ++i) {
      const reference::Curve s = reference::activation(GetParam(), 1, static_cast<double>(x[i]));
      const double size = 1 + std::abs(static_cast<double>(x[i])), phase = size * size;
      const double bound = 4 * epsilon<T>;
      EXPECT_NEAR(static_cast<double>(u[i]), s.value, bound * phase) << static_cast<double>(x[i]);
      EXPECT_NEAR(static_cast<double>(u_x[i]), s.first, 2 * bound * phase * size) << static_cast<double>(x[i]);
      EXPECT_NEAR(static_cast<double>(u_xx[i]), s.second, 4 * bound * phase * phase) << static_cast<double>(x[i]);
    }
  });
}

// What e^z - 1 is for: small numbers keep their digits.
TEST(Activations, of_exponentials_are_right_to_the_last_digits_about_zero) {
  for (const Activation activation : {Activation::tanh, Activation::elu, Activation::selu})
    for_each_engine([&]<class T>(Isa isa) {
      SCOPED_TRACE(activation_name(activation));
      std::vector<T> x;
      for (double z = 1e-30; z < 40; z *= 1.37)
        for (const double sign : {1, -1}) x.push_back(static_cast<T>(sign * z));
      const std::vector<T> u = streams_at<T>(x, one_unit(activation), {1, 0, 1, 0}, engine::value_plan(), isa)[0];
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double exact = reference::activation(activation, 1, static_cast<double>(x[i])).value;
        EXPECT_NEAR(static_cast<double>(u[i]), exact, 3 * epsilon<T> * std::abs(exact)) << static_cast<double>(x[i]);
      }
    });
}

Architecture shape_of(Activation activation, const Encoding& encoding, int inputs, int width) {
  const bool periodic = activation == Activation::sine || activation == Activation::finer;
  return {.inputs = inputs,
          .outputs = 1 + width % 2,
          .width = width,
          .hidden_layers = 2,
          .omega_first = periodic                          ? 8
                         : activation == Activation::gauss ? 2
                                                           : 1.0,
          .omega_hidden = periodic                          ? 6
                          : activation == Activation::gauss ? 1.5
                                                            : 1,
          .activation = activation,
          .encoding = encoding};
}

/// Those that a network may be trained with.
std::vector<JetPlan> plans_of(const Architecture& a) {
  const int d = a.inputs;
  std::vector<double> weights;
  for (int i = 0; i < d; ++i) weights.push_back(1 - 0.75 * i);
  std::vector<JetPlan> list = {engine::value_plan(),
                               {.passes = Passes::jet, .first = d, .second = {}},
                               engine::laplacian_plan(weights),
                               engine::hessian_plan(d),
                               {.passes = Passes::jet, .first = 1, .second = {{{{0, 0, 1}}}}, .axes = {d - 1}}};
  list.push_back(engine::laplacian_plan(weights));
  list.back().coefficients_by_point = true;
  if (const JetPlan by_reverse = engine::gradient_plan(
          Architecture{a.inputs, 1, a.width, a.hidden_layers, a.omega_first, a.omega_hidden, a.activation, a.encoding});
      by_reverse.passes == Passes::reverse)
    list.push_back(by_reverse);
  return list;
}

/// What rounding does to a step, in eps of the terms: a few dot products of the inputs of the layers, and phases of the
/// size of what stands before them, of which radial features have sigma |x - c|^2 and positional ones none.
double growth(const Architecture& a) {
  const double phases = a.activation == Activation::finer ? 6 * a.omega_first : a.omega_first;
  return 2 * (phases + a.hidden_layers * (a.omega_hidden + std::sqrt(a.width)) + std::sqrt(encoded_inputs(a)) +
              (a.encoding.kind == Encoding::Kind::rbf ? 60 : 0));
}

void expect_all_plans(const Architecture& a, ErrorBounds& bounds) {
  engine::SerialWorkers serial;
  for (const JetPlan& plan : plans_of(a)) {
    SCOPED_TRACE(fmt::format("{} behind {}, {} to {}, width {}, {}", activation_name(a.activation),
                             encoding_text(a.encoding), a.inputs, a.outputs, a.width, plan.words(a.outputs)));
    const StepProblem problem(a, plan, 31);
    const Expected expected(problem);
    for_each_engine([&]<class T>(Isa isa) {
      const double bound = epsilon<T> * growth(a);
      const std::pair<double, std::vector<T>> taken = step<T>(problem, isa, serial);
      bounds.expect_near(taken.first, expected.loss, bound * expected.loss_size, "loss");
      const auto compare = [&](std::int64_t first, std::int64_t last) {
        const auto part = [&](const auto& array) {
          return std::span(array).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
        };
        bounds.expect_near<T>(part(taken.second), part(expected.gradient), bound, largest(part(expected.size)),
                              fmt::format("gradient from parameter {} on,", first).c_str());
      };
      for (const LayerSlice& slice : layer_slices(a)) compare(slice.weight, slice.bias + slice.outputs);
      if (const std::int64_t trained = encoding_parameters(a); trained > 0) {
        compare(0, trained - a.encoding.size);
        compare(trained - a.encoding.size, trained);
      }
    });
  }
}

TEST_P(EveryActivation, has_the_gradients_of_the_reference_in_every_plan) {
  ErrorBounds bounds{std::string(activation_name(GetParam()))};
  for (const int width : {1, 17, 40})
    for (const int inputs : {1, 2}) expect_all_plans(shape_of(GetParam(), {}, inputs, width), bounds);
}

TEST_P(EveryActivation, has_the_gradients_of_the_reference_behind_every_encoding) {
  ErrorBounds bounds{std::string(activation_name(GetParam()))};
  for (const Encoding& encoding : {Encoding{Encoding::Kind::positional, 1}, Encoding{Encoding::Kind::positional, 5},
                                   Encoding{Encoding::Kind::rbf, 1}, Encoding{Encoding::Kind::rbf, 37}})
    for (const int inputs : {1, 3}) expect_all_plans(shape_of(GetParam(), encoding, inputs, 19), bounds);
}

TEST(Encoding, of_high_frequencies_is_exact) {
  // 2^23 pi x in float: a phase of 26 million that is reduced without rounding.
  const Architecture a = one_unit(Activation::relu, {Encoding::Kind::positional, 24});
  std::vector<float> parameters(static_cast<std::size_t>(parameter_count(a)));
  parameters[47] = 1;  // the sine of the highest frequency
  parameters[49] = 2;  // keeps the relu open
  parameters[50] = 1;
  const std::vector<float> x = {0.3F, -0.7123F, 0.999F, 1e-3F};
  for (const Isa isa : available_isas()) {
    const std::vector<float> u = streams_at(x, a, parameters, engine::value_plan(), isa)[0];
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double turns = std::remainder(std::ldexp(static_cast<double>(x[i]), 23), 2.0);
      EXPECT_NEAR(u[i], 2 + std::sin(3.14159265358979323846 * turns), 1e-6) << isa_name(isa) << ' ' << x[i];
    }
  }
}

TEST(Activations, against_ten_steps_of_pytorch) {
  for (const nlohmann::json& record : golden_records("activations.json")) {
    Architecture a = golden_architecture(record);
    const nlohmann::json& shape = record.at("architecture");
    a.activation = activation_from_name(shape.at("activation").get<std::string>());
    const auto kind = shape.at("encoding").at("kind").get<std::string>();
    a.encoding = {kind == "none"         ? Encoding::Kind::none
                  : kind == "positional" ? Encoding::Kind::positional
                                         : Encoding::Kind::rbf,
                  shape.at("encoding").at("size")};
    SCOPED_TRACE(fmt::format("{} behind {}", activation_name(a.activation), encoding_text(a.encoding)));
    const std::vector<double> initial = record.at("initial_parameters"), coordinates = record.at("coordinates"),
                              values = record.at("values"), slopes = record.at("first_derivatives"),
                              curves = record.at("laplacians"), losses = record.at("losses"),
                              first_gradient = record.at("first_gradient"), final = record.at("final_parameters");
    const JetPlan plan = engine::laplacian_plan(std::array<double, 2>{1, 1});
    for_each_engine([&]<class T>(Isa isa) {
      const std::vector<T> x = as<T>(coordinates), u = as<T>(values), du = as<T>(slopes), ddu = as<T>(curves);
      const std::int64_t points = std::ssize(x) / 2;
      const engine::SquaredErrorBatch<T> batch({x.data(), points, 2},
                                               {{0, {u.data(), points, 2}, 1},
                                                {1, {du.data(), points, 2, 4}, 0.05},
                                                {2, {du.data() + 2, points, 2, 4}, 0.05},
                                                {3, {ddu.data(), points, 2}, 0.01}},
                                               plan.streams());
      engine::SerialWorkers serial;
      engine::TrainingStep<T> training_step(a, isa, serial, plan);
      train::Adam<T> adam(initial.size(), isa);
      std::vector<T> parameters = as<T>(initial), gradient(parameters.size());
      for (std::size_t step = 0; step < losses.size(); ++step) {
        const double loss = training_step.run(parameters, batch, gradient);
        EXPECT_NEAR(loss, losses[step], 1e3 * epsilon<T> * losses[step]) << "step " << step;
        for (std::size_t i = 0; step == 0 && i < gradient.size(); ++i)
          EXPECT_NEAR(static_cast<double>(gradient[i]), first_gradient[i], 1e3 * epsilon<T> * largest(first_gradient))
              << i;
        adam.step(parameters, gradient, record.at("learning_rate"), 1);
      }
      const double moved = std::is_same_v<T, double> ? 1e-9 : 20 * record.at("learning_rate").get<double>();
      for (std::size_t i = 0; i < parameters.size(); ++i)
        EXPECT_NEAR(static_cast<double>(parameters[i]), final[i], moved) << i;
    });
  }
}

TEST(Activations, have_names_and_refuse_others) {
  for (const Activation activation : all_activations())
    EXPECT_EQ(activation_from_name(activation_name(activation)), activation);
  EXPECT_EQ(refusal([] { activation_from_name("swish"); }),
            "activation swish: expected one of sine, relu, tanh, sigmoid, softplus, elu, selu, finer, gauss");
}

}  // namespace
}  // namespace sinefield
