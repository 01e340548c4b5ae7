// Contact sheets: layout, scaling of tiles to 8-bit RGB, and labels.
// SPDX-License-Identifier: MIT
#include "sinefield/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "io/pictures/text.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

constexpr std::int64_t smallest_tile = 256, largest_tile = 2048;  // longer side in pixels
constexpr Colour edge = {217, 217, 217};

// How a picture's samples become colours of the screen.
struct Shades {
  double low, scale;

  explicit Shades(const Picture& picture) : low(0), scale(1) {
    const PictureFormat& format = picture.format;
    if (format.type != SampleType::f32) {
      scale = 255 / full_scale(format.type);
      return;
    }
    low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (std::size_t i = 0; i < picture.samples.size(); ++i) {
      if (static_cast<int>(i % format.channels.size()) == format.alpha) continue;
      low = std::min<double>(low, picture.samples[i]);
      high = std::max<double>(high, picture.samples[i]);
    }
    scale = high > low ? 255 / (high - low) : 0;
  }
  float operator()(float sample) const { return static_cast<float>((static_cast<double>(sample) - low) * scale); }
};

// A picture as it will be shown: upright, enlarged or reduced by a whole factor.
class Tile {
 public:
  explicit Tile(const SheetEntry& entry) : picture_(entry.picture), shades_(entry.picture) {
    const PictureFormat& format = picture_.format;
    const bool turned = format.orientation >= 5;
    upright_height_ = turned ? format.width : format.height;
    upright_width_ = turned ? format.height : format.width;
    const std::int64_t longer = std::max(upright_height_, upright_width_);
    enlarge_ = longer < smallest_tile ? (smallest_tile + longer - 1) / longer : 1;
    reduce_ = (longer + largest_tile - 1) / largest_tile;
    for (int c = 0; c < format.channel_count() && shown_.size() < 3; ++c) {
      if (c != format.alpha) shown_.push_back(c);
    }
    if (shown_.size() < 3) shown_.assign(3, shown_.front());
  }

  std::int64_t height() const { return (upright_height_ * enlarge_ + reduce_ - 1) / reduce_; }
  std::int64_t width() const { return (upright_width_ * enlarge_ + reduce_ - 1) / reduce_; }

  Colour pixel(std::int64_t row, std::int64_t column) const {
    Colour sum = {};
    const std::int64_t bottom = std::min((row + 1) * reduce_, upright_height_ * enlarge_);
    const std::int64_t right = std::min((column + 1) * reduce_, upright_width_ * enlarge_);
    for (std::int64_t y = row * reduce_; y < bottom; ++y) {
      for (std::int64_t x = column * reduce_; x < right; ++x) {
        const Colour part = upright(y / enlarge_, x / enlarge_, checker(row, column));
        for (std::size_t c = 0; c < 3; ++c) sum[c] += part[c];
      }
    }
    const auto count = static_cast<float>((bottom - row * reduce_) * (right - column * reduce_));
    for (float& part : sum) part /= count;
    return sum;
  }

 private:
  static float checker(std::int64_t row, std::int64_t column) { return (row / 8 + column / 8) % 2 == 0 ? 255 : 216; }

  // The pixel that EXIF orientation shows at this place.
  Colour upright(std::int64_t row, std::int64_t column, float background) const {
    const PictureFormat& format = picture_.format;
    const int orientation = format.orientation;
    if (orientation >= 5) std::swap(row, column);
    if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) row = format.height - 1 - row;
    if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) {
      column = format.width - 1 - column;
    }
    const float* samples = picture_.row(row) + column * format.channel_count();
    Colour colour;
    for (std::size_t c = 0; c < 3; ++c) colour[c] = shades_(samples[shown_[c]]);
    if (format.alpha >= 0 && format.type != SampleType::f32) {
      const float opacity = shades_(samples[format.alpha]) / 255;
      for (float& part : colour) part = opacity * part + (1 - opacity) * background;
    }
    return colour;
  }

  const Picture& picture_;
  Shades shades_;
  std::int64_t upright_height_, upright_width_, enlarge_, reduce_;
  std::vector<int> shown_;
};

// The tile with its top left corner there, and a fine line around it, so that white pictures have an edge.
void draw(const Tile& tile, Picture& sheet, std::int64_t top, std::int64_t left) {
  for (std::int64_t y = -1; y <= tile.height(); ++y) {
    const bool inside = y >= 0 && y < tile.height();
    float* pixel = sheet.row(top + y) + (left - 1) * 3;
    for (std::int64_t x = -1; x <= tile.width(); ++x, pixel += 3) {
      std::ranges::copy(inside && x >= 0 && x < tile.width() ? tile.pixel(y, x) : edge, pixel);
    }
  }
}

// The lines of a label; none where it is empty.
struct Label {
  std::vector<std::string> lines;
  std::int64_t width = 0;  // of the longest line

  Label(const std::string& text, int font_size) {
    if (text.empty()) return;
    for (std::size_t first = 0; first <= text.size();) {
      const std::size_t end = std::min(text.find('\n', first), text.size());
      lines.push_back(text.substr(first, end - first));
      first = end + 1;
      width = std::max(width, text_width(lines.back(), font_size));
    }
  }
};

void check_entries(std::span<const SheetEntry> entries, int columns) {
  if (entries.empty()) throw bad_input("a contact sheet of no pictures", "give at least one picture");
  if (columns < 1) throw bad_input(fmt::format("a contact sheet of {} columns", columns), "give at least one column");
  for (const SheetEntry& entry : entries) {
    const PictureFormat& format = entry.picture.format;
    const auto samples = static_cast<std::size_t>(format.height * format.width * format.channel_count());
    if (format.height < 1 || format.width < 1 || format.colour_channels() < 1 ||
        entry.picture.samples.size() != samples) {
      throw bad_input(
          fmt::format("the picture '{}' of the contact sheet has {} samples for {} x {} pixels with {} "
                      "channels",
                      entry.label, entry.picture.samples.size(), format.width, format.height, format.channel_count()));
    }
  }
}

}  // namespace

Picture contact_sheet(std::span<const SheetEntry> entries, int columns) {
  check_entries(entries, columns);
  const auto column_count = std::min(static_cast<std::size_t>(columns), entries.size());
  const std::size_t row_count = (entries.size() + column_count - 1) / column_count;
  std::vector<Tile> tiles;
  std::int64_t longest = 0;
  for (const SheetEntry& entry : entries) {
    tiles.emplace_back(entry);
    longest = std::max({longest, tiles.back().height(), tiles.back().width()});
  }
  const int font_size = static_cast<int>(std::clamp<std::int64_t>(longest / 20, 14, 64));
  const std::int64_t gap = font_size, line_height = font_size + font_size / 3, under_picture = font_size / 4;

  std::vector<Label> labels;
  std::vector<std::int64_t> widths(column_count), picture_heights(row_count), label_heights(row_count);
  const auto widen = [](std::int64_t& length, std::int64_t wanted) { length = std::max(length, wanted); };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Label& label = labels.emplace_back(entries[i].label, font_size);
    widen(widths[i % column_count], std::max(tiles[i].width(), label.width));
    widen(picture_heights[i / column_count], tiles[i].height());
    const auto lines = static_cast<std::int64_t>(label.lines.size());
    if (lines > 0) widen(label_heights[i / column_count], under_picture + lines * line_height);
  }

  Picture sheet;
  sheet.format.channels = {"R", "G", "B"};
  sheet.format.width = std::accumulate(widths.begin(), widths.end(), gap) + gap * std::ssize(widths);
  sheet.format.height = gap * (std::ssize(picture_heights) + 1);
  for (std::size_t row = 0; row < row_count; ++row) sheet.format.height += picture_heights[row] + label_heights[row];
  sheet.samples.assign(static_cast<std::size_t>(sheet.format.height * sheet.format.width * 3), 255.0f);

  std::int64_t left = gap, top = gap;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t row = i / column_count, column = i % column_count;
    const std::int64_t bottom = top + picture_heights[row];  // pictures of a row stand on one line
    draw(tiles[i], sheet, bottom - tiles[i].height(), left + (widths[column] - tiles[i].width()) / 2);
    std::int64_t baseline = bottom + under_picture + font_size;
    for (const std::string& line : labels[i].lines) {
      draw_text(sheet, left + widths[column] / 2, baseline, line, font_size, ink, TextAlign::centre);
      baseline += line_height;
    }
    left += widths[column] + gap;
    if (column + 1 == column_count) {
      left = gap;
      top = bottom + label_heights[row] + gap;
    }
  }
  for (float& sample : sheet.samples) sample = quantised(sample, SampleType::u8);
  return sheet;
}

}  // namespace sinefield
