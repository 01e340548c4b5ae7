// Curves over one axis, with a legend.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "io/pictures/drawing.h"
#include "io/pictures/plot_axes.h"
#include "sinefield/error.h"
#include "sinefield/field_plot.h"

namespace sinefield {
namespace {

constexpr Colour grid = {226, 226, 226};

/// Of curves, in their order: Okabe and Ito's colours, told apart by colour-blind eyes.
constexpr std::array<Colour, 6> curve_colours = {
    {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}}};

void draw_curve(Picture& canvas, const Box& box, const CurvePlot& plot, const PlotCurve& curve, const Colour& colour,
                const Style& style) {
  const auto width = static_cast<double>(box.width), height = static_cast<double>(box.height);
  const double step = width / static_cast<double>(curve.values.size() - 1);
  std::vector<std::array<double, 2>> points;
  const auto end_piece = [&] {
    if (points.size() == 1) points.push_back(points.front());
    draw_line(canvas, box, points, static_cast<double>(style.text) / 7, colour);
    points.clear();
  };
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    const double t = (curve.values[i] - plot.range.low) / (plot.range.high - plot.range.low);
    if (!std::isfinite(t)) {
      end_piece();
      continue;
    }
    // Far outside the direction no longer matters, and products stay finite.
    points.push_back({static_cast<double>(i) * step, (1 - std::clamp(t, -1e3, 1e3)) * height});
  }
  end_piece();
}

/// The names of curves with a piece of each, in lines above the plot; nothing of a single one.
struct Legend {
  struct Entry {
    std::int64_t left, line;  // from the left of the plot
  };
  std::vector<Entry> entries;
  std::int64_t lines = 0, sample;

  Legend(const CurvePlot& plot, const Style& style) : sample(std::int64_t{2} * style.text) {
    if (plot.curves.size() < 2) return;
    std::int64_t left = 0;
    for (const PlotCurve& curve : plot.curves) {
      const std::int64_t width = sample + style.text / 2 + text_width(curve.name, style.text);
      if (lines == 0 || left + width > plot.width) {
        left = 0;
        ++lines;
      }
      entries.push_back({left, lines - 1});
      left += width + style.text * 3 / 2;
    }
  }

  std::int64_t height(const Style& style) const { return lines * style.line + style.text / 2; }
  void draw(Picture& canvas, const CurvePlot& plot, std::int64_t left, std::int64_t top, const Style& style) const {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::int64_t at = left + entries[i].left, baseline = top + entries[i].line * style.line + style.text;
      fill(canvas, {at, baseline - style.text * 2 / 5, sample, std::max(2, style.text / 7)},
           curve_colours[i % curve_colours.size()]);
      draw_text(canvas, at + sample + style.text / 2, baseline, plot.curves[i].name, style.text, ink, TextAlign::left);
    }
  }
};

void check(const CurvePlot& plot) {
  if (plot.curves.empty()) throw bad_input("a plot without curves", "give at least one");
  check_axis(plot.across);
  check_range(plot.range);
  if (plot.width < 64 || plot.height < 64)
    throw bad_input(fmt::format("a plot of {} x {} pixels, expected at least 64 x 64", plot.width, plot.height));
  for (const PlotCurve& curve : plot.curves)
    if (curve.values.size() < 2)
      throw bad_input(
          fmt::format("the curve '{}' of a plot has {} values, expected 2 or more", curve.name, curve.values.size()));
}

}  // namespace

Picture curve_plot(const CurvePlot& plot) {
  check(plot);
  const Style style(std::max(plot.width, plot.height));
  const Axis across = axis_across(plot.across, plot.width, style);
  const PlotAxis values{"", plot.range.low, plot.range.high};
  const Axis up = axis_up(values, plot.height, style);
  const Legend legend(plot, style);
  const Words words{plot.title, plot.subtitle};
  const std::int64_t left = style.margin + width_left(up, style);
  const std::int64_t legend_top = style.margin + words.height(style);
  const Box box{left, legend_top + legend.height(style), plot.width, plot.height};
  Picture canvas = blank(box.right() + across.ticks.labels_width(style.text) / 2 + style.margin,
                         box.bottom() + height_below(style) + style.margin / 2);
  words.draw(canvas, left, style);
  for (std::size_t i = 0; i < across.ticks.at.size(); ++i)
    fill(canvas, {box.left + across.place(i, box.width), box.top, 1, box.height}, grid);
  for (std::size_t i = 0; i < up.ticks.at.size(); ++i)
    fill(canvas, {box.left, box.bottom() - 1 - up.place(i, box.height), box.width, 1}, grid);
  for (std::size_t i = 0; i < plot.curves.size(); ++i)
    draw_curve(canvas, box, plot, plot.curves[i], curve_colours[i % curve_colours.size()], style);
  draw_frame(canvas, box, style.stroke);
  draw_across(canvas, box, across, style);
  draw_up(canvas, box, up, style, true);
  legend.draw(canvas, plot, box.left, legend_top, style);
  return finished(std::move(canvas));
}

}  // namespace sinefield
