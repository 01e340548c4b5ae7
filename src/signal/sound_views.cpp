// Waveform and spectrogram. Both gather in slots, at most one for each column; short sounds have fewer, and what lies
// between two of them is interpolated.
// SPDX-License-Identifier: MIT
#include "sinefield/sound_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "signal/sound_spectrum.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using Colour = std::array<double, 3>;  // sRGB, 0..255

constexpr Colour ground = {251, 250, 247}, zero_line = {206, 208, 212}, range_colour = {158, 190, 226},
                 strong_colour = {36, 84, 148};
constexpr double lowest_level = -100;  // dB

Colour mixed(const Colour& under, const Colour& over, double share) {
  Colour colour{};
  for (std::size_t c = 0; c < colour.size(); ++c) colour[c] = under[c] + (over[c] - under[c]) * share;
  return colour;
}

/// From night blue over violet and coral to cream: a path through OKLab (Ottosson 2020) of evenly rising lightness.
Colour ramp_colour(double share) {
  constexpr double degree = std::numbers::pi / 180;
  const double lightness = 0.13 + 0.85 * share;
  const double chroma = 0.045 + 0.135 * std::sin(std::numbers::pi * std::pow(share, 0.9));
  const double hue = (272 + 183 * share) * degree;
  const double a = chroma * std::cos(hue), b = chroma * std::sin(hue);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  const Colour linear = {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
                         -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
                         -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
  Colour colour{};
  for (std::size_t c = 0; c < colour.size(); ++c) {
    const double light = std::clamp(linear[c], 0.0, 1.0);
    colour[c] = 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055);
  }
  return colour;
}

/// The ramp in steps that an 8-bit picture can hardly tell apart.
const std::vector<Colour>& ramp() {
  static const std::vector<Colour> colours = [] {
    constexpr int steps = 512;
    std::vector<Colour> made;
    for (int i = 0; i < steps; ++i) made.push_back(ramp_colour(static_cast<double>(i) / (steps - 1)));
    return made;
  }();
  return colours;
}

Picture empty_picture(int width, int height) {
  Picture picture;
  picture.format.width = width;
  picture.format.height = height;
  picture.format.channels = {"R", "G", "B"};
  picture.samples.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  return picture;
}

void paint(Picture& picture, int x, int y, const Colour& colour) {
  float* pixel = picture.row(y) + std::int64_t{3} * x;
  for (const double value : colour) *pixel++ = static_cast<float>(std::round(value));
}

/// A power of two of samples that takes about 40 ms.
int window_length(int rate) {
  constexpr double seconds = 0.03;  // rounded up from here
  constexpr unsigned shortest = 64, longest = 8192;
  return static_cast<int>(std::clamp(std::bit_ceil(static_cast<unsigned>(rate * seconds)), shortest, longest));
}

/// The samples of a slot of the waveform.
struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  double squares = 0;
  std::int64_t count = 0;

  void add(double sample) {
    low = std::min(low, sample);
    high = std::max(high, sample);
    squares += sample * sample;
    ++count;
  }
  double rms() const { return std::sqrt(squares / static_cast<double>(count)); }
};

/// How much of the pixel from y to y + 1 lies between two heights.
double covered(int y, double from, double to) {
  return std::clamp(std::min(to, y + 1.0) - std::max(from, y + 0.0), 0.0, 1.0);
}

std::size_t slots_for(std::int64_t pieces, int width) {
  return static_cast<std::size_t>(std::min<std::int64_t>(pieces, width));
}

std::size_t slot_of(std::int64_t piece, std::int64_t pieces, std::size_t slots) {
  return static_cast<std::size_t>(piece * static_cast<std::int64_t>(slots) / pieces);
}

/// Where a column lies among slots, counted from the middle of the first.
double place_of(double column, std::size_t slots, int width) {
  return std::clamp(column * static_cast<double>(slots) / width - 0.5, 0.0, static_cast<double>(slots - 1));
}

}  // namespace

struct SoundView::State {
  int width, height;
  double peak;
  std::int64_t frames, channels;
  std::int64_t seen = 0;

  std::vector<Range> ranges;

  WindowSpectrum spectrum;
  std::int64_t window, hop, windows;
  std::int64_t next_window = 0;
  std::vector<float> recent, ordered;       // `recent` is a ring
  std::int64_t pushed = 0;                  // samples into it
  std::vector<float> powers;                // (slots, bins), summed
  std::vector<std::int64_t> power_windows;  // of each slot

  State(const SoundFormat& format, int picture_width, int picture_height, double scale)
      : width(picture_width),
        height(picture_height),
        peak(scale),
        frames(format.frames),
        channels(format.channels),
        ranges(slots_for(frames, width)),
        spectrum(window_length(format.rate)),
        window(spectrum.length()),
        hop(std::clamp<std::int64_t>(frames / width, 1, window / 2)),
        windows((frames + hop - 1) / hop),
        recent(static_cast<std::size_t>(window)),
        ordered(recent.size()) {
    power_windows.resize(slots_for(windows, width));
    powers.resize(power_windows.size() * bins());
  }

  std::size_t bins() const { return static_cast<std::size_t>(window / 2 + 1); }

  /// Window n has its middle at sample n * hop; there is silence before the sound and after it.
  void push(float sample) {
    recent[static_cast<std::size_t>(pushed % window)] = sample;
    ++pushed;
    if (next_window == windows || pushed != next_window * hop + window / 2) return;
    const auto oldest = recent.begin() + pushed % window;
    std::rotate_copy(recent.begin(), oldest, recent.end(), ordered.begin());
    const std::span<const float> found = spectrum.powers(ordered);
    const std::size_t slot = slot_of(next_window, windows, power_windows.size());
    std::transform(found.begin(), found.end(), powers.begin() + static_cast<std::ptrdiff_t>(slot * bins()),
                   powers.begin() + static_cast<std::ptrdiff_t>(slot * bins()), std::plus<>());
    ++power_windows[slot];
    ++next_window;
  }

  void add_frame(double sample) {
    ranges[slot_of(seen, frames, ranges.size())].add(sample);
    push(static_cast<float>(sample));
    if (++seen < frames) return;
    for (std::int64_t i = 0; i < window; ++i) push(0);
  }

  /// Of a slot: dB of each bin.
  std::vector<double> levels(std::size_t slot) const {
    std::vector<double> found;
    const double full = spectrum.full_power() * peak * peak * static_cast<double>(power_windows[slot]);
    for (std::size_t k = 0; k < bins(); ++k) {
      const double power = static_cast<double>(powers[slot * bins() + k]);
      found.push_back(power > 0 ? std::max(10 * std::log10(power / full), lowest_level) : lowest_level);
    }
    return found;
  }

  /// What the waveform shows in a column: its samples and the way from those before; or, of a short sound, the line
  /// between samples. Nothing where no sample has come.
  Range column(int x) const {
    if (frames >= width) {
      Range range = ranges[static_cast<std::size_t>(x)];
      if (x > 0 && range.count > 0) {
        const Range& before = ranges[static_cast<std::size_t>(x - 1)];
        range.low = std::min(range.low, before.high);
        range.high = std::max(range.high, before.low);
      }
      return range;
    }
    Range range;
    const double from = place_of(x, ranges.size(), width), to = place_of(x + 1, ranges.size(), width);
    if (std::ceil(to) >= static_cast<double>(seen)) return range;
    for (const double place : {from, std::max(from, std::floor(to)), to}) range.add(value_at(place));
    return range;
  }

  /// Between the samples of a short sound.
  double value_at(double place) const {
    const auto left = static_cast<std::size_t>(place), right = std::min(left + 1, ranges.size() - 1);
    const double share = place - static_cast<double>(left);
    return ranges[left].low + (ranges[right].low - ranges[left].low) * share;
  }

  /// From the upper edge of the picture, in pixels.
  double height_of(double value) const { return std::clamp((1 - value / peak) / 2, 0.0, 1.0) * height; }
};

SoundView::SoundView(const SoundFormat& format, int width, int height, double peak) {
  if (format.frames < 1 || format.channels < 1 || format.rate < 1 || width < 1 || height < 1) {
    throw bad_input(
        fmt::format("a picture of {} x {} pixels of a sound of {} frames, {} channels and {} Hz, expected "
                    "at least 1 of each",
                    width, height, format.frames, format.channels, format.rate));
  }
  if (!(peak > 0) || !std::isfinite(peak)) {
    throw bad_input(fmt::format("{} is not the peak of a sound, expected a number above 0", peak));
  }
  state_ = std::make_unique<State>(format, width, height, peak);
}
SoundView::SoundView(SoundView&&) noexcept = default;
SoundView& SoundView::operator=(SoundView&&) noexcept = default;
SoundView::~SoundView() = default;

void SoundView::add(std::span<const float> frames) {
  State& state = *state_;
  const auto channels = static_cast<std::size_t>(state.channels);
  const std::size_t room = static_cast<std::size_t>(state.frames - state.seen) * channels;
  if (frames.size() % channels != 0 || frames.size() > room) {
    throw bad_input(
        fmt::format("{} samples, expected whole frames of {} channels, {} at most", frames.size(), channels, room));
  }
  for (std::size_t i = 0; i < frames.size(); i += channels) {
    double sum = 0;
    for (const float sample : frames.subspan(i, channels)) sum += static_cast<double>(sample);
    if (!std::isfinite(sum)) throw bad_input(fmt::format("frame {} holds what is not a finite number", state.seen));
    state.add_frame(sum / static_cast<double>(channels));
  }
}

Picture SoundView::waveform() const {
  const State& state = *state_;
  const bool line = state.frames <= 2 * std::int64_t{state.width};
  Picture picture = empty_picture(state.width, state.height);
  for (int x = 0; x < state.width; ++x) {
    const Range range = state.column(x);
    double top = 0, bottom = 0, inner_top = 0, inner_bottom = 0;  // empty
    if (range.count > 0) {
      const double thickness = line ? 1.6 : 1;
      const double middle = (state.height_of(range.high) + state.height_of(range.low)) / 2;
      top = std::min(state.height_of(range.high),
                     std::clamp(middle - thickness / 2, 0.0, std::max(state.height - thickness, 0.0)));
      bottom = std::max(state.height_of(range.low), top + thickness);
      inner_top = line ? top : state.height_of(std::min(range.rms(), range.high));
      inner_bottom = line ? bottom : state.height_of(std::max(-range.rms(), range.low));
    }
    for (int y = 0; y < state.height; ++y) {
      Colour colour = y == state.height / 2 ? zero_line : ground;
      colour = mixed(colour, range_colour, covered(y, top, bottom));
      paint(picture, x, y, mixed(colour, strong_colour, covered(y, inner_top, inner_bottom)));
    }
  }
  return picture;
}

Picture SoundView::spectrogram() const {
  const State& state = *state_;
  const std::size_t slots = state.power_windows.size(), bins = state.bins();
  const auto last_bin = static_cast<double>(bins - 1);
  Picture picture = empty_picture(state.width, state.height);
  for (int x = 0; x < state.width; ++x) {
    const double place = place_of(x + 0.5, slots, state.width);
    const auto slot = static_cast<std::size_t>(place);
    std::vector<double> levels = state.levels(slot);
    if (const double share = place - static_cast<double>(slot); share > 0) {
      const std::vector<double> after = state.levels(slot + 1);
      for (std::size_t k = 0; k < bins; ++k) levels[k] += (after[k] - levels[k]) * share;
    }
    for (int y = 0; y < state.height; ++y) {
      // The strongest bin of a row: a steady tone does not fade where a row holds many. Else what lies between two.
      const double above = last_bin * (state.height - y) / state.height;
      const double below = last_bin * (state.height - y - 1) / state.height;
      const double middle = (above + below) / 2;
      const auto left = static_cast<std::size_t>(middle);
      double level =
          levels[left] + (levels[std::min(left + 1, bins - 1)] - levels[left]) * (middle - std::floor(middle));
      for (auto k = static_cast<std::size_t>(std::ceil(below)); static_cast<double>(k) < above; ++k) {
        level = std::max(level, levels[k]);
      }
      const double share = std::clamp(1 - level / lowest_level, 0.0, 1.0);
      paint(picture, x, y,
            ramp()[static_cast<std::size_t>(std::lround(share * static_cast<double>(ramp().size() - 1)))]);
    }
  }
  return picture;
}

}  // namespace sinefield
