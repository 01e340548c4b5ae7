// Plots of fields: ranges, ticks, colours, and where everything stands on the page. Sizes are multiples of the size of
// the text, which follows that of the panels.
// SPDX-License-Identifier: MIT
#include "sinefield/field_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "io/pictures/text.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

constexpr Colour white = {255, 255, 255}, soft_ink = {105, 105, 105}, edge = {165, 165, 165}, grid = {226, 226, 226};
constexpr std::int64_t least_side = 256;  // panels below are enlarged

// ---- colours

template <std::size_t n>
Colour between(const std::array<Colour, n>& anchors, double t) {
  const double at = std::clamp(t, 0.0, 1.0) * (n - 1);
  const auto below = std::min(static_cast<std::size_t>(at), n - 2);
  const auto part = static_cast<float>(at - static_cast<double>(below));
  Colour colour;
  for (std::size_t c = 0; c < 3; ++c) colour[c] = std::lerp(anchors[below][c], anchors[below + 1][c], part);
  return colour;
}

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

/// Of curves, in their order: Okabe and Ito's colours, told apart by colour-blind eyes.
constexpr std::array<Colour, 6> curve_colours = {
    {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}}};

Colour colour_of(double value, const PlotRange& range) {
  if (std::isnan(value)) return white;
  if (!range.diverging) return between(viridis, (value - range.low) / (range.high - range.low));
  return between(blue_white_red, 0.5 + 0.5 * value / std::max(std::abs(range.low), std::abs(range.high)));
}

// ---- drawing

struct Box {
  std::int64_t left, top, width, height;

  std::int64_t right() const { return left + width; }
  std::int64_t bottom() const { return top + height; }
};

Picture blank(std::int64_t width, std::int64_t height) {
  Picture canvas;
  canvas.format.channels = {"R", "G", "B"};
  canvas.format.width = width + width % 2;
  canvas.format.height = height + height % 2;
  canvas.samples.assign(static_cast<std::size_t>(canvas.format.height * canvas.format.width * 3), 255.0F);
  return canvas;
}

void fill(Picture& canvas, const Box& box, const Colour& colour) {
  for (std::int64_t y = box.top; y < box.bottom(); ++y) {
    float* pixel = canvas.row(y) + box.left * 3;
    for (std::int64_t x = 0; x < box.width; ++x, pixel += 3) std::ranges::copy(colour, pixel);
  }
}

/// A part of the page is mixed with a colour.
void blend(float* pixel, const Colour& colour, double share) {
  for (std::size_t c = 0; c < 3; ++c) pixel[c] = std::lerp(pixel[c], colour[c], static_cast<float>(share));
}

/// A line of some thickness through points, its ends round, inside a box.
void draw_line(Picture& canvas, const Box& box, const std::vector<std::array<double, 2>>& points, double thickness,
               const Colour& colour) {
  std::vector<float> share(static_cast<std::size_t>(box.width * box.height), 0.0F);  // of each pixel that is covered
  const double reach = thickness / 2 + 0.5;
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const auto& [x0, y0] = points[i];
    const auto& [x1, y1] = points[i + 1];
    const auto range = [&](double a, double b, std::int64_t length) {
      const double low = std::clamp(std::min(a, b) - reach, 0.0, static_cast<double>(length)),
                   high = std::clamp(std::max(a, b) + reach + 1, 0.0, static_cast<double>(length));
      return std::pair(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
    };
    const auto [left, right] = range(x0, x1, box.width);
    const auto [top, bottom] = range(y0, y1, box.height);
    const double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    for (std::int64_t y = top; y < bottom; ++y)
      for (std::int64_t x = left; x < right; ++x) {
        const double px = static_cast<double>(x) + 0.5 - x0, py = static_cast<double>(y) + 0.5 - y0;
        const double t = length > 0 ? std::clamp((px * dx + py * dy) / length, 0.0, 1.0) : 0;
        const double covered = reach - std::hypot(px - t * dx, py - t * dy);
        float& of = share[static_cast<std::size_t>(y * box.width + x)];
        of = std::max(of, static_cast<float>(std::clamp(covered, 0.0, 1.0)));
      }
  }
  for (std::int64_t y = 0; y < box.height; ++y)
    for (std::int64_t x = 0; x < box.width; ++x)
      if (const float covered = share[static_cast<std::size_t>(y * box.width + x)]; covered > 0)
        blend(canvas.row(box.top + y) + (box.left + x) * 3, colour, covered);
}

// ---- labels

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

std::int64_t label_width(const std::string& label, int size) {
  std::int64_t width = 0;
  for_each_piece(label, size,
                 [&](const std::string& piece, int of_piece, std::int64_t) { width += piece_width(piece, of_piece); });
  return width;
}

/// As `draw_text`.
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

// ---- ticks

std::string number_text(double value, int decimals) {
  const std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !zero ? "-" + text : text;
}

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

/// Around a box, outside of it.
void draw_frame(Picture& canvas, const Box& box, std::int64_t stroke) {
  const std::int64_t width = box.width + 2 * stroke;
  fill(canvas, {box.left - stroke, box.top - stroke, width, stroke}, ink);
  fill(canvas, {box.left - stroke, box.bottom(), width, stroke}, ink);
  fill(canvas, {box.left - stroke, box.top, stroke, box.height}, ink);
  fill(canvas, {box.right(), box.top, stroke, box.height}, ink);
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

/// Shortened with dots until it is no wider.
std::string shortened(std::string text, int size, std::int64_t width) {
  if (text_width(text, size) <= width) return text;
  while (!text.empty() && text_width(text + "...", size) > width) {
    do text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U);  // whole characters
  }
  return text + "...";
}

/// Pixels from the low end of `length` of them.
std::int64_t place(double value, double low, double high, std::int64_t length) {
  const std::int64_t at = std::llround((value - low) / (high - low) * static_cast<double>(length) - 0.5);
  return std::clamp<std::int64_t>(at, 0, length - 1);
}

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

Axis axis_across(const PlotAxis& axis, std::int64_t width, const Style& style) {
  const Axis many(axis, 9);
  const std::int64_t each = many.ticks.labels_width(style.text) + style.text;
  return {axis, std::min<std::int64_t>(9, width / each + 1)};
}
Axis axis_up(const PlotAxis& axis, std::int64_t height, const Style& style) {
  return {axis, std::min<std::int64_t>(9, height / (std::int64_t{2} * style.text) + 1)};
}

/// What stands left of a panel: the axis upwards.
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

// ---- checks

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

Picture finished(Picture canvas) {
  for (float& sample : canvas.samples) sample = quantised(sample, SampleType::u8);
  return canvas;
}

/// Title and subtitle above everything else; their height.
struct Words {
  std::string title, subtitle;

  std::int64_t height(const Style& style) const {
    return (title.empty() ? 0 : style.title * 3 / 2) + (subtitle.empty() ? 0 : style.line);
  }
  void draw(Picture& canvas, std::int64_t left, const Style& style) const {
    const std::int64_t room = canvas.format.width - left - style.margin;
    std::int64_t top = style.margin;
    if (!title.empty()) {
      draw_text(canvas, left, top + style.title, shortened(title, style.title, room), style.title, ink,
                TextAlign::left);
      top += style.title * 3 / 2;
    }
    draw_text(canvas, left, top + style.text, shortened(subtitle, style.text, room), style.text, soft_ink,
              TextAlign::left);
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

namespace {

// ---- curves

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
