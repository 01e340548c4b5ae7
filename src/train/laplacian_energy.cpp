// A form at every pixel.
// SPDX-License-Identifier: MIT
#include "train/laplacian_energy.h"

#include <array>
#include <vector>

#include "signal/samples_in_memory.h"

namespace sinefield::train {
namespace {

/// Per sample. Any will do where the slopes are known. Nitsche's terms have a least value only from some stiffness on,
/// the more the steeper the networks are; a stiffer border costs little quality.
constexpr double stiffness = 0.03, stiffness_of_nitsche = 10;

}  // namespace

PointForms laplacian_energy(const Field& field, const Samples& values, const Samples& derivatives, Border border) {
  const std::int64_t height = values.sizes()[0], width = values.sizes()[1];
  const std::size_t channels = field.channels.size();
  const std::vector<float> of_values = read_all(values), of_derivatives = read_all(derivatives);
  const bool nitsche = border == Border::exact_values, values_known = border != Border::differences;
  PointForms forms(2, static_cast<int>(channels), 1);
  std::vector<double> right(3 * channels);
  std::size_t sample = 0;
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const std::array<std::int64_t, 2> place = {y, x}, last = {height - 1, width - 1};
      std::array<double, 2> point{}, side{}, share{};  // side: -1, 1 or 0 of each axis; share: of a pixel in the domain
      for (std::size_t i = 0; i < 2; ++i) {
        point[i] = field.axes[i].scale * static_cast<double>(place[i]) + field.axes[i].offset;
        side[i] = place[i] == 0 ? -1 : place[i] == last[i] ? 1 : 0;
        share[i] = nitsche && side[i] != 0 ? 0.5 : 1;
      }
      const double area = share[0] * share[1];
      std::array<double, 9> matrix{};
      std::array<double, 2> normal{};  // of each side that the pixel is on: its length times u_n = side step u_i
      double length = 0;
      for (std::size_t i = 0; i < 2; ++i) {
        const double step = field.axes[i].scale;
        matrix[4 * (1 + i)] = area * step * step;
        if (side[i] == 0 || !values_known) continue;
        length += share[1 - i];
        if (!nitsche) continue;
        normal[i] = share[1 - i] * side[i] * step;
        matrix[1 + i] = matrix[3 * (1 + i)] = -normal[i];
      }
      const double hold = (nitsche ? stiffness_of_nitsche : stiffness) * length;
      matrix[0] = hold;
      for (std::size_t c = 0; c < channels; ++c, ++sample) {
        const ChannelMap& map = field.channels[c];
        const double value = (static_cast<double>(of_values[sample]) - map.offset) / map.scale;
        right[c] = hold * value - area * static_cast<double>(of_derivatives[sample]) / map.scale;
        for (std::size_t i = 0; i < 2; ++i) right[(1 + i) * channels + c] = -normal[i] * value;
      }
      forms.add(point, matrix, right);
    }
  return forms;
}

}  // namespace sinefield::train
