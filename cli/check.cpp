// `sinefield check`: does the engine compute, on this machine and with every instruction set that it has, what the
// plain double-precision reference computes? Values, derivatives up to the Hessian, loss and gradient of training steps
// through values and through derivatives.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "engine/training_step.h"
#include "reference/reference.h"
#include "simd/sincos.h"
#include "sinefield/machine.h"

namespace sinefield::cli {
namespace {

/// Largest |a - b| over the largest |b|.
template <class A>
double deviation(std::span<const A> result, std::span<const double> expected) {
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(result[i]) - expected[i]));
    scale = std::max(scale, std::abs(expected[i]));
  }
  return worst / std::max(scale, 1e-30);
}

struct Deviations {
  double value = 0, gradient = 0, hessian = 0, training = 0, derivative_training = 0, sincos = 0;

  double worst() const { return std::max({value, gradient, hessian, training, derivative_training}); }
};

template <class T>
double sincos_deviation(Isa isa) {
  double worst = 0;
  std::vector<T> x, sine, cosine;
  for (int i = -20'000; i <= 20'000; ++i) x.push_back(static_cast<T>(i * 2.0 + std::sin(i)));
  sine.resize(x.size());
  cosine.resize(x.size());
  simd::sincos<T>(isa, x, sine, cosine);
  for (std::size_t i = 0; i < x.size(); ++i)
    worst = std::max({worst, std::abs(static_cast<double>(sine[i]) - std::sin(static_cast<double>(x[i]))),
                      std::abs(static_cast<double>(cosine[i]) - std::cos(static_cast<double>(x[i])))});
  return worst;
}

/// A step towards zero of all streams that the plan carries beside the value: loss and gradient.
template <class T>
double derivative_step_deviation(const Network& network, MatrixView<const T> x, const engine::JetPlan& plan,
                                 const ComputeOptions& compute) {
  const Architecture& shape = network.architecture;
  const auto d = static_cast<std::size_t>(shape.inputs), c = static_cast<std::size_t>(shape.outputs);
  const std::vector<double> parameters(network.parameters.begin(), network.parameters.end());
  const double terms = static_cast<double>(x.rows) * shape.outputs;
  double loss = 0;
  std::vector<double> expected(parameters.size());
  for (std::int64_t p = 0; p < x.rows; ++p) {
    const std::vector<double> at(x.row(p), x.row(p) + d);
    const reference::Jet u = reference::jet(shape, parameters, at);
    reference::Jet bar{std::vector<double>(c), std::vector<double>(c * d), std::vector<double>(c * d * d)};
    for (std::size_t e = 0; e < c * d; ++e) {
      loss += u.gradient[e] * u.gradient[e] / terms;
      bar.gradient[e] = 2 * u.gradient[e] / terms;
    }
    for (const engine::SecondOrder& second : plan.second)
      for (std::size_t o = 0; o < c; ++o) {
        double stream = 0;
        const auto entry = [&](const engine::SecondOrder::Term& term) {
          return (o * d + static_cast<std::size_t>(term.i)) * d + static_cast<std::size_t>(term.j);
        };
        for (const auto& term : second.terms) stream += term.a * u.hessian[entry(term)];
        loss += stream * stream / terms;
        for (const auto& term : second.terms) bar.hessian[entry(term)] += 2 * stream * term.a / terms;
      }
    reference::jet_reverse(shape, parameters, at, bar, expected);
  }

  const std::vector<T> zeros(static_cast<std::size_t>(x.rows) * c), flat(parameters.begin(), parameters.end());
  std::vector<engine::StreamTarget<T>> targets;
  for (int s = 1; s < plan.streams(); ++s) targets.push_back({s, {zeros.data(), x.rows, shape.outputs}});
  const auto workers = engine::make_workers(compute.threads);
  engine::TrainingStep<T> step(shape, compute.isa, *workers, plan);
  std::vector<T> gradient(flat.size());
  const double found = step.run(flat, engine::SquaredErrorBatch<T>(x, targets, plan.streams()), gradient);
  return std::max(std::abs(found - loss) / loss, deviation<T>(gradient, expected));
}

template <class T>
void check_network(const Architecture& shape, const ComputeOptions& compute, Deviations& worst) {
  constexpr std::size_t points = 37;
  const auto d = static_cast<std::size_t>(shape.inputs), c = static_cast<std::size_t>(shape.outputs);
  Field field;
  field.networks = {initial_network(shape, 1)};
  field.axes.resize(d);
  field.channels.resize(c);
  const std::vector<float>& start = field.networks.front().parameters;
  const std::vector<double> parameters(start.begin(), start.end());
  std::vector<T> x(points * d), targets(points * c);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(std::sin(static_cast<double>(7 * i + 1)));
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = static_cast<T>(std::cos(static_cast<double>(3 * i)));
  const MatrixView<const T> rows(x.data(), points, shape.inputs), wanted(targets.data(), points, shape.outputs);
  const std::vector<double> exact_x(x.begin(), x.end()), exact_targets(targets.begin(), targets.end());

  reference::Jet exact;
  for (std::size_t p = 0; p < points; ++p) {
    const reference::Jet jet = reference::jet(shape, parameters, std::span(exact_x).subspan(p * d, d));
    exact.value.insert(exact.value.end(), jet.value.begin(), jet.value.end());
    exact.gradient.insert(exact.gradient.end(), jet.gradient.begin(), jet.gradient.end());
    exact.hessian.insert(exact.hessian.end(), jet.hessian.begin(), jet.hessian.end());
  }
  const Jets<T> jets = query<T>(field, rows, Order::hessian, Units::network, compute);
  const Jets<T> reverse = query<T>(field, rows, Order::gradient, Units::network, compute);
  worst.value = std::max(worst.value, deviation<T>(jets.value, exact.value));
  worst.gradient = std::max(
      {worst.gradient, deviation<T>(jets.gradient, exact.gradient), deviation<T>(reverse.gradient, exact.gradient)});
  worst.hessian = std::max(worst.hessian, deviation<T>(jets.hessian, exact.hessian));

  std::vector<double> exact_gradient(parameters.size());
  const double exact_loss =
      reference::squared_error(shape, parameters, MatrixView<const double>(exact_x.data(), points, shape.inputs),
                               MatrixView<const double>(exact_targets.data(), points, shape.outputs), exact_gradient);
  const auto workers = engine::make_workers(compute.threads);
  engine::TrainingStep<T> step(shape, compute.isa, *workers);
  const std::vector<T> flat(start.begin(), start.end());
  std::vector<T> gradient(flat.size());
  const double loss = step.run(flat, engine::SquaredErrorBatch<T>(rows, wanted), gradient);
  worst.training =
      std::max({worst.training, std::abs(loss - exact_loss) / exact_loss, deviation<T>(gradient, exact_gradient)});

  const engine::JetPlan by_jet{.passes = engine::Passes::jet, .first = shape.inputs, .second = {}},
      by_reverse{.passes = engine::Passes::reverse, .first = shape.inputs, .second = {}};
  for (const engine::JetPlan& plan : {by_jet, by_reverse, engine::hessian_plan(shape.inputs)})
    worst.derivative_training =
        std::max(worst.derivative_training, derivative_step_deviation<T>(field.networks.front(), rows, plan, compute));
}

template <class T>
Deviations check_precision(const ComputeOptions& compute) {
  Deviations worst;
  worst.sincos = sincos_deviation<T>(compute.isa);
  for (const Architecture& shape :
       {Architecture{.inputs = 2, .outputs = 1, .width = 64, .hidden_layers = 3},
        Architecture{.inputs = 3, .outputs = 4, .width = 37, .hidden_layers = 2, .omega_first = 20, .omega_hidden = 30},
        Architecture{
            .inputs = 1, .outputs = 2, .width = 129, .hidden_layers = 0, .omega_first = 50, .omega_hidden = 30}})
    check_network<T>(shape, compute, worst);
  return worst;
}

int check(const Common& common) {
  struct Case {
    std::string_view precision;
    Deviations (*run)(const ComputeOptions&);
    double bound, sincos_bound;
  };
  // Relative to the largest entry: float rounding is about 2e-6 in a value and grows to the second derivative.
  const std::array<Case, 2> cases = {{{"float", check_precision<float>, 1e-4, simd::sincos_bound<float>},
                                      {"double", check_precision<double>, 2e-12, simd::sincos_bound<double>}}};
  std::vector<Isa> isas = available_isas();
  if (!common.isa.empty()) isas = {common.compute().isa};
  bool all_good = true;
  Json rows = Json::array();
  std::string text = fmt::format("{:8}{:8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}", "isa", "", "value", "gradient",
                                 "hessian", "training", "of slopes", "sincos");
  for (const Isa isa : isas)
    for (const Case& c : cases) {
      ComputeOptions compute = common.compute();
      compute.isa = isa;
      const Deviations worst = c.run(compute);
      const bool good = worst.worst() <= c.bound && worst.sincos <= c.sincos_bound;
      all_good = all_good && good;
      text += fmt::format("\n{:8}{:8}{:10.1e}{:10.1e}{:10.1e}{:10.1e}{:10.1e}{:10.1e}  {}", isa_name(isa), c.precision,
                          worst.value, worst.gradient, worst.hessian, worst.training, worst.derivative_training,
                          worst.sincos, good ? "good" : "WRONG");
      rows.push_back({{"isa", isa_name(isa)},
                      {"precision", c.precision},
                      {"value", worst.value},
                      {"gradient", worst.gradient},
                      {"hessian", worst.hessian},
                      {"training", worst.training},
                      {"derivative_training", worst.derivative_training},
                      {"sincos", worst.sincos},
                      {"good", good}});
    }
  print_result(common, text, {{"good", all_good}, {"checks", rows}});
  return all_good ? 0 : 1;
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("check", "compare the engine with the plain double-precision reference");
  add_common(*command, context.common);
  command->callback([&context] { context.run = [&context] { return check(context.common); }; });
}

}  // namespace sinefield::cli
