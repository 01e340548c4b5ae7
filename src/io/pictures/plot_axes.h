// What all plots have in common: labels with signs and powers, round ticks, axes, titles, and the sizes that all of it
// is drawn with, which follow that of the panels.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/pictures/drawing.h"
#include "io/pictures/text.h"
#include "sinefield/field_plot.h"
#include "sinefield/picture.h"

namespace sinefield {

/// Sizes that all of a plot is drawn with.
struct Style {
  int text, title, heading;
  std::int64_t stroke, tick, margin, line;

  explicit Style(std::int64_t longest) {
    text = static_cast<int>(std::clamp<std::int64_t>(longest / 32, 15, 96));
    title = text * 4 / 3;
    heading = text * 9 / 8;
    stroke = std::max(1, (text + 8) / 16);
    tick = text / 3;
    margin = text * 5 / 4;
    line = text * 3 / 2;
  }
};

/// A white page of even sides, which videos want.
Picture blank(std::int64_t width, std::int64_t height);
/// Rounded to what its file holds.
Picture finished(Picture canvas);

/// Pixels that a label takes: text in which hyphens are minus signs, and powers of ten stand as `Ticks::factor` has
/// them.
std::int64_t label_width(const std::string& label, int size);
/// As `draw_text`, in ink.
void draw_label(Picture& canvas, std::int64_t column, std::int64_t baseline, const std::string& label, int size,
                TextAlign align);
/// Shortened with dots until it is no wider.
std::string shortened(std::string text, int size, std::int64_t width);

/// A label of a number.
std::string number_text(double value, int decimals);

struct Ticks {
  std::vector<double> at;
  std::vector<std::string> labels;
  std::string factor;  // a label: what the others are to be multiplied by, a power of ten, or nothing
  double unit = 1;     // the same as a number
  int decimals = 0;

  std::int64_t labels_width(int size) const {
    std::int64_t width = 0;
    for (const std::string& label : labels) width = std::max(width, label_width(label, size));
    return width;
  }
};

/// Round numbers from low to high, `most` at most and five or more where that allows it: six or so that come near the
/// ends. Steps are 1, 2, 2.5 or 5 times a power of ten.
Ticks ticks_of(double low, double high, std::int64_t most);

/// Pixels from the low end of `length` of them.
std::int64_t place(double value, double low, double high, std::int64_t length);

struct Axis {
  double low, high;
  Ticks ticks;
  std::string name;

  Axis(const PlotAxis& of, std::int64_t most_ticks)
      : low(of.low), high(of.high), ticks(ticks_of(of.low, of.high, most_ticks)), name(of.name) {
    if (!ticks.factor.empty()) name += (name.empty() ? "" : "  ") + ticks.factor;
  }
  /// Where its tick number i is, in pixels from the low end of `length` of them.
  std::int64_t place(std::size_t i, std::int64_t length) const {
    return sinefield::place(ticks.at[i], low, high, length);
  }
};

Axis axis_across(const PlotAxis& axis, std::int64_t width, const Style& style);
Axis axis_up(const PlotAxis& axis, std::int64_t height, const Style& style);

/// What stands left of a panel, the axis upwards, and below it, the axis across.
std::int64_t width_left(const Axis& up, const Style& style);
std::int64_t height_below(const Style& style);
void draw_across(Picture& canvas, const Box& panel, const Axis& across, const Style& style);
void draw_up(Picture& canvas, const Box& panel, const Axis& up, const Style& style, bool labelled);

/// Throw bad_input for what has no length or is not finite.
void check_axis(const PlotAxis& axis);
void check_range(const PlotRange& range);

/// Title and subtitle above everything else; their height.
struct Words {
  std::string title, subtitle;

  std::int64_t height(const Style& style) const;
  void draw(Picture& canvas, std::int64_t left, const Style& style) const;
};

}  // namespace sinefield
