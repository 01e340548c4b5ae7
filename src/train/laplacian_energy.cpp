// A form at every pixel for what is known there, and four around it for the slopes.
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

/// 1/2 |grad u|^2 over a pixel, in the middles of its quarters: at the pixels alone a wave from one to the next has no
/// slope. Where the domain ends at the outermost samples, only the quarters inside.
void add_slopes(PointForms& forms, const Field& field, std::array<std::int64_t, 2> place,
                std::array<std::int64_t, 2> last, bool ends) {
  const std::vector<double> none(3 * field.channels.size(), 0.0);
  std::array<double, 9> matrix{};
  for (std::size_t i = 0; i < 2; ++i) matrix[4 * (1 + i)] = 0.25 * field.axes[i].scale * field.axes[i].scale;
  for (const double down : {-0.25, 0.25})
    for (const double across : {-0.25, 0.25}) {
      const std::array<double, 2> at = {static_cast<double>(place[0]) + down, static_cast<double>(place[1]) + across};
      const bool outside =
          at[0] < 0 || at[1] < 0 || at[0] > static_cast<double>(last[0]) || at[1] > static_cast<double>(last[1]);
      if (ends && outside) continue;
      const std::array<double, 2> point = {field.axes[0].scale * at[0] + field.axes[0].offset,
                                           field.axes[1].scale * at[1] + field.axes[1].offset};
      forms.add(point, matrix, none);
    }
}

}  // namespace

PointForms laplacian_energy(const Field& field, const Samples& values, const Samples& derivatives, Border border) {
  const std::int64_t height = values.sizes()[0], width = values.sizes()[1];
  const std::size_t channels = field.channels.size();
  const std::vector<float> of_values = read_all(values), of_derivatives = read_all(derivatives);
  const bool nitsche = border == Border::exact_values, values_known = border != Border::differences;
  PointForms forms(2, static_cast<int>(channels));
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
      add_slopes(forms, field, place, last, nitsche);
      std::array<double, 9> matrix{};
      std::array<double, 2> normal{};  // of each side that the pixel is on: its length times u_n = side step u_i
      double length = 0;
      for (std::size_t i = 0; i < 2; ++i) {
        const double step = field.axes[i].scale;
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
