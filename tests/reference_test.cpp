// The plain reference against mathematics alone: closed forms, central differences with a swept step, adjoint
// identities. Comparison with another implementation is golden_test.cpp.
// SPDX-License-Identifier: MIT
#include "reference/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/error.h"

namespace sinefield::reference {
namespace {

using Vector = std::vector<double>;

Vector uniform(std::mt19937_64& random, std::int64_t count, double bound) {
  std::uniform_real_distribution<double> draw(-bound, bound);
  Vector values(static_cast<std::size_t>(count));
  for (double& value : values) value = draw(random);
  return values;
}

/// Weights of the size of the usual initialisation, so that phases and curvatures are those of real networks.
Vector some_parameters(const Architecture& a, std::mt19937_64& random) {
  Vector parameters;
  for (const LayerSlice& layer : layer_slices(a)) {
    const double bound = layer.weight == 0 ? 1.0 / layer.inputs : std::sqrt(6.0 / layer.inputs) / a.omega_hidden;
    for (const auto& [count, size] : {std::pair{layer.inputs * layer.outputs, bound}, std::pair{layer.outputs, 0.3}}) {
      const Vector values = uniform(random, count, size);
      parameters.insert(parameters.end(), values.begin(), values.end());
    }
  }
  return parameters;
}

double dot(const Vector& a, const Vector& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

double distance(const Vector& a, const Vector& b) {
  Vector difference(a.size());
  std::ranges::transform(a, b, difference.begin(), std::minus());
  return std::sqrt(dot(difference, difference));
}

Vector moved(Vector x, const Vector& direction, double by) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += by * direction[i];
  return x;
}

Vector axis(std::size_t i, std::size_t size) {
  Vector e(size);
  e[i] = 1;
  return e;
}

/// Halves the step from 2^-10 to 2^-15, above roundoff and below the shortest wavelength, and expects
/// |difference(step) - exact| to fall as step^2: the fitted log-log slope is 2 +- 0.1 and the last error is small.
void expect_second_order(const std::function<Vector(double)>& difference, const Vector& exact) {
  Vector log_step, log_error;
  for (int exponent = 10; exponent <= 15; ++exponent) {
    log_step.push_back(-exponent);
    log_error.push_back(std::log2(distance(difference(std::exp2(-exponent)), exact)));
  }
  const double count = static_cast<double>(log_step.size());
  const double mean_step = std::reduce(log_step.begin(), log_step.end()) / count;
  const double mean_error = std::reduce(log_error.begin(), log_error.end()) / count;
  double covariance = 0, variance = 0;
  for (std::size_t i = 0; i < log_step.size(); ++i) {
    covariance += (log_step[i] - mean_step) * (log_error[i] - mean_error);
    variance += (log_step[i] - mean_step) * (log_step[i] - mean_step);
  }
  EXPECT_NEAR(covariance / variance, 2, 0.1);
  EXPECT_LT(std::exp2(log_error.back()), 1e-4 * std::sqrt(dot(exact, exact)));
}

struct Sample {
  explicit Sample(const Architecture& shape, std::uint64_t seed = 1) : architecture(shape), random(seed) {
    parameters = some_parameters(architecture, random);
  }
  Jet at(const Vector& x) const { return jet(architecture, parameters, x); }

  Architecture architecture;
  std::mt19937_64 random;
  Vector parameters;
};

class Reference : public testing::TestWithParam<Architecture> {
 protected:
  Sample sample{GetParam()};
  std::size_t d = static_cast<std::size_t>(GetParam().inputs), c = static_cast<std::size_t>(GetParam().outputs);
};

TEST_P(Reference, gradient_is_the_limit_of_differences_of_the_value) {
  const Vector x = uniform(sample.random, GetParam().inputs, 1);
  const Jet exact = sample.at(x);
  expect_second_order(
      [&](double step) {
        Vector gradient(c * d);
        for (std::size_t i = 0; i < d; ++i) {
          const Vector ahead = sample.at(moved(x, axis(i, d), step)).value;
          const Vector behind = sample.at(moved(x, axis(i, d), -step)).value;
          for (std::size_t k = 0; k < c; ++k) gradient[k * d + i] = (ahead[k] - behind[k]) / (2 * step);
        }
        return gradient;
      },
      exact.gradient);
}

TEST_P(Reference, hessian_is_the_limit_of_differences_of_the_gradient) {
  const Vector x = uniform(sample.random, GetParam().inputs, 1);
  const Jet exact = sample.at(x);
  expect_second_order(
      [&](double step) {
        Vector hessian(c * d * d);
        for (std::size_t j = 0; j < d; ++j) {
          const Vector ahead = sample.at(moved(x, axis(j, d), step)).gradient;
          const Vector behind = sample.at(moved(x, axis(j, d), -step)).gradient;
          for (std::size_t row = 0; row < c * d; ++row) hessian[row * d + j] = (ahead[row] - behind[row]) / (2 * step);
        }
        return hessian;
      },
      exact.hessian);
}

TEST_P(Reference, hessian_is_symmetric) {
  const Jet exact = sample.at(uniform(sample.random, GetParam().inputs, 1));
  const double scale = std::sqrt(dot(exact.hessian, exact.hessian));
  for (std::size_t k = 0; k < c; ++k)
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_NEAR(exact.hessian[(k * d + i) * d + j], exact.hessian[(k * d + j) * d + i], 1e-13 * scale);
}

TEST_P(Reference, parameter_gradient_is_the_limit_of_differences_of_the_loss) {
  constexpr std::int64_t points = 5;
  const Vector x = uniform(sample.random, points * GetParam().inputs, 1);
  const Vector t = uniform(sample.random, points * GetParam().outputs, 1);
  Vector exact(sample.parameters.size()), unused(sample.parameters.size());
  const auto loss = [&](const Vector& parameters, Vector& gradient) {
    return squared_error(GetParam(), parameters, {x.data(), points, GetParam().inputs},
                         {t.data(), points, GetParam().outputs}, gradient);
  };
  loss(sample.parameters, exact);
  expect_second_order(
      [&](double step) {
        Vector gradient(exact.size());
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          const Vector along = axis(i, gradient.size());
          gradient[i] = (loss(moved(sample.parameters, along, step), unused) -
                         loss(moved(sample.parameters, along, -step), unused)) /
                        (2 * step);
        }
        return gradient;
      },
      exact);
}

/// J v of all outputs at one point, v in parameter space, by the tangent rule: dz = dW h + W dh + db, dh = s' dz.
Vector parameter_tangent(const Architecture& a, const Vector& parameters, const Vector& v, const Vector& x) {
  const std::vector<LayerSlice> layers = layer_slices(a);
  Vector h = x, dh(x.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerSlice& layer = layers[l];
    Vector next(static_cast<std::size_t>(layer.outputs)), dnext(next.size());
    for (int row = 0; row < layer.outputs; ++row) {
      double z = parameters[layer.bias + row], dz = v[layer.bias + row];
      for (int k = 0; k < layer.inputs; ++k) {
        const std::int64_t w = layer.weight + row * layer.inputs + k;
        z += parameters[w] * h[k];
        dz += v[w] * h[k] + parameters[w] * dh[k];
      }
      const bool last = l + 1 == layers.size();
      next[row] = last ? z : std::sin(layer.omega * z);
      dnext[row] = last ? dz : layer.omega * std::cos(layer.omega * z) * dz;
    }
    h = next;
    dh = dnext;
  }
  return dh;
}

TEST_P(Reference, parameter_gradient_is_the_adjoint_of_the_tangent) {
  constexpr std::int64_t points = 7;
  const Vector x = uniform(sample.random, points * GetParam().inputs, 1);
  const Vector w = uniform(sample.random, points * GetParam().outputs, 1);
  const Vector v = uniform(sample.random, std::ssize(sample.parameters), 1);

  // With the targets u - w terms / 2 the gradient of the mean squared error is J^T w.
  Vector targets, tangent;
  for (std::int64_t n = 0; n < points; ++n) {
    const Vector point(x.begin() + n * GetParam().inputs, x.begin() + (n + 1) * GetParam().inputs);
    const Vector u = sample.at(point).value, du = parameter_tangent(GetParam(), sample.parameters, v, point);
    targets.insert(targets.end(), u.begin(), u.end());
    tangent.insert(tangent.end(), du.begin(), du.end());
  }
  targets = moved(targets, w, -static_cast<double>(w.size()) / 2);
  Vector gradient(v.size());
  squared_error(GetParam(), sample.parameters, {x.data(), points, GetParam().inputs},
                {targets.data(), points, GetParam().outputs}, gradient);
  const double scale = std::sqrt(dot(tangent, tangent) * dot(w, w));
  EXPECT_NEAR(dot(tangent, w), dot(v, gradient), 1e-12 * scale);
}

TEST_P(Reference, jet_reverse_is_the_limit_of_differences_of_the_jet) {
  const Vector x = uniform(sample.random, GetParam().inputs, 1);
  // Weights that make every order count alike.
  const double omega = GetParam().omega_first;
  Jet bar{uniform(sample.random, std::ssize(sample.at(x).value), 1),
          uniform(sample.random, static_cast<std::int64_t>(c * d), 1 / omega),
          uniform(sample.random, static_cast<std::int64_t>(c * d * d), 1 / (omega * omega))};
  const auto product = [&](const Vector& parameters) {
    const Jet u = jet(GetParam(), parameters, x);
    return dot(bar.value, u.value) + dot(bar.gradient, u.gradient) + dot(bar.hessian, u.hessian);
  };
  Vector exact(sample.parameters.size());
  jet_reverse(GetParam(), sample.parameters, x, bar, exact);
  expect_second_order(
      [&](double step) {
        Vector gradient(exact.size());
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          const Vector along = axis(i, gradient.size());
          gradient[i] =
              (product(moved(sample.parameters, along, step)) - product(moved(sample.parameters, along, -step))) /
              (2 * step);
        }
        return gradient;
      },
      exact);
  const Vector once = exact;
  jet_reverse(GetParam(), sample.parameters, x, bar, exact);
  EXPECT_LT(distance(exact, moved(once, once, 1)), 1e-12 * std::sqrt(dot(once, once))) << "it adds";
}

INSTANTIATE_TEST_SUITE_P(
    , Reference,
    testing::Values(Architecture{.inputs = 1, .outputs = 1, .width = 1, .hidden_layers = 0},
                    Architecture{.inputs = 2, .outputs = 3, .width = 7, .hidden_layers = 1, .omega_first = 45},
                    Architecture{.inputs = 3, .outputs = 2, .width = 9, .hidden_layers = 3, .omega_hidden = 12},
                    Architecture{.inputs = 4, .outputs = 1, .width = 5, .hidden_layers = 2}),
    [](const auto& tested) {
      const Architecture& a = tested.param;
      return std::to_string(a.inputs) + "_to_" + std::to_string(a.outputs) + "_width_" + std::to_string(a.width) +
             "_hidden_" + std::to_string(a.hidden_layers);
    });

TEST(ReferenceJet, laplacian_is_the_sum_of_second_differences_along_any_orthonormal_axes) {
  Sample sample({.inputs = 2, .outputs = 2, .width = 8, .hidden_layers = 2});
  const Vector x = {0.3, -0.7};
  const Jet exact = sample.at(x);
  for (const auto& axes : {std::array{Vector{1, 0}, Vector{0, 1}}, std::array{Vector{0.6, 0.8}, Vector{-0.8, 0.6}}})
    expect_second_order(
        [&](double step) {
          Vector laplacian(2);
          for (const Vector& along : axes) {
            const Vector ahead = sample.at(moved(x, along, step)).value,
                         behind = sample.at(moved(x, along, -step)).value;
            for (std::size_t k = 0; k < 2; ++k)
              laplacian[k] += (ahead[k] - 2 * exact.value[k] + behind[k]) / (step * step);
          }
          return laplacian;
        },
        {exact.laplacian(0), exact.laplacian(1)});
}

TEST(ReferenceJet, one_layer_of_sine_features_has_its_closed_form) {
  // u(x) = 2 sin(10 (0.5 x - 0.25 y + 0.1)) - 3 sin(10 (0.2 x + 0.3 y - 0.4)) + 0.7
  const Architecture features{.inputs = 2, .outputs = 1, .width = 2, .hidden_layers = 0, .omega_first = 10};
  const Vector parameters = {0.5, -0.25, 0.2, 0.3, 0.1, -0.4, 2, -3, 0.7};
  const Vector x = {0.35, -0.6};
  const Jet actual = jet(features, parameters, x);

  const double a = 5 * x[0] - 2.5 * x[1] + 1, b = 2 * x[0] + 3 * x[1] - 4;
  EXPECT_NEAR(actual.value[0], 2 * std::sin(a) - 3 * std::sin(b) + 0.7, 1e-14);
  EXPECT_NEAR(actual.gradient[0], 10 * std::cos(a) - 6 * std::cos(b), 1e-13);
  EXPECT_NEAR(actual.gradient[1], -5 * std::cos(a) - 9 * std::cos(b), 1e-13);
  EXPECT_NEAR(actual.hessian[0], -50 * std::sin(a) + 12 * std::sin(b), 1e-12);
  EXPECT_NEAR(actual.hessian[1], 25 * std::sin(a) + 18 * std::sin(b), 1e-12);
  EXPECT_NEAR(actual.hessian[2], 25 * std::sin(a) + 18 * std::sin(b), 1e-12);
  EXPECT_NEAR(actual.hessian[3], -12.5 * std::sin(a) + 27 * std::sin(b), 1e-12);
  EXPECT_NEAR(actual.laplacian(0), -62.5 * std::sin(a) + 39 * std::sin(b), 1e-12);
}

TEST(ReferenceSquaredError, is_the_mean_over_points_and_outputs_and_honours_strides) {
  Sample sample({.inputs = 2, .outputs = 2, .width = 3, .hidden_layers = 1});
  const Vector x = {0.1, 0.2, 99, -0.3, 0.4, 99};  // one column of padding
  const Vector t = {1, -1, 99, 99, 0.5, 2, 99, 99};
  Vector gradient(sample.parameters.size(), 12345.0);  // must be overwritten
  const double loss =
      squared_error(sample.architecture, sample.parameters, {x.data(), 2, 2, 3}, {t.data(), 2, 2, 4}, gradient);
  const Vector u = sample.at({0.1, 0.2}).value, v = sample.at({-0.3, 0.4}).value;
  const Vector errors = {u[0] - 1, u[1] + 1, v[0] - 0.5, v[1] - 2};
  EXPECT_NEAR(loss, dot(errors, errors) / 4, 1e-14);
  const std::int64_t last_bias = layer_slices(sample.architecture).back().bias;
  EXPECT_NEAR(gradient[last_bias], 2 * (errors[0] + errors[2]) / 4, 1e-14);
  EXPECT_NEAR(gradient[last_bias + 1], 2 * (errors[1] + errors[3]) / 4, 1e-14);
}

TEST(ReferenceAdam, a_constant_gradient_moves_by_the_learning_rate_and_a_zero_one_not_at_all) {
  Adam adam{.lr = 0.01};
  Vector parameters = {1, 2, 3, 4};
  for (int step = 0; step < 50; ++step) adam.step(parameters, Vector{5, -0.001, 0, 1e-8});
  EXPECT_NEAR(parameters[0], 1 - 0.5, 1e-8);
  EXPECT_NEAR(parameters[1], 2 + 0.5 / (1 + 1e-5), 1e-8);
  EXPECT_EQ(parameters[2], 3);
  EXPECT_NEAR(parameters[3], 4 - 0.25, 1e-8) << "a gradient of the size of eps moves by half";
}

TEST(ReferenceErrors, wrong_lengths_are_refused) {
  Sample sample({.inputs = 2, .outputs = 1, .width = 3, .hidden_layers = 1});
  const Vector x = {0.1, 0.2, 0.3};
  Vector gradient(sample.parameters.size()), short_gradient(3);
  EXPECT_THROW(jet(sample.architecture, sample.parameters, x), Error);
  EXPECT_THROW(jet(sample.architecture, x, Vector{0.1, 0.2}), Error);
  EXPECT_THROW(squared_error(sample.architecture, sample.parameters, {x.data(), 1, 3}, {x.data(), 1, 1}, gradient),
               Error);
  EXPECT_THROW(squared_error(sample.architecture, sample.parameters, {x.data(), 1, 2}, {x.data(), 2, 1}, gradient),
               Error);
  EXPECT_THROW(
      squared_error(sample.architecture, sample.parameters, {x.data(), 1, 2}, {x.data(), 1, 1}, short_gradient), Error);
  EXPECT_THROW(squared_error(sample.architecture, sample.parameters, {x.data(), 0, 2}, {x.data(), 0, 1}, gradient),
               Error);
  Adam adam;
  EXPECT_THROW(adam.step(gradient, short_gradient), Error);
}

}  // namespace
}  // namespace sinefield::reference
