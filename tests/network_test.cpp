// Architectures, the layout of their parameters, the initialisation and the statistics that it is made for, and the
// coordinates of pictures.
// SPDX-License-Identifier: MIT
#include "sinefield/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "field/normal_quantile.h"
#include "field/random.h"
#include "sinefield/error.h"
#include "sinefield/field.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

// ---- random numbers

TEST(Random, IsPhilox4x32WithTenRounds) {
  // Known answers of the authors of the generator.
  EXPECT_THAT(random_block({.seed = 0, .stream = 0, .tensor = 0}, 0),
              ElementsAre(0x6627e8d5U, 0xe169c58dU, 0xbc57ac4cU, 0x9b00dbd8U));
  EXPECT_THAT(random_block({.seed = ~0ULL, .stream = ~0U, .tensor = ~0U}, ~0ULL),
              ElementsAre(0x408f276dU, 0x41c83b0eU, 0xa20bc7c6U, 0x6d5451fdU));
  EXPECT_THAT(random_block({.seed = 0x299f31d0a4093822ULL, .stream = 0x03707344U, .tensor = 0x13198a2eU},
                           0x85a308d3243f6a88ULL),
              ElementsAre(0xd16cfe09U, 0x94fdccebU, 0x5001e420U, 0x24126ea1U));
}

TEST(Random, WordsAreThoseOfTheBlocks) {
  const RandomSequence sequence = {.seed = 5, .stream = sampler_streams, .tensor = 9};
  for (std::uint64_t index : {0ULL, 1ULL, 6ULL, 4'294'967'295ULL * 4 + 7}) {
    EXPECT_EQ(random_word(sequence, index), random_block(sequence, index / 4)[index % 4]);
  }
}

TEST(Random, UniformNumbersStayInsideTheirRange) {
  EXPECT_EQ(uniform_float(0), 0.0F);
  EXPECT_EQ(uniform_float(~0U), 1.0F - 0x1p-24F);
  EXPECT_EQ(uniform_float(1U << 31), 0.5F);
  EXPECT_EQ(uniform_double(0, 0), 0.0);
  EXPECT_EQ(uniform_double(~0U, ~0U), 1.0 - 0x1p-53);
  EXPECT_EQ(uniform_double(1U << 31, 0), 0.5);
  for (const float bound : {1.0F, 0.0625F, 0.1F, 0.005103104F}) {
    EXPECT_EQ(uniform_within(bound, 0), -bound);
    EXPECT_LT(uniform_within(bound, ~0U), bound);
    EXPECT_EQ(uniform_within(bound, 1U << 31), 0.0F);
  }
}

// ---- architecture

TEST(Architecture, CountsParametersAsTheOriginalDoes) {
  EXPECT_EQ(parameter_count({.inputs = 2, .outputs = 1, .width = 256, .hidden_layers = 3}), 198'401);
  EXPECT_EQ(parameter_count({.inputs = 1, .outputs = 1, .width = 256, .hidden_layers = 3}), 198'145);
  EXPECT_EQ(parameter_count({.inputs = 3, .outputs = 3, .width = 1024, .hidden_layers = 3}), 3'155'971);
  EXPECT_EQ(parameter_count({.inputs = 2, .outputs = 3, .width = 5, .hidden_layers = 0}), 2 * 5 + 5 + 5 * 3 + 3);
  EXPECT_EQ(parameter_count({.inputs = 1024, .outputs = 4096, .width = 8192, .hidden_layers = 64}),
            1024LL * 8192 + 64 * 8192LL * 8192 + 8192LL * 4096 + 65 * 8192LL + 4096);
}

TEST(Architecture, SlicesFollowEachOtherWithoutGaps) {
  const Architecture architecture = {
      .inputs = 3, .outputs = 2, .width = 5, .hidden_layers = 2, .omega_first = 3000, .omega_hidden = 31};
  const auto slices = layer_slices(architecture);
  ASSERT_EQ(slices.size(), 4U);
  std::int64_t next = 0;
  for (const LayerSlice& slice : slices) {
    EXPECT_EQ(slice.weight, next);
    EXPECT_EQ(slice.bias, next + slice.inputs * slice.outputs);
    next = slice.bias + slice.outputs;
  }
  EXPECT_EQ(next, parameter_count(architecture));
  EXPECT_EQ(slices[0].inputs, 3);
  EXPECT_EQ(slices[0].outputs, 5);
  EXPECT_EQ(slices[3].inputs, 5);
  EXPECT_EQ(slices[3].outputs, 2);
  EXPECT_EQ(slices[0].omega, 3000);
  EXPECT_EQ(slices[1].omega, 31);
  EXPECT_EQ(slices[2].omega, 31);
  EXPECT_EQ(slices[3].omega, 1);
}

TEST(Architecture, SaysWhyItIsInvalid) {
  EXPECT_EQ(why_invalid({}), std::nullopt);
  EXPECT_EQ(why_invalid({.inputs = 1024, .outputs = 4096, .width = 8192, .hidden_layers = 64}), std::nullopt);
  EXPECT_EQ(why_invalid({.inputs = 1, .outputs = 1, .width = 1, .hidden_layers = 0}), std::nullopt);
  EXPECT_THAT(why_invalid({.inputs = 0}), Optional(HasSubstr("inputs is 0, expected 1 to 1024")));
  EXPECT_THAT(why_invalid({.inputs = 1025}), Optional(HasSubstr("inputs is 1025")));
  EXPECT_THAT(why_invalid({.outputs = -1}), Optional(HasSubstr("outputs is -1, expected 1 to 4096")));
  EXPECT_THAT(why_invalid({.width = 8193}), Optional(HasSubstr("width is 8193, expected 1 to 8192")));
  EXPECT_THAT(why_invalid({.hidden_layers = 65}), Optional(HasSubstr("hidden_layers is 65, expected 0 to 64")));
  EXPECT_THAT(why_invalid({.omega_first = 0}), Optional(HasSubstr("omega_first is 0")));
  EXPECT_THAT(why_invalid({.omega_hidden = NAN}), Optional(HasSubstr("omega_hidden is nan")));
  EXPECT_THAT(why_invalid({.omega_hidden = INFINITY}), Optional(HasSubstr("omega_hidden is inf")));
  EXPECT_THROW(initial_network({.width = 0}, 0), Error);
}

// ---- initialisation

TEST(InitialNetwork, FollowsTheOriginalBoundsInEveryTensor) {
  const Architecture architecture = {
      .inputs = 2, .outputs = 40, .width = 200, .hidden_layers = 2, .omega_first = 77, .omega_hidden = 25};
  const Network network = initial_network(architecture, 3);
  ASSERT_EQ(network.architecture, architecture);
  ASSERT_EQ(static_cast<std::int64_t>(network.parameters.size()), parameter_count(architecture));
  const auto check = [&](std::int64_t begin, std::int64_t count, double bound, const std::string& what) {
    double least = INFINITY, most = -INFINITY, sum = 0, squares = 0;
    for (std::int64_t i = begin; i < begin + count; ++i) {
      const double value = network.parameters[static_cast<std::size_t>(i)];
      least = std::min(least, value);
      most = std::max(most, value);
      sum += value;
      squares += value * value;
    }
    const auto n = static_cast<double>(count);
    const double rounded = static_cast<float>(bound);
    EXPECT_GE(least, -rounded) << what;
    EXPECT_LT(most, rounded) << what;
    // Within 1 - 8/n of the bound but for a chance of about exp(-4) at each end; the seed is fixed.
    EXPECT_LT(least, -bound * (1 - 16 / n)) << what;
    EXPECT_GT(most, bound * (1 - 16 / n)) << what;
    // Four standard errors: of the mean b / sqrt(3 n), of the mean square (b^2 / 3) sqrt(4 / (5 n)).
    EXPECT_NEAR(sum / n, 0, 4 * bound / std::sqrt(3 * n)) << what;
    EXPECT_NEAR(squares / n, bound * bound / 3, 4 * bound * bound / 3 * std::sqrt(0.8 / n)) << what;
  };
  const auto layers = layer_slices(architecture);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const double n = layers[l].inputs;
    const std::string name = "layer " + std::to_string(l);
    check(layers[l].weight, layers[l].bias - layers[l].weight, l == 0 ? 0.5 : std::sqrt(6 / n) / 25, name + " weight");
    check(layers[l].bias, layers[l].outputs, 1 / std::sqrt(n), name + " bias");
  }
}

TEST(InitialNetwork, IsTheSameOnEveryMachine) {
  const Network network = initial_network({.inputs = 2, .outputs = 1, .width = 256, .hidden_layers = 3}, 42);
  const std::vector<std::pair<std::size_t, float>> pinned = {
      {0, 0x1.ceafp-4F},         {1, -0x1.0156ep-5F},      {2, -0x1.b502cp-2F},      {3, -0x1.45ea68p-3F},
      {511, -0x1.811eap-5F},     {512, -0x1.62c15cp-1F},   {768, -0x1.0fcb3ap-10F},  {100000, 0x1.836e8p-9F},
      {198143, -0x1.3a2bf8p-6F}, {198144, 0x1.9486ep-13F}, {198400, -0x1.b4d0d8p-6F}};
  for (const auto& [index, value] : pinned) EXPECT_EQ(network.parameters[index], value) << index;
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a of all bits
  for (const float value : network.parameters) {
    hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 1099511628211ULL;
  }
  EXPECT_EQ(hash, 0xf9e12c297355127aULL);
}

TEST(InitialNetwork, DrawsDependOnSeedAndStreamAlone) {
  const Architecture architecture = {.inputs = 2, .outputs = 1, .width = 32, .hidden_layers = 1};
  const auto parameters = initial_network(architecture, 1, 0).parameters;
  EXPECT_EQ(initial_network(architecture, 1, 0).parameters, parameters);
  const auto equal = [&](const std::vector<float>& other) {
    return std::inner_product(parameters.begin(), parameters.end(), other.begin(), 0, std::plus<>(), std::equal_to<>());
  };
  EXPECT_LE(equal(initial_network(architecture, 2, 0).parameters), 2);
  EXPECT_LE(equal(initial_network(architecture, 1, 1).parameters), 2);
  EXPECT_LE(equal(initial_network(architecture, 1ULL << 32 | 1, 0).parameters), 2);
  // No tensor repeats another: all draws, scaled to [-1, 1), are different but for chance.
  std::multiset<float> scaled;
  for (const LayerSlice& layer : layer_slices(architecture)) {
    const auto bias_bound = static_cast<float>(1 / std::sqrt(static_cast<double>(layer.inputs)));
    for (std::int64_t i = layer.bias; i < layer.bias + layer.outputs; ++i) {
      scaled.insert(parameters[static_cast<std::size_t>(i)] / bias_bound);
    }
  }
  EXPECT_GE(std::set<float>(scaled.begin(), scaled.end()).size() + 1, scaled.size());
}

// ---- initialisations of the other activations

TEST(NormalQuantile, InvertsTheDistribution) {
  const auto below = [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; };
  for (double p = 0x1p-54; p < 0.5; p *= 1.7) {
    SCOPED_TRACE(p);
    const double x = normal_quantile(p), density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
    EXPECT_NEAR((below(x) - p) / density, 0, 1e-15 * (1 + std::abs(x)));
  }
  for (const double p : {0.5, 0.6, 0.9, 0.95, 0.999, 1 - 0x1p-40})
    EXPECT_NEAR(normal_quantile(p), -normal_quantile(1 - p), 1e-15);
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
}

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

Moments moments(std::span<const float> values) {
  Moments m;
  for (const float x : values) m.mean += x / static_cast<double>(values.size());
  for (const float x : values) {
    m.deviation += (x - m.mean) * (x - m.mean) / static_cast<double>(values.size());
    m.largest = std::max(m.largest, std::abs(static_cast<double>(x)));
  }
  m.deviation = std::sqrt(m.deviation);
  return m;
}

TEST(InitialNetwork, HasTheDeviationsOfTheOriginalForEveryActivation) {
  struct Case {
    Activation activation;
    std::function<double(double, double)> deviation;  // of the weights from n inputs to m outputs
    bool normal = true;
  };
  for (const Case& tested : {Case{Activation::relu, [](double n, double) { return std::sqrt(2 / n); }},
                             Case{Activation::softplus, [](double n, double) { return std::sqrt(2 / n); }},
                             Case{Activation::tanh, [](double n, double m) { return std::sqrt(2 / (n + m)); }},
                             Case{Activation::sigmoid, [](double n, double m) { return std::sqrt(2 / (n + m)); }},
                             Case{Activation::elu, [](double n, double) { return std::sqrt(1.5505188080679277 / n); }},
                             Case{Activation::selu, [](double n, double) { return 1 / std::sqrt(n); }},
                             Case{Activation::gauss, [](double n, double) { return 1 / std::sqrt(3 * n); }, false}}) {
    SCOPED_TRACE(activation_name(tested.activation));
    const Architecture a = {
        .inputs = 40, .outputs = 50, .width = 200, .hidden_layers = 1, .activation = tested.activation};
    const Network network = initial_network(a, 3);
    for (const LayerSlice& layer : layer_slices(a)) {
      const std::span<const float> all = network.parameters;
      const auto count = static_cast<std::size_t>(layer.bias - layer.weight);
      const Moments weight = moments(all.subspan(static_cast<std::size_t>(layer.weight), count)),
                    bias = moments(
                        all.subspan(static_cast<std::size_t>(layer.bias), static_cast<std::size_t>(layer.outputs)));
      const double deviation = tested.deviation(layer.inputs, layer.outputs),
                   share = std::sqrt(static_cast<double>(count));
      EXPECT_NEAR(weight.deviation, deviation, 4 * deviation / share);
      EXPECT_NEAR(weight.mean, 0, 4 * deviation / share);
      // The largest of n normal numbers is about sqrt(2 log n) deviations from the middle.
      EXPECT_NEAR(weight.largest / deviation, tested.normal ? std::sqrt(2 * std::log(count)) : std::sqrt(3.0), 0.9);
      EXPECT_LE(bias.largest, static_cast<float>(1 / std::sqrt(layer.inputs)));
      EXPECT_GT(bias.largest, 0.9 / std::sqrt(layer.inputs));
    }
  }
}

TEST(InitialNetwork, OfPinnetIsCutAtTwoDeviations) {
  const Architecture a = {
      .inputs = 40, .outputs = 50, .width = 200, .hidden_layers = 1, .activation = Activation::tanh};
  const Network network = initial_network(a, 3, 0, Initialisation::pinnet);
  const LayerSlice layer = layer_slices(a)[1];
  const Moments weight =
      moments(std::span<const float>(network.parameters).subspan(static_cast<std::size_t>(layer.weight), 40'000));
  const double sigma = std::sqrt(2.0 / 400);
  EXPECT_LE(weight.largest, static_cast<float>(2 * sigma));
  EXPECT_GT(weight.largest, 1.99 * sigma);
  EXPECT_NEAR(weight.deviation / sigma, 0.8796, 0.01);  // of a normal that is cut there
  EXPECT_THROW(initial_network({}, 1, 0, Initialisation::pinnet), Error);
}

TEST(InitialNetwork, OfFinerHasWideFirstBiases) {
  const Architecture a = {.inputs = 2, .outputs = 1, .width = 300, .hidden_layers = 1, .activation = Activation::finer};
  const Network finer = initial_network(a, 1);
  Architecture sine = a;
  sine.activation = Activation::sine;
  const Network other = initial_network(sine, 1);
  const LayerSlice first = layer_slices(a).front();
  for (std::size_t i = 0; i < finer.parameters.size(); ++i) {
    const bool bias = std::cmp_greater_equal(i, first.bias) && std::cmp_less(i, first.bias + first.outputs);
    EXPECT_FLOAT_EQ(finer.parameters[i], other.parameters[i] * (bias ? std::sqrt(2.0F) : 1.0F)) << i;
  }
}

TEST(InitialNetwork, OfRadialBasisHasCentresInTheSquareAndOneSigma) {
  const Architecture a = {.inputs = 2,
                          .outputs = 1,
                          .width = 8,
                          .hidden_layers = 0,
                          .activation = Activation::relu,
                          .encoding = {Encoding::Kind::rbf, 1024}};
  EXPECT_EQ(parameter_count(a), 1024 * 3 + 1024 * 8 + 8 + 8 + 1);
  EXPECT_EQ(encoded_inputs(a), 1024);
  const Network network = initial_network(a, 1);
  const std::span<const float> all = network.parameters;
  const Moments centres = moments(all.first(2048));
  EXPECT_NEAR(centres.mean, 0, 0.05);
  EXPECT_NEAR(centres.deviation, 1 / std::sqrt(3.0), 0.03);
  EXPECT_LE(centres.largest, 1);
  for (const float sigma : all.subspan(2048, 1024)) EXPECT_EQ(sigma, 10);
}

TEST(InitialNetwork, DrawsNoNumberTwice) {
  const Architecture a = {.inputs = 3,
                          .outputs = 2,
                          .width = 40,
                          .hidden_layers = 1,
                          .activation = Activation::relu,
                          .encoding = {Encoding::Kind::rbf, 30}};
  const Network network = initial_network(a, 9);
  std::set<float> different(network.parameters.begin(), network.parameters.end());
  EXPECT_GE(different.size(), network.parameters.size() - 29 - 3);  // the sigmas are one; floats meet by chance
}

TEST(Architecture, OfThePaperWithPositionalEncodingHasItsParameters) {
  const Architecture a = {.inputs = 2,
                          .outputs = 1,
                          .width = 256,
                          .hidden_layers = 3,
                          .activation = Activation::relu,
                          .encoding = {Encoding::Kind::positional, 7}};
  EXPECT_EQ(encoded_inputs(a), 30);
  EXPECT_EQ(parameter_count(a), 205'569);
  Architecture rbf = a;
  rbf.encoding = {Encoding::Kind::rbf, 1024};
  EXPECT_EQ(parameter_count(rbf), 464'129 - 1024);  // the original counts 1,024 numbers that nothing uses
}

// ---- statistics of the activations (the property that the initialisation is made for)

struct Statistics {
  double mean_square = 0;  // of pre-activations omega (W h + b)
  double distance = 0;     // Kolmogorov-Smirnov, to N(0, std)
};

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// For each sine layer from `first_layer` on. 1-D inputs, `points` of them over [-1, 1] + shift.
std::vector<Statistics> statistics(const Network& network, int points, double shift, double std,
                                   std::size_t first_layer) {
  const auto n = static_cast<std::size_t>(points);
  std::vector<double> h(n);  // (neuron, point): the inner loop runs over points
  for (std::size_t p = 0; p < n; ++p) h[p] = -1 + 2 * (static_cast<double>(p) + 0.5) / points + shift;
  std::vector<Statistics> result;
  const auto layers = layer_slices(network.architecture);
  for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
    const LayerSlice& layer = layers[l];
    const auto inputs = static_cast<std::size_t>(layer.inputs), outputs = static_cast<std::size_t>(layer.outputs);
    std::vector<double> z(outputs * n);
    for (std::size_t o = 0; o < outputs; ++o) {
      double* row = z.data() + o * n;
      const float* weight = network.parameters.data() + layer.weight + static_cast<std::ptrdiff_t>(o * inputs);
      std::fill_n(row, n, double{network.parameters[static_cast<std::size_t>(layer.bias) + o]});
      for (std::size_t i = 0; i < inputs; ++i) {
        const double w = weight[i];
        for (std::size_t p = 0; p < n; ++p) row[p] += w * h[i * n + p];
      }
      for (std::size_t p = 0; p < n; ++p) row[p] *= layer.omega;
    }
    h.resize(z.size());
    std::transform(z.begin(), z.end(), h.begin(), [](double x) { return std::sin(x); });
    if (l < first_layer) continue;
    Statistics s;
    for (const double x : z) s.mean_square += x * x / static_cast<double>(z.size());
    std::sort(z.begin(), z.end());
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double at = normal_cdf(z[i] / std), below = static_cast<double>(i) / static_cast<double>(z.size());
      s.distance = std::max({s.distance, at - below, below + 1 / static_cast<double>(z.size()) - at});
    }
    result.push_back(s);
  }
  return result;
}

struct Expected {
  int width;
  double std;       // of pre-activations: s^2 = 1 - exp(-2 s^2) + 900 / (3 width)
  double distance;  // limit for the distance to N(0, std); above 1 where none is claimed
  int seeds, points, hidden_layers;
};

void PrintTo(const Expected& e, std::ostream* out) { *out << "width " << e.width; }

class ActivationStatistics : public testing::TestWithParam<Expected> {};

TEST_P(ActivationStatistics, PreActivationsKeepTheirDistribution) {
  const Expected e = GetParam();
  const Architecture architecture = {.inputs = 1, .outputs = 1, .width = e.width, .hidden_layers = e.hidden_layers};
  for (const double shift : {0.0, 1000.0}) {
    std::vector<Statistics> mean(static_cast<std::size_t>(e.hidden_layers) - 1);
    for (int seed = 0; seed < e.seeds; ++seed) {
      const Network network = initial_network(architecture, static_cast<std::uint64_t>(seed));
      const auto one = statistics(network, e.points, shift, e.std, 2);
      for (std::size_t l = 0; l < mean.size(); ++l) {
        mean[l].mean_square += one[l].mean_square / e.seeds;
        mean[l].distance += one[l].distance / e.seeds;
      }
    }
    for (std::size_t l = 0; l < mean.size(); ++l) {
      EXPECT_NEAR(std::sqrt(mean[l].mean_square), e.std, 0.1 * e.std) << "layer " << l + 2 << " shift " << shift;
      EXPECT_LT(mean[l].distance, e.distance) << "layer " << l + 2 << " shift " << shift;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Widths, ActivationStatistics,
                         testing::Values(Expected{64, 2.385, 2, 10, 200, 5}, Expected{256, 1.469, 0.05, 4, 100, 4},
                                         Expected{2048, 1.008, 0.02, 1, 24, 3}),
                         [](const auto& test) { return "Width" + std::to_string(test.param.width); });

// ---- pictures

TEST(PictureAxes, OnePixelIsOnePixelBothWays) {
  const auto axes = picture_axes(3, 5);
  ASSERT_EQ(axes.size(), 2U);
  EXPECT_EQ(axes[0].name, "row");
  EXPECT_EQ(axes[1].name, "column");
  EXPECT_EQ(axes[0].scale, 0.5);
  EXPECT_EQ(axes[0].offset, -0.5);
  EXPECT_EQ(axes[1].scale, 0.5);
  EXPECT_EQ(axes[1].offset, -1);
}

TEST(PictureAxes, SquarePicturesFillTheSquare) {
  for (const AxisMap& axis : picture_axes(512, 512)) {
    EXPECT_EQ(axis.offset, -1);
    EXPECT_NEAR(axis.scale * 511 + axis.offset, 1, 1e-15);
  }
}

TEST(PictureAxes, ALengthOfOneIsZero) {
  for (const AxisMap& axis : picture_axes(1, 1)) {
    EXPECT_EQ(axis.scale, 0);
    EXPECT_EQ(axis.offset, 0);
  }
  const auto line = picture_axes(1, 9);
  EXPECT_EQ(line[0].offset, 0);
  EXPECT_FALSE(std::signbit(line[0].offset));
  EXPECT_EQ(line[1].offset, -1);
  EXPECT_THROW(picture_axes(0, 9), Error);
}

}  // namespace
}  // namespace sinefield
