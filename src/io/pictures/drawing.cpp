// SPDX-License-Identifier: MIT
#include "io/pictures/drawing.h"

#include <utility>

namespace sinefield {
namespace {

/// A part of the page is mixed with a colour.
void blend(float* pixel, const Colour& colour, double share) {
  for (std::size_t c = 0; c < 3; ++c) pixel[c] = std::lerp(pixel[c], colour[c], static_cast<float>(share));
}

}  // namespace

void fill(Picture& canvas, const Box& box, const Colour& colour) {
  for (std::int64_t y = box.top; y < box.bottom(); ++y) {
    float* pixel = canvas.row(y) + box.left * 3;
    for (std::int64_t x = 0; x < box.width; ++x, pixel += 3) std::ranges::copy(colour, pixel);
  }
}

void draw_frame(Picture& canvas, const Box& box, std::int64_t thickness) {
  const std::int64_t width = box.width + 2 * thickness;
  fill(canvas, {box.left - thickness, box.top - thickness, width, thickness}, ink);
  fill(canvas, {box.left - thickness, box.bottom(), width, thickness}, ink);
  fill(canvas, {box.left - thickness, box.top, thickness, box.height}, ink);
  fill(canvas, {box.right(), box.top, thickness, box.height}, ink);
}

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

}  // namespace sinefield
