// Heat maps: layout, colours and cells.
// SPDX-License-Identifier: MIT
#include "sinefield/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "io/pictures/drawing.h"
#include "io/pictures/text.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

constexpr int title_size = 24, heading_size = 18, text_size = 16, number_size = 18, scale_size = 14;
constexpr std::int64_t margin = 32, gap = 3, widest = 2000;
constexpr Colour nothing = {226, 226, 226};

/// ColorBrewer's YlGnBu: even steps of lightness, told apart by colour-blind eyes and in print.
Colour shade(double t) {
  constexpr std::array<Colour, 9> anchors = {{{255, 255, 217},
                                              {237, 248, 177},
                                              {199, 233, 180},
                                              {127, 205, 187},
                                              {65, 182, 196},
                                              {29, 145, 192},
                                              {34, 94, 168},
                                              {37, 52, 148},
                                              {8, 29, 88}}};
  return between(anchors, t);
}

/// Letters that can be read on it.
const Colour& letters_on(const Colour& colour) {
  return 0.3F * colour[0] + 0.59F * colour[1] + 0.11F * colour[2] < 140 ? white : ink;
}

struct Scale {
  double low = std::numeric_limits<double>::infinity(), high = -low;

  explicit Scale(const std::vector<double>& values) {
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (low > high) low = high = 0;
    low = std::min(low, high - 1);
  }
  double operator()(double value) const { return (value - low) / (high - low); }
};

void check(const HeatMap& map) {
  if (map.row_labels.empty() || map.column_labels.empty() || map.panels.empty())
    throw bad_input(fmt::format("a heat map of {} panels, {} rows and {} columns", map.panels.size(),
                                map.row_labels.size(), map.column_labels.size()),
                    "give at least one of each");
  for (const HeatPanel& panel : map.panels)
    if (panel.values.size() != map.row_labels.size() * map.column_labels.size())
      throw bad_input(fmt::format("the panel '{}' of the heat map has {} values for {} rows and {} columns",
                                  panel.title, panel.values.size(), map.row_labels.size(), map.column_labels.size()));
}

/// Sizes that all panels share.
struct Layout {
  std::int64_t rows, columns;
  std::int64_t cell_height, cell_width;
  std::int64_t labels_width = 0, header, footer;
  bool beside;
  std::int64_t count;

  explicit Layout(const HeatMap& map)
      : rows(std::ssize(map.row_labels)), columns(std::ssize(map.column_labels)), count(std::ssize(map.panels)) {
    cell_height = rows > 40 ? 28 : 52;
    cell_width = std::max<std::int64_t>(104, text_width(map.missing, number_size) + 24);
    for (const std::string& label : map.column_labels)
      cell_width = std::max(cell_width, text_width(label, text_size) + 20);
    for (const HeatPanel& panel : map.panels)  // a title is never wider than its panel
      cell_width = std::max(cell_width, (text_width(panel.title, heading_size) + columns - 1) / columns);
    for (const std::string& label : map.row_labels) labels_width = std::max(labels_width, text_width(label, text_size));
    labels_width = std::max(labels_width, text_width(map.row_name, text_size));
    if (labels_width > 0) labels_width += 14;
    const bool named = std::ranges::any_of(map.column_labels, [](const std::string& label) { return !label.empty(); });
    header = heading_size + 18 + (map.column_name.empty() ? 0 : text_size + 10) +
             (named || !map.row_name.empty() ? text_size + 10 : 0);
    footer = 16 + 12 + 6 + scale_size;
    beside = margin + labels_width + count * (grid_width() + margin) <= widest;
  }

  std::int64_t grid_width() const { return columns * (cell_width + gap) - gap; }
  std::int64_t grid_height() const { return rows * (cell_height + gap) - gap; }
  std::int64_t panel_height() const { return header + grid_height() + footer; }
  std::int64_t width() const {
    return margin + labels_width + (beside ? count * (grid_width() + margin) : grid_width() + margin);
  }
  std::int64_t height() const { return beside ? panel_height() : count * (panel_height() + margin) - margin; }
};

void draw_row_labels(const HeatMap& map, const Layout& layout, Picture& canvas, std::int64_t top) {
  const std::int64_t right = margin + layout.labels_width - 14, first = top + layout.header;
  draw_text(canvas, right, first - 10, map.row_name, text_size, soft_ink, TextAlign::right);
  for (std::int64_t row = 0; row < layout.rows; ++row)
    draw_text(canvas, right, first + row * (layout.cell_height + gap) + layout.cell_height / 2 + 6,
              map.row_labels[static_cast<std::size_t>(row)], text_size, ink, TextAlign::right);
}

void draw_panel(const HeatMap& map, const HeatPanel& panel, const Layout& layout, Picture& canvas, std::int64_t top,
                std::int64_t left) {
  const Scale scale(panel.values);
  const std::int64_t first = top + layout.header, width = layout.grid_width();
  draw_text(canvas, left, top + heading_size, panel.title, heading_size, ink, TextAlign::left);
  draw_text(canvas, left + width / 2, first - 10 - text_size - 10, map.column_name, text_size, soft_ink,
            TextAlign::centre);
  for (std::int64_t column = 0; column < layout.columns; ++column)
    draw_text(canvas, left + column * (layout.cell_width + gap) + layout.cell_width / 2, first - 10,
              map.column_labels[static_cast<std::size_t>(column)], text_size, ink, TextAlign::centre);
  for (std::int64_t cell = 0; cell < layout.rows * layout.columns; ++cell) {
    const double value = panel.values[static_cast<std::size_t>(cell)];
    const bool marked = cell == map.marked;
    const Colour colour = std::isnan(value) ? nothing : shade(scale(value));
    const std::int64_t y = first + cell / layout.columns * (layout.cell_height + gap);
    const std::int64_t x = left + cell % layout.columns * (layout.cell_width + gap);
    if (marked) {
      fill(canvas, {x - gap, y - gap, layout.cell_width + 2 * gap, layout.cell_height + 2 * gap}, ink);
      fill(canvas, {x, y, layout.cell_width, layout.cell_height}, white);
      fill(canvas, {x + 2, y + 2, layout.cell_width - 4, layout.cell_height - 4}, colour);
    } else {
      fill(canvas, {x, y, layout.cell_width, layout.cell_height}, colour);
    }
    const bool missing = std::isnan(value), remarked = marked && !map.mark.empty() && layout.cell_height >= 52;
    const std::int64_t middle = x + layout.cell_width / 2;
    const std::int64_t baseline = y + layout.cell_height / 2 + number_size / 3 - (remarked ? 8 : 0);
    draw_text(canvas, middle, baseline, missing ? map.missing : fmt::format("{:.2f}", value),
              missing ? text_size : number_size, missing ? soft_ink : letters_on(colour), TextAlign::centre);
    if (remarked)
      draw_text(canvas, middle, baseline + scale_size + 4, map.mark, scale_size,
                missing ? soft_ink : letters_on(colour), TextAlign::centre);
  }
  const std::int64_t bar = std::min<std::int64_t>(width, 260), bar_top = first + layout.grid_height() + 16;
  for (std::int64_t x = 0; x < bar; ++x)
    fill(canvas, {left + x, bar_top, 1, 12}, shade(static_cast<double>(x) / static_cast<double>(bar - 1)));
  const std::int64_t numbers = bar_top + 12 + 4 + scale_size;
  draw_text(canvas, left, numbers, fmt::format("{:.1f}", scale.low), scale_size, soft_ink, TextAlign::left);
  draw_text(canvas, left + bar, numbers, fmt::format("{:.1f}", scale.high), scale_size, soft_ink, TextAlign::right);
}

}  // namespace

Picture heat_map(const HeatMap& map) {
  check(map);
  const Layout layout(map);
  const std::int64_t title = map.title.empty() ? 0 : title_size + 14;
  const std::int64_t subtitle = map.subtitle.empty() ? 0 : text_size + 12;
  const std::int64_t words = title + subtitle == 0 ? 0 : title + subtitle + 14;
  Picture canvas;
  canvas.format.channels = {"R", "G", "B"};
  canvas.format.width = std::max({layout.width(), text_width(map.title, title_size) + 2 * margin,
                                  text_width(map.subtitle, text_size) + 2 * margin});
  canvas.format.height = margin + words + layout.height() + margin;
  canvas.samples.assign(static_cast<std::size_t>(canvas.format.height * canvas.format.width * 3), 255.0F);
  draw_text(canvas, margin, margin + title_size, map.title, title_size, ink, TextAlign::left);
  draw_text(canvas, margin, margin + title + text_size, map.subtitle, text_size, soft_ink, TextAlign::left);
  std::int64_t top = margin + words, left = margin + layout.labels_width;
  for (std::int64_t i = 0; i < layout.count; ++i) {
    if (i == 0 || !layout.beside) draw_row_labels(map, layout, canvas, top);
    draw_panel(map, map.panels[static_cast<std::size_t>(i)], layout, canvas, top, left);
    if (layout.beside) {
      left += layout.grid_width() + margin;
    } else {
      top += layout.panel_height() + margin;
    }
  }
  for (float& sample : canvas.samples) sample = quantised(sample, SampleType::u8);
  return canvas;
}

}  // namespace sinefield
