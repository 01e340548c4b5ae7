// Plots of fields for people to look at and to print: over two coordinates as coloured panels with axes, ticks and
// colour bars, over one as curves. Part of the picture codecs, because drawing text needs their library; nothing is
// read from or written to picture files here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sinefield/picture.h"

namespace sinefield {

/// What the ends of a colour bar or of an axis stand for.
struct PlotRange {
  double low = 0, high = 1;           ///< finite, low < high
  bool diverging = false;             ///< white is 0; blue is below, red above
  bool below = false, above = false;  ///< values lie beyond the ends, and look like them

  bool operator==(const PlotRange&) const = default;
};

/// The range of all finite values where that is no more than twice the one from their 0.5th to their 99.5th percentile,
/// else the latter. Where it has both signs (the smaller side is a hundredth of the larger at least) it is diverging
/// and symmetric about 0. `fixed` replaces what is found; it is diverging where 0 lies inside. Constants get a range
/// about them. Throws bad_input where `fixed` is not finite or not increasing.
__attribute__((visibility("default"))) PlotRange plot_range(
    std::span<const double> values, const std::optional<std::pair<double, double>>& fixed = std::nullopt);

/// A coordinate along an edge.
struct PlotAxis {
  std::string name;
  double low = 0, high = 1;  ///< finite, low < high
};

struct FieldPanel {
  std::string title;
  std::vector<double> values;  ///< (height, width), the lowest row first; NaN: there is none
  PlotRange range;
};

/// All texts are UTF-8; titles may be empty.
struct FieldPlot {
  std::string title, subtitle;
  PlotAxis across, up;
  std::int64_t width = 0, height = 0;  ///< values of each panel; one value is one pixel
  std::vector<FieldPanel> panels;
};

/// Panels beside one another, three in a row, as an 8-bit RGB picture of even sides; where both sides are below 256
/// each value becomes a square of pixels. Negative to positive is ColorBrewer's RdBu with red on top, one sign is
/// viridis; where there is no value it is white, with a grey edge. Panels of one range share a colour bar. Throws
/// bad_input where panels are missing, a panel does not hold width x height values, a range or an axis is not
/// increasing, or the font DejaVu Sans is missing.
__attribute__((visibility("default"))) Picture field_plot(const FieldPlot&);

struct PlotCurve {
  std::string name;            ///< in the legend, where there are several
  std::vector<double> values;  ///< two or more, evenly from end to end of the axis; not finite: a gap
};

struct CurvePlot {
  std::string title, subtitle;
  PlotAxis across;
  PlotRange range;                         ///< of the axis upwards; curves are cut off at its ends
  std::int64_t width = 640, height = 400;  ///< of what the axes enclose; 64 at least
  std::vector<PlotCurve> curves;
};

/// Curves over one coordinate, as an 8-bit RGB picture of even sides. Throws bad_input as `field_plot`.
__attribute__((visibility("default"))) Picture curve_plot(const CurvePlot&);

}  // namespace sinefield
