// First layers by choice: what is drawn and from where, lattices and their counts, and the count of features that a
// region needs against its modes in closed form.
// SPDX-License-Identifier: MIT
#include "sinefield/first_frequencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <set>
#include <span>
#include <vector>

#include "refusal.h"

namespace sinefield {
namespace {

using testing::HasSubstr;
using testing::Optional;

/// Frequencies (units, inputs) and phases as the network has them, in radians.
struct FirstLayer {
  std::vector<double> frequencies, phases;

  explicit FirstLayer(const Network& network) {
    const LayerSlice first = layer_slices(network.architecture).front();
    for (std::int64_t i = first.weight; i < first.bias; ++i)
      frequencies.push_back(first.omega * network.parameters[static_cast<std::size_t>(i)]);
    for (std::int64_t i = first.bias; i < first.bias + first.outputs; ++i)
      phases.push_back(first.omega * network.parameters[static_cast<std::size_t>(i)]);
  }
};

TEST(FirstFrequencies, of_the_original_are_the_initial_network) {
  const Architecture a{.inputs = 3, .outputs = 2, .width = 20, .hidden_layers = 2};
  EXPECT_EQ(initial_network(a, OriginalFrequencies{}, 5, 3).parameters, initial_network(a, 5, 3).parameters);
}

TEST(FirstFrequencies, change_the_first_layer_alone) {
  const Architecture a{.inputs = 2, .outputs = 2, .width = 20, .hidden_layers = 2};
  const LayerSlice first = layer_slices(a).front();
  const auto rest = [&](const Network& network) {
    return std::vector<float>(network.parameters.begin() + first.bias + first.outputs, network.parameters.end());
  };
  const Network original = initial_network(a, 5, 3);
  for (const FirstFrequencies& frequencies :
       {FirstFrequencies(DiscFrequencies{9}),
        FirstFrequencies(LatticeFrequencies{.step = 2, .most = 2, .radius = 4.5})}) {
    const Network network = initial_network(a, frequencies, 5, 3);
    EXPECT_EQ(rest(network), rest(original));
    EXPECT_NE(network.parameters, original.parameters);
  }
}

TEST(FirstFrequencies, of_a_disc_are_uniform_in_the_ball) {
  for (const int inputs : {1, 2, 3, 5, 8}) {
    const double d = inputs, radius = 7;
    const Architecture a{.inputs = inputs, .outputs = 1, .width = 8000, .hidden_layers = 0, .omega_first = 3};
    const FirstLayer layer(initial_network(a, DiscFrequencies{radius}, 1));
    const auto n = static_cast<double>(a.width);
    double squares = 0, fourth = 0, phase = 0, phase_square = 0, beyond_half = 0;
    std::vector<double> mean(static_cast<std::size_t>(inputs));
    for (std::size_t k = 0; k < static_cast<std::size_t>(a.width); ++k) {
      double square = 0;
      for (std::size_t i = 0; i < mean.size(); ++i) {
        const double w = layer.frequencies[k * mean.size() + i] / radius;
        square += w * w;
        mean[i] += w / n;
      }
      EXPECT_LE(square, 1 + 1e-6);
      squares += square / n;
      fourth += square * square / n;
      beyond_half += square > std::pow(0.5, 2 / d) ? 1 / n : 0;  // half of the volume
      EXPECT_GE(layer.phases[k], 0);
      EXPECT_LE(layer.phases[k], 2 * std::numbers::pi + 1e-5);
      phase += layer.phases[k] / (2 * std::numbers::pi) / n;
      phase_square += std::pow(layer.phases[k] / (2 * std::numbers::pi), 2) / n;
    }
    // E r^2 = d / (d + 2), E r^4 = d / (d + 4): within four standard errors.
    EXPECT_NEAR(squares, d / (d + 2), 4 * std::sqrt((d / (d + 4) - d * d / ((d + 2) * (d + 2))) / n)) << inputs;
    EXPECT_NEAR(fourth, d / (d + 4), 4 * std::sqrt((d / (d + 8) - d * d / ((d + 4) * (d + 4))) / n)) << inputs;
    EXPECT_NEAR(beyond_half, 0.5, 4 * 0.5 / std::sqrt(n)) << inputs;
    for (const double m : mean) EXPECT_NEAR(m, 0, 4 * std::sqrt(1 / (d + 2) / n)) << inputs;
    EXPECT_NEAR(phase, 0.5, 4 * std::sqrt(1 / (12 * n))) << inputs;
    EXPECT_NEAR(phase_square, 1.0 / 3, 4 * std::sqrt(4.0 / 45 / n)) << inputs;
  }
}

TEST(FirstFrequencies, of_a_disc_are_the_same_on_every_machine) {
  const Architecture a{.inputs = 2, .outputs = 1, .width = 300, .hidden_layers = 0, .omega_first = 11};
  const std::vector<float> parameters = initial_network(a, DiscFrequencies{20}, 42, 7).parameters;
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a of all bits
  for (const float value : std::span(parameters).first(900))
    hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 1099511628211ULL;
  EXPECT_EQ(hash, 0x353ab8880202b356ULL);
}

TEST(FirstFrequencies, of_a_disc_depend_on_seed_stream_and_unit_alone) {
  const auto draw = [](int width, std::uint64_t seed, std::uint32_t stream) {
    return FirstLayer(initial_network({.inputs = 3, .outputs = 1, .width = width, .hidden_layers = 0},
                                      DiscFrequencies{2}, seed, stream))
        .frequencies;
  };
  const std::vector<double> few = draw(10, 1, 0), more = draw(50, 1, 0);
  EXPECT_TRUE(std::ranges::equal(few, std::span(more).first(few.size())));
  EXPECT_EQ(std::set<double>(more.begin(), more.end()).size(), more.size());
  for (const std::vector<double>& other : {draw(10, 2, 0), draw(10, 1, 1)}) {
    std::set<double> all(few.begin(), few.end());
    all.insert(other.begin(), other.end());
    EXPECT_EQ(all.size(), few.size() + other.size());
  }
}

TEST(FirstFrequencies, of_a_lattice_are_one_of_each_pair_with_sine_and_cosine) {
  const LatticeFrequencies lattice{.step = std::numbers::pi / 2, .most = 2};
  ASSERT_EQ(lattice_units(2, lattice), 24);
  const Network network = initial_network(
      {.inputs = 2, .outputs = 1, .width = 24, .hidden_layers = 0, .omega_first = std::numbers::pi / 2}, lattice, 0);
  // Where omega is the step, the weights are whole numbers.
  std::set<std::array<int, 2>> seen;
  for (std::size_t k = 0; k < 24; ++k) {
    const float i = network.parameters[2 * k], j = network.parameters[2 * k + 1], bias = network.parameters[48 + k];
    EXPECT_EQ(i, std::round(i));
    EXPECT_EQ(j, std::round(j));
    EXPECT_EQ(bias, k % 2 == 0 ? 0 : 1) << "a quarter of a turn is the step here";
    seen.insert({static_cast<int>(i), static_cast<int>(j)});
    if (k % 2 == 1) {
      EXPECT_EQ(i, network.parameters[2 * k - 2]);
      EXPECT_EQ(j, network.parameters[2 * k - 1]);
    }
  }
  EXPECT_EQ(seen.size(), 12U);
  for (int i = -2; i <= 2; ++i)
    for (int j = -2; j <= 2; ++j)
      EXPECT_EQ(seen.count({i, j}) + seen.count({-i, -j}), i == 0 && j == 0 ? 0U : 1U) << i << " " << j;
  // sin and cos in radians, whatever the omega.
  const FirstLayer layer(
      initial_network({.inputs = 2, .outputs = 1, .width = 24, .hidden_layers = 0, .omega_first = 7}, lattice, 0));
  for (std::size_t k = 0; k < 24; ++k) {
    EXPECT_NEAR(layer.frequencies[2 * k], lattice.step * network.parameters[2 * k], 1e-6);
    EXPECT_NEAR(layer.phases[k], k % 2 == 0 ? 0 : std::numbers::pi / 2, 1e-6);
  }
}

TEST(FirstFrequencies, of_a_lattice_in_a_disc_are_as_many_as_there_are_whole_numbers_in_it) {
  EXPECT_EQ(lattice_units(2, {.step = 1, .most = 7}), 224);
  EXPECT_EQ(lattice_units(1, {.step = 1, .most = 7}), 14);
  EXPECT_EQ(lattice_units(3, {.step = 0.5, .most = 1}), 26);
  // Gauss's circle problem: 1, 5, 13, 29, 49, 81, 113, 149, 197, 253, 317 points up to radius 10, 0 among them.
  const std::array<int, 11> gauss = {1, 5, 13, 29, 49, 81, 113, 149, 197, 253, 317};
  for (int radius = 1; radius <= 10; ++radius)
    EXPECT_EQ(lattice_units(2, {.step = 1, .most = 12, .radius = static_cast<double>(radius)}),
              gauss[static_cast<std::size_t>(radius)] - 1);
  EXPECT_EQ(lattice_units(2, {.step = std::numbers::pi / 0.75, .most = 50, .radius = 160}), 4580);
}

TEST(FirstFrequencies, outside_their_range_are_refused_with_the_number) {
  const Architecture a{.inputs = 2, .outputs = 1, .width = 24, .hidden_layers = 0};
  const auto refused = [&](const FirstFrequencies& frequencies) {
    return refusal([&] { initial_network(a, frequencies, 0); });
  };
  EXPECT_THAT(refused(DiscFrequencies{}), HasSubstr("disc of frequencies is 0"));
  EXPECT_THAT(refused(DiscFrequencies{NAN}), HasSubstr("disc of frequencies is nan"));
  EXPECT_THAT(refused(DiscFrequencies{1e300}), HasSubstr("is no float"));
  EXPECT_THAT(refused(LatticeFrequencies{.step = -1}), HasSubstr("step of the lattice of frequencies is -1"));
  EXPECT_THAT(refused(LatticeFrequencies{.step = 1, .most = 0}), HasSubstr("integers up to 0"));
  EXPECT_THAT(refused(LatticeFrequencies{.step = 1, .most = 1'000'000'000}), HasSubstr("2000000001 integers along"));
  EXPECT_THAT(refused(LatticeFrequencies{.step = 1, .most = 2, .radius = 0.5}), HasSubstr("is 0.5, expected at least"));
  EXPECT_THAT(refused(LatticeFrequencies{.step = 1, .most = 3}),
              HasSubstr("width is 24, but the lattice of frequencies has 48 units"));
  EXPECT_THAT(refusal([] {
                initial_network({.inputs = 9, .outputs = 1, .width = 3, .hidden_layers = 0}, DiscFrequencies{1}, 0);
              }),
              HasSubstr("in 9 dimensions"));
}

TEST(FirstFrequencies, are_of_sines_of_the_coordinates_only) {
  EXPECT_THAT(
      refusal([] { initial_network({.width = 8, .activation = Activation::tanh}, DiscFrequencies{.radius = 3}, 1); }),
      HasSubstr("frequencies for a first layer of tanh behind encoding none"));
  EXPECT_THAT(
      refusal([] {
        initial_network({.width = 8, .encoding = {Encoding::Kind::positional, 2}}, DiscFrequencies{.radius = 3}, 1);
      }),
      HasSubstr("sine behind encoding positional:2"));
  EXPECT_NO_THROW(initial_network({.width = 8, .activation = Activation::tanh}, OriginalFrequencies{}, 1));
}

TEST(WhyTooFew, counts_the_modes_of_a_region) {
  // In the plane 1.8 K^2 A / (4 pi); on a line 1.8 K L / pi; in space 1.8 K^3 V / (6 pi^2).
  for (const auto& [inputs, needed] :
       {std::pair(1, 1.8 * 40 * 2.25 / std::numbers::pi), std::pair(2, 1.8 * 1600 * 2.25 / (4 * std::numbers::pi)),
        std::pair(3, 1.8 * 64000 * 2.25 / (6 * std::numbers::pi * std::numbers::pi))}) {
    const auto enough = static_cast<std::int64_t>(std::ceil(needed));
    EXPECT_EQ(why_too_few(enough, 40, 2.25, inputs), std::nullopt) << inputs;
    EXPECT_NE(why_too_few(enough - 1, 40, 2.25, inputs), std::nullopt) << inputs;
  }
  EXPECT_THAT(
      why_too_few(360, 40, 2.25),
      Optional(std::string("360 sine features for wavenumbers up to 40 on a region of volume 2.25, where 516 are "
                           "needed (1.8 x 286.5 modes): take more features, or a smaller largest wavenumber")));
  EXPECT_THAT(refusal([] { why_too_few(1, 0, 1); }), HasSubstr("largest wavenumber is 0"));
  EXPECT_THAT(refusal([] { why_too_few(1, 1, INFINITY); }), HasSubstr("region is inf"));
}

// The law itself: the eigenvalues of a square of side s below K^2 are the whole numbers (i, j) >= 1 in a quarter disc.
TEST(WhyTooFew, has_the_modes_of_a_square_in_the_limit) {
  const double side = 2, largest = 400;
  int modes = 0;
  for (int i = 1; i * std::numbers::pi / side < largest; ++i)
    for (int j = 1; std::hypot(i, j) * std::numbers::pi / side <= largest; ++j) ++modes;
  const auto needed = static_cast<std::int64_t>(1.8 * modes);
  EXPECT_EQ(why_too_few(needed * 102 / 100, largest, side * side), std::nullopt);
  EXPECT_NE(why_too_few(needed * 98 / 100, largest, side * side), std::nullopt);
}

}  // namespace
}  // namespace sinefield
