// Limits of windows.
// SPDX-License-Identifier: MIT
#include "field/windows.h"

#include <fmt/core.h>

#include <algorithm>

namespace sinefield {
namespace {

std::optional<std::string> why_invalid(const Window& window, int inputs) {
  if (window.slab) {
    const Slab& slab = *window.slab;
    if (slab.axis < 0 || slab.axis >= inputs)
      return fmt::format("a slab of axis {}, expected 0 to {}", slab.axis, inputs - 1);
    if (!(std::isfinite(slab.low) && std::isfinite(slab.high) && slab.low < slab.high))
      return fmt::format("a slab from {} to {}, expected finite numbers, the lower one first", slab.low, slab.high);
    if (window.centre.empty()) return std::nullopt;
  }
  if (std::ssize(window.centre) != inputs)
    return fmt::format("a centre of {} numbers for {} inputs", window.centre.size(), inputs);
  for (const double number : window.centre)
    if (!std::isfinite(number)) return fmt::format("a centre at {}, expected finite numbers", number);
  // One over its square is a finite number.
  if (!(window.radius >= 1e-100 && window.radius <= 1e100))
    return fmt::format("a radius of {}, expected 1e-100 to 1e100", window.radius);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_invalid_terms(const Field& field) {
  const Architecture& first = field.networks.front().architecture;
  for (const Network& network : field.networks) {
    const Architecture& other = network.architecture;
    if (other.inputs != first.inputs || other.outputs != first.outputs)
      return fmt::format("the networks map {} to {} and {} to {} numbers, expected the same for all", first.inputs,
                         first.outputs, other.inputs, other.outputs);
  }
  if (field.windows.empty()) return std::nullopt;
  if (field.kind != FieldKind::sum) return "windows belong to kind \"sum\" only";
  if (field.windows.size() != field.networks.size())
    return fmt::format("{} windows for {} networks, expected one for each", field.windows.size(),
                       field.networks.size());
  for (std::size_t term = 0; term < field.windows.size(); ++term)
    if (field.windows[term])
      if (const auto reason = why_invalid(*field.windows[term], first.inputs))
        return fmt::format("the window of network {} has {}", term, *reason);
  return std::nullopt;
}

bool has_windows(const Field& field) {
  return std::ranges::any_of(field.windows, [](const auto& window) { return window.has_value(); });
}

bool has_slabs(const Field& field) {
  return std::ranges::any_of(field.windows, [](const auto& window) { return window && window->slab; });
}

}  // namespace sinefield
