// SPDX-License-Identifier: MIT
#include "io/pictures/plot_axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

// OpenImageIO 2.4 draws ASCII only: of other characters it sees the last byte. These two are drawn here, as is every
// hyphen of a label, which stands for a minus.
constexpr char times_sign = '\x01', raised_from_here = '\x02';

/// Calls use(piece, its size, how much higher it stands) for each piece of a label: a sign that is drawn here, or text.
template <class Use>
void for_each_piece(const std::string& label, int size, const Use& use) {
  const auto special = [](char c) { return c == '-' || c == times_sign || c == raised_from_here; };
  std::int64_t raised = 0;
  for (std::size_t first = 0; first < label.size();) {
    std::size_t end = first + 1;
    while (!special(label[first]) && end < label.size() && !special(label[end])) ++end;
    if (label[first] == raised_from_here) {
      raised = size * 2 / 5;
      size = size * 3 / 4;
    } else {
      use(label.substr(first, end - first), size, raised);
    }
    first = end;
  }
}

std::int64_t piece_width(const std::string& piece, int size) {
  if (piece == "-" || piece.front() == times_sign) return size * 4 / 5;
  const auto blanks =
      static_cast<std::int64_t>(piece.size() - 1 - piece.find_last_not_of(' '));  // not in a text's width
  return text_width(piece, size) + blanks * size / 3;
}

/// Upwards, its middle there.
void draw_upwards(Picture& canvas, std::int64_t left, std::int64_t middle, const std::string& line, int size) {
  Picture text = blank(label_width(line, size) + 2, size + size / 2);
  draw_label(text, 1, size, line, size, TextAlign::left);
  const std::int64_t bottom = middle + text.format.width / 2;
  for (std::int64_t y = 0; y < text.format.height; ++y)
    for (std::int64_t x = 0; x < text.format.width; ++x) {
      const std::int64_t row = bottom - x, column = left + y;
      if (row < 0 || row >= canvas.format.height || column < 0 || column >= canvas.format.width) continue;
      std::copy_n(text.row(y) + x * 3, 3, canvas.row(row) + column * 3);
    }
}

}  // namespace

Picture blank(std::int64_t width, std::int64_t height) {
  Picture canvas;
  canvas.format.channels = {"R", "G", "B"};
  canvas.format.width = width + width % 2;
  canvas.format.height = height + height % 2;
  canvas.samples.assign(static_cast<std::size_t>(canvas.format.height * canvas.format.width * 3), 255.0F);
  return canvas;
}

Picture finished(Picture canvas) {
  for (float& sample : canvas.samples) sample = quantised(sample, SampleType::u8);
  return canvas;
}

std::int64_t label_width(const std::string& label, int size) {
  std::int64_t width = 0;
  for_each_piece(label, size,
                 [&](const std::string& piece, int of_piece, std::int64_t) { width += piece_width(piece, of_piece); });
  return width;
}

void draw_label(Picture& canvas, std::int64_t column, std::int64_t baseline, const std::string& label, int size,
                TextAlign align) {
  if (align != TextAlign::left) column -= label_width(label, size) / (align == TextAlign::right ? 1 : 2);
  for_each_piece(label, size, [&](const std::string& piece, int of_piece, std::int64_t raised) {
    const std::int64_t width = piece_width(piece, of_piece), bottom = baseline - raised;
    const Box around{column, bottom - of_piece, width, of_piece};
    const double em = of_piece, left = 0.1 * em, right = 0.7 * em, middle = 0.69 * em;
    if (piece == "-") {
      draw_line(canvas, around, {{left, middle}, {right, middle}}, 0.09 * em, ink);
    } else if (piece.front() == times_sign) {
      const double reach = 0.2 * em, centre = 0.4 * em;
      for (const double slope : {-reach, reach})
        draw_line(canvas, around, {{centre - reach, middle - slope}, {centre + reach, middle + slope}}, 0.08 * em, ink);
    } else {
      draw_text(canvas, column, bottom, piece, of_piece, ink, TextAlign::left);
    }
    column += width;
  });
}

std::string shortened(std::string text, int size, std::int64_t width) {
  if (text_width(text, size) <= width) return text;
  while (!text.empty() && text_width(text + "...", size) > width) {
    do text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U);  // whole characters
  }
  return text + "...";
}

std::string number_text(double value, int decimals) {
  const std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !zero ? "-" + text : text;
}

Ticks ticks_of(double low, double high, std::int64_t most) {
  constexpr double slack = 1e-9;
  constexpr std::int64_t wanted = 6;
  most = std::max<std::int64_t>(most, 2);
  const auto least = static_cast<double>(std::min<std::int64_t>(5, most));
  const double range = high - low;
  double best_cost = std::numeric_limits<double>::infinity(), step = range, first = 0;
  int count_of_best = 0;  // none between neighbouring doubles
  const int decade = static_cast<int>(std::floor(std::log10(range)));
  for (int exponent = decade - 2; exponent <= decade; ++exponent)
    for (const double times : {1.0, 2.0, 2.5, 5.0}) {
      const double tried = times * std::pow(10.0, exponent);
      const double from = std::ceil(low / tried - slack), to = std::floor(high / tried + slack), count = to - from + 1;
      if (count < 2) continue;
      const double ends = (range - (count - 1) * tried) / range;
      const double too_few = std::max(0.0, least - count), too_many = std::max(0.0, count - static_cast<double>(most));
      const double cost = ends + 0.05 * std::abs(count - static_cast<double>(wanted)) + (times == 2.5 ? 0.1 : 0) +
                          10 * too_few + 100 * too_many;
      if (cost >= best_cost) continue;
      best_cost = cost;
      step = tried;
      first = from;
      count_of_best = static_cast<int>(count);
    }
  Ticks ticks;
  const double largest = std::max(std::abs(low), std::abs(high));
  if (largest >= 1e5 || largest < 1e-3) {
    const int exponent = static_cast<int>(std::floor(std::log10(largest) + slack));
    ticks.unit = std::pow(10.0, exponent);
    ticks.factor = fmt::format("{}10{}{}", times_sign, raised_from_here, exponent);
  }
  for (double scaled = step / ticks.unit; ticks.decimals < 15; ++ticks.decimals, scaled *= 10)
    if (std::abs(scaled - std::round(scaled)) < 1e-6 && scaled > 0.5) break;
  for (int i = 0; i < count_of_best; ++i) {
    const double at = (first + i) * step;
    ticks.at.push_back(at);
    ticks.labels.push_back(number_text(at / ticks.unit, ticks.decimals));
  }
  return ticks;
}

std::int64_t place(double value, double low, double high, std::int64_t length) {
  const std::int64_t at = std::llround((value - low) / (high - low) * static_cast<double>(length) - 0.5);
  return std::clamp<std::int64_t>(at, 0, length - 1);
}

Axis axis_across(const PlotAxis& axis, std::int64_t width, const Style& style) {
  const Axis many(axis, 9);
  const std::int64_t each = many.ticks.labels_width(style.text) + style.text;
  return {axis, std::min<std::int64_t>(9, width / each + 1)};
}
Axis axis_up(const PlotAxis& axis, std::int64_t height, const Style& style) {
  return {axis, std::min<std::int64_t>(9, height / (std::int64_t{2} * style.text) + 1)};
}

std::int64_t width_left(const Axis& up, const Style& style) {
  const std::int64_t name =
      up.name.empty() ? 0 : std::min(label_width(up.name, style.heading), style.line) + style.text / 2;
  return name + up.ticks.labels_width(style.text) + style.text / 3 + style.tick + style.stroke;
}
std::int64_t height_below(const Style& style) { return style.stroke + style.tick + 2 * style.line; }

void draw_across(Picture& canvas, const Box& panel, const Axis& across, const Style& style) {
  const std::int64_t below = panel.bottom() + style.stroke;
  for (std::size_t i = 0; i < across.ticks.at.size(); ++i) {
    const std::int64_t x = panel.left + across.place(i, panel.width);
    fill(canvas, {x - style.stroke / 2, below, style.stroke, style.tick}, ink);
    draw_label(canvas, x, below + style.tick + style.text * 6 / 5, across.ticks.labels[i], style.text,
               TextAlign::centre);
  }
  draw_label(canvas, panel.left + panel.width / 2, below + style.tick + style.line + style.heading * 6 / 5, across.name,
             style.heading, TextAlign::centre);
}

void draw_up(Picture& canvas, const Box& panel, const Axis& up, const Style& style, bool labelled) {
  const std::int64_t beside = panel.left - style.stroke - style.tick;
  for (std::size_t i = 0; i < up.ticks.at.size(); ++i) {
    const std::int64_t y = panel.bottom() - 1 - up.place(i, panel.height);
    fill(canvas, {beside, y - style.stroke / 2, style.tick, style.stroke}, ink);
    if (labelled)
      draw_label(canvas, beside - style.text / 3, y + style.text * 3 / 8, up.ticks.labels[i], style.text,
                 TextAlign::right);
  }
  if (!labelled || up.name.empty()) return;
  const std::int64_t width = label_width(up.name, style.heading), left = panel.left - width_left(up, style),
                     middle = panel.top + panel.height / 2;
  if (width <= style.line)
    draw_label(canvas, left, middle + style.heading * 3 / 8, up.name, style.heading, TextAlign::left);
  else
    draw_upwards(canvas, left, middle, up.name, style.heading);
}

void check_axis(const PlotAxis& axis) {
  if (!(std::isfinite(axis.high - axis.low) && axis.low < axis.high))
    throw bad_input(fmt::format("the axis '{}' of a plot from {} to {}", axis.name, axis.low, axis.high),
                    "expected finite numbers, the lower one first");
}
void check_range(const PlotRange& range) {
  if (!(std::isfinite(range.high - range.low) && range.low < range.high))
    throw bad_input(fmt::format("values from {} to {} of a plot", range.low, range.high),
                    "expected finite numbers, the lower one first");
}

std::int64_t Words::height(const Style& style) const {
  return (title.empty() ? 0 : style.title * 3 / 2) + (subtitle.empty() ? 0 : style.line);
}

void Words::draw(Picture& canvas, std::int64_t left, const Style& style) const {
  const std::int64_t room = canvas.format.width - left - style.margin;
  std::int64_t top = style.margin;
  if (!title.empty()) {
    draw_text(canvas, left, top + style.title, shortened(title, style.title, room), style.title, ink, TextAlign::left);
    top += style.title * 3 / 2;
  }
  draw_text(canvas, left, top + style.text, shortened(subtitle, style.text, room), style.text, soft_ink,
            TextAlign::left);
}

}  // namespace sinefield
