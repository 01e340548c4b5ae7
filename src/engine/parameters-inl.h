// Work on whole parameter arrays: packing, unpacking, sums, Adam. Elementwise; the sums have a fixed order.
// SPDX-License-Identifier: MIT

#if defined(SINEFIELD_ENGINE_PARAMETERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SINEFIELD_ENGINE_PARAMETERS_INL_H_
#undef SINEFIELD_ENGINE_PARAMETERS_INL_H_
#else
#define SINEFIELD_ENGINE_PARAMETERS_INL_H_
#endif

#include <algorithm>

#include "engine/kernels.h"
#include "engine/tile-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace sinefield::HWY_NAMESPACE {

using engine::ActivatedLayer;
using engine::AdamStep;
using engine::NetworkLayout;

// Calls each(feature, axis, at) for the elements of a matrix (inputs, encoded inputs) in panels.
template <class T, class Each>
void ForEncoding(const NetworkLayout& net, const Each& each) {
  constexpr int P = panel<T>;
  for (int k = 0, features = encoded_inputs(net.architecture); k < features; ++k)
    for (int i = 0; i < net.inputs(); ++i) {
      const auto row = static_cast<size_t>(k / P) * static_cast<size_t>(net.inputs()) + static_cast<size_t>(i);
      each(k, i, row * P + static_cast<size_t>(k % P));
    }
}

template <class T>
void PackEncoding(const NetworkLayout& net, const T* parameters, T* packed) {
  const int inputs = net.inputs(), features = encoded_inputs(net.architecture);
  if (net.rbf()) {
    ForEncoding<T>(net,
                   [&](int k, int i, size_t at) { packed[net.encoding_weights + at] = parameters[k * inputs + i]; });
    std::copy_n(parameters + features * inputs, features, packed + net.encoding_units);
    return;
  }
  // Feature inputs + 2 (f inputs + i) is the sine of frequency f along axis i, the next one its cosine.
  ForEncoding<T>(net, [&](int k, int i, size_t at) {
    const int pair = (k - inputs) / 2;
    const bool here = (k < inputs ? k : pair % inputs) == i;
    packed[net.encoding_weights + at] = here ? static_cast<T>(k < inputs ? 1 : 1 << pair / inputs) : T{0};
    packed[net.encoding_units + static_cast<size_t>(k)] =
        k >= inputs && (k - inputs) % 2 == 1 ? static_cast<T>(0.5) : T{0};
  });
}

template <class T>
void Pack(const NetworkLayout& net, const T* parameters, T* packed) {
  constexpr int P = panel<T>;
  if (net.encoded()) PackEncoding(net, parameters, packed);
  for (size_t l = 0; l < net.layers.size(); ++l) {
    const ActivatedLayer& layer = net.layers[l];
    const T omega = static_cast<T>(layer.flat.omega);
    const T* w = parameters + layer.flat.weight;
    for (int j = 0; j < layer.outputs; ++j) {
      T* forward = packed + layer.forward + static_cast<size_t>(j / P) * static_cast<size_t>(layer.inputs) * P + j % P;
      for (int k = 0; k < layer.inputs; ++k) forward[static_cast<size_t>(k * P)] = omega * w[j * layer.inputs + k];
      packed[layer.bias + static_cast<size_t>(j)] = omega * parameters[layer.flat.bias + j];
    }
    if (layer.backward == 0) continue;
    for (int k = 0; k < layer.inputs; k += P) {
      T* backward = packed + layer.backward + static_cast<size_t>(k / P) * static_cast<size_t>(layer.outputs) * P;
      const int width = std::min(P, layer.inputs - k);
      for (int j = 0; j < layer.outputs; ++j)
        for (int i = 0; i < width; ++i) backward[j * P + i] = omega * w[j * layer.inputs + k + i];
    }
  }
  const int units = net.output.inputs;
  for (int o = 0; o < net.outputs(); ++o) {
    std::copy_n(parameters + net.output.weight + o * units, units,
                packed + net.output_weights + static_cast<size_t>(o) * static_cast<size_t>(net.padded(units)));
    packed[net.output_bias + static_cast<size_t>(o)] = parameters[net.output.bias + o];
  }
}

template <class T>
void UnpackGradient(const NetworkLayout& net, const T* packed, T* gradient) {
  constexpr int P = panel<T>;
  if (net.rbf()) {
    const int inputs = net.inputs(), centres = encoded_inputs(net.architecture);
    ForEncoding<T>(net, [&](int k, int i, size_t at) { gradient[k * inputs + i] = packed[net.centres_gradient + at]; });
    std::copy_n(packed + net.sigmas_gradient, centres, gradient + centres * inputs);
  }
  for (const ActivatedLayer& layer : net.layers) {
    const T omega = static_cast<T>(layer.flat.omega);
    T* to = gradient + layer.flat.weight;
    for (int j = 0; j < layer.outputs; ++j) {
      const T* from =
          packed + layer.gradient + static_cast<size_t>(j / P) * static_cast<size_t>(layer.inputs) * P + j % P;
      for (int k = 0; k < layer.inputs; ++k) to[j * layer.inputs + k] = omega * from[static_cast<size_t>(k * P)];
      gradient[layer.flat.bias + j] = omega * packed[layer.bias_gradient + static_cast<size_t>(j)];
    }
  }
  const int units = net.output.inputs;
  for (int o = 0; o < net.outputs(); ++o) {
    std::copy_n(packed + net.output_gradient + static_cast<size_t>(o) * static_cast<size_t>(net.padded(units)), units,
                gradient + net.output.weight + o * units);
    gradient[net.output.bias + o] = packed[net.output_bias_gradient + static_cast<size_t>(o)];
  }
}

// Arrays of kernels are padded to cache lines, so `size` may be rounded up; those of callers are not: `size` is exact.
template <class T>
void Add(T* into, const T* from, size_t size) {
  const Tag<T> d;
  constexpr auto L = static_cast<size_t>(lanes<T>);
  size_t i = 0;
  for (; i + L <= size; i += L) hn::StoreU(hn::Add(hn::LoadU(d, into + i), hn::LoadU(d, from + i)), d, into + i);
  for (; i < size; ++i) into[i] += from[i];
}

// In double, so that neither the squares of small gradients nor the sums of long ones are lost.
template <class T>
double SumOfSquares(const T* x, size_t size) {
  const Tag<double> d;
  constexpr auto L = static_cast<size_t>(lanes<double>);
  const auto load = [d](const T* from) HWY_ATTR {
    if constexpr (sizeof(T) == sizeof(double))
      return hn::LoadU(d, from);
    else
      return hn::PromoteTo(d, hn::LoadU(hn::Rebind<T, Tag<double>>(), from));
  };
  Vector<double> sum[4];
  for (auto& partial : sum) partial = hn::Zero(d);
  size_t i = 0;
  for (; i + 4 * L <= size; i += 4 * L) {
    HWY_UNROLL(4)
    for (size_t k = 0; k < 4; ++k) {
      const auto some = load(x + i + k * L);
      sum[k] = hn::MulAdd(some, some, sum[k]);
    }
  }
  double rest = 0;
  for (; i < size; ++i) rest += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  const auto total = hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3]));
  return hn::GetLane(hn::SumOfLanes(d, total)) + rest;
}

// Kingma and Ba 2015, in the order of operations of torch.optim.Adam:
// p -= lr / c1 * m / (sqrt(v) / sqrt(c2) + epsilon).
template <class T>
void Adam(const AdamStep& step, T* parameters, const T* gradient, T* mean, T* square, size_t size) {
  const Tag<T> d;
  constexpr auto L = static_cast<size_t>(lanes<T>);
  const auto constant = [d](double x) HWY_ATTR { return hn::Set(d, static_cast<T>(x)); };
  const auto scale = constant(step.scale), beta1 = constant(step.beta1), beta2 = constant(step.beta2);
  const auto rest1 = constant(1 - step.beta1), rest2 = constant(1 - step.beta2), epsilon = constant(step.epsilon);
  const auto rate = constant(step.lr / step.correction1);
  const auto root = hn::Sqrt(constant(step.correction2));
  const auto update = [&](const T* p, const T* g, const T* m, const T* v, T* p_to, T* m_to, T* v_to) HWY_ATTR {
    const auto slope = hn::Mul(scale, hn::LoadU(d, g));
    const auto mean_now = hn::MulAdd(beta1, hn::LoadU(d, m), hn::Mul(rest1, slope));
    const auto square_now = hn::MulAdd(beta2, hn::LoadU(d, v), hn::Mul(rest2, hn::Mul(slope, slope)));
    const auto width = hn::Add(hn::Div(hn::Sqrt(square_now), root), epsilon);
    hn::StoreU(hn::Sub(hn::LoadU(d, p), hn::Div(hn::Mul(rate, mean_now), width)), d, p_to);
    hn::StoreU(mean_now, d, m_to);
    hn::StoreU(square_now, d, v_to);
  };
  size_t i = 0;
  for (; i + L <= size; i += L) {
    update(parameters + i, gradient + i, mean + i, square + i, parameters + i, mean + i, square + i);
  }
  if (i < size) {
    T p[L] = {}, g[L] = {}, m[L] = {}, v[L] = {};
    const size_t rest = size - i;
    std::copy_n(parameters + i, rest, p);
    std::copy_n(gradient + i, rest, g);
    std::copy_n(mean + i, rest, m);
    std::copy_n(square + i, rest, v);
    update(p, g, m, v, p, m, v);
    std::copy_n(p, rest, parameters + i);
    std::copy_n(m, rest, mean + i);
    std::copy_n(v, rest, square + i);
  }
}

}  // namespace sinefield::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
