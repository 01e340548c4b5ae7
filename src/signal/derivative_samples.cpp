// Each derivative by one pass of three taps along every axis.
// SPDX-License-Identifier: MIT
#include "signal/derivative_samples.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "signal/samples_in_memory.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

/// Three taps along one axis of a box (outer, size, inner), at the places `at` .. `at` + count - 1 of the signal, of
/// which the box holds those from `from` on; beyond the borders of the signal its last samples are repeated.
std::vector<float> filtered(const std::vector<float>& box, std::int64_t outer, std::int64_t from, std::int64_t size,
                            std::int64_t inner, std::int64_t at, std::int64_t count, std::array<float, 3> taps) {
  std::vector<float> result(static_cast<std::size_t>(outer * count * inner));
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t p = 0; p < count; ++p) {
      float* to = &result[static_cast<std::size_t>((o * count + p) * inner)];
      for (std::int64_t tap = -1; tap <= 1; ++tap) {
        const std::int64_t place = std::clamp<std::int64_t>(at + p + tap - from, 0, size - 1);
        const float* sample = &box[static_cast<std::size_t>((o * size + place) * inner)];
        const float weight = taps[static_cast<std::size_t>(tap + 1)];
        for (std::int64_t i = 0; i < inner; ++i) to[i] += weight * sample[i];
      }
    }
  return result;
}

}  // namespace

DerivativeSamples::DerivativeSamples(const Samples& values, Supervise what)
    : Samples(values.sizes(),
              values.channels() * (what == Supervise::laplacian ? 1 : static_cast<int>(values.sizes().size()))),
      values_(values),
      laplacian_(what == Supervise::laplacian) {}

void DerivativeSamples::read(std::span<const std::int64_t> first, std::span<const std::int64_t> count,
                             float* out) const {
  const std::array difference = laplacian_ ? std::array{1.0F, -2.0F, 1.0F} : std::array{-0.5F, 0.0F, 0.5F};
  const std::array across = laplacian_ ? std::array{0.0F, 1.0F, 0.0F} : std::array{0.25F, 0.5F, 0.25F};
  const std::size_t axes = sizes().size();
  // A sample more on each side, where there is one.
  std::vector<std::int64_t> from(axes), size(axes);
  for (std::size_t i = 0; i < axes; ++i) {
    from[i] = std::max<std::int64_t>(first[i] - 1, 0);
    size[i] = std::min(first[i] + count[i] + 1, sizes()[i]) - from[i];
  }
  const auto product = [](std::span<const std::int64_t> numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{1}, std::multiplies());
  };
  const std::int64_t channels = values_.channels(), points = product(count);
  if (points == 0) return;
  std::vector<float> values(static_cast<std::size_t>(product(size) * channels));
  values_.read(from, size, values.data());
  for (std::size_t along = 0; along < axes; ++along) {
    std::vector<float> box = values;
    std::vector<std::int64_t> now = size;
    for (std::size_t i = 0; i < axes; ++i) {
      box = filtered(box, product(std::span(now).first(i)), from[i], now[i],
                     product(std::span(now).subspan(i + 1)) * channels, first[i], count[i],
                     i == along ? difference : across);
      now[i] = count[i];
    }
    if (laplacian_) {
      for (std::size_t e = 0; e < box.size(); ++e) out[e] = along == 0 ? box[e] : out[e] + box[e];
      continue;
    }
    for (std::int64_t p = 0; p < points; ++p)
      std::copy_n(&box[static_cast<std::size_t>(p * channels)], channels,
                  out + (p * static_cast<std::int64_t>(axes) + static_cast<std::int64_t>(along)) * channels);
  }
}

std::shared_ptr<const Samples> read_derivatives(const std::filesystem::path& path, const Samples& values,
                                                Supervise what, std::uint64_t memory_limit) {
  const Array array = read_npy(path, memory_limit);
  const std::size_t axes = what == Supervise::gradient ? values.sizes().size() : 1,
                    channels = static_cast<std::size_t>(values.channels()), each = axes * channels;
  std::vector<std::int64_t> full = values.sizes(), plain = full;
  full.push_back(values.channels());
  if (what == Supervise::gradient)
    for (std::vector<std::int64_t>* shape : {&full, &plain}) shape->push_back(static_cast<std::int64_t>(axes));
  if (array.shape != full && (channels > 1 || array.shape != plain))
    throw bad_input(
        fmt::format("{} is an array ({}), expected ({}){}", path.string(), fmt::join(array.shape, ", "),
                    fmt::join(full, ", "), channels > 1 ? "" : fmt::format(" or ({})", fmt::join(plain, ", "))),
        what == Supervise::gradient ? "give rows, columns, channels, and the derivatives by row and by column"
                                    : "give rows, columns, channels");
  struct Kept {
    std::vector<float> numbers;
    std::optional<SamplesInMemory> samples;
  };
  const auto kept = std::make_shared<Kept>();
  kept->numbers.resize(array.data.size());
  for (std::size_t e = 0; e < array.data.size(); ++e) {
    const std::size_t channel = e % each / axes, axis = e % axes;
    kept->numbers[e - e % each + axis * channels + channel] = static_cast<float>(array.data[e]);
  }
  kept->samples.emplace(values.sizes(), static_cast<int>(each), kept->numbers);
  return {kept, &*kept->samples};
}

}  // namespace sinefield
