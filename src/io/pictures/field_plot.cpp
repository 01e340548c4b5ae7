// Plots of fields: ranges, colours and their bars, and where panels stand on the page. Sizes are multiples of the size
// of the text.
// SPDX-License-Identifier: MIT
#include "sinefield/field_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "io/pictures/drawing.h"
#include "io/pictures/plot_axes.h"
#include "io/pictures/text.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr Colour edge = {165, 165, 165};  // of what has values, where they end
constexpr std::int64_t least_side = 256;  // panels below are enlarged

// ---- colours

/// ColorBrewer's RdBu (11 colours) by Cynthia Brewer, from dark blue to dark red.
constexpr std::array<Colour, 11> blue_white_red = {{{5, 48, 97},
                                                    {33, 102, 172},
                                                    {67, 147, 195},
                                                    {146, 197, 222},
                                                    {209, 229, 240},
                                                    {247, 247, 247},
                                                    {253, 219, 199},
                                                    {244, 165, 130},
                                                    {214, 96, 77},
                                                    {178, 24, 43},
                                                    {103, 0, 31}}};

/// Nine even steps of viridis by Nathaniel Smith and Stefan van der Walt (CC0), as viridisLite's viridis(9) gives them.
constexpr std::array<Colour, 9> viridis = {{{68, 1, 84},
                                            {71, 45, 123},
                                            {59, 82, 139},
                                            {44, 114, 142},
                                            {33, 144, 140},
                                            {39, 173, 129},
                                            {93, 200, 99},
                                            {170, 220, 50},
                                            {253, 231, 37}}};

Colour colour_of(double value, const PlotRange& range) {
  if (std::isnan(value)) return white;
  if (!range.diverging) return between(viridis, (value - range.low) / (range.high - range.low));
  return between(blue_white_red, 0.5 + 0.5 * value / std::max(std::abs(range.low), std::abs(range.high)));
}

// ---- colour bars

struct Bar {
  PlotRange range;
  Ticks ticks;
  std::string above, below;  // what lies beyond

  Bar(const PlotRange& of, std::int64_t height, const Style& style)
      : range(of),
        ticks(ticks_of(of.low, of.high, std::clamp<std::int64_t>(height / (std::int64_t{2} * style.text) + 1, 5, 9))) {
    const auto end = [&](double value) {  // a digit more than the ticks where it lies between them
      const double shown = value / ticks.unit, digit = std::pow(10.0, -ticks.decimals);
      const bool rounds = std::abs(shown - std::round(shown / digit) * digit) < 1e-3 * digit;
      return number_text(shown, ticks.decimals + (rounds ? 0 : 1));
    };
    if (of.above) above = "> " + end(of.high);
    if (of.below) below = "< " + end(of.low);
  }

  static std::int64_t thickness(const Style& style) { return style.text * 9 / 8; }
  std::int64_t width(const Style& style) const {
    const std::int64_t beside = thickness(style) + 2 * style.stroke + style.tick + style.text / 3 +
                                std::max(ticks.labels_width(style.text), label_width(ticks.factor, style.text));
    return std::max({beside, label_width(above, style.text), label_width(below, style.text)});
  }
  int lines_above() const { return (above.empty() ? 0 : 1) + (ticks.factor.empty() ? 0 : 1); }

  void draw(Picture& canvas, std::int64_t left, std::int64_t top, std::int64_t height, const Style& style) const {
    const Box box{left + style.stroke, top, thickness(style), height};
    for (std::int64_t y = 0; y < height; ++y) {
      const double t = (static_cast<double>(height - y) - 0.5) / static_cast<double>(height);
      fill(canvas, {box.left, top + y, box.width, 1}, colour_of(std::lerp(range.low, range.high, t), range));
    }
    draw_frame(canvas, box, style.stroke);
    for (std::size_t i = 0; i < ticks.at.size(); ++i) {
      const std::int64_t y = box.bottom() - 1 - place(ticks.at[i], range.low, range.high, height);
      fill(canvas, {box.right() + style.stroke, y - style.stroke / 2, style.tick, style.stroke}, ink);
      draw_label(canvas, box.right() + style.stroke + style.tick + style.text / 3, y + style.text * 3 / 8,
                 ticks.labels[i], style.text, TextAlign::left);
    }
    std::int64_t baseline = top - style.stroke - style.text / 2;
    draw_label(canvas, left, baseline, above, style.text, TextAlign::left);
    if (!above.empty()) baseline -= style.line;
    draw_label(canvas, left, baseline, ticks.factor, style.text, TextAlign::left);
    draw_label(canvas, left, box.bottom() + style.stroke + style.text * 4 / 3, below, style.text, TextAlign::left);
  }
};

// ---- panels

/// Values as pixels, `enlarge` each way; a line of one pixel where values end.
void draw_values(Picture& canvas, const Box& box, const FieldPlot& plot, const FieldPanel& panel,
                 std::int64_t enlarge) {
  const auto value_at = [&](std::int64_t x, std::int64_t y) {
    const std::int64_t row = plot.height - 1 - y / enlarge;
    return panel.values[static_cast<std::size_t>(row * plot.width + x / enlarge)];
  };
  const auto has_value = [&](std::int64_t x, std::int64_t y) {
    return x >= 0 && x < box.width && y >= 0 && y < box.height && !std::isnan(value_at(x, y));
  };
  for (std::int64_t y = 0; y < box.height; ++y) {
    float* pixel = canvas.row(box.top + y) + box.left * 3;
    for (std::int64_t x = 0; x < box.width; ++x, pixel += 3) {
      const double value = value_at(x, y);
      const bool at_edge = std::isnan(value) &&
                           (has_value(x - 1, y) || has_value(x + 1, y) || has_value(x, y - 1) || has_value(x, y + 1));
      std::ranges::copy(at_edge ? edge : colour_of(value, panel.range), pixel);
    }
  }
}

void check(const FieldPlot& plot) {
  if (plot.panels.empty()) throw bad_input("a plot without panels", "give at least one");
  check_axis(plot.across);
  check_axis(plot.up);
  for (const FieldPanel& panel : plot.panels) {
    check_range(panel.range);
    if (plot.width < 1 || plot.height < 1 || std::ssize(panel.values) != plot.width * plot.height)
      throw bad_input(fmt::format("the panel '{}' of a plot has {} values for {} x {}", panel.title,
                                  panel.values.size(), plot.width, plot.height));
  }
}

}  // namespace

PlotRange plot_range(std::span<const double> values, const std::optional<std::pair<double, double>>& fixed) {
  constexpr std::size_t most_sorted = 1 << 20;
  PlotRange range;
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (const double value : values)
    if (std::isfinite(value)) {
      lowest = std::min(lowest, value);
      highest = std::max(highest, value);
    }
  if (fixed) {
    range.low = fixed->first;
    range.high = fixed->second;
    check_range(range);
    range.diverging = range.low < 0 && range.high > 0;
    range.below = lowest < range.low;
    range.above = highest > range.high;
    return range;
  }
  if (lowest > highest) return range;
  range.low = lowest;
  range.high = highest;
  std::vector<double> some;  // enough for percentiles
  const std::size_t stride = values.size() / most_sorted + 1;
  for (std::size_t i = 0; i < values.size(); i += stride)
    if (std::isfinite(values[i])) some.push_back(values[i]);
  if (some.size() >= 2) {
    const auto percentile = [&](double share) {
      const auto at = some.begin() + std::llround(share * static_cast<double>(some.size() - 1));
      std::ranges::nth_element(some, at);
      return *at;
    };
    const double low = percentile(0.005), high = percentile(0.995);
    if (low < high && highest - lowest > 2 * (high - low)) {
      range.low = low;
      range.high = high;
    }
  }
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low <= 1e-12 * size || size == 0) {  // rounding looks like a field otherwise
    const double middle = std::midpoint(range.low, range.high), reach = size == 0 ? 1 : size / 2;
    return {middle - reach, middle + reach, size == 0, false, false};
  }
  if (std::min(-range.low, range.high) >= size / 100) {
    range.diverging = true;
    range.low = -size;
    range.high = size;
  }
  // Round ends that are as good as reached: bars and axes then begin and end with a number.
  const double spare = 0.02 * (range.high - range.low);
  const std::vector<double> round =
      std::isfinite(spare) ? ticks_of(range.low - spare, range.high + spare, 9).at : std::vector<double>();
  if (!round.empty()) {
    range.low = std::min(range.low, round.front());
    range.high = std::max(range.high, round.back());
  }
  range.below = lowest < range.low;
  range.above = highest > range.high;
  return range;
}

Picture field_plot(const FieldPlot& plot) {
  check(plot);
  const std::size_t in_row = plot.width > 2 * plot.height ? 1 : 3;
  const std::int64_t longest = std::max(plot.width, plot.height),
                     enlarge = std::max<std::int64_t>(1, (least_side + longest - 1) / longest);
  const Style style(longest * enlarge);
  const std::int64_t width = plot.width * enlarge, height = plot.height * enlarge;
  const Axis across = axis_across(plot.across, width, style), up = axis_up(plot.up, height, style);
  const std::int64_t bar_height = std::max(height, std::int64_t{10} * style.text);
  // A bar behind the last panel of its range in a row.
  std::vector<std::optional<Bar>> bars(plot.panels.size());
  int lines_above = 0;
  bool titled = false;
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const bool last =
        i + 1 == plot.panels.size() || (i + 1) % in_row == 0 || plot.panels[i + 1].range != plot.panels[i].range;
    if (last) bars[i].emplace(plot.panels[i].range, bar_height, style);
    if (last) lines_above = std::max(lines_above, bars[i]->lines_above());
    titled = titled || !plot.panels[i].title.empty();
  }
  const std::int64_t label = across.ticks.labels_width(style.text), gap = label + style.text,
                     bar_gap = std::max<std::int64_t>(style.text, label / 2 + style.text / 2);
  const std::int64_t header =
      std::max<std::int64_t>(titled ? 2 * style.line : style.text / 2, lines_above * style.line) +
      (bar_height - height) / 2;
  const std::int64_t row_height =
      header + std::max(height, bar_height - (bar_height - height) / 2) + height_below(style);
  const std::int64_t left = style.margin + width_left(up, style);
  // Where panels stand, and how wide the widest row is.
  std::vector<std::int64_t> lefts;
  std::int64_t right = 0, at = left;
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    if (i % in_row == 0) at = left;
    lefts.push_back(at);
    at += width;
    right = std::max(right, at + label / 2);
    if (bars[i]) {
      at += bar_gap + bars[i]->width(style);
      right = std::max(right, at);
    }
    at += bars[i] ? label / 2 + style.text : gap;
  }
  const std::int64_t rows =
      (std::ssize(plot.panels) + static_cast<std::int64_t>(in_row) - 1) / static_cast<std::int64_t>(in_row);
  const Words words{plot.title, plot.subtitle};
  const std::int64_t first_row = style.margin + words.height(style);
  Picture canvas = blank(right + style.margin, first_row + rows * row_height + style.margin / 2);
  words.draw(canvas, left, style);
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const FieldPanel& panel = plot.panels[i];
    const Box box{lefts[i], first_row + static_cast<std::int64_t>(i / in_row) * row_height + header, width, height};
    draw_values(canvas, box, plot, panel, enlarge);
    draw_frame(canvas, box, style.stroke);
    draw_across(canvas, box, across, style);
    draw_up(canvas, box, up, style, i % in_row == 0);
    draw_text(canvas, box.left, box.top - style.stroke - style.text / 2, shortened(panel.title, style.heading, width),
              style.heading, ink, TextAlign::left);
    if (bars[i]) bars[i]->draw(canvas, box.right() + bar_gap, box.top - (bar_height - height) / 2, bar_height, style);
  }
  return finished(std::move(canvas));
}

}  // namespace sinefield
