// Frequencies of the first layer: counter-based draws and lattices. No function of the machine's library feeds a
// parameter.
// SPDX-License-Identifier: MIT
#include "sinefield/first_frequencies.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include "field/choose.h"
#include "field/indices.h"
#include "field/random.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr int most_disc_inputs = 8;  // of the cube 1.6 % is in the ball there
constexpr std::int64_t most_places = 1 << 24;

/// What the first layer is given, in radians.
struct Waves {
  std::vector<double> frequencies;  // (units, inputs)
  std::vector<double> phases;       // (units)
};

void check_positive(const char* what, double number) {
  if (!(number > 0 && std::isfinite(number)))
    throw bad_input(fmt::format("{} is {}, expected a finite number above 0", what, number));
}

/// Points of a cube, the first of each unit that lies in the ball. Tensors 0 and 1 are those of the first layer.
Waves disc(int units, int inputs, double radius, const RandomSequence& frequencies, const RandomSequence& phases) {
  check_positive("the radius of the disc of frequencies", radius);
  if (inputs > most_disc_inputs)
    throw bad_input(
        fmt::format("frequencies of a disc in {} dimensions, expected at most {}", inputs, most_disc_inputs),
        "take a lattice, or those of the original code");
  Waves waves;
  std::array<double, most_disc_inputs> point{};
  for (std::uint64_t unit = 0; unit < static_cast<std::uint64_t>(units); ++unit) {
    double square = 2;
    for (std::uint64_t draw = 0; square > 1; ++draw) {
      square = 0;
      std::array<std::uint32_t, 4> words{};
      for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(inputs); ++i) {
        if (i % 2 == 0) words = random_block(frequencies, (unit << 32 | draw) * (most_disc_inputs / 2) + i / 2);
        const std::size_t word = 2 * (i % 2);
        point[i] = 2 * uniform_double(words[word], words[word + 1]) - 1;
        square += point[i] * point[i];
      }
    }
    for (const double coordinate : std::span(point).first(static_cast<std::size_t>(inputs)))
      waves.frequencies.push_back(radius * coordinate);
    const auto words = random_block(phases, unit);
    waves.phases.push_back(2 * std::numbers::pi * uniform_double(words[0], words[1]));
  }
  return waves;
}

/// use(integers) for one of each pair, in their order.
template <class Use>
void for_each_of_lattice(int inputs, const LatticeFrequencies& lattice, const Use& use) {
  check_positive("the step of the lattice of frequencies", lattice.step);
  if (!(lattice.radius >= lattice.step))
    throw bad_input(fmt::format("the radius of the lattice of frequencies is {}, expected at least its step {}",
                                lattice.radius, lattice.step));
  if (lattice.most < 1)
    throw bad_input(fmt::format("the lattice of frequencies has integers up to {}, expected at least 1", lattice.most));
  const std::int64_t along = 2 * std::int64_t{lattice.most} + 1;
  std::int64_t places = 1;
  for (int i = 0; i < inputs; ++i) {
    if (along > most_places / places)
      throw bad_input(fmt::format("a lattice of frequencies of {} integers along each of {} axes, expected at most {} "
                                  "places in all",
                                  along, inputs, most_places),
                      "take smaller integers");
    places *= along;
  }
  const std::vector<std::int64_t> counts(static_cast<std::size_t>(inputs), along);
  std::vector<std::int64_t> integers(counts.size());
  const double farthest = lattice.radius / lattice.step;
  for_each_index(counts, [&](std::span<const std::int64_t> at) {
    std::int64_t sign = 0;  // of the first that is not 0
    double square = 0;
    for (std::size_t i = 0; i < integers.size(); ++i) {
      integers[i] = at[i] - lattice.most;
      if (sign == 0) sign = integers[i];
      square += static_cast<double>(integers[i] * integers[i]);
    }
    if (sign > 0 && square <= farthest * farthest) use(integers);
  });
}

Waves lattice_waves(int units, int inputs, const LatticeFrequencies& lattice) {
  if (const int needed = lattice_units(inputs, lattice); needed != units)
    throw bad_input(fmt::format("width is {}, but the lattice of frequencies has {} units", units, needed),
                    "take the width from lattice_units");
  Waves waves;
  for_each_of_lattice(inputs, lattice, [&](std::span<const std::int64_t> integers) {
    for (const double phase : {0.0, std::numbers::pi / 2}) {
      for (const std::int64_t integer : integers)
        waves.frequencies.push_back(lattice.step * static_cast<double>(integer));
      waves.phases.push_back(phase);
    }
  });
  return waves;
}

void store(const Waves& waves, Network& network) {
  const LayerSlice first = layer_slices(network.architecture).front();
  const auto put = [&](std::int64_t offset, const std::vector<double>& radians) {
    for (std::size_t e = 0; e < radians.size(); ++e) {
      const double parameter = radians[e] / first.omega;
      if (!(std::abs(parameter) <= static_cast<double>(std::numeric_limits<float>::max())))
        throw bad_input(
            fmt::format("a first-layer frequency of {} over omega_first {} is no float", radians[e], first.omega),
            "take an omega_first of the size of the frequencies");
      network.parameters[static_cast<std::size_t>(offset) + e] = static_cast<float>(parameter);
    }
  };
  put(first.weight, waves.frequencies);
  put(first.bias, waves.phases);
}

}  // namespace

int lattice_units(int inputs, const LatticeFrequencies& lattice) {
  int units = 0;
  for_each_of_lattice(inputs, lattice, [&](std::span<const std::int64_t>) { units += 2; });
  return units;
}

Network initial_network(const Architecture& architecture, const FirstFrequencies& frequencies, std::uint64_t seed,
                        std::uint32_t stream) {
  Network network = initial_network(architecture, seed, stream);
  const bool waves = architecture.activation == Activation::sine && architecture.encoding.kind == Encoding::Kind::none;
  if (!waves && !std::holds_alternative<OriginalFrequencies>(frequencies))
    throw bad_input(fmt::format("frequencies for a first layer of {} behind encoding {}",
                                activation_name(architecture.activation), encoding_text(architecture.encoding)),
                    "only sines of the coordinates have a frequency: take those, or the original's initialisation");
  const int units = architecture.width, inputs = architecture.inputs;
  std::visit(Choose{[](const OriginalFrequencies&) {},
                    [&](const DiscFrequencies& d) {
                      store(disc(units, inputs, d.radius, {.seed = seed, .stream = stream, .tensor = 0},
                                 {.seed = seed, .stream = stream, .tensor = 1}),
                            network);
                    },
                    [&](const LatticeFrequencies& l) { store(lattice_waves(units, inputs, l), network); }},
             frequencies);
  return network;
}

std::optional<std::string> why_too_few(std::int64_t features, double largest, double volume, int inputs) {
  check_positive("the largest wavenumber", largest);
  check_positive("the volume of the region", volume);
  if (inputs < 1) throw bad_input(fmt::format("{} inputs, expected at least 1", inputs));
  // ball(d) = ball(d - 2) 2 pi / d, from ball(0) = 1 and ball(1) = 2.
  double modes = volume * (inputs % 2 == 0 ? 1 : 2);
  for (int d = inputs; d > 1; d -= 2) modes *= 2 * std::numbers::pi / d;
  for (int i = 0; i < inputs; ++i) modes *= largest / (2 * std::numbers::pi);
  const double needed = 1.8 * modes;
  if (static_cast<double>(features) >= needed) return std::nullopt;
  return fmt::format(
      "{} sine features for wavenumbers up to {:.6g} on a region of volume {:.6g}, where {:.0f} are needed (1.8 x "
      "{:.1f} "
      "modes): take more features, or a smaller largest wavenumber",
      features, largest, volume, std::ceil(needed), modes);
}

}  // namespace sinefield
