// How runs are laid out in rows and columns, and what stands below a crop.
// SPDX-License-Identifier: MIT
#include "cli/sweep_pictures.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/codecs.h"
#include "sinefield/contact_sheet.h"
#include "sinefield/measures.h"
#include "sinefield/picture_views.h"
#include "sinefield/signal.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t crop_side = 128, block = 8;
constexpr std::size_t most_columns = 12, most_crops = 120, best_crops = 24, list_columns = 5;

/// Where runs lie: `place[run]` counts cells row by row.
struct Arrangement {
  std::string row_name, column_name;
  std::vector<std::string> rows, columns;
  std::vector<std::size_t> place;

  explicit Arrangement(const Grid& grid) : rows(1), columns(1) {
    const std::vector<SweptOption>& varied = grid.varied();
    std::size_t across = varied.size();  // the option of the columns; none where there is only one
    if (varied.size() > 1)
      across = static_cast<std::size_t>(
          std::ranges::max_element(varied, {}, [](const SweptOption& o) { return o.values.size(); }) - varied.begin());
    if (across < varied.size()) {
      column_name = varied[across].name;
      columns = varied[across].values;
    }
    for (std::size_t i = 0; i < varied.size(); ++i) {
      if (i == across) continue;
      row_name += (row_name.empty() ? "" : ", ") + varied[i].name;
      std::vector<std::string> longer;
      for (const std::string& row : rows)
        for (const std::string& value : varied[i].values)
          longer.push_back(row.empty() ? value : fmt::format("{}, {}", row, value));
      rows = std::move(longer);
    }
    for (std::size_t run = 0; run < grid.size(); ++run) {
      std::size_t row = 0, column = 0, left = run, after = grid.size();
      for (std::size_t i = 0; i < varied.size(); ++i) {
        after /= varied[i].values.size();
        const std::size_t value = left / after;
        left %= after;
        if (i == across) {
          column = value;
        } else {
          row = row * varied[i].values.size() + value;
        }
      }
      place.push_back(row * columns.size() + column);
    }
  }
};

std::string crop_label(const Grid& grid, const Outcomes& outcomes, std::size_t run) {
  const Outcome& o = outcomes[run].value();
  const std::string label = grid.setting(run);
  if (o.failed()) return label + "\nfailed";
  return label + fmt::format("\nheld out {:.2f} dB{}\ntrained {:.2f} dB", o.held_out_psnr,
                             best_run(outcomes) == run ? ", the best" : "", o.psnr);
}

}  // namespace

Window detailed_window(const Picture& picture) {
  const std::int64_t height = picture.format.height, width = picture.format.width;
  const std::int64_t block_rows = (height + block - 1) / block, block_columns = (width + block - 1) / block;
  const std::vector<float> plane = luminance_plane(picture);
  std::vector<double> detail(static_cast<std::size_t>(block_rows * block_columns));  // differences of neighbours
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      const float* const here = plane.data() + y * width + x;
      const float difference =
          (x + 1 < width ? std::abs(here[1] - *here) : 0) + (y + 1 < height ? std::abs(here[width] - *here) : 0);
      detail[static_cast<std::size_t>(y / block * block_columns + x / block)] += static_cast<double>(difference);
    }
  Window best{0, 0, std::min(crop_side, height), std::min(crop_side, width)};
  double most = -1;
  for (std::int64_t y = 0; y + best.height <= height; y += block)
    for (std::int64_t x = 0; x + best.width <= width; x += block) {
      double sum = 0;
      for (std::int64_t row = y / block; row * block < y + best.height; ++row)
        for (std::int64_t column = x / block; column * block < x + best.width; ++column)
          sum += detail[static_cast<std::size_t>(row * block_columns + column)];
      if (sum <= most) continue;
      most = sum;
      best.row = y;
      best.column = x;
    }
  return best;
}

Picture cropped(const Picture& picture, const Window& window) {
  Picture part{picture.format, {}};
  part.format.height = window.height;
  part.format.width = window.width;
  const std::int64_t channels = picture.format.channel_count();
  for (std::int64_t y = window.row; y < window.row + window.height; ++y) {
    const float* first = picture.row(y) + window.column * channels;
    part.samples.insert(part.samples.end(), first, first + window.width * channels);
  }
  return part;
}

Picture in_integers(Picture picture) {
  if (picture.format.type != SampleType::f32) return picture;
  const std::vector<ChannelMap> maps = picture_signal(picture).channels;
  for (std::size_t i = 0; i < picture.samples.size(); ++i) {
    const ChannelMap& map = maps[i % maps.size()];  // its [-1, 1] becomes the full scale
    const double raw = (static_cast<double>(picture.samples[i]) - map.offset) / map.scale;
    picture.samples[i] = static_cast<float>((raw + 1) / 2 * full_scale(SampleType::u16));
  }
  picture.format.type = SampleType::u16;
  quantise(picture);
  return picture;
}

HeatMap quality_map(const Grid& grid, const Outcomes& outcomes, const std::string& title, const std::string& subtitle) {
  const Arrangement arrangement(grid);
  HeatMap map{.title = title,
              .subtitle = subtitle,
              .row_name = arrangement.row_name,
              .column_name = arrangement.column_name,
              .row_labels = arrangement.rows,
              .column_labels = arrangement.columns,
              .panels = {{"held-out pixels, dB", std::vector<double>(grid.size(), Outcome::none)},
                         {"trained pixels, dB", std::vector<double>(grid.size(), Outcome::none)}}};
  for (std::size_t run = 0; run < grid.size(); ++run) {
    if (!outcomes[run]) continue;
    map.panels[0].values[arrangement.place[run]] = outcomes[run]->held_out_psnr;
    map.panels[1].values[arrangement.place[run]] = outcomes[run]->psnr;
  }
  if (const auto best = best_run(outcomes)) map.marked = static_cast<int>(arrangement.place[*best]);
  return map;
}

Picture crop_sheet(const Grid& grid, const Outcomes& outcomes, const Picture& original,
                   const std::vector<Picture>& crops) {
  const Arrangement arrangement(grid);
  const std::size_t columns = arrangement.columns.size();
  std::vector<std::size_t> order(grid.size());
  std::vector<SheetEntry> entries;
  const auto add = [&](std::size_t run) {
    SheetEntry entry{crops[run], crop_label(grid, outcomes, run)};
    if (entry.picture.samples.empty()) {  // a grey place
      entry.picture = original;
      std::ranges::fill(entry.picture.samples, static_cast<float>(0.9 * full_scale(original.format.type)));
    }
    entries.push_back(std::move(entry));
  };
  if (grid.size() > most_crops || columns > most_columns) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t run) {
      const double figure = outcomes[run]->held_out_psnr;
      return std::isnan(figure) ? -std::numeric_limits<double>::infinity() : figure;
    });
    order.resize(std::min(best_crops, order.size()));
  } else {
    for (std::size_t run = 0; run < grid.size(); ++run) order[arrangement.place[run]] = run;
  }
  const bool laid_out = order.size() == grid.size() && columns > 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || (laid_out && i % columns == 0)) entries.push_back({original, "original"});
    add(order[i]);
  }
  return pictures().contact_sheet(entries,
                                  static_cast<int>(laid_out ? columns + 1 : std::min(list_columns, entries.size())));
}

}  // namespace sinefield::cli
