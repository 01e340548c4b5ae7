// Activations and encodings by their formulas, with the derivatives that jets and the way back need.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <numbers>

#include "reference/layers.h"

namespace sinefield::reference {

Curve activation(Activation kind, double omega, double z) {
  const double y = omega * z;
  const auto chain = [omega](double s, double s1, double s2, double s3) {
    return Curve{s, omega * s1, omega * omega * s2, omega * omega * omega * s3};
  };
  const auto exponential_linear = [&](double lambda, double alpha) {
    const double below = lambda * alpha * std::exp(y);
    return y >= 0 ? chain(lambda * y, lambda, 0, 0) : chain(lambda * alpha * std::expm1(y), below, below, below);
  };
  switch (kind) {
    case Activation::sine:
      return chain(std::sin(y), std::cos(y), -std::sin(y), -std::cos(y));
    case Activation::relu:
      return chain(std::fmax(y, 0), y > 0 ? 1 : 0, 0, 0);
    case Activation::tanh: {
      const double t = std::tanh(y), s1 = 1 / (std::cosh(y) * std::cosh(y));
      return chain(t, s1, -2 * t * s1, s1 * (4 * t * t - 2 * s1));
    }
    case Activation::sigmoid: {
      const double s = 1 / (1 + std::exp(-y)), s1 = s / (1 + std::exp(y));
      return chain(s, s1, s1 * (1 - 2 * s), s1 * (1 - 6 * s + 6 * s * s));
    }
    case Activation::softplus: {
      const double s1 = 1 / (1 + std::exp(-y)), s2 = s1 / (1 + std::exp(y));
      return chain(y > 30 ? y : std::log1p(std::exp(y)), s1, s2, s2 * (1 - 2 * s1));
    }
    case Activation::elu:
      return exponential_linear(1, 1);
    case Activation::selu:
      return exponential_linear(1.0507009873554804934193349852946, 1.6732632423543772848170429916717);
    case Activation::finer: {  // sin p, p = omega (|z| + 1) z
      const double p = omega * (std::abs(z) + 1) * z, p1 = omega * (2 * std::abs(z) + 1),
                   p2 = z == 0 ? 0 : std::copysign(2 * omega, z);
      return {std::sin(p), p1 * std::cos(p), p2 * std::cos(p) - p1 * p1 * std::sin(p),
              -3 * p1 * p2 * std::sin(p) - p1 * p1 * p1 * std::cos(p)};
    }
    case Activation::gauss: {
      const double g = std::exp(-y * y);
      return chain(g, -2 * y * g, (4 * y * y - 2) * g, (12 - 8 * y * y) * y * g);
    }
  }
  return {};
}

Jet activate(Activation kind, double omega, const Jet& z, int d) {
  const int width = static_cast<int>(z.value.size());
  Jet h = zeros(width, d);
  for (int k = 0; k < width; ++k) {
    const Curve s = activation(kind, omega, z.value[k]);
    h.value[k] = s.value;
    for (int i = 0; i < d; ++i) {
      const double z_i = z.gradient[k * d + i];
      h.gradient[k * d + i] = s.first * z_i;
      for (int j = 0; j < d; ++j) {
        const double z_j = z.gradient[k * d + j];
        h.hessian[(k * d + i) * d + j] = s.second * z_i * z_j + s.first * z.hessian[(k * d + i) * d + j];
      }
    }
  }
  return h;
}

Jet activate_reverse(Activation kind, double omega, const Jet& z, const Jet& h_bar, int d) {
  const int width = static_cast<int>(z.value.size());
  Jet z_bar = zeros(width, d);
  for (int k = 0; k < width; ++k) {
    const Curve s = activation(kind, omega, z.value[k]);
    z_bar.value[k] = s.first * h_bar.value[k];
    for (int i = 0; i < d; ++i) {
      const double z_i = z.gradient[k * d + i], bar_i = h_bar.gradient[k * d + i];
      z_bar.value[k] += s.second * z_i * bar_i;
      z_bar.gradient[k * d + i] += s.first * bar_i;
      for (int j = 0; j < d; ++j) {
        const double z_j = z.gradient[k * d + j], z_ij = z.hessian[(k * d + i) * d + j],
                     bar_ij = h_bar.hessian[(k * d + i) * d + j];
        z_bar.value[k] += (s.third * z_i * z_j + s.second * z_ij) * bar_ij;
        z_bar.gradient[k * d + i] += s.second * z_j * bar_ij;
        z_bar.gradient[k * d + j] += s.second * z_i * bar_ij;
        z_bar.hessian[(k * d + i) * d + j] += s.first * bar_ij;
      }
    }
  }
  return z_bar;
}

namespace {

/// z = sigma_k |x - c_k|^2 with its derivatives.
Jet radial(const Architecture& a, std::span<const double> parameters, std::span<const double> x) {
  const int d = a.inputs, centres = a.encoding.size;
  Jet z = zeros(centres, d);
  for (int k = 0; k < centres; ++k) {
    const double sigma = parameters[centres * d + k];
    for (int i = 0; i < d; ++i) {
      const double away = x[i] - parameters[k * d + i];
      z.value[k] += sigma * away * away;
      z.gradient[k * d + i] = 2 * sigma * away;
      z.hessian[(k * d + i) * d + i] = 2 * sigma;
    }
  }
  return z;
}

}  // namespace

Jet encode(const Architecture& a, std::span<const double> parameters, std::span<const double> x) {
  const int d = a.inputs;
  if (a.encoding.kind == Encoding::Kind::none) return coordinates_of(x);
  if (a.encoding.kind == Encoding::Kind::rbf) return activate(Activation::gauss, 1, radial(a, parameters, x), d);
  Jet e = zeros(encoded_inputs(a), d);
  for (int i = 0; i < d; ++i) {
    e.value[i] = x[i];
    e.gradient[i * d + i] = 1;
    for (int f = 0; f < a.encoding.size; ++f) {
      const double w = std::ldexp(std::numbers::pi, f);
      const int sine = d + 2 * (f * d + i), cosine = sine + 1;
      e.value[sine] = std::sin(w * x[i]);
      e.value[cosine] = std::cos(w * x[i]);
      e.gradient[sine * d + i] = w * std::cos(w * x[i]);
      e.gradient[cosine * d + i] = -w * std::sin(w * x[i]);
      e.hessian[(sine * d + i) * d + i] = -w * w * std::sin(w * x[i]);
      e.hessian[(cosine * d + i) * d + i] = -w * w * std::cos(w * x[i]);
    }
  }
  return e;
}

void encode_reverse(const Architecture& a, std::span<const double> parameters, std::span<const double> x,
                    const Jet& e_bar, std::span<double> gradient) {
  if (a.encoding.kind != Encoding::Kind::rbf) return;
  const int d = a.inputs, centres = a.encoding.size;
  const Jet z_bar = activate_reverse(Activation::gauss, 1, radial(a, parameters, x), e_bar, d);
  for (int k = 0; k < centres; ++k) {
    const double sigma = parameters[centres * d + k];
    double& sigma_bar = gradient[centres * d + k];
    for (int i = 0; i < d; ++i) {
      const double away = x[i] - parameters[k * d + i];
      sigma_bar +=
          z_bar.value[k] * away * away + z_bar.gradient[k * d + i] * 2 * away + 2 * z_bar.hessian[(k * d + i) * d + i];
      gradient[k * d + i] -= z_bar.value[k] * 2 * sigma * away + z_bar.gradient[k * d + i] * 2 * sigma;
    }
  }
}

}  // namespace sinefield::reference
